//! Schemas that judge one value again and again, without a step into it: bounded when a plan is loaded.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{Sent, Shop, json_content};

/// A body that is judged twice by a schema that is twice another one, and so on.
fn doubled(depth: usize, keyword: &str) -> Shop {
    let last = format!("S{depth}");
    let mut shop = Shop::new().schema(&last, json!({"type": "integer"}));
    for number in 0..depth {
        let below = json!({"$ref": format!("#/$defs/S{}", number + 1)});
        shop = shop.schema(&format!("S{number}"), json!({keyword: [below, below]}));
    }
    let body = json!({"required": true, "content": json_content("S0")});
    shop.operation("POST", "/a", json!({"body": body, "replies": {"200": {"content": {}}}}))
}

#[test]
fn what_judges_one_value_too_often_is_no_plan() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        for depth in [12, 30, 200] {
            let faults = doubled(depth, keyword).load().map(drop).unwrap_err();
            assert_eq!(faults[0].pointer, "/apis/0/schemas/S0", "{keyword} {depth}");
            assert!(
                faults[0].found.contains("schemas at once, at most 10000"),
                "{:?}",
                faults[0]
            );
        }
    }
}

#[test]
fn the_most_that_is_accepted_is_judged_in_a_moment() {
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let plan = doubled(11, keyword).plan();
        let judged = |body: &str, reason: Option<&str>| {
            let began = Instant::now();
            let found = Sent::post("/a", body).answers(200, "").passes(&plan).err();
            assert_eq!(found, reason, "{keyword} {body}");
            began.elapsed()
        };
        if keyword != "oneOf" {
            judged("1", None);
        }
        let quickest = (0..5).map(|_| judged("\"x\"", Some("contract.body.invalid"))).min();
        assert!(quickest.unwrap() < Duration::from_millis(100), "{keyword} {quickest:?}");
    }
}
