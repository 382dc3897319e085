//! What the reader says of good requests: parts, bodies, keep-alive, pipelines, the end of a connection; and what it holds.

use yett_engine::reason;
use yett_gateway::h1::{Body, Event, Limits, RawHead, Reader, Version};

fn reader(bytes: &[u8]) -> Reader {
    let mut reader = Reader::new(Limits::default());
    reader.push(bytes);
    reader
}

fn head(reader: &mut Reader) -> RawHead {
    match reader.next() {
        Ok(Event::Head(head)) => head,
        other => panic!("a head was expected, found {other:?}"),
    }
}

fn data(reader: &mut Reader) -> Vec<u8> {
    match reader.next() {
        Ok(Event::Data(octets)) => octets.to_vec(),
        other => panic!("data was expected, found {other:?}"),
    }
}

fn head_of(bytes: &str) -> RawHead {
    head(&mut reader(bytes.as_bytes()))
}

#[test]
fn a_head_is_its_parts() {
    let head = head_of("PATCH /a?b=c HTTP/1.1\r\nHost:shop.example\r\nX-Note: \t a  b\u{ff} \t\r\nX-Empty:\r\n\r\n");
    assert_eq!(
        (head.method(), head.target(), head.version()),
        (&b"PATCH"[..], &b"/a?b=c"[..], Version::Http11)
    );
    let headers: Vec<_> = head.headers().collect();
    let note = "a  b\u{ff}".as_bytes();
    assert_eq!(
        headers,
        [
            (&b"host"[..], &b"shop.example"[..]),
            (b"x-note", note),
            (b"x-empty", b"")
        ]
    );
    assert_eq!(head.body(), Body::None);
}

#[test]
fn the_parts_are_ranges_of_one_buffer() {
    let head = head_of("GET /a HTTP/1.1\r\nHost: b\r\n\r\n");
    let (method, target) = head.request_ranges();
    assert_eq!(
        (&head.bytes()[method], &head.bytes()[target]),
        (&b"GET"[..], &b"/a"[..])
    );
    let (name, value) = head.header_ranges().next().unwrap();
    assert_eq!((&head.bytes()[name], &head.bytes()[value]), (&b"host"[..], &b"b"[..]));
}

