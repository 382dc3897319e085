//! load: what is wrong with a compiled document is found again, each fault at its place; what Python compiles has none.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{Sent, Shop, parameter};
use yett_engine::{Head, Key, Missing, Plan, Stop};

fn document() -> Value {
    let jwt = json!({"jwt": {
        "issuer": "https://idp.example.com", "audience": ["shop"], "keys": {"given": "keys"}, "leeway": 0,
        "scope_claim": "scope", "role_claim": "/realm/roles",
    }});
    let limit = json!({"id": "a", "by": "address", "count": 1, "period": 1000, "burst": 1, "mode": "enforce"});
    Shop::new()
        .set("base", json!("/v1"))
        .set(
            "credentials",
            json!({"bearer": jwt, "key": {"api_key": {"header": "x-api-key"}}}),
        )
        .set("limits", json!([limit]))
        .set("headers", json!([["x-frame-options", "DENY"]]))
        .set("cors", json!({"origins": ["*"], "max_age": 1, "headers": ["x-note"]}))
        .set(
            "upstream",
            json!({
                "urls": [{"url": "http://127.0.0.1:9", "weight": 1}], "timeout": 1, "connect": 1,
                "ejection": {"after": 1, "time": 2, "longest": 2},
            }),
        )
        .schema("any", json!(true))
        .operation(
            "GET",
            "/items",
            json!({
                "parameters": [parameter("query", "ids", &["array"], "any", json!({"items": ["integer"]}))],
                "replies": {"200": {}, "4XX": {}, "default": {}},
            }),
        )
        .document()
}

#[test]
fn each_fault_has_its_place() {
    let loaded = |document: &Value| Plan::load(document.to_string().as_bytes()).map(drop);
    assert_eq!(loaded(&document()), Ok(()));
    let operation = "/apis/0/operations/0";
    for (at, wrong, pointer) in [
        (
            "/apis/0/limits/0/operations",
            json!([0]),
            "/apis/0/limits/0/operations".to_owned(),
        ),
        (
            "/apis/0/operations/0/parameters/0/style",
            json!("commas"),
            format!("{operation}/parameters/0"),
        ),
        (
            "/apis/0/operations/0/parameters/0/style",
            json!("simple"),
            format!("{operation}/parameters/0"),
        ),
        (
            "/apis/0/operations/0/parameters/0/types",
            json!(["list"]),
            format!("{operation}/parameters/0"),
        ),
        (
            "/apis/0/operations/0/parameters/0/items",
            json!(["int"]),
            format!("{operation}/parameters/0"),
        ),
        (
            "/apis/0/operations/0/replies",
            json!({"2xx": {}}),
            format!("{operation}/replies/2xx"),
        ),
        (
            "/apis/0/operations/0/replies",
            json!({"2000": {}}),
            format!("{operation}/replies/2000"),
        ),
        ("/apis/0/base", json!("/v1/"), "/apis/0/base".to_owned()),
        ("/apis/0/base", json!("v1"), "/apis/0/base".to_owned()),
        ("/apis/0/hosts", json!(["Shop.example"]), "/apis/0/hosts/0".to_owned()),
        (
            "/apis/0/hosts",
            json!(["*", "a*.example"]),
            "/apis/0/hosts/1".to_owned(),
        ),
        (
            "/apis/0/headers",
            json!([["X-Frame-Options", "DENY"]]),
            "/apis/0/headers/0/0".to_owned(),
        ),
        (
            "/apis/0/credentials/key/api_key/header",
            json!("x api"),
            "/apis/0/credentials/key/api_key/header".to_owned(),
        ),
        (
            "/apis/0/credentials/bearer/jwt/role_claim",
            json!("roles"),
            "/apis/0/credentials/bearer/jwt/role_claim".to_owned(),
        ),
    ] {
        let mut document = document();
        let (parent, name) = at.rsplit_once('/').unwrap();
        document.pointer_mut(parent).unwrap()[name] = wrong;
        let faults = loaded(&document).unwrap_err();
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, [pointer], "{at}: {faults:?}");
    }
}

