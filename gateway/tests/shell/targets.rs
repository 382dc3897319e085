//! Upstreams of several URLs: which of them is asked, and which is left alone.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Client, Gateway, Upstream, api, eventually, operation, plan};

const KINDS: [&str; 3] = ["items", "slow", "healthz"];

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
        json!({"pointer": "/apis/0/upstream/urls/1/weight", "found": "the weight 0, expected at least 1"})
    );
    assert_eq!(gateway.client().get("/items/1").status, 200);
}

#[test]
fn a_plan_that_names_one_place_twice_is_refused() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(before(&json!([upstream.url()])));
    for (one, other) in [
        ("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v1/"),
        ("http://shop.example", "http://Shop.Example:80"),
    ] {
        let refused = gateway.reload(&before(&json!([one, "http://127.0.0.1:9/v2", other])));
        let found = format!("{other}, the same as {one}, expected each URL once");
        let fault = json!({"pointer": "/apis/0/upstream/urls/2", "found": found});
        assert_eq!(refused["refused"], json!([fault]));
    }
}

/// Of a hundred requests, how many each way of ending had.
fn ended(gateway: &Gateway) -> (usize, usize) {
    let mut client = gateway.client();
    let statuses: Vec<u16> = (0..100).map(|_| client.get("/items/900").status).collect();
    let good = statuses.iter().filter(|status| **status == 200).count();
    (good, statuses.len() - good)
}

#[test]
fn a_url_that_fails_is_left_alone() {
    for kind in ["closes", "garbage", "no-body", "slow", "unavailable"] {
        let (failing, good) = (Upstream::start(), Upstream::start());
        let bad = format!("{}/{kind}", failing.url());
        let mut plan = before(&json!([bad, good.url()]));
        plan["apis"][0]["upstream"]["timeout"] = 200.into();
        plan["apis"][0]["upstream"]["retries"] = Value::Null;
        plan["apis"][0]["upstream"]["ejection"] = json!({"after": 3, "time": 60_000, "longest": 60_000});
        let mut gateway = Gateway::start(plan.clone());
        assert_eq!((kind, ended(&gateway)), (kind, (97, 3)));
        gateway.reload(&plan);
        assert_eq!(
            (kind, ended(&gateway)),
            (kind, (100, 0)),
            "another plan goes on with it"
        );
        plan["apis"][0]["upstream"]["urls"] = json!([bad]);
        gateway.reload(&plan);
        assert_eq!(gateway.client().get("/items/900").status / 100, 5);
        assert_eq!((kind, failing.received().len()), (kind, 4), "the only one is asked");
    }
}

#[test]
fn a_refused_plan_changes_nothing_for_a_url_that_is_left_alone() {
    let (failing, good) = (Upstream::start(), Upstream::start());
    let bad = format!("{}/closes", failing.url());
    let mut plan = before(&json!([bad, good.url()]));
    plan["apis"][0]["upstream"]["retries"] = Value::Null;
    plan["apis"][0]["upstream"]["ejection"] = json!({"after": 1, "time": 60_000, "longest": 60_000});
    let mut gateway = Gateway::start(plan.clone());
    assert_eq!(ended(&gateway), (99, 1));
    plan["apis"][0]["upstream"]["urls"] = json!([bad]);
    let mut other = api("ftp://x", &[operation("other", "GET", "/other")]);
    other["name"] = "other".into();
    other["base"] = "/other".into();
    plan["apis"].as_array_mut().unwrap().push(other);
    assert!(gateway.reload(&plan)["refused"].is_array());
    assert_eq!(ended(&gateway), (100, 0));
}

#[test]
fn an_answer_whose_body_nobody_waits_for_ends_a_row_of_failures() {
    let (failing, good) = (Upstream::start(), Upstream::start());
    let mut plan = before(&json!([{"url": failing.url(), "weight": 65_535}, good.url()]));
    plan["apis"][0]["upstream"]["retries"] = Value::Null;
    plan["apis"][0]["upstream"]["ejection"] = json!({"after": 2, "time": 60_000, "longest": 60_000});
    let operations = plan["apis"][0]["operations"].as_array_mut().unwrap();
    operations.push(operation("closes", "GET", "/closes"));
    let mut strict = operation("strict", "GET", "/late-error/{n}");
    strict["replies"] = json!({"200": {"content": {"application/json": null}}});
    operations.push(strict);
    let gateway = Gateway::start(plan);
    for _ in 0..5 {
        let mut client = gateway.client();
        assert_eq!(client.get("/closes").status, 502);
        assert_eq!(client.get("/late-error/50").status, 404);
    }
    assert!(good.received().is_empty());
}

#[test]
fn an_upstream_that_answers_while_a_body_still_comes_was_not_late() {
    let (echoing, good) = (Upstream::start(), Upstream::start());
    let mut plan = before(&json!([{"url": echoing.url(), "weight": 65_535}, good.url()]));
    plan["apis"][0]["unlisted"] = "report".into();
    plan["apis"][0]["unlisted_security"] = json!([[]]);
    plan["apis"][0]["contract"]["body_bytes"] = 100_000_000.into();
    plan["apis"][0]["upstream"]["ejection"] = json!({"after": 1, "time": 60_000, "longest": 60_000});
    plan["gateway"]["timeouts"]["body"] = 300.into();
    let gateway = Gateway::start(plan);
    assert!(gateway.client().stream_all("/echoes", 30_000_000).is_none());
    let line = &gateway.evidence(1)[0];
    assert_eq!(line["reason"], "upstream.body.late", "{line}");
    assert_eq!(gateway.client().get("/items/1").status, 200);
    assert!(good.received().is_empty(), "the next request goes to it as well");
}

