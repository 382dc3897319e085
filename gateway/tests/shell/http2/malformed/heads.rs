//! What the pseudo-headers of a request say, and what they may not.

use super::Case;
use super::Ends::{Refused, Unread};
use super::{base, case, pseudo, whole, with, without};

pub(super) fn of_pseudo_headers() -> Vec<Case> {
    let host = ("host", "shop.example");
    vec![
        case("no method", without(&[":method"], &[]), Unread, with(&[])),
        case("no scheme", without(&[":scheme"], &[]), Unread, with(&[])),
        case("no path", without(&[":path"], &[]), Unread, with(&[])),
        case(
            "no path and no authority",
            without(&[":path", ":authority"], &[host]),
            Refused("admit.target.form"),
            without(&[":authority"], &[host]),
        ),
        case(
            "two methods",
            whole(&[&base()[..1], &[(b":method", b"POST")], &base()[1..]].concat()),
            Unread,
            with(&[]),
        ),
        case(
            "two paths",
            whole(&[&base()[..], &[(b":path", b"/items/2")]].concat()),
            Unread,
            with(&[]),
        ),
        case(
            "two paths alike",
            whole(&[&base()[..], &[(b":path", b"/items/1")]].concat()),
            Unread,
            with(&[]),
        ),
        case(
            "two authorities",
            whole(&[&base()[..], &[(b":authority", b"evil.example")]].concat()),
            Unread,
            with(&[]),
        ),
        case(
            "two schemes",
            whole(&[&base()[..], &[(b":scheme", b"http")]].concat()),
            Unread,
            with(&[]),
        ),
        case(
            "a pseudo-header that is unknown",
            whole(&[&base()[..], &[(b":forwarded", b"x")]].concat()),
            Unread,
            with(&[("forwarded", "for=x")]),
        ),
        case(
            "a pseudo-header of answers",
            whole(&[&base()[..], &[(b":status", b"200")]].concat()),
            Unread,
            with(&[("status", "200")]),
        ),
        case(
            "a pseudo-header in upper case",
            whole(&[&base()[..3], &[(b":PATH", b"/items/1")]].concat()),
            Unread,
            with(&[]),
        ),
        case(
            "a pseudo-header behind a field",
            whole(&[&base()[..3], &[(b"x-a", b"b")], &base()[3..]].concat()),
            Unread,
            with(&[("x-a", "b")]),
        ),
        case(
            "extended CONNECT",
            whole(
                &[
                    &[(&b":method"[..], &b"CONNECT"[..])],
                    &base()[1..],
                    &[(b":protocol", b"websocket")],
                ]
                .concat(),
            ),
            Unread,
            with(&[]),
        ),
        case(
            "a protocol without CONNECT",
            whole(&[&base()[..], &[(b":protocol", b"websocket")]].concat()),
            Unread,
            with(&[]),
        ),
        case(
            "CONNECT",
            without(
                &[":method", ":scheme", ":path", ":authority"],
                &[(":method", "CONNECT"), (":authority", "shop.example:443")],
            ),
            Refused("admit.method.unsupported"),
            with(&[]),
        ),
        case("CONNECT with a path", pseudo(":method", "CONNECT"), Unread, with(&[])),
        case(
            "a method in lower case",
            pseudo(":method", "get"),
            Refused("admit.method.unsupported"),
            with(&[]),
        ),
        case(
            "a method that splits the line",
            pseudo(":method", "GET /admin HTTP/1.1\r\nx:"),
            Unread,
            with(&[]),
        ),
        case("an empty method", pseudo(":method", ""), Unread, with(&[])),
    ]
}

