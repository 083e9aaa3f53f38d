//! `andonctl regulation preview` and `apply`: what a version does to the tickets that are open, and doing it.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::text as text_of;
use crate::cli::Io;
use crate::cli::control::{Answer, ControlError, encoded};
use crate::cli::error::CliError;
use crate::cli::text::{Table, length, when};
use crate::desk::impact::{ChangeReason, Outcome, Sums};

/// How long applying a version may take, in seconds: a hundred thousand tickets on a slow card.
const APPLY_MAX_S: u64 = 3_600;
/// How long a preview may take, in seconds.
const PREVIEW_MAX_S: u64 = 300;
/// How much of a subject stands in the table, in characters.
const SUBJECT_MAX_CHARS: usize = 32;

/// Show what a version would do to the open tickets: which deadlines move, which are breached at once. Changes nothing.
///
/// NAME is a regulation the daemon runs: its version that holds today, with its calendars as they are now. FILE is a
/// draft that it need not run. Where it is wrong, its problems are told as `check` tells them.
#[derive(Debug, Args)]
pub(in crate::cli) struct Preview {
    /// A regulation the daemon runs, one that comes with the program, or a file
    #[arg(value_name = "NAME|FILE")]
    regulation: String,
    /// Another version of NAME that the daemon runs
    #[arg(long, value_name = "V")]
    version: Option<String>,
    /// List at most so many tickets, the worst first
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

/// Put every open ticket of a regulation under one of its versions.
///
/// Terms are derived anew with the time they have used, and the tickets' histories say why. Without --yes it only shows
/// the sums of the preview and ends with 1. Done twice, the second time changes nothing. Ends with 1, too, where a ticket
/// does not fit and keeps the version it has.
#[derive(Debug, Args)]
pub(in crate::cli) struct Apply {
    /// The regulation's id
    #[arg(value_name = "ID")]
    regulation: String,
    /// One of its versions that the daemon runs [default: the one that holds today]
    #[arg(long, value_name = "V")]
    version: Option<String>,
    /// Do it
    #[arg(long)]
    yes: bool,
}

#[derive(Deserialize)]
struct Impact {
    regulation: String,
    version: String,
    holds_from: String,
    sums: Sums,
    written: u32,
    tickets: Vec<TicketImpact>,
}

#[derive(Deserialize)]
struct TicketImpact {
    number: u64,
    subject: String,
    from: String,
    to: String,
    outcome: Outcome,
    message: Option<String>,
    clocks: Vec<ClockChange>,
}

#[derive(Deserialize)]
struct ClockChange {
    metric: String,
    breached: bool,
    why: Vec<ChangeReason>,
    before: Promise,
    after: Promise,
}

#[derive(Deserialize)]
struct Promise {
    state: String,
    target_seconds: Option<i64>,
    deadline: Option<String>,
}

impl Preview {
    pub(in crate::cli) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let limit = if io.json { Value::Null } else { json!(self.limit) };
        let (id, body) = if runs(io, &self.regulation)? {
            (self.regulation.clone(), json!({"version": self.version, "limit": limit}))
        } else if self.version.is_some() {
            let message = format!("the daemon runs no `{}`; --version is for one it runs", self.regulation);
            return Err(CliError::Refused(message));
        } else {
            let (name, text) = text_of(&self.regulation)?;
            let id = id_of(&text).unwrap_or_else(|| "file".to_owned());
            (id, json!({"text": text, "name": name, "limit": limit}))
        };
        let answer = match ask(io, &id, "preview", &body, PREVIEW_MAX_S) {
            Err(CliError::Control(ControlError::Refused(refused))) if !io.json => {
                // The file's own problems read as those of `check`.
                let Some(problems) = refused.all_about("text") else {
                    return Err(ControlError::Refused(refused).into());
                };
                for problem in problems {
                    writeln!(io.err, "{problem}")?;
                }
                return Ok(ExitCode::FAILURE);
            }
            answer => answer?,
        };
        if io.json {
            return io.json(&answer.json);
        }
        let impact: Impact = answer.read("preview")?;
        sums(io, &impact, "would apply")?;
        table(io, &impact)?;
        let listed = impact.tickets.len();
        let changing = (impact.sums.tickets - impact.sums.unchanged) as usize;
        if listed < changing {
            writeln!(io.err, "{} more change; --limit lists more of them", changing - listed)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Apply {
    pub(in crate::cli) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        if !self.yes {
            let body = json!({"version": self.version, "limit": 0});
            let answer = ask(io, &self.regulation, "preview", &body, PREVIEW_MAX_S)?;
            if io.json {
                io.json(&answer.json)?;
            } else {
                sums(io, &answer.read("preview")?, "would apply")?;
            }
            let version =
                self.version.as_ref().map(|version| format!(" --version {version}")).unwrap_or_default();
            writeln!(
                io.err,
                "nothing was changed: --yes does it, `andonctl regulation preview {}{version}` lists the tickets",
                self.regulation
            )?;
            return Ok(ExitCode::FAILURE);
        }
        let answer = ask(io, &self.regulation, "apply", &json!({"version": self.version}), APPLY_MAX_S)?;
        let impact: Impact = answer.read("apply")?;
        if io.json {
            io.json(&answer.json)?;
        } else {
            sums(io, &impact, "applied")?;
            table(io, &impact)?;
        }
        Ok(if impact.sums.does_not_fit == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn ask(io: &Io<'_>, id: &str, what: &str, body: &Value, within_s: u64) -> Result<Answer, CliError> {
    let path = format!("/v1/regulations/{}/{what}", encoded(id));
    Ok(io.control.post_within(&path, body, within_s)?)
}

/// Whether the daemon runs a regulation of that id.
fn runs(io: &Io<'_>, name: &str) -> Result<bool, CliError> {
    #[derive(Deserialize)]
    struct Line {
        id: String,
    }
    let path = "/v1/regulations";
    let lines: Vec<Line> = io.control.get(path)?.read(path)?;
    Ok(lines.iter().any(|line| line.id == name))
}

/// The id that a regulation's text gives itself, for the path; the daemon reads the text for good.
fn id_of(text: &str) -> Option<String> {
    let id = toml::from_str::<toml::Table>(text).ok()?.get("id")?.as_str()?.to_owned();
    Some(id).filter(|id| !id.is_empty())
}

fn sums(io: &mut Io<'_>, impact: &Impact, done: &str) -> Result<(), CliError> {
    let Sums { tickets, unchanged, moved, breached, does_not_fit } = impact.sums;
    let mut rows = vec![
        (done, format!("{} {}, which holds from {}", impact.regulation, impact.version, impact.holds_from)),
        ("open tickets", tickets.to_string()),
        ("breached at once", breached.to_string()),
        ("does not fit", does_not_fit.to_string()),
        ("moved", moved.to_string()),
        ("unchanged", unchanged.to_string()),
    ];
    if done == "applied" {
        rows.push(("records written", impact.written.to_string()));
    }
    io.pairs(&rows)?;
    Ok(())
}

/// A row for each clock that changes, and for each ticket that does not fit.
fn table(io: &mut Io<'_>, impact: &Impact) -> Result<(), CliError> {
    if impact.tickets.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["no.", "subject", "version", "clock", "before", "after", "what", "why"]);
    table.align_right("no.");
    let none = || "-".to_owned();
    for ticket in &impact.tickets {
        let version = || {
            if ticket.from == ticket.to {
                ticket.to.clone()
            } else {
                format!("{} → {}", ticket.from, ticket.to)
            }
        };
        if let Some(message) = &ticket.message {
            let what = if ticket.outcome == Outcome::DoesNotFit { "does not fit" } else { "refused" };
            table.row([
                ticket.number.to_string(),
                ticket.short_subject(),
                version(),
                none(),
                none(),
                none(),
                what.to_owned(),
                message.clone(),
            ]);
        }
        for clock in &ticket.clocks {
            table.row([
                ticket.number.to_string(),
                ticket.short_subject(),
                version(),
                clock.metric.clone(),
                clock.before.told(),
                clock.after.told(),
                clock.what().to_owned(),
                clock.reasons(),
            ]);
        }
    }
    writeln!(io.out)?;
    io.table(&table)?;
    Ok(())
}

impl TicketImpact {
    fn short_subject(&self) -> String {
        if self.subject.chars().count() <= SUBJECT_MAX_CHARS {
            return self.subject.clone();
        }
        let kept: String = self.subject.chars().take(SUBJECT_MAX_CHARS - 1).collect();
        format!("{}…", kept.trim_end())
    }
}

impl ClockChange {
    /// Why, in words; a clock that the version has not says so already.
    fn reasons(&self) -> String {
        let told = self.why.iter().map(|why| match why {
            ChangeReason::Target => "another target",
            ChangeReason::Calendar => "another calendar",
            ChangeReason::Revision => "the calendar changed",
            ChangeReason::Pause => "its status pauses otherwise",
            ChangeReason::Gone => "the version has no such clock",
        });
        told.collect::<Vec<_>>().join(", ")
    }

    fn what(&self) -> &'static str {
        match (self.breached, self.after.state == "stopped") {
            (true, _) => "breached",
            (false, true) => "gone",
            (false, false) => "moved",
        }
    }
}

impl Promise {
    fn told(&self) -> String {
        let target = self.target_seconds.map(|seconds| length(seconds.saturating_mul(1_000)));
        if self.state == "stopped" {
            return "-".to_owned();
        }
        match (&self.deadline, target) {
            (Some(deadline), _) => when(deadline),
            (None, Some(target)) => format!("{}, of {target}", self.state),
            (None, None) => format!("{}, no term", self.state),
        }
    }
}
