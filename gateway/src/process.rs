//! What the threads of one gateway share: its state, its budgets, and where evidence and metrics go. Budgets are atomic; outcomes
//! are handed on in batches, under one lock for each batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use yett_engine::{Reason, reason};

use crate::evidence::{Queue, Record};
use crate::metrics::Metrics;
use crate::state::State;
use crate::tls::Listeners;

/// How a gateway ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drain {
    /// How long requests under way may take.
    pub(crate) patience: Duration,
    /// Cut them now.
    pub(crate) at_once: bool,
}

/// One gateway.
pub(crate) struct Process {
    /// What it knows.
    pub(crate) state: Arc<State>,
    /// What it counts.
    pub(crate) metrics: Metrics,
    /// Where evidence goes.
    pub(crate) evidence: Queue,
    /// How its listeners speak TLS.
    pub(crate) tls: Listeners,
    pub(crate) connections: AtomicU32,
    pub(crate) held: AtomicU64,
}

impl Process {
    pub(crate) fn new(state: Arc<State>, evidence: Queue, tls: Listeners) -> Self {
        Self {
            state,
            metrics: Metrics::default(),
            evidence,
            tls,
            connections: AtomicU32::new(0),
            held: AtomicU64::new(0),
        }
    }

    /// Counts outcomes and hands them to the writer of evidence.
    pub(crate) fn take(&self, records: Vec<Record>) {
        self.metrics.count(&records);
        self.evidence.put(records);
    }
}

/// Octets of held bodies, taken out of the one budget and given back when dropped.
pub(crate) struct Held {
    process: Arc<Process>,
    octets: u64,
}

impl Held {
    pub(crate) fn nothing(process: &Arc<Process>) -> Self {
        Self {
            process: process.clone(),
            octets: 0,
        }
    }

    /// Takes more.
    ///
    /// # Errors
    /// The reason, when the budget of the plan is spent.
    pub(crate) fn grow(&mut self, octets: u64, budget: u64) -> Result<(), Reason> {
        let before = self.process.held.fetch_add(octets, Ordering::Relaxed);
        self.octets += octets;
        if before.saturating_add(octets) > budget {
            Err(reason::UPSTREAM_MEMORY_EXHAUSTED)
        } else {
            Ok(())
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.octets > 0 {
            self.process.held.fetch_sub(self.octets, Ordering::Relaxed);
        }
    }
}
