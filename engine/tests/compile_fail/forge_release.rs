//! A release cannot be made: only shape makes what a client gets.
fn main() {}

fn forge() -> yett_engine::Release {
    yett_engine::Release { status: 200, headers: Vec::new(), body: yett_engine::Body::None }
}
