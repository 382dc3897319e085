//! The API keys in force, by their HMAC with the pepper: the keys themselves are nowhere. The table is swapped whole.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use aws_lc_rs::hmac;
use serde::Deserialize;
use yett_engine::{ApiKeyRecord, Digest, hex};

/// The table.
pub struct ApiKeys {
    pepper: Option<hmac::Key>,
    records: ArcSwap<HashMap<Digest, Arc<ApiKeyRecord>>>,
}

/// One key as the parent tells it: beside `hmac` the fields of an [`ApiKeyRecord`], and no other. A misspelt `expires` would be a
/// key that never expires.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// HMAC-SHA256 of the key with the pepper, 64 hex digits.
    hmac: String,
    id: String,
    subject: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    expires: Option<u64>,
}

impl ApiKeys {
    /// An empty table; without a pepper no key is ever known.
    #[must_use]
    pub fn new(pepper: Option<&[u8]>) -> Self {
        Self {
            pepper: pepper.map(|pepper| hmac::Key::new(hmac::HMAC_SHA256, pepper)),
            records: ArcSwap::default(),
        }
    }

    /// Swaps the whole table and says how many keys are in force.
    ///
    /// # Errors
    /// The index of the first row whose `hmac` is not 64 hex digits; the old table stays.
    pub fn set(&self, rows: Vec<Row>) -> Result<usize, usize> {
        let mut records = HashMap::with_capacity(rows.len());
        for (index, row) in rows.into_iter().enumerate() {
            let Row {
                hmac,
                id,
                subject,
                scopes,
                roles,
                expires,
            } = row;
            let digest = hex::read(&hmac)
                .and_then(|bytes| Digest::try_from(bytes).ok())
                .ok_or(index)?;
            let record = ApiKeyRecord {
                id,
                subject,
                scopes,
                roles,
                expires,
            };
            records.insert(digest, Arc::new(record));
        }
        let count = records.len();
        self.records.store(Arc::new(records));
        Ok(count)
    }

    /// The record of a presented key.
    pub fn find(&self, presented: &str) -> Option<Arc<ApiKeyRecord>> {
        let tag = hmac::sign(self.pepper.as_ref()?, presented.as_bytes());
        self.records.load().get(tag.as_ref()).cloned()
    }
}
