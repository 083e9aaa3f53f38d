//! What `andonctl` does, one noun per module; the binary only calls [`main`].
//!
//! Data goes to stdout, talk to stderr. It ends with 0 when it is done, 1 when it was refused or failed, and 2 when
//! it was called wrongly. A reader of stdout that goes away, as `head` does, ends it without a word.

mod agent;
mod alarm;
pub mod andond;
mod archive;
mod backup;
mod board;
mod books;
mod calendar;
mod certificate;
mod client;
mod clock;
mod config;
mod control;
mod demo;
mod descriptors;
mod doctor;
mod door_socket;
mod employee;
mod error;
mod export;
mod first_ticket;
mod import;
pub mod import_log;
mod import_log_command;
mod journal;
mod ledger;
mod letter;
mod mail;
mod mail_doors;
mod paint;
mod problem;
mod queue;
mod regulation;
mod reload;
mod report;
mod restore;
mod roster;
mod running;
mod sealed;
mod setup;
pub mod simulate;
mod simulate_command;
mod ssh_gate;
mod status;
mod table_file;
mod terminal;
#[cfg(test)]
mod tests;
mod text;
mod ticket;
mod token;
mod top;
mod watchdog;
mod webhook;
mod whole_file;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use calendars::Timestamp;
use clap::{Args, CommandFactory, Parser, Subcommand};
use serde::Serialize;

use self::control::Control;
use self::error::CliError;
use self::text::Table;
use crate::config::STATE_DIR;

/// Runs andond's desk from the command line.
///
/// simulate, regulation, calendar, config, doctor, setup, sealed and import-log need no daemon; backup, export and ledger check do without where they are
/// told the state directory; restore and import want it stopped; the others talk to its socket. Data goes to stdout,
/// talk to stderr. Ends with 0 when it is done, 1 when it was refused or failed, 2 when it was called wrongly.
#[derive(Debug, Parser)]
#[command(name = "andonctl", version, arg_required_else_help = true, term_width = 100)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    noun: Noun,
}

/// What holds for every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
struct Global {
    /// The daemon's state directory, whose socket is DIR/control.sock [default: ./andon-state where it exists]
    #[arg(long, global = true, value_name = "DIR", conflicts_with = "socket")]
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
    Status(status::Status),
    Doctor(doctor::Doctor),
    #[command(subcommand)]
    Token(token::TokenNoun),
    #[command(subcommand)]
    Ticket(ticket::TicketNoun),
    #[command(subcommand)]
    Agent(agent::AgentNoun),
    #[command(subcommand)]
    Roster(roster::RosterNoun),
    #[command(subcommand)]
    Alarm(alarm::AlarmNoun),
    #[command(subcommand)]
    Problem(problem::ProblemNoun),
    #[command(subcommand)]
    Webhook(webhook::WebhookNoun),
    #[command(subcommand)]
    Letter(letter::LetterNoun),
    #[command(subcommand)]
    Mail(mail::MailNoun),
    #[command(subcommand)]
    Archive(archive::ArchiveNoun),
    #[command(subcommand)]
    Ledger(ledger::LedgerNoun),
    #[command(subcommand)]
    Board(board::BoardNoun),
    #[command(subcommand)]
    Clock(clock::ClockNoun),
    #[command(subcommand)]
    Regulation(regulation::RegulationNoun),
    #[command(subcommand)]
    Calendar(calendar::CalendarNoun),
    #[command(subcommand)]
    Config(config::ConfigNoun),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Export(export::Export),
    Import(import::Import),
    #[command(subcommand)]
    Sealed(sealed::SealedNoun),
    Simulate(simulate_command::Simulate),
    #[command(subcommand)]
    ImportLog(import_log_command::ImportLog),
    #[command(subcommand)]
    Report(report::ReportNoun),
    #[command(subcommand)]
    Queue(queue::QueueNoun),
    #[command(subcommand, alias = "clients")]
    Client(client::ClientNoun),
    #[command(subcommand, alias = "employees")]
    Employee(employee::EmployeeNoun),
    Top(top::Top),
    Setup(setup::Setup),
    SshGate(ssh_gate::SshGate),
}

/// What a command works with, and where its words go.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own about who reads")]
struct Io<'a> {
    /// Data.
    out: &'a mut dyn Write,
    /// Talk.
    err: &'a mut dyn Write,
    /// Whether data is asked for as JSON.
    json: bool,
    /// Whether somebody reads the talk.
    is_talk_read: bool,
    /// Whether data goes to a terminal.
    is_terminal: bool,
    /// Whether it may have colours there.
    is_coloured: bool,
    /// The daemon.
    control: Control,
    /// The state directory, where one is meant.
    state_dir: Option<PathBuf>,
    /// For ages.
    now: Timestamp,
}

