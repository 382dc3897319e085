//! Who the client is behind trusted proxies (RFC 7239 and its older X- forms), and the caller's trace context (W3C).

use std::net::{IpAddr, SocketAddr};

use crate::judge::{Judge, Stop};
use crate::plan::{Gateway, ProxyHeader};
use crate::reason;

/// The client's address and whether it spoke TLS: believed only from trusted proxies, in the header that they write, read
/// from the right. The other header passes most proxies untouched, so it is the client's own word.
///
/// # Errors
/// A trusted proxy that sends what cannot be read is refused.
pub(super) fn client<'h, I: Iterator<Item = &'h [u8]>>(
    peer: IpAddr,
    secure: bool,
    gateway: &Gateway,
    named: impl Fn(&'static str) -> I,
    judge: &mut Judge<'_>,
) -> Result<(IpAddr, bool), Stop> {
    let is_trusted = |address: IpAddr| gateway.trusted_proxies.iter().any(|network| network.contains(&address));
    let peer = peer.to_canonical();
    if !is_trusted(peer) {
        return Ok((peer, secure));
    }
    let (hops, proto) = match gateway.proxy_header {
        ProxyHeader::XForwardedFor => (
            joined(named("x-forwarded-for")),
            joined(named("x-forwarded-proto")).pop(),
        ),
        ProxyHeader::Forwarded => elements(&joined(named("forwarded"))),
    };
    let secure = proto.map_or(secure, |proto| proto.eq_ignore_ascii_case("https"));
    let mut client = peer;
    for hop in hops.iter().rev() {
        let Some(address) = address(hop) else {
            judge.refuse(reason::ADMIT_FORWARDED_MALFORMED)?;
            break;
        };
        client = address;
        if !is_trusted(address) {
            break;
        }
    }
    Ok((client, secure))
}

/// What each element of `Forwarded` says `for` (nothing is no address), and the `proto` of the nearest.
fn elements(elements: &[String]) -> (Vec<String>, Option<String>) {
    let hops = elements
        .iter()
        .map(|element| parameter(element, "for").unwrap_or_default());
    let proto = elements.last().and_then(|element| parameter(element, "proto"));
    (hops.collect(), proto)
}

fn joined<'h>(values: impl Iterator<Item = &'h [u8]>) -> Vec<String> {
    let mut items = Vec::new();
    for value in values {
        items.extend(
            String::from_utf8_lossy(value)
                .split(',')
                .map(|item| item.trim().to_owned()),
        );
    }
    items
}

fn parameter(element: &str, name: &str) -> Option<String> {
    element.split(';').find_map(|pair| {
        let (key, value) = pair.split_once('=')?;
        key.trim()
            .eq_ignore_ascii_case(name)
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn address(hop: &str) -> Option<IpAddr> {
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(hop);
    let parsed = bare
        .parse()
        .or_else(|_| hop.parse::<SocketAddr>().map(|socket| socket.ip()))
        .ok()?;
    Some(IpAddr::to_canonical(&parsed))
}

/// A valid `traceparent` of version 00 with a trace id and parent id that are not zero; anything else is as if none came.
pub(super) fn traceparent(value: &[u8]) -> Option<Box<str>> {
    let text = std::str::from_utf8(value).ok()?;
    let mut parts = text.split('-');
    let (version, trace, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, length: usize| {
        part.len() == length
            && part
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let valid = version == "00" && hex(trace, 32) && !zero(trace) && hex(parent, 16) && !zero(parent) && hex(flags, 2);
    (valid && parts.next().is_none()).then(|| text.into())
}
