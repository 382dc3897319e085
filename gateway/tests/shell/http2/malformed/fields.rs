//! What the fields of a request say, of itself and of its body, and what they may not.

use super::Case;
use super::Ends::{Cut, Refused, Unread};
use super::{base, case, post, whole, with};
use crate::support::http2::{CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, block, frame};

pub(super) fn of_fields() -> Vec<Case> {
    let one = |name: &'static str, value: &'static str| with(&[(name, value)]);
    let ok = || one("x-name", "value");
    let many: Vec<(&str, &str)> = vec![("x-a", "b"); 51];
    let long: &'static str = Box::leak("v".repeat(4_200).into_boxed_str());
    let longer: &'static str = Box::leak("v".repeat(9_000).into_boxed_str());
    vec![
        case("a name in upper case", one("X-Name", "value"), Unread, ok()),
        case("a name with a colon", one("x-name:", "value"), Unread, ok()),
        case("a name with a space", one("x-name ", "value"), Unread, ok()),
        case("a name with a line end", one("x-name: a\r\nx-b", "value"), Unread, ok()),
        case("a name with a NUL", one("x-na\0me", "value"), Unread, ok()),
        case("an empty name", one("", "value"), Unread, ok()),
        case(
            "a value with CRLF",
            one("x-name", "a\r\ntransfer-encoding: chunked"),
            Unread,
            ok(),
        ),
        case("a value with LF", one("x-name", "a\nb"), Unread, ok()),
        case("a value with CR", one("x-name", "a\rb"), Unread, ok()),
        case("a value with NUL", one("x-name", "a\0b"), Unread, ok()),
        case("a value with DEL", one("x-name", "a\x7fb"), Unread, ok()),
        case(
            "a value after a space",
            one("x-name", " value"),
            Refused("admit.header.spaced"),
            one("x-name", "a value"),
        ),
        case(
            "a value before a space",
            one("x-name", "value "),
            Refused("admit.header.spaced"),
            one("x-name", "a value"),
        ),
        case(
            "a value before a tab",
            one("x-name", "value\t"),
            Refused("admit.header.spaced"),
            one("x-name", "a\tvalue"),
        ),
        case("connection", one("connection", "close"), Unread, ok()),
        case("keep-alive", one("keep-alive", "timeout=5"), Unread, ok()),
        case("proxy-connection", one("proxy-connection", "keep-alive"), Unread, ok()),
        case("transfer-encoding", one("transfer-encoding", "chunked"), Unread, ok()),
        case("upgrade", one("upgrade", "websocket"), Unread, ok()),
        case("te", one("te", "gzip"), Unread, one("te", "trailers")),
        case(
            "te with trailers among others",
            one("te", "trailers, gzip"),
            Unread,
            one("te", "trailers"),
        ),
        case(
            "a name that CGI reads as another",
            one("transfer_encoding", "chunked"),
            Refused("admit.header.shadow"),
            ok(),
        ),
        case(
            "another method",
            one("x-http-method-override", "DELETE"),
            Refused("admit.header.override"),
            ok(),
        ),
        case(
            "another expectation",
            one("expect", "tea"),
            Refused("admit.expect.unsupported"),
            ok(),
        ),
        case(
            "too many fields",
            with(&many),
            Refused("admit.headers.too_many"),
            with(&many[..40]),
        ),
        case(
            "too large a head",
            one("x-name", long),
            Refused("admit.head.too_large"),
            ok(),
        ),
        case("far too large a head", one("x-name", longer), Unread, ok()),
    ]
}

pub(super) fn of_bodies() -> Vec<Case> {
    let length = |value: &'static str| post(&[("content-length", value)], &[b"[1, 2]"], None);
    let ok = || length("6");
    let plain = || post(&[], &[b"[1,", b" 2]"], None);
    let trailers = |fields: &[(&'static str, &'static str)]| post(&[], &[b"[1]"], Some(fields));
    vec![
        case(
            "a body that is shorter than announced",
            length("7"),
            Cut("admit.length.conflicting"),
            ok(),
        ),
        case(
            "a body that is longer than announced",
            length("5"),
            Cut("admit.length.conflicting"),
            ok(),
        ),
        case(
            "a length of zero before a body",
            post(&[("content-length", "0")], &[b"GET /admin HTTP/1.1\r\n\r\n"], None),
            Cut("admit.length.conflicting"),
            post(&[("content-length", "0")], &[b""], None),
        ),
        case(
            "a length before no body",
            with(&[("content-length", "5")]),
            Unread,
            with(&[("content-length", "0")]),
        ),
        case(
            "two lengths alike",
            post(&[("content-length", "6"), ("content-length", "6")], &[b"[1, 2]"], None),
            Refused("admit.length.repeated"),
            ok(),
        ),
        case(
            "two lengths",
            post(&[("content-length", "6"), ("content-length", "7")], &[b"[1, 2]"], None),
            Unread,
            ok(),
        ),
        case("a list of lengths", length("6, 6"), Unread, ok()),
        case("a length with a sign", length("+6"), Unread, ok()),
        case(
            "a length that is padded",
            length("06"),
            Refused("admit.length.padded"),
            ok(),
        ),
        case("a length in other digits", length("0x6"), Unread, ok()),
        case("an empty length", length(""), Cut("admit.length.malformed"), ok()),
        case("a length beyond all", length("99999999999999999999"), Unread, ok()),
        case(
            "trailers",
            trailers(&[("x-a", "b")]),
            Refused("admit.trailer.unsupported"),
            plain(),
        ),
        case(
            "a length in trailers",
            trailers(&[("content-length", "3")]),
            Refused("admit.trailer.unsupported"),
            plain(),
        ),
        case(
            "a pseudo-header in trailers",
            trailers(&[(":path", "/admin")]),
            Refused("admit.trailer.unsupported"),
            plain(),
        ),
        case(
            "a field of the connection in trailers",
            trailers(&[("transfer-encoding", "chunked")]),
            Cut("admit.trailer.unsupported"),
            plain(),
        ),
        case(
            "a name in upper case in trailers",
            trailers(&[("X-A", "b")]),
            Unread,
            plain(),
        ),
        case(
            "a body after the end",
            [post(&[], &[b"[1]"], None), frame(DATA, END_STREAM, 1, b"[2]")].concat(),
            Unread,
            plain(),
        ),
        case(
            "a stream of the server's",
            frame(HEADERS, END_HEADERS | END_STREAM, 2, &block(&base())),
            Unread,
            with(&[]),
        ),
        case(
            "a head within a head",
            [frame(HEADERS, END_STREAM, 1, &block(&base())[..20]), whole(&base())].concat(),
            Unread,
            [
                frame(HEADERS, END_STREAM, 1, &block(&base())[..20]),
                frame(CONTINUATION, END_HEADERS, 1, &block(&base())[20..]),
            ]
            .concat(),
        ),
    ]
}
