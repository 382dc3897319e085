//! A token on its way from text to [`Verified`], which nothing else builds: read, find the key, verify, then parse the claims.

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::{Algorithm, Hold, Key, KeySet, Limits, Part, TokenFault, base64url, lenient};
use crate::json;

/// A JWS in compact form whose header is read and whose signature is not verified.
pub struct Token<'t> {
    /// What is signed: the text up to the second dot.
    pub(super) signed: &'t [u8],
    pub(super) header: Map<String, Value>,
    payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
    limits: Limits,
}

/// Who signed: what evidence says of a verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    pub(super) algorithm: &'static str,
    pub(super) thumbprint: Arc<str>,
}

impl Signer {
    pub(super) fn new(algorithm: Algorithm, key: &Key) -> Self {
        Self {
            algorithm: algorithm.name(),
            thumbprint: key.thumbprint().clone(),
        }
    }

    /// The algorithm's registered name.
    pub fn algorithm(&self) -> &'static str {
        self.algorithm
    }

    /// The key's RFC 7638 thumbprint.
    pub fn thumbprint(&self) -> &Arc<str> {
        &self.thumbprint
    }
}

/// Claims behind a signature that held. Whether they are current and meant for us is for [`check`](super::check) to say.
pub struct Verified {
    claims: Map<String, Value>,
    kind: Option<Box<str>>,
    signer: Signer,
}

impl Verified {
    /// The claims.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The header's `typ`.
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }

    /// Who signed.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The algorithm's registered name.
    pub fn algorithm(&self) -> &'static str {
        self.signer.algorithm
    }

    /// The key's RFC 7638 thumbprint.
    pub fn thumbprint(&self) -> &Arc<str> {
        &self.signer.thumbprint
    }
}

impl fmt::Debug for Verified {
    /// Names of claims only: their values are a person's.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.claims.keys().collect();
        to.debug_struct("Verified")
            .field("signer", &self.signer)
            .field("claims", &names)
            .finish_non_exhaustive()
    }
}

impl<'t> Token<'t> {
    /// Reads a token (RFC 7515 section 7.1). Members of the header that are not named here are ignored, as section 4 asks;
    /// among them are all that offer a key.
    ///
    /// # Errors
    /// The first [`TokenFault`] that `hold` lets count; one without a lenient reading always counts.
    pub fn read(text: &'t [u8], limits: &Limits, hold: Hold<'_, TokenFault>) -> Result<Self, TokenFault> {
        if text.len() > limits.token {
            hold(TokenFault::Oversized {
                found: text.len(),
                limit: limits.token,
            })?;
        }
        let [header, payload, signature] = split(text).ok_or(TokenFault::Shape)?;
        let signed = text.get(..header.len() + 1 + payload.len()).ok_or(TokenFault::Shape)?;
        let header = decode(Part::Header, header, hold)?;
        let token = Self {
            signed,
            header: object(Part::Header, &header, limits, hold)?,
            payload: decode(Part::Payload, payload, hold)?,
            signature: decode(Part::Signature, signature, hold)?,
            limits: *limits,
        };
        token.check_header(hold)?;
        Ok(token)
    }

    fn check_header(&self, hold: Hold<'_, TokenFault>) -> Result<(), TokenFault> {
        if !self.header.contains_key("alg") {
            return Err(TokenFault::Header { member: "alg" });
        }
        for member in ["alg", "kid", "typ"] {
            if self.header.get(member).is_some_and(|value| !value.is_string()) {
                return Err(TokenFault::Header { member });
            }
        }
        for member in ["crit", "b64", "zip"] {
            if self.header.contains_key(member) {
                hold(TokenFault::Extended { member })?;
            }
        }
        Ok(())
    }

    fn member(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }

    /// The name of the key that the token asks for.
    pub fn kid(&self) -> Option<&str> {
        self.member("kid")
    }

    /// The algorithm that the token says it was made with.
    pub(super) fn algorithm(&self) -> &str {
        self.member("alg").unwrap_or_default()
    }

    /// What was signed, decoded; of no worth before [`Token::authenticate`] has said who signed it.
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Verifies the signature and reads the claims.
    ///
    /// # Errors
    /// As [`Token::authenticate`], and where the claims are not strict JSON.
    pub fn verify(&self, keys: &KeySet, hold: Hold<'_, TokenFault>) -> Result<Verified, TokenFault> {
        let signer = self.authenticate(keys, hold)?;
        let claims = object(Part::Payload, &self.payload, &self.limits, hold)?;
        Ok(Verified {
            claims,
            kind: self.member("typ").map(Into::into),
            signer,
        })
    }

    /// Verifies the signature over whatever the payload is: by the key of the token's `kid`, or where it has none by each key
    /// that permits the token's algorithm.
    ///
    /// # Errors
    /// The first [`TokenFault`] that `hold` lets count.
    pub fn authenticate(&self, keys: &KeySet, hold: Hold<'_, TokenFault>) -> Result<Signer, TokenFault> {
        if self.algorithm().eq_ignore_ascii_case("none") {
            hold(TokenFault::Unsigned)?;
            return Ok(lenient::nobody());
        }
        let named = keys.named(self.kid());
        if named.clone().next().is_none() {
            hold(TokenFault::UnknownKey)?;
            return lenient::embedded(self).ok_or(TokenFault::UnknownKey);
        }
        let algorithm = Algorithm::named(self.algorithm());
        let mut fitting = named.clone().filter_map(|key| {
            let algorithm = algorithm?;
            key.verifier(algorithm)
                .map(|verifier| (Signer::new(algorithm, key), verifier))
        });
        let tried = fitting.clone().count();
        if tried == 0 {
            hold(TokenFault::Algorithm)?;
            return lenient::confused(self, named).ok_or(TokenFault::Algorithm);
        }
        if tried > self.limits.candidates {
            hold(TokenFault::AmbiguousKey)?;
        }
        let first = fitting.clone().next();
        let signer = fitting.find(|(_, verifier)| verifier.verify_sig(self.signed, &self.signature).is_ok());
        match signer {
            Some((signer, _)) => Ok(signer),
            None => {
                hold(TokenFault::Signature)?;
                first.map(|(signer, _)| signer).ok_or(TokenFault::Signature)
            }
        }
    }
}

fn split(text: &[u8]) -> Option<[&[u8]; 3]> {
    let mut parts = text.split(|byte| *byte == b'.');
    let split = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(split)
}

fn decode(part: Part, text: &[u8], hold: Hold<'_, TokenFault>) -> Result<Vec<u8>, TokenFault> {
    if let Some(bytes) = base64url::decode(text) {
        return Ok(bytes);
    }
    hold(TokenFault::Encoding { part })?;
    lenient::decode(text).ok_or(TokenFault::Encoding { part })
}

fn object(
    part: Part,
    text: &[u8],
    limits: &Limits,
    hold: Hold<'_, TokenFault>,
) -> Result<Map<String, Value>, TokenFault> {
    // The token's own limit has judged the length.
    let strict = json::Limits {
        bytes: usize::MAX,
        depth: limits.depth,
        ..json::Limits::default()
    };
    let fault = match json::read(text, &strict).map(json::Value::into_inner) {
        Ok(Value::Object(members)) => return Ok(members),
        Ok(_) => return Err(TokenFault::NotAnObject { part }),
        Err(json::Fault::Duplicate { pointer }) => TokenFault::Duplicated { part, pointer },
        Err(fault) => TokenFault::Json { part, fault },
    };
    hold(fault.clone())?;
    lenient::object(text).ok_or(fault)
}
