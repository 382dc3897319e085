//! Writes the head of a request of HTTP/2 anew, for admit to judge as it judges one of HTTP/1 (RFC 9113 section 8.3.1).
//!
//! What the crate `h2` has refused before does not come here: names that are no tokens in lower case, control octets in values,
//! pseudo-headers that are unknown, repeated, missing or misplaced, and fields of the connection (sections 8.2 and 8.3). Two
//! things cannot be told apart any more: a `:path` with a fragment from one without, and the scheme without `:authority`.

use std::net::IpAddr;

use bytes::BytesMut;
use http::header::{COOKIE, HOST};
use http::request::Parts;
use smallvec::SmallVec;
use yett_engine::{Head, Reason, reason};

use crate::h1::{self, Body};

/// A head of HTTP/2, read.
pub struct Read {
    /// For the engine.
    pub head: Head,
    /// What it says of the body.
    pub announced: Body,
    /// Whether the client waits for `100 (Continue)`.
    pub expects_continue: bool,
}

/// Octets of a head as HTTP/1 would count them.
pub(super) fn octets(parts: &Parts) -> u64 {
    let fields = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4);
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let authority = parts.uri.authority().map_or(0, |authority| authority.as_str().len());
    (fields.sum::<usize>() + parts.method.as_str().len() + target + authority) as u64
}

/// Reads a head; `ended`: no body follows.
///
/// # Errors
/// The reason why it has more than one meaning, where admit would not see it.
pub fn read(parts: &Parts, ended: bool, peer: IpAddr, secure: bool) -> Result<Read, Reason> {
    let blank = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
    for value in parts.headers.values().map(http::HeaderValue::as_bytes) {
        if blank(value.first()) || blank(value.last()) {
            return Err(reason::ADMIT_HEADER_SPACED);
        }
    }
    let fields = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().as_bytes(), value.as_bytes()));
    let (announced, expects_continue) = h1::announced(fields)?;
    let announced = match announced {
        // Only the end of the stream says that nothing follows.
        Body::None | Body::Length(0) if !ended => Body::Chunked,
        announced => announced,
    };
    Ok(Read {
        head: write(parts, peer, secure)?,
        announced,
        expects_continue,
    })
}

/// The target as HTTP/1 would write it: with its authority only where that differs from `Host`, which admit then refuses, or
/// where the scheme is none of HTTP's, which it refuses as well.
fn target(parts: &Parts) -> Result<String, Reason> {
    let uri = &parts.uri;
    let path = match uri.path_and_query() {
        // The library shows a path that was not sent as `/`.
        Some(path) if !uri.path().is_empty() => path.as_str(),
        Some(_) | None if parts.method == http::Method::CONNECT => "/",
        Some(_) | None => return Err(reason::ADMIT_TARGET_FORM),
    };
    let (Some(authority), scheme) = (uri.authority(), uri.scheme_str()) else {
        return Ok(path.to_owned());
    };
    let authority = authority.as_str();
    let differs = |host: &http::HeaderValue| !host.as_bytes().eq_ignore_ascii_case(authority.as_bytes());
    let foreign = scheme.is_some_and(|scheme| !matches!(scheme, "http" | "https"));
    if foreign || parts.headers.get_all(HOST).iter().any(differs) {
        return Ok(format!("{}://{authority}{path}", scheme.unwrap_or("https")));
    }
    Ok(path.to_owned())
}

fn write(parts: &Parts, peer: IpAddr, secure: bool) -> Result<Head, Reason> {
    let target = target(parts)?;
    let room = usize::try_from(octets(parts)).unwrap_or_default();
    let mut buffer = BytesMut::with_capacity(room + target.len());
    let mut fields: SmallVec<[_; 16]> = SmallVec::new();
    let method = put(&mut buffer, &[parts.method.as_str().as_bytes()]);
    let target = put(&mut buffer, &[target.as_bytes()]);
    if let (Some(authority), false) = (parts.uri.authority(), parts.headers.contains_key(HOST)) {
        let name = put(&mut buffer, &[b"host"]);
        fields.push((name, put(&mut buffer, &[authority.as_str().as_bytes()])));
    }
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != COOKIE) {
        let name = put(&mut buffer, &[name.as_str().as_bytes()]);
        fields.push((name, put(&mut buffer, &[value.as_bytes()])));
    }
    if parts.headers.contains_key(COOKIE) {
        let name = put(&mut buffer, &[b"cookie"]);
        fields.push((name, crumbs(parts, &mut buffer)));
    }
    let mut head = Head::new(buffer.freeze(), method, target, peer, secure);
    for (name, value) in fields {
        head.push(name, value);
    }
    Ok(head)
}

/// Joins the crumbs of a cookie (RFC 9113 section 8.2.3).
fn crumbs(parts: &Parts, to: &mut BytesMut) -> std::ops::Range<u32> {
    let mut all: SmallVec<[&[u8]; 16]> = SmallVec::new();
    for crumb in parts.headers.get_all(COOKIE) {
        if !all.is_empty() {
            all.push(b"; ");
        }
        all.push(crumb.as_bytes());
    }
    put(to, &all)
}

/// Appends parts; where they stand together.
fn put(to: &mut BytesMut, parts: &[&[u8]]) -> std::ops::Range<u32> {
    let place = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let start = place(to.len());
    for part in parts {
        to.extend_from_slice(part);
    }
    start..place(to.len())
}
