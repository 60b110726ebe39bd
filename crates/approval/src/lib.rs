//! What a person sees before approving, and the ways to ask with strength B (consent).
//!
//! * [`render`] turns a connector's preview into the exact text that is shown. Its digest is in the
//!   ticket: what you see is what you sign.
//! * [`Terminal`] asks on the terminal, [`Callback`] asks through a function of yours.
//! * [`select`] picks the weakest approver that is strong enough.
//!
//! Stronger approvals need the identity provider and live with it.

mod callback;
mod character;
mod oneshot;
mod render;
mod select;
mod terminal;
mod visible;

pub use crate::callback::{Callback, Decision};
pub use crate::render::{RENDERER, render};
pub use crate::select::select;
pub use crate::terminal::Terminal;
pub use crate::visible::visible;
