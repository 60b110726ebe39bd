#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod ambient;
mod asking;
mod builder;
mod caller;
mod error;
mod execute;
mod finish;
mod journal;
mod keyfile;
mod late;
mod load;
mod local;
mod pending;
mod pipeline;
mod reconcile;
mod resume;
mod send;
mod store;

pub use countersign_approval as approval;
pub use countersign_audit as audit;
pub use countersign_canon as canon;
pub use countersign_connectors as connectors;
pub use countersign_core as core;
pub use countersign_http as http;
pub use countersign_risk as risk;
pub use countersign_store_embedded as store_embedded;
pub use countersign_ticket as ticket;
#[cfg(feature = "vault")]
pub use countersign_vault as vault;

#[cfg(feature = "vault")]
pub use countersign_vault::TokenVaultConfig as TokenVault;

pub use crate::ambient::{SystemClock, SystemEntropy};
pub use crate::builder::{OpenError, PipelineBuilder};
pub use crate::caller::CallerBuilder;
pub use crate::error::{Error, Refused, Unavailable};
pub use crate::execute::Done;
pub use crate::keyfile::{KeyDir, KeyFileError, state_name};
pub use crate::load::Shutdown;
pub use crate::pending::{Handle, Interrupt};
pub use crate::pipeline::{Authorization, Pipeline};
pub use crate::reconcile::{InDoubt, Recovery};
pub use crate::store::{read_ledger, state_dir};

/// What most programs need.
pub mod prelude {
    pub use countersign_approval::{Callback, Decision, Terminal};
    #[cfg(feature = "google-calendar")]
    pub use countersign_connectors::GoogleCalendar;
    pub use countersign_core::{
        Caller, Effect, Ending, Grant, Role, Source, Tier, ToolCall, ToolSpec,
    };

    #[cfg(feature = "vault")]
    pub use crate::TokenVault;
    pub use crate::{Authorization, Done, Error, Handle, Pipeline, Refused};
}
