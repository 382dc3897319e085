//! A shell cannot take a check out: only the proof entry can, and it gives a verdict.
fn main() {}

fn ablate(session: &mut yett_engine::Session) {
    session.without = yett_engine::Reason::named("authenticate.credential.missing");
}
