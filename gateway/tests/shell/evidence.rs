//! Where evidence goes when sinks fail or change: each sink says what it has missed itself, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Gateway, Upstream, api, eventually, operation, plan};

/// A folder of this process that is not there yet.
fn folder(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("yett-shell-{name}-{}", std::process::id()))
}

fn writing_to(upstream: &Upstream, sinks: &[&Path]) -> Value {
    let mut plan = plan(vec![api(
        &upstream.url(),
        &[operation("readItem", "GET", "/items/{id}")],
    )]);
    plan["gateway"]["evidence"] = sinks.iter().map(|path| json!({"file": path})).collect();
    plan
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// One request, once its line is there; gives all lines.
fn ask(gateway: &Gateway, path: &Path, count: usize) -> Vec<Value> {
    assert_eq!(gateway.client().get("/items/1").status, 200);
    eventually(|| {
        let lines = lines(path);
        (lines.len() >= count).then_some(lines)
    })
}

#[test]
fn a_sink_speaks_of_what_it_has_missed_itself() {
    let upstream = Upstream::start();
    let (good, late) = (folder("sinks-good"), folder("sinks-late"));
    fs::create_dir(&good).unwrap();
    let (good_file, late_file) = (good.join("evidence.jsonl"), late.join("evidence.jsonl"));
    let gateway = Gateway::start(writing_to(&upstream, &[&late_file, &good_file]));
    for count in 1..=3 {
        let lines = ask(&gateway, &good_file, count);
        assert_eq!(
            lines.len(),
            count,
            "a sink that lost nothing has lines alone: {lines:?}"
        );
        assert!(lines.iter().all(|line| line["decision"] == "permitted"));
    }
    fs::create_dir(&late).unwrap();
    let healed = ask(&gateway, &late_file, 2);
    assert_eq!(
        (&healed[0]["evidence_dropped"], &healed[1]["status"]),
        (&json!(3), &json!(200))
    );
    assert_eq!(ask(&gateway, &late_file, 3).len(), 3, "what was told is told once");
    assert_eq!(lines(&good_file).len(), 5);
    drop(gateway);
    fs::remove_dir_all(&good).unwrap();
    fs::remove_dir_all(&late).unwrap();
}

#[test]
fn a_sink_that_stays_over_a_reload_knows_what_it_has_missed() {
    let upstream = Upstream::start();
    let (late, other) = (folder("stays-late"), folder("stays-other"));
    fs::create_dir(&other).unwrap();
    let (late_file, other_file) = (late.join("evidence.jsonl"), other.join("evidence.jsonl"));
    let mut gateway = Gateway::start(writing_to(&upstream, &[&late_file]));
    assert_eq!(gateway.client().get("/items/1").status, 200);
    eventually(|| {
        let text = gateway.admin("/metrics").text();
        text.contains("yett_evidence_dropped_total 1\n").then_some(())
    });
    let swapped = gateway.reload(&writing_to(&upstream, &[&other_file, &late_file]));
    assert!(swapped["plan"].is_string(), "{swapped}");
    fs::create_dir(&late).unwrap();
    let lines = ask(&gateway, &late_file, 2);
    assert_eq!(lines[0]["evidence_dropped"], 1);
    assert_eq!(ask(&gateway, &other_file, 2).len(), 2, "a new sink has missed nothing");
    drop(gateway);
    fs::remove_dir_all(&late).unwrap();
    fs::remove_dir_all(&other).unwrap();
}
