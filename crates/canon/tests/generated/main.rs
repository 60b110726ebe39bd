//! Properties of generated documents, alone and beside other implementations
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod documents;
mod peer;
mod properties;
