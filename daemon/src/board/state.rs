//! What the wall is about: the worst alarms, what runs out next, how many of what. Taken from the desk after each
//! commit, so that nothing is shown before it is durable.

use std::collections::BTreeMap;

use calendars::{Timestamp, Tz};
use firmware_board::{Language, Level, Signals};
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use crate::desk::view::{About, AlarmView, NextView};
use crate::desk::{self, Alarm, AlarmKind, AlarmState, Counts, Desk, Metric, TicketNumber};
use crate::run::time::{DeskTime, Distrust};

/// How many alarms the wall knows of one by one.
pub const ALARMS_MAX: usize = 100;
/// How many promises that run out next the wall knows of.
pub const NEXT_MAX: usize = 20;

/// A promise that runs out.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// Whose.
    pub number: TicketNumber,
    /// Which.
    pub metric: Metric,
    /// When.
    pub deadline: Timestamp,
    /// The ticket's priority: its id.
    pub priority: SmolStr,
    /// The ticket's priority: the regulation's own word.
    pub priority_title: String,
    /// What it is about.
    pub subject: String,
    /// The ticket's regulation.
    pub regulation: SmolStr,
}

/// What the wall is about.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardState {
    /// When it was taken.
    pub at: Timestamp,
    /// The site's zone.
    pub zone: Tz,
    /// How the desk's time follows from the box's clocks, and whether it can be trusted.
    pub time: DeskTime,
    /// How many tickets are what.
    pub counts: Counts,
    /// The worst alarms with what they are about; at most [`ALARMS_MAX`].
    pub alarms: Vec<(Alarm, About)>,
    /// How many alarms there are.
    pub alarms_total: usize,
    /// Each kind and state of alarm there is, with how many there are.
    pub tally: Vec<(AlarmKind, AlarmState, u32)>,
    /// What runs out next; at most [`NEXT_MAX`].
    pub next: Vec<Next>,
    /// Until when the buzzer is silent.
    pub muted_until: Option<Timestamp>,
    /// What the wall calls each regulation, by id; empty where only one runs, and none needs to be told.
    pub shorts: BTreeMap<SmolStr, String>,
}

impl BoardState {
    /// The wall's view of a desk. `troubles` are alarms that could not be kept: a disk that fails takes no events.
    pub fn of(
        desk: &Desk,
        troubles: &[Alarm],
        at: Timestamp,
        time: DeskTime,
        zone: Tz,
        language: Language,
    ) -> Self {
        let regulations = desk.regulations();
        let shorts = regulations.iter().filter(|_| regulations.are_several());
        let mut tally: Vec<_> = desk.alarm_tally().collect();
        tally.extend(troubles.iter().map(|alarm| (alarm.kind, alarm.state, 1)));
        Self {
            at,
            zone,
            time,
            counts: desk.counts(),
            alarms: troubles
                .iter()
                .chain(desk.alarms())
                .take(ALARMS_MAX)
                .map(|alarm| (alarm.clone(), About::of(alarm, desk, zone, language)))
                .collect(),
            alarms_total: desk.alarms_total() + troubles.len(),
            tally,
            next: desk.upcoming().take(NEXT_MAX).filter_map(|due| next(desk, due)).collect(),
            muted_until: desk.muted_until().filter(|until| *until > at),
            shorts: shorts.map(|regulation| (regulation.id.clone(), regulation.short.clone())).collect(),
        }
    }

    /// The worst thing that is going on.
    pub fn level(&self) -> Level {
        let any =
            |kind| self.tally.iter().any(|(k, state, _)| *k == kind && *state != AlarmState::ClearedUnacked);
        if any(AlarmKind::Critical) || self.counts.critical > 0 {
            Level::Critical
        } else if any(AlarmKind::Breach) || self.counts.breached > 0 {
            Level::Breach
        } else if self.tally.iter().any(|(_, state, _)| *state != AlarmState::ClearedUnacked) {
            // Something runs out soon, or a part of the box needs somebody: in no case is all well.
            Level::DueSoon
        } else {
            Level::Normal
        }
    }

