//! `andonctl calendar check`: files with calendars in them.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use calendars::{Calendar, CalendarSpec, Production};
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use toml::Spanned;

use crate::chain::chain;
use crate::cli::Io;
use crate::cli::error::CliError;
use crate::toml_problem;

/// Check a file with [[calendar]] entries, or a year of a production calendar.
///
/// A year's file has the form of the shipped ones: `year`, `decree`, [[holidays]], [[transfers]]; it is added to the
/// production calendar, and must add up to its own totals where it has them.
///
/// Ends with 0 when the file is whole, with 1 when it is not.
#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The production calendar that a year is for
    #[arg(long, value_name = "ID", default_value = "ru")]
    production: String,
}

/// The part of a file that holds calendars; a regulation's has more.
#[derive(Deserialize)]
struct File {
    calendar: Vec<Spanned<CalendarSpec>>,
}

impl Check {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let text = fs::read_to_string(&self.file)
            .map_err(|source| CliError::Read { path: self.file.clone(), source })?;
        let told = match toml::from_str::<toml::Table>(&text) {
            Err(error) => Err(vec![self.toml(&text, &error)]),
            Ok(table) if table.contains_key("calendar") => self.calendars(&text),
            Ok(table) if table.contains_key("year") => self.year(&text).map(|line| vec![line]),
            Ok(_) => Err(vec![format!(
                "{}: has neither [[calendar]] entries nor `year = `, so it is no calendar's file",
                self.file.display()
            )]),
        };
        if io.json {
            let ok = told.is_ok();
            let (found, problems) = match told {
                Ok(found) => (found, Vec::new()),
                Err(problems) => (Vec::new(), problems),
            };
            let file = self.file.display().to_string();
            io.json(&json!({"file": file, "ok": ok, "found": found, "problems": problems}))?;
            return Ok(if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        match told {
            Ok(lines) => {
                for line in lines {
                    writeln!(io.out, "{}: ok: {line}", self.file.display())?;
                }
                Ok(ExitCode::SUCCESS)
            }
            Err(problems) => {
                for problem in problems {
                    writeln!(io.err, "{problem}")?;
                }
                Ok(ExitCode::FAILURE)
            }
        }
    }

    fn toml(&self, text: &str, error: &toml::de::Error) -> String {
        let (line, key, message) = toml_problem::tell(text, error);
        format!("{}:{line}: {key}: {message}", self.file.display())
    }

    /// One line for each calendar, or for each that is wrong.
    fn calendars(&self, text: &str) -> Result<Vec<String>, Vec<String>> {
        let file: File = toml::from_str(text).map_err(|error| vec![self.toml(text, &error)])?;
        let (mut found, mut problems) = (Vec::new(), Vec::new());
        for spec in &file.calendar {
            match Calendar::compile(spec.get_ref()) {
                Ok(calendar) => found.push(format!(
                    "calendar {}: {}, zone {}, revision {}",
                    calendar.id(),
                    calendar.title(),
                    calendar.zone(),
                    calendar.revision()
                )),
                Err(error) => {
                    let line = toml_problem::line_of(text, &spec.span());
                    problems.push(format!("{}:{line}: {}", self.file.display(), chain(&error)));
                }
            }
        }
        if problems.is_empty() { Ok(found) } else { Err(problems) }
    }

    fn year(&self, text: &str) -> Result<String, Vec<String>> {
        let known = Production::shipped();
        let production = Production::get(&self.production).ok_or_else(|| {
            let ids: Vec<_> = known.iter().map(Production::id).collect();
            vec![format!("unknown production calendar `{}`; one of {}", self.production, ids.join(", "))]
        })?;
        let extended = production
            .with_year(text)
            .map_err(|error| vec![format!("{}: {}", self.file.display(), chain(&error))])?;
        Ok(format!(
            "production calendar {} with it has facts until {}",
            extended.id(),
            extended.facts_until()
        ))
    }
}
