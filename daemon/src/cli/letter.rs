//! `andonctl letter`: what the desk writes to people.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use firmware_board::Language;
use serde::Deserialize;
use serde_json::json;

use super::Io;
use super::control::encoded;
use super::error::CliError;
use super::text::{Table, one_line, when};
use crate::chain::chain;
use crate::out::letters::Templates;

/// See letters that wait or were not delivered, send them again, and try the site's own words.
#[derive(Debug, Subcommand)]
pub(super) enum LetterNoun {
    List(List),
    Show(Show),
    Resend(Resend),
    Check(Check),
    Preview(Preview),
}

/// List letters that wait, the next first, or the dead ones, the newest first.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Those that were given up
    #[arg(long)]
    dead: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=1_000))]
    limit: u16,
}

/// Print a letter that is not delivered, in the words that it has.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its id, as list has it: 1024-3
    #[arg(value_name = "ID")]
    id: String,
}

/// Send a dead letter again, with the id that it always had, to the address that the requester has by now.
#[derive(Debug, Args)]
pub(super) struct Resend {
    /// Its id, as list has it: 1024-3
    #[arg(value_name = "ID")]
    id: String,
}

/// Check the site's own templates: DIR/ru/KIND.txt and DIR/en/KIND.txt, each with what is wrong in it.
///
/// Ends with 0 when all can be used, with 1 when one cannot; the daemon uses its own words in its place.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Where they lie
    #[arg(value_name = "DIR", default_value = "/etc/andon/letters")]
    dir: PathBuf,
}

/// Print what a letter of a kind would say about a ticket as it is now.
#[derive(Debug, Args)]
pub(super) struct Preview {
    /// What the letter is about, such as registered; a wrong one lists all
    #[arg(value_name = "KIND")]
    kind: String,
    /// The ticket's number
    #[arg(long, value_name = "N")]
    ticket: u64,
    /// What to print of it
    #[arg(long, value_enum, default_value_t = As::Text)]
    r#as: As,
}

/// What of a letter is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum As {
    /// Subject and text
    Text,
    /// The HTML
    Html,
}

#[derive(Deserialize)]
struct Letter {
    id: String,
    kind: String,
    to: String,
    address: String,
    state: String,
    queued_at: String,
    hold_until: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize)]
struct Words {
    subject: String,
    text: String,
    html: String,
}

impl LetterNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List(list) => list.run(io),
            Self::Show(show) => show.run(io),
            Self::Resend(resend) => resend.run(io),
            Self::Check(check) => check.run(io),
            Self::Preview(preview) => preview.run(io),
        }
    }
}

impl List {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let state = if self.dead { "dead" } else { "waiting" };
        let path = format!("/v1/letters?state={state}&limit={}", self.limit);
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        let mut table = Table::new(["id", "kind", "to", "state", "queued", "held until", "reason"]);
        for letter in answer.read::<Vec<Letter>>(&path)? {
            table.row([
                letter.id,
                letter.kind,
                format!("{} {}", letter.to, letter.address),
                letter.state,
                when(&letter.queued_at),
                letter.hold_until.map_or_else(|| "-".to_owned(), |at| when(&at)),
                letter.reason.unwrap_or_default(),
            ]);
        }
        io.table(&table)
    }
}

impl Show {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/letters/{}", encoded(&self.id));
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        let letter: Letter = answer.read(&path)?;
        let words: Words = answer.read(&path)?;
        writeln!(
            io.out,
            "{} {} to {} {}, {}",
            letter.id, letter.kind, letter.to, letter.address, letter.state
        )?;
        if let Some(reason) = letter.reason {
            writeln!(io.out, "{}", one_line(&reason))?;
        }
        writeln!(io.out, "\n{}\n\n{}", words.subject, words.text.trim_end())?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Resend {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/letters/{}/resend", encoded(&self.id));
        let answer = io.control.post(&path, &json!({}))?;
        if io.json {
            return io.json(&answer.json);
        }
        let Letter { id, address, .. } = answer.read(&path)?;
        writeln!(io.err, "letter {id} is sent again to {address}")?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Check {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let (mut used, mut wrong) = (Vec::new(), Vec::new());
        for language in [Language::Russian, Language::English] {
            let (templates, errors) = Templates::with_site(language, &self.dir);
            used.extend(templates.own().map(|(_, path)| path.display().to_string()));
            wrong.extend(errors.iter().map(|error| chain(error)));
        }
        let is_whole = wrong.is_empty();
        if io.json {
            io.json(&json!({ "used": used, "wrong": wrong }))?;
        } else {
            for path in &used {
                writeln!(io.out, "{path}: can be used")?;
            }
            for message in &wrong {
                writeln!(io.err, "{message}")?;
            }
            if used.is_empty() && is_whole {
                writeln!(
                    io.err,
                    "{} has no templates; letters are in the program's own words",
                    self.dir.display()
                )?;
            }
        }
        Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

impl Preview {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/letters/preview?kind={}&ticket={}", encoded(&self.kind), self.ticket);
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        let words: Words = answer.read(&path)?;
        match self.r#as {
            As::Text => writeln!(io.out, "{}\n\n{}", words.subject, words.text.trim_end())?,
            As::Html => write!(io.out, "{}", words.html)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
