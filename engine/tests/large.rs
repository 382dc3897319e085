//! Large plans: what a schema costs, it costs once. Bounds are wide, for builds without optimisation on shared machines; what
//! they catch is a copy per operation, which costs fifty times as much.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{Sent, Shop, json_content, parameter};
use yett_engine::Plan;

const OPERATIONS: usize = 10_000;
const SHARED: usize = 200;

/// Mebibytes of this process.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

fn document() -> Value {
    let shared = |number: usize| json!({"$ref": format!("#/$defs/Shared{}", number % SHARED)});
    let mut shop = Shop::new().schema("text", json!({"type": "string", "maxLength": 100}));
    for number in 0..SHARED {
        let schema = json!({"type": "object", "additionalProperties": false, "properties": {
            "id": {"type": "string", "format": "uuid"}, "name": {"type": "string", "maxLength": 100},
            "next": shared(number * 7 + 3), "other": shared(number * 3 + 1),
        }});
        shop = shop.schema(&format!("Shared{number}"), schema);
    }
    for number in 0..OPERATIONS {
        let (request, reply) = (format!("Op{number}.in"), format!("Op{number}.out"));
        shop = shop
            .schema(
                &request,
                json!({"type": "object", "required": ["a"], "additionalProperties": false,
                    "properties": {"a": {"type": "integer", "minimum": number}, "b": shared(number)}}),
            )
            .schema(
                &reply,
                json!({"unevaluatedProperties": false, "allOf": [
                    {"type": "object", "properties": {"name": {"type": "string"}, "next": shared(number)}},
                    {"type": "object", "properties": {format!("p{number}"): {"type": "string"}}},
                ]}),
            )
            .operation(
                "POST",
                &format!("/r{number}/{{id}}"),
                json!({
                    "parameters": [parameter("path", "id", &["string"], "text", json!({"required": true}))],
                    "body": {"required": true, "content": json_content(&request)},
                    "replies": {"200": {"content": json_content(&reply)}},
                }),
            );
    }
    shop.document()
}

#[test]
fn ten_thousand_operations() {
    let text = document().to_string();
    assert!(text.len() < 32 << 20, "{} bytes", text.len());
    let before = resident();
    let began = std::time::Instant::now();
    let plan = std::sync::Arc::new(Plan::load(text.as_bytes()).unwrap());
    let (took, grown) = (began.elapsed(), resident() - before);
    eprintln!("{} bytes of plan loaded in {took:?}, {grown} MiB", text.len());
    assert!(took.as_secs() < 30, "{took:?}");
    assert!(grown < 400, "{grown} MiB");
    let body = json!({"a": 9999, "b": {"next": {"name": "x"}}}).to_string();
    let sent = Sent::post("/r9999/7", body).answers(200, json!({"p9999": "x", "name": "y", "z": 1}).to_string());
    assert_eq!(sent.passes(&plan).unwrap().body, br#"{"p9999":"x","name":"y"}"#);
}
