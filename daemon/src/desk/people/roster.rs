//! The roster: who is on shift when. A shift is two instants; the zone was asked when it was written down.

use std::collections::BTreeMap;

use calendars::{Timestamp, Tz};
use chrono::{Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// The longest shift, in milliseconds: a day and a night, an hour longer where clocks go back meanwhile.
pub const SHIFT_MAX_MS: i64 = 25 * 3_600_000;
/// How long a shift is kept after its end, in milliseconds: 92 days, so a quarter.
pub const SHIFT_KEPT_MS: i64 = 92 * 86_400_000;

/// When somebody works: `[starts, ends)`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShiftTimes {
    /// Who.
    pub agent: SmolStr,
    /// The first instant.
    pub starts: Timestamp,
    /// The first instant after.
    pub ends: Timestamp,
}

impl ShiftTimes {
    /// A shift by local times. One that ends at the time it begins, or before, ends on the next day; `24:00` is the end of
    /// the day. Where a clock change leaves a time out, the shift begins or ends when the clock has jumped; of a time that is
    /// there twice a shift begins with the first and ends with the second.
    ///
    /// # Errors
    /// The field that is wrong, `date`, `from` or `to`, and what would be right.
    pub fn local(
        agent: &str,
        date: &str,
        from: &str,
        to: &str,
        zone: Tz,
    ) -> Result<Self, Vec<(&'static str, String)>> {
        let mut wrong = Vec::new();
        let mut note = |field, message: Option<String>| wrong.extend(message.map(|message| (field, message)));
        let day = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok().filter(|_| date.len() == 10);
        note("date", day.is_none().then(|| format!("`{date}` is no date; write it as 2026-11-23")));
        let begins = minutes(from).filter(|minutes| *minutes < 1_440);
        note("from", begins.is_none().then(|| format!("`{from}` is no time of day; write it as 09:00")));
        let finishes = minutes(to);
        note(
            "to",
            finishes.is_none().then(|| format!("`{to}` is no time of day; write it as 18:00, or 24:00")),
        );
        let (Some(day), Some(begins), Some(finishes)) = (day, begins, finishes) else { return Err(wrong) };
        let midnight = day.and_time(NaiveTime::MIN);
        let days = i64::from(finishes <= begins) * 1_440;
        let starts = instant(midnight + Duration::minutes(begins), zone, false);
        let ends = instant(midnight + Duration::minutes(finishes + days), zone, true);
        match starts.zip(ends).filter(|(starts, ends)| starts < ends) {
            Some((starts, ends)) => Ok(Self { agent: agent.into(), starts, ends }),
            None => Err(vec![("date", format!("`{date}` has no such times in {zone}"))]),
        }
    }
}

/// Minutes from midnight: `09:00`, `24:00`.
fn minutes(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| text.parse::<i64>().ok().filter(|_| text.len() == 2 && !text.starts_with('+'));
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let whole = hours * 60 + minutes;
    (minutes < 60 && (0..=1_440).contains(&whole)).then_some(whole)
}

/// The instant of a local time; of two the later one where that is wanted. A time that is left out is that of the jump.
fn instant(mut local: NaiveDateTime, zone: Tz, later: bool) -> Option<Timestamp> {
    // No zone has ever left out more than a day.
    for _ in 0..=1_440 {
        let at = match zone.from_local_datetime(&local) {
            LocalResult::Single(at) => at,
            LocalResult::Ambiguous(first, second) => {
                if later {
                    second
                } else {
                    first
                }
            }
            LocalResult::None => {
                local += Duration::minutes(1);
                continue;
            }
        };
        return Some(Timestamp::from_millis(at.timestamp_millis()));
    }
    None
}

/// A shift of the roster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift {
    /// Its number, from 1.
    pub id: u64,
    /// Who, and when.
    #[serde(flatten)]
    pub times: ShiftTimes,
}

/// All shifts that are kept.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "Kept", into = "Kept")]
pub struct Roster {
    last_id: u64,
    /// By their beginnings.
    shifts: BTreeMap<(Timestamp, u64), Shift>,
    starts: BTreeMap<u64, Timestamp>,
}

/// A roster as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    last_id: u64,
    shifts: Vec<Shift>,
}

impl From<Kept> for Roster {
    fn from(Kept { last_id, shifts }: Kept) -> Self {
        let mut roster = Self { last_id, ..Self::default() };
        for shift in shifts {
            roster.add(shift);
        }
        roster
    }
}

impl From<Roster> for Kept {
    fn from(roster: Roster) -> Self {
        Self { last_id: roster.last_id, shifts: roster.shifts.into_values().collect() }
    }
}

impl Roster {
    /// The number of the newest shift there ever was; 0 before the first.
    pub fn last_id(&self) -> u64 {
        self.last_id
    }

    /// How many shifts are kept.
    pub fn len(&self) -> usize {
        self.shifts.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.shifts.is_empty()
    }

    /// The shift of that number.
    pub fn get(&self, id: u64) -> Option<&Shift> {
        self.shifts.get(&(*self.starts.get(&id)?, id))
    }

