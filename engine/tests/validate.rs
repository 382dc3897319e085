//! validate: what has one form is read and goes on as it came; what has none, or two, is refused with its reason.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::Arc;

use serde_json::json;
use support::{Sent, Shop, json_content, parameter};
use yett_engine::Plan;

fn shop() -> Arc<Plan> {
    let any = "any";
    Shop::new()
        .schema(any, json!(true))
        .schema("order", json!({"type": "object", "properties": {"a": {}, "b": {}}, "additionalProperties": false}))
        .operation(
            "GET",
            "/items/{id}/{list}",
            json!({"parameters": [
                parameter("path", "list", &["array"], any, json!({"required": true, "style": "matrix", "explode": true})),
                parameter("path", "id", &["integer"], any, json!({"required": true, "style": "label"})),
                parameter("query", "limit", &["integer"], any, json!({})),
                parameter("query", "ids", &["array"], any, json!({"items": ["integer"], "style": "pipeDelimited", "explode": false})),
                parameter("query", "filter", &["object"], any, json!({"style": "deepObject", "members": {"n": ["integer"]}})),
                parameter("query", "where", &["object"], any, json!({"style": "json"})),
                parameter("query", "flag", &["boolean"], any, json!({"allow_empty": true})),
                parameter("header", "X-Tenant", &["string"], any, json!({})),
                parameter("cookie", "session", &["string"], any, json!({})),
            ]}),
        )
        .operation("POST", "/orders", json!({"body": {"required": true, "content": json_content("order")}}))
        .operation("PUT", "/orders", json!({"body": {"required": false, "content": json_content("order")}}))
        .operation("GET", "/orders", json!({}))
        .plan()
}

const PATH: &str = "/items/.7/;list=a;list=b";

fn get(query: &str) -> Sent {
    Sent::get(&format!("{PATH}{query}"))
}

#[test]
fn what_is_in_its_style_passes() {
    for query in [
        "",
        "?limit=1&ids=1%7C2&filter%5Bn%5D=1&flag",
        "?where=%7B%22a%22%3A%5B1%5D%7D",
        "?flag=",
        "?limit=",
        "?limit=abc",
    ] {
        assert_eq!(get(query).passes(&shop()).err(), None, "{query}");
    }
    let sent = get("").header("x-tenant", "a").header("cookie", "a=1; session=x=y");
    assert_eq!(sent.passes(&shop()).err(), None);
}

