//! shape: Reply, refusal or preflight → Release. The only place where something for a client is made.

use bytes::Bytes;
use smallvec::SmallVec;

use super::problem;
use super::receive::Reply;
use crate::json;
use crate::judge::{Denial, Hint, Judge, Stop};
use crate::plan::{Api, Plan};
use crate::reason;
use crate::steps::forward::is_dropped;
use crate::steps::resolve::Preflight;
use crate::steps::validate::Body;
use crate::trace::Trace;

/// The only thing that a shell can send to a client.
#[derive(Debug)]
pub struct Release {
    status: u16,
    headers: Vec<(Bytes, Bytes)>,
    body: Body,
}

impl Release {
    /// Status, headers (names in lower case, no framing) and body; `Streamed` is the upstream's body, as it comes.
    pub fn into_parts(self) -> (u16, Vec<(Bytes, Bytes)>, Body) {
        (self.status, self.headers, self.body)
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }
}

type Headers = Vec<(Bytes, Bytes)>;

/// Takes the step.
///
/// # Errors
/// `Stop::Deny` where dropped members cannot be spliced out of the body.
pub(crate) fn shape(reply: Reply, trace_id: &str, judge: &mut Judge<'_>) -> Result<Release, Stop> {
    let plan = judge.plan;
    let (emptied, replaced) = (reply.is_emptied(), reply.is_replaced());
    let (pass, status, received, body, dropped) = reply.into_parts();
    let call = pass.input().caller().call();
    let api = call.api(plan);
    let origin = call.request().header("origin").next();
    let secure = call.request().secure();
    let hop = connection_names(&received);
    let cut = !dropped.is_empty();
    let stays = |name: &Bytes| {
        !(is_withheld(name)
            || hop.contains(name)
            || is_set_here(api, name)
            || emptied && is_of_body(name)
            || replaced && name.as_ref() == b"cache-control"
            || cut && is_digest(name))
    };
    let mut headers: Headers = received.into_iter().filter(|(name, _)| stays(name)).collect();
    let body = if replaced {
        problem_headers(&mut headers);
        Body::Held(problem::in_place_of(status, trace_id).into())
    } else {
        match (body, dropped.is_empty()) {
            (Body::Held(bytes), false) => {
                Body::Held(json::splice(&bytes, &dropped).map_err(|_| Stop::from(reason::RECEIVE_BODY_MALFORMED))?)
            }
            (body, _) => body,
        }
    };
    security_headers(api, secure, &mut headers);
    cors(api, origin, &mut headers);
    Ok(Release { status, headers, body })
}

/// The answer to a refusal or a fault.
pub(crate) fn refuse(denial: &Denial, plan: &Plan, trace: &Trace, origin: Option<&[u8]>, trace_id: &str) -> Release {
    let api = trace.api.and_then(|index| plan.apis.get(index as usize));
    let mut headers = Headers::with_capacity(8);
    problem_headers(&mut headers);
    match &denial.hint {
        Hint::None => {}
        Hint::Allow(methods) => put(&mut headers, "allow", methods.to_string()),
        Hint::RetryAfter(seconds) => put(&mut headers, "retry-after", seconds.to_string()),
        Hint::Challenge(challenge) => put(&mut headers, "www-authenticate", challenge.to_string()),
    }
    security_headers(api, trace.secure, &mut headers);
    cors(api, origin, &mut headers);
    let body = problem::document(denial.reason, &denial.places, trace_id);
    Release {
        status: denial.reason.status(),
        headers,
        body: Body::Held(body.into()),
    }
}

