//! One request and its answer, as far as evidence wants to know: begun with the head, ended with a record, also where it is cut.

use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use yett_engine::{Reason, Session, reason};

use crate::evidence::Record;
use crate::h1;
use crate::process::{Held, client};
use crate::reactor::Thread;
use crate::state::Ground;

/// One request on its way.
pub(crate) struct Exchange {
    pub(crate) ground: Arc<Ground>,
    pub(crate) session: Session,
    pub(crate) held: Held,
    pub(crate) is_head: bool,
    /// What the head says of the body.
    pub(crate) announced: h1::Body,
    /// Octets that a streamed body may have.
    pub(crate) stream_limit: u64,
    /// Milliseconds that the upstream has for its answer.
    pub(crate) patience: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
    /// The status of the head that was made last. The client got it once an octet has gone out.
    pub(crate) status: u16,
    /// The status that the upstream sent; 0: none.
    pub(crate) upstream: u16,
    /// How often it was sent.
    pub(crate) attempts: u32,
    /// It was not sent again, for the budget of retries was spent.
    pub(crate) over_budget: bool,
    /// Why the request ended, should it be cut now; none: the client does not read its answer.
    pub(crate) blamed: Option<Reason>,
    peer: IpAddr,
    began: Instant,
    busy: Busy,
}

/// Counts as a request under way for as long as it lives.
struct Busy(Rc<Thread>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.set(self.0.busy.get().saturating_sub(1));
    }
}

impl Exchange {
    fn begin(thread: &Rc<Thread>, peer: IpAddr) -> Self {
        let ground = thread.process.state.ground();
        thread.busy.set(thread.busy.get() + 1);
        Self {
            session: Session::new(ground.plan.clone(), thread.ids()),
            ground,
            held: Held::nothing(&thread.process),
            is_head: false,
            announced: h1::Body::None,
            stream_limit: 0,
            patience: 0,
            bytes_in: 0,
            bytes_out: 0,
            status: 0,
            upstream: 0,
            attempts: 0,
            over_budget: false,
            blamed: Some(reason::ENGINE_FACT_UNAVAILABLE),
            peer,
            began: Instant::now(),
            busy: Busy(thread.clone()),
        }
    }

    /// The date of its answer: of the moment at which it was judged.
    pub(crate) fn date(&self, thread: &Thread) -> Rc<str> {
        let now = self.session.trace().now;
        thread.date(now.unwrap_or_else(|| thread.process.state.clock.now()))
    }

    /// Takes so many octets out of the budget of held bodies.
    pub(crate) fn hold(&mut self, octets: u64) -> Result<(), Reason> {
        let gateway = &self.ground.plan.gateway;
        let client = client(gateway, self.session.trace().client.unwrap_or(self.peer));
        self.held.grow(octets, gateway.held_bytes, client, self.upstream > 0)
    }

    /// Hands on the record of what was not served to its end: the thread drains, or unwinds.
    fn cut(mut self) {
        let blamed = if std::thread::panicking() {
            Some(reason::ENGINE_DECISION_FAULTED)
        } else {
            self.blamed
        };
        if let Some(reason) = blamed {
            let _ = self.session.fault(reason);
        }
        self.end();
    }

    /// Hands on the record.
    fn end(self) {
        let (ids, trace) = self.session.finish();
        let thread = self.busy.0.clone();
        thread.record(Record {
            time: trace.now.unwrap_or_else(|| thread.process.state.clock.now()),
            ground: self.ground,
            trace,
            ids,
            peer: self.peer,
            status: if self.bytes_out > 0 { self.status } else { 0 },
            upstream: self.upstream,
            attempts: self.attempts,
            over_budget: self.over_budget,
            micros: u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
            bytes_in: self.bytes_in,
            bytes_out: self.bytes_out,
        });
    }
}

/// Keeps an exchange until it ends, so that it leaves its record whatever becomes of the task that serves it.
#[derive(Default)]
pub(crate) struct UnderWay(Option<Exchange>);

impl UnderWay {
    pub(crate) fn begin(&mut self, thread: &Rc<Thread>, peer: IpAddr) -> &mut Exchange {
        self.0.insert(Exchange::begin(thread, peer))
    }

    /// The client wants no answer any more.
    pub(crate) fn abandon(mut self) {
        if let Some(exchange) = &mut self.0 {
            exchange.blamed = None;
        }
    }

    /// It was served to its end.
    pub(crate) fn end(mut self) {
        if let Some(exchange) = self.0.take() {
            exchange.end();
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(exchange) = self.0.take() {
            exchange.cut();
        }
    }
}
