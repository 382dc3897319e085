//! contract: whether what was read is what the description declares, on the way in (Input) and on the way out (Reply).

use super::Guard;
use crate::judge::{Judge, Stop};
use crate::plan::{Mode, Plan};
use crate::reply::receive::Reply;
use crate::steps::validate::Input;

const CONTROL: &str = "contract";

/// Parameters and bodies of requests.
pub struct OfRequests;

/// Bodies of replies.
pub struct OfReplies;

impl Guard<Input> for OfRequests {
    fn control(&self) -> &'static str {
        CONTROL
    }

    fn mode(&self, input: &Input, plan: &Plan) -> Option<Mode> {
        let call = input.caller().call();
        call.operation(plan)
            .and_then(|_| call.api(plan))
            .map(|api| api.contract.requests)
    }

    fn look(&self, _input: &mut Input, _judge: &mut Judge<'_>) -> Result<(), Stop> {
        Ok(())
    }
}

impl Guard<Reply> for OfReplies {
    fn control(&self) -> &'static str {
        CONTROL
    }

    fn mode(&self, reply: &Reply, plan: &Plan) -> Option<Mode> {
        let call = reply.pass().input().caller().call();
        call.operation(plan)
            .and_then(|_| call.api(plan))
            .map(|api| api.contract.replies)
    }

    fn look(&self, _reply: &mut Reply, _judge: &mut Judge<'_>) -> Result<(), Stop> {
        Ok(())
    }
}
