//! The proof entry for Python: attempts in, verdicts out, as JSON; nothing here can serve a request.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde::{Deserialize, Serialize};
use yett_engine::jose::KeySet;
use yett_engine::proof::{Attempt, Shown, Told, Verdict, decide};
use yett_engine::{Answer, ApiKeyRecord, Body, Head, Plan, Reason, Time, Trace};

use crate::plan;

type Pairs = Vec<(String, String)>;

/// One attack or twin. Text is latin-1: one character for each byte; bodies are base64.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Attempted {
    now: u64,
    peer: IpAddr,
    #[serde(default)]
    secure: bool,
    method: String,
    target: String,
    headers: Pairs,
    body: Option<String>,
    answer: Option<Answered>,
    without: Option<String>,
}

/// What the upstream is made to answer.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answered {
    status: u16,
    headers: Pairs,
    body: Option<String>,
}

#[derive(Serialize)]
struct Judged {
    verdict: &'static str,
    reason: Option<&'static str>,
    status: u16,
    line: String,
    headers: Pairs,
    body: String,
    operation: Option<String>,
    subject: Option<String>,
    lines: Vec<Line>,
}

#[derive(Serialize)]
struct Line {
    control: &'static str,
    said: &'static str,
    reason: Option<&'static str>,
    places: Vec<String>,
}

/// Decides attempts by one plan in a world where everything is known: its key sets, its API keys, its time.
#[pyclass(frozen, module = "yett._engine")]
pub(crate) struct Prover {
    plan: Arc<Plan>,
    told: Mutex<Told>,
}

#[pymethods]
impl Prover {
    /// `key_sets`: (API, scheme, JWKS as JSON); `know` adds API keys. Raises `PlanFault`.
    #[new]
    fn new(py: Python<'_>, plan: &[u8], key_sets: Vec<(String, String, String)>) -> PyResult<Self> {
        let plan = py
            .detach(|| Plan::load(plan))
            .map_err(|faults| plan::fault(py, faults))?;
        let mut told = Told::default();
        for (api, scheme, keys) in key_sets {
            let index = credential(&plan, &api, &scheme)
                .ok_or_else(|| PyValueError::new_err(format!("the plan has no credential {scheme} of {api}")))?;
            let keys = KeySet::parse(keys.as_bytes()).map_err(|fault| PyValueError::new_err(fault.to_string()))?;
            told.key_sets.insert(index, Arc::new(keys));
        }
        Ok(Self {
            plan: Arc::new(plan),
            told: Mutex::new(told),
        })
    }

    /// Decides one attempt; counters go on from attempt to attempt until `forget`.
    fn decide(&self, py: Python<'_>, attempt: &[u8]) -> PyResult<Vec<u8>> {
        let attempted: Attempted = parse(attempt)?;
        let without = attempted.without.as_deref().map(reason).transpose()?;
        let headers: Vec<(Vec<u8>, Vec<u8>)> = raw_pairs(&attempted.headers);
        let borrowed: Vec<(&[u8], &[u8])> = headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        let (method, target) = (latin(&attempted.method), latin(&attempted.target));
        let head = Head::of(&method, &target, &borrowed, attempted.peer, attempted.secure);
        let answer = attempted.answer.map(answer).transpose()?;
        let attempt = Attempt {
            plan: self.plan.clone(),
            head: &head,
            body: body(attempted.body)?,
            answer,
            without,
        };
        let now = Time(attempted.now.saturating_mul(1_000_000_000));
        let (verdict, trace) = py.detach(|| {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.now = now;
            decide(attempt, &mut *told)
        });
        serde_json::to_vec(&self.judged(verdict, &trace)).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// From now on the store has this API key; its record is JSON.
    fn know(&self, presented: &str, record: &str) -> PyResult<()> {
        let record: ApiKeyRecord = parse(record.as_bytes())?;
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.api_keys.insert(presented.into(), Arc::new(record));
        Ok(())
    }

    /// Whether a JSON text is what the schema `#/$defs/NAME` of an API describes; no schema describes nothing.
    fn conforms(&self, py: Python<'_>, api: usize, reference: &str, value: &[u8]) -> PyResult<bool> {
        let value: serde_json::Value = parse(value)?;
        py.detach(|| {
            let schemas = self.plan.apis.get(api).map(|api| &api.schemas);
            Ok(schemas.is_some_and(|schemas| {
                schemas
                    .named(reference)
                    .is_some_and(|schema| schemas.conforms(schema, &value))
            }))
        })
    }

    /// Empties every counter.
    fn forget(&self) {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).forget();
    }
}

