//! One public key of a set (RFC 7517): judged once, and kept in the form that verifies at once.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use serde_json::{Map, Value};
use smallvec::SmallVec;

use super::algorithm::{Algorithm, Family};
use super::base64url;
use super::fault::Unusable;

/// A key that verifies signatures.
pub struct Key {
    kid: Option<Box<str>>,
    thumbprint: Arc<str>,
    verifiers: SmallVec<[(Algorithm, ParsedPublicKey); 2]>,
}

impl Key {
    /// Takes a key from its JSON form.
    ///
    /// # Errors
    /// [`Unusable`] where it must not or cannot verify signatures.
    pub fn from_json(json: &Value) -> Result<Self, Unusable> {
        let members = json.as_object().ok_or(Unusable::NotAnObject)?;
        let kid = text(members, "kid")?.map(Into::into);
        let family = family(members)?;
        purpose(members)?;
        let permitted = permitted(members, family)?;
        let (verifiers, thumbprint) = match family {
            Family::Rsa => rsa(members, &permitted)?,
            Family::P256 | Family::P384 | Family::P521 | Family::Ed25519 => curve(members, family, &permitted)?,
        };
        Ok(Self {
            kid,
            thumbprint,
            verifiers,
        })
    }

    /// Its name in the set.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// SHA-256 of its canonical form (RFC 7638), in base64url.
    pub fn thumbprint(&self) -> &Arc<str> {
        &self.thumbprint
    }

    /// The algorithms that it permits.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.verifiers.iter().map(|(algorithm, _)| *algorithm)
    }

    /// The key prepared for this algorithm, if it permits it.
    pub(super) fn verifier(&self, algorithm: Algorithm) -> Option<&ParsedPublicKey> {
        self.verifiers
            .iter()
            .find(|(permitted, _)| *permitted == algorithm)
            .map(|(_, verifier)| verifier)
    }

    /// The key, whatever it permits.
    pub(super) fn any_verifier(&self) -> Option<&ParsedPublicKey> {
        self.verifiers.first().map(|(_, verifier)| verifier)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.debug_struct("Key")
            .field("kid", &self.kid)
            .field("thumbprint", &self.thumbprint)
            .finish_non_exhaustive()
    }
}

fn text<'m>(members: &'m Map<String, Value>, name: &'static str) -> Result<Option<&'m str>, Unusable> {
    members
        .get(name)
        .map(|value| value.as_str().ok_or(Unusable::Member(name)))
        .transpose()
}

