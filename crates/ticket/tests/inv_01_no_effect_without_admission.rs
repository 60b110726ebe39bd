//! Invariant 1 by the types: what must not compile does not, and says why.

#[test]
fn inv_01_admitted_outgoing_and_approved_can_be_neither_forged_nor_copied_nor_kept() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
