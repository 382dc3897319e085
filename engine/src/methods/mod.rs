//! The ways to take a step: who (jwt, api_key) and whether (scope, role); one file each, joined here and nowhere else.

mod api_key;
mod jwt;
pub(crate) mod role;
pub(crate) mod scope;

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};

use crate::facts::{ApiKeyRecord, Digest};
use crate::jose::Verified;
use crate::judge::{Judge, Stop};
use crate::plan::{MethodPlan, Plan};
use crate::reason;
use crate::steps::resolve::Call;

/// Who one verified credential stands for.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) credential: u32,
    pub(crate) subject: Arc<str>,
    pub(crate) digest: Digest,
    pub(crate) proof: Proof,
}

/// What was verified.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    Jwt(Arc<Verified>),
    ApiKey(Arc<ApiKeyRecord>),
}

impl Identity {
    pub(crate) fn scheme(&self, plan: &Plan) -> Arc<str> {
        plan.credentials
            .get(self.credential as usize)
            .map_or_else(|| "".into(), |credential| credential.name.clone())
    }

    /// Whether the credential carries a scope.
    pub(crate) fn has_scope(&self, plan: &Plan, scope: &str) -> bool {
        match &self.proof {
            Proof::ApiKey(record) => record.scopes.iter().any(|known| known == scope),
            Proof::Jwt(verified) => {
                jwt::plan(plan, self.credential).is_some_and(|jwt| jwt::has_scope(verified.claims(), jwt, scope))
            }
        }
    }

    /// Whether the credential carries a role.
    pub(crate) fn has_role(&self, plan: &Plan, role: &str) -> bool {
        match &self.proof {
            Proof::ApiKey(record) => record.roles.iter().any(|known| known == role),
            Proof::Jwt(verified) => {
                jwt::plan(plan, self.credential).is_some_and(|jwt| jwt::has_role(verified.claims(), jwt, role))
            }
        }
    }
}

/// Whether the call shows something for this credential at all, valid or not.
pub(crate) fn is_shown(call: &Call, plan: &Plan, credential: u32) -> bool {
    match plan.credentials.get(credential as usize).map(|known| &known.method) {
        Some(MethodPlan::Jwt(_)) => jwt::is_shown(call.request()),
        Some(MethodPlan::ApiKey(key)) => api_key::is_shown(call.request(), key),
        None => false,
    }
}

/// Verifies what the call shows for a credential.
pub(crate) fn verify(call: &Call, credential: u32, judge: &mut Judge<'_>) -> Result<Identity, Stop> {
    let plan = judge.plan;
    match plan.credentials.get(credential as usize).map(|known| &known.method) {
        Some(MethodPlan::Jwt(jwt)) => jwt::verify(call.request(), credential, jwt, judge),
        Some(MethodPlan::ApiKey(key)) => api_key::verify(call.request(), credential, key, judge),
        None => Err(reason::AUTHENTICATE_CREDENTIAL_MISSING.into()),
    }
}

/// What stands for a credential where it must not stand itself.
fn sha256(credential: &[u8]) -> Digest {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, credential).as_ref());
    out
}
