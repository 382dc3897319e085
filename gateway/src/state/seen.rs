//! Digests that may be used once: each is remembered until it expires, and when there is no room left, nobody is the first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Mutex, PoisonError};

use yett_engine::{Digest, Time};

/// Entries that one question forgets at most: two would do, for each question adds one.
const EACH: usize = 8;

/// The replay store.
pub struct Seen {
    entries: Mutex<Entries>,
    room: usize,
}

#[derive(Default)]
struct Entries {
    until: HashMap<Digest, Time>,
    /// The same, the one that expires first on top.
    ends: BinaryHeap<Reverse<(Time, Digest)>>,
}

impl Default for Seen {
    fn default() -> Self {
        Self::holding(1 << 20)
    }
}

impl Seen {
    /// A store that holds so many digests.
    #[must_use]
    pub fn holding(room: usize) -> Self {
        Self {
            entries: Mutex::default(),
            room,
        }
    }

    /// Whether this is the first time, until it expires; none: there is no room to remember it.
    pub fn first(&self, digest: &Digest, until: Time, now: Time) -> Option<bool> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.forget(now);
        if entries.until.get(digest).is_some_and(|until| *until > now) {
            return Some(false);
        }
        if entries.ends.len() >= self.room {
            return None;
        }
        entries.until.insert(*digest, until);
        entries.ends.push(Reverse((until, *digest)));
        Some(true)
    }
}

impl Entries {
    /// Forgets a few that have expired; one that was remembered anew meanwhile stays.
    fn forget(&mut self, now: Time) {
        for _ in 0..EACH {
            match self.ends.peek() {
                Some(Reverse((until, _))) if *until <= now => {}
                Some(_) | None => return,
            }
            if let Some(Reverse((until, digest))) = self.ends.pop()
                && self.until.get(&digest) == Some(&until)
            {
                self.until.remove(&digest);
            }
        }
    }
}
