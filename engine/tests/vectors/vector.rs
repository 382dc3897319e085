//! The vectors as they are written (tests/vectors/README.md), and as what a shell would bring. Nothing is judged here.

use std::collections::BTreeMap;
use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A file of `tests/vectors/decisions`.
#[derive(Deserialize)]
pub(crate) struct File {
    pub(crate) plan: String,
    pub(crate) vector: Vec<Vector>,
}

#[derive(Deserialize)]
pub(crate) struct Vector {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) not_in: BTreeMap<String, String>,
    #[serde(flatten)]
    first: Step,
    #[serde(default)]
    then: Vec<Step>,
}

impl Vector {
    pub(crate) fn steps(&self) -> impl Iterator<Item = &Step> {
        std::iter::once(&self.first).chain(&self.then)
    }
}

/// One request, what is answered to it, and what must come of it.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Step {
    pub(crate) after: f64,
    times: Option<u32>,
    send: String,
    headers: Vec<String>,
    hostless: bool,
    token: Option<String>,
    key: Option<String>,
    peer: Option<IpAddr>,
    pub(crate) secure: bool,
    fill: Option<Fill>,
    #[serde(flatten)]
    body: Text,
    pub(crate) answer: Option<Part>,
    pub(crate) sees: Option<String>,
    pub(crate) upstream: Part,
    pub(crate) gets: Part,
    pub(crate) refused: Option<String>,
    pub(crate) places: Vec<String>,
    pub(crate) would: Vec<String>,
    pub(crate) altered: Vec<String>,
    pub(crate) operation: Option<String>,
    pub(crate) subject: Option<String>,
    pub(crate) trace: Option<String>,
}

#[derive(Deserialize)]
struct Fill {
    text: String,
    times: usize,
}

/// A part of a message: sent, or expected.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Part {
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<String>,
    pub(crate) without: Vec<String>,
    pub(crate) problem: Option<String>,
    #[serde(flatten)]
    pub(crate) body: Text,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Text {
    pub(crate) json: Option<String>,
    body: Option<String>,
    octets: Option<String>,
}

impl Text {
    fn of(&self, step: &Step, world: &World) -> Option<Vec<u8>> {
        let text = self.json.as_ref().or(self.body.as_ref());
        let octets = || self.octets.as_ref().map(|octets| latin(&world.fill(octets, step)));
        text.map(|text| world.fill(text, step).into_bytes()).or_else(octets)
    }
}

pub(crate) type Headers = Vec<(Vec<u8>, Vec<u8>)>;

/// What placeholders stand for.
pub(crate) struct World {
    tokens: BTreeMap<String, String>,
    pub(crate) keys: BTreeMap<String, ApiKey>,
}

#[derive(Deserialize)]
pub(crate) struct ApiKey {
    pub(crate) text: String,
    pub(crate) record: yett_engine::ApiKeyRecord,
}

impl World {
    pub(crate) fn load() -> Self {
        Self {
            tokens: toml_of("tokens/tokens.toml"),
            keys: toml_of("keys.toml"),
        }
    }

    fn fill(&self, text: &str, step: &Step) -> String {
        let mut filled = text.replace("{peer}", &step.peer().to_string());
        if let Some(fill) = &step.fill {
            filled = filled.replace("{fill}", &fill.text.repeat(fill.times));
        }
        if filled.contains("{token.") || filled.contains("{key.") {
            for (name, token) in &self.tokens {
                filled = filled.replace(&format!("{{token.{name}}}"), token);
            }
            for (name, key) in &self.keys {
                filled = filled.replace(&format!("{{key.{name}}}"), &key.text);
            }
        }
        filled
    }

    fn pairs(&self, lines: &[String], step: &Step) -> Headers {
        let pair = |line: &String| {
            let line = self.fill(line, step);
            let (name, value) = line.split_once(':').unwrap();
            (latin(&name.to_ascii_lowercase()), latin(value.trim_matches(' ')))
        };
        lines.iter().map(pair).collect()
    }
}

impl Step {
    pub(crate) fn times(&self) -> u32 {
        self.times.unwrap_or(1)
    }

    pub(crate) fn peer(&self) -> IpAddr {
        self.peer.unwrap_or_else(|| [127, 9, 0, 1].into())
    }

    pub(crate) fn line(&self, world: &World) -> (Vec<u8>, Vec<u8>) {
        let (method, target) = self.send.split_once(' ').unwrap();
        (latin(method), latin(&world.fill(target, self)))
    }

    pub(crate) fn headers(&self, world: &World) -> Headers {
        let written = world.pairs(&self.headers, self);
        let mut headers = Headers::new();
        if !self.hostless && !written.iter().any(|(name, _)| name == b"host") {
            headers.push((b"host".to_vec(), b"shop.example".to_vec()));
        }
        headers.extend(written);
        if let Some(name) = &self.token {
            let token = &world.tokens[name];
            headers.push((b"authorization".to_vec(), format!("Bearer {token}").into_bytes()));
        }
        if let Some(name) = &self.key {
            headers.push((b"x-api-key".to_vec(), world.keys[name].text.clone().into_bytes()));
        }
        with_type(headers, &self.body)
    }

    pub(crate) fn body(&self, world: &World) -> Option<Vec<u8>> {
        self.body.of(self, world)
    }

    /// The upstream's answer.
    pub(crate) fn answer(&self, world: &World) -> (u16, Headers, Vec<u8>) {
        match &self.answer {
            None => (204, Headers::new(), Vec::new()),
            Some(part) => {
                let headers = with_type(world.pairs(&part.headers, self), &part.body);
                let body = part.body.of(self, world).unwrap_or_default();
                (part.status.unwrap_or(200), headers, body)
            }
        }
    }

    /// Headers and body that are expected of a message.
    pub(crate) fn expected(&self, part: &Part, world: &World) -> (Headers, Option<Vec<u8>>) {
        (world.pairs(&part.headers, self), part.body.of(self, world))
    }

    pub(crate) fn sees(&self, world: &World) -> Option<String> {
        self.sees.as_ref().map(|line| world.fill(line, self))
    }
}

fn with_type(mut headers: Headers, body: &Text) -> Headers {
    if body.json.is_some() && !headers.iter().any(|(name, _)| name == b"content-type") {
        headers.push((b"content-type".to_vec(), b"application/json".to_vec()));
    }
    headers
}

fn latin(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(character).unwrap()).collect()
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors")
}

pub(crate) fn toml_of<T: DeserializeOwned>(name: &str) -> T {
    let text = fs::read_to_string(folder().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}
