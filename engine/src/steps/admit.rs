//! admit: Head → Request. Reads the raw head once, decodes once, refuses whatever can be read in two ways; never repairs.
//!
//! Only this file sees the raw target. What it cannot read the same way as every upstream would is refused (RFC 9110, 9112, 3986).

use std::net::IpAddr;
use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

use super::forwarded;
use crate::judge::{Denial, Judge, Stop};
use crate::reason;

type Span = (u32, u32);
type Lines = SmallVec<[(Span, Span); 16]>;

/// What a client sent, before anything was judged. Nothing can be read out of it but by admit.
#[derive(Clone, Debug)]
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

fn slice(buffer: &[u8], (start, end): Span) -> &[u8] {
    buffer.get(start as usize..end as usize).unwrap_or_default()
}

/// The methods that Yett passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Method(&'static str);

impl Method {
    const KNOWN: [&'static str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

    /// Upper case.
    pub fn name(self) -> &'static str {
        self.0
    }
}

/// A request that has one meaning.
#[derive(Debug)]
pub struct Request {
    buffer: Bytes,
    headers: Lines,
    method: Method,
    path: Box<str>,
    query: Vec<(Box<str>, Option<Box<str>>)>,
    host: Box<str>,
    client: IpAddr,
    secure: bool,
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
    headers(head, judge)?;
    let (target_authority, path_and_query) = target(head, judge)?;
    let host = host(head, target_authority, judge)?;
    let (path, query) = match path_and_query.iter().position(|byte| *byte == b'?') {
        Some(at) => (
            path_and_query.get(..at).unwrap_or_default(),
            path_and_query.get(at + 1..),
        ),
        None => (path_and_query, None),
    };
    let path = path_of(path, judge)?;
    let query = query
        .map(|query| query_of(query, judge))
        .transpose()?
        .unwrap_or_default();
    let named = |name: &'static str| {
        head.headers
            .iter()
            .filter(move |(known, _)| head.slice(*known) == name.as_bytes())
            .map(|(_, value)| head.slice(*value))
    };
    let (client, secure) = forwarded::client(
        head.peer,
        head.secure,
        &judge.plan.gateway.trusted_proxies,
        named,
        judge,
    )?;
    judge.trace.client = Some(client);
    judge.trace.traceparent = named("traceparent").next().and_then(forwarded::traceparent);
    Ok(Request {
        buffer: head.buffer.clone(),
        headers: head.headers.clone(),
        method,
        path,
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

/// A token's bytes, RFC 9110 5.6.2, in lower case.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn headers(head: &Head, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let limits = judge.plan.gateway.head;
    if head.headers.len() > limits.headers as usize {
        judge.refuse(reason::ADMIT_HEADERS_TOO_MANY)?;
    }
    let mut bytes = (head.target.1 - head.target.0) as usize;
    for (name, value) in &head.headers {
        let (name, value) = (head.slice(*name), head.slice(*value));
        bytes += name.len() + value.len() + 4;
        if name.is_empty() || !name.iter().all(|byte| is_name_byte(*byte)) {
            judge.refuse(reason::ADMIT_HEADER_NAME)?;
        }
        if value
            .iter()
            .any(|byte| (*byte < b' ' && *byte != b'\t') || *byte == 0x7f)
        {
            judge.refuse(reason::ADMIT_HEADER_CONTROL)?;
        }
        special(name, value, judge)?;
    }
    if bytes > limits.bytes as usize {
        judge.refuse(reason::ADMIT_HEAD_TOO_LARGE)?;
    }
    Ok(())
}

/// Headers that change what another header means, or what the request is.
fn special(name: &[u8], value: &[u8], judge: &mut Judge<'_>) -> Result<(), Stop> {
    match name {
        b"x-http-method-override"
        | b"x-http-method"
        | b"x-method-override"
        | b"x-original-url"
        | b"x-rewrite-url"
        | b"x-original-uri" => judge.refuse(Denial::from(reason::ADMIT_HEADER_OVERRIDE).at(lossy(name))),
        b"upgrade" => judge.refuse(reason::ADMIT_UPGRADE_UNSUPPORTED),
        b"range" => judge.refuse(reason::ADMIT_RANGE_UNSUPPORTED),
        b"expect" if !value.eq_ignore_ascii_case(b"100-continue") => judge.refuse(reason::ADMIT_EXPECT_UNSUPPORTED),
        _ if name.contains(&b'_') && shadows(name) => {
            judge.refuse(Denial::from(reason::ADMIT_HEADER_SHADOW).at(lossy(name)))
        }
        _ => Ok(()),
    }
}

/// CGI and WSGI read `_` as `-`: such a name would arrive as one that Yett writes or reads itself.
fn shadows(name: &[u8]) -> bool {
    let dashed: SmallVec<[u8; 32]> = name
        .iter()
        .map(|byte| if *byte == b'_' { b'-' } else { *byte })
        .collect();
    const READ: [&[u8]; 13] = [
        b"authorization",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"cookie",
        b"expect",
        b"forwarded",
        b"host",
        b"range",
        b"te",
        b"transfer-encoding",
        b"upgrade",
    ];
    READ.contains(&&*dashed) || dashed.starts_with(b"x-forwarded-") || dashed.starts_with(b"x-http-method")
}

fn lossy(name: &[u8]) -> Box<str> {
    String::from_utf8_lossy(name).into()
}

/// The authority of an absolute target, and the path with its query.
fn target<'h>(head: &'h Head, judge: &mut Judge<'_>) -> Result<(Option<&'h [u8]>, &'h [u8]), Stop> {
    let target = head.slice(head.target);
    if target.len() > judge.plan.gateway.head.target as usize {
        judge.refuse(reason::ADMIT_TARGET_TOO_LONG)?;
    }
    if target
        .iter()
        .any(|byte| *byte <= b' ' || *byte >= 0x7f || b"\"<>\\^`{|}#".contains(byte))
    {
        judge.refuse(reason::ADMIT_TARGET_MALFORMED)?;
    }
    if target.first() == Some(&b'/') {
        return Ok((None, target));
    }
    let after_scheme = [&b"http://"[..], b"https://"]
        .into_iter()
        .find(|scheme| {
            target
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })
        .and_then(|scheme| target.get(scheme.len()..));
    if let Some(rest) = after_scheme
        && let Some(slash) = rest.iter().position(|byte| *byte == b'/')
    {
        let (authority, path) = rest.split_at(slash);
        return Ok((Some(authority), path));
    }
    judge.refuse(reason::ADMIT_TARGET_FORM)?;
    Ok((None, b"/"))
}

