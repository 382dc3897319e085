//! admit: what has one meaning passes as it was sent, what has two is refused with its reason, and without the check gets on.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::net::IpAddr;
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;
use yett_engine::proof::{Attempt, Told, Verdict, decide};
use yett_engine::{Body, Head, Plan, Reason};

const CLIENT: &str = "192.0.2.1";

/// A plan that passes everything as unlisted, so that admit alone decides.
fn plan() -> Arc<Plan> {
    let document = json!({
        "yett": 1,
        "catalogue": yett_engine::reason::CATALOGUE_HASH,
        "gateway": {
            "listen": [], "admin": null, "head": {"bytes": 2048, "headers": 20, "target": 512}, "trusted_proxies": ["198.51.100.0/24"],
            "timeouts": {"head": 1, "body": 1, "idle": 1, "drain": 1}, "held_bytes": 1, "connections": 1,
        },
        "apis": [{
            "name": "shop", "hosts": ["*"], "base": "", "mode": "enforce", "unlisted": "report", "unlisted_security": [[]],
            "upstream": {"urls": [], "timeout": 1, "connect": 1}, "credentials": {},
            "contract": {
                "requests": "enforce", "replies": "enforce", "undeclared_fields": "drop", "undeclared_errors": "replace",
                "body_bytes": 1000, "reply_bytes": 1000, "json_depth": 32,
            },
            "operations": [],
        }],
    });
    Arc::new(Plan::load(document.to_string().as_bytes()).unwrap())
}

/// The line and the headers that go on.
type GoesOn = (String, Vec<(String, String)>);

struct Sent<'s> {
    method: &'s str,
    target: &'s str,
    headers: Vec<(&'s str, &'s str)>,
    peer: &'s str,
}

impl<'s> Sent<'s> {
    fn get(target: &'s str) -> Self {
        Self {
            method: "GET",
            target,
            headers: vec![("host", "shop.example")],
            peer: CLIENT,
        }
    }

    fn with(mut self, name: &'s str, value: &'s str) -> Self {
        self.headers.push((name, value));
        self
    }

    fn from(mut self, peer: &'s str) -> Self {
        self.peer = peer;
        self
    }

    /// The line and headers that go on, or the exact reason.
    fn judge(&self, without: Option<&str>) -> Result<GoesOn, &'static str> {
        let headers: Vec<(&[u8], &[u8])> = self
            .headers
            .iter()
            .map(|(name, value)| (name.as_bytes(), value.as_bytes()))
            .collect();
        let peer: IpAddr = self.peer.parse().unwrap();
        let head = Head::of(self.method.as_bytes(), self.target.as_bytes(), &headers, peer, false);
        let without = without.map(|id| Reason::named(id).unwrap());
        let attempt = Attempt {
            plan: plan(),
            head: &head,
            body: Body::None,
            answer: None,
            without,
        };
        match decide(attempt, &mut Told::default()).0 {
            Verdict::Forwarded(shown) => Ok((shown.line, shown.headers)),
            Verdict::Refused(reason) => Err(reason.id()),
            _ => Err("neither"),
        }
    }

    fn line(&self) -> Result<String, &'static str> {
        self.judge(None).map(|(line, _)| line)
    }

    fn header(&self, name: &str) -> Option<String> {
        self.judge(None)
            .unwrap()
            .1
            .into_iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    }
}

fn refused(sent: Sent<'_>, reason: &str) {
    assert_eq!(
        sent.line(),
        Err(reason),
        "{} {} {:?}",
        sent.method,
        sent.target,
        sent.headers
    );
    let without = sent.judge(Some(reason));
    assert!(without.is_ok(), "without {reason}: {without:?}");
}

#[test]
fn a_target_goes_on_with_the_meaning_that_it_had() {
    for (sent, goes_on) in [
        ("/", "/"),
        ("/a/b/", "/a/b/"),
        ("/a%20b", "/a%20b"),
        ("/%61", "/a"),
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("/a;b=c", "/a%3Bb=c"),
        ("/100%25", "/100%25"),
        ("/a...b/..c", "/a...b/..c"),
        ("/?a=1&a=2&b", "/?a=1&a=2&b"),
        ("/?a=b+c%2Bd", "/?a=b%20c%2Bd"),
        ("/?a=%26%3D", "/?a=%26="),
        ("/?a=%0A", "/?a=%0A"),
        ("/?", "/"),
        ("http://shop.example/a?b=c", "/a?b=c"),
    ] {
        assert_eq!(Sent::get(sent).line(), Ok(format!("GET {goes_on}")), "{sent}");
    }
}

