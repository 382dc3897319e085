//! How many schemas judge one value at once, without a step into it; counted when a plan is loaded, no value is seen here.
//!
//! Fuel ends a walk into a value, but a schema that is twice two others, and these twice two more, takes the power of their depth
//! for a single number. So what one place may apply is bounded before it is compiled.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Schemas that may judge one value at once; honest unions have hundreds.
pub(super) const MOST: u64 = 10_000;
/// References that lead from one to the next.
const DEEPEST: usize = 256;
const LISTS: [&str; 3] = ["allOf", "anyOf", "oneOf"];
const SINGLE: [&str; 4] = ["not", "if", "then", "else"];

/// Counts, each reference once.
pub(super) struct Scale<'d> {
    defs: &'d Map<String, Value>,
    /// By reference; none: it is being counted.
    known: BTreeMap<&'d str, Option<u64>>,
    depth: usize,
}

impl<'d> Scale<'d> {
    pub(super) fn new(defs: &'d Map<String, Value>) -> Self {
        Self {
            defs,
            known: BTreeMap::new(),
            depth: 0,
        }
    }

    /// The names under which some value is judged by more than `MOST` at once, and by how many.
    pub(super) fn too_heavy(mut self) -> Vec<(&'d str, u64)> {
        let defs = self.defs.iter();
        let weighed = defs.map(|(name, schema)| (name.as_str(), self.heaviest(schema)));
        weighed.filter(|(_, weight)| *weight > MOST).collect()
    }

    /// The most of what stands anywhere in this text.
    fn heaviest(&mut self, text: &'d Value) -> u64 {
        let mut heaviest = self.weight(text);
        let mut waiting = vec![text];
        while let Some(value) = waiting.pop() {
            match value {
                Value::Array(items) => waiting.extend(items),
                Value::Object(members) => {
                    for (name, below) in members {
                        // What judges in place is in the weight of what it stands in.
                        if !LISTS.contains(&name.as_str()) && !SINGLE.contains(&name.as_str()) {
                            heaviest = heaviest.max(self.weight(below));
                        }
                        waiting.push(below);
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        heaviest
    }

    /// The schema itself and all that judge the same value with it.
    fn weight(&mut self, schema: &'d Value) -> u64 {
        let Value::Object(keywords) = schema else {
            return 1;
        };
        let mut weight = 1u64;
        for (keyword, below) in keywords {
            let more = match (keyword.as_str(), below) {
                (list, Value::Array(schemas)) if LISTS.contains(&list) => self.sum(schemas),
                ("dependentSchemas", Value::Object(schemas)) => self.sum(schemas.values()),
                (single, schema) if SINGLE.contains(&single) => self.weight(schema),
                ("$ref", Value::String(reference)) => self.referred(reference),
                _ => 0,
            };
            weight = weight.saturating_add(more);
        }
        weight
    }

    fn sum(&mut self, schemas: impl IntoIterator<Item = &'d Value>) -> u64 {
        let weights = schemas.into_iter().map(|schema| self.weight(schema));
        weights.fold(0, u64::saturating_add)
    }

    /// What leads back to itself never ends.
    fn referred(&mut self, reference: &'d str) -> u64 {
        if let Some(known) = self.known.get(reference) {
            return known.unwrap_or(u64::MAX);
        }
        let Some(schema) = resolved(self.defs, reference) else {
            return 1;
        };
        if self.depth == DEEPEST {
            return u64::MAX;
        }
        self.known.insert(reference, None);
        self.depth += 1;
        let weight = self.weight(schema);
        self.depth -= 1;
        self.known.insert(reference, Some(weight));
        weight
    }
}

fn resolved<'d>(defs: &'d Map<String, Value>, reference: &str) -> Option<&'d Value> {
    let place = reference.strip_prefix("#/$defs/")?;
    match place.split_once('/') {
        None => defs.get(place),
        Some((name, below)) => defs.get(name)?.pointer(&format!("/{below}")),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    fn too_heavy(defs: &Value) -> Vec<(&str, u64)> {
        Scale::new(defs.as_object().unwrap()).too_heavy()
    }

    #[test]
    fn what_judges_in_place_is_counted_and_a_step_begins_anew() {
        let many: Vec<Value> = (0..100).map(|_| json!({"$ref": "#/$defs/hundred"})).collect();
        let hundred: Vec<Value> = (0..99).map(|_| json!(true)).collect();
        let defs =
            json!({"hundred": {"oneOf": hundred}, "a": {"anyOf": many}, "b": {"properties": {"c": {"allOf": many}}}});
        assert_eq!(too_heavy(&defs), [("a", 10_101), ("b", 10_101)]);
        let defs = json!({"hundred": {"oneOf": hundred}, "a": {"anyOf": many.get(..98).unwrap()}});
        assert_eq!(too_heavy(&defs), []);
        let each: Map<String, Value> = (0..200)
            .map(|n| (n.to_string(), json!({"$ref": "#/$defs/hundred"})))
            .collect();
        let defs = json!({"hundred": {"oneOf": hundred}, "a": {"properties": each}});
        assert_eq!(too_heavy(&defs), [], "each is another value");
        let defs = json!({"hundred": {"oneOf": hundred}, "a": {"dependentSchemas": each}});
        assert_eq!(too_heavy(&defs), [("a", 20_201)]);
        let defs = json!({"hundred": {"oneOf": hundred}, "a": {"not": {"if": {"allOf": many}}}});
        assert_eq!(too_heavy(&defs), [("a", 10_103)]);
    }

    #[test]
    fn the_power_of_the_depth_is_counted_without_being_walked() {
        let doubled = |number: u32| {
            let below = json!({"$ref": format!("#/$defs/S{}", number + 1)});
            (format!("S{number}"), json!({"allOf": [below, below]}))
        };
        let mut defs: Map<String, Value> = (0..60).map(doubled).collect();
        defs.insert("S60".to_owned(), json!({"type": "string"}));
        let defs = Value::Object(defs);
        assert!(
            too_heavy(&defs)
                .iter()
                .any(|(name, weight)| *name == "S0" && *weight > 1 << 60)
        );
    }

    #[test]
    fn what_leads_back_to_itself_has_no_end_unless_a_step_is_between() {
        let next = json!({"$ref": "#/$defs/tree"});
        assert_eq!(too_heavy(&json!({"tree": {"allOf": [next]}})).len(), 1);
        assert_eq!(
            too_heavy(&json!({"tree": {"properties": {"next": next}, "items": next}})),
            []
        );
    }
}
