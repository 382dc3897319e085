//! One reactor thread: accepts, and serves its connections to their end on one current-thread runtime. Shares no connection.

mod accept;
mod ticker;

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use yett_engine::{Ids, Time};

use crate::calendar;
use crate::evidence::Record;
use crate::process::Process;
use crate::upstream::Pool;

pub(crate) use accept::run;
pub(crate) use ticker::{Deadline, Late, TICK, Ticker};

/// Records that a thread gathers before it hands them on; a tick hands on what there is.
const BATCH: usize = 128;

/// What the connections of one thread share.
pub(crate) struct Thread {
    pub(crate) process: Arc<Process>,
    pub(crate) ticker: Rc<Ticker>,
    pub(crate) pool: Pool,
    /// Requests under way.
    pub(crate) busy: Cell<u32>,
    /// The time of the servers at the last tick.
    pub(crate) servers_now: Cell<u64>,
    /// Connections beyond the plan's that are being told so.
    turned_away: Cell<u32>,
    records: RefCell<Vec<Record>>,
    random: Cell<[u64; 2]>,
    date: RefCell<(u64, Rc<str>)>,
}

impl Thread {
    /// # Errors
    /// There is no randomness: ids would be the same in every thread.
    pub(crate) fn new(process: Arc<Process>) -> io::Result<Self> {
        let mut halves = [[0; 8]; 2];
        for half in &mut halves {
            aws_lc_rs::rand::fill(half).map_err(|_| io::Error::other("no randomness for the ids of requests"))?;
        }
        let now = process.state.servers.now();
        let [low, high] = halves.map(u64::from_ne_bytes);
        Ok(Self {
            process,
            ticker: Rc::default(),
            pool: Pool::default(),
            busy: Cell::new(0),
            servers_now: Cell::new(now),
            turned_away: Cell::new(0),
            records: RefCell::new(Vec::with_capacity(BATCH)),
            random: Cell::new([low, high | 1]),
            date: RefCell::new((u64::MAX, "".into())),
        })
    }

    /// Ids of a request: unique, and no secret (xoroshiro128+, seeded by the system).
    pub(crate) fn ids(&self) -> Ids {
        let (one, two, three) = (self.next(), self.next(), self.next());
        let mut trace = [0; 16];
        let (low, high) = trace.split_at_mut(8);
        low.copy_from_slice(&one.to_be_bytes());
        high.copy_from_slice(&(two | 1).to_be_bytes());
        Ids {
            trace,
            span: (three | 1).to_be_bytes(),
        }
    }

    /// A number that is as good as random, and no secret.
    pub(crate) fn next(&self) -> u64 {
        let [one, mut two] = self.random.get();
        let sum = one.wrapping_add(two);
        two ^= one;
        self.random
            .set([one.rotate_left(24) ^ two ^ (two << 16), two.rotate_left(37)]);
        sum
    }

    /// The time as the header `date` says it, written once a second.
    pub(crate) fn date(&self, now: Time) -> Rc<str> {
        let mut known = self.date.borrow_mut();
        if known.0 != now.seconds() {
            *known = (now.seconds(), calendar::http_date(now.seconds()).into());
        }
        known.1.clone()
    }

    /// Takes what is to be known of one outcome.
    pub(crate) fn record(&self, record: Record) {
        let mut records = self.records.borrow_mut();
        records.push(record);
        if records.len() >= BATCH {
            self.process
                .take(std::mem::replace(&mut *records, Vec::with_capacity(BATCH)));
        }
    }

    /// Hands on what was gathered.
    pub(crate) fn flush(&self) {
        let records = std::mem::take(&mut *self.records.borrow_mut());
        if !records.is_empty() {
            self.process.take(records);
        }
    }
}
