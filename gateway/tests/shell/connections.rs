//! Client connections: requests one after the other, framing both ways, deadlines, and how connections end.

use std::net::Shutdown;

use serde_json::json;

use crate::support::{Client, Gateway, Upstream, api, eventually, operation, plan};

fn everything(upstream: &Upstream) -> serde_json::Value {
    let operations = [
        ("readItem", "GET", "/items/{id}"),
        ("echo", "POST", "/echo"),
        ("slow", "GET", "/slow/{ms}"),
        ("large", "GET", "/large/{size}"),
        ("chunks", "GET", "/chunks/{count}"),
        ("nothing", "GET", "/nothing"),
    ];
    let mut operations: Vec<_> = operations
        .iter()
        .map(|(id, method, path)| operation(id, method, path))
        .collect();
    operations[1]["body"] = json!({"required": false, "content": {"application/json": null}});
    plan(vec![api(&upstream.url(), &operations)])
}

/// A JSON text of so many octets.
fn text(octets: usize) -> Vec<u8> {
    format!("\"{}\"", "t".repeat(octets - 2)).into_bytes()
}

#[test]
fn one_connection_serves_many_requests() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    for _ in 0..3 {
        let answer = client.get("/items/1");
        assert_eq!((answer.status, answer.text()), (200, "{\"id\":1}".to_owned()));
        assert_eq!(answer.header("server"), None);
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert!(answer.header("date").is_some());
    }
    let connections: Vec<usize> = upstream.received().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [0, 0, 0], "the connection to the upstream is used again");
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    let post = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n42";
    let get = "GET /large/3 HTTP/1.1\r\nHost: a\r\n\r\n";
    client.send([get, post, get].concat());
    let answers: Vec<String> = (0..3).map(|_| client.answer().text()).collect();
    assert_eq!(answers, ["\"xxx\"", "42", "\"xxx\""]);
}

#[test]
fn octet_by_octet_is_the_same_request() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    let request = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n\
                   3\r\n[1,\r\n3;x=y\r\n2 ]\r\n0\r\n\r\n";
    for octet in request.as_bytes() {
        client.send([*octet]);
    }
    assert_eq!(client.answer().text(), "[1,2 ]");
    assert_eq!(
        upstream.received()[0].header("content-length"),
        Some("6"),
        "a judged body is framed anew"
    );
}

#[test]
fn a_head_is_answered_without_a_body() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    client.send("HEAD /items/1 HTTP/1.1\r\nHost: a\r\n\r\nHEAD /unknown HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = client.answer_to("HEAD").unwrap();
    assert_eq!(
        (answer.status, answer.header("content-length")),
        (200, None),
        "what GET would bring is not known"
    );
    assert_eq!(client.answer_to("HEAD").unwrap().status, 404);
    let answer = client.get("/nothing");
    assert_eq!((answer.status, answer.header("content-length")), (204, None));
}

#[test]
fn the_client_says_how_the_connection_goes_on() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    client.send("GET /items/1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert!(client.answer().closes());
    assert!(client.is_closed());
    let mut client = gateway.client();
    client.send("GET /items/1 HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
    assert_eq!(client.answer().header("connection"), Some("keep-alive"));
    client.send("GET /items/1 HTTP/1.0\r\nHost: a\r\n\r\n");
    assert!(client.answer().closes());
    assert!(client.is_closed());
}

#[test]
fn a_refusal_before_the_body_is_read_by_a_client_that_still_sends_it() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    client.send("POST /unknown HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n");
    client.send(vec![b'x'; 200_000]);
    let answer = client.answer();
    assert_eq!(answer.status, 404);
    assert!(answer.closes());
    assert!(client.is_closed());
}

#[test]
fn a_refusal_of_a_small_body_that_is_here_keeps_the_connection() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    assert_eq!(client.post("/unknown", b"{}").status, 404);
    assert_eq!(client.get("/items/1").status, 200);
}

#[test]
fn a_body_over_its_limit_is_refused_however_it_is_framed() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let answer = gateway.client().post("/echo", &vec![b'1'; 65_537]);
    assert_eq!(answer.status, 413);
    let mut client = gateway.client();
    client
        .send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send(format!("10001\r\n{}\r\n0\r\n\r\n", "1".repeat(65_537)));
    assert_eq!(client.answer().status, 413);
    let largest = text(65_536);
    assert_eq!(gateway.client().post("/echo", &largest).body, largest);
    assert_eq!(upstream.received().len(), 1);
}

