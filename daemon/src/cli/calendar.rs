//! `andonctl calendar`: working time, for people to check a calendar and a deadline by.

mod check;
mod year;

use std::process::ExitCode;

use calendars::{Calendar, Timestamp, parse_duration_ms};
use chrono::Datelike;
use clap::{Args, Subcommand};
use serde_json::json;

use self::check::Check;
use self::year::Year;
use super::Io;
use super::error::CliError;
use super::regulation::load;
use crate::clock;

/// Reckon working time, and show and check calendars.
///
/// A calendar's name is REGULATION/CALENDAR, such as getmark/line-2; the regulation is one that comes with the
/// program, or a file.
#[derive(Debug, Subcommand)]
pub(super) enum CalendarNoun {
    Show(Show),
    Check(Check),
    Add(Add),
    Between(Between),
}

/// Show a year: working days and hours by month, and the days that are not as the week says.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Such as getmark/line-2
    #[arg(value_name = "NAME")]
    name: String,
    /// The year [default: this one]
    #[arg(long, value_name = "Y", value_parser = clap::value_parser!(i32).range(1970..2200))]
    year: Option<i32>,
}

/// When a term ends that begins at FROM.
///
/// Prints the time with the offset of the calendar's zone, and `provisional` after it where it may still move, since
/// days on the way have no facts in the production calendar.
///
/// Example: andonctl calendar add getmark/line-2 2026-04-30T17:00:00+03:00 12h
#[derive(Debug, Args)]
pub(super) struct Add {
    /// Such as getmark/line-2
    #[arg(value_name = "NAME")]
    name: String,
    /// RFC 3339 with an offset, such as 2026-04-30T17:00:00+03:00
    #[arg(value_name = "FROM", value_parser = time)]
    from: Timestamp,
    /// Working hours, such as 12h or 1h30m; or working days, such as 3d: to the close of the third after that of FROM
    #[arg(value_name = "TERM", value_parser = term)]
    term: Term,
}

/// How much working time there is between two times.
///
/// Prints it as add takes it, such as 1h30m, and `provisional` after it where days in between have no facts in the
/// production calendar.
#[derive(Debug, Args)]
pub(super) struct Between {
    /// Such as getmark/line-2
    #[arg(value_name = "NAME")]
    name: String,
    /// RFC 3339 with an offset
    #[arg(value_name = "FROM", value_parser = time)]
    from: Timestamp,
    /// RFC 3339 with an offset; not before FROM
    #[arg(value_name = "TO", value_parser = time)]
    to: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Term {
    WorkingMs(i64),
    WorkingDays(u32),
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).map_err(|error| error.to_string())
}

fn term(text: &str) -> Result<Term, String> {
    if let Some(days) = text.strip_suffix('d').filter(|days| days.bytes().all(|byte| byte.is_ascii_digit())) {
        return days.parse().map(Term::WorkingDays).map_err(|_| format!("`{text}` is no number of days"));
    }
    parse_duration_ms(text)
        .map(Term::WorkingMs)
        .map_err(|error| format!("{error}, or working days such as 3d"))
}

impl CalendarNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::Show(show) => show.run(io),
            Self::Check(check) => check.run(io),
            Self::Add(add) => add.run(io),
            Self::Between(between) => between.run(io),
        }
    }
}

/// The calendar of a name `regulation/calendar`.
fn find(name: &str) -> Result<Calendar, CliError> {
    let Some((regulation, id)) = name.rsplit_once('/') else {
        return Err(CliError::Usage(format!(
            "`{name}` is no calendar's name; write REGULATION/CALENDAR, such as getmark/line-2"
        )));
    };
    let regulation = load(regulation)?;
    regulation.calendar(id).cloned().ok_or_else(|| {
        let known: Vec<_> = regulation.calendars.iter().map(Calendar::id).collect();
        CliError::Refused(format!("{} has no calendar `{id}`; it has {}", regulation.id, known.join(", ")))
    })
}

impl Show {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let calendar = find(&self.name)?;
        let year = self.year.unwrap_or_else(|| clock::now().local(calendar.zone()).year());
        let year = Year::of(&calendar, year);
        if io.json {
            return io.json(&year.json(&self.name, &calendar));
        }
        year.write(&self.name, &calendar, io.out)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Add {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let calendar = find(&self.name)?;
        let deadline = match self.term {
            Term::WorkingMs(ms) => calendar.add(self.from, ms),
            Term::WorkingDays(days) => calendar.add_working_days(self.from, days),
        };
        let at = deadline.at.to_rfc3339(calendar.zone());
        if io.json {
            return io.json(&json!({
                "at": at, "provisional": deadline.provisional,
                "calendar": self.name, "revision": calendar.revision(),
            }));
        }
        writeln!(io.out, "{at}{}", mark(deadline.provisional))?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Between {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let calendar = find(&self.name)?;
        if self.to < self.from {
            return Err(CliError::Usage("TO is before FROM".to_owned()));
        }
        let measured = calendar.between(self.from, self.to);
        if io.json {
            return io.json(&json!({
                "working_seconds": measured.ms.div_euclid(1_000), "working_ms": measured.ms,
                "provisional": measured.provisional,
                "calendar": self.name, "revision": calendar.revision(),
            }));
        }
        writeln!(io.out, "{}{}", duration(measured.ms), mark(measured.provisional))?;
        Ok(ExitCode::SUCCESS)
    }
}

fn mark(provisional: bool) -> &'static str {
    if provisional { " provisional" } else { "" }
}

/// A length of working time as terms are written: `1h30m`, to the second.
fn duration(ms: i64) -> String {
    let seconds = ms / 1_000;
    let parts = [(seconds / 3_600, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    let told: Vec<_> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if told.is_empty() { "0s".to_owned() } else { told.concat() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_hours_or_days() {
        for (text, expected) in [
            ("12h", Term::WorkingMs(43_200_000)),
            ("1h30m", Term::WorkingMs(5_400_000)),
            ("3d", Term::WorkingDays(3)),
        ] {
            assert_eq!(term(text), Ok(expected), "{text}");
        }
        for text in ["", "d", "3", "-1d", "3d4h", "99999999999d"] {
            assert!(term(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_duration_is_written_as_it_is_read() {
        for ms in [0, 1_000, 60_000, 3_600_000, 5_400_000, 45_296_000] {
            assert_eq!(parse_duration_ms(&duration(ms)), Ok(ms));
        }
    }
}
