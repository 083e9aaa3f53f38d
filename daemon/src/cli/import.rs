//! `andonctl import`: a desk out of JSON lines, those of an export or a log of commands.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use calendars::{Timestamp, Tz};
use clap::Args;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Io;
use super::books::opened;
use super::error::CliError;
use super::regulation::load;
use super::simulate::{Complaint, Options, Outcome, SimulateError, decide};
use crate::desk::{Entry, Regulations};
use crate::run::books::BooksError;
use crate::run::versions;
use crate::store::export::{Header, Text};
use crate::store::format::{self, Format};
use crate::store::ledger::MAX_PAYLOAD_BYTES;
use crate::store::staging::Staging;
use crate::store::{Frame, Ledger};

/// The longest line, in bytes; an entry of the ledger is far shorter.
const LINE_MAX_BYTES: usize = 2 * MAX_PAYLOAD_BYTES;
/// How many bytes of entries are made durable at once.
const BATCH_BYTES: usize = 4 << 20;

/// Make a desk of JSON lines in an empty state directory, while the daemon is stopped.
///
/// Of the lines of `andonctl export` it makes the same desk, event for event. Of the lines that `andonctl simulate` takes
/// ({"at","ticket","do",…}, in order of time) it makes the desk that would have come of them under the regulations given;
/// what is refused is told on stderr as simulate tells it, and the rest goes on.
///
/// It is all or nothing: where a line is wrong, its number and field are told and nothing is left behind.
#[derive(Debug, Args)]
pub(super) struct Import {
    /// The lines; `-` for standard input
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// For commands: a regulation that comes with the program, or a file; may be given several times
    #[arg(long = "regulation", value_name = "NAME|FILE")]
    regulations: Vec<String>,
    /// For commands: take registrations with fields missing, and any client or requester as known
    #[arg(long)]
    lenient: bool,
}

/// Why no desk was made of the lines.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ImportError {
    /// Reading stopped half-way.
    #[error("cannot read line {line}")]
    Read {
        /// The line that could not be read.
        line: u64,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A line is not what it must be.
    #[error("line {line}: {field}{colon}{message}; nothing was imported", colon = if field.is_empty() { "" } else { ": " })]
    Line {
        /// Which, from 1.
        line: u64,
        /// Which member of it; empty where it is the whole line.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// Lines of a log are no commands, and were told.
    #[error("{0} lines are no commands; nothing was imported")]
    Faults(u64),
    /// Commands say nothing of the rules they go by.
    #[error("these are commands: say by which regulation they are decided, --regulation NAME|FILE")]
    NoRegulation,
}

/// What an import came to.
#[derive(Default)]
struct Imported {
    events: u64,
    tickets: u64,
    last_at: Option<Timestamp>,
    /// Of a log of commands.
    log: Option<Outcome>,
}

impl Import {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let dir = io.state_dir.clone().ok_or_else(|| {
            CliError::Usage("say where to with --state-dir DIR; installed it is /var/lib/andon".to_owned())
        })?;
        let mut lines = Lines::new(self.input()?);
        let is_export = lines.peek_is_export()?;
        let staging = Staging::begin(&dir)?;
        staging.check_free()?;
        let imported = if is_export {
            import_export(&mut lines, staging.dir())?
        } else {
            self.import_commands(lines, staging.dir(), io)?
        };
        let now = io.now.to_rfc3339(Tz::UTC);
        format::open(staging.dir(), env!("CARGO_PKG_VERSION"), &now).map_err(BooksError::Format)?;
        staging.put_in_place(false)?;
        tell(&imported, &dir, io)
    }

    fn input(&self) -> Result<Box<dyn BufRead>, CliError> {
        if self.from.as_os_str() == "-" {
            return Ok(Box::new(io::stdin().lock()));
        }
        let file =
            File::open(&self.from).map_err(|source| CliError::Read { path: self.from.clone(), source })?;
        Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
    }

    fn import_commands(&self, lines: Lines, dir: &Path, io: &mut Io<'_>) -> Result<Imported, CliError> {
        if self.regulations.is_empty() {
            return Err(ImportError::NoRegulation.into());
        }
        let regulations = self.regulations.iter().map(|name| load(name).map(Arc::new));
        let regulations = Regulations::new(regulations.collect::<Result<_, _>>()?);
        versions::keep(dir, &regulations)
            .map_err(|source| CliError::WriteFile { path: dir.join("regulations"), source })?;
        let mut writer = Writer::begin(dir)?;
        let mut imported = Imported::default();
        let err = &mut *io.err;
        let mut complain = |complaint: Complaint| {
            // Nobody is left to tell where stderr is closed.
            let _ = serde_json::to_writer(&mut *err, &complaint).map(|()| writeln!(err));
        };
        let options = Options { lenient: self.lenient, ..Options::default() };
        let mut keep = |entry: Entry| {
            imported.count(&entry);
            writer.write(&entry)
        };
        let outcome = decide(regulations, &options, lines.rest(), &mut keep, &mut complain)?;
        writer.finish()?;
        if outcome.faulty > 0 {
            return Err(ImportError::Faults(outcome.faulty).into());
        }
        imported.log = Some(outcome);
        Ok(imported)
    }
}

