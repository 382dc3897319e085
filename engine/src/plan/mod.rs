//! The plan as the engine holds it: compiled once, immutable, shared by all threads; it never changes while it judges.

mod check;
mod document;
mod load;
mod named;
mod route;
pub mod schemas;
mod upstream;

use std::sync::Arc;

pub use document::{
    ApiKey, Body, By, Contract, Cors, Credential, Demand, Document, Gateway, HeadLimits, Http2, Jwt, KeySource, KeyUrl,
    Listen, Mode, Parameter, Place, ProxyHeader, Reply, Sink, Timeouts, Tls, TlsClients, TlsProfile, UndeclaredErrors,
    UndeclaredFields,
};
pub use load::Fault;
pub use named::Named;
pub(crate) use route::{Path, Router, Routes, Spans};
pub use schemas::{Schema, Schemas};
pub use upstream::{Ejection, Health, Retries, Upstream, UpstreamUrl};

use crate::jose::{KeySet, Rules};
use crate::json::Pointer;

/// One gateway's policy.
pub struct Plan {
    /// SHA-256 of the exact bytes that the plan was loaded from, in hex.
    pub hash: Arc<str>,
    /// What the shell needs.
    pub gateway: Gateway,
    /// The APIs.
    pub apis: Vec<Api>,
    /// The credentials of all APIs; facts name them by index.
    pub credentials: Vec<CredentialPlan>,
    /// The limits of all APIs; facts name them by index.
    pub limits: Vec<LimitPlan>,
}

/// One API.
pub struct Api {
    /// Its name in the plan.
    pub name: Arc<str>,
    pub(crate) hosts: Vec<Host>,
    pub(crate) base: Box<str>,
    pub(crate) router: Router,
    pub(crate) unlisted: Mode,
    pub(crate) unlisted_security: Vec<Vec<DemandPlan>>,
    pub(crate) cors: Option<Cors>,
    /// Indices of the limits by address, and by subject, into the plan's limits.
    pub(crate) address_limits: Vec<u32>,
    pub(crate) subject_limits: Vec<u32>,
    /// The contract guard's settings and the limits of bodies.
    pub contract: Contract,
    /// Headers put on every answer.
    pub headers: Vec<(Box<str>, Box<str>)>,
    /// The operations.
    pub operations: Vec<Operation>,
    /// Where permitted requests go.
    pub upstream: Upstream,
    /// The compiled schemas that places refer to.
    pub schemas: Schemas,
}

/// One operation.
pub struct Operation {
    /// `operationId`, or method and path.
    pub id: Arc<str>,
    pub(crate) closed: Option<Box<str>>,
    pub(crate) security: Vec<Vec<DemandPlan>>,
    pub(crate) roles: Vec<Box<str>>,
    pub(crate) parameters: Vec<ParameterPlan>,
    pub(crate) body: Option<BodyPlan>,
    pub(crate) replies: Named<ReplyPlan>,
}

/// A parameter with its compiled schema.
pub struct ParameterPlan {
    /// As described; operations that share a parameter share it.
    pub described: Arc<Parameter>,
    /// Index into the API's schemas.
    pub schema: Schema,
}

/// A request body's media types.
pub struct BodyPlan {
    /// Whether it must be there.
    pub required: bool,
    /// Media type to schema.
    pub content: Named<Option<Schema>>,
}

/// A reply's media types; empty: no body.
pub struct ReplyPlan {
    /// Media type or range to schema.
    pub content: Named<Option<Schema>>,
}

/// A credential that must be shown, and the scopes that it must carry.
#[derive(Clone, Debug)]
pub struct DemandPlan {
    /// Index into the plan's credentials.
    pub credential: u32,
    /// All of them.
    pub scopes: Vec<Box<str>>,
}

/// A credential scheme.
pub struct CredentialPlan {
    /// The scheme's name in the description.
    pub name: Arc<str>,
    /// Index of its API.
    pub api: u32,
    /// How it is verified.
    pub method: MethodPlan,
}

/// How a credential is verified.
pub enum MethodPlan {
    /// A JWT.
    Jwt(Box<JwtPlan>),
    /// A key of Yett's store.
    ApiKey(ApiKey),
}

impl MethodPlan {
    /// The header that carries it.
    pub(crate) fn header(&self) -> &str {
        match self {
            Self::Jwt(_) => "authorization",
            Self::ApiKey(key) => &key.header,
        }
    }
}

/// A JWT scheme.
pub struct JwtPlan {
    /// Where the keys come from.
    pub keys: KeySource,
    /// The keys, where the plan holds them.
    pub inline: Option<Arc<KeySet>>,
    /// What the claims must say.
    pub rules: Rules,
    /// Claim with scopes.
    pub scope_claim: Box<str>,
    /// The claim with roles.
    pub role_claim: Pointer,
}

impl JwtPlan {
    /// The names on the way to the claim with roles.
    pub fn role_path(&self) -> impl Iterator<Item = &str> {
        self.role_claim.tokens()
    }
}

/// A token bucket.
pub struct LimitPlan {
    /// Its name in evidence.
    pub id: Box<str>,
    /// Tokens of a full bucket.
    pub burst: u32,
    /// Nanoseconds in which one token comes back.
    pub refill: u64,
    /// Operations that it counts; none: all.
    pub operations: Option<Vec<u32>>,
    /// Whether it holds.
    pub mode: Mode,
}

/// A pattern of hosts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Host {
    Any,
    Exact(Box<str>),
    Below(Box<str>),
}

impl Host {
    fn covers(&self, host: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(name) => **name == *host,
            Self::Below(suffix) => host.len() > suffix.len() && host.ends_with(&**suffix),
        }
    }

    /// The more exact, the higher.
    fn rank(&self) -> (u8, usize) {
        match self {
            Self::Any => (0, 0),
            Self::Below(suffix) => (1, suffix.len()),
            Self::Exact(name) => (2, name.len()),
        }
    }
}

impl Api {
    /// Whether it answers for a host.
    pub(crate) fn covers(&self, host: &str) -> bool {
        self.hosts.iter().any(|pattern| pattern.covers(host))
    }
}

impl Plan {
    /// The API that answers for a host and a path: the longest base that covers it, then the more exact host.
    pub(crate) fn api(&self, host: &str, path: &str) -> Option<u32> {
        let mut best = None;
        for (index, api) in (0u32..).zip(&self.apis) {
            let covering = api.hosts.iter().filter(|pattern| pattern.covers(host));
            let (Some(exact), Some(rest)) = (covering.map(Host::rank).max(), path.strip_prefix(&*api.base)) else {
                continue;
            };
            let rank = (api.base.len(), exact);
            if (rest.is_empty() || rest.starts_with('/')) && best.is_none_or(|(known, _)| rank > known) {
                best = Some((rank, index));
            }
        }
        best.map(|(_, index)| index)
    }
}
