//! Upstreams that are down, slow, talk nonsense, close early or send too much; and what goes to one that is well.

use std::io::Read;
use std::net::TcpListener;
use std::time::Instant;

use serde_json::{Value, json};

use crate::support::{Client, Gateway, Upstream, api, eventually, operation, plan};

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
        "no-chunks",
        "long-head",
        "bare-lf",
    ]
    .iter()
    .map(|kind| operation(kind, "GET", &format!("/{kind}/{{n}}")))
    .collect();
    operations.push(operation("place", "POST", "/closes/{n}"));
    for kind in ["early", "early-stays", "early-fine"] {
        let mut put = operation(&format!("put-{kind}"), "PUT", &format!("/{kind}/{{n}}"));
        put["body"] = json!({"required": false, "content": {"application/json": null}});
        operations.push(put);
    }
    let mut api = api(upstream, &operations);
    api["upstream"]["timeout"] = 400.into();
    plan(vec![api])
}

/// The same with one thread, so that the next request finds the connection of the last, and with room for large bodies.
fn one_thread(mut plan: Value) -> Value {
    plan["gateway"]["threads"] = 1.into();
    plan["gateway"]["held_bytes"] = 100_000_000.into();
    plan["apis"][0]["contract"]["body_bytes"] = 50_000_000.into();
    plan
}

/// A body that no socket takes without being read.
fn large() -> Vec<u8> {
    format!("\"{}\"", "l".repeat(12_000_000)).into_bytes()
}

fn put(target: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "PUT {target} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// No operation is described, all pass: nothing is read, bodies stream.
pub(crate) fn open(upstream: &str) -> Value {
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
    let answer = gateway.client().get("/items/1");
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("2")));
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
    let gateway = Gateway::start(one_thread(described(&upstream.url())));
    let mut client = gateway.client();
    for _ in 0..5 {
        assert_eq!(client.get("/once/1").status, 200);
    }
    assert_eq!(upstream.received().len(), 5);
}

#[test]
fn what_closes_a_reused_connection_is_sent_again_only_where_it_may_be() {
    for (method, times) in [("GET", 2), ("POST", 1)] {
        let upstream = Upstream::start();
        let gateway = Gateway::start(one_thread(described(&upstream.url())));
        let mut client = gateway.client();
        assert_eq!(client.get("/items/1").status, 200);
        client.send(format!(
            "{method} /closes/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
        ));
        assert_eq!(client.answer().status, 502);
        let connections: Vec<usize> = upstream.received().iter().map(|request| request.connection).collect();
        assert_eq!(connections.len(), 1 + times, "{method}");
        assert_eq!(
            connections[..2],
            [0, 0],
            "{method} went over the connection of the first"
        );
    }
}

#[test]
fn a_connection_is_used_again_whatever_the_client_does_with_its_own() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(one_thread(described(&upstream.url())));
    for ending in ["HTTP/1.1\r\nHost: a\r\nConnection: close", "HTTP/1.0\r\nHost: a"] {
        for _ in 0..2 {
            let mut client = gateway.client();
            client.send(format!("GET /items/1 {ending}\r\n\r\n"));
            assert!(client.answer().closes());
        }
    }
    let connections: Vec<usize> = upstream.received().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0; 4]);
}

#[test]
fn a_connection_is_not_used_again_after_a_body_that_is_none() {
    let upstream = Upstream::start();
    for plan in [described(&upstream.url()), open(&upstream.url())] {
        let gateway = Gateway::start(one_thread(plan));
        let mut client = gateway.client();
        assert_eq!(client.get("/no-chunks/1").status, 502);
        assert_eq!(client.get("/items/1").status, 200);
        let connections: Vec<usize> = upstream.received().iter().map(|request| request.connection).collect();
        let [.., bad, good] = connections[..] else {
            panic!("{connections:?}")
        };
        assert_ne!(bad, good);
    }
}

