//! `andonctl simulate --compare`: one log, told to two desks under a regulation each, and what came out otherwise.
//!
//! What holds, beside what holds for [`simulate`](super::simulate):
//! - The log is read once, and each line told to both desks at its time. A registration that names a regulation is
//!   told to each under its own all the same.
//! - A line that is no command under either is a fault of the log and told once; one that only one desk does not
//!   take is a refusal under that one.
//! - A ticket has the same name under both, those split off among them, though one desk may have refused some.

mod sum;
#[cfg(test)]
mod tests;
mod ticket;

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, Write};
use std::sync::Arc;

use calendars::Timestamp;
use serde::Serialize;
use smol_str::SmolStr;

pub use self::sum::{MetricSum, SideSum, Sum, Tally, TicketSum};
pub use self::ticket::{Change, Half, Refused, TicketComparison, Verdict, What};

use super::line::Line;
use super::log::Log;
use super::{Complaint, Options, SimulateError, Simulation, Unfit};
use crate::desk::{Desk, Regulation, Regulations, Ticket, view};

/// A regulation to compare, and how it was named.
#[derive(Debug, Clone)]
pub struct Rules {
    /// As the caller names it: a shipped regulation's name, or a file.
    pub name: String,
    /// The rules.
    pub regulation: Arc<Regulation>,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Under {
    /// The first.
    A,
    /// The second.
    B,
}

/// A line that changed nothing under one of the two, or that is no command under either.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SidedComplaint {
    /// Where it was refused; none for a fault of the log.
    pub under: Option<Under>,
    /// The line and why.
    #[serde(flatten)]
    pub complaint: Complaint,
}

/// Tells a log of JSON lines to a desk under `a` and to one under `b`, and writes one JSON line per ticket, in order of
/// registration, and the sum; with [`Options::summary`] the sum for people only.
///
/// `complain` hears of every line that was refused under one of them or is no command, as it is met.
pub fn compare(
    a: Rules,
    b: Rules,
    options: &Options,
    input: impl BufRead,
    out: &mut impl Write,
    complain: &mut impl FnMut(SidedComplaint),
) -> Result<Sum, SimulateError> {
    let mut both = Both::new(a, b, options.lenient);
    let mut log = Log::new(input);
    while let Some((number, line)) = log.next_line()? {
        both.lines += 1;
        let result = line.map_err(|unfit| unfit.complaint(number));
        match result {
            Ok(line) => both.take(number, line, complain),
            Err(complaint) => both.fault(complaint, complain),
        }
    }
    let end = both.settle(options.until);
    both.write(end, options.summary, out).map_err(SimulateError::Write)
}

/// A desk under one of the regulations.
struct Side {
    rules: Rules,
    simulation: Simulation,
    /// Why a ticket is not there that the other desk may have.
    refused: HashMap<SmolStr, Refused>,
}

impl Side {
    fn new(rules: Rules, lenient: bool) -> Self {
        let desk = Desk::new(Regulations::new(vec![Arc::clone(&rules.regulation)])).lenient(lenient);
        Self { rules, simulation: Simulation::new(desk), refused: HashMap::new() }
    }

    fn take(&mut self, number: u64, line: Line) -> Option<Complaint> {
        self.simulation.take(line).err().map(|unfit: Box<Unfit>| unfit.complaint(number))
    }

    fn names_since(&self, known: usize) -> Vec<SmolStr> {
        self.simulation.tickets[known..].iter().map(|(name, _)| name.clone()).collect()
    }

    fn has(&self, name: &SmolStr) -> bool {
        self.simulation.numbers.get(name).is_some_and(Option::is_some)
    }

    /// Keeps the name of a ticket that only the other desk has, so that it never means another ticket here.
    fn reserve(&mut self, name: &SmolStr, why: Option<&Complaint>) {
        self.simulation.numbers.entry(name.clone()).or_insert(None);
        if let Some(why) = why {
            let refused = Refused { line: why.line, code: why.code, message: why.message.clone() };
            self.refused.insert(name.clone(), refused);
        }
    }

    fn ticket(&self, name: &SmolStr) -> Option<&Ticket> {
        let number = self.simulation.numbers.get(name).copied().flatten()?;
        self.simulation.desk.whole(number).map(AsRef::as_ref)
    }

