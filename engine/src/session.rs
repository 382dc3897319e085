//! One request at the engine: keeps its plan, memo and trace from head to reply. What shells hold; nothing is decided here.

use std::sync::Arc;

use crate::decide::{self, Opened};
use crate::facts::Facts;
use crate::hex;
use crate::judge::{Denial, Judge, Stop};
use crate::memo::Memo;
use crate::plan::Plan;
use crate::reason::Reason;
use crate::reply::receive::Answer;
use crate::reply::shape::{self, Release};
use crate::steps::admit::Head;
use crate::steps::authenticate::Caller;
use crate::steps::authorize::{Pass, Permit};
use crate::steps::forward::{Forward, Wire};
use crate::steps::resolve::Preflight;
use crate::steps::validate::Body;
use crate::trace::{Line, Said, Trace};

/// Random ids that the shell gives to one request (W3C trace context).
#[derive(Clone, Copy, Debug)]
pub struct Ids {
    /// The trace id, used where the request brings none.
    pub trace: [u8; 16],
    /// The shell's own span.
    pub span: [u8; 8],
}

/// One request from head to reply.
pub struct Session {
    plan: Arc<Plan>,
    ids: Ids,
    memo: Memo,
    trace: Trace,
    origin: Option<Box<[u8]>>,
    pub(crate) without: Option<Reason>,
}

impl Session {
    /// A new request, judged by this plan from start to end.
    pub fn new(plan: Arc<Plan>, ids: Ids) -> Self {
        Self {
            plan,
            ids,
            memo: Memo::default(),
            trace: Trace::default(),
            origin: None,
            without: None,
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// What was said so far.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The trace id, 32 hex digits: the request's own where it brought a valid one.
    pub fn trace_id(&self) -> String {
        match self.trace.traceparent.as_deref().and_then(|parent| parent.get(3..35)) {
            Some(id) => id.to_owned(),
            None => hex::of(&self.ids.trace),
        }
    }

    /// Judges the head. On `Stop::Need` the shell fetches what is missing and calls it again: the round leaves no trace.
    ///
    /// # Errors
    /// `Stop::Deny` when refused, `Stop::Need` when a fact is missing.
    pub fn head(&mut self, head: &Head, facts: &mut dyn Facts) -> Result<Opened, Stop> {
        self.trace = Trace::default();
        self.round(facts, |judge| decide::head(head, judge))
    }

    /// Judges the body of a caller that the head opened.
    ///
    /// # Errors
    /// As `head`; after a `Need` the shell begins again with the head.
    pub fn body(&mut self, caller: Box<Caller>, body: Body, facts: &mut dyn Facts) -> Result<Permit, Stop> {
        self.round(facts, |judge| decide::body(*caller, body, judge))
    }

    /// Spends a permit: what goes to the upstream, and the pass for its reply.
    pub fn spend(&self, permit: Permit) -> (Forward, Pass) {
        let flags = self
            .trace
            .traceparent
            .as_deref()
            .and_then(|parent| parent.get(53..55))
            .unwrap_or("01");
        let traceparent = format!("00-{}-{}-{flags}", self.trace_id(), hex::of(&self.ids.span));
        permit.spend(
            &self.plan,
            &Wire {
                traceparent: traceparent.into(),
                continues: self.trace.traceparent.is_some(),
            },
        )
    }

    /// Judges a reply and makes what the client gets.
    ///
    /// # Errors
    /// As `head`.
    pub fn reply(&mut self, pass: Pass, answer: Answer, facts: &mut dyn Facts) -> Result<Release, Stop> {
        let trace_id = self.trace_id();
        self.round(facts, |judge| {
            let reply = decide::reply(pass, answer, judge)?;
            shape::shape(reply, &trace_id, judge)
        })
    }

    /// The answer to a refusal.
    pub fn refuse(&self, denial: &Denial) -> Release {
        shape::refuse(
            denial,
            &self.plan,
            &self.trace,
            self.origin.as_deref(),
            &self.trace_id(),
        )
    }

    /// The answer to a fault of the shell: a timeout, an upstream that is down. It is written into the trace.
    pub fn fault(&mut self, denial: impl Into<Denial>) -> Release {
        let denial = denial.into();
        self.trace.lines.push(Line::of(Said::Refused, &denial));
        self.refuse(&denial)
    }

    /// The answer to an allowed preflight.
    pub fn answer(&self, preflight: &Preflight) -> Release {
        shape::answer(preflight, &self.plan, self.trace.secure)
    }

    /// Ends the request: what evidence is made from.
    pub fn finish(self) -> (Ids, Trace) {
        (self.ids, self.trace)
    }

    fn round<T>(
        &mut self,
        facts: &mut dyn Facts,
        decide: impl FnOnce(&mut Judge<'_>) -> Result<T, Stop>,
    ) -> Result<T, Stop> {
        let mut judge = Judge {
            plan: &self.plan,
            trace: &mut self.trace,
            memo: &mut self.memo,
            facts,
            without: self.without,
            origin: &mut self.origin,
        };
        judge.now();
        let decided = decide(&mut judge);
        if let Err(Stop::Deny(denial)) = &decided {
            self.trace.lines.push(Line::of(Said::Refused, denial));
        }
        decided
    }
}
