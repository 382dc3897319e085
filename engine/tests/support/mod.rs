//! Builds small plans and requests for the tests of single controls; nothing is asserted here but that the plan loads.
#![allow(dead_code, unreachable_pub, reason = "each test crate uses a part of it")]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a document that is not as written here has failed"
)]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use yett_engine::plan::Fault;
use yett_engine::proof::{Attempt, Shown, Told, Verdict, decide};
use yett_engine::{Answer, Body, Head, Plan, Reason, Trace};

/// A gateway with one API, `shop`, below no base; operations are public unless they say otherwise.
pub struct Shop {
    api: Map<String, Value>,
    operations: Vec<Value>,
}

impl Shop {
    /// Without operations; guards hold, undeclared fields are dropped, undeclared errors replaced.
    pub fn new() -> Self {
        let api = json!({
            "name": "shop", "hosts": ["*"], "base": "", "mode": "enforce", "unlisted": "enforce", "unlisted_security": [[]],
            "upstream": {"urls": ["http://127.0.0.1:9"], "timeout": 1000, "connect": 1000}, "credentials": {},
            "contract": {
                "requests": "enforce", "replies": "enforce", "undeclared_fields": "drop", "undeclared_errors": "replace",
                "body_bytes": 65_536, "reply_bytes": 65_536, "json_depth": 16,
            },
            "schemas": {},
        });
        let Value::Object(api) = api else { unreachable!() };
        Self {
            api,
            operations: Vec::new(),
        }
    }

    /// Sets a field of the API.
    #[must_use]
    pub fn set(mut self, field: &str, value: Value) -> Self {
        self.api.insert(field.to_owned(), value);
        self
    }

    /// Sets a field of the API's contract.
    #[must_use]
    pub fn contract(mut self, field: &str, value: Value) -> Self {
        self.api["contract"][field] = value;
        self
    }

    /// Adds a schema to the shared `$defs`.
    #[must_use]
    pub fn schema(mut self, name: &str, schema: Value) -> Self {
        self.api["schemas"][name] = schema;
        self
    }

    /// Adds an operation; `fields` are those of the plan's operation beside method and path.
    #[must_use]
    pub fn operation(mut self, method: &str, path: &str, fields: Value) -> Self {
        let mut operation = json!({"id": format!("{method} {path}"), "method": method, "path": path, "security": [[]]});
        for (name, value) in fields.as_object().into_iter().flatten() {
            operation[name] = value.clone();
        }
        self.operations.push(operation);
        self
    }

    /// The document as Python would write it.
    pub fn document(mut self) -> Value {
        self.api.insert("operations".to_owned(), Value::Array(self.operations));
        json!({
            "yett": 1,
            "catalogue": yett_engine::reason::CATALOGUE_HASH,
            "gateway": {
                "listen": [], "admin": null, "head": {"bytes": 16_384, "headers": 100, "target": 8192},
                "trusted_proxies": [], "timeouts": {"head": 1, "body": 1, "idle": 1, "drain": 1},
                "held_bytes": 1_000_000, "connections": 10,
            },
            "apis": [self.api],
        })
    }

    /// The plan, or what is wrong with it.
    pub fn load(self) -> Result<Arc<Plan>, Vec<Fault>> {
        Plan::load(self.document().to_string().as_bytes()).map(Arc::new)
    }

    /// The plan.
    pub fn plan(self) -> Arc<Plan> {
        self.load().unwrap_or_else(|faults| panic!("not a plan: {faults:?}"))
    }
}

/// A parameter of the plan with the defaults of its style; `fields` override.
pub fn parameter(place: &str, name: &str, types: &[&str], schema: &str, fields: Value) -> Value {
    let style = if matches!(place, "query" | "cookie") {
        "form"
    } else {
        "simple"
    };
    let mut parameter = json!({
        "in": place, "name": name, "required": false, "style": style, "explode": style == "form",
        "types": types, "schema": format!("#/$defs/{schema}"),
    });
    for (name, value) in fields.as_object().into_iter().flatten() {
        parameter[name] = value.clone();
    }
    parameter
}

