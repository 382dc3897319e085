//! The headers of a request: how many, how large, of what bytes; and those that change what another one means.

use super::Head;
use crate::judge::{Denial, Judge, Stop};
use crate::plan::{CredentialPlan, Plan};
use crate::reason;
use crate::steps::forward::is_dropped;
use crate::steps::names::reads_alike;

/// A token's bytes, RFC 9110 5.6.2, in lower case.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub(super) fn check(head: &Head, judge: &mut Judge<'_>) -> Result<(), Stop> {
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

/// Frameworks take method or target from these instead of from the request line.
const OVERRIDES: [&[u8]; 6] = [
    b"x-http-method",
    b"x-http-method-override",
    b"x-method-override",
    b"x-original-uri",
    b"x-original-url",
    b"x-rewrite-url",
];

/// Headers that change what another header means, or what the request is.
fn special(name: &[u8], value: &[u8], judge: &mut Judge<'_>) -> Result<(), Stop> {
    match name {
        _ if OVERRIDES.contains(&name) => judge.refuse(Denial::from(reason::ADMIT_HEADER_OVERRIDE).at(place(name))),
        b"upgrade" => judge.refuse(reason::ADMIT_UPGRADE_UNSUPPORTED),
        b"range" => judge.refuse(reason::ADMIT_RANGE_UNSUPPORTED),
        b"expect" if !value.eq_ignore_ascii_case(b"100-continue") => judge.refuse(reason::ADMIT_EXPECT_UNSUPPORTED),
        _ if shadows(name, judge.plan) => judge.refuse(Denial::from(reason::ADMIT_HEADER_SHADOW).at(place(name))),
        _ => Ok(()),
    }
}

/// CGI and WSGI read `_` as `-`: such a name would arrive as one that Yett reads, writes or keeps back itself.
fn shadows(name: &[u8], plan: &Plan) -> bool {
    const READ: [&str; 6] = [
        "authorization",
        "content-encoding",
        "content-type",
        "cookie",
        "host",
        "range",
    ];
    let credential = |known: &CredentialPlan| {
        let header = known.method.header().as_bytes();
        !header.eq_ignore_ascii_case(name) && reads_alike(header, name)
    };
    if plan.credentials.iter().any(credential) {
        return true;
    }
    if !name.contains(&b'_') {
        return false;
    }
    let dashed = String::from_utf8_lossy(name).replace('_', "-");
    READ.contains(&dashed.as_str()) || OVERRIDES.contains(&dashed.as_bytes()) || is_dropped(&dashed)
}

/// The most octets of a stranger's name that a place shows.
const LONGEST_SHOWN: usize = 200;

/// A header as a place, by the convention of the guard contract: a JSON pointer.
fn place(name: &[u8]) -> Box<str> {
    let shown = name.get(..LONGEST_SHOWN).unwrap_or(name);
    format!("/header/{}", String::from_utf8_lossy(shown).replace('~', "~0")).into()
}

pub(super) fn host(head: &Head, target: Option<&[u8]>, judge: &mut Judge<'_>) -> Result<Box<str>, Stop> {
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

/// `host [":" port]`, RFC 3986 3.2.2, without userinfo, percent-encoding and the root's dot, which some servers drop and
/// others compare.
fn is_authority(authority: &[u8]) -> bool {
    let (host, port) = match authority.iter().rposition(|byte| *byte == b':') {
        Some(at) if authority.last() != Some(&b']') => (authority.get(..at), authority.get(at + 1..)),
        _ => (Some(authority), None),
    };
    let host = host.unwrap_or_default();
    let named = || {
        host.iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
            && !host.ends_with(b".")
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
