//! jwt: `Authorization: Bearer` (RFC 6750) with a JWS by a key of the credential's key set; the token cache is a fact.

use serde_json::{Map, Value};

use super::Identity;
use crate::judge::{Judge, Stop};
use crate::plan::{JwtPlan, MethodPlan, Plan};
use crate::reason;
use crate::steps::admit::Request;

pub(super) fn plan(plan: &Plan, credential: u32) -> Option<&JwtPlan> {
    match plan.credentials.get(credential as usize).map(|known| &known.method) {
        Some(MethodPlan::Jwt(jwt)) => Some(jwt),
        Some(MethodPlan::ApiKey(_)) | None => None,
    }
}

pub(super) fn is_shown(request: &Request) -> bool {
    request.header("authorization").any(|value| {
        value
            .get(..7)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
    })
}

pub(super) fn verify(_: &Request, _: u32, _: &JwtPlan, _: &mut Judge<'_>) -> Result<Identity, Stop> {
    Err(reason::AUTHENTICATE_CREDENTIAL_MISSING.into())
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
    let mut parts = jwt.role_claim.split('/').skip(1);
    let first = parts.next().and_then(|name| claims.get(name));
    let value = parts.fold(first, |value, name| value.and_then(|value| value.get(name)));
    match value {
        Some(Value::String(text)) => text == role,
        value => holds(value, role),
    }
}

fn holds(value: Option<&Value>, wanted: &str) -> bool {
    value
        .and_then(Value::as_array)
        .is_some_and(|items| items.iter().any(|item| item.as_str() == Some(wanted)))
}
