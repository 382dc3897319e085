//! Plays a vector as a shell would: one session for each request, bodies held, streamed or thrown away as the engine says.

use std::sync::Arc;

use yett_engine::proof::Told;
use yett_engine::{
    Answer, Body, BodyNeed, Facts, Head, Ids, Opened, Plan, Release, ReplyNeed, Said, Session, Stop, Time, Trace,
    reason,
};

use crate::vector::{Headers, Step, Vector, World};

/// 2026-01-01T12:00:00Z, the time at which every vector begins.
const NOW: f64 = 1_767_268_800.0;

/// What came of one request.
pub(crate) struct Outcome {
    pub(crate) seen: Option<Message>,
    pub(crate) client: Message,
    pub(crate) trace: Trace,
    pub(crate) plan: Arc<Plan>,
}

/// A message that went out; `line` is of a request, `status` of an answer.
#[derive(Default)]
pub(crate) struct Message {
    pub(crate) line: String,
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
}

/// Plays all steps in a new world, and hands on what came of each.
pub(crate) fn play(vector: &Vector, plan: &Arc<Plan>, world: &World, mut hold: impl FnMut(&Step, &Outcome)) {
    let mut told = Told::default();
    for key in world.keys.values() {
        told.api_keys
            .insert(key.text.as_str().into(), Arc::new(key.record.clone()));
    }
    let mut now = NOW;
    for step in vector.steps() {
        now += step.after;
        told.now = Time((now * 1_000.0).round() as u64 * 1_000_000);
        for _ in 0..step.times() {
            hold(step, &request(step, plan, world, &mut told));
        }
    }
}

fn request(step: &Step, plan: &Arc<Plan>, world: &World, facts: &mut dyn Facts) -> Outcome {
    let ids = Ids {
        trace: [1; 16],
        span: [2; 8],
    };
    let mut session = Session::new(plan.clone(), ids);
    let mut seen = None;
    let released = exchange(step, &mut session, world, facts, &mut seen);
    let (release, answered) = released.unwrap_or_else(|stop| match stop {
        Stop::Deny(denial) => (session.refuse(&denial), Vec::new()),
        Stop::Need(missing) => panic!("everything is known, and yet {missing:?}"),
    });
    Outcome {
        seen,
        client: message(release, answered, step.line(world).0 == b"HEAD"),
        trace: session.trace().clone(),
        plan: plan.clone(),
    }
}

/// The release, and the upstream's body for where it is passed on as it comes.
fn exchange(
    step: &Step,
    session: &mut Session,
    world: &World,
    facts: &mut dyn Facts,
    seen: &mut Option<Message>,
) -> Result<(Release, Vec<u8>), Stop> {
    let (method, target) = step.line(world);
    let headers = step.headers(world);
    let borrowed: Vec<(&[u8], &[u8])> = headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    let head = Head::of(&method, &target, &borrowed, step.peer(), step.secure);
    let caller = match session.head(&head, facts)? {
        Opened::Caller(caller) => caller,
        Opened::Preflight(preflight) => return Ok((session.answer(&preflight), Vec::new())),
    };
    let sent = step.body(world).unwrap_or_default();
    let body = match caller.body_need(session.plan()) {
        _ if sent.is_empty() => Body::None,
        BodyNeed::Stream { limit } if sent.len() as u64 > limit => {
            return Ok((session.fault(reason::VALIDATE_BODY_TOO_LARGE), Vec::new()));
        }
        BodyNeed::Hold { .. } => Body::Held(sent.clone().into()),
        BodyNeed::Stream { .. } => Body::Streamed,
    };
    let permit = session.body(caller, body, facts)?;
    let (forward, pass) = session.spend(permit);
    *seen = Some(Message {
        line: format!("{} {}", forward.method, forward.target),
        status: 0,
        headers: forward
            .headers
            .iter()
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect(),
        body: octets(&forward.body, &sent),
    });
    let (status, headers, body) = step.answer(world);
    let headers: Vec<(bytes::Bytes, bytes::Bytes)> = headers
        .into_iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let held = match pass.reply_need(session.plan(), status, &headers) {
        ReplyNeed::Hold { .. } => Body::Held(body.clone().into()),
        ReplyNeed::Stream => Body::Streamed,
        ReplyNeed::Discard => Body::None,
    };
    let release = session.reply(pass, Answer::new(status, headers, held), facts)?;
    Ok((release, body))
}

fn octets(body: &Body, streamed: &[u8]) -> Vec<u8> {
    match body {
        Body::None => Vec::new(),
        Body::Held(bytes) => bytes.to_vec(),
        Body::Streamed => streamed.to_vec(),
    }
}

fn message(release: Release, answered: Vec<u8>, is_head: bool) -> Message {
    let (status, headers, body) = release.into_parts();
    Message {
        line: String::new(),
        status,
        headers: headers
            .iter()
            .map(|(name, value)| (name.to_vec(), value.to_vec()))
            .collect(),
        body: if is_head { Vec::new() } else { octets(&body, &answered) },
    }
}

impl Outcome {
    /// The operation as evidence names it.
    pub(crate) fn operation(&self) -> Option<String> {
        let api = self.plan.apis.get(self.trace.api? as usize)?;
        match self.trace.operation {
            Some(index) => Some(api.operations[index as usize].id.to_string()),
            None => self.trace.refused().is_none().then(|| "unlisted".to_owned()),
        }
    }

    /// The lines that say this, as `reason place place`.
    pub(crate) fn said(&self, said: Said) -> Vec<String> {
        let lines = self.trace.lines.iter().filter(|line| line.said == said);
        lines
            .map(|line| {
                let mut words = vec![line.reason.unwrap().id().to_owned()];
                words.extend(line.places.iter().map(|place| place.to_string()));
                words.join(" ")
            })
            .collect()
    }
}
