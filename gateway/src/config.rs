//! What a worker is told when it starts (`docs/control-protocol.md`); read once, refused whole when anything in it is unknown.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use yett_engine::hex;
use yett_engine::jose::KeySet;
use yett_engine::plan::Fault;

use crate::log;
use crate::state::Row;
use crate::tls::Material;

/// The worker's configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) plan: PathBuf,
    #[serde(default)]
    pepper: Option<String>,
    #[serde(default)]
    pub(crate) keys: Vec<Row>,
    #[serde(default)]
    pub(crate) given: HashMap<String, Value>,
    /// By listener; none at all: every one speaks plain text.
    #[serde(default)]
    pub(crate) tls: Vec<Option<Material>>,
    #[serde(default)]
    pub(crate) log: log::Settings,
    #[serde(default = "deadline")]
    pub(crate) deadline: u64,
}

fn deadline() -> u64 {
    2_000
}

/// The fewest octets that a pepper has.
const SHORTEST_PEPPER: usize = 32;

impl Config {
    /// Reads the document.
    ///
    /// # Errors
    /// What is wrong with it; a secret is never part of the text.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| format!("the worker's configuration: {error}"))
    }

    /// The pepper's octets.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn pepper(&self) -> Result<Option<Vec<u8>>, String> {
        let Some(digits) = &self.pepper else { return Ok(None) };
        match hex::read(digits) {
            Some(octets) if octets.len() >= SHORTEST_PEPPER => Ok(Some(octets)),
            _ => Err(format!("pepper: expected at least {} hex digits", 2 * SHORTEST_PEPPER)),
        }
    }
}

/// Reads given key sets.
///
/// # Errors
/// Each that is none.
pub fn key_sets(given: &HashMap<String, Value>) -> Result<HashMap<Box<str>, Arc<KeySet>>, Vec<Fault>> {
    let mut sets = HashMap::new();
    let mut faults = Vec::new();
    for (name, value) in given {
        match KeySet::parse(value.to_string().as_bytes()) {
            Ok(keys) => {
                sets.insert(name.as_str().into(), Arc::new(keys));
            }
            Err(fault) => faults.push(Fault {
                pointer: format!("/given/{name}"),
                found: fault.to_string(),
            }),
        }
    }
    if faults.is_empty() { Ok(sets) } else { Err(faults) }
}
