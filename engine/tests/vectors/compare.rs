//! Holds what came of a request against what its vector expects; everything that differs, not only the first.

use serde_json::Value;
use yett_engine::Said;

use crate::play::{Message, Outcome};
use crate::vector::{Headers, Part, Step, World};

/// What differs, a line each.
pub(crate) fn differences(step: &Step, outcome: &Outcome, world: &World) -> Vec<String> {
    let mut found = Differences(Vec::new());
    let seen = outcome.seen.as_ref();
    found.same(
        "the upstream sees",
        &step.sees(world),
        &seen.map(|seen| seen.line.clone()),
    );
    if let Some(seen) = seen {
        let (headers, body) = step.expected(&step.upstream, world);
        found.headers("the upstream's", &headers, &step.upstream, seen);
        let body = body.or_else(|| step.body(world)).unwrap_or_default();
        found.same("the upstream's body", &shown(&body), &shown(&seen.body));
    }
    found.evidence(step, outcome);
    found.trace(step, outcome);
    found.client(step, outcome, world);
    found.0
}

struct Differences(Vec<String>);

impl Differences {
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, expected: &T, found: &T) {
        if expected != found {
            self.0.push(format!("{what}: expected {expected:?}, found {found:?}"));
        }
    }

    /// All lines of each name that is expected.
    fn headers(&mut self, whose: &str, expected: &Headers, part: &Part, found: &Message) {
        let lines = |headers: &Headers, wanted: &[u8]| -> Vec<String> {
            let of_name = headers.iter().filter(|(name, _)| name == wanted);
            of_name.map(|(_, value)| shown(value)).collect()
        };
        for (name, _) in expected {
            let (expected, found) = (lines(expected, name), lines(&found.headers, name));
            self.same(&format!("{whose} {}", shown(name)), &expected, &found);
        }
        for name in &part.without {
            let found = lines(&found.headers, name.as_bytes());
            self.same(&format!("{whose} {name}"), &Vec::new(), &found);
        }
    }

    fn evidence(&mut self, step: &Step, outcome: &Outcome) {
        let mut refused: Vec<String> = Vec::new();
        if let Some(line) = &step.refused {
            let reason = line.rsplit(' ').next().unwrap_or_default();
            refused.push([&[reason.to_owned()], step.places.as_slice()].concat().join(" "));
        }
        self.same("refused", &refused, &outcome.said(Said::Refused));
        self.same("would refuse", &step.would, &outcome.said(Said::WouldRefuse));
        self.same("altered", &step.altered, &outcome.said(Said::Altered));
        self.same("operation", &step.operation, &outcome.operation());
        self.same("subject", &step.subject.as_deref(), &outcome.trace.subject.as_deref());
    }

    /// The trace id that the upstream is told, or the client.
    fn trace(&mut self, step: &Step, outcome: &Outcome) {
        let Some(expected) = step.trace.as_deref() else { return };
        let told = match &outcome.seen {
            Some(seen) => {
                let parent = seen.headers.iter().find(|(name, _)| name == b"traceparent");
                parent.map(|(_, value)| shown(&value[3..35]))
            }
            None => {
                let document: Value = serde_json::from_slice(&outcome.client.body).unwrap_or_default();
                document["trace_id"].as_str().map(str::to_owned)
            }
        };
        self.same("trace", &Some(expected), &told.as_deref());
    }

    fn client(&mut self, step: &Step, outcome: &Outcome, world: &World) {
        let found = &outcome.client;
        let (mut expected, body) = step.expected(&step.gets, world);
        let (status, _, answered) = step.answer(world);
        let is_head = step.line(world).0 == b"HEAD";
        let words: Vec<&str> = step.refused.iter().flat_map(|line| line.split(' ')).collect();
        let problem = step.gets.problem.as_deref().or(words.get(1).copied());
        let status = words
            .first()
            .map_or(step.gets.status.unwrap_or(status), |status| status.parse().unwrap());
        self.same("status", &status, &found.status);
        if let Some(public) = problem {
            expected.push((b"content-type".to_vec(), b"application/problem+json".to_vec()));
            if !is_head {
                self.problem(public, step, found);
            }
        } else {
            let body = if is_head { Vec::new() } else { body.unwrap_or(answered) };
            self.same("the client's body", &shown(&body), &shown(&found.body));
        }
        self.headers("the client's", &expected, &step.gets, found);
    }

    /// RFC 9457; the client is told places where the request is invalid, and never the exact reason.
    fn problem(&mut self, public: &str, step: &Step, found: &Message) {
        let document: Value = serde_json::from_slice(&found.body).unwrap_or_default();
        self.same("type", &Value::from(format!("urn:yett:{public}")), &document["type"]);
        self.same(
            "status of the document",
            &Value::from(found.status),
            &document["status"],
        );
        self.same(
            "length of trace_id",
            &Some(32),
            &document["trace_id"].as_str().map(str::len),
        );
        let told: Vec<&str> = document["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|error| error["pointer"].as_str())
            .collect();
        let expected: Vec<&str> = if public == "invalid" {
            step.places.iter().map(String::as_str).collect()
        } else {
            Vec::new()
        };
        self.same("errors", &expected, &told);
    }
}

fn shown(octets: &[u8]) -> String {
    octets.escape_ascii().to_string()
}
