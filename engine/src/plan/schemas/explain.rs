//! From the library's errors to places: which members are merely undeclared, and what is wrong beside them. A hint, not a
//! judgement: whoever drops what is undeclared asks the schema again.
//!
//! Two things make the library's list say too much. A union that fails lists every branch: the branch that was meant is
//! taken. And where a part of a composition fails, none of the members that it declares counts as declared: what an object's
//! own `unevaluatedProperties` says is believed only where nothing else is wrong in the object.

use std::collections::HashMap;

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value;

use super::Mismatch;
use crate::json::{Pointer, escape};

/// What is wrong at one place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Fault {
    /// Below the member that names the schema.
    pointer: String,
    kind: FaultKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum FaultKind {
    /// The object declares its members itself, and not this one.
    Undeclared,
    /// Nothing that holds for the object declares this member.
    Unevaluated,
    /// The value is not the one that the schema wants: what tells the branches of a union apart.
    Constant,
    /// Anything else.
    Other,
}

impl FaultKind {
    fn is_undeclared(self) -> bool {
        matches!(self, Self::Undeclared | Self::Unevaluated)
    }
}

/// What was found so far.
#[derive(Default)]
pub(super) struct Found(Vec<Fault>);

impl Found {
    /// Takes in one error of the library.
    pub(super) fn add(&mut self, error: &ValidationError<'_>) {
        faults(error, &mut self.0);
    }

    /// The places, without what only follows from another one.
    pub(super) fn settle(self) -> Vec<Mismatch> {
        let mut mismatches: Vec<Mismatch> = settled(self.0)
            .iter()
            .filter_map(|fault| {
                Some(Mismatch {
                    pointer: Pointer::parse(&fault.pointer)?,
                    undeclared: fault.kind.is_undeclared(),
                })
            })
            .collect();
        mismatches.dedup_by(|later, first| {
            let same = later.pointer == first.pointer;
            first.undeclared &= later.undeclared || !same;
            same
        });
        mismatches
    }
}

/// The pointer of an error without its first token, the name of the schema.
fn place<'e>(error: &'e ValidationError<'_>) -> &'e str {
    let path = error.instance_path().as_str();
    path.strip_prefix('/')
        .and_then(|below| below.find('/').and_then(|at| below.get(at..)))
        .unwrap_or_default()
}

fn faults(error: &ValidationError<'_>, to: &mut Vec<Fault>) {
    let at = place(error);
    let mut put = |pointer: String, kind| to.push(Fault { pointer, kind });
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            for name in unexpected {
                put(format!("{at}/{}", escape(name)), FaultKind::Undeclared);
            }
        }
        Kind::UnevaluatedProperties { unexpected } => {
            for name in unexpected {
                put(format!("{at}/{}", escape(name)), FaultKind::Unevaluated);
            }
        }
        Kind::FalseSchema if is_member(error) => put(at.to_owned(), FaultKind::Undeclared),
        Kind::Required {
            property: Value::String(name),
        } => put(format!("{at}/{}", escape(name)), FaultKind::Other),
        Kind::Constant { .. } | Kind::Enum { .. } => put(at.to_owned(), FaultKind::Constant),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => to.extend(union(at, context)),
        _ => put(at.to_owned(), FaultKind::Other),
    }
}

/// Whether a schema `false` stands for a member: one that may be there in the other direction only.
fn is_member(error: &ValidationError<'_>) -> bool {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    parent.ends_with("/properties")
}

/// The faults of the branch that was meant: the one that only holds too much, else the only one of the value's own kind.
fn union(at: &str, branches: &[Vec<ValidationError<'_>>]) -> Vec<Fault> {
    let read = branches.iter().map(|errors| {
        let mut found = Vec::new();
        errors.iter().for_each(|error| faults(error, &mut found));
        settled(found)
    });
    let read: Vec<Vec<Fault>> = read.collect();
    let only_undeclared = |faults: &&Vec<Fault>| faults.iter().all(|fault| fault.kind.is_undeclared());
    if let Some(meant) = read.iter().filter(only_undeclared).min_by_key(|faults| faults.len()) {
        return meant.clone();
    }
    let mut of_kind = read.iter().filter(|faults| is_of_kind(at, faults));
    match (of_kind.next(), of_kind.next()) {
        (Some(meant), None) => meant.clone(),
        _ => vec![Fault {
            pointer: at.to_owned(),
            kind: FaultKind::Other,
        }],
    }
}

/// Whether a branch holds for the value itself and for the members that tell branches apart.
fn is_of_kind(at: &str, faults: &[Fault]) -> bool {
    faults.iter().all(|fault| {
        let below = fault.pointer.get(at.len()..).unwrap_or_default();
        let is_direct = below.bytes().filter(|byte| *byte == b'/').count() == 1;
        let tells_apart = is_direct && fault.kind == FaultKind::Constant;
        !below.is_empty() && !tells_apart
    })
}

/// Takes out each `Unevaluated` of an object in which something else is wrong too.
fn settled(mut faults: Vec<Fault>) -> Vec<Fault> {
    faults.sort();
    faults.dedup();
    let mut alone: HashMap<&str, bool> = HashMap::new();
    let believed: Vec<bool> = faults
        .iter()
        .map(|fault| {
            let object = parent(&fault.pointer);
            fault.kind != FaultKind::Unevaluated
                || *alone.entry(object).or_insert_with(|| stands_alone(&faults, object))
        })
        .collect();
    let mut believed = believed.into_iter();
    faults.retain(|_| believed.next().unwrap_or(true));
    faults
}

fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Whether nothing in this object is wrong but members of its own that are unevaluated.
fn stands_alone(sorted: &[Fault], object: &str) -> bool {
    let from = |pointer: &str| {
        let first = sorted.partition_point(|fault| fault.pointer.as_str() < pointer);
        sorted.get(first..).unwrap_or_default().iter()
    };
    let below = format!("{object}/");
    let is_right = from(object)
        .take_while(|fault| fault.pointer == object)
        .all(|fault| fault.kind.is_undeclared());
    is_right
        && from(&below)
            .take_while(|fault| fault.pointer.starts_with(&below))
            .all(|fault| fault.kind == FaultKind::Unevaluated && parent(&fault.pointer) == object)
}
