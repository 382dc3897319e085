//! Styles: a value written in a style is read back as the same typed value, in every place; no text makes the reader fail.
#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use support::{Sent, Shop, parameter};

/// Where and how a parameter is written.
#[derive(Clone, Copy, Debug)]
struct Way {
    place: &'static str,
    style: &'static str,
    explode: bool,
}

const fn way(place: &'static str, style: &'static str, explode: bool) -> Way {
    Way { place, style, explode }
}

const WAYS: [Way; 15] = [
    way("path", "simple", false),
    way("path", "simple", true),
    way("path", "label", false),
    way("path", "label", true),
    way("path", "matrix", false),
    way("path", "matrix", true),
    way("query", "form", false),
    way("query", "form", true),
    way("query", "spaceDelimited", false),
    way("query", "pipeDelimited", false),
    way("query", "json", false),
    way("header", "simple", false),
    way("header", "simple", true),
    way("cookie", "form", false),
    way("query", "deepObject", true),
];

const NAME: &str = "par";

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

impl Way {
    /// One text, as RFC 6570 and OpenAPI write it.
    fn write(self, value: &Value) -> String {
        if self.style == "json" {
            return value.to_string();
        }
        let between = match (self.style, self.explode) {
            ("label", true) => ".",
            ("matrix", true) => ";",
            ("spaceDelimited", _) => " ",
            ("pipeDelimited", _) => "|",
            _ => ",",
        };
        let name = if self.style == "matrix" {
            format!("{NAME}=")
        } else {
            String::new()
        };
        let inner = match value {
            Value::Array(items) => {
                let each = if self.explode { name.as_str() } else { "" };
                let texts: Vec<_> = items.iter().map(|item| format!("{each}{}", text(item))).collect();
                if self.explode {
                    texts.join(between)
                } else {
                    name.clone() + &texts.join(between)
                }
            }
            Value::Object(members) if self.explode => members
                .iter()
                .map(|(name, value)| format!("{name}={}", text(value)))
                .collect::<Vec<_>>()
                .join(between),
            Value::Object(members) => {
                let flat: Vec<_> = members
                    .iter()
                    .flat_map(|(name, value)| [name.clone(), text(value)])
                    .collect();
                name + &flat.join(between)
            }
            scalar => name + &text(scalar),
        };
        match self.style {
            "label" => format!(".{inner}"),
            "matrix" => format!(";{inner}"),
            _ => inner,
        }
    }

    fn request(self, value: &Value) -> Sent {
        let pair = |name: &str, text: &str| format!("{}={}", encode(name), encode(text));
        let pairs: Vec<String> = match (self.place, self.style, self.explode, value) {
            ("query", "form", true, Value::Array(items)) => items.iter().map(|item| pair(NAME, &text(item))).collect(),
            ("query", "form", true, Value::Object(members)) => {
                members.iter().map(|(name, value)| pair(name, &text(value))).collect()
            }
            ("query", "deepObject", _, Value::Object(members)) => members
                .iter()
                .map(|(name, value)| pair(&format!("{NAME}[{name}]"), &text(value)))
                .collect(),
            ("query", ..) => vec![pair(NAME, &self.write(value))],
            _ => Vec::new(),
        };
        match self.place {
            // An encoded `;` is data, and refused where it could part values.
            "path" if self.style == "matrix" => {
                Sent::get(&format!("/a/{}", encode(&self.write(value)).replace("%3B", ";")))
            }
            "path" => Sent::get(&format!("/a/{}", encode(&self.write(value)))),
            "query" => Sent::get(&format!("/a?{}", pairs.join("&"))),
            "header" => Sent::get("/a").header(NAME, self.write(value)),
            _ => Sent::get("/a").header("cookie", format!("other=1; {NAME}={}", self.write(value))),
        }
    }

    /// A shop whose parameter admits exactly this value.
    fn shop(self, value: &Value) -> Shop {
        let kinds = |value: &Value| vec![kind_of(value)];
        let items: Vec<_> = value
            .as_array()
            .and_then(|items| items.first())
            .map(kinds)
            .unwrap_or_default();
        let members: Map<String, Value> = value
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), json!(kinds(value))))
            .collect();
        let fields = json!({
            "required": true, "style": self.style, "explode": self.explode, "items": items, "members": members,
        });
        let path = if self.place == "path" {
            format!("/a/{{{NAME}}}")
        } else {
            "/a".to_owned()
        };
        Shop::new().schema("only", json!({"const": value})).operation(
            "GET",
            &path,
            json!({"parameters": [parameter(self.place, NAME, &kinds(value), "only", fields)]}),
        )
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9).prop_map(|number: f64| Value::from(number + 0.5)),
        any::<bool>().prop_map(Value::from),
        "[a-zé]{0,6}".prop_map(Value::from),
    ]
}

fn alike(items: Vec<Value>) -> Value {
    let kind = items.first().map(kind_of);
    items.into_iter().filter(|item| Some(kind_of(item)) == kind).collect()
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        scalar(),
        prop::collection::vec(scalar(), 1..6).prop_map(alike),
        Just(json!([""])),
        prop::collection::btree_map("[a-z]{1,3}", scalar(), 1..5)
            .prop_map(|members| { Value::Object(members.into_iter().filter(|(name, _)| name != NAME).collect()) }),
    ]
}

