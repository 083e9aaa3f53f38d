//! Gaps of the roster in the days ahead, on the wall while there is time to fill them (HD-9).
//!
//! One alarm stands for all gaps, and its text follows them. It is raised only while somebody is on shift: a gap that
//! comes into sight at midnight is no reason to wake anybody. It ends as soon as there is none.

use std::sync::Arc;
use std::time::Duration;

use calendars::{Timestamp, Tz};
use firmware_board::Language;

use super::Handle;
use crate::desk::people::{Gap, coverage};
use crate::desk::{Actor, AlarmKind, Command, DeskAct, People, Regulations, Role};

/// What of the roster the alarm is about: no regulation can bear that name, so no short shift is taken for it.
pub const PART: &str = "roster.gaps";
/// How often the roster is looked at, in seconds.
const LOOK_EVERY_S: u64 = 60;
const DAY_MS: i64 = 86_400_000;

/// Tells of gaps `days` ahead, for as long as the desk runs; of none where that is 0.
pub async fn watch(handle: Handle, days: u16, zone: Tz, language: Language) {
    loop {
        let (view, actor) = (handle.view(), Actor::named("andond", Role::Admin));
        let (people, now) = (view.people(), view.now());
        let gaps = gaps_ahead(view.regulations(), &people, now, days);
        if let Some(act) = told(&gaps, &people, zone, language) {
            handle.tell(Command::Desk(act), actor);
        }
        tokio::time::sleep(Duration::from_secs(LOOK_EVERY_S)).await;
    }
}

/// The gaps in what is open from `now` on, in order; none where no roster is kept.
fn gaps_ahead(regulations: &Regulations, people: &Arc<People>, now: Timestamp, days: u16) -> Vec<Gap> {
    if days == 0 || !people.keeps_roster() {
        return Vec::new();
    }
    let until = now.plus_ms(i64::from(days) * DAY_MS);
    let holding = regulations.ids().into_iter().filter_map(|id| regulations.holding(id, now));
    let covers = holding.flat_map(|regulation| coverage(regulation, people, now, until));
    let mut gaps: Vec<_> = covers.flat_map(|cover| cover.gaps).collect();
    gaps.sort_by_key(|gap| gap.from);
    gaps
}

/// What the desk is told; nothing where nobody is there to hear it.
fn told(gaps: &[Gap], people: &People, zone: Tz, language: Language) -> Option<DeskAct> {
    let (kind, part) = (AlarmKind::Staffing, PART.to_owned());
    let Some(first) = gaps.first() else { return Some(DeskAct::PartWorks { kind, part }) };
    let at = first.from.local(zone).format("%d.%m %H:%M");
    let text = match language {
        Language::Russian => format!("В графике никого: с {at}, всего пробелов {}", gaps.len()),
        Language::English => format!("Nobody on the roster from {at}, gaps in all: {}", gaps.len()),
    };
    (people.on_shift() > 0).then_some(DeskAct::PartFailed { kind, part, text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Desk;
    use crate::desk::people::{AgentCard, PeopleAct, ShiftTimes};
    use crate::desk::regulation::shipped;

    fn at(local: &str) -> Timestamp {
        Timestamp::parse_rfc3339(&format!("2026-11-{local}:00+03:00")).unwrap()
    }

    /// A desk with one line, open from nine to six, and Anna on these days of November.
    fn desk(now: Timestamp, days: &[u8]) -> Desk {
        let regulation = shipped::get("profman-iss").unwrap().unwrap();
        let mut desk = Desk::new(Regulations::new(vec![regulation]));
        let (lines, groups, skills) = Default::default();
        let card = AgentCard { name: "anna".into(), title: None, lines, groups, skills };
        let shift = |day: &u8| ShiftTimes {
            agent: "anna".into(),
            starts: at(&format!("{day}T09:00")),
            ends: at(&format!("{day}T18:00")),
        };
        let shifts = days.iter().map(shift).collect();
        for act in [PeopleAct::PutAgent(card), PeopleAct::AddShifts { shifts, instead_of: None }] {
            let command = Command::Desk(DeskAct::People(act));
            let decision = desk.decide(&command, &Actor::named("lead", Role::Lead), now).unwrap();
            desk.enter(decision.facts, "lead", now, None, None, false);
        }
        desk
    }

    fn gaps(desk: &Desk, now: Timestamp, days: u16) -> Vec<Gap> {
        gaps_ahead(desk.regulations(), desk.people(), now, days)
    }

    fn text(desk: &Desk, gaps: &[Gap], language: Language) -> Option<String> {
        match told(gaps, desk.people(), Tz::Europe__Moscow, language)? {
            DeskAct::PartFailed { text, .. } => Some(text),
            _ => Some("works".to_owned()),
        }
    }

    #[test]
    fn a_day_that_nobody_works_is_told_a_week_ahead_and_no_earlier() {
        let now = at("23T10:00");
        let desk = desk(now, &[23, 24, 26, 27, 30]);
        let found = gaps(&desk, now, 7);
        assert_eq!(
            found.iter().map(|gap| (gap.from, gap.until)).collect::<Vec<_>>(),
            [(at("25T09:00"), at("25T18:00"))]
        );
        let told = text(&desk, &found, Language::English).unwrap();
        assert_eq!(told, "Nobody on the roster from 25.11 09:00, gaps in all: 1");
        let told = text(&desk, &found, Language::Russian).unwrap();
        assert_eq!(told, "В графике никого: с 25.11 09:00, всего пробелов 1");
        assert_eq!(gaps(&desk, now, 1), [], "it is further away");
        assert_eq!(gaps(&desk, now, 0), [], "none is asked for");
    }

    #[test]
    fn nobody_is_woken_by_a_gap_that_comes_into_sight_at_night() {
        let (night, day) = (at("23T23:00"), at("24T10:00"));
        let at_night = desk(night, &[24, 26, 27, 30]);
        let found = gaps(&at_night, night, 7);
        assert_eq!(found.first().map(|gap| gap.from), Some(at("25T09:00")));
        assert_eq!(text(&at_night, &found, Language::English), None, "nobody is on shift");
        let by_day = desk(day, &[24, 26, 27, 30]);
        assert!(text(&by_day, &gaps(&by_day, day, 7), Language::English).is_some());
    }

    #[test]
    fn where_all_is_covered_or_no_roster_is_kept_there_is_nothing_to_tell() {
        let now = at("23T10:00");
        let covered = desk(now, &[23, 24, 25, 26, 27, 30]);
        assert_eq!(text(&covered, &gaps(&covered, now, 7), Language::English).as_deref(), Some("works"));
        let none = Desk::new(covered.regulations().clone());
        assert_eq!(text(&none, &gaps(&none, now, 7), Language::English).as_deref(), Some("works"));
    }
}