    /// The shifts that have some time in `[from, until)`, by their beginnings.
    pub fn during(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = &Shift> {
        let first = (from.plus_ms(-SHIFT_MAX_MS), 0);
        let within = self.shifts.range(first..(until.max(from), 0)).map(|(_, shift)| shift);
        within.filter(move |shift| shift.times.ends > from)
    }

    /// The shifts that begin in `[from, until)`.
    pub fn beginning(&self, from: Timestamp, until: Timestamp) -> impl Iterator<Item = &Shift> {
        self.shifts.range((from, 0)..(until.max(from), 0)).map(|(_, shift)| shift)
    }

    /// The shifts that go on at an instant.
    pub fn at(&self, at: Timestamp) -> impl Iterator<Item = &Shift> {
        self.during(at, at.plus_ms(1))
    }

    /// When the next shift after an instant begins.
    pub fn next_start(&self, after: Timestamp) -> Option<Timestamp> {
        self.shifts.range((after.plus_ms(1), 0)..).next().map(|((starts, _), _)| *starts)
    }

    pub(super) fn add(&mut self, shift: Shift) {
        self.last_id = self.last_id.max(shift.id);
        self.remove(shift.id);
        self.starts.insert(shift.id, shift.times.starts);
        self.shifts.insert((shift.times.starts, shift.id), shift);
    }

    pub(super) fn remove(&mut self, id: u64) {
        if let Some(starts) = self.starts.remove(&id) {
            self.shifts.remove(&(starts, id));
        }
    }

    pub(super) fn remove_of(&mut self, agent: &str) {
        let theirs: Vec<u64> =
            self.shifts.values().filter(|shift| shift.times.agent == agent).map(|shift| shift.id).collect();
        for id in theirs {
            self.remove(id);
        }
    }

    /// Lets go of what ended long before an instant.
    pub(super) fn forget_before(&mut self, at: Timestamp) {
        let last = at.plus_ms(-SHIFT_KEPT_MS - SHIFT_MAX_MS);
        while let Some((key, _)) = self.shifts.first_key_value().filter(|((starts, _), _)| *starts < last) {
            let (_, id) = *key;
            self.remove(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(date: &str, from: &str, to: &str, zone: Tz) -> (String, String) {
        let times = ShiftTimes::local("ivanova", date, from, to, zone).expect("a shift");
        (times.starts.to_rfc3339(zone), times.ends.to_rfc3339(zone))
    }

    #[test]
    fn a_shift_that_ends_no_later_than_it_begins_ends_on_the_next_day() {
        for (from, to, starts, ends) in [
            ("09:00", "18:00", "2026-11-23T09:00:00.000+03:00", "2026-11-23T18:00:00.000+03:00"),
            ("21:00", "09:00", "2026-11-23T21:00:00.000+03:00", "2026-11-24T09:00:00.000+03:00"),
            ("08:00", "08:00", "2026-11-23T08:00:00.000+03:00", "2026-11-24T08:00:00.000+03:00"),
            ("00:00", "24:00", "2026-11-23T00:00:00.000+03:00", "2026-11-24T00:00:00.000+03:00"),
        ] {
            let expected = (starts.to_owned(), ends.to_owned());
            assert_eq!(times("2026-11-23", from, to, Tz::Europe__Moscow), expected, "{from} {to}");
        }
    }

    #[test]
    fn a_night_over_a_clock_change_is_an_hour_shorter_or_longer() {
        let hours = |date| {
            let times = ShiftTimes::local("ivanova", date, "22:00", "06:00", Tz::Europe__Berlin).unwrap();
            times.ends.ms_since(times.starts) / 3_600_000
        };
        assert_eq!([hours("2026-03-27"), hours("2026-03-28"), hours("2026-10-24")], [8, 7, 9]);
    }

    #[test]
    fn a_time_that_is_left_out_is_that_of_the_jump_and_of_two_a_shift_takes_both() {
        let zone = Tz::Europe__Berlin;
        let gap = times("2026-03-29", "02:30", "06:00", zone);
        assert_eq!(gap.0, "2026-03-29T03:00:00.000+02:00");
        let fold = times("2026-10-25", "02:30", "02:45", zone);
        assert_eq!(
            fold,
            ("2026-10-25T02:30:00.000+02:00".to_owned(), "2026-10-25T02:45:00.000+01:00".to_owned())
        );
    }

    #[test]
    fn all_that_is_wrong_with_a_shift_is_told() {
        let wrong = |date, from, to| {
            let wrong = ShiftTimes::local("x", date, from, to, Tz::UTC).expect_err("it is wrong");
            wrong.into_iter().map(|(field, _)| field).collect::<Vec<_>>()
        };
        assert_eq!(wrong("23.11.2026", "9:00", "25:00"), ["date", "from", "to"]);
        assert_eq!(wrong("2026-11-23", "24:00", "09:60"), ["from", "to"]);
        assert_eq!(wrong("2026-02-29", "09:00", "18:00"), ["date"]);
    }

    #[test]
    fn a_roster_knows_who_is_there_and_what_comes_next() {
        let at = |hour: i64| Timestamp::from_millis(hour * 3_600_000);
        let shift = |id, agent: &str, from, to| Shift {
            id,
            times: ShiftTimes { agent: agent.into(), starts: at(from), ends: at(to) },
        };
        let mut roster = Roster::default();
        for shift in [shift(1, "a", 100, 124), shift(2, "b", 110, 119), shift(3, "c", 119, 128)] {
            roster.add(shift);
        }
        let ids = |roster: &Roster, hour| roster.at(at(hour)).map(|shift| shift.id).collect::<Vec<_>>();
        assert_eq!(ids(&roster, 99), Vec::<u64>::new());
        assert_eq!(ids(&roster, 118), [1, 2]);
        assert_eq!(ids(&roster, 119), [1, 3], "an end is no part of a shift");
        assert_eq!([roster.next_start(at(100)), roster.next_start(at(119))], [Some(at(110)), None]);
        let kept: Roster = serde_json::from_str(&serde_json::to_string(&roster).unwrap()).unwrap();
        assert_eq!(kept, roster);
        roster.forget_before(at(119).plus_ms(SHIFT_KEPT_MS + SHIFT_MAX_MS));
        assert_eq!((roster.len(), roster.last_id()), (1, 3));
    }
}
