//! The strict reader: what it refuses and where, and that it agrees with serde_json on everything else.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

use proptest::prelude::*;
use serde_json::{Value, json};
use yett_engine::json::{Fault, Limits, Pointer, read};

fn fault(text: impl AsRef<[u8]>) -> Fault {
    read(text.as_ref(), &Limits::default()).expect_err("a refusal")
}

fn at(pointer: &str) -> Pointer {
    Pointer::parse(pointer).expect("a pointer")
}

#[test]
fn reads_every_kind_of_value() {
    let text = r#" {"a":[null,true,false,0,-0,1.50,1e3,"\u00e9\ud83d\ude00\n"],"":{}} "#;
    let value = read(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(*value, serde_json::from_str::<Value>(text).unwrap());
}

#[test]
fn duplicate_members_are_refused_with_their_pointer() {
    assert_eq!(fault(r#"{"a":1,"a":1}"#), Fault::Duplicate { pointer: at("/a") });
    assert_eq!(
        fault(r#"{"x":[0,{"a/b":1,"\u0061/b":2}]}"#),
        Fault::Duplicate {
            pointer: at("/x/1/a~1b")
        }
    );
    assert_eq!(fault(r#"{"":1,"":2}"#), Fault::Duplicate { pointer: at("/") });
}

#[test]
fn the_magic_names_of_serde_json_are_ordinary_names() {
    let text = r#"{"$serde_json::private::Number":"1"}"#;
    let value = read(text.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(value["$serde_json::private::Number"], json!("1"));
    let raw = r#"[{"$serde_json::private::RawValue":"[1]"}]"#;
    assert!(read(raw.as_bytes(), &Limits::default()).unwrap()[0].is_object());
    let twice = r#"{"$serde_json::private::Number":"1","$serde_json::private::Number":"2"}"#;
    assert_eq!(
        fault(twice),
        Fault::Duplicate {
            pointer: at("/$serde_json::private::Number")
        }
    );
}

#[test]
fn lone_surrogates_are_refused_at_the_escape() {
    for (text, offset) in [
        (r#""\ud800""#, 1),
        (r#""\udc00""#, 1),
        (r#""ab\ud800x""#, 3),
        (r#""\ud800\n""#, 1),
        (r#""\ud800\ud800""#, 1),
        (r#"{"a":"\ud83d\ude00\\ud800","b\uDFFF":1}"#, 29),
        ("[1,\n\"\\uD800\"]", 5),
    ] {
        assert_eq!(fault(text), Fault::Surrogate { offset }, "{text}");
    }
    assert!(
        read(br#""\\ud800""#, &Limits::default()).is_ok(),
        "an escaped backslash before ud800"
    );
}

#[test]
fn what_is_not_utf8_is_refused_at_the_byte() {
    for (text, offset) in [
        (&b"\"\xff\""[..], 1),
        (b"\"ab\xc0\xaf\"", 3),
        (b"\"\xe0\x80\xaf\"", 1),
        (b"\"\xed\xa0\x80\"", 1),
        (b"\"\xf4\x90\x80\x80\"", 1),
        (b"\"\xc3", 1),
        (b"\xef\xbb\xbf1", 0),
        (b"\xff\xfe1\x00", 0),
    ] {
        assert_eq!(fault(text), Fault::Encoding { offset }, "{text:?}");
    }
}

#[test]
fn what_is_not_json_is_refused() {
    for text in [
        "NaN",
        "Infinity",
        "-Infinity",
        "nan",
        "01",
        "-01",
        "00",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "- 1",
        "1_0",
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "'a'",
        "[1 2]",
        "{\"a\" 1}",
        "{\"a\":}",
        "{1:2}",
        "{null:2}",
        "\"a",
        "[",
        "{",
        "]",
        "tru",
        "TRUE",
        "1 2",
        "{}x",
        "{}{}",
        "\"\t\"",
        "\"\n\"",
        "\"\x00\"",
        "\"\x1f\"",
        "\"\\x41\"",
        "\"\\u12g4\"",
        "\"\\u+123\"",
        "/**/1",
        "1//",
        "\u{a0}1",
        "1\u{b}",
        "1\0",
    ] {
        assert!(matches!(fault(text), Fault::Malformed { .. }), "{text:?}");
    }
    assert_eq!(fault("[1,\n x]"), Fault::Malformed { offset: 5 });
    for text in ["", " ", "\r\n\t "] {
        assert_eq!(fault(text), Fault::Empty, "{text:?}");
    }
}

#[test]
fn limits_hold_exactly() {
    let limits = Limits {
        bytes: 64,
        depth: 3,
        values: 6,
        number: 5,
    };
    let fault = |text: &str| read(text.as_bytes(), &limits).err();
    assert_eq!(fault(&format!("{:64}", 1)), None);
    assert_eq!(
        fault(&format!("{:65}", 1)),
        Some(Fault::TooLong { found: 65, limit: 64 })
    );
    assert_eq!(fault(r#"{"a":[[1]]}"#), None);
    assert_eq!(
        fault(r#"{"a":[0,[{}]]}"#),
        Some(Fault::TooDeep { pointer: at("/a/1/0") })
    );
    assert_eq!(fault("[1,2,3,4,5]"), None);
    assert_eq!(fault("[1,2,3,4,5,6]"), Some(Fault::TooMany { pointer: at("/5") }));
    assert_eq!(fault("[-12.5]"), None);
    assert_eq!(fault("[0,-12.55]"), Some(Fault::NumberTooLong { offset: 3 }));
}

#[test]
fn the_depth_limit_has_a_ceiling_below_the_lexer() {
    let limits = Limits {
        depth: usize::MAX,
        ..Limits::default()
    };
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(read(nested(Limits::DEEPEST).as_bytes(), &limits).is_ok());
    assert!(matches!(
        read(nested(Limits::DEEPEST + 1).as_bytes(), &limits),
        Err(Fault::TooDeep { .. })
    ));
    assert!(matches!(fault("[".repeat(1_000_000)), Fault::TooDeep { .. }));
}

#[test]
fn a_number_that_some_parsers_read_as_infinity_is_refused() {
    let wide = Limits {
        number: 400,
        ..Limits::default()
    };
    for text in [
        "1e400",
        "-1E400",
        "1e309",
        "1e999999999999999999999",
        &format!("1{}", "0".repeat(309)),
    ] {
        assert_eq!(
            read(text.as_bytes(), &wide),
            Err(Fault::NumberTooLarge { offset: 0 }),
            "{text}"
        );
        assert_eq!(
            read(format!("[0,{text}]").as_bytes(), &wide),
            Err(Fault::NumberTooLarge { offset: 3 }),
            "{text}"
        );
    }
    for text in [
        "1e308",
        "-1.7976931348623157e308",
        "1e-400",
        "0e999",
        &format!("1{}", "0".repeat(308)),
    ] {
        assert!(read(text.as_bytes(), &wide).is_ok(), "{text}");
    }
}

#[test]
fn a_fault_never_repeats_long_names() {
    let name = "é".repeat(10_000);
    let Fault::Duplicate { pointer } = fault(format!(r#"{{"{name}":1,"{name}":2}}"#)) else {
        panic!("expected a duplicate")
    };
    assert!(pointer.to_string().len() < 80);
}

#[test]
fn pointers_read_and_write_rfc_6901() {
    for text in ["", "/", "/a~1b/0/m~0n", "/é/ /~01"] {
        assert_eq!(at(text).to_string(), text);
    }
    assert_eq!(at("/~01").tokens().collect::<Vec<_>>(), ["~1"]);
    for text in ["a", "/~", "/~2", "/a~", "#/a"] {
        assert_eq!(Pointer::parse(text), None, "{text}");
    }
}

/// Any JSON value, with names and strings that need escapes.
pub fn any_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>()
            .prop_filter("finite", |number| number.is_finite())
            .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    scalar.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::hash_map(any::<String>(), inner, 0..8)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Whether serde_json's own value hides a second member of one name.
fn without_duplicates(text: &[u8], value: &Value) -> bool {
    let mut names = 0;
    count_names(value, &mut names);
    let mut in_string = false;
    let mut escaped = false;
    let mut colons = 0;
    for byte in text {
        match (in_string, escaped, byte) {
            (true, true, _) => escaped = false,
            (true, false, b'\\') => escaped = true,
            (_, _, b'"') => in_string = !in_string,
            (false, _, b':') => colons += 1,
            _ => {}
        }
    }
    colons == names
}

fn count_names(value: &Value, names: &mut usize) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|element| count_names(element, names)),
        Value::Object(members) => {
            *names += members.len();
            members.values().for_each(|member| count_names(member, names));
        }
        _ => {}
    }
}

/// Equal, with doubles compared to the last but one bit: serde_json reads some of them one bit off.
fn same(read: &Value, written: &Value) -> bool {
    match (read, written) {
        (Value::Array(read), Value::Array(written)) => {
            read.len() == written.len() && read.iter().zip(written).all(|(read, written)| same(read, written))
        }
        (Value::Object(read), Value::Object(written)) => {
            read.len() == written.len() && read.iter().all(|(name, member)| same(member, &written[name]))
        }
        (Value::Number(read), Value::Number(written)) if written.is_f64() => {
            let (read, written) = (read.as_f64().unwrap(), written.as_f64().unwrap());
            read == written || read.next_up() == written || read.next_down() == written
        }
        (read, written) => read == written,
    }
}

proptest! {
    #[test]
    fn every_value_that_serde_json_writes_reads_back_equal(value in any_value(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_vec_pretty(&value) } else { serde_json::to_vec(&value) }.unwrap();
        let read = read(&text, &Limits::default()).unwrap().into_inner();
        prop_assert_eq!(&read, &serde_json::from_slice::<Value>(&text).unwrap());
        prop_assert!(same(&read, &value));
    }

    #[test]
    fn agrees_with_serde_json_except_where_it_is_stricter(
        text in prop_oneof![
            r#"[\[\]{}:,"a\\ux0-9eE.+\- ntrf\n]{0,24}"#.prop_map(String::into_bytes),
            (any_value(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(value, index, byte)| {
                let mut text = serde_json::to_vec(&value).unwrap();
                let at = index.index(text.len());
                text[at] = byte;
                text
            }),
        ]
    ) {
        match (read(&text, &Limits::default()), serde_json::from_slice::<Value>(&text)) {
            (Ok(ours), Ok(theirs)) => {
                prop_assert!(without_duplicates(&text, &theirs));
                prop_assert_eq!(ours.into_inner(), theirs);
            }
            (Ok(_), Err(error)) => prop_assert!(false, "accepted what serde_json refuses: {}", error),
            (Err(fault), Ok(theirs)) => prop_assert!(
                match fault {
                    Fault::Duplicate { .. } => !without_duplicates(&text, &theirs),
                    Fault::NumberTooLong { .. } | Fault::NumberTooLarge { .. } => true,
                    _ => false,
                },
                "refused what serde_json accepts"
            ),
            (Err(_), Err(_)) => {}
        }
    }
}