    fn half<'a>(&'a self, name: &SmolStr, end: Timestamp) -> Half<'a> {
        let what = match self.ticket(name) {
            Some(ticket) => What::Ticket {
                number: ticket.number,
                status: &ticket.facts.status,
                priority: &ticket.facts.priority,
                line: ticket.facts.line,
                clocks: view::clocks(ticket, self.simulation.desk.regulations(), end),
            },
            None => What::Refused { refused: self.refused.get(name) },
        };
        Half { regulation: &self.rules.regulation.id, version: &self.rules.regulation.version, what }
    }
}

/// The two desks.
struct Both {
    a: Side,
    b: Side,
    /// Every ticket that at least one of them has, in order of registration.
    names: Vec<SmolStr>,
    known: HashSet<SmolStr>,
    lines: u64,
    faulty: u64,
}

impl Both {
    fn new(a: Rules, b: Rules, lenient: bool) -> Self {
        Self {
            a: Side::new(a, lenient),
            b: Side::new(b, lenient),
            names: Vec::new(),
            known: HashSet::new(),
            lines: 0,
            faulty: 0,
        }
    }

    fn take(&mut self, number: u64, mut line: Line, complain: &mut impl FnMut(SidedComplaint)) {
        if line.verb == "register"
            && let Some(body) = line.body.as_object_mut()
        {
            body.remove("regulation");
        }
        let known = (self.a.simulation.tickets.len(), self.b.simulation.tickets.len());
        let wrong_a = self.a.take(number, line.clone());
        let wrong_b = self.b.take(number, line);
        let (new_a, new_b) = (self.a.names_since(known.0), self.b.names_since(known.1));
        for name in &new_a {
            if !self.b.has(name) {
                self.b.reserve(name, wrong_b.as_ref());
            }
        }
        for name in &new_b {
            if !self.a.has(name) {
                self.a.reserve(name, wrong_a.as_ref());
            }
        }
        for name in new_a.into_iter().chain(new_b) {
            if self.known.insert(name.clone()) {
                self.names.push(name);
            }
        }
        match (wrong_a, wrong_b) {
            (Some(a), Some(b)) if a.is_fault && a == b => self.fault(a, complain),
            (a, b) => {
                refuse(&mut self.a, Under::A, a, complain);
                refuse(&mut self.b, Under::B, b, complain);
            }
        }
    }

    fn fault(&mut self, complaint: Complaint, complain: &mut impl FnMut(SidedComplaint)) {
        self.faulty += 1;
        complain(SidedComplaint { under: None, complaint });
    }

    /// Settles both up to the last line or `until`, whichever is later; that time.
    fn settle(&mut self, until: Option<Timestamp>) -> Timestamp {
        let last = self.a.simulation.at;
        let end = until.map_or(last, |until| until.max(last));
        self.a.simulation.settle(end);
        self.b.simulation.settle(end);
        end
    }

    fn write(&self, end: Timestamp, summary: bool, out: &mut impl Write) -> std::io::Result<Sum> {
        let mut sum = Sum::new(SideSum::of(&self.a), SideSum::of(&self.b), self.lines, self.faulty);
        for name in &self.names {
            let comparison = TicketComparison::of(name, &self.a, &self.b, end);
            sum.count(&comparison, self.a.ticket(name), self.b.ticket(name), self.a.rules.regulation.zone);
            if !summary {
                serde_json::to_writer(&mut *out, &comparison)?;
                out.write_all(b"\n")?;
            }
        }
        if summary {
            write!(out, "{sum}")?;
        } else {
            serde_json::to_writer(&mut *out, &SumLine { sum: &sum })?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        Ok(sum)
    }
}

/// The last line.
#[derive(Serialize)]
struct SumLine<'a> {
    sum: &'a Sum,
}

/// What one desk alone does not take is no fault of the log.
fn refuse(
    side: &mut Side,
    under: Under,
    complaint: Option<Complaint>,
    complain: &mut impl FnMut(SidedComplaint),
) {
    let Some(mut complaint) = complaint else { return };
    complaint.is_fault = false;
    side.simulation.outcome.count(&complaint);
    complain(SidedComplaint { under: Some(under), complaint });
}
