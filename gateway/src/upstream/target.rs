//! Where an upstream is: a URL of the plan, read once.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

/// One URL of an upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Host and port as a number that is the same for the same text in this process: what pools are sorted by.
    pub(crate) number: usize,
    /// Known without asking a resolver.
    pub(crate) address: Option<SocketAddr>,
    pub(crate) host: Box<str>,
    pub(crate) port: u16,
    /// Stands before the path of every request; empty or `/…` without a slash at its end.
    pub(crate) prefix: Box<str>,
}

impl Target {
    /// Reads `http://host[:port][/path]`.
    ///
    /// # Errors
    /// What was found and expected.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let wrong = |why: &str| format!("{url}: {why}, expected http://host:port or http://host:port/path");
        let rest = url.strip_prefix("http://").ok_or_else(|| wrong("another scheme"))?;
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if path.contains(['?', '#', '%', ' ']) || authority.contains('@') {
            return Err(wrong("more than host, port and a plain path"));
        }
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| wrong("a port that is none"))?)
            }
            _ => (authority, 80),
        };
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        if host.is_empty() {
            return Err(wrong("no host"));
        }
        Ok(Self {
            number: number(host, port),
            address: host
                .parse::<IpAddr>()
                .ok()
                .map(|address| SocketAddr::new(address, port)),
            host: host.into(),
            port,
            prefix: path.trim_end_matches('/').into(),
        })
    }
}

/// The number of a host and port; there are as many as plans have named.
fn number(host: &str, port: u16) -> usize {
    static KNOWN: Mutex<Vec<(Box<str>, u16)>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known
        .iter()
        .position(|(name, number)| **name == *host && *number == port)
        .unwrap_or_else(|| {
            known.push((host.into(), port));
            known.len() - 1
        })
}
