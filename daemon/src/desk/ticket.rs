//! A ticket: what its events have made of it.

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::alarm::{Alarm, AlarmKind, Shelving};
use super::alert::AlertState;
use super::attachment::{Attachment, SealedText};
use super::clocks::{Clock, ClockState, Metric, Planned, Stint};
use super::command::LinkKind;
use super::escalation::{Escalation, EscalationNumber, EscalationState};
use super::event::{Event, Registered, Term, TermReason, Turn};
use super::help::{Article, LeadQuestion};
use super::issue::Issue;
use super::letter::{Letter, LetterFailure, LetterNumber, Recipient};
use super::problem::{ProblemNumber, ProblemTurn, TicketProblem};

/// A ticket's number, from 1.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(transparent)]
pub struct TicketNumber(pub u64);

impl std::fmt::Display for TicketNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Where a ticket is in our words, whatever its regulation calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Somebody owes work or an answer.
    Open,
    /// Answered; the requester may still return it.
    Resolved,
    /// Over. What comes now is another ticket.
    Closed,
}

impl Stage {
    /// The id as it stands in files, events and lists.
    pub const fn id(self) -> &'static str {
        match self {
            Stage::Open => "open",
            Stage::Resolved => "resolved",
            Stage::Closed => "closed",
        }
    }
}

/// A link to another ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketLink {
    /// The other ticket.
    #[schema(value_type = u64)]
    pub to: TicketNumber,
    /// What joins them.
    pub kind: LinkKind,
    /// True on the side that was linked to.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub back: bool,
}

/// One problem of one requester.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its number.
    pub number: TicketNumber,
    /// What it was registered with, kept up to date: type, priority, status, line, fields.
    #[serde(flatten)]
    pub facts: Registered,
    /// Where it is in our words.
    pub stage: Stage,
    /// Whether the desk waits for somebody else.
    pub waiting: bool,
    /// The agent who works on it.
    pub assignee: Option<SmolStr>,
    /// The group that has it.
    pub group: Option<SmolStr>,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// How many entries have changed it.
    pub revision: u64,
    /// Every clock it has had, in order of starting.
    pub clocks: Vec<Clock>,
    /// Links to other tickets.
    pub links: Vec<TicketLink>,
    /// Alarms that somebody should look at.
    pub alarms: Vec<Alarm>,
    /// How often it came to the highest priority.
    pub criticals: u16,
    /// The requester's mark.
    pub mark: Option<SmolStr>,
    /// Whether it was marked urgent.
    pub urgent: bool,
    /// Where its alert stands, if a monitoring system told of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<Box<AlertState>>,
    /// Its files, in order of coming.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Which access data there is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sealed: Vec<SealedText>,
    /// Questions to departments, in order of asking.
    pub escalations: Vec<Escalation>,
    /// How often the requester complained.
    pub complaints: u16,
    /// What was agreed with the client, where it goes before the client's other tickets.
    pub preferred: Option<String>,
    /// The problem it is linked to, or suggested for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<TicketProblem>,
    /// Requests in trackers of product teams, in order of asking (HD-13).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<Issue>,
    /// Questions to the lead, in order of asking (HD-17).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lead_questions: Vec<LeadQuestion>,
    /// Pages of the knowledge base that help, in order of naming (HD-17).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub articles: Vec<Article>,
    /// What reports ask of the way it went.
    #[serde(default, skip_serializing_if = "Way::is_new")]
    pub way: Way,
    /// Its letters that are not delivered, in order of queueing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<Letter>,
    /// How many letters it has had.
    #[serde(default, skip_serializing_if = "is_none")]
    pub letters_total: LetterNumber,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
fn is_none(count: &LetterNumber) -> bool {
    *count == 0
}

/// What of the way a ticket went is asked for, and where it stands does not tell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Way {
    /// Who gave the last solution.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solved_by: Option<SmolStr>,
    /// Where the source of the problem lay, by the last solution (BC-12).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SmolStr>,
    /// How often the requester returned it.
    pub returns: u16,
    /// How often it went to another line.
    pub routes: u16,
    /// When it was closed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Whether an agent took it out of a problem: it is not alike to what that has, whatever its subject says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub apart: bool,
}

