//! What the process counts, as Prometheus reads it (text format 0.0.4). Counted in batches: one lock for many requests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use yett_engine::Reason;

use crate::evidence::{Record, decision};
use crate::process::{Crowd, Process};
use crate::state::Source;

/// Upper bounds of the latency histogram, in microseconds.
const BOUNDS: [u64; 12] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 10_000_000,
];

/// How a handshake of TLS ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handshake {
    Done,
    Failed,
    Late,
}

/// Their names, in order.
const HANDSHAKES: [&str; 3] = ["done", "failed", "late"];

/// Names of whose connections there are too many of, in order.
const CROWDS: [&str; 2] = ["all", "address"];

/// The counters.
#[derive(Default)]
pub(crate) struct Metrics {
    counted: Mutex<Counted>,
    handshakes: [AtomicU64; HANDSHAKES.len()],
    turned_away: [AtomicU64; CROWDS.len()],
}

#[derive(Default)]
struct Counted {
    requests: BTreeMap<Labels, u64>,
    total: u64,
    upstream: BTreeMap<u16, u64>,
    /// By API: requests that were sent again, and those that were not for the budget was spent.
    retries: BTreeMap<Arc<str>, [u64; 2]>,
    buckets: [u64; BOUNDS.len()],
    micros: u64,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Labels {
    api: Option<Arc<str>>,
    operation: Option<Arc<str>>,
    reason: Option<Reason>,
}

impl Metrics {
    /// Counts outcomes.
    pub(crate) fn count(&self, records: &[Record]) {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.total += records.len() as u64;
        for record in records {
            let trace = &record.trace;
            let api = trace.api.and_then(|index| record.ground.plan.apis.get(index as usize));
            let operation = api.and_then(|api| api.operations.get(trace.operation? as usize));
            let labels = Labels {
                api: api.map(|api| api.name.clone()),
                operation: operation.map(|operation| operation.id.clone()),
                reason: trace.refused(),
            };
            *counted.requests.entry(labels).or_default() += 1;
            if let Some(api) = api.filter(|_| record.attempts > 1 || record.over_budget) {
                let [sent, over_budget] = counted.retries.entry(api.name.clone()).or_default();
                *sent += u64::from(record.attempts.saturating_sub(1));
                *over_budget += u64::from(record.over_budget);
            }
            if record.upstream > 0 {
                *counted.upstream.entry(record.upstream / 100).or_default() += 1;
            }
            counted.micros += record.micros;
            if let Some((_, bucket)) = BOUNDS
                .iter()
                .zip(&mut counted.buckets)
                .find(|(bound, _)| record.micros <= **bound)
            {
                *bucket += 1;
            }
        }
    }

