//! One request inside an app: `head`, then `body`, then `reply`, then `end`. Each step says what comes next, and no other is taken.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use bytes::Bytes;
use yett_engine::{
    Answer, Body, BodyNeed, Caller, Forward, Head, Ids, Missing, Opened, Pass, Reason, Release, ReplyNeed, Session,
    Stop, reason,
};

use crate::decision::{MOST_ROUNDS, guarded};
use crate::evidence::{Queue, Record};
use crate::state::{Ground, State};

/// One request.
pub struct Request {
    state: Arc<State>,
    ground: Arc<Ground>,
    evidence: Queue,
    head: Head,
    peer: IpAddr,
    began: Instant,
    under_way: Mutex<Option<UnderWay>>,
}

struct UnderWay {
    session: Session,
    stage: Stage,
    rounds: usize,
}

/// Where a request stands.
enum Stage {
    Head,
    /// The last round missed this.
    Missing(Missing),
    /// What was missed cannot be had.
    Unavailable,
    Caller(Box<Caller>),
    Sent(Box<Pass>),
    /// Judged, or being judged: a step that panics leaves it here.
    Done,
}

/// What comes next.
pub enum Next {
    /// The client gets this.
    Answer(Release),
    /// `fetch`, then `head` again.
    Fetch,
    /// The body is read, then `body`.
    Read(BodyNeed),
    /// The app gets this, then `reply`.
    Forward(Box<Forward>),
}

/// The step could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misused {
    /// Another step comes next.
    OutOfTurn,
    /// A step before it panicked where no answer could be made.
    Panicked,
}

impl fmt::Display for Misused {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::OutOfTurn => "out of turn: head, body, reply, end",
            Self::Panicked => "a decision panicked",
        })
    }
}

type Step<T> = Result<T, Misused>;

impl Request {
    pub(super) fn begin(state: Arc<State>, evidence: Queue, head: Head, peer: IpAddr, ids: Ids) -> Self {
        let ground = state.ground();
        let under_way = UnderWay {
            session: Session::new(ground.plan.clone(), ids),
            stage: Stage::Head,
            rounds: 0,
        };
        Self {
            state,
            ground,
            evidence,
            head,
            peer,
            began: Instant::now(),
            under_way: Mutex::new(Some(under_way)),
        }
    }

    /// Judges the head.
    ///
    /// # Errors
    /// It is not its turn.
    pub fn head(&self) -> Step<Next> {
        self.step(|stage, under_way| match stage {
            Stage::Unavailable => Ok(Next::Answer(under_way.session.fault(reason::ENGINE_FACT_UNAVAILABLE))),
            Stage::Head | Stage::Missing(_) => Ok(self.judge_head(under_way)),
            Stage::Caller(_) | Stage::Sent(_) | Stage::Done => Err(Misused::OutOfTurn),
        })
    }

    /// Waits for what the last round missed, up to the deadline; a thread that may block calls it. `head` comes next, and
    /// refuses where it cannot be had.
    ///
    /// # Errors
    /// Nothing is missed.
    pub fn fetch(&self) -> Step<()> {
        let Stage::Missing(missing) = self.take_stage()? else {
            return Err(Misused::OutOfTurn);
        };
        let stage = match self.state.fetch_blocking(&self.ground, &missing) {
            true => Stage::Head,
            false => Stage::Unavailable,
        };
        if let Some(under_way) = self.lock()?.as_mut() {
            under_way.stage = stage;
        }
        Ok(())
    }

    /// Judges the body; what goes to the app is the body that came.
    ///
    /// # Errors
    /// It is not its turn.
    pub fn body(&self, body: Body) -> Step<Next> {
        self.step(|stage, under_way| {
            let Stage::Caller(caller) = stage else {
                return Err(Misused::OutOfTurn);
            };
            let mut facts = self.state.facts(&self.ground);
            Ok(match under_way.session.body(caller, body, &mut facts) {
                Ok(permit) => {
                    let (forward, pass) = under_way.session.spend(permit);
                    under_way.stage = Stage::Sent(Box::new(pass));
                    Next::Forward(Box::new(forward))
                }
                Err(stop) => under_way.stopped(stop),
            })
        })
    }

