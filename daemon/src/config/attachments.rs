//! `[attachments]`: how much room files of tickets may take.

use serde::{Deserialize, Deserializer};

use crate::store::AttachmentLimits;

/// How much room files of tickets may take. Sizes are written `"10MiB"`: a number and KiB, MiB or GiB, or a number of
/// bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Attachments {
    /// The longest file. Default: 10 MiB; at most 1 GiB.
    #[serde(deserialize_with = "size")]
    pub max_file: u64,
    /// All files of a ticket together, and all that one request brings. Default: 50 MiB.
    #[serde(deserialize_with = "size")]
    pub max_ticket: u64,
    /// All files together. Default: 4 GiB.
    #[serde(deserialize_with = "size")]
    pub max_total: u64,
    /// What the disk keeps free of them for the ledger. Default: 256 MiB.
    #[serde(deserialize_with = "size")]
    pub keep_free: u64,
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

impl Default for Attachments {
    fn default() -> Self {
        Self { max_file: 10 * MIB, max_ticket: 50 * MIB, max_total: 4 * GIB, keep_free: 256 * MIB }
    }
}

impl Attachments {
    /// The same as the store takes it.
    pub fn limits(self) -> AttachmentLimits {
        AttachmentLimits {
            file_max_bytes: self.max_file,
            ticket_max_bytes: self.max_ticket,
            total_max_bytes: self.max_total,
            keep_free_bytes: self.keep_free,
        }
    }
}

pub(super) fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let said = toml::Value::deserialize(deserializer)?;
    let bytes = match &said {
        toml::Value::Integer(bytes) => u64::try_from(*bytes).ok(),
        toml::Value::String(text) => bytes(text),
        _ => None,
    };
    bytes.filter(|bytes| *bytes <= 1 << 50).ok_or_else(|| {
        serde::de::Error::custom(format!(
            "{said} is no size; write it as \"10MiB\": a number and KiB, MiB or GiB"
        ))
    })
}

fn bytes(text: &str) -> Option<u64> {
    let units = [("KiB", KIB), ("MiB", MIB), ("GiB", GIB)];
    let (number, unit) = units.into_iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
    number.trim_end().parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    fn read(text: &str) -> Result<Attachments, String> {
        let config = Config::parse(Path::new("andon.toml"), text).map_err(|error| error.to_string())?;
        Ok(config.attachments)
    }

    #[test]
    fn sizes_are_numbers_with_a_unit_or_bytes() {
        assert_eq!(read(""), Ok(Attachments::default()));
        let written =
            "[attachments]\nmax-file = \"2MiB\"\nmax-ticket = \"3 KiB\"\nmax-total = \"1GiB\"\nkeep-free = 0";
        let expected = Attachments { max_file: 2 * MIB, max_ticket: 3 * KIB, max_total: GIB, keep_free: 0 };
        assert_eq!(read(written), Ok(expected));
    }

    #[test]
    fn a_bad_size_is_told_by_line_and_way_out() {
        for value in ["\"10MB\"", "\"ten MiB\"", "-1", "true", "\"99999999999GiB\"", "\"9999999GiB\""] {
            let expected = format!(
                "andon.toml:2: max-file: {value} is no size; write it as \"10MiB\": a number and KiB, MiB or GiB"
            );
            assert_eq!(read(&format!("[attachments]\nmax-file = {value}")), Err(expected));
        }
        let unknown = read("[attachments]\nmax-flie = 1").unwrap_err();
        assert!(unknown.ends_with("did you mean `max-file`?"), "{unknown}");
    }
}
