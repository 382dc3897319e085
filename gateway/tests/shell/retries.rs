//! What is sent again, to whom, how often, and what never is.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Gateway, Upstream, api, operation, plan};

/// One thread before an API at these URLs; nobody is left alone.
fn before(urls: &[String], retries: &Value) -> Value {
    let kinds = ["items", "closes", "garbage", "no-body", "unavailable", "slow"];
    let operations: Vec<Value> = kinds
        .iter()
        .flat_map(|kind| ["GET", "POST"].map(|method| (kind, method)))
        .map(|(kind, method)| operation(&format!("{method} {kind}"), method, &format!("/{kind}/{{n}}")))
        .collect();
    let mut api = api("", &operations);
    api["upstream"]["urls"] = json!(urls);
    api["upstream"]["retries"] = retries.clone();
    let mut plan = plan(vec![api]);
    plan["gateway"]["threads"] = 1.into();
    plan
}

/// The status of each of so many requests.
fn statuses(gateway: &Gateway, method: &str, target: &str, count: usize) -> Vec<u16> {
    let mut client = gateway.client();
    let request = format!("{method} {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    (0..count).map(|_| client.send(&request).answer().status).collect()
}

#[test]
fn another_url_answers_for_one_that_closes_where_the_request_may_be_sent_twice() {
    let (bad, good) = (Upstream::start(), Upstream::start());
    let urls = [format!("{}/closes", bad.url()), good.url()];
    let gateway = Gateway::start(before(&urls, &json!({"attempts": 2, "budget": 20})));
    assert_eq!(statuses(&gateway, "GET", "/items/1", 20), [200; 20]);
    assert_eq!(good.received().len(), 20);
    let failed = bad.received().len();
    assert!(failed > 0);
    let twice = gateway.evidence(20).iter().filter(|line| line["attempts"] == 2).count();
    assert_eq!(twice, failed, "evidence says so of each, and of no other");
    let sent = format!("yett_upstream_retries_total{{api=\"shop\",outcome=\"sent\"}} {failed}\n");
    assert!(gateway.admin("/metrics").text().contains(&sent));
    let posted = statuses(&gateway, "POST", "/items/1", 20);
    let refused = posted.iter().filter(|status| **status == 502).count();
    assert_eq!(
        refused,
        bad.received().len() - failed,
        "{posted:?}: a POST is sent once"
    );
}

#[test]
fn the_only_url_is_asked_again_as_often_as_the_plan_says() {
    for (retries, times) in [
        (json!({"attempts": 3, "budget": 20}), 3),
        (json!({"attempts": 1, "budget": 20}), 1),
        (Value::Null, 1),
    ] {
        let upstream = Upstream::start();
        let gateway = Gateway::start(before(&[upstream.url()], &retries));
        assert_eq!(statuses(&gateway, "GET", "/closes/1", 1), [502]);
        assert_eq!(upstream.received().len(), times, "{retries}");
    }
}

#[test]
fn what_was_answered_is_never_sent_again() {
    for (kind, status) in [("garbage", 502), ("no-body", 502), ("unavailable", 503)] {
        let upstream = Upstream::start();
        let gateway = Gateway::start(before(&[upstream.url()], &json!({"attempts": 3, "budget": 20})));
        assert_eq!(
            (kind, statuses(&gateway, "GET", &format!("/{kind}/1"), 1)),
            (kind, vec![status])
        );
        assert_eq!((kind, upstream.received().len()), (kind, 1));
    }
}

#[test]
fn retries_do_not_multiply_an_outage() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(before(&[upstream.url()], &json!({"attempts": 3, "budget": 20})));
    assert_eq!(statuses(&gateway, "GET", "/closes/1", 500), [502; 500]);
    let repeated = upstream.received().len() - 500;
    assert_eq!(
        repeated,
        100 + 499 / 5,
        "a hundred, and a fifth of the requests; the first found the bucket full"
    );
    gateway.evidence(500);
    let metrics = gateway.admin("/metrics").text();
    let sent = format!("yett_upstream_retries_total{{api=\"shop\",outcome=\"sent\"}} {repeated}\n");
    assert!(metrics.contains(&sent), "{metrics}");
    assert!(metrics.contains("yett_upstream_retries_total{api=\"shop\",outcome=\"over_budget\"} "));
}

#[test]
fn an_attempt_that_is_slow_is_given_up_for_another_url() {
    let (slow, good) = (Upstream::start(), Upstream::start());
    let urls = [format!("{}/slow", slow.url()), good.url()];
    let mut plan = before(&urls, &json!({"attempts": 2, "budget": 20, "try_timeout": 100}));
    plan["apis"][0]["upstream"]["timeout"] = 10_000.into();
    let gateway = Gateway::start(plan);
    let began = Instant::now();
    while slow.received().is_empty() {
        assert_eq!(statuses(&gateway, "GET", "/items/9000", 1), [200]);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn all_attempts_have_the_timeout_together_and_it_is_late_only_when_that_is_over() {
    let upstream = Upstream::start();
    let mut plan = before(
        &[upstream.url()],
        &json!({"attempts": 2, "budget": 20, "try_timeout": 100}),
    );
    plan["apis"][0]["upstream"]["timeout"] = 1_000.into();
    let gateway = Gateway::start(plan);
    let began = Instant::now();
    assert_eq!(statuses(&gateway, "GET", "/slow/9000", 1), [504]);
    let taken = began.elapsed().as_millis();
    assert!(
        (900..2_000).contains(&taken),
        "{taken}: the last attempt has all that is left"
    );
    assert_eq!(upstream.received().len(), 2);
    assert_eq!(
        statuses(&gateway, "POST", "/slow/500", 1),
        [200],
        "what is sent once has it all"
    );
    assert_eq!(upstream.received().len(), 3);
}
