//! What single texts of a compiled document must look like; each gives what was found and expected. Nothing is built here.

use super::document::{Parameter, Place};
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

/// What is wrong with a base.
pub(super) fn base(text: &str) -> Option<String> {
    let is_base = text.is_empty() || (text.starts_with('/') && !text.ends_with('/'));
    (!is_base).then(|| format!("the base {text}, expected nothing or /v1"))
}

/// What is wrong with a pattern of hosts.
pub(super) fn host(pattern: &str) -> Option<String> {
    let name = pattern.strip_prefix("*.").unwrap_or(pattern);
    let is_host = pattern == "*" || (!name.is_empty() && !name.contains(|c: char| c.is_ascii_uppercase() || c == '*'));
    (!is_host).then(|| format!("the host {pattern}, expected *, api.example.com or *.example.com"))
}

/// What is wrong with the name of a header, which is compared as it stands.
pub(super) fn header(name: &str) -> Option<String> {
    let is_name = is_token(name) && !name.contains(|c: char| c.is_ascii_uppercase());
    (!is_name).then(|| format!("the header {name}, expected a name in lower case"))
}