impl Way {
    fn is_new(&self) -> bool {
        *self == Self::default()
    }

    /// What of an event is kept here and nowhere else in the ticket.
    fn note(&mut self, event: &Event, by: &str) {
        if let Event::Resolved { source, .. } = event {
            self.solved_by = Some(by.into());
            self.source.clone_from(source);
        }
        self.returns = self.returns.saturating_add(u16::from(matches!(event, Event::Returned { .. })));
        self.routes = self.routes.saturating_add(u16::from(matches!(event, Event::Routed { .. })));
    }
}

impl Ticket {
    /// About how long its texts and its fields are, in bytes: what makes one ticket longer than another.
    pub fn texts_bytes(&self) -> usize {
        let Registered { subject, description, fields, .. } = &self.facts;
        let fields: usize = fields.iter().map(|(name, value)| name.len() + value_bytes(value)).sum();
        let asked = self
            .escalations
            .iter()
            .map(|asked| asked.text.len() + asked.answer.as_ref().map_or(0, String::len));
        let of_lead = self
            .lead_questions
            .iter()
            .map(|asked| asked.text.len() + asked.answer.as_ref().map_or(0, String::len));
        let asked = asked.chain(of_lead).chain(self.issues.iter().map(|issue| issue.text.len()));
        let one = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        subject.len() + one(description) + fields + asked.sum::<usize>() + one(&self.preferred)
    }

    /// The ticket that a registration makes.
    pub(crate) fn new(number: TicketNumber, registered: &Registered, at: Timestamp) -> Self {
        let mut ticket = Self {
            number,
            facts: registered.clone(),
            stage: Stage::Open,
            waiting: false,
            assignee: None,
            group: None,
            registered_at: at,
            changed_at: at,
            revision: 0,
            clocks: Vec::new(),
            links: Vec::new(),
            alarms: Vec::new(),
            criticals: 0,
            mark: None,
            urgent: false,
            alert: None,
            attachments: Vec::new(),
            sealed: Vec::new(),
            escalations: Vec::new(),
            complaints: 0,
            preferred: None,
            way: Way::default(),
            problem: None,
            issues: Vec::new(),
            lead_questions: Vec::new(),
            articles: Vec::new(),
            letters: Vec::new(),
            letters_total: 0,
        };
        ticket.set_critical(registered.critical, at);
        ticket
    }

    /// The latest clock of a metric.
    pub fn clock(&self, metric: Metric) -> Option<&Clock> {
        self.clocks.iter().rev().find(|clock| clock.metric == metric)
    }

    /// The latest clock of each metric, and the clock of each escalation, in order of starting.
    pub fn latest_clocks(&self) -> impl Iterator<Item = &Clock> {
        let is_followed = |i: usize, clock: &Clock| {
            clock.metric != Metric::Escalation
                && self.clocks[i + 1..].iter().any(|later| later.metric == clock.metric)
        };
        self.clocks
            .iter()
            .enumerate()
            .filter(move |(i, clock)| !is_followed(*i, clock))
            .map(|(_, clock)| clock)
    }

    /// Whether it says the same as another, which stands for both.
    pub fn is_duplicate(&self) -> bool {
        self.links.iter().any(|link| link.kind == LinkKind::Duplicate && !link.back)
    }

    /// The escalation of that number.
    pub fn escalation(&self, id: EscalationNumber) -> Option<&Escalation> {
        self.escalations.iter().find(|escalation| escalation.id == id)
    }

    /// The clock of an escalation.
    pub fn escalation_clock(&self, id: EscalationNumber) -> Option<&Clock> {
        self.clocks.iter().find(|clock| (clock.metric, clock.cycle) == (Metric::Escalation, id))
    }

    /// When time next brings something about for this ticket.
    pub fn next_timer(&self) -> Option<Timestamp> {
        super::index::timers(self).map(|timer| timer.at).min()
    }

