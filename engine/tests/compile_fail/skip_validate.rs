//! A caller is not a permit: validate, and authorize behind it, cannot be skipped.
use yett_engine::{Caller, Session};

fn main() {}

fn skip(session: &Session, caller: Box<Caller>) {
    let _ = session.spend(caller);
}