#[test]
fn a_body_by_length_passes_as_it_comes() {
    let mut reader = reader(b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel");
    assert_eq!(head(&mut reader).body(), Body::Length(5));
    assert_eq!(data(&mut reader), b"hel");
    assert!(matches!(reader.next(), Ok(Event::NeedMore)));
    reader.push(b"loGET");
    assert_eq!(data(&mut reader), b"lo");
    assert!(matches!(reader.next(), Ok(Event::End)));
    assert_eq!(reader.buffered(), 3);
}

#[test]
fn a_body_by_chunks_loses_its_framing() {
    let mut reader = reader(
        b"POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5;a=b;c=\"d e\"\r\nhello\r\n00A\r\n, 12345678\r\n0\r\n\r\n",
    );
    assert_eq!(head(&mut reader).body(), Body::Chunked);
    assert_eq!(data(&mut reader), b"hello");
    assert_eq!(data(&mut reader), b", 12345678");
    assert!(matches!(reader.next(), Ok(Event::End)));
    assert!(matches!(reader.next(), Ok(Event::NeedMore)));
}

#[test]
fn requests_of_a_pipeline_come_in_order() {
    let mut reader = reader(
        b"GET /1 HTTP/1.1\r\n\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 1\r\n\r\nxGET /3 HTTP/1.1\r\nConnection: close\r\n\r\nGET /4",
    );
    assert_eq!(head(&mut reader).target(), b"/1");
    assert!(matches!(reader.next(), Ok(Event::End)));
    assert_eq!(head(&mut reader).target(), b"/2");
    assert_eq!(data(&mut reader), b"x");
    assert!(matches!(reader.next(), Ok(Event::End)));
    assert_eq!(head(&mut reader).target(), b"/3");
    assert!(matches!(reader.next(), Ok(Event::End)));
    assert!(
        matches!(reader.next(), Ok(Event::Closed)),
        "nothing is read behind a request that said close"
    );
    assert!(matches!(reader.next(), Ok(Event::Closed)));
}

#[test]
fn keep_alive_follows_version_and_connection() {
    let kept = |version: &str, connection: &str| {
        head_of(&format!("GET / {version}\r\nConnection: {connection}\r\n\r\n")).keep_alive()
    };
    assert!(kept("HTTP/1.1", "x"));
    assert!(kept("HTTP/1.1", "keep-alive"));
    assert!(!kept("HTTP/1.1", "Keep-Alive, CLOSE"));
    assert!(!kept("HTTP/1.1", "keep-alive\r\nConnection: close"));
    assert!(!kept("HTTP/1.0", "x"));
    assert!(kept("HTTP/1.0", "x ,\tKeep-Alive"));
    assert!(!kept("HTTP/1.0", "keep-alive, close"));
}

#[test]
fn continue_is_expected_by_http_1_1_only() {
    let expects = |version: &str, value: &str| {
        head_of(&format!(
            "POST / {version}\r\nExpect: {value}\r\nContent-Length: 1\r\n\r\n"
        ))
        .expects_continue()
    };
    assert!(expects("HTTP/1.1", "100-Continue"));
    assert!(!expects("HTTP/1.1", "200-ok"));
    assert!(!expects("HTTP/1.0", "100-continue"));
}

#[test]
fn a_close_between_requests_is_clean() {
    for clean in [&b""[..], b"\r\n"] {
        let mut reader = reader(clean);
        assert!(matches!(reader.next(), Ok(Event::NeedMore)));
        reader.eof();
        assert!(matches!(reader.next(), Ok(Event::Closed)));
    }
}

#[test]
fn a_close_behind_a_whole_request_is_clean() {
    let mut reader = reader(b"GET / HTTP/1.1\r\n\r\n");
    reader.eof();
    head(&mut reader);
    assert!(matches!(reader.next(), Ok(Event::End)));
    assert!(matches!(reader.next(), Ok(Event::Closed)));
}

#[test]
fn a_refusal_stays() {
    let mut reader = reader(b"GET / HTTP/1.1\nHost: a\r\n\r\n");
    for _ in 0..3 {
        assert_eq!(reader.next().unwrap_err().reason, reason::ADMIT_LF_BARE);
        reader.push(b"GET / HTTP/1.1\r\n\r\n");
    }
    reader.eof();
    assert_eq!(reader.next().unwrap_err().reason, reason::ADMIT_LF_BARE);
}

#[test]
fn junk_is_refused_before_a_line_end_comes() {
    for junk in [&b"\x16\x03\x01\x02"[..], b"SSH-2.0-x\xff", b"{\"a\":", &[b'G'; 33]] {
        assert!(reader(junk).next().is_err(), "{}", junk.escape_ascii());
    }
}

#[test]
fn limits_hold_to_the_octet() {
    let limits = Limits {
        head_bytes: 64,
        headers: 2,
        target_bytes: 10,
        method_bytes: 4,
        ..Limits::default()
    };
    let first = |bytes: &str| {
        let mut reader = Reader::new(limits);
        reader.push(bytes.as_bytes());
        reader
            .next()
            .map(|event| matches!(event, Event::Head(_)))
            .map_err(|refusal| refusal.reason)
    };
    let padded = |length: usize| format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(length - 23));
    assert_eq!(first(&padded(64)), Ok(true));
    assert_eq!(first(&padded(65)), Err(reason::ADMIT_HEAD_TOO_LARGE));
    assert_eq!(first("GET /234567890 HTTP/1.1\r\n\r\n"), Ok(true));
    assert_eq!(
        first("GET /2345678901 HTTP/1.1\r\n\r\n"),
        Err(reason::ADMIT_TARGET_TOO_LONG)
    );
    assert_eq!(
        first(&format!("GET /{}", "x".repeat(100))),
        Err(reason::ADMIT_TARGET_TOO_LONG)
    );
    assert_eq!(first("PUTS / HTTP/1.1\r\n\r\n"), Ok(true));
    assert_eq!(first("PATCH / HTTP/1.1\r\n\r\n"), Err(reason::ADMIT_METHOD_TOO_LONG));
    assert_eq!(first("GET / HTTP/1.1\r\nA:1\r\nB:2\r\n\r\n"), Ok(true));
    assert_eq!(
        first("GET / HTTP/1.1\r\nA:1\r\nB:2\r\nC:3\r\n\r\n"),
        Err(reason::ADMIT_HEADERS_TOO_MANY)
    );
}

#[test]
fn the_largest_numbers_are_read() {
    let length = head_of("POST / HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n");
    assert_eq!(length.body(), Body::Length(u64::MAX));
    let mut reader = reader(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\nx");
    head(&mut reader);
    assert_eq!(data(&mut reader), b"x");
}

#[test]
fn the_buffer_is_filled_in_place_and_given_away() {
    let mut reader = Reader::new(Limits::default());
    let buffer = reader.buffer_mut();
    assert!(buffer.capacity() >= 1024);
    buffer.extend_from_slice(b"GET /a HTTP/1.1\r\n\r\n");
    let place = buffer.as_ptr();
    assert_eq!(head(&mut reader).bytes().as_ptr(), place, "the head was not copied");
}
