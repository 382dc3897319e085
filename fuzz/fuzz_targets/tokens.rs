//! Property: only the issuer's own text verifies, in one spelling, and its claims mean the same to serde_json.
#![no_main]

use std::sync::LazyLock;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use yett_engine::jose::{KeySet, Limits, Rules, Token, Verified, check, strict};

static PAIR: LazyLock<Ed25519KeyPair> =
    LazyLock::new(|| Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed of 32 bytes"));

static KEYS: LazyLock<KeySet> = LazyLock::new(|| {
    let x = URL_SAFE_NO_PAD.encode(PAIR.public_key());
    let set = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"k","x":"{x}"}}]}}"#);
    KeySet::parse(set.as_bytes()).expect("a key")
});

// The first byte chooses: a whole token, or a header and claims with a NUL between them, which the issuer signs.
fuzz_target!(|input: &[u8]| {
    let Some((kind, rest)) = input.split_first() else {
        return;
    };
    if kind & 1 == 0 {
        let Some(_) = verify(rest) else { return };
        let dot = rest.iter().rposition(|byte| *byte == b'.').expect("a token has dots");
        assert_eq!(rest, sign(&rest[..dot]), "another spelling, or another's signature");
    } else {
        let Some(nul) = rest.iter().position(|byte| *byte == 0) else {
            return;
        };
        let (header, claims) = (&rest[..nul], &rest[nul + 1..]);
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let Some(verified) = verify(&sign(signed.as_bytes())) else {
            return;
        };
        let header: serde_json::Value = serde_json::from_slice(header).expect("JSON");
        assert!(
            header["alg"] == "EdDSA" || header["alg"] == "Ed25519",
            "the algorithm comes from the key"
        );
        let other: serde_json::Value = serde_json::from_slice(claims).expect("JSON");
        assert_eq!(other.as_object(), Some(verified.claims()), "two meanings");
        let rules = Rules {
            issuer: "i".into(),
            audience: vec!["a".into()],
            types: vec![],
            leeway: 30,
        };
        if check(&verified, &rules, 1_800_000_000, &mut strict).is_ok() {
            assert!(
                verified.claims()["exp"]
                    .as_f64()
                    .is_some_and(|expiry| expiry > 1_799_999_970.0),
                "expired"
            );
            assert!(
                verified.claims()["sub"]
                    .as_str()
                    .is_some_and(|subject| !subject.is_empty()),
                "no subject"
            );
            assert_eq!(verified.claims()["iss"], "i", "another issuer");
        }
    }
});

fn sign(signed: &[u8]) -> Vec<u8> {
    let signature = URL_SAFE_NO_PAD.encode(PAIR.sign(signed));
    [signed, b".", signature.as_bytes()].concat()
}

fn verify(text: &[u8]) -> Option<Verified> {
    Token::read(text, &Limits::default(), &mut strict)
        .ok()?
        .verify(&KEYS, &mut strict)
        .ok()
}
