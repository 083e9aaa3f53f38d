//! Deciding: from a command to the facts it makes, or to a refusal.
//!
//! Nothing is changed here. A [`Draft`] is a copy of the ticket on which each fact is applied as it is decided, so
//! that what comes later sees what came before; when the draft is finished the clocks take their turns.

mod acts;
mod alert;
mod apply;
mod assignment;
mod attachments;
mod bounds;
mod clients;
mod clocks;
mod correct;
mod desk;
mod employees;
mod escalate;
pub(super) mod fields;
mod help;
mod issue;
pub(crate) mod letters;
mod lot;
mod mass;
mod merge;
mod people;
mod planned;
mod problem;
mod queue;
mod register;
mod route;
mod sealed;
mod settle;
mod shifts;

use std::sync::Arc;

use calendars::Timestamp;
use smol_str::SmolStr;

pub(super) use self::acts::no_group;
use super::actor::{Actor, Role};
use super::command::Command;
use super::event::{Event, Fact};
use super::refusal::{FieldError, Refusal};
use super::regulation::{Priority, Regulation, Status, Trigger};
use super::state::Desk;
use super::ticket::{Stage, Ticket, TicketNumber};

/// The longest subject, in characters.
pub(super) const SUBJECT_MAX_CHARS: usize = 1_000;
/// The longest text, in bytes.
pub(super) const TEXT_MAX_BYTES: usize = 65_536;
/// The most fields of a ticket.
pub(super) const FIELDS_MAX: usize = 100;
/// How long all fields of a ticket are together with their names, in bytes as JSON: every answer and list carries them.
pub(super) const FIELDS_MAX_BYTES: usize = 256 << 10;

/// What a command comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// The ticket it is about; for a registration, the new one.
    pub ticket: Option<TicketNumber>,
    /// What happened; empty where everything was so already.
    pub facts: Vec<Fact>,
}

impl Desk {
    /// Decides a command at `now` without changing anything.
    ///
    /// # Errors
    /// A [`Refusal`] says why not, and what would go.
    pub fn decide(&self, command: &Command, actor: &Actor, now: Timestamp) -> Result<Decision, Refusal> {
        let at = self.stamp(now);
        match command {
            Command::Register(register) => register::decide(self, register, actor, at),
            Command::Ticket { number, if_revision, act } => {
                let ticket = self.theirs(*number, actor)?;
                if let Some(asked) = if_revision.filter(|asked| *asked != ticket.revision) {
                    return Err(Refusal::Revision { asked, now: ticket.revision });
                }
                acts::decide(self, &ticket, act, actor, at)
            }
            Command::ApplyRegulation { number, version } => apply::decide(self, *number, version, actor, at),
            Command::Alert(alert) => alert::decide(self, alert, actor, at),
            Command::AlertsOverLimit(over) => alert::over_limit(self, over, actor, at),
            Command::Attachments { number, act } => {
                attachments::decide(self, &self.theirs(*number, actor)?, act, actor, at)
            }
            Command::Sealed { number, act } => {
                sealed::decide(self, &self.theirs(*number, actor)?, act, actor, at)
            }
            Command::TakeNext(asked) => queue::take_next(self, asked, actor, at),
            Command::Desk(act) => desk::decide(self, act, actor, at),
            Command::Problem(act) => problem::decide(self, act, actor, at),
            Command::Letter { id, act } => {
                letters::decide(self, &self.theirs(id.ticket, actor)?, *id, act, actor, at)
            }
        }
    }

    /// The ticket, where it is there and in the actor's scope. That comes before anything else: what is none of theirs is
    /// not told to them by way of a conflict.
    fn theirs(&self, number: TicketNumber, actor: &Actor) -> Result<Arc<Ticket>, Refusal> {
        let ticket = self
            .ticket(number)
            .ok_or_else(|| Refusal::NotFound { what: "ticket", id: number.to_string() })?;
        in_scope(actor, &ticket)?;
        Ok(ticket)
    }

    /// What putting an open ticket under a version of its regulation would come to: a [`Decision`], and the ticket as it
    /// would be. The version need not be one the desk runs.
    ///
    /// # Errors
    /// A [`Refusal`] where the version lacks something that the ticket has.
    pub fn preview_regulation(
        &self,
        ticket: &Arc<Ticket>,
        to: &Arc<Regulation>,
        now: Timestamp,
    ) -> Result<(Decision, Ticket), Refusal> {
        apply::preview(self, ticket, to, now)
    }

    /// What time alone has brought about by `now`: one due clock's facts and the instant they took effect, the
    /// earliest first. `None` when nothing is due; so it may be called too early or twice.
    pub fn due(&self, now: Timestamp) -> Option<(Timestamp, Vec<Fact>)> {
        settle::due(self, now)
    }

    /// [`Desk::due`] for a box that may have been off, or may not have known the time: breaches that are noticed late,
    /// and several of them, are raised as one alarm.
    pub fn due_grouped(&self, now: Timestamp) -> Option<(Timestamp, Vec<Fact>)> {
        settle::due_grouped(self, now)
    }

