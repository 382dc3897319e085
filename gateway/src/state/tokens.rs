//! Tokens that this process has verified: bounded, by digest, never the token itself; an entry counts only for the plan and
//! the key sets by which it was verified.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quick_cache::sync::Cache;
use serde_json::Value;
use yett_engine::jose::Verified;
use yett_engine::{Digest, Time};

const ROOM: usize = 65_536;

/// What a verification depended on besides the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Basis {
    /// The plan's number in this process.
    pub plan: u64,
    /// The state of all key sets when the decision began.
    pub keys: u64,
}

/// The cache.
pub struct Tokens {
    entries: Cache<(Basis, u32, Digest), Arc<Verified>>,
    keys: AtomicU64,
}

impl Default for Tokens {
    fn default() -> Self {
        Self {
            entries: Cache::new(ROOM),
            keys: AtomicU64::new(0),
        }
    }
}

impl Tokens {
    /// What a verification that begins now depends on.
    pub fn basis(&self, plan: u64) -> Basis {
        Basis {
            plan,
            keys: self.keys.load(Ordering::Acquire),
        }
    }

    /// Says that a key set changed: nothing that was verified before counts any more.
    pub fn forget(&self) {
        self.keys.fetch_add(1, Ordering::AcqRel);
        self.entries.clear();
    }

    /// A token that was verified before, unless it has expired.
    pub fn find(&self, basis: Basis, credential: u32, digest: &Digest, now: Time) -> Option<Arc<Verified>> {
        let key = (basis, credential, *digest);
        let verified = self.entries.get(&key)?;
        if expires(&verified).is_some_and(|at| at < now.seconds().saturating_sub(GRACE)) {
            self.entries.remove(&key);
            return None;
        }
        Some(verified)
    }

    /// Keeps what a request verified.
    pub fn keep(&self, basis: Basis, credential: u32, digest: Digest, verified: Arc<Verified>) {
        self.entries.insert((basis, credential, digest), verified);
    }
}

/// The plan's leeway is judged by the engine; here only entries that no leeway could save are dropped.
const GRACE: u64 = 3600;

fn expires(verified: &Verified) -> Option<u64> {
    verified.claims().get("exp").and_then(Value::as_u64)
}
