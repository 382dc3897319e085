//! Tokens: what is read, which key is asked, and that nothing but the issuer's own text ever verifies.

use proptest::prelude::*;
use serde_json::{Value, json};
use yett_engine::jose::{Limits, Part, Token, TokenFault, strict};
use yett_engine::json::{Fault, Pointer};

use super::mint::{EDDSA, ES256, ES384, ES512, Issuer, PS512, RS256, b64, issuers, keys, verify};

fn fault(token: &str) -> TokenFault {
    verify(token, &ES256.keys()).expect_err("a refusal")
}

fn token_with(header: &str) -> String {
    ES256.token(header, "{}")
}

#[test]
fn every_algorithm_verifies_under_its_own_key_alone() {
    let all: Vec<_> = issuers().iter().map(|issuer| &issuer.jwk).collect();
    let all = keys(&all);
    for issuer in issuers() {
        let token = issuer.mint(&json!({"sub": "ada", "n": [1, {"a": null}]}));
        let verified = verify(&token, &all).unwrap();
        assert_eq!(verified.algorithm(), issuer.algorithm);
        assert_eq!(
            Value::Object(verified.claims().clone()),
            json!({"sub": "ada", "n": [1, {"a": null}]})
        );
        assert_eq!(verified.kind(), Some("at+jwt"));
        assert_eq!(verified.thumbprint(), issuer.keys().keys()[0].thumbprint());
        for other in issuers()
            .into_iter()
            .filter(|other| other.algorithm != issuer.algorithm)
        {
            assert_eq!(verify(&token, &other.keys()).unwrap_err(), TokenFault::UnknownKey);
        }
    }
}

#[test]
fn the_shape_is_three_parts() {
    let good = ES256.mint(&json!({}));
    for token in [
        "",
        ".",
        "..",
        "a",
        "a.b",
        "a.b.c.d",
        &good[..good.rfind('.').unwrap()],
        &format!("{good}."),
        &format!(".{good}"),
    ] {
        let fault = fault(token);
        assert!(
            matches!(
                fault,
                TokenFault::Shape
                    | TokenFault::Json {
                        part: Part::Header,
                        fault: Fault::Empty
                    }
                    | TokenFault::Encoding { .. }
            ),
            "{token}: {fault:?}"
        );
    }
    assert_eq!(fault(&format!("{good}.")), TokenFault::Shape);
}

#[test]
fn base64url_has_one_spelling() {
    let good = ES256.mint(&json!({"sub": "a"}));
    let parts: Vec<_> = good.split('.').collect();
    for (part, index) in [(Part::Header, 0), (Part::Payload, 1), (Part::Signature, 2)] {
        for change in ["=", "==", " ", "\n", "?", "+", "/", "%3D", "A"] {
            let mut parts = parts.clone();
            let changed = format!("{}{change}", parts[index]);
            parts[index] = &changed;
            let fault = fault(&parts.join("."));
            if change != "A" || changed.len() % 4 == 1 {
                assert_eq!(fault, TokenFault::Encoding { part }, "{changed}");
            }
        }
    }
    // 64 bytes leave four stray bits in the last character.
    let (head, last) = good.split_at(good.len() - 1);
    let stray = char::from(last.as_bytes()[0] + 1);
    assert_eq!(
        fault(&format!("{head}{stray}")),
        TokenFault::Encoding { part: Part::Signature }
    );
}