#[test]
fn what_was_left_alone_is_asked_again() {
    let (failing, good) = (Upstream::start(), Upstream::start());
    let mut plan = before(&json!([format!("{}/closes", failing.url()), good.url()]));
    plan["apis"][0]["upstream"]["ejection"] = json!({"after": 2, "time": 1, "longest": 60_000});
    let gateway = Gateway::start(plan);
    let mut client = gateway.client();
    eventually(|| {
        client.get("/items/1");
        (failing.received().len() >= 5).then_some(())
    });
}

#[test]
fn a_circuit_opens_is_tried_and_closes() {
    let (failing, good) = (Upstream::start(), Upstream::start());
    let mut plan = before(&json!([failing.url(), good.url()]));
    plan["apis"][0]["upstream"]["ejection"] = json!({"after": 3, "time": 60_000, "longest": 60_000});
    let mut gateway = Gateway::start(plan.clone());
    let mut client = gateway.client();
    let refused = |client: &mut Client, count| (0..count).filter(|_| client.get("/healthz/1").status == 503).count();
    failing.is_sick(true);
    assert_eq!(
        (refused(&mut client, 100), failing.received().len()),
        (3, 3),
        "open: nobody is let through"
    );
    plan["apis"][0]["upstream"]["ejection"] = json!({"after": 3, "time": 1, "longest": 1});
    plan["apis"][0]["upstream"]["urls"] = json!([format!("{}/healthz", failing.url()), good.url()]);
    gateway.reload(&plan);
    let tried = |client: &mut Client, count| {
        eventually(|| {
            client.get("/items/1");
            (failing.received().len() >= count).then_some(())
        });
    };
    tried(&mut client, 10);
    assert!(
        failing.received().len() >= 10,
        "half open: it is tried again each time that its time is over"
    );
    failing.is_sick(false);
    tried(&mut client, 20);
    assert_eq!(refused(&mut client, 50), 0, "closed");
}

#[test]
fn where_no_url_can_be_reached_the_client_is_told_when_to_ask_again() {
    let down = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut plan = before(&json!([format!("http://{}", down()), format!("http://{}", down())]));
    plan["apis"][0]["upstream"]["ejection"] = json!({"after": 1, "time": 60_000, "longest": 60_000});
    let gateway = Gateway::start(plan);
    let mut client = gateway.client();
    for _ in 0..5 {
        let answer = client.get("/items/1");
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
    }
    assert_eq!(gateway.evidence(1)[0]["reason"], "upstream.connection.refused");
}

/// An address at which nobody accepts and nobody refuses, for as long as what holds it lives.
fn silent() -> (SocketAddr, socket2::Socket, Vec<TcpStream>) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
        waiting.push(stream);
    }
    (address, socket, waiting)
}

#[test]
fn one_request_waits_where_nobody_answers_and_the_others_are_told_at_once() {
    let (address, _socket, _waiting) = silent();
    let mut plan = before(&json!([format!("http://{address}")]));
    plan["apis"][0]["upstream"]["connect"] = 1_000.into();
    let gateway = Gateway::start(plan);
    let mut client = gateway.client();
    let began = Instant::now();
    assert_eq!(client.get("/items/1").status, 503);
    let first = began.elapsed();
    for _ in 0..5 {
        assert_eq!(client.get("/items/1").status, 503);
    }
    assert!(first >= Duration::from_secs(1), "{first:?}");
    assert!(began.elapsed() - first < first, "{:?}", began.elapsed());
    assert!(
        gateway
            .evidence(6)
            .iter()
            .all(|line| line["reason"] == "upstream.connection.refused")
    );
}

#[test]
fn a_name_is_resolved_and_one_that_cannot_be_is_down() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(before(&json!([format!(
        "http://localhost:{}",
        upstream.address.port()
    )])));
    for _ in 0..4 {
        assert_eq!(gateway.client().get("/items/1").status, 200);
    }
    let plan = before(&json!(["http://name.invalid:9000"]));
    let gateway = Gateway::start(plan);
    let answer = gateway.client().get("/items/1");
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
}

#[test]
fn no_more_requests_are_under_way_than_the_plan_allows() {
    let upstream = Upstream::start();
    let mut plan = before(&json!([upstream.url()]));
    plan["gateway"]["threads"] = 2.into();
    plan["apis"][0]["upstream"]["connections"] = 1.into();
    let gateway = Gateway::start(plan);
    let mut waiting = gateway.client();
    waiting.send("GET /slow/700 HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually(|| (!upstream.received().is_empty()).then_some(()));
    let mut client = gateway.client();
    let answer = client.get("/items/1");
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert_eq!(gateway.evidence(1)[0]["reason"], "upstream.connections.exhausted");
    assert_eq!(waiting.answer().status, 200);
    // A place is free a moment after the last octet; an idle connection of another thread would take it for half a minute.
    for _ in 0..4 {
        eventually(|| (gateway.client().get("/items/1").status == 200).then_some(()));
    }
}
