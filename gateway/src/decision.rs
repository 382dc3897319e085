//! What every shell holds to around a decision of the engine: never past a panic, and never round in circles. Decides nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::log;

/// A decision that asks for facts more often than this goes round in circles.
pub(crate) const MOST_ROUNDS: usize = 8;

/// What a decision brings; none: it panicked, and nothing of it counts.
pub(crate) fn guarded<T>(decide: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(decide))
        .inspect_err(|_| log::error("a decision panicked; its request is refused", &[]))
        .ok()
}
