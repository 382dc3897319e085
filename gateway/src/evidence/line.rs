//! One record as one line of JSON. What may be a secret is not in a record; a credential's digest is keyed here once more.

use std::io;

use aws_lc_rs::hmac;
use serde_json::{Map, Value, json};
use yett_engine::jose::Verified;
use yett_engine::plan::{JwtPlan, MethodPlan};
use yett_engine::{Plan, Proven, Reason, Trace, hex};

use super::Record;
use crate::calendar;

/// Writes lines with one key for the digests of credentials.
pub(crate) struct Liner {
    key: hmac::Key,
}

impl Liner {
    /// Digests are keyed with this; without it with a key of this process, so that none can be looked up elsewhere.
    ///
    /// # Errors
    /// There is no randomness for a key.
    pub(crate) fn new(key: Option<&[u8]>) -> io::Result<Self> {
        let mut own = [0; 32];
        let key = match key {
            Some(key) => key,
            None => {
                aws_lc_rs::rand::fill(&mut own)
                    .map_err(|_| io::Error::other("no randomness to key the digests of evidence with"))?;
                &own
            }
        };
        let derived = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), b"yett evidence credential");
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
        })
    }

    /// Appends one record and a line end.
    pub(crate) fn write(&self, record: &Record, to: &mut Vec<u8>) {
        let trace = &record.trace;
        let plan = &record.ground.plan;
        let api = trace.api.and_then(|index| plan.apis.get(index as usize));
        let operation = api.and_then(|api| api.operations.get(trace.operation? as usize));
        to.extend_from_slice(b"{\"time\":\"");
        calendar::rfc3339(record.time, to);
        to.extend_from_slice(b"\",\"plan\":\"");
        to.extend_from_slice(plan.hash.as_bytes());
        to.extend_from_slice(b"\",\"trace_id\":\"");
        match trace.traceparent.as_deref().and_then(|parent| parent.get(3..35)) {
            Some(id) => to.extend_from_slice(id.as_bytes()),
            None => hex::write(&record.ids.trace, to),
        }
        to.extend_from_slice(b"\",\"span_id\":\"");
        hex::write(&record.ids.span, to);
        to.push(b'"');
        if let Some(parent) = trace.traceparent.as_deref().and_then(|parent| parent.get(36..52)) {
            member("parent_id", parent, to);
        }
        optional("api", api.map(|api| &*api.name), to);
        let unlisted = api.and(trace.operation.is_none().then_some("unlisted"));
        let named = operation
            .map(|operation| &*operation.id)
            .or(unlisted.filter(|_| trace.refused().is_none()));
        optional("operation", named, to);
        optional("method", trace.method, to);
        optional("subject", trace.subject.as_deref(), to);
        self.client(record, to);
        if let Some((digest, scheme)) = &trace.credential {
            to.extend_from_slice(b",\"credential\":{\"scheme\":");
            text(scheme, to);
            to.extend_from_slice(b",\"digest\":\"");
            let keyed = hmac::sign(&self.key, digest);
            hex::write(keyed.as_ref().get(..16).unwrap_or_default(), to);
            to.extend_from_slice(b"\"}");
        }
        proven(plan, trace, to);
        let refused = trace.refused();
        member("decision", decision(refused), to);
        optional("reason", refused.map(Reason::id), to);
        number("status", record.status.into(), to);
        if record.upstream > 0 {
            number("upstream_status", record.upstream.into(), to);
        }
        if record.attempts > 1 {
            number("attempts", record.attempts.into(), to);
        }
        number("latency_us", record.micros, to);
        number("bytes_in", record.bytes_in, to);
        number("bytes_out", record.bytes_out, to);
        lines(record, to);
        if trace.not_inspected {
            to.extend_from_slice(b",\"not_inspected\":true");
        }
        to.extend_from_slice(b"}\n");
    }

    fn client(&self, record: &Record, to: &mut Vec<u8>) {
        use std::io::Write as _;
        let client = record.trace.client.unwrap_or(record.peer);
        let _ = write!(to, ",\"client\":\"{client}\"");
        if client != record.peer.to_canonical() {
            let _ = write!(to, ",\"peer\":\"{}\"", record.peer);
        }
    }
}

/// What was verified, as replay needs it: never the credential, of a token only the claims that the plan reads.
fn proven(plan: &Plan, trace: &Trace, to: &mut Vec<u8>) {
    if trace.proven.is_empty() {
        return;
    }
    let facts = trace.proven.iter().filter_map(|(index, proven)| {
        let credential = plan.credentials.get(usize::try_from(*index).ok()?)?;
        Some(match (proven, &credential.method) {
            (Proven::Token(token), MethodPlan::Jwt(jwt)) => of_token(&credential.name, token, jwt),
            (Proven::Key(record), _) => json!({
                "scheme": &*credential.name, "id": record.id, "subject": record.subject,
                "scopes": record.scopes, "roles": record.roles, "expires": record.expires,
            }),
            (Proven::Token(_), MethodPlan::ApiKey(_)) => return None,
        })
    });
    key("proven", to);
    let _ = serde_json::to_writer(to, &facts.collect::<Vec<_>>());
}

fn of_token(scheme: &str, token: &Verified, jwt: &JwtPlan) -> Value {
    let claims = token.claims();
    let role = jwt.role_path().next().unwrap_or_default();
    let read = ["iss", "aud", "sub", "exp", "nbf", "iat", &*jwt.scope_claim, role];
    let claims: Map<String, Value> = claims
        .iter()
        .filter(|(name, _)| read.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    json!({
        "scheme": scheme, "algorithm": token.algorithm(), "key": &**token.thumbprint(),
        "typ": token.kind(), "claims": claims,
    })
}

/// What became of a request, in one word.
pub(crate) fn decision(refused: Option<Reason>) -> &'static str {
    match refused {
        None => "permitted",
        Some(reason) if reason.is_fault() => "faulted",
        Some(_) => "refused",
    }
}

fn lines(record: &Record, to: &mut Vec<u8>) {
    to.extend_from_slice(b",\"lines\":[");
    for (index, line) in record.trace.lines.iter().enumerate() {
        if index > 0 {
            to.push(b',');
        }
        to.extend_from_slice(b"{\"control\":");
        text(line.control, to);
        member("said", line.said.name(), to);
        optional("reason", line.reason.map(Reason::id), to);
        if !line.places.is_empty() {
            to.extend_from_slice(b",\"places\":[");
            for (index, place) in line.places.iter().enumerate() {
                if index > 0 {
                    to.push(b',');
                }
                text(place, to);
            }
            to.push(b']');
        }
        to.push(b'}');
    }
    to.push(b']');
}

fn optional(name: &str, value: Option<&str>, to: &mut Vec<u8>) {
    if let Some(value) = value {
        member(name, value, to);
    }
}

fn member(name: &str, value: &str, to: &mut Vec<u8>) {
    key(name, to);
    text(value, to);
}

fn number(name: &str, value: u64, to: &mut Vec<u8>) {
    key(name, to);
    to.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn key(name: &str, to: &mut Vec<u8>) {
    to.extend_from_slice(b",\"");
    to.extend_from_slice(name.as_bytes());
    to.extend_from_slice(b"\":");
}

/// A string; what needs no escape, nearly all, is copied whole.
fn text(value: &str, to: &mut Vec<u8>) {
    if value
        .bytes()
        .all(|octet| octet >= b' ' && octet != b'"' && octet != b'\\' && octet != 0x7f)
    {
        to.push(b'"');
        to.extend_from_slice(value.as_bytes());
        to.push(b'"');
    } else {
        let _ = serde_json::to_writer(to, value);
    }
}
