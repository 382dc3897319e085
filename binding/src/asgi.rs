//! The shell inside a Python app: the same state and the same ladder as the gateway's, step by step as ASGI brings the parts.
//!
//! A request is `head`, then `body`, then `reply`, then `end`. Every call gives a tuple whose first item says what comes next.

use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use yett_engine::plan::Sink;
use yett_engine::{
    Answer, Body, BodyNeed, Caller, Head, Ids, Missing, Opened, Pass, Plan, Reason, Release, ReplyNeed, Session, Stop,
    reason,
};
use yett_gateway::evidence::{self, Queue, Record};
use yett_gateway::state::{Ground, State, Wishes};

use crate::clock::Clock;
use crate::plan::fault;

/// Above this a body is judged without the GIL: shorter ones cost less than giving it up.
const LARGE: usize = 16 * 1024;
/// A decision that asks for facts more often than this goes round in circles.
const MOST_ROUNDS: u32 = 8;

type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// One plan around one app, in one process.
#[pyclass(frozen, module = "yett._engine")]
pub(crate) struct Shell {
    state: Arc<State>,
    evidence: Mutex<Option<(Queue, JoinHandle<()>)>>,
    wishes: Mutex<Option<Wishes>>,
    started: Once,
    pepper: Option<Vec<u8>>,
    clock: Clock,
    folder: PathBuf,
}

#[pymethods]
impl Shell {
    /// `deadline`: milliseconds that a request waits for a fact. `folder`: where evidence files with relative names lie. No
    /// thread is started before the first request.
    #[new]
    fn new(
        py: Python<'_>,
        plan: &[u8],
        pepper: Option<Vec<u8>>,
        clock: &Clock,
        deadline: u64,
        folder: PathBuf,
    ) -> PyResult<Self> {
        let plan = Plan::load(plan).map_err(|faults| fault(py, faults))?;
        let waits = Duration::from_millis(deadline);
        let made = State::new(plan, pepper.as_deref(), clock.0.clone(), waits);
        let (state, wishes) = made.map_err(|faults| fault(py, faults))?;
        let (evidence, wishes) = (Mutex::new(None), Mutex::new(Some(wishes)));
        Ok(Self {
            state,
            evidence,
            wishes,
            started: Once::new(),
            pepper,
            clock: Clock(clock.0.clone()),
            folder,
        })
    }

    /// Swaps the plan; requests under way end by theirs. Raises `PlanFault`, and then the old one stays.
    fn swap(&self, py: Python<'_>, plan: &[u8]) -> PyResult<()> {
        let swapped = py.detach(|| Plan::load(plan).and_then(|plan| self.state.swap(plan)));
        swapped.map(drop).map_err(|faults| fault(py, faults))
    }

    /// Swaps all API keys: a JSON list of rows as in `docs/control-protocol.md`.
    fn set_keys(&self, rows: &str) -> PyResult<()> {
        let rows = serde_json::from_str(rows).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let set = self.state.api_keys.set(rows);
        set.map(drop)
            .map_err(|index| PyValueError::new_err(format!("/{index}/hmac: expected 64 hex digits")))
    }

    /// Swaps all given key sets: a JSON object of JWKS by name.
    fn give(&self, py: Python<'_>, sets: &str) -> PyResult<()> {
        let sets = serde_json::from_str(sets).map_err(|error| PyValueError::new_err(error.to_string()))?;
        self.state
            .give(yett_gateway::key_sets(&sets).map_err(|faults| fault(py, faults))?);
        Ok(())
    }

    /// Writes the evidence that waits, and ends its writer.
    fn close(&self, py: Python<'_>) {
        let Some((queue, writer)) = self.lock_evidence().take() else {
            return;
        };
        py.detach(|| queue.close(writer));
    }

