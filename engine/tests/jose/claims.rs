//! Claims against the rules, at given times.

use serde_json::{Value, json};
use yett_engine::jose::{ClaimFault, Rules, check, strict};

use super::mint::{ES256, verify};

const NOW: u64 = 1_800_000_000;

pub(crate) fn rules() -> Rules {
    Rules {
        issuer: "https://idp.example".into(),
        audience: vec!["shop".into(), "shop2".into()],
        types: vec![],
        leeway: 30,
    }
}

pub(crate) fn good() -> Value {
    json!({"iss": "https://idp.example", "aud": "shop", "sub": "ada", "exp": NOW + 300, "iat": NOW - 10, "nbf": NOW - 10})
}

fn judged(claims: &Value, rules: &Rules) -> Result<(), ClaimFault> {
    check(
        &verify(&ES256.mint(claims), &ES256.keys()).unwrap(),
        rules,
        NOW,
        &mut strict,
    )
}

fn with(claim: &str, value: Value) -> Value {
    let mut claims = good();
    claims[claim] = value;
    claims
}

fn without(claim: &str) -> Value {
    let mut claims = good();
    claims.as_object_mut().unwrap().remove(claim);
    claims
}

#[test]
fn each_claim_is_judged() {
    let missing = |claim| Err(ClaimFault::Missing { claim });
    let malformed = |claim| Err(ClaimFault::Malformed { claim });
    for (claims, expected) in [
        (good(), Ok(())),
        (without("iat"), Ok(())),
        (without("nbf"), Ok(())),
        (without("iss"), missing("iss")),
        (with("iss", json!("https://idp.example/")), Err(ClaimFault::Issuer)),
        (with("iss", json!("HTTPS://idp.example")), Err(ClaimFault::Issuer)),
        (with("iss", json!(["https://idp.example"])), malformed("iss")),
        (with("iss", json!(null)), malformed("iss")),
        (without("aud"), missing("aud")),
        (with("aud", json!("shop2")), Ok(())),
        (with("aud", json!(["other", "shop"])), Ok(())),
        (with("aud", json!("other")), Err(ClaimFault::Audience)),
        (with("aud", json!("SHOP")), Err(ClaimFault::Audience)),
        (with("aud", json!([])), Err(ClaimFault::Audience)),
        (with("aud", json!({"shop": 1})), malformed("aud")),
        (with("aud", json!(["shop", 1])), malformed("aud")),
        (with("aud", json!([["shop"]])), malformed("aud")),
        (without("exp"), missing("exp")),
        (with("exp", json!(NOW)), Ok(())),
        (with("exp", json!(NOW - 29)), Ok(())),
        (with("exp", json!(NOW - 30)), Err(ClaimFault::Expired)),
        (with("exp", json!(NOW as f64 - 29.5)), Ok(())),
        (with("exp", json!(0)), Err(ClaimFault::Expired)),
        (with("exp", json!((NOW + 300).to_string())), malformed("exp")),
        (with("exp", json!("NaN")), malformed("exp")),
        (with("exp", json!(true)), malformed("exp")),
        (with("exp", json!(null)), malformed("exp")),
        (with("exp", json!([NOW + 300])), malformed("exp")),
        (with("exp", json!(-1)), malformed("exp")),
        (with("exp", json!((NOW + 300) * 1000)), malformed("exp")),
        (with("exp", json!(1e300)), malformed("exp")),
        (with("exp", json!(u64::MAX)), malformed("exp")),
        (with("nbf", json!(NOW + 30)), Ok(())),
        (with("nbf", json!(NOW + 31)), Err(ClaimFault::Premature)),
        (with("nbf", json!("0")), malformed("nbf")),
        (with("iat", json!(NOW + 30)), Ok(())),
        (with("iat", json!(NOW + 31)), Err(ClaimFault::Postdated)),
        (with("iat", json!({})), malformed("iat")),
        (without("sub"), missing("sub")),
        (with("sub", json!("")), malformed("sub")),
        (with("sub", json!(7)), malformed("sub")),
    ] {
        assert_eq!(judged(&claims, &rules()), expected, "{claims}");
    }
}

#[test]
fn no_audience_in_the_rules_means_no() {
    assert_eq!(
        judged(
            &good(),
            &Rules {
                audience: vec![],
                ..rules()
            }
        ),
        Err(ClaimFault::Audience)
    );
}

#[test]
fn a_huge_leeway_neither_overflows_nor_refuses() {
    assert_eq!(
        judged(
            &good(),
            &Rules {
                leeway: u64::MAX,
                ..rules()
            }
        ),
        Ok(())
    );
}

#[test]
fn the_kind_of_token_is_judged() {
    let judged = |typ: Option<&str>, types: &[&str]| {
        let mut header = json!({"alg": "ES256", "kid": "ES256"});
        if let Some(typ) = typ {
            header["typ"] = json!(typ);
        }
        let verified = verify(&ES256.token(&header.to_string(), &good().to_string()), &ES256.keys()).unwrap();
        let rules = Rules {
            types: types.iter().map(|kind| (*kind).to_owned()).collect(),
            ..rules()
        };
        check(&verified, &rules, NOW, &mut strict)
    };
    for typ in [
        None,
        Some("JWT"),
        Some("jwt"),
        Some("at+jwt"),
        Some("application/AT+JWT"),
    ] {
        assert_eq!(judged(typ, &[]), Ok(()), "{typ:?}");
    }
    for typ in ["", "dpop+jwt", "logout+jwt", "JOSE", "application/", "jwt ", "text/jwt"] {
        assert_eq!(judged(Some(typ), &[]), Err(ClaimFault::Type), "{typ}");
    }
    assert_eq!(judged(Some("at+jwt"), &["at+jwt"]), Ok(()));
    for typ in [None, Some("JWT")] {
        assert_eq!(judged(typ, &["at+jwt"]), Err(ClaimFault::Type), "{typ:?}");
    }
}