#[test]
fn a_path_with_two_meanings_is_refused() {
    for (target, reason) in [
        ("/a//b", "admit.path.empty_segment"),
        ("//a", "admit.path.empty_segment"),
        ("/a%2Fb", "admit.path.encoded_slash"),
        ("/a%2fb", "admit.path.encoded_slash"),
        ("/a%5Cb", "admit.path.backslash"),
        ("/a/./b", "admit.path.dot_segment"),
        ("/a/../b", "admit.path.dot_segment"),
        ("/a/%2e%2E/b", "admit.path.dot_segment"),
        ("/a/.%2e", "admit.path.dot_segment"),
        ("/a/..;x/b", "admit.path.dot_segment"),
        ("/a/%252e%252e/b", "admit.path.double_encoded"),
        ("/a%252fb", "admit.path.double_encoded"),
        ("/a%00b", "admit.target.nul"),
        ("/?a=%00", "admit.target.nul"),
        ("/a%0ab", "admit.target.control"),
        ("/a%7f", "admit.target.control"),
        ("/%ff", "admit.target.encoding"),
        ("/%c0%ae", "admit.target.encoding"),
        ("/?a=%ed%a0%80", "admit.target.encoding"),
        ("/a%", "admit.target.malformed"),
        ("/a%2", "admit.target.malformed"),
        ("/a%zz", "admit.target.malformed"),
        ("/a#b", "admit.target.malformed"),
        ("/a b", "admit.target.malformed"),
        ("/\u{e9}", "admit.target.malformed"),
        ("*", "admit.target.form"),
        ("a/b", "admit.target.form"),
        ("shop.example:80", "admit.target.form"),
        ("http://shop.example", "admit.target.form"),
    ] {
        refused(Sent::get(target), reason);
    }
    assert_eq!(Sent::get("/a\\b").line(), Err("admit.target.malformed"));
    assert_eq!(
        Sent::get("/a\\b").judge(Some("admit.target.malformed")),
        Err("admit.path.backslash"),
        "two bars deep"
    );
    refused(Sent::get(&format!("/{}", "a".repeat(512))), "admit.target.too_long");
    assert!(Sent::get(&format!("/{}", "a".repeat(511))).line().is_ok());
}

#[test]
fn a_host_with_two_meanings_is_refused() {
    let host = |value| Sent {
        method: "GET",
        target: "/",
        headers: vec![("host", value)],
        peer: CLIENT,
    };
    for good in [
        "shop.example",
        "shop.example:8080",
        "127.0.0.1",
        "[::1]",
        "[::1]:80",
        "a_b",
    ] {
        assert!(host(good).line().is_ok(), "{good}");
    }
    for bad in [
        "", "a b", "a:b", "a:", "a:99999", "a@b", "a/b", "[::1", "[zz]", "a,b", "a%20",
    ] {
        refused(host(bad), "admit.host.malformed");
    }
    refused(Sent::get("/").with("host", "shop.example"), "admit.host.repeated");
    refused(
        Sent {
            method: "GET",
            target: "/",
            headers: vec![],
            peer: CLIENT,
        },
        "admit.host.missing",
    );
    refused(Sent::get("http://other.example/"), "admit.host.conflicting");
}

