//! Every decision vector of `tests/vectors/decisions`, at the engine's own door.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a vector that cannot be played has failed"
)]

mod compare;
mod play;
mod vector;

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use yett_engine::Plan;

use vector::{File, World, folder, toml_of};

/// The committed plan, as one of this engine's catalogue.
fn plan(name: &str) -> Arc<Plan> {
    let text = fs::read_to_string(folder().join(format!("plans/{name}/plan.json"))).unwrap();
    let mut document: serde_json::Value = serde_json::from_str(&text).unwrap();
    document["catalogue"] = yett_engine::reason::CATALOGUE_HASH.into();
    let plan = Plan::load(document.to_string().as_bytes()).unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
    Arc::new(plan)
}

#[test]
fn every_vector_is_decided_as_it_says() {
    let (world, mut plans) = (World::load(), BTreeMap::new());
    let (mut wrong, mut count) = (Vec::new(), 0);
    let mut files: Vec<_> = fs::read_dir(folder().join("decisions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    for name in files {
        let file: File = toml_of(&format!("decisions/{name}"));
        let plan = plans.entry(file.plan.clone()).or_insert_with(|| plan(&file.plan));
        for vector in file
            .vector
            .iter()
            .filter(|vector| !vector.not_in.contains_key("engine"))
        {
            count += 1;
            let mut number = 0;
            play::play(vector, plan, &world, |step, outcome| {
                number += 1;
                for line in compare::differences(step, outcome, &world) {
                    wrong.push(format!("{name}: {} ({number}): {line}", vector.name));
                }
            });
        }
    }
    assert!(count >= 300, "{count} vectors");
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}
