//! The compiled plan as Python writes it: one JSON document, version 1. Fields only; what they mean is checked in `load`.
//!
//! Described for readers in `docs/plan-format.md`. A change here is a change of the format: both sides move together.

use std::net::SocketAddr;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::named::Named;
use super::upstream::Upstream;

/// Everything that one gateway is told.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Version of this format: 1.
    pub yett: u32,
    /// SHA-256 of the reasons that the plan was compiled with (engine/build.rs).
    pub catalogue: String,
    /// What the shell needs: sockets, timeouts, sinks.
    pub gateway: Gateway,
    /// The APIs, in the order of the plan.
    pub apis: Vec<Api>,
}

/// What does not depend on an API.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gateway {
    /// Where clients connect, and how.
    pub listen: Vec<Listen>,
    /// Where metrics and health are served; loopback.
    pub admin: Option<SocketAddr>,
    /// Reactor threads; 0 = one per core.
    #[serde(default)]
    pub threads: u32,
    /// Networks whose word for the client is believed.
    #[serde(default)]
    pub trusted_proxies: Vec<ipnet::IpNet>,
    /// The header in which they say it; the other one may be anybody's.
    #[serde(default)]
    pub proxy_header: ProxyHeader,
    /// Limits of a request's head.
    pub head: HeadLimits,
    /// Milliseconds.
    pub timeouts: Timeouts,
    /// Bytes that all held bodies together may take.
    pub held_bytes: u64,
    /// Open client connections.
    pub connections: u32,
    /// What clients of HTTP/2 may take; null or absent: it is not spoken.
    #[serde(default)]
    pub http2: Option<Http2>,
    /// Those of one client address, trusted proxies apart; absent: all of them.
    #[serde(default)]
    pub connections_per_address: Option<u32>,
    /// Where evidence goes.
    #[serde(default)]
    pub evidence: Vec<Sink>,
}

/// What one connection of HTTP/2 may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http2 {
    /// Requests under way at a time.
    pub streams: u32,
}

/// One address where clients connect.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// The address.
    pub address: SocketAddr,
    /// How it speaks TLS; absent: plain text. Certificates and keys are in no plan.
    #[serde(default)]
    pub tls: Option<Tls>,
}

/// How a listener speaks TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// Versions, suites and groups.
    pub profile: TlsProfile,
    /// Whether clients show a certificate.
    pub clients: TlsClients,
}

/// Mozilla's guidelines 6.0, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsProfile {
    /// TLS 1.3.
    Modern,
    /// TLS 1.2 with forward secrecy and authenticated encryption, and 1.3.
    Intermediate,
}

/// Whether clients show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TlsClients {
    /// They are not asked.
    Off,
    /// They are asked; one that is shown is verified.
    Optional,
    /// Without one that is verified there is no connection.
    Required,
}

/// How trusted proxies say who the client is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For` and `X-Forwarded-Proto`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// Limits of a request's head.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadLimits {
    /// Bytes of the whole head.
    pub bytes: u32,
    /// Number of header lines.
    pub headers: u32,
    /// Bytes of the target.
    pub target: u32,
}

/// Timeouts of the shell, in milliseconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeouts {
    /// First to last byte of a head.
    pub head: u64,
    /// First to last byte of a body.
    pub body: u64,
    /// Between two requests of a connection.
    pub idle: u64,
    /// How long a drain may take.
    pub drain: u64,
}

/// Where evidence goes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Sink {
    /// Appended to this file, one JSON document a line.
    File(String),
    /// Standard output.
    Stdout,
}

/// Whether guards hold or only say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Refusals hold.
    Enforce,
    /// Refusals of guards are written down, and the request goes on.
    Report,
}

