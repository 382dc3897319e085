//! The proof entry: decides with one check taken out. It gives a verdict, never a permit, so nothing can be served with it.

mod told;

use std::sync::Arc;

pub use told::Told;

use crate::decide::Opened;
use crate::facts::Facts;
use crate::judge::Stop;
use crate::memo::Missing;
use crate::plan::Plan;
use crate::reason::Reason;
use crate::reply::receive::Answer;
use crate::session::{Ids, Session};
use crate::steps::admit::Head;
use crate::steps::validate::Body;
use crate::trace::Trace;

/// What would have happened.
#[derive(Debug)]
pub enum Verdict {
    /// Refused, for this reason.
    Refused(Reason),
    /// The plan would have answered it itself (a preflight).
    Answered(Shown),
    /// It would have gone to the upstream like this.
    Forwarded(Shown),
    /// The reply would have gone to the client like this.
    Released(Shown),
    /// A fact was missing.
    Missing(Missing),
}

/// A message as data, out of which nothing can be sent.
#[derive(Debug, Default)]
pub struct Shown {
    /// Status of a release; 0 for a forwarded request.
    pub status: u16,
    /// Method and target of a forwarded request.
    pub line: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

/// One attack, or its twin.
pub struct Attempt<'a> {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The head.
    pub head: &'a Head,
    /// The body, whole.
    pub body: Body,
    /// What the upstream answers; none: the attempt ends at the upstream.
    pub answer: Option<Answer>,
    /// The reason whose check is taken out.
    pub without: Option<Reason>,
}

/// Decides an attempt.
pub fn decide(attempt: Attempt<'_>, facts: &mut dyn Facts) -> (Verdict, Trace) {
    let mut session = Session::new(
        attempt.plan,
        Ids {
            trace: [1; 16],
            span: [1; 8],
        },
    );
    session.without = attempt.without;
    let verdict =
        run(&mut session, attempt.head, attempt.body, attempt.answer, facts).unwrap_or_else(|stop| match stop {
            Stop::Deny(denial) => Verdict::Refused(denial.reason),
            Stop::Need(missing) => Verdict::Missing(missing),
        });
    (verdict, session.trace().clone())
}

fn run(
    session: &mut Session,
    head: &Head,
    body: Body,
    answer: Option<Answer>,
    facts: &mut dyn Facts,
) -> Result<Verdict, Stop> {
    let caller = match session.head(head, facts)? {
        Opened::Caller(caller) => caller,
        Opened::Preflight(preflight) => return Ok(Verdict::Answered(released(session.answer(&preflight)))),
    };
    let permit = session.body(caller, body, facts)?;
    let (forward, pass) = session.spend(permit);
    match answer {
        None => Ok(Verdict::Forwarded(Shown {
            status: 0,
            line: format!("{} {}", forward.method, forward.target),
            headers: shown(&forward.headers),
            body: bytes(&forward.body),
        })),
        Some(answer) => Ok(Verdict::Released(released(session.reply(pass, answer, facts)?))),
    }
}

fn released(release: crate::Release) -> Shown {
    let (status, headers, body) = release.into_parts();
    Shown {
        status,
        line: String::new(),
        headers: shown(&headers),
        body: bytes(&body),
    }
}

fn shown(headers: &[(bytes::Bytes, bytes::Bytes)]) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    headers.iter().map(|(name, value)| (text(name), text(value))).collect()
}

fn bytes(body: &Body) -> Vec<u8> {
    match body {
        Body::Held(bytes) => bytes.to_vec(),
        Body::None | Body::Streamed => Vec::new(),
    }
}
