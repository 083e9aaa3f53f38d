//! Shifts from a calendar: each event is one, and its summary says whose.
//!
//! `calcard` reads the file. What follows from it is ours, after RFC 5545: what takes the place of one time of what recurs
//! replaces it, times stand in their own zone, and only the days that are asked for are told, for most rules have no end.

mod lines;
mod recurs;
mod zone;

use std::collections::BTreeSet;

use calcard::common::timezone::Tz;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarEntry, ICalendarParameterName, ICalendarProperty,
    ICalendarStatus, ICalendarValue,
};
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz as SiteZone;

use self::lines::Section;
use self::zone::{Time, Zones, instant};
use super::{Planned, Read, Shifts, Written};

/// Which days are asked for: `[from, until)`, in times of the site.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) zone: SiteZone,
    pub(super) from: NaiveDate,
    pub(super) until: NaiveDate,
}

/// Reads shifts that begin in some days; `agent` says whose they are, instead of the summaries.
pub(super) fn read(bytes: &[u8], agent: Option<&str>, asked: Asked) -> Read {
    let mut reading = Reading { agent, asked, found: Shifts::default(), wrong: Vec::new() };
    for section in lines::sections(bytes).map_err(|wrong| vec![wrong])? {
        match ICalendar::parse(&section.text) {
            Ok(calendar) => reading.calendar(&calendar, &section),
            Err(_) => reading.wrong.push("is no calendar that can be read".to_owned()),
        }
    }
    let Reading { mut found, wrong, .. } = reading;
    found.shifts.sort_by_key(|written| (written.shift.date, written.shift.from.clone()));
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

struct Reading<'a> {
    agent: Option<&'a str>,
    asked: Asked,
    found: Shifts,
    wrong: Vec<String>,
}

/// An event of the file.
struct Event<'a> {
    component: &'a ICalendarComponent,
    /// As people find it in the file.
    told: String,
}

/// When something is: from the one instant to the other, of which none where the event has no end.
struct Span {
    starts: DateTime<Tz>,
    ends: Option<DateTime<Tz>>,
    is_day: bool,
}

impl Reading<'_> {
    fn calendar(&mut self, calendar: &ICalendar, section: &Section) {
        let zones = Zones::of(calendar, self.asked.zone);
        let components = calendar.components.iter().filter(|component| component.component_type.is_event());
        let events: Vec<_> =
            components.zip(&section.events).map(|(component, line)| Event::of(component, *line)).collect();
        let moved = self.moved(&events, &zones);
        for event in events.iter().filter(|event| !event.is_cancelled()) {
            match spans(event, &zones, self.asked) {
                Ok(spans) => {
                    let is_moved = |span: &Span| {
                        event.instead_of().is_none()
                            && moved.contains(&(event.uid(), span.starts.timestamp()))
                    };
                    spans.into_iter().filter(|span| !is_moved(span)).for_each(|span| self.take(event, &span));
                }
                Err(message) => self.wrong.push(format!("{}: {message}", event.told)),
            }
        }
    }

    /// Which times of what recurs others take the place of.
    fn moved<'e>(&mut self, events: &'e [Event<'_>], zones: &Zones<'_>) -> BTreeSet<(Option<&'e str>, i64)> {
        let mut moved = BTreeSet::new();
        for event in events {
            let Some(entry) = event.instead_of() else { continue };
            if entry.params.iter().any(|param| param.name == ICalendarParameterName::Range) {
                self.wrong.push(format!(
                    "{}: changes this time and all later ones at once (RANGE), which is not understood; let the one end and another begin",
                    event.told
                ));
            }
            match zones.times(entry) {
                Ok(times) => moved
                    .extend(times.iter().filter_map(Time::instant).map(|at| (event.uid(), at.timestamp()))),
                Err(message) => self.wrong.push(format!("{}: {message}", event.told)),
            }
        }
        moved
    }

    /// Takes what begins in the days that are asked for.
    fn take(&mut self, event: &Event<'_>, span: &Span) {
        let starts = local(&span.starts, self.asked.zone);
        if !(self.asked.from..self.asked.until).contains(&starts.date()) {
            return;
        }
        let place = format!("{} on {}", event.told, starts.date());
        let Some(ends) = span.ends.map(|ends| local(&ends, self.asked.zone)) else {
            self.wrong.push(format!("{place}: has no end; a shift needs one"));
            return;
        };
        let long = ends - starts;
        if long <= TimeDelta::zero() {
            self.wrong.push(format!("{place}: has no length; a shift needs an end"));
        } else if long > TimeDelta::days(1) {
            self.found.passed_over.push(format!("{place}: is longer than a day, so it is no shift"));
        } else if span.is_day && self.agent.is_some() {
            self.found
                .passed_over
                .push(format!("{place}: is a whole day, of which --agent says not whether it is a shift"));
        } else if let Some(agent) = self.agent.map(str::to_owned).or_else(|| event.summary()) {
            let midnight =
                ends.time() == chrono::NaiveTime::MIN && ends.num_days_from_ce() > starts.num_days_from_ce();
            let to = if midnight { "24:00".to_owned() } else { ends.format("%H:%M").to_string() };
            let shift = Planned { agent, date: starts.date(), from: starts.format("%H:%M").to_string(), to };
            self.found.shifts.push(Written { place, is_day: span.is_day, shift });
        } else {
            self.wrong.push(format!("{place}: has no summary that says whose it is"));
        }
    }
}

