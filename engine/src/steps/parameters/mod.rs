//! Reads an operation's parameters from where they stand, each by its style, into typed values. Form only: whether a value is
//! one that the description allows is not asked here.

mod style;
mod typed;

use serde_json::{Map, Value};
use smallvec::SmallVec;

use crate::json;
use crate::judge::{Denial, Judge, Stop};
use crate::plan::{Operation, Parameter, Place};
use crate::reason::{self, Reason};
use crate::steps::names::reads_alike;
use crate::steps::resolve::Call;

/// What stood under one name, in order; none where a query's name has no `=`.
type Texts<'c> = SmallVec<[Option<&'c str>; 2]>;

/// Typed values of the parameters that came, by index into the operation's parameters.
///
/// # Errors
/// `Stop::Deny` where a parameter is not written in its style, or stands more than once and holds one value.
pub(super) fn read(
    call: &Call,
    operation: &Operation,
    depth: u32,
    judge: &mut Judge<'_>,
) -> Result<Vec<(usize, Value)>, Stop> {
    let mut values = Vec::with_capacity(operation.parameters.len());
    let mut path = call.path_values();
    for (index, planned) in operation.parameters.iter().enumerate() {
        let described = &planned.described;
        // Decoded, it could not be told from the one that parts this style's values.
        if described.style == "matrix" && call.request().has_encoded_semicolon() {
            refuse(reason::VALIDATE_PARAMETER_MALFORMED, described, judge)?;
        }
        let texts = match described.place {
            Place::Path => path.next().map(Some).into_iter().collect(),
            Place::Query => match members(call, described) {
                Members::Apart => query(call, &described.name),
                members => {
                    if let Some(value) = object(call, operation, described, members, judge)? {
                        values.push((index, value));
                    }
                    continue;
                }
            },
            Place::Header => header(call, described, judge)?,
            Place::Cookie => cookie(call, operation, described, judge)?,
        };
        if let Some(value) = one(&texts, described, depth, judge)? {
            values.push((index, value));
        }
    }
    Ok(values)
}

/// Whether some parameter of the operation is, or takes in, the query's name, as this call is read.
pub(crate) fn declares(call: &Call, operation: &Operation, name: &str) -> bool {
    operation
        .parameters
        .iter()
        .map(|planned| &planned.described)
        .filter(|described| described.place == Place::Query)
        .any(|described| claims(call, described, name) || is_free(call, described))
}

/// Where a parameter stands, as a JSON pointer: `/query/name`, `/path/id`, `/header/x-tenant`, `/cookie/session`.
pub(crate) fn pointer(described: &Parameter) -> String {
    let place = match described.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
        Place::Cookie => "cookie",
    };
    format!("/{place}/{}", json::escape(&described.name))
}

fn refuse(reason: Reason, described: &Parameter, judge: &mut Judge<'_>) -> Result<(), Stop> {
    judge.refuse(Denial::from(reason).at(pointer(described)))
}

/// How the members of an object stand in a query.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Members {
    /// Not as names of the query.
    Apart,
    /// `name[member]=value`.
    Deep,
    /// `member=value`.
    Exploded,
}

fn members(call: &Call, described: &Parameter) -> Members {
    if described.style == "deepObject" {
        return Members::Deep;
    }
    let by_name = || {
        let own = |(name, _): &(Box<str>, Option<Box<str>>)| **name == *described.name;
        described.types.iter().any(|kind| kind != "object")
            && !described.members.contains_key(&described.name)
            && call.request().query().iter().any(own)
    };
    if is_exploded(described) && !by_name() {
        return Members::Exploded;
    }
    Members::Apart
}

fn is_exploded(described: &Parameter) -> bool {
    described.style == "form" && described.explode && described.types.iter().any(|kind| kind == "object")
}

/// An exploded object that names no members takes in every name that nothing else claims.
fn is_free(call: &Call, described: &Parameter) -> bool {
    members(call, described) == Members::Exploded && described.members.is_empty()
}

/// Whether a name of the query is read as this parameter, or as a part of it: what nothing reads, nothing may claim.
fn claims(call: &Call, described: &Parameter, name: &str) -> bool {
    match members(call, described) {
        Members::Apart => described.name == name,
        Members::Deep => name
            .strip_prefix(&*described.name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('[')),
        Members::Exploded => described.members.contains_key(name),
    }
}

fn query<'c>(call: &'c Call, name: &str) -> Texts<'c> {
    call.request()
        .query()
        .iter()
        .filter(|(known, _)| **known == *name)
        .map(|(_, value)| value.as_deref())
        .collect()
}

fn header<'c>(call: &'c Call, described: &Parameter, judge: &mut Judge<'_>) -> Result<Texts<'c>, Stop> {
    let mut texts = Texts::new();
    for (name, value) in call.request().headers() {
        if name.eq_ignore_ascii_case(&described.name) {
            texts.push(Some(readable(value, described, judge)?));
        } else if reads_alike(name.as_bytes(), described.name.as_bytes()) {
            // `x_tenant` would arrive unread as `x-tenant`.
            refuse(reason::VALIDATE_PARAMETER_MALFORMED, described, judge)?;
        }
    }
    Ok(texts)
}

