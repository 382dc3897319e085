//! Verifies tokens: JWS in compact form (RFC 7515) with claims (RFC 7519), under the rules of RFC 8725. Knows nothing of
//! HTTP, of plans, or of where keys come from.
//!
//! * The algorithm comes from the key. A token only says which one it was made with, and is refused if the key has another.
//! * Keys come from the [`KeySet`] alone. `jku`, `x5u`, `jwk`, `x5c` of a header are neither followed nor used.
//! * Text is read once and strictly: base64url without padding and stray bits, JSON without second members.
//! * Claims are parsed only behind a signature that holds.
//!
//! Every check can be left out by a proof: see [`Hold`].

mod algorithm;
mod base64url;
mod claims;
mod fault;
mod key;
mod keyset;
mod lenient;
mod token;

pub use algorithm::Algorithm;
pub use claims::{Rules, check};
pub use fault::{ClaimFault, KeyFault, Part, TokenFault, Unusable};
pub use key::Key;
pub use keyset::{KeySet, Skipped};
pub use token::{Signer, Token, Verified};

/// What is asked about every fault before it counts. `Err` with the same fault refuses, which [`strict`] always does; `Ok`
/// goes on with the lenient reading that the check forbids, and only a proof says so.
pub type Hold<'h, F> = &'h mut dyn FnMut(F) -> Result<(), F>;

/// Every fault counts.
///
/// # Errors
/// Always, with the fault.
pub fn strict<F>(fault: F) -> Result<(), F> {
    Err(fault)
}

/// What tokens and key sets may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of a token in bytes.
    pub token: usize,
    /// Arrays and objects within each other in header and claims.
    pub depth: usize,
    /// Length of a key set in bytes.
    pub set: usize,
    /// Keys in a set, usable or not.
    pub keys: usize,
    /// Keys that are tried for a token that names none.
    pub candidates: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            token: 8192,
            depth: 16,
            set: 1 << 20,
            keys: 64,
            candidates: 8,
        }
    }
}
