//! A JSON body under the strict reader, for validate and receive alike; which reason a fault is, they say.

use serde_json::Value;

use crate::json::{self, Fault, Limits};
use crate::judge::Denial;
use crate::reason::Reason;

/// Reads a body whose length was judged already.
///
/// # Errors
/// The fault's reason, at its place under `/body`.
pub(crate) fn read(bytes: &[u8], depth: u32, reason_of: fn(&Fault) -> Reason) -> Result<Value, Denial> {
    let limits = Limits {
        bytes: bytes.len(),
        depth: depth as usize,
        ..Limits::default()
    };
    json::read(bytes, &limits)
        .map(json::Value::into_inner)
        .map_err(|fault| {
            let denial = Denial::from(reason_of(&fault));
            match fault.pointer() {
                Some(pointer) => denial.at(format!("/body{pointer}")),
                None => denial,
            }
        })
}