    /// Tickets that are to be changed for a problem: one lot of them, and who said so. None where nothing is to be done.
    pub fn problem_lot(&self, now: Timestamp) -> Option<(SmolStr, Vec<Fact>)> {
        lot::next(self, self.stamp(now))
    }

    /// Whether [`Desk::problem_lot`] has something.
    pub fn has_problem_lot(&self) -> bool {
        self.working_problem().is_some()
    }

    /// An admin says that the time is `now`, which the desk has held to be `held`. `back` says that `now` is known to be
    /// behind the newest event.
    ///
    /// # Errors
    /// A [`Refusal`] where it is so and nobody knew, or the actor is no admin.
    pub fn trust_time(
        &self,
        actor: &Actor,
        back: bool,
        held: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<Fact>, Refusal> {
        correct::trust_time(self, actor, back, held, now)
    }

    /// The time is known to be `now`, which was held to be `behind_ms` earlier: corrects clocks that counted by stamps of
    /// that while. Some of them, if they are very many; then there are more the next time. Empty when none is left.
    pub fn corrections(&self, behind_ms: i64, now: Timestamp) -> Vec<Fact> {
        correct::corrections(self, behind_ms, now)
    }
}

impl Decision {
    /// One event of a ticket, at which no clock turns.
    fn of(ticket: TicketNumber, event: Event) -> Self {
        Self { ticket: Some(ticket), facts: vec![Fact { ticket: Some(ticket), event }] }
    }
}

/// A ticket in the making.
struct Draft<'a> {
    desk: &'a Desk,
    regulation: Arc<Regulation>,
    /// As it was; none for a new one.
    before: Option<Arc<Ticket>>,
    /// As it is becoming.
    ticket: Ticket,
    by: SmolStr,
    at: Timestamp,
    facts: Vec<Fact>,
    triggers: Vec<Trigger>,
    /// Whether it is solved with its mass problem.
    is_with_problem: bool,
}

impl<'a> Draft<'a> {
    fn of(desk: &'a Desk, ticket: &Arc<Ticket>, by: &str, at: Timestamp) -> Result<Self, Refusal> {
        let id = &ticket.facts.regulation;
        let regulation = desk.regulations().of(&ticket.facts).cloned().ok_or_else(|| {
            Refusal::conflict(
                "regulation-not-loaded",
                format!("ticket {} was opened under `{id}`, which this desk does not run now; start it with --regulation {id}", ticket.number),
            )
        })?;
        Ok(Self {
            desk,
            regulation,
            before: Some(Arc::clone(ticket)),
            ticket: Ticket::clone(ticket),
            by: by.into(),
            at,
            facts: Vec::new(),
            triggers: Vec::new(),
            is_with_problem: false,
        })
    }

    /// Records that something happened.
    fn push(&mut self, event: Event) {
        self.ticket.apply(&event, &self.by, self.at);
        self.facts.push(Fact { ticket: Some(self.ticket.number), event });
    }

    /// Moves to a status; `stage` where the verb leads to another than the status's own.
    fn move_to(&mut self, to: &str, stage: Option<Stage>, reason: Option<String>) {
        let status: &Status = self.regulation.status(to).expect("a checked regulation names statuses it has");
        let (stage, waiting) = (stage.unwrap_or(status.stage), status.waiting);
        let (from, from_stage) = (self.ticket.facts.status.clone(), self.ticket.stage);
        if from == to && from_stage == stage {
            return;
        }
        self.push(Event::StatusChanged { from: from.clone(), to: to.into(), stage, waiting, reason });
        if from != to {
            self.triggers.push(Trigger::StatusLeft(from));
            self.triggers.push(Trigger::StatusEntered(to.into()));
        }
        match (from_stage, stage) {
            (Stage::Open, Stage::Open)
            | (Stage::Resolved, Stage::Resolved)
            | (Stage::Closed, Stage::Closed) => {}
            (_, Stage::Open) => self.triggers.push(Trigger::Reopened),
            (_, Stage::Resolved) => self.triggers.push(Trigger::Resolved),
            (_, Stage::Closed) => {
                self.triggers.push(Trigger::Closed);
                if let Some(event) = sealed::erased_by_closing(&self.ticket) {
                    self.push(event);
                }
            }
        }
    }

    /// Moves where the regulation says this verb moves to, if it does from here.
    fn move_by_verb(&mut self, verb: &str, reason: Option<String>) {
        let Some(rule) = self.regulation.verb(verb) else { return };
        let applies = rule.from.is_empty() || rule.from.contains(&self.ticket.facts.status);
        if let (true, Some(to)) = (applies, rule.to.clone()) {
            let stage = rule.stage;
            self.move_to(&to, stage, reason);
        }
    }

    /// The clocks take their turns, and the draft becomes facts.
    fn finish(self) -> Decision {
        self.finish_with_ticket().0
    }

