//! Calendars that lack the coming year, on the wall from 1 November on: while there is time to get its decree.
//!
//! One alarm stands for all of them. It ends with a version of the program, or a regulation, that has the year.

use std::collections::BTreeSet;
use std::time::Duration;

use calendars::{Timestamp, Tz};
use chrono::{Datelike, NaiveDate};
use firmware_board::Language;

use super::Handle;
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Regulations, Role};

/// What the alarm is about.
const PART: &str = "coming-year";
/// How often calendars are looked at, in seconds.
const LOOK_EVERY_S: u64 = 3_600;
/// From the first of this month on the coming year is asked for.
const ASKED_FROM_MONTH: u32 = 11;

/// Tells of calendars that lack a year, for as long as the desk runs.
pub async fn watch(handle: Handle, zone: Tz, language: Language) {
    loop {
        let view = handle.view();
        let act = told(&lacking(view.regulations(), view.now(), zone), language);
        handle.tell(Command::Desk(act), Actor::named("andond", Role::Admin));
        tokio::time::sleep(Duration::from_secs(LOOK_EVERY_S)).await;
    }
}

/// The calendars in use, `getmark/line-2`, without facts for the year that is asked for at `now`, with the last day that they have.
pub fn lacking(regulations: &Regulations, now: Timestamp, zone: Tz) -> BTreeSet<(String, NaiveDate)> {
    let today = now.local(zone).date();
    let year = if today.month() < ASKED_FROM_MONTH { today.year() } else { today.year() + 1 };
    let all = regulations.iter().flat_map(|regulation| {
        let named = |id: &str| format!("{}/{id}", regulation.id);
        regulation.calendars.iter().map(move |calendar| (named(calendar.id()), calendar.facts_until()))
    });
    all.filter_map(|(id, until)| Some((id, until.filter(|until| until.year() < year)?))).collect()
}

fn told(lacking: &BTreeSet<(String, NaiveDate)>, language: Language) -> DeskAct {
    let (kind, part) = (AlarmKind::Calendar, PART.to_owned());
    let Some((first, until)) = lacking.first() else { return DeskAct::PartWorks { kind, part } };
    let (until, count) = (until.format("%d.%m.%Y"), lacking.len());
    let text = match language {
        Language::Russian => format!("Нет производственного календаря после {until}: {first}, всего {count}"),
        Language::English => format!("No production calendar after {until}: {first}, {count} in all"),
    };
    DeskAct::PartFailed { kind, part, text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::regulation::shipped;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).expect("a time")
    }

    #[test]
    fn the_coming_year_is_asked_for_from_november_on() {
        let regulations = Regulations::new(vec![shipped::get("getmark").unwrap().unwrap()]);
        let zone = Tz::Europe__Moscow;
        let last =
            regulations.iter().flat_map(|all| &all.calendars).find_map(calendars::Calendar::facts_until);
        let year = last.expect("it follows a production calendar").year();
        let lacks = |text: String| !lacking(&regulations, at(&text), zone).is_empty();
        assert!(!lacks(format!("{year}-10-31T23:59:59+03:00")));
        assert!(lacks(format!("{year}-11-01T00:00:00+03:00")));
        assert!(lacks(format!("{}-01-01T00:00:00+03:00", year + 1)));
        let (id, until) =
            lacking(&regulations, at(&format!("{year}-12-01T00:00:00Z")), zone).pop_first().unwrap();
        assert!(id.starts_with("getmark/"), "{id}");
        assert_eq!(until.year(), year);
    }

    #[test]
    fn one_alarm_stands_for_all_and_ends_when_none_lacks_it() {
        let works = told(&BTreeSet::new(), Language::Russian);
        assert!(matches!(works, DeskAct::PartWorks { kind: AlarmKind::Calendar, .. }), "{works:?}");
        let day = NaiveDate::from_ymd_opt(2026, 12, 31).unwrap();
        let lacking = [("a/b".to_owned(), day), ("a/c".to_owned(), day)].into();
        let DeskAct::PartFailed { text, .. } = told(&lacking, Language::English) else { panic!("it lacks") };
        assert_eq!(text, "No production calendar after 31.12.2026: a/b, 2 in all");
    }
}
