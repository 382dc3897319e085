//! Guards: each looks at one rung and says `Ok` or why not. Which rung it stands on follows from what it must know.

pub mod contract;
pub mod limit;

use crate::judge::{Denial, Judge, Stop};
use crate::plan::{Mode, Plan};
use crate::reply::receive::Reply;
use crate::steps::admit::Request;
use crate::steps::authenticate::Caller;
use crate::steps::validate::Input;

/// One guard on one rung.
pub trait Guard<Rung>: Sync {
    /// Its control's name in the catalogue.
    fn control(&self) -> &'static str;
    /// The mode in which its answer is heard for this request; none: it has nothing to look at.
    fn mode(&self, rung: &Rung, plan: &Plan) -> Option<Mode>;
    /// Looks, and says why not.
    ///
    /// # Errors
    /// `Stop::Deny` with a reason of its control, `Stop::Need` where a fact is missing.
    fn look(&self, rung: &mut Rung, judge: &mut Judge<'_>) -> Result<(), Stop>;
    /// Changes the rung so that what the guard said no longer holds against it, and says whether it did. Asked only where
    /// the refusal would hold.
    fn amend(&self, _rung: &mut Rung, _denial: &Denial) -> bool {
        false
    }
}

/// The guards on Request.
pub(crate) const ON_REQUEST: &[&dyn Guard<Request>] =
    &[&limit::ByAddress(Mode::Enforce), &limit::ByAddress(Mode::Report)];
/// The guards on Caller.
pub(crate) const ON_CALLER: &[&dyn Guard<Caller>] =
    &[&limit::BySubject(Mode::Enforce), &limit::BySubject(Mode::Report)];
/// The guards on Input.
pub(crate) const ON_INPUT: &[&dyn Guard<Input>] = &[&contract::OfRequests];
/// The guards on Reply.
pub(crate) const ON_REPLY: &[&dyn Guard<Reply>] = &[&contract::OfReplies];

/// Hears every guard of a rung, in order; the first refusal that holds ends it.
pub(crate) fn stand<Rung>(guards: &[&dyn Guard<Rung>], mut rung: Rung, judge: &mut Judge<'_>) -> Result<Rung, Stop> {
    for guard in guards {
        if let Some(mode) = guard.mode(&rung, judge.plan) {
            match guard.look(&mut rung, judge) {
                Err(Stop::Deny(denial)) if judge.holds(mode, &denial) && guard.amend(&mut rung, &denial) => {
                    judge.altered(&denial);
                }
                said => judge.hear(guard.control(), mode, said)?,
            }
        }
    }
    Ok(rung)
}