/// When an event is, each time.
fn spans(event: &Event<'_>, zones: &Zones<'_>, asked: Asked) -> Result<Vec<Span>, String> {
    let component = event.component;
    let Some(entry) = component.property(&ICalendarProperty::Dtstart) else {
        return Err("says not when it begins: it lacks DTSTART".to_owned());
    };
    let first = *zones.times(entry)?.first().ok_or("its DTSTART is no time")?;
    let long = length(component, zones, first)?;
    let span = |starts: NaiveDateTime, zone: Tz, long: Option<TimeDelta>| {
        let at = instant(starts, zone)?;
        // As long by the clock on the wall.
        let ends = long.and_then(|long| instant(starts + long, zone));
        Some(Span { starts: at, ends, is_day: first.is_day })
    };
    let rules: Vec<&ICalendarEntry> = component.properties(&ICalendarProperty::Rrule).collect();
    let mut starts = match rules.as_slice() {
        _ if event.instead_of().is_some() => vec![first],
        [] => vec![first],
        [rule] => {
            let recurs = recurs::starts(rule, first, asked.until)?;
            recurs.into_iter().map(|local| Time { local, ..first }).collect()
        }
        [..] => return Err("has more than one RRULE; let each be an event of its own".to_owned()),
    };
    for entry in component.properties(&ICalendarProperty::Rdate) {
        starts.extend(zones.times(entry)?);
    }
    let (mut except, mut days) = (BTreeSet::new(), BTreeSet::new());
    for entry in component.properties(&ICalendarProperty::Exdate) {
        for time in zones.times(entry)? {
            except.extend(time.instant().map(|at| at.timestamp()));
            // A day that is left out is so whatever the hour.
            days.extend(time.is_day.then(|| time.local.date()));
        }
    }
    let is_left_out = |span: &Span| {
        except.contains(&span.starts.timestamp()) || days.contains(&span.starts.naive_local().date())
    };
    let spans = starts.into_iter().filter_map(|time| span(time.local, time.zone, long));
    Ok(spans.filter(|span| !is_left_out(span)).collect())
}

/// How long an event is by the clock; none where it does not say. A whole day is one.
fn length(
    component: &ICalendarComponent,
    zones: &Zones<'_>,
    first: Time,
) -> Result<Option<TimeDelta>, String> {
    if let Some(entry) = component.property(&ICalendarProperty::Dtend) {
        let end = *zones.times(entry)?.first().ok_or("its DTEND is no time")?;
        let (starts, ends) =
            (first.instant().ok_or("its DTSTART is no time")?, end.instant().ok_or("its DTEND is no time")?);
        return Ok(Some(ends.with_timezone(&first.zone).naive_local() - starts.naive_local()));
    }
    if let Some(entry) = component.property(&ICalendarProperty::Duration) {
        let Some(ICalendarValue::Duration(long)) = entry.values.first() else {
            return Err("its DURATION cannot be read".to_owned());
        };
        return long.to_time_delta().map(Some).ok_or_else(|| "its DURATION cannot be read".to_owned());
    }
    Ok(first.is_day.then(|| TimeDelta::days(1)))
}

/// What a clock on the site's wall shows.
fn local(at: &DateTime<Tz>, zone: SiteZone) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

impl<'a> Event<'a> {
    fn of(component: &'a ICalendarComponent, line: usize) -> Self {
        let mut event = Self { component, told: String::new() };
        let words = event.summary().or_else(|| event.uid().map(str::to_owned));
        event.told = match words {
            Some(words) => format!("line {line}: event «{words}»"),
            None => format!("line {line}: an event"),
        };
        event
    }

