//! scope: OAuth 2 scopes that the description asks for (RFC 6749 3.3), held by the credential that carries them.

use super::{Identity, jwt};
use crate::judge::{Denial, Hint, Judge, Stop};
use crate::plan::{DemandPlan, Plan};
use crate::reason;
use crate::steps::authenticate::Caller;

/// One alternative must have all its credentials verified and all its scopes held.
pub(crate) fn ask(caller: &Caller, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let plan = judge.plan;
    let alternatives = caller.security(plan);
    let verified = |demand: &DemandPlan| {
        let mut identities = caller.identities().iter();
        identities.any(|identity| identity.credential == demand.credential)
    };
    let mut lacking = None;
    for all in alternatives.iter().filter(|all| all.iter().all(verified)) {
        match lacks(all, caller.identities(), plan) {
            None => return Ok(()),
            found => lacking = lacking.or(found),
        }
    }
    match lacking {
        Some((scope, credential)) => {
            let denial = Denial::from(reason::AUTHORIZE_SCOPE_MISSING);
            if jwt::plan(plan, credential).is_none() {
                return judge.refuse(denial);
            }
            let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
            judge.refuse(denial.hint(Hint::Challenge(challenge.into())))
        }
        None => judge.refuse(reason::AUTHENTICATE_CREDENTIAL_MISSING),
    }
}

/// The first scope of an alternative that its credentials do not carry, and the credential that should.
pub(crate) fn lacks<'p>(all: &'p [DemandPlan], identities: &[Identity], plan: &Plan) -> Option<(&'p str, u32)> {
    all.iter().find_map(|demand| {
        let mut carriers = identities.iter();
        let identity = carriers.find(|identity| identity.credential == demand.credential);
        let held = |scope: &str| identity.is_some_and(|identity| identity.has_scope(plan, scope));
        let missing = demand.scopes.iter().find(|scope| !held(scope));
        missing.map(|scope| (&**scope, demand.credential))
    })
}
