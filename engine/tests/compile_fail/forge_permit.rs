//! A permit cannot be made from an input: its field is private to the file that proves it.
fn main() {}

fn forge(input: yett_engine::Input) -> yett_engine::Permit {
    yett_engine::Permit { input }
}
