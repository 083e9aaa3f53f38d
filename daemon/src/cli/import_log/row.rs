//! One row of the log: text in, types out.
//!
//! Columns are found by name, so their order and any others beside them do not matter.

use std::collections::HashSet;
use std::io::Read;
use std::rc::Rc;

use chrono_tz::Tz;
use csv::StringRecord;
use serde::Deserialize;

use super::problem::{Problem, RowProblem};
use super::{ImportLogError, local_time};

/// A text of the log. The same few thousand come again and again, so each is kept once.
pub(super) type Label = Rc<str>;

/// The classifying columns and what they are called in a ticket's `fields`, in the order of [`Row::fields`].
pub(super) const FIELD_IDS: [&str; 11] = [
    "category",
    "subcategory",
    "symptom",
    "cmdb-ci",
    "location",
    "impact",
    "urgency",
    "problem",
    "rfc",
    "vendor",
    "caused-by",
];

/// One update of a case, with what the case was like after it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// The line of the file where it begins.
    pub(super) line: u64,
    /// The case's number.
    pub(super) ticket: Label,
    /// `None` for the odd `-100`.
    pub(super) state: Option<State>,
    /// Milliseconds of UTC.
    pub(super) opened_at_ms: i64,
    /// Milliseconds of UTC.
    pub(super) updated_at_ms: i64,
    /// An id, as all agents' and groups' here.
    pub(super) updated_by: Option<Label>,
    pub(super) channel: Channel,
    pub(super) priority: Priority,
    /// A name.
    pub(super) caller: Option<Label>,
    pub(super) group: Option<Label>,
    pub(super) agent: Option<Label>,
    /// As in [`FIELD_IDS`].
    pub(super) fields: [Option<Label>; FIELD_IDS.len()],
}

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    New,
    Active,
    AwaitingUserInfo,
    AwaitingVendor,
    AwaitingProblem,
    AwaitingEvidence,
    Resolved,
    Closed,
}

impl State {
    const ALL: [Self; 8] = [
        Self::New,
        Self::Active,
        Self::AwaitingUserInfo,
        Self::AwaitingVendor,
        Self::AwaitingProblem,
        Self::AwaitingEvidence,
        Self::Resolved,
        Self::Closed,
    ];

    /// The status of the regulation `itsm`.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Active => "active",
            Self::AwaitingUserInfo => "awaiting-user-info",
            Self::AwaitingVendor => "awaiting-vendor",
            Self::AwaitingProblem => "awaiting-problem",
            Self::AwaitingEvidence => "awaiting-evidence",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
        }
    }

    /// Whether work on the case is over.
    pub(super) const fn is_done(self) -> bool {
        matches!(self, Self::Resolved | Self::Closed)
    }
}

/// How urgent a case is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    P1,
    P2,
    P3,
    P4,
}

impl Priority {
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::P1 => "p1",
            Self::P2 => "p2",
            Self::P3 => "p3",
            Self::P4 => "p4",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "1 - Critical" => Some(Self::P1),
            "2 - High" => Some(Self::P2),
            "3 - Moderate" => Some(Self::P3),
            "4 - Low" => Some(Self::P4),
            _ => None,
        }
    }
}

/// How a case came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    Phone,
    SelfService,
    Email,
    DirectOpening,
    Ivr,
    /// Missing, or one the log's description does not know.
    Other,
}

impl Channel {
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::SelfService => "self-service",
            Self::Email => "email",
            Self::DirectOpening => "direct-opening",
            Self::Ivr => "ivr",
            Self::Other => "other",
        }
    }

    fn parse(text: &str) -> Self {
        match text {
            "Phone" => Self::Phone,
            "Self service" => Self::SelfService,
            "Email" => Self::Email,
            "Direct opening" => Self::DirectOpening,
            "IVR" => Self::Ivr,
            _ => Self::Other,
        }
    }
}

