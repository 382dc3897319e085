//! Compiled JSON Schemas of one API, and what they say about a value; the only file that knows the schema library.

use std::collections::BTreeMap;

use jsonschema::{Draft, PatternOptions, Validator};
use serde_json::{Map, Value, json};

/// One of an API's schemas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema(u32);

/// The schemas that an API's places refer to.
#[derive(Default)]
pub struct Schemas {
    validators: Vec<Validator>,
}

/// What a schema says against a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON pointer into the value.
    pub pointer: Box<str>,
    /// Whether the only fault is that nothing declares the member.
    pub undeclared: bool,
}

/// Compiles schemas as places name them, each name once.
pub(super) struct Compiler<'d> {
    defs: &'d Map<String, Value>,
    known: BTreeMap<String, Schema>,
    schemas: Schemas,
}

impl<'d> Compiler<'d> {
    pub(super) fn new(defs: &'d Map<String, Value>) -> Self {
        Self {
            defs,
            known: BTreeMap::new(),
            schemas: Schemas::default(),
        }
    }

    /// The schema that a place names, `#/$defs/NAME`.
    ///
    /// # Errors
    /// Why it does not compile, as text.
    pub(super) fn schema(&mut self, reference: &str) -> Result<Schema, String> {
        if let Some(schema) = self.known.get(reference) {
            return Ok(*schema);
        }
        let document = json!({"$ref": reference, "$defs": self.defs});
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .offline()
            .build(&document)
            .map_err(|error| format!("{reference}: {error}"))?;
        let schema = Schema(u32::try_from(self.schemas.validators.len()).unwrap_or(u32::MAX));
        self.schemas.validators.push(validator);
        self.known.insert(reference.to_owned(), schema);
        Ok(schema)
    }

    pub(super) fn finish(self) -> Schemas {
        self.schemas
    }
}

impl Schemas {
    /// What a schema says against a value; empty when it conforms.
    pub fn mismatches(&self, schema: Schema, value: &Value) -> Vec<Mismatch> {
        let Some(validator) = self.validators.get(schema.0 as usize) else {
            return vec![Mismatch {
                pointer: "".into(),
                undeclared: false,
            }];
        };
        if validator.is_valid(value) {
            return Vec::new();
        }
        validator
            .iter_errors(value)
            .map(|error| Mismatch {
                pointer: error.instance_path().to_string().into(),
                undeclared: false,
            })
            .collect()
    }
}
