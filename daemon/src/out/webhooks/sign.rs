//! Signatures, as the specification "Standard Webhooks" has them: `webhook-id`, `webhook-timestamp` and
//! `webhook-signature: v1,BASE64`, an HMAC-SHA256 over `id.timestamp.body`. So a receiver checks them with a library of its
//! language, and a repetition is told by its id.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// How every secret begins.
const PREFIX: &str = "whsec_";
/// How long a secret is, in bytes, once it is decoded.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that receiver and desk share.
pub(super) struct Secret(Vec<u8>);

/// Why a text is no secret. It says nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "is no secret: it must be `whsec_` and 24 to 64 bytes in base64; `echo whsec_$(openssl rand -base64 32)` makes one"
)]
pub(in crate::out) struct NoSecret;

impl Secret {
    /// Reads one; space around it does not count.
    pub(super) fn parse(text: &str) -> Result<Self, NoSecret> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(NoSecret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| NoSecret)?;
        if BYTES.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(NoSecret) }
    }

    /// The value of `webhook-signature`.
    pub(super) fn sign(&self, id: &str, timestamp_s: i64, body: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of HMAC has any length");
        mac.update(format!("{id}.{timestamp_s}.").as_bytes());
        mac.update(body.as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_the_one_that_the_specification_shows() {
        // From the specification's own examples.
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").expect("a secret");
        let body = r#"{"test": 2432232314}"#;
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_ne!(secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_331, body), signed);
    }

    #[test]
    fn what_is_no_secret_is_refused_without_being_repeated() {
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        for text in
            ["", "whsec_", "secret", "whsec_short", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_%%%", &long]
        {
            let error = Secret::parse(text).err().unwrap_or_else(|| panic!("`{text}` is none"));
            assert!(
                text.is_empty() || !error.to_string().contains(text) || text == "whsec_" || text == "secret"
            );
        }
    }
}
