//! Secrets of tokens: 256 random bits, shown once and kept as a hash.

use sha2::{Digest, Sha256};

use crate::hex::hex;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_written_in_lower_case_hex() {
        // The sum of nothing, as FIPS 180-4's examples have it.
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hash(b""), nothing);
    }
}
