//! Scores: what one closing, one later mark or one breach adds to a month.

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::month::Month;
use super::slice::Facets;
use crate::desk::clocks::{Basis, Clock, ClockState, Metric, Stint};
use crate::desk::event::{Entry, Event, Turn};
use crate::desk::ticket::{Stage, Ticket};

/// What is added to a month.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "score", rename_all = "kebab-case")]
pub enum Score {
    /// A ticket was closed.
    Closed(Box<Closing>),
    /// A ticket that was closed before was marked.
    Marked {
        /// When.
        at: Timestamp,
        /// Whose ticket.
        facets: Box<Facets>,
        /// The mark.
        mark: SmolStr,
        /// When the ticket was closed.
        closed_at: Timestamp,
    },
    /// A promise was broken.
    Breached {
        /// When.
        at: Timestamp,
        /// Whose ticket, as it stood then.
        facets: Box<Facets>,
        /// Which promise.
        metric: Metric,
        /// Why.
        cause: Cause,
    },
    /// A month is over, and its figures are in the record.
    MonthClosed {
        /// Which.
        month: Month,
    },
}

/// A ticket as it was closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Closing {
    /// When.
    pub at: Timestamp,
    /// Its slices.
    #[serde(flatten)]
    pub facets: Facets,
    /// How it ended.
    pub ending: Ending,
    /// Whether its requester had returned it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub returned: bool,
    /// The requester's mark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<SmolStr>,
    /// What became of its promises.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClockScore>,
}

/// How a ticket ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ending {
    /// The requester confirmed the solution.
    Confirmed,
    /// It was refused.
    Refused,
    /// By time: the requester said nothing within the term.
    ByTime,
    /// By an agent.
    Closed,
    /// It was a duplicate, and what became of it is the other ticket's.
    Merged,
}

/// What became of one promise of a closed ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockScore {
    /// What was measured.
    pub metric: Metric,
    /// What was counted.
    pub basis: Basis,
    /// What was given, in milliseconds of the basis; none where there was no term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_ms: Option<i64>,
    /// What was used, in milliseconds of the basis.
    pub used_ms: i64,
    /// From its start to its end, by the wall's clock, in milliseconds.
    pub elapsed_ms: i64,
    /// How much of that it stood still.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub paused_ms: i64,
    /// Whether it was broken.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub breached: bool,
    /// Whose it was, where that is not whose the ticket is: a line's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stint: Option<Stint>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(ms: &i64) -> bool {
    *ms == 0
}

/// Why a promise was broken: the first that is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// The term became shorter than what was used already: priority, type, line or version changed (R6).
    TermChanged,
    /// No agent had taken it.
    Untaken,
    /// The requester had returned it, so it took a second time.
    Returned,
    /// It had gone from line to line.
    Routed,
    /// An agent had it, and time ran out.
    InWork,
}

impl Cause {
    /// Every cause, in their order.
    pub const ALL: [Self; 5] = [Self::TermChanged, Self::Untaken, Self::Returned, Self::Routed, Self::InWork];

    /// The id in JSON and CSV.
    pub const fn id(self) -> &'static str {
        match self {
            Self::TermChanged => "term-changed",
            Self::Untaken => "untaken",
            Self::Returned => "returned",
            Self::Routed => "routed",
            Self::InWork => "in-work",
        }
    }

    /// Why a clock of a ticket breaks, as the ticket stands when it does.
    fn of(ticket: &Ticket, is_retargeted: bool) -> Self {
        if is_retargeted {
            Self::TermChanged
        } else if ticket.assignee.is_none() {
            Self::Untaken
        } else if ticket.way.returns > 0 {
            Self::Returned
        } else if ticket.way.routes > 0 {
            Self::Routed
        } else {
            Self::InWork
        }
    }
}

impl Score {
    /// What an event adds before it is applied to a ticket: a breach of a promise that was whole until now.
    pub(crate) fn of_breach(ticket: &Ticket, event: &Event, entry: &Entry) -> Option<Self> {
        let Event::Clock { metric, cycle, turn: Turn::Breached { at, .. } } = event else { return None };
        let is_this = |clock: &&Clock| clock.metric == *metric && clock.cycle == *cycle;
        let clock = ticket.clocks.iter().find(is_this)?;
        if clock.breached_at.is_some() || !metric.is_ours() {
            return None;
        }
        let retargeted = |event: &Event| match event {
            Event::Clock { metric: other, cycle: of, turn: Turn::Retargeted { .. } } => {
                (other, of) == (metric, cycle)
            }
            _ => false,
        };
        let mut of_ticket = entry.facts.iter().filter(|fact| fact.ticket == Some(ticket.number));
        let cause = Cause::of(ticket, of_ticket.any(|fact| retargeted(&fact.event)));
        let facets = Facets::of(ticket);
        let facets = clock.stint.as_ref().map_or_else(|| facets.clone(), |stint| facets.with(stint));
        Some(Self::Breached { at: *at, facets: Box::new(facets), metric: *metric, cause })
    }

    /// What an entry adds that has left the ticket so, where it stood at stage `before`.
    pub(crate) fn of_ending(ticket: &Ticket, before: Option<Stage>, entry: &Entry) -> Option<Self> {
        if ticket.stage != Stage::Closed {
            return None;
        }
        let at = entry.effective_at();
        let facts =
            || entry.facts.iter().filter(|fact| fact.ticket == Some(ticket.number)).map(|fact| &fact.event);
        if before == Some(Stage::Closed) {
            let marked = |event: &Event| matches!(event, Event::Confirmed { mark: Some(_), .. });
            let mark = ticket.mark.clone().filter(|_| facts().any(marked))?;
            let closed_at = ticket.way.closed_at.unwrap_or(at);
            return Some(Self::Marked { at, facets: Box::new(Facets::of(ticket)), mark, closed_at });
        }
        let ending = facts().find_map(|event| match event {
            Event::Confirmed { .. } => Some(Ending::Confirmed),
            Event::Refused { .. } => Some(Ending::Refused),
            Event::Clock { turn: Turn::RanOut { .. }, .. } => Some(Ending::ByTime),
            Event::Closed { .. } if ticket.is_duplicate() => Some(Ending::Merged),
            _ => None,
        });
        Some(Self::Closed(Box::new(Closing {
            at,
            facets: Facets::of(ticket),
            ending: ending.unwrap_or(Ending::Closed),
            returned: ticket.way.returns > 0,
            mark: ticket.mark.clone(),
            clocks: ticket.clocks.iter().filter_map(ClockScore::of).collect(),
        })))
    }

    /// When it happened; none of a month's end, which is no thing of a month.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Closed(closing) => Some(closing.at),
            Self::Marked { at, .. } | Self::Breached { at, .. } => Some(*at),
            Self::MonthClosed { .. } => None,
        }
    }
}

impl ClockScore {
    /// Of a clock that has ended; what the requester had time for is no promise of ours.
    fn of(clock: &Clock) -> Option<Self> {
        let ended = match clock.state {
            ClockState::Stopped => clock.stopped_at?,
            ClockState::Paused => clock.turned_at,
            ClockState::Running => return None,
        };
        clock.metric.is_ours().then(|| Self {
            metric: clock.metric,
            basis: clock.basis,
            target_ms: clock.term.target_ms,
            used_ms: clock.used_ms,
            elapsed_ms: ended.ms_since(clock.started_at).max(0),
            paused_ms: clock.paused_ms,
            breached: clock.breached_at.is_some(),
            stint: clock.stint.as_deref().cloned(),
        })
    }
}
