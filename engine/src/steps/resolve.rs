//! resolve: Request → Call. Finds the one operation that the request means; what no operation describes goes nowhere.

use std::ops::Range;

use crate::judge::{Denial, Hint, Judge, Stop};
use crate::plan::{self, Api, Mode, Operation, Plan};
use crate::reason::{self, Reason};
use crate::steps::admit::Request;

/// A request whose operation is known.
#[derive(Debug)]
pub struct Call {
    request: Request,
    api: u32,
    /// None: the pseudo-operation `unlisted`.
    operation: Option<u32>,
    /// Where the path parameters' values stand in the path, in the order of the template.
    spans: plan::Spans,
}

impl Call {
    /// The request.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// The API's index in the plan.
    pub fn api_index(&self) -> u32 {
        self.api
    }

    /// The operation's index in its API; none for `unlisted`.
    pub fn operation_index(&self) -> Option<u32> {
        self.operation
    }

    /// The API.
    pub fn api<'p>(&self, plan: &'p Plan) -> Option<&'p Api> {
        plan.apis.get(self.api as usize)
    }

    /// The operation; none for `unlisted`.
    pub fn operation<'p>(&self, plan: &'p Plan) -> Option<&'p Operation> {
        self.api(plan)?.operations.get(self.operation? as usize)
    }

    /// Where the path parameters stand in the path, in the order of the template.
    pub(crate) fn path_spans(&self) -> &[Range<usize>] {
        &self.spans
    }

    /// The raw values of the path parameters, in the order of the template.
    pub fn path_values(&self) -> impl Iterator<Item = &str> {
        self.spans
            .iter()
            .map(|span| self.request.path().get(span.clone()).unwrap_or_default())
    }
}

/// What resolve brings: a call, or an answer that needs no upstream.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "the large one is every request, the small one a rare preflight: no box"
)]
pub(crate) enum Resolved {
    /// Goes on up the ladder.
    Call(Call),
    /// A CORS preflight that the plan answers.
    Preflight(Preflight),
}

/// A CORS preflight that is allowed; shape makes its answer.
#[derive(Debug)]
pub struct Preflight {
    pub(crate) api: u32,
    pub(crate) origin: Box<str>,
    pub(crate) methods: Box<str>,
}

/// Takes the step.
///
/// # Errors
/// `Stop::Deny` with a reason of the control `resolve`.
pub(crate) fn resolve(request: Request, judge: &mut Judge<'_>) -> Result<Resolved, Stop> {
    let plan = judge.plan;
    let index = match plan.api(request.host(), request.path()) {
        Some(index) => index,
        None => without_api(&request, judge)?,
    };
    judge.trace.api = Some(index);
    let Some(api) = plan.apis.get(index as usize) else {
        return Err(reason::RESOLVE_API_UNKNOWN.into());
    };
    let has_base = request.path().starts_with(&*api.base);
    let offset = if has_base { api.base.len() } else { 0 };
    let path = request.path().get(offset..).unwrap_or_default();
    let fits = api.router.fits(if path.is_empty() { "/" } else { path });
    let is_ambiguous = fits.are_ambiguous();
    let mut fits = fits.into_iter();
    let Some(mut found) = fits.next() else {
        return unlisted(request, index, api.unlisted, reason::RESOLVE_OPERATION_UNKNOWN, judge);
    };
    if is_ambiguous {
        judge.refuse(reason::RESOLVE_PATH_AMBIGUOUS)?;
    }
    for span in &mut found.spans {
        *span = span.start + offset..span.end + offset;
    }
    let method = request.method().name();
    if let Some(operation) = operation(&found, method) {
        return open(request, index, api, operation, found.spans, judge);
    }
    let is_elsewhere = fits.any(|other| operation(&other, method).is_some());
    no_method(request, (index, api), &found, is_elsewhere, judge)
}

/// HEAD is GET's operation without a body (RFC 9110 section 9.3.2).
fn operation(found: &plan::Path<'_>, method: &str) -> Option<u32> {
    found
        .operation(method)
        .or_else(|| (method == "HEAD").then(|| found.operation("GET")).flatten())
}

