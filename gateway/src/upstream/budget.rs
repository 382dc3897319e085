//! How many requests of an API may be sent again, so that retries never multiply an outage: a bucket that requests fill and retries
//! empty, as in Finagle and Linkerd. There is no clock: whatever the rate, n requests bring at most 100 + n × budget retries.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a retry costs; a request brings as many as the plan's percentage.
const RETRY: u32 = 100;
/// A bucket holds a hundred retries, and begins full.
const FULL: u32 = 100 * RETRY;

/// The retries that are left.
#[derive(Debug)]
pub(crate) struct Budget(AtomicU32);

impl Default for Budget {
    fn default() -> Self {
        Self(AtomicU32::new(FULL))
    }
}

impl Budget {
    /// A request brings its share, in hundredths of a retry. Nothing is written while the bucket is full.
    pub(super) fn earn(&self, share: u32) {
        if self.0.load(Ordering::Relaxed) < FULL {
            let more = |left: u32| Some(left.saturating_add(share).min(FULL));
            let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
        }
    }

    /// Takes one retry, if there is one.
    pub(super) fn spend(&self) -> bool {
        let less = |left: u32| left.checked_sub(RETRY);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_multiplied_by_no_more_than_the_budget() {
        let budget = Budget::default();
        let spent = (0..10_000)
            .filter(|_| {
                budget.earn(20);
                budget.spend()
            })
            .count();
        assert_eq!(spent, 100 + 9_999 / 5, "the first found it full");
    }

    #[test]
    fn a_full_bucket_stays_full() {
        let budget = Budget::default();
        (0..10_000).for_each(|_| budget.earn(100));
        assert_eq!((0..10_000).filter(|_| budget.spend()).count(), 100);
    }
}
