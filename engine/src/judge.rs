//! What every step and guard is handed besides its rung: the plan, the facts, the trace, and the only way to refuse.

use smallvec::SmallVec;

use crate::facts::{Digest, Draws, Fact, Facts, Key, Taken, Time};
use crate::memo::{Asked, Memo, Missing};
use crate::plan::{Mode, Plan};
use crate::reason::{self, Reason};
use crate::trace::{Line, Said, Trace};

/// Why a request does not go on.
#[derive(Debug)]
pub enum Stop {
    /// It is refused.
    Deny(Denial),
    /// A fact is missing: fetch it and decide again from admit.
    Need(Missing),
}

/// A refusal before it is shaped into an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// Exactly why.
    pub reason: Reason,
    /// Where: JSON pointers or parameter names, shown to the client for `invalid`.
    pub places: SmallVec<[Box<str>; 0]>,
    /// What a header of the answer must say.
    pub hint: Hint,
}

/// What a refusal tells beyond its status.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Hint {
    /// Nothing.
    #[default]
    None,
    /// `Allow`, with 405.
    Allow(Box<str>),
    /// `Retry-After` in seconds.
    RetryAfter(u64),
    /// `WWW-Authenticate`, with 401 and insufficient scope.
    Challenge(Box<str>),
}

impl From<Reason> for Denial {
    fn from(reason: Reason) -> Self {
        Self {
            reason,
            places: SmallVec::new(),
            hint: Hint::None,
        }
    }
}

impl From<Denial> for Stop {
    fn from(denial: Denial) -> Self {
        Self::Deny(denial)
    }
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Deny(reason.into())
    }
}

impl Denial {
    /// The same refusal, naming where.
    #[must_use]
    pub fn at(mut self, place: impl Into<Box<str>>) -> Self {
        self.places.push(place.into());
        self
    }

    /// The same refusal with a hint.
    #[must_use]
    pub fn hint(mut self, hint: Hint) -> Self {
        self.hint = hint;
        self
    }
}

/// The bench at which one request is judged.
pub struct Judge<'r> {
    /// The plan that judges it, from start to end.
    pub plan: &'r Plan,
    /// What was said so far.
    pub trace: &'r mut Trace,
    pub(crate) memo: &'r mut Memo,
    pub(crate) facts: &'r mut dyn Facts,
    pub(crate) without: Option<Reason>,
    /// The request's Origin, kept for an answer that has no request any more.
    pub(crate) origin: &'r mut Option<Box<[u8]>>,
}

impl Judge<'_> {
    /// Refuses, unless a proof has taken this check out: then the caller goes on with the lenient reading that it forbids.
    ///
    /// # Errors
    /// `Stop::Deny` with the reason, always, outside a proof.
    pub fn refuse(&mut self, denial: impl Into<Denial>) -> Result<(), Stop> {
        let denial = denial.into();
        if self.without == Some(denial.reason) {
            return Ok(());
        }
        Err(Stop::Deny(denial))
    }

    /// Hears one guard: a refusal holds in `enforce`, and is only written down in `report`.
    ///
    /// # Errors
    /// `Stop::Deny` in enforce mode, `Stop::Need` where a fact is missing.
    pub fn hear(&mut self, control: &'static str, mode: Mode, said: Result<(), Stop>) -> Result<(), Stop> {
        match said {
            Ok(()) => {
                self.trace.lines.push(Line {
                    control,
                    said: Said::Passed,
                    reason: None,
                    places: SmallVec::new(),
                });
                Ok(())
            }
            Err(Stop::Need(missing)) => Err(Stop::Need(missing)),
            Err(Stop::Deny(denial)) if self.without == Some(denial.reason) => Ok(()),
            Err(Stop::Deny(denial)) => match mode {
                Mode::Enforce => Err(Stop::Deny(denial)),
                Mode::Report => {
                    self.write(Said::WouldRefuse, &denial);
                    Ok(())
                }
            },
        }
    }

    /// Whether a guard's refusal would end the request.
    pub(crate) fn holds(&self, mode: Mode, denial: &Denial) -> bool {
        mode == Mode::Enforce && self.without != Some(denial.reason)
    }

    /// Writes down that a guard changed what it would have refused.
    pub(crate) fn altered(&mut self, denial: &Denial) {
        self.write(Said::Altered, denial);
    }

    /// The time of this request.
    pub fn now(&mut self) -> Time {
        let now = self.memo.now(self.facts);
        self.trace.now = Some(now);
        now
    }

    /// A fact; one that cannot be had denies with 503.
    ///
    /// # Errors
    /// `Stop::Need` when the shell must fetch it, `Stop::Deny` when it cannot be had.
    pub fn look_up(&mut self, key: Key) -> Result<Fact, Stop> {
        let asked = self.memo.look_up(key, self.facts);
        self.had(asked)
    }

    /// One token of each counter of a rung, all or none.
    ///
    /// # Errors
    /// As `look_up`.
    pub fn take(&mut self, draws: Draws) -> Result<Taken, Stop> {
        let asked = self.memo.take(draws, self.facts);
        self.had(asked)
    }

    /// Whether a digest is seen for the first time until it expires: for methods that need a replay store.
    ///
    /// # Errors
    /// As `look_up`.
    pub fn first_seen(&mut self, digest: Digest, until: Time) -> Result<bool, Stop> {
        let asked = self.memo.first_seen(digest, until, self.facts);
        self.had(asked)
    }

    fn had<T>(&mut self, asked: Asked<T>) -> Result<T, Stop> {
        match asked {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(Stop::Deny(reason::ENGINE_FACT_UNAVAILABLE.into())),
            Err(missing) => Err(Stop::Need(missing)),
        }
    }

    fn write(&mut self, said: Said, denial: &Denial) {
        self.trace.lines.push(Line::of(said, denial));
    }
}
