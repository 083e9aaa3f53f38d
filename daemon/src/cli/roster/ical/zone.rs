//! What time zone a calendar means: by a name that is known, or by the offset its VTIMEZONE has at all times.

use calcard::common::PartialDateTime;
use calcard::common::timezone::Tz;
use calcard::icalendar::{
    ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarEntry, ICalendarProperty, ICalendarValue,
};
use chrono::{DateTime, FixedOffset, LocalResult, NaiveDateTime, TimeDelta, TimeZone};

/// The zones of a calendar.
pub(super) struct Zones<'a> {
    calendar: &'a ICalendar,
    /// The site's: of what names none.
    site: Tz,
}

/// A time of a calendar.
#[derive(Clone, Copy)]
pub(super) struct Time {
    /// What a clock shows there.
    pub(super) local: NaiveDateTime,
    /// Where.
    pub(super) zone: Tz,
    /// Whether it is a whole day.
    pub(super) is_day: bool,
}

impl Time {
    /// The instant.
    pub(super) fn instant(&self) -> Option<DateTime<Tz>> {
        instant(self.local, self.zone)
    }
}

/// The instant of a local time; of two the first. A time that a clock change leaves out is an hour later.
pub(super) fn instant(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Tz>> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at),
        LocalResult::None => {
            zone.from_local_datetime(&local.checked_add_signed(TimeDelta::hours(1))?).earliest()
        }
    }
}

impl<'a> Zones<'a> {
    pub(super) fn of(calendar: &'a ICalendar, site: chrono_tz::Tz) -> Self {
        Self { calendar, site: Tz::Tz(site) }
    }

    /// The times of a property.
    ///
    /// # Errors
    /// Where one is none, or its zone is not known.
    pub(super) fn times(&self, entry: &ICalendarEntry) -> Result<Vec<Time>, String> {
        let zone = entry.tz_id().map_or(Ok(self.site), |name| self.zone(name))?;
        let time = |value: &ICalendarValue| match value {
            ICalendarValue::PartialDateTime(at) => time(at, zone),
            _ => None,
        };
        let times: Option<Vec<_>> = entry.values.iter().map(time).collect();
        times
            .filter(|times| !times.is_empty())
            .ok_or_else(|| format!("its {} is no time", entry.name.as_str()))
    }

    /// The zone of a name.
    fn zone(&self, name: &str) -> Result<Tz, String> {
        let resolver = self.calendar.build_tz_resolver();
        // Programs put a path of their own in front: /freeassociation.sourceforge.net/Asia/Yekaterinburg.
        let parts: Vec<&str> = name.split('/').collect();
        let ends = [3, 2].into_iter().filter(|len| parts.len() > *len);
        let by_end = |len: usize| parts[parts.len() - len..].join("/").parse::<chrono_tz::Tz>().ok();
        let known = resolver.resolve(name).or_else(|| ends.into_iter().find_map(by_end).map(Tz::Tz));
        known.or_else(|| self.fixed(name).map(Tz::Fixed)).ok_or_else(|| {
            format!(
                "the time zone `{name}` is none that is known, and the file says no one offset of it; name it as Europe/Moscow"
            )
        })
    }

    /// The offset that a VTIMEZONE has all the year round.
    fn fixed(&self, name: &str) -> Option<FixedOffset> {
        let is_it = |zone: &&ICalendarComponent| {
            let id = zone.property(&ICalendarProperty::Tzid).and_then(|entry| entry.values.first());
            matches!(id, Some(ICalendarValue::Text(id)) if id == name)
        };
        let zone = self.calendar.timezones().find(is_it)?;
        let parts = zone.component_ids.iter().filter_map(|id| self.calendar.component_by_id(*id));
        let parts = parts.filter(|part| {
            matches!(part.component_type, ICalendarComponentType::Standard | ICalendarComponentType::Daylight)
        });
        let offsets: Option<Vec<FixedOffset>> = parts.map(offset).collect();
        let offsets = offsets?;
        let first = *offsets.first()?;
        offsets.iter().all(|offset| *offset == first).then_some(first)
    }
}

fn offset(part: &ICalendarComponent) -> Option<FixedOffset> {
    let Some(ICalendarValue::PartialDateTime(offset)) =
        part.property(&ICalendarProperty::Tzoffsetto)?.values.first()
    else {
        return None;
    };
    let PartialDateTime { tz_hour, tz_minute, tz_minus, .. } = **offset;
    let seconds = i32::from(tz_hour?) * 3_600 + i32::from(tz_minute.unwrap_or(0)) * 60;
    FixedOffset::east_opt(if tz_minus { -seconds } else { seconds })
}

/// A time as it is written: in UTC where it says so, else in the zone.
fn time(at: &PartialDateTime, zone: Tz) -> Option<Time> {
    let read = at.to_date_time()?;
    let zone = read.tz().unwrap_or(zone);
    Some(Time { local: read.date_time, zone, is_day: at.hour.is_none() })
}
