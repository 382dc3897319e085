//! Problem details (RFC 9457): what a client learns of a refusal. The exact reason is not in it.

use serde::Serialize;

use crate::reason::Reason;

#[derive(Serialize)]
struct Problem<'r> {
    r#type: &'r str,
    title: &'r str,
    status: u16,
    trace_id: &'r str,
    #[serde(skip_serializing_if = "<[Place]>::is_empty")]
    errors: &'r [Place<'r>],
}

#[derive(Serialize)]
struct Place<'r> {
    pointer: &'r str,
}

/// The document for a refusal; the places are shown for `invalid` only.
pub(super) fn document(reason: Reason, places: &[Box<str>], trace_id: &str) -> Vec<u8> {
    let public = reason.public();
    let shown: Vec<Place<'_>> = match public {
        "invalid" => places.iter().map(|pointer| Place { pointer }).collect(),
        _ => Vec::new(),
    };
    write(public, reason.status(), &shown, trace_id)
}

/// The document that takes the place of an upstream's error body.
pub(super) fn in_place_of(status: u16, trace_id: &str) -> Vec<u8> {
    let public = match status {
        401 => "unauthenticated",
        403 => "forbidden",
        404 | 410 => "not_found",
        429 => "too_many",
        400..=499 => "invalid",
        _ => "unavailable",
    };
    write(public, status, &[], trace_id)
}

fn write(public: &str, status: u16, errors: &[Place<'_>], trace_id: &str) -> Vec<u8> {
    let kind = format!("urn:yett:{public}");
    let problem = Problem {
        r#type: &kind,
        title: title(public, status),
        status,
        trace_id,
        errors,
    };
    serde_json::to_vec(&problem).unwrap_or_default()
}

fn title(public: &str, status: u16) -> &'static str {
    match public {
        "unauthenticated" => "Sign in to use this operation",
        "forbidden" => "You may not do this",
        "not_found" => "There is nothing here",
        "invalid" => "The request is not valid",
        "too_many" => "Too many requests",
        _ if status == 501 => "This operation is not served here",
        _ => "The service cannot answer now",
    }
}
