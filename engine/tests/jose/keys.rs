//! Key sets: which keys are passed over and why, and which sets are none.

use serde_json::{Value, json};
use yett_engine::jose::{KeyFault, KeySet, Limits, Unusable};
use yett_engine::json::Fault;

use super::mint::{EDDSA, ES256, RS256, b64, issuers};

fn why(key: Value) -> Unusable {
    let set = json!({"keys": [ES256.jwk, key]});
    let keys = KeySet::parse(set.to_string().as_bytes()).expect("the first key is good");
    assert_eq!(keys.keys().len(), 1);
    assert_eq!(keys.skipped()[0].index, 1);
    keys.skipped()[0].why
}

fn with(key: &Value, member: &str, value: Value) -> Value {
    let mut key = key.clone();
    key[member] = value;
    key
}

fn without(key: &Value, member: &str) -> Value {
    let mut key = key.clone();
    key.as_object_mut().unwrap().remove(member);
    key
}

#[test]
fn good_keys_are_kept_with_their_algorithms() {
    for issuer in issuers() {
        let keys = issuer.keys();
        assert!(keys.has(issuer.algorithm) && keys.skipped().is_empty());
        assert_eq!(
            keys.keys()[0]
                .algorithms()
                .map(|known| known.name())
                .collect::<Vec<_>>(),
            [issuer.algorithm]
        );
    }
    let names = |key: &Value| {
        let keys = KeySet::parse(json!({"keys": [without(key, "alg")]}).to_string().as_bytes()).unwrap();
        keys.keys()[0]
            .algorithms()
            .map(|known| known.name())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        names(&RS256.jwk),
        ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
    );
    assert_eq!(names(&ES256.jwk), ["ES256"]);
    assert_eq!(names(&EDDSA.jwk), ["EdDSA", "Ed25519"]);
}

#[test]
fn keys_that_must_not_verify_are_passed_over() {
    let (rsa, ec, ed) = (&RS256.jwk, &ES256.jwk, &EDDSA.jwk);
    for (key, expected) in [
        (json!("key"), Unusable::NotAnObject),
        (json!({}), Unusable::Member("kty")),
        (with(ec, "kty", json!("XX")), Unusable::Kind),
        (with(ec, "kty", json!("OKP")), Unusable::Kind),
        (with(ec, "crv", json!("secp256k1")), Unusable::Kind),
        (with(ed, "crv", json!("Ed448")), Unusable::Kind),
        (with(ed, "crv", json!("X25519")), Unusable::Kind),
        (json!({"kty": "oct", "k": "AAAA"}), Unusable::Symmetric),
        (with(rsa, "d", json!("AQ")), Unusable::Private),
        (with(ed, "d", json!(null)), Unusable::Private),
        (with(ec, "use", json!("enc")), Unusable::Purpose),
        (with(ec, "use", json!(["sig"])), Unusable::Member("use")),
        (with(ec, "key_ops", json!([])), Unusable::Purpose),
        (with(ec, "key_ops", json!(["sign", "encrypt"])), Unusable::Purpose),
        (with(ec, "key_ops", json!("verify")), Unusable::Member("key_ops")),
        (with(ec, "alg", json!("ES384")), Unusable::Algorithm),
        (with(ec, "alg", json!("ECDH-ES")), Unusable::Algorithm),
        (with(rsa, "alg", json!("HS256")), Unusable::Algorithm),
        (with(rsa, "alg", json!("none")), Unusable::Algorithm),
        (with(rsa, "alg", json!("RSA-OAEP")), Unusable::Algorithm),
        (with(rsa, "alg", json!(1)), Unusable::Member("alg")),
        (with(rsa, "kid", json!(1)), Unusable::Member("kid")),
        (without(rsa, "n"), Unusable::Member("n")),
        (with(rsa, "n", json!("AQ==")), Unusable::Member("n")),
        (with(rsa, "n", json!("")), Unusable::Modulus),
        (with(rsa, "n", json!(b64([0x7f; 256]))), Unusable::Modulus),
        (with(rsa, "n", json!(b64([0xfe; 256]))), Unusable::Modulus),
        (with(rsa, "n", json!(b64([0xff; 1025]))), Unusable::Modulus),
        (with(rsa, "e", json!("AQ")), Unusable::Exponent),
        (with(rsa, "e", json!("Aw")), Unusable::Exponent),
        (with(rsa, "e", json!("AQAA")), Unusable::Exponent),
        (with(rsa, "e", json!(b64([1, 0, 0, 0, 1]))), Unusable::Exponent),
        (without(ec, "y"), Unusable::Member("y")),
        (with(ec, "x", json!(b64([1; 31]))), Unusable::Member("x")),
        (with(ec, "x", json!(b64([1; 33]))), Unusable::Member("x")),
        (with(ec, "x", json!(b64([1; 32]))), Unusable::Point),
        (with(ec, "x", json!(b64([0xff; 32]))), Unusable::Point),
        (with(ed, "x", json!(b64([1; 31]))), Unusable::Member("x")),
    ] {
        assert_eq!(why(key.clone()), expected, "{key}");
    }
}

