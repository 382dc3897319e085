//! Property: whatever facts are missing, and however often, every counter moves by exactly one and the trace is the same.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use yett_engine::jose::KeySet;
use yett_engine::proof::Told;
use yett_engine::{
    Answered, ApiKeyRecord, Body, Digest, Draw, Draws, Fact, Facts, Head, Ids, Key, Opened, Plan, Session, Stop, Taken,
    Time, Trace, Who,
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
            "operations": [{"id": "list", "method": "GET", "path": "/items", "security": [
                [{"credential": "key"}], [{"credential": "bearer"}],
            ]}],
        }],
    })
}

/// Says `Missing` where the list says so, then what the world beneath says.
struct Flaky {
    world: Told,
    misses: VecDeque<bool>,
}

impl Flaky {
    fn misses(&mut self) -> bool {
        self.misses.pop_front().unwrap_or(false)
    }
}

impl Facts for Flaky {
    fn now(&self) -> Time {
        self.world.now
    }

    fn look_up(&mut self, key: &Key) -> Answered<Fact> {
        if self.misses() {
            Answered::Missing
        } else {
            self.world.look_up(key)
        }
    }

    fn take(&mut self, draws: &Draws, now: Time) -> Answered<Taken> {
        if self.misses() {
            Answered::Missing
        } else {
            self.world.take(draws, now)
        }
    }

    fn first_seen(&mut self, digest: &Digest, until: Time) -> Answered<bool> {
        if self.misses() {
            Answered::Missing
        } else {
            self.world.first_seen(digest, until)
        }
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

fn request(plan: &Arc<Plan>, credential: &str, facts: &mut dyn Facts) -> Trace {
    let (name, value) = shown(credential);
    let headers: [(&[u8], &[u8]); 2] = [(b"host", b"shop.example"), (name.as_bytes(), value.as_bytes())];
    let head = Head::of(b"GET", b"/items", &headers, CLIENT, false);
    let mut session = Session::new(
        plan.clone(),
        Ids {
            trace: [1; 16],
            span: [1; 8],
        },
    );
    for _ in 0..64 {
        match session.head(&head, facts) {
            Ok(Opened::Caller(caller)) => match session.body(caller, Body::None, facts) {
                Ok(_) | Err(Stop::Deny(_)) => return session.trace().clone(),
                Err(Stop::Need(_)) => {}
            },
            Ok(Opened::Preflight(_)) | Err(Stop::Deny(_)) => return session.trace().clone(),
            Err(Stop::Need(_)) => {}
        }
    }
    panic!("more rounds than misses");
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
        let (mut steady, mut flaky) = (world(), Flaky { world: world(), misses: VecDeque::new() });
        for _ in 0..requests {
            flaky.misses = misses.clone().into();
            let (one, other) = (request(&plan, &key, &mut steady), request(&plan, &key, &mut flaky));
            prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
        }
        prop_assert_eq!(left(&mut steady), left(&mut flaky.world));
    }

    #[test]
    fn one_request_draws_one_of_each(misses in proptest::collection::vec(any::<bool>(), 0..24), key in "secret|token") {
        let mut flaky = Flaky { world: world(), misses: misses.into() };
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
