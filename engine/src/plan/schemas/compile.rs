//! From the bundle of one API to its validator; from one schema or one pattern to whether it compiles. No value is seen here.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::{Draft, PatternOptions, ValidationOptions};
use serde_json::{Map, Value, json};

use super::visit::Visited;
use super::weight::{MOST, Scale};
use super::{MOST_TOLD, Schema, Schemas};

fn options<'o>() -> ValidationOptions<'o, std::sync::Arc<dyn jsonschema::Retrieve>, Visited> {
    jsonschema::options_for::<Visited>()
        .with_draft(Draft::Draft202012)
        .with_pattern_options(PatternOptions::regex())
        .should_validate_formats(true)
        .should_ignore_unknown_formats(true)
        .offline()
}

/// Whether the schema of this name compiles, with what it refers to.
///
/// # Errors
/// Why not, with a JSON pointer into `defs` where the library gives one.
pub fn compiles(defs: &Map<String, Value>, name: &str) -> Result<(), String> {
    let mut reached = BTreeSet::new();
    reach(defs, name, &mut reached);
    let needed: Map<String, Value> = reached
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), defs.get(name)?.clone())))
        .collect();
    let document = json!({"$ref": format!("#/$defs/{name}"), "$defs": needed});
    options().build(&document).map(drop).map_err(|error| told(&error))
}

/// Whether the linear engine can run this pattern.
///
/// # Errors
/// Why not.
pub fn pattern(text: &str) -> Result<(), String> {
    let schema = json!({"pattern": text});
    options().build(&schema).map(drop).map_err(|error| told(&error))
}

/// The names that a schema needs, itself included.
fn reach<'d>(defs: &'d Map<String, Value>, name: &str, reached: &mut BTreeSet<&'d str>) {
    let mut waiting: Vec<&Value> = Vec::new();
    let mut meet = |name: &str, waiting: &mut Vec<&'d Value>| {
        if let Some((name, schema)) = defs.get_key_value(name)
            && reached.insert(name)
        {
            waiting.push(schema);
        }
    };
    meet(name, &mut waiting);
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(items) => waiting.extend(items),
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref")
                    && let Some(name) = reference.strip_prefix("#/$defs/")
                {
                    meet(name, &mut waiting);
                }
                waiting.extend(members.values());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn told(error: &jsonschema::ValidationError<'_>) -> String {
    let mut text = error.to_string();
    if text.len() > 200 {
        text.truncate(text.floor_char_boundary(200));
        text.push('…');
    }
    match error.instance_path().as_str() {
        "" => text,
        place => format!("{place}: {text}"),
    }
}

/// Collects the schemas that places name, each name once, and compiles them together.
pub(in crate::plan) struct Compiler {
    defs: Map<String, Value>,
    known: BTreeMap<Box<str>, Schema>,
    names: Vec<Box<str>>,
}

impl Compiler {
    pub(in crate::plan) fn new(defs: Map<String, Value>) -> Self {
        Self {
            defs,
            known: BTreeMap::new(),
            names: Vec::new(),
        }
    }

    /// The schema that a place names, `#/$defs/NAME`.
    ///
    /// # Errors
    /// Why there is none, as text.
    pub(in crate::plan) fn schema(&mut self, reference: &str) -> Result<Schema, String> {
        let Some(name) = reference.strip_prefix("#/$defs/") else {
            return Err(format!("found {reference}, expected #/$defs/NAME"));
        };
        if let Some(schema) = self.known.get(name) {
            return Ok(*schema);
        }
        if !self.defs.contains_key(name) || name.contains(['/', '~', '%']) {
            return Err(format!("no schema is called {name}"));
        }
        let schema = Schema(u32::try_from(self.names.len()).map_err(|_| "too many schemas".to_owned())?);
        self.names.push(name.into());
        self.known.insert(name.into(), schema);
        Ok(schema)
    }

    /// The compiled schemas.
    ///
    /// # Errors
    /// For each schema that does not compile, its name and why, as text.
    pub(in crate::plan) fn finish(self) -> Result<Schemas, Vec<(Box<str>, String)>> {
        let heavy = Scale::new(&self.defs).too_heavy();
        if !heavy.is_empty() {
            return Err(heavy.into_iter().take(MOST_TOLD).map(too_heavy).collect());
        }
        let places: Map<String, Value> = self
            .names
            .iter()
            .map(|name| (name.to_string(), json!({"$ref": format!("#/$defs/{name}")})))
            .collect();
        let mut document = Map::new();
        document.insert("properties".to_owned(), Value::Object(places));
        document.insert("$defs".to_owned(), Value::Object(self.defs));
        let document = Value::Object(document);
        match options().build(&document) {
            Ok(validator) => Ok(Schemas {
                names: self.names,
                validator: Some(validator),
            }),
            Err(error) => Err(every_fault(&document, &self.names, told(&error))),
        }
    }
}

fn too_heavy((name, weight): (&str, u64)) -> (Box<str>, String) {
    let times = if weight == u64::MAX {
        "no end of".to_owned()
    } else {
        weight.to_string()
    };
    let found = format!(
        "one value is judged by {times} schemas at once, at most {MOST}: refer to fewer in allOf, anyOf and oneOf"
    );
    (name.into(), found)
}

/// Looks at each schema by itself, because the library stops at the first one that is wrong.
fn every_fault(document: &Value, names: &[Box<str>], first: String) -> Vec<(Box<str>, String)> {
    let empty = Map::new();
    let defs = document.get("$defs").and_then(Value::as_object).unwrap_or(&empty);
    let faults: Vec<_> = names
        .iter()
        .filter_map(|name| Some((name.clone(), compiles(defs, name).err()?)))
        .take(MOST_TOLD)
        .collect();
    if faults.is_empty() {
        return vec![("".into(), first)];
    }
    faults
}
