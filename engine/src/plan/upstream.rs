//! The part of the compiled plan that says where permitted requests go: fields only, as in `document`. Nothing is sent here.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Where permitted requests go.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// Where it is reached; each request is sent to one of them.
    pub urls: Vec<UpstreamUrl>,
    /// Milliseconds from the first attempt to the last byte of the reply's head, all attempts together.
    pub timeout: u64,
    /// Milliseconds to connect.
    pub connect: u64,
    /// When a URL that fails is left alone; none: never.
    #[serde(default)]
    pub ejection: Option<Ejection>,
    /// How each URL is asked whether it is well; none: only requests find out.
    #[serde(default)]
    pub health: Option<Health>,
    /// When a request is sent again; none: never.
    #[serde(default = "retries")]
    pub retries: Option<Retries>,
    /// Requests under way to one host and port, over all threads; each has a connection.
    #[serde(default = "connections")]
    pub connections: u32,
}

fn connections() -> u32 {
    1024
}

#[expect(clippy::unnecessary_wraps, reason = "serde wants the field's type")]
fn retries() -> Option<Retries> {
    Some(Retries::default())
}

/// When a URL that fails is left alone, and for how long. At least half of an API's URLs stay in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ejection {
    /// Failures in a row.
    pub after: NonZeroU32,
    /// Milliseconds at first; each time that follows is twice as long.
    pub time: NonZeroU64,
    /// Milliseconds at most.
    pub longest: u64,
}

/// Active health checks of each URL of an API.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Behind the URL; begins with a slash.
    pub path: String,
    /// Milliseconds between two checks of a URL.
    pub interval: NonZeroU64,
    /// Milliseconds that a check may take, with all that is asked of a resolver.
    pub timeout: NonZeroU64,
    /// Passed checks in a row after which a URL is asked again.
    pub healthy: NonZeroU32,
    /// Failed checks in a row after which a URL is not asked.
    pub unhealthy: NonZeroU32,
    /// What passes; none: every 2xx.
    #[serde(default)]
    pub status: Vec<u16>,
}

/// When a request whose connection failed is sent again, and what holds all retries of an API together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retries {
    /// How often a request is sent at most, the first time included.
    pub attempts: NonZeroU32,
    /// Retries for each hundred requests.
    pub budget: u32,
    /// Milliseconds after which an attempt is given up for another; none: an attempt has all that is left of `timeout`.
    #[serde(default)]
    pub try_timeout: Option<NonZeroU64>,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            attempts: NonZeroU32::MIN.saturating_add(1),
            budget: 20,
            try_timeout: None,
        }
    }
}

/// One place where an upstream is reached: a URL, or a URL and its weight.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamUrl {
    /// `http://host:port`, or with a path that stands before the operation's path.
    pub url: String,
    /// Its share of the requests beside those of the others; at least 1.
    pub weight: u16,
}

impl<'de> Deserialize<'de> for UpstreamUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// An untagged enum would say no more than that no variant fits.
struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = UpstreamUrl;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a URL, or {\"url\": URL, \"weight\": 1}")
    }

    fn visit_str<E: Error>(self, url: &str) -> Result<UpstreamUrl, E> {
        Ok(UpstreamUrl {
            url: url.to_owned(),
            weight: 1,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<UpstreamUrl, A::Error> {
        let Weighted { url, weight } = Weighted::deserialize(MapAccessDeserializer::new(map))?;
        Ok(UpstreamUrl { url, weight })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weighted {
    url: String,
    weight: u16,
}
