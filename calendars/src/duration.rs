//! Terms as regulations write them: `30m`, `12h`, `1h30m`.
//!
//! Whether such a term is of working or of calendar time is stated beside it and decided elsewhere. Days are not
//! read here on purpose: a working day is no number of hours.

/// Reads a duration such as `1h30m`, in milliseconds.
///
/// Whole numbers with the units `h`, `m` and `s`, largest first, each at most once; `0s` is a duration. The result
/// is never negative.
pub fn parse_duration_ms(text: &str) -> Result<i64, DurationError> {
    let error = |problem| DurationError { text: text.to_owned(), problem };
    let mut rest = text;
    let mut total_ms = 0_i64;
    let mut allowed = &UNITS[..];
    if rest.is_empty() {
        return Err(error("is empty"));
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        if number.is_empty() {
            return Err(error("has a unit without a number"));
        }
        let unit = tail.chars().next().ok_or_else(|| error("has a number without a unit"))?;
        let place = allowed.iter().position(|(name, _)| *name == unit).ok_or_else(|| {
            let known = UNITS.iter().any(|(name, _)| *name == unit);
            error(if known { "has its units out of order" } else { "has an unknown unit" })
        })?;
        let number: i64 = number.parse().map_err(|_| error("is too long"))?;
        total_ms = number
            .checked_mul(allowed[place].1)
            .and_then(|ms| total_ms.checked_add(ms))
            .ok_or_else(|| error("is too long"))?;
        allowed = &allowed[place + 1..];
        rest = &tail[unit.len_utf8()..];
    }
    Ok(total_ms)
}

const UNITS: [(char, i64); 3] = [('h', 3_600_000), ('m', 60_000), ('s', 1_000)];

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("duration `{text}` {problem}; expected hours, minutes and seconds such as 12h, 30m or 1h30m")]
pub struct DurationError {
    text: String,
    problem: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_minutes_and_seconds_add_up() {
        for (text, ms) in [
            ("0s", 0),
            ("30m", 1_800_000),
            ("12h", 43_200_000),
            ("1h30m", 5_400_000),
            ("336h", 1_209_600_000),
            ("1h5s", 3_605_000),
        ] {
            assert_eq!(parse_duration_ms(text), Ok(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused_with_its_reason() {
        for (text, problem) in [
            ("", "is empty"),
            ("12", "has a number without a unit"),
            ("h", "has a unit without a number"),
            ("-1h", "has a unit without a number"),
            ("2d", "has an unknown unit"),
            ("1ч", "has an unknown unit"),
            ("30m1h", "has its units out of order"),
            ("1h1h", "has its units out of order"),
            ("9223372036854775807h", "is too long"),
            ("99999999999999999999s", "is too long"),
        ] {
            let error = parse_duration_ms(text).unwrap_err();
            assert!(error.to_string().contains(problem), "{text}: {error}");
        }
    }
}
