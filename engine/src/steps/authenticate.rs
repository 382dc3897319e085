//! authenticate: Call → Caller. Verifies what the caller shows by the methods that the operation asks for; a stranger stops here.

use std::sync::Arc;

use smallvec::SmallVec;

use crate::judge::{Denial, Hint, Judge, Stop};
use crate::methods::{self, Identity, scope};
use crate::plan::{DemandPlan, MethodPlan, Plan};
use crate::reason;
use crate::steps::authorize::Granted;
use crate::steps::resolve::Call;

/// What one alternative shows, verified.
type Identities = SmallVec<[Identity; 1]>;

/// A call whose caller is known, or known to need no name.
#[derive(Debug)]
pub struct Caller {
    call: Call,
    identities: Identities,
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

    /// The credentials of the alternative that counts.
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

/// Takes the step. Of the alternatives that are shown, the first that holds whole counts: every credential verified, every
/// scope held. What the first one shows must be verified, whatever stands beside it: its failure is final.
///
/// # Errors
/// `Stop::Deny` with a reason of `authenticate` or of a method, `Stop::Need` where a key or a verified token is missing.
pub(crate) fn authenticate(call: Call, judge: &mut Judge<'_>) -> Result<Caller, Stop> {
    let plan = judge.plan;
    let alternatives = security(&call, plan);
    let identities = match verified(&call, alternatives, judge)? {
        Some(identities) => identities,
        None if alternatives.iter().any(Vec::is_empty) => nothing_shown(&call, alternatives, judge)?,
        None => missing(plan, alternatives, judge)?,
    };
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

/// Who calls, by the alternative that counts; none where nothing is shown whole. Where no alternative holds its scopes, the
/// first is what authorize refuses by. Credentials of two alternatives never stand together: neither lends the other a scope.
fn verified(call: &Call, alternatives: &[Vec<DemandPlan>], judge: &mut Judge<'_>) -> Result<Option<Identities>, Stop> {
    let plan = judge.plan;
    let shown = |all: &&Vec<DemandPlan>| {
        let mut demands = all.iter();
        !all.is_empty() && demands.all(|demand| methods::is_shown(call, plan, demand.credential))
    };
    let mut lacking: SmallVec<[Identities; 1]> = SmallVec::new();
    for all in alternatives.iter().filter(shown) {
        match verify_all(call, all, &lacking, judge) {
            Ok(identities) if scope::lacks(all, &identities, plan).is_none() => return Ok(Some(identities)),
            Ok(identities) => lacking.push(identities),
            Err(Stop::Deny(_)) if !lacking.is_empty() => {}
            Err(stop) => return Err(stop),
        }
    }
    Ok(lacking.into_iter().next())
}

/// What one alternative shows, verified; what another has verified already is not verified again.
fn verify_all(
    call: &Call,
    all: &[DemandPlan],
    known: &[Identities],
    judge: &mut Judge<'_>,
) -> Result<Identities, Stop> {
    let mut identities = Identities::new();
    for demand in all {
        let mut before = known.iter().flatten();
        identities.push(match before.find(|known| known.credential == demand.credential) {
            Some(known) => known.clone(),
            None => methods::verify(call, demand.credential, judge)?,
        });
    }
    Ok(identities)
}

/// Where the operation is also open to strangers, whoever shows one credential of several still has to show all.
fn nothing_shown(call: &Call, alternatives: &[Vec<DemandPlan>], judge: &mut Judge<'_>) -> Result<Identities, Stop> {
    let plan = judge.plan;
    if alternatives
        .iter()
        .flatten()
        .any(|demand| methods::is_shown(call, plan, demand.credential))
    {
        return missing(plan, alternatives, judge);
    }
    Ok(Identities::new())
}

fn missing(plan: &Plan, alternatives: &[Vec<DemandPlan>], judge: &mut Judge<'_>) -> Result<Identities, Stop> {
    let bearer = alternatives.iter().flatten().any(|demand| {
        plan.credentials
            .get(demand.credential as usize)
            .is_some_and(|credential| matches!(credential.method, MethodPlan::Jwt(_)))
    });
    let challenge = if bearer { "Bearer" } else { "ApiKey" };
    judge.refuse(Denial::from(reason::AUTHENTICATE_CREDENTIAL_MISSING).hint(Hint::Challenge(challenge.into())))?;
    Ok(Identities::new())
}
