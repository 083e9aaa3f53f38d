//! Shifts from a calendar: each event is one, and its summary says whose.

use calcard::icalendar::dates::TimeOrDelta;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarParameter, ICalendarProperty, ICalendarStatus, ICalendarValue,
};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use super::{Planned, Read};

/// How many events a file comes to, recurrences among them.
const EVENTS_MAX: usize = 20_000;

/// Reads shifts that begin before a day, in times of a zone; `agent` says whose they are, instead of the summaries.
pub(super) fn read(text: &str, agent: Option<&str>, zone: Tz, until: NaiveDate) -> Read {
    let mut calendar = ICalendar::parse(text).map_err(|_| {
        vec!["is no calendar that can be read: it ends before END:VCALENDAR, perhaps".to_owned()]
    })?;
    calendar.components.iter_mut().for_each(name_utc);
    let expanded = calendar.expand_dates(zone, EVENTS_MAX);
    let component = |id: u32| calendar.components.get(usize::try_from(id).unwrap_or(usize::MAX));
    let errors = expanded.errors.iter();
    let mut wrong: Vec<_> = errors
        .map(|error| {
            format!("{}: its times cannot be read: {:?}", told(component(error.comp_id)), error.error)
        })
        .collect();
    let mut shifts = Vec::new();
    for event in &expanded.events {
        let component = component(event.comp_id);
        let starts = local(&event.start, zone);
        if starts.date() >= until || component.is_some_and(is_cancelled) {
            continue;
        }
        let ends = match &event.end {
            TimeOrDelta::Time(end) => local(end, zone),
            TimeOrDelta::Delta(delta) => local(&(event.start + *delta), zone),
        };
        let place = format!("{} on {}", told(component), starts.date());
        let whose = agent.map(str::to_owned).or_else(|| component.and_then(summary));
        match (whose, shift(starts, ends)) {
            (Some(agent), Ok((from, to))) => {
                shifts.push((place, Planned { agent, date: starts.date(), from, to }));
            }
            (None, _) => wrong.push(format!("{place}: has no summary that says whose it is")),
            (_, Err(message)) => wrong.push(format!("{place}: {message}")),
        }
    }
    if expanded.events.len() >= EVENTS_MAX {
        wrong.push(format!("comes to more than {EVENTS_MAX} events; let recurrences end"));
    }
    shifts.sort_by_key(|(_, shift)| (shift.date, shift.from.clone()));
    if wrong.is_empty() { Ok(shifts) } else { Err(wrong) }
}

/// Says by name that an event begins in UTC: the reader takes what recurs to begin in the zone that is named, and else in the
/// site's, whatever the time itself says.
fn name_utc(component: &mut ICalendarComponent) {
    let Some(starts) = component.property_mut(&ICalendarProperty::Dtstart) else { return };
    let is_utc = starts
        .values
        .iter()
        .any(|value| matches!(value, ICalendarValue::PartialDateTime(at) if at.tz_hour == Some(0)));
    if is_utc && starts.tz_id().is_none() {
        starts.params.push(ICalendarParameter::tzid("UTC".to_owned()));
    }
}

/// What a clock on the site's wall shows.
fn local<Z: chrono::TimeZone>(at: &DateTime<Z>, zone: Tz) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

/// From when to when, as times of day.
fn shift(starts: NaiveDateTime, ends: NaiveDateTime) -> Result<(String, String), &'static str> {
    let long = ends - starts;
    if long <= TimeDelta::zero() {
        return Err("has no length; a shift needs an end");
    }
    if long > TimeDelta::days(1) {
        return Err("is longer than a day; a shift is a day and a night at most");
    }
    let midnight =
        ends.time() == chrono::NaiveTime::MIN && ends.num_days_from_ce() > starts.num_days_from_ce();
    let to = if midnight { "24:00".to_owned() } else { ends.format("%H:%M").to_string() };
    Ok((starts.format("%H:%M").to_string(), to))
}

fn text_of(component: &ICalendarComponent, property: &ICalendarProperty) -> Option<String> {
    let entry = component.property(property)?;
    entry.values.iter().find_map(|value| match value {
        ICalendarValue::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        _ => None,
    })
}

fn summary(component: &ICalendarComponent) -> Option<String> {
    text_of(component, &ICalendarProperty::Summary)
}

fn is_cancelled(component: &ICalendarComponent) -> bool {
    component.property(&ICalendarProperty::Status).is_some_and(|entry| {
        entry.values.iter().any(|value| matches!(value, ICalendarValue::Status(ICalendarStatus::Cancelled)))
    })
}

