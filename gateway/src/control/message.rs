//! What the parent may order, and what each order does.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use tokio::sync::{oneshot, watch};
use yett_engine::Plan;
use yett_engine::plan::Fault;

use crate::config;
use crate::evidence::{Message, Untold, are_same};
use crate::log;
use crate::process::{Drain, Process};
use crate::state::{Ground, Row};
use crate::tls::Material;

/// What a signal orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Drain,
    Reopen,
}

/// What became of a message.
pub(super) enum Done {
    Say(Value),
    Drain { patience: Option<u64>, id: Option<Value> },
}

/// Carries out orders.
pub(super) struct Orders {
    process: Arc<Process>,
    drain: watch::Receiver<Option<Drain>>,
    /// Plans that judged before, until their last request has ended: dropped here, and on no reactor.
    old: Vec<Arc<Ground>>,
}

impl Orders {
    pub(super) fn new(process: Arc<Process>, drain: watch::Receiver<Option<Drain>>) -> Self {
        Self {
            process,
            drain,
            old: Vec::new(),
        }
    }

    /// Does what one line says.
    pub(super) async fn obey(&mut self, line: &[u8]) -> Done {
        let mut message = match serde_json::from_slice(line) {
            Ok(Value::Object(message)) => message,
            Ok(_) => return Done::Say(refused("", "expected an object")),
            Err(error) => return Done::Say(refused("", &format!("not JSON: {error}"))),
        };
        let id = message.remove("id");
        let mut members = message.into_iter();
        let (Some((order, said)), None) = (members.next(), members.next()) else {
            return Done::Say(with_id(refused("", "expected one order"), id));
        };
        let reply = match (order.as_str(), said) {
            ("drain", Value::Null) => return Done::Drain { patience: None, id },
            ("drain", Value::Number(number)) if number.is_u64() => {
                return Done::Drain {
                    patience: number.as_u64(),
                    id,
                };
            }
            ("plan", Value::String(path)) => self.plan(path).await,
            ("keys", keys) => self.keys(keys),
            ("given", given) => self.given(given),
            ("tls", tls) => self.tls(tls),
            ("reopen", Value::Null) => json!({"reopened": self.reopen().await}),
            ("status", Value::Null) => self.status(),
            (order, _) => refused(
                &format!("/{order}"),
                "expected plan, keys, given, tls, reopen, status or drain",
            ),
        };
        Done::Say(with_id(reply, id))
    }

    async fn plan(&mut self, path: String) -> Value {
        let state = self.process.state.clone();
        let (done, built) = oneshot::channel();
        let building = std::thread::Builder::new().name("yett-plan".to_owned()).spawn(move || {
            let _ = done.send(load(Path::new(&path)).and_then(|plan| state.prepare(plan)));
        });
        if let Err(error) = building {
            return refused("", &format!("no thread to build a plan: {error}"));
        }
        match built.await {
            Ok(Ok(ground)) => self.swap(ground).await,
            Ok(Err(faults)) => {
                log::error("a plan was refused; the old one stays", &[("faults", &faults.len())]);
                refusals(&faults)
            }
            Err(_) => refused("", "loading the plan panicked; the old one stays"),
        }
    }

    /// The sinks come first: where the writer cannot be told of them, the old plan stays whole.
    async fn swap(&mut self, ground: Ground) -> Value {
        let (hash, sinks) = (ground.plan.hash.clone(), ground.plan.gateway.evidence.clone());
        if !are_same(&sinks, &self.process.state.ground().plan.gateway.evidence)
            && let Err(untold) = self.process.evidence.tell(Message::Sinks(sinks)).await
        {
            log::error("a plan was refused; the old one stays", &[("error", &untold)]);
            return refused("/gateway/evidence", &untold.to_string());
        }
        self.old.push(self.process.state.swap(ground));
        log::info("judging by another plan", &[("plan", &hash)]);
        json!({"plan": &*hash})
    }

    fn keys(&self, keys: Value) -> Value {
        let rows: Vec<Row> = match serde_json::from_value(keys) {
            Ok(rows) => rows,
            Err(error) => return refused("/keys", &error.to_string()),
        };
        match self.process.state.api_keys.set(rows) {
            Ok(count) => json!({"keys": count}),
            Err(index) => refused(&format!("/{index}/hmac"), "expected 64 hex digits"),
        }
    }

    fn given(&self, given: Value) -> Value {
        let given: HashMap<String, Value> = match serde_json::from_value(given) {
            Ok(given) => given,
            Err(error) => return refused("/given", &error.to_string()),
        };
        match config::key_sets(&given) {
            Ok(sets) => {
                let count = sets.len();
                self.process.state.give(sets);
                json!({"given": count})
            }
            Err(faults) => refusals(&faults),
        }
    }

    /// Takes other certificates for the listeners, all or none.
    fn tls(&self, material: Value) -> Value {
        let taken = serde_json::from_value::<Vec<Option<Material>>>(material)
            .map_err(|_| "/tls: expected a list with certificates, or null, for each listener".to_owned())
            .and_then(|material| self.process.tls.set(&material).map_err(|why| format!("/tls{why}")));
        match taken {
            Ok(count) => {
                log::info("certificates are in force", &[("listeners", &count)]);
                json!({"tls": count})
            }
            Err(found) => {
                log::error("certificates were refused; the old ones stay", &[("why", &found)]);
                refused("", &found)
            }
        }
    }

    /// Opens evidence files anew.
    pub(super) async fn reopen(&self) -> usize {
        let (done, count) = oneshot::channel();
        let told = self.process.evidence.tell(Message::Reopen(done)).await;
        let count = match tokio::time::timeout(std::time::Duration::from_secs(2), count).await {
            Ok(Ok(count)) if told.is_ok() => count,
            Ok(_) | Err(_) => {
                log::error("evidence files are not opened anew", &[("error", &Untold)]);
                return 0;
            }
        };
        log::info("evidence files are opened anew", &[("files", &count)]);
        count
    }

    fn status(&self) -> Value {
        json!({"status": {
            "plan": &*self.process.state.ground().plan.hash,
            "connections": self.process.connections.load(Ordering::Relaxed),
            "requests": self.process.metrics.total(),
            "evidence_dropped": self.process.evidence.dropped(),
            "draining": self.drain.borrow().is_some(),
        }})
    }

    /// Drops the plans that no request stands on any more.
    pub(super) fn drop_old(&mut self) {
        self.old.retain(|ground| Arc::strong_count(ground) > 1);
    }
}

/// Reads and checks a compiled plan.
pub(crate) fn load(path: &Path) -> Result<Plan, Vec<Fault>> {
    let bytes = std::fs::read(path).map_err(|error| {
        vec![Fault {
            pointer: String::new(),
            found: format!("{}: {error}", path.display()),
        }]
    })?;
    Plan::load(&bytes)
}

/// Several refusals as the parent reads them.
pub(crate) fn refusals(faults: &[Fault]) -> Value {
    let all: Vec<Value> = faults
        .iter()
        .map(|fault| json!({"pointer": fault.pointer, "found": fault.found}))
        .collect();
    json!({"refused": all})
}

fn refused(pointer: &str, found: &str) -> Value {
    json!({"refused": [{"pointer": pointer, "found": found}]})
}

pub(super) fn with_id(mut reply: Value, id: Option<Value>) -> Value {
    if let (Some(id), Some(members)) = (id, reply.as_object_mut()) {
        members.insert("id".to_owned(), id);
    }
    reply
}