#[test]
fn a_client_that_waits_is_invited_only_when_it_may_send() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    let head =
        "HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";
    client.send(format!("POST /echo {head}"));
    assert_eq!(client.answer().status, 100);
    assert_eq!(client.send("42").answer().text(), "42");
    client.send(format!("POST /unknown {head}"));
    let answer = client.answer();
    assert_eq!(answer.status, 404, "no 100 comes before the refusal");
    assert!(answer.closes());
}

#[test]
fn what_cannot_be_read_gets_a_problem_document_and_the_connection_ends() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n42");
    let answer = client.answer();
    assert_eq!(answer.status, 400);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert!(client.is_closed());
    let lines = gateway.evidence(1);
    assert_eq!(lines[0]["reason"], "admit.length.conflicting");
    assert_eq!(lines[0]["decision"], "refused");
    assert_eq!(lines[0]["client"], "127.0.0.1");
    assert!(upstream.received().is_empty());
}

#[test]
fn a_chunk_that_is_none_is_refused_and_goes_nowhere() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    client.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
    );
    let answer = client.answer();
    assert_eq!((answer.status, answer.closes()), (400, true));
    let line = &gateway.evidence(1)[0];
    assert_eq!(
        (&line["reason"], &line["operation"]),
        (&json!("admit.chunk.malformed"), &json!("echo"))
    );
    assert!(upstream.received().is_empty());
}

#[test]
fn late_heads_and_bodies_are_408_and_silence_is_just_closed() {
    let upstream = Upstream::start();
    let mut plan = everything(&upstream);
    plan["gateway"]["timeouts"] = json!({"head": 200, "body": 200, "idle": 200, "drain": 1000});
    let gateway = Gateway::start(plan);
    let mut client = gateway.client();
    assert_eq!(client.send("GET /items/1 HT").answer().status, 408);
    assert!(client.is_closed());
    let mut client = gateway.client();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n12");
    assert_eq!(client.answer().status, 408);
    assert!(gateway.client().is_closed());
    let mut client = gateway.client();
    assert_eq!(client.get("/items/1").status, 200);
    assert!(client.is_closed(), "idle for too long");
    let mut reasons: Vec<_> = gateway.evidence(3).iter().map(|line| line["reason"].clone()).collect();
    reasons.sort_by_key(ToString::to_string);
    assert_eq!(
        reasons,
        [json!("upstream.body.late"), json!("upstream.head.late"), json!(null)]
    );
}

#[test]
fn a_body_that_is_cut_off_is_refused_and_goes_nowhere() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let mut client = gateway.client();
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\n12");
    client.stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(client.answer().status, 400);
    assert_eq!(gateway.evidence(1)[0]["reason"], "admit.body.cut");
    assert!(upstream.received().is_empty());
}

#[test]
fn who_only_announces_a_body_takes_no_one_elses_room() {
    let upstream = Upstream::start();
    let mut plan = everything(&upstream);
    plan["gateway"]["held_bytes"] = 20_500.into();
    let gateway = Gateway::start(plan);
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n";
    let mut waiting = [gateway.client(), gateway.client()];
    for client in &mut waiting {
        client.send(format!("{head}Content-Length: 10000\r\n\r\n"));
        assert_eq!(client.answer().status, 100);
    }
    let answer = gateway.client().post("/echo", &text(600));
    assert_eq!(answer.status, 200, "{:?}", gateway.evidence(1));
    for client in &mut waiting {
        assert_eq!(client.send(text(10_000)).answer().status, 200);
    }
}

#[test]
fn connections_and_held_bytes_have_a_budget() {
    let upstream = Upstream::start();
    let mut plan = everything(&upstream);
    plan["gateway"]["connections"] = 2.into();
    plan["gateway"]["held_bytes"] = 1000.into();
    let gateway = Gateway::start(plan);
    let mut first = gateway.client();
    assert_eq!(first.get("/items/1").status, 200);
    let mut second = gateway.client();
    assert_eq!(second.post("/echo", &text(1100)).status, 503);
    assert_eq!(second.post("/echo", &text(300)).status, 200);
    let mut third = gateway.client();
    let answer = third.answer();
    assert_eq!(answer.status, 503);
    assert!(third.is_closed());
    drop(first);
    eventually(|| {
        let mut client = Client::connect(gateway.address);
        client.send("GET /items/1 HTTP/1.1\r\nHost: a\r\n\r\n");
        client.answer_to("GET").filter(|answer| answer.status == 200)
    });
    let reasons: Vec<_> = gateway.evidence(5).iter().map(|line| line["reason"].clone()).collect();
    assert!(reasons.contains(&json!("upstream.memory.exhausted")));
    assert!(reasons.contains(&json!("upstream.connections.exhausted")));
}

