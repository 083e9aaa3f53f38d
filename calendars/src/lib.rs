//! Working time: what instant a term of working hours or days ends at, and how much of it has been used.
//!
//! A regulation states a calendar as text ([`CalendarSpec`]): weekly hours, a zone, and the production calendar
//! whose holidays and moved days it follows. [`Calendar::compile`] turns that into a table, and from then on
//! every question costs the same, however far apart the instants are.
//!
//! What holds throughout:
//!
//! - An instant is a [`Timestamp`], UTC milliseconds. A local date or time is always of the calendar's own zone.
//! - Working time is counted in elapsed milliseconds within half-open intervals `[open, close)`. A night shift
//!   across a clock change is an hour longer or shorter, as it is for the people who work it.
//! - A term ends at the *earliest* instant by which it has elapsed: four hours that run out exactly at 18:00 end
//!   at 18:00 and not at the next opening.
//! - A production calendar knows which years it has facts for. Outside them the weekly hours stand in, and every
//!   answer that touched such a day says so: it is `provisional`.
//! - The crate is pure. It reads no clock and no file and draws no random number: equal arguments give equal
//!   answers, and [`Calendar::revision`] names the facts they came from.
//!
//! Left to others: which term a ticket has, when its clock pauses, what a late answer means (the desk), and where
//! next year's production calendar comes from (the daemon reads it and hands the text to
//! [`Production::with_year`]).

mod calendar;
mod day;
mod duration;
mod production;
mod schedule;
mod shifts;
mod spec;
mod table;
mod timestamp;
mod working_days;

pub use calendar::{Calendar, CalendarError, Deadline, Measured};
pub use chrono_tz::Tz;
pub use day::{Day, DayKind};
pub use duration::{DurationError, parse_duration_ms};
pub use production::{Production, ProductionError, YearProblem};
pub use schedule::{ScheduleError, Span};
pub use spec::{CalendarSpec, Hours, ShortDays};
pub use timestamp::{Timestamp, TimestampError};