    /// [`Draft::finish`], with the ticket as it has become.
    fn finish_with_ticket(mut self) -> (Decision, Ticket) {
        letters::queue(&mut self);
        clocks::turn(&mut self);
        letters::queue_terms(&mut self);
        // What it raised calls since the entry that this becomes.
        let next_seq = self.desk.next_seq();
        self.ticket.alarms.iter_mut().for_each(|alarm| alarm.note_call(next_seq));
        (Decision { ticket: Some(self.ticket.number), facts: self.facts }, self.ticket)
    }
}

/// Collects what is wrong with a command's fields, so that all of it is told at once.
#[derive(Default)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    /// Tells it once, also where two rules find it: an address that the regulation asks for must be one in any case.
    fn add(&mut self, field: &str, message: impl AsRef<str>) {
        let error = FieldError::new(field, message.as_ref());
        if !self.0.contains(&error) {
            self.0.push(error);
        }
    }

    fn done(self) -> Result<(), Refusal> {
        if self.0.is_empty() { Ok(()) } else { Err(Refusal::Fields(self.0)) }
    }

    /// A text that must be there.
    fn text(&mut self, field: &str, value: Option<&String>) -> String {
        let text = value.map(|value| value.trim()).unwrap_or_default();
        if text.is_empty() {
            self.add(field, "is required");
        }
        self.limit(field, text);
        text.to_owned()
    }

    /// A text that may be there.
    fn optional_text(&mut self, field: &str, value: Option<&String>) -> Option<String> {
        let text = value.map(|value| value.trim()).filter(|value| !value.is_empty())?;
        self.limit(field, text);
        Some(text.to_owned())
    }

    fn limit(&mut self, field: &str, text: &str) {
        if text.len() > TEXT_MAX_BYTES {
            self.add(field, format!("is {} bytes; at most {TEXT_MAX_BYTES}", text.len()));
        }
    }

    /// One of the regulation's ids.
    fn one_of<'b>(
        &mut self,
        field: &str,
        value: Option<&String>,
        known: impl Iterator<Item = &'b str>,
    ) -> SmolStr {
        let known: Vec<&str> = known.collect();
        match value {
            None => self.add(field, format!("is required; one of {}", known.join(", "))),
            Some(value) if !known.contains(&value.as_str()) => {
                self.add(field, format!("unknown `{value}`; one of {}", known.join(", ")));
            }
            Some(value) => return value.as_str().into(),
        }
        SmolStr::default()
    }
}

/// The clause as it stands behind a sentence: " (GM-5.18)"; nothing where there is none.
fn in_brackets(clause: Option<&String>) -> String {
    clause.map_or_else(String::new, |clause| format!(" ({clause})"))
}

/// Refuses a role that a regulation's list does not have; an empty list has every role.
fn one_of_roles(actor: &Actor, roles: &[Role], what: &str, clause: Option<&String>) -> Result<(), Refusal> {
    if roles.is_empty() || roles.contains(&actor.role) {
        return Ok(());
    }
    let list = roles.iter().map(|role| role.id()).collect::<Vec<_>>().join(", ");
    Err(Refusal::Forbidden(format!(
        "{what} is for the roles {list} only{}; this token has {}",
        in_brackets(clause),
        actor.role
    )))
}

/// Why somebody may not set a priority that is for agents of some lines only (GM-5.16).
fn may_not_set(priority: &Priority, actor: &Actor) -> Option<String> {
    let lines = &priority.set_by_lines;
    let is_agent = actor.role >= Role::Agent && !actor.requester;
    if lines.is_empty() || (is_agent && lines.iter().any(|line| actor.works_on(*line))) {
        return None;
    }
    let list = lines.iter().map(u8::to_string).collect::<Vec<_>>().join(" or ");
    let clause = in_brackets(priority.name.clause.as_ref());
    Some(format!("priority `{}` is set by agents of line {list} only{clause}", priority.name.id))
}

/// Refuses a ticket that is outside the actor's scope, as if it were not there.
fn in_scope(actor: &Actor, ticket: &Ticket) -> Result<(), Refusal> {
    if actor.scope.covers_ticket(ticket) {
        return Ok(());
    }
    Err(Refusal::hidden_ticket(ticket.number))
}

/// Refuses an actor with a scope: this is not about tickets of theirs only.
fn whole_desk(actor: &Actor, what: &str) -> Result<(), Refusal> {
    if actor.scope.is_whole() {
        return Ok(());
    }
    Err(Refusal::OutOfScope { what: what.to_owned(), scope: actor.scope.clone() })
}

/// Refuses below a role.
fn need(actor: &Actor, role: Role, what: &str) -> Result<(), Refusal> {
    if actor.role >= role {
        Ok(())
    } else {
        Err(Refusal::Forbidden(format!(
            "{what} needs the role {role} or more; this token has {}",
            actor.role
        )))
    }
}