#[test]
fn a_modulus_with_leading_zeros_is_the_same_key() {
    use base64::Engine as _;
    let n = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(RS256.jwk["n"].as_str().unwrap())
        .unwrap();
    let key = with(&RS256.jwk, "n", json!(b64([&[0], n.as_slice()].concat())));
    let keys = KeySet::parse(json!({"keys": [key]}).to_string().as_bytes()).unwrap();
    assert_eq!(keys.keys()[0].thumbprint(), RS256.keys().keys()[0].thumbprint());
}

#[test]
fn a_set_without_a_usable_key_is_no_set() {
    let fault = |text: &str| KeySet::parse(text.as_bytes()).expect_err("no set");
    assert_eq!(fault(r#"{"keys":[]}"#), KeyFault::Empty { skipped: vec![] });
    assert_eq!(
        fault(r#"{"keys":[]}"#).to_string(),
        "/keys: found none, expected at least one key"
    );
    let private = json!({"keys": [with(&ES256.jwk, "d", json!("AQ"))]}).to_string();
    assert_eq!(
        fault(&private).to_string(),
        "no key can be used; /keys/0: private half is published: anyone can sign with it"
    );
    for text in ["[]", "{}", r#"{"keys":{}}"#, "null", &ES256.jwk.to_string()] {
        assert_eq!(fault(text), KeyFault::NotASet, "{text}");
    }
    assert_eq!(fault(""), KeyFault::Json(Fault::Empty));
    assert!(matches!(fault("<html>"), KeyFault::Json(Fault::Malformed { .. })));
    assert!(matches!(
        fault(r#"{"keys":[],"keys":[]}"#),
        KeyFault::Json(Fault::Duplicate { .. })
    ));
    assert!(matches!(
        fault(r#"{"keys":[{"kty":"RSA","kty":"EC"}]}"#),
        KeyFault::Json(Fault::Duplicate { .. })
    ));
}

#[test]
fn sets_are_bounded() {
    let many = json!({"keys": vec![&ES256.jwk; 65]}).to_string();
    assert_eq!(
        KeySet::parse(many.as_bytes()).unwrap_err(),
        KeyFault::TooMany { found: 65, limit: 64 }
    );
    let long = format!("{{\"keys\":[{}]}}{:>2000}", ES256.jwk, "");
    let limits = Limits {
        set: 2000,
        ..Limits::default()
    };
    assert!(matches!(
        KeySet::parse_within(long.as_bytes(), &limits),
        Err(KeyFault::Json(Fault::TooLong { .. }))
    ));
    assert!(KeySet::parse(long.as_bytes()).is_ok());
}

#[test]
fn debug_shows_no_key_material() {
    let shown = format!("{:?}", RS256.keys());
    assert!(shown.contains("RS256") && !shown.contains(&RS256.jwk["n"].as_str().unwrap()[..20]));
}