/// The columns read, as they stand. The log's other columns are not for us: either they say nothing a ticket has, or they
/// know the future (see the module's doc).
#[derive(Debug, Deserialize)]
struct Columns<'a> {
    number: &'a str,
    incident_state: &'a str,
    caller_id: &'a str,
    opened_at: &'a str,
    sys_updated_by: &'a str,
    sys_updated_at: &'a str,
    contact_type: &'a str,
    location: &'a str,
    category: &'a str,
    subcategory: &'a str,
    u_symptom: &'a str,
    cmdb_ci: &'a str,
    impact: &'a str,
    urgency: &'a str,
    priority: &'a str,
    assignment_group: &'a str,
    assigned_to: &'a str,
    problem_id: &'a str,
    rfc: &'a str,
    vendor: &'a str,
    caused_by: &'a str,
}

/// The names of [`Columns`]' members.
const NEEDED: [&str; 21] = [
    "number",
    "incident_state",
    "caller_id",
    "opened_at",
    "sys_updated_by",
    "sys_updated_at",
    "contact_type",
    "location",
    "category",
    "subcategory",
    "u_symptom",
    "cmdb_ci",
    "impact",
    "urgency",
    "priority",
    "assignment_group",
    "assigned_to",
    "problem_id",
    "rfc",
    "vendor",
    "caused_by",
];

/// Reads a log row by row.
pub(super) struct RowReader<R> {
    csv: csv::Reader<R>,
    header: StringRecord,
    record: StringRecord,
    zone: Tz,
    labels: Labels,
}

impl<R: Read> RowReader<R> {
    /// Reads the header and checks that all needed columns are there.
    pub(super) fn new(input: R, zone: Tz) -> Result<Self, ImportLogError> {
        let mut csv = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(input);
        let header = match csv.headers() {
            Ok(header) => header.clone(),
            Err(error) => return Err(ImportLogError::Header(read_error(error)?)),
        };
        check_header(&header)?;
        Ok(Self { csv, header, record: StringRecord::new(), zone, labels: Labels::default() })
    }

    /// The next row, or what is wrong with it; `None` at the end. An error ends the reading.
    pub(super) fn next_row(&mut self) -> Result<Option<Result<Row, RowProblem>>, ImportLogError> {
        let row = match self.csv.read_record(&mut self.record) {
            Ok(false) => return Ok(None),
            Ok(true) => self.row(),
            Err(error) => Err(self.broken_record(read_error(error)?)),
        };
        Ok(Some(row))
    }

    fn row(&mut self) -> Result<Row, RowProblem> {
        let line = self.record.position().map_or(0, csv::Position::line);
        let columns: Columns<'_> = self.record.deserialize(Some(&self.header)).map_err(|error| {
            RowProblem { line, ticket: None, problem: Problem::Unreadable(error.to_string()) }
        })?;
        parse(&columns, line, self.zone, &mut self.labels).map_err(|problem| RowProblem {
            line,
            ticket: known(columns.number).map(str::to_owned),
            problem,
        })
    }

    fn broken_record(&self, error: csv::Error) -> RowProblem {
        let line = error.position().map_or(0, csv::Position::line);
        let problem = match error.into_kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => Problem::FieldCount {
                expected: expected_len,
                found: len,
                // The reader stands at the beginning of the line after the row's last.
                ends_on_line: Some(self.csv.position().line() - 1).filter(|&end| end > line),
            },
            csv::ErrorKind::Utf8 { err, .. } => Problem::NotUtf8 { field: err.field() + 1 },
            other => Problem::Unreadable(format!("{other:?}")),
        };
        RowProblem { line, ticket: None, problem }
    }
}

/// Tells an error of the input, after which there is no going on, from one of the row.
fn read_error(error: csv::Error) -> Result<csv::Error, ImportLogError> {
    if error.is_io_error() { Err(ImportLogError::Read(error.into())) } else { Ok(error) }
}

fn check_header(header: &StringRecord) -> Result<(), ImportLogError> {
    let count = |column: &str| header.iter().filter(|name| *name == column).count();
    let missing: Vec<&'static str> = NEEDED.into_iter().filter(|column| count(column) == 0).collect();
    if !missing.is_empty() {
        return Err(ImportLogError::MissingColumns(missing));
    }
    match NEEDED.into_iter().find(|column| count(column) > 1) {
        Some(column) => Err(ImportLogError::RepeatedColumn(column)),
        None => Ok(()),
    }
}

