//! Property: a forwarded target has one meaning: admitted again it is the same, without dots, doubles and hidden octets.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use yett_engine::proof::{Attempt, Shown, Told, Verdict, decide};
use yett_engine::reason::CATALOGUE_HASH;
use yett_engine::{Body, Head, Plan};

// Every path of at most three segments is an operation that anybody may call.
static PLAN: LazyLock<Arc<Plan>> = LazyLock::new(|| {
    let plan = include_str!("../plan.json").replace("{catalogue}", CATALOGUE_HASH);
    Arc::new(Plan::load(plan.as_bytes()).expect("a plan"))
});

// Without this the property could hold because nothing is forwarded.
static FORWARDS: LazyLock<bool> = LazyLock::new(|| forwarded(b"/a", &[(b"host", b"shop.example")]).is_some());

// Parts between NULs: the target, then `name: value` for each header.
fuzz_target!(|input: &[u8]| {
    assert!(*FORWARDS, "the plan forwards nothing");
    let mut parts = input.split(|octet| *octet == 0);
    let Some(target) = parts.next() else { return };
    let headers: Vec<_> = parts.filter_map(header).collect();
    let Some(once) = forwarded(target, &headers) else { return };
    let line = once.line.strip_prefix("GET ").expect("the method that was sent");
    assert!(line.starts_with('/') && line.is_ascii(), "not a path: {line:?}");
    let path = line.split('?').next().unwrap_or_default();
    assert!(!path.contains("//") && !path.contains('\\'), "two readings: {path:?}");
    assert!(!path.split('/').any(is_dots), "dots: {path:?}");
    for hidden in ["%00", "%2f", "%2F", "%5c", "%5C"] {
        assert!(!path.contains(hidden), "{hidden} in {path:?}");
    }
    let hosts = once.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("host")).count();
    assert_eq!(hosts, 1, "{:?}", once.headers);
    for (name, value) in &once.headers {
        assert!(!format!("{name}{value}").contains(['\r', '\n', '\0']), "{name}: a line end got through");
    }
    let twice = forwarded(line.as_bytes(), &headers).expect("admitted once, admitted again");
    assert_eq!(once.line, twice.line, "another meaning the second time");
});

fn header(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = part.iter().position(|octet| *octet == b':')?;
    Some((part.get(..colon)?, part.get(colon + 1..)?.trim_ascii()))
}

fn is_dots(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

fn forwarded(target: &[u8], headers: &[(&[u8], &[u8])]) -> Option<Shown> {
    let head = Head::of(b"GET", target, headers, IpAddr::V4(Ipv4Addr::LOCALHOST), false);
    let attempt = Attempt { plan: PLAN.clone(), head: &head, body: Body::None, answer: None, without: None };
    match decide(attempt, &mut Told::default()).0 {
        Verdict::Forwarded(shown) => Some(shown),
        _ => None,
    }
}