    /// Begins a request. `ids` are 24 random bytes: a trace id and a span id.
    fn request(
        &self,
        line: (Vec<u8>, Vec<u8>),
        headers: Headers,
        peer: IpAddr,
        secure: bool,
        ids: [u8; 24],
    ) -> PyResult<Request> {
        self.start()?;
        let borrowed: Vec<(&[u8], &[u8])> = headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        let head = Head::of(&line.0, &line.1, &borrowed, peer, secure);
        let ground = self.state.ground();
        let session = Session::new(ground.plan.clone(), split(ids));
        let evidence = self.lock_evidence().as_ref().map(|(queue, _)| queue.clone());
        let under_way = UnderWay {
            session,
            stage: Stage::Head,
            missing: None,
            rounds: 0,
        };
        let began = Instant::now();
        let state = self.state.clone();
        Ok(Request {
            state,
            ground,
            evidence,
            head,
            peer,
            began,
            under_way: Mutex::new(Some(under_way)),
        })
    }
}

impl Shell {
    /// Starts what fetches key sets and writes evidence, once: never at import, never before a fork.
    fn start(&self) -> PyResult<()> {
        let mut failed = None;
        self.started.call_once(|| {
            let wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(wishes) = wishes {
                failed = yett_gateway::start_control(&self.state, wishes).err();
            }
            let ground = self.state.ground();
            let sinks: Vec<Sink> = ground
                .plan
                .gateway
                .evidence
                .iter()
                .map(|sink| below(&self.folder, sink))
                .collect();
            match evidence::start(&sinks, self.pepper.as_deref(), self.clock.0.clone()) {
                Ok(writer) => *self.lock_evidence() = Some(writer),
                Err(error) => failed = Some(error),
            }
        });
        failed.map_or(Ok(()), |error| Err(PyOSError::new_err(error.to_string())))
    }

