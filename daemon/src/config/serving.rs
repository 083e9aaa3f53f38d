//! How many the HTTP door serves: `[serving]`.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// How many connections the HTTP door has at once where nothing else is said …
const CONNECTIONS: usize = 1_024;
/// … at least …
const CONNECTIONS_MIN: usize = 16;
/// … and at most. Each may hold some tens of KiB.
const CONNECTIONS_MAX: usize = 16_384;
/// How many one address has where nothing else is said.
const PER_ADDRESS: usize = 256;

/// How many the HTTP door serves. The socket of `andonctl` has places of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Serving {
    /// Connections at once, 16 to 16384. Default: 1024. When all are taken, the address that has most gives one up.
    #[serde(deserialize_with = "connections")]
    pub connections: usize,
    /// Connections at once from one IPv4 address or one /64 of IPv6; one more gets the place of the oldest over which no
    /// token has come in, or is hung up. Default: 256. A proxy before the desk is one address.
    #[serde(deserialize_with = "per_address")]
    pub connections_per_address: usize,
}

impl Default for Serving {
    fn default() -> Self {
        Self { connections: CONNECTIONS, connections_per_address: PER_ADDRESS }
    }
}

fn connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    number(deserializer, CONNECTIONS_MIN)
}

fn per_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    number(deserializer, 1)
}

fn number<'de, D: Deserializer<'de>>(deserializer: D, least: usize) -> Result<usize, D::Error> {
    let said = i64::deserialize(deserializer)?;
    let number = usize::try_from(said).ok().filter(|number| (least..=CONNECTIONS_MAX).contains(number));
    number
        .ok_or_else(|| D::Error::custom(format!("{said} is not a number from {least} to {CONNECTIONS_MAX}")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    #[test]
    fn bounds_are_said_or_default_and_what_cannot_be_is_told() {
        let read = |text: &str| Config::parse(Path::new("andon.toml"), text);
        assert_eq!(read("").expect("it is whole").serving, Serving::default());
        let said =
            read("[serving]\nconnections = 16\nconnections-per-address = 1").expect("it is whole").serving;
        assert_eq!(said, Serving { connections: 16, connections_per_address: 1 });
        for (text, expected) in [
            ("connections = 15", "andon.toml:2: connections: 15 is not a number from 16 to 16384"),
            ("connections = -1", "andon.toml:2: connections: -1 is not a number from 16 to 16384"),
            (
                "connections-per-address = 0",
                "andon.toml:2: connections-per-address: 0 is not a number from 1 to 16384",
            ),
        ] {
            let told = read(&format!("[serving]\n{text}")).expect_err("it is wrong").to_string();
            assert_eq!(told, expected);
        }
    }
}
