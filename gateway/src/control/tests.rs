//! What no socket provokes: a reload while the writer of evidence hangs.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests: what cannot be is a failure"
)]

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::watch;
use tokio::task::spawn_local;
use yett_engine::Plan;

use super::message::{Done, Orders};
use crate::evidence::{Message, Queue};
use crate::process::Process;
use crate::state::{Clock, State};
use crate::tls::Listeners;

pub(super) fn plan(sink: &str, connections: u32) -> Value {
    json!({
        "yett": 1, "catalogue": yett_engine::reason::CATALOGUE_HASH, "apis": [],
        "gateway": {
            "listen": [], "admin": "127.0.0.1:0", "threads": 1, "trusted_proxies": [],
            "head": {"bytes": 4096, "headers": 50, "target": 1024},
            "timeouts": {"head": 1, "body": 1, "idle": 1, "drain": 1},
            "held_bytes": 1, "connections": connections, "evidence": [{"file": sink}],
        },
    })
}

#[test]
fn a_plan_whose_sinks_cannot_be_told_is_refused_and_the_thread_goes_on() {
    let first = Plan::load(plan("one", 1).to_string().as_bytes()).unwrap();
    let (state, _wishes) = State::new(first, None, Clock::fixed(0), Duration::ZERO).unwrap();
    let (queue, _hangs) = Queue::new();
    while queue.sender.try_send(Message::End).is_ok() {}
    let process = Arc::new(Process::new(state, queue, Listeners::new(&[], &[]).unwrap()));
    let (_drain, draining) = watch::channel(None);
    let mut orders = Orders::new(process.clone(), draining);
    let path = std::env::temp_dir().join(format!("yett-untold-{}.json", std::process::id()));
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())
        .unwrap();
    let mut reload = |plan: Value| {
        std::fs::write(&path, plan.to_string()).unwrap();
        let line = json!({"plan": path}).to_string();
        runtime.block_on(async {
            let going_on = spawn_local(tokio::time::sleep(Duration::from_millis(20)));
            match orders.obey(line.as_bytes()).await {
                Done::Say(reply) => (reply, going_on.is_finished()),
                Done::Drain { .. } => (Value::Null, false),
            }
        })
    };
    let before = process.state.ground().plan.hash.clone();
    let (refused, went_on) = reload(plan("other", 1));
    assert!(went_on, "nothing else waits with it");
    assert_eq!(refused["refused"][0]["pointer"], "/gateway/evidence", "{refused}");
    assert_eq!(process.state.ground().plan.hash, before);
    let (swapped, _) = reload(plan("one", 2));
    assert!(swapped["plan"].is_string(), "evidence stays where it is: {swapped}");
    std::fs::remove_file(&path).unwrap();
}
