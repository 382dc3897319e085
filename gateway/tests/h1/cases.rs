//! Loads byte cases from TOML, and reads them in the ways in which a connection may bring them.

use std::{fs, path::PathBuf};

use serde::de::DeserializeOwned;
use yett_engine::reason::Reason;
use yett_gateway::h1::{Limits, proof};

/// `{fill}` in a case's bytes stands for `text`, so many `times` over.
#[derive(serde::Deserialize)]
pub(crate) struct Fill {
    text: String,
    times: usize,
}

/// One octet for each character (latin-1), `{fill}` replaced.
pub(crate) fn octets(text: &str, fill: Option<&Fill>) -> Vec<u8> {
    let filling = fill.map(|fill| fill.text.repeat(fill.times)).unwrap_or_default();
    text.replace("{fill}", &filling)
        .chars()
        .map(|octet| u8::try_from(octet).unwrap())
        .collect()
}

/// A file of the repository, by its path from the root.
pub(crate) fn file<T: DeserializeOwned>(path: &str) -> T {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads `bytes` whole and octet by octet, and holds that both say the same.
pub(crate) fn read(bytes: &[u8], without: Option<Reason>) -> proof::Reading {
    let whole = proof::read(bytes, without);
    let single = proof::read_pieces(bytes.chunks(1), Limits::default(), without);
    assert_eq!(
        whole,
        single,
        "whole and octet by octet differ: {}",
        bytes.escape_ascii()
    );
    whole
}

/// The request lines of what was read, without versions.
pub(crate) fn lines(reading: &proof::Reading) -> Vec<String> {
    let latin = |octets: &[u8]| octets.iter().map(|octet| char::from(*octet)).collect::<String>();
    reading
        .requests
        .iter()
        .map(|request| format!("{} {}", latin(&request.method), latin(&request.target)))
        .collect()
}
