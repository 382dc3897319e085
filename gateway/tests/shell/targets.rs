//! Upstreams of several URLs: which of them is asked, and which is left alone.

use serde_json::{Value, json};

use crate::support::{Gateway, Upstream, api, eventually, operation, plan};

const KINDS: [&str; 2] = ["items", "slow"];

/// One thread before an API at these URLs.
fn before(urls: &Value) -> Value {
    let operations: Vec<Value> = KINDS
        .iter()
        .map(|kind| operation(kind, "GET", &format!("/{kind}/{{n}}")))
        .collect();
    let mut api = api("", &operations);
    api["upstream"]["urls"] = urls.clone();
    let mut plan = plan(vec![api]);
    plan["gateway"]["threads"] = 1.into();
    plan
}

#[test]
fn requests_go_to_the_urls_by_their_weight() {
    let (light, heavy) = (Upstream::start(), Upstream::start());
    let gateway = Gateway::start(before(&json!([light.url(), {"url": heavy.url(), "weight": 3}])));
    let mut client = gateway.client();
    for _ in 0..400 {
        assert_eq!(client.get("/items/1").status, 200);
    }
    let shares = (light.received().len(), heavy.received().len());
    assert_eq!(shares.0 + shares.1, 400);
    assert!(
        (240..=360).contains(&shares.1),
        "{shares:?}: seven standard deviations around 300"
    );
}

#[test]
fn a_url_that_is_busy_is_asked_less_than_one_that_is_not() {
    let upstreams = [Upstream::start(), Upstream::start()];
    let gateway = Gateway::start(before(&json!([upstreams[0].url(), upstreams[1].url()])));
    let mut waiting = gateway.client();
    waiting.send("GET /slow/1000 HTTP/1.1\r\nHost: a\r\n\r\n");
    let busy = eventually(|| upstreams.iter().position(|upstream| !upstream.received().is_empty()));
    let mut client = gateway.client();
    for _ in 0..20 {
        assert_eq!(client.get("/items/1").status, 200);
    }
    assert_eq!(waiting.answer().status, 200);
    assert_eq!(
        (upstreams[busy].received().len(), upstreams[1 - busy].received().len()),
        (1, 20)
    );
}

#[test]
fn a_plan_with_a_weight_of_nothing_is_refused() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(before(&json!([upstream.url()])));
    let refused = gateway.reload(&before(
        &json!([upstream.url(), {"url": "http://127.0.0.1:1", "weight": 0}]),
    ));
    assert_eq!(
        refused["refused"][0],
        json!({"pointer": "/apis/0/upstream/urls/1", "found": "http://127.0.0.1:1: the weight 0, expected 1 to 65535"})
    );
    assert_eq!(gateway.client().get("/items/1").status, 200);
}