#[test]
fn no_two_apis_answer_for_the_same() {
    let mut document = document();
    let mut other = document["apis"][0].clone();
    other["hosts"] = json!(["*", "*.example.com", "*.example.com"]);
    document["apis"].as_array_mut().unwrap().push(other);
    let faults = Plan::load(document.to_string().as_bytes()).map(drop).unwrap_err();
    assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, "/apis/1/hosts/0"));
    document["apis"][1]["base"] = json!("/v2");
    assert_eq!(Plan::load(document.to_string().as_bytes()).map(drop), Ok(()));
}

/// What Python refuses or never writes, but the engine would read as something else, or not at all.
#[test]
fn what_the_engine_relies_on_is_checked() {
    let parameter = |place: &str, name: &str| parameter(place, name, &["string"], "any", json!({}));
    for (at, wrong) in [
        ("/apis/0/hosts", json!([])),
        ("/apis/0/hosts/0", json!("api.example.com:8443")),
        ("/apis/0/hosts/0", json!("api.example.com/v1")),
        ("/apis/0/hosts/0", json!("b\u{fc}cher.example")),
        ("/apis/0/hosts/0", json!("*.")),
        ("/apis/0/base", json!("/v1?x")),
        ("/apis/0/base", json!("/v1#x")),
        ("/apis/0/base", json!("/caf%C3%A9")),
        ("/apis/0/base", json!("/a//b")),
        ("/apis/0/base", json!("/a/../b")),
        ("/apis/0/operations/0/method", json!("get")),
        ("/apis/0/operations/0/method", json!("TRACE")),
        ("/apis/0/operations/0/path", json!("/a}b")),
        ("/apis/0/operations/0/path", json!("/caf%C3%A9")),
        ("/apis/0/operations/0/path", json!("/a?x=1")),
        ("/apis/0/operations/0/path", json!("/a//b")),
        ("/apis/0/operations/0/path", json!("/a/..;v=1/b")),
        ("/apis/0/operations/0/path", json!("/a\\b")),
        ("/apis/0/headers/0/1", json!("a\r\nset-cookie: x")),
        ("/apis/0/upstream/urls/0/weight", json!(0)),
        ("/apis/0/upstream/ejection/longest", json!(1)),
        ("/apis/0/cors/origins", json!(["*", "https://a.example"])),
        ("/apis/0/cors/credentials", json!(true)),
        ("/apis/0/cors/headers/0", json!("X-Note")),
        (
            "/apis/0/operations/0/parameters/1/name",
            json!([parameter("query", "a"), parameter("query", "a")]),
        ),
        (
            "/apis/0/operations/0/parameters/1/name",
            json!([parameter("header", "A"), parameter("header", "a")]),
        ),
        (
            "/apis/0/operations/0/body/content/application~1json",
            json!("#/$defs/nothing"),
        ),
        ("/apis/0/operations/0/security/0/0/credential", json!("nothing")),
    ] {
        let mut document = document();
        document["apis"][0]["operations"][0]["body"] =
            json!({"required": true, "content": {"application/json": "#/$defs/any"}});
        document["apis"][0]["operations"][0]["security"] = json!([[{"credential": "key"}]]);
        document["apis"][0]["cors"]["credentials"] = json!(false);
        match document.pointer_mut(at) {
            Some(place) => *place = wrong.clone(),
            None => document["apis"][0]["operations"][0]["parameters"] = wrong.clone(),
        }
        let faults = Plan::load(document.to_string().as_bytes()).map(drop).unwrap_err();
        let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, [at], "{wrong}: {faults:?}");
        assert!(
            faults[0].found.contains("expected") || faults[0].found.contains("called"),
            "{faults:?}"
        );
    }
}

