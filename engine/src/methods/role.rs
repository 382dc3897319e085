//! role: the plan asks for one of some roles; the credential must carry it.

use crate::judge::{Judge, Stop};
use crate::reason;
use crate::steps::authenticate::Caller;

/// One of the operation's roles must be held; an operation without roles asks for none.
pub(crate) fn ask(caller: &Caller, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let plan = judge.plan;
    let Some(operation) = caller.call().operation(plan) else {
        return Ok(());
    };
    let held = |role: &str| caller.identities().iter().any(|identity| identity.has_role(plan, role));
    if operation.roles.is_empty() || operation.roles.iter().any(|role| held(role)) {
        return Ok(());
    }
    judge.refuse(reason::AUTHORIZE_ROLE_MISSING)
}
