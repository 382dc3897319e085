//! Digests that may be used once: each is remembered until it expires, and when there is no room left, nobody is the first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use yett_engine::{Digest, Time};

const ROOM: usize = 1 << 20;

/// The replay store.
#[derive(Default)]
pub struct Seen {
    until: Mutex<HashMap<Digest, Time>>,
}

impl Seen {
    /// Whether this is the first time, until it expires; none: there is no room to remember it.
    pub fn first(&self, digest: &Digest, until: Time, now: Time) -> Option<bool> {
        let mut seen = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= ROOM {
            seen.retain(|_, until| *until > now);
        }
        if seen.get(digest).is_some_and(|until| *until > now) {
            return Some(false);
        }
        if seen.len() >= ROOM {
            return None;
        }
        seen.insert(*digest, until);
        Some(true)
    }
}