#[test]
fn a_connection_is_used_again_after_a_body_that_nobody_wants_and_that_comes_late() {
    let upstream = Upstream::start();
    let mut plan = one_thread(described(&upstream.url()));
    let mut strict = operation("strict", "GET", "/late-error/{n}");
    strict["replies"] = json!({"200": {"content": {"application/json": null}}});
    plan["apis"][0]["operations"].as_array_mut().unwrap().push(strict);
    let gateway = Gateway::start(plan);
    let mut client = gateway.client();
    let answer = client.get("/late-error/20");
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (404, Some("application/problem+json"))
    );
    eventually(|| (upstream.late() == 1).then_some(()));
    assert_eq!(client.get("/items/1").status, 200);
    let connections: Vec<usize> = upstream.received().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0]);
}

#[test]
fn octets_behind_an_answer_answer_nobody_else() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(one_thread(open(&upstream.url())));
    for round in 1..=20 {
        assert_eq!(gateway.client().get("/surplus/1").body, b"");
        eventually(|| (upstream.surplus() == round).then_some(()));
        assert_eq!(gateway.client().get("/items/1").text(), "{\"id\":1}");
    }
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
    eventually(|| (upstream.resets() == 1).then_some(()));
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
    let line = &gateway.evidence(1)[0];
    assert_eq!(
        (&line["reason"], &line["status"]),
        (&json!("upstream.answer.malformed"), &json!(200)),
        "the client got octets of it"
    );
}

#[test]
fn an_answer_that_breaks_off_before_its_body_is_a_clean_fault() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(open(&upstream.url()));
    let mut client = gateway.client();
    for (path, status) in [("/no-body/1", 502), ("/late-body/1", 504)] {
        let answer = client.get(path);
        assert_eq!((path, answer.status), (path, status));
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    }
    assert_eq!(client.get("/items/1").status, 200);
    let lines = gateway.evidence(3);
    let statuses: Vec<_> = lines
        .iter()
        .map(|line| [line["status"].clone(), line["upstream_status"].clone()])
        .collect();
    assert_eq!(
        statuses,
        [[502, 200], [504, 200], [200, 200]].map(|pair| pair.map(|status| json!(status)))
    );
}

#[test]
fn a_drain_resets_an_answer_that_only_the_end_of_the_connection_would_end() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(open(&upstream.url()));
    let mut client = gateway.client();
    client.send("GET /begins/1 HTTP/1.0\r\nHost: a\r\n\r\n");
    let mut head = [0; 16];
    client.stream.read_exact(&mut head).unwrap();
    assert_eq!(gateway.order(&json!({"drain": 0})), json!({"drained": {"requests": 1}}));
    assert!(client.is_reset(), "what was sent is not taken for the whole");
    let line = &gateway.evidence(1)[0];
    assert_eq!(
        (&line["status"], &line["reason"]),
        (&json!(200), &json!("upstream.answer.late"))
    );
    assert!(line["bytes_out"].as_u64().unwrap() > 16);
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
    assert_eq!(gateway.client().get("/items/1").status, 200);
    let connections: Vec<usize> = upstream.received().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 1], "what got half a request is not used again");
}

#[test]
fn a_connection_with_half_a_request_in_it_is_not_used_again() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(one_thread(open(&upstream.url())));
    let _ = gateway.client().stream_all("/early-reads/300", 12_000_000);
    let taken = gateway.evidence(1)[0]["bytes_in"].as_u64().unwrap();
    // Goes up and down around what the sockets take of a body that nobody reads: there its last octets do not leave the
    // gateway, although the client has sent them all.
    let (mut size, mut step) = (usize::try_from(taken).unwrap(), 1 << 18);
    for _ in 0..32 {
        let answer = gateway.client().stream_all("/early-reads/100", size).unwrap();
        assert_eq!(answer.status, 413);
        assert_eq!((size, gateway.client().get("/items/1").status), (size, 200));
        size = if answer.closes() { size - step } else { size + step };
        step = (step / 2).max(1 << 11);
    }
}

#[test]
fn an_error_before_the_end_of_a_held_body_is_passed_on() {
    for kind in ["early", "early-stays"] {
        let upstream = Upstream::start();
        let gateway = Gateway::start(one_thread(described(&upstream.url())));
        let mut client = gateway.client();
        assert_eq!(client.get("/items/1").status, 200);
        let answer = client.send(put(&format!("/{kind}/1"), &large())).answer();
        assert_eq!((kind, answer.status), (kind, 413));
        assert_eq!(client.get("/items/1").status, 200, "the client's connection goes on");
        let connections: Vec<usize> = upstream.received().iter().map(|request| request.connection).collect();
        assert_eq!(
            connections,
            [0, 0, 1],
            "it is sent once, and its connection not used again"
        );
    }
}

