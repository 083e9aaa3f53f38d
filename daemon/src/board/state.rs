//! What the wall is about: the worst alarms, what runs out next, how many of what. Taken from the desk after each
//! commit, so that nothing is shown before it is durable.

use std::collections::BTreeMap;
use std::sync::Arc;

use calendars::{Timestamp, Tz};
use firmware_board::{Language, Level, Signals};
use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::quiet::QuietHours;
use crate::desk::people::Staffing;
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
    pub alarms: Arc<[(Alarm, About)]>,
    /// How many alarms there are.
    pub alarms_total: usize,
    /// Each kind and state of alarm there is, with how many there are.
    pub tally: Vec<(AlarmKind, AlarmState, u32)>,
    /// Of each kind with alarms that call, the event with which the newest of them began to.
    pub calls: Vec<(AlarmKind, u64)>,
    /// What had begun to call before the event of this number is silent.
    pub silenced_before: u64,
    /// When the buzzer waits.
    pub quiet: QuietHours,
    /// What runs out next; at most [`NEXT_MAX`].
    pub next: Arc<[Next]>,
    /// Until when the buzzer is silent.
    pub muted_until: Option<Timestamp>,
    /// Whether enough people are on shift, where a regulation asks for them now; of several the shortest.
    pub staffing: Option<Staffing>,
    /// What the wall calls each regulation, by id; empty where only one runs, and none needs to be told.
    pub shorts: Arc<BTreeMap<SmolStr, String>>,
}

/// When a desk is looked at, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Glance {
    /// When.
    pub at: Timestamp,
    /// Whether the box's time can be trusted, and what it is.
    pub time: DeskTime,
    /// The site's zone.
    pub zone: Tz,
    /// The room's language.
    pub language: Language,
    /// When the buzzer waits.
    pub quiet: QuietHours,
}

impl BoardState {
    /// The wall's view of a desk. `troubles` are alarms that could not be kept: a disk that fails takes no events.
    pub fn of(desk: &Desk, troubles: &[Alarm], glance: Glance) -> Self {
        let regulations = desk.regulations();
        let shorts = regulations.iter().filter(|_| regulations.are_several());
        let shorts = shorts.map(|regulation| (regulation.id.clone(), regulation.short.clone()));
        Self::with(desk, troubles, glance, Arc::new(shorts.collect()), None)
    }

    /// The wall's view of the same desk after it has changed. What is shown of tickets that are not `touched` and stand
    /// where they stood is taken over: under load most changes are about none of those.
    #[must_use]
    pub fn after(&self, desk: &Desk, touched: &[TicketNumber], troubles: &[Alarm], glance: Glance) -> Self {
        Self::with(desk, troubles, glance, Arc::clone(&self.shorts), Some((self, touched)))
    }

    fn with(
        desk: &Desk,
        troubles: &[Alarm],
        glance: Glance,
        shorts: Arc<BTreeMap<SmolStr, String>>,
        known: Option<(&Self, &[TicketNumber])>,
    ) -> Self {
        let Glance { at, time, zone, language: _, quiet } = glance;
        let mut tally: Vec<_> = desk.alarm_tally().collect();
        tally.extend(troubles.iter().map(|alarm| (alarm.kind, alarm.state, 1)));
        let mut calls: Vec<_> = desk.calls().collect();
        let calling = troubles.iter().filter(|alarm| alarm.state == AlarmState::Unacked);
        calls.extend(calling.map(|alarm| (alarm.kind, alarm.calls_since)));
        calls.sort_unstable();
        let staffing = shown_staffing(desk);
        // What a short shift lacks is told by its alarm, which itself stays as it was.
        let known = known.filter(|(known, _)| known.staffing == staffing);
        Self {
            at,
            zone,
            time,
            counts: desk.counts(),
            alarms: known
                .and_then(|(known, touched)| known.same_alarms(desk, touched, troubles))
                .unwrap_or_else(|| shown_alarms(desk, troubles, glance)),
            alarms_total: desk.alarms_total() + troubles.len(),
            tally,
            calls,
            silenced_before: desk.silenced_before(),
            quiet,
            next: known.and_then(|(known, touched)| known.same_next(desk, touched)).unwrap_or_else(|| {
                desk.upcoming().take(NEXT_MAX).filter_map(|due| next(desk, due)).collect()
            }),
            muted_until: desk.muted_until().filter(|until| *until > at),
            staffing,
            shorts,
        }
    }