fn host(head: &Head, target: Option<&[u8]>, judge: &mut Judge<'_>) -> Result<Box<str>, Stop> {
    let mut sent = head
        .headers
        .iter()
        .filter(|(name, _)| head.slice(*name) == b"host")
        .map(|(_, value)| head.slice(*value));
    let first = sent.next();
    if sent.next().is_some() {
        judge.refuse(reason::ADMIT_HOST_REPEATED)?;
    }
    if first.is_none() {
        judge.refuse(reason::ADMIT_HOST_MISSING)?;
    }
    let host = first.or(target).unwrap_or_default();
    if target.is_some_and(|target| !target.eq_ignore_ascii_case(host)) {
        judge.refuse(reason::ADMIT_HOST_CONFLICTING)?;
    }
    if first.is_some() && !is_authority(host) {
        judge.refuse(reason::ADMIT_HOST_MALFORMED)?;
    }
    Ok(String::from_utf8_lossy(host).to_ascii_lowercase().into())
}

/// `host [":" port]`, RFC 3986 3.2.2, without userinfo and percent-encoding.
fn is_authority(authority: &[u8]) -> bool {
    let (host, port) = match authority.iter().rposition(|byte| *byte == b':') {
        Some(at) if authority.last() != Some(&b']') => (authority.get(..at), authority.get(at + 1..)),
        _ => (Some(authority), None),
    };
    let host = host.unwrap_or_default();
    let named = || {
        host.iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
    };
    let literal = || {
        let inside = host.strip_prefix(b"[").and_then(|rest| rest.strip_suffix(b"]"));
        inside
            .and_then(|inside| std::str::from_utf8(inside).ok())
            .is_some_and(|text| text.parse::<std::net::Ipv6Addr>().is_ok())
    };
    let port_fits = |port: &[u8]| {
        !port.is_empty()
            && port.iter().all(u8::is_ascii_digit)
            && std::str::from_utf8(port).is_ok_and(|text| text.parse::<u16>().is_ok())
    };
    !host.is_empty() && (named() || literal()) && port.is_none_or(port_fits)
}