/// JSON content with a schema.
pub fn json_content(schema: &str) -> Value {
    json!({"application/json": format!("#/$defs/{schema}")})
}

/// A request, and what the upstream would answer.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
    pub answer: Option<Answered>,
}

/// What an upstream answers.
#[derive(Clone, Debug)]
pub struct Answered {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Option<Vec<u8>>,
}

impl Sent {
    pub fn new(method: &str, target: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: vec![("host".to_owned(), b"shop.example".to_vec())],
            body: None,
            answer: None,
        }
    }

    pub fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A POST of JSON text.
    pub fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut sent = Self::new("POST", target).header("content-type", "application/json");
        sent.body = Some(body.into());
        sent
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// The upstream answers with JSON text.
    #[must_use]
    pub fn answers(self, status: u16, body: impl Into<Vec<u8>>) -> Self {
        self.answers_with(status, &[("content-type", "application/json")], Some(body.into()))
    }

    #[must_use]
    pub fn answers_with(mut self, status: u16, headers: &[(&str, &str)], body: Option<Vec<u8>>) -> Self {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        self.answer = Some(Answered { status, headers, body });
        self
    }

    /// What would happen, with nothing but the time known.
    pub fn judge(&self, plan: &Arc<Plan>, without: Option<&str>) -> (Verdict, Trace) {
        let headers: Vec<(&[u8], &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_slice()))
            .collect();
        let peer = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let head = Head::of(self.method.as_bytes(), self.target.as_bytes(), &headers, peer, false);
        let held = |body: &Option<Vec<u8>>| body.clone().map_or(Body::None, |bytes| Body::Held(bytes.into()));
        let answer = self.answer.as_ref().map(|answer| {
            let part = |text: &str| Bytes::copy_from_slice(text.as_bytes());
            let headers = answer.headers.iter().map(|(name, value)| (part(name), part(value)));
            Answer::new(answer.status, headers.collect(), held(&answer.body))
        });
        let attempt = Attempt {
            plan: Arc::clone(plan),
            head: &head,
            body: held(&self.body),
            answer,
            without: without.map(|id| Reason::named(id).unwrap_or_else(|| panic!("no reason {id}"))),
        };
        decide(attempt, &mut Told::default())
    }

    /// What goes on, or the exact reason why nothing does.
    pub fn passes(&self, plan: &Arc<Plan>) -> Result<Shown, &'static str> {
        through(self.judge(plan, None).0)
    }

    /// What goes on where the check of this reason is taken out.
    pub fn passes_without(&self, plan: &Arc<Plan>, reason: &str) -> Result<Shown, &'static str> {
        through(self.judge(plan, Some(reason)).0)
    }

    /// Asserts that it is refused for exactly this reason, that its twin passes, and that without the check it gets on.
    #[track_caller]
    pub fn attacks(&self, plan: &Arc<Plan>, reason: &str, twin: &Self) {
        assert_eq!(self.passes(plan).err(), Some(reason), "the attack {self:?}");
        assert!(twin.passes(plan).is_ok(), "the twin {twin:?}: {:?}", twin.passes(plan));
        let ablated = self.passes_without(plan, reason);
        assert!(ablated.is_ok(), "without the check: {ablated:?} {self:?}");
    }

    /// The places of the refusal.
    pub fn places(&self, plan: &Arc<Plan>) -> Vec<String> {
        let (_, trace) = self.judge(plan, None);
        trace
            .lines
            .iter()
            .flat_map(|line| line.places.iter().map(|place| place.to_string()))
            .collect()
    }
}

fn through(verdict: Verdict) -> Result<Shown, &'static str> {
    match verdict {
        Verdict::Forwarded(shown) | Verdict::Released(shown) | Verdict::Answered(shown) => Ok(shown),
        Verdict::Refused(reason) => Err(reason.id()),
        Verdict::Missing(_) => Err("missing"),
    }
}
