//! What the engine is told from outside, and the one trait through which it asks; no clock, socket or randomness here.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::jose::{KeySet, Verified};

/// Nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub u64);

impl Time {
    /// Whole seconds since the epoch.
    pub fn seconds(self) -> u64 {
        self.0 / 1_000_000_000
    }
}

/// The SHA-256 of a credential's text: what stands for it where it must not stand itself. Shells key it before it is written.
pub type Digest = [u8; 32];

/// What a look-up asks for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Key {
    /// The key set of a JWT credential: its index in the plan, and the `kid` that must be in it, if the token names one.
    KeySet {
        /// Index into the plan's credentials.
        credential: u32,
        /// The token's `kid`; a shell that does not know it may fetch the set once more.
        kid: Option<Box<str>>,
    },
    /// A token that this process has verified before, by credential and digest.
    Verified {
        /// Index into the plan's credentials.
        credential: u32,
        /// SHA-256 of the token.
        digest: Digest,
    },
    /// An API key, by the text that the caller sent: the shell turns it into its HMAC.
    ApiKey {
        /// Index into the plan's credentials.
        credential: u32,
        /// What stood in the header.
        presented: Box<str>,
    },
}

/// Without what a caller presented: it is a secret.
impl fmt::Debug for Key {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeySet { credential, kid } => write!(to, "KeySet({credential}, {kid:?})"),
            Self::Verified { credential, .. } => write!(to, "Verified({credential})"),
            Self::ApiKey { credential, .. } => write!(to, "ApiKey({credential})"),
        }
    }
}

/// What a look-up brings.
#[derive(Clone, Debug)]
pub enum Fact {
    /// Nothing is known under this key: the answer is certain, not missing.
    Absent,
    /// A key set.
    KeySet(Arc<KeySet>),
    /// A credential that was verified before; its claims are still checked against the time.
    Verified(Arc<Verified>),
    /// An API key in force.
    ApiKey(Arc<ApiKeyRecord>),
}

/// What the store knows of an API key.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKeyRecord {
    /// The key's public name, safe for evidence.
    pub id: String,
    /// Whom the key stands for.
    pub subject: String,
    /// OAuth scopes that the key carries.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Roles that the key carries.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Unix seconds after which the key is no longer accepted.
    #[serde(default)]
    pub expires: Option<u64>,
}

/// One counter of a limit and what is drawn from it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Draw {
    /// Index of the limit in the plan.
    pub limit: u32,
    /// Whom it counts: an address or a subject; the shell's table keys its own hash of it.
    pub who: Who,
    /// How many tokens the bucket holds when full.
    pub burst: u32,
    /// Nanoseconds in which one token comes back.
    pub refill: u64,
}

/// Whom a counter counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    /// A client address (IPv6 by its /64).
    Address(std::net::IpAddr),
    /// A subject of one API's callers.
    Subject(Arc<str>),
}

/// The draws of one rung.
pub type Draws = SmallVec<[Draw; 2]>;

/// Whether all draws of a rung were had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Every counter had a token, and each lost one.
    All,
    /// Some counter was empty and none lost a token: its index among the draws, and when it has one again.
    Empty {
        /// Index into the draws.
        index: usize,
        /// Nanoseconds until a token is there.
        wait: u64,
    },
}

/// How a shell answers.
#[derive(Clone, Debug)]
pub enum Answered<T> {
    /// The answer, final for the life of the request.
    Known(T),
    /// Not in the process: fetch it and decide again.
    Missing,
    /// It cannot be had in time: deny.
    Unavailable,
}

/// What a shell supplies. Every answer is kept in the request's memo, so a second round sees the same.
pub trait Facts {
    /// The time of this request.
    fn now(&self) -> Time;
    /// A fact by its key.
    fn look_up(&mut self, key: &Key) -> Answered<Fact>;
    /// One token from each counter of a rung, all or none.
    fn take(&mut self, draws: &Draws, now: Time) -> Answered<Taken>;
    /// Whether this digest is seen for the first time until it expires (replay stores).
    fn first_seen(&mut self, digest: &Digest, until: Time) -> Answered<bool>;
}
