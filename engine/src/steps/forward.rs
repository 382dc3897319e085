//! What goes to the upstream: target and framing written anew from judged values, and the headers that were admitted, but for
//! those of one hop, those that the gateway writes itself, and credentials that were not verified.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::ops::Range;

use bytes::Bytes;

use crate::methods::Identity;
use crate::plan::{CredentialPlan, Place, Plan};
use crate::steps::authenticate::Caller;
use crate::steps::resolve::Call;
use crate::steps::validate::{Body, Input};

/// What only the shell knows: the trace context that goes on.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    /// The whole `traceparent` header to send: the request's trace id, the shell's own span id.
    pub traceparent: Box<str>,
    /// Whether it continues the caller's trace; only then does the caller's `tracestate` go on (W3C Trace Context 3.3).
    pub continues: bool,
}

/// A request for the upstream.
#[derive(Debug)]
pub struct Forward {
    /// The method.
    pub method: &'static str,
    /// Path and query, percent-encoded anew.
    pub target: String,
    /// Names in lower case; no hop-by-hop header, no length: the shell frames the body.
    pub headers: Vec<(Bytes, Bytes)>,
    /// The judged bytes.
    pub body: Body,
    /// The API's index in the plan, whose upstream it is for.
    pub api: u32,
}

pub(super) fn write(input: &Input, plan: &Plan, wire: &Wire) -> Forward {
    let call = input.caller().call();
    let request = call.request();
    Forward {
        method: request.method().name(),
        target: target(call, plan),
        headers: headers(input.caller(), plan, wire),
        body: input.body().clone(),
        api: call.api_index(),
    }
}

/// A `;` was judged as data, and goes on as data: some servers cut off in the path, and part at in the query, what is not
/// encoded. Only in a parameter of the style matrix does it stand for itself. A `+` in a path is a plus, never a space.
fn target(call: &Call, plan: &Plan) -> String {
    let request = call.request();
    let mut target = String::with_capacity(request.path().len() + 32);
    let mut at = 0;
    for span in matrix_spans(call, plan) {
        encode(
            request.path().get(at..span.start).unwrap_or_default(),
            PLAIN,
            &mut target,
        );
        encode(
            request.path().get(span.clone()).unwrap_or_default(),
            PLAIN_MATRIX,
            &mut target,
        );
        at = span.end;
    }
    encode(request.path().get(at..).unwrap_or_default(), PLAIN, &mut target);
    for (number, (name, value)) in request.query().iter().enumerate() {
        target.push(if number == 0 { '?' } else { '&' });
        encode(name, b"-._~!$'()*,:@/?[]", &mut target);
        if let Some(value) = value {
            target.push('=');
            encode(value, b"-._~!$'()*,:@/?=[]", &mut target);
        }
    }
    target
}

const PLAIN: &[u8] = b"/-._~!$&'()*,=:@";
const PLAIN_MATRIX: &[u8] = b"/-._~!$&'()*,=:@;";

/// Where the values of parameters of the style matrix stand in the path, in order.
fn matrix_spans<'c>(call: &'c Call, plan: &'c Plan) -> impl Iterator<Item = &'c Range<usize>> {
    let parameters = call.operation(plan).map(|operation| operation.parameters.as_slice());
    let described = parameters.unwrap_or_default().iter().map(|planned| &planned.described);
    let path = described.filter(|one| one.place == Place::Path);
    path.zip(call.path_spans())
        .filter(|(one, _)| one.style == "matrix")
        .map(|(_, span)| span)
}

