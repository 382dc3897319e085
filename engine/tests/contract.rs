//! contract: what is declared passes, what is not is refused or dropped, nested and composed; a mode of report changes nothing.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Sent, Shop, json_content, parameter};
use yett_engine::{Plan, Said};

fn with_schemas(shop: Shop) -> Shop {
    let item = json!({
        "type": "object", "additionalProperties": false, "required": ["sku"],
        "properties": {"sku": {"type": "string", "pattern": "^[A-Z]{3}$"}, "price": {"type": "number", "minimum": 0}},
    });
    let pet = json!({
        "oneOf": [
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}},
            {"type": "object", "required": ["kind"], "properties": {"kind": {"const": "dog"}, "tag": {"$ref": "#/$defs/item"}}},
        ],
        "unevaluatedProperties": false,
    });
    let order = json!({
        "allOf": [
            {"$ref": "#/$defs/base"},
            {"type": "object", "properties": {
                "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
                "pet": {"$ref": "#/$defs/pet"},
                "note": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/item"}]},
                "next": {"$ref": "#/$defs/order"},
            }},
        ],
        "unevaluatedProperties": false,
    });
    let base = json!({"type": "object", "required": ["id"], "properties": {
        "id": {"type": "string", "format": "uuid"}, "when": {"type": "string", "format": "date-time"}, "secret": false,
    }});
    shop.schema("item", item)
        .schema("pet", pet)
        .schema("base", base)
        .schema("order", order)
        .schema("limit", json!({"type": "integer", "maximum": 10}))
        .schema("text", json!({"type": "string", "minLength": 2}))
        .schema(
            "filter",
            json!({"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": false}),
        )
}

fn described(shop: Shop) -> Arc<Plan> {
    let replies = json!({"200": {"content": json_content("order")}});
    with_schemas(shop)
        .operation(
            "GET",
            "/orders/{id}",
            json!({"replies": replies, "parameters": [
                parameter("path", "id", &["integer"], "limit", json!({"required": true})),
                parameter("query", "limit", &["integer"], "limit", json!({"required": true})),
                parameter("query", "filter", &["object"], "filter", json!({"style": "deepObject", "members": {"n": ["integer"]}})),
                parameter("header", "X-Tenant", &["string"], "text", json!({})),
                parameter("cookie", "session", &["string"], "text", json!({})),
                parameter("query", "empty", &["integer"], "limit", json!({"allow_empty": true})),
            ]}),
        )
        .operation("POST", "/orders", json!({"body": {"required": true, "content": json_content("order")}, "replies": replies}))
        .operation("GET", "/orders", json!({"replies": replies}))
        .plan()
}

fn plan() -> Arc<Plan> {
    described(Shop::new())
}

const ID: &str = "123e4567-e89b-42d3-a456-426614174000";

