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

/// Each request with a token comes by here: the standard library's formatting takes longer than the sum.
fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]).map(|digit| DIGITS[usize::from(digit)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_written_in_lower_case_hex() {
        // The sum of nothing, as FIPS 180-4's examples have it.
        let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hash(b""), nothing);
        assert_eq!(hex(&[0x00, 0x0f, 0xf0, 0xff]), "000ff0ff");
    }
}