impl Prover {
    fn judged(&self, verdict: Verdict, trace: &Trace) -> Judged {
        let (verdict, reason, shown) = match verdict {
            Verdict::Refused(reason) => (
                "refused",
                Some(reason),
                Shown {
                    status: reason.status(),
                    ..Shown::default()
                },
            ),
            Verdict::Answered(shown) => ("answered", None, shown),
            Verdict::Forwarded(shown) => ("forwarded", None, shown),
            Verdict::Released(shown) => ("released", None, shown),
            Verdict::Missing(_) => ("missing", None, Shown::default()),
        };
        let api = trace.api.and_then(|index| self.plan.apis.get(index as usize));
        let operation = trace.operation.and_then(|index| api?.operations.get(index as usize));
        Judged {
            verdict,
            reason: reason.map(Reason::id),
            status: shown.status,
            line: shown.line,
            headers: shown.headers,
            body: STANDARD.encode(shown.body),
            operation: operation.map(|operation| operation.id.to_string()),
            subject: trace.subject.as_deref().map(Into::into),
            lines: trace.lines.iter().map(line).collect(),
        }
    }
}

fn line(line: &yett_engine::Line) -> Line {
    let places = line.places.iter().map(|place| place.to_string()).collect();
    Line {
        control: line.control,
        said: line.said.name(),
        reason: line.reason.map(Reason::id),
        places,
    }
}

fn parse<'t, T: Deserialize<'t>>(text: &'t [u8]) -> PyResult<T> {
    serde_json::from_slice(text).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn reason(id: &str) -> PyResult<Reason> {
    Reason::named(id).ok_or_else(|| PyValueError::new_err(format!("the catalogue has no reason {id}")))
}

fn credential(plan: &Plan, api: &str, scheme: &str) -> Option<u32> {
    let position = plan.credentials.iter().position(|known| {
        *known.name == *scheme
            && plan
                .apis
                .get(known.api as usize)
                .is_some_and(|owner| *owner.name == *api)
    });
    position.and_then(|position| u32::try_from(position).ok())
}

fn latin(text: &str) -> Vec<u8> {
    text.chars()
        .map(|character| u8::try_from(u32::from(character)).unwrap_or(b'?'))
        .collect()
}

fn raw_pairs(pairs: &Pairs) -> Vec<(Vec<u8>, Vec<u8>)> {
    pairs.iter().map(|(name, value)| (latin(name), latin(value))).collect()
}

fn body(encoded: Option<String>) -> PyResult<Body> {
    let Some(encoded) = encoded else { return Ok(Body::None) };
    let bytes = STANDARD
        .decode(encoded)
        .map_err(|error| PyValueError::new_err(error.to_string()))?;
    Ok(Body::Held(bytes.into()))
}

fn answer(answered: Answered) -> PyResult<Answer> {
    let headers = raw_pairs(&answered.headers)
        .into_iter()
        .map(|(name, value)| (Bytes::from(name), Bytes::from(value)));
    Ok(Answer::new(answered.status, headers.collect(), body(answered.body)?))
}

/// What a connection was read as.
#[derive(Serialize)]
struct Read {
    requests: Vec<Framed>,
    reason: Option<&'static str>,
}

/// One request of it; text is latin-1, the body base64.
#[derive(Serialize)]
struct Framed {
    method: String,
    target: String,
    headers: Pairs,
    body: String,
    whole: bool,
}

/// Reads a connection that brings these bytes and closes, without the check of the reason `without`; gives JSON.
#[pyfunction]
#[pyo3(signature = (bytes, without=None))]
fn read_bytes(py: Python<'_>, bytes: &[u8], without: Option<&str>) -> PyResult<Vec<u8>> {
    let without = without.map(reason).transpose()?;
    let reading = py.detach(|| yett_gateway::h1::proof::read(bytes, without));
    let read = Read {
        requests: reading.requests.into_iter().map(framed).collect(),
        reason: reading.refusal.map(Reason::id),
    };
    serde_json::to_vec(&read).map_err(|error| PyValueError::new_err(error.to_string()))
}

fn framed(request: yett_gateway::h1::proof::Request) -> Framed {
    let text = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect::<String>();
    Framed {
        method: text(&request.method),
        target: text(&request.target),
        headers: request
            .headers
            .iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect(),
        body: STANDARD.encode(&request.body),
        whole: request.whole,
    }
}

/// From now on this process logs errors only: a proof provokes on purpose what it would warn of.
#[pyfunction]
fn log_errors_only() {
    let level = yett_gateway::log::Level::Error;
    yett_gateway::log::Settings {
        level,
        ..Default::default()
    }
    .apply();
}

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Prover>()?;
    module.add_function(wrap_pyfunction!(log_errors_only, module)?)?;
    module.add_function(wrap_pyfunction!(read_bytes, module)?)
}
