//! A calendar ready to answer: terms to deadlines, instants to working time.
//!
//! Compiling reads the regulation's text once and lays the hours out in a table; answering never fails and never
//! walks. Days are the zone's, instants UTC.
//!
//! What it answers from is bounded: nothing is open before 1970 nor from [`Calendar::HORIZON`] on, and a term that
//! would run past the horizon ends there.

use std::fmt;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::day::{Day, DayKind};
use crate::production::{Fact, Production};
use crate::schedule::{Schedule, ScheduleError, day_number};
use crate::shifts::Shifts;
use crate::spec::CalendarSpec;
use crate::table::{HORIZON, Table};
use crate::timestamp::Timestamp;
use crate::working_days::WorkingDays;

/// Working time under one calendar.
#[derive(Clone)]
pub struct Calendar {
    id: String,
    title: Option<String>,
    clause: Option<String>,
    zone: Tz,
    revision: String,
    production: Option<Production>,
    schedule: Schedule,
    shifts: Shifts,
    working_days: WorkingDays,
    table: Table,
    /// The instants between which every day has facts.
    known: (Timestamp, Timestamp),
}

/// The instant a term ends at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Deadline {
    /// The end of the term; done at this very instant is in time (R4).
    pub at: Timestamp,
    /// Whether a day counted or passed on the way has no facts in the production calendar, so that the deadline may
    /// move once they are known.
    pub provisional: bool,
}

/// The working time between two instants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Measured {
    /// Working time in ms, never negative.
    pub ms: i64,
    /// Whether a day of the span has no facts in the production calendar.
    pub provisional: bool,
}

impl Calendar {
    /// 2200-01-01T00:00:00Z, where every calendar ends: a term that would run past it ends here, and nothing is
    /// open from here on.
    pub const HORIZON: Timestamp = Timestamp::from_millis(HORIZON);

    /// Compiles a calendar that may name one of the [shipped](Production::shipped) production calendars.
    pub fn compile(spec: &CalendarSpec) -> Result<Self, CalendarError> {
        Self::compile_with(spec, Production::shipped())
    }

