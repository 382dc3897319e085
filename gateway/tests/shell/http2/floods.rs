//! Floods of what costs a client nothing: its connection ends soon, and a client beside it is served.

use super::streams::get;
use crate::support::http2::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PING, RST_STREAM, Raw, SETTINGS, WINDOW_UPDATE, ask, block,
    connect, frame, request, run, secure,
};
use crate::support::{Gateway, Upstream, eventually};
use crate::upstreams::open;

const ENHANCE_YOUR_CALM: u32 = 11;
const PRIORITY: u8 = 2;
/// No flood is let go on for longer.
const MOST: u32 = 300_000;

fn prepared(upstream: &Upstream) -> Gateway {
    let mut plan = open(&upstream.url());
    plan["gateway"]["threads"] = 1.into();
    secure(plan, Some(100))
}

/// Sends frames until the other side takes no more: how many, and the code that it said goodbye with, where it could be read.
fn flood(gateway: &Gateway, first: &[u8], mut next: impl FnMut(u32) -> Vec<u8>) -> (u32, Option<u32>) {
    let mut raw = Raw::connect(gateway.address);
    let mut sent = 0;
    let mut taken = raw.write(first);
    while taken && sent < MOST {
        let batch: Vec<u8> = (0..50).flat_map(|step| next(sent + step)).collect();
        taken = raw.write(&batch);
        sent += 50;
    }
    (sent, raw.goodbye())
}

fn is_over(gateway: &Gateway, name: &str, (sent, code): (u32, Option<u32>)) {
    assert!(sent < MOST, "{name}: it was let go on");
    assert!(matches!(code, None | Some(ENHANCE_YOUR_CALM)), "{name}: {code:?}");
    run(async {
        let mut good = connect(gateway.address).await;
        assert_eq!(
            ask(&mut good, request("GET", "/items/1"), b"").await.status,
            200,
            "{name}"
        );
    });
}

fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn frames_that_carry_nothing_end_their_connection() {
    let upstream = Upstream::start();
    let gateway = prepared(&upstream);
    let before = resident();
    let post = {
        let mut fields = get("/echo").to_vec();
        fields[0].1 = b"POST";
        frame(HEADERS, END_HEADERS, 1, &block(&fields))
    };
    let slow = frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&get("/slow/900")));
    let open_head = frame(HEADERS, END_STREAM, 1, &block(&get("/items/1")));
    let bare = |frame: Vec<u8>| move |_| frame.clone();
    for (name, first, next) in [
        ("PING", vec![], frame(PING, 0, 0, b"12345678")),
        ("PING beside a request", slow.clone(), frame(PING, 0, 0, b"12345678")),
        ("SETTINGS", vec![], frame(SETTINGS, 0, 0, b"")),
        (
            "SETTINGS that change much",
            slow.clone(),
            frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0]),
        ),
        ("WINDOW_UPDATE", slow.clone(), frame(WINDOW_UPDATE, 0, 1, &[0, 0, 0, 1])),
        ("PRIORITY", vec![], frame(PRIORITY, 0, 1, &[0, 0, 0, 0, 16])),
        ("a frame that is unknown", vec![], frame(99, 0, 0, b"")),
        ("empty DATA", post.clone(), frame(DATA, 0, 1, b"")),
        ("padded empty DATA", post.clone(), frame(DATA, 8, 1, &[0])),
        ("empty CONTINUATION", open_head.clone(), frame(CONTINUATION, 0, 1, b"")),
        (
            "CONTINUATION",
            open_head.clone(),
            frame(CONTINUATION, 0, 1, &block(&[(b"x-a", &[b'v'; 900])])),
        ),
        (
            "CONTINUATION with empty fields",
            open_head,
            frame(CONTINUATION, 0, 1, &[0, 1, b'a', 0].repeat(200)),
        ),
    ] {
        is_over(&gateway, name, flood(&gateway, &first, bare(next)));
    }
    let grown = resident().saturating_sub(before);
    assert!(grown < 128 << 20, "{grown} octets more");
}

#[test]
fn small_data_that_nobody_reads_ends_its_connection() {
    let upstream = Upstream::start();
    let gateway = prepared(&upstream);
    let mut fields = get("/early-stays/1").to_vec();
    fields[0].1 = b"PUT";
    let put = frame(HEADERS, END_HEADERS, 1, &block(&fields));
    let before = resident();
    let (sent, _) = flood(&gateway, &put, |_| frame(DATA, 0, 1, b"x"));
    assert!(sent < MOST);
    assert!(resident().saturating_sub(before) < 128 << 20);
}

