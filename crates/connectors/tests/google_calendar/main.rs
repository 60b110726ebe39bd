//! The Google Calendar connector: the requests it makes, what it shows of them, and what it makes of
//! the answers.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail by panicking"
)]

mod arguments;
mod golden;
mod interpret;
mod paging;
mod pins;
mod preview;
mod properties;
mod reconcile;
mod schema;
mod support;
mod tools;