    /// The alarms as they are shown, where they are still these.
    fn same_alarms(
        &self,
        desk: &Desk,
        touched: &[TicketNumber],
        troubles: &[Alarm],
    ) -> Option<Arc<[(Alarm, About)]>> {
        let mut shown = self.alarms.iter().map(|(alarm, _)| alarm);
        let is_same = shown.clone().eq(in_order(desk, troubles))
            && !shown.any(|alarm| alarm.ticket.is_some_and(|number| touched.contains(&number)));
        is_same.then(|| Arc::clone(&self.alarms))
    }

    /// What runs out next as it is shown, where it is still that.
    fn same_next(&self, desk: &Desk, touched: &[TicketNumber]) -> Option<Arc<[Next]>> {
        let shown = self.next.iter().map(|next| (next.number, next.metric, next.deadline));
        let now = desk.upcoming().take(NEXT_MAX).map(|due| (due.ticket, due.metric, due.deadline));
        let is_same = shown.eq(now) && !self.next.iter().any(|next| touched.contains(&next.number));
        is_same.then(|| Arc::clone(&self.next))
    }

    /// Whether a room would see no difference; when each was taken does not count.
    pub fn shows_the_same(&self, other: &Self) -> bool {
        // Taken apart, so that a new field is not forgotten here.
        let Self {
            at: _,
            zone,
            time,
            counts,
            alarms,
            alarms_total,
            tally,
            calls,
            silenced_before,
            quiet,
            next,
            muted_until,
            staffing,
            shorts,
        } = self;
        (zone, time, counts, alarms_total, tally, calls, silenced_before, quiet, muted_until, staffing)
            == (
                &other.zone,
                &other.time,
                &other.counts,
                &other.alarms_total,
                &other.tally,
                &other.calls,
                &other.silenced_before,
                &other.quiet,
                &other.muted_until,
                &other.staffing,
            )
            && (Arc::ptr_eq(alarms, &other.alarms) || *alarms == other.alarms)
            && (Arc::ptr_eq(next, &other.next) || *next == other.next)
            && (Arc::ptr_eq(shorts, &other.shorts) || *shorts == other.shorts)
    }

    /// The worst thing that is going on.
    pub fn level(&self) -> Level {
        let stands = |state| matches!(state, AlarmState::Unacked | AlarmState::Acked);
        let any = |kind| self.tally.iter().any(|(k, state, _)| *k == kind && stands(*state));
        if any(AlarmKind::Critical) || self.counts.critical > 0 {
            Level::Critical
        } else if any(AlarmKind::Breach) || self.counts.breached > 0 {
            Level::Breach
        } else if self.tally.iter().any(|(_, state, _)| *state != AlarmState::ClearedUnacked) {
            // Something runs out soon, was put aside, or a part of the box needs somebody: in no case is all well.
            Level::DueSoon
        } else {
            Level::Normal
        }
    }

    /// Whether the buzzer is to be silent at `now`.
    pub fn is_muted(&self, now: Timestamp) -> bool {
        self.muted_until.is_some_and(|until| until > now)
    }

    /// Up to which event whoever is in the room now has heard what calls.
    pub fn heard_before(&self) -> u64 {
        self.calls.iter().map(|(_, since)| since + 1).max().unwrap_or_default()
    }

    /// Those of these alarms that nobody has taken, by id.
    pub fn calling_among(&self, ids: &[SmolStr]) -> Vec<SmolStr> {
        let is_open = |alarm: &Alarm| match alarm.state {
            AlarmState::Unacked | AlarmState::ClearedUnacked => ids.contains(&alarm.id),
            AlarmState::Acked | AlarmState::Shelved => false,
        };
        self.alarms.iter().filter(|(alarm, _)| is_open(alarm)).map(|(alarm, _)| alarm.id.clone()).collect()
    }

    /// What lamps and buzzer do at `now`. What had begun to call before the event `silenced_before` is silent, also where
    /// the desk does not know of that yet.
    pub fn signals_after(&self, now: Timestamp, silenced_before: u64) -> Signals {
        let silenced_before = self.silenced_before.max(silenced_before);
        let alarms = self.tally.iter().map(|(kind, state, _)| (scene_kind(*kind), scene_state(*state)));
        let heard = self.calls.iter().filter(|(_, since)| *since >= silenced_before);
        let heard = heard.filter(|(kind, _)| self.may_sound(*kind, now));
        let buzzer = firmware_board::sound(heard.map(|(kind, _)| scene_kind(*kind)));
        Signals { buzzer, ..firmware_board::signals(alarms, true) }
    }

