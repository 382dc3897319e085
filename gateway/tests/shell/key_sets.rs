//! Key sets that are fetched: when, how often, from whom not; and tokens that were verified before.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use yett_gateway::state::Clock;

use crate::support::{Client, Gateway, Settings, Upstream, api, eventually, operation, plan};

const START: u64 = 1_700_000_000;
const SECOND: u64 = 1_000_000_000;

/// An issuer: a key pair, and where its key set is.
struct Issuer {
    pair: Ed25519KeyPair,
    kid: &'static str,
}

impl Issuer {
    fn new(kid: &'static str) -> Self {
        Self {
            pair: Ed25519KeyPair::generate().unwrap(),
            kid,
        }
    }

    fn key(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref());
        json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.kid, "x": x})
    }

    fn token(&self) -> String {
        let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let header = part(json!({"alg": "EdDSA", "kid": self.kid, "typ": "JWT"}));
        let claims =
            json!({"iss": "https://idp.example", "aud": "shop", "sub": "anna", "exp": START + 100_000, "iat": START});
        let signed = format!("{header}.{}", part(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.pair.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// What the place of the key set answers now, and how often it was asked.
struct Place {
    url: String,
    answer: Arc<Mutex<Vec<u8>>>,
    asked: Arc<Mutex<usize>>,
}

impl Place {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/jwks", listener.local_addr().unwrap());
        let (answer, asked): (Arc<Mutex<Vec<u8>>>, Arc<Mutex<usize>>) = Default::default();
        let (answers, count) = (answer.clone(), asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let _ = stream.read(&mut [0; 4096]);
                let answer = answers.lock().unwrap().clone();
                let _ = stream.write_all(&answer);
                *count.lock().unwrap() += 1;
            }
        });
        Self { url, answer, asked }
    }

    fn says(&self, status: &str, body: &[u8]) {
        let head = format!(
            "HTTP/1.1 {status}\r\nlocation: /other\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        *self.answer.lock().unwrap() = [head.as_bytes(), body].concat();
    }

    fn has(&self, issuers: &[&Issuer]) {
        let keys: Vec<Value> = issuers.iter().map(|issuer| issuer.key()).collect();
        self.says("200 OK", json!({"keys": keys}).to_string().as_bytes());
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

fn guarded(upstream: &Upstream, keys: &Value) -> Value {
    let mut operation = operation("readItem", "GET", "/items/{id}");
    operation["security"] = json!([[{"credential": "bearer", "scopes": []}]]);
    let mut api = api(&upstream.url(), &[operation]);
    api["credentials"] = json!({"bearer": {"jwt": {
        "issuer": "https://idp.example", "audience": ["shop"], "keys": keys, "leeway": 0, "types": [],
        "scope_claim": "scope", "role_claim": "/roles"}}});
    plan(vec![api])
}

struct Scene {
    place: Place,
    clock: Clock,
    gateway: Gateway,
}

impl Scene {
    fn start(first: impl FnOnce(&Place)) -> Self {
        Self::with(5_000, first)
    }

    fn with(floor: u64, first: impl FnOnce(&Place)) -> Self {
        let (place, upstream) = (Place::start(), Upstream::start());
        first(&place);
        let keys = json!({"url": {"url": place.url, "refresh": 60_000, "floor": floor, "stale": 600_000, "timeout": 1_000, "bytes": 10_000}});
        let clock = Clock::fixed(START * SECOND);
        let settings = Settings {
            clock: clock.clone(),
            ..Settings::new(guarded(&upstream, &keys))
        };
        Self {
            gateway: Gateway::with(settings),
            clock,
            place,
        }
    }

    fn pass(&self, seconds: u64) {
        self.clock.set(self.clock.now().0 + seconds * SECOND);
    }

    fn ask(&self, token: &str) -> u16 {
        ask(&mut self.gateway.client(), token)
    }
}

fn ask(client: &mut Client, token: &str) -> u16 {
    client
        .send(format!(
            "GET /items/1 HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n"
        ))
        .answer()
        .status
}

#[test]
fn a_set_is_fetched_once_and_its_tokens_pass() {
    let issuer = Issuer::new("one");
    let scene = Scene::start(|place| place.has(&[&issuer]));
    let token = issuer.token();
    assert_eq!((scene.ask(&token), scene.ask(&token)), (200, 200));
    assert_eq!(scene.ask(&Issuer::new("one").token()), 401, "the same kid, another key");
    assert_eq!(scene.place.asked(), 1);
    let lines = scene.gateway.evidence(3);
    assert_eq!(lines.iter().filter(|line| line["subject"] == "anna").count(), 2);
}

#[test]
fn an_unknown_kid_fetches_once_more_and_then_not_before_the_floor() {
    let (old, new, stranger) = (Issuer::new("old"), Issuer::new("new"), Issuer::new("stranger"));
    let scene = Scene::start(|place| place.has(&[&old]));
    assert_eq!(scene.ask(&old.token()), 200);
    scene.place.has(&[&old, &new]);
    assert_eq!(scene.ask(&new.token()), 401, "the floor holds");
    scene.pass(6);
    assert_eq!(scene.ask(&new.token()), 200);
    for _ in 0..5 {
        assert_eq!(scene.ask(&stranger.token()), 401);
    }
    assert_eq!(scene.place.asked(), 2);
}

#[test]
fn a_decision_that_asks_again_and_again_is_ended() {
    let (issuer, stranger) = (Issuer::new("one"), Issuer::new("stranger"));
    let scene = Scene::with(0, |place| place.has(&[&issuer]));
    assert_eq!(scene.ask(&stranger.token()), 503, "without a floor every round fetches");
    assert_eq!(scene.gateway.evidence(1)[0]["reason"], "engine.rounds.exceeded");
    assert_eq!(scene.ask(&issuer.token()), 200);
}

#[test]
fn what_is_no_key_set_is_503_and_heals() {
    let issuer = Issuer::new("one");
    let set = json!({"keys": [issuer.key()]}).to_string();
    let large = format!("{}{set}", " ".repeat(20_000));
    for (status, body) in [
        ("500 Oh", set.as_str()),
        ("302 Elsewhere", set.as_str()),
        ("200 OK", "not json"),
        ("200 OK", "{\"keys\": []}"),
        ("200 OK", large.as_str()),
    ] {
        let scene = Scene::start(|place| place.says(status, body.as_bytes()));
        assert_eq!(scene.ask(&issuer.token()), 503, "{status}");
        assert_eq!(scene.gateway.evidence(1)[0]["reason"], "engine.fact.unavailable");
        scene.place.has(&[&issuer]);
        assert_eq!(scene.ask(&issuer.token()), 503, "{status}: the floor holds");
        scene.pass(6);
        assert_eq!(scene.ask(&issuer.token()), 200, "{status}");
    }
}

#[test]
fn a_set_is_used_while_its_place_is_down_but_not_for_ever() {
    let issuer = Issuer::new("one");
    let scene = Scene::start(|place| place.has(&[&issuer]));
    assert_eq!(scene.ask(&issuer.token()), 200);
    scene.place.says("500 Oh", b"");
    scene.pass(500);
    eventually(|| (scene.place.asked() >= 2).then_some(()));
    assert_eq!(scene.ask(&issuer.token()), 200);
    scene.pass(101);
    let (other, token) = (Issuer::new("one"), issuer.token());
    assert_eq!(scene.ask(&other.token()), 503);
    assert_eq!(
        scene.ask(&token),
        503,
        "a token that was verified before needs keys that are still trusted"
    );
}

#[test]
fn a_key_that_is_gone_verifies_nothing_any_more() {
    let (old, new) = (Issuer::new("old"), Issuer::new("new"));
    let scene = Scene::start(|place| place.has(&[&old]));
    let token = old.token();
    assert_eq!((scene.ask(&token), scene.ask(&token)), (200, 200));
    scene.place.has(&[&new]);
    scene.pass(61);
    eventually(|| (scene.ask(&token) == 401).then_some(()));
    assert_eq!(scene.ask(&new.token()), 200);
}

#[test]
fn many_who_wait_share_one_fetch() {
    let issuer = Issuer::new("one");
    let scene = Scene::start(|place| place.says("500 Oh", b""));
    assert_eq!(scene.ask(&issuer.token()), 503);
    let before = scene.place.asked();
    scene.place.has(&[&issuer]);
    scene.pass(6);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(scene.ask(&issuer.token()), 200));
        }
    });
    assert_eq!(scene.place.asked(), before + 1);
}

#[test]
fn given_sets_are_swapped_by_the_parent() {
    let (one, other, upstream) = (Issuer::new("one"), Issuer::new("other"), Upstream::start());
    let config = json!({"given": {"test": {"keys": [one.key()]}}});
    let clock = Clock::fixed(START * SECOND);
    let settings = Settings {
        config,
        clock,
        plan: guarded(&upstream, &json!({"given": "test"})),
    };
    let mut gateway = Gateway::with(settings);
    let mut client = gateway.client();
    assert_eq!(
        (ask(&mut client, &one.token()), ask(&mut client, &other.token())),
        (200, 401)
    );
    assert_eq!(
        gateway.order(&json!({"given": {"test": {"keys": [other.key()]}}})),
        json!({"given": 1})
    );
    assert_eq!(
        (ask(&mut client, &one.token()), ask(&mut client, &other.token())),
        (401, 200)
    );
    assert!(gateway.order(&json!({"given": {"test": {"keys": []}}}))["refused"].is_array());
    assert_eq!(ask(&mut client, &other.token()), 200);
}
