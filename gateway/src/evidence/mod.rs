//! Evidence: one record for each outcome, made from the trace and never by hand, handed to a writer that may fall behind.
//!
//! The queue is bounded. When the writer is behind or the disk is full, requests go on, what was dropped is counted, and the
//! first line that a sink takes again says how many that sink has missed. The log says it while the writer hangs.

mod line;
mod sink;
#[cfg(test)]
mod tests;
mod undescribed;
mod watch;
mod writer;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;
use yett_engine::plan::Sink;
use yett_engine::{Ids, Time, Trace};

use crate::log;
use crate::state::{Clock, Ground};

pub(crate) use line::{Liner, decision};
pub(crate) use watch::Watch;
pub(crate) use writer::start;

/// Batches that wait for the writer.
const ROOM: usize = 512;
/// How long a writer that hangs is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// Between two tries to tell it something.
const PAUSE: Duration = Duration::from_millis(10);

/// What is known of one outcome.
pub(crate) struct Record {
    pub(crate) time: Time,
    pub(crate) ground: Arc<Ground>,
    pub(crate) trace: Trace,
    pub(crate) ids: Ids,
    pub(crate) peer: IpAddr,
    /// The status that the client got; 0: none.
    pub(crate) status: u16,
    /// The status that the upstream sent; 0: none.
    pub(crate) upstream: u16,
    /// How often it was sent to the upstream.
    pub(crate) attempts: u32,
    /// It was not sent again, for the budget of retries was spent.
    pub(crate) over_budget: bool,
    pub(crate) micros: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

impl Record {
    /// An outcome of a shell that has no sockets of its own.
    pub(crate) fn of(
        ground: Arc<Ground>,
        (ids, trace): (Ids, Trace),
        peer: IpAddr,
        (status, micros): (u16, u64),
        clock: &Clock,
    ) -> Self {
        Self {
            time: trace.now.unwrap_or_else(|| clock.now()),
            ground,
            trace,
            ids,
            peer,
            status,
            upstream: 0,
            attempts: 0,
            over_budget: false,
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
    Sinks(Vec<Sink>),
    /// Write what there is, and end; what comes behind it is dropped and counted.
    End,
}

/// Whether two plans write to the same places.
pub(crate) fn are_same(these: &[Sink], those: &[Sink]) -> bool {
    let place = |sink: &Sink| match sink {
        Sink::File(name) => Some(name.clone()),
        Sink::Stdout => None,
    };
    these.iter().map(place).eq(those.iter().map(place))
}

/// The writer could not be told: it hangs, or has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Untold;

impl fmt::Display for Untold {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("the writer of evidence hangs, or has ended")
    }
}

/// The way to the writer.
#[derive(Clone)]
pub(crate) struct Queue {
    pub(crate) sender: SyncSender<Message>,
    dropped: Arc<AtomicU64>,
    /// Of those dropped, how many found no room here.
    behind: Arc<AtomicU64>,
}

impl Queue {
    /// A queue, and its other end.
    pub(crate) fn new() -> (Self, Receiver<Message>) {
        let (sender, receiver) = sync_channel(ROOM);
        (
            Self {
                sender,
                dropped: Arc::default(),
                behind: Arc::default(),
            },
            receiver,
        )
    }

    /// Hands on records, or drops and counts them.
    pub(crate) fn put(&self, records: Vec<Record>) {
        if let Err(TrySendError::Full(Message::Records(lost)) | TrySendError::Disconnected(Message::Records(lost))) =
            self.sender.try_send(Message::Records(records))
        {
            self.dropped.fetch_add(lost.len() as u64, Ordering::Relaxed);
            self.behind.fetch_add(lost.len() as u64, Ordering::Relaxed);
        }
    }

    /// Who says it while the writer cannot.
    pub(crate) fn watch(&self) -> Watch {
        Watch::new(self.behind.clone())
    }

    /// How many records were dropped since the process began.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Tells the writer. Only the task waits, no thread.
    ///
    /// # Errors
    /// The writer hangs, or has ended: it was not told.
    pub(crate) async fn tell(&self, message: Message) -> Result<(), Untold> {
        let end = Instant::now() + PATIENCE;
        let mut left = self.offer(message, end)?;
        while let Some(message) = left {
            tokio::time::sleep(PAUSE).await;
            left = self.offer(message, end)?;
        }
        Ok(())
    }

    /// As `tell`, for a thread that may block.
    ///
    /// # Errors
    /// As `tell`.
    pub(crate) fn tell_blocking(&self, message: Message) -> Result<(), Untold> {
        let end = Instant::now() + PATIENCE;
        let mut left = self.offer(message, end)?;
        while let Some(message) = left {
            std::thread::sleep(PAUSE);
            left = self.offer(message, end)?;
        }
        Ok(())
    }

    /// What is left when there was no room: to be offered again, until the end.
    fn offer(&self, message: Message, end: Instant) -> Result<Option<Message>, Untold> {
        match self.sender.try_send(message) {
            Ok(()) => Ok(None),
            Err(TrySendError::Full(back)) if Instant::now() < end => Ok(Some(back)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => Err(Untold),
        }
    }

    /// Has the writer write what there is and end; one that hangs is left behind, and what it holds is lost.
    pub(crate) fn close(&self, writer: JoinHandle<()>) {
        let told = self.tell_blocking(Message::End);
        let end = Instant::now() + PATIENCE;
        while told.is_ok() && !writer.is_finished() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
        if writer.is_finished() {
            let _ = writer.join();
        } else {
            log::error("evidence cannot be written: its writer hangs", &[]);
        }
    }
}
