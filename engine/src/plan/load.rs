//! From the compiled document to the plan: checks again what the engine relies on, and collects every fault; nothing here is
//! lenient. What only the shell relies on (URLs, files) is the shell's to check.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};

use super::check;
use super::document::{self, Credential, Demand, Document, KeySource, Limit};
use super::schemas::Compiler;
use super::{
    Api, BodyPlan, By, CredentialPlan, DemandPlan, Host, JwtPlan, LimitPlan, MethodPlan, Named, Operation, Parameter,
    ParameterPlan, Place, Plan, ReplyPlan, Routes, Schemas,
};
use crate::hex;
use crate::jose::{KeySet, Rules};
use crate::json::{Pointer, escape};
use crate::reason::CATALOGUE_HASH;
use crate::steps::names::reads_alike;

/// Why a document is not a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer into the document.
    pub pointer: String,
    /// What is wrong, as a sentence.
    pub found: String,
}

const PLAN_VERSION: u32 = 1;

impl Plan {
    /// Loads a compiled plan; its hash is the SHA-256 of exactly these bytes.
    ///
    /// # Errors
    /// Every fault of the document.
    pub fn load(bytes: &[u8]) -> Result<Self, Vec<Fault>> {
        let document: Document = serde_json::from_slice(bytes).map_err(|error| {
            vec![Fault {
                pointer: String::new(),
                found: format!("not a compiled plan: {error}"),
            }]
        })?;
        let mut loader = Loader::default();
        loader.versions(&document);
        loader.overlaps(&document.apis);
        let apis: Vec<Api> = (0u32..)
            .zip(document.apis)
            .map(|(index, api)| loader.api(index, api))
            .collect();
        loader.shadows(&apis);
        if !loader.faults.is_empty() {
            return Err(loader.faults);
        }
        Ok(Self {
            hash: Self::hash_of(bytes).into(),
            gateway: document.gateway,
            apis,
            credentials: loader.credentials,
            limits: loader.limits,
        })
    }

    /// The hash that names a plan: SHA-256 of its exact bytes, in hex. Nothing is read.
    #[must_use]
    pub fn hash_of(bytes: &[u8]) -> String {
        hex::of(digest(&SHA256, bytes).as_ref())
    }
}

#[derive(Default)]
struct Loader {
    faults: Vec<Fault>,
    credentials: Vec<CredentialPlan>,
    limits: Vec<LimitPlan>,
    parameters: HashSet<Arc<Parameter>>,
}

impl Loader {
    fn fault(&mut self, pointer: impl Into<String>, found: impl Into<String>) {
        self.faults.push(Fault {
            pointer: pointer.into(),
            found: found.into(),
        });
    }

    fn shared(&mut self, described: &Parameter) -> Arc<Parameter> {
        if let Some(known) = self.parameters.get(described) {
            return known.clone();
        }
        let new = Arc::new(described.clone());
        self.parameters.insert(new.clone());
        new
    }

    fn versions(&mut self, document: &Document) {
        if document.yett != PLAN_VERSION {
            self.fault("/yett", format!("version {}, expected {PLAN_VERSION}", document.yett));
        }
        if document.catalogue != CATALOGUE_HASH {
            self.fault(
                "/catalogue",
                "compiled with another catalogue than this engine was built with",
            );
        }
    }

    /// APIs that answer for the same host and base: the first would hide the second.
    fn overlaps(&mut self, apis: &[document::Api]) {
        let mut known = HashMap::new();
        for (number, api) in apis.iter().enumerate() {
            for (place, host) in api.hosts.iter().enumerate() {
                if *known.entry((host, &api.base)).or_insert(number) != number {
                    self.fault(
                        format!("/apis/{number}/hosts/{place}"),
                        format!("{host}{} is another API's", api.base),
                    );
                }
            }
        }
    }

    fn found(&mut self, at: String, found: Option<String>) {
        if let Some(found) = found {
            self.fault(at, found);
        }
    }

    /// Credentials of any two APIs whose headers differ, and are one to a server that reads `_` as `-`: each would be refused
    /// for the other's sake.
    fn shadows(&mut self, apis: &[Api]) {
        let mut faults = Vec::new();
        for (number, one) in self.credentials.iter().enumerate() {
            let header = one.method.header();
            let is_other = |other: &&CredentialPlan| {
                let known = other.method.header();
                known != header && reads_alike(known.as_bytes(), header.as_bytes())
            };
            let Some(other) = self.credentials.iter().take(number).find(is_other) else {
                continue;
            };
            let api = apis.get(other.api as usize).map_or("", |api| &api.name);
            faults.push((
                format!("/apis/{}/credentials/{}", one.api, escape(&one.name)),
                format!(
                    "the header {header}, expected another one: some servers read it as {}, of {} of {api}",
                    other.method.header(),
                    other.name
                ),
            ));
        }
        for (at, found) in faults {
            self.fault(at, found);
        }
    }

