//! The arguments of `andonctl simulate`.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use calendars::Timestamp;
use clap::{ArgAction, ArgGroup, Args};
use serde::Serialize;

use super::Io;
use super::error::CliError;
use super::regulation::load;
use super::simulate::compare::{Rules, SidedComplaint, compare};
use super::simulate::{Complaint, Options, simulate};
use crate::clock;
use crate::desk::Regulations;

/// Tell a log of commands to a desk in memory and see how its terms come out.
///
/// Needs no daemon and leaves nothing behind. Each line of LOG is a JSON object with "at" (RFC 3339 with an offset),
/// "ticket" (any name), "do" (a verb), "by" (an agent; left out: a lead on every line, or the requester for answer,
/// confirm and return), and the verb's own fields. In "link", "to" may be a name of the log or a number; so may
/// "follows" in "register". A ticket split off NAME is called NAME/2, the next NAME/3.
///
/// Prints one JSON line per ticket, as it is at the end. Tells what was refused, and lines that are no command, as
/// JSON lines on stderr, each with its line number and a code; the rest goes on.
///
/// With --compare, the log is told to a desk under each of two regulations, whatever regulation it names. Prints one
/// JSON line per ticket with what became of it under "a" and "b", the clocks whose outcome, term or deadline differs,
/// and a verdict: better, worse, mixed or same for what was breached under B, or refused-under-a, refused-under-b
/// where only the other has it; then a line with the sum. Refusals on stderr say under which.
///
/// Ends with 0 when the log ran, refusals included; with 1 when a line was no command (not JSON, no or another time,
/// an unknown verb or ticket, a ticket registered twice), or when nothing could be read.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("rules").required(true).args(["regulation", "compare"])))]
pub(super) struct Simulate {
    /// A regulation that comes with the program, or a file; given more than once, they run side by side
    #[arg(long, value_name = "NAME|FILE")]
    regulation: Vec<String>,
    /// Two regulations, by name or file: what would have been met and breached under each
    #[arg(
        long,
        value_names = ["REG_A", "REG_B"],
        num_args = 2,
        action = ArgAction::Set
    )]
    compare: Option<Vec<String>>,
    /// Settle deadlines up to this time, where it is later than the last line
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// Take registrations with fields missing, and any client or requester as known
    #[arg(long)]
    lenient: bool,
    /// Print how many terms were met and breached, by priority and metric, instead of the tickets; with --compare by
    /// metric, and at most 20 tickets that came out worse
    #[arg(long)]
    summary: bool,
    /// The log; `-` for standard input
    #[arg(value_name = "LOG.jsonl")]
    log: PathBuf,
}

fn time(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse_rfc3339(text).map_err(|error| error.to_string())
}

impl Simulate {
    pub(super) fn run(self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self.compare.as_deref() {
            Some([a, b]) => self.compare(a, b, io),
            _ => self.simulate(io),
        }
    }

    fn simulate(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let regulations = self.regulation.iter().map(|name| load(name).map(Arc::new));
        let regulations = Regulations::new(regulations.collect::<Result<_, _>>()?);
        let (input, options) = (self.input()?, self.options(io));
        let began_us = clock::monotonic_us();
        let (out, err) = (&mut io.out, &mut io.err);
        let mut complain = |complaint: Complaint| tell(err, &complaint);
        let outcome = if self.is_sum_json(io.json) {
            simulate(regulations, &options, input, &mut io::sink(), &mut complain)?
        } else {
            simulate(regulations, &options, input, out, &mut complain)?
        };
        if self.is_sum_json(io.json) {
            io.json(&outcome)?;
        }
        if io.is_talk_read && !self.summary && !io.json {
            write!(io.err, "{outcome}")?;
        }
        self.tell_pace(io, began_us, outcome.events)?;
        Ok(exit_code(outcome.faulty))
    }

    fn compare(&self, a: &str, b: &str, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let rules = |name: &str| {
            let regulation = Arc::new(load(name)?);
            Ok::<_, CliError>(Rules { name: name.to_owned(), regulation })
        };
        let (a, b) = (rules(a)?, rules(b)?);
        let (input, options) = (self.input()?, self.options(io));
        let began_us = clock::monotonic_us();
        let (out, err) = (&mut io.out, &mut io.err);
        let mut complain = |complaint: SidedComplaint| tell(err, &complaint);
        let sum = if self.is_sum_json(io.json) {
            compare(a, b, &options, input, &mut io::sink(), &mut complain)?
        } else {
            compare(a, b, &options, input, out, &mut complain)?
        };
        if self.is_sum_json(io.json) {
            io.json(&sum)?;
        }
        if io.is_talk_read && !self.summary && !io.json {
            write!(io.err, "{sum}")?;
        }
        self.tell_pace(io, began_us, sum.a.events + sum.b.events)?;
        Ok(exit_code(sum.faulty))
    }

    fn input(&self) -> Result<Box<dyn BufRead>, CliError> {
        if self.log.as_os_str() == "-" {
            return Ok(Box::new(io::stdin().lock()));
        }
        let file =
            File::open(&self.log).map_err(|source| CliError::Read { path: self.log.clone(), source })?;
        Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
    }

    fn options(&self, io: &Io<'_>) -> Options {
        Options { until: self.until, lenient: self.lenient, summary: self.summary && !io.json }
    }

    /// Whether the sum alone is asked for, as JSON.
    fn is_sum_json(&self, json: bool) -> bool {
        self.summary && json
    }

    fn tell_pace(&self, io: &mut Io<'_>, began_us: u64, events: u64) -> io::Result<()> {
        if !(io.is_talk_read || self.summary) || io.json {
            return Ok(());
        }
        let took_us = clock::monotonic_us().saturating_sub(began_us).max(1);
        let (ms, per_second) = (took_us / 1_000, events * 1_000_000 / took_us);
        writeln!(io.err, "took {ms} ms, {per_second} events/s")
    }
}

fn tell(err: &mut dyn Write, complaint: &impl Serialize) {
    // Nobody is left to tell where stderr is closed.
    let _ = serde_json::to_writer(&mut *err, complaint).map(|()| writeln!(err));
}

fn exit_code(faulty: u64) -> ExitCode {
    if faulty == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