fn bytes(members: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, Unusable> {
    let encoded = text(members, name)?.ok_or(Unusable::Member(name))?;
    base64url::decode(encoded.as_bytes()).ok_or(Unusable::Member(name))
}

fn family(members: &Map<String, Value>) -> Result<Family, Unusable> {
    let family = match (
        text(members, "kty")?.ok_or(Unusable::Member("kty"))?,
        text(members, "crv")?,
    ) {
        ("oct", _) => return Err(Unusable::Symmetric),
        ("RSA", _) => Family::Rsa,
        ("EC", Some("P-256")) => Family::P256,
        ("EC", Some("P-384")) => Family::P384,
        ("EC", Some("P-521")) => Family::P521,
        ("OKP", Some("Ed25519")) => Family::Ed25519,
        _ => return Err(Unusable::Kind),
    };
    if members.contains_key("d") {
        return Err(Unusable::Private);
    }
    Ok(family)
}

fn purpose(members: &Map<String, Value>) -> Result<(), Unusable> {
    if text(members, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(Unusable::Purpose);
    }
    let Some(operations) = members.get("key_ops") else {
        return Ok(());
    };
    let operations = operations.as_array().ok_or(Unusable::Member("key_ops"))?;
    if !operations.iter().any(|operation| operation == "verify") {
        return Err(Unusable::Purpose);
    }
    Ok(())
}

/// The key's own `alg`, or all of its kind where it says nothing.
fn permitted(members: &Map<String, Value>, family: Family) -> Result<SmallVec<[Algorithm; 6]>, Unusable> {
    let named = text(members, "alg")?;
    let permitted: SmallVec<[Algorithm; 6]> = Algorithm::of(family)
        .filter(|algorithm| named.is_none_or(|name| name == algorithm.name()))
        .collect();
    if permitted.is_empty() {
        return Err(Unusable::Algorithm);
    }
    Ok(permitted)
}

type Prepared = (SmallVec<[(Algorithm, ParsedPublicKey); 2]>, Arc<str>);

fn rsa(members: &Map<String, Value>, permitted: &[Algorithm]) -> Result<Prepared, Unusable> {
    let (n, e) = (bytes(members, "n")?, bytes(members, "e")?);
    let (n, e) = (minimal(&n), minimal(&e));
    let bits = n
        .first()
        .map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    if !(2048..=8192).contains(&bits) || is_even(n) {
        return Err(Unusable::Modulus);
    }
    if has_roca_shape(n) {
        return Err(Unusable::Roca);
    }
    let exponent = e.iter().try_fold(0_u64, |value, byte| {
        value.checked_mul(256)?.checked_add(u64::from(*byte))
    });
    if !exponent.is_some_and(|value| (65_537..1 << 32).contains(&value)) || is_even(e) {
        return Err(Unusable::Exponent);
    }
    let components = RsaPublicKeyComponents { n, e };
    let prepare = |algorithm: &Algorithm| {
        let parameters = algorithm.rsa().ok_or(Unusable::Algorithm)?;
        let verifier = components
            .to_parsed_public_key(parameters)
            .map_err(|_| Unusable::Modulus)?;
        Ok((*algorithm, verifier))
    };
    let verifiers = permitted.iter().map(prepare).collect::<Result<_, _>>()?;
    let (n, e) = (base64url::encode(n), base64url::encode(e));
    Ok((
        verifiers,
        thumbprint(&format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#)),
    ))
}

/// Big-endian without leading zeros, so that one number has one thumbprint.
fn minimal(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// Whether the modulus has the shape that Infineon's generator left (CVE-2017-15361): modulo each of these primes it is a
/// power of 65537. One in about 2^27 sound keys has it by chance.
fn has_roca_shape(n: &[u8]) -> bool {
    const PRIMES: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];
    PRIMES.iter().all(|prime| {
        let residue = n
            .iter()
            .fold(0, |residue, byte| (residue * 256 + u32::from(*byte)) % prime);
        let powers = std::iter::successors(Some(1), |power| Some(power * 65_537 % prime));
        powers.take(*prime as usize).any(|power| power == residue)
    })
}

fn is_even(number: &[u8]) -> bool {
    number.last().is_none_or(|byte| byte & 1 == 0)
}

fn curve(members: &Map<String, Value>, family: Family, permitted: &[Algorithm]) -> Result<Prepared, Unusable> {
    let coordinate = |name| {
        let bytes = bytes(members, name)?;
        if bytes.len() == family.coordinate() {
            Ok(bytes)
        } else {
            Err(Unusable::Member(name))
        }
    };
    let curve = family.curve().ok_or(Unusable::Kind)?;
    let x = coordinate("x")?;
    let (point, canonical) = if family == Family::Ed25519 {
        let canonical = format!(r#"{{"crv":"{curve}","kty":"OKP","x":"{}"}}"#, base64url::encode(&x));
        (x, canonical)
    } else {
        let y = coordinate("y")?;
        let (x64, y64) = (base64url::encode(&x), base64url::encode(&y));
        // Uncompressed, SEC 1 section 2.3.3.
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        (
            point,
            format!(r#"{{"crv":"{curve}","kty":"EC","x":"{x64}","y":"{y64}"}}"#),
        )
    };
    let prepare = |algorithm: &Algorithm| {
        let verifier = ParsedPublicKey::new(algorithm.verification(), &point).map_err(|_| Unusable::Point)?;
        Ok((*algorithm, verifier))
    };
    let verifiers = permitted.iter().map(prepare).collect::<Result<_, _>>()?;
    Ok((verifiers, thumbprint(&canonical)))
}

fn thumbprint(canonical: &str) -> Arc<str> {
    base64url::encode(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref()).into()
}
