//! What `andonctl` does, one noun per module; the binary only calls [`main`].
//!
//! Data goes to stdout, talk to stderr. It ends with 0 when it is done, 1 when it was refused or failed, and 2 when
//! it was called wrongly. A reader of stdout that goes away, as `head` does, ends it without a word.

pub mod andond;
mod demo;
mod error;
#[cfg(test)]
mod golden;
pub mod import_log;
mod import_log_command;
mod journal;
mod regulation;
pub mod simulate;
mod simulate_command;
mod text;

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use self::error::CliError;

/// Runs andond's desk from the command line.
///
/// Commands that ask the daemon talk to its socket; simulate, regulation, calendar and import-log need no daemon.
#[derive(Debug, Parser)]
#[command(name = "andonctl", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    noun: Noun,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
struct Global {
    /// The daemon's state directory; its socket is DIR/control.sock [default: ./andon-state where it exists]
    #[arg(long, global = true, value_name = "DIR", env = "ANDON_STATE_DIR", conflicts_with = "socket")]
    state_dir: Option<PathBuf>,
    /// The daemon's socket [default: /run/andon/control.sock]
    #[arg(long, global = true, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Noun {
    /// Tell a log of commands to a desk in memory and see how its terms come out
    Simulate(simulate_command::Simulate),
    /// Turn a foreign help desk's event log into the JSON lines that simulate reads
    #[command(subcommand)]
    ImportLog(import_log_command::ImportLog),
}

/// Where a command's words go.
struct Io<'a> {
    /// Data.
    out: &'a mut dyn Write,
    /// Talk.
    err: &'a mut dyn Write,
    /// Whether data is asked for as JSON.
    json: bool,
    /// Whether somebody reads the talk.
    is_talk_read: bool,
}

/// Does what the arguments of this process say.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let is_talk_read = stderr.is_terminal();
    let mut out = io::BufWriter::new(stdout.lock());
    let mut err = stderr.lock();
    let mut io = Io { out: &mut out, err: &mut err, json: cli.global.json, is_talk_read };
    let result = cli.run(&mut io).and_then(|code| Ok(io.out.flush().map(|()| code)?));
    match result {
        Ok(code) => code,
        Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell where stderr is closed.
            let _ = writeln!(io.err, "andonctl: {}", error.chain());
            error.exit_code()
        }
    }
}

impl Cli {
    fn run(self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self.noun {
            Noun::Simulate(simulate) => simulate.run(io),
            Noun::ImportLog(import) => import.run(io),
        }
    }
}
