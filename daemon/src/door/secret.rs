//! Secrets of tokens: 256 random bits, shown once and kept as a hash.

use sha2::{Digest, Sha256};

/// Starts every secret, so that one that leaked is recognised.
const PREFIX: &str = "andon_";

/// A new secret.
///
/// # Errors
/// When the system has no randomness to give.
pub fn new() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{PREFIX}{}", hex(&bytes)))
}

/// What is kept of a secret, and of anything else that is only compared: SHA-256 in lower-case hex.
pub fn hash(text: &[u8]) -> String {
    hex(&Sha256::digest(text))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string does not fail");
        text
    })
}