#[test]
fn streams_that_are_reset_at_once_end_their_connection() {
    let upstream = Upstream::start();
    let gateway = prepared(&upstream);
    let reset = 8u32.to_be_bytes();
    let pair = |number: u32| {
        let stream = 2 * number + 1;
        let head = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&get("/slow/900")));
        [head, frame(RST_STREAM, 0, stream, &reset)].concat()
    };
    is_over(&gateway, "rapid reset", flood(&gateway, b"", pair));
    // One after the other, each looked at before it is reset.
    let mut raw = Raw::connect(gateway.address);
    let mut stream = 1;
    let end = loop {
        raw.head(stream, &get("/slow/900"));
        raw.send(PING, 0, 0, b"12345678");
        let answered = std::iter::from_fn(|| raw.frame()).find(|frame| frame.kind == PING && frame.flags == 1);
        if answered.is_none() || !raw.send(RST_STREAM, 0, stream, &reset) || stream > 2_000 {
            break stream;
        }
        stream += 2;
    };
    assert!((200..2_000).contains(&end), "{end}");
    let lines = gateway.evidence(usize::try_from(end / 2).unwrap());
    assert!(
        lines.iter().all(|line| line["trace_id"].is_string()),
        "each was looked at, and has its line"
    );
}

#[test]
fn streams_that_the_gateway_is_made_to_reset_end_their_connection() {
    let upstream = Upstream::start();
    let gateway = prepared(&upstream);
    let broken = |number: u32| {
        let stream = 2 * number + 1;
        let head = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block(&get("/slow/900")));
        [head, frame(WINDOW_UPDATE, 0, stream, &[0, 0, 0, 0])].concat()
    };
    is_over(&gateway, "made to reset", flood(&gateway, b"", broken));
}

#[test]
fn a_table_that_unpacks_to_much_is_refused() {
    let upstream = Upstream::start();
    let gateway = prepared(&upstream);
    // One entry of four kilobytes in the table of the connection, and thousands of references to it (CVE-2016-6581).
    let mut bomb = block(&get("/items/1"));
    bomb.extend_from_slice(&[0x40, 1, b'a', 127]);
    let length = 4_000 - 127;
    bomb.extend_from_slice(&[
        u8::try_from(length % 128).unwrap() | 128,
        u8::try_from(length / 128).unwrap(),
    ]);
    bomb.extend_from_slice(&[b'v'; 4_000]);
    bomb.extend_from_slice(&[0xbe; 10_000]);
    let before = resident();
    let mut raw = Raw::connect(gateway.address);
    raw.send(HEADERS, END_HEADERS | END_STREAM, 1, &bomb);
    let end = raw.end();
    assert!(end.is_none_or(|end| end.kind != HEADERS || end.payload[0] != 0x88));
    assert!(resident().saturating_sub(before) < 64 << 20);
    assert!(upstream.received().is_empty());
}

#[test]
fn answers_that_nobody_takes_are_given_up() {
    let upstream = Upstream::start();
    let mut plan = open(&upstream.url());
    plan["gateway"]["timeouts"]["body"] = 400.into();
    let gateway = secure(plan, Some(100));
    let before = resident();
    let mut raw = Raw::connect(gateway.address);
    // A window of nothing: all answers wait.
    raw.send(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    for number in 0..100 {
        raw.head(2 * number + 1, &get("/large/1000000"));
    }
    let mut resets = 0;
    while resets < 100 {
        let frame = raw.frame().expect("only the streams end");
        resets += u32::from(frame.kind == RST_STREAM);
    }
    assert!(resident().saturating_sub(before) < 128 << 20);
    assert_eq!(gateway.evidence(100).len(), 100);
    // A window of everything, and nobody reads: the connection ends, and its lines are written.
    let mut raw = Raw::connect(gateway.address);
    raw.send(SETTINGS, 0, 0, &[0, 4, 0x7f, 0xff, 0xff, 0xff]);
    raw.send(WINDOW_UPDATE, 0, 0, &[0x7f, 0, 0, 0]);
    for number in 0..100 {
        raw.head(2 * number + 1, &get("/until-close/1000000"));
    }
    eventually(|| (gateway.evidence(100).len() == 200).then_some(()));
    assert!(resident().saturating_sub(before) < 256 << 20);
}