#[test]
fn a_parameter_that_is_not_in_its_style() {
    let reason = "validate.parameter.malformed";
    for attack in [
        Sent::get("/items/7/;list=a"),
        Sent::get("/items/.7/a"),
        Sent::get("/items/.7/;list=a;other=b"),
        get("?limit"),
        get("?filter%5Bn%5D%5Bm%5D=1"),
        get("?filter%5B%5D=1"),
        get("?filter=1"),
        get("?filter%5Bn%5D"),
        get("?where=%7B%22a%22%3A1%2C%22a%22%3A2%7D"),
        get("?where=x"),
        get("").header("x-tenant", b"\xff"),
        get("").header("cookie", b"session=\xff"),
        get("").header("cookie", r#"session="a""#),
        get("").header("cookie", r"session=\141"),
    ] {
        attack.attacks(&shop(), reason, &get("?limit=1"));
    }
    assert_eq!(get("?filter%5B%5D=1").places(&shop()), ["/query/filter"]);
}

#[test]
fn a_parameter_that_stands_twice() {
    let reason = "validate.parameter.repeated";
    for attack in [
        get("?limit=1&limit=2"),
        get("?ids=1&ids=2"),
        get("?filter%5Bn%5D=1&filter%5Bn%5D=2"),
        get("?where=1&where=2"),
        get("?flag&flag"),
        get("").header("x-tenant", "a").header("x-tenant", "b"),
        get("").header("cookie", "session=a; session=b"),
        get("").header("cookie", "session=a").header("cookie", "session=b"),
    ] {
        attack.attacks(&shop(), reason, &get("?limit=1&ids=1%7C2"));
    }
}

fn order() -> Sent {
    Sent::post("/orders", r#"{"a":1}"#)
}

fn order_of(headers: &[(&str, &str)]) -> Sent {
    let mut sent = Sent::new("POST", "/orders");
    for (name, value) in headers {
        sent = sent.header(name, value);
    }
    sent.body = Some(br#"{"a":1}"#.to_vec());
    sent
}

#[test]
fn media_types() {
    let plan = shop();
    for (reason, headers) in [
        ("validate.media.unsupported", &[][..]),
        ("validate.media.unsupported", &[("content-type", "text/plain")]),
        (
            "validate.media.unsupported",
            &[("content-type", "application/merge-patch+json")],
        ),
        (
            "validate.media.repeated",
            &[
                ("content-type", "application/json"),
                ("content-type", "application/json"),
            ],
        ),
        (
            "validate.media.malformed",
            &[("content-type", "application/json, text/html")],
        ),
        (
            "validate.media.malformed",
            &[("content-type", "application/json; charset=utf-8; charset=utf-7")],
        ),
        (
            "validate.media.charset",
            &[("content-type", "application/json; charset=utf-16")],
        ),
        (
            "validate.coding.unsupported",
            &[("content-type", "application/json"), ("content-encoding", "gzip")],
        ),
    ] {
        order_of(headers).attacks(&plan, reason, &order());
    }
    for benign in ["Application/JSON; Charset=\"UTF-8\"", "application/json;"] {
        let sent = order_of(&[("content-type", benign), ("content-encoding", "identity")]);
        assert_eq!(sent.passes(&plan).err(), None, "{benign}");
    }
}

#[test]
fn bodies_where_they_belong() {
    let plan = shop();
    let mut undeclared = Sent::get("/orders");
    undeclared.body = Some(b"{}".to_vec());
    undeclared.attacks(&plan, "validate.body.undeclared", &Sent::get("/orders"));
    Sent::new("POST", "/orders").attacks(&plan, "validate.body.missing", &order());
    Sent::post("/orders", "").attacks(&plan, "validate.body.missing", &order());
    assert_eq!(Sent::new("PUT", "/orders").passes(&plan).err(), None);
    assert_eq!(Sent::new("HEAD", "/orders").passes(&plan).err(), None);
}

#[test]
fn bodies_with_one_meaning() {
    let plan = shop();
    let many = format!(r#"{{"a":[{}0]}}"#, "0,".repeat(30_000));
    let too_many = Shop::new()
        .contract("body_bytes", json!(1_000_000))
        .schema("any", json!(true))
        .operation(
            "POST",
            "/orders",
            json!({"body": {"required": true, "content": json_content("any")}}),
        )
        .plan();
    let more = format!("[{}0]", "0,".repeat(100_000));
    Sent::post("/orders", more).attacks(&too_many, "validate.body.too_many", &Sent::post("/orders", many));
    for (reason, body) in [
        (
            "validate.body.too_large",
            format!(r#"{{"a":"{}"}}"#, "x".repeat(70_000)).into_bytes(),
        ),
        ("validate.body.malformed", b"{'a':1}".to_vec()),
        ("validate.body.malformed", b" ".to_vec()),
        ("validate.body.malformed", br#"{"a":NaN}"#.to_vec()),
        ("validate.body.encoding", b"{\"a\":\"\xff\"}".to_vec()),
        ("validate.body.encoding", br#"{"a":"\ud800"}"#.to_vec()),
        ("validate.body.duplicate", br#"{"a":1,"b":2,"a":3}"#.to_vec()),
        (
            "validate.body.too_deep",
            format!(r#"{{"a":{}{}}}"#, "[".repeat(20), "]".repeat(20)).into_bytes(),
        ),
        ("validate.body.number", br#"{"a":1e999}"#.to_vec()),
    ] {
        Sent::post("/orders", body).attacks(&plan, reason, &order());
    }
    let duplicate = Sent::post("/orders", r#"{"a":{"x":1,"x":2}}"#);
    assert_eq!(duplicate.places(&plan), ["/body/a/x"]);
}

#[test]
fn the_bytes_that_were_judged_go_on() {
    let body = "{ \"b\" : 1.50 ,\n\"a\":\"\\u00e9\"}";
    let shown = Sent::post("/orders", body).passes(&shop()).unwrap();
    assert_eq!(shown.body, body.as_bytes());
}

#[test]
fn what_no_operation_describes_is_not_read() {
    let plan = Shop::new().set("unlisted", json!("report")).plan();
    let shown = Sent::post("/any?a&a", "{{{").passes(&plan).unwrap();
    assert_eq!(
        (shown.line.as_str(), shown.body.as_slice()),
        ("POST /any?a&a", &b"{{{"[..])
    );
}
