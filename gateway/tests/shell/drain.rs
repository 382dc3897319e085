//! The control socket while the gateway drains: it still answers, and an end may come sooner than was ordered first.

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
