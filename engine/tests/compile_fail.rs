//! What must not compile: each file of `compile_fail/` is one way around the ladder, with the compiler's own words beside it.

#[test]
fn no_way_around_the_ladder() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
