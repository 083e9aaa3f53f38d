//! A calendar as a regulation's file states it.
//!
//! Plain text as an admin wrote it; [`Calendar::compile`](crate::Calendar::compile) reads the texts and says which
//! of them it cannot understand.

use serde::{Deserialize, Serialize};

/// One calendar of a regulation: weekly hours, their zone, and the production calendar it follows.
///
/// ```toml
/// id = "second-line"
/// clause = "GM-5.9"
/// production = "ru"
/// hours = [{ days = "mon-fri", open = "09:00", close = "18:00" }]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CalendarSpec {
    /// The name by which lines, departments and clocks refer to the calendar.
    pub id: String,
    /// What people call it. Absent: the id is shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The clause of the regulation that the hours come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// What its keeper should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The regulation leaves the hours to the site; these are a proposal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub site: bool,
    /// IANA name of the zone that the hours are in. Absent: `Europe/Moscow`.
    #[serde(default = "moscow")]
    pub zone: String,
    /// The production calendar whose holidays and moved days hold, such as `ru`. Absent: the week is all there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub production: Option<String>,
    /// What the production calendar's short days do to the hours. Absent: nothing.
    #[serde(default)]
    pub short_days: ShortDays,
    /// The weekly hours. At least one entry; entries of one day must not overlap.
    pub hours: Vec<Hours>,
}

/// Working hours on some days of the week, half-open `[open, close)`, in the calendar's zone.
///
/// A shift across midnight is written as two entries, `22:00`–`24:00` and `00:00`–`06:00`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Hours {
    /// Days of the week: `mon-fri`, `sat`, `mon,wed`, `mon-wed,fri`.
    pub days: String,
    /// When work begins, `HH:MM`.
    pub open: String,
    /// When work ends, `HH:MM`; `24:00` is the end of the day.
    pub close: String,
}

/// What a calendar does on the days that a production calendar shortens by an hour (R2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShortDays {
    /// They have their full hours.
    #[default]
    Ignore,
    /// They close an hour earlier.
    Observe,
}

fn moscow() -> String {
    "Europe/Moscow".to_owned()
}
