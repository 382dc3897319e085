//! api_key: a key of Yett's own store in a header; the engine never sees the store, only the record that a look-up brings.

use std::sync::Arc;

use super::{Identity, Proof, sha256};
use crate::facts::{ApiKeyRecord, Fact, Key};
use crate::judge::{Denial, Hint, Judge, Stop};
use crate::plan::ApiKey;
use crate::reason::{self, Reason};
use crate::steps::admit::Request;
use crate::trace::Proven;

const LONGEST: usize = 256;

pub(super) fn is_shown(request: &Request, key: &ApiKey) -> bool {
    request.header(&key.header).next().is_some()
}

pub(super) fn verify(
    request: &Request,
    credential: u32,
    key: &ApiKey,
    judge: &mut Judge<'_>,
) -> Result<Identity, Stop> {
    let mut shown = request.header(&key.header);
    let presented = shown.next().unwrap_or_default();
    if shown.next().is_some() {
        judge.refuse(challenge(reason::AUTHENTICATE_KEY_REPEATED))?;
    }
    let text = std::str::from_utf8(presented)
        .ok()
        .filter(|text| !text.is_empty() && text.len() <= LONGEST);
    let Some(text) = text else {
        judge.refuse(challenge(reason::AUTHENTICATE_KEY_MALFORMED))?;
        return Ok(unverified(credential, presented));
    };
    let found = judge.look_up(Key::ApiKey {
        credential,
        presented: text.into(),
    })?;
    let Fact::ApiKey(record) = found else {
        judge.refuse(challenge(reason::AUTHENTICATE_KEY_UNKNOWN))?;
        return Ok(unverified(credential, presented));
    };
    judge.trace.prove(credential, Proven::Key(record.clone()));
    let now = judge.now().seconds();
    if record.expires.is_some_and(|expires| now >= expires) {
        judge.refuse(challenge(reason::AUTHENTICATE_KEY_EXPIRED))?;
    }
    Ok(Identity {
        credential,
        subject: record.subject.as_str().into(),
        digest: sha256(presented),
        proof: Proof::ApiKey(record),
    })
}

/// RFC 9110 section 15.5.2: every 401 has a challenge.
fn challenge(reason: Reason) -> Denial {
    Denial::from(reason).hint(Hint::Challenge("ApiKey".into()))
}

/// What a proof goes on with when a check is taken out.
fn unverified(credential: u32, presented: &[u8]) -> Identity {
    let record = ApiKeyRecord {
        id: "unverified".into(),
        subject: "unverified".into(),
        scopes: Vec::new(),
        roles: Vec::new(),
        expires: None,
    };
    Identity {
        credential,
        subject: "unverified".into(),
        digest: sha256(presented),
        proof: Proof::ApiKey(Arc::new(record)),
    }
}
