//! `andonctl import-log`: a foreign help desk's event log becomes the JSON lines that `simulate` reads.
//!
//! One format is known: `servicenow-csv`, the log of a ServiceNow instance with one row per update of an incident
//! (UCI dataset 498). Its tickets are told under the regulation `itsm`.
//!
//! What holds:
//! - Nothing is told before the log knew it. The columns `resolved_at`, `closed_at`, `resolved_by`, `closed_code` and
//!   `made_sla` stand on every row from the first on, so they are not read at all: a ticket is resolved and closed when
//!   its state says so.
//! - Every sound row becomes at least one command, and a broken one is named by its line and left out.
//! - Commands come out in order of time over the whole log; those of the same instant by ticket, then as they happened.
//! - No clock is read. The log's times have no zone: [`Options::zone`] is our assumption and not the log's word.
//!
//! Left to others: whether the desk accepts the commands. What it refuses, such as an assignment after closing,
//! `simulate` reports.

mod case;
mod command;
mod input;
mod local_time;
mod problem;
mod row;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io::{self, Read, Write};
use std::path::PathBuf;

use chrono_tz::Tz;
use serde::Serialize;

pub use self::command::{TimedCommand, write_jsonl};
pub use self::input::open;
pub use self::problem::{Problem, RowProblem};

use self::case::Step;
use self::row::{Row, RowReader};

/// How a log is read.
#[derive(Debug, Clone)]
pub struct Options {
    /// The zone the log's local times are taken in. A time that occurs twice is the earlier one, and one that a
    /// forward change of the clock skips is the end of the gap, so the log's order is kept.
    pub zone: Tz,
    /// Keep only the first so many cases, in the order the log first names them. `None` keeps all.
    pub limit_cases: Option<usize>,
}

impl Default for Options {
    /// Europe/Moscow, all cases.
    fn default() -> Self {
        Self { zone: chrono_tz::Europe::Moscow, limit_cases: None }
    }
}

/// What was read and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Rows below the header, broken ones too.
    pub rows_read: u64,
    /// Rows that could not be understood and were left out.
    pub rows_broken: u64,
    /// Sound rows of cases beyond [`Options::limit_cases`].
    pub rows_beyond_limit: u64,
    /// Tickets told.
    pub cases: u64,
    /// Commands told.
    pub commands: u64,
    /// The same by verb.
    pub commands_by_verb: BTreeMap<&'static str, u64>,
    /// Rows whose state is `-100`; their ticket kept the state it had.
    pub odd_states: u64,
    /// Rows older than the one before in their case; they were told at that one's time.
    pub rows_reordered: u64,
    /// Cases opened, by their own word, after their first update; they were registered at that update.
    pub opened_late: u64,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "rows read: {}, broken: {}", self.rows_read, self.rows_broken)?;
        if self.rows_beyond_limit > 0 {
            writeln!(f, "rows beyond the limit of cases: {}", self.rows_beyond_limit)?;
        }
        writeln!(f, "cases: {}, commands: {}", self.cases, self.commands)?;
        for (verb, count) in &self.commands_by_verb {
            writeln!(f, "  {verb}: {count}")?;
        }
        writeln!(f, "odd states (-100): {}", self.odd_states)?;
        writeln!(f, "rows out of order: {}", self.rows_reordered)?;
        write!(f, "cases opened after their first update: {}", self.opened_late)
    }
}

