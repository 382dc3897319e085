//! The thread that writes evidence: lines out of records, sinks that may fail, and a count of what was lost meanwhile.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use yett_engine::plan;

use super::sink::Sink;
use super::undescribed::Undescribed;
use super::{Liner, Message, Queue, Record};
use crate::log;
use crate::state::Clock;

/// Octets that are gathered before they are written.
const BATCH: usize = 1 << 18;
/// For how long nothing comes before it looks what was dropped meanwhile.
const INTERVAL: Duration = Duration::from_secs(10);

pub(super) struct Writer {
    liner: Liner,
    sinks: Vec<Sink>,
    lines: Vec<u8>,
    count: u64,
    dropped: Arc<AtomicU64>,
    /// Of those dropped, how many sinks have lost.
    lost: u64,
    /// Of those dropped before they came here, how many every sink knows to be missing.
    noticed: u64,
    warned: log::Seldom,
    undescribed: Undescribed,
    clock: Clock,
}

/// Starts the writer; it ends with `Message::End`, or when nobody can tell it anything any more.
///
/// # Errors
/// Where the thread cannot begin, or has no key for digests.
pub(crate) fn start(sinks: &[plan::Sink], key: Option<&[u8]>, clock: Clock) -> io::Result<(Queue, JoinHandle<()>)> {
    let (queue, messages) = Queue::new();
    let writer = Writer::new(&queue, sinks, key, clock)?;
    let thread = Builder::new()
        .name("yett-evidence".to_owned())
        .spawn(move || writer.run(&messages))?;
    Ok((queue, thread))
}

impl Writer {
    pub(super) fn new(queue: &Queue, sinks: &[plan::Sink], key: Option<&[u8]>, clock: Clock) -> io::Result<Self> {
        Ok(Self {
            liner: Liner::new(key)?,
            sinks: sinks.iter().map(Sink::new).collect(),
            lines: Vec::with_capacity(BATCH),
            count: 0,
            dropped: queue.dropped.clone(),
            lost: 0,
            noticed: 0,
            warned: log::Seldom::new(),
            undescribed: Undescribed::default(),
            clock,
        })
    }

    pub(super) fn run(mut self, messages: &Receiver<Message>) {
        loop {
            let message = match messages.recv_timeout(INTERVAL) {
                Ok(message) => Some(message),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            let mut next = message;
            while let Some(message) = next.take() {
                match message {
                    Message::Records(records) => self.take(&records),
                    Message::Reopen(done) => {
                        self.write();
                        self.sinks.iter_mut().for_each(Sink::reopen);
                        let _ = done.send(self.sinks.iter().filter(|sink| sink.is_file()).count());
                    }
                    Message::Sinks(sinks) => {
                        self.write();
                        self.turn_to(&sinks);
                    }
                    Message::End => return self.end(messages),
                }
                next = messages.try_recv().ok();
            }
            self.write();
        }
        self.write();
    }

    fn take(&mut self, records: &[Record]) {
        records.iter().for_each(|record| self.undescribed.hear(record));
        if self.sinks.is_empty() {
            return;
        }
        for record in records {
            self.liner.write(record, &mut self.lines);
            self.count += 1;
        }
        if self.lines.len() >= BATCH {
            self.write();
        }
    }

    /// Sinks that stay keep what they know: half a line at their end, lines that are missing.
    fn turn_to(&mut self, described: &[plan::Sink]) {
        let mut before = std::mem::take(&mut self.sinks);
        self.sinks = described
            .iter()
            .map(|sink| match before.iter().position(|known| known.is(sink)) {
                Some(place) => before.swap_remove(place),
                None => Sink::new(sink),
            })
            .collect();
    }

    /// Writes what came before the end; what came behind it is counted.
    fn end(&mut self, messages: &Receiver<Message>) {
        self.write();
        let late = messages.try_iter().map(|message| match message {
            Message::Records(records) => records.len() as u64,
            Message::Reopen(_) | Message::Sinks(_) | Message::End => 0,
        });
        let late = late.sum();
        if late > 0 {
            self.dropped.fetch_add(late, Ordering::Relaxed);
            log::warning("evidence was dropped: its writer had ended", &[("dropped", &late)]);
        }
    }

    fn write(&mut self) {
        self.notice();
        let mut lost = 0;
        let mut trouble = None;
        for sink in &mut self.sinks {
            if let Err((more, error)) = sink.take(&self.lines, self.count, &self.clock) {
                lost = lost.max(more);
                trouble = Some((sink.name(), error));
            }
        }
        self.lost += lost;
        let total = self.dropped.fetch_add(lost, Ordering::Relaxed) + lost;
        if trouble.is_some() {
            self.warn("evidence cannot be written", total, trouble);
        }
        self.lines.clear();
        self.count = 0;
    }

    /// What was dropped since the last time, before it came here, is missing in every sink.
    fn notice(&mut self) {
        let behind = self.dropped.load(Ordering::Relaxed) - self.lost;
        let more = behind - self.noticed;
        self.noticed = behind;
        if more > 0 {
            for sink in &mut self.sinks {
                sink.missing += more;
            }
            self.warn("evidence was dropped: the writer was behind", more, None);
        }
    }

    /// Warns, once an interval.
    fn warn(&mut self, message: &str, dropped: u64, trouble: Option<(String, io::Error)>) {
        if !self.warned.is_due(Instant::now()) {
            return;
        }
        match trouble {
            Some((sink, error)) => log::error(message, &[("sink", &sink), ("error", &error), ("dropped", &dropped)]),
            None => log::warning(message, &[("dropped", &dropped)]),
        }
    }
}
