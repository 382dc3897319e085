//! Vectors of others: Wycheproof's JWS and JWK files, the signatures of RFC 7520 and of RFC 8037. No false accept, ever; a
//! false refusal stands in a list with its reason.

use std::path::PathBuf;

use serde_json::{Value, json};
use yett_engine::jose::{KeyFault, KeySet, Limits, Skipped, Token, TokenFault, Unusable, strict};

/// JWS vectors called valid that are refused.
const REFUSED: [(u64, &str); 6] = [
    (
        346,
        "the key's alg is PS256, the token's PS384: the algorithm comes from the key",
    ),
    (347, "the key's alg is ES521, which is not registered"),
    (350, "as 346"),
    (351, "as 347"),
    (372, "a foreign character in the header's base64url"),
    (373, "a foreign character in the payload's base64url"),
];

fn read(name: &str) -> Option<Value> {
    let Some(folder) = std::env::var_os("YETT_DATA").map(PathBuf::from) else {
        assert_ne!(
            std::env::var("YETT_PEERS").as_deref(),
            Ok("all"),
            "YETT_DATA names no folder with {name}"
        );
        eprintln!("skipped: YETT_DATA names no folder with {name}");
        return None;
    };
    let text = std::fs::read(folder.join(name)).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

fn holds(token: &str, set: &Value) -> bool {
    let Ok(keys) = KeySet::parse(set.to_string().as_bytes()) else {
        return false;
    };
    Token::read(token.as_bytes(), &Limits::default(), &mut strict)
        .and_then(|token| token.authenticate(&keys, &mut strict))
        .is_ok()
}

fn is_symmetric(key: &Value) -> bool {
    key["kty"] == "oct"
}

#[test]
fn wycheproof_web_signatures() {
    let Some(file) = read("jose/wycheproof_json_web_signature.json") else {
        return;
    };
    let (mut accepted, mut refused, mut seen) = (0, Vec::new(), 0);
    for group in file["testGroups"].as_array().unwrap() {
        let key = group.get("public").unwrap_or(&group["private"]);
        for test in group["tests"].as_array().unwrap() {
            seen += 1;
            let number = test["tcId"].as_u64().unwrap();
            let valid = test["result"] == "valid";
            match (
                valid,
                holds(test["jws"].as_str().unwrap_or_default(), &json!({"keys": [key]})),
            ) {
                (true, true) => accepted += 1,
                (true, false) if is_symmetric(key) => {}
                (true, false) => refused.push(number),
                (false, accepted) => assert!(!accepted, "false accept of {number}: {}", test["comment"]),
            }
        }
    }
    assert_eq!(seen, file["numberOfTests"].as_u64().unwrap());
    assert_eq!(accepted, 32, "all that are valid and asymmetric, but for the list");
    let known: Vec<_> = REFUSED
        .iter()
        .map(|(number, _)| *number)
        .filter(|number| !symmetric(&file, *number))
        .collect();
    assert_eq!(refused, known);
}

/// 372 and 373 are HMAC vectors: they would be refused for that alone.
fn symmetric(file: &Value, number: u64) -> bool {
    file["testGroups"].as_array().unwrap().iter().any(|group| {
        is_symmetric(&group["private"])
            && group["tests"]
                .as_array()
                .unwrap()
                .iter()
                .any(|test| test["tcId"] == number)
    })
}

#[test]
fn the_refused_wycheproof_vectors_hold_under_the_key_that_they_mean() {
    let Some(file) = read("jose/wycheproof_json_web_signature.json") else {
        return;
    };
    for group in file["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap().iter().filter(|test| {
            test["tcId"]
                .as_u64()
                .is_some_and(|number| [346, 347, 350, 351].contains(&number))
        }) {
            let mut key = group["public"].clone();
            key.as_object_mut().unwrap().remove("alg");
            assert!(
                holds(test["jws"].as_str().unwrap(), &json!({"keys": [key]})),
                "{}",
                test["tcId"]
            );
        }
    }
}

#[test]
fn wycheproof_web_keys() {
    let Some(file) = read("jose/wycheproof_json_web_key.json") else {
        return;
    };
    for group in file["testGroups"].as_array().unwrap() {
        let set = group.get("public").unwrap_or(&group["private"]);
        let symmetric = set["keys"].as_array().unwrap().iter().all(is_symmetric);
        for test in group["tests"].as_array().unwrap() {
            let expected = test["result"] == "valid" && !symmetric;
            assert_eq!(
                holds(test["jws"].as_str().unwrap(), set),
                expected,
                "{}: {}",
                test["tcId"],
                test["comment"]
            );
            if group["comment"] == "jws_rsa_roca_key" {
                let fault = KeySet::parse(set.to_string().as_bytes()).unwrap_err();
                assert_eq!(
                    fault,
                    KeyFault::Empty {
                        skipped: vec![Skipped {
                            index: 0,
                            why: Unusable::Roca
                        }]
                    }
                );
            }
        }
    }
}

/// The public half: the examples give the private one.
fn public(key: &Value) -> Value {
    let mut key = key.clone();
    for member in ["d", "p", "q", "dp", "dq", "qi"] {
        key.as_object_mut().unwrap().remove(member);
    }
    key
}

#[test]
fn examples_of_the_rfcs() {
    for (name, algorithm) in [
        ("jws_4_1.rsa_v15_signature", "RS256"),
        ("jws_4_2.rsa-pss_signature", "PS384"),
        ("jws_4_3.ecdsa_signature", "ES512"),
        ("curve25519_jws", "EdDSA"),
    ] {
        let Some(example) = read(&format!("rfc7520/{name}.json")) else {
            return;
        };
        let keys = KeySet::parse(
            json!({"keys": [public(&example["input"]["key"])]})
                .to_string()
                .as_bytes(),
        )
        .unwrap();
        let text = example["output"]["compact"].as_str().unwrap();
        let token = Token::read(text.as_bytes(), &Limits::default(), &mut strict).unwrap();
        let signer = token.authenticate(&keys, &mut strict).unwrap();
        assert_eq!(signer.algorithm(), algorithm);
        assert_eq!(signer.thumbprint(), keys.keys()[0].thumbprint());
        assert_eq!(
            token.payload(),
            example["input"]["payload"].as_str().unwrap().as_bytes()
        );
        assert!(
            matches!(token.verify(&keys, &mut strict), Err(TokenFault::Json { .. })),
            "a sentence is not claims"
        );
    }
}

#[test]
fn thumbprints_of_the_rfcs() {
    // RFC 7638 section 3.1 and RFC 8037 appendix A.3.
    let rsa = json!({
        "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMst\
    n64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbIS\
    D08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    });
    let ed25519 = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
    for (key, thumbprint) in [
        (rsa, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        (ed25519, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ] {
        let keys = KeySet::parse(json!({"keys": [key]}).to_string().as_bytes()).unwrap();
        assert_eq!(&**keys.keys()[0].thumbprint(), thumbprint);
    }
}
