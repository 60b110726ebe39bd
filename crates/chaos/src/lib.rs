//! Kills countersign at every step and counts at the provider what became of it.
//!
//! Three processes: the **parent** plans and counts; the **provider** is a loopback Auth0 and Google
//! Calendar that lives through the whole run; the **child** is a program that uses countersign, with
//! agents that try everything twice. The child is killed (SIGKILL) at each [point] and at random
//! times, and started again in the same state directory. Nothing in countersign knows of this: the
//! points are [decorators around its ports](ports).
//!
//! At the end it is counted what a crash must not do ([`account`]). Beside that, [four processes race](race)
//! for one ticket, and [one process works for long](soak) and must not grow.

pub mod account;
pub mod agent;
pub mod books;
pub mod broken;
pub mod child;
pub mod notebook;
pub mod options;
pub mod outside;
pub mod parent;
pub mod person;
pub mod point;
pub mod ports;
pub mod provider;
pub mod race;
pub mod random;
pub mod report;
pub mod soak;
pub mod store;
pub mod target;
pub mod world;

/// Whatever keeps the harness itself from working. What it finds is not one.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
