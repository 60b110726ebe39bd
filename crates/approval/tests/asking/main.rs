//! What is shown, and how it is asked, through the crate's public face.

#[cfg(test)]
mod callback;
#[cfg(test)]
mod common;
#[cfg(test)]
mod render;
#[cfg(test)]
mod terminal;
