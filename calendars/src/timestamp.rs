//! The instant of everything the product stores or compares.
//!
//! Inside, an instant is a number of milliseconds and has no zone; a zone appears where a person reads or writes
//! it. Reading a clock is left to the one module of the daemon that may.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// An instant, in UTC milliseconds since 1970-01-01T00:00:00Z.
///
/// Stored and sent to other programs of ours as the bare number; shown to people by [`Timestamp::to_rfc3339`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

/// The instants that RFC 3339 can write in any zone: years 1 to 9999, a day in from either end.
const WRITABLE_MS: (i64, i64) = (-62_135_510_400_000, 253_402_214_399_999);

impl Timestamp {
    /// The instant that many milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The instant `ms` milliseconds later, or the furthest one there is.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// Milliseconds from `earlier` to this instant; negative when `earlier` is in fact the later one.
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads an RFC 3339 time such as `2026-11-23T10:02:11+03:00`.
    ///
    /// What is finer than a millisecond is cut off.
    ///
    /// # Errors
    ///
    /// A time without an offset is refused by that name: it could be any of forty instants, and a guess would show
    /// only as a deadline some hours off.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimestampError> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|source| {
            let text = text.to_owned();
            if lacks_only_its_offset(&text) {
                TimestampError::NoOffset { text }
            } else {
                TimestampError::Malformed { text, source }
            }
        })?;
        Ok(Self(time.timestamp_millis()))
    }

    /// The instant as RFC 3339 with the zone's offset, always to the millisecond: `2026-11-23T10:02:11.123+03:00`.
    ///
    /// Instants that RFC 3339 has no years for are written as the nearest one it has.
    pub fn to_rfc3339(self, zone: Tz) -> String {
        self.utc().with_timezone(&zone).to_rfc3339_opts(SecondsFormat::Millis, false)
    }

    /// What a clock on the wall shows in `zone` at this instant (within the years 1 to 9999).
    pub fn local(self, zone: Tz) -> NaiveDateTime {
        self.utc().with_timezone(&zone).naive_local()
    }

    fn utc(self) -> DateTime<Utc> {
        let millis = self.0.clamp(WRITABLE_MS.0, WRITABLE_MS.1);
        DateTime::from_timestamp_millis(millis).expect("years 1 to 9999 are within chrono's range")
    }
}

/// Why a text is not an instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimestampError {
    /// A date and time of day, but of which zone is not said.
    #[error(
        "time `{text}` has no offset from UTC; expected one at its end, as in 2026-11-23T10:02:11+03:00 or 2026-11-23T07:02:11Z"
    )]
    NoOffset {
        /// The text as it came.
        text: String,
    },
    /// Not an RFC 3339 time.
    #[error("time `{text}` is not RFC 3339; expected a form like 2026-11-23T10:02:11+03:00")]
    Malformed {
        /// The text as it came.
        text: String,
        /// What the parser stumbled over.
        source: chrono::ParseError,
    },
}

fn lacks_only_its_offset(text: &str) -> bool {
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    forms.iter().any(|form| NaiveDateTime::parse_from_str(text, form).is_ok())
}