/// Percent-encodes all but letters, digits and `plain`.
fn encode(text: &str, plain: &[u8], to: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || plain.contains(&byte) {
            to.push(char::from(byte));
        } else {
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

/// Hop-by-hop (RFC 9110 7.6.1), framing, what the gateway answers itself, and what it writes itself; and `Proxy`, which CGI
/// turns into HTTP_PROXY (CVE-2016-5385).
pub(crate) fn is_dropped(name: &str) -> bool {
    matches!(
        name,
        "connection"
            | "keep-alive"
            | "proxy"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "te"
            | "trailer"
            | "transfer-encoding"
            | "upgrade"
            | "content-length"
            | "expect"
            | "forwarded"
            | "traceparent"
            | "if-range"
    ) || name.starts_with("x-forwarded-")
        || tells_client(name)
        || tells_certificate(name)
}

/// Headers by which servers of many makes believe what certificate a client showed (RFC 9440 among them).
fn tells_certificate(name: &str) -> bool {
    name.starts_with("x-amzn-mtls-")
        || name.starts_with("x-ssl-client-")
        || name.starts_with("ssl-client-")
        || name.starts_with("x-tls-client-")
        || name.starts_with("x-client-cert")
        || matches!(
            name,
            "client-cert" | "client-cert-chain" | "x-arr-clientcert" | "x-client-dn" | "x-client-verify" | "x-ssl-cert"
        )
}

/// Headers by which servers of many makes believe who the client is; `X-Forwarded-For` says it, and only it.
fn tells_client(name: &str) -> bool {
    matches!(
        name,
        "x-real-ip"
            | "x-client-ip"
            | "x-cluster-client-ip"
            | "x-forwarded"
            | "x-original-forwarded-for"
            | "x-originating-ip"
            | "x-proxyuser-ip"
            | "x-remote-addr"
            | "x-remote-ip"
            | "forwarded-for"
            | "true-client-ip"
            | "cf-connecting-ip"
            | "client-ip"
            | "fly-client-ip"
            | "fastly-client-ip"
    )
}

fn headers(caller: &Caller, plan: &Plan, wire: &Wire) -> Vec<(Bytes, Bytes)> {
    let call = caller.call();
    let request = call.request();
    let identity = call.operation(plan).is_some();
    let named: Vec<String> = connection_names(call, plan);
    let goes_on = |name: &str| {
        !(is_dropped(name)
            || (identity && name == "accept-encoding")
            || named.iter().any(|known| known == name)
            || (!wire.continues && name == "tracestate")
            || is_unverified(caller, plan, name))
    };
    let mut headers = Vec::with_capacity(20);
    for (name, value) in request.raw_headers() {
        if std::str::from_utf8(&name).is_ok_and(goes_on) {
            headers.push((name, value));
        }
    }
    let mut put = |name: &'static str, value: String| headers.push((Bytes::from_static(name.as_bytes()), value.into()));
    let proto = if request.secure() { "https" } else { "http" };
    let client = request.client();
    let bracketed = match client {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("\"[{address}]\""),
    };
    put(
        "forwarded",
        format!("for={bracketed};host=\"{}\";proto={proto}", request.authority()),
    );
    put("x-forwarded-for", client.to_string());
    put("x-forwarded-host", request.authority().to_owned());
    put("x-forwarded-proto", proto.to_owned());
    put("traceparent", wire.traceparent.to_string());
    if identity {
        put("accept-encoding", "identity".to_owned());
    }
    headers
}

/// Where the plan verifies credentials of the API, their headers and `Authorization` go on only verified: who meets one
/// behind a gate takes it for proven.
fn is_unverified(caller: &Caller, plan: &Plan, name: &str) -> bool {
    let api = caller.call().api_index();
    let carries = |known: &CredentialPlan| known.method.header().eq_ignore_ascii_case(name);
    let verified = |identity: &Identity| plan.credentials.get(identity.credential as usize).is_some_and(carries);
    let mut known = plan.credentials.iter().filter(|known| known.api == api);
    known.any(|known| name == "authorization" || carries(known)) && !caller.identities().iter().any(verified)
}

/// The headers that `Connection` names are for this hop alone; the ones that the gateway judged by stay (RFC 9110 7.6.1).
fn connection_names(call: &Call, plan: &Plan) -> Vec<String> {
    const JUDGED: [&str; 5] = ["host", "authorization", "content-type", "cookie", "origin"];
    let judged =
        |name: &str| JUDGED.contains(&name) || is_parameter(call, plan, name) || carries_credential(plan, name);
    call.request()
        .header("connection")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty() && !judged(name))
        .collect()
}

fn is_parameter(call: &Call, plan: &Plan, name: &str) -> bool {
    call.operation(plan).is_some_and(|operation| {
        let mut described = operation.parameters.iter().map(|planned| &planned.described);
        described.any(|one| one.place == Place::Header && one.name.eq_ignore_ascii_case(name))
    })
}

fn carries_credential(plan: &Plan, name: &str) -> bool {
    plan.credentials
        .iter()
        .any(|known| known.method.header().eq_ignore_ascii_case(name))
}
