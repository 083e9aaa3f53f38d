//! Both regulations in sum, for scripts and as tables for people.

use std::collections::BTreeMap;
use std::fmt;

use calendars::{Timestamp, Tz};
use serde::Serialize;

use super::ticket::{Pair, TicketComparison, Verdict, word};
use super::{Refused, Side, What};
use crate::cli::simulate::CameOut;
use crate::cli::simulate::outcome::share_met;
use crate::cli::text::{self, Table};
use crate::desk::{Clock, ClockState, Metric, Ticket};

/// How many tickets the tables for people name; the lines name every one.
const NAMED_MAX: usize = 20;

/// How much of a refusal's message the tables show; the whole stands on stderr and in the lines.
const MESSAGE_MAX_CHARS: usize = 100;

/// What came of the log under both.
#[derive(Debug, Serialize)]
pub struct Sum {
    /// Lines that are not blank.
    pub lines: u64,
    /// Lines that are no command.
    pub faulty: u64,
    /// Under the first.
    pub a: SideSum,
    /// Under the second.
    pub b: SideSum,
    /// Tickets by what became of them.
    pub tickets: TicketSum,
    /// Clocks by metric; those of earlier cycles count too.
    pub metrics: BTreeMap<Metric, MetricSum>,
    #[serde(skip)]
    worse: Vec<Worse>,
    #[serde(skip)]
    refused: Vec<RefusedOnce>,
}

/// One of the two in sum.
#[derive(Debug, Serialize)]
pub struct SideSum {
    /// As the caller named it.
    pub name: String,
    /// The regulation's id.
    pub regulation: String,
    /// Its version.
    pub version: String,
    /// Tickets registered.
    pub tickets: usize,
    /// Commands the desk took.
    pub accepted: u64,
    /// Commands the desk refused.
    pub refused: u64,
    /// Events, those of time alone among them.
    pub events: u64,
    /// What was refused, by code and verb.
    pub refusals: BTreeMap<&'static str, BTreeMap<String, u64>>,
}

/// Tickets by what became of them.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct TicketSum {
    /// Every ticket that at least one desk has.
    pub total: u64,
    /// Those in which anything differs.
    pub differ: u64,
    /// Those with a clock breached under A only.
    pub better: u64,
    /// Those with a clock breached under B only.
    pub worse: u64,
    /// Those with both.
    pub mixed: u64,
    /// Those with neither.
    pub same: u64,
    /// Those that only B has.
    pub refused_under_a: u64,
    /// Those that only A has.
    pub refused_under_b: u64,
}

/// How the clocks of one metric came out.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct MetricSum {
    /// Under the first.
    pub a: Tally,
    /// Under the second.
    pub b: Tally,
    /// Breached under A only.
    pub better: u64,
    /// Breached under B only.
    pub worse: u64,
}

/// Clocks by how they came out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Stopped in time.
    pub met: u64,
    /// Ran out, and the desk broke its word.
    pub breached: u64,
    /// Ran out, and the regulation foresees what happens then.
    pub ran_out: u64,
    /// Running or paused, and not run out.
    pub open: u64,
    /// Without a term.
    pub no_term: u64,
}

/// A clock that was breached under B only, in words.
#[derive(Debug)]
struct Worse {
    ticket: String,
    priority: String,
    metric: Metric,
    under_a: &'static str,
    term_a: String,
    due_a: String,
    term_b: String,
    broke_at: String,
    used_b: String,
    stopped: String,
}

/// A ticket that only one desk has.
#[derive(Debug)]
struct RefusedOnce {
    ticket: String,
    under: &'static str,
    why: Option<Refused>,
}

impl SideSum {
    pub(super) fn of(side: &Side) -> Self {
        let outcome = &side.simulation.outcome;
        Self {
            name: side.rules.name.clone(),
            regulation: side.rules.regulation.id.to_string(),
            version: side.rules.regulation.version.to_string(),
            tickets: side.simulation.tickets.len(),
            accepted: outcome.accepted,
            refused: outcome.refused,
            events: outcome.events,
            refusals: outcome.complaints.clone(),
        }
    }
}

impl Tally {
    fn count(&mut self, clock: &Clock) {
        let counter = match CameOut::of(clock) {
            CameOut::Met => &mut self.met,
            CameOut::Breached => &mut self.breached,
            CameOut::RanOut => &mut self.ran_out,
            CameOut::Running | CameOut::Paused => &mut self.open,
            CameOut::NoTerm => &mut self.no_term,
        };
        *counter += 1;
    }
}

