//! The embedded store in a pipeline's state directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_core::{Clock, Entropy, EntropyError};
use countersign_store_embedded::{EmbeddedStore, LedgerReader, StoreKey};

use crate::builder::OpenError;
use crate::keyfile::secret_file;

/// The file of the store's key, beside the signing keys.
const KEY: &str = "store.secret";

/// Opens or makes the store.
pub(crate) fn open(
    state: &Path,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
) -> Result<EmbeddedStore, OpenError> {
    let key = secret_file(&state.join("keys"), KEY, entropy.as_ref())?;
    Ok(EmbeddedStore::open(&state.join("store"), &StoreKey::new(key), clock, entropy)?)
}

/// Makes no key.
#[derive(Debug)]
struct NoEntropy;

impl Entropy for NoEntropy {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

/// Reads the ledger in a state directory, also while a pipeline has it: without a lock, and without
/// writing anything to the store. (A directory `keys` that is missing is made, and stays empty.)
///
/// # Errors
/// [`OpenError::Store`], [`OpenError::Key`]: there is none, or it cannot be read.
pub fn read_ledger(state: &Path) -> Result<LedgerReader, OpenError> {
    let key = secret_file(&state.join("keys"), KEY, &NoEntropy)?;
    Ok(LedgerReader::open(&state.join("store"), &StoreKey::new(key))?)
}

/// The state directory: the one that is given, or `COUNTERSIGN_HOME`, or `countersign` in
/// `XDG_STATE_HOME`, or `.local/state/countersign` in `HOME`.
pub fn state_dir(given: Option<PathBuf>) -> Option<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    given
        .or_else(|| set("COUNTERSIGN_HOME"))
        .or_else(|| set("XDG_STATE_HOME").map(|dir| dir.join("countersign")))
        .or_else(|| set("HOME").map(|dir| dir.join(".local/state/countersign")))
}