    fn texts(&mut self, at: &str, api: &document::Api) {
        self.found(format!("{at}/base"), check::base(&api.base));
        self.found(format!("{at}/hosts"), check::hosts(&api.hosts));
        for (number, host) in api.hosts.iter().enumerate() {
            self.found(format!("{at}/hosts/{number}"), check::host(host));
        }
        for (number, (name, value)) in api.headers.iter().enumerate() {
            self.found(format!("{at}/headers/{number}/0"), check::header(name));
            self.found(format!("{at}/headers/{number}/1"), check::header_value(value));
        }
        for (number, url) in api.upstream.urls.iter().enumerate() {
            self.found(format!("{at}/upstream/urls/{number}/weight"), check::weight(url));
        }
        let ejection = api.upstream.ejection.as_ref();
        self.found(
            format!("{at}/upstream/ejection/longest"),
            ejection.and_then(check::ejection),
        );
        for (place, found) in api.cors.iter().flat_map(check::cors) {
            self.fault(format!("{at}/cors/{place}"), found);
        }
    }

    fn api(&mut self, index: u32, api: document::Api) -> Api {
        let at = format!("/apis/{index}");
        self.texts(&at, &api);
        let names = self.credentials(index, &at, api.credentials);
        let mut compiler = Compiler::new(api.schemas);
        let mut routes = Routes::default();
        let mut operations = Vec::with_capacity(api.operations.len());
        for (number, operation) in (0u32..).zip(api.operations) {
            let at = format!("{at}/operations/{number}");
            let is_closed = operation.closed.is_some();
            if !is_closed {
                self.found(format!("{at}/method"), check::method(&operation.method));
                self.found(format!("{at}/path"), check::path(&operation.path));
            }
            if let Err(found) = routes.add(&operation.path, &operation.method, number, is_closed) {
                self.fault(format!("{at}/path"), found);
            }
            operations.push(self.operation(&at, operation, &names, &mut compiler));
        }
        let schemas = self.schemas(&at, compiler);
        let [address_limits, subject_limits] = self.limits(&at, &api.limits, operations.len());
        let unlisted_security = self.security(&format!("{at}/unlisted_security"), &api.unlisted_security, &names);
        Api {
            name: api.name.into(),
            hosts: api.hosts.iter().map(|host| host_pattern(host)).collect(),
            base: api.base.into(),
            router: routes.finish(),
            unlisted: api.unlisted,
            unlisted_security,
            cors: api.cors,
            address_limits,
            subject_limits,
            contract: api.contract,
            headers: api
                .headers
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            operations,
            upstream: api.upstream,
            schemas,
        }
    }

    fn schemas(&mut self, at: &str, compiler: Compiler) -> Schemas {
        compiler.finish().unwrap_or_else(|faults| {
            for (name, found) in faults {
                let below = if name.is_empty() {
                    String::new()
                } else {
                    format!("/{}", escape(&name))
                };
                self.fault(format!("{at}/schemas{below}"), found);
            }
            Schemas::default()
        })
    }

    fn credentials(&mut self, api: u32, at: &str, credentials: Named<Credential>) -> Named<u32> {
        credentials.filter_map(|name, credential| {
            let at = format!("{at}/credentials/{}", escape(name));
            let method = match credential {
                Credential::ApiKey(key) => {
                    self.found(format!("{at}/api_key/header"), check::header(&key.header));
                    MethodPlan::ApiKey(key)
                }
                Credential::Jwt(jwt) => MethodPlan::Jwt(Box::new(self.jwt(&format!("{at}/jwt"), jwt))),
            };
            let index = u32::try_from(self.credentials.len()).unwrap_or(u32::MAX);
            let name = name.into();
            self.credentials.push(CredentialPlan { name, api, method });
            Some(index)
        })
    }

    fn jwt(&mut self, at: &str, jwt: document::Jwt) -> JwtPlan {
        let inline = match &jwt.keys {
            KeySource::Inline(keys) => match KeySet::parse(keys.to_string().as_bytes()) {
                Ok(keys) => Some(Arc::new(keys)),
                Err(fault) => {
                    self.fault(format!("{at}/keys"), format!("not a usable key set: {fault}"));
                    None
                }
            },
            KeySource::Url(_) | KeySource::Given(_) => None,
        };
        let role_claim = Pointer::parse(&jwt.role_claim).unwrap_or_else(|| {
            self.fault(
                format!("{at}/role_claim"),
                format!("{}, expected a JSON pointer", jwt.role_claim),
            );
            Pointer::default()
        });
        JwtPlan {
            keys: jwt.keys,
            inline,
            rules: Rules {
                issuer: jwt.issuer,
                audience: jwt.audience,
                types: jwt.types,
                leeway: jwt.leeway,
            },
            scope_claim: jwt.scope_claim.into(),
            role_claim,
        }
    }

    fn security(&mut self, at: &str, alternatives: &[Vec<Demand>], names: &Named<u32>) -> Vec<Vec<DemandPlan>> {
        let mut planned = Vec::with_capacity(alternatives.len());
        for (number, all) in alternatives.iter().enumerate() {
            let mut demands = Vec::with_capacity(all.len());
            for (place, demand) in all.iter().enumerate() {
                match names.get(&demand.credential) {
                    Some(credential) => demands.push(DemandPlan {
                        credential: *credential,
                        scopes: demand.scopes.iter().map(|scope| scope.as_str().into()).collect(),
                    }),
                    None => self.fault(
                        format!("{at}/{number}/{place}/credential"),
                        format!("no credential is called {}", demand.credential),
                    ),
                }
            }
            planned.push(demands);
        }
        planned
    }