#[test]
fn the_header_is_strict_json() {
    for (header, expected) in [
        (
            "",
            TokenFault::Json {
                part: Part::Header,
                fault: Fault::Empty,
            },
        ),
        ("[]", TokenFault::NotAnObject { part: Part::Header }),
        ("\"ES256\"", TokenFault::NotAnObject { part: Part::Header }),
        ("{}", TokenFault::Header { member: "alg" }),
        (r#"{"alg":256}"#, TokenFault::Header { member: "alg" }),
        (r#"{"alg":null}"#, TokenFault::Header { member: "alg" }),
        (r#"{"alg":"ES256","kid":1}"#, TokenFault::Header { member: "kid" }),
        (r#"{"alg":"ES256","typ":{}}"#, TokenFault::Header { member: "typ" }),
        (
            r#"{"alg":"none","alg":"ES256"}"#,
            TokenFault::Duplicated {
                part: Part::Header,
                pointer: Pointer::parse("/alg").unwrap(),
            },
        ),
        (r#"{"alg":"ES256","crit":[]}"#, TokenFault::Extended { member: "crit" }),
        (
            r#"{"alg":"ES256","crit":["b64"],"b64":false}"#,
            TokenFault::Extended { member: "crit" },
        ),
        (r#"{"alg":"ES256","b64":true}"#, TokenFault::Extended { member: "b64" }),
        (r#"{"alg":"ES256","zip":"DEF"}"#, TokenFault::Extended { member: "zip" }),
    ] {
        assert_eq!(fault(&token_with(header)), expected, "{header}");
    }
    for header in [
        "{",
        "{\"alg\":\"ES256\"} x",
        "\u{feff}{\"alg\":\"ES256\"}",
        r#"{"alg":"\ud800"}"#,
    ] {
        assert!(
            matches!(fault(&token_with(header)), TokenFault::Json { part: Part::Header, .. }),
            "{header}"
        );
    }
    let deep = format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(16), "]".repeat(16));
    assert!(matches!(
        fault(&token_with(&deep)),
        TokenFault::Json {
            fault: Fault::TooDeep { .. },
            ..
        }
    ));
}

#[test]
fn keys_that_a_header_offers_are_ignored() {
    let stranger = ES256.double();
    let mut header = stranger.header();
    header["jwk"] = stranger.jwk.clone();
    header["jku"] = json!("http://attacker.example/keys");
    header["x5u"] = json!("http://attacker.example/chain");
    header["x5c"] = json!(["AAAA"]);
    assert_eq!(fault(&stranger.token(&header.to_string(), "{}")), TokenFault::Signature);
    header["kid"] = json!("mine");
    assert_eq!(
        fault(&stranger.token(&header.to_string(), "{}")),
        TokenFault::UnknownKey
    );
    header["kid"] = ES256.jwk["kid"].clone();
    assert!(
        verify(&ES256.token(&header.to_string(), "{}"), &ES256.keys()).is_ok(),
        "harmless beside the right key"
    );
}

#[test]
fn the_algorithm_comes_from_the_key() {
    for name in ["none", "None", "NONE", "nOnE"] {
        for token in [
            token_with(&json!({"alg": name}).to_string()),
            format!("{}.{}.", b64(json!({"alg": name}).to_string()), b64("{}")),
        ] {
            assert_eq!(fault(&token), TokenFault::Unsigned, "{name}");
        }
    }
    for name in [
        "HS256", "HS384", "HS512", "ES384", "ES512", "RS256", "PS256", "EdDSA", "es256", "ES256K", "", " ES256",
        "ES521",
    ] {
        assert_eq!(
            fault(&token_with(&json!({"alg": name}).to_string())),
            TokenFault::Algorithm,
            "{name}"
        );
    }
}

#[test]
fn a_key_without_alg_permits_all_of_its_kind_and_no_other() {
    let mut jwk = RS256.jwk.clone();
    jwk.as_object_mut().unwrap().remove("alg");
    let set = keys(&[&jwk]);
    assert_eq!(verify(&RS256.mint(&json!({})), &set).unwrap().algorithm(), "RS256");
    let header = |name: &str| json!({"alg": name, "kid": "RS256"}).to_string();
    assert_eq!(
        verify(&RS256.token(&header("PS256"), "{}"), &set).unwrap_err(),
        TokenFault::Signature
    );
    assert_eq!(
        verify(&RS256.token(&header("HS256"), "{}"), &set).unwrap_err(),
        TokenFault::Algorithm
    );
    assert_eq!(
        verify(&RS256.token(&header("ES256"), "{}"), &set).unwrap_err(),
        TokenFault::Algorithm
    );
}

#[test]
fn without_a_kid_every_key_that_fits_is_tried_within_bounds() {
    let doubles: Vec<Issuer> = (0..8).map(|_| ES256.double()).collect();
    let mut jwks: Vec<&Value> = doubles.iter().map(|double| &double.jwk).collect();
    jwks.extend([&RS256.jwk, &EDDSA.jwk, &ES384.jwk, &ES512.jwk, &PS512.jwk]);
    let set = keys(&jwks);
    let nameless = json!({"alg": "ES256"}).to_string();
    let verified = verify(&doubles[7].token(&nameless, "{}"), &set).unwrap();
    assert_eq!(verified.thumbprint(), doubles[7].keys().keys()[0].thumbprint());
    assert_eq!(
        verify(&ES256.token(&nameless, "{}"), &set).unwrap_err(),
        TokenFault::Signature
    );
    let ninth = ES256.double();
    jwks.push(&ninth.jwk);
    assert_eq!(
        verify(&ninth.token(&nameless, "{}"), &keys(&jwks)).unwrap_err(),
        TokenFault::AmbiguousKey
    );
}

#[test]
fn two_keys_may_share_a_kid() {
    let double = ES256.double();
    let set = keys(&[&ES256.jwk, &double.jwk]);
    for issuer in [&*ES256, &double] {
        let verified = verify(&issuer.mint(&json!({})), &set).unwrap();
        assert_eq!(verified.thumbprint(), issuer.keys().keys()[0].thumbprint());
    }
}

#[test]
fn claims_are_read_strictly_and_only_behind_a_good_signature() {
    let header = ES256.header().to_string();
    let twice = ES256.token(&header, r#"{"sub":"ada","sub":"root"}"#);
    let pointer = Pointer::parse("/sub").unwrap();
    assert_eq!(
        fault(&twice),
        TokenFault::Duplicated {
            part: Part::Payload,
            pointer
        }
    );
    assert_eq!(
        fault(&ES256.token(&header, "[]")),
        TokenFault::NotAnObject { part: Part::Payload }
    );
    for claims in ["", "{\"exp\":NaN}", "{\"exp\":1e400}", "foo"] {
        assert!(
            matches!(
                fault(&ES256.token(&header, claims)),
                TokenFault::Json {
                    part: Part::Payload,
                    ..
                }
            ),
            "{claims}"
        );
    }
    let stranger = ES256.double();
    assert_eq!(
        fault(&stranger.token(&header, r#"{"sub":"ada","sub":"root"}"#)),
        TokenFault::Signature
    );
}

#[test]
fn tokens_are_bounded() {
    let long = ES256.mint(&json!({"sub": "a".repeat(8192)}));
    assert_eq!(
        fault(&long),
        TokenFault::Oversized {
            found: long.len(),
            limit: 8192
        }
    );
    assert_eq!(
        fault(&"a".repeat(1 << 20)),
        TokenFault::Oversized {
            found: 1 << 20,
            limit: 8192
        }
    );
}

#[test]
fn debug_shows_no_values_of_claims() {
    let verified = verify(&ES256.mint(&json!({"email": "ada@example.com"})), &ES256.keys()).unwrap();
    let shown = format!("{verified:?}");
    assert!(shown.contains("email") && !shown.contains("ada@"));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(
        text in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,90}".prop_map(String::into_bytes),
            (any::<String>(), any::<String>()).prop_map(|(header, payload)| ES256.token(&header, &payload).into_bytes()),
        ]
    ) {
        if let Ok(token) = Token::read(&text, &Limits::default(), &mut strict) {
            let _ = token.verify(&ES256.keys(), &mut strict);
        }
    }

    #[test]
    fn a_changed_token_never_verifies(
        which in 0..6_usize,
        index in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        kind in 0..3_u8,
    ) {
        let issuer = issuers()[which];
        let token = issuer.mint(&json!({"sub": "ada", "exp": 2_000_000_000_u64})).into_bytes();
        let mut changed = token.clone();
        let at = index.index(token.len());
        match kind {
            0 => changed[at] = byte,
            1 => changed.insert(at, byte),
            _ => { changed.remove(at); }
        }
        prop_assume!(changed != token);
        let read = Token::read(&changed, &Limits::default(), &mut strict);
        let verified = read.and_then(|token| token.verify(&issuer.keys(), &mut strict));
        prop_assert!(verified.is_err());
    }
}