fn order(members: Value) -> Value {
    let mut order = json!({"id": ID});
    for (name, value) in members.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

#[test]
fn parameters() {
    let plan = plan();
    let twin = Sent::get("/orders/1?limit=3&filter%5Bn%5D=1&empty=").header("x-tenant", "ab");
    for (reason, attack, places) in [
        (
            "contract.parameter.missing",
            Sent::get("/orders/1"),
            &["/query/limit"][..],
        ),
        (
            "contract.parameter.undeclared",
            Sent::get("/orders/1?limit=1&debug=1&a%2Fb"),
            &["/query/debug", "/query/a~1b"],
        ),
        (
            "contract.parameter.undeclared",
            Sent::get("/orders/1?limit=1&filter%5Bx%5D=1"),
            &["/query/filter/x"],
        ),
        (
            "contract.parameter.invalid",
            Sent::get("/orders/1?limit=11"),
            &["/query/limit"],
        ),
        (
            "contract.parameter.invalid",
            Sent::get("/orders/1?limit=1e1"),
            &["/query/limit"],
        ),
        (
            "contract.parameter.invalid",
            Sent::get("/orders/1?limit="),
            &["/query/limit"],
        ),
        (
            "contract.parameter.invalid",
            Sent::get("/orders/x?limit=1"),
            &["/path/id"],
        ),
        (
            "contract.parameter.invalid",
            Sent::get("/orders/1?limit=1&filter%5Bn%5D=x"),
            &["/query/filter/n"],
        ),
        (
            "contract.parameter.invalid",
            Sent::get("/orders/1?limit=1").header("x-tenant", "a"),
            &["/header/X-Tenant"],
        ),
        (
            "contract.parameter.invalid",
            Sent::get("/orders/1?limit=1").header("cookie", "session=a"),
            &["/cookie/session"],
        ),
    ] {
        attack.attacks(&plan, reason, &twin);
        assert_eq!(attack.places(&plan), places, "{attack:?}");
    }
    let others = Sent::get("/orders/1?limit=1")
        .header("x-other", "1")
        .header("cookie", "other=1");
    assert_eq!(others.passes(&plan).err(), None);
}

#[test]
fn bodies() {
    let plan = plan();
    let whole = order(json!({
        "when": "2026-01-01T00:00:00Z", "items": [{"sku": "ABC", "price": 1.0}], "note": null,
        "pet": {"kind": "dog", "tag": {"sku": "DEF"}}, "next": {"id": ID},
    }));
    let twin = Sent::post("/orders", whole.to_string());
    for (reason, members, places) in [
        ("contract.body.undeclared", json!({"admin": true}), &["/body/admin"][..]),
        ("contract.body.undeclared", json!({"secret": 1}), &["/body/secret"]),
        (
            "contract.body.undeclared",
            json!({"items": [{"sku": "ABC"}, {"sku": "ABC", "x/y": 1}]}),
            &["/body/items/1/x~1y"],
        ),
        (
            "contract.body.undeclared",
            json!({"pet": {"kind": "cat", "tag": {"sku": "ABC"}}}),
            &["/body/pet/tag"],
        ),
        (
            "contract.body.undeclared",
            json!({"pet": {"kind": "dog", "tag": {"sku": "ABC", "x": 1}}}),
            &["/body/pet/tag/x"],
        ),
        (
            "contract.body.undeclared",
            json!({"note": {"sku": "ABC", "x": 1}}),
            &["/body/note/x"],
        ),
        (
            "contract.body.undeclared",
            json!({"next": {"id": ID, "next": {"id": ID, "x": 1}}}),
            &["/body/next/next/x"],
        ),
        ("contract.body.invalid", json!({"id": 7}), &["/body/id"]),
        ("contract.body.invalid", json!({"id": "7"}), &["/body/id"]),
        ("contract.body.invalid", json!({"when": "yesterday"}), &["/body/when"]),
        ("contract.body.invalid", json!({"items": [{}]}), &["/body/items/0/sku"]),
        (
            "contract.body.invalid",
            json!({"items": [{"sku": "abc"}]}),
            &["/body/items/0/sku"],
        ),
        (
            "contract.body.invalid",
            json!({"note": {"sku": 1}}),
            &["/body/note/sku"],
        ),
        ("contract.body.invalid", json!({"pet": {"kind": "cow"}}), &["/body/pet"]),
        (
            "contract.body.invalid",
            json!({"pet": {"kind": "cat", "lives": 1.5}}),
            &["/body/pet/lives"],
        ),
        ("contract.body.invalid", json!([]), &["/body"]),
    ] {
        let body = if members.is_array() { members } else { order(members) };
        let attack = Sent::post("/orders", body.to_string());
        attack.attacks(&plan, reason, &twin);
        assert_eq!(attack.places(&plan), places, "{body}");
    }
    let integer = order(json!({"pet": {"kind": "cat", "lives": 9.0}}));
    assert_eq!(Sent::post("/orders", integer.to_string()).passes(&plan).err(), None);
}

#[test]
fn a_mode_of_report_says_and_passes() {
    let plan = described(
        Shop::new()
            .contract("requests", json!("report"))
            .contract("replies", json!("report")),
    );
    let body = order(json!({"admin": true})).to_string();
    let sent = Sent::post("/orders", body.clone()).answers(200, body.clone());
    let (_, trace) = sent.judge(&plan, None);
    let said: Vec<_> = trace
        .lines
        .iter()
        .map(|line| (line.said, line.reason.map(|reason| reason.id())))
        .collect();
    assert_eq!(
        said,
        [
            (Said::WouldRefuse, Some("contract.body.undeclared")),
            (Said::WouldRefuse, Some("contract.reply.undeclared")),
        ]
    );
    assert_eq!(sent.passes(&plan).unwrap().body, body.as_bytes());
    let status = Sent::get("/orders").answers(201, "{}");
    assert_eq!(status.passes(&plan).unwrap().status, 201);
    assert_eq!(
        status.judge(&plan, None).1.lines.last().unwrap().said,
        Said::WouldRefuse
    );
}

#[test]
fn what_a_reply_must_not_say_is_dropped() {
    let plan = plan();
    for (sent, left, places) in [
        (r#"{"id": "ID", "hash": "x"}"#, r#"{"id": "ID"}"#, &["/body/hash"][..]),
        (r#"{"secret":1,"id":"ID"}"#, r#"{"id":"ID"}"#, &["/body/secret"]),
        (
            r#"{"id":"ID","items":[{"sku":"ABC","cost":1},{"cost":2,"sku":"DEF"}], "debug":{}}"#,
            r#"{"id":"ID","items":[{"sku":"ABC"},{"sku":"DEF"}]}"#,
            &["/body/items/0/cost", "/body/items/1/cost", "/body/debug"],
        ),
        (
            r#"{"id":"ID","pet":{"kind":"cat","lives":9,"tag":{"sku":"ABC"}}}"#,
            r#"{"id":"ID","pet":{"kind":"cat","lives":9}}"#,
            &["/body/pet/tag"],
        ),
        (
            r#"{"id":"ID","note":{"sku":"ABC","x":1},"next":{"y":1,"id":"ID","next":{"id":"ID","z":1}}}"#,
            r#"{"id":"ID","note":{"sku":"ABC"},"next":{"id":"ID","next":{"id":"ID"}}}"#,
            &["/body/next/next/z", "/body/note/x", "/body/next/y"],
        ),
    ] {
        let (sent, left) = (sent.replace("ID", ID), left.replace("ID", ID));
        let reply = Sent::get("/orders").answers(200, sent.clone());
        let shown = reply.passes(&plan).unwrap();
        assert_eq!(String::from_utf8(shown.body).unwrap(), left);
        assert_eq!(reply.places(&plan), places);
        let (_, trace) = reply.judge(&plan, None);
        assert_eq!(trace.lines.last().unwrap().said, Said::Altered);
        let shown = reply.passes_without(&plan, "contract.reply.undeclared").unwrap();
        assert_eq!(shown.body, sent.as_bytes(), "without the check it leaves as it came");
    }
}

#[test]
fn what_is_wrong_beside_it_is_withheld() {
    let twin = Sent::get("/orders").answers(200, order(json!({})).to_string());
    let plan = plan();
    for members in [
        json!({"id": 7}),
        json!({"id": 7, "hash": 1}),
        json!({"pet": {"kind": "cow", "x": 1}}),
        json!({"items": [{"cost": 1}]}),
    ] {
        let attack = Sent::get("/orders").answers(200, order(members).to_string());
        attack.attacks(&plan, "contract.reply.invalid", &twin);
    }
    let attack = Sent::get("/orders").answers(201, order(json!({})).to_string());
    attack.attacks(&plan, "contract.reply.status", &twin);
    let strict = described(Shop::new().contract("undeclared_fields", json!("withhold")));
    let attack = Sent::get("/orders").answers(200, order(json!({"hash": "x"})).to_string());
    attack.attacks(&strict, "contract.reply.undeclared", &twin);
    assert_eq!(attack.places(&strict), ["/body/hash"]);
}

/// A few hundred bytes must not cost more than a few thousand steps, however deep the union lies in itself.
#[test]
fn a_union_in_itself_is_explained_or_not_but_quickly() {
    let plan = Shop::new()
        .contract("json_depth", json!(120))
        .schema(
            "filter",
            json!({"unevaluatedProperties": false, "anyOf": [
                {"type": "object", "required": ["and"], "properties": {"and": {"$ref": "#/$defs/filter"}, "x": {"type": "integer"}}},
                {"type": "object", "required": ["and"], "properties": {"and": {"$ref": "#/$defs/filter"}, "y": {"type": "integer"}}},
                {"type": "object", "required": ["is"], "properties": {"is": {"type": "integer"}}},
            ]}),
        )
        .operation("POST", "/find", json!({"body": {"required": true, "content": json_content("filter")}}))
        .operation("GET", "/found", json!({"replies": {"200": {"content": json_content("filter")}}}))
        .plan();
    for depth in [1, 5, 50, 119] {
        for (leaf, reason) in [
            (json!({"is": 1}), None),
            (json!({"is": "x"}), Some("contract.body.invalid")),
        ] {
            let filter = (0..depth).fold(leaf.clone(), |filter, _| json!({"and": filter}));
            assert_eq!(
                Sent::post("/find", filter.to_string()).passes(&plan).err(),
                reason,
                "{depth}"
            );
        }
    }
    // A reply's undeclared member is dropped where it is found in as many steps as the reply's size allows.
    for (depth, reason) in [
        (1, None),
        (5, None),
        (12, Some("contract.reply.invalid")),
        (119, Some("contract.reply.invalid")),
    ] {
        let found = (0..depth).fold(json!({"is": 1, "u": 2}), |filter, _| json!({"and": filter}));
        let sent = Sent::get("/found").answers(200, found.to_string());
        assert_eq!(sent.passes(&plan).err(), reason, "{depth}");
    }
}

/// All of it is found and goes, and the time is that of a few passes.
#[test]
fn a_large_reply_full_of_what_nothing_declares() {
    let plan = described(Shop::new().contract("reply_bytes", json!(4_000_000)));
    let items = r#"{"sku":"ABC","cost":1},"#.repeat(20_000) + r#"{"sku":"ABC"}"#;
    let members: Vec<String> = (0..20_000).map(|number| format!("\"x{number}\":1")).collect();
    let reply = format!(r#"{{"id":"{ID}",{},"items":[{items}]}}"#, members.join(","));
    let shown = Sent::get("/orders").answers(200, reply).passes(&plan).unwrap();
    assert_eq!(
        shown.body.len(),
        format!(r#"{{"id":"{ID}","items":[]}}"#).len() + 20_001 * 14 - 1
    );
}

#[test]
fn places_have_bounds() {
    let members: Vec<String> = (0..1000)
        .map(|number| format!("\"{}{number}\":1", "n".repeat(300)))
        .collect();
    let body = format!("{{\"id\":\"{ID}\",{}}}", members.join(","));
    let places = Sent::post("/orders", body).places(&described(Shop::new().contract("body_bytes", json!(1_000_000))));
    assert_eq!(places.len(), 20);
    assert!(places.iter().all(|place| place.len() < 210 && place.ends_with('…')));
}

#[test]
fn a_schema_that_does_not_compile_is_a_fault_of_the_plan() {
    for (schema, found) in [
        (json!({"type": "strin"}), "strin"),
        (json!({"pattern": "(?=a)"}), "regex"),
        (json!({"$ref": "#/$defs/nothing"}), "nothing"),
        (json!({"$ref": "http://elsewhere.example/schema"}), "elsewhere"),
    ] {
        let faults = Shop::new()
            .schema("good", json!({"type": "string"}))
            .schema("bad", schema)
            .operation(
                "GET",
                "/a",
                json!({"parameters": [parameter("query", "a", &["string"], "good", json!({}))]}),
            )
            .operation(
                "POST",
                "/a",
                json!({"body": {"required": true, "content": json_content("bad")}}),
            )
            .load()
            .err()
            .unwrap();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert_eq!(faults[0].pointer, "/apis/0/schemas/bad");
        assert!(faults[0].found.contains(found), "{faults:?}");
    }
    let absent = Shop::new().operation(
        "POST",
        "/a",
        json!({"body": {"required": true, "content": json_content("absent")}}),
    );
    assert!(absent.load().err().unwrap()[0].found.contains("absent"));
}

#[test]
fn python_can_ask_for_one_schema_and_one_pattern() {
    use yett_engine::plan::schemas::{compiles, pattern};
    let defs =
        json!({"a": {"properties": {"b": {"$ref": "#/$defs/b"}}}, "b": {"pattern": "(a)\\1"}, "c": {"type": "string"}});
    let defs = defs.as_object().unwrap();
    assert!(compiles(defs, "a").unwrap_err().contains("/$defs/b/pattern"));
    assert_eq!(compiles(defs, "c"), Ok(()));
    assert!(compiles(defs, "d").is_err());
    assert!(pattern("^[a-z]+$").is_ok() && pattern("(?<!a)b").is_err());
}

fn undeclared_anywhere() -> impl Strategy<Value = Value> {
    let name = "[a-z]{1,3}|sku|price|id|note|next|pet|kind|lives|tag|items";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i32>().prop_map(Value::from),
        "[A-Z]{3}|cat|dog|[ -~]{0,5}".prop_map(Value::from),
        Just(Value::from(ID)),
    ];
    leaf.prop_recursive(4, 40, 5, move |below| {
        prop_oneof![
            prop::collection::vec(below.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((name, below.clone()), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
            // What the description declares, with something on top.
            (below.clone(), below.clone()).prop_map(|(one, other)| json!({"id": ID, "next": one, "x": other})),
            below.prop_map(|below| json!({"sku": "ABC", "extra": below})),
        ]
    })
}

fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|byte| rest.any(|other| other == byte))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever an upstream answers: what leaves is a part of its bytes and is what the description declares.
    #[test]
    fn what_leaves_is_declared(value in undeclared_anywhere(), as_order in any::<bool>()) {
        let value = if as_order {
            json!({"x": value, "id": ID, "next": {"y": value, "id": ID}, "items": [{"sku": "ABC", "z": value}]})
        } else {
            value
        };
        let text = value.to_string();
        let plan = plan();
        match Sent::get("/orders").answers(200, text.clone()).passes(&plan) {
            Err(reason) => prop_assert!(reason == "contract.reply.invalid" && !as_order),
            Ok(shown) => {
                prop_assert!(is_subsequence(&shown.body, text.as_bytes()));
                // What left is a valid request body of the same schema: judged again, nothing is undeclared.
                let again = Sent::post("/orders", shown.body.clone()).passes(&plan);
                prop_assert!(again.is_ok(), "{:?}", String::from_utf8_lossy(&shown.body));
            }
        }
    }
}