impl Imported {
    fn count(&mut self, entry: &Entry) {
        self.events += entry.facts.len() as u64;
        self.tickets = self.tickets.max(opened(entry));
        self.last_at = Some(entry.at);
    }
}

impl From<SimulateError> for ImportError {
    fn from(error: SimulateError) -> Self {
        match error {
            SimulateError::Read { line, source } => Self::Read { line, source },
            SimulateError::Write(source) => Self::Read { line: 0, source },
        }
    }
}

fn import_export(lines: &mut Lines, dir: &Path) -> Result<Imported, CliError> {
    let header = lines.header()?;
    let of = Format { format: header.format, program: header.program, migrated_at: None };
    let mut writer = Writer::begin(dir)?;
    let mut imported = Imported::default();
    while let Some(line) = lines.next()? {
        if is_text(line) {
            lines.keep_text(dir, imported.events)?;
            continue;
        }
        let entry = lines.entry(imported.events + 1, imported.last_at)?;
        imported.count(&entry);
        writer.write(&entry)?;
    }
    if imported.events + 1 != header.next_event {
        let (last, next) = (imported.events, header.next_event);
        let message = format!("the lines end with event {last}, and the header says that {next} is next");
        return Err(lines.bad("", &message).into());
    }
    writer.finish()?;
    format::write(dir, &of).map_err(BooksError::Format)?;
    Ok(imported)
}