    /// Whether the buzzer is to be silent at `now`.
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted_until.is_some_and(|until| until > now)
    }

    /// What lamps and buzzer do at `now`.
    pub fn signals(&self, now: Timestamp) -> Signals {
        let alarms = self.tally.iter().map(|(kind, state, _)| (scene_kind(*kind), scene_state(*state)));
        firmware_board::signals(alarms, self.is_muted(now))
    }

    /// The contract's JSON of the wall at `now`.
    pub fn view(&self, now: Timestamp) -> BoardView {
        let signals = self.signals(now);
        BoardView {
            at: now.to_rfc3339(self.zone),
            level: match self.level() {
                Level::Normal => "normal",
                Level::DueSoon => "due-soon",
                Level::Breach => "breach",
                Level::Critical => "critical",
            },
            trusted: self.time.is_trusted(),
            distrust: self.time.why().map(Distrust::id),
            counts: self.counts,
            alarms: self
                .alarms
                .iter()
                .map(|(alarm, about)| desk::view::alarm(alarm, about, self.zone))
                .collect(),
            alarms_total: self.alarms_total,
            next: self
                .next
                .iter()
                .map(|next| NextView {
                    number: next.number,
                    metric: next.metric,
                    deadline: next.deadline.to_rfc3339(self.zone),
                    priority: next.priority.clone(),
                    subject: next.subject.clone(),
                    regulation: next.regulation.clone(),
                })
                .collect(),
            staffing: None,
            signals: SignalsView {
                red: lamp(signals.red),
                amber: lamp(signals.amber),
                green: lamp(signals.green),
                buzzer: match signals.buzzer {
                    firmware_board::Buzzer::Off => "off",
                    firmware_board::Buzzer::Critical => "critical",
                    firmware_board::Buzzer::Breach => "breach",
                    firmware_board::Buzzer::Warning => "warning",
                },
            },
            muted_until: self
                .muted_until
                .filter(|until| *until > now)
                .map(|until| until.to_rfc3339(self.zone)),
        }
    }
}

/// The wall as the contract's JSON.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct BoardView {
    /// When.
    pub at: String,
    /// The worst thing that is going on: normal, due-soon, breach or critical.
    #[schema(value_type = String, example = "breach")]
    pub level: &'static str,
    /// Whether the box's time can be trusted.
    pub trusted: bool,
    /// Why it cannot be: never-set, behind, stepped or unsynchronised; null while it can.
    #[schema(value_type = Option<String>, example = "behind")]
    pub distrust: Option<&'static str>,
    /// How many tickets are what.
    pub counts: Counts,
    /// The worst alarms; at most 100.
    pub alarms: Vec<AlarmView>,
    /// How many alarms there are.
    pub alarms_total: usize,
    /// What runs out next; at most 20.
    pub next: Vec<NextView>,
    /// Who is on shift; null where nobody is asked for.
    #[schema(value_type = Option<Object>)]
    pub staffing: Option<serde_json::Value>,
    /// What lamps and buzzer do.
    pub signals: SignalsView,
    /// Until when the buzzer is silent.
    pub muted_until: Option<String>,
}

/// What lamps and buzzer do: off, on, slow or fast; off, critical, breach or warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SignalsView {
    /// Danger.
    #[schema(value_type = String, example = "fast")]
    pub red: &'static str,
    /// Abnormal.
    #[schema(value_type = String, example = "off")]
    pub amber: &'static str,
    /// Normal.
    #[schema(value_type = String, example = "off")]
    pub green: &'static str,
    /// Sound.
    #[schema(value_type = String, example = "critical")]
    pub buzzer: &'static str,
}

fn lamp(lamp: firmware_board::Lamp) -> &'static str {
    match lamp {
        firmware_board::Lamp::Off => "off",
        firmware_board::Lamp::On => "on",
        firmware_board::Lamp::Slow => "slow",
        firmware_board::Lamp::Fast => "fast",
    }
}

fn next(desk: &Desk, due: &desk::Due) -> Option<Next> {
    let ticket = desk.ticket(due.ticket)?;
    let priority = &ticket.facts.priority;
    let title = desk
        .regulations()
        .of(&ticket.facts)
        .and_then(|regulation| regulation.priority(priority))
        .map_or_else(|| priority.to_string(), |priority| priority.name.title.clone());
    Some(Next {
        number: due.ticket,
        metric: due.metric,
        deadline: due.deadline,
        priority: priority.clone(),
        priority_title: title,
        subject: ticket.facts.subject.clone(),
        regulation: ticket.facts.regulation.clone(),
    })
}

/// The wall's word for a kind of alarm.
pub(crate) fn scene_kind(kind: AlarmKind) -> firmware_board::AlarmKind {
    match kind {
        AlarmKind::Critical => firmware_board::AlarmKind::Critical,
        AlarmKind::Breach => firmware_board::AlarmKind::Breach,
        AlarmKind::MassProblem => firmware_board::AlarmKind::MassProblem,
        AlarmKind::DueSoon => firmware_board::AlarmKind::DueSoon,
        AlarmKind::Complaint => firmware_board::AlarmKind::Complaint,
        AlarmKind::Storage => firmware_board::AlarmKind::Storage,
        AlarmKind::Clock => firmware_board::AlarmKind::Clock,
        AlarmKind::Panel => firmware_board::AlarmKind::Panel,
        AlarmKind::Letter => firmware_board::AlarmKind::Letter,
        AlarmKind::Staffing => firmware_board::AlarmKind::Staffing,
        AlarmKind::Calendar => firmware_board::AlarmKind::Calendar,
    }
}

/// The wall's word for where an alarm stands.
pub(crate) fn scene_state(state: AlarmState) -> firmware_board::AlarmState {
    match state {
        AlarmState::Unacked => firmware_board::AlarmState::Unacked,
        AlarmState::Acked => firmware_board::AlarmState::Acked,
        AlarmState::ClearedUnacked => firmware_board::AlarmState::ClearedUnacked,
    }
}
