//! Tells operators once of each operation of a plan that its answers are not as described. No request is told of; that is
//! evidence. It runs where lines are written, off the way of requests, and remembers at most the operations of one plan.

use std::collections::HashSet;

use yett_engine::{Line, Said};

use super::Record;
use crate::log;

const CONTRACT: &str = "contract.reply.";

/// The operations of one plan of which it was said.
#[derive(Default)]
pub(super) struct Undescribed {
    ground: u64,
    told: HashSet<(u32, u32)>,
}

impl Undescribed {
    /// Warns where the contract kept something of an answer from the client, the first time of an operation and a plan.
    pub(super) fn hear(&mut self, record: &Record) {
        let (Some(api), Some(operation)) = (record.trace.api, record.trace.operation) else {
            return;
        };
        let Some((reason, done)) = record.trace.lines.iter().find_map(kept) else {
            return;
        };
        if record.ground.number > self.ground {
            *self = Self {
                ground: record.ground.number,
                told: HashSet::new(),
            };
        }
        if record.ground.number == self.ground && self.told.insert((api, operation)) {
            warn(record, (api, operation), reason, done);
        }
    }
}

/// Why and how an answer did not pass as it came.
fn kept(line: &Line) -> Option<(&'static str, &'static str)> {
    let reason = line.reason?.id();
    let done = match line.said {
        Said::Refused => "was withheld",
        Said::Altered if reason.ends_with(".undeclared") => "lost fields",
        Said::Altered => "was replaced",
        Said::Passed | Said::WouldRefuse => return None,
    };
    reason.starts_with(CONTRACT).then_some((reason, done))
}

fn warn(record: &Record, (api, operation): (u32, u32), reason: &'static str, done: &str) {
    let api = record.ground.plan.apis.get(api as usize);
    let operation = api.and_then(|api| api.operations.get(operation as usize));
    let (Some(api), Some(operation)) = (api, operation) else {
        return;
    };
    let status = if record.upstream > 0 {
        record.upstream
    } else {
        record.status
    };
    let message = format!("an answer {done}: the description does not have it (said once of each operation)");
    log::warning(
        &message,
        &[
            ("api", &api.name),
            ("operation", &operation.id),
            ("status", &status),
            ("reason", &reason),
        ],
    );
}
