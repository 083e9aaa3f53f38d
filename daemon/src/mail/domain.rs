//! The domain in the ids of the site's letters.

use std::fmt;

/// The longest domain, in characters; that of DNS.
const DOMAIN_MAX_CHARS: usize = 253;

/// A domain as it stands behind the `@` of a message id: lower-case ASCII, of letters, digits, dots and hyphens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailDomain(String);

/// Why a text is no domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no domain; ASCII letters, digits, hyphens and dots, such as desk.example.org")]
pub struct BadDomain(String);

impl MailDomain {
    /// Reads a domain; letters may be of either case.
    ///
    /// # Errors
    /// [`BadDomain`], with the way out.
    pub fn parse(text: &str) -> Result<Self, BadDomain> {
        let is_label = |label: &str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.len() > DOMAIN_MAX_CHARS || !text.split('.').all(is_label) {
            return Err(BadDomain(text.to_owned()));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The domain, in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MailDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_lower_case_and_nothing_that_could_end_a_header() {
        assert_eq!(MailDomain::parse("Desk.Example.org").unwrap().as_str(), "desk.example.org");
        assert_eq!(MailDomain::parse("box").unwrap().as_str(), "box");
        let long = "a.".repeat(127);
        for wrong in ["", ".", "a..b", "-a.b", "a-.b", "a b", "почта.рф", "a>\r\nBcc:", "a_b.org", &long]
        {
            assert!(MailDomain::parse(wrong).is_err(), "{wrong}");
        }
    }
}
