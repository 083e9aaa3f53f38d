//! `andonctl regulation`: the rules a desk works by, as files.

mod diff;
mod versions;
mod words;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::Io;
use super::error::CliError;
use super::text::Table;
use crate::desk::Regulation;
use crate::desk::regulation::{Problems, explain, shipped};

/// Show and check the rules a desk works by, and apply another version of them.
#[derive(Debug, Subcommand)]
pub(super) enum RegulationNoun {
    /// List the regulations that come with the program
    List,
    Show(Show),
    Check(Check),
    Explain(Explain),
    Diff(diff::Diff),
    Preview(versions::Preview),
    Apply(versions::Apply),
}

/// Print the file of a regulation that comes with the program, to be copied and made one's own.
///
/// For example: andonctl regulation show getmark > /etc/andon/regulations/ours.toml
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its name, one of `regulation list`
    #[arg(value_name = "NAME")]
    name: String,
}

/// Check a regulation's file: every problem with its line, its key, and what would be right.
///
/// Ends with 0 when the file is whole, with 1 when it is not.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The file, or the name of a regulation that comes with the program
    #[arg(value_name = "FILE")]
    file: String,
}

/// Print a regulation as tables that a manager can read, each row with its clause.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// A regulation that comes with the program, or a file
    #[arg(value_name = "NAME|FILE")]
    regulation: String,
    /// The language of the words around the regulation's own
    #[arg(long, value_enum, default_value_t = Lang::Ru)]
    lang: Lang,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Lang {
    Ru,
    En,
}

impl RegulationNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List => list(io),
            Self::Show(show) => show.run(io),
            Self::Check(check) => check.run(io),
            Self::Explain(explain) => explain.run(io),
            Self::Diff(diff) => diff.run(io),
            Self::Preview(preview) => preview.run(io),
            Self::Apply(apply) => apply.run(io),
        }
    }
}

fn list(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let all = shipped::names().map(load).collect::<Result<Vec<_>, _>>()?;
    if io.json {
        let all = all.iter().map(|regulation| {
            json!({
                "id": regulation.id,
                "title": regulation.title,
                "version": regulation.version,
                "holds_from": regulation.holds_from,
                "calendars": regulation.calendars.iter().map(calendars::Calendar::id).collect::<Vec<_>>(),
            })
        });
        return io.json(&all.collect::<Value>());
    }
    let mut table = Table::new(["id", "version", "holds from", "calendars", "title"]);
    for regulation in all {
        let calendars: Vec<_> = regulation.calendars.iter().map(calendars::Calendar::id).collect();
        table.row([
            regulation.id.to_string(),
            regulation.version.to_string(),
            regulation.holds_from.to_string(),
            calendars.join(", "),
            regulation.title.clone(),
        ]);
    }
    io.table(&table)
}

impl Show {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Some(text) = shipped::text(&self.name) else {
            return Err(CliError::Refused(format!(
                "there is no regulation `{}`; those that come with the program are {}",
                self.name,
                names()
            )));
        };
        if io.json {
            return io.json(&json!({"id": self.name, "text": text}));
        }
        write!(io.out, "{text}")?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Check {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let (name, _, result) = parse(&self.file)?;
        let regulation = match result {
            Ok(regulation) => regulation,
            Err(problems) => {
                tell_problems(&name, &problems, io)?;
                return Ok(ExitCode::FAILURE);
            }
        };
        if io.json {
            return io.json(&json!({"file": name, "ok": true, "problems": []}));
        }
        writeln!(
            io.out,
            "{name}: ok: {} {}, {} types, {} priorities, {} statuses, {} lines, {} channels, {} clocks, {} calendars",
            regulation.id,
            regulation.version,
            regulation.types.len(),
            regulation.priorities.len(),
            regulation.statuses.len(),
            regulation.lines.len(),
            regulation.channels.len(),
            regulation.clocks.len(),
            regulation.calendars.len(),
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Explain {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let regulation = load(&self.regulation)?;
        let text = explain(&regulation, self.lang.into());
        if io.json {
            return io.json(&json!({"id": regulation.id, "text": text}));
        }
        write!(io.out, "{text}")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A regulation by its name, where it comes with the program, or from a file.
pub(super) fn load(name: &str) -> Result<Regulation, CliError> {
    let (.., result) = parse(name)?;
    Ok(result?)
}

/// The file's name for messages, its text, and what the loader says to it.
fn parse(name: &str) -> Result<(String, String, Result<Regulation, Problems>), CliError> {
    let (name, text) = text(name)?;
    let result = Regulation::parse(&name, &text);
    Ok((name, text, result))
}

/// Tells what is wrong with a file: as a JSON document on stdout where JSON is asked for, else as lines on stderr.
fn tell_problems(name: &str, problems: &Problems, io: &mut Io<'_>) -> Result<(), CliError> {
    if io.json {
        let told = problems.problems.iter();
        let told = told.map(|p| json!({"line": p.line, "key": p.key, "message": p.message}));
        io.json(&json!({"file": name, "ok": false, "problems": told.collect::<Value>()}))?;
    } else {
        writeln!(io.err, "{problems}")?;
    }
    Ok(())
}

/// The file's name for messages, and its text.
fn text(name: &str) -> Result<(String, String), CliError> {
    if let Some(text) = shipped::text(name) {
        return Ok((format!("{name}.toml"), text.to_owned()));
    }
    let path = Path::new(name);
    match fs::read_to_string(path) {
        Ok(text) => Ok((name.to_owned(), text)),
        Err(_) if !path.exists() => Err(CliError::Refused(format!(
            "there is no regulation `{name}`: no file of that name, and those that come with the program are {}",
            names()
        ))),
        Err(source) => Err(CliError::Read { path: path.to_owned(), source }),
    }
}

fn names() -> String {
    shipped::names().collect::<Vec<_>>().join(", ")
}
