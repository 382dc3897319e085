//! receive: what must be read is read, what cannot be is withheld or replaced, and what nobody reads is passed on.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::Arc;

use serde_json::json;
use support::{Sent, Shop, json_content};
use yett_engine::{Plan, Said};

fn described(shop: Shop) -> Arc<Plan> {
    shop.schema(
        "order",
        json!({"type": "object", "properties": {"id": {"type": "integer"}}, "additionalProperties": false}),
    )
    .schema(
        "problem",
        json!({"type": "object", "properties": {"detail": {"type": "string"}}, "additionalProperties": false}),
    )
    .operation(
        "GET",
        "/orders",
        json!({"replies": {
            "200": {"content": {"application/json": "#/$defs/order", "text/csv": null, "image/*": null}},
            "202": {"content": {}},
            "204": {"content": {}},
            "303": {"content": {}},
            "4XX": {"content": {"application/problem+json": "#/$defs/problem"}},
            "409": {"content": {}},
            "418": {"content": json_content("order")},
        }}),
    )
    .operation(
        "GET",
        "/any",
        json!({"replies": {"default": {"content": {"*/*": null}}}}),
    )
    .plan()
}

fn plan() -> Arc<Plan> {
    described(Shop::new())
}

fn get() -> Sent {
    Sent::get("/orders")
}

fn typed(status: u16, kind: &str, body: &str) -> Sent {
    get().answers_with(status, &[("content-type", kind)], Some(body.into()))
}

#[test]
fn what_cannot_be_read_is_withheld() {
    let plan = plan();
    let twin = get().answers(200, r#"{"id":1}"#);
    let json = ("content-type", "application/json");
    for (reason, attack) in [
        (
            "receive.coding.unsupported",
            get().answers_with(200, &[json, ("content-encoding", "gzip")], Some(vec![31, 139])),
        ),
        ("receive.media.undeclared", typed(200, "text/html", "<script>")),
        (
            "receive.media.undeclared",
            typed(200, "application/json; charset=utf-16", "{}"),
        ),
        ("receive.media.undeclared", typed(200, "json", "{}")),
        (
            "receive.media.undeclared",
            get().answers_with(200, &[json, ("content-type", "text/html")], Some("{}".into())),
        ),
        (
            "receive.media.undeclared",
            get().answers_with(200, &[], Some("{}".into())),
        ),
        ("receive.media.undeclared", get().answers(202, "{}")),
        (
            "receive.body.too_large",
            get().answers(200, format!(r#"{{"id":1{}}}"#, " ".repeat(70_000))),
        ),
        ("receive.body.malformed", get().answers(200, r#"{"id":1,"id":2}"#)),
        ("receive.body.malformed", get().answers(200, "{'id':1}")),
        (
            "receive.body.malformed",
            get().answers(200, b"{\"id\":\"\xff\"}".to_vec()),
        ),
        (
            "receive.body.malformed",
            get().answers(200, "[".repeat(40) + &"]".repeat(40)),
        ),
    ] {
        attack.attacks(&plan, reason, &twin);
    }
}

#[test]
fn what_nobody_reads_is_passed_on() {
    let plan = plan();
    for (status, kind, body) in [
        (200, "text/csv; charset=latin1", "a;b"),
        (200, "image/png", "PNG"),
        (200, "APPLICATION/JSON", r#"{"id":1}"#),
        (404, "application/problem+json", r#"{"detail":"no"}"#),
        (418, "application/json", r#"{"id":1}"#),
    ] {
        let shown = typed(status, kind, body).passes(&plan).unwrap();
        assert_eq!(
            (shown.status, shown.body.as_slice()),
            (status, body.as_bytes()),
            "{kind}"
        );
    }
    let shown = Sent::get("/any").answers_with(503, &[("content-type", "text/html")], Some("down".into()));
    assert_eq!(shown.passes(&plan).unwrap().body, b"down");
    let empty = get().answers_with(200, &[], Some(Vec::new()));
    assert_eq!(empty.passes(&plan).unwrap().status, 200);
}

#[test]
fn an_undeclared_error_keeps_its_status_and_nothing_else() {
    let plan = plan();
    for sent in [
        typed(500, "text/html", "Traceback"),
        typed(404, "text/html", "nginx/1.2"),
        typed(409, "application/json", r#"{"detail":"x"}"#),
        get().answers_with(404, &[], Some("x".into())),
    ] {
        let shown = sent.passes(&plan).unwrap();
        assert_eq!(shown.status, sent.answer.as_ref().unwrap().status);
        let text = String::from_utf8(shown.body).unwrap();
        assert!(text.contains("urn:yett:"), "{text}");
        assert!(
            shown
                .headers
                .contains(&("content-type".to_owned(), "application/problem+json".to_owned()))
        );
    }
    let passing = described(Shop::new().contract("undeclared_errors", json!("pass")));
    assert_eq!(
        typed(500, "text/html", "Traceback").passes(&passing).unwrap().body,
        b"Traceback"
    );
    // Declared errors are judged like any reply.
    assert_eq!(
        typed(418, "application/json", r#"{"id":"x"}"#).passes(&plan).err(),
        Some("contract.reply.invalid")
    );
}

#[test]
fn what_has_no_body_gets_none() {
    let plan = plan();
    for sent in [
        get().answers(204, "x"),
        get().answers(304, "x"),
        typed(303, "text/html", "<a>"),
        Sent::new("HEAD", "/orders").answers(200, "{}"),
        Sent::new("HEAD", "/orders").answers(500, "{}"),
    ] {
        let shown = sent.passes(&plan).unwrap();
        assert_eq!(
            (shown.status, shown.body.len()),
            (sent.answer.as_ref().unwrap().status, 0)
        );
    }
    assert_eq!(
        get().answers(206, "{}").passes(&plan).err(),
        Some("contract.reply.status")
    );
    assert_eq!(
        get().answers(301, "").passes(&plan).err(),
        Some("contract.reply.status")
    );
}

#[test]
fn a_contract_that_reports_withholds_nothing() {
    let plan = described(Shop::new().contract("replies", json!("report")));
    for sent in [
        typed(200, "text/html", "<p>"),
        get().answers(200, "{'id':1}"),
        get().answers(202, "{}"),
        get().answers(200, " ".repeat(70_000)),
    ] {
        let shown = sent.passes(&plan).unwrap();
        assert_eq!(shown.body, sent.answer.clone().unwrap().body.unwrap());
        let (_, trace) = sent.judge(&plan, None);
        assert!(
            trace
                .lines
                .iter()
                .any(|line| line.control == "receive" && line.said == Said::WouldRefuse)
        );
    }
}

#[test]
fn more_values_are_read_where_the_limit_is_raised() {
    let list = |limit: u64| {
        Shop::new()
            .contract("reply_bytes", json!(limit))
            .contract("body_bytes", json!(limit))
            .schema("list", json!({"type": "array", "items": {"type": "integer"}}))
            .operation(
                "POST",
                "/list",
                json!({
                    "body": {"required": true, "content": json_content("list")},
                    "replies": {"200": {"content": json_content("list")}},
                }),
            )
            .plan()
    };
    let (few, many) = ("[1]".to_owned(), format!("[1{}]", ",1".repeat(150_000)));
    for (sent, reason) in [
        (
            Sent::post("/list", few.clone()).answers(200, many.clone()),
            "receive.body.too_large",
        ),
        (Sent::post("/list", many).answers(200, few), "validate.body.too_many"),
    ] {
        assert_eq!(sent.passes(&list(1 << 20)).err(), Some(reason));
        assert_eq!(sent.passes(&list(2 << 20)).err(), None);
    }
}
