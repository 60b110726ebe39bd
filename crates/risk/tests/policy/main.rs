//! The policy through its public face.

#[cfg(test)]
mod common;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod floors;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod origins;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod signals;
#[cfg(test)]
mod supplied;