/// Refuses; the lenient reading is an API of the host, whatever its base, or one that has the path, whatever its hosts.
fn without_api(request: &Request, judge: &mut Judge<'_>) -> Result<u32, Stop> {
    let plan = judge.plan;
    let is_of_host = |api: &Api| api.covers(request.host());
    let is_known = plan.apis.iter().any(is_of_host);
    let reason = if is_known {
        reason::RESOLVE_API_UNKNOWN
    } else {
        reason::RESOLVE_HOST_UNKNOWN
    };
    judge.refuse(reason)?;
    let has_path = |api: &Api| request.path().starts_with(&*api.base);
    (0u32..)
        .zip(&plan.apis)
        .filter(|(_, api)| if is_known { is_of_host(api) } else { has_path(api) })
        .max_by_key(|(_, api)| api.base.len())
        .map(|(index, _)| index)
        .ok_or_else(|| reason.into())
}

fn open(
    request: Request,
    api_index: u32,
    api: &Api,
    index: u32,
    spans: plan::Spans,
    judge: &mut Judge<'_>,
) -> Result<Resolved, Stop> {
    judge.trace.operation = Some(index);
    if api
        .operations
        .get(index as usize)
        .is_none_or(|operation| operation.closed.is_some())
    {
        judge.refuse(reason::RESOLVE_OPERATION_CLOSED)?;
    }
    Ok(Resolved::Call(Call {
        request,
        api: api_index,
        operation: Some(index),
        spans,
    }))
}

/// Where a template that fits too has the method, an upstream may serve that operation: to judge it as `unlisted` would lose
/// what its operation asks for, and to judge it as that operation what the API's default asks for. It is refused.
fn no_method(
    request: Request,
    (index, api): (u32, &Api),
    found: &plan::Path<'_>,
    is_elsewhere: bool,
    judge: &mut Judge<'_>,
) -> Result<Resolved, Stop> {
    let mut methods: Vec<&str> = found.methods().collect();
    if methods.contains(&"GET") && !methods.contains(&"HEAD") {
        methods.push("HEAD");
    }
    if request.method().name() == "OPTIONS"
        && let Some(preflight) = preflight(&request, index, api, (found, &methods), judge)?
    {
        return Ok(Resolved::Preflight(preflight));
    }
    let allow = Hint::Allow(methods.join(", ").into());
    let denial = Denial::from(reason::RESOLVE_METHOD_UNKNOWN).hint(allow);
    let mode = if is_elsewhere { Mode::Enforce } else { api.unlisted };
    unlisted(request, index, mode, denial, judge)
}

/// The relief that the plan may give: report, and go on as the pseudo-operation `unlisted`.
fn unlisted(
    request: Request,
    api: u32,
    mode: Mode,
    denial: impl Into<Denial>,
    judge: &mut Judge<'_>,
) -> Result<Resolved, Stop> {
    judge.hear("resolve", mode, Err(Stop::Deny(denial.into())))?;
    Ok(Resolved::Call(Call {
        request,
        api,
        operation: None,
        spans: plan::Spans::new(),
    }))
}

/// A preflight by the Fetch standard: Origin and Access-Control-Request-Method both there.
fn preflight(
    request: &Request,
    index: u32,
    api: &Api,
    (found, methods): (&plan::Path<'_>, &[&str]),
    judge: &mut Judge<'_>,
) -> Result<Option<Preflight>, Stop> {
    let (Some(cors), Some(origin), Some(method)) = (
        &api.cors,
        one(request, "origin"),
        one(request, "access-control-request-method"),
    ) else {
        return Ok(None);
    };
    judge.trace.operation = operation(found, method);
    let refused: Option<Reason> = if !cors.allows(origin) {
        Some(reason::RESOLVE_ORIGIN_UNKNOWN)
    } else if !methods.contains(&method) {
        Some(reason::RESOLVE_PREFLIGHT_METHOD)
    } else if !one(request, "access-control-request-headers")
        .unwrap_or_default()
        .split(',')
        .all(|name| {
            let name = name.trim().to_ascii_lowercase();
            name.is_empty() || cors.headers.contains(&name)
        })
    {
        Some(reason::RESOLVE_PREFLIGHT_HEADER)
    } else {
        None
    };
    if let Some(refused) = refused {
        judge.refuse(refused)?;
    }
    Ok(Some(Preflight {
        api: index,
        origin: origin.into(),
        methods: methods.join(", ").into(),
    }))
}

fn one<'r>(request: &'r Request, name: &'r str) -> Option<&'r str> {
    request
        .header(name)
        .next()
        .and_then(|value| std::str::from_utf8(value).ok())
}

impl plan::Cors {
    /// Whether scripts of this origin may read answers.
    pub(crate) fn allows(&self, origin: &str) -> bool {
        self.origins.iter().any(|known| known == "*" || known == origin)
    }
}
