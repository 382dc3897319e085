//! Property: whatever facts are missing, and however often, every counter moves by exactly one and the trace is the same.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use yett_engine::jose::KeySet;
use yett_engine::proof::Told;
use yett_engine::{
    Answer, Answered, ApiKeyRecord, Body, Digest, Draw, Draws, Fact, Facts, Head, Ids, Key, Opened, Plan, Release,
    Session, Stop, Taken, Time, Trace, Who,
};

const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
const BURST: u32 = 5;
/// The credential's index: they are sorted by name.
const BEARER: u32 = 0;

/// A credential of the same subject, or one that is nobody's.
fn shown(name: &str) -> (&'static str, String) {
    let tokens: toml::Table = include_str!("../../tests/vectors/tokens/tokens.toml").parse().unwrap();
    let bearer = |text: &str| ("authorization", format!("Bearer {text}"));
    match name {
        "token" => bearer(tokens["alice"].as_str().unwrap()),
        "forged" => bearer("e30.e30.AAAA"),
        key => ("x-api-key", key.to_owned()),
    }
}

fn limit(id: &str, by: &str, mode: &str) -> Value {
    json!({"id": id, "by": by, "count": 1, "period": 60_000, "burst": BURST, "mode": mode})
}

fn operation(id: &str, method: &str, body: &Value) -> Value {
    json!({
        "id": id, "method": method, "path": "/items", "body": body,
        "security": [[{"credential": "key"}], [{"credential": "bearer"}]],
        "replies": {"200": {"content": {"application/json": "#/$defs/item"}}},
    })
}

fn plan() -> Plan {
    Plan::load(document().to_string().as_bytes()).unwrap()
}

fn document() -> Value {
    json!({
        "yett": 1,
        "catalogue": yett_engine::reason::CATALOGUE_HASH,
        "gateway": {
            "listen": [], "admin": null, "head": {"bytes": 16384, "headers": 100, "target": 8192},
            "timeouts": {"head": 1, "body": 1, "idle": 1, "drain": 1}, "held_bytes": 1, "connections": 1,
        },
        "apis": [{
            "name": "shop", "hosts": ["*"], "base": "", "mode": "enforce", "unlisted": "enforce",
            "upstream": {"urls": [], "timeout": 1, "connect": 1},
            "credentials": {"key": {"api_key": {"header": "x-api-key"}}, "bearer": {"jwt": {
                "issuer": "https://idp.example.com", "audience": ["shop"], "keys": {"given": "keys"}, "leeway": 0,
                "scope_claim": "scope", "role_claim": "/roles",
            }}},
            "limits": [
                limit("a", "address", "enforce"), limit("b", "address", "enforce"), limit("c", "address", "report"),
                limit("d", "subject", "enforce"), limit("e", "subject", "report"),
            ],
            "contract": {
                "requests": "enforce", "replies": "enforce", "undeclared_fields": "drop", "undeclared_errors": "replace",
                "body_bytes": 1000, "reply_bytes": 1000, "json_depth": 32,
            },
            "schemas": {"item": {
                "type": "object", "properties": {"sku": {"type": "string"}}, "unevaluatedProperties": false,
            }},
            "operations": [operation("list", "GET", &Value::Null), operation("add", "POST", &json!({
                "required": true, "content": {"application/json": "#/$defs/item"},
            }))],
        }],
    })
}

/// How a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Known,
    Missing,
    Unavailable,
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![4 => Just(How::Known), 4 => Just(How::Missing), 1 => Just(How::Unavailable)]
}

/// Says what the list says of each question in turn, then what the world beneath says.
struct Flaky {
    world: Told,
    answers: VecDeque<How>,
}

impl Flaky {
    fn ask<T>(&mut self, known: impl FnOnce(&mut Told) -> Answered<T>) -> Answered<T> {
        match self.answers.pop_front().unwrap_or(How::Known) {
            How::Known => known(&mut self.world),
            How::Missing => Answered::Missing,
            How::Unavailable => Answered::Unavailable,
        }
    }
}

