//! The strict reader: one pass of serde_json's lexer under a visitor of our own that counts, compares and refuses.

use std::cell::{Cell, RefCell};
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use super::cursor::{infinite_number, lone_surrogate, long_number};
use super::pointer::Place;
use super::{Fault, Limits, Pointer};

/// Reads one JSON text (RFC 8259, in the stricter sense of RFC 7493).
///
/// # Errors
/// The first [`Fault`]; a text with several may name any of them.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<super::Value, Fault> {
    let text = decode(bytes, limits)?;
    let reading = Reading {
        limits,
        values: Cell::new(0),
        fault: RefCell::new(None),
    };
    let mut lexer = serde_json::Deserializer::from_str(text);
    let node = Node {
        reading: &reading,
        place: &Place::Whole,
        depth: 0,
    };
    let outcome = node
        .deserialize(&mut lexer)
        .and_then(|value| lexer.end().map(|()| value));
    match (outcome, reading.fault.into_inner()) {
        (_, Some(fault)) => Err(fault),
        (Ok(value), None) => Ok(super::Value(value)),
        (Err(error), None) => Err(locate(text, &error)),
    }
}

fn decode<'t>(bytes: &'t [u8], limits: &Limits) -> Result<&'t str, Fault> {
    if bytes.len() > limits.bytes {
        return Err(Fault::TooLong {
            found: bytes.len(),
            limit: limits.bytes,
        });
    }
    let text = str::from_utf8(bytes).map_err(|error| Fault::Encoding {
        offset: error.valid_up_to(),
    })?;
    if text.starts_with('\u{feff}') {
        return Err(Fault::Encoding { offset: 0 });
    }
    if text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) {
        return Err(Fault::Empty);
    }
    match long_number(bytes, limits.number) {
        Some(offset) => Err(Fault::NumberTooLong { offset }),
        None => Ok(text),
    }
}

/// serde_json says line and column, and does not say which error it was except in words: find both again.
fn locate(text: &str, error: &serde_json::Error) -> Fault {
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let offset = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
    let judged = text.as_bytes().get(..=offset).unwrap_or(text.as_bytes());
    if let Some(offset) = lone_surrogate(judged) {
        return Fault::Surrogate { offset };
    }
    match infinite_number(text, offset) {
        Some(offset) => Fault::NumberTooLarge { offset },
        None => Fault::Malformed { offset },
    }
}

/// What one reading shares among its nodes.
struct Reading<'l> {
    limits: &'l Limits,
    values: Cell<usize>,
    fault: RefCell<Option<Fault>>,
}

impl Reading<'_> {
    /// Keeps the fault beside serde_json's error, which carries only text.
    fn refuse<E: serde::de::Error>(&self, fault: fn(Pointer) -> Fault, place: &Place<'_>) -> E {
        self.fault.replace(Some(fault(place.pointer())));
        E::custom("refused")
    }
}

/// One value about to be read.
#[derive(Clone, Copy)]
struct Node<'r> {
    reading: &'r Reading<'r>,
    place: &'r Place<'r>,
    depth: usize,
}

impl<'r> Node<'r> {
    fn count<E: serde::de::Error>(&self) -> Result<(), E> {
        let values = self.reading.values.get().saturating_add(1);
        self.reading.values.set(values);
        if values > self.reading.limits.values {
            return Err(self.reading.refuse(|pointer| Fault::TooMany { pointer }, self.place));
        }
        Ok(())
    }

    /// The depth of what lies in this array or object.
    fn descend<E: serde::de::Error>(&self) -> Result<usize, E> {
        if self.depth >= self.reading.limits.depth.min(Limits::DEEPEST) {
            return Err(self.reading.refuse(|pointer| Fault::TooDeep { pointer }, self.place));
        }
        Ok(self.depth + 1)
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        self.count()?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let depth = self.descend()?;
        let mut array = Vec::new();
        loop {
            let place = Place::Element(self.place, array.len());
            match elements.next_element_seed(Node {
                reading: self.reading,
                place: &place,
                depth,
            })? {
                Some(element) => array.push(element),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        let mut name = members.next_key_seed(Name)?;
        if let Some(Key::Number) = name {
            return members.next_value::<String>().and_then(|text| number(&text));
        }
        let depth = self.descend()?;
        while let Some(Key::Member(member)) = name {
            let place = Place::Member(self.place, &member);
            let value = members.next_value_seed(Node {
                reading: self.reading,
                place: &place,
                depth,
            })?;
            match object.entry(member) {
                Entry::Vacant(entry) => entry.insert(value),
                Entry::Occupied(entry) => {
                    let place = Place::Member(self.place, entry.key());
                    return Err(self.reading.refuse(|pointer| Fault::Duplicate { pointer }, &place));
                }
            };
            name = members.next_key_seed(Name)?;
        }
        Ok(Value::Object(object))
    }
}

/// A number that serde_json hands on as text, which it does where any crate of the build asks for arbitrary precision.
fn number<E: serde::de::Error>(text: &str) -> Result<Value, E> {
    let number: Number = text.parse().map_err(E::custom)?;
    if number.as_f64().is_none_or(f64::is_infinite) {
        return Err(E::custom("number out of range"));
    }
    Ok(Value::Number(number))
}

/// A member's name. With arbitrary precision a number comes as a map with one magic name, which a stranger may write as
/// well; asked for a newtype, the true name of a member answers with one, the magic one with its text.
struct Name;

enum Key {
    Member(String),
    Number,
}

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Key, D::Error> {
        from.deserialize_newtype_struct("Name", self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Key;

    fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str("a member's name")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Key, D::Error> {
        serde::Deserialize::deserialize(from).map(Key::Member)
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, magic: &'de str) -> Result<Key, E> {
        if magic == "$serde_json::private::Number" {
            return Ok(Key::Number);
        }
        Err(E::custom("a member's name that is not a newtype"))
    }
}