    fn lock_evidence(&self) -> MutexGuard<'_, Option<(Queue, JoinHandle<()>)>> {
        self.evidence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn below(folder: &Path, sink: &Sink) -> Sink {
    match sink {
        Sink::File(name) => Sink::File(folder.join(name).to_string_lossy().into_owned()),
        Sink::Stdout => Sink::Stdout,
    }
}

fn split(ids: [u8; 24]) -> Ids {
    let (mut trace, mut span) = ([0; 16], [0; 8]);
    for (to, from) in trace.iter_mut().chain(&mut span).zip(ids) {
        *to = from;
    }
    Ids { trace, span }
}

/// One request.
#[pyclass(frozen, module = "yett._engine")]
pub(crate) struct Request {
    state: Arc<State>,
    ground: Arc<Ground>,
    evidence: Option<Queue>,
    head: Head,
    peer: IpAddr,
    began: Instant,
    under_way: Mutex<Option<UnderWay>>,
}

struct UnderWay {
    session: Session,
    stage: Stage,
    missing: Option<Missing>,
    rounds: u32,
}

/// Where a request stands.
enum Stage {
    Head,
    Caller(Box<Caller>),
    Sent(Box<Pass>),
    Done,
}

/// What the shell does next.
enum Next {
    Answer(Release),
    /// Wait for a fact, then `head` again.
    Fetch,
    Read(BodyNeed),
    Forward(Box<yett_engine::Forward>),
}

#[pymethods]
impl Request {
    /// Judges the head: `("answer", status, headers, body)`, `("fetch",)`, `("hold", limit)` or `("stream", limit)`.
    fn head<'p>(&self, py: Python<'p>) -> PyResult<Bound<'p, PyTuple>> {
        self.step(py, |this, under_way| this.judge_head(under_way))
    }

    /// Waits, without the GIL, for what the last round missed; false: it cannot be had, and `head` will refuse.
    fn fetch(&self, py: Python<'_>) -> PyResult<bool> {
        let missing = self.lock()?.as_mut().and_then(|under_way| under_way.missing.take());
        Ok(py.detach(|| missing.is_some_and(|missing| self.state.fetch_blocking(&self.ground, &missing))))
    }

    /// Judges the body: `None` is no body, `streamed` one that nothing reads. `("answer", …)`, `("fetch",)` or
    /// `("forward", method, target, headers)`; what goes on is the body that came.
    #[pyo3(signature = (body, streamed=false))]
    fn body<'p>(&self, py: Python<'p>, body: Option<&[u8]>, streamed: bool) -> PyResult<Bound<'p, PyTuple>> {
        let judged = match (body, streamed) {
            (_, true) => Body::Streamed,
            (None, _) => Body::None,
            (Some(bytes), _) => Body::Held(Bytes::copy_from_slice(bytes)),
        };
        let large = matches!(&judged, Body::Held(bytes) if bytes.len() > LARGE);
        if large {
            let next = py.detach(|| self.with(|this, under_way| this.judge_body(under_way, judged)))?;
            return tell(py, next);
        }
        self.step(py, |this, under_way| this.judge_body(under_way, judged))
    }

    /// What to do with the body of a reply: `("hold", limit)`, `("stream", 0)` or `("discard", 0)`.
    fn reply_need(&self, status: u16, headers: Headers) -> PyResult<(&'static str, u64)> {
        let headers = shared(headers);
        let mut under_way = self.lock()?;
        match under_way.as_mut().map(|under_way| &under_way.stage) {
            Some(Stage::Sent(pass)) => Ok(match pass.reply_need(&self.ground.plan, status, &headers) {
                ReplyNeed::Hold { limit } => ("hold", limit),
                ReplyNeed::Stream => ("stream", 0),
                ReplyNeed::Discard => ("discard", 0),
            }),
            _ => Err(out_of_turn()),
        }
    }

    /// Judges a reply: `("answer", status, headers, body)`, where a body of `None` is the app's, as it comes.
    #[pyo3(signature = (status, headers, body, streamed=false))]
    fn reply<'p>(
        &self,
        py: Python<'p>,
        status: u16,
        headers: Headers,
        body: Option<&[u8]>,
        streamed: bool,
    ) -> PyResult<Bound<'p, PyTuple>> {
        let body = match (body, streamed) {
            (_, true) => Body::Streamed,
            (None, _) => Body::None,
            (Some(bytes), _) => Body::Held(Bytes::copy_from_slice(bytes)),
        };
        let answer = Answer::new(status, shared(headers), body);
        let next = py.detach(|| self.with(|this, under_way| this.judge_reply(under_way, answer)))?;
        tell(py, next)
    }

    /// The answer to a fault that the shell met, by its exact id.
    fn fault<'p>(&self, py: Python<'p>, id: &str) -> PyResult<Bound<'p, PyTuple>> {
        let reason = Reason::named(id).ok_or_else(|| PyValueError::new_err(format!("no reason is called {id}")))?;
        self.step(py, |_, under_way| Ok(Next::Answer(under_way.session.fault(reason))))
    }

    /// Ends the request: `status` is what the client got, 0 when it got nothing.
    fn end(&self, status: u16) -> PyResult<()> {
        let Some(under_way) = self.lock()?.take() else {
            return Err(out_of_turn());
        };
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let record = Record::of(
            self.ground.clone(),
            under_way.session.finish(),
            self.peer,
            status,
            micros,
        );
        if let Some(evidence) = &self.evidence {
            evidence.put(vec![record]);
        }
        Ok(())
    }
}