impl Io<'_> {
    /// Writes a JSON document.
    fn json(&mut self, document: &impl Serialize) -> Result<ExitCode, CliError> {
        serde_json::to_writer_pretty(&mut *self.out, document).map_err(io::Error::from)?;
        writeln!(self.out)?;
        Ok(ExitCode::SUCCESS)
    }

    /// Writes a table.
    fn table(&mut self, table: &Table) -> Result<ExitCode, CliError> {
        writeln!(self.out, "{table}")?;
        Ok(ExitCode::SUCCESS)
    }

    /// Writes names and values, a line each.
    fn pairs(&mut self, pairs: &[(&str, String)]) -> Result<ExitCode, CliError> {
        let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, value) in pairs {
            writeln!(self.out, "{name:width$}  {}", text::one_line(value))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Both programs as their users call them: for the manual pages and the completions of a package.
pub fn programs() -> [clap::Command; 2] {
    [andond::Args::command(), Cli::command()]
}

/// Who reads what is written.
#[derive(Clone, Copy, Debug, Default)]
struct Readers {
    /// Somebody reads the talk.
    is_talk_read: bool,
    /// Data goes to a terminal …
    is_terminal: bool,
    /// … which shows colours.
    is_coloured: bool,
}

/// Does what the arguments of this process say.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let is_terminal = stdout.is_terminal();
    let readers = Readers {
        is_talk_read: stderr.is_terminal(),
        is_terminal,
        // https://no-color.org: set and not empty.
        is_coloured: is_terminal && std::env::var_os("NO_COLOR").is_none_or(|said| said.is_empty()),
    };
    // What a desk keeps is people's: nobody else on the box reads what is written of it.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    cli.run(&mut io::BufWriter::new(stdout.lock()), &mut stderr.lock(), readers, crate::clock::now())
}

impl Cli {
    fn run(self, out: &mut dyn Write, err: &mut dyn Write, readers: Readers, now: Timestamp) -> ExitCode {
        let Global { state_dir, socket, json } = self.global;
        let control = Control::new(state_dir.as_deref(), socket.as_deref());
        let here = Path::new(STATE_DIR);
        let state_dir = state_dir.or_else(|| (socket.is_none() && here.is_dir()).then(|| here.to_owned()));
        let Readers { is_talk_read, is_terminal, is_coloured } = readers;
        let mut io = Io { out, err, json, is_talk_read, is_terminal, is_coloured, control, state_dir, now };
        let result = self.noun.run(&mut io).and_then(|code| Ok(io.out.flush().map(|()| code)?));
        match result {
            Ok(code) => code,
            Err(error) if error.is_closed_pipe() => ExitCode::SUCCESS,
            Err(error) => {
                // Nobody is left to tell where stderr is closed.
                let _ = error.tell(io.err, json);
                error.exit_code()
            }
        }
    }
}

impl Noun {
    fn run(self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::Status(status) => status.run(io),
            Self::Doctor(doctor) => doctor.run(io),
            Self::Token(noun) => noun.run(io),
            Self::Ticket(noun) => noun.run(io),
            Self::Agent(noun) => noun.run(io),
            Self::Roster(noun) => noun.run(io),
            Self::Alarm(noun) => noun.run(io),
            Self::Problem(noun) => noun.run(io),
            Self::Webhook(noun) => noun.run(io),
            Self::Letter(noun) => noun.run(io),
            Self::Mail(noun) => noun.run(io),
            Self::Archive(noun) => noun.run(io),
            Self::Ledger(noun) => noun.run(io),
            Self::Board(noun) => noun.run(io),
            Self::Clock(noun) => noun.run(io),
            Self::Regulation(noun) => noun.run(io),
            Self::Calendar(noun) => noun.run(io),
            Self::Config(noun) => noun.run(io),
            Self::Backup(backup) => backup.run(io),
            Self::Restore(restore) => restore.run(io),
            Self::Export(export) => export.run(io),
            Self::Import(import) => import.run(io),
            Self::Sealed(noun) => noun.run(io),
            Self::Simulate(simulate) => simulate.run(io),
            Self::ImportLog(noun) => noun.run(io),
            Self::Report(noun) => noun.run(io),
            Self::Queue(noun) => noun.run(io),
            Self::Client(noun) => noun.run(io),
            Self::Employee(noun) => noun.run(io),
            Self::Top(top) => top.run(io),
            Self::Setup(setup) => setup.run(io),
            Self::SshGate(gate) => gate.run(io),
        }
    }
}