pub(super) fn of_targets() -> Vec<Case> {
    let ok = || pseudo(":path", "/items/2");
    let host = |value: &'static str| with(&[("host", value)]);
    vec![
        case("an empty path", pseudo(":path", ""), Unread, ok()),
        case("a path without its slash", pseudo(":path", "items/1"), Unread, ok()),
        case(
            "a path that is a URL",
            pseudo(":path", "http://evil.example/items/1"),
            Unread,
            ok(),
        ),
        case(
            "a path that is an authority",
            pseudo(":path", "@evil.example/items/1"),
            Unread,
            ok(),
        ),
        case(
            "a query alone",
            pseudo(":path", "?a=b"),
            Refused("admit.target.form"),
            ok(),
        ),
        case("a star", pseudo(":path", "*"), Refused("admit.target.form"), ok()),
        case(
            "a path with a space",
            pseudo(":path", "/items/1 HTTP/1.1"),
            Unread,
            ok(),
        ),
        case(
            "a path with a line end",
            pseudo(":path", "/items/1 HTTP/1.1\r\nx-a: b\r\n\r\n"),
            Unread,
            ok(),
        ),
        case("a path with a NUL", pseudo(":path", "/items/1\0"), Unread, ok()),
        case(
            "a path with two slashes",
            pseudo(":path", "//items/1"),
            Refused("admit.path.empty_segment"),
            ok(),
        ),
        case(
            "a path with dots",
            pseudo(":path", "/x/../items/1"),
            Refused("admit.path.dot_segment"),
            ok(),
        ),
        case(
            "an encoded slash",
            pseudo(":path", "/items%2f1"),
            Refused("admit.path.encoded_slash"),
            ok(),
        ),
        case(
            "an encoded line end",
            pseudo(":path", "/items/1%0d%0ax"),
            Refused("admit.target.control"),
            ok(),
        ),
        case(
            "octets beyond ASCII",
            pseudo(":path", "/items/\u{e4}"),
            Refused("admit.target.malformed"),
            ok(),
        ),
        case(
            "another host",
            host("evil.example"),
            Refused("admit.host.conflicting"),
            host("shop.example"),
        ),
        case(
            "another port",
            host("shop.example:8443"),
            Refused("admit.host.conflicting"),
            host("SHOP.example"),
        ),
        case(
            "an empty host",
            host(""),
            Refused("admit.host.conflicting"),
            host("shop.example"),
        ),
        case(
            "two hosts",
            with(&[("host", "shop.example"), ("host", "shop.example")]),
            Refused("admit.host.repeated"),
            host("shop.example"),
        ),
        case(
            "two hosts without authority",
            without(&[":authority"], &[("host", "a"), ("host", "b")]),
            Refused("admit.host.repeated"),
            without(&[":authority"], &[("host", "a")]),
        ),
        case(
            "no host at all",
            without(&[":authority"], &[]),
            Refused("admit.host.missing"),
            without(&[":authority"], &[("host", "a")]),
        ),
        case(
            "a user in the authority",
            pseudo(":authority", "shop.example@evil.example"),
            Refused("admit.host.malformed"),
            pseudo(":authority", "shop.example:443"),
        ),
        case(
            "a path in the authority",
            pseudo(":authority", "shop.example/admin"),
            Unread,
            pseudo(":authority", "shop.example:443"),
        ),
        case(
            "an empty authority",
            pseudo(":authority", ""),
            Unread,
            pseudo(":authority", "a"),
        ),
        case(
            "a line end in the authority",
            pseudo(":authority", "shop.example\r\nx-a: b"),
            Unread,
            pseudo(":authority", "a"),
        ),
        case(
            "a space in the authority",
            pseudo(":authority", "shop.example x"),
            Unread,
            pseudo(":authority", "a"),
        ),
        case(
            "a scheme that is none of HTTP's",
            pseudo(":scheme", "ftp"),
            Refused("admit.target.form"),
            pseudo(":scheme", "http"),
        ),
        case(
            "a scheme that splits",
            pseudo(":scheme", "https://evil.example/items/1?"),
            Unread,
            pseudo(":scheme", "https"),
        ),
        case(
            "an empty scheme",
            pseudo(":scheme", ""),
            Refused("admit.target.form"),
            pseudo(":scheme", "https"),
        ),
    ]
}
