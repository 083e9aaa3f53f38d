//! Clocks: the running terms of a ticket.
//!
//! A clock is *running* (with a deadline, unless there is no term), *paused* (no deadline, its used time stands
//! still, R7) or *stopped* (kept or broken for good, though a returned ticket may let it run on). What it has used
//! is stored at each turn; between turns it follows from the calendar.

use calendars::{Calendar, Timestamp};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::event::{Term, Turn};

/// What a clock measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// To the first answer.
    Reaction,
    /// To the solution.
    Resolution,
    /// On one line of support.
    Line,
    /// The requester's time to answer a question.
    RequesterAnswer,
    /// The requester's time to confirm or return.
    Confirmation,
    /// The client's time to accept.
    Acceptance,
    /// A department's time to answer.
    Escalation,
    /// To the letter that confirms registration.
    RegistrationLetter,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Metric; 8] = [
        Metric::Reaction,
        Metric::Resolution,
        Metric::Line,
        Metric::RequesterAnswer,
        Metric::Confirmation,
        Metric::Acceptance,
        Metric::Escalation,
        Metric::RegistrationLetter,
    ];

    /// The id in JSON, TOML and alarms.
    pub const fn id(self) -> &'static str {
        match self {
            Metric::Reaction => "reaction",
            Metric::Resolution => "resolution",
            Metric::Line => "line",
            Metric::RequesterAnswer => "requester-answer",
            Metric::Confirmation => "confirmation",
            Metric::Acceptance => "acceptance",
            Metric::Escalation => "escalation",
            Metric::RegistrationLetter => "registration-letter",
        }
    }
}

impl Metric {
    /// Whether it measures what the desk promised; the others give the requester time.
    pub const fn is_ours(self) -> bool {
        match self {
            Metric::Reaction
            | Metric::Resolution
            | Metric::Line
            | Metric::Escalation
            | Metric::RegistrationLetter => true,
            Metric::RequesterAnswer | Metric::Confirmation | Metric::Acceptance => false,
        }
    }

    /// Whether the requester is told of it: what was told and is another one is told again (R8). The others are the
    /// desk's own affair.
    pub const fn is_told(self) -> bool {
        match self {
            Metric::Reaction
            | Metric::Resolution
            | Metric::RequesterAnswer
            | Metric::Confirmation
            | Metric::Acceptance => true,
            Metric::Line | Metric::Escalation | Metric::RegistrationLetter => false,
        }
    }
}

impl std::fmt::Display for Metric {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// What a clock counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Working time of its calendar (R1).
    WorkingHours,
    /// Round the clock.
    CalendarHours,
    /// To the close of the N-th working day after the day it starts (R3).
    WorkingDays,
    /// To the end of the N-th day after the day it starts (R3).
    CalendarDays,
}

impl Basis {
    /// The id in JSON and TOML.
    pub const fn id(self) -> &'static str {
        match self {
            Basis::WorkingHours => "working-hours",
            Basis::CalendarHours => "calendar-hours",
            Basis::WorkingDays => "working-days",
            Basis::CalendarDays => "calendar-days",
        }
    }

    /// Whether it counts working time only.
    pub const fn is_working(self) -> bool {
        matches!(self, Basis::WorkingHours | Basis::WorkingDays)
    }

    /// What counts of the time from `from` to `to`, in milliseconds.
    pub fn elapsed(self, calendar: &Calendar, from: Timestamp, to: Timestamp) -> i64 {
        if self.is_working() { calendar.between(from, to).ms } else { to.ms_since(from).max(0) }
    }

    /// The earliest instant by which `ms` have counted from `from`, and whether it is provisional.
    pub fn advance(self, calendar: &Calendar, from: Timestamp, ms: i64) -> (Timestamp, bool) {
        if self.is_working() {
            let deadline = calendar.add(from, ms);
            (deadline.at, deadline.provisional)
        } else {
            (from.plus_ms(ms), false)
        }
    }
}

/// Whether a clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClockState {
    /// It counts.
    Running,
    /// It stands still until the ticket leaves a pausing status.
    Paused,
    /// It counts no more.
    Stopped,
}

/// Why a term is an agent's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Planned {
    /// It was estimated, as the regulation foresees (ZS-5d, BC-3); perhaps extended since.
    Estimated,
    /// It was extended (GM-5.18).
    Extended,
}