/// The answer to an allowed preflight.
pub(crate) fn answer(preflight: &Preflight, plan: &Plan, secure: bool) -> Release {
    let mut headers = Headers::with_capacity(8);
    let api = plan.apis.get(preflight.api as usize);
    if let Some(rules) = api.and_then(|api| api.cors.as_ref()) {
        put(
            &mut headers,
            "access-control-allow-methods",
            preflight.methods.to_string(),
        );
        if !rules.headers.is_empty() {
            put(&mut headers, "access-control-allow-headers", rules.headers.join(", "));
        }
        put(&mut headers, "access-control-max-age", rules.max_age.to_string());
    }
    security_headers(api, secure, &mut headers);
    cors(api, Some(preflight.origin.as_bytes()), &mut headers);
    Release {
        status: 204,
        headers,
        body: Body::None,
    }
}

fn put(headers: &mut Headers, name: &'static str, value: String) {
    headers.push((Bytes::from_static(name.as_bytes()), value.into()));
}

fn problem_headers(headers: &mut Headers) {
    put(headers, "content-type", "application/problem+json".to_owned());
    put(headers, "cache-control", "no-store".to_owned());
}

/// What tells a stranger which software stands behind, and what concerns one hop.
fn is_withheld(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else {
        return true;
    };
    is_dropped(name)
        || matches!(
            name,
            "server" | "x-powered-by" | "x-aspnet-version" | "x-aspnetmvc-version" | "x-runtime" | "via"
        )
        || name.starts_with("access-control-")
        || name.starts_with("x-debug")
}

/// The headers that the upstream's `Connection` names are for that hop alone (RFC 9110 7.6.1), but for what describes a body.
fn connection_names(received: &Headers) -> SmallVec<[Bytes; 1]> {
    let named = received.iter().filter(|(name, _)| name.as_ref() == b"connection");
    let options = named.flat_map(|(_, value)| value.split(|byte| *byte == b','));
    options
        .map(|option| Bytes::from(option.trim_ascii().to_ascii_lowercase()))
        .filter(|name| !name.is_empty() && !is_of_body(name))
        .collect()
}

/// What says of the octets that they are the ones that were sent (RFC 9530, and its older forms).
fn is_digest(name: &[u8]) -> bool {
    matches!(
        name,
        b"content-digest" | b"repr-digest" | b"digest" | b"content-md5" | b"etag"
    )
}

/// What says anything of a body that does not leave.
fn is_of_body(name: &[u8]) -> bool {
    name.starts_with(b"content-") || matches!(name, b"last-modified" | b"accept-ranges") || is_digest(name)
}

fn is_set_here(api: Option<&Api>, name: &[u8]) -> bool {
    api.is_some_and(|api| api.headers.iter().any(|(known, _)| known.as_bytes() == name))
}

/// What is there was written for a problem document (the upstream's own was left out before) and stays. HSTS is said over TLS
/// alone (RFC 6797 7.2).
fn security_headers(api: Option<&Api>, secure: bool, headers: &mut Headers) {
    for (name, value) in api.map(|api| api.headers.as_slice()).unwrap_or_default() {
        if !secure && **name == *"strict-transport-security" {
            continue;
        }
        if !headers.iter().any(|(known, _)| known == name.as_bytes()) {
            headers.push((
                Bytes::copy_from_slice(name.as_bytes()),
                Bytes::copy_from_slice(value.as_bytes()),
            ));
        }
    }
}

/// The answer's side of CORS; an API without `cors:` says nothing, and browsers refuse.
fn cors(api: Option<&Api>, origin: Option<&[u8]>, headers: &mut Headers) {
    let Some(rules) = api.and_then(|api| api.cors.as_ref()) else {
        return;
    };
    let any = rules.origins.iter().any(|known| known == "*");
    if !any {
        put(headers, "vary", "Origin".to_owned());
    }
    let Some(origin) = origin
        .and_then(|origin| std::str::from_utf8(origin).ok())
        .filter(|origin| rules.allows(origin))
    else {
        return;
    };
    put(
        headers,
        "access-control-allow-origin",
        if any { "*".to_owned() } else { origin.to_owned() },
    );
    if rules.credentials {
        put(headers, "access-control-allow-credentials", "true".to_owned());
    }
    if !rules.expose.is_empty() {
        put(headers, "access-control-expose-headers", rules.expose.join(", "));
    }
}
