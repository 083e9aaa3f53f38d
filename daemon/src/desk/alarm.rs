//! Alarms: what needs a person.
//!
//! An alarm is raised once for its cause, and its id is its cause: `1024-breach-resolution-1` is the breach of the
//! first resolution clock of ticket 1024. What gets worse is another cause: a warning that comes true, a ticket that
//! becomes critical, a further clock that runs out. A restart, which applies the same events, finds the same alarm in the
//! same state. States follow IEC 62682: a cause that is over but was never acknowledged stays to be seen, until
//! somebody acknowledges it or the ticket is closed and needs nobody any more.
//!
//! An alarm *calls* while it is unacknowledged. It lights and sounds then, and each call bears the number of the event
//! that it began with: whoever silences the wall names the number up to which they have heard, so that what comes a moment
//! later sounds, and what was silenced stays silent after a restart, whatever the clock does.

#[cfg(test)]
mod tests;

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::actor::Role;
use super::clocks::Metric;
use super::ticket::TicketNumber;

/// What kind of thing needs a person; from worst to least, the order of the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmKind {
    /// A ticket of the highest priority is open.
    Critical,
    /// A clock ran out.
    Breach,
    /// Many tickets have one cause.
    MassProblem,
    /// A clock runs out soon.
    DueSoon,
    /// A requester complained.
    Complaint,
    /// The disk fails or is full.
    Storage,
    /// The box does not know the time.
    Clock,
    /// A panel fails.
    Panel,
    /// Letters do not leave, or events do not reach another system.
    Letter,
    /// A shift is short of people.
    Staffing,
    /// A calendar lacks a year.
    Calendar,
}

impl AlarmKind {
    /// The id in JSON and alarm ids.
    pub const fn id(self) -> &'static str {
        match self {
            AlarmKind::Critical => "critical",
            AlarmKind::Breach => "breach",
            AlarmKind::MassProblem => "mass-problem",
            AlarmKind::DueSoon => "due-soon",
            AlarmKind::Complaint => "complaint",
            AlarmKind::Storage => "storage",
            AlarmKind::Clock => "clock",
            AlarmKind::Panel => "panel",
            AlarmKind::Letter => "letter",
            AlarmKind::Staffing => "staffing",
            AlarmKind::Calendar => "calendar",
        }
    }
}

/// Where an alarm stands; in the order of the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AlarmState {
    /// Nobody has taken it.
    Unacked,
    /// Somebody has taken it.
    Acked,
    /// Its cause is over, but nobody took it meanwhile.
    ClearedUnacked,
    /// Somebody put it aside until a time.
    Shelved,
}

impl AlarmState {
    /// Every state, in the order of the wall.
    pub const ALL: [Self; 4] = [Self::Unacked, Self::Acked, Self::ClearedUnacked, Self::Shelved];
}

/// Something that needs a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its cause.
    pub id: SmolStr,
    /// What kind of thing it is.
    pub kind: AlarmKind,
    /// The ticket, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketNumber>,
    /// The clock, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<Metric>,
    /// What failed, in words; empty where the ticket's subject says it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// Where it stands.
    pub state: AlarmState,
    /// Who took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acked_by: Option<SmolStr>,
    /// The number of the first event of the entry with which it began to call; what is no record's has the number of the
    /// event before it.
    #[serde(default)]
    pub calls_since: u64,
    /// Until when it is put aside, and why; none but where it is shelved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shelf: Option<Shelving>,
    /// What it stands for, where it is the one alarm of breaches that were noticed late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<Late>,
}

/// How an alarm is put aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelving {
    /// Until when: then it calls anew.
    pub until: Timestamp,
    /// Who did.
    pub by: SmolStr,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The id of the one alarm of breaches that were noticed late, and who has taken the alarms it stands for.
pub const BREACH_LATE: &str = "breach-late";

/// Breaches that were noticed late, together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// How many.
    pub count: u32,
    /// The earliest of their deadlines.
    pub first: Timestamp,
    /// The latest of them.
    pub last: Timestamp,
}

impl Alarm {
    /// The alarm of an open ticket of the highest priority; each time it gets there is a cause of its own.
    pub(crate) fn critical(ticket: TicketNumber, cycle: u16, since: Timestamp) -> Self {
        Self::new(
            smol_str::format_smolstr!("{ticket}-critical-{cycle}"),
            AlarmKind::Critical,
            Some(ticket),
            None,
            since,
        )
    }

    /// The alarm of a clock that ran out.
    pub(crate) fn breach(ticket: TicketNumber, metric: Metric, cycle: u16, since: Timestamp) -> Self {
        Self::new(
            clock_alarm(AlarmKind::Breach, ticket, metric, cycle),
            AlarmKind::Breach,
            Some(ticket),
            Some(metric),
            since,
        )
    }

    /// The alarm of a complaint, for the head.
    pub(crate) fn complaint(ticket: TicketNumber, cycle: u16, since: Timestamp) -> Self {
        let id = smol_str::format_smolstr!("{ticket}-complaint-{cycle}");
        Self::new(id, AlarmKind::Complaint, Some(ticket), None, since)
    }

    /// The alarm of a clock that runs out soon.
    pub(crate) fn due_soon(ticket: TicketNumber, metric: Metric, cycle: u16, since: Timestamp) -> Self {
        Self::new(
            clock_alarm(AlarmKind::DueSoon, ticket, metric, cycle),
            AlarmKind::DueSoon,
            Some(ticket),
            Some(metric),
            since,
        )
    }

