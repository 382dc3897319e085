//! Compiled JSON Schemas of one API, and what they say about a value; only this file and those below it know the library.
//!
//! All schemas that places name are compiled at once, as the members of one object, because the library shares what it has
//! compiled within one document and nowhere else (see `docs/decisions/0005-schemas-of-an-api-are-one-document.md`).

mod compile;
mod explain;
mod unique;
mod visit;
mod weight;

use jsonschema::Validator;
use serde_json::Value;

pub(super) use self::compile::Compiler;
pub use self::compile::{compiles, pattern};
use self::explain::Found;
use self::visit::{Visit, Visited};
use crate::json::Pointer;

/// One of an API's schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema(u32);

/// The schemas that an API's places refer to.
#[derive(Default)]
pub struct Schemas {
    names: Vec<Box<str>>,
    validator: Option<Validator<Visited>>,
}

/// What a schema says against a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON pointer into the value: the value that is wrong, or the member that is missing or undeclared.
    pub pointer: Pointer,
    /// Whether the only fault is that nothing declares the member.
    pub undeclared: bool,
}

/// How many mismatches are told to whoever sent the value.
const MOST_TOLD: usize = 20;
/// Steps into a value before it counts as one that does not conform: some tenths of a second, reached by no honest value.
const JUDGE_STEPS: u32 = 20_000_000;
/// Steps for finding where a stranger's value is wrong; beyond them, the whole value is.
const TELL_STEPS: u32 = 20_000;
/// The same for what an upstream answered, where every undeclared member must be found: for each value in it, and at most.
const DROP_STEPS_EACH: usize = 10_000;
const DROP_STEPS: usize = 2_000_000;
/// Rounds of dropping: what lies in an undeclared member's neighbour is found in the round after it.
const DROP_ROUNDS: usize = 32;

impl Schemas {
    /// Whether a value is what the schema describes.
    pub fn conforms(&self, schema: Schema, value: &Value) -> bool {
        let Some((validator, name)) = self.of(schema) else {
            return false;
        };
        let visit = Visit::new(name, JUDGE_STEPS);
        validator.is_valid(visit.root(value)) && !visit.is_spent()
    }

    /// What a schema says against a value: empty when it conforms, at most twenty otherwise, those that are not merely
    /// undeclared first. A value that costs too much to explain is wrong as a whole.
    pub fn mismatches(&self, schema: Schema, value: &Value) -> Vec<Mismatch> {
        if self.conforms(schema, value) {
            return Vec::new();
        }
        let mut found = self.explain(schema, value, TELL_STEPS);
        found.sort_by_key(|mismatch| mismatch.undeclared);
        found.truncate(MOST_TOLD);
        found
    }

    /// The members of a value that nothing declares, and without which it conforms; the value is left without them.
    ///
    /// # Errors
    /// What is wrong beside them.
    pub(crate) fn surplus(&self, schema: Schema, value: &mut Value) -> Result<Vec<Pointer>, Vec<Mismatch>> {
        let mut dropped = Vec::new();
        let steps = drop_steps(value);
        for _ in 0..DROP_ROUNDS {
            if self.conforms(schema, value) {
                return Ok(dropped);
            }
            let mut found = self.explain(schema, value, steps);
            if found.iter().any(|mismatch| !mismatch.undeclared) {
                found.retain(|mismatch| !mismatch.undeclared);
                found.truncate(MOST_TOLD);
                return Err(found);
            }
            for Mismatch { pointer, .. } in found {
                remove(value, &pointer);
                dropped.push(pointer);
            }
        }
        Err(vec![Mismatch::whole()])
    }

    /// What is wrong with a value of which it is known that something is.
    fn explain(&self, schema: Schema, value: &Value, steps: u32) -> Vec<Mismatch> {
        let Some((validator, name)) = self.of(schema) else {
            return vec![Mismatch::whole()];
        };
        let visit = Visit::new(name, steps);
        let mut found = Found::default();
        for error in validator.iter_errors(visit.root(value)) {
            found.add(&error);
        }
        let mismatches = found.settle();
        if visit.is_spent() || mismatches.is_empty() {
            return vec![Mismatch::whole()];
        }
        mismatches
    }

    /// The schema that places name `#/$defs/NAME`.
    pub fn named(&self, reference: &str) -> Option<Schema> {
        let name = reference.strip_prefix("#/$defs/")?;
        let index = self.names.iter().position(|known| **known == *name)?;
        u32::try_from(index).ok().map(Schema)
    }

    fn of(&self, schema: Schema) -> Option<(&Validator<Visited>, &str)> {
        Some((self.validator.as_ref()?, self.names.get(schema.0 as usize)?))
    }
}

impl Mismatch {
    fn whole() -> Self {
        Self {
            pointer: Pointer::default(),
            undeclared: false,
        }
    }
}

/// What a small reply may cost is small, whatever its schema makes of it.
fn drop_steps(value: &Value) -> u32 {
    let most = DROP_STEPS.div_ceil(DROP_STEPS_EACH);
    u32::try_from(DROP_STEPS_EACH * count(value, most)).unwrap_or(u32::MAX)
}

/// How many values there are in one, itself included; no more than `most` are counted.
fn count(value: &Value, most: usize) -> usize {
    let mut ahead = vec![value];
    let mut counted = 0;
    while let Some(value) = ahead.pop().filter(|_| counted < most) {
        counted += 1;
        match value {
            Value::Object(members) => ahead.extend(members.values().take(most)),
            Value::Array(items) => ahead.extend(items.iter().take(most)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    counted
}

/// Takes a member out of a value that was read, as splicing takes it out of the text.
fn remove(value: &mut Value, pointer: &Pointer) {
    let mut tokens = pointer.tokens();
    let Some(last) = tokens.next_back() else {
        return;
    };
    let mut place = value;
    for token in tokens {
        let below = match place {
            Value::Object(members) => members.get_mut(token),
            Value::Array(items) => token.parse().ok().and_then(|index: usize| items.get_mut(index)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        };
        match below {
            Some(below) => place = below,
            None => return,
        }
    }
    if let Value::Object(members) = place {
        // Order is the text's business; keeping it here would cost a pass over the object for each member.
        members.swap_remove(last);
    }
}
