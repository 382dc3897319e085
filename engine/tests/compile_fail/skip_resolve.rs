//! A request is not a caller: resolve, and authenticate behind it, cannot be skipped.
use yett_engine::{Body, Facts, Request, Session};

fn main() {}

fn skip(session: &mut Session, request: Box<Request>, facts: &mut dyn Facts) {
    let _ = session.body(request, Body::None, facts);
}
