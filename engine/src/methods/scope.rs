//! scope: OAuth 2 scopes that the description asks for (RFC 6749 3.3), held by the credential that carries them.

use super::jwt;
use crate::judge::{Denial, Hint, Judge, Stop};
use crate::reason;
use crate::steps::authenticate::Caller;

/// One alternative must have all its credentials verified and all its scopes held.
pub(crate) fn ask(caller: &Caller, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let plan = judge.plan;
    let alternatives = caller.security(plan);
    let verified = |credential: u32| {
        caller
            .identities()
            .iter()
            .find(|identity| identity.credential == credential)
    };
    let mut lacking = None;
    for all in alternatives {
        let mut missing = None;
        let known = all.iter().all(|demand| {
            let identity = verified(demand.credential);
            if let Some(identity) = identity {
                let scope = demand.scopes.iter().find(|scope| !identity.has_scope(plan, scope));
                missing = missing.or_else(|| scope.map(|scope| (scope, demand.credential)));
            }
            identity.is_some()
        });
        match (known, missing) {
            (true, None) => return Ok(()),
            (true, Some(found)) => lacking = lacking.or(Some(found)),
            (false, _) => {}
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
