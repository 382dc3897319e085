//! Cutting members out of a text: exactly those go, and every other byte stays as it was.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::Value;
use yett_engine::json::{Fault, Limits, Pointer, read, splice};

fn cut(text: &str, pointers: &[&str]) -> Result<String, Fault> {
    let pointers: Vec<_> = pointers
        .iter()
        .map(|pointer| Pointer::parse(pointer).expect("a pointer"))
        .collect();
    splice(&Bytes::copy_from_slice(text.as_bytes()), &pointers).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap())
}

#[test]
fn a_member_goes_with_one_comma() {
    let text = r#"{"a":1, "b" : [1,2] ,"c":{"d":"}"}}"#;
    for (pointers, expected) in [
        (&["/a"][..], r#"{ "b" : [1,2] ,"c":{"d":"}"}}"#),
        (&["/b"], r#"{"a":1 ,"c":{"d":"}"}}"#),
        (&["/c"], r#"{"a":1, "b" : [1,2] }"#),
        (&["/c/d"], r#"{"a":1, "b" : [1,2] ,"c":{}}"#),
        (&["/a", "/b"], r#"{"c":{"d":"}"}}"#),
        (&["/a", "/c"], r#"{ "b" : [1,2] }"#),
        (&["/c", "/b", "/a"], r#"{}"#),
        (&["/c", "/c/d", "/c"], r#"{"a":1, "b" : [1,2] }"#),
        (&[], text),
    ] {
        assert_eq!(cut(text, pointers).as_deref(), Ok(expected), "{pointers:?}");
    }
}

#[test]
fn pretty_text_stays_pretty() {
    let text = "{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}\n";
    assert_eq!(cut(text, &["/a"]).unwrap(), "{\n  \"b\": 2,\n  \"c\": 3\n}\n");
    assert_eq!(cut(text, &["/b"]).unwrap(), "{\n  \"a\": 1,\n  \"c\": 3\n}\n");
    assert_eq!(cut(text, &["/c"]).unwrap(), "{\n  \"a\": 1,\n  \"b\": 2\n}\n");
}

#[test]
fn names_are_compared_as_characters_not_as_bytes() {
    assert_eq!(cut(r#"{"\u0061\/b":1,"c":2}"#, &["/a~1b"]).unwrap(), r#"{"c":2}"#);
    assert_eq!(cut(r#"{"é":1,"c":2}"#, &["/é"]).unwrap(), r#"{"c":2}"#);
    assert_eq!(cut(r#"{"a\"":1,"":2}"#, &["/"]).unwrap(), r#"{"a\"":1}"#);
}

#[test]
fn members_go_from_objects_in_arrays() {
    let text = r#"[{"a":1,"s":"x"},{"s":"y"},[{"s":[]}],3]"#;
    assert_eq!(
        cut(text, &["/0/s", "/1/s", "/2/0/s"]).unwrap(),
        r#"[{"a":1},{},[{}],3]"#
    );
}

#[test]
fn what_is_not_a_member_fails_closed() {
    let text = r#"{"a":[1,{"b":2}],"c":3}"#;
    for pointer in ["", "/x", "/a/0", "/a/1", "/a/01/b", "/a/7", "/c/d", "/a/1/b/c"] {
        let pointer = Pointer::parse(pointer).unwrap();
        let found = splice(&Bytes::from_static(text.as_bytes()), std::slice::from_ref(&pointer));
        assert_eq!(found, Err(Fault::Unmatched { pointer }));
    }
    assert!(cut(text, &["/c", "/x"]).is_err(), "one that is missing withholds all");
}

#[test]
fn a_text_that_was_never_read_is_refused_or_cut_but_never_panics() {
    for text in [
        "",
        "{",
        "{\"a",
        "{\"a\\",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"b\":]",
        "[",
        "{\"\\ud800\":1}",
        "{\"a\":[}",
    ] {
        assert!(cut(text, &["/a"]).is_err(), "{text}");
    }
}

/// A value, and pointers to some of its members.
fn text_and_pointers() -> impl Strategy<Value = (Value, Vec<Pointer>, bool)> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        ".{0,4}".prop_map(Value::from)
    ];
    let value = scalar.prop_recursive(5, 48, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(r#"[a-c"\\/~é]{0,2}"#, inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    (value, any::<bool>(), any::<u64>()).prop_map(|(value, pretty, choice)| {
        let mut all = Vec::new();
        members(&value, &mut Vec::new(), &mut all);
        let chosen = all
            .into_iter()
            .enumerate()
            .filter(|(index, _)| choice.rotate_left(*index as u32) & 1 == 1);
        let pointers = chosen.map(|(_, tokens)| Pointer::from_tokens(tokens)).collect();
        (value, pointers, pretty)
    })
}

fn members(value: &Value, way: &mut Vec<String>, all: &mut Vec<Vec<String>>) {
    let below: Vec<(String, &Value)> = match value {
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .map(|(index, element)| (index.to_string(), element))
            .collect(),
        Value::Object(members) => members.iter().map(|(name, member)| (name.clone(), member)).collect(),
        _ => return,
    };
    for (token, inner) in below {
        way.push(token);
        if value.is_object() {
            all.push(way.clone());
        }
        members(inner, way, all);
        way.pop();
    }
}

fn without(value: &mut Value, pointer: &Pointer) {
    let tokens: Vec<_> = pointer.tokens().collect();
    let (last, way) = tokens.split_last().unwrap();
    let parent = way.iter().try_fold(value, |value, token| match value {
        Value::Array(elements) => elements.get_mut(token.parse::<usize>().ok()?),
        Value::Object(members) => members.get_mut(*token),
        _ => None,
    });
    if let Some(parent) = parent {
        parent.as_object_mut().unwrap().shift_remove(*last);
    }
}

fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|byte| whole.any(|other| other == byte))
}

proptest! {
    #[test]
    fn the_rest_means_the_same_and_is_made_of_the_same_bytes((value, pointers, pretty) in text_and_pointers()) {
        let text = Bytes::from(if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap());
        let rest = splice(&text, &pointers).unwrap();
        let mut expected = value;
        pointers.iter().for_each(|pointer| without(&mut expected, pointer));
        prop_assert_eq!(read(&rest, &Limits::default()).unwrap().into_inner(), expected.clone());
        prop_assert!(is_subsequence(&rest, &text));
        if !pretty {
            prop_assert_eq!(rest, serde_json::to_vec(&expected).unwrap(), "compact text stays compact, to the byte");
        }
    }

    #[test]
    fn any_bytes_are_survived(text in prop::collection::vec(any::<u8>(), 0..64), pointer in "(/[a0]){0,3}") {
        let _ = splice(&Bytes::from(text), &[Pointer::parse(&pointer).unwrap()]);
    }
}
