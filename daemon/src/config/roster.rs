//! `[roster]`: when the room is told of gaps.

use serde::{Deserialize, Deserializer, de};

/// How far ahead at most, in days: as far as a roster is planned.
const DAYS_MAX: u16 = 31;

/// What the wall tells of the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Roster {
    /// How many days ahead a gap is told, in what is open: 1 to 31, or 0, and none is. Default: 7. Where no roster is kept,
    /// there are no gaps.
    #[serde(deserialize_with = "days")]
    pub gaps_ahead_days: u16,
}

impl Default for Roster {
    fn default() -> Self {
        Self { gaps_ahead_days: 7 }
    }
}

fn days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let said = toml::Value::deserialize(deserializer)?;
    let days = said.as_integer().and_then(|days| u16::try_from(days).ok());
    days.filter(|days| *days <= DAYS_MAX)
        .ok_or_else(|| de::Error::custom(format!("{said} is not a number of days, 0 to {DAYS_MAX}")))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::Config;

    #[test]
    fn gaps_are_told_a_week_ahead_or_as_is_said_or_never() {
        for (text, days) in [("", 7), ("[roster]", 7), ("[roster]\ngaps-ahead-days = 0", 0)] {
            let config = Config::parse(Path::new("andon.toml"), text).unwrap();
            assert_eq!(config.roster.gaps_ahead_days, days, "{text}");
        }
    }

    #[test]
    fn a_bad_value_is_told_by_line_and_way_out() {
        for (value, expected) in [
            ("32", "andon.toml:2: gaps-ahead-days: 32 is not a number of days, 0 to 31"),
            ("-1", "andon.toml:2: gaps-ahead-days: -1 is not a number of days, 0 to 31"),
            ("\"week\"", "andon.toml:2: gaps-ahead-days: \"week\" is not a number of days, 0 to 31"),
        ] {
            let text = format!("[roster]\ngaps-ahead-days = {value}");
            let told = Config::parse(Path::new("andon.toml"), &text).unwrap_err().to_string();
            assert_eq!(told, expected);
        }
    }
}
