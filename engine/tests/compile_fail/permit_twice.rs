//! A permit is spent by use.
fn main() {}

fn twice(session: &yett_engine::Session, permit: yett_engine::Permit) {
    let _ = session.spend(permit);
    let _ = session.spend(permit);
}
