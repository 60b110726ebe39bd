//! The log as others meet it.

#[cfg(test)]
mod chain;
#[cfg(test)]
mod file;
#[cfg(test)]
mod support;