/// One API behind the gateway.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// Its name in the plan.
    pub name: String,
    /// `*`, `api.example.com` or `*.example.com`, lower case, without port.
    pub hosts: Vec<String>,
    /// Path prefix, `/v1` or empty.
    pub base: String,
    /// The mode of guards without a mode of their own.
    pub mode: Mode,
    /// What happens to requests that no operation describes.
    pub unlisted: Mode,
    /// What an unlisted request must show, where `unlisted` is report.
    #[serde(default)]
    pub unlisted_security: Vec<Vec<Demand>>,
    /// Where permitted requests go.
    pub upstream: Upstream,
    /// How each security scheme is verified, by its name in the description.
    pub credentials: Named<Credential>,
    /// Cross-origin rules; none: no preflight is answered.
    #[serde(default)]
    pub cors: Option<Cors>,
    /// Rate limits.
    #[serde(default)]
    pub limits: Vec<Limit>,
    /// Mode of the contract guard.
    pub contract: Contract,
    /// Security headers put on every answer, in order; a name that the upstream sent is replaced.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// JSON Schema 2020-12: the shared `$defs` that places refer to as `#/$defs/NAME`.
    #[serde(default)]
    pub schemas: Map<String, Value>,
    /// What the description describes.
    pub operations: Vec<Operation>,
}

/// The contract guard and the limits of bodies.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Mode for requests.
    pub requests: Mode,
    /// Mode for replies.
    pub replies: Mode,
    /// What happens to undeclared fields of a reply.
    pub undeclared_fields: UndeclaredFields,
    /// What happens to the body of an undeclared 4xx or 5xx.
    pub undeclared_errors: UndeclaredErrors,
    /// Bytes of a request body.
    pub body_bytes: u64,
    /// Bytes of a reply that must be read.
    pub reply_bytes: u64,
    /// Nesting of JSON.
    pub json_depth: u32,
}

/// Undeclared fields of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndeclaredFields {
    /// Spliced out; the rest stays byte for byte.
    Drop,
    /// The reply is withheld.
    Withhold,
}

/// Bodies of undeclared error replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UndeclaredErrors {
    /// The status stays, the body becomes a problem document.
    Replace,
    /// Passed on as they are.
    Pass,
}

/// How a security scheme is verified.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum Credential {
    /// `Authorization: Bearer` with a JWS by a key of a key set.
    Jwt(Jwt),
    /// A key of Yett's store in a header.
    ApiKey(ApiKey),
}

/// RFC 7519 tokens, RFC 8725 rules.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwt {
    /// Exact `iss`.
    pub issuer: String,
    /// One of these must be in `aud`.
    pub audience: Vec<String>,
    /// Where the keys come from.
    pub keys: KeySource,
    /// Seconds of clock skew.
    pub leeway: u64,
    /// Permitted `typ` of the header, lower case; empty: `jwt`, `at+jwt` or none.
    #[serde(default)]
    pub types: Vec<String>,
    /// Claim with scopes: a space-separated string or an array.
    pub scope_claim: String,
    /// JSON pointer of the claim with roles: a string or an array of strings.
    pub role_claim: String,
}

/// Where a key set comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum KeySource {
    /// The JWKS itself, read from a file when the plan was compiled.
    Inline(Value),
    /// Fetched by the shell.
    Url(KeyUrl),
    /// Handed in by whoever starts the shell, under this name (proofs and tests).
    Given(String),
}

/// A key set by URL; times in milliseconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUrl {
    /// `https://…`, or `http://` on loopback.
    pub url: String,
    /// Between background refreshes.
    pub refresh: u64,
    /// Least time between two fetches for an unknown `kid`.
    pub floor: u64,
    /// How long a set is used after its last successful fetch.
    pub stale: u64,
    /// One fetch.
    pub timeout: u64,
    /// Largest answer in bytes.
    pub bytes: u64,
}

/// Keys of Yett's own store.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// The header that carries the key, lower case.
    pub header: String,
}