#[test]
fn a_header_that_changes_the_request_is_refused() {
    for (name, value, reason) in [
        ("x-http-method-override", "DELETE", "admit.header.override"),
        ("x-original-url", "/admin", "admit.header.override"),
        ("content_length", "3", "admit.header.shadow"),
        ("x_forwarded_for", "1.2.3.4", "admit.header.shadow"),
        ("x_original_url", "/admin", "admit.header.shadow"),
        ("x_method-override", "DELETE", "admit.header.shadow"),
        ("upgrade", "websocket", "admit.upgrade.unsupported"),
        ("range", "bytes=0-1", "admit.range.unsupported"),
        ("expect", "200-maybe", "admit.expect.unsupported"),
        ("a b", "c", "admit.header.name"),
        ("a", "b\u{1}", "admit.header.control"),
    ] {
        refused(Sent::get("/").with(name, value), reason);
    }
    assert!(
        Sent::get("/")
            .with("api_key", "k")
            .with("expect", "100-continue")
            .line()
            .is_ok()
    );
    let many = (0..20).fold(Sent::get("/"), |sent, _| sent.with("a", "b"));
    refused(many, "admit.headers.too_many");
    refused(Sent::get("/").with("a", &"b".repeat(2048)), "admit.head.too_large");
    refused(
        Sent {
            method: "TRACE",
            ..Sent::get("/")
        },
        "admit.method.unsupported",
    );
    refused(
        Sent {
            method: "get",
            ..Sent::get("/")
        },
        "admit.method.unsupported",
    );
}

#[test]
fn the_client_is_believed_only_from_trusted_proxies() {
    let proxy = "198.51.100.7";
    let client = |sent: Sent<'_>| sent.header("x-forwarded-for").unwrap();
    assert_eq!(client(Sent::get("/").with("x-forwarded-for", "203.0.113.9")), CLIENT);
    assert_eq!(
        client(Sent::get("/").with("x-forwarded-for", "203.0.113.9").from(proxy)),
        "203.0.113.9"
    );
    assert_eq!(
        client(
            Sent::get("/")
                .with("x-forwarded-for", "6.6.6.6, 203.0.113.9, 198.51.100.8")
                .from(proxy)
        ),
        "203.0.113.9"
    );
    assert_eq!(
        client(
            Sent::get("/")
                .with("forwarded", "for=6.6.6.6;proto=https")
                .with("x-forwarded-for", "203.0.113.9")
                .from(proxy)
        ),
        "203.0.113.9"
    );
    assert_eq!(client(Sent::get("/").from(proxy)), proxy);
    refused(
        Sent::get("/").with("x-forwarded-for", "203.0.113.9, junk").from(proxy),
        "admit.forwarded.malformed",
    );
}

#[test]
fn what_concerns_one_hop_stays_behind() {
    let sent = Sent::get("/")
        .with("connection", "x-secret, host, authorization")
        .with("x-secret", "1");
    let sent = sent
        .with("keep-alive", "1")
        .with("te", "trailers")
        .with("authorization", "Basic eDp5")
        .with("x-kept", "1");
    let (_, headers) = sent.judge(None).unwrap();
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["host", "authorization", "x-kept"]);
    assert!(
        Sent::get("/")
            .with("x-real-ip", "6.6.6.6")
            .header("x-real-ip")
            .is_none()
    );
    assert!(!names.contains(&"x-secret") && !names.contains(&"connection") && !names.contains(&"te"));
}

proptest! {
    #[test]
    fn a_path_of_segments_arrives_as_it_was_meant(segments in proptest::collection::vec("[^/\\\\%\\x00-\\x1f\\x7f]{1,8}", 1..5)) {
        prop_assume!(segments.iter().all(|segment| !segment.split(';').next().is_some_and(|bare| bare == "." || bare == "..")));
        let encode = |segment: &String| segment.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let target = format!("/{}", segments.iter().map(encode).collect::<Vec<_>>().join("/"));
        prop_assume!(target.len() <= 512);
        let line = Sent::get(&target).line().unwrap();
        let decoded = percent_decode(line.strip_prefix("GET ").unwrap());
        prop_assert_eq!(decoded, format!("/{}", segments.join("/")));
        prop_assert_eq!(Sent::get(line.strip_prefix("GET ").unwrap()).line().unwrap(), line);
    }

    #[test]
    fn nothing_panics(method in "\\PC{0,8}", target in "\\PC{0,40}", name in "\\PC{0,8}", value in "\\PC{0,16}") {
        let _ = Sent { method: &method, target: &target, headers: vec![("host", &value), (&name, &value)], peer: CLIENT }.line();
    }
}

fn percent_decode(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let [first, tail @ ..] = rest {
        let escape = (*first == b'%').then(|| std::str::from_utf8(&tail[..2]).unwrap());
        bytes.push(escape.map_or(*first, |two| u8::from_str_radix(two, 16).unwrap()));
        rest = if escape.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap()
}