/// What the styles cannot write: OpenAPI gives deepObject to objects alone; a dot of a number is label's delimiter; a segment of
/// a path is neither empty nor dots. An empty array has no text in any style.
fn can_write(way: Way, value: &Value) -> bool {
    let holds_number = value.to_string().contains('.');
    if way.place == "path" && matches!(way.write(value).as_str(), "" | "." | "..") {
        return false;
    }
    match (way.style, value) {
        (_, Value::Object(members)) if members.is_empty() => false,
        ("deepObject", value) => value.is_object(),
        ("label", Value::Array(_) | Value::Object(_)) => !(way.explode && holds_number),
        _ => true,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_in_a_style_is_read_as_it_was(value in value(), way in prop::sample::select(&WAYS[..])) {
        prop_assume!(can_write(way, &value));
        let plan = way.shop(&value).plan();
        let sent = way.request(&value);
        prop_assert_eq!(sent.passes(&plan).err(), None, "{:?} {}", way, value);
    }

    #[test]
    fn no_text_makes_the_reader_fail(
        query in "(par|par\\[a\\]|par\\[|a)?(=([0-9a-z,.;|=%\\[\\]{}\" +-]|%C3%A9){0,12})?(&par(=x)?)?",
        header in "\\PC{0,12}",
        value in value(),
        way in prop::sample::select(&WAYS[..]),
    ) {
        let plan = way.shop(&value).plan();
        let target = if way.place == "path" { "/a/x".to_owned() } else { format!("/a?{query}") };
        let sent = Sent::get(&target).header(NAME, &header).header("cookie", format!("{NAME}={header}"));
        let reason = sent.passes(&plan).err();
        prop_assert!(reason.is_none_or(|reason| ["admit", "validate", "contract", "resolve"].contains(&reason.split('.').next().unwrap())));
    }
}

#[test]
fn the_first_type_that_fits() {
    for (types, text, read) in [
        (&["integer", "string"][..], "7", json!(7)),
        (&["integer", "string"], "007", json!("007")),
        (&["integer", "string"], "+7", json!("+7")),
        (&["integer", "string"], "7.0", json!("7.0")),
        (&["integer", "string"], "18446744073709551615", json!(u64::MAX)),
        (&["integer"], "-0", json!(0)),
        (&["number", "string"], "1e2", json!(100)),
        (&["number", "string"], "1e999", json!("1e999")),
        (&["number", "string"], "NaN", json!("NaN")),
        (&["number", "string"], "0x10", json!("0x10")),
        (&["number", "string"], ".5", json!(".5")),
        (&["boolean", "string"], "true", json!(true)),
        (&["boolean", "string"], "True", json!("True")),
        (&["null"], "", json!(null)),
        (&["string"], "7", json!("7")),
        (&["integer"], "x", json!("x")),
        (&["array", "string"], "x", json!(["x"])),
        (&["string", "array"], "x", json!("x")),
    ] {
        let plan = Shop::new()
            .schema("only", json!({"const": read}))
            .operation(
                "GET",
                "/a",
                json!({"parameters": [parameter("query", NAME, types, "only", json!({}))]}),
            )
            .plan();
        let sent = Sent::get(&format!("/a?{NAME}={}", encode(text)));
        assert_eq!(sent.passes(&plan).err(), None, "{types:?} {text}");
    }
}

#[test]
fn an_exploded_object_takes_in_its_members_and_no_more() {
    let plan = |members: Value| {
        Shop::new()
            .schema(
                "any",
                json!({"type": "object", "properties": {"a": {"type": "integer"}}}),
            )
            .schema("page", json!({"type": "integer"}))
            .operation(
                "GET",
                "/a",
                json!({"parameters": [
                    parameter("query", "filter", &["object"], "any", json!({"members": members})),
                    parameter("query", "page", &["integer"], "page", json!({})),
                ]}),
            )
            .plan()
    };
    let named = plan(json!({"a": ["integer"], "tags": ["array"]}));
    assert_eq!(Sent::get("/a?a=1&page=2&tags=x&tags=y").passes(&named).err(), None);
    assert_eq!(
        Sent::get("/a?a=x").passes(&named).err(),
        Some("contract.parameter.invalid")
    );
    assert_eq!(
        Sent::get("/a?a=1&a=2").passes(&named).err(),
        Some("validate.parameter.repeated")
    );
    assert_eq!(
        Sent::get("/a?b=1").passes(&named).err(),
        Some("contract.parameter.undeclared")
    );
    let free = plan(json!({}));
    assert_eq!(Sent::get("/a?b=1&c=2&page=1").passes(&free).err(), None);
    assert_eq!(
        Sent::get("/a?b=1&page=x").passes(&free).err(),
        Some("contract.parameter.invalid")
    );
}

#[test]
fn lines_of_one_header_are_one_list() {
    let plan = Shop::new()
        .schema("list", json!({"const": [1, 2, 3]}))
        .operation(
            "GET",
            "/a",
            json!({"parameters": [parameter("header", "X-Ids", &["array"], "list", json!({"items": ["integer"]}))]}),
        )
        .plan();
    let sent = Sent::get("/a").header("x-ids", "1, 2").header("x-ids", "3");
    assert_eq!(sent.passes(&plan).err(), None);
}
