//! A client that keeps the rules: requests side by side, bodies both ways, deadlines, and how streams and connections end.

use std::io::{Read as _, Write as _};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::support::http2::{
    DATA, END_HEADERS, END_STREAM, HEADERS, NAME, PING, RST_STREAM, Raw, ask, block, connect, got, request, run,
    secure, tls,
};
use crate::support::{Upstream, api, eventually, operation, plan};
use crate::upstreams::open;

fn described(upstream: &Upstream) -> Value {
    let operations = [
        ("readItem", "GET", "/items/{id}"),
        ("headItem", "HEAD", "/items/{id}"),
        ("echo", "POST", "/echo"),
        ("slow", "GET", "/slow/{ms}"),
        ("large", "GET", "/large/{size}"),
        ("nothing", "GET", "/nothing"),
    ];
    let mut operations: Vec<_> = operations
        .iter()
        .map(|(id, method, path)| operation(id, method, path))
        .collect();
    operations[2]["body"] = json!({"required": false, "content": {"application/json": null}});
    plan(vec![api(&upstream.url(), &operations)])
}

fn json_body(method: &str, target: &str) -> http::request::Builder {
    request(method, target).header("content-type", "application/json")
}

#[test]
fn one_connection_serves_many_streams_at_a_time() {
    let upstream = Upstream::start();
    let gateway = secure(described(&upstream), Some(100));
    run(async {
        let mut client = connect(gateway.address).await;
        let slow = request("GET", "/slow/300").body(()).unwrap();
        let (slow, _) = client.send_request(slow, true).unwrap();
        for _ in 0..20 {
            let answer = ask(&mut client, request("GET", "/items/1"), b"").await;
            assert_eq!((answer.status, answer.text()), (200, "{\"id\":1}".to_owned()));
            assert_eq!(answer.header("server"), None);
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(answer.header("content-length"), Some("8"));
            assert!(answer.header("date").is_some());
        }
        assert_eq!(slow.await.unwrap().status(), 200);
    });
    assert_eq!(gateway.evidence(21).len(), 21);
    let received = upstream.received();
    let request = &received[received.len() - 1];
    assert!(request.head.starts_with("GET /"), "{}", request.head);
    assert_eq!(request.header("host"), Some(NAME));
    assert_eq!(request.header("x-forwarded-proto"), Some("https"));
}