fn path_of(raw: &[u8], judge: &mut Judge<'_>) -> Result<Box<str>, Stop> {
    let mut decoded = Vec::with_capacity(raw.len());
    let segments = raw.split(|byte| *byte == b'/').count();
    for (number, segment) in raw.split(|byte| *byte == b'/').enumerate().skip(1) {
        decoded.push(b'/');
        if segment.is_empty() && number + 1 < segments {
            judge.refuse(reason::ADMIT_PATH_EMPTY_SEGMENT)?;
            decoded.pop();
            continue;
        }
        let start = decoded.len();
        percent_decode(segment, &mut decoded, false, judge)?;
        let added = decoded.get(start..).unwrap_or_default();
        if added.contains(&b'/') {
            judge.refuse(reason::ADMIT_PATH_ENCODED_SLASH)?;
        }
        let added = decoded.get(start..).unwrap_or_default();
        if added.contains(&b'\\') {
            judge.refuse(reason::ADMIT_PATH_BACKSLASH)?;
        }
        dot_segment(&mut decoded, start, judge)?;
        if has_escape(decoded.get(start.min(decoded.len())..).unwrap_or_default()) {
            judge.refuse(reason::ADMIT_PATH_DOUBLE_ENCODED)?;
            let twice = decoded.split_off(start.min(decoded.len()));
            percent_decode(&twice, &mut decoded, false, judge)?;
        }
    }
    text(decoded, judge)
}

/// `.` and `..`, also with a path parameter (`..;x`), which some servers cut off first.
fn dot_segment(decoded: &mut Vec<u8>, start: usize, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let bare = decoded
        .get(start..)
        .and_then(|segment| segment.split(|byte| *byte == b';').next())
        .unwrap_or_default();
    let up = match bare {
        b"." => false,
        b".." => true,
        _ => return Ok(()),
    };
    judge.refuse(reason::ADMIT_PATH_DOT_SEGMENT)?;
    decoded.truncate(start.saturating_sub(1));
    if up {
        let parent = decoded.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        decoded.truncate(parent);
    }
    Ok(())
}

fn has_escape(text: &[u8]) -> bool {
    text.windows(3)
        .any(|three| matches!(three, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()))
}

fn query_of(raw: &[u8], judge: &mut Judge<'_>) -> Result<Vec<(Box<str>, Option<Box<str>>)>, Stop> {
    let mut query = Vec::with_capacity(4);
    for pair in raw.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..)),
            None => (pair, None),
        };
        let name = decoded_text(name, judge)?;
        let value = value.map(|value| decoded_text(value, judge)).transpose()?;
        query.push((name, value));
    }
    Ok(query)
}

fn decoded_text(raw: &[u8], judge: &mut Judge<'_>) -> Result<Box<str>, Stop> {
    let mut decoded = Vec::with_capacity(raw.len());
    percent_decode(raw, &mut decoded, true, judge)?;
    text(decoded, judge)
}

fn text(decoded: Vec<u8>, judge: &mut Judge<'_>) -> Result<Box<str>, Stop> {
    match String::from_utf8(decoded) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            judge.refuse(reason::ADMIT_TARGET_ENCODING)?;
            Ok(String::from_utf8_lossy(error.as_bytes()).into())
        }
    }
}

fn percent_decode(raw: &[u8], to: &mut Vec<u8>, plus_is_space: bool, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let mut rest = raw;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (*first, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let byte = nibble(*high) << 4 | nibble(*low);
                if byte == 0 || (!plus_is_space && (byte < b' ' || byte == 0x7f)) {
                    control(byte, judge)?;
                }
                to.push(byte);
                rest = after;
            }
            (b'%', _) => {
                judge.refuse(reason::ADMIT_TARGET_MALFORMED)?;
                to.push(b'%');
            }
            (b'+', _) if plus_is_space => to.push(b' '),
            (byte, _) => to.push(byte),
        }
    }
    Ok(())
}

/// A NUL cuts strings short in C; the other control characters may stand in a query's free text (a line break), not in a path.
fn control(byte: u8, judge: &mut Judge<'_>) -> Result<(), Stop> {
    if byte == 0 {
        judge.refuse(reason::ADMIT_TARGET_NUL)
    } else {
        judge.refuse(reason::ADMIT_TARGET_CONTROL)
    }
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}
