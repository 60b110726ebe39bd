//! What fuzzing found in the files of a store, and where it begins, once more.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

#[path = "../../../fuzz/properties/store.rs"]
mod store;

#[test]
fn the_fuzz_target_of_the_files_holds_on_its_seeds_and_its_corpus() {
    for seed in store::seeds() {
        store::check(&seed);
    }
    let folder = format!("{}/../../fuzz/corpus/store", env!("CARGO_MANIFEST_DIR"));
    // No folder: nothing was found yet.
    for file in std::fs::read_dir(folder).into_iter().flatten() {
        store::check(&std::fs::read(file.unwrap().path()).unwrap());
    }
}
