//! A parameter's text as a JSON value: the first of the types that it fits. Texts are read as JSON writes the value, so that
//! `007`, `+5` and `1_000`, which parsers read differently, stay text.

use serde_json::{Number, Value};

/// Longer numbers stay text, as the strict JSON reader refuses them.
const LONGEST_NUMBER: usize = 128;

/// The text as the first type that it fits, and as text where it fits none; without types it is text.
pub(super) fn read(text: &str, types: &[String]) -> Value {
    fitting(text, types).unwrap_or_else(|| Value::String(text.to_owned()))
}

/// The text as the first type that it fits.
pub(super) fn fitting(text: &str, types: &[String]) -> Option<Value> {
    if types.is_empty() {
        return Some(Value::String(text.to_owned()));
    }
    types.iter().find_map(|kind| scalar(text, kind))
}

/// The text as one scalar type; none where it does not fit, or the type is no scalar.
pub(super) fn scalar(text: &str, kind: &str) -> Option<Value> {
    match (kind, text) {
        ("string", _) => Some(Value::String(text.to_owned())),
        ("boolean", "true") => Some(Value::Bool(true)),
        ("boolean", "false") => Some(Value::Bool(false)),
        ("null", "" | "null") => Some(Value::Null),
        ("integer", _) if rest_of_integer(text) == Some("") => number(text),
        ("number", _) if is_number(text) => number(text),
        _ => None,
    }
}

fn number(text: &str) -> Option<Value> {
    if text.len() > LONGEST_NUMBER {
        return None;
    }
    let number: Number = text.parse().ok()?;
    number.as_f64().filter(|value| value.is_finite())?;
    Some(Value::Number(number))
}

/// RFC 8259 section 6: `int [ frac ] [ exp ]`.
fn is_number(text: &str) -> bool {
    rest_of_integer(text)
        .and_then(rest_of_fraction)
        .and_then(rest_of_exponent)
        .is_some_and(str::is_empty)
}

fn rest_of_integer(text: &str) -> Option<&str> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    match digits.strip_prefix('0') {
        Some(rest) => Some(rest),
        None => rest_of_digits(digits),
    }
}

fn rest_of_fraction(text: &str) -> Option<&str> {
    text.strip_prefix('.').map_or(Some(text), rest_of_digits)
}

fn rest_of_exponent(text: &str) -> Option<&str> {
    match text.strip_prefix(['e', 'E']) {
        Some(rest) => rest_of_digits(rest.strip_prefix(['+', '-']).unwrap_or(rest)),
        None => Some(text),
    }
}

/// What follows at least one digit.
fn rest_of_digits(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|digit: char| digit.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}