impl Facts for Flaky {
    fn now(&self) -> Time {
        self.world.now
    }

    fn look_up(&mut self, key: &Key) -> Answered<Fact> {
        self.ask(|world| world.look_up(key))
    }

    fn take(&mut self, draws: &Draws, now: Time) -> Answered<Taken> {
        self.ask(|world| world.take(draws, now))
    }

    fn first_seen(&mut self, digest: &Digest, until: Time) -> Answered<bool> {
        self.ask(|world| world.first_seen(digest, until))
    }
}

fn world() -> Told {
    let mut world = Told::default();
    world.now = Time(1_767_268_800_000_000_000);
    let keys = KeySet::parse(include_bytes!("../../tests/vectors/tokens/jwks.json")).unwrap();
    world.key_sets.insert(BEARER, Arc::new(keys));
    let record = ApiKeyRecord {
        id: "k1".into(),
        subject: "alice".into(),
        scopes: Vec::new(),
        roles: Vec::new(),
        expires: None,
    };
    world.api_keys.insert("secret".into(), Arc::new(record));
    world
}

/// What is sent with a credential: a body makes it a POST.
type Sent<'a> = (&'a str, Option<&'a str>);

fn request(plan: &Arc<Plan>, credential: &str, facts: &mut dyn Facts) -> Trace {
    exchange(plan, (credential, None), facts).0
}

/// From head to reply, in as many rounds as it takes; the trace, and what the client gets.
fn exchange(plan: &Arc<Plan>, (credential, body): Sent<'_>, facts: &mut dyn Facts) -> (Trace, Option<Release>) {
    let (name, value) = shown(credential);
    let method: &[u8] = if body.is_some() { b"POST" } else { b"GET" };
    let mut headers: Vec<(&[u8], &[u8])> = vec![(b"host", b"shop.example"), (name.as_bytes(), value.as_bytes())];
    headers.extend(body.map(|_| (&b"content-type"[..], &b"application/json"[..])));
    let head = Head::of(method, b"/items", &headers, CLIENT, false);
    let mut session = Session::new(
        plan.clone(),
        Ids {
            trace: [1; 16],
            span: [1; 8],
        },
    );
    for _ in 0..64 {
        match round(&mut session, &head, body, facts) {
            Ok(release) => return (session.trace().clone(), release),
            Err(Stop::Deny(_)) => return (session.trace().clone(), None),
            Err(Stop::Need(_)) => {}
        }
    }
    panic!("more rounds than misses");
}