    /// Whether the buzzer may sound for an alarm of a kind at `now`: it is not muted, and no quiet hours hold it back.
    fn may_sound(&self, kind: AlarmKind, now: Timestamp) -> bool {
        !self.is_muted(now) && self.quiet.lets_through(kind, now, self.zone)
    }

    /// Whether something that was to be heard in an earlier state `was` at `then` is over in this one at `now` though nobody
    /// took it: a room that heard it begin is to hear that it is over. What was silenced was heeded, before the event of
    /// that number too where the desk does not know of it yet; so is silence kept by a mute and by quiet hours.
    pub fn is_over_unheeded(
        &self,
        (was, then): (&Self, Timestamp),
        now: Timestamp,
        silenced_before: u64,
    ) -> bool {
        let silenced_before = self.silenced_before.max(silenced_before);
        let mut over = self
            .alarms
            .iter()
            .map(|(alarm, _)| alarm)
            .filter(|alarm| alarm.state == AlarmState::ClearedUnacked && self.may_sound(alarm.kind, now));
        let was_heard = |over: &Alarm| {
            was.alarms.iter().any(|(alarm, _)| {
                alarm.id == over.id
                    && alarm.state == AlarmState::Unacked
                    && alarm.calls_since >= silenced_before
                    && was.may_sound(alarm.kind, then)
            })
        };
        !Arc::ptr_eq(&self.alarms, &was.alarms) && over.any(was_heard)
    }

    /// What lamps and buzzer do at `now`.
    pub fn signals(&self, now: Timestamp) -> Signals {
        self.signals_after(now, 0)
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
            staffing: self.staffing.as_ref().map(StaffingView::of),
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

/// Of the regulations that ask for people now, how the one stands that is shortest of them.
fn shown_staffing(desk: &Desk) -> Option<Staffing> {
    let asked = desk.people().staffing().map(|(_, staffing)| staffing).filter(|staffing| staffing.asked);
    let missing = |staffing: &Staffing| {
        let Staffing { on_shift, required, lacks, .. } = staffing;
        (lacks.len(), i64::from(*required) - i64::from(*on_shift))
    };
    asked.max_by_key(|staffing| (staffing.is_short(), missing(staffing))).cloned()
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
    /// Who is on shift; null where no regulation asks for anybody now.
    pub staffing: Option<StaffingView>,
    /// What lamps and buzzer do.
    pub signals: SignalsView,
    /// Until when the buzzer is silent.
    pub muted_until: Option<String>,
}

/// Who is on shift, against what a regulation asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct StaffingView {
    /// People on shift.
    #[schema(example = 2)]
    pub on_shift: u32,
    /// People asked for.
    #[schema(example = 3)]
    pub required: u32,
    /// Whether those with the skills that are asked for are among them.
    pub specialist: bool,
}

impl StaffingView {
    fn of(staffing: &Staffing) -> Self {
        let Staffing { on_shift, required, lacks, .. } = staffing;
        Self { on_shift: *on_shift, required: *required, specialist: lacks.is_empty() }
    }
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

fn shown_alarms(desk: &Desk, troubles: &[Alarm], glance: Glance) -> Arc<[(Alarm, About)]> {
    let all = in_order(desk, troubles);
    all.map(|alarm| (alarm.clone(), About::of(alarm, desk, glance.zone, glance.language))).collect()
}

/// The alarms that are shown, the worst first: after critical tickets troubles of the box, then the desk's others; but none
/// that somebody has taken before one that nobody has.
fn in_order<'a>(desk: &'a Desk, troubles: &'a [Alarm]) -> impl Iterator<Item = &'a Alarm> {
    AlarmState::ALL
        .into_iter()
        .flat_map(move |state| {
            let of_it = move |alarm: &&Alarm| alarm.state == state;
            // The desk's are in the order of their states.
            let own = move || desk.alarms().skip_while(move |alarm| alarm.state < state).take_while(of_it);
            let is_critical = |alarm: &&Alarm| alarm.kind == AlarmKind::Critical;
            let others = own().skip_while(is_critical);
            own().take_while(is_critical).chain(troubles.iter().filter(of_it)).chain(others)
        })
        .take(ALARMS_MAX)
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
        AlarmState::Shelved => firmware_board::AlarmState::Shelved,
    }
}
