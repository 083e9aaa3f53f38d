//! A year of a calendar: its months, and the days that are not as the week says.

use std::io::{self, Write};

use calendars::{Calendar, Day, DayKind};
use chrono::{Datelike, NaiveDate};
use serde_json::{Value, json};

use crate::cli::text::Table;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A year, counted.
pub(super) struct Year<'a> {
    number: i32,
    months: [Month; 12],
    odd: Vec<Day<'a>>,
    provisional: bool,
}

#[derive(Clone, Copy, Default)]
struct Month {
    working_days: u32,
    working_minutes: u32,
}

impl Month {
    fn hours(self) -> String {
        match self.working_minutes % 60 {
            0 => (self.working_minutes / 60).to_string(),
            minutes => format!("{}:{minutes:02}", self.working_minutes / 60),
        }
    }
}

impl<'a> Year<'a> {
    pub(super) fn of(calendar: &'a Calendar, number: i32) -> Self {
        let mut year = Self { number, months: <[Month; 12]>::default(), odd: Vec::new(), provisional: false };
        let first = NaiveDate::from_ymd_opt(number, 1, 1).expect("years are checked when arguments are read");
        for date in first.iter_days().take_while(|date| date.year() == number) {
            let day = calendar.day(date);
            let month = &mut year.months[date.month0() as usize];
            month.working_days += u32::from(!day.hours.is_empty());
            month.working_minutes += minutes(&day);
            year.provisional |= day.provisional;
            if day.short || !matches!(day.kind, DayKind::Working | DayKind::Weekend) {
                year.odd.push(day);
            }
        }
        year
    }

    fn total(&self) -> Month {
        self.months.iter().fold(Month::default(), |total, month| Month {
            working_days: total.working_days + month.working_days,
            working_minutes: total.working_minutes + month.working_minutes,
        })
    }

    pub(super) fn json(&self, name: &str, calendar: &Calendar) -> Value {
        let months = self.months.iter().zip(1..).map(|(month, number)| {
            json!({
                "month": number,
                "working_days": month.working_days,
                "working_minutes": month.working_minutes,
            })
        });
        let odd = self.odd.iter().map(|day| {
            json!({
                "date": day.date,
                "kind": kind(day),
                "name": name_of(day),
                "exchanged_for": exchanged(day),
                "short": day.short,
                "hours": day.hours.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        });
        json!({
            "calendar": name,
            "title": calendar.title(),
            "zone": calendar.zone().name(),
            "revision": calendar.revision(),
            "year": self.number,
            "provisional": self.provisional,
            "facts_until": calendar.facts_until(),
            "working_days": self.total().working_days,
            "working_minutes": self.total().working_minutes,
            "months": months.collect::<Vec<_>>(),
            "odd_days": odd.collect::<Vec<_>>(),
        })
    }

    pub(super) fn write(&self, name: &str, calendar: &Calendar, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{name}: {}", calendar.title())?;
        write!(out, "{}, zone {}, revision {}", self.number, calendar.zone(), calendar.revision())?;
        match calendar.facts_until() {
            Some(until) => writeln!(out, ", facts until {until}")?,
            None => writeln!(out, ", no production calendar")?,
        }
        if self.provisional {
            writeln!(out, "provisional: days of this year have no facts, so the weekly hours stand in")?;
        }
        let mut table = Table::new(["month", "days", "hours"]);
        for title in ["days", "hours"] {
            table.align_right(title);
        }
        for (month, name) in self.months.iter().zip(MONTHS) {
            table.row([name.to_owned(), month.working_days.to_string(), month.hours()]);
        }
        let total = self.total();
        table.row([self.number.to_string(), total.working_days.to_string(), total.hours()]);
        writeln!(out, "\n{table}")?;
        if !self.odd.is_empty() {
            let mut table = Table::new(["date", "day", "what", "hours"]);
            for day in &self.odd {
                table.row([day.date.to_string(), day.date.weekday().to_string(), what(day), hours(day)]);
            }
            writeln!(out, "\n{table}")?;
        }
        Ok(())
    }
}

fn minutes(day: &Day<'_>) -> u32 {
    day.hours.iter().map(|span| u32::from(span.close_minute() - span.open_minute())).sum()
}

fn hours(day: &Day<'_>) -> String {
    let hours: Vec<_> = day.hours.iter().map(ToString::to_string).collect();
    if hours.is_empty() { "-".to_owned() } else { hours.join(", ") }
}

fn kind(day: &Day<'_>) -> &'static str {
    match day.kind {
        DayKind::Working => "working",
        DayKind::Weekend => "weekend",
        DayKind::Holiday(_) => "holiday",
        DayKind::Transferred { .. } => "moved-day-off",
        DayKind::WorkingWeekend { .. } => "working-weekend",
    }
}

fn name_of<'a>(day: &Day<'a>) -> Option<&'a str> {
    if let DayKind::Holiday(name) = day.kind { Some(name) } else { None }
}

fn exchanged(day: &Day<'_>) -> Option<NaiveDate> {
    match day.kind {
        DayKind::Transferred { from } => Some(from),
        DayKind::WorkingWeekend { exchanged } => Some(exchanged),
        DayKind::Working | DayKind::Weekend | DayKind::Holiday(_) => None,
    }
}

fn what(day: &Day<'_>) -> String {
    let mut what = match day.kind {
        DayKind::Holiday(name) => name.to_owned(),
        DayKind::Transferred { from } => format!("day off moved from {from}"),
        DayKind::WorkingWeekend { exchanged } => format!("worked instead of {exchanged}"),
        DayKind::Working | DayKind::Weekend => String::new(),
    };
    if day.short {
        if !what.is_empty() {
            what.push_str(", ");
        }
        what.push_str("short day");
    }
    what
}
