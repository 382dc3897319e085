//! After admit nobody reads the raw target: not from the head, not from the request.
fn main() {}

fn read(head: &yett_engine::Head, request: &yett_engine::Request) {
    let _ = head.target;
    let _ = request.target();
}