    /// Whether some clock that still runs or waits was breached. One that has no term any more is not overdue (ZS-5d),
    /// though its breach stays on record.
    pub fn is_overdue(&self) -> bool {
        let overdue = |clock: &Clock| clock.breached_at.is_some() && clock.term.target_ms.is_some();
        self.clocks.iter().any(|clock| overdue(clock) && clock.state != ClockState::Stopped)
    }

    /// Whether it asks for nothing and waits for nothing: closed, without alarm, and time brings nothing about for it. It
    /// changes only when a command names it.
    pub fn is_over(&self) -> bool {
        let waits = self.letters.iter().any(|letter| letter.failed.is_none());
        self.stage == Stage::Closed && self.alarms.is_empty() && !waits && !super::index::holds(self)
    }

    /// Takes in what happened at `at`. Total: any event can be applied to any ticket.
    #[expect(clippy::too_many_lines, reason = "an arm for each event there is")]
    pub(crate) fn apply(&mut self, event: &Event, by: &str, at: Timestamp) {
        self.changed_at = self.changed_at.max(at);
        self.way.note(event, by);
        match event {
            Event::Registered(_)
            | Event::Replied { .. }
            | Event::Asked { .. }
            | Event::Answered { .. }
            | Event::Estimated { .. }
            | Event::Extended { .. }
            | Event::Deferred { .. }
            | Event::Returned { .. }
            | Event::Refused { .. }
            | Event::Closed { .. }
            | Event::PartFailed { .. }
            | Event::PartWorks { .. }
            | Event::TimeTrusted { .. }
            | Event::Silenced { .. }
            | Event::Muted { .. }
            | Event::TokenAdded { .. }
            | Event::TokenRevoked { .. }
            | Event::SealedLooked { .. }
            | Event::ClientSet(_)
            | Event::ContactAppointed(_)
            | Event::ClientRemoved { .. }
            | Event::EmployeesChanged { .. }
            | Event::AgentPut { .. }
            | Event::AgentRemoved { .. }
            | Event::PresenceChanged { .. }
            | Event::RosterChanged { .. }
            | Event::ShiftBegan { .. }
            | Event::ShiftEnded { .. }
            | Event::StaffingChanged { .. }
            | Event::MonthClosed { .. }
            | Event::LetterSkipped { .. } => {}
            Event::LetterQueued { .. }
            | Event::LetterSent { .. }
            | Event::LetterFailed { .. }
            | Event::LetterResent { .. } => self.apply_letter(event, at),
            Event::StatusChanged { to, stage, waiting, .. } => {
                self.facts.status = to.clone();
                self.waiting = *waiting;
                self.enter_stage(*stage, at);
            }
            Event::Classified { .. } => self.classify(event),
            Event::PriorityChanged { to, critical, .. } => {
                self.facts.priority = to.clone();
                self.facts.critical = *critical;
                self.set_critical(*critical && self.stage == Stage::Open, at);
            }
            Event::Assigned { agent, group, .. } => {
                self.assignee.clone_from(agent);
                self.group.clone_from(group);
                if let Some(agent) = agent {
                    self.note_agent(agent);
                }
            }
            Event::Resolved { .. } => self.note_agent(&by.into()),
            Event::Routed { to, .. } => self.facts.line = *to,
            Event::Confirmed { mark, .. } => self.mark.clone_from(mark),
            Event::Linked { to, kind, back } => {
                let link = TicketLink { to: *to, kind: *kind, back: *back };
                if !self.links.contains(&link) {
                    self.links.push(link);
                }
            }
            Event::Urgent { .. } => self.urgent = true,
            Event::Alerted { firing, since, content } => {
                let known = self.alert.take().map(|known| *known);
                let is_first = known.is_none();
                let known = known.unwrap_or_default();
                // The first one opened the ticket; each of the others came with a note.
                let notes = known.notes.saturating_add(u16::from(!is_first));
                let since = (*since).or(known.since);
                self.alert = Some(Box::new(AlertState {
                    firing: *firing,
                    since,
                    content: content.clone(),
                    notes,
                    counted: known.counted,
                }));
            }
            Event::AlertsCounted { count, .. } => {
                let alert = self.alert.get_or_insert_default();
                alert.counted += u64::from(*count);
                alert.notes = alert.notes.saturating_add(1);
            }
            Event::Attached(file) => {
                let file = file.as_ref().clone();
                self.attachments.push(Attachment { file, at, by: by.into() });
            }
            Event::AttachmentRemoved { id, .. } => self.attachments.retain(|known| known.file.id != *id),
            Event::SealedSet { field, id } => {
                self.sealed.retain(|known| known.field != *field);
                let (field, id) = (field.clone(), id.clone());
                self.sealed.push(SealedText { field, id, at, by: by.into() });
            }
            Event::SealedErased { fields } => self.sealed.retain(|known| !fields.contains(&known.field)),
            Event::RegulationApplied { to, .. } => self.facts.version = to.clone(),
            Event::AlarmAcked { alarm } => {
                self.alarms.retain_mut(|a| a.id != *alarm || (!a.is_over_when_taken() && a.acknowledge(by)));
            }
            Event::AlarmShelved { alarm, until, reason } => {
                let shelving = Shelving { until: *until, by: by.into(), reason: reason.clone() };
                self.with_alarm(alarm, |alarm| alarm.shelve(shelving));
            }
            Event::AlarmUnshelved { alarm } => self.with_alarm(alarm, Alarm::unshelve),
            Event::Clock { metric, cycle, turn } => self.apply_turn(*metric, *cycle, turn, at),
            Event::Escalated { .. } => self.escalate(event, by, at),
            Event::EscalationAnswered { escalation, text } => {
                self.end_escalation(*escalation, |known| known.answer(text, by, at));
            }
            Event::EscalationWithdrawn { escalation } => {
                self.end_escalation(*escalation, |known| known.withdraw(at));
            }
            Event::Complained { .. } => self.complain(at),
            Event::Preferred { reason } => self.preferred = Some(reason.clone()),
            Event::Problem { problem, turn } => self.apply_problem(*problem, turn),
            Event::IssueOpened { .. } => self.open_issue(event, by, at),
            Event::IssueChanged { issue, told } => {
                if let Some(known) = self.issues.iter_mut().find(|known| known.id == *issue) {
                    known.note(told, at);
                }
            }
            Event::LeadAsked { question, text } => {
                self.lead_questions.push(LeadQuestion::of(*question, text, by, at));
            }
            Event::LeadAnswered { question, text } => {
                if let Some(known) = self.lead_questions.iter_mut().find(|known| known.id == *question) {
                    known.answer(text, by, at);
                }
            }
            Event::Cited { url, title } => {
                self.articles.retain(|known| known.url != *url);
                let (url, title) = (url.clone(), title.clone());
                self.articles.push(Article { url, title, at, by: by.into() });
            }
        }
    }