/// One credential that an operation asks for, and the scopes that it must carry.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// A key of `credentials`.
    pub credential: String,
    /// All of them.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// Cross-origin rules (Fetch standard).
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cors {
    /// Exact origins, or `*` alone.
    pub origins: Vec<String>,
    /// Whether credentials may be sent; never with `*`.
    #[serde(default)]
    pub credentials: bool,
    /// Request headers allowed beyond the safelist, lower case.
    #[serde(default)]
    pub headers: Vec<String>,
    /// Response headers that scripts may read.
    #[serde(default)]
    pub expose: Vec<String>,
    /// Seconds that a preflight may be cached.
    pub max_age: u32,
}

/// A token bucket.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Its name in evidence.
    pub id: String,
    /// Whom it counts.
    pub by: By,
    /// Tokens that come back in each period.
    pub count: u32,
    /// Milliseconds of the period.
    pub period: u64,
    /// Tokens of a full bucket.
    pub burst: u32,
    /// Indices of the operations that it counts; absent: all of the API (an address limit always counts all).
    #[serde(default)]
    pub operations: Option<Vec<u32>>,
    /// Its own mode.
    pub mode: Mode,
}

/// Whom a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The client's address; stands on Request.
    Address,
    /// The caller's subject; stands on Caller. Anonymous callers count by address.
    Subject,
}

/// One method and path template.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// `operationId`, or `METHOD /path` where there is none.
    pub id: String,
    /// Upper case.
    pub method: String,
    /// Template below the base, `/orders/{id}`; `{a}-{b}` in one segment is allowed.
    pub path: String,
    /// Refused always, because something it needs is not built or not verified: why, for operators.
    #[serde(default)]
    pub closed: Option<String>,
    /// Alternatives of which one must hold, each a list of which all must hold; `[[]]` is public. Empty: nobody.
    pub security: Vec<Vec<Demand>>,
    /// The caller needs one of these; empty: no role is asked.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Declared parameters.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    /// Declared request body.
    #[serde(default)]
    pub body: Option<Body>,
    /// Declared replies by `200`, `2XX` or `default`.
    #[serde(default)]
    pub replies: Named<Reply>,
}

/// A declared parameter.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// As described; header names are compared without case.
    #[serde(rename = "in")]
    pub place: Place,
    /// Its name.
    pub name: String,
    /// Whether it must be there.
    pub required: bool,
    /// `simple`, `label`, `matrix`, `form`, `spaceDelimited`, `pipeDelimited`, `deepObject`; or `json` for `content: application/json`.
    pub style: String,
    /// OpenAPI's `explode`.
    pub explode: bool,
    /// The JSON types its text is read as, first that fits: of string, integer, number, boolean, null, array, object.
    pub types: Vec<String>,
    /// The same for the items of an array.
    #[serde(default)]
    pub items: Vec<String>,
    /// The same for the members of an object, by name.
    #[serde(default)]
    pub members: Named<Vec<String>>,
    /// The same for members of other names; without it they are read as strings.
    #[serde(default)]
    pub others: Vec<String>,
    /// The same for the items of the members that are arrays, by name.
    #[serde(default)]
    pub member_items: Named<Vec<String>>,
    /// The same for the items of members of other names.
    #[serde(default)]
    pub other_items: Vec<String>,
    /// `#/$defs/NAME`.
    pub schema: String,
    /// OpenAPI's `allowEmptyValue`, and `?name` without `=`.
    #[serde(default)]
    pub allow_empty: bool,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the path template.
    Path,
    /// In the query.
    Query,
    /// A header.
    Header,
    /// In the Cookie header.
    Cookie,
}

/// A declared request body.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    /// Whether it must be there.
    pub required: bool,
    /// Media types that are read: JSON ones, lower case, without parameters.
    pub content: Named<Option<String>>,
}

/// A declared reply.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// Media type (or range `image/*`) to schema; none: declared, but nothing to read. Empty: no body.
    #[serde(default)]
    pub content: Named<Option<String>>,
}
