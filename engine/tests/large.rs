//! Large plans: what a schema costs, it costs once. Bounds are wide, for builds without optimisation on shared machines; what
//! they catch is a copy per operation, which costs fifty times as much.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

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

/// The shop with its shared schemas, and the reference to one of them.
fn shop() -> Shop {
    let mut shop = Shop::new().schema("text", json!({"type": "string", "maxLength": 100}));
    for number in 0..SHARED {
        let schema = json!({"type": "object", "additionalProperties": false, "properties": {
            "id": {"type": "string", "format": "uuid"}, "name": {"type": "string", "maxLength": 100},
            "next": shared(number * 7 + 3), "other": shared(number * 3 + 1),
        }});
        shop = shop.schema(&format!("Shared{number}"), schema);
    }
    shop
}

fn shared(number: usize) -> Value {
    json!({"$ref": format!("#/$defs/Shared{}", number % SHARED)})
}

fn operation(shop: Shop, number: usize, request: &str, reply: &str) -> Shop {
    shop.operation(
        "POST",
        &format!("/r{number}/{{id}}"),
        json!({
            "parameters": [parameter("path", "id", &["string"], "text", json!({"required": true}))],
            "body": {"required": true, "content": json_content(request)},
            "replies": {"200": {"content": json_content(reply)}},
        }),
    )
}

/// Every operation has two schemas of its own.
fn own() -> Value {
    let mut shop = shop();
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
            );
        shop = operation(shop, number, &request, &reply);
    }
    shop.document()
}

/// Operations speak in the shared schemas alone, as descriptions with components do.
fn common() -> Value {
    let name = |number: usize| format!("Shared{}", number % SHARED);
    (0..OPERATIONS)
        .fold(shop(), |shop, number| {
            operation(shop, number, &name(number), &name(number + 1))
        })
        .document()
}

/// Bytes of `reply` that are left of an answer of the last operation.
fn asked(document: &Value, body: &Value, reply: &Value) -> Vec<u8> {
    let plan = Arc::new(Plan::load(document.to_string().as_bytes()).unwrap());
    let sent = Sent::post("/r9999/7", body.to_string()).answers(200, reply.to_string());
    sent.passes(&plan).unwrap().body.to_vec()
}

/// Mebibytes that a plan takes in a process that does nothing else: this one has what it built the document with.
fn taken(document: &Value) -> u64 {
    let file = std::env::temp_dir().join(format!("yett-large-{}.json", std::process::id()));
    std::fs::write(&file, document.to_string()).unwrap();
    let this = std::env::current_exe().unwrap();
    let run = Command::new(this)
        .args(["--exact", "a_plan_alone", "--ignored", "--nocapture"])
        .env("PLAN", &file)
        .output()
        .unwrap();
    std::fs::remove_file(&file).unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let said = String::from_utf8_lossy(&run.stderr).into_owned();
    eprint!("{said}");
    let (before, _) = said.split_once(" MiB").unwrap();
    before.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
#[ignore = "the other tests run it, in a process of its own"]
fn a_plan_alone() {
    let text = std::fs::read(std::env::var("PLAN").unwrap()).unwrap();
    let (before, began) = (resident(), Instant::now());
    let plan = Plan::load(&text).unwrap();
    let took = began.elapsed();
    let grown = resident() - before;
    eprintln!("{} bytes of plan, loaded in {took:?}: {grown} MiB", text.len());
    assert!(took.as_secs() < 30, "{took:?}");
    drop(plan);
}

#[test]
fn operations_that_share_schemas() {
    let document = common();
    assert_eq!(
        asked(
            &document,
            &json!({"next": {"name": "x"}}),
            &json!({"name": "y", "z": 1})
        ),
        br#"{"name":"y"}"#
    );
    let grown = taken(&document);
    assert!(grown <= 32, "{grown} MiB");
}

#[test]
fn operations_with_schemas_of_their_own() {
    let document = own();
    let (body, reply) = (
        json!({"a": 9999, "b": {"next": {"name": "x"}}}),
        json!({"p9999": "x", "name": "y", "z": 1}),
    );
    assert_eq!(asked(&document, &body, &reply), br#"{"p9999":"x","name":"y"}"#);
    let grown = taken(&document);
    assert!(grown < 400, "{grown} MiB");
}
