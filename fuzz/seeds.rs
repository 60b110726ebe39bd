//! Where a fuzzer begins.

use std::path::PathBuf;

/// The folder that the seeds are written to before the fuzzer looks into it.
const FOLDER: &str = "COUNTERSIGN_FUZZ_SEEDS";

/// Writes the seeds, if a folder is named.
pub(crate) fn write(seeds: &[Vec<u8>]) {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    std::fs::create_dir_all(&folder).unwrap();
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(format!("seed-{number}")), seed).unwrap();
    }
}
