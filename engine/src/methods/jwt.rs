//! jwt: `Authorization: Bearer` (RFC 6750) with a JWS by a key of the credential's key set; the token cache is a fact.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Identity, Proof, sha256};
use crate::facts::{Digest, Fact, Key};
use crate::jose::{self, Limits, Token, Verified};
use crate::judge::{Denial, Hint, Judge, Stop};
use crate::plan::{JwtPlan, MethodPlan, Plan};
use crate::reason::{self, Reason};
use crate::steps::admit::Request;
use crate::trace::Proven;

pub(super) fn plan(plan: &Plan, credential: u32) -> Option<&JwtPlan> {
    match plan.credentials.get(credential as usize).map(|known| &known.method) {
        Some(MethodPlan::Jwt(jwt)) => Some(jwt),
        Some(MethodPlan::ApiKey(_)) | None => None,
    }
}

/// The tokens that a request shows; `Bearer` alone shows an empty one, and anything but `Bearer` is not ours to read.
fn shown(request: &Request) -> impl Iterator<Item = &[u8]> {
    request.header("authorization").filter_map(|value| {
        let (scheme, rest) = value.split_at_checked(b"bearer".len())?;
        let ends = rest.first().is_none_or(u8::is_ascii_whitespace);
        (ends && scheme.eq_ignore_ascii_case(b"bearer")).then(|| rest.trim_ascii())
    })
}

pub(super) fn is_shown(request: &Request) -> bool {
    shown(request).next().is_some()
}

pub(super) fn verify(
    request: &Request,
    credential: u32,
    jwt: &JwtPlan,
    judge: &mut Judge<'_>,
) -> Result<Identity, Stop> {
    let text = shown(request).next().unwrap_or_default();
    if request.header("authorization").nth(1).is_some() {
        judge.refuse(invalid(reason::AUTHENTICATE_TOKEN_REPEATED))?;
    }
    let digest = sha256(text);
    let verified = match judge.look_up(Key::Verified { credential, digest })? {
        Fact::Verified(verified) => verified,
        _ => fresh(text, credential, digest, jwt, judge)?,
    };
    judge.trace.prove(credential, Proven::Token(verified.clone()));
    let now = judge.now().seconds();
    let mut hold = |fault: jose::ClaimFault| judge.refuse(fault.reason()).map_err(|_| fault);
    jose::check(&verified, &jwt.rules, now, &mut hold).map_err(|fault| invalid(fault.reason()))?;
    let subject = verified
        .claims()
        .get("sub")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .into();
    Ok(Identity {
        credential,
        subject,
        digest,
        proof: Proof::Jwt(verified),
    })
}

/// A token that this process has not seen: reads it and verifies its signature.
fn fresh(
    text: &[u8],
    credential: u32,
    digest: Digest,
    jwt: &JwtPlan,
    judge: &mut Judge<'_>,
) -> Result<Arc<Verified>, Stop> {
    let mut hold = |fault: jose::TokenFault| judge.refuse(fault.reason()).map_err(|_| fault);
    let token = Token::read(text, &Limits::default(), &mut hold).map_err(|fault| invalid(fault.reason()))?;
    let keys = match &jwt.inline {
        Some(keys) => keys.clone(),
        None => match judge.look_up(Key::KeySet {
            credential,
            kid: token.kid().map(Into::into),
        })? {
            Fact::KeySet(keys) => keys,
            _ => return Err(invalid(reason::AUTHENTICATE_SIGNER_UNKNOWN).into()),
        },
    };
    let mut hold = |fault: jose::TokenFault| judge.refuse(fault.reason()).map_err(|_| fault);
    let verified = token
        .verify(&keys, &mut hold)
        .map_err(|fault| invalid(fault.reason()))?;
    let verified = Arc::new(verified);
    judge.trace.verified = Some((credential, digest, verified.clone()));
    Ok(verified)
}

/// RFC 6750 section 3: what is wrong with the token stays between the gateway and its evidence.
fn invalid(reason: Reason) -> Denial {
    Denial::from(reason).hint(Hint::Challenge("Bearer error=\"invalid_token\"".into()))
}

/// Scopes as one text with spaces (RFC 8693 4.2) or as an array of texts.
pub(super) fn has_scope(claims: &Map<String, Value>, jwt: &JwtPlan, scope: &str) -> bool {
    match claims.get(&*jwt.scope_claim) {
        Some(Value::String(text)) => text.split(' ').any(|known| known == scope),
        value => holds(value, scope),
    }
}

/// Roles as one text or an array of texts.
pub(super) fn has_role(claims: &Map<String, Value>, jwt: &JwtPlan, role: &str) -> bool {
    let mut names = jwt.role_path();
    let first = names.next().and_then(|name| claims.get(name));
    match names.fold(first, |value, name| value.and_then(|value| value.get(name))) {
        Some(Value::String(text)) => text == role,
        value => holds(value, role),
    }
}

fn holds(value: Option<&Value>, wanted: &str) -> bool {
    value
        .and_then(Value::as_array)
        .is_some_and(|items| items.iter().any(|item| item.as_str() == Some(wanted)))
}