fn parse(columns: &Columns<'_>, line: u64, zone: Tz, labels: &mut Labels) -> Result<Row, Problem> {
    let number = known(columns.number).ok_or(Problem::MissingNumber)?;
    let mut label = |text: &str| known(text).map(|text| labels.keep(text));
    Ok(Row {
        line,
        ticket: label(number).expect("the number was just found known"),
        state: parse_state(columns.incident_state)?,
        opened_at_ms: parse_time("opened_at", columns.opened_at, zone)?,
        updated_at_ms: parse_time("sys_updated_at", columns.sys_updated_at, zone)?,
        updated_by: label(&id_of(columns.sys_updated_by)),
        channel: Channel::parse(columns.contact_type),
        priority: Priority::parse(columns.priority)
            .ok_or_else(|| Problem::UnknownPriority(columns.priority.to_owned()))?,
        caller: label(columns.caller_id),
        group: label(&id_of(columns.assignment_group)),
        agent: label(&id_of(columns.assigned_to)),
        fields: [
            label(columns.category),
            label(columns.subcategory),
            label(columns.u_symptom),
            label(columns.cmdb_ci),
            label(columns.location),
            label(columns.impact),
            label(columns.urgency),
            label(columns.problem_id),
            label(columns.rfc),
            label(columns.vendor),
            label(columns.caused_by),
        ],
    })
}

/// `None` for the odd `-100`.
fn parse_state(text: &str) -> Result<Option<State>, Problem> {
    if text == "-100" {
        return Ok(None);
    }
    // The log's names are the ids, written with capitals and spaces.
    let id = id_of(text);
    let state = State::ALL.into_iter().find(|state| state.id() == id);
    state.map(Some).ok_or_else(|| Problem::UnknownState(text.to_owned()))
}

fn parse_time(column: &'static str, text: &str, zone: Tz) -> Result<i64, Problem> {
    local_time::parse(text)
        .and_then(|local| local_time::instant_ms(&local, zone))
        .ok_or_else(|| Problem::BadTime { column, value: text.to_owned() })
}

/// The log writes `?` for what it does not know.
fn known(text: &str) -> Option<&str> {
    (!text.is_empty() && text != "?").then_some(text)
}

/// `Updated by 21` as `updated-by-21`; empty if there is no letter or digit, as in `?`.
fn id_of(name: &str) -> String {
    let words = name.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

/// Texts met so far.
#[derive(Debug, Default)]
struct Labels(HashSet<Label>);

impl Labels {
    fn keep(&mut self, text: &str) -> Label {
        if let Some(label) = self.0.get(text) {
            return label.clone();
        }
        let label = Label::from(text);
        self.0.insert(label.clone());
        label
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_needed_columns_are_those_that_are_read() {
        let record = StringRecord::from(NEEDED.to_vec());
        let columns: Columns<'_> = record.deserialize(Some(&record)).unwrap();
        assert_eq!((columns.number, columns.caused_by), ("number", "caused_by"));
        for missing in NEEDED {
            let fewer =
                StringRecord::from(NEEDED.into_iter().filter(|name| *name != missing).collect::<Vec<_>>());
            assert!(fewer.deserialize::<Columns<'_>>(Some(&fewer)).is_err(), "{missing} is not read");
        }
    }

    #[test]
    fn names_become_ids() {
        assert_eq!(id_of("Updated by 21"), "updated-by-21");
        assert_eq!(id_of("Opened by  8"), "opened-by-8");
        assert_eq!(id_of("?"), "");
        assert_eq!(id_of("Группа 7"), "группа-7");
    }

    #[test]
    fn states_are_known_by_their_names() {
        assert_eq!(parse_state("Awaiting User Info"), Ok(Some(State::AwaitingUserInfo)));
        assert_eq!(parse_state("-100"), Ok(None));
        assert_eq!(parse_state("Pending"), Err(Problem::UnknownState("Pending".into())));
        assert_eq!(parse_state("?"), Err(Problem::UnknownState("?".into())));
    }

    #[test]
    fn channels_are_known_by_their_names() {
        let ids = ["Phone", "Self service", "Email", "Direct opening", "IVR", "?"]
            .map(|text| Channel::parse(text).id());
        assert_eq!(ids, ["phone", "self-service", "email", "direct-opening", "ivr", "other"]);
    }
}
