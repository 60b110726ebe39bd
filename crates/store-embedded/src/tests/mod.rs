//! Tests of the store from within: they need the disk in their hands.

mod engine;
mod sim;
