//! Issuers for the tests: keys made once a run, their JWKs, and tokens over any text.

use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use yett_engine::jose::{KeySet, Limits, Token, TokenFault, Verified, strict};

/// One issuer: an algorithm, a key, and the public half as a JWK.
pub(crate) struct Issuer {
    pub(crate) algorithm: &'static str,
    pub(crate) jwk: Value,
    pair: Pair,
}

enum Pair {
    Rsa(RsaKeyPair, &'static dyn signature::RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

pub(crate) static RS256: LazyLock<Issuer> = LazyLock::new(|| rsa("RS256", &signature::RSA_PKCS1_SHA256));
pub(crate) static PS512: LazyLock<Issuer> = LazyLock::new(|| rsa("PS512", &signature::RSA_PSS_SHA512));
pub(crate) static ES256: LazyLock<Issuer> =
    LazyLock::new(|| ec("ES256", "P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING));
pub(crate) static ES384: LazyLock<Issuer> =
    LazyLock::new(|| ec("ES384", "P-384", &signature::ECDSA_P384_SHA384_FIXED_SIGNING));
pub(crate) static ES512: LazyLock<Issuer> =
    LazyLock::new(|| ec("ES512", "P-521", &signature::ECDSA_P521_SHA512_FIXED_SIGNING));
pub(crate) static EDDSA: LazyLock<Issuer> = LazyLock::new(|| {
    let pair = Ed25519KeyPair::generate().unwrap();
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key()), "kid": "EdDSA", "alg": "EdDSA"});
    Issuer {
        algorithm: "EdDSA",
        jwk,
        pair: Pair::Ed(pair),
    }
});

/// All of them.
pub(crate) fn issuers() -> [&'static Issuer; 6] {
    [&RS256, &PS512, &ES256, &ES384, &ES512, &EDDSA]
}

fn rsa(algorithm: &'static str, encoding: &'static dyn signature::RsaEncoding) -> Issuer {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    // RFC 8017 A.1.1: a sequence of n, with a leading zero, and e.
    let n = &pair.public_key().as_ref()[9..265];
    let jwk = json!({"kty": "RSA", "n": b64(n), "e": "AQAB", "kid": algorithm, "alg": algorithm, "use": "sig"});
    Issuer {
        algorithm,
        jwk,
        pair: Pair::Rsa(pair, encoding),
    }
}

fn ec(algorithm: &'static str, crv: &str, signing: &'static signature::EcdsaSigningAlgorithm) -> Issuer {
    let pair = EcdsaKeyPair::generate(signing).unwrap();
    let point = &pair.public_key().as_ref()[1..];
    let (x, y) = point.split_at(point.len() / 2);
    let jwk = json!({"kty": "EC", "crv": crv, "x": b64(x), "y": b64(y), "kid": algorithm, "alg": algorithm});
    Issuer {
        algorithm,
        jwk,
        pair: Pair::Ec(pair),
    }
}

impl Issuer {
    pub(crate) fn keys(&self) -> KeySet {
        keys(&[&self.jwk])
    }

    /// Another issuer with the same algorithm and the same `kid`.
    pub(crate) fn double(&self) -> Self {
        match self.algorithm {
            "ES256" => ec("ES256", "P-256", &signature::ECDSA_P256_SHA256_FIXED_SIGNING),
            other => panic!("no double of {other}"),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Pair::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token over exactly these texts.
    pub(crate) fn token(&self, header: &str, payload: &str) -> String {
        let signed = format!("{}.{}", b64(header), b64(payload));
        format!("{signed}.{}", b64(self.sign(signed.as_bytes())))
    }

    /// The header that goes with the key.
    pub(crate) fn header(&self) -> Value {
        json!({"alg": self.algorithm, "kid": self.jwk["kid"], "typ": "at+jwt"})
    }

    /// A token with these claims.
    pub(crate) fn mint(&self, claims: &Value) -> String {
        self.token(&self.header().to_string(), &claims.to_string())
    }
}

pub(crate) fn keys(jwks: &[&Value]) -> KeySet {
    KeySet::parse(json!({"keys": jwks}).to_string().as_bytes()).unwrap()
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn verify(token: &str, keys: &KeySet) -> Result<Verified, TokenFault> {
    Token::read(token.as_bytes(), &Limits::default(), &mut strict)?.verify(keys, &mut strict)
}
