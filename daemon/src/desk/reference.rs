//! References: the key that another system knows a ticket by.
//!
//! A monitoring system names an alert by its fingerprint, a tracker an issue by its number. The desk finds the tickets of
//! a key without looking at all; of those that are put away, whoever keeps them knows the newest.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::refusal::FieldError;
use super::regulation::is_url;

/// The source whose keys are fingerprints of alerts; only alerts make tickets with it.
pub const ALERTS: &str = "alertmanager";
/// The key, among those of alerts, of the ticket that counts the alerts which have none of their own.
pub const OVER_LIMIT: &str = "over-limit";
/// The longest name of a source, in characters.
const SOURCE_MAX_CHARS: usize = 32;
/// The longest key, in characters.
pub(super) const KEY_MAX_CHARS: usize = 200;
/// The longest address, in characters.
pub const URL_MAX_CHARS: usize = 2_000;

/// The key that another system knows a ticket by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Reference {
    /// Which system. Required: 1 to 32 of `a`-`z`, `0`-`9` and `-`.
    #[schema(value_type = String, example = "tracker")]
    pub source: SmolStr,
    /// Its key there. Required; at most 200 characters.
    #[schema(value_type = String, example = "SUP-4711")]
    pub key: SmolStr,
    /// Where it is to be seen there, `https://…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

impl Reference {
    /// The reference of an alert.
    pub fn alert(key: &SmolStr, url: Option<String>) -> Self {
        Self { source: ALERTS.into(), key: key.clone(), url }
    }

    /// Whether it is that of an alert which has a ticket of its own.
    pub(super) fn is_of_alert(&self) -> bool {
        self.source == ALERTS && self.key != OVER_LIMIT
    }

    /// What is wrong with it, by its fields.
    pub(super) fn complaints(&self) -> Vec<FieldError> {
        let mut wrong = Vec::new();
        let odd = |c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if self.source.is_empty() || self.source.len() > SOURCE_MAX_CHARS || self.source.contains(odd) {
            let message = format!("is required: 1 to {SOURCE_MAX_CHARS} of a-z, 0-9 and `-`");
            wrong.push(FieldError::new("reference.source", &message));
        } else if self.source == ALERTS {
            let message =
                format!("`{ALERTS}` is for what /v1/intake/alertmanager takes in; name another system");
            wrong.push(FieldError::new("reference.source", &message));
        }
        let chars = self.key.chars().count();
        if self.key.trim().is_empty() || chars > KEY_MAX_CHARS || self.key.contains(char::is_control) {
            let message = format!("is required: one line of at most {KEY_MAX_CHARS} characters");
            wrong.push(FieldError::new("reference.key", &message));
        }
        if let Some(url) = &self.url
            && (!is_url(url) || url.chars().count() > URL_MAX_CHARS)
        {
            let message = format!("is no address; write it as https://…, at most {URL_MAX_CHARS} characters");
            wrong.push(FieldError::new("reference.url", &message));
        }
        wrong
    }
}
