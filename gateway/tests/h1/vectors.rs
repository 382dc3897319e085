//! The byte vectors of `tests/vectors/bytes`: each is read as it says, and names the source that it comes from.

use std::{fs, path::Path};

use super::cases::{Fill, file, lines, octets, read};

#[derive(serde::Deserialize)]
struct Vectors {
    case: Vec<Case>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    source: String,
    bytes: String,
    fill: Option<Fill>,
    refuses: Option<String>,
    reads: Vec<String>,
}

fn hold(file: &str, case: &Case) {
    let place = format!("{file}: {}", case.name);
    assert!(!case.source.is_empty(), "{place}: no source");
    let reading = read(&octets(&case.bytes, case.fill.as_ref()), None);
    assert_eq!(
        reading.refusal.map(|reason| reason.id()),
        case.refuses.as_deref(),
        "{place}"
    );
    let expected = case.reads.iter().map(|line| octets(line, case.fill.as_ref()));
    let expected: Vec<String> = expected
        .map(|line| line.into_iter().map(char::from).collect())
        .collect();
    assert_eq!(lines(&reading), expected, "{place}");
}

#[test]
fn every_vector_is_read_as_it_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/bytes");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let vectors: Vectors = file(&format!("tests/vectors/bytes/{name}"));
        count += vectors.case.len();
        vectors.case.iter().for_each(|case| hold(&name, case));
    }
    assert!(count >= 130, "{count} vectors");
}
