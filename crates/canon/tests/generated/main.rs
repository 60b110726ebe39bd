//! Properties of generated documents, alone and beside other implementations
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod documents;
mod numbers;
mod peer;
mod pointers;
mod properties;
