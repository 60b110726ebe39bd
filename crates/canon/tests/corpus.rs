//! What fuzzing found, and where it begins, once more: the property of the fuzz target on its seeds
//! and on every file of its corpus.

#[path = "../../../fuzz/properties/canon.rs"]
mod property;

#[test]
fn the_fuzz_target_holds_on_its_seeds_and_its_corpus() {
    for seed in property::seeds() {
        property::check(&seed);
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/canon");
    // No folder: nothing was found yet.
    for file in std::fs::read_dir(folder).into_iter().flatten() {
        property::check(&std::fs::read(file.unwrap().path()).unwrap());
    }
}
