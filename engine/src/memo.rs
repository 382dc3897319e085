//! The facts that one request was judged by: asked once, kept for its life, so another round sees the same.

use smallvec::SmallVec;

use crate::facts::{Answered, Digest, Draws, Fact, Facts, Key, Taken, Time};

/// Answers already given to this request.
#[derive(Default)]
pub(crate) struct Memo {
    now: Option<Time>,
    facts: SmallVec<[(Key, Option<Fact>); 2]>,
    taken: SmallVec<[(Draws, Option<Taken>); 2]>,
    seen: SmallVec<[(Digest, Option<bool>); 0]>,
}

/// What a question to the memo brings; `None` is `Unavailable`, `Err` the key that is missing.
pub(crate) type Asked<T> = Result<Option<T>, Missing>;

/// What the shell must fetch before the next round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A look-up.
    Fact(Key),
    /// The counters of one rung.
    Take(Draws),
    /// A replay store.
    Seen(Digest),
}

impl Memo {
    pub(crate) fn now(&mut self, facts: &dyn Facts) -> Time {
        *self.now.get_or_insert_with(|| facts.now())
    }

    pub(crate) fn look_up(&mut self, key: Key, facts: &mut dyn Facts) -> Asked<Fact> {
        if let Some((_, fact)) = self.facts.iter().find(|(known, _)| *known == key) {
            return Ok(fact.clone());
        }
        let fact = settled(facts.look_up(&key)).ok_or_else(|| Missing::Fact(key.clone()))?;
        self.facts.push((key, fact.clone()));
        Ok(fact)
    }

    pub(crate) fn take(&mut self, draws: Draws, facts: &mut dyn Facts) -> Asked<Taken> {
        if let Some((_, taken)) = self.taken.iter().find(|(known, _)| *known == draws) {
            return Ok(taken.clone());
        }
        let now = self.now(facts);
        let taken = settled(facts.take(&draws, now)).ok_or_else(|| Missing::Take(draws.clone()))?;
        self.taken.push((draws, taken.clone()));
        Ok(taken)
    }

    pub(crate) fn first_seen(&mut self, digest: Digest, until: Time, facts: &mut dyn Facts) -> Asked<bool> {
        if let Some((_, seen)) = self.seen.iter().find(|(known, _)| *known == digest) {
            return Ok(*seen);
        }
        let seen = settled(facts.first_seen(&digest, until)).ok_or(Missing::Seen(digest))?;
        self.seen.push((digest, seen));
        Ok(seen)
    }
}

fn settled<T>(answered: Answered<T>) -> Option<Option<T>> {
    match answered {
        Answered::Known(value) => Some(Some(value)),
        Answered::Unavailable => Some(None),
        Answered::Missing => None,
    }
}
