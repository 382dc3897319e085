//! What single texts of a compiled document must look like; each gives what was found and expected. Nothing is built here.

use super::document::{Cors, Parameter, Place};
use super::upstream::{Ejection, UpstreamUrl};
use crate::steps::admit::Method;
use crate::steps::media::is_token;

const TYPES: [&str; 7] = ["string", "integer", "number", "boolean", "null", "array", "object"];

/// What is wrong with how a parameter is written.
pub(super) fn parameter(described: &Parameter) -> Option<String> {
    let styles: &[&str] = match described.place {
        Place::Path => &["simple", "label", "matrix", "json"],
        Place::Query => &["form", "spaceDelimited", "pipeDelimited", "deepObject", "json"],
        Place::Header => &["simple", "json"],
        Place::Cookie => &["form", "json"],
    };
    if !styles.contains(&&*described.style) {
        return Some(format!(
            "the style {}, expected one of {}",
            described.style,
            styles.join(", ")
        ));
    }
    let lists = [
        &described.types,
        &described.items,
        &described.others,
        &described.other_items,
    ];
    let named = described.members.iter().chain(described.member_items.iter());
    let mut types = lists.into_iter().chain(named.map(|(_, types)| types)).flatten();
    types
        .find(|kind| !TYPES.contains(&kind.as_str()))
        .map(|kind| format!("the type {kind}, expected one of {}", TYPES.join(", ")))
}

/// What is wrong with the key of a reply.
pub(super) fn status(key: &str) -> Option<String> {
    let is_status = match key.as_bytes() {
        [b'1'..=b'5', b'X', b'X'] => true,
        [b'1'..=b'5', rest @ ..] => rest.len() == 2 && rest.iter().all(u8::is_ascii_digit),
        _ => key == "default",
    };
    (!is_status).then(|| format!("the status {key}, expected 200, 2XX or default"))
}

/// What is wrong with a base, which is compared with decoded paths.
pub(super) fn base(text: &str) -> Option<String> {
    let is_base = text.is_empty() || (text.starts_with('/') && !text.ends_with('/') && is_path(text, &[]));
    (!is_base).then(|| format!("the base {text}, expected nothing or /v1, decoded, as a request can have it"))
}

/// What is wrong with a template, whose texts are compared with decoded paths; its braces pair, as `route` reads them.
pub(super) fn path(template: &str) -> Option<String> {
    let mut texts = String::new();
    for (number, part) in template.split('{').enumerate() {
        let text = if number == 0 {
            part
        } else {
            part.split_once('}').map_or("", |(_, text)| text)
        };
        texts.push_str(if number == 0 { "" } else { "x" });
        texts.push_str(text);
    }
    let is_template = is_path(&texts, &['}']);
    (!is_template).then(|| format!("the path {template}, expected texts that are decoded, as a request can have them"))
}

/// Whether admit lets a decoded path be so; `%`, `?` and `#` would be of one that is not decoded.
fn is_path(text: &str, never: &[char]) -> bool {
    let is_odd = |c: char| c.is_control() && c.is_ascii() || matches!(c, '\\' | '%' | '?' | '#') || never.contains(&c);
    let mut segments = text.split('/').skip(1).peekable();
    let mut is_sound = !text.contains(is_odd);
    while let Some(segment) = segments.next() {
        let bare = segment.split(';').next().unwrap_or_default();
        is_sound &= bare != "." && bare != ".." && (!segment.is_empty() || segments.peek().is_none());
    }
    is_sound
}

/// What is wrong with a method.
pub(super) fn method(name: &str) -> Option<String> {
    let expected = || Method::KNOWN.join(", ");
    (!Method::KNOWN.contains(&name)).then(|| format!("the method {name}, expected one of {}", expected()))
}

/// What is wrong with the hosts of an API.
pub(super) fn hosts(patterns: &[String]) -> Option<String> {
    patterns.is_empty().then(|| "no host, expected * or names".to_owned())
}

/// What is wrong with a pattern of hosts, which is compared with a host without port in lower case.
pub(super) fn host(pattern: &str) -> Option<String> {
    let name = pattern.strip_prefix("*.").unwrap_or(pattern);
    let is_label = |label: &str| {
        let is_of_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        !label.is_empty() && label.bytes().all(is_of_host)
    };
    let is_host = pattern == "*" || name.split('.').all(is_label);
    (!is_host).then(|| format!("the host {pattern}, expected *, api.example.com or *.example.com"))
}

/// What is wrong with the value of a header.
pub(super) fn header_value(value: &str) -> Option<String> {
    let is_value = value
        .bytes()
        .all(|byte| byte == b'\t' || (byte >= b' ' && byte != 0x7f));
    (!is_value).then(|| format!("the value {value:?}, expected one without control characters"))
}

/// What is wrong with the weight of a URL.
pub(super) fn weight(url: &UpstreamUrl) -> Option<String> {
    (url.weight == 0).then(|| "the weight 0, expected at least 1".to_owned())
}

/// What is wrong with how long a URL is left alone.
pub(super) fn ejection(ejection: &Ejection) -> Option<String> {
    let (time, longest) = (ejection.time.get(), ejection.longest);
    (longest < time).then(|| format!("{longest}, expected at least the time {time}"))
}

/// What is wrong with cross-origin rules, each with its member (Fetch standard, CORS protocol and credentials).
pub(super) fn cors(rules: &Cors) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let is_any = rules.origins.iter().any(|origin| origin == "*");
    if is_any && rules.origins.len() > 1 {
        found.push(("origins".to_owned(), "* beside others, expected * alone".to_owned()));
    }
    if is_any && rules.credentials {
        found.push(("credentials".to_owned(), "true for *, expected false".to_owned()));
    }
    let faults = rules.headers.iter().map(|name| header(name)).enumerate();
    found.extend(faults.filter_map(|(number, fault)| Some((format!("headers/{number}"), fault?))));
    found
}

/// What is wrong with the name of a header, which is compared as it stands.
pub(super) fn header(name: &str) -> Option<String> {
    let is_name = is_token(name) && !name.contains(|c: char| c.is_ascii_uppercase());
    (!is_name).then(|| format!("the header {name}, expected a name in lower case"))
}
