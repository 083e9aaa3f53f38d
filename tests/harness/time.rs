//! Instants and spans as a test writes and reads them: local time of Moscow, and `1h30m`.

use calendars::{Timestamp, Tz};

/// The zone of every local time in a test. It is three hours ahead of UTC, all year, since 2014-10-26.
pub const ZONE: Tz = Tz::Europe__Moscow;

/// An instant: `2026-11-23 10:00`, `2026-11-23 10:00:00.001` in Moscow, or RFC 3339.
///
/// # Panics
/// Where the text is neither; and before 2015, when Moscow's offset was another.
pub fn instant(text: &str) -> Timestamp {
    if let Ok(at) = Timestamp::parse_rfc3339(text) {
        return at;
    }
    let (date, time) = text.split_once(' ').unwrap_or_else(|| panic!("`{text}` is no `2026-11-23 10:00`"));
    assert!(date >= "2015", "`{text}`: Moscow was not at +03:00 before 2015");
    let seconds = if time.matches(':').count() == 1 { ":00" } else { "" };
    Timestamp::parse_rfc3339(&format!("{date}T{time}{seconds}+03:00"))
        .unwrap_or_else(|error| panic!("`{text}` is no local time: {error}"))
}

/// How Moscow writes an instant: to the minute, and finer only where there is something finer.
pub fn local(at: Timestamp) -> String {
    let form = if at.millis() % 60_000 == 0 { "%Y-%m-%d %H:%M" } else { "%Y-%m-%d %H:%M:%S%.3f" };
    at.local(ZONE).format(form).to_string()
}

/// A span in milliseconds as people write it: `12h`, `1h30m`, `59m30s`, `0s`; what is finer than a second follows
/// as `1ms`.
pub fn span(ms: i64) -> String {
    let parts = [(ms / 3_600_000, "h"), (ms / 60_000 % 60, "m"), (ms / 1_000 % 60, "s"), (ms % 1_000, "ms")];
    let text: String = parts
        .iter()
        .filter(|(amount, _)| *amount != 0)
        .map(|(amount, unit)| format!("{amount}{unit}"))
        .collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}