impl Request {
    fn lock(&self) -> PyResult<MutexGuard<'_, Option<UnderWay>>> {
        self.under_way
            .lock()
            .map_err(|_| PyRuntimeError::new_err("a decision panicked"))
    }

    fn step<'p>(
        &self,
        py: Python<'p>,
        judge: impl FnOnce(&Self, &mut UnderWay) -> PyResult<Next>,
    ) -> PyResult<Bound<'p, PyTuple>> {
        let next = self.with(judge)?;
        tell(py, next)
    }

    /// Never past a panic: a decision that fails is a refusal.
    fn with(&self, judge: impl FnOnce(&Self, &mut UnderWay) -> PyResult<Next>) -> PyResult<Next> {
        let mut locked = self.lock()?;
        let under_way = locked.as_mut().ok_or_else(out_of_turn)?;
        match catch_unwind(AssertUnwindSafe(|| judge(self, under_way))) {
            Ok(next) => next,
            Err(_) => {
                under_way.stage = Stage::Done;
                Ok(Next::Answer(under_way.session.fault(reason::ENGINE_DECISION_FAULTED)))
            }
        }
    }

    fn judge_head(&self, under_way: &mut UnderWay) -> PyResult<Next> {
        under_way.stage = Stage::Done;
        under_way.rounds += 1;
        if under_way.rounds > MOST_ROUNDS {
            return Ok(Next::Answer(under_way.session.fault(reason::ENGINE_ROUNDS_EXCEEDED)));
        }
        let mut facts = self.state.facts(&self.ground);
        Ok(match under_way.session.head(&self.head, &mut facts) {
            Ok(Opened::Preflight(preflight)) => Next::Answer(under_way.session.answer(&preflight)),
            Ok(Opened::Caller(caller)) => {
                self.state.keep(facts.basis(), under_way.session.trace());
                let need = caller.body_need(&self.ground.plan);
                under_way.stage = Stage::Caller(caller);
                Next::Read(need)
            }
            Err(stop) => stopped(under_way, stop),
        })
    }

    fn judge_body(&self, under_way: &mut UnderWay, body: Body) -> PyResult<Next> {
        let Stage::Caller(caller) = std::mem::replace(&mut under_way.stage, Stage::Done) else {
            return Err(out_of_turn());
        };
        let mut facts = self.state.facts(&self.ground);
        Ok(match under_way.session.body(caller, body, &mut facts) {
            Ok(permit) => {
                let (forward, pass) = under_way.session.spend(permit);
                under_way.stage = Stage::Sent(Box::new(pass));
                Next::Forward(Box::new(forward))
            }
            Err(stop) => stopped(under_way, stop),
        })
    }

    fn judge_reply(&self, under_way: &mut UnderWay, answer: Answer) -> PyResult<Next> {
        let Stage::Sent(pass) = std::mem::replace(&mut under_way.stage, Stage::Done) else {
            return Err(out_of_turn());
        };
        let mut facts = self.state.facts(&self.ground);
        Ok(match under_way.session.reply(*pass, answer, &mut facts) {
            Ok(release) => Next::Answer(release),
            Err(stop) => stopped(under_way, stop),
        })
    }
}

fn stopped(under_way: &mut UnderWay, stop: Stop) -> Next {
    match stop {
        Stop::Deny(denial) => Next::Answer(under_way.session.refuse(&denial)),
        Stop::Need(missing) => {
            under_way.stage = Stage::Head;
            under_way.missing = Some(missing);
            Next::Fetch
        }
    }
}

fn out_of_turn() -> PyErr {
    PyRuntimeError::new_err("out of turn: head, body, reply, end")
}

fn shared(headers: Headers) -> Vec<(Bytes, Bytes)> {
    let lower = |(mut name, value): (Vec<u8>, Vec<u8>)| {
        name.make_ascii_lowercase();
        (Bytes::from(name), Bytes::from(value))
    };
    headers.into_iter().map(lower).collect()
}

fn tell(py: Python<'_>, next: Next) -> PyResult<Bound<'_, PyTuple>> {
    match next {
        Next::Fetch => ("fetch",).into_pyobject(py),
        Next::Read(BodyNeed::Hold { limit }) => ("hold", limit).into_pyobject(py),
        Next::Read(BodyNeed::Stream { limit }) => ("stream", limit).into_pyobject(py),
        Next::Forward(forward) => {
            let headers = pairs(py, &forward.headers);
            ("forward", forward.method, forward.target, headers).into_pyobject(py)
        }
        Next::Answer(release) => {
            let (status, headers, body) = release.into_parts();
            let body = match &body {
                Body::Streamed => None,
                Body::None => Some(PyBytes::new(py, b"")),
                Body::Held(bytes) => Some(PyBytes::new(py, bytes)),
            };
            ("answer", status, pairs(py, &headers), body).into_pyobject(py)
        }
    }
}

fn pairs<'p>(py: Python<'p>, headers: &[(Bytes, Bytes)]) -> Vec<(Bound<'p, PyBytes>, Bound<'p, PyBytes>)> {
    headers
        .iter()
        .map(|(name, value)| (PyBytes::new(py, name), PyBytes::new(py, value)))
        .collect()
}

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Shell>()?;
    module.add_class::<Request>()
}
