//! What was wrong with a row, for the person who runs the import.

use std::fmt;

/// A row that is broken, or told otherwise than it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowProblem {
    /// The line of the file where the row begins; the header is line 1.
    pub line: u64,
    /// The case's number, where it could be read.
    pub ticket: Option<String>,
    /// What is wrong, and what was done about it.
    pub problem: Problem,
}

/// What can be wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// The row has more or fewer fields than the header. Left out.
    FieldCount {
        /// Fields in the header.
        expected: u64,
        /// Fields in the row.
        found: u64,
        /// The line the row ends on, where that is not the one it begins on: a quote was left open.
        ends_on_line: Option<u64>,
    },
    /// A field is not UTF-8. Left out.
    NotUtf8 {
        /// The field, counted from 1.
        field: usize,
    },
    /// The row does not say which case it belongs to. Left out.
    MissingNumber,
    /// A time cannot be understood. Left out.
    BadTime {
        /// The column it stands in.
        column: &'static str,
        /// What stands there.
        value: String,
    },
    /// The state is none that the log's desk has. Left out.
    UnknownState(String),
    /// The priority is none of the four. Left out.
    UnknownPriority(String),
    /// The CSV reader gave up on the row, in its words. Left out.
    Unreadable(String),
    /// The state is `-100`. The ticket kept the state it had.
    OddState,
    /// The row is older than the one before it in its case. Told at that one's time.
    Reordered {
        /// By how many minutes it is older, rounded down.
        minutes: i64,
    },
    /// The case was opened, by its own word, after its first update. Registered at that update.
    OpenedLate {
        /// By how many minutes, rounded down.
        minutes: i64,
    },
}

impl Problem {
    /// Whether the row was left out; otherwise it was told, with what is said here done about it.
    pub fn is_row_left_out(&self) -> bool {
        match self {
            Self::FieldCount { .. }
            | Self::NotUtf8 { .. }
            | Self::MissingNumber
            | Self::BadTime { .. }
            | Self::UnknownState(_)
            | Self::UnknownPriority(_)
            | Self::Unreadable(_) => true,
            Self::OddState | Self::Reordered { .. } | Self::OpenedLate { .. } => false,
        }
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(ticket) = &self.ticket {
            write!(f, " ({ticket})")?;
        }
        write!(f, ": {}", self.problem)?;
        if self.problem.is_row_left_out() { write!(f, "; row left out") } else { Ok(()) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FieldCount { expected, found, ends_on_line } => {
                write!(f, "{found} fields where the header has {expected}")?;
                match ends_on_line {
                    Some(line) => write!(f, ", and the row ends on line {line}: is a quote left open?"),
                    None => Ok(()),
                }
            }
            Self::NotUtf8 { field } => write!(f, "field {field} is not UTF-8"),
            Self::MissingNumber => write!(f, "number is missing"),
            Self::BadTime { column, value } => {
                write!(f, "{column} is `{value}`, which is no time of the form D/M/YYYY HH:MM")
            }
            Self::UnknownState(value) => write!(f, "incident_state `{value}` is not known"),
            Self::UnknownPriority(value) => write!(f, "priority `{value}` is not known"),
            Self::Unreadable(what) => write!(f, "{what}"),
            Self::OddState => write!(f, "incident_state is `-100`; the ticket keeps the state it had"),
            Self::Reordered { minutes } => {
                write!(f, "{minutes} minutes older than the row before; told at that row's time")
            }
            Self::OpenedLate { minutes } => {
                write!(f, "opened {minutes} minutes after the first update; registered at that update")
            }
        }
    }
}