#[test]
fn a_drain_lets_requests_under_way_end_and_closes_the_idle() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let address = gateway.address;
    let mut idle = gateway.client();
    assert_eq!(idle.get("/items/1").status, 200);
    let mut busy = gateway.client();
    busy.send("GET /slow/300 HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually(|| (upstream.received().len() == 2).then_some(()));
    let draining = std::thread::spawn(move || gateway.drain());
    assert!(idle.is_closed());
    let answer = busy.answer();
    assert_eq!(answer.status, 200);
    assert!(answer.closes());
    assert_eq!(draining.join().unwrap(), json!({"drained": {"requests": 0}}));
    assert!(
        std::net::TcpStream::connect(address).is_err(),
        "nobody accepts any more"
    );
}

#[test]
fn a_drain_cuts_what_takes_too_long_and_says_how_many() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(everything(&upstream));
    let mut busy = gateway.client();
    busy.send("GET /slow/3000 HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually(|| (upstream.received().len() == 1).then_some(()));
    assert_eq!(
        gateway.order(&json!({"drain": 100, "id": 7})),
        json!({"drained": {"requests": 1}, "id": 7})
    );
    assert!(busy.is_reset());
    let line = &gateway.evidence(1)[0];
    assert_eq!(
        (&line["decision"], &line["reason"], &line["status"], &line["operation"]),
        (
            &json!("faulted"),
            &json!("upstream.answer.late"),
            &json!(0),
            &json!("slow")
        )
    );
}

#[test]
fn a_drain_that_cuts_a_body_on_its_way_in_says_so() {
    let upstream = Upstream::start();
    let mut gateway = Gateway::start(everything(&upstream));
    let mut busy = gateway.client();
    busy.send(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\
         Expect: 100-continue\r\n\r\n",
    );
    assert_eq!(busy.answer().status, 100);
    gateway.order(&json!({"drain": 0}));
    assert!(busy.is_reset());
    let line = &gateway.evidence(1)[0];
    assert_eq!(
        (&line["reason"], &line["status"], &line["bytes_out"]),
        (&json!("upstream.body.late"), &json!(0), &json!(0))
    );
}

#[test]
fn who_is_turned_away_takes_no_ones_place() {
    let upstream = Upstream::start();
    let mut plan = everything(&upstream);
    plan["gateway"]["connections"] = 1.into();
    let mut gateway = Gateway::start(plan);
    let mut first = gateway.client();
    assert_eq!(first.get("/items/1").status, 200);
    let mut others = [gateway.client(), gateway.client()];
    for other in &mut others {
        assert_eq!(other.answer().status, 503);
    }
    let status = gateway.order(&json!({"status": null}));
    assert_eq!(
        status["status"]["connections"], 1,
        "they are still open, and not counted"
    );
}

#[test]
fn a_client_that_goes_while_it_is_invited_was_not_late() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\
                Expect: 100-continue\r\n\r\n";
    for _ in 0..200 {
        let mut client = gateway.client();
        client.send(head);
        client.reset();
    }
    // Of those that go at once the gateway may not have read the head; this one was invited.
    let mut client = gateway.client();
    assert_eq!(client.send(head).answer().status, 100);
    client.reset();
    eventually(|| {
        let lines = gateway.evidence(1);
        let mut echoes = lines.iter().filter(|line| line["operation"] == "echo").peekable();
        echoes.peek()?;
        assert!(echoes.all(|line| line["reason"] == "admit.body.cut"), "{lines:?}");
        Some(())
    });
}

