//! One ticket under both regulations: what became of it, and which clocks came out otherwise.

use calendars::{Timestamp, Tz};
use serde::Serialize;
use smol_str::SmolStr;

use super::Side;
use crate::cli::simulate::CameOut;
use crate::desk::view::ClockView;
use crate::desk::{Clock, Metric, TicketNumber};

/// A ticket under both.
#[derive(Debug, Serialize)]
pub struct TicketComparison<'a> {
    /// The log's name for it.
    pub ticket: &'a str,
    /// Whether anything of `changes`, its status, priority or line differs, or one of the two has refused it.
    pub differs: bool,
    /// Whether what was promised was kept better or worse under B.
    pub verdict: Verdict,
    /// Under the first.
    pub a: Half<'a>,
    /// Under the second.
    pub b: Half<'a>,
    /// The clocks, those of earlier cycles too, whose outcome, term or deadline differs.
    pub changes: Vec<Change>,
}

/// Whether B kept what was promised better or worse than A.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// A clock that was breached under A is not under B, and none the other way about.
    Better,
    /// A clock is breached under B that was not under A, and none the other way about.
    Worse,
    /// Some clocks better, some worse.
    Mixed,
    /// The same clocks breached, or none.
    Same,
    /// Only B has the ticket.
    RefusedUnderA,
    /// Only A has the ticket.
    RefusedUnderB,
}

/// What became of a ticket under one of the two.
#[derive(Debug, Serialize)]
pub struct Half<'a> {
    /// The regulation's id.
    pub regulation: &'a str,
    /// Its version.
    pub version: &'a str,
    /// What became of it.
    #[serde(flatten)]
    pub what: What<'a>,
}

/// What became of a ticket.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum What<'a> {
    /// It was registered; so it is at the end.
    Ticket {
        /// Its number under this regulation.
        number: TicketNumber,
        /// Status id.
        status: &'a str,
        /// Priority id.
        priority: &'a str,
        /// The line it stands on.
        line: u8,
        /// The latest clock of each metric.
        clocks: Vec<ClockView>,
    },
    /// It is not there.
    Refused {
        /// Why.
        refused: Option<&'a Refused>,
    },
}

/// Why a ticket is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The line of the log that would have registered it, from 1.
    pub line: u64,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// A clock that came out otherwise, or was given another term or deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it measures.
    pub metric: Metric,
    /// How often a clock of this metric had started, from 1.
    pub cycle: u16,
    /// How it came out under the first, a [`CameOut`]'s word; `none` where there is no such clock.
    pub a: &'static str,
    /// And under the second.
    pub b: &'static str,
    /// When it runs or ran out; null while paused or without a term.
    pub deadline_a: Option<String>,
    /// And under the second.
    pub deadline_b: Option<String>,
    /// What is given, in whole seconds of the basis; null where there is no term.
    pub target_seconds_a: Option<i64>,
    /// And under the second.
    pub target_seconds_b: Option<i64>,
}

impl<'a> TicketComparison<'a> {
    pub(super) fn of(name: &'a SmolStr, a: &'a Side, b: &'a Side, end: Timestamp) -> Self {
        let (half_a, half_b) = (a.half(name, end), b.half(name, end));
        let (zone_a, zone_b) = (a.rules.regulation.zone, b.rules.regulation.zone);
        let (changes, verdict) = match (a.ticket(name), b.ticket(name)) {
            (Some(a), Some(b)) => {
                let pairs = Pair::all(&a.clocks, &b.clocks);
                let changed = pairs.iter().filter(|pair| pair.differs());
                (changed.map(|pair| pair.change(zone_a, zone_b)).collect(), Verdict::of(&pairs))
            }
            (None, _) => (Vec::new(), Verdict::RefusedUnderA),
            (_, None) => (Vec::new(), Verdict::RefusedUnderB),
        };
        let differs = !changes.is_empty() || half_a.what.differs(&half_b.what);
        Self { ticket: name, differs, verdict, a: half_a, b: half_b, changes }
    }
}

impl What<'_> {
    /// Whether the ticket stands elsewhere; its number and clocks are not looked at.
    fn differs(&self, other: &Self) -> bool {
        fn stands<'a>(what: &'a What<'_>) -> Option<(&'a str, &'a str, u8)> {
            match what {
                What::Ticket { status, priority, line, .. } => Some((status, priority, *line)),
                What::Refused { .. } => None,
            }
        }
        stands(self) != stands(other)
    }
}

/// The same clock under both: of the same metric and cycle.
pub(super) struct Pair<'a> {
    pub(super) metric: Metric,
    pub(super) cycle: u16,
    pub(super) a: Option<&'a Clock>,
    pub(super) b: Option<&'a Clock>,
}

impl<'a> Pair<'a> {
    /// Every clock that at least one has: A's in order of starting, then those that only B has.
    pub(super) fn all(a: &'a [Clock], b: &'a [Clock]) -> Vec<Self> {
        fn find<'a>(clocks: &'a [Clock], like: &Clock) -> Option<&'a Clock> {
            clocks.iter().find(|clock| (clock.metric, clock.cycle) == (like.metric, like.cycle))
        }
        let pair = |like: &Clock| Self {
            metric: like.metric,
            cycle: like.cycle,
            a: find(a, like),
            b: find(b, like),
        };
        a.iter().chain(b.iter().filter(|clock| find(a, clock).is_none())).map(pair).collect()
    }

    pub(super) fn is_worse(&self) -> bool {
        is_breached(self.b) && !is_breached(self.a)
    }

    pub(super) fn is_better(&self) -> bool {
        is_breached(self.a) && !is_breached(self.b)
    }

    fn differs(&self) -> bool {
        let looked_at =
            |clock: &Clock| (CameOut::of(clock), clock.basis, clock.term.target_ms, clock.term.deadline);
        self.a.map(looked_at) != self.b.map(looked_at)
    }

    fn change(&self, zone_a: Tz, zone_b: Tz) -> Change {
        let deadline = |clock: Option<&Clock>, zone| Some(clock?.term.deadline?.to_rfc3339(zone));
        let target = |clock: Option<&Clock>| Some(clock?.term.target_ms?.div_euclid(1_000));
        Change {
            metric: self.metric,
            cycle: self.cycle,
            a: word(self.a),
            b: word(self.b),
            deadline_a: deadline(self.a, zone_a),
            deadline_b: deadline(self.b, zone_b),
            target_seconds_a: target(self.a),
            target_seconds_b: target(self.b),
        }
    }
}

/// How a clock came out, in a word.
pub(super) fn word(clock: Option<&Clock>) -> &'static str {
    clock.map_or("none", |clock| CameOut::of(clock).id())
}

fn is_breached(clock: Option<&Clock>) -> bool {
    clock.is_some_and(|clock| clock.breached_at.is_some())
}

impl Verdict {
    fn of(pairs: &[Pair<'_>]) -> Self {
        match (pairs.iter().any(Pair::is_better), pairs.iter().any(Pair::is_worse)) {
            (true, true) => Self::Mixed,
            (true, false) => Self::Better,
            (false, true) => Self::Worse,
            (false, false) => Self::Same,
        }
    }
}