#[test]
fn a_path_that_is_decoded_loads_and_a_closed_one_may_be_odd() {
    let mut document = document();
    document["apis"][0]["base"] = json!("/caf\u{e9} 1");
    document["apis"][0]["operations"][0]["path"] = json!("/\u{e9};v=1/");
    assert_eq!(Plan::load(document.to_string().as_bytes()).map(drop), Ok(()));
    document["apis"][0]["operations"][0]["path"] = json!("/a?x=1");
    document["apis"][0]["operations"][0]["method"] = json!("TRACE");
    document["apis"][0]["operations"][0]["closed"] = json!("its path");
    assert_eq!(Plan::load(document.to_string().as_bytes()).map(drop), Ok(()));
}

#[test]
fn a_url_says_what_it_should_be() {
    for (wrong, found) in [
        (
            json!(7),
            "invalid type: integer `7`, expected a URL, or {\"url\": URL, \"weight\": 1}",
        ),
        (
            json!({"url": "http://a", "weight": 70_000}),
            "invalid value: integer `70000`, expected u16",
        ),
        (
            json!({"url": "http://a", "share": 1}),
            "unknown field `share`, expected `url` or `weight`",
        ),
        (json!({"url": "http://a"}), "missing field `weight`"),
    ] {
        let mut document = document();
        document["apis"][0]["upstream"]["urls"][0] = wrong;
        let faults = Plan::load(document.to_string().as_bytes()).map(drop).unwrap_err();
        assert!(faults[0].found.contains(found), "{faults:?}");
    }
}

#[test]
fn a_credential_stands_once() {
    let once = r#""key":{"api_key":{"header":"x-api-key"}}"#;
    let text = document().to_string();
    assert!(text.contains(once));
    let twice = text.replace(once, &format!("{once},{once}"));
    let faults = Plan::load(twice.as_bytes()).map(drop).unwrap_err();
    assert!(faults[0].found.contains("key stands twice"), "{faults:?}");
}

#[test]
fn no_two_credentials_have_headers_that_are_read_alike() {
    let mut document = document();
    let mut other = document["apis"][0].clone();
    other["base"] = json!("/v2");
    other["name"] = json!("other");
    document["apis"].as_array_mut().unwrap().push(other);
    assert_eq!(Plan::load(document.to_string().as_bytes()).map(drop), Ok(()));
    document["apis"][1]["credentials"]["key"]["api_key"]["header"] = json!("x_api_key");
    let faults = Plan::load(document.to_string().as_bytes()).map(drop).unwrap_err();
    assert_eq!(
        (faults.len(), faults[0].pointer.as_str()),
        (1, "/apis/1/credentials/key")
    );
    assert!(faults[0].found.contains("x-api-key, of key of shop"), "{faults:?}");
}

#[test]
fn the_more_exact_host_is_the_api_in_any_order() {
    let api = |hosts: &str, path: &str| {
        let mut api = Shop::new().operation("GET", path, json!({})).document()["apis"][0].clone();
        api["hosts"] = json!([hosts]);
        api
    };
    let mut apis = [
        api("*", "/any"),
        api("*.example", "/below"),
        api("*.shop.example", "/longer"),
        api("a.shop.example", "/exact"),
    ];
    for _ in 0..2 {
        let mut document = Shop::new().document();
        document["apis"] = json!(apis);
        let plan = std::sync::Arc::new(Plan::load(document.to_string().as_bytes()).unwrap());
        for (host, path) in [
            ("nobody.test", "/any"),
            ("shop.example", "/below"),
            ("b.shop.example", "/longer"),
            ("a.shop.example", "/exact"),
        ] {
            let mut sent = Sent::get(path);
            sent.headers[0].1 = host.as_bytes().to_vec();
            assert_eq!(sent.passes(&plan).err(), None, "{host}");
        }
        apis.reverse();
    }
}

#[test]
fn nothing_secret_is_written_for_debugging() {
    let head = Head::of(
        b"GET",
        b"/?token=secret",
        &[(b"x-api-key", b"secret")],
        [192, 0, 2, 1].into(),
        false,
    );
    let presented = "secret".into();
    let key = Key::ApiKey {
        credential: 0,
        presented,
    };
    let shown = format!("{head:?} {key:?} {:?}", Stop::Need(Missing::Fact(key.clone())));
    assert!(!shown.contains("secret") && !shown.contains("115, 101"), "{shown}");
}
