//! Upstreams that are down, slow, talk nonsense, close early or send too much; and what goes to one that is well.

use std::net::TcpListener;
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{Gateway, Upstream, api, operation, plan};

/// Every path of the upstream as a described operation.
fn described(upstream: &str) -> Value {
    let mut operations: Vec<Value> = [
        "items",
        "slow",
        "large",
        "chunks",
        "until-close",
        "garbage",
        "both-lengths",
        "closes",
        "half",
        "once",
        "interim",
    ]
    .iter()
    .map(|kind| operation(kind, "GET", &format!("/{kind}/{{n}}")))
    .collect();
    operations.push(operation("place", "POST", "/closes/{n}"));
    let mut api = api(upstream, &operations);
    api["upstream"]["timeout"] = 400.into();
    plan(vec![api])
}

/// No operation is described, all pass: nothing is read, bodies stream.
fn open(upstream: &str) -> Value {
    let mut api = api(upstream, &[]);
    api["unlisted"] = "report".into();
    api["unlisted_security"] = json!([[]]);
    api["upstream"]["timeout"] = 1000.into();
    plan(vec![api])
}

#[test]
fn faults_of_an_upstream_are_told_apart() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(described(&upstream.url()));
    let mut client = gateway.client();
    for (path, status) in [
        ("/slow/900", 504),
        ("/garbage/1", 502),
        ("/both-lengths/1", 502),
        ("/closes/1", 502),
    ] {
        let answer = client.get(path);
        assert_eq!((path, answer.status), (path, status));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    let reasons: Vec<Value> = gateway.evidence(4).iter().map(|line| line["reason"].clone()).collect();
    let malformed = "upstream.answer.malformed";
    assert_eq!(reasons, ["upstream.answer.late", malformed, malformed, malformed]);
    assert!(gateway.evidence(4).iter().all(|line| line["decision"] == "faulted"));
    assert_eq!(
        client.get("/items/1").status,
        200,
        "the client's connection is as good as before"
    );
}

#[test]
fn nobody_listens() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let gateway = Gateway::start(described(&format!("http://{address}")));
    assert_eq!(gateway.client().get("/items/1").status, 502);
    let line = &gateway.evidence(1)[0];
    assert_eq!(
        (&line["reason"], &line["upstream_status"]),
        (&json!("upstream.connection.refused"), &json!(null))
    );
}

#[test]
fn another_url_takes_over_from_one_that_is_down() {
    let upstream = Upstream::start();
    let down = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut plan = described(&upstream.url());
    plan["apis"][0]["upstream"]["urls"] = json!([format!("http://{down}/v1"), format!("{}/v2", upstream.url())]);
    let gateway = Gateway::start(plan);
    let mut client = gateway.client();
    for _ in 0..4 {
        assert_eq!(client.get("/items/1").status, 200);
    }
    assert!(
        upstream
            .received()
            .iter()
            .all(|request| request.target() == "/v2/items/1"),
        "the URL's path stands first"
    );
}

#[test]
fn a_connection_that_was_closed_meanwhile_is_replaced_where_the_request_may_be_sent_twice() {
    let upstream = Upstream::start();
    let mut plan = described(&upstream.url());
    plan["gateway"]["threads"] = 1.into();
    let gateway = Gateway::start(plan.clone());
    let mut client = gateway.client();
    for _ in 0..5 {
        assert_eq!(client.get("/once/1").status, 200);
    }
    assert_eq!(upstream.received().len(), 5);
    // Through a gateway without a connection that may be closing: there the upstream could see it once or not at all.
    let fresh = Gateway::start(plan);
    assert_eq!(fresh.client().post("/closes/1", b"").status, 502);
    assert_eq!(upstream.received().len(), 6, "what may not be sent twice is sent once");
}

#[test]
fn interim_answers_are_skipped() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(described(&upstream.url()));
    let answer = gateway.client().get("/interim/1");
    assert_eq!((answer.status, answer.header("link")), (200, None));
}

