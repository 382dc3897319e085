//! Counts what a client sends beside requests, by the headers of its frames alone: floods of what the protocol lets it send for
//! nothing (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty frames, RST_STREAM). Ends nothing itself.
//!
//! The measure is nginx's: all octets of a connection against those that carried requests and answers.

use std::cell::Cell;
use std::rc::Rc;

use crate::reactor::Thread;

const PREFACE: usize = 24;
const FRAME_HEAD: usize = 9;
/// So many octets are allowed for each one that carries something, and so many beside.
const FACTOR: u64 = 8;
const ALLOWANCE: u64 = 65_536;
/// Streams that a client may reset at once; one for each tick of the clock is forgotten.
const MOST_RESETS: u64 = 100;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const CONTINUATION: u8 = 9;

/// What one connection has sent.
pub(super) struct Meter {
    thread: Rc<Thread>,
    all: Cell<u64>,
    carried: Cell<u64>,
    resets: Cell<u64>,
    /// The tick at which `resets` was brought up to date.
    counted_at: Cell<u64>,
    flooded: Cell<bool>,
    /// The tick since which the socket has taken nothing; none: it takes what is written.
    blocked: Cell<Option<u64>>,
}

impl Meter {
    pub(super) fn new(thread: Rc<Thread>) -> Self {
        Self {
            counted_at: Cell::new(thread.ticker.now()),
            thread,
            all: Cell::new(0),
            carried: Cell::new(0),
            resets: Cell::new(0),
            flooded: Cell::new(false),
            blocked: Cell::new(None),
        }
    }

    /// Whether the client has sent too much for nothing.
    pub(super) fn is_flooded(&self) -> bool {
        self.flooded.get()
    }

    /// Octets of an answer went to the client, which it will acknowledge.
    pub(super) fn sent(&self, octets: u64) {
        self.carried.set(self.carried.get().saturating_add(octets));
    }

    /// Whether the socket took something of what was to be written.
    pub(super) fn wrote(&self, taken: bool) {
        let since = self.blocked.get();
        self.blocked.set(match since {
            _ if taken => None,
            None => Some(self.thread.ticker.now()),
            since => since,
        });
    }

    /// For how many ticks the socket has taken nothing.
    pub(super) fn stalled(&self, now: u64) -> u64 {
        self.blocked.get().map_or(0, |since| now.saturating_sub(since))
    }

    fn frame(&self, kind: u8, length: u64) {
        self.all.set(self.all.get() + length + FRAME_HEAD as u64);
        match kind {
            DATA | HEADERS | CONTINUATION => self.sent(length),
            RST_STREAM => self.reset(),
            _ => {}
        }
        let allowed = self.carried.get().saturating_mul(FACTOR).saturating_add(ALLOWANCE);
        if self.all.get() > allowed {
            self.flooded.set(true);
        }
    }

    fn reset(&self) {
        let now = self.thread.ticker.now();
        let passed = now - self.counted_at.replace(now);
        let resets = self.resets.get().saturating_sub(passed) + 1;
        self.resets.set(resets);
        if resets > MOST_RESETS {
            self.flooded.set(true);
        }
    }
}

/// Finds the frames in what a connection brings.
pub(super) struct Frames {
    /// Octets to pass over before the next frame's header.
    skip: usize,
    head: [u8; FRAME_HEAD],
    filled: usize,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self {
            skip: PREFACE,
            head: [0; FRAME_HEAD],
            filled: 0,
        }
    }

    /// Takes the next octets of a connection, however they are cut.
    pub(super) fn see(&mut self, mut octets: &[u8], meter: &Meter) {
        while !octets.is_empty() {
            let skipped = self.skip.min(octets.len());
            self.skip -= skipped;
            octets = octets.get(skipped..).unwrap_or_default();
            let room = self.head.get_mut(self.filled..).unwrap_or_default();
            let taken = room.len().min(octets.len());
            for (to, octet) in room.iter_mut().zip(octets) {
                *to = *octet;
            }
            self.filled += taken;
            octets = octets.get(taken..).unwrap_or_default();
            if self.filled == FRAME_HEAD {
                let [one, two, three, kind, ..] = self.head;
                let length = u32::from_be_bytes([0, one, two, three]);
                meter.frame(kind, length.into());
                self.filled = 0;
                self.skip = usize::try_from(length).unwrap_or(usize::MAX);
            }
        }
    }
}