/// An event as people find it in the file.
fn told(component: Option<&ICalendarComponent>) -> String {
    let words = component
        .and_then(|component| summary(component).or_else(|| text_of(component, &ICalendarProperty::Uid)));
    words.map_or_else(|| "an event".to_owned(), |words| format!("event «{words}»"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZONE: Tz = Tz::Europe__Moscow;

    fn calendar(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n{events}END:VCALENDAR\r\n")
            .replace("\r\n", "\n")
            .replace('\n', "\r\n")
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\nUID:1@x\nDTSTAMP:20261101T000000Z\n{lines}END:VEVENT\n")
    }

    fn shifts(text: &str, until: &str) -> Vec<String> {
        let read = read(text, None, ZONE, until.parse().unwrap()).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        read.into_iter().map(|(_, s)| format!("{} {} {} {}", s.agent, s.date, s.from, s.to)).collect()
    }

    #[test]
    fn times_of_any_zone_become_those_of_the_site() {
        let text = calendar(
            &[
                event("SUMMARY:Анна Иванова\nDTSTART:20261123T060000Z\nDTEND:20261123T150000Z\n"),
                event("SUMMARY:petrov\nDTSTART:20261123T210000\nDTEND:20261124T090000\n"),
                event("SUMMARY:petrov\nDTSTART;TZID=Europe/Berlin:20261125T080000\nDURATION:PT8H\n"),
                event("SUMMARY:day\nDTSTART;VALUE=DATE:20261126\nDTEND;VALUE=DATE:20261127\n"),
            ]
            .concat(),
        );
        assert_eq!(
            shifts(&text, "2026-12-01"),
            [
                "Анна Иванова 2026-11-23 09:00 18:00",
                "petrov 2026-11-23 21:00 09:00",
                "petrov 2026-11-25 10:00 18:00",
                "day 2026-11-26 00:00 24:00"
            ]
        );
    }

    #[test]
    fn what_recurs_is_a_shift_each_time_but_for_what_is_taken_out() {
        let text = calendar(&event(
            "SUMMARY:anna\nDTSTART:20261123T090000\nDTEND:20261123T180000\nRRULE:FREQ=DAILY;BYDAY=MO,TU,WE\nEXDATE:20261124T090000\n",
        ));
        assert_eq!(
            shifts(&text, "2026-12-02"),
            [
                "anna 2026-11-23 09:00 18:00",
                "anna 2026-11-25 09:00 18:00",
                "anna 2026-11-30 09:00 18:00",
                "anna 2026-12-01 09:00 18:00"
            ]
        );
    }

    #[test]
    fn what_recurs_in_utc_does_so_in_utc() {
        let text = calendar(&event(
            "SUMMARY:anna\nDTSTART:20261123T180000Z\nDTEND:20261124T060000Z\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20261124T180000Z\n",
        ));
        assert_eq!(
            shifts(&text, "2026-12-02"),
            ["anna 2026-11-23 21:00 09:00", "anna 2026-11-25 21:00 09:00"]
        );
    }

    #[test]
    fn what_recurs_keeps_its_local_time_when_the_clocks_change() {
        let text = calendar(&event(
            "SUMMARY:anna\nDTSTART;TZID=Europe/Berlin:20261024T080000\nDTEND;TZID=Europe/Berlin:20261024T160000\nRRULE:FREQ=DAILY;COUNT=2\n",
        ));
        assert_eq!(
            shifts(&text, "2026-12-02"),
            ["anna 2026-10-24 09:00 17:00", "anna 2026-10-25 10:00 18:00"]
        );
    }

    #[test]
    fn what_is_cancelled_is_no_shift_and_what_is_none_is_told() {
        let text = calendar(&event(
            "SUMMARY:anna\nSTATUS:CANCELLED\nDTSTART:20261123T090000\nDTEND:20261123T180000\n",
        ));
        assert_eq!(shifts(&text, "2026-12-02"), Vec::<String>::new());
        let wrong = |lines: &str| {
            read(&calendar(&event(lines)), None, ZONE, "2026-12-02".parse().unwrap())
                .expect_err("it is wrong")
        };
        assert_eq!(
            wrong("SUMMARY:anna\nDTSTART:20261123T090000\nDTEND:20261125T090000\n"),
            ["event «anna» on 2026-11-23: is longer than a day; a shift is a day and a night at most"]
        );
        assert_eq!(
            wrong("DTSTART:20261123T090000\nDTEND:20261123T180000\n"),
            ["event «1@x» on 2026-11-23: has no summary that says whose it is"]
        );
        assert!(read("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", None, ZONE, "2026-12-02".parse().unwrap()).is_err());
    }
}
