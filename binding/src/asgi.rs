//! The shell inside a Python app, `yett_gateway::app`, with Python's types: values are turned into Rust's and back, and the GIL is
//! given up where others may run. What may not enter here: a stage, a limit, a reason - whatever decides.
//!
//! A request is `head`, then `body`, then `reply`, then `end`. Every call gives a tuple whose first item says what comes next.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};
use yett_engine::{Answer, Body, BodyNeed, Head, Ids, Reason, ReplyNeed};
use yett_gateway::app::{self, App, Misused, Next};

use crate::clock::Clock;
use crate::plan::fault;

/// Above this a body is judged without the GIL: shorter ones cost less than giving it up.
const LARGE: usize = 16 * 1024;

type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// One plan around one app, in one process.
#[pyclass(frozen, module = "yett._engine")]
pub(crate) struct Shell(App);

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
        let (clock, deadline) = (clock.0.clone(), Duration::from_millis(deadline));
        let made = py.detach(|| App::new(plan, pepper, clock, deadline, folder));
        made.map(Self).map_err(|faults| fault(py, faults))
    }

    /// Swaps the plan and where evidence goes; requests under way end by theirs. Raises `PlanFault`, and then the old one stays.
    fn swap(&self, py: Python<'_>, plan: &[u8]) -> PyResult<()> {
        let swapped = py.detach(|| self.0.swap(plan));
        swapped.map_err(|faults| fault(py, faults))
    }

    /// Swaps all API keys: a JSON list of rows as in `docs/control-protocol.md`.
    fn set_keys(&self, rows: &str) -> PyResult<()> {
        let rows = serde_json::from_str(rows).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let set = self.0.state().api_keys.set(rows);
        set.map(drop)
            .map_err(|index| PyValueError::new_err(format!("/{index}/hmac: expected 64 hex digits")))
    }

    /// Swaps all given key sets: a JSON object of JWKS by name.
    fn give(&self, py: Python<'_>, sets: &str) -> PyResult<()> {
        let sets = serde_json::from_str(sets).map_err(|error| PyValueError::new_err(error.to_string()))?;
        let sets = yett_gateway::key_sets(&sets).map_err(|faults| fault(py, faults))?;
        self.0.state().give(sets);
        Ok(())
    }

    /// Writes the evidence that waits, and ends its writer.
    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }

    /// Begins a request. `ids` are 24 random bytes: a trace id and a span id. Raises `OSError` where no evidence could be written.
    fn request(
        &self,
        line: (Vec<u8>, Vec<u8>),
        headers: Headers,
        peer: IpAddr,
        secure: bool,
        ids: [u8; 24],
    ) -> PyResult<Request> {
        let borrowed: Vec<(&[u8], &[u8])> = headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        let head = Head::of(&line.0, &line.1, &borrowed, peer, secure);
        let begun = self.0.request(head, peer, split(ids));
        begun
            .map(Request)
            .map_err(|error| PyOSError::new_err(error.to_string()))
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
pub(crate) struct Request(app::Request);

#[pymethods]
impl Request {
    /// Judges the head: `("answer", status, headers, body)`, `("fetch",)`, `("hold", limit)` or `("stream", limit)`.
    fn head<'p>(&self, py: Python<'p>) -> PyResult<Bound<'p, PyTuple>> {
        tell(py, self.0.head())
    }

    /// Waits, without the GIL, for what the last round missed; `head` comes next, and refuses where it cannot be had.
    fn fetch(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.0.fetch()).map_err(|misused| raise(&misused))
    }

    /// Judges the body: `None` is no body, `streamed` one that nothing reads. `("answer", …)`, `("fetch",)` or
    /// `("forward", method, target, headers)`; what goes on is the body that came.
    #[pyo3(signature = (body, streamed=false))]
    fn body<'p>(&self, py: Python<'p>, body: Option<&[u8]>, streamed: bool) -> PyResult<Bound<'p, PyTuple>> {
        let next = match body.is_some_and(|bytes| bytes.len() > LARGE) {
            true => py.detach(|| self.0.body(judged(body, streamed))),
            false => self.0.body(judged(body, streamed)),
        };
        tell(py, next)
    }

    /// What to do with the body of a reply: `("hold", limit)`, `("stream", 0)` or `("discard", 0)`.
    fn reply_need(&self, status: u16, headers: Headers) -> PyResult<(&'static str, u64)> {
        let need = self.0.reply_need(status, &shared(headers));
        Ok(match need.map_err(|misused| raise(&misused))? {
            ReplyNeed::Hold { limit } => ("hold", limit),
            ReplyNeed::Stream => ("stream", 0),
            ReplyNeed::Discard => ("discard", 0),
        })
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
        let answer = Answer::new(status, shared(headers), judged(body, streamed));
        let next = py.detach(|| self.0.reply(answer));
        tell(py, next)
    }

    /// The answer to a fault that the shell met, by its exact id; nothing is judged after it.
    fn fault<'p>(&self, py: Python<'p>, id: &str) -> PyResult<Bound<'p, PyTuple>> {
        let reason = Reason::named(id).ok_or_else(|| PyValueError::new_err(format!("no reason is called {id}")))?;
        tell(py, self.0.fault(reason))
    }

    /// Ends the request: `status` is what the client got, 0 when it got nothing.
    fn end(&self, status: u16) -> PyResult<()> {
        self.0.end(status).map_err(|misused| raise(&misused))
    }
}

fn judged(body: Option<&[u8]>, streamed: bool) -> Body {
    match (body, streamed) {
        (_, true) => Body::Streamed,
        (None, false) => Body::None,
        (Some(bytes), false) => Body::Held(Bytes::copy_from_slice(bytes)),
    }
}

fn raise(misused: &Misused) -> PyErr {
    PyRuntimeError::new_err(misused.to_string())
}

fn shared(headers: Headers) -> Vec<(Bytes, Bytes)> {
    let lower = |(mut name, value): (Vec<u8>, Vec<u8>)| {
        name.make_ascii_lowercase();
        (Bytes::from(name), Bytes::from(value))
    };
    headers.into_iter().map(lower).collect()
}

fn tell(py: Python<'_>, next: Result<Next, Misused>) -> PyResult<Bound<'_, PyTuple>> {
    match next.map_err(|misused| raise(&misused))? {
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
