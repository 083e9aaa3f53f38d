//! The arguments of `andonctl import-log`.

use std::process::ExitCode;

use calendars::Tz;
use clap::{Args, Subcommand};

use super::Io;
use super::error::CliError;
use super::import_log::{Options, open, servicenow_csv};

/// Turn a foreign help desk's event log into the JSON lines that simulate reads.
#[derive(Debug, Subcommand)]
pub(super) enum ImportLog {
    ServicenowCsv(ServicenowCsv),
}

/// The event log of a ServiceNow instance: CSV, plain or packed with xz, one row per update of an incident.
///
/// Prints JSON lines for `andonctl simulate --regulation itsm --lenient`, in order of time. Rows that are broken or
/// told otherwise than they stand are named on stderr.
#[derive(Debug, Args)]
pub(super) struct ServicenowCsv {
    /// The log; `-` for standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// The zone of the log's times, which do not say theirs
    #[arg(long, value_name = "ZONE", default_value = "Europe/Moscow", value_parser = zone)]
    zone: Tz,
    /// Take only the first N cases
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

fn zone(text: &str) -> Result<Tz, String> {
    text.parse().map_err(|_| format!("unknown zone `{text}`; an IANA name such as Europe/Moscow"))
}

impl ImportLog {
    pub(super) fn run(self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self::ServicenowCsv(ServicenowCsv { file, zone, limit }) = self;
        let options = Options { zone, limit_cases: limit };
        let err = &mut io.err;
        let mut complain = |problem: super::import_log::RowProblem| {
            // Nobody is left to tell where stderr is closed.
            let _ = writeln!(err, "{problem}");
        };
        let summary = servicenow_csv(open(&file)?, &options, &mut io.out, &mut complain)?;
        if io.json {
            serde_json::to_writer(&mut *io.err, &summary).map_err(std::io::Error::from)?;
            writeln!(io.err)?;
        } else {
            writeln!(io.err, "{summary}")?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
