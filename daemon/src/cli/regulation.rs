//! `andonctl regulation`: the rules a desk works by, as files.

mod versions;

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::json;

use super::Io;
use super::error::CliError;
use super::text::Table;
use crate::desk::Regulation;
use crate::desk::regulation::{Language, explain, shipped};

/// Show and check the rules a desk works by, and apply another version of them.
#[derive(Debug, Subcommand)]
pub(super) enum RegulationNoun {
    /// List the regulations that come with the program
    List,
    Check(Check),
    Explain(Explain),
    Preview(versions::Preview),
    Apply(versions::Apply),
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
            Self::Check(check) => check.run(io),
            Self::Explain(explain) => explain.run(io),
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
        return io.json(&all.collect());
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

impl Check {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let (name, text) = text(&self.file)?;
        let result = Regulation::parse(&name, &text);
        if io.json {
            let problems = result.as_ref().err().map(|wrong| {
                let told = wrong.problems.iter();
                told.map(|p| json!({"line": p.line, "key": p.key, "message": p.message})).collect::<Vec<_>>()
            });
            let ok = problems.is_none();
            io.json(&json!({"file": name, "ok": ok, "problems": problems.unwrap_or_default()}))?;
            return Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        let regulation = match result {
            Ok(regulation) => regulation,
            Err(problems) => {
                writeln!(io.err, "{problems}")?;
                return Ok(ExitCode::FAILURE);
            }
        };
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
        let language = match self.lang {
            Lang::Ru => Language::Russian,
            Lang::En => Language::English,
        };
        let text = explain(&regulation, language);
        if io.json {
            return io.json(&json!({"id": regulation.id, "text": text}));
        }
        write!(io.out, "{text}")?;
        Ok(ExitCode::SUCCESS)
    }
}

/// A regulation by its name, where it comes with the program, or from a file.
pub(super) fn load(name: &str) -> Result<Regulation, CliError> {
    let (title, text) = text(name)?;
    Ok(Regulation::parse(&title, &text)?)
}

/// The file's name for messages, and its text.
fn text(name: &str) -> Result<(String, String), CliError> {
    if let Some(text) = shipped::text(name) {
        return Ok((format!("{name}.toml"), text.to_owned()));
    }
    let path = Path::new(name);
    match fs::read_to_string(path) {
        Ok(text) => Ok((name.to_owned(), text)),
        Err(_) if !path.exists() => {
            let names = shipped::names().collect::<Vec<_>>().join(", ");
            Err(CliError::Refused(format!(
                "there is no regulation `{name}`: no file of that name, and those that come with the program are {names}"
            )))
        }
        Err(source) => Err(CliError::Read { path: path.to_owned(), source }),
    }
}
