//! What one process knows: counters, keys, verified tokens, plans. Shared by its threads, usable without a socket, so that the
//! gateway and the ASGI shell decide on the same state. Nothing here decides, and nothing here does I/O.

mod api_keys;
mod clock;
mod ground;
mod key_sets;
mod limits;
mod seen;
mod tokens;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use tokio::sync::{mpsc, oneshot};
use yett_engine::jose::KeySet;
use yett_engine::plan::{Fault, KeyUrl};
use yett_engine::{Answered, Draws, Fact, Facts, Key, Missing, Plan, Taken, Time, Trace};

pub use api_keys::{ApiKeys, Row};
pub use clock::Clock;
pub use ground::Ground;
pub(crate) use ground::Source;
pub use key_sets::{Fetched, KeySets};
pub use limits::Limits;
pub use seen::Seen;
pub use tokens::{Basis, Tokens};

use crate::upstream::Servers;

/// A key set that somebody waits for.
pub struct Wanted {
    pub(crate) fetched: Arc<Fetched>,
    pub(crate) url: KeyUrl,
    pub(crate) done: oneshot::Sender<()>,
}

/// What the control thread is asked to fetch.
pub type Wishes = mpsc::UnboundedReceiver<Wanted>;

/// The state of one process.
pub struct State {
    /// The clock.
    pub clock: Clock,
    /// The counters of limits.
    pub limits: Limits,
    /// The API keys in force.
    pub api_keys: ApiKeys,
    /// The key sets.
    pub key_sets: KeySets,
    /// What is known of the upstreams' servers.
    pub(crate) servers: Servers,
    tokens: Tokens,
    seen: Seen,
    ground: ArcSwap<Ground>,
    wishes: mpsc::UnboundedSender<Wanted>,
    deadline: Duration,
}

impl State {
    /// A state with its first plan. The wishes belong to the control thread.
    ///
    /// # Errors
    /// What of the plan this shell cannot do.
    pub fn new(
        plan: Plan,
        pepper: Option<&[u8]>,
        clock: Clock,
        deadline: Duration,
    ) -> Result<(Arc<Self>, Wishes), Vec<Fault>> {
        let key_sets = KeySets::default();
        let servers = Servers::default();
        let ground = Ground::new(plan, &key_sets, &servers)?;
        let (wishes, wanted) = mpsc::unbounded_channel();
        let state = Self {
            clock,
            limits: Limits::default(),
            api_keys: ApiKeys::new(pepper),
            key_sets,
            servers,
            tokens: Tokens::default(),
            seen: Seen::default(),
            ground: ArcSwap::from_pointee(ground),
            wishes,
            deadline,
        };
        Ok((Arc::new(state), wanted))
    }

    /// What requests that begin now stand on.
    pub fn ground(&self) -> Arc<Ground> {
        self.ground.load_full()
    }

    /// Makes another plan ready to judge by.
    ///
    /// # Errors
    /// What of the plan this shell cannot do.
    pub fn prepare(&self, plan: Plan) -> Result<Ground, Vec<Fault>> {
        Ground::new(plan, &self.key_sets, &self.servers)
    }

    /// Swaps what requests stand on and hands out the old ground, to be dropped where its size hurts nobody. Only now the URLs
    /// that both share are judged by the new plan.
    pub fn swap(&self, ground: Ground) -> Arc<Ground> {
        for targets in &ground.targets {
            targets.keep_half(self.servers.now());
        }
        self.ground.swap(Arc::new(ground))
    }

    /// Swaps all given key sets; what they verified before counts no more.
    pub fn give(&self, sets: HashMap<Box<str>, Arc<KeySet>>) {
        self.key_sets.give(sets);
        self.tokens.forget();
    }

    /// The facts for one request.
    pub fn facts<'s>(&'s self, ground: &'s Ground) -> Known<'s> {
        Known {
            state: self,
            ground,
            basis: self.tokens.basis(ground.number),
        }
    }

    /// Keeps what a request verified, so that the next one with the same token need not verify again.
    pub fn keep(&self, basis: Basis, trace: &Trace) {
        if let Some((credential, digest, verified)) = &trace.verified {
            self.tokens.keep(basis, *credential, *digest, verified.clone());
        }
    }

