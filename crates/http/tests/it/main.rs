//! The transport and the back channel against raw servers that record every byte.

#[cfg(test)]
mod backchannel;
#[cfg(test)]
mod doubt;
#[cfg(test)]
mod proxy;
#[cfg(test)]
mod refusal;
#[cfg(test)]
mod support;
#[cfg(test)]
#[cfg(feature = "rustls")]
mod tls;
#[cfg(test)]
mod wire;
