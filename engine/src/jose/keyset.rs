//! The keys of one issuer (RFC 7517 section 5): what cannot verify is passed over with a word why, and a set without any key
//! left is no set.

use std::fmt;

use super::{Key, KeyFault, Limits, Unusable};
use crate::json;

/// At least one key that verifies signatures.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    skipped: Vec<Skipped>,
}

/// A key that is passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Its index in `keys`.
    pub index: usize,
    /// Why.
    pub why: Unusable,
}

impl fmt::Display for Skipped {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "/keys/{}: {}", self.index, self.why)
    }
}

impl KeySet {
    /// Reads a JWKS within the default limits.
    ///
    /// # Errors
    /// As [`KeySet::parse_within`].
    pub fn parse(text: &[u8]) -> Result<Self, KeyFault> {
        Self::parse_within(text, &Limits::default())
    }

    /// Reads a JWKS.
    ///
    /// # Errors
    /// [`KeyFault`] where it is not strict JSON, not a set, too large, or without a usable key.
    pub fn parse_within(text: &[u8], limits: &Limits) -> Result<Self, KeyFault> {
        let strict = json::Limits {
            bytes: limits.set,
            depth: limits.depth,
            ..json::Limits::default()
        };
        let json = json::read(text, &strict).map_err(KeyFault::Json)?;
        let found = json
            .get("keys")
            .and_then(serde_json::Value::as_array)
            .ok_or(KeyFault::NotASet)?;
        if found.len() > limits.keys {
            return Err(KeyFault::TooMany {
                found: found.len(),
                limit: limits.keys,
            });
        }
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for (index, key) in found.iter().enumerate() {
            match Key::from_json(key) {
                Ok(key) => keys.push(key),
                Err(why) => skipped.push(Skipped { index, why }),
            }
        }
        if keys.is_empty() {
            return Err(KeyFault::Empty { skipped });
        }
        Ok(Self { keys, skipped })
    }

    /// The usable keys; never empty.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The others.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// Whether a key has this name.
    pub fn has(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid() == Some(kid))
    }

    /// The keys of this name (RFC 7517 section 4.5 allows several), or all where the token names none.
    pub(super) fn named(&self, kid: Option<&str>) -> impl Iterator<Item = &Key> + Clone {
        self.keys.iter().filter(move |key| kid.is_none() || key.kid() == kid)
    }
}
