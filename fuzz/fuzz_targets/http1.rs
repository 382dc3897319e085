//! Property: however a connection's bytes arrive, they are read as the same requests and end for the same reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use yett_gateway::h1::{Limits, proof};

fuzz_target!(|input: &[u8]| {
    let Some((seed, bytes)) = input.split_first() else { return };
    let limits = if seed & 1 == 0 { Limits::default() } else { small() };
    let whole = proof::read_pieces([bytes], limits, None);
    assert_eq!(whole, proof::read_pieces(bytes.chunks(1), limits, None), "byte by byte");
    let piece = usize::from(seed >> 1).max(2);
    assert_eq!(whole, proof::read_pieces(bytes.chunks(piece), limits, None), "in pieces of {piece}");
    for request in &whole.requests {
        assert!(!request.method.is_empty() && !request.target.is_empty(), "a request without method or target");
        assert!(request.headers.iter().all(|(name, value)| is_clean(name) && is_clean(value)), "a line end got through");
    }
});

fn is_clean(text: &[u8]) -> bool {
    !text.iter().any(|octet| matches!(octet, b'\r' | b'\n' | 0))
}

fn small() -> Limits {
    Limits { head_bytes: 200, headers: 6, target_bytes: 40, method_bytes: 8, chunk_line_bytes: 24, extension_bytes: 30 }
}