    /// The alarm of a part of the box.
    pub(crate) fn part(kind: AlarmKind, part: &str, text: &str, since: Timestamp) -> Self {
        Self { text: text.to_owned(), ..Self::new(part_alarm(kind, part), kind, None, None, since) }
    }

    /// The one alarm of breaches that were noticed late: with one more.
    pub(crate) fn late(known: Option<Self>, deadline: Timestamp) -> Self {
        let late = known.and_then(|alarm| alarm.late).map_or(
            Late { count: 1, first: deadline, last: deadline },
            |late| Late {
                count: late.count.saturating_add(1),
                first: late.first.min(deadline),
                last: late.last.max(deadline),
            },
        );
        let alarm = Self::new(BREACH_LATE.into(), AlarmKind::Breach, None, None, late.first);
        Self { late: Some(late), ..alarm }
    }

    /// The same, as one that the alarm of late breaches stands for: it neither flashes nor sounds.
    pub(crate) fn taken_by_late(self) -> Self {
        Self { state: AlarmState::Acked, acked_by: Some(BREACH_LATE.into()), ..self }
    }

    fn new(
        id: SmolStr,
        kind: AlarmKind,
        ticket: Option<TicketNumber>,
        metric: Option<Metric>,
        since: Timestamp,
    ) -> Self {
        Self {
            id,
            kind,
            ticket,
            metric,
            text: String::new(),
            since,
            state: AlarmState::Unacked,
            acked_by: None,
            calls_since: 0,
            shelf: None,
            late: None,
        }
    }

    /// The least role that takes it: a complaint is for the head (PM-C8).
    pub fn taken_by(&self) -> Role {
        match self.kind {
            AlarmKind::Complaint => Role::Head,
            AlarmKind::Critical
            | AlarmKind::Breach
            | AlarmKind::MassProblem
            | AlarmKind::DueSoon
            | AlarmKind::Storage
            | AlarmKind::Clock
            | AlarmKind::Panel
            | AlarmKind::Letter
            | AlarmKind::Staffing
            | AlarmKind::Calendar => Role::Agent,
        }
    }

    /// Whether nothing is left to show once somebody has taken it: the head has heard the complaint.
    pub(crate) fn is_over_when_taken(&self) -> bool {
        self.kind == AlarmKind::Complaint
    }

    /// Whether it is the alarm of that kind of its ticket's clock.
    pub(crate) fn is_of(&self, kind: AlarmKind, metric: Metric, cycle: u16) -> bool {
        // A ticket has few alarms, and an id is dear to make: it is made where all else is right.
        let id = |ticket| clock_alarm(kind, ticket, metric, cycle);
        self.kind == kind && self.metric == Some(metric) && self.ticket.map(id).as_ref() == Some(&self.id)
    }

    /// Somebody takes it. False where nothing is left to show: the cause was over already.
    pub(crate) fn acknowledge(&mut self, by: &str) -> bool {
        match self.state {
            AlarmState::Unacked | AlarmState::Shelved => {
                self.state = AlarmState::Acked;
                self.acked_by = Some(by.into());
                self.shelf = None;
                true
            }
            AlarmState::Acked => true,
            AlarmState::ClearedUnacked => false,
        }
    }

    /// Its cause is over. False where nothing is left to show.
    pub(crate) fn clear(&mut self) -> bool {
        match self.state {
            // A warning of something that did not come about needs nobody.
            AlarmState::Unacked if self.kind == AlarmKind::DueSoon => false,
            AlarmState::Unacked | AlarmState::ClearedUnacked => {
                self.state = AlarmState::ClearedUnacked;
                true
            }
            // Whoever put it aside has seen it.
            AlarmState::Acked | AlarmState::Shelved => false,
        }
    }

    /// Somebody puts it aside. Nothing where its cause is over: there is nothing to wait for.
    pub(crate) fn shelve(&mut self, shelving: Shelving) {
        match self.state {
            AlarmState::Unacked | AlarmState::Acked | AlarmState::Shelved => {
                self.state = AlarmState::Shelved;
                self.acked_by = None;
                self.shelf = Some(shelving);
            }
            AlarmState::ClearedUnacked => {}
        }
    }

    /// Its time on the shelf is over, or somebody took it from there: it calls anew.
    pub(crate) fn unshelve(&mut self) {
        match self.state {
            AlarmState::Shelved => {
                self.state = AlarmState::Unacked;
                self.shelf = None;
                self.calls_since = 0;
            }
            AlarmState::Unacked | AlarmState::Acked | AlarmState::ClearedUnacked => {}
        }
    }

    /// The entry that begins with this event made it call, if something did since it was last asked.
    pub(crate) fn note_call(&mut self, first_seq: u64) {
        if self.calls_since == 0 {
            self.calls_since = first_seq;
        }
    }
}

/// The id of a clock's alarm.
pub(crate) fn clock_alarm(kind: AlarmKind, ticket: TicketNumber, metric: Metric, cycle: u16) -> SmolStr {
    smol_str::format_smolstr!("{ticket}-{}-{}-{cycle}", kind.id(), metric.id())
}

/// The id of a part's alarm.
pub(crate) fn part_alarm(kind: AlarmKind, part: &str) -> SmolStr {
    smol_str::format_smolstr!("{}-{part}", kind.id())
}
