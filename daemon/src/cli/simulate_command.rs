//! The arguments of `andonctl simulate`.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use calendars::Timestamp;
use clap::Args;

use super::Io;
use super::error::CliError;
use super::regulation::load;
use super::simulate::{Complaint, Options, simulate};
use crate::clock;
use crate::desk::Regulations;

/// Tell a log of commands to a desk in memory and see how its terms come out.
///
/// Needs no daemon and leaves nothing behind. Each line of LOG is a JSON object with "at" (RFC 3339 with an offset),
/// "ticket" (any name), "do" (a verb), "by" (an agent; left out: a lead on every line, or the requester for answer,
/// confirm and return), and the verb's own fields. In "link", "to" may be a name of the log or a number. A ticket
/// split off NAME is called NAME/2, the next NAME/3.
///
/// Prints one JSON line per ticket, as it is at the end. Tells what was refused, and lines that are no command, as
/// JSON lines on stderr, each with its line number and a code; the rest goes on.
///
/// Ends with 0 when the log ran, refusals included; with 1 when a line was no command (not JSON, no or another time,
/// an unknown verb or ticket, a ticket registered twice), or when nothing could be read.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// A regulation that comes with the program, or a file; given more than once, they run side by side
    #[arg(long, value_name = "NAME|FILE", required = true)]
    regulation: Vec<String>,
    /// Settle deadlines up to this time, where it is later than the last line
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// Take registrations with fields missing, and any client or requester as known
    #[arg(long)]
    lenient: bool,
    /// Print how many terms were met and breached, by priority and metric, instead of the tickets
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
        let regulations = self.regulation.iter().map(|name| load(name).map(Arc::new));
        let regulations = Regulations::new(regulations.collect::<Result<_, _>>()?);
        let input: Box<dyn BufRead> = if self.log.as_os_str() == "-" {
            Box::new(io::stdin().lock())
        } else {
            let file = File::open(&self.log);
            Box::new(BufReader::with_capacity(
                1 << 16,
                file.map_err(|source| CliError::Read { path: self.log.clone(), source })?,
            ))
        };
        let options = Options { until: self.until, lenient: self.lenient, summary: self.summary && !io.json };
        let began_us = clock::monotonic_us();
        let (out, err) = (&mut io.out, &mut io.err);
        let mut complain = |complaint: Complaint| {
            // Nobody is left to tell where stderr is closed.
            let _ = serde_json::to_writer(&mut *err, &complaint).map(|()| writeln!(err));
        };
        let mut nothing = io::sink();
        let silent = self.summary && io.json;
        let outcome = if silent {
            simulate(regulations, &options, input, &mut nothing, &mut complain)?
        } else {
            simulate(regulations, &options, input, out, &mut complain)?
        };
        if silent {
            serde_json::to_writer_pretty(&mut *io.out, &outcome).map_err(io::Error::from)?;
            writeln!(io.out)?;
        }
        if (io.is_talk_read || self.summary) && !io.json {
            let took_us = clock::monotonic_us().saturating_sub(began_us).max(1);
            if !self.summary {
                write!(io.err, "{outcome}")?;
            }
            let (ms, per_second) = (took_us / 1_000, outcome.events * 1_000_000 / took_us);
            writeln!(io.err, "took {ms} ms, {per_second} events/s")?;
        }
        Ok(if outcome.faulty == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
