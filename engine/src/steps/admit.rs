//! admit: Head → Request. Reads the raw head once, decodes once, refuses whatever can be read in two ways; never repairs.
//!
//! Only this file sees the raw target. What it cannot read the same way as every upstream would is refused (RFC 9110, 9112, 3986).

mod headers;
mod target;

use std::fmt;
use std::net::IpAddr;
use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use super::forwarded;
use crate::judge::{Judge, Stop};
use crate::reason;

type Query = Vec<(Box<str>, Option<Box<str>>)>;
type Span = (u32, u32);
type Lines = SmallVec<[(Span, Span); 16]>;

/// What a client sent, before anything was judged. Nothing can be read out of it but by admit.
#[derive(Clone)]
pub struct Head {
    buffer: Bytes,
    method: Span,
    target: Span,
    headers: Lines,
    peer: IpAddr,
    secure: bool,
}

impl Head {
    /// A head whose parts stand in one buffer.
    pub fn new(buffer: Bytes, method: Range<u32>, target: Range<u32>, peer: IpAddr, secure: bool) -> Self {
        let (method, target) = ((method.start, method.end), (target.start, target.end));
        Self {
            buffer,
            method,
            target,
            headers: SmallVec::new(),
            peer,
            secure,
        }
    }

    /// Adds a header whose name (lower case) and value stand in the buffer.
    pub fn push(&mut self, name: Range<u32>, value: Range<u32>) {
        self.headers.push(((name.start, name.end), (value.start, value.end)));
    }

    /// A head from separate parts, copied.
    pub fn of(method: &[u8], target: &[u8], headers: &[(&[u8], &[u8])], peer: IpAddr, secure: bool) -> Self {
        let mut buffer = Vec::with_capacity(512);
        let mut put = |part: &[u8]| {
            let start = u32::try_from(buffer.len()).unwrap_or(u32::MAX);
            buffer.extend_from_slice(part);
            (start, u32::try_from(buffer.len()).unwrap_or(u32::MAX))
        };
        let (method, target) = (put(method), put(target));
        let headers = headers.iter().map(|(name, value)| (put(name), put(value))).collect();
        Self {
            buffer: buffer.into(),
            method,
            target,
            headers,
            peer,
            secure,
        }
    }

    fn slice(&self, span: Span) -> &[u8] {
        slice(&self.buffer, span)
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Head({} headers)", self.headers.len())
    }
}

fn slice(buffer: &[u8], (start, end): Span) -> &[u8] {
    buffer.get(start as usize..end as usize).unwrap_or_default()
}

/// The methods that Yett passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method(&'static str);

impl Method {
    /// All of them.
    pub(crate) const KNOWN: [&'static str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    /// Upper case.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// A request that has one meaning.
pub struct Request {
    buffer: Bytes,
    headers: Lines,
    method: Method,
    path: Box<str>,
    /// A `;` of the path came encoded: as data, where a `;` could stand for itself.
    encoded_semicolon: bool,
    query: Query,
    host: Box<str>,
    client: IpAddr,
    secure: bool,
}

/// Without anything that may hold a credential, as for `Head`.
impl fmt::Debug for Request {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "Request({}, {} headers)", self.method.name(), self.headers.len())
    }
}

impl Request {
    /// The method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// The decoded path; a `/` in it separates segments, always.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a `;` of the path came encoded.
    pub(crate) fn has_encoded_semicolon(&self) -> bool {
        self.encoded_semicolon
    }

    /// The decoded query, in order; `?a` without `=` has no value.
    pub fn query(&self) -> &[(Box<str>, Option<Box<str>>)] {
        &self.query
    }

    /// The host that the client asked for, lower case, without port.
    pub fn host(&self) -> &str {
        self.host
            .rsplit_once(':')
            .filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()))
            .map_or(&self.host, |(host, _)| host)
    }

    /// Host and port as the client sent them, lower case.
    pub fn authority(&self) -> &str {
        &self.host
    }

    /// The client's address, behind trusted proxies.
    pub fn client(&self) -> IpAddr {
        self.client
    }

    /// Whether the client speaks TLS to us or to a trusted proxy.
    pub fn secure(&self) -> bool {
        self.secure
    }

    /// Headers in order, names in lower case.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.headers.iter().map(|(name, value)| {
            (
                std::str::from_utf8(slice(&self.buffer, *name)).unwrap_or_default(),
                slice(&self.buffer, *value),
            )
        })
    }

    /// The same as slices of one buffer, to be sent on without a copy.
    pub(crate) fn raw_headers(&self) -> impl Iterator<Item = (Bytes, Bytes)> {
        let part = |(start, end): Span| self.buffer.slice(start as usize..end as usize);
        self.headers
            .iter()
            .map(move |(name, value)| (part(*name), part(*value)))
    }

    /// The values of a header, by its lower-case name.
    pub fn header<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r [u8]> {
        self.headers
            .iter()
            .filter(move |(known, _)| slice(&self.buffer, *known) == name.as_bytes())
            .map(|(_, value)| slice(&self.buffer, *value))
    }
}

/// Takes the step.
///
/// # Errors
/// `Stop::Deny` with a reason of the control `admit`.
pub(crate) fn admit(head: &Head, judge: &mut Judge<'_>) -> Result<Request, Stop> {
    let method = method(head, judge)?;
    judge.trace.method = Some(method.name());
    let mut origins = head.headers.iter().filter(|(name, _)| head.slice(*name) == b"origin");
    *judge.origin = origins.next().map(|(_, value)| head.slice(*value).into());
    headers::check(head, judge)?;
    let (target_authority, path_and_query) = target::split(head, judge)?;
    let host = headers::host(head, target_authority, judge)?;
    let (path, query) = match path_and_query.iter().position(|byte| *byte == b'?') {
        Some(at) => (
            path_and_query.get(..at).unwrap_or_default(),
            path_and_query.get(at + 1..),
        ),
        None => (path_and_query, None),
    };
    let encoded_semicolon = path.windows(3).any(|three| three.eq_ignore_ascii_case(b"%3b"));
    let path = target::path(path, judge)?;
    let query = query
        .map(|query| target::query(query, judge))
        .transpose()?
        .unwrap_or_default();
    let named = |name: &'static str| {
        head.headers
            .iter()
            .filter(move |(known, _)| head.slice(*known) == name.as_bytes())
            .map(|(_, value)| head.slice(*value))
    };
    let (client, secure) = forwarded::client(head.peer, head.secure, &judge.plan.gateway, named, judge)?;
    judge.trace.client = Some(client);
    judge.trace.secure = secure;
    let mut parents = named("traceparent");
    let parent = parents.next().filter(|_| parents.next().is_none());
    judge.trace.traceparent = parent.and_then(forwarded::traceparent);
    Ok(Request {
        buffer: head.buffer.clone(),
        headers: head.headers.clone(),
        method,
        path,
        encoded_semicolon,
        query,
        host,
        client,
        secure,
    })
}

fn method(head: &Head, judge: &mut Judge<'_>) -> Result<Method, Stop> {
    let sent = head.slice(head.method);
    if let Some(known) = Method::KNOWN.into_iter().find(|known| known.as_bytes() == sent) {
        return Ok(Method(known));
    }
    judge.refuse(reason::ADMIT_METHOD_UNSUPPORTED)?;
    Ok(Method("GET"))
}
