//! Coverage: whether somebody is on shift whenever a line or a channel is open, and the gaps where nobody is (HD-9).

use std::collections::BTreeSet;

use calendars::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::{AgentCard, Lack, People, Staffing};
use crate::desk::regulation::{Regulation, StaffingRule};

/// How many days are looked at once.
pub const COVERAGE_MAX_DAYS: u32 = 92;

/// What is to be covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A line of support, in its hours: by an agent who works on it.
    Line,
    /// A channel that has a group, in its hours: by an agent of the group who works on its line.
    Channel,
    /// A shift, as the regulation asks for it.
    Shift,
}

/// How something is covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// Whose rule it is.
    pub regulation: SmolStr,
    /// What is to be covered.
    pub place: Place,
    /// Which line or channel; empty for a shift.
    pub id: SmolStr,
    /// How long it is open, in milliseconds.
    pub open_ms: i64,
    /// When it is not covered, in order.
    pub gaps: Vec<Gap>,
}

/// A time `[from, until)` in which too few are on shift, as many all the while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The first instant.
    pub from: Timestamp,
    /// The first instant after.
    pub until: Timestamp,
    /// How many are on shift who could.
    pub on_shift: u32,
    /// How many there should be.
    pub required: u32,
    /// Which skills too few of them have.
    pub lacks: Vec<Lack>,
}

/// How a regulation's lines, channels and shifts are covered in `[from, until)`.
pub fn coverage(regulation: &Regulation, people: &People, from: Timestamp, until: Timestamp) -> Vec<Cover> {
    let sweep = Sweep::of(people, from, until);
    let lines = regulation.lines.iter().map(|line| {
        let need = Need::one(move |agent| agent.works_on(line.id));
        sweep.cover(regulation, Place::Line, line.id.to_string().into(), &line.calendar, &need)
    });
    let channels = regulation.channels.iter().filter_map(|channel| {
        let group = channel.group.as_ref()?;
        let need = Need::one(move |agent| agent.is_in(group) && agent.works_on(channel.line));
        let calendar = regulation.channel_calendar(channel);
        Some(sweep.cover(regulation, Place::Channel, channel.name.id.clone(), calendar, &need))
    });
    let shift = regulation.staffing.as_ref().map(|rule| {
        sweep.cover(regulation, Place::Shift, SmolStr::default(), &rule.calendar, &Need::rule(rule))
    });
    lines.chain(channels).chain(shift).collect()
}

/// Who is needed.
struct Need<'a> {
    rule: std::borrow::Cow<'a, StaffingRule>,
    who: Box<dyn Fn(&AgentCard) -> bool + 'a>,
}

impl<'a> Need<'a> {
    fn one(who: impl Fn(&AgentCard) -> bool + 'a) -> Self {
        Self { rule: std::borrow::Cow::Owned(StaffingRule::one()), who: Box::new(who) }
    }

    fn rule(rule: &'a StaffingRule) -> Self {
        Self { rule: std::borrow::Cow::Borrowed(rule), who: Box::new(|_| true) }
    }
}

/// The instants at which somebody comes or goes, and who is there from each on.
struct Sweep<'a> {
    from: Timestamp,
    until: Timestamp,
    /// In order; the first is `from`.
    turns: Vec<(Timestamp, Vec<&'a AgentCard>)>,
}

impl<'a> Sweep<'a> {
    fn of(people: &'a People, from: Timestamp, until: Timestamp) -> Self {
        let shifts: Vec<_> = people.roster().during(from, until).collect();
        let mut turns = BTreeSet::from([from]);
        for times in shifts.iter().map(|shift| &shift.times) {
            turns.extend([times.starts, times.ends].into_iter().filter(|at| (from..until).contains(at)));
        }
        // Both in order: each shift comes in once and goes once.
        let mut coming = shifts.into_iter().peekable();
        let mut there: Vec<(Timestamp, &AgentCard)> = Vec::new();
        let turns = turns.into_iter().map(|at| {
            there.retain(|(ends, _)| *ends > at);
            while let Some(shift) = coming.next_if(|shift| shift.times.starts <= at) {
                let agent = people.agent(&shift.times.agent);
                there.extend(agent.map(|agent| (shift.times.ends, &agent.card)));
            }
            (at, there.iter().map(|(_, card)| *card).collect())
        });
        let turns = turns.collect();
        Self { from, until, turns }
    }

    fn cover(
        &self,
        regulation: &Regulation,
        place: Place,
        id: SmolStr,
        calendar: &str,
        need: &Need<'_>,
    ) -> Cover {
        let mut cover = Cover { regulation: regulation.id.clone(), place, id, open_ms: 0, gaps: Vec::new() };
        let Some(calendar) = regulation.calendar(calendar) else { return cover };
        for (opens, closes) in calendar.intervals(self.from, self.until) {
            cover.open_ms += closes.ms_since(opens);
            // The turn that the opening falls into, and those that follow.
            let first = self.turns.partition_point(|(at, _)| *at <= opens).saturating_sub(1);
            for (i, (at, there)) in self.turns.iter().enumerate().skip(first) {
                let from = (*at).max(opens);
                let until = self.turns.get(i + 1).map_or(closes, |(next, _)| (*next).min(closes));
                if from >= closes {
                    break;
                }
                let able = there.iter().copied().filter(|agent| (need.who)(agent));
                let met = Staffing::of(&need.rule, able);
                if met.is_short() && from < until {
                    let Staffing { on_shift, required, lacks, .. } = met;
                    cover.add(Gap { from, until, on_shift, required, lacks });
                }
            }
        }
        cover
    }
}

impl Cover {
    /// A gap that goes on as it was is one.
    fn add(&mut self, gap: Gap) {
        match self.gaps.last_mut() {
            Some(last)
                if last.until == gap.from && (last.on_shift, &last.lacks) == (gap.on_shift, &gap.lacks) =>
            {
                last.until = gap.until;
            }
            _ => self.gaps.push(gap),
        }
    }
}
