//! Who the client is behind trusted proxies (RFC 7239 and its older X- forms), and the caller's trace context (W3C).

use std::net::{IpAddr, SocketAddr};

use crate::judge::{Judge, Stop};
use crate::plan::{Gateway, ProxyHeader};
use crate::reason;
use crate::steps::media::is_token;

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
        ProxyHeader::Forwarded => match elements(named("forwarded")) {
            Some(elements) => hops(&elements),
            None => judge
                .refuse(reason::ADMIT_FORWARDED_MALFORMED)
                .map(|()| (Vec::new(), None))?,
        },
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

/// The pairs of an element of `Forwarded`, names in lower case.
type Element = Vec<(String, String)>;

/// What each element says `for` (nothing is no address), and the `proto` of the nearest.
fn hops(elements: &[Element]) -> (Vec<String>, Option<String>) {
    let value = |element: &Element, name: &str| {
        let found = element.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    };
    let proto = elements.last().and_then(|element| value(element, "proto"));
    let hops = elements.iter().map(|element| value(element, "for").unwrap_or_default());
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

const BLANKS: [char; 2] = [' ', '\t'];

/// The elements of all lines; none where one is not written as RFC 7239 section 4 has it: what a client left open or wrote
/// twice would else decide how that is read which the proxy put behind it.
fn elements<'h>(lines: impl Iterator<Item = &'h [u8]>) -> Option<Vec<Element>> {
    let mut elements = Vec::new();
    for line in lines {
        elements.extend(of_line(&String::from_utf8_lossy(line))?);
    }
    Some(elements)
}

/// Elements between `,`, pairs between `;`; each name once in its element.
fn of_line(line: &str) -> Option<Vec<Element>> {
    let mut elements = vec![Element::new()];
    let mut rest = line.trim_matches(BLANKS);
    loop {
        if !rest.is_empty() && !rest.starts_with([',', ';']) {
            let (name, value, after) = pair(rest)?;
            let element = elements.last_mut()?;
            if element.iter().any(|(known, _)| *known == name) {
                return None;
            }
            element.push((name, value));
            rest = after.trim_start_matches(BLANKS);
        }
        match rest.as_bytes().first() {
            None => return Some(elements),
            Some(b',') => elements.push(Element::new()),
            Some(b';') => {}
            Some(_) => return None,
        }
        rest = rest.get(1..)?.trim_start_matches(BLANKS);
    }
}

/// Name and value of a pair, and what follows it. An address with a port or in brackets is no token; some proxies write it
/// without quotes all the same.
fn pair(text: &str) -> Option<(String, String, &str)> {
    let (name, rest) = text.split_once('=')?;
    let is_bare = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | ',' | ';' | '=' | '\\');
    let (value, after) = match rest.strip_prefix('"') {
        Some(inside) => quoted(inside)?,
        None => {
            let (value, after) = rest.split_at(rest.find(|c| !is_bare(c)).unwrap_or(rest.len()));
            (value.to_owned(), after)
        }
    };
    is_token(name).then(|| (name.to_ascii_lowercase(), value, after))
}

/// A quoted string behind its first quote (RFC 9110 5.6.4), and what follows it; none where it is not closed.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The element that the proxy appends is the last, whatever its client wrote; or nothing is read at all.
        #[test]
        fn a_client_never_writes_the_proxys_element(text in "([a-z0-9.=;, \t\"\\\\]|for=|\\PC){0,24}") {
            let line = format!("{text}, for=203.0.113.9;proto=http");
            if let Some(read) = elements([line.as_bytes()].into_iter()) {
                let (hops, proto) = hops(&read);
                prop_assert_eq!(hops.last().map(String::as_str), Some("203.0.113.9"));
                prop_assert_eq!(proto.as_deref(), Some("http"));
            }
        }

        #[test]
        fn what_is_quoted_is_read_as_it_was(values in prop::collection::vec("\\PC{0,12}", 1..5)) {
            let written: Vec<String> = (0..)
                .zip(&values)
                .map(|(number, value)| format!("x{number}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
                .collect();
            let read = of_line(&written.join(";"));
            let read = read.map(|elements| elements.into_iter().flatten().map(|(_, value)| value).collect::<Vec<_>>());
            prop_assert_eq!(read, Some(values));
        }
    }
}