    /// Compiles a calendar that may name one of the given production calendars, as when an admin has added a year.
    pub fn compile_with(spec: &CalendarSpec, known: &[Production]) -> Result<Self, CalendarError> {
        let zone: Tz = spec
            .zone
            .parse()
            .map_err(|_| CalendarError::Zone { calendar: spec.id.clone(), zone: spec.zone.clone() })?;
        let production = spec.production.as_deref().map(|name| production(spec, name, known)).transpose()?;
        let schedule = Schedule::new(&spec.hours, production, spec.short_days)
            .map_err(|source| CalendarError::Hours { calendar: spec.id.clone(), source })?;
        let shifts = Shifts::collect(zone, 0, HORIZON / 1_000);
        let known = schedule
            .facts()
            .map_or((Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX)), |(first, last)| {
                (instant(shifts.start_of(first)), instant(shifts.start_of(last + 1)))
            });
        Ok(Self {
            id: spec.id.clone(),
            title: spec.title.clone(),
            clause: spec.clause.clone(),
            zone,
            revision: revision(&schedule, &shifts),
            production: production.cloned(),
            working_days: WorkingDays::new(&schedule),
            table: Table::new(&schedule, &shifts),
            schedule,
            shifts,
            known,
        })
    }

    /// The name by which lines, departments and clocks refer to the calendar.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What people call the calendar: its title, or its id when it has none.
    pub fn title(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.id)
    }

    /// The clause of the regulation that the hours come from.
    pub fn clause(&self) -> Option<&str> {
        self.clause.as_deref()
    }

    /// The zone that its hours and days are in.
    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// Sixteen hexadecimal digits that name everything the answers follow from: hours, clock changes of the zone,
    /// and the production calendar's facts.
    ///
    /// Calendars of one revision answer alike; it is stored beside each deadline.
    pub fn revision(&self) -> &str {
        &self.revision
    }

    /// The earliest instant by which `working_ms` of working time has elapsed since `from` (R1).
    ///
    /// No time, or a negative one, has elapsed at `from` itself. Beyond the horizon the answer is the horizon, or
    /// `from` if that is later still.
    pub fn add(&self, from: Timestamp, working_ms: i64) -> Deadline {
        if working_ms <= 0 {
            return Deadline { at: from, provisional: false };
        }
        let amount = self.table.worked(from.millis()).saturating_add(working_ms);
        let at = from.max(Timestamp::from_millis(self.table.reached(amount)));
        Deadline { at, provisional: self.is_provisional(from, at) }
    }

    /// The working time in `[from, to)`; none when `to` is not later than `from`.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Measured {
        if to <= from {
            return Measured { ms: 0, provisional: false };
        }
        let ms = self.table.worked(to.millis()) - self.table.worked(from.millis());
        Measured { ms, provisional: self.is_provisional(from, to) }
    }

    /// The close of the `days`-th working day after the local day of `from` (R3).
    ///
    /// A working day is one with working hours. No days end at `from` itself.
    pub fn add_working_days(&self, from: Timestamp, days: u32) -> Deadline {
        if days == 0 {
            return Deadline { at: from, provisional: false };
        }
        let today = self.local_day(from);
        let day = self.working_days.nth_after(today, days);
        let close = self.schedule.on(day).last().expect("a working day has hours").close_minute();
        let at = instant(self.shifts.closing(day, close));
        let provisional = self.schedule.facts().is_some_and(|(first, last)| today + 1 < first || day > last);
        Deadline { at: from.max(at.min(Self::HORIZON)), provisional }
    }

    /// The local midnight that ends the `days`-th day after the local day of `from` (R3); for 0, the end of that
    /// day itself. Never provisional: no law moves a midnight.
    pub fn add_calendar_days(&self, from: Timestamp, days: u32) -> Deadline {
        let day = self.local_day(from) + i64::from(days) + 1;
        let at = instant(self.shifts.start_of(day));
        Deadline { at: from.max(at.min(Self::HORIZON)), provisional: false }
    }

    /// Whether `at` is within working time; the instant of closing no longer is.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.table.worked(at.millis().saturating_add(1)) > self.table.worked(at.millis())
    }

    /// The first open instant not before `at`, which is `at` itself when it is open; `None` past the horizon.
    pub fn next_open(&self, at: Timestamp) -> Option<Timestamp> {
        let amount = self.table.worked(at.millis()) + 1;
        (amount <= self.table.total()).then(|| Timestamp::from_millis(self.table.reached(amount) - 1))
    }

    /// The end of the open stretch that `at` is in, or of the next one; `None` when it would not end before the
    /// horizon, as round the clock.
    pub fn next_close(&self, at: Timestamp) -> Option<Timestamp> {
        let close = self.table.end_of_stretch(self.next_open(at)?.millis());
        (close < HORIZON).then(|| Timestamp::from_millis(close))
    }

    /// The open stretches `[open, close)` within `[from, to)`, in order, cut to it.
    ///
    /// What [`between`](Self::between) counts, for a proof: their lengths add up to it. Stretches that adjoin, as at
    /// midnight, are one.
    pub fn intervals(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        self.table
            .stretches(from.millis(), to.millis())
            .map(|(open, close)| (Timestamp::from_millis(open), Timestamp::from_millis(close)))
    }

    /// The last day that the production calendar has facts for; `None` when the calendar follows none, and then
    /// nothing is ever provisional.
    pub fn facts_until(&self) -> Option<NaiveDate> {
        self.production.as_ref().map(Production::facts_until)
    }

    /// What kind of day a date is, and its hours.
    pub fn day(&self, date: NaiveDate) -> Day<'_> {
        let number = day_number(date);
        let fact = self.production.as_ref().map_or(Fact::Plain, |production| production.fact(date));
        let hours = self.schedule.on(number);
        let kind = match fact {
            Fact::Plain if hours.is_empty() => DayKind::Weekend,
            Fact::Plain => DayKind::Working,
            Fact::Holiday(name) => DayKind::Holiday(name),
            Fact::OffFor(from) => DayKind::Transferred { from },
            Fact::WorkedFor(exchanged) => DayKind::WorkingWeekend { exchanged },
        };
        let short = self.production.as_ref().is_some_and(|production| production.is_short(date));
        let provisional = self.schedule.facts().is_some_and(|(first, last)| number < first || number > last);
        Day { date, kind, short, hours, provisional }
    }

    fn is_provisional(&self, from: Timestamp, to: Timestamp) -> bool {
        from < self.known.0 || to > self.known.1
    }

    fn local_day(&self, at: Timestamp) -> i64 {
        let utc = at.millis().div_euclid(1_000);
        (utc + self.shifts.offset_at(utc)).div_euclid(DAY_S)
    }
}

impl fmt::Debug for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Calendar")
            .field("id", &self.id)
            .field("zone", &self.zone)
            .field("revision", &self.revision)
            .finish_non_exhaustive()
    }
}

const DAY_S: i64 = 86_400;

fn instant(utc_s: i64) -> Timestamp {
    Timestamp::from_millis(utc_s.saturating_mul(1_000))
}

fn production<'a>(
    spec: &CalendarSpec,
    name: &str,
    known: &'a [Production],
) -> Result<&'a Production, CalendarError> {
    known.iter().find(|production| production.id() == name).ok_or_else(|| CalendarError::Production {
        calendar: spec.id.clone(),
        production: name.to_owned(),
        known: known.iter().map(Production::id).collect::<Vec<_>>().join(", "),
    })
}

/// 64 bits of FNV-1a: short, and the same on every machine and in every release.
fn revision(schedule: &Schedule, shifts: &Shifts) -> String {
    let bytes = schedule.numbers().into_iter().chain(shifts.numbers()).flat_map(i64::to_le_bytes);
    let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// Why a calendar cannot be compiled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The zone is in no release of the IANA database that we know.
    #[error("calendar `{calendar}`: unknown zone `{zone}`; expected an IANA name such as Europe/Moscow")]
    Zone {
        /// The calendar's id.
        calendar: String,
        /// The text of `zone`.
        zone: String,
    },
    /// The production calendar is not known.
    #[error("calendar `{calendar}`: unknown production calendar `{production}`; expected one of: {known}")]
    Production {
        /// The calendar's id.
        calendar: String,
        /// The text of `production`.
        production: String,
        /// The ids of those that are known.
        known: String,
    },
    /// The weekly hours make no sense.
    #[error("calendar `{calendar}`")]
    Hours {
        /// The calendar's id.
        calendar: String,
        /// What is wrong with them.
        source: ScheduleError,
    },
}