/// RFC 6265 5.4: `name=value; name=value`. Some servers strip more from a name than others, so a name that stands beside what
/// cannot be in one (blanks, bytes beyond ASCII) is not written as it must be; nor is any other pair in which one of them may
/// see the end, and this cookie behind it.
fn cookie<'c>(
    call: &'c Call,
    operation: &Operation,
    described: &Parameter,
    judge: &mut Judge<'_>,
) -> Result<Texts<'c>, Stop> {
    let mut texts = Texts::new();
    for line in call.request().header("cookie") {
        for pair in line.split(|byte| *byte == b';').map(<[u8]>::trim_ascii) {
            let at = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = at.and_then(|at| pair.split_at_checked(at)).unwrap_or((pair, b""));
            let value = value.get(1..).unwrap_or_default();
            let is_it = name == described.name.as_bytes();
            let is_shadow = !is_it && stripped(name) == described.name.as_bytes();
            if is_shadow || !is_whole(name, value, operation) {
                refuse(reason::VALIDATE_PARAMETER_MALFORMED, described, judge)?;
            }
            if is_it {
                texts.push(Some(readable(value, described, judge)?));
            }
        }
    }
    Ok(texts)
}

/// Section 4.1.1 has no blank, comma, quote or backslash within a pair, but for one pair of quotes around a value. Where one
/// stands, Python parts cookies at blanks and reads over `;` within quotes, others part them at commas, and some take
/// `"\141"` for `a`. A list must have its commas, and JSON all but blanks; only what begins with a quote is unquoted.
fn is_whole(name: &[u8], value: &[u8], operation: &Operation) -> bool {
    let mut all = operation.parameters.iter().map(|planned| &planned.described);
    let described = all.find(|known| known.place == Place::Cookie && known.name.as_bytes() == name);
    let is_json = described.is_some_and(|known| known.style == "json");
    let is_list = described.is_some_and(|known| known.types.iter().any(|kind| kind == "array" || kind == "object"));
    let bare = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\""));
    let value = bare.filter(|_| described.is_none()).unwrap_or(value);
    let may_hold = |byte: &u8| match byte {
        b' ' | b'\t' => false,
        b',' => is_json || is_list,
        b'"' | b'\\' => is_json,
        _ => true,
    };
    let is_name = |byte: &u8| !matches!(byte, b' ' | b'\t' | b',' | b'"' | b'\\');
    name.iter().all(is_name) && value.iter().all(may_hold) && !(is_json && value.first() == Some(&b'"'))
}

fn stripped(name: &[u8]) -> &[u8] {
    let visible = |byte: &u8| byte.is_ascii_graphic();
    let start = name.iter().position(visible).unwrap_or(name.len());
    let end = name.iter().rposition(visible).map_or(start, |last| last + 1);
    name.get(start..end).unwrap_or_default()
}

/// The bytes of a header as text; the lenient reading ends before the first byte that is not UTF-8.
fn readable<'c>(bytes: &'c [u8], described: &Parameter, judge: &mut Judge<'_>) -> Result<&'c str, Stop> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.trim_matches([' ', '\t'])),
        Err(error) => {
            refuse(reason::VALIDATE_PARAMETER_MALFORMED, described, judge)?;
            let read = bytes.get(..error.valid_up_to()).unwrap_or_default();
            Ok(std::str::from_utf8(read).unwrap_or_default())
        }
    }
}

/// The value of what stood under one name.
fn one(texts: &Texts<'_>, described: &Parameter, depth: u32, judge: &mut Judge<'_>) -> Result<Option<Value>, Stop> {
    let Some(first) = texts.first() else {
        return Ok(None);
    };
    if texts.len() > 1 {
        if let Some(value) = style::several(described, texts) {
            return Ok(Some(value));
        }
        refuse(reason::VALIDATE_PARAMETER_REPEATED, described, judge)?;
    }
    text(*first, described, depth, judge).map(Some)
}

fn text(text: Option<&str>, described: &Parameter, depth: u32, judge: &mut Judge<'_>) -> Result<Value, Stop> {
    let written = text.unwrap_or_default();
    if described.allow_empty && written.is_empty() {
        return Ok(Value::String(String::new()));
    }
    if text.is_some()
        && let Some(value) = style::value(described, written, depth)
    {
        return Ok(value);
    }
    refuse(reason::VALIDATE_PARAMETER_MALFORMED, described, judge)?;
    Ok(Value::String(written.to_owned()))
}

/// An object whose members are names of the query; none where no member came.
fn object(
    call: &Call,
    operation: &Operation,
    described: &Parameter,
    members: Members,
    judge: &mut Judge<'_>,
) -> Result<Option<Value>, Stop> {
    let mut object = Map::new();
    for (name, text) in call.request().query() {
        let member = match members {
            Members::Deep if claims(call, described, name) => match style::deep(&described.name, name) {
                Some(member) => member,
                None => {
                    refuse(reason::VALIDATE_PARAMETER_MALFORMED, described, judge)?;
                    continue;
                }
            },
            Members::Exploded if is_member(call, operation, described, name) => name,
            _ => continue,
        };
        let Some(text) = text.as_deref() else {
            refuse(reason::VALIDATE_PARAMETER_MALFORMED, described, judge)?;
            continue;
        };
        let types = style::types(described, member);
        if types.iter().any(|kind| kind == "array") {
            let list = object
                .entry(member.to_owned())
                .or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(typed::read(text, style::items(described, member)));
            }
        } else if object.contains_key(member) {
            refuse(reason::VALIDATE_PARAMETER_REPEATED, described, judge)?;
        } else {
            object.insert(member.to_owned(), typed::read(text, types));
        }
    }
    Ok((!object.is_empty()).then_some(Value::Object(object)))
}

fn is_member(call: &Call, operation: &Operation, described: &Parameter, name: &str) -> bool {
    if !described.members.is_empty() {
        return described.members.contains_key(name);
    }
    let mut others = operation.parameters.iter().map(|planned| &planned.described);
    !others.any(|other| other.place == Place::Query && !std::ptr::eq(&**other, described) && claims(call, other, name))
}
