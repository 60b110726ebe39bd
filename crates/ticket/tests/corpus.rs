//! What fuzzing found, and where it begins, once more: the properties of the fuzz targets on their
//! seeds and on every file of their corpora.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

#[path = "../../../fuzz/properties/evidence.rs"]
mod evidence;
#[path = "../../../fuzz/properties/forge.rs"]
mod forge;
#[path = "../../../fuzz/properties/jwks.rs"]
mod jwks;
#[path = "../../../fuzz/properties/sealed.rs"]
mod sealed;
#[path = "../../../fuzz/properties/ticket.rs"]
mod ticket;
#[path = "../../../fuzz/properties/world.rs"]
mod world;

fn replay(name: &str, seeds: &[Vec<u8>], check: fn(&[u8])) {
    for seed in seeds {
        check(seed);
    }
    let folder = format!("{}/../../fuzz/corpus/{name}", env!("CARGO_MANIFEST_DIR"));
    // No folder: nothing was found yet.
    for file in std::fs::read_dir(folder).into_iter().flatten() {
        check(&std::fs::read(file.unwrap().path()).unwrap());
    }
}

#[test]
fn the_fuzz_targets_hold_on_their_seeds_and_their_corpora() {
    replay("evidence", &evidence::seeds(), evidence::check);
    replay("jwks", &jwks::seeds(), jwks::check);
    replay("sealed", &sealed::seeds(), sealed::check);
    replay("ticket", &ticket::seeds(), ticket::check);
}