    /// Counts a handshake.
    pub(crate) fn handshake(&self, outcome: Handshake) {
        if let Some(counter) = self.handshakes.get(outcome as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a connection that was turned away.
    pub(crate) fn turned_away(&self, crowd: Crowd) {
        if let Some(counter) = self.turned_away.get(crowd as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many requests came to an end.
    pub(crate) fn total(&self) -> u64 {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

/// All of it.
pub(crate) fn text(process: &Process) -> String {
    let mut out = String::with_capacity(4096);
    let counted = process.metrics.counted.lock().unwrap_or_else(PoisonError::into_inner);
    requests(&counted, &mut out);
    latency(&counted, &mut out);
    upstream(&counted, &mut out);
    retries(&counted, &mut out);
    drop(counted);
    let gauge = |out: &mut String, name: &str, kind: &str, help: &str, value: u64| {
        let _ = writeln!(
            out,
            "# HELP yett_{name} {help}\n# TYPE yett_{name} {kind}\nyett_{name} {value}"
        );
    };
    let connections = process.connections.load(Ordering::Relaxed).into();
    gauge(
        &mut out,
        "connections",
        "gauge",
        "Open client connections.",
        connections,
    );
    let held = process.held.load(Ordering::Relaxed);
    gauge(
        &mut out,
        "held_bytes",
        "gauge",
        "Bytes of bodies that are held now.",
        held,
    );
    let dropped = process.evidence.dropped();
    gauge(
        &mut out,
        "evidence_dropped_total",
        "counter",
        "Records of evidence that were dropped.",
        dropped,
    );
    let buckets = process.state.limits.len() as u64;
    gauge(
        &mut out,
        "limit_buckets",
        "gauge",
        "Counters that the limits hold now.",
        buckets,
    );
    handshakes(&process.metrics, &mut out);
    turned_away(&process.metrics, &mut out);
    certificates(process, &mut out);
    facts(process, &mut out);
    healthy(process, &mut out);
    out
}

fn healthy(process: &Process, out: &mut String) {
    let ground = process.state.ground();
    out.push_str("# HELP yett_upstream_healthy Whether a URL passes its health checks; 1 as long as none has ended.\n");
    out.push_str("# TYPE yett_upstream_healthy gauge\n");
    for (api, targets) in ground.plan.apis.iter().zip(&ground.targets) {
        for target in targets.iter().filter(|target| target.checked) {
            let (api, url) = (escaped(&api.name), escaped(&target.url));
            let healthy = u8::from(!target.is_unhealthy());
            let _ = writeln!(out, "yett_upstream_healthy{{api=\"{api}\",url=\"{url}\"}} {healthy}");
        }
    }
}

fn handshakes(metrics: &Metrics, out: &mut String) {
    out.push_str("# HELP yett_tls_handshakes_total Handshakes of clients, by how they ended.\n");
    out.push_str("# TYPE yett_tls_handshakes_total counter\n");
    for (outcome, count) in HANDSHAKES.iter().zip(&metrics.handshakes) {
        let count = count.load(Ordering::Relaxed);
        let _ = writeln!(out, "yett_tls_handshakes_total{{outcome=\"{outcome}\"}} {count}");
    }
}

fn turned_away(metrics: &Metrics, out: &mut String) {
    out.push_str(
        "# HELP yett_connections_turned_away_total Connections beyond the limit of all, or of their address.\n",
    );
    out.push_str("# TYPE yett_connections_turned_away_total counter\n");
    for (crowd, count) in CROWDS.iter().zip(&metrics.turned_away) {
        let count = count.load(Ordering::Relaxed);
        let _ = writeln!(out, "yett_connections_turned_away_total{{limit=\"{crowd}\"}} {count}");
    }
}

fn certificates(process: &Process, out: &mut String) {
    out.push_str("# HELP yett_tls_certificate_expiration_timestamp_seconds When a certificate that is shown ends.\n");
    out.push_str("# TYPE yett_tls_certificate_expiration_timestamp_seconds gauge\n");
    for (listener, number, shown) in process.tls.shown() {
        let name = escaped(&shown.name);
        let _ = writeln!(
            out,
            "yett_tls_certificate_expiration_timestamp_seconds{{listener=\"{listener}\",certificate=\"{number}\",name=\"{name}\"}} {}",
            shown.ends
        );
    }
}

fn requests(counted: &Counted, out: &mut String) {
    out.push_str("# HELP yett_requests_total Requests by operation, decision and exact reason.\n");
    out.push_str("# TYPE yett_requests_total counter\n");
    for (labels, count) in &counted.requests {
        let _ = writeln!(
            out,
            "yett_requests_total{{api=\"{}\",operation=\"{}\",decision=\"{}\",reason=\"{}\"}} {count}",
            escaped(labels.api.as_deref().unwrap_or_default()),
            escaped(labels.operation.as_deref().unwrap_or_default()),
            decision(labels.reason),
            labels.reason.map_or("", Reason::id),
        );
    }
}

fn latency(counted: &Counted, out: &mut String) {
    out.push_str("# HELP yett_request_seconds From the head to the end of the answer.\n");
    out.push_str("# TYPE yett_request_seconds histogram\n");
    let mut below = 0;
    for (bound, count) in BOUNDS.iter().zip(&counted.buckets) {
        below += count;
        let _ = writeln!(out, "yett_request_seconds_bucket{{le=\"{}\"}} {below}", seconds(*bound));
    }
    let _ = writeln!(out, "yett_request_seconds_bucket{{le=\"+Inf\"}} {}", counted.total);
    let _ = writeln!(out, "yett_request_seconds_sum {}", seconds(counted.micros));
    let _ = writeln!(out, "yett_request_seconds_count {}", counted.total);
}

fn upstream(counted: &Counted, out: &mut String) {
    out.push_str("# HELP yett_upstream_answers_total Answers of upstreams by class of status.\n");
    out.push_str("# TYPE yett_upstream_answers_total counter\n");
    for (class, count) in &counted.upstream {
        let _ = writeln!(out, "yett_upstream_answers_total{{class=\"{class}xx\"}} {count}");
    }
    out.push_str("# HELP yett_upstream_errors_total Requests that brought no usable answer, by reason.\n");
    out.push_str("# TYPE yett_upstream_errors_total counter\n");
    let mut errors: BTreeMap<&str, u64> = BTreeMap::new();
    for (labels, count) in &counted.requests {
        if let Some(reason) = labels.reason.filter(|reason| reason.id().starts_with("upstream.")) {
            *errors.entry(reason.id()).or_default() += count;
        }
    }
    for (reason, count) in errors {
        let _ = writeln!(out, "yett_upstream_errors_total{{reason=\"{reason}\"}} {count}");
    }
}

fn retries(counted: &Counted, out: &mut String) {
    out.push_str(
        "# HELP yett_upstream_retries_total Requests that were sent again, or not for the budget was spent.\n",
    );
    out.push_str("# TYPE yett_upstream_retries_total counter\n");
    for (api, counts) in &counted.retries {
        for (outcome, count) in ["sent", "over_budget"].iter().zip(counts) {
            let api = escaped(api);
            let _ = writeln!(
                out,
                "yett_upstream_retries_total{{api=\"{api}\",outcome=\"{outcome}\"}} {count}"
            );
        }
    }
}

fn facts(process: &Process, out: &mut String) {
    let ground = process.state.ground();
    out.push_str("# HELP yett_plan_info The plan that judges new requests.\n# TYPE yett_plan_info gauge\n");
    let _ = writeln!(out, "yett_plan_info{{hash=\"{}\"}} 1", ground.plan.hash);
    out.push_str("# HELP yett_key_set_age_seconds Since a key set was fetched; -1: never.\n");
    out.push_str("# TYPE yett_key_set_age_seconds gauge\n");
    let now = process.state.clock.now();
    for (credential, source) in ground.plan.credentials.iter().zip(&ground.sources) {
        if let Source::Url(fetched, url) = source {
            let age = fetched.age(now).map_or(-1.0, |age| age as f64 / 1e9);
            let name = escaped(&credential.name);
            let _ = writeln!(
                out,
                "yett_key_set_age_seconds{{credential=\"{name}\",url=\"{}\"}} {age}",
                escaped(&url.url)
            );
        }
    }
}

fn seconds(micros: u64) -> f64 {
    micros as f64 / 1e6
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
