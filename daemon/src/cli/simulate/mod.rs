//! `andonctl simulate`: a log of commands, told to a desk in memory, and how its terms came out.
//!
//! The desk is the daemon's own: each line is a [`Command`] at its time, and before it, and at the end, everything
//! that time alone has brought about is settled as the daemon would settle it. So a past month can be told again
//! under a draft regulation.
//!
//! What holds:
//! - No clock is read and nothing is left behind: the same log and regulation give the same answer, to the byte.
//! - Lines come in order of time; those of the same instant as they stand. One that is older than the line before it
//!   is left out and told.
//! - A refusal is a result. A line that is no command is a fault of the log: it is told by its number, and the rest
//!   goes on.

pub mod compare;
mod line;
mod log;
mod outcome;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::{self, BufRead, Write};

use calendars::Timestamp;
use serde::Serialize;
use serde_json::Value;
use smol_str::SmolStr;

pub use self::line::Fault;
pub use self::log::LINE_MAX_BYTES;
pub use self::outcome::{CameOut, Outcome, OutcomeRow};

use self::line::Line;
use self::log::Log;
use crate::desk::command::{BadCommand, Register};
use crate::desk::view::{self, ClockView};
use crate::desk::{Act, Actor, Command, Desk, Entry, Event, Fact, Refusal, Regulations, Role, TicketNumber};

/// How a log is told.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Settle up to here, where that is later than the last line.
    pub until: Option<Timestamp>,
    /// Take registrations with fields missing.
    pub lenient: bool,
    /// Write the table of outcomes instead of the tickets.
    pub summary: bool,
}

/// A line that changed nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Complaint {
    /// The line of the log, from 1.
    pub line: u64,
    /// The ticket's name, where the line has one.
    pub ticket: Option<String>,
    /// The verb, where the line has one.
    #[serde(rename = "do")]
    pub verb: Option<String>,
    /// Stable code: the desk's for a refusal, else [`Fault::code`].
    pub code: &'static str,
    /// What is wrong, and what would be right.
    pub message: String,
    /// Whether the log is at fault: the line is no command, or does not fit the lines before it.
    #[serde(skip)]
    pub is_fault: bool,
}

