//! How often a token, or an address without one, may ask over HTTP: `[limits]`. The socket of `andonctl` is never limited.

use std::num::NonZeroU32;

use serde::{Deserialize, Deserializer};

/// The most that can be said, for a rate and for a burst: more than any box answers.
const MOST: u32 = 1_000_000;

/// How often somebody may ask: so many at once, and then so many in a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many requests come back in a second.
    pub per_second: NonZeroU32,
    /// How many may come at once after a while of peace.
    pub burst: NonZeroU32,
}

/// The limits as they are written.
///
/// The defaults leave a board the size of a Pi room for dozens of busy clients, and no one of them all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Limits {
    /// Requests in a second with one token: 1 to 1000000, or `off`. Default: 100.
    #[serde(deserialize_with = "rate")]
    requests_per_second_per_token: Option<NonZeroU32>,
    /// Requests with one token at once: 1 to 1000000. Default: 200.
    #[serde(deserialize_with = "count")]
    burst_per_token: NonZeroU32,
    /// Requests in a second from one address without a token that comes in, an IPv6 network of 64 bits counting as one: 1 to
    /// 1000000, or `off`. Default: 200.
    #[serde(deserialize_with = "rate")]
    requests_per_second_per_address: Option<NonZeroU32>,
    /// Such requests from one address at once: 1 to 1000000. Default: 400.
    #[serde(deserialize_with = "count")]
    burst_per_address: NonZeroU32,
}

impl Default for Limits {
    fn default() -> Self {
        let number = |number| NonZeroU32::new(number).expect("the defaults are more than nothing");
        Self {
            requests_per_second_per_token: Some(number(100)),
            burst_per_token: number(200),
            requests_per_second_per_address: Some(number(200)),
            burst_per_address: number(400),
        }
    }
}

impl Limits {
    /// Nobody is limited.
    #[must_use]
    pub fn off() -> Self {
        Self { requests_per_second_per_token: None, requests_per_second_per_address: None, ..Self::default() }
    }

    /// How often a token may be used; none where that is not limited.
    pub fn per_token(&self) -> Option<Rate> {
        let burst = self.burst_per_token;
        self.requests_per_second_per_token.map(|per_second| Rate { per_second, burst })
    }

    /// How often an address may ask without a token that comes in; none where that is not limited.
    pub fn per_address(&self) -> Option<Rate> {
        let burst = self.burst_per_address;
        self.requests_per_second_per_address.map(|per_second| Rate { per_second, burst })
    }
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NonZeroU32>, D::Error> {
    let said = toml::Value::deserialize(deserializer)?;
    if said.as_str() == Some("off") {
        return Ok(None);
    }
    number(&said).map(Some).ok_or_else(|| {
        serde::de::Error::custom(format!(
            "{said} is not a number of requests in a second, 1 to {MOST}, or \"off\""
        ))
    })
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZeroU32, D::Error> {
    let said = toml::Value::deserialize(deserializer)?;
    number(&said)
        .ok_or_else(|| serde::de::Error::custom(format!("{said} is not a number of requests, 1 to {MOST}")))
}

fn number(said: &toml::Value) -> Option<NonZeroU32> {
    let number = said.as_integer().and_then(|number| u32::try_from(number).ok());
    number.filter(|number| *number <= MOST).and_then(NonZeroU32::new)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::config::{Config, Limits, Rate};

    fn limits(text: &str) -> Result<Limits, String> {
        let config = Config::parse(Path::new("andon.toml"), text).map_err(|error| error.to_string())?;
        Ok(config.limits)
    }

    fn told(rate: Option<Rate>) -> Option<(u32, u32)> {
        rate.map(|rate| (rate.per_second.get(), rate.burst.get()))
    }

    #[test]
    fn limits_are_there_unless_they_are_switched_off() {
        for (text, token, address) in [
            ("", Some((100, 200)), Some((200, 400))),
            (
                "[limits]\nrequests-per-second-per-token = 5\nburst-per-token = 7",
                Some((5, 7)),
                Some((200, 400)),
            ),
            ("[limits]\nrequests-per-second-per-token = \"off\"", None, Some((200, 400))),
            ("[limits]\nrequests-per-second-per-address = \"off\"", Some((100, 200)), None),
            (
                "[limits]\nrequests-per-second-per-address = 1000000\nburst-per-address = 1",
                Some((100, 200)),
                Some((1_000_000, 1)),
            ),
        ] {
            let limits = limits(text).expect("they are right");
            assert_eq!((told(limits.per_token()), told(limits.per_address())), (token, address), "{text}");
        }
        assert_eq!((Limits::off().per_token(), Limits::off().per_address()), (None, None));
    }

    #[test]
    fn each_bad_limit_is_told_by_line_and_way_out() {
        for (line, expected) in [
            (
                "requests-per-second-per-token = 0",
                "andon.toml:2: requests-per-second-per-token: 0 is not a number of requests in a second, 1 to 1000000, or \"off\"",
            ),
            (
                "requests-per-second-per-address = \"none\"",
                "andon.toml:2: requests-per-second-per-address: \"none\" is not a number of requests in a second, 1 to 1000000, or \"off\"",
            ),
            (
                "burst-per-token = -1",
                "andon.toml:2: burst-per-token: -1 is not a number of requests, 1 to 1000000",
            ),
            (
                "burst-per-address = 1000001",
                "andon.toml:2: burst-per-address: 1000001 is not a number of requests, 1 to 1000000",
            ),
        ] {
            assert_eq!(limits(&format!("[limits]\n{line}")).expect_err("it is wrong"), expected);
        }
        let unknown = limits("[limits]\nrequests-per-token = 1").expect_err("there is no such key");
        assert!(unknown.starts_with("andon.toml:2: requests-per-token: unknown field"), "{unknown}");
    }
}
