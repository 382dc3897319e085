//! Says that evidence is dropped while its writer hangs and cannot say so itself. Lives on the control thread; writes no evidence.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::log;

/// Between two looks.
const ROUND: Duration = Duration::from_secs(1);

/// What was said of the records that found no room.
pub(crate) struct Watch {
    behind: Arc<AtomicU64>,
    told: u64,
    warned: log::Seldom,
}

impl Watch {
    pub(super) fn new(behind: Arc<AtomicU64>) -> Self {
        Self {
            behind,
            told: 0,
            warned: log::Seldom::new(),
        }
    }

    /// Looks, until its runtime ends.
    pub(crate) async fn keep(mut self) {
        loop {
            tokio::time::sleep(ROUND).await;
            if let Some(more) = self.look(Instant::now()) {
                log::warning(
                    "evidence is dropped: its writer is behind, or hangs",
                    &[("dropped", &more)],
                );
            }
        }
    }

    /// How many are to be told of: seldom.
    pub(super) fn look(&mut self, now: Instant) -> Option<u64> {
        let behind = self.behind.load(Ordering::Relaxed);
        let more = behind - self.told;
        if more == 0 || !self.warned.is_due(now) {
            return None;
        }
        self.told = behind;
        Some(more)
    }
}
