//! What the threads of one gateway share: its state, its budgets, and where evidence and metrics go. Budgets are atomic; outcomes
//! are handed on in batches, under one lock for each batch.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use yett_engine::plan::Gateway;
use yett_engine::{Reason, reason};

use crate::evidence::{Queue, Record};
use crate::metrics::Metrics;
use crate::shares::{At, Shares};
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
    connected: Shares,
    held_by: Shares,
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
            connected: Shares::default(),
            held_by: Shares::default(),
        }
    }

    /// Counts outcomes and hands them to the writer of evidence.
    pub(crate) fn take(&self, records: Vec<Record>) {
        self.metrics.count(&records);
        self.evidence.put(records);
    }
}

/// A body up to this size has the whole budget of held bodies, a larger one less.
const SMALL: u64 = 65_536;
/// One part of so many of the budget is kept from large bodies of requests, and is all that one client's may take together.
const PART: u64 = 4;
/// But no less than this for a client.
const LEAST: u64 = 1 << 20;

/// Octets of held bodies, taken out of the one budget and given back when dropped.
pub(crate) struct Held {
    process: Arc<Process>,
    octets: u64,
    client: Option<At>,
}

impl Held {
    pub(crate) fn nothing(process: &Arc<Process>) -> Self {
        Self {
            process: process.clone(),
            octets: 0,
            client: None,
        }
    }

    /// Takes more out of the budget of the plan, for a request or for its `answer`; `client` has no more than its part of it.
    /// Who is alone has all: what one body may take is its own limit.
    ///
    /// # Errors
    /// The reason, when there is no more; nothing is taken then.
    pub(crate) fn grow(
        &mut self,
        octets: u64,
        budget: u64,
        client: Option<IpAddr>,
        answer: bool,
    ) -> Result<(), Reason> {
        let Some(held) = self.octets.checked_add(octets) else {
            return Err(reason::UPSTREAM_MEMORY_EXHAUSTED);
        };
        if self.client.is_none() {
            self.client = client.map(|client| self.process.held_by.at(client));
        }
        let others = self.process.held.fetch_add(octets, Ordering::Relaxed) - self.octets;
        let siblings = self
            .client
            .map_or(0, |at| self.process.held_by.take(at, octets) - self.octets);
        self.octets = held;
        let part = budget / PART;
        let most = if answer || held <= SMALL { budget } else { budget - part };
        let fits = |others: u64, most: u64| others == 0 || others.saturating_add(held) <= most;
        if held <= budget && fits(others, most) && fits(siblings, part.max(LEAST)) {
            return Ok(());
        }
        self.give(octets);
        Err(reason::UPSTREAM_MEMORY_EXHAUSTED)
    }

    fn give(&mut self, octets: u64) {
        self.octets -= octets;
        self.process.held.fetch_sub(octets, Ordering::Relaxed);
        if let Some(at) = self.client {
            self.process.held_by.give(at, octets);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.octets > 0 {
            self.give(self.octets);
        }
    }
}

/// A connection's place among those that are served.
pub(crate) struct Place {
    process: Arc<Process>,
    client: Option<At>,
}

impl Place {
    /// One of so many, unless all are taken, or all that this client may have.
    ///
    /// # Errors
    /// Which of the two.
    pub(crate) fn among(process: &Arc<Process>, gateway: &Gateway, peer: IpAddr) -> Result<Self, Crowd> {
        let client = client(gateway, peer).map(|peer| process.connected.at(peer));
        if let (Some(at), Some(most)) = (client, gateway.connections_per_address)
            && process.connected.take(at, 1) >= u64::from(most)
        {
            process.connected.give(at, 1);
            return Err(Crowd::Address);
        }
        let client = client.filter(|_| gateway.connections_per_address.is_some());
        let place = Self {
            process: process.clone(),
            client,
        };
        let open = process.connections.fetch_add(1, Ordering::Relaxed);
        if open < gateway.connections {
            Ok(place)
        } else {
            Err(Crowd::All)
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.process.connections.fetch_sub(1, Ordering::Relaxed);
        if let Some(at) = self.client {
            self.process.connected.give(at, 1);
        }
    }
}

/// Whose connections there are too many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowd {
    All,
    Address,
}

/// An address for which somebody answers with a share of its own; none: a trusted proxy, behind which there are many.
pub(crate) fn client(gateway: &Gateway, address: IpAddr) -> Option<IpAddr> {
    let address = address.to_canonical();
    let trusted = gateway.trusted_proxies.iter().any(|network| network.contains(&address));
    (!trusted).then_some(address)
}
