//! A JSON body under the strict reader, for validate and receive alike; which reason a fault is, they say.

use serde_json::Value;

use crate::json::{self, Fault, Limits};
use crate::judge::Denial;
use crate::reason::Reason;

/// Octets of a body's limit for which it may hold one value, which takes up to a hundred octets where it is read.
const OCTETS_OF_A_VALUE: u64 = 10;

/// Reads a body whose length was judged already by its limit; with the limit grows how many values it may hold.
///
/// # Errors
/// The fault's reason, at its place under `/body`.
pub(crate) fn read(bytes: &[u8], limit: u64, depth: u32, reason_of: fn(&Fault) -> Reason) -> Result<Value, Denial> {
    let known = Limits::default();
    let values = usize::try_from(limit / OCTETS_OF_A_VALUE).unwrap_or(usize::MAX);
    let limits = Limits {
        bytes: bytes.len(),
        depth: depth as usize,
        values: values.max(known.values),
        ..known
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
