//! An input is not a permit: authorize cannot be skipped.
use yett_engine::{Input, Session};

fn main() {}

fn skip(session: &Session, input: Input) {
    let _ = session.spend(input);
}
