//! Evidence: one record for each outcome, made from the trace and never by hand, handed to a writer that may fall behind.
//!
//! The queue is bounded. When the writer is behind or the disk is full, requests go on, what was dropped is counted, and the
//! first line that is written again says how many.

mod line;
mod sink;
mod writer;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use yett_engine::{Ids, Time, Trace};

use crate::log;
use crate::state::Ground;

pub(crate) use line::{Liner, decision};
pub use writer::start;

/// Batches that wait for the writer.
const ROOM: usize = 512;
/// How long a writer that hangs is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of one outcome.
pub struct Record {
    pub(crate) time: Time,
    pub(crate) ground: Arc<Ground>,
    pub(crate) trace: Trace,
    pub(crate) ids: Ids,
    pub(crate) peer: IpAddr,
    /// The status that the client got; 0: none.
    pub(crate) status: u16,
    /// The status that the upstream sent; 0: none.
    pub(crate) upstream: u16,
    pub(crate) micros: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

impl Record {
    /// An outcome of a shell that has no sockets of its own.
    #[must_use]
    pub fn of(ground: Arc<Ground>, (ids, trace): (Ids, Trace), peer: IpAddr, status: u16, micros: u64) -> Self {
        let time = trace.now.unwrap_or(Time(0));
        Self {
            time,
            ground,
            trace,
            ids,
            peer,
            status,
            upstream: 0,
            micros,
            bytes_in: 0,
            bytes_out: 0,
        }
    }
}

/// What the writer is told.
pub(crate) enum Message {
    Records(Vec<Record>),
    /// Close and open the files anew, and say how many there are.
    Reopen(oneshot::Sender<usize>),
    /// The sinks of another plan.
    Sinks(Vec<yett_engine::plan::Sink>),
    /// Write what there is, and end.
    End,
}

/// The way to the writer.
#[derive(Clone)]
pub struct Queue {
    sender: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
}

impl Queue {
    /// A queue, and its other end.
    pub(crate) fn new() -> (Self, Receiver<Message>) {
        let (sender, receiver) = sync_channel(ROOM);
        (
            Self {
                sender,
                dropped: Arc::default(),
            },
            receiver,
        )
    }

    /// Hands on records, or drops and counts them.
    pub fn put(&self, records: Vec<Record>) {
        if let Err(TrySendError::Full(Message::Records(lost)) | TrySendError::Disconnected(Message::Records(lost))) =
            self.sender.try_send(Message::Records(records))
        {
            self.dropped.fetch_add(lost.len() as u64, Ordering::Relaxed);
        }
    }

    /// How many records were dropped since the process began.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Ends the writer once it has written what waits; records that come later are dropped and counted.
    pub fn end(&self) {
        self.tell(Message::End);
    }

    /// Tells the writer, unless it hangs: then nobody waits for it longer than this.
    pub(crate) fn tell(&self, mut message: Message) {
        let end = Instant::now() + PATIENCE;
        while let Err(TrySendError::Full(back)) = self.sender.try_send(message) {
            if Instant::now() > end {
                return;
            }
            message = back;
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Has the writer write what there is and end; one that hangs is left behind, and what it holds is lost.
    pub fn close(&self, writer: JoinHandle<()>) {
        self.end();
        let end = Instant::now() + PATIENCE;
        while !writer.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
        if writer.is_finished() {
            let _ = writer.join();
        } else {
            log::error("evidence cannot be written: its writer hangs", &[]);
        }
    }
}
