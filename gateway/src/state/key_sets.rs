//! Key sets by name and by URL, and when one may be used, must be fetched, or is too old; fetching itself is `fetch.rs`'s.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use tokio::sync::oneshot;
use yett_engine::jose::KeySet;
use yett_engine::plan::KeyUrl;
use yett_engine::{Answered, Fact, Time};

const MILLISECOND: u64 = 1_000_000;

/// Every key set that the process has.
#[derive(Default)]
pub struct KeySets {
    given: ArcSwap<HashMap<Box<str>, Arc<KeySet>>>,
    fetched: Mutex<HashMap<Box<str>, Arc<Fetched>>>,
}

impl KeySets {
    /// Swaps all given sets.
    pub fn give(&self, sets: HashMap<Box<str>, Arc<KeySet>>) {
        self.given.store(Arc::new(sets));
    }

    /// A set by its name.
    pub fn given(&self, name: &str) -> Option<Arc<KeySet>> {
        self.given.load().get(name).cloned()
    }

    /// What is known of a URL: plans that name the same one share it.
    pub fn at(&self, url: &str) -> Arc<Fetched> {
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        fetched.entry(url.into()).or_default().clone()
    }
}

/// A set as it was fetched.
struct Answer {
    keys: Arc<KeySet>,
    text: Box<[u8]>,
    at: Time,
}

/// What is known of one URL.
#[derive(Default)]
pub struct Fetched {
    answer: ArcSwapOption<Answer>,
    /// When the last fetch ended, well or not; 0: never.
    attempted: AtomicU64,
    /// Who waits for the fetch under way; none: there is none.
    waiting: Mutex<Option<Vec<oneshot::Sender<()>>>>,
}

impl Fetched {
    /// Answers a look-up. An unknown `kid` is `Missing` when the last fetch is longer ago than the floor.
    pub fn look_up(&self, kid: Option<&str>, url: &KeyUrl, now: Time) -> Answered<Fact> {
        let rested = self.rested(url.floor, now);
        match self.answer.load_full().filter(|_| self.is_trusted(url, now)) {
            Some(answer) if rested && kid.is_some_and(|kid| !answer.keys.has(kid)) => Answered::Missing,
            Some(answer) => Answered::Known(Fact::KeySet(answer.keys.clone())),
            None if rested => Answered::Missing,
            None => Answered::Unavailable,
        }
    }

    /// Whether the set is not too old to be used, and with it what its keys have verified.
    pub fn is_trusted(&self, url: &KeyUrl, now: Time) -> bool {
        self.age(now)
            .is_some_and(|age| age <= url.stale.saturating_mul(MILLISECOND))
    }

    /// Whether the background should fetch: never fetched, due for a refresh, or failed and the floor has passed.
    pub fn is_due(&self, url: &KeyUrl, now: Time) -> bool {
        let due = self
            .age(now)
            .is_none_or(|age| age >= url.refresh.saturating_mul(MILLISECOND));
        due && self.rested(url.floor, now)
    }

    /// Nanoseconds since the last fetch that went well.
    pub fn age(&self, now: Time) -> Option<u64> {
        self.answer.load().as_ref().map(|answer| age(answer.at, now))
    }

    fn rested(&self, floor: u64, now: Time) -> bool {
        let attempted = self.attempted.load(Ordering::Acquire);
        attempted == 0 || age(Time(attempted), now) >= floor.saturating_mul(MILLISECOND)
    }

    /// Adds one who waits; true: no fetch is under way, and the caller must begin one. Who wished while a fetch ended is
    /// answered by that one: the floor holds for wishes too.
    pub fn wait(&self, done: oneshot::Sender<()>, url: &KeyUrl, now: Time) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_none() && !self.rested(url.floor, now) {
            let _ = done.send(());
            return false;
        }
        let begin = waiting.is_none();
        waiting.get_or_insert_default().push(done);
        begin
    }

    /// Ends a fetch and wakes who waits; true: the keys are others than before.
    pub fn end(&self, fetched: Option<(Arc<KeySet>, Box<[u8]>)>, now: Time) -> bool {
        let mut changed = false;
        if let Some((keys, text)) = fetched {
            let before = self.answer.load_full();
            changed = before.as_ref().is_some_and(|before| before.text != text);
            let keys = match before {
                Some(before) if !changed => before.keys.clone(),
                _ => keys,
            };
            self.answer.store(Some(Arc::new(Answer { keys, text, at: now })));
        }
        self.attempted.store(now.0.max(1), Ordering::Release);
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).take();
        for done in waiting.into_iter().flatten() {
            let _ = done.send(());
        }
        changed
    }
}

fn age(at: Time, now: Time) -> u64 {
    now.0.saturating_sub(at.0)
}
