//! Every reason: an attack that is refused with exactly it, a twin that passes, and the attack passing without the check.

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use yett_engine::jose::{ClaimFault, Limits, Token, TokenFault, check};
use yett_engine::reason::{self, Reason};

use super::claims::{good, rules};
use super::mint::{ES256, RS256, b64, keys};

const NOW: u64 = 1_800_000_000;

/// Reads, verifies and checks, with one check left out; the claims of whoever passes.
fn judge(token: &str, without: Option<Reason>) -> Result<Map<String, Value>, Reason> {
    let mut hold = |fault: TokenFault| {
        if Some(fault.reason()) == without {
            Ok(())
        } else {
            Err(fault)
        }
    };
    let set = keys(&[&ES256.jwk, &RS256.jwk]);
    let read = Token::read(token.as_bytes(), &Limits::default(), &mut hold).map_err(|fault| fault.reason())?;
    let verified = read.verify(&set, &mut hold).map_err(|fault| fault.reason())?;
    let mut hold = |fault: ClaimFault| {
        if Some(fault.reason()) == without {
            Ok(())
        } else {
            Err(fault)
        }
    };
    check(&verified, &rules(), NOW, &mut hold).map_err(|fault| fault.reason())?;
    Ok(verified.claims().clone())
}

fn claims(change: &[(&str, Value)]) -> String {
    let mut claims = good();
    for (name, value) in change {
        claims[*name] = value.clone();
    }
    claims.to_string()
}

fn headed(change: &[(&str, Value)]) -> String {
    let mut header = ES256.header();
    for (name, value) in change {
        header[*name] = value.clone();
    }
    header.to_string()
}

/// HMAC with the public key as its secret: the DER that any PEM of it holds.
fn confusion() -> String {
    let n = URL_SAFE_NO_PAD.decode(RS256.jwk["n"].as_str().unwrap()).unwrap();
    let mut der = URL_SAFE_NO_PAD
        .decode("MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA")
        .unwrap();
    der.extend(n);
    der.extend([2, 3, 1, 0, 1]);
    let signed = format!(
        "{}.{}",
        b64(json!({"alg": "HS256", "kid": "RS256"}).to_string()),
        b64(claims(&[]))
    );
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &der), signed.as_bytes());
    format!("{signed}.{}", b64(tag))
}

/// Every attack with its reason.
fn attacks() -> Vec<(Reason, String)> {
    let stranger = ES256.double();
    let header = headed(&[]);
    let good = ES256.token(&header, &claims(&[]));
    let twice = claims(&[]).replacen('{', r#"{"sub":"root","#, 1);
    let without_expiry = claims(&[]).replace(r#""exp""#, r#""x""#);
    vec![
        (
            reason::AUTHENTICATE_TOKEN_OVERSIZED,
            ES256.token(&header, &claims(&[("x", json!("x".repeat(9000)))])),
        ),
        (reason::AUTHENTICATE_TOKEN_MALFORMED, format!("{good}==")),
        (reason::AUTHENTICATE_TOKEN_DUPLICATED, ES256.token(&header, &twice)),
        (
            reason::AUTHENTICATE_TOKEN_EXTENDED,
            ES256.token(&headed(&[("crit", json!(["exp"]))]), &claims(&[])),
        ),
        (
            reason::AUTHENTICATE_TOKEN_UNSIGNED,
            format!("{}.{}.", b64(r#"{"alg":"none"}"#), b64(claims(&[]))),
        ),
        (reason::AUTHENTICATE_ALGORITHM_MISMATCHED, confusion()),
        (
            reason::AUTHENTICATE_SIGNER_UNKNOWN,
            stranger.token(
                &headed(&[("kid", json!("x")), ("jwk", stranger.jwk.clone())]),
                &claims(&[]),
            ),
        ),
        (
            reason::AUTHENTICATE_SIGNATURE_INVALID,
            stranger.token(&header, &claims(&[])),
        ),
        (
            reason::AUTHENTICATE_TYPE_MISMATCHED,
            ES256.token(&headed(&[("typ", json!("logout+jwt"))]), &claims(&[])),
        ),
        (
            reason::AUTHENTICATE_ISSUER_MISMATCHED,
            ES256.token(&header, &claims(&[("iss", json!("https://other"))])),
        ),
        (
            reason::AUTHENTICATE_AUDIENCE_MISMATCHED,
            ES256.token(&header, &claims(&[("aud", json!("other"))])),
        ),
        (
            reason::AUTHENTICATE_TOKEN_EXPIRED,
            ES256.token(&header, &claims(&[("exp", json!(NOW - 60))])),
        ),
        (
            reason::AUTHENTICATE_TOKEN_PREMATURE,
            ES256.token(&header, &claims(&[("nbf", json!(NOW + 60))])),
        ),
        (
            reason::AUTHENTICATE_TOKEN_POSTDATED,
            ES256.token(&header, &claims(&[("iat", json!(NOW + 60))])),
        ),
        (
            reason::AUTHENTICATE_CLAIM_MISSING,
            ES256.token(&header, &without_expiry),
        ),
        (
            reason::AUTHENTICATE_CLAIM_MALFORMED,
            ES256.token(&header, &claims(&[("exp", json!("2100"))])),
        ),
    ]
}

#[test]
fn every_attack_is_refused_with_its_reason_and_passes_without_the_check() {
    assert!(
        judge(&ES256.token(&headed(&[]), &claims(&[])), None).is_ok(),
        "the twin of all"
    );
    assert!(judge(&RS256.mint(&good()), None).is_ok(), "the twin of the confusion");
    for (reason, attack) in attacks() {
        assert_eq!(judge(&attack, None), Err(reason));
        assert!(judge(&attack, Some(reason)).is_ok(), "without {reason}");
    }
}

#[test]
fn leaving_one_check_out_leaves_the_others_in() {
    for (reason, attack) in attacks() {
        for other in attacks()
            .into_iter()
            .map(|(other, _)| other)
            .filter(|other| *other != reason)
        {
            assert_eq!(judge(&attack, Some(other)), Err(reason), "without {other}");
        }
    }
}

#[test]
fn every_reason_of_the_catalogue_is_here() {
    let here: BTreeSet<_> = attacks().into_iter().map(|(reason, _)| reason.id()).collect();
    let catalogue: BTreeSet<_> = Reason::all()
        .filter(|reason| reason.control() == "jwt")
        .map(|reason| reason.id())
        .collect();
    let elsewhere = BTreeSet::from(["authenticate.token.repeated"]);
    assert_eq!(
        catalogue,
        here.union(&elsewhere).copied().collect(),
        "that a request carries one token is the method's to see"
    );
}

#[test]
fn what_no_reading_can_save_is_refused_without_the_check_as_well() {
    let malformed = Some(reason::AUTHENTICATE_TOKEN_MALFORMED);
    let header = headed(&[]);
    for attack in [
        "",
        "a.b",
        "a.b.c.d",
        &ES256.token("{}", "{}"),
        &ES256.token(&header, "[]"),
        &ES256.token("[]", "{}"),
    ] {
        assert_eq!(
            judge(attack, malformed),
            Err(reason::AUTHENTICATE_TOKEN_MALFORMED),
            "{attack}"
        );
    }
    let strange = ES256.double().token(&headed(&[("kid", json!("x"))]), &claims(&[]));
    let unknown = reason::AUTHENTICATE_SIGNER_UNKNOWN;
    assert_eq!(judge(&strange, Some(unknown)), Err(unknown), "there is no key at all");
}
