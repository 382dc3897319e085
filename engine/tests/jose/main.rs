//! Verification of tokens: other people's vectors, the life of a key set, every fault with its twin and its ablation.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail"
)]

mod ablations;
mod claims;
mod keys;
mod mint;
mod tokens;
mod vectors;
