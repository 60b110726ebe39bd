//! Looking into text, through its public face.

#[cfg(test)]
mod secrets;