#[test]
fn an_answer_that_is_no_error_waits_for_the_rest_of_the_body() {
    for (plan, place) in [(described as fn(&str) -> Value, "held"), (open, "streamed")] {
        let upstream = Upstream::start();
        let gateway = Gateway::start(one_thread(plan(&upstream.url())));
        let mut client = gateway.client();
        assert_eq!(
            (place, client.send(put("/early-fine/1", &large())).answer().status),
            (place, 200)
        );
        assert_eq!((place, client.get("/items/1").status), (place, 200));
        let connections: Vec<usize> = upstream.received().iter().map(|request| request.connection).collect();
        assert_eq!(connections, [0, 0], "{place}: the upstream read it to its end");
    }
}

#[test]
fn a_head_with_a_streamed_body_is_answered() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(open(&upstream.url()));
    let mut client = gateway.client();
    client.send("HEAD /items/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345");
    assert_eq!(client.answer_to("HEAD").map(|answer| answer.status), Some(200));
    assert_eq!(client.get("/items/1").status, 200);
}

#[test]
fn a_client_that_does_not_read_is_not_waited_for() {
    let upstream = Upstream::start();
    let held = |url: &str| {
        let mut plan = one_thread(described(url));
        plan["apis"][0]["contract"]["reply_bytes"] = 100_000_000.into();
        for operation in plan["apis"][0]["operations"].as_array_mut().unwrap() {
            operation["replies"]["default"]["content"]["application/json"] = "#/$defs/any".into();
        }
        plan["apis"][0]["upstream"]["timeout"] = 5000.into();
        plan
    };
    for mut plan in [open(&upstream.url()), held(&upstream.url())] {
        plan["gateway"]["timeouts"]["body"] = 200.into();
        let gateway = Gateway::start(plan);
        let began = Instant::now();
        let mut client = gateway.client();
        client.send("GET /large/50000000 HTTP/1.1\r\nHost: a\r\n\r\n");
        let line = gateway.evidence(1)[0].clone();
        assert!(began.elapsed().as_secs() < 5);
        assert_eq!(line["status"], 200, "{line}");
        assert!(line["bytes_out"].as_u64().unwrap() < 50_000_000, "{line}");
        assert!(client.answer_to("GET").is_none());
    }
}

#[test]
fn a_client_that_does_not_read_keeps_nothing_of_the_upstreams() {
    let upstream = Upstream::start();
    let mut plan = one_thread(described(&upstream.url()));
    plan["apis"][0]["contract"]["reply_bytes"] = 100_000_000.into();
    for operation in plan["apis"][0]["operations"].as_array_mut().unwrap() {
        operation["replies"]["default"]["content"]["application/json"] = "#/$defs/any".into();
    }
    plan["apis"][0]["upstream"]["timeout"] = 5000.into();
    plan["apis"][0]["upstream"]["connections"] = 1.into();
    let gateway = Gateway::start(plan);
    let mut deaf = Client::from("127.0.0.2", gateway.address);
    deaf.send("GET /large/20000000 HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually(|| (upstream.received().len() == 1).then_some(()));
    eventually(|| (gateway.client().get("/items/1").status == 200).then_some(()));
    let lines = gateway.evidence(1);
    let written = lines.iter().find(|line| line["operation"] == "large");
    assert_eq!(written, None, "its answer is still being written");
}

#[test]
fn a_head_that_is_too_long_or_ends_its_lines_otherwise_is_malformed_at_once() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(described(&upstream.url()));
    let mut client = gateway.client();
    for (path, status) in [
        ("/long-head/60000", 200),
        ("/long-head/70000", 502),
        ("/long-head/300000", 502),
        ("/bare-lf/1", 502),
    ] {
        assert_eq!((path, client.get(path).status), (path, status));
    }
    let reasons: Vec<Value> = gateway.evidence(4).iter().map(|line| line["reason"].clone()).collect();
    let malformed = json!("upstream.answer.malformed");
    assert_eq!(reasons[1..], [malformed.clone(), malformed.clone(), malformed]);
}