#[test]
fn one_address_does_not_take_every_place() {
    let upstream = Upstream::start();
    let mut plan = everything(&upstream);
    plan["gateway"]["connections"] = 6.into();
    plan["gateway"]["connections_per_address"] = 3.into();
    let mut gateway = Gateway::start(plan.clone());
    let mut flood: Vec<Client> = (0..9).map(|_| gateway.client()).collect();
    for client in &mut flood[3..] {
        assert_eq!(client.answer().status, 503, "told before it says anything");
    }
    assert_eq!(
        flood[0].get("/items/1").status,
        200,
        "those within the share are served"
    );
    let mut other = Client::from("127.0.0.2", gateway.address);
    assert_eq!(other.get("/items/1").status, 200, "the twin");
    let reasons: Vec<_> = gateway.evidence(7).iter().map(|line| line["reason"].clone()).collect();
    assert!(
        reasons.contains(&json!("upstream.connections.exhausted")),
        "{reasons:?}"
    );
    let metrics = gateway.admin("/metrics").text();
    assert!(
        metrics.contains("yett_connections_turned_away_total{limit=\"address\"} 6"),
        "{metrics}"
    );
    drop(flood.remove(0));
    eventually(|| {
        let mut client = gateway.client();
        client.send("GET /items/1 HTTP/1.1\r\nHost: a\r\n\r\n");
        client.answer_to("GET").filter(|answer| answer.status == 200)
    });
    plan["gateway"]["trusted_proxies"] = json!(["127.0.0.1/32"]);
    assert!(gateway.reload(&plan).get("plan").is_some());
    assert_eq!(
        gateway.client().get("/items/1").status,
        200,
        "behind a proxy there are many"
    );
}

#[test]
fn bodies_of_one_client_leave_room_for_those_of_others() {
    const MIB: usize = 1 << 20;
    let upstream = Upstream::start();
    let mut plan = everything(&upstream);
    plan["gateway"]["held_bytes"] = (8 * MIB).into();
    plan["apis"][0]["contract"]["body_bytes"] = MIB.into();
    let gateway = Gateway::start(plan);
    let head =
        format!("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {MIB}\r\n\r\n");
    let hold = |from: &str| {
        let mut client = Client::from(from, gateway.address);
        client.send(&head);
        client.send(vec![b' '; MIB - 1]);
        client
    };
    let held = || {
        let metrics = gateway.admin("/metrics").text();
        let line = metrics
            .lines()
            .find(|line| line.starts_with("yett_held_bytes "))
            .unwrap()
            .to_owned();
        line.rsplit(' ').next().unwrap().parse::<usize>().unwrap()
    };
    let mut greedy: Vec<Client> = (0..2).map(|_| hold("127.0.0.2")).collect();
    eventually(|| (held() >= 2 * (MIB - 8_192)).then_some(()));
    let mut third = hold("127.0.0.2");
    assert_eq!(
        third.answer().status,
        503,
        "a quarter of the budget is all that one may hold"
    );
    let mut others: Vec<Client> = (3..7).map(|last| hold(&format!("127.0.0.{last}"))).collect();
    eventually(|| (held() >= 6 * (MIB - 8_192)).then_some(()));
    assert_eq!(
        hold("127.0.0.8").answer().status,
        503,
        "a quarter is kept from large bodies"
    );
    let mut small = Client::from("127.0.0.8", gateway.address);
    assert_eq!(small.post("/echo", &text(60_000)).status, 200, "the twin");
    assert_eq!(small.get("/large/60000").status, 200);
    for client in greedy.iter_mut().chain(&mut others) {
        assert_eq!(client.send("1").answer().status, 200);
    }
    let reasons: Vec<_> = gateway.evidence(10).iter().map(|line| line["reason"].clone()).collect();
    assert_eq!(
        reasons
            .iter()
            .filter(|reason| **reason == "upstream.memory.exhausted")
            .count(),
        2
    );
}

#[test]
fn a_head_that_breaks_off_leaves_its_line_however_it_does() {
    let upstream = Upstream::start();
    let gateway = Gateway::start(everything(&upstream));
    gateway.client().reset();
    let mut count = 0;
    eventually(|| {
        let mut client = gateway.client();
        client.send("GET /items/1 HTTP/1.1\r\nHost:");
        // Octets that nobody has read yet are lost with the connection, and with them what there was to tell.
        gateway.client().get("/items/1");
        client.reset();
        count += 1;
        let lines = gateway.evidence(count);
        lines.into_iter().find(|line| line["reason"] == "admit.head.cut")
    });
    let lines = gateway.evidence(count);
    assert!(
        lines
            .iter()
            .filter(|line| line["reason"] == "admit.head.cut")
            .all(|line| line["status"] == 0)
    );
}
