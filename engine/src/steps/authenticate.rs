//! authenticate: Call → Caller. Verifies what the caller shows by the methods that the operation asks for; a stranger stops here.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::judge::{Denial, Hint, Judge, Stop};
use crate::methods::{self, Identity};
use crate::plan::{DemandPlan, MethodPlan, Plan};
use crate::reason;
use crate::steps::authorize::Granted;
use crate::steps::resolve::Call;

/// A call whose caller is known, or known to need no name.
#[derive(Debug)]
pub struct Caller {
    call: Call,
    identities: SmallVec<[Identity; 1]>,
    granted: Option<Granted>,
}

impl Caller {
    /// The call.
    pub fn call(&self) -> &Call {
        &self.call
    }

    /// Who calls; none: anonymous.
    pub fn subject(&self) -> Option<&Arc<str>> {
        self.identities.first().map(|identity| &identity.subject)
    }

    /// The yes of the methods that need only the caller.
    pub(crate) fn granted(&self) -> Option<&Granted> {
        self.granted.as_ref()
    }

    pub(crate) fn grant(mut self, granted: Granted) -> Self {
        self.granted = Some(granted);
        self
    }

    /// Every credential that was verified.
    pub(crate) fn identities(&self) -> &[Identity] {
        &self.identities
    }

    /// The alternatives of which the operation asks one.
    pub(crate) fn security<'p>(&self, plan: &'p Plan) -> &'p [Vec<DemandPlan>] {
        security(&self.call, plan)
    }
}

fn security<'p>(call: &Call, plan: &'p Plan) -> &'p [Vec<DemandPlan>] {
    match (call.operation(plan), call.api(plan)) {
        (Some(operation), _) => &operation.security,
        (None, Some(api)) => &api.unlisted_security,
        (None, None) => &[],
    }
}

/// Takes the step. The first alternative of which every credential is shown is the one that counts: its failure is final,
/// and nothing is tried again with less.
///
/// # Errors
/// `Stop::Deny` with a reason of `authenticate` or of a method, `Stop::Need` where a key or a verified token is missing.
pub(crate) fn authenticate(call: Call, judge: &mut Judge<'_>) -> Result<Caller, Stop> {
    let plan = judge.plan;
    let alternatives = security(&call, plan);
    let shown = alternatives.iter().filter(|all| !all.is_empty()).find(|all| {
        all.iter()
            .all(|demand| methods::is_shown(&call, plan, demand.credential))
    });
    let mut identities = SmallVec::new();
    match shown {
        Some(all) => {
            for demand in all {
                identities.push(methods::verify(&call, demand.credential, judge)?);
            }
        }
        None if alternatives.iter().any(Vec::is_empty) => nothing_shown(&call, alternatives, judge)?,
        None => missing(plan, alternatives, judge)?,
    }
    let caller = Caller {
        call,
        identities,
        granted: None,
    };
    judge.trace.subject = caller.subject().cloned();
    judge.trace.credential = caller
        .identities
        .first()
        .map(|identity| (identity.digest, identity.scheme(plan)));
    Ok(caller)
}

/// Where the operation is also open to strangers, whoever shows one credential of several still has to show all.
fn nothing_shown(call: &Call, alternatives: &[Vec<DemandPlan>], judge: &mut Judge<'_>) -> Result<(), Stop> {
    let plan = judge.plan;
    if alternatives
        .iter()
        .flatten()
        .any(|demand| methods::is_shown(call, plan, demand.credential))
    {
        missing(plan, alternatives, judge)?;
    }
    Ok(())
}

fn missing(plan: &Plan, alternatives: &[Vec<DemandPlan>], judge: &mut Judge<'_>) -> Result<(), Stop> {
    let bearer = alternatives.iter().flatten().any(|demand| {
        plan.credentials
            .get(demand.credential as usize)
            .is_some_and(|credential| matches!(credential.method, MethodPlan::Jwt(_)))
    });
    let challenge = if bearer { "Bearer" } else { "ApiKey" };
    judge.refuse(Denial::from(reason::AUTHENTICATE_CREDENTIAL_MISSING).hint(Hint::Challenge(challenge.into())))
}
