//! A reply is judged with the pass of the request that was sent, and with nothing else.
use yett_engine::{Answer, Facts, Permit, Session};

fn main() {}

fn skip(session: &mut Session, permit: Permit, answer: Answer, facts: &mut dyn Facts) {
    let _ = session.reply(permit, answer, facts);
}
