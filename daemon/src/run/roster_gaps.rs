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