/// Why a log could not be told at all. A broken row is no such reason, see [`RowProblem`].
#[derive(Debug, thiserror::Error)]
pub enum ImportLogError {
    /// The file could not be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Reading or unpacking stopped half-way.
    #[error("cannot read the log")]
    Read(#[source] io::Error),
    /// The first row is no header.
    #[error("cannot read the header; a CSV file is expected, plain or packed with xz")]
    Header(#[source] csv::Error),
    /// Columns that the conversion needs are not there.
    #[error("the header lacks the needed column{} {}", if .0.len() == 1 { "" } else { "s" }, .0.join(", "))]
    MissingColumns(Vec<&'static str>),
    /// A needed column is there twice, and nothing says which is meant.
    #[error("the header names the column {0} twice")]
    RepeatedColumn(&'static str),
    /// The commands could not be written.
    #[error("cannot write the commands")]
    Write(#[source] io::Error),
}

/// Reads a `servicenow-csv` log, plain or packed with xz, and writes its commands as JSON lines.
///
/// `complain` hears of every row that is broken or told otherwise than it stands, as it is met.
/// All of the log is read before the first line is written, since the order is over the whole log.
pub fn servicenow_csv(
    input: impl Read,
    options: &Options,
    out: &mut impl Write,
    complain: &mut impl FnMut(RowProblem),
) -> Result<Summary, ImportLogError> {
    let (steps, summary) = steps(input, options, complain)?;
    write_jsonl(steps.iter().map(Step::command), options.zone, out)?;
    Ok(summary)
}

/// As [`servicenow_csv`], with the commands as values.
///
/// Takes several times the memory of writing them one by one.
pub fn commands(
    input: impl Read,
    options: &Options,
    complain: &mut impl FnMut(RowProblem),
) -> Result<(Vec<TimedCommand>, Summary), ImportLogError> {
    let (steps, summary) = steps(input, options, complain)?;
    Ok((steps.iter().map(Step::command).collect(), summary))
}

fn steps(
    input: impl Read,
    options: &Options,
    complain: &mut impl FnMut(RowProblem),
) -> Result<(Vec<Step>, Summary), ImportLogError> {
    let mut summary = Summary::default();
    let cases = read_cases(input, options, &mut summary, complain)?;
    let mut steps = Vec::new();
    for rows in cases {
        case::replay(&rows, &mut steps, &mut |problem| {
            summary.count(&problem.problem);
            complain(problem);
        });
    }
    steps.sort_by(|a, b| a.order().cmp(&b.order()));
    for step in &steps {
        summary.commands += 1;
        *summary.commands_by_verb.entry(step.verb()).or_default() += 1;
    }
    Ok((steps, summary))
}

/// The rows of each case in the order of the file, cases in the order they are first named.
fn read_cases(
    input: impl Read,
    options: &Options,
    summary: &mut Summary,
    complain: &mut impl FnMut(RowProblem),
) -> Result<Vec<Vec<Row>>, ImportLogError> {
    let mut reader = RowReader::new(input::unpacked(input).map_err(ImportLogError::Read)?, options.zone)?;
    let mut cases: Vec<Vec<Row>> = Vec::new();
    let mut place_of = HashMap::new();
    while let Some(row) = reader.next_row()? {
        summary.rows_read += 1;
        match row {
            Err(problem) => {
                summary.count(&problem.problem);
                complain(problem);
            }
            Ok(row) => match place_of.get(&row.ticket) {
                Some(&place) => {
                    let rows: &mut Vec<Row> = &mut cases[place];
                    rows.push(row);
                }
                None if options.limit_cases.is_some_and(|limit| cases.len() >= limit) => {
                    summary.rows_beyond_limit += 1;
                }
                None => {
                    place_of.insert(row.ticket.clone(), cases.len());
                    cases.push(vec![row]);
                }
            },
        }
    }
    summary.cases = cases.len() as u64;
    Ok(cases)
}

impl Summary {
    fn count(&mut self, problem: &Problem) {
        match problem {
            Problem::OddState => self.odd_states += 1,
            Problem::Reordered { .. } => self.rows_reordered += 1,
            Problem::OpenedLate { .. } => self.opened_late += 1,
            Problem::FieldCount { .. }
            | Problem::NotUtf8 { .. }
            | Problem::MissingNumber
            | Problem::BadTime { .. }
            | Problem::UnknownState(_)
            | Problem::UnknownPriority(_)
            | Problem::Unreadable(_) => self.rows_broken += 1,
        }
    }
}