#[test]
fn what_goes_on_is_written_anew() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(open(&upstream.url()));
    let mut client = gateway.client();
    client.send(
        "GET /items/%61?a=%62 HTTP/1.1\r\nHost: Shop.Example\r\nConnection: x-secret, keep-alive\r\nX-Secret: 1\r\n\
         X-Forwarded-For: 6.6.6.6\r\nTE: trailers\r\nX-Kept: yes\r\n\r\n",
    );
    client.answer();
    let request = &upstream.received()[0];
    assert_eq!(request.target(), "/items/a?a=b");
    assert_eq!(request.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(request.header("x-kept"), Some("yes"));
    for gone in ["x-secret", "te", "connection"] {
        assert_eq!(request.header(gone), None, "{gone}");
    }
    assert!(request.header("traceparent").is_some());
    assert_eq!(request.head.matches("\r\nhost: ").count(), 1);
}

#[test]
fn bodies_stream_both_ways_where_nothing_reads_them() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(open(&upstream.url()));
    let mut client = gateway.client();
    assert_eq!(client.get("/chunks/3").text(), "abcdabcdabcd");
    assert_eq!(
        client.get("/large/3000000").body.len(),
        3_000_002,
        "no limit holds for what nobody reads"
    );
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    assert_eq!(client.send("2\r\nde\r\n0\r\n\r\n").answer().text(), "abcde");
    assert_eq!(client.post("/echo", &vec![b'y'; 60_000]).body, vec![b'y'; 60_000]);
    assert_eq!(upstream.received()[2].header("transfer-encoding"), Some("chunked"));
    assert_eq!(upstream.received()[3].header("content-length"), Some("60000"));
    let answer = client.get("/until-close/70000");
    assert_eq!(
        (answer.header("transfer-encoding"), answer.body.len()),
        (Some("chunked"), 70_000)
    );
    client.send("GET /chunks/3 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    let answer = client.answer();
    assert_eq!(
        (answer.header("transfer-encoding"), answer.text()),
        (None, "abcdabcdabcd".to_owned())
    );
    assert!(gateway.evidence(6).iter().all(|line| line["not_inspected"] == true));
}

#[test]
fn a_streamed_body_over_its_limit_resets_both_sides() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(open(&upstream.url()));
    let mut client = gateway.client();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(format!("{:x}\r\n{}\r\n", 70_000, "z".repeat(70_000)));
    assert!(client.answer_to("POST").is_none());
    let line = &gateway.evidence(1)[0];
    assert_eq!(
        (&line["reason"], &line["status"]),
        (&json!("validate.body.too_large"), &json!(0))
    );
    assert!(upstream.received().is_empty(), "the upstream never had a whole request");
}

#[test]
fn an_answer_that_breaks_off_is_never_taken_for_the_whole() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(open(&upstream.url()));
    assert!(
        gateway
            .client()
            .send("GET /half/1 HTTP/1.1\r\nHost: a\r\n\r\n")
            .answer_to("GET")
            .is_none()
    );
    assert_eq!(gateway.evidence(1)[0]["reason"], "upstream.answer.malformed");
}

#[test]
fn an_answer_before_the_end_of_the_body_is_passed_on_and_the_connection_ends() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(open(&upstream.url()));
    let mut client = gateway.client();
    client.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\nbeginning");
    let answer = client.answer();
    assert_eq!(answer.status, 413);
    assert!(answer.closes());
}

#[test]
fn a_client_that_does_not_read_is_not_waited_for() {
    let upstream = Upstream::start();
    let mut plan = open(&upstream.url());
    plan["gateway"]["timeouts"]["body"] = 200.into();
    let gateway = Gateway::start(plan);
    let began = Instant::now();
    let mut client = gateway.client();
    client.send("GET /large/50000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    let line = gateway.evidence(1)[0].clone();
    assert!(began.elapsed().as_secs() < 5);
    assert!(line["bytes_out"].as_u64().unwrap() < 50_000_000, "{line}");
    assert!(client.answer_to("GET").is_none());
}
