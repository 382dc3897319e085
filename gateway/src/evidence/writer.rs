//! The thread that writes evidence: lines out of records, sinks that may fail, and a count of what was lost meanwhile.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use yett_engine::plan;

use super::sink::Sink;
use super::{Liner, Message, Queue, Record};
use crate::calendar;
use crate::log;
use crate::state::Clock;

/// Octets that are gathered before they are written.
const BATCH: usize = 1 << 18;
/// Between two log lines about the same trouble.
const INTERVAL: Duration = Duration::from_secs(10);

struct Writer {
    liner: Liner,
    sinks: Vec<Sink>,
    lines: Vec<u8>,
    count: u64,
    dropped: Arc<AtomicU64>,
    /// Of those dropped, how many a line has spoken of.
    told: u64,
    warned: Option<Instant>,
    clock: Clock,
}

/// Starts the writer; it ends with `Message::End`, or when nobody can tell it anything any more.
///
/// # Errors
/// Where the thread cannot begin.
pub fn start(sinks: &[plan::Sink], key: Option<&[u8]>, clock: Clock) -> io::Result<(Queue, JoinHandle<()>)> {
    let (queue, messages) = Queue::new();
    let writer = Writer {
        liner: Liner::new(key),
        sinks: sinks.iter().map(Sink::new).collect(),
        lines: Vec::with_capacity(BATCH),
        count: 0,
        dropped: queue.dropped.clone(),
        told: 0,
        warned: None,
        clock,
    };
    let thread = Builder::new()
        .name("yett-evidence".to_owned())
        .spawn(move || writer.run(&messages))?;
    Ok((queue, thread))
}

impl Writer {
    fn run(mut self, messages: &Receiver<Message>) {
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
                        self.sinks = sinks.iter().map(Sink::new).collect();
                    }
                    Message::End => return self.write(),
                }
                next = messages.try_recv().ok();
            }
            self.write();
        }
        self.write();
    }

    fn take(&mut self, records: &[Record]) {
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

    fn write(&mut self) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        if self.lines.is_empty() && dropped == self.told {
            return;
        }
        let mut lost = 0;
        let mut trouble = None;
        let note = (dropped > self.told).then(|| self.note(dropped - self.told));
        for sink in &mut self.sinks {
            let noted = note.as_deref().map_or(Ok(()), |note| sink.write(note));
            let written = noted
                .map_err(|(_, error)| (0, error))
                .and_then(|()| sink.write(&self.lines));
            if let Err((octets, error)) = written {
                let whole = self
                    .lines
                    .get(..octets)
                    .unwrap_or_default()
                    .iter()
                    .filter(|octet| **octet == b'\n')
                    .count();
                lost = lost.max(self.count.saturating_sub(whole as u64));
                trouble = Some((sink.name(), error));
            }
        }
        match trouble {
            None => {
                if note.is_some() {
                    self.warn("evidence was dropped: the writer was behind", dropped - self.told, None);
                }
                self.told = dropped;
            }
            Some((name, error)) => {
                let total = self.dropped.fetch_add(lost, Ordering::Relaxed) + lost;
                self.warn("evidence cannot be written", total, Some((name, error)));
            }
        }
        self.lines.clear();
        self.count = 0;
    }

    /// The line that says that others are missing.
    fn note(&self, dropped: u64) -> Vec<u8> {
        let mut line = b"{\"time\":\"".to_vec();
        calendar::rfc3339(self.clock.now(), &mut line);
        line.extend_from_slice(format!("\",\"evidence_dropped\":{dropped}}}\n").as_bytes());
        line
    }

    /// Warns, once an interval.
    fn warn(&mut self, message: &str, dropped: u64, trouble: Option<(String, io::Error)>) {
        let now = Instant::now();
        if self.warned.is_some_and(|at| now.duration_since(at) < INTERVAL) {
            return;
        }
        self.warned = Some(now);
        match trouble {
            Some((sink, error)) => log::error(message, &[("sink", &sink), ("error", &error), ("dropped", &dropped)]),
            None => log::warning(message, &[("dropped", &dropped)]),
        }
    }
}
