//! Facts that are told beforehand: for proofs, replays and tests. Time stands still, and nothing is ever fetched.

use std::collections::HashMap;
use std::sync::Arc;

use crate::facts::{Answered, ApiKeyRecord, Digest, Draws, Fact, Facts, Key, Taken, Time, Who};
use crate::jose::KeySet;

/// A world in which everything is known.
#[derive(Default)]
pub struct Told {
    /// The time, nanoseconds since the epoch.
    pub now: Time,
    /// Key sets by the credential's index in the plan.
    pub key_sets: HashMap<u32, Arc<KeySet>>,
    /// API keys by what is presented.
    pub api_keys: HashMap<Box<str>, Arc<ApiKeyRecord>>,
    buckets: HashMap<(u32, Who), Bucket>,
    seen: HashMap<Digest, Time>,
}

/// A token bucket as a time: when it would be full again (GCRA, ITU-T I.371 annex A).
#[derive(Clone, Copy, Default)]
struct Bucket {
    full_at: u64,
}

impl Told {
    /// Empties every counter and every replay store.
    pub fn forget(&mut self) {
        self.buckets.clear();
        self.seen.clear();
    }
}

impl Facts for Told {
    fn now(&self) -> Time {
        self.now
    }

    fn look_up(&mut self, key: &Key) -> Answered<Fact> {
        let fact = match key {
            Key::KeySet { credential, .. } => self.key_sets.get(credential).cloned().map(Fact::KeySet),
            Key::ApiKey { presented, .. } => self.api_keys.get(presented).cloned().map(Fact::ApiKey),
            Key::Verified { .. } => None,
        };
        Answered::Known(fact.unwrap_or(Fact::Absent))
    }

    fn take(&mut self, draws: &Draws, now: Time) -> Answered<Taken> {
        let mut filled = Vec::with_capacity(draws.len());
        for (index, draw) in draws.iter().enumerate() {
            let bucket = self
                .buckets
                .get(&(draw.limit, draw.who.clone()))
                .copied()
                .unwrap_or_default();
            let full_at = bucket.full_at.max(now.0).saturating_add(draw.refill);
            let latest = now.0.saturating_add(draw.refill.saturating_mul(u64::from(draw.burst)));
            if full_at > latest {
                return Answered::Known(Taken::Empty {
                    index,
                    wait: full_at - latest,
                });
            }
            filled.push(((draw.limit, draw.who.clone()), Bucket { full_at }));
        }
        self.buckets.extend(filled);
        Answered::Known(Taken::All)
    }

    fn first_seen(&mut self, digest: &Digest, until: Time) -> Answered<bool> {
        let fresh = self.seen.get(digest).is_none_or(|known| *known <= self.now);
        if fresh {
            self.seen.insert(*digest, until);
        }
        Answered::Known(fresh)
    }
}