    fn text(&self, property: &ICalendarProperty) -> Option<&'a str> {
        let entry = self.component.property(property)?;
        entry.values.iter().find_map(|value| match value {
            ICalendarValue::Text(text) => Some(text.trim()).filter(|text| !text.is_empty()),
            _ => None,
        })
    }

    fn uid(&self) -> Option<&'a str> {
        self.text(&ICalendarProperty::Uid)
    }

    fn summary(&self) -> Option<String> {
        self.text(&ICalendarProperty::Summary).map(str::to_owned)
    }

    /// The time of what recurs that it takes the place of.
    fn instead_of(&self) -> Option<&'a ICalendarEntry> {
        self.component.property(&ICalendarProperty::RecurrenceId)
    }

    fn is_cancelled(&self) -> bool {
        let status = self.component.property(&ICalendarProperty::Status);
        status.is_some_and(|entry| {
            entry
                .values
                .iter()
                .any(|value| matches!(value, ICalendarValue::Status(ICalendarStatus::Cancelled)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The days from 20 October 2026 on.
    fn asked(until: &str) -> Asked {
        let from = NaiveDate::from_ymd_opt(2026, 10, 20).unwrap();
        Asked { zone: SiteZone::Europe__Moscow, from, until: until.parse().unwrap() }
    }

    fn calendar(events: &str) -> String {
        format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n{events}END:VCALENDAR\r\n")
            .replace("\r\n", "\n")
            .replace('\n', "\r\n")
    }

    fn event(lines: &str) -> String {
        format!("BEGIN:VEVENT\nUID:1@x\nDTSTAMP:20261101T000000Z\n{lines}END:VEVENT\n")
    }

    fn shifts(text: &str, until: &str) -> Vec<String> {
        let read = read(text.as_bytes(), None, asked(until)).unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let shifts = read.shifts.into_iter().map(|written| written.shift);
        shifts.map(|s| format!("{} {} {} {}", s.agent, s.date, s.from, s.to)).collect()
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
            let text = calendar(&event(lines));
            read(text.as_bytes(), None, asked("2026-12-02")).map(|_| ()).expect_err("it is wrong")
        };
        for (lines, message) in [
            (
                "DTSTART:20261123T090000\nDTEND:20261123T180000\n",
                "line 4: event «1@x» on 2026-11-23: has no summary that says whose it is",
            ),
            (
                "SUMMARY:anna\nDTSTART:20261123T090000\n",
                "line 4: event «anna» on 2026-11-23: has no end; a shift needs one",
            ),
            (
                "SUMMARY:anna\nDTSTART:20261123T090000\nDTEND:20261123T090000\n",
                "line 4: event «anna» on 2026-11-23: has no length; a shift needs an end",
            ),
            ("SUMMARY:anna\n", "line 4: event «anna»: says not when it begins: it lacks DTSTART"),
            (
                "SUMMARY:anna\nDTSTART;TZID=Nowhere/Land:20261123T090000\nDTEND;TZID=Nowhere/Land:20261123T180000\n",
                "line 4: event «anna»: the time zone `Nowhere/Land` is none that is known, and the file says no one offset of it; name it as Europe/Moscow",
            ),
            (
                "SUMMARY:anna\nDTSTART:20261123T090000\nDURATION:PT8H\nRRULE:FREQ=FORTNIGHTLY\n",
                "line 4: event «anna»: its RRULE cannot be read",
            ),
        ] {
            assert_eq!(wrong(lines), [message]);
        }
        assert!(read(b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n", None, asked("2026-12-02")).is_err());
    }

    /// An event at a time of Moscow of a day of November, under that summary.
    fn at(summary: &str, day: u32, from: &str, to: &str, more: &str) -> String {
        event(&format!(
            "SUMMARY:{summary}\nDTSTART;TZID=Europe/Moscow:202611{day:02}T{from}00\nDTEND;TZID=Europe/Moscow:202611{day:02}T{to}00\n{more}"
        ))
    }

    #[test]
    fn what_recurs_without_an_end_is_told_as_far_as_is_asked() {
        let weekdays = |name| at(name, 2, "0900", "1800", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\n");
        let text = calendar(&[weekdays("anna"), weekdays("boris"), weekdays("vera")].concat());
        assert_eq!(shifts(&text, "2026-11-07").len(), 15);
        assert_eq!(shifts(&text, "2027-11-01").len(), 3 * 5 * 52);
        let since = event("SUMMARY:anna\nDTSTART:20100101T090000\nDURATION:PT9H\nRRULE:FREQ=DAILY\n");
        assert_eq!(shifts(&calendar(&since), "2026-10-22").len(), 2, "what began long ago goes on");
        let ever = event("SUMMARY:anna\nDTSTART:20260101T090000\nDURATION:PT9H\nRRULE:FREQ=MINUTELY\n");
        let wrong = read(calendar(&ever).as_bytes(), None, asked("2026-12-02")).map(|_| ()).unwrap_err();
        assert!(wrong[0].contains("recurs more than 20000 times before 2026-12-02"), "{wrong:?}");
    }

    #[test]
    fn an_end_of_what_recurs_is_meant_in_its_own_zone() {
        // The end of the day in Moscow, as calendars on the web write it.
        for until in ["20261125T205959Z", "20261125T235959", "20261125"] {
            let rule = format!("RRULE:FREQ=DAILY;UNTIL={until}\n");
            let text = calendar(&at("anna", 23, "2100", "2300", &rule));
            assert_eq!(shifts(&text, "2026-12-02").len(), 3, "{until}");
        }
    }

    #[test]
    fn what_takes_the_place_of_one_time_replaces_it() {
        let daily = at("anna", 23, "0900", "1800", "RRULE:FREQ=DAILY;COUNT=3\n");
        let instead = "RECURRENCE-ID;TZID=Europe/Moscow:20261124T090000\n";
        let with = |other: String| shifts(&calendar(&format!("{daily}{other}")), "2026-12-02");
        let (first, last) = ("anna 2026-11-23 09:00 18:00", "anna 2026-11-25 09:00 18:00");
        let moved = with(at("anna", 24, "2000", "2300", instead));
        assert_eq!(moved, [first, "anna 2026-11-24 20:00 23:00", last]);
        let by_utc = with(at("petrov", 24, "0900", "1800", "RECURRENCE-ID:20261124T060000Z\n"));
        assert_eq!(by_utc, [first, "petrov 2026-11-24 09:00 18:00", last]);
        assert_eq!(
            with(at("anna", 24, "0900", "1800", &format!("STATUS:CANCELLED\n{instead}"))),
            [first, last]
        );
        // Of another event it is no time.
        let other = at("petrov", 24, "0900", "1800", instead).replace("UID:1@x", "UID:2@x");
        assert_eq!(with(other).len(), 4);
        let range = at("anna", 24, "0900", "1800", &instead.replace(";TZID", ";RANGE=THISANDFUTURE;TZID"));
        let wrong = read(calendar(&format!("{daily}{range}")).as_bytes(), None, asked("2026-12-02"));
        assert!(wrong.map(|_| ()).unwrap_err()[0].contains("(RANGE), which is not understood"));
    }

    #[test]
    fn a_time_zone_is_known_by_name_or_by_its_one_offset() {
        let zone = |id: &str, daylight: &str| {
            format!(
                "BEGIN:VTIMEZONE\nTZID:{id}\nBEGIN:STANDARD\nDTSTART:16010101T000000\nTZOFFSETFROM:+0500\nTZOFFSETTO:+0500\nEND:STANDARD\nBEGIN:DAYLIGHT\nDTSTART:16010101T000000\nTZOFFSETFROM:+0500\nTZOFFSETTO:{daylight}\nEND:DAYLIGHT\nEND:VTIMEZONE\n"
            )
        };
        let at = |id: &str| {
            event(&format!(
                "SUMMARY:anna\nDTSTART;TZID={id}:20261123T090000\nDTEND;TZID={id}:20261123T180000\n"
            ))
        };
        for (id, file) in [
            ("/freeassociation.sourceforge.net/Asia/Yekaterinburg", String::new()),
            ("Ekaterinburg Standard Time", String::new()),
            ("Customized Time Zone", zone("Customized Time Zone", "+0500")),
            ("GMT+5", zone("GMT+5", "+0500")),
        ] {
            let text = calendar(&format!("{file}{}", at(id)));
            assert_eq!(shifts(&text, "2026-12-02"), ["anna 2026-11-23 07:00 16:00"], "{id}");
        }
        for (id, file) in
            [("GMT+5", String::new()), ("Customized Time Zone", zone("Customized Time Zone", "+0600"))]
        {
            let wrong = read(calendar(&format!("{file}{}", at(id))).as_bytes(), None, asked("2026-12-02"));
            let wrong = wrong.map(|_| ()).unwrap_err();
            assert!(wrong[0].contains(&format!("the time zone `{id}` is none that is known")), "{wrong:?}");
        }
    }

    #[test]
    fn what_is_no_event_is_no_shift_and_what_is_longer_than_a_day_is_passed_over() {
        let todo = "BEGIN:VTODO\nUID:7\nSUMMARY:anna\nDTSTART:20261125T060000Z\nDUE:20261125T090000Z\nEND:VTODO\nBEGIN:VJOURNAL\nUID:8\nSUMMARY:anna\nDTSTART:20261126T090000Z\nEND:VJOURNAL\n";
        let leave = event("SUMMARY:Отпуск\nDTSTART;VALUE=DATE:20261124\nDTEND;VALUE=DATE:20261127\n");
        let text = calendar(&format!("{todo}{leave}{}", at("anna", 23, "0900", "1800", "")));
        let read = read(text.as_bytes(), None, asked("2026-12-02")).unwrap();
        assert_eq!(read.shifts.len(), 1);
        assert_eq!(
            read.passed_over,
            ["line 15: event «Отпуск» on 2026-11-24: is longer than a day, so it is no shift"]
        );
    }
}