    fn open_issue(&mut self, event: &Event, by: &str, at: Timestamp) {
        let Event::IssueOpened { issue, tracker, key, url, text } = event else { return };
        self.issues.push(Issue {
            id: *issue,
            tracker: tracker.clone(),
            key: key.clone(),
            url: url.clone(),
            text: text.clone(),
            opened_at: at,
            by: by.into(),
            status: None,
            done: false,
            changed_at: at,
        });
    }

    fn apply_letter(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::LetterQueued { letter, kind, recipient, hold_until } => {
                self.letters_total = self.letters_total.max(*letter);
                self.letters.push(Letter {
                    number: *letter,
                    kind: *kind,
                    recipient: recipient.clone(),
                    seq: 0,
                    queued_at: at,
                    hold_until: *hold_until,
                    failed: None,
                });
            }
            Event::LetterSent { letter } => self.letters.retain(|known| known.number != *letter),
            Event::LetterFailed { letter, reason } => {
                let failure = LetterFailure { at, reason: reason.clone() };
                self.with_letter(*letter, |letter| letter.failed = Some(failure));
            }
            Event::LetterResent { letter, address } => self.with_letter(*letter, |letter| {
                letter.failed = None;
                if let (Some(other), Recipient::Requester { address }) = (address, &mut letter.recipient) {
                    address.clone_from(other);
                }
            }),
            _ => unreachable!("only events of letters come here"),
        }
    }

    fn with_letter(&mut self, number: LetterNumber, change: impl FnOnce(&mut Letter)) {
        if let Some(letter) = self.letters.iter_mut().find(|letter| letter.number == number) {
            change(letter);
        }
    }

    /// The letter of that number, where it is not delivered.
    pub fn letter(&self, number: LetterNumber) -> Option<&Letter> {
        self.letters.iter().find(|letter| letter.number == number)
    }

    fn apply_problem(&mut self, number: ProblemNumber, turn: &ProblemTurn) {
        match turn {
            ProblemTurn::Suggested { .. } => self.problem = Some(TicketProblem { number, suggested: true }),
            ProblemTurn::Linked { .. } => {
                self.problem = Some(TicketProblem { number, suggested: false });
                self.way.apart = false;
            }
            ProblemTurn::Unlinked { .. } => {
                self.problem = None;
                self.way.apart = true;
            }
            ProblemTurn::Opened { .. }
            | ProblemTurn::Confirmed { .. }
            | ProblemTurn::LinkedAll
            | ProblemTurn::Mass
            | ProblemTurn::Dismissed { .. }
            | ProblemTurn::Closed { .. }
            | ProblemTurn::Resolved
            | ProblemTurn::LeftOpen { .. }
            | ProblemTurn::ResolvedUpto { .. }
            | ProblemTurn::ResolvedAll
            | ProblemTurn::ToTell
            | ProblemTurn::ToldUpto { .. }
            | ProblemTurn::ToldAll => {}
        }
    }

    fn escalate(&mut self, event: &Event, by: &str, at: Timestamp) {
        let Event::Escalated { escalation, topic, department, channel, text } = event else { return };
        if self.escalation(*escalation).is_some() {
            return;
        }
        self.escalations.push(Escalation {
            id: *escalation,
            topic: topic.clone(),
            department: department.clone(),
            channel: channel.clone(),
            text: text.clone(),
            asked_at: at,
            by: by.into(),
            state: EscalationState::Open,
            ended_at: None,
            answer: None,
            answered_by: None,
        });
    }

    fn end_escalation(&mut self, id: EscalationNumber, end: impl FnOnce(&mut Escalation)) {
        if let Some(known) = self.escalations.iter_mut().find(|known| known.id == id && known.is_open()) {
            end(known);
        }
    }

    fn with_alarm(&mut self, id: &str, change: impl FnOnce(&mut Alarm)) {
        if let Some(alarm) = self.alarms.iter_mut().find(|alarm| alarm.id == id) {
            change(alarm);
        }
    }

    fn apply_turn(&mut self, metric: Metric, cycle: u16, turn: &Turn, now: Timestamp) {
        match turn {
            Turn::Started { basis, term } => self.clocks.push(Clock {
                metric,
                cycle,
                basis: *basis,
                term: term.clone(),
                state: ClockState::Running,
                started_at: now,
                used_ms: 0,
                turned_at: now,
                stopped_at: None,
                breached_at: None,
                warned: false,
                ran_out: false,
                planned: None,
                unsynced: None,
                paused_ms: 0,
                stint: (metric == Metric::Line)
                    .then(|| Box::new(Stint { line: self.facts.line, agent: self.assignee.clone() })),
            }),
            Turn::Paused { used_ms } => {
                self.turn(metric, cycle, *used_ms, now, ClockState::Paused);
                self.drop_warning(metric, cycle);
            }
            Turn::Stopped { used_ms } => {
                self.turn(metric, cycle, *used_ms, now, ClockState::Stopped);
                self.drop_warning(metric, cycle);
                self.alarms.retain_mut(|a| !a.is_of(AlarmKind::Breach, metric, cycle) || a.clear());
            }
            Turn::Resumed { used_ms, term } => {
                self.turn(metric, cycle, *used_ms, now, ClockState::Running);
                self.set_term(metric, cycle, term, None);
            }
            Turn::Retargeted { used_ms, why, began_at, term } => {
                let known = self.clock_mut(metric, cycle);
                let state = known.as_ref().map_or(ClockState::Running, |clock| clock.state);
                let is_moved = known.is_none_or(|clock| clock.term.is_moved_by(term));
                self.turn(metric, cycle, *used_ms, now, state);
                self.set_term(metric, cycle, term, Some(*why));
                if let Some(began_at) = began_at {
                    self.correct(metric, cycle, *began_at, now);
                }
                if is_moved {
                    self.drop_warning(metric, cycle);
                }
            }
            Turn::Warned { .. } => {
                if let Some(clock) = self.clock_mut(metric, cycle) {
                    clock.warned = true;
                }
                self.raise(Alarm::due_soon(self.number, metric, cycle, now));
            }
            Turn::Breached { at, late } => {
                if let Some(clock) = self.clock_mut(metric, cycle) {
                    clock.breached_at.get_or_insert(*at);
                    clock.ran_out = true;
                }
                self.drop_warning(metric, cycle);
                let alarm = Alarm::breach(self.number, metric, cycle, *at);
                self.raise(if *late { alarm.taken_by_late() } else { alarm });
            }
            Turn::RanOut { .. } => {
                if let Some(clock) = self.clock_mut(metric, cycle) {
                    clock.ran_out = true;
                }
                self.drop_warning(metric, cycle);
            }
        }
    }

    fn note_agent(&mut self, agent: &SmolStr) {
        let line = self.facts.line;
        self.clocks.iter_mut().for_each(|clock| clock.note_agent(agent, line));
    }

    fn clock_mut(&mut self, metric: Metric, cycle: u16) -> Option<&mut Clock> {
        self.clocks.iter_mut().find(|clock| clock.metric == metric && clock.cycle == cycle)
    }

    fn turn(&mut self, metric: Metric, cycle: u16, used_ms: i64, now: Timestamp, state: ClockState) {
        if let Some(clock) = self.clock_mut(metric, cycle) {
            // One that had stopped and runs on stood still meanwhile, too.
            if clock.state != ClockState::Running {
                clock.paused_ms = clock.paused_ms.saturating_add(now.ms_since(clock.turned_at).max(0));
            }
            clock.used_ms = used_ms;
            clock.turned_at = now;
            clock.state = state;
            clock.stopped_at = (state == ClockState::Stopped).then_some(now);
            if state == ClockState::Paused {
                clock.term.deadline = None;
                clock.term.warn_at = None;
            }
        }
    }

    fn set_term(&mut self, metric: Metric, cycle: u16, term: &Term, why: Option<TermReason>) {
        if let Some(clock) = self.clock_mut(metric, cycle) {
            // One that runs on is warned of anew.
            let is_moved = why.is_none() || clock.term.is_moved_by(term);
            clock.term = term.clone();
            clock.warned &= !is_moved;
            // A breach is dealt with once in a cycle; a closing waits for the new deadline, where it is another.
            clock.ran_out = clock.breached_at.is_some() || (clock.ran_out && !is_moved);
            match why {
                Some(TermReason::Estimated) => clock.planned = Some(Planned::Estimated),
                Some(TermReason::Extended) => {
                    clock.planned.get_or_insert(Planned::Extended);
                }
                Some(TermReason::Derived | TermReason::Regulation) => {
                    clock.planned = None;
                }
                Some(TermReason::Calendar | TermReason::CalendarRevised | TermReason::ClockCorrected)
                | None => {}
            }
        }
    }

    /// What a clock counted by stamps that could not be trusted has been reckoned anew: it last began to run at
    /// `began_at`. A start by such a stamp is moved by as much.
    fn correct(&mut self, metric: Metric, cycle: u16, began_at: Timestamp, now: Timestamp) {
        let Some(clock) = self.clock_mut(metric, cycle) else { return };
        let first_and_last = clock.unsynced.take().and_then(|unsynced| {
            let (first, last) = (unsynced.spans.first()?.0, unsynced.spans.last()?.0);
            Some((first, last))
        });
        match first_and_last {
            Some((first, last)) if first == clock.started_at => {
                clock.started_at = first.plus_ms(began_at.ms_since(last)).min(now);
            }
            Some(_) => {}
            None => clock.started_at = clock.started_at.min(began_at),
        }
    }

    /// Notes what an entry did to the clocks while the box's time could not be trusted.
    pub(crate) fn note_unsynced(&mut self, event: &Event, at: Timestamp) {
        let Event::Clock { metric, cycle, turn } = event else { return };
        if let Some(clock) = self.clock_mut(*metric, *cycle) {
            clock.note_unsynced(turn, at);
        }
    }

    /// Whether a clock of it counted by stamps that could not be trusted.
    pub(crate) fn is_unsynced(&self) -> bool {
        self.clocks.iter().any(|clock| clock.unsynced.is_some())
    }

    fn drop_warning(&mut self, metric: Metric, cycle: u16) {
        self.alarms.retain(|alarm| !alarm.is_of(AlarmKind::DueSoon, metric, cycle));
    }

    fn raise(&mut self, alarm: Alarm) {
        if !self.alarms.iter().any(|known| known.id == alarm.id) {
            self.alarms.push(alarm);
        }
    }

    fn set_critical(&mut self, critical: bool, at: Timestamp) {
        let raised = self
            .alarms
            .iter()
            .any(|a| a.kind == AlarmKind::Critical && a.state != super::AlarmState::ClearedUnacked);
        if critical && !raised {
            self.alarms.retain(|alarm| alarm.kind != AlarmKind::Critical);
            self.criticals = self.criticals.saturating_add(1);
            self.alarms.push(Alarm::critical(self.number, self.criticals, at));
        } else if !critical {
            self.alarms.retain_mut(|alarm| alarm.kind != AlarmKind::Critical || alarm.clear());
        }
    }

    /// One alarm stands for all that is said until the head has taken it.
    fn complain(&mut self, at: Timestamp) {
        self.complaints = self.complaints.saturating_add(1);
        if self.alarms.iter().all(|alarm| alarm.kind != AlarmKind::Complaint) {
            self.alarms.push(Alarm::complaint(self.number, self.complaints, at));
        }
    }

    fn enter_stage(&mut self, stage: Stage, at: Timestamp) {
        self.stage = stage;
        if stage == Stage::Closed {
            self.way.closed_at = Some(at);
        }
        match stage {
            Stage::Open => self.set_critical(self.facts.critical, at),
            Stage::Resolved => self.set_critical(false, at),
            // Over: nobody needs to look any more, but at what the requester said of it.
            Stage::Closed => self.alarms.retain(|alarm| alarm.kind == AlarmKind::Complaint),
        }
    }

    fn classify(&mut self, event: &Event) {
        let Event::Classified {
            kind,
            service,
            urgency,
            requester,
            client,
            description,
            fields,
            incomplete,
            reason: _,
        } = event
        else {
            return;
        };
        if let Some(kind) = kind {
            self.facts.kind = kind.clone();
        }
        let known = &mut self.facts;
        known.service = service.clone().or(known.service.take());
        known.urgency = urgency.clone().or(known.urgency.take());
        known.client = client.clone().or(known.client.take());
        known.description = description.clone().or(known.description.take());
        if let Some(requester) = requester {
            known.requester = requester.as_ref().clone();
        }
        for (name, value) in fields {
            if value.is_null() {
                self.facts.fields.remove(name);
            } else {
                self.facts.fields.insert(name.clone(), value.clone());
            }
        }
        self.facts.incomplete = *incomplete;
    }
}
/// About how long a value is, in bytes.
fn value_bytes(value: &Value) -> usize {
    /// Of what is no text.
    const PLAIN_BYTES: usize = 8;
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => PLAIN_BYTES,
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(value_bytes).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + value_bytes(value)).sum(),
    }
}
