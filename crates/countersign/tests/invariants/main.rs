//! The invariants of the pipeline, each as a test named after it, over real HTTP on loopback.

mod canary;
mod closed;
mod harness;
mod keys;
mod once;
mod order;
mod pending;
mod scope;
mod wire;
