//! The styles of OpenAPI (RFC 6570 where it has them): how an array or an object is written in one text. Texts only.
//!
//! A delimiter inside of an item cannot be told from one between items, because the text was decoded before: an item with a
//! comma reads as two, here as in the frameworks behind us.

use serde_json::{Map, Value};

use super::Texts;
use super::typed;
use crate::json;
use crate::plan::{Parameter, Place};

/// Reads one text; none where it is not written in the parameter's style.
pub(super) fn value(described: &Parameter, text: &str, depth: u32) -> Option<Value> {
    if described.style == "json" {
        let limits = json::Limits {
            depth: depth as usize,
            ..json::Limits::default()
        };
        return json::read(text.as_bytes(), &limits).ok().map(json::Value::into_inner);
    }
    let text = bare(described, text)?;
    described
        .types
        .iter()
        .find_map(|kind| match kind.as_str() {
            "array" => array(described, text, typed::fitting),
            "object" => object(described, text),
            kind => typed::scalar(text, kind),
        })
        .or_else(|| unfit(described, text))
}

/// Reads what stands several times under one name; none where the parameter holds one value.
pub(super) fn several(described: &Parameter, texts: &Texts<'_>) -> Option<Value> {
    let takes = |kind: &str| described.types.iter().any(|known| known == kind);
    match described.place {
        // RFC 9110 5.3: lines of one name are one list.
        Place::Header if described.style != "json" && (takes("array") || takes("object")) => {
            let texts: Vec<&str> = texts.iter().flatten().copied().collect();
            value(described, &texts.join(","), 0)
        }
        Place::Query | Place::Cookie if described.explode && described.style != "json" && takes("array") => texts
            .iter()
            .map(|text| text.map(|text| typed::read(text, &described.items)))
            .collect::<Option<_>>()
            .map(Value::Array),
        Place::Path | Place::Query | Place::Header | Place::Cookie => None,
    }
}

/// The member in `name[member]`.
pub(super) fn deep<'t>(name: &str, text: &'t str) -> Option<&'t str> {
    let member = text.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')?;
    (!member.is_empty() && !member.contains(['[', ']'])).then_some(member)
}

/// A text that fits no type keeps its words, so that whoever judges it can say that it is of no declared type.
fn unfit(described: &Parameter, text: &str) -> Option<Value> {
    let takes = |kind: &str| described.types.iter().any(|known| known == kind);
    if takes("array") {
        return array(described, text, |item, types| Some(typed::read(item, types)));
    }
    let is_object = described.types.iter().all(|kind| kind == "object") && !described.types.is_empty();
    (!is_object).then(|| Value::String(text.to_owned()))
}

/// The text without what a style puts before it: `.` for label, `;name=` for matrix.
fn bare<'t>(described: &Parameter, text: &'t str) -> Option<&'t str> {
    match described.style.as_str() {
        "label" => text.strip_prefix('.'),
        "matrix" => {
            let rest = text.strip_prefix(';')?;
            let named = rest
                .strip_prefix(&*described.name)
                .and_then(|rest| rest.strip_prefix('=').or_else(|| rest.is_empty().then_some("")));
            // An exploded object stands without the parameter's name.
            named.or_else(|| (described.explode && takes_object(described)).then_some(rest))
        }
        _ => Some(text),
    }
}

fn takes_object(described: &Parameter) -> bool {
    described.types.iter().any(|kind| kind == "object")
}

fn delimiter(described: &Parameter) -> char {
    match described.style.as_str() {
        "label" if described.explode => '.',
        "matrix" if described.explode => ';',
        "spaceDelimited" => ' ',
        "pipeDelimited" => '|',
        _ => ',',
    }
}

/// An empty text is one empty item: RFC 6570 (section 3.2.1) has no text for an empty list.
fn array(described: &Parameter, text: &str, read: impl Fn(&str, &[String]) -> Option<Value>) -> Option<Value> {
    if described.explode && matches!(described.style.as_str(), "form" | "spaceDelimited" | "pipeDelimited") {
        return read(text, &described.items).map(|item| Value::Array(vec![item]));
    }
    let repeats_name = described.style == "matrix" && described.explode;
    text.split(delimiter(described))
        .enumerate()
        .map(|(number, item)| {
            let item = match described.place {
                Place::Header => item.trim_matches([' ', '\t']),
                Place::Path if repeats_name && number > 0 => item.strip_prefix(&*described.name)?.strip_prefix('=')?,
                Place::Path | Place::Query | Place::Cookie => item,
            };
            read(item, &described.items)
        })
        .collect::<Option<_>>()
        .map(Value::Array)
}

/// The types that the text of a member is read as.
pub(super) fn types<'d>(described: &'d Parameter, member: &str) -> &'d [String] {
    described.members.get(member).unwrap_or(&described.others)
}

/// The types that each text of a member which is an array is read as.
pub(super) fn items<'d>(described: &'d Parameter, member: &str) -> &'d [String] {
    if !described.members.contains_key(member) {
        return &described.other_items;
    }
    described
        .member_items
        .get(member)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// `a,1,b,2`, or exploded `a=1,b=2`; none where a name has no value, or stands twice.
fn object(described: &Parameter, text: &str) -> Option<Value> {
    let mut members = Map::new();
    if text.is_empty() {
        return Some(Value::Object(members));
    }
    let mut parts = text.split(delimiter(described));
    while let Some(part) = parts.next() {
        let part = part.trim_matches([' ', '\t']);
        let (name, value) = if described.explode {
            part.split_once('=')?
        } else {
            (part, parts.next()?.trim_matches([' ', '\t']))
        };
        let types = types(described, name);
        if members.insert(name.to_owned(), typed::read(value, types)).is_some() {
            return None;
        }
    }
    Some(Value::Object(members))
}
