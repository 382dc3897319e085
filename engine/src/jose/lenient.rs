//! The readings that the checks forbid. Reached only where a proof has taken a check out, to show that the attack then
//! succeeds; nothing here may be called before `hold` has said `Ok`.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::hmac;
use aws_lc_rs::signature::ParsedPublicKey;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

use super::{Algorithm, Key, Signer, Token};

/// Base64url that passes over foreign characters, padding and stray bits: many texts for one sequence of bytes.
pub(super) fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let known = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let text: Vec<u8> = text.iter().copied().filter(known).collect();
    GeneralPurpose::new(&URL_SAFE, config).decode(text).ok()
}

/// JSON in which the last of two members counts.
pub(super) fn object(text: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(text).ok()
}

/// Who signed a token that nobody signed.
pub(super) fn nobody() -> Signer {
    Signer {
        algorithm: "none",
        thumbprint: "".into(),
    }
}

/// The key that the token itself brings along (CVE-2018-0114).
pub(super) fn embedded(token: &Token<'_>) -> Option<Signer> {
    let key = Key::from_json(token.header.get("jwk")?).ok()?;
    let algorithm = Algorithm::named(token.algorithm())?;
    let verifier = key.verifier(algorithm)?;
    verifier
        .verify_sig(token.signed, &token.signature)
        .ok()
        .map(|()| Signer::new(algorithm, &key))
}

/// The algorithm that the token asks for: another one of the same key, or an HMAC whose secret is the public key, as DER
/// of its SubjectPublicKeyInfo (CVE-2015-9256 and its many kin).
pub(super) fn confused<'k>(token: &Token<'_>, keys: impl Iterator<Item = &'k Key>) -> Option<Signer> {
    let mac = match token.algorithm() {
        "HS256" => Some(("HS256", hmac::HMAC_SHA256)),
        "HS384" => Some(("HS384", hmac::HMAC_SHA384)),
        "HS512" => Some(("HS512", hmac::HMAC_SHA512)),
        _ => None,
    };
    let asked = Algorithm::named(token.algorithm());
    keys.filter_map(|key| Some((key, key.any_verifier()?.as_der().ok()?)))
        .find_map(|(key, der)| {
            if let Some((name, mac)) = mac {
                let secret = hmac::Key::new(mac, der.as_ref());
                hmac::verify(&secret, token.signed, &token.signature).ok()?;
                return Some(Signer {
                    algorithm: name,
                    thumbprint: key.thumbprint().clone(),
                });
            }
            let algorithm = asked?;
            let verifier = ParsedPublicKey::new(algorithm.verification(), der.as_ref()).ok()?;
            verifier
                .verify_sig(token.signed, &token.signature)
                .ok()
                .map(|()| Signer::new(algorithm, key))
        })
}
