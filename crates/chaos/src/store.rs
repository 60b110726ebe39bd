//! The store whose crashes are looked at.

use std::path::Path;
use std::sync::Arc;

use countersign::SystemEntropy;
use countersign::core::{ApprovalStore, Clock, GrantStore, Ledger, RiskMemory, SubjectCredentials};
use countersign_store_embedded::{EmbeddedStore, StoreKey};
use zeroize::Zeroizing;

use crate::Failure;

/// The durable ports of one store.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "these are the durable ports")]
pub struct Store {
    /// The ledger.
    pub ledger: Arc<dyn Ledger>,
    /// What waits.
    pub approvals: Arc<dyn ApprovalStore>,
    /// What sessions read.
    pub sessions: Arc<dyn RiskMemory>,
    /// The grants.
    pub grants: Arc<dyn GrantStore>,
    /// The users' tokens.
    pub subjects: Arc<dyn SubjectCredentials>,
}

impl Store {
    /// Opens the embedded store in a directory. Its key is this harness's own: nothing in it is secret.
    ///
    /// # Errors
    /// If it does not open.
    pub fn open(directory: &Path, clock: &Arc<dyn Clock>) -> Result<Self, Failure> {
        let key = StoreKey::new(Zeroizing::new([7; 32]));
        let entropy = Arc::new(SystemEntropy::default());
        let store = EmbeddedStore::open(directory, &key, Arc::clone(clock), entropy)?;
        let store = Arc::new(store);
        Ok(Self {
            ledger: Arc::clone(&store) as Arc<dyn Ledger>,
            approvals: Arc::clone(&store) as Arc<dyn ApprovalStore>,
            sessions: Arc::clone(&store) as Arc<dyn RiskMemory>,
            grants: Arc::clone(&store) as Arc<dyn GrantStore>,
            subjects: store,
        })
    }
}
