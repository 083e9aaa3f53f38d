//! When an event recurs: its rule is told in local times, so that it keeps its hour when the clocks change, and no further than
//! is asked, for most rules have no end.

use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarProperty, ICalendarValue,
};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz as SiteZone;

use super::zone::{Time, instant};

/// How often an event recurs before the last day that is asked for: every day of half a century.
const RECURS_MAX: usize = 20_000;

/// The local times at which an event begins that begins first at `starts` and recurs by the rule of `entry`, before a day.
///
/// # Errors
/// Where the rule cannot be read, or recurs too often.
pub(super) fn starts(
    entry: &ICalendarEntry,
    starts: Time,
    before: NaiveDate,
) -> Result<Vec<NaiveDateTime>, String> {
    let Some(ICalendarValue::RecurrenceRule(rule)) = entry.values.first() else {
        return Err("its RRULE cannot be read".to_owned());
    };
    let mut rule = rule.clone();
    // A day on, since a zone may be behind the site's.
    let mut last = before.succ_opt().unwrap_or(before).and_hms_opt(0, 0, 0).unwrap_or(starts.local);
    if let Some(until) = &rule.until {
        let read = until.to_date_time().ok_or("its RRULE has an UNTIL that is no time")?;
        let until_local = match read.tz() {
            Some(zone) => {
                let at = instant(read.date_time, zone).ok_or("its RRULE has an UNTIL that is no time")?;
                at.with_timezone(&starts.zone).naive_local()
            }
            // A day is meant to its end.
            None if until.hour.is_none() => read.date_time + TimeDelta::days(1) - TimeDelta::seconds(1),
            None => read.date_time,
        };
        last = last.min(until_local);
    }
    if last < starts.local {
        return Ok(Vec::new());
    }
    // With a number there is no end beside it.
    rule.until = rule.count.is_none().then(|| partial(last));
    let event = ICalendarComponent {
        component_type: ICalendarComponentType::VEvent,
        entries: vec![
            property(ICalendarProperty::Dtstart, time(starts.local)),
            property(ICalendarProperty::Dtend, time(starts.local + TimeDelta::minutes(1))),
            property(ICalendarProperty::Rrule, ICalendarValue::RecurrenceRule(rule)),
        ],
        component_ids: Vec::new(),
    };
    let expanded = ICalendar { components: vec![event] }.expand_dates(SiteZone::UTC, RECURS_MAX);
    if let Some(error) = expanded.errors.first() {
        return Err(format!("its RRULE cannot be followed: {}", error.error));
    }
    let found: Vec<_> = expanded.events.iter().map(|event| event.start.naive_local()).collect();
    if found.len() >= RECURS_MAX && found.last().is_some_and(|found| *found < last) {
        return Err(format!("recurs more than {RECURS_MAX} times before {before}; let it begin later"));
    }
    Ok(found.into_iter().filter(|at| *at <= last).collect())
}

fn property(name: ICalendarProperty, value: ICalendarValue) -> ICalendarEntry {
    ICalendarEntry { name, params: Vec::new(), values: vec![value] }
}

fn time(at: NaiveDateTime) -> ICalendarValue {
    ICalendarValue::PartialDateTime(Box::new(partial(at)))
}

fn partial(at: NaiveDateTime) -> PartialDateTime {
    PartialDateTime::from_naive_timestamp(at.and_utc().timestamp())
}