    /// What to do with the body of a reply.
    ///
    /// # Errors
    /// Nothing was sent, or the decision panicked.
    pub fn reply_need(&self, status: u16, headers: &[(Bytes, Bytes)]) -> Step<ReplyNeed> {
        match self.lock()?.as_ref().map(|under_way| &under_way.stage) {
            Some(Stage::Sent(pass)) => {
                guarded(|| pass.reply_need(&self.ground.plan, status, headers)).ok_or(Misused::Panicked)
            }
            _ => Err(Misused::OutOfTurn),
        }
    }

    /// Judges a reply.
    ///
    /// # Errors
    /// It is not its turn.
    pub fn reply(&self, answer: Answer) -> Step<Next> {
        self.step(|stage, under_way| {
            let Stage::Sent(pass) = stage else {
                return Err(Misused::OutOfTurn);
            };
            let mut facts = self.state.facts(&self.ground);
            Ok(match under_way.session.reply(*pass, answer, &mut facts) {
                Ok(release) => Next::Answer(release),
                Err(Stop::Deny(denial)) => Next::Answer(under_way.session.refuse(&denial)),
                Err(Stop::Need(_)) => Next::Answer(under_way.session.fault(reason::ENGINE_FACT_UNAVAILABLE)),
            })
        })
    }

    /// The answer to a fault that the app's shell met; nothing is judged after it.
    ///
    /// # Errors
    /// The request has ended.
    pub fn fault(&self, reason: Reason) -> Step<Next> {
        self.step(|_, under_way| Ok(Next::Answer(under_way.session.fault(reason))))
    }

    /// Ends the request: `status` is what the client got, 0 when it got nothing.
    ///
    /// # Errors
    /// It has ended before.
    pub fn end(&self, status: u16) -> Step<()> {
        let under_way = self.lock()?.take().ok_or(Misused::OutOfTurn)?;
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.evidence.put(vec![Record::of(
            self.ground.clone(),
            under_way.session.finish(),
            self.peer,
            (status, micros),
            &self.state.clock,
        )]);
        Ok(())
    }

    fn judge_head(&self, under_way: &mut UnderWay) -> Next {
        under_way.rounds += 1;
        if under_way.rounds > MOST_ROUNDS {
            return Next::Answer(under_way.session.fault(reason::ENGINE_ROUNDS_EXCEEDED));
        }
        let mut facts = self.state.facts(&self.ground);
        match under_way.session.head(&self.head, &mut facts) {
            Ok(Opened::Preflight(preflight)) => Next::Answer(under_way.session.answer(&preflight)),
            Ok(Opened::Caller(caller)) => {
                self.state.keep(facts.basis(), under_way.session.trace());
                let need = caller.body_need(&self.ground.plan);
                under_way.stage = Stage::Caller(caller);
                Next::Read(need)
            }
            Err(stop) => under_way.stopped(stop),
        }
    }

    fn lock(&self) -> Step<MutexGuard<'_, Option<UnderWay>>> {
        self.under_way.lock().map_err(|_| Misused::Panicked)
    }

    fn take_stage(&self) -> Step<Stage> {
        let mut locked = self.lock()?;
        let under_way = locked.as_mut().ok_or(Misused::OutOfTurn)?;
        Ok(std::mem::replace(&mut under_way.stage, Stage::Done))
    }

    /// Takes one step from the stage that it finds. A decision that panics is a refusal.
    fn step(&self, judge: impl FnOnce(Stage, &mut UnderWay) -> Step<Next>) -> Step<Next> {
        let mut locked = self.lock()?;
        let under_way = locked.as_mut().ok_or(Misused::OutOfTurn)?;
        let stage = std::mem::replace(&mut under_way.stage, Stage::Done);
        guarded(|| judge(stage, under_way)).unwrap_or_else(|| {
            under_way.stage = Stage::Done;
            Ok(Next::Answer(under_way.session.fault(reason::ENGINE_DECISION_FAULTED)))
        })
    }
}

impl UnderWay {
    fn stopped(&mut self, stop: Stop) -> Next {
        match stop {
            Stop::Deny(denial) => Next::Answer(self.session.refuse(&denial)),
            Stop::Need(missing) => {
                self.stage = Stage::Missing(missing);
                Next::Fetch
            }
        }
    }
}
