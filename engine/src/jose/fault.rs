//! Why a key set, a token or its claims are refused, each with its one reason; never a part of the token itself.

use std::fmt;

use super::Skipped;
use crate::json;
use crate::reason::{self, Reason};

/// One of the three parts of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The first.
    Header,
    /// The second: the claims.
    Payload,
    /// The third.
    Signature,
}

/// Why a token is not read or not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenFault {
    /// It is longer than allowed.
    Oversized {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// It does not have three parts with two dots between them.
    Shape,
    /// A part is not strict base64url.
    Encoding {
        /// Which.
        part: Part,
    },
    /// A part is not strict JSON.
    Json {
        /// Which.
        part: Part,
        /// Why not.
        fault: json::Fault,
    },
    /// A part is JSON, but no object.
    NotAnObject {
        /// Which.
        part: Part,
    },
    /// The header's `alg`, `kid` or `typ` is not a string, or `alg` is missing.
    Header {
        /// Which.
        member: &'static str,
    },
    /// An object in header or claims has two members of one name.
    Duplicated {
        /// In which part.
        part: Part,
        /// Which member.
        pointer: json::Pointer,
    },
    /// The header asks for something that is not understood and may change what the token means.
    Extended {
        /// `crit`, `b64` or `zip`.
        member: &'static str,
    },
    /// The algorithm is `none`.
    Unsigned,
    /// The token's algorithm is none that the key permits, or none that is verified here.
    Algorithm,
    /// No key has the token's `kid`: the caller may fetch the set once more.
    UnknownKey,
    /// The token names no key, and more keys fit than are tried.
    AmbiguousKey,
    /// The signature does not hold.
    Signature,
}

impl TokenFault {
    /// The one reason in the catalogue.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Oversized { .. } => reason::AUTHENTICATE_TOKEN_OVERSIZED,
            Self::Shape
            | Self::Encoding { .. }
            | Self::Json { .. }
            | Self::NotAnObject { .. }
            | Self::Header { .. } => reason::AUTHENTICATE_TOKEN_MALFORMED,
            Self::Duplicated { .. } => reason::AUTHENTICATE_TOKEN_DUPLICATED,
            Self::Extended { .. } => reason::AUTHENTICATE_TOKEN_EXTENDED,
            Self::Unsigned => reason::AUTHENTICATE_TOKEN_UNSIGNED,
            Self::Algorithm => reason::AUTHENTICATE_ALGORITHM_MISMATCHED,
            Self::UnknownKey | Self::AmbiguousKey => reason::AUTHENTICATE_SIGNER_UNKNOWN,
            Self::Signature => reason::AUTHENTICATE_SIGNATURE_INVALID,
        }
    }
}

/// Why verified claims are not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimFault {
    /// A claim that must be there is not.
    Missing {
        /// Which.
        claim: &'static str,
    },
    /// A claim has a value of a kind that it cannot have, such as a time that is a string.
    Malformed {
        /// Which.
        claim: &'static str,
    },
    /// `iss` is another issuer.
    Issuer,
    /// `aud` names none of ours.
    Audience,
    /// The header's `typ` says that this is another kind of token.
    Type,
    /// `exp` has come.
    Expired,
    /// `nbf` has not come.
    Premature,
    /// `iat` has not come.
    Postdated,
}

impl ClaimFault {
    /// The one reason in the catalogue.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Missing { .. } => reason::AUTHENTICATE_CLAIM_MISSING,
            Self::Malformed { .. } => reason::AUTHENTICATE_CLAIM_MALFORMED,
            Self::Issuer => reason::AUTHENTICATE_ISSUER_MISMATCHED,
            Self::Audience => reason::AUTHENTICATE_AUDIENCE_MISMATCHED,
            Self::Type => reason::AUTHENTICATE_TYPE_MISMATCHED,
            Self::Expired => reason::AUTHENTICATE_TOKEN_EXPIRED,
            Self::Premature => reason::AUTHENTICATE_TOKEN_PREMATURE,
            Self::Postdated => reason::AUTHENTICATE_TOKEN_POSTDATED,
        }
    }
}

/// Why a text is not a usable key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyFault {
    /// It is not strict JSON, or too long.
    Json(json::Fault),
    /// It is JSON, but not an object with an array `keys`.
    NotASet,
    /// It has more keys than allowed.
    TooMany {
        /// Keys found.
        found: usize,
        /// Keys allowed.
        limit: usize,
    },
    /// None of its keys can be used.
    Empty {
        /// Why not, for each.
        skipped: Vec<Skipped>,
    },
}

impl fmt::Display for KeyFault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(fault) => write!(to, "{fault}"),
            Self::NotASet => to.write_str("expected an object with an array `keys`"),
            Self::TooMany { found, limit } => write!(to, "found {found} keys, expected at most {limit}"),
            Self::Empty { skipped } if skipped.is_empty() => {
                to.write_str("/keys: found none, expected at least one key")
            }
            Self::Empty { skipped } => {
                to.write_str("no key can be used")?;
                skipped.iter().try_for_each(|key| write!(to, "; {key}"))
            }
        }
    }
}

impl std::error::Error for KeyFault {}

/// Why one key of a set is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unusable {
    /// It is not an object.
    NotAnObject,
    /// A member is missing, of the wrong kind, or not strict base64url.
    Member(&'static str),
    /// `kty` or `crv` is one that is not verified here.
    Kind,
    /// `kty` is `oct`: who can verify can also sign.
    Symmetric,
    /// The private half is there, so anyone who reads the set can sign.
    Private,
    /// `use` or `key_ops` says that it is not for verification.
    Purpose,
    /// `alg` is not an algorithm of this kind of key, or not one that is verified here.
    Algorithm,
    /// The RSA modulus is even, or shorter than 2048 or longer than 8192 bits.
    Modulus,
    /// The RSA modulus comes from a generator whose keys can be factored.
    Roca,
    /// The RSA exponent is even, or not between 65537 and 2^32.
    Exponent,
    /// The coordinates are no point of the curve.
    Point,
}

impl fmt::Display for Unusable {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnObject => to.write_str("not an object"),
            Self::Member(member) => write!(to, "member `{member}` is missing or malformed"),
            Self::Kind => to.write_str("`kty` or `crv` is not RSA, EC P-256, P-384, P-521 or OKP Ed25519"),
            Self::Symmetric => to.write_str("symmetric: whoever can verify with it can sign"),
            Self::Private => to.write_str("private half is published: anyone can sign with it"),
            Self::Purpose => to.write_str("`use` or `key_ops` is not for verification of signatures"),
            Self::Algorithm => to.write_str("`alg` is not a signature algorithm of this kind of key"),
            Self::Modulus => to.write_str("modulus is even, or not of 2048 to 8192 bits"),
            Self::Roca => to.write_str("modulus can be factored (CVE-2017-15361)"),
            Self::Exponent => to.write_str("exponent is even, or not between 65537 and 2^32"),
            Self::Point => to.write_str("coordinates are no point of the curve"),
        }
    }
}
