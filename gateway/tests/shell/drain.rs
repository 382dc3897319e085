//! The control socket while the gateway drains: it still answers, and an end may come sooner than was ordered first.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Gateway, Upstream, api, eventually, operation, plan};

#[test]
fn a_gateway_that_drains_still_answers_and_may_be_ended_sooner() {
    let upstream = Upstream::start();
    let slow = operation("slow", "GET", "/slow/{ms}");
    let mut gateway = Gateway::start(plan(vec![api(&upstream.url(), &[slow])]));
    let mut client = gateway.client();
    client.send("GET /slow/60000 HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually(|| (upstream.received().len() == 1).then_some(()));
    gateway.tell(&json!({"drain": 600_000, "id": "first"}));
    let status = gateway.order(&json!({"status": null}));
    assert_eq!(status["status"]["draining"], true, "{status}");
    assert_eq!(
        gateway.order(&json!({"keys": []})),
        json!({"keys": 0}),
        "a key is revoked while requests end"
    );
    gateway.tell(&json!({"drain": 0, "id": "second"}));
    let ends: [Value; 2] = [gateway.hear(), gateway.hear()];
    assert_eq!(
        ends,
        ["first", "second"].map(|id| json!({"drained": {"requests": 1}, "id": id}))
    );
}

#[test]
fn a_connection_that_was_just_used_gets_one_more_answer_which_ends_it() {
    let upstream = Upstream::start();
    let items = operation("items", "GET", "/items/{n}");
    let mut gateway = Gateway::start(plan(vec![api(&upstream.url(), &[items])]));
    let (mut used, mut quiet) = (gateway.client(), gateway.client());
    for client in [&mut used, &mut quiet] {
        assert_eq!(client.get("/items/1").status, 200);
    }
    gateway.tell(&json!({"drain": null}));
    eventually(|| {
        let answer = used.get("/items/1");
        assert_eq!(answer.status, 200);
        answer.closes().then_some(())
    });
    assert!(used.is_closed());
    assert!(quiet.is_closed(), "who asks no more is not waited for");
    assert_eq!(gateway.hear(), json!({"drained": {"requests": 0}}));
}

#[test]
fn a_drain_leaves_a_fresh_connection_time_for_its_first_request() {
    let upstream = Upstream::start();
    let item = operation("readItem", "GET", "/items/{id}");
    let mut gateway = Gateway::start(plan(vec![api(&upstream.url(), &[item])]));
    let (mut fresh, mut silent) = (gateway.client(), gateway.client());
    let accepted = Instant::now();
    eventually(|| {
        let status = gateway.order(&json!({"status": null}));
        let all = status["status"]["connections"] == 2;
        (all && accepted.elapsed() > Duration::from_millis(1_500)).then_some(())
    });
    let began = Instant::now();
    gateway.tell(&json!({"drain": null}));
    let address = gateway.address;
    eventually(|| std::net::TcpStream::connect(address).is_err().then_some(()));
    let answer = fresh.get("/items/1");
    assert_eq!((answer.status, answer.closes()), (200, true));
    assert!(silent.is_closed());
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "it is not waited for as for a head"
    );
    assert_eq!(gateway.hear(), json!({"drained": {"requests": 0}}));
}