impl Sum {
    pub(super) fn new(a: SideSum, b: SideSum, lines: u64, faulty: u64) -> Self {
        let (tickets, metrics) = (TicketSum::default(), BTreeMap::new());
        Self { lines, faulty, a, b, tickets, metrics, worse: Vec::new(), refused: Vec::new() }
    }

    /// Counts a ticket in; those it names for people are told in `zone`.
    pub(super) fn count(
        &mut self,
        comparison: &TicketComparison<'_>,
        a: Option<&Ticket>,
        b: Option<&Ticket>,
        zone: Tz,
    ) {
        let tickets = &mut self.tickets;
        tickets.total += 1;
        tickets.differ += u64::from(comparison.differs);
        let counter = match comparison.verdict {
            Verdict::Better => &mut tickets.better,
            Verdict::Worse => &mut tickets.worse,
            Verdict::Mixed => &mut tickets.mixed,
            Verdict::Same => &mut tickets.same,
            Verdict::RefusedUnderA => &mut tickets.refused_under_a,
            Verdict::RefusedUnderB => &mut tickets.refused_under_b,
        };
        *counter += 1;
        let pairs = Pair::all(clocks(a), clocks(b));
        self.count_clocks(&pairs, a.is_some() && b.is_some());
        match (a, b) {
            (Some(a), Some(b)) => self.name_worse(comparison.ticket, (a, b), &pairs, zone),
            _ => self.name_refused(comparison),
        }
    }

    fn count_clocks(&mut self, pairs: &[Pair<'_>], is_under_both: bool) {
        for pair in pairs {
            let sum = self.metrics.entry(pair.metric).or_default();
            pair.a.into_iter().for_each(|clock| sum.a.count(clock));
            pair.b.into_iter().for_each(|clock| sum.b.count(clock));
            if is_under_both {
                sum.better += u64::from(pair.is_better());
                sum.worse += u64::from(pair.is_worse());
            }
        }
    }

    fn name_worse(&mut self, name: &str, (a, b): (&Ticket, &Ticket), pairs: &[Pair<'_>], zone: Tz) {
        if self.tickets.worse + self.tickets.mixed > NAMED_MAX as u64 {
            return;
        }
        let priority = if a.facts.priority == b.facts.priority {
            a.facts.priority.to_string()
        } else {
            format!("{} -> {}", a.facts.priority, b.facts.priority)
        };
        for pair in pairs.iter().filter(|pair| pair.is_worse()) {
            self.worse.push(Worse::of(name, &priority, pair, zone));
        }
    }

    fn name_refused(&mut self, comparison: &TicketComparison<'_>) {
        if self.refused.len() == NAMED_MAX {
            return;
        }
        let (under, what) = match comparison.verdict {
            Verdict::RefusedUnderA => ("A", &comparison.a.what),
            _ => ("B", &comparison.b.what),
        };
        let why = match what {
            What::Refused { refused } => refused.cloned(),
            What::Ticket { .. } => None,
        };
        self.refused.push(RefusedOnce { ticket: comparison.ticket.to_owned(), under, why });
    }
}

fn clocks(ticket: Option<&Ticket>) -> &[Clock] {
    ticket.map(|ticket| ticket.clocks.as_slice()).unwrap_or_default()
}

impl Worse {
    fn of(ticket: &str, priority: &str, pair: &Pair<'_>, zone: Tz) -> Self {
        let term = |clock: Option<&Clock>| length(clock.and_then(|clock| clock.term.target_ms));
        let used = pair.b.filter(|clock| clock.state != ClockState::Running).map(|clock| clock.used_ms);
        Self {
            ticket: ticket.to_owned(),
            priority: priority.to_owned(),
            metric: pair.metric,
            under_a: word(pair.a),
            term_a: term(pair.a),
            due_a: moment(pair.a.and_then(|clock| clock.term.deadline), zone),
            term_b: term(pair.b),
            broke_at: moment(pair.b.and_then(|clock| clock.breached_at), zone),
            used_b: length(used),
            stopped: moment(pair.b.and_then(|clock| clock.stopped_at), zone),
        }
    }
}

fn length(ms: Option<i64>) -> String {
    ms.map_or_else(|| "-".to_owned(), text::length)
}

/// A local time to the minute.
fn moment(at: Option<Timestamp>, zone: Tz) -> String {
    at.map_or_else(|| "-".to_owned(), |at| text::minute(&at.to_rfc3339(zone)))
}

/// What a person wants to know of the two, in tables.
impl fmt::Display for Sum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (letter, side) in [("A", &self.a), ("B", &self.b)] {
            let SideSum { name, regulation, version, refused, events, .. } = side;
            writeln!(
                f,
                "{letter}: {name}: {regulation} {version}: {} tickets, {refused} commands refused, {events} events",
                side.tickets
            )?;
        }
        writeln!(f, "{} lines, {} faulty; {}", self.lines, self.faulty, self.tickets)?;
        if !self.metrics.is_empty() {
            writeln!(f, "\n{}", self.metric_table())?;
        }
        self.write_worse(f)?;
        self.write_refused(f)
    }
}

