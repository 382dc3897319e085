//! The shell inside an app, without Python: one step after another, facts that cannot be had, and plans that move evidence.

use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use yett_engine::{Body, Head, Ids, reason};
use yett_gateway::app::{App, Misused, Next, Request};
use yett_gateway::state::Clock;

use crate::support::{api, operation, plan};

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

struct Scene {
    app: App,
    folder: PathBuf,
}

impl Scene {
    fn start(name: &str, plan: &Value, deadline: Duration) -> Self {
        let folder = std::env::temp_dir().join(format!("yett-app-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let clock = Clock::fixed(1_700_000_000_000_000_000);
        let app = App::new(plan.to_string().as_bytes(), None, clock, deadline, folder.clone()).unwrap();
        Self { app, folder }
    }

    fn request(&self, headers: &[(&str, &str)]) -> Request {
        let host = (&b"host"[..], &b"shop.example"[..]);
        let given = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        let headers: Vec<_> = std::iter::once(host).chain(given).collect();
        let head = Head::of(b"GET", b"/items/1", &headers, PEER, false);
        let ids = Ids {
            trace: [7; 16],
            span: [7; 8],
        };
        self.app.request(head, PEER, ids).unwrap()
    }

    fn lines(&self, file: &str) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.join(file)).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.app.close();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn open(sink: &str) -> Value {
    let mut plan = plan(vec![api(
        "http://127.0.0.1:9",
        &[operation("readItem", "GET", "/items/{id}")],
    )]);
    plan["gateway"]["evidence"] = json!([{"file": sink}]);
    plan
}

fn status(next: Result<Next, Misused>) -> u16 {
    match next {
        Ok(Next::Answer(release)) => release.into_parts().0,
        Ok(Next::Fetch) => panic!("an answer is expected, not a fetch"),
        Ok(Next::Read(_) | Next::Forward(_)) => panic!("an answer is expected"),
        Err(misused) => panic!("{misused}"),
    }
}

#[test]
fn no_step_is_taken_out_of_turn_or_after_a_fault() {
    let scene = Scene::start("turns", &open("evidence.jsonl"), Duration::from_secs(1));
    let request = scene.request(&[]);
    assert_eq!(request.body(Body::None).err(), Some(Misused::OutOfTurn));
    let request = scene.request(&[]);
    assert!(matches!(request.head(), Ok(Next::Read(_))));
    assert_eq!(request.head().err(), Some(Misused::OutOfTurn), "a head is judged once");
    let request = scene.request(&[]);
    assert!(matches!(request.head(), Ok(Next::Read(_))));
    assert_eq!(status(request.fault(reason::VALIDATE_BODY_TOO_LARGE)), 413);
    assert_eq!(
        request.body(Body::None).err(),
        Some(Misused::OutOfTurn),
        "a fault is the last word"
    );
    let request = scene.request(&[]);
    assert!(matches!(request.head(), Ok(Next::Read(_))));
    assert!(matches!(request.body(Body::None), Ok(Next::Forward(_))));
    assert_eq!(request.fetch(), Err(Misused::OutOfTurn), "nothing is missed");
    assert_eq!((request.end(200), request.end(200)), (Ok(()), Err(Misused::OutOfTurn)));
}

#[test]
fn a_fact_that_cannot_be_had_costs_one_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut plan = open("evidence.jsonl");
    let url = format!("http://{}/jwks", silent.local_addr().unwrap());
    let keys = json!({"url": {"url": url, "refresh": 60_000, "floor": 60_000, "stale": 60_000, "timeout": 60_000,
                              "bytes": 65536}});
    plan["apis"][0]["credentials"] = json!({"bearer": {"jwt": {
        "issuer": "https://idp.example", "audience": ["shop"], "keys": keys, "leeway": 0, "types": [],
        "scope_claim": "scope", "role_claim": "/roles"}}});
    plan["apis"][0]["operations"][0]["security"] = json!([[{"credential": "bearer", "scopes": []}]]);
    let deadline = Duration::from_millis(100);
    let scene = Scene::start("facts", &plan, deadline);
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = json!({"iss": "https://idp.example", "aud": "shop", "sub": "anna", "exp": 1_800_000_000});
    let signature = URL_SAFE_NO_PAD.encode([0; 64]);
    let token = format!(
        "{}.{}.{signature}",
        part(json!({"alg": "EdDSA", "kid": "a", "typ": "JWT"})),
        part(claims)
    );
    let request = scene.request(&[("authorization", &format!("Bearer {token}"))]);
    let began = Instant::now();
    assert!(matches!(request.head(), Ok(Next::Fetch)));
    assert_eq!(request.fetch(), Ok(()));
    assert!(began.elapsed() >= deadline);
    assert_eq!(status(request.head()), 503);
    request.end(503).unwrap();
    scene.app.close();
    assert_eq!(scene.lines("evidence.jsonl")[0]["reason"], "engine.fact.unavailable");
}

#[test]
fn evidence_follows_the_plan() {
    let scene = Scene::start("follows", &open("one.jsonl"), Duration::from_secs(1));
    let ask = |scene: &Scene| {
        let request = scene.request(&[]);
        request.head().unwrap();
        request.end(0).unwrap();
    };
    ask(&scene);
    scene.app.swap(open("other.jsonl").to_string().as_bytes()).unwrap();
    ask(&scene);
    scene.app.close();
    assert_eq!(
        (scene.lines("one.jsonl").len(), scene.lines("other.jsonl").len()),
        (1, 1)
    );
    let faults = scene.app.swap(open("third.jsonl").to_string().as_bytes()).unwrap_err();
    assert_eq!(faults[0].pointer, "/gateway/evidence", "its writer has ended");
    scene.app.swap(open("other.jsonl").to_string().as_bytes()).unwrap();
}