    /// Waits until a missing fact was fetched or could not be; then the decision is made again, and finds it known or
    /// unavailable. False: it cannot be fetched at all, or not before the deadline, and nothing is decided again.
    pub async fn fetch(&self, ground: &Ground, missing: &Missing) -> bool {
        let Some(done) = self.wish(ground, missing) else {
            return false;
        };
        matches!(tokio::time::timeout(self.deadline, done).await, Ok(Ok(())))
    }

    /// As `fetch`, for a thread that may block.
    pub fn fetch_blocking(&self, ground: &Ground, missing: &Missing) -> bool {
        let Some(mut done) = self.wish(ground, missing) else {
            return false;
        };
        let end = Instant::now() + self.deadline;
        let waker = Waker::from(Arc::new(Waiting(std::thread::current())));
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match Pin::new(&mut done).poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(fetched) => return fetched.is_ok(),
                Poll::Pending if left.is_zero() => return false,
                Poll::Pending => std::thread::park_timeout(left),
            }
        }
    }

    fn wish(&self, ground: &Ground, missing: &Missing) -> Option<oneshot::Receiver<()>> {
        let Missing::Fact(Key::KeySet { credential, .. }) = missing else {
            return None;
        };
        let Some(Source::Url(fetched, url)) = ground.sources.get(*credential as usize) else {
            return None;
        };
        let (done, wait) = oneshot::channel();
        self.wishes
            .send(Wanted {
                fetched: fetched.clone(),
                url: url.clone(),
                done,
            })
            .ok()?;
        Some(wait)
    }

    /// Ends a fetch.
    pub(crate) fn fetched(&self, fetched: &Fetched, answer: Option<(Arc<KeySet>, Box<[u8]>)>) {
        if fetched.end(answer, self.clock.now()) {
            self.tokens.forget();
        }
    }
}

/// A thread that waits for a fact.
struct Waiting(Thread);

impl Wake for Waiting {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The facts for one request: all that is in the process is known at once; only a key set can be missing.
pub struct Known<'s> {
    state: &'s State,
    ground: &'s Ground,
    basis: Basis,
}

impl Known<'_> {
    /// What a verification with these facts depends on.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    fn key_set(&self, credential: u32, kid: Option<&str>) -> Answered<Fact> {
        match self.ground.sources.get(credential as usize) {
            Some(Source::Inline(keys)) => Answered::Known(Fact::KeySet(keys.clone())),
            Some(Source::Given(name)) => match self.state.key_sets.given(name) {
                Some(keys) => Answered::Known(Fact::KeySet(keys)),
                None => Answered::Unavailable,
            },
            Some(Source::Url(fetched, url)) => fetched.look_up(kid, url, self.state.clock.now()),
            Some(Source::Nowhere) | None => Answered::Unavailable,
        }
    }
}

impl Facts for Known<'_> {
    fn now(&self) -> Time {
        self.state.clock.now()
    }

    fn look_up(&mut self, key: &Key) -> Answered<Fact> {
        match key {
            Key::KeySet { credential, kid } => self.key_set(*credential, kid.as_deref()),
            Key::Verified { credential, digest } => {
                let now = self.state.clock.now();
                let found = match self.ground.sources.get(*credential as usize) {
                    Some(Source::Url(fetched, url)) if !fetched.is_trusted(url, now) => None,
                    _ => self.state.tokens.find(self.basis, *credential, digest, now),
                };
                Answered::Known(found.map_or(Fact::Absent, Fact::Verified))
            }
            Key::ApiKey { presented, .. } => {
                Answered::Known(self.state.api_keys.find(presented).map_or(Fact::Absent, Fact::ApiKey))
            }
        }
    }

    fn take(&mut self, draws: &Draws, now: Time) -> Answered<Taken> {
        Answered::Known(self.state.limits.take(draws, |limit| self.ground.salt(limit), now))
    }

    fn first_seen(&mut self, digest: &yett_engine::Digest, until: Time) -> Answered<bool> {
        match self.state.seen.first(digest, until, self.state.clock.now()) {
            Some(first) => Answered::Known(first),
            None => Answered::Unavailable,
        }
    }
}