impl fmt::Display for TicketSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { total, worse, better, mixed, same, refused_under_a, refused_under_b, .. } = self;
        write!(f, "{total} tickets: {worse} worse under B, {better} better, {same} neither")?;
        for (count, words) in [
            (mixed, "worse in one term and better in another"),
            (refused_under_a, "refused under A only"),
            (refused_under_b, "refused under B only"),
        ] {
            if *count > 0 {
                write!(f, ", {count} {words}")?;
            }
        }
        Ok(())
    }
}

/// Whether it is shown, its title, and what stands in it.
type Column = (bool, &'static str, fn(&Tally) -> String);

impl Sum {
    fn metric_table(&self) -> Table {
        let any = |counter: fn(&Tally) -> u64| {
            self.metrics.values().any(|sum| counter(&sum.a) > 0 || counter(&sum.b) > 0)
        };
        let (ran_out, no_term) = (any(|tally| tally.ran_out), any(|tally| tally.no_term));
        let columns: [Column; 6] = [
            (true, "met", |tally| tally.met.to_string()),
            (true, "breached", |tally| tally.breached.to_string()),
            (ran_out, "ran out", |tally| tally.ran_out.to_string()),
            (true, "open", |tally| tally.open.to_string()),
            (no_term, "no term", |tally| tally.no_term.to_string()),
            (true, "met %", |tally| share_met(tally.met, tally.breached)),
        ];
        let columns: Vec<_> = columns.into_iter().filter(|(shown, ..)| *shown).collect();
        let titles = ["A", "B"]
            .into_iter()
            .flat_map(|under| columns.iter().map(move |(_, title, _)| format!("{under} {title}")));
        let titles: Vec<_> = titles.chain(["better".to_owned(), "worse".to_owned()]).collect();
        let mut table = Table::new(std::iter::once("metric").chain(titles.iter().map(String::as_str)));
        for title in &titles {
            table.align_right(title);
        }
        for (metric, sum) in &self.metrics {
            let tallies = [&sum.a, &sum.b].into_iter();
            let cells = tallies.flat_map(|tally| columns.iter().map(|(.., cell)| cell(tally)));
            let verdicts = [sum.better.to_string(), sum.worse.to_string()];
            table.row(std::iter::once(metric.to_string()).chain(cells).chain(verdicts));
        }
        table
    }

    fn write_worse(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.tickets.worse + self.tickets.mixed;
        if total == 0 {
            return Ok(());
        }
        let shown = total.min(NAMED_MAX as u64);
        writeln!(f, "\nWorse under B, {shown} of {total} tickets in order of registration:")?;
        let mut table = Table::new([
            "ticket",
            "priority",
            "metric",
            "under A",
            "A term",
            "A due",
            "B term",
            "B broke at",
            "B used",
            "stopped",
        ]);
        for title in ["A term", "B term", "B used"] {
            table.align_right(title);
        }
        for worse in &self.worse {
            let Worse { ticket, priority, metric, under_a, term_a, due_a, .. } = worse;
            let a = [ticket, priority, metric.id(), under_a, term_a, due_a];
            let b = [&worse.term_b, &worse.broke_at, &worse.used_b, &worse.stopped];
            table.row(a.into_iter().chain(b.map(String::as_str)).map(str::to_owned));
        }
        writeln!(f, "{table}")
    }

    fn write_refused(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.tickets.refused_under_a + self.tickets.refused_under_b;
        if total == 0 {
            return Ok(());
        }
        writeln!(f, "\nRefused under one only, {} of {total} tickets:", self.refused.len())?;
        let mut table = Table::new(["ticket", "refused under", "line", "code", "message"]);
        for RefusedOnce { ticket, under, why } in &self.refused {
            let why = why.as_ref();
            table.row([
                ticket.clone(),
                (*under).to_owned(),
                why.map_or_else(|| "-".to_owned(), |why| why.line.to_string()),
                why.map_or("-", |why| why.code).to_owned(),
                why.map_or_else(|| "-".to_owned(), |why| text::short(&why.message, MESSAGE_MAX_CHARS)),
            ]);
        }
        writeln!(f, "{table}")
    }
}
