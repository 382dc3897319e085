//! Property: what the strict reader accepts means the same to serde_json, and stays readable when members are cut out.
#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use yett_engine::json::{Limits, Pointer, read, splice};

fuzz_target!(|text: &[u8]| {
    let limits = Limits::default();
    let Ok(value) = read(text, &limits) else { return };
    let value = value.into_inner();
    if !has_magic(&value) {
        let other: serde_json::Value = serde_json::from_slice(text).expect("accepted by serde_json");
        assert_eq!(value, other, "two meanings");
    }
    let Some(object) = value.as_object() else { return };
    for name in object.keys() {
        let cut = splice(&Bytes::copy_from_slice(text), &[Pointer::from_tokens([name.as_str()])]).expect("a member");
        let rest = read(&cut, &limits).expect("still JSON").into_inner();
        let mut expected = object.clone();
        expected.remove(name);
        assert_eq!(
            rest,
            serde_json::Value::Object(expected),
            "more or less than {name} was cut"
        );
    }
});

/// Whether a name is one that serde_json's own `Value` takes for its private marks, and then reads something else.
fn has_magic(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Array(elements) => elements.iter().any(has_magic),
        serde_json::Value::Object(members) => members
            .iter()
            .any(|(name, member)| name.starts_with("$serde_json::private") || has_magic(member)),
        _ => false,
    }
}