/// Why a log could not be told to its end.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    /// Reading stopped half-way.
    #[error("cannot read the log at line {line}")]
    Read {
        /// The line that could not be read.
        line: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The result could not be written.
    #[error("cannot write the result")]
    Write(#[source] io::Error),
}

/// Tells a log of JSON lines to a desk under `regulations` and writes one JSON line per ticket, in order of
/// registration, as they are at the end.
///
/// `complain` hears of every line that was refused or is no command, as it is met.
pub fn simulate(
    regulations: Regulations,
    options: &Options,
    input: impl BufRead,
    out: &mut impl Write,
    complain: &mut impl FnMut(Complaint),
) -> Result<Outcome, SimulateError> {
    let mut simulation = Simulation::new(Desk::new(regulations).lenient(options.lenient));
    let end = simulation.tell(options, input, complain, |_| Ok::<_, SimulateError>(()))?;
    let outcome = simulation.outcome();
    if options.summary {
        write!(out, "{outcome}").map_err(SimulateError::Write)?;
    } else {
        simulation.write_tickets(end, out).map_err(SimulateError::Write)?;
    }
    out.flush().map_err(SimulateError::Write)?;
    Ok(outcome)
}

/// Tells a log as [`simulate`] does, and hands over every entry that comes of it, in order.
pub(super) fn decide<E: From<SimulateError>>(
    regulations: Regulations,
    options: &Options,
    input: impl BufRead,
    keep: &mut impl FnMut(Entry) -> Result<(), E>,
    complain: &mut impl FnMut(Complaint),
) -> Result<Outcome, E> {
    let mut simulation = Simulation::new(Desk::new(regulations).lenient(options.lenient));
    simulation.entries = Some(Vec::new());
    simulation.tell(options, input, complain, |simulation| {
        simulation.entries.iter_mut().flat_map(|entries| entries.drain(..)).try_for_each(&mut *keep)
    })?;
    Ok(simulation.outcome())
}

/// Why a line changed nothing.
struct Unfit {
    ticket: Option<String>,
    verb: Option<String>,
    why: Why,
}

enum Why {
    Fault(Fault),
    Refused(Refusal),
    /// A command to a ticket that is not there, since its registration was refused at that line.
    NotRegistered,
}

impl Unfit {
    fn of(fault: Fault) -> Self {
        Self { ticket: None, verb: None, why: Why::Fault(fault) }
    }

    fn complaint(self, line: u64) -> Complaint {
        let (code, message, is_fault) = match &self.why {
            Why::Fault(fault) => (fault.code(), fault.to_string(), true),
            Why::Refused(refusal) => (refusal.code(), refusal.to_string(), false),
            Why::NotRegistered => {
                ("unknown-ticket", "the ticket is not there: its registration was refused".to_owned(), false)
            }
        };
        Complaint { line, ticket: self.ticket, verb: self.verb, code, message, is_fault }
    }
}

/// A desk, and what the log calls its tickets.
struct Simulation {
    desk: Desk,
    /// By the log's name; `None` where the registration was refused.
    numbers: HashMap<SmolStr, Option<TicketNumber>>,
    /// In order of registration.
    tickets: Vec<(SmolStr, TicketNumber)>,
    /// The time of the newest line.
    at: Timestamp,
    outcome: Outcome,
    /// What was entered and not taken away yet, where somebody does.
    entries: Option<Vec<Entry>>,
}

impl Simulation {
    fn new(desk: Desk) -> Self {
        Self {
            desk,
            numbers: HashMap::new(),
            tickets: Vec::new(),
            at: Timestamp::from_millis(i64::MIN),
            outcome: Outcome::default(),
            entries: None,
        }
    }

    /// Carries out a log, line by line, and then what time brings about up to the end, which it says. After each line
    /// `told` may take away what was entered.
    fn tell<E: From<SimulateError>>(
        &mut self,
        options: &Options,
        input: impl BufRead,
        complain: &mut impl FnMut(Complaint),
        mut told: impl FnMut(&mut Self) -> Result<(), E>,
    ) -> Result<Timestamp, E> {
        let mut log = Log::new(input);
        while let Some((number, line)) = log.next_line()? {
            self.outcome.lines += 1;
            if let Err(unfit) = line.and_then(|line| self.take(line)) {
                let complaint = unfit.complaint(number);
                self.outcome.count(&complaint);
                complain(complaint);
            }
            told(self)?;
        }
        let end = options.until.map_or(self.at, |until| until.max(self.at));
        self.settle(end);
        told(self)?;
        Ok(end)
    }

    /// Carries out a line at its time.
    fn take(&mut self, line: Line) -> Result<(), Box<Unfit>> {
        let Line { at, ticket, verb, by, body } = line;
        self.carry_out(at, &ticket, &verb, by.as_deref(), body).map_err(|why| {
            let (ticket, verb) = (Some(ticket.to_string()), Some(verb));
            Box::new(Unfit { ticket, verb, why })
        })
    }

    fn carry_out(
        &mut self,
        at: Timestamp,
        name: &SmolStr,
        verb: &str,
        by: Option<&str>,
        body: Value,
    ) -> Result<(), Why> {
        if at < self.at {
            return Err(Why::Fault(Fault::OutOfOrder));
        }
        self.at = at;
        self.settle(at);
        let actor = actor(verb, by);
        let decided = self.command(name, verb, body).and_then(|command| {
            self.desk.decide(&command, &actor, at).map(|decision| decision.facts).map_err(Why::Refused)
        });
        if verb == "register" && matches!(decided, Err(Why::Refused(_))) {
            self.numbers.insert(name.clone(), None);
        }
        let facts = decided?;
        self.outcome.accepted += 1;
        if !facts.is_empty() {
            self.name_new_tickets(name, &facts);
            self.enter(facts, &actor.name, at, None);
        }
        Ok(())
    }

    fn command(&self, name: &SmolStr, verb: &str, mut body: Value) -> Result<Command, Why> {
        if verb == "register" {
            if self.numbers.get(name).is_some_and(Option::is_some) {
                return Err(Why::Fault(Fault::RegisteredTwice));
            }
            self.number_ticket("follows", &mut body)?;
            return Register::from_json(body).map(Command::Register).map_err(bad);
        }
        if verb == "link" {
            self.number_ticket("to", &mut body)?;
        }
        let act = Act::from_json(verb, body).map_err(bad)?;
        match self.numbers.get(name) {
            Some(Some(number)) => Ok(Command::Ticket { number: *number, if_revision: None, act }),
            Some(None) => Err(Why::NotRegistered),
            None => Err(Why::Fault(Fault::UnknownTicket)),
        }
    }

    /// A member that is another ticket's number may name it as the log does.
    fn number_ticket(&self, member: &str, body: &mut Value) -> Result<(), Why> {
        let Some(Value::String(name)) = body.get(member) else { return Ok(()) };
        match self.numbers.get(name.as_str()).copied().flatten() {
            Some(number) => {
                body[member] = number.0.into();
                Ok(())
            }
            None => Err(Why::Refused(Refusal::field(member, format!("the log has no ticket `{name}` yet")))),
        }
    }

    /// The registered ticket has the line's name; one split off `NAME` is called `NAME/2`, the next `NAME/3`. Names
    /// of tickets that were refused are taken too.
    fn name_new_tickets(&mut self, name: &SmolStr, facts: &[Fact]) {
        for fact in facts {
            let (Some(number), Event::Registered(_)) = (fact.ticket, &fact.event) else { continue };
            let is_split = self.numbers.get(name).is_some_and(Option::is_some);
            let mut parts = (2..).map(|place| smol_str::format_smolstr!("{name}/{place}"));
            let new = if is_split {
                parts.find(|part| !self.numbers.contains_key(part)).expect("there is always a next number")
            } else {
                name.clone()
            };
            self.numbers.insert(new.clone(), Some(number));
            self.tickets.push((new, number));
        }
    }

    /// Settles everything that is due at `at`.
    fn settle(&mut self, at: Timestamp) {
        while let Some((effective, facts)) = self.desk.due(at) {
            self.enter(facts, "timer", at, Some(effective));
        }
    }

    fn enter(&mut self, facts: Vec<Fact>, by: &str, at: Timestamp, effective: Option<Timestamp>) {
        self.outcome.events += facts.len() as u64;
        let entry = self.desk.enter(facts, by, at, effective, None, false);
        if let Some(entries) = &mut self.entries {
            entries.push(entry);
        }
    }

    fn outcome(&mut self) -> Outcome {
        let mut outcome = std::mem::take(&mut self.outcome);
        let tickets = self.tickets.iter().filter_map(|(_, number)| self.desk.whole(*number));
        outcome.reckon(tickets.map(AsRef::as_ref), self.desk.regulations());
        outcome
    }

    fn write_tickets(&self, end: Timestamp, out: &mut impl Write) -> io::Result<()> {
        for (name, number) in &self.tickets {
            let Some(ticket) = self.desk.whole(*number) else { continue };
            let line = TicketLine {
                ticket: name,
                number: *number,
                status: &ticket.facts.status,
                priority: &ticket.facts.priority,
                line: ticket.facts.line,
                clocks: view::clocks(ticket, self.desk.regulations(), end),
                past_clocks: view::past_clocks(ticket, self.desk.regulations(), end),
            };
            serde_json::to_writer(&mut *out, &line)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

/// A ticket at the end.
#[derive(Serialize)]
struct TicketLine<'a> {
    ticket: &'a str,
    number: TicketNumber,
    status: &'a str,
    priority: &'a str,
    line: u8,
    clocks: Vec<ClockView>,
    past_clocks: Vec<ClockView>,
}

/// Who gives the command: the agent the line names, else the requester where it is theirs to say, else a lead
/// without a name.
fn actor(verb: &str, by: Option<&str>) -> Actor {
    match (by, verb) {
        (Some(agent), _) => Actor::named(agent, Role::Agent),
        (None, "answer" | "confirm" | "return") => Actor::requester(),
        (None, _) => Actor::named("", Role::Lead),
    }
}

fn bad(bad: BadCommand) -> Why {
    match bad {
        BadCommand::UnknownVerb { verb } => Why::Fault(Fault::UnknownVerb(verb)),
        BadCommand::Fields(errors) => Why::Refused(Refusal::Fields(errors)),
    }
}
