//! Every reason of level `bytes` in the catalogue: its attack is refused by it, its twin passes, without it the attack is read.

use yett_engine::reason::Reason;

use super::cases::{Fill, file, lines, octets, read};

#[derive(serde::Deserialize)]
struct Control {
    reason: Vec<Entry>,
}

#[derive(serde::Deserialize)]
struct Entry {
    id: String,
    level: String,
    /// Read for level `bytes` only: the cases of other levels are recipes, and `yett prove` plays them.
    #[serde(default)]
    case: Vec<toml::Value>,
}

#[derive(serde::Deserialize)]
struct Case {
    name: String,
    attack: String,
    twin: String,
    effect: String,
    reads: Vec<String>,
    fill: Option<Fill>,
}

fn prove(entry: &Entry, case: &Case) {
    let place = format!("{}: {}", entry.id, case.name);
    let reason = Reason::named(&entry.id).unwrap_or_else(|| panic!("{place}: the engine was built without it"));
    assert!(!case.effect.is_empty(), "{place}: no effect");
    let (attack, twin) = (
        octets(&case.attack, case.fill.as_ref()),
        octets(&case.twin, case.fill.as_ref()),
    );

    assert_eq!(read(&attack, None).refusal, Some(reason), "{place}: the attack");

    let twin = read(&twin, None);
    assert_eq!(twin.refusal, None, "{place}: the twin");
    assert_eq!(twin.requests.len(), 1, "{place}: the twin is one request");
    assert!(twin.requests[0].whole, "{place}: the twin is whole");

    let lenient = read(&attack, Some(reason));
    assert_eq!(lenient.refusal, None, "{place}: the attack without the check");
    let expected = case.reads.iter().map(|line| octets(line, case.fill.as_ref()));
    let expected: Vec<String> = expected
        .map(|line| line.into_iter().map(char::from).collect())
        .collect();
    assert_eq!(lines(&lenient), expected, "{place}: what is read without the check");
    assert!(
        lenient.requests.iter().all(|request| request.whole),
        "{place}: requests without the check are whole"
    );
}

#[test]
fn every_reason_of_level_bytes_is_proven() {
    let control: Control = file("src/yett/catalogue/admit.toml");
    let entries: Vec<_> = control.reason.iter().filter(|entry| entry.level == "bytes").collect();
    assert!(entries.len() >= 30, "{} reasons of level bytes", entries.len());
    for entry in entries {
        assert!(!entry.case.is_empty(), "{}: no case", entry.id);
        for case in &entry.case {
            let case = case.clone().try_into();
            prove(entry, &case.unwrap_or_else(|error| panic!("{}: {error}", entry.id)));
        }
    }
}
