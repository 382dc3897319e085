//! Tests of the HTTP/1 reader: bytes in, events out; no socket enters here.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod cases;
mod catalogue;
mod events;
mod properties;
mod speed;
mod vectors;