    fn limits(&mut self, at: &str, limits: &[Limit], operations: usize) -> [Vec<u32>; 2] {
        let mut sides = [Vec::new(), Vec::new()];
        for (number, limit) in limits.iter().enumerate() {
            let at = format!("{at}/limits/{number}");
            let unknown = |index: &u32| *index as usize >= operations;
            if limit.count == 0 || limit.period == 0 || limit.burst == 0 {
                self.fault(&at, "count, period and burst must be at least 1");
                continue;
            }
            if limit.operations.iter().flatten().any(unknown) {
                self.fault(format!("{at}/operations"), "an index is beyond the operations");
            }
            if limit.by == By::Address && limit.operations.is_some() {
                self.fault(
                    format!("{at}/operations"),
                    "by address counts before the operation is known, and so all of them",
                );
            }
            let index = u32::try_from(self.limits.len()).unwrap_or(u32::MAX);
            let [address, subject] = &mut sides;
            match limit.by {
                By::Address => address.push(index),
                By::Subject => subject.push(index),
            }
            self.limits.push(LimitPlan {
                id: limit.id.as_str().into(),
                burst: limit.burst,
                refill: (limit.period.saturating_mul(1_000_000) / u64::from(limit.count)).max(1),
                operations: limit.operations.clone(),
                mode: limit.mode,
            });
        }
        sides
    }

    fn operation(
        &mut self,
        at: &str,
        operation: document::Operation,
        names: &Named<u32>,
        compiler: &mut Compiler,
    ) -> Operation {
        let security = self.security(&format!("{at}/security"), &operation.security, names);
        let parameters = self.parameters(at, &operation, compiler);
        let body = operation.body.map(|body| BodyPlan {
            required: body.required,
            content: self.content(&format!("{at}/body/content"), body.content, compiler),
        });
        let replies = operation.replies.filter_map(|status, reply| {
            let at = format!("{at}/replies/{}", escape(status));
            self.found(at.clone(), check::status(status));
            let content = self.content(&format!("{at}/content"), reply.content, compiler);
            Some(ReplyPlan { content })
        });
        Operation {
            id: operation.id.into(),
            closed: operation.closed.map(Into::into),
            security,
            roles: operation.roles.into_iter().map(Into::into).collect(),
            parameters,
            body,
            replies,
        }
    }

    /// Path parameters come first, in the order of the template, so that they pair with the router's spans.
    fn parameters(&mut self, at: &str, operation: &document::Operation, compiler: &mut Compiler) -> Vec<ParameterPlan> {
        let template = &operation.path;
        let place = |name: &str| template.find(&format!("{{{name}}}"));
        let mut planned = Vec::with_capacity(operation.parameters.len());
        let mut known = HashSet::new();
        for (number, described) in operation.parameters.iter().enumerate() {
            let at = format!("{at}/parameters/{number}");
            if !known.insert(named(described)) {
                self.fault(
                    format!("{at}/name"),
                    format!("{} again, expected each once", described.name),
                );
            }
            if described.place == Place::Path && place(&described.name).is_none() {
                self.fault(format!("{at}/name"), format!("{} is not in {template}", described.name));
            }
            self.found(at.clone(), check::parameter(described));
            match compiler.schema(&described.schema) {
                Ok(schema) => planned.push(ParameterPlan {
                    described: self.shared(described),
                    schema,
                }),
                Err(found) => self.fault(format!("{at}/schema"), found),
            }
        }
        planned.sort_by_key(|parameter| match parameter.described.place {
            Place::Path => (0, place(&parameter.described.name)),
            Place::Query | Place::Header | Place::Cookie => (1, None),
        });
        let described = planned
            .iter()
            .filter(|parameter| parameter.described.place == Place::Path)
            .count();
        if operation.closed.is_none() && described != template.matches('{').count() {
            self.fault(
                format!("{at}/parameters"),
                format!("not every parameter of {template} is described"),
            );
        }
        planned
    }

    fn content(
        &mut self,
        at: &str,
        content: Named<Option<String>>,
        compiler: &mut Compiler,
    ) -> Named<Option<super::Schema>> {
        content.filter_map(|media, reference| {
            let schema = reference.map(|reference| compiler.schema(&reference)).transpose();
            schema
                .map_err(|found| self.fault(format!("{at}/{}", escape(media)), found))
                .ok()
        })
    }
}

/// What tells a parameter from others; names of headers have no case.
fn named(described: &Parameter) -> (Place, String) {
    let name = match described.place {
        Place::Header => described.name.to_ascii_lowercase(),
        Place::Path | Place::Query | Place::Cookie => described.name.clone(),
    };
    (described.place, name)
}

fn host_pattern(host: &str) -> Host {
    match host.strip_prefix('*') {
        Some("") => Host::Any,
        Some(suffix) => Host::Below(suffix.into()),
        None => Host::Exact(host.into()),
    }
}