/// What a clock counted while the box's time could not be trusted: kept until it can be, and then reckoned anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsynced {
    /// What had been used before, in milliseconds of the basis.
    pub used_ms: i64,
    /// From when to when it ran, by stamps that may be wrong as a whole but not among each other; the last has no end
    /// while the clock runs.
    pub spans: Vec<(Timestamp, Option<Timestamp>)>,
}

/// Whose a line's term was: the line that the ticket stood on while the clock ran, and who had it there (GM-5.17). A ticket
/// may be solved by somebody else, on another line, and what went before is none of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stint {
    /// The line.
    pub line: u8,
    /// Who had it when the term broke; else who had it last. None where nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<SmolStr>,
}

/// One running term of a ticket.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Clock {
    /// What it measures.
    pub metric: Metric,
    /// How often a clock of this metric has started on this ticket, from 1.
    pub cycle: u16,
    /// What it counts.
    pub basis: Basis,
    /// What is promised.
    #[serde(flatten)]
    pub term: Term,
    /// Whether it runs.
    pub state: ClockState,
    /// When it started.
    pub started_at: Timestamp,
    /// What had been used when it last turned, in milliseconds of the basis.
    pub used_ms: i64,
    /// When it last turned: while it runs, time counts from here.
    pub turned_at: Timestamp,
    /// When it stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<Timestamp>,
    /// When it was breached. A breach stays, even where the term is moved afterwards: a promise was broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breached_at: Option<Timestamp>,
    /// Whether the room was warned since it last began to run.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warned: bool,
    /// Whether it ran out and that has been dealt with (R4); a breach or a closing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ran_out: bool,
    /// Why the term is an agent's and does not follow from the regulation; none where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Planned>,
    /// What it counted by stamps that could not be trusted; none where there are no such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unsynced: Option<Box<Unsynced>>,
    /// How long it stood still until it last turned, by the wall's clock, in milliseconds.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub paused_ms: i64,
    /// Whose it was; of a line's clock only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stint: Option<Box<Stint>>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(ms: &i64) -> bool {
    *ms == 0
}

impl Clock {
    /// What is used at `now`, in milliseconds of the basis.
    pub fn used_at(&self, calendar: &Calendar, now: Timestamp) -> i64 {
        match self.state {
            ClockState::Running => {
                self.used_ms.saturating_add(self.basis.elapsed(calendar, self.turned_at, now))
            }
            ClockState::Paused | ClockState::Stopped => self.used_ms,
        }
    }

    /// The id of the calendar that counts, without its regulation.
    pub fn calendar_id(&self) -> &str {
        self.term.calendar.rsplit_once('/').map_or(self.term.calendar.as_str(), |(_, id)| id)
    }

    /// Notes a turn that was stamped while the box's time could not be trusted. A clock that ran before needs no note:
    /// it ran all the time, and its deadline is an instant.
    pub(crate) fn note_unsynced(&mut self, turn: &Turn, at: Timestamp) {
        match turn {
            Turn::Started { .. } | Turn::Resumed { .. } => {
                let used_ms = self.used_ms;
                let unsynced = self.unsynced.get_or_insert(Box::new(Unsynced { used_ms, spans: Vec::new() }));
                unsynced.spans.push((at, None));
            }
            Turn::Paused { .. } => {
                if let Some((_, end)) = self.unsynced.as_mut().and_then(|unsynced| unsynced.spans.last_mut())
                {
                    *end = Some(at);
                }
            }
            Turn::Stopped { .. } => self.unsynced = None,
            Turn::Retargeted { .. } | Turn::Warned { .. } | Turn::Breached { .. } | Turn::RanOut { .. } => {}
        }
    }

    /// Somebody has the ticket, or answers it, while it stands on `line`: a running line's clock of that line is theirs.
    /// What broke stays with whoever had it then.
    pub(crate) fn note_agent(&mut self, agent: &SmolStr, line: u8) {
        let is_whole = self.state != ClockState::Stopped && self.breached_at.is_none();
        if let Some(stint) = self.stint.as_mut().filter(|stint| is_whole && stint.line == line) {
            stint.agent = Some(agent.clone());
        }
    }

    /// The deadline people are to keep; none while paused, stopped or without a term.
    pub fn due(&self) -> Option<Timestamp> {
        if self.state == ClockState::Running { self.term.deadline } else { None }
    }
}

/// What names a clock among a ticket's.
pub type ClockKey = (Metric, u16);

/// The calendar's name in events: `regulation/calendar`.
pub fn calendar_name(regulation: &str, calendar: &str) -> SmolStr {
    smol_str::format_smolstr!("{regulation}/{calendar}")
}
