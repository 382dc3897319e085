//! Requests that another protocol, or another parser, could read in another way (RFC 9113 sections 8.1.1, 8.2, 8.3): none reaches
//! the upstream. Each has a twin that does.

mod fields;
mod heads;

use fields::{of_bodies, of_fields};
use heads::{of_pseudo_headers, of_targets};

use super::streams::get;
use crate::support::http2::{DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, Raw, block, frame, secure};
use crate::support::{Gateway, Upstream, api, operation, plan};

type Fields<'f> = Vec<(&'f [u8], &'f [u8])>;

/// How a case ends.
enum Ends {
    /// With this reason in evidence, answered.
    Refused(&'static str),
    /// With this reason in evidence, and the stream is reset.
    Cut(&'static str),
    /// By the library, before a request is made of it: a reset stream, or the end of the connection.
    Unread,
}
use Ends::{Cut, Refused, Unread};

struct Case {
    name: &'static str,
    attack: Vec<u8>,
    twin: Vec<u8>,
    ends: Ends,
}

/// A request without a body.
fn whole(fields: &Fields<'_>) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(fields))
}

fn base() -> Fields<'static> {
    get("/items/1").to_vec()
}

/// The benign request with this pseudo-header instead of its own.
fn pseudo(name: &'static str, value: &'static str) -> Vec<u8> {
    let mut fields = base();
    for field in &mut fields {
        if field.0 == name.as_bytes() {
            field.1 = value.as_bytes();
        }
    }
    whole(&fields)
}

fn without(names: &[&str], more: &[(&'static str, &'static str)]) -> Vec<u8> {
    let mut fields = base();
    fields.retain(|(name, _)| !names.iter().any(|gone| gone.as_bytes() == *name));
    fields.extend(more.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    whole(&fields)
}

fn with(more: &[(&'static str, &'static str)]) -> Vec<u8> {
    without(&[], more)
}

/// A request with a body in these frames, the last of which ends the stream; behind it trailers, where there are some.
fn post(
    more: &[(&'static str, &'static str)],
    body: &[&[u8]],
    trailers: Option<&[(&'static str, &'static str)]>,
) -> Vec<u8> {
    let mut fields: Fields<'_> = get("/echo").to_vec();
    fields[0].1 = b"POST";
    fields.push((b"content-type", b"application/json"));
    fields.extend(more.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())));
    let mut octets = frame(HEADERS, END_HEADERS, 1, &block(&fields));
    for (number, part) in body.iter().enumerate() {
        let last = number + 1 == body.len() && trailers.is_none();
        octets.extend(frame(DATA, if last { END_STREAM } else { 0 }, 1, part));
    }
    if let Some(trailers) = trailers {
        let fields: Fields<'_> = trailers
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .collect();
        octets.extend(frame(HEADERS, END_HEADERS | END_STREAM, 1, &block(&fields)));
    }
    octets
}

fn case(name: &'static str, attack: Vec<u8>, ends: Ends, twin: Vec<u8>) -> Case {
    Case {
        name,
        attack,
        twin,
        ends,
    }
}

fn prepared(upstream: &Upstream) -> Gateway {
    let mut operations = vec![
        operation("readItem", "GET", "/items/{id}"),
        operation("echo", "POST", "/echo"),
    ];
    operations[1]["body"] = serde_json::json!({"required": false, "content": {"application/json": null}});
    secure(plan(vec![api(&upstream.url(), &operations)]), Some(100))
}

fn attack(cases: Vec<Case>) {
    let upstream = Upstream::start();
    let gateway = prepared(&upstream);
    let mut lines = 0;
    for (reached, case) in cases.into_iter().enumerate() {
        let Case {
            name,
            attack,
            twin,
            ends,
        } = case;
        let mut raw = Raw::connect(gateway.address);
        raw.write(&attack);
        let end = raw.end();
        let kind = end.as_ref().map(|frame| frame.kind);
        let expected = match ends {
            Refused(reason) => {
                let head = end.unwrap_or_else(|| panic!("{name}: no answer"));
                assert!(head.kind == HEADERS && head.payload[0] != 0x88, "{name}: {head:?}");
                Some(reason)
            }
            Cut(reason) => {
                assert!(matches!(kind, None | Some(RST_STREAM | GOAWAY)), "{name}: {end:?}");
                Some(reason)
            }
            Unread => {
                assert!(
                    end.is_none_or(
                        |end| end.kind == HEADERS && end.payload[0] != 0x88 || end.kind != HEADERS && end.code() != 0
                    ),
                    "{name}"
                );
                None
            }
        };
        if let Some(reason) = expected {
            lines += 1;
            let line = &gateway.evidence(lines)[lines - 1];
            assert_eq!(line["reason"], reason, "{name}");
        }
        assert_eq!(upstream.received().len(), reached, "{name}: it went no further");
        let mut raw = Raw::connect(gateway.address);
        raw.write(&twin);
        let head = raw.end().unwrap_or_else(|| panic!("{name}: the twin has no answer"));
        assert!(
            head.kind == HEADERS && head.payload[0] == 0x88,
            "{name}: the twin: {head:?}"
        );
        lines += 1;
        let left = gateway.evidence(lines);
        assert_eq!(left.len(), lines, "{name}: each request leaves one line");
        assert_eq!(left[lines - 1]["reason"], serde_json::Value::Null, "{name}: the twin");
    }
    assert_eq!(gateway.evidence(lines).len(), lines, "what is not read leaves no line");
}

#[test]
fn pseudo_headers_have_one_meaning() {
    attack(of_pseudo_headers());
}

#[test]
fn targets_have_one_meaning() {
    attack(of_targets());
}

#[test]
fn fields_have_one_meaning() {
    attack(of_fields());
}

#[test]
fn bodies_have_one_length() {
    attack(of_bodies());
}

/// What the library repairs, as LIMITATIONS says: what is judged is what goes on.
#[test]
fn a_fragment_is_neither_judged_nor_sent() {
    let upstream = Upstream::start();
    let gateway = prepared(&upstream);
    let mut raw = Raw::connect(gateway.address);
    raw.write(&pseudo(":path", "/items/1#/../../admin"));
    assert_eq!(raw.end().unwrap().payload[0], 0x88);
    assert_eq!(upstream.received()[0].target(), "/items/1");
}
