//! A guard that needs the caller cannot stand where only the request is known.
use yett_engine::guards::{limit::BySubject, Guard};
use yett_engine::{Mode, Request};

fn main() {}

fn on_request(_: &dyn Guard<Request>) {}

fn place() {
    on_request(&BySubject(Mode::Enforce));
}
