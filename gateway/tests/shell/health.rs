//! Active health checks: who fails them is not asked, and nobody is asked where all fail.

use serde_json::{Value, json};

use crate::support::{Gateway, Upstream, api, eventually, operation, plan};

/// One thread before an API at these upstreams, checked every 20 milliseconds at `/healthz`.
fn checked(upstreams: &[&Upstream]) -> Value {
    let mut api = api("", &[operation("items", "GET", "/items/{n}")]);
    api["upstream"]["urls"] = upstreams.iter().map(|upstream| upstream.url()).collect();
    api["upstream"]["health"] =
        json!({"path": "/healthz", "interval": 20, "timeout": 1_000, "healthy": 2, "unhealthy": 3, "status": []});
    let mut plan = plan(vec![api]);
    plan["gateway"]["threads"] = 1.into();
    plan
}

/// Waits until the metrics say so of this upstream.
fn becomes(gateway: &Gateway, upstream: &Upstream, healthy: u8) {
    let line = format!(
        "yett_upstream_healthy{{api=\"shop\",url=\"{}\"}} {healthy}\n",
        upstream.url()
    );
    eventually(|| gateway.admin("/metrics").text().contains(&line).then_some(()));
}

#[test]
fn who_fails_its_checks_is_not_asked_until_it_passes_them() {
    let (one, two) = (Upstream::start(), Upstream::start());
    let gateway = Gateway::start(checked(&[&one, &two]));
    let mut client = gateway.client();
    one.is_sick(true);
    becomes(&gateway, &one, 0);
    for _ in 0..20 {
        assert_eq!(client.get("/items/1").status, 200);
    }
    assert_eq!((one.served(), two.served()), (0, 20));
    one.is_sick(false);
    becomes(&gateway, &one, 1);
    eventually(|| {
        client.get("/items/1");
        (one.served() > 0).then_some(())
    });
}

#[test]
fn where_all_fail_their_checks_nobody_is_asked() {
    let upstream = Upstream::start();
    upstream.is_sick(true);
    let mut gateway = Gateway::start(checked(&[&upstream]));
    becomes(&gateway, &upstream, 0);
    let mut client = gateway.client();
    let answer = client.get("/items/1");
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("1")));
    assert_eq!(gateway.evidence(1)[0]["reason"], "upstream.connection.refused");
    assert_eq!(upstream.served(), 0);
    let mut plan = checked(&[&upstream]);
    plan["apis"][0]["upstream"]["health"] = Value::Null;
    gateway.reload(&plan);
    assert_eq!(client.get("/items/1").status, 200, "without checks it is asked");
    assert!(!gateway.admin("/metrics").text().contains("yett_upstream_healthy{"));
}

#[test]
fn a_check_says_who_asks_and_shows_nothing_else() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(checked(&[&upstream]));
    let first = eventually(|| upstream.received().into_iter().next());
    let host = upstream.address;
    assert_eq!(
        first.head,
        format!(
            "GET /healthz HTTP/1.1\r\nhost: {host}\r\nuser-agent: yett-health\r\naccept: */*\r\nconnection: close\r\n\r\n"
        )
    );
    eventually(|| (upstream.received().len() >= 3).then_some(()));
    assert_eq!(gateway.client().get("/items/1").status, 200, "what passes is asked");
}

#[test]
fn what_does_not_answer_in_time_or_answers_nonsense_fails() {
    for (kind, status) in [
        ("slow/500", json!([])),
        ("garbage", json!([])),
        ("items", json!([204])),
        ("closes", json!([])),
    ] {
        let upstream = Upstream::start();
        let mut plan = checked(&[&upstream]);
        let health = &mut plan["apis"][0]["upstream"]["health"];
        health["path"] = format!("/{kind}").into();
        health["status"] = status;
        health["timeout"] = 100.into();
        let gateway = Gateway::start(plan);
        becomes(&gateway, &upstream, 0);
        assert_eq!(gateway.client().get("/items/1").status, 503, "{kind}");
    }
}

#[test]
fn a_path_that_would_write_more_than_a_path_is_refused() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(checked(&[&upstream]));
    let mut plan = checked(&[&upstream]);
    plan["apis"][0]["upstream"]["health"]["path"] = "/ HTTP/1.1\r\nauthorization: x".into();
    let refused = gateway.reload(&plan);
    assert_eq!(
        refused["refused"][0]["pointer"], "/apis/0/upstream/health/path",
        "{refused}"
    );
}
