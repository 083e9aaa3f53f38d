//! How the terms of a log came out, counted.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use smol_str::SmolStr;

use super::Complaint;
use crate::cli::text::Table;
use crate::desk::{Clock, ClockState, Metric, Regulations, Ticket};

/// What was read and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Outcome {
    /// Lines that are not blank.
    pub lines: u64,
    /// Commands the desk took.
    pub accepted: u64,
    /// Commands the desk refused.
    pub refused: u64,
    /// Lines that are no command, or do not fit the lines before.
    pub faulty: u64,
    /// Events, those of time alone among them.
    pub events: u64,
    /// Tickets registered.
    pub tickets: u64,
    /// What was refused or faulty, by code and verb.
    pub complaints: BTreeMap<&'static str, BTreeMap<String, u64>>,
    /// Clocks by priority, the greatest first, and metric.
    pub clocks: Vec<OutcomeRow>,
}

/// How the clocks of one metric came out for tickets that ended with one priority. Each clock counts, so a ticket
/// that was on three lines has three.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutcomeRow {
    /// The regulation's id.
    pub regulation: SmolStr,
    /// The priority's id.
    pub priority: SmolStr,
    /// The metric.
    pub metric: Metric,
    /// Stopped in time.
    pub met: u64,
    /// Ran out, and the desk broke its word.
    pub breached: u64,
    /// Ran out, and the regulation foresees what happens then: told, or closed.
    pub ran_out: u64,
    /// Still counting or paused, and not run out.
    pub running: u64,
    /// Without a term that could be met.
    pub no_term: u64,
}

/// How a clock came out, as far as the log goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CameOut {
    /// Stopped in time.
    Met,
    /// Ran out, and the desk broke its word.
    Breached,
    /// Ran out, and the regulation foresees what happens then: told, or closed.
    RanOut,
    /// Still counting.
    Running,
    /// Standing still.
    Paused,
    /// Without a term that could be met.
    NoTerm,
}

impl CameOut {
    /// How this clock came out.
    pub fn of(clock: &Clock) -> Self {
        match clock.state {
            _ if clock.breached_at.is_some() => Self::Breached,
            _ if clock.ran_out => Self::RanOut,
            _ if clock.term.target_ms.is_none() => Self::NoTerm,
            ClockState::Stopped => Self::Met,
            ClockState::Running => Self::Running,
            ClockState::Paused => Self::Paused,
        }
    }

    /// The word in JSON and tables.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Breached => "breached",
            Self::RanOut => "ran-out",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::NoTerm => "no-term",
        }
    }
}

impl Outcome {
    pub(super) fn count(&mut self, complaint: &Complaint) {
        if complaint.is_fault {
            self.faulty += 1;
        } else {
            self.refused += 1;
        }
        let verb = complaint.verb.as_deref().unwrap_or("-");
        *self.complaints.entry(complaint.code).or_default().entry(verb.to_owned()).or_default() += 1;
    }

    pub(super) fn reckon<'a>(
        &mut self,
        tickets: impl Iterator<Item = &'a Ticket>,
        regulations: &Regulations,
    ) {
        let mut rows: BTreeMap<(usize, usize, Metric), OutcomeRow> = BTreeMap::new();
        for ticket in tickets {
            self.tickets += 1;
            let place = place(ticket, regulations);
            for clock in &ticket.clocks {
                rows.entry((place.0, place.1, clock.metric))
                    .or_insert_with(|| OutcomeRow::new(ticket, clock.metric))
                    .count(clock);
            }
        }
        self.clocks = rows.into_values().collect();
    }
}

/// The regulation's place among the regulations and the priority's in it, from the greatest.
fn place(ticket: &Ticket, regulations: &Regulations) -> (usize, usize) {
    let mut all = regulations.iter().enumerate();
    let found = all.find(|(_, regulation)| regulation.id == ticket.facts.regulation);
    found.map_or((0, 0), |(at, regulation)| {
        let from_greatest = regulation.priorities.iter().rev();
        let place =
            from_greatest.map(|priority| &priority.name.id).position(|id| *id == ticket.facts.priority);
        (at, place.unwrap_or_default())
    })
}

impl OutcomeRow {
    fn new(ticket: &Ticket, metric: Metric) -> Self {
        Self {
            regulation: ticket.facts.regulation.clone(),
            priority: ticket.facts.priority.clone(),
            metric,
            met: 0,
            breached: 0,
            ran_out: 0,
            running: 0,
            no_term: 0,
        }
    }

    fn count(&mut self, clock: &Clock) {
        let counter = match CameOut::of(clock) {
            CameOut::Met => &mut self.met,
            CameOut::Breached => &mut self.breached,
            CameOut::RanOut => &mut self.ran_out,
            CameOut::Running | CameOut::Paused => &mut self.running,
            CameOut::NoTerm => &mut self.no_term,
        };
        *counter += 1;
    }
}

/// How many in a hundred of those that are decided were met; `-` where none is.
pub(super) fn share_met(met: u64, breached: u64) -> String {
    let decided = met + breached;
    if decided == 0 {
        return "-".to_owned();
    }
    let per_mille = (met * 1_000 + decided / 2) / decided;
    format!("{}.{}%", per_mille / 10, per_mille % 10)
}

/// The table, and what was refused.
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} lines: {} taken, {} refused, {} faulty; {} tickets, {} events",
            self.lines, self.accepted, self.refused, self.faulty, self.tickets, self.events
        )?;
        if !self.clocks.is_empty() {
            writeln!(f, "\n{}", self.table())?;
        }
        if !self.complaints.is_empty() {
            writeln!(f)?;
        }
        for (code, verbs) in &self.complaints {
            let verbs: Vec<_> = verbs.iter().map(|(verb, count)| format!("{verb} {count}")).collect();
            writeln!(f, "{code}: {}", verbs.join(", "))?;
        }
        Ok(())
    }
}

impl Outcome {
    fn table(&self) -> Table {
        let several = self.clocks.iter().any(|row| row.regulation != self.clocks[0].regulation);
        let ran_out = self.clocks.iter().any(|row| row.ran_out > 0);
        let no_term = self.clocks.iter().any(|row| row.no_term > 0);
        let columns = [
            (several, "regulation"),
            (true, "priority"),
            (true, "metric"),
            (true, "met"),
            (true, "breached"),
            (ran_out, "ran out"),
            (true, "running"),
            (no_term, "no term"),
            (true, "met %"),
        ];
        let mut table = Table::new(columns.iter().filter(|(shown, _)| *shown).map(|(_, title)| *title));
        for title in ["met", "breached", "ran out", "running", "no term", "met %"] {
            table.align_right(title);
        }
        for row in &self.clocks {
            let cells = [
                row.regulation.to_string(),
                row.priority.to_string(),
                row.metric.to_string(),
                row.met.to_string(),
                row.breached.to_string(),
                row.ran_out.to_string(),
                row.running.to_string(),
                row.no_term.to_string(),
                share_met(row.met, row.breached),
            ];
            let shown = cells.into_iter().zip(columns).filter(|(_, (shown, _))| *shown);
            table.row(shown.map(|(cell, _)| cell));
        }
        table
    }
}
