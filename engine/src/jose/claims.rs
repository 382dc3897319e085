//! Whether verified claims are current and meant for us (RFC 7519 section 4.1, RFC 9068 section 4); the time is given.

use serde_json::Value;

use super::{ClaimFault, Hold, Verified};

/// What the claims must say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Exact `iss`.
    pub issuer: String,
    /// One of these must be in `aud`.
    pub audience: Vec<String>,
    /// Permitted `typ` of the header, lower case and without `application/`; empty: `jwt`, `at+jwt` or none.
    pub types: Vec<String>,
    /// Seconds by which the issuer's clock may differ.
    pub leeway: u64,
}

/// Judges the claims at a time in seconds since the epoch. `exp` and `sub` are required, `nbf` and `iat` are not.
///
/// # Errors
/// The first [`ClaimFault`] that `hold` lets count.
pub fn check(verified: &Verified, rules: &Rules, now: u64, hold: Hold<'_, ClaimFault>) -> Result<(), ClaimFault> {
    issuer(verified, rules, hold)?;
    audience(verified, rules, hold)?;
    kind(verified, rules, hold)?;
    times(verified, rules, now, hold)?;
    match verified.claims().get("sub") {
        None => hold(ClaimFault::Missing { claim: "sub" }),
        Some(Value::String(subject)) if !subject.is_empty() => Ok(()),
        Some(_) => hold(ClaimFault::Malformed { claim: "sub" }),
    }
}

fn issuer(verified: &Verified, rules: &Rules, hold: Hold<'_, ClaimFault>) -> Result<(), ClaimFault> {
    match verified.claims().get("iss") {
        None => hold(ClaimFault::Missing { claim: "iss" }),
        Some(Value::String(issuer)) if *issuer == rules.issuer => Ok(()),
        Some(Value::String(_)) => hold(ClaimFault::Issuer),
        Some(_) => hold(ClaimFault::Malformed { claim: "iss" }),
    }
}

fn audience(verified: &Verified, rules: &Rules, hold: Hold<'_, ClaimFault>) -> Result<(), ClaimFault> {
    let audiences = match verified.claims().get("aud") {
        None => return hold(ClaimFault::Missing { claim: "aud" }),
        Some(Value::Array(audiences)) => audiences.as_slice(),
        Some(audience) => std::slice::from_ref(audience),
    };
    if !audiences.iter().all(Value::is_string) {
        hold(ClaimFault::Malformed { claim: "aud" })?;
    }
    let ours = |audience: &Value| rules.audience.iter().any(|ours| audience == ours.as_str());
    if audiences.iter().any(ours) {
        Ok(())
    } else {
        hold(ClaimFault::Audience)
    }
}

/// RFC 7515 section 4.1.9: case does not matter, and `application/` may be left out.
fn kind(verified: &Verified, rules: &Rules, hold: Hold<'_, ClaimFault>) -> Result<(), ClaimFault> {
    let kind = verified.kind().map(str::to_ascii_lowercase);
    let kind = kind
        .as_deref()
        .map(|kind| kind.strip_prefix("application/").unwrap_or(kind));
    let permitted = match kind {
        Some(kind) if rules.types.is_empty() => matches!(kind, "jwt" | "at+jwt"),
        Some(kind) => rules.types.iter().any(|permitted| permitted == kind),
        None => rules.types.is_empty(),
    };
    if permitted { Ok(()) } else { hold(ClaimFault::Type) }
}

fn times(verified: &Verified, rules: &Rules, now: u64, hold: Hold<'_, ClaimFault>) -> Result<(), ClaimFault> {
    let (now, leeway) = (now as f64, rules.leeway as f64);
    match time(verified, "exp", hold)? {
        Some(expiry) if expiry <= now - leeway => hold(ClaimFault::Expired)?,
        Some(_) => {}
        None if verified.claims().contains_key("exp") => {}
        None => hold(ClaimFault::Missing { claim: "exp" })?,
    }
    if time(verified, "nbf", hold)?.is_some_and(|start| start > now + leeway) {
        hold(ClaimFault::Premature)?;
    }
    if time(verified, "iat", hold)?.is_some_and(|issued| issued > now + leeway) {
        hold(ClaimFault::Postdated)?;
    }
    Ok(())
}

/// The last second of the year 9999: a time beyond it is in milliseconds, or meant to hold for ever.
const LAST_TIME: f64 = 253_402_300_799.0;

/// A time claim in seconds since the epoch; fractions are allowed. `None` where it is missing, or malformed and passed over.
fn time(verified: &Verified, claim: &'static str, hold: Hold<'_, ClaimFault>) -> Result<Option<f64>, ClaimFault> {
    let Some(value) = verified.claims().get(claim) else {
        return Ok(None);
    };
    match value.as_f64() {
        Some(time) if (0.0..=LAST_TIME).contains(&time) => Ok(Some(time)),
        _ => hold(ClaimFault::Malformed { claim }).map(|()| None),
    }
}