#[test]
fn a_request_is_written_anew() {
    let upstream = Upstream::start();
    let gateway = secure(open(&upstream.url()), Some(100));
    run(async {
        let mut client = connect(gateway.address).await;
        let request = request("GET", "/items/%61?a=%62")
            .header("cookie", "a=1")
            .header("x-kept", "yes")
            .header("te", "trailers")
            .header("cookie", "b=2")
            .header("x-forwarded-for", "6.6.6.6");
        assert_eq!(ask(&mut client, request, b"").await.status, 200);
    });
    let request = &upstream.received()[0];
    assert_eq!(request.target(), "/items/a?a=b");
    assert_eq!(request.header("cookie"), Some("a=1; b=2"));
    assert_eq!(request.header("x-kept"), Some("yes"));
    assert_eq!(request.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(request.header("te"), None);
    assert_eq!(request.head.matches("\r\nhost: ").count(), 1);
}

#[test]
fn bodies_go_both_ways() {
    let upstream = Upstream::start();
    for plan in [described(&upstream), open(&upstream.url())] {
        let gateway = secure(plan, Some(100));
        run(async {
            let mut client = connect(gateway.address).await;
            let body = format!("\"{}\"", "b".repeat(60_000));
            let announced = json_body("POST", "/echo").header("content-length", body.len());
            assert_eq!(ask(&mut client, announced, body.as_bytes()).await.text(), body);
            let silent = json_body("POST", "/echo");
            assert_eq!(ask(&mut client, silent, body.as_bytes()).await.text(), body);
            assert_eq!(ask(&mut client, json_body("POST", "/echo"), b"").await.status, 200);
        });
    }
    let framed: Vec<_> = upstream
        .received()
        .iter()
        .map(|request| {
            let length = request.header("content-length").map(str::to_owned);
            (length, request.header("transfer-encoding").map(str::to_owned))
        })
        .collect();
    let length = |octets: &str| (Some(octets.to_owned()), None);
    let chunked = (None, Some("chunked".to_owned()));
    assert_eq!(framed[..3], [length("60002"), length("60002"), length("0")]);
    assert_eq!(
        framed[3..],
        [length("60002"), chunked, length("0")],
        "what nobody reads is streamed"
    );
}

#[test]
fn heads_and_empty_answers_have_no_body() {
    let upstream = Upstream::start();
    let gateway = secure(described(&upstream), Some(100));
    run(async {
        let mut client = connect(gateway.address).await;
        let head = ask(&mut client, request("HEAD", "/items/1"), b"").await;
        assert_eq!((head.status, head.text().len()), (200, 0));
        let nothing = ask(&mut client, request("GET", "/nothing"), b"").await;
        assert_eq!((nothing.status, nothing.header("content-length")), (204, None));
        assert_eq!(nothing.text(), "");
    });
}

#[test]
fn refusals_are_the_same_documents() {
    let upstream = Upstream::start();
    let gateway = secure(described(&upstream), Some(100));
    run(async {
        let mut client = connect(gateway.address).await;
        for (request, status) in [
            (request("GET", "/unknown"), 404),
            (request("GET", "/items/%2e%2e"), 400),
            (request("TRACE", "/items/1"), 501),
            (request("GET", "/items/1").header("range", "bytes=0-1"), 501),
        ] {
            let answer = ask(&mut client, request, b"").await;
            assert_eq!(answer.status, status);
            assert_eq!(answer.header("content-type"), Some("application/problem+json"));
            let problem: Value = serde_json::from_slice(answer.body.as_ref().unwrap()).unwrap();
            assert_eq!(problem["status"], status);
        }
    });
    let reasons: Vec<Value> = gateway.evidence(4).iter().map(|line| line["reason"].clone()).collect();
    let expected = [
        "resolve.operation.unknown",
        "admit.path.dot_segment",
        "admit.method.unsupported",
        "admit.range.unsupported",
    ];
    assert_eq!(reasons, expected);
    assert!(upstream.received().is_empty());
}

#[test]
fn a_streamed_answer_waits_for_its_client() {
    let upstream = Upstream::start();
    let mut plan = open(&upstream.url());
    plan["gateway"]["timeouts"]["body"] = 400.into();
    let gateway = secure(plan, Some(100));
    run(async {
        let mut client = connect(gateway.address).await;
        let whole = ask(&mut client, request("GET", "/until-close/3000000"), b"").await;
        assert_eq!(whole.body.unwrap().len(), 3_000_000);
        let stalled = request("GET", "/until-close/30000000").body(()).unwrap();
        let (stalled, _) = client.send_request(stalled, true).unwrap();
        let (_, mut stalled) = stalled.await.unwrap().into_parts();
        // Others are served while one stream takes nothing.
        assert_eq!(ask(&mut client, request("GET", "/items/1"), b"").await.status, 200);
        let mut taken = 0;
        let error = loop {
            match stalled.data().await.unwrap() {
                Ok(octets) => taken += octets.len(),
                Err(error) => break error,
            }
        };
        assert!(error.is_reset(), "{error}");
        assert!(taken <= 65_535, "no more than the window: {taken}");
        assert_eq!(ask(&mut client, request("GET", "/items/1"), b"").await.status, 200);
    });
    let lines = gateway.evidence(4);
    let cut = lines.iter().find(|line| {
        let sent = line["bytes_out"].as_u64().unwrap();
        (60_000..80_000).contains(&sent)
    });
    assert!(cut.is_some(), "{lines:?}");
}

#[test]
fn an_answer_that_breaks_is_reset_or_a_clean_fault() {
    let upstream = Upstream::start();
    let gateway = secure(open(&upstream.url()), Some(100));
    run(async {
        let mut client = connect(gateway.address).await;
        assert_eq!(ask(&mut client, request("GET", "/no-body/1"), b"").await.status, 502);
        let broken = request("GET", "/half/1").body(()).unwrap();
        let (answer, _) = client.send_request(broken, true).unwrap();
        // Whether the head is still sent before the reset is a matter of time.
        let error = match answer.await {
            Ok(answer) => got(answer).await.body.unwrap_err(),
            Err(error) => error,
        };
        assert!(error.is_reset(), "{error}");
        assert_eq!(ask(&mut client, request("GET", "/items/1"), b"").await.status, 200);
    });
    assert_eq!(gateway.evidence(3)[1]["reason"], "upstream.answer.malformed");
}

#[test]
fn a_body_is_read_no_faster_than_the_upstream_takes_it_and_within_its_limit() {
    let upstream = Upstream::start();
    let mut plan = open(&upstream.url());
    plan["apis"][0]["contract"]["body_bytes"] = 200_000.into();
    let gateway = secure(plan, Some(100));
    run(async {
        let mut client = connect(gateway.address).await;
        let large = request("POST", "/echo").body(()).unwrap();
        let (answer, mut body) = client.send_request(large, false).unwrap();
        body.send_data(Bytes::from(vec![b'x'; 300_000]), true).unwrap();
        assert!(
            answer.await.unwrap_err().is_reset(),
            "beyond its limit a streamed body is cut"
        );
        let held = json_body("POST", "/echo")
            .header("content-length", 300_000)
            .body(())
            .unwrap();
        let (answer, _body) = client.send_request(held, false).unwrap();
        assert_eq!(
            answer.await.unwrap().status(),
            413,
            "what is announced is not waited for"
        );
    });
    let reasons: Vec<Value> = gateway.evidence(2).iter().map(|line| line["reason"].clone()).collect();
    assert_eq!(reasons, ["validate.body.too_large", "validate.body.too_large"]);
}

#[test]
fn late_bodies_are_408_and_idle_connections_end_with_goaway() {
    let upstream = Upstream::start();
    let mut plan = described(&upstream);
    plan["gateway"]["timeouts"] = json!({"head": 300, "body": 300, "idle": 300, "drain": 1000});
    let gateway = secure(plan, Some(100));
    run(async {
        let mut client = connect(gateway.address).await;
        let late = json_body("POST", "/echo").body(()).unwrap();
        let (answer, mut body) = client.send_request(late, false).unwrap();
        body.send_data(Bytes::from_static(b"[1"), false).unwrap();
        assert_eq!(got(answer.await.unwrap()).await.status, 408);
    });
    let mut idle = Raw::connect(gateway.address);
    assert_eq!(idle.goodbye(), Some(0), "NO_ERROR");
    assert_eq!(gateway.evidence(1)[0]["reason"], "upstream.body.late");
}

#[test]
fn a_stream_that_its_client_resets_leaves_its_line() {
    let upstream = Upstream::start();
    let gateway = secure(described(&upstream), Some(100));
    let mut raw = Raw::connect(gateway.address);
    raw.head(1, &get("/slow/20000"));
    eventually(|| (upstream.received().len() == 1).then_some(()));
    raw.send(RST_STREAM, 0, 1, &8u32.to_be_bytes());
    let line = &gateway.evidence(1)[0];
    assert_eq!((&line["status"], &line["operation"]), (&json!(0), &json!("slow")));
    raw.send(
        HEADERS,
        END_HEADERS,
        3,
        &block(&[&get("/echo")[..], &[(b"content-type", b"application/json")]].concat()),
    );
    let post: &[(&[u8], &[u8])] = &[
        (b":method", b"POST"),
        (b":scheme", b"https"),
        (b":authority", b"shop.example"),
        (b":path", b"/echo"),
        (b"content-type", b"application/json"),
    ];
    raw.send(HEADERS, END_HEADERS, 5, &block(post));
    raw.send(DATA, 0, 5, b"[1");
    raw.send(RST_STREAM, 0, 5, &8u32.to_be_bytes());
    let lines = gateway.evidence(3);
    assert_eq!(lines[2]["reason"], "admit.body.cut", "{lines:?}");
    assert_eq!(upstream.received().len(), 1);
}

pub(super) fn get(path: &str) -> [(&[u8], &[u8]); 4] {
    [
        (b":method", b"GET"),
        (b":scheme", b"https"),
        (b":authority", NAME.as_bytes()),
        (b":path", path.as_bytes()),
    ]
}

#[test]
fn a_drain_ends_what_is_under_way_and_takes_nothing_new() {
    let upstream = Upstream::start();
    let mut gateway = secure(described(&upstream), Some(100));
    let mut raw = Raw::connect(gateway.address);
    raw.head(1, &get("/slow/400"));
    let mut idle = Raw::connect(gateway.address);
    idle.send(PING, 0, 0, b"12345678");
    eventually(|| (upstream.received().len() == 1).then_some(()));
    gateway.tell(&json!({"drain": 10_000}));
    assert_eq!(idle.goodbye(), Some(0));
    let mut frames = Vec::new();
    while let Some(frame) = raw.frame() {
        if frame.kind == PING && frame.flags == 0 {
            raw.send(PING, 1, 0, &frame.payload);
        }
        frames.push(frame);
    }
    let answered = frames
        .iter()
        .any(|frame| frame.kind == DATA && frame.flags & END_STREAM > 0);
    assert!(answered, "{frames:?}");
    assert_eq!(gateway.hear(), json!({"drained": {"requests": 0}}));
    gateway.forget();
}

#[test]
fn a_drain_cuts_what_takes_too_long_and_leaves_its_line() {
    let upstream = Upstream::start();
    let gateway = secure(described(&upstream), Some(100));
    let mut raw = Raw::connect(gateway.address);
    raw.head(1, &get("/items/1"));
    gateway.evidence(1);
    raw.head(3, &get("/slow/20000"));
    eventually(|| (upstream.received().len() == 2).then_some(()));
    let evidence = gateway.folder.join("evidence.jsonl");
    let kept = gateway.folder.with_extension("kept");
    std::fs::hard_link(&evidence, &kept).unwrap();
    drop(gateway);
    let text = std::fs::read_to_string(&kept).unwrap();
    let line: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    std::fs::remove_file(kept).unwrap();
    assert_eq!(line["reason"], "upstream.answer.late");
}

#[test]
fn a_client_that_waits_for_100_is_invited_once_it_may_send() {
    let upstream = Upstream::start();
    let gateway = secure(described(&upstream), Some(100));
    run(async {
        let mut client = connect(gateway.address).await;
        let post = json_body("POST", "/echo")
            .header("expect", "100-continue")
            .body(())
            .unwrap();
        let (mut answer, mut body) = client.send_request(post, false).unwrap();
        let invited = std::future::poll_fn(|context| answer.poll_informational(context)).await;
        assert_eq!(invited.unwrap().unwrap().status(), 100);
        body.send_data(Bytes::from_static(b"[1]"), true).unwrap();
        assert_eq!(got(answer.await.unwrap()).await.text(), "[1]");
        let odd = json_body("POST", "/echo").header("expect", "tea");
        assert_eq!(ask(&mut client, odd, b"[]").await.status, 417);
    });
}

#[test]
fn held_bodies_have_their_budget() {
    let upstream = Upstream::start();
    let mut plan = described(&upstream);
    plan["gateway"]["held_bytes"] = 1_000.into();
    let gateway = secure(plan, Some(100));
    run(async {
        let mut client = connect(gateway.address).await;
        let body = format!("\"{}\"", "b".repeat(2_000));
        let answer = ask(&mut client, json_body("POST", "/echo"), body.as_bytes()).await;
        assert_eq!(answer.status, 503);
    });
    assert_eq!(gateway.evidence(1)[0]["reason"], "upstream.memory.exhausted");
}

#[test]
fn no_more_streams_are_open_than_the_plan_allows() {
    let upstream = Upstream::start();
    let gateway = secure(described(&upstream), Some(2));
    let mut raw = Raw::connect(gateway.address);
    for stream in [1, 3, 5] {
        raw.head(stream, &get("/slow/20000"));
    }
    let refused = raw.end().unwrap();
    assert_eq!(
        (refused.kind, refused.stream, refused.code()),
        (RST_STREAM, 5, 7),
        "REFUSED_STREAM"
    );
    run(async {
        let mut client = connect(gateway.address).await;
        assert_eq!(ask(&mut client, request("GET", "/items/1"), b"").await.status, 200);
        assert_eq!(client.current_max_send_streams(), 2, "and says so");
    });
}

#[test]
fn http_1_is_spoken_with_whoever_asks_for_it_or_for_nothing() {
    let upstream = Upstream::start();
    for (streams, offered, spoken) in [
        (Some(100), &["http/1.1"][..], Some(&b"http/1.1"[..])),
        (Some(100), &[], None),
        (Some(100), &["http/1.1", "h2"], Some(b"h2")),
        (None, &["h2", "http/1.1"], Some(b"http/1.1")),
    ] {
        let gateway = secure(described(&upstream), streams);
        let mut stream = tls(gateway.address, offered);
        assert_eq!(stream.conn.alpn_protocol(), spoken);
        if spoken != Some(b"h2") {
            stream
                .write_all(b"GET /items/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
                .unwrap();
            let mut text = String::new();
            stream.read_to_string(&mut text).unwrap();
            assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text}");
        }
    }
}