/// The upstream answers with a member that nothing declares: the reply is altered.
fn round(
    session: &mut Session,
    head: &Head,
    body: Option<&str>,
    facts: &mut dyn Facts,
) -> Result<Option<Release>, Stop> {
    let Opened::Caller(caller) = session.head(head, facts)? else {
        return Ok(None);
    };
    let body = body.map_or(Body::None, |text| Body::Held(Bytes::copy_from_slice(text.as_bytes())));
    let permit = session.body(caller, body, facts)?;
    let (_, pass) = session.spend(permit);
    let headers = vec![(
        Bytes::from_static(b"content-type"),
        Bytes::from_static(b"application/json"),
    )];
    let body = Body::Held(Bytes::from_static(br#"{"sku":"a","cost":1}"#));
    session.reply(pass, Answer::new(200, headers, body), facts).map(Some)
}

fn missing(misses: &[bool]) -> VecDeque<How> {
    let how = |miss: &bool| if *miss { How::Missing } else { How::Known };
    misses.iter().map(how).collect()
}

/// The shell asks no more than once for what it was told, so that misses left out leave the same answers in the same order.
fn without_misses(answers: &[How]) -> VecDeque<How> {
    answers.iter().copied().filter(|how| *how != How::Missing).collect()
}

/// How many tokens each counter still has.
fn left(world: &mut Told) -> Vec<u32> {
    let who = |limit| {
        if limit < 3 {
            Who::Address(CLIENT)
        } else {
            Who::Subject("alice".into())
        }
    };
    let now = world.now;
    (0..5)
        .map(|limit| {
            let draws = Draws::from_iter([Draw {
                limit,
                who: who(limit),
                burst: BURST,
                refill: 60_000_000_000,
            }]);
            (0..)
                .take_while(|_| matches!(world.take(&draws, now), Answered::Known(Taken::All)))
                .count() as u32
        })
        .collect()
}

proptest! {
    #[test]
    fn misses_change_nothing(misses in proptest::collection::vec(any::<bool>(), 0..24), key in "secret|wrong|token|forged", requests in 1usize..7) {
        let plan = Arc::new(plan());
        let (mut steady, mut flaky) = (world(), Flaky { world: world(), answers: VecDeque::new() });
        for _ in 0..requests {
            flaky.answers = missing(&misses);
            let (one, other) = (request(&plan, &key, &mut steady), request(&plan, &key, &mut flaky));
            prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
        }
        prop_assert_eq!(left(&mut steady), left(&mut flaky.world));
    }

    #[test]
    fn misses_change_nothing_from_head_to_reply(
        answers in proptest::collection::vec(how(), 0..24), key in "secret|wrong|token|forged",
        body in proptest::option::of(r#"\{"sku":"a"\}|\{"sku":1\}|\{"sku":"a","role":"b"\}|\{x"#), requests in 1usize..7,
    ) {
        let plan = Arc::new(plan());
        let new = || Flaky { world: world(), answers: VecDeque::new() };
        let (mut steady, mut flaky) = (new(), new());
        for _ in 0..requests {
            (steady.answers, flaky.answers) = (without_misses(&answers), answers.clone().into());
            let sent = (key.as_str(), body.as_deref());
            let (one, other) = (exchange(&plan, sent, &mut steady), exchange(&plan, sent, &mut flaky));
            prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
        }
        prop_assert_eq!(left(&mut steady.world), left(&mut flaky.world));
    }

    #[test]
    fn what_is_unavailable_denies_and_draws_nothing_more(answers in proptest::collection::vec(how(), 0..24)) {
        let mut flaky = Flaky { world: world(), answers: answers.clone().into() };
        let (trace, release) = exchange(&Arc::new(plan()), ("secret", Some(r#"{"sku":"a"}"#)), &mut flaky);
        let refused = trace.refused().map(|reason| reason.id());
        prop_assert!(matches!(refused, None | Some("engine.fact.unavailable")), "{:?}", refused);
        prop_assert_eq!(refused.is_none(), release.is_some());
        let left = left(&mut flaky.world);
        prop_assert!(left.iter().all(|left| [BURST, BURST - 1].contains(left)), "{:?}", left);
        if !answers.contains(&How::Unavailable) {
            prop_assert_eq!((refused, left), (None, vec![BURST - 1; 5]));
        }
    }

    #[test]
    fn one_request_draws_one_of_each(misses in proptest::collection::vec(any::<bool>(), 0..24), key in "secret|token") {
        let mut flaky = Flaky { world: world(), answers: missing(&misses) };
        let trace = request(&Arc::new(plan()), &key, &mut flaky);
        prop_assert_eq!(trace.refused(), None);
        prop_assert_eq!(left(&mut flaky.world), vec![BURST - 1; 5]);
    }
}

#[test]
fn a_rung_is_drawn_whole_or_not_at_all() {
    // Of the two that enforce, the first has tokens left when the second has none.
    const SMALLER: u32 = 2;
    let mut document = document();
    document["apis"][0]["limits"][1]["burst"] = json!(SMALLER);
    let plan = Arc::new(Plan::load(document.to_string().as_bytes()).unwrap());
    let mut world = world();
    for _ in 0..SMALLER {
        assert_eq!(request(&plan, "secret", &mut world).refused(), None);
    }
    let refused = request(&plan, "secret", &mut world);
    assert_eq!(
        refused.refused().map(|reason| reason.id()),
        Some("limit.address.exceeded")
    );
    let left = left(&mut world);
    assert_eq!((left[0], left[3]), (BURST - SMALLER, BURST - SMALLER));
}
