//! Where an upstream is: a URL of the plan, read once, and the requests that are under way to it.

use std::sync::Arc;

use yett_engine::plan::UpstreamUrl;

use super::conduct::Conduct;
use super::server::{Server, Servers};

/// One URL of an upstream.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// As the plan writes it.
    pub(crate) url: Box<str>,
    pub(crate) server: Arc<Server>,
    pub(crate) conduct: Arc<Conduct>,
    /// Stands before the path of every request; empty or `/…` without a slash at its end.
    pub(crate) prefix: Box<str>,
    /// Its share of the requests; at least 1.
    pub(crate) weight: u64,
    /// Whether the plan has its health checked.
    pub(crate) checked: bool,
}

impl Target {
    /// Reads `http://host[:port][/path]`, and its weight.
    ///
    /// # Errors
    /// What was found and expected.
    pub(crate) fn parse(api: &str, described: &UpstreamUrl, servers: &Servers) -> Result<Self, String> {
        let url = &*described.url;
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
        if described.weight == 0 {
            return Err(format!("{url}: the weight 0, expected 1 to 65535"));
        }
        Ok(Self {
            url: url.into(),
            server: servers.at(&host.to_ascii_lowercase(), port),
            conduct: servers.conduct(api, url),
            prefix: path.trim_end_matches('/').into(),
            weight: described.weight.into(),
            checked: false,
        })
    }

    /// Whether requests to both go to the same place.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.server, &other.server) && self.prefix == other.prefix
    }

    /// Host and port as the plan writes them.
    pub(crate) fn authority(&self) -> &str {
        let rest = self.url.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// It fails its health checks.
    pub(crate) fn is_unhealthy(&self) -> bool {
        self.checked && self.conduct.checks.failing()
    }

    /// Whether no request goes to it: its requests failed, or its health checks do.
    pub(crate) fn is_left_alone(&self, now: u64) -> bool {
        self.conduct.ejected(now) > 0 || self.is_unhealthy()
    }
}

/// A target that a request is under way to; it counts there for as long as this lives.
pub(crate) struct Asked(Arc<Target>);

impl Asked {
    /// None: so many are under way to its server.
    pub(crate) fn begin(target: &Arc<Target>, most: u32) -> Option<Self> {
        target.server.begin(most).then(|| Self(target.clone()))
    }
}

impl std::ops::Deref for Asked {
    type Target = Target;

    fn deref(&self) -> &Target {
        &self.0
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.server.end();
    }
}
