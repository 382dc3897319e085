//! A permit cannot be copied.
fn main() {}

fn copy(permit: &yett_engine::Permit) -> yett_engine::Permit {
    permit.clone()
}