fn tell(imported: &Imported, dir: &Path, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let Imported { events, tickets, last_at, log } = imported;
    if io.json {
        let told = log
            .as_ref()
            .map(|log| json!({"lines": log.lines, "accepted": log.accepted, "refused": log.refused}));
        return io.json(&json!({"directory": dir, "events": events, "tickets": tickets, "commands": told}));
    }
    if let Some(log) = log {
        writeln!(io.err, "{} commands, {} carried out, {} refused", log.lines, log.accepted, log.refused)?;
    }
    writeln!(io.err, "{}: {events} events, {tickets} tickets", dir.display())?;
    if last_at.is_some_and(|at| at > io.now) {
        writeln!(io.err, "the last of them lie in the future: until then the desk does not trust its clock")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes entries to a fresh ledger, many with one sync.
struct Writer {
    ledger: Ledger,
    batch: Vec<Frame>,
    bytes: usize,
}

impl Writer {
    fn begin(dir: &Path) -> Result<Self, CliError> {
        let (ledger, _) = Ledger::open(dir).map_err(BooksError::Ledger)?;
        Ok(Self { ledger, batch: Vec::new(), bytes: 0 })
    }

    fn write(&mut self, entry: &Entry) -> Result<(), CliError> {
        let frame = crate::run::history::encode(entry);
        self.bytes += frame.payload.len();
        self.batch.push(frame);
        if self.bytes >= BATCH_BYTES { self.append() } else { Ok(()) }
    }

    fn append(&mut self) -> Result<(), CliError> {
        self.ledger.append(&self.batch).map_err(BooksError::Ledger)?;
        self.batch.clear();
        self.bytes = 0;
        Ok(())
    }

    fn finish(mut self) -> Result<(), CliError> {
        self.append()
    }
}

/// The lines of an export, one by one.
struct Lines {
    input: Box<dyn BufRead>,
    line: Vec<u8>,
    number: u64,
    /// Whether the line was looked at and not taken.
    is_peeked: bool,
}

impl Lines {
    fn new(input: Box<dyn BufRead>) -> Self {
        Self { input, line: Vec::new(), number: 0, is_peeked: false }
    }

    /// Whether the first line is an export's and not a command.
    fn peek_is_export(&mut self) -> Result<bool, ImportError> {
        let kinds =
            "the header of an export ({\"andon\":\"export\",…}) or a command ({\"at\",\"ticket\",\"do\",…})";
        if self.next()?.is_none() {
            self.number = 1;
            return Err(self.bad("", &format!("there is no line; the first is {kinds}")));
        }
        self.is_peeked = true;
        let text = self.line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.line);
        let first: Value = serde_json::from_slice(text)
            .map_err(|error| self.bad("", &format!("is no JSON, and must be {kinds}: {error}")))?;
        match (first.get("andon"), first.get("do")) {
            (Some(_), _) => Ok(true),
            (None, Some(_)) => Ok(false),
            (None, None) => Err(self.bad("", &format!("must be {kinds}"))),
        }
    }

    /// The next line, without its end.
    fn next(&mut self) -> Result<Option<&[u8]>, ImportError> {
        if std::mem::take(&mut self.is_peeked) {
            return Ok(Some(&self.line));
        }
        self.number += 1;
        self.line.clear();
        let read = self.input.by_ref().take(LINE_MAX_BYTES as u64 + 1).read_until(b'\n', &mut self.line);
        let read = read.map_err(|source| ImportError::Read { line: self.number, source })?;
        if read == 0 {
            return Ok(None);
        }
        self.line.pop_if(|last| *last == b'\n');
        if self.line.len() > LINE_MAX_BYTES {
            return Err(self.bad("", &format!("is longer than {LINE_MAX_BYTES} bytes")));
        }
        Ok(Some(&self.line))
    }

    /// Everything, the line that was looked at included, for who reads commands.
    fn rest(self) -> impl BufRead {
        let mut peeked = if self.is_peeked { self.line } else { Vec::new() };
        peeked.push(b'\n');
        Cursor::new(peeked).chain(self.input)
    }

    fn header(&mut self) -> Result<Header, CliError> {
        self.next()?;
        // A newer version's header may look otherwise, so its format is read first.
        let value: Value = self.parse()?;
        let number = value["format"].as_u64().and_then(|format| u32::try_from(format).ok());
        let number = number.filter(|number| *number > 0);
        let number = number.ok_or_else(|| self.bad("format", "must be a number from 1"))?;
        let program = value["program"].as_str().unwrap_or("of an unknown version");
        format::check_known(|| "this export".to_owned(), number, program).map_err(BooksError::Format)?;
        let header: Header = self.parse()?;
        if !header.is_export() {
            return Err(self.bad("andon", "must be \"export\"; a backup is for `andonctl restore`").into());
        }
        Ok(header)
    }

    fn keep_text(&self, dir: &Path, events: u64) -> Result<(), CliError> {
        let text: Text = self.parse()?;
        if events > 0 {
            return Err(self.bad("file", "regulations come before the entries").into());
        }
        if !text.has_good_name() {
            return Err(self.bad("file", "is no name of a kept regulation, ID@VERSION.toml").into());
        }
        let path = dir.join("regulations").join(&text.file);
        if path.exists() {
            return Err(self.bad("file", "stands on a line before this one, too").into());
        }
        text.keep(dir).map_err(|source| CliError::WriteFile { path, source })
    }

    /// The line as an entry of the ledger that begins with event `first_seq` and is not older than `last_at`.
    fn entry(&self, first_seq: u64, last_at: Option<Timestamp>) -> Result<Entry, ImportError> {
        let entry: Entry = self.parse()?;
        if entry.first_seq != first_seq {
            let message =
                format!("must be {first_seq}, the event after the line before, and is {}", entry.first_seq);
            return Err(self.bad("first_seq", &message));
        }
        if entry.facts.is_empty() {
            return Err(self.bad("facts", "must not be empty"));
        }
        if last_at.is_some_and(|last| entry.at < last) {
            return Err(self.bad("at", "is before the line before"));
        }
        let kept = serde_json::to_value(&entry).expect("an entry is plain data with text keys");
        match difference(&self.parse()?, &kept, String::new()) {
            Some(field) => Err(self.bad(&field, "is nothing that this version knows, and would be lost")),
            None => Ok(entry),
        }
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, ImportError> {
        let mut json = serde_json::Deserializer::from_slice(&self.line);
        let parsed = serde_path_to_error::deserialize(&mut json).map_err(|error| {
            let field = error.path().to_string();
            let field = if field == "." { "" } else { &field };
            self.bad(field, &column_only(error.inner()))
        })?;
        json.end().map_err(|error| self.bad("", &column_only(&error)))?;
        Ok(parsed)
    }

    fn bad(&self, field: &str, message: &str) -> ImportError {
        ImportError::Line { line: self.number, field: field.to_owned(), message: message.to_owned() }
    }
}

/// What is wrong and in which column; "line 1" would be taken for the file's.
fn column_only(error: &serde_json::Error) -> String {
    error.to_string().replace(" at line 1 column ", " at column ")
}

/// Whether a line is a kept text's.
fn is_text(line: &[u8]) -> bool {
    line.starts_with(b"{\"file\":")
}

/// What is left out when an entry is written.
fn is_default(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(true) | Value::Number(_) | Value::String(_) => false,
    }
}

/// The first member of a document that was not kept as it was given. What is added or left out as it is by default is
/// the same.
fn difference(given: &Value, kept: &Value, path: String) -> Option<String> {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            let inner = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            given.iter().find_map(|(name, given)| match kept.get(name) {
                Some(kept) => difference(given, kept, inner(name)),
                None if is_default(given) => None,
                None => Some(inner(name)),
            })
        }
        (Value::Array(given), Value::Array(kept)) if given.len() == kept.len() => {
            let mut pairs = given.iter().zip(kept).enumerate();
            pairs.find_map(|(n, (given, kept))| difference(given, kept, format!("{path}[{n}]")))
        }
        _ => (given != kept).then_some(path),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::Parser;
    use tempfile::TempDir;

    use super::*;
    use crate::cli::Cli;
    use crate::desk::{Desk, Ticket};

    const MONTH: &str = include_str!("simulate/golden/month.jsonl");
    const FAULTS: &str = include_str!("simulate/golden/faults.jsonl");

    struct Said {
        out: String,
        err: String,
        is_done: bool,
    }

    /// `andonctl --state-dir DIR/state` with these words.
    fn call(dir: &TempDir, state: &str, words: &[&str]) -> Said {
        let state = dir.path().join(state);
        let fixed = ["andonctl", "--state-dir", state.to_str().unwrap()];
        let cli = Cli::try_parse_from(fixed.iter().chain(words)).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let now = Timestamp::parse_rfc3339("2026-12-31T12:00:00Z").unwrap();
        let code = cli.run(&mut out, &mut err, crate::cli::Readers::default(), now);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { out: text(out), err: text(err), is_done: code == ExitCode::SUCCESS }
    }

    fn file(dir: &TempDir, text: &str) -> String {
        let path = dir.path().join("lines.jsonl");
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Imports a log of commands; says what was said.
    fn import_log(dir: &TempDir, state: &str, log: &str) -> Said {
        call(dir, state, &["import", "--regulation", "getmark", &file(dir, log)])
    }

    fn export(dir: &TempDir, state: &str) -> String {
        let said = call(dir, state, &["export"]);
        assert!(said.is_done && said.err.is_empty(), "{}", said.err);
        said.out
    }

    /// The desk that a replay of the ledger gives.
    fn replayed(dir: &TempDir, state: &str) -> (Desk, Vec<Ticket>) {
        let (ledger, report) = Ledger::open(&dir.path().join(state)).unwrap();
        assert!(report.is_whole());
        let mut desk = Desk::new(Regulations::default());
        for frame in ledger.frames_from(1) {
            desk.apply(&serde_json::from_slice(&frame.unwrap().1.payload).unwrap());
        }
        let mut tickets: Vec<_> = desk.tickets().map(|ticket| ticket.as_ref().clone()).collect();
        tickets.sort_by_key(|ticket| ticket.number);
        (desk, tickets)
    }

    #[test]
    fn what_was_exported_and_imported_is_the_same_desk_and_exports_to_the_same_bytes() {
        let dir = TempDir::new().unwrap();
        assert!(import_log(&dir, "a", MONTH).is_done);
        let lines = export(&dir, "a");
        let said = call(&dir, "b", &["import", &file(&dir, &lines)]);
        assert!(said.is_done, "{}", said.err);
        assert_eq!(export(&dir, "b"), lines);
        let ((a, of_a), (b, of_b)) = (replayed(&dir, "a"), replayed(&dir, "b"));
        assert!(of_a.len() == 4 && of_a == of_b);
        assert_eq!(a.rest(), b.rest());
        let header: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(header["next_event"], a.next_seq());
        assert!(dir.path().join("b/regulations/getmark@2024-06-14.toml").exists());
    }

    #[test]
    fn commands_become_the_desk_that_simulate_reckons_and_refusals_are_told_as_it_tells_them() {
        let dir = TempDir::new().unwrap();
        // A refusal: nobody answers a ticket that is not asked by a verb its status forbids.
        let refused = "{\"at\":\"2026-12-02T10:00:00+03:00\",\"ticket\":\"friday\",\"do\":\"confirm\"}\n";
        let log = format!("{MONTH}{refused}");
        let said = import_log(&dir, "a", &log);
        assert!(said.is_done, "{}", said.err);
        let simulated = call(&dir, "none", &["simulate", "--regulation", "getmark", &file(&dir, &log)]);
        let (complaints, report): (Vec<&str>, Vec<&str>) = said.err.lines().partition(|l| l.starts_with('{'));
        assert_eq!(complaints, simulated.err.lines().collect::<Vec<_>>());
        assert!(!complaints.is_empty(), "one at least is refused");
        let counted = format!("{} refused", complaints.len());
        assert!(report[0].ends_with(&counted), "{report:?}");
        let (_, tickets) = replayed(&dir, "a");
        let ours =
            tickets.iter().map(|t| json!([t.number.0, t.facts.status, t.facts.priority, t.facts.line]));
        let theirs = simulated.out.lines().map(|line| {
            let ticket: Value = serde_json::from_str(line).unwrap();
            json!([ticket["number"], ticket["status"], ticket["priority"], ticket["line"]])
        });
        assert_eq!(ours.collect::<Vec<_>>(), theirs.collect::<Vec<_>>());
    }

    #[test]
    fn a_log_with_lines_that_are_no_commands_is_told_line_by_line_and_leaves_nothing() {
        let dir = TempDir::new().unwrap();
        let said = import_log(&dir, "a", FAULTS);
        assert!(!said.is_done);
        assert!(said.err.contains("{\"line\":3,\"ticket\":null"), "{}", said.err);
        assert!(said.err.ends_with(" lines are no commands; nothing was imported\n"), "{}", said.err);
        assert!(!dir.path().join("a").exists());
    }

    #[test]
    fn commands_without_a_regulation_are_asked_for_one() {
        let dir = TempDir::new().unwrap();
        let said = call(&dir, "a", &["import", &file(&dir, MONTH)]);
        assert!(!said.is_done && said.err.contains("--regulation NAME|FILE"), "{}", said.err);
        assert!(!dir.path().join("a").exists());
    }

    #[test]
    fn a_line_that_is_wrong_is_told_by_number_and_field_and_leaves_nothing() {
        let dir = TempDir::new().unwrap();
        assert!(import_log(&dir, "a", MONTH).is_done);
        let good = export(&dir, "a");
        let lines: Vec<_> = good.lines().map(str::to_owned).collect();
        let with = |number: usize, line: &str| {
            let mut lines = lines.clone();
            line.clone_into(&mut lines[number - 1]);
            lines.join("\n") + "\n"
        };
        let change = |number: usize, from: &str, to: &str| {
            let line = lines[number - 1].replacen(from, to, 1);
            assert_ne!(line, lines[number - 1], "{from} is in line {number}");
            with(number, &line)
        };
        let last = lines.len();
        for (text, told) in [
            (String::new(), "line 1: there is no line"),
            ("\n".to_owned(), "line 1: is no JSON"),
            ("{}\n".to_owned(), "line 1: must be the header of an export"),
            (change(1, "export", "backup"), "line 1: andon: must be \"export\""),
            (change(1, "\"format\":1", "\"format\":\"1\""), "line 1: format: must be a number"),
            (change(1, "\"format\":1", "\"format\":2"), "this export has format 2"),
            (change(1, "next_event", "next"), "line 1: next"),
            (change(1, "\"next_event\":", "\"next_event\":1"), "the lines end with event"),
            (change(2, "getmark@", "../getmark@"), "line 2: file: is no name of a kept regulation"),
            (with(3, &lines[1]), "line 3: file: stands on a line before"),
            (with(last, &lines[1]), &format!("line {last}: file: regulations come before")),
            (with(3, "{\"first_seq\":1"), "line 3: "),
            (change(3, "\"first_seq\":1", "\"first_seq\":2"), "line 3: first_seq: must be 1"),
            (change(4, "\"at\":1", "\"at\":"), "line 4: at: is before the line before"),
            (change(3, "\"by\":", "\"buy\":"), "line 3: missing field `by`"),
            (change(3, "\"by\":\"mail\"", "\"by\":7"), "line 3: by: invalid type"),
            (
                change(3, "\"event\":\"registered\"", "\"event\":\"invented\""),
                "line 3: facts[0]: unknown variant `invented`",
            ),
            (change(3, "\"channel\":", "\"canal\":"), "line 3: facts[0]: missing field `channel`"),
            (
                change(3, "\"channel\":", "\"new\":1,\"channel\":"),
                "line 3: facts[0].new: is nothing that this version knows",
            ),
            (change(3, "\"by\":", "\"new\":[1],\"by\":"), "line 3: new: is nothing that this version knows"),
            (lines[..last - 1].join("\n"), "the lines end with event"),
            ([&good, lines[last - 1].as_str()].concat(), &format!("line {}: first_seq: must be", last + 1)),
        ] {
            let said = call(&dir, "b", &["import", &file(&dir, &text)]);
            assert!(!said.is_done && said.err.contains(told), "{told}: {}", said.err);
            assert!(!dir.path().join("b").exists(), "{told}");
        }
    }

    #[test]
    fn lines_that_another_program_wrote_otherwise_but_mean_the_same_are_taken() {
        let dir = TempDir::new().unwrap();
        assert!(import_log(&dir, "a", MONTH).is_done);
        let good = export(&dir, "a");
        let sorted = |line: &str| serde_json::from_str::<Value>(line).unwrap().to_string();
        let other: Vec<_> = good.lines().map(sorted).collect();
        assert_ne!(other.join("\n") + "\n", good, "the order of members is another");
        let said = call(&dir, "b", &["import", &file(&dir, &other.join("\r\n"))]);
        assert!(said.is_done, "{}", said.err);
        assert_eq!(export(&dir, "b"), good);
    }

    #[test]
    fn a_directory_with_a_desk_takes_no_import() {
        let dir = TempDir::new().unwrap();
        assert!(import_log(&dir, "a", MONTH).is_done);
        let before = export(&dir, "a");
        let said = import_log(&dir, "a", MONTH);
        assert!(!said.is_done && said.err.contains("holds a desk already"), "{}", said.err);
        assert_eq!(export(&dir, "a"), before);
    }
}
