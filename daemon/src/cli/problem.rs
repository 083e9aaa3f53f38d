//! `andonctl problem`: one cause of many tickets.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Io;
use super::error::CliError;
use super::text::{Table, age, when};

/// See problems behind many tickets, and open, confirm and close them.
#[derive(Debug, Subcommand)]
pub(super) enum ProblemNoun {
    List(List),
    Show(Show),
    Open(Open),
    Link(Link),
    Unlink(Unlink),
    Confirm(Confirm),
    Dismiss(Dismiss),
    Close(Close),
}

/// List problems, the newest first.
#[derive(Debug, Args)]
pub(super) struct List {
    /// suspected, open, closed, dismissed; several as a comma list [default: suspected,open]
    #[arg(long, value_name = "STATES", conflicts_with = "all")]
    state: Option<String>,
    /// Those that are over, too
    #[arg(long)]
    all: bool,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=200))]
    limit: u16,
}

/// Show a problem, and the newest of its tickets.
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its number
    #[arg(value_name = "NUMBER")]
    number: u64,
}

/// Open a problem with its tickets, which are of one regulation.
#[derive(Debug, Args)]
pub(super) struct Open {
    /// What it is about
    #[arg(value_name = "TITLE")]
    title: String,
    /// Numbers of its tickets
    #[arg(value_name = "TICKET", required = true)]
    tickets: Vec<u64>,
    /// The ticket among them that it is worked on as
    #[arg(long, value_name = "TICKET")]
    worked_as: Option<u64>,
}

/// Link tickets to a problem.
#[derive(Debug, Args)]
pub(super) struct Link {
    /// The problem's number
    #[arg(value_name = "NUMBER")]
    number: u64,
    /// Numbers of tickets
    #[arg(value_name = "TICKET", required = true)]
    tickets: Vec<u64>,
}

/// Take tickets from a problem, linked or suggested ones.
#[derive(Debug, Args)]
pub(super) struct Unlink {
    /// The problem's number
    #[arg(value_name = "NUMBER")]
    number: u64,
    /// Numbers of tickets
    #[arg(value_name = "TICKET", required = true)]
    tickets: Vec<u64>,
}

/// Say that a suspected problem is one; tickets that are suggested for it are linked.
#[derive(Debug, Args)]
pub(super) struct Confirm {
    /// Its number
    #[arg(value_name = "NUMBER")]
    number: u64,
    /// What it is about, where that is to be said otherwise
    #[arg(long, value_name = "TITLE")]
    title: Option<String>,
    /// The ticket that it is worked on as
    #[arg(long, value_name = "TICKET")]
    worked_as: Option<u64>,
}

/// Say that a suspected problem is none.
#[derive(Debug, Args)]
pub(super) struct Dismiss {
    /// Its number
    #[arg(value_name = "NUMBER")]
    number: u64,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Close a problem with an answer for everybody.
#[derive(Debug, Args)]
pub(super) struct Close {
    /// Its number
    #[arg(value_name = "NUMBER")]
    number: u64,
    /// The answer
    #[arg(long, value_name = "TEXT")]
    text: String,
    /// Resolve its open tickets with that answer
    #[arg(long)]
    resolve: bool,
    /// Where the source of the problem lay, where the regulation lists sources
    #[arg(long, value_name = "ID", requires = "resolve")]
    source: Option<String>,
}

#[derive(Deserialize)]
struct Problem {
    number: u64,
    regulation: String,
    title: String,
    state: String,
    mass: bool,
    worked_as: Option<u64>,
    opened_at: String,
    opened_by: String,
    ended_at: Option<String>,
    ended_by: Option<String>,
    text: Option<String>,
    tickets: Tickets,
    working: bool,
}

#[derive(Deserialize)]
struct Tickets {
    linked: u32,
    suggested: u32,
    resolved: u32,
    left_open: u32,
}

#[derive(Deserialize)]
struct Ticket {
    number: u64,
    status: String,
    subject: String,
    problem: Option<OfTicket>,
}

#[derive(Deserialize)]
struct OfTicket {
    suggested: bool,
}

impl ProblemNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List(list) => list.run(io),
            Self::Show(show) => show.run(io),
            Self::Open(Open { title, tickets, worked_as }) => {
                let body = json!({"title": title, "tickets": tickets, "worked_as": worked_as});
                act(io, "/v1/problems", &body)
            }
            Self::Link(Link { number, tickets }) => on(io, *number, "link", &json!({"tickets": tickets})),
            Self::Unlink(Unlink { number, tickets }) => {
                on(io, *number, "unlink", &json!({"tickets": tickets}))
            }
            Self::Confirm(Confirm { number, title, worked_as }) => {
                on(io, *number, "confirm", &json!({"title": title, "worked_as": worked_as}))
            }
            Self::Dismiss(Dismiss { number, reason }) => {
                on(io, *number, "dismiss", &json!({"reason": reason}))
            }
            Self::Close(Close { number, text, resolve, source }) => {
                on(io, *number, "close", &json!({"text": text, "resolve": resolve, "source": source}))
            }
        }
    }
}

impl List {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let states = self.state.as_deref().unwrap_or(if self.all { "" } else { "suspected,open" });
        let path = format!("/v1/problems?limit={}&state={}", self.limit, super::control::encoded(states));
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        let mut table = Table::new(["no.", "state", "mass", "tickets", "suggested", "age", "title"]);
        for title in ["no.", "tickets", "suggested", "age"] {
            table.align_right(title);
        }
        for problem in answer.read::<Vec<Problem>>(&path)? {
            table.row([
                problem.number.to_string(),
                problem.state,
                if problem.mass { "yes" } else { "no" }.to_owned(),
                problem.tickets.linked.to_string(),
                problem.tickets.suggested.to_string(),
                age(&problem.opened_at, io.now),
                problem.title,
            ]);
        }
        io.table(&table)
    }
}

impl Show {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let path = format!("/v1/problems/{}", self.number);
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        let problem: Problem = answer.read(&path)?;
        let of_it = format!("/v1/tickets?problem={}&limit=20", self.number);
        let tickets: Vec<Ticket> = io.control.get(&of_it)?.read(&of_it)?;
        io.pairs(&problem.pairs())?;
        let mut table = Table::new(["no.", "belongs", "status", "subject"]);
        table.align_right("no.");
        for ticket in tickets {
            let is_suggested = ticket.problem.is_some_and(|problem| problem.suggested);
            let belongs = if is_suggested { "suggested" } else { "linked" };
            table.row([ticket.number.to_string(), belongs.to_owned(), ticket.status, ticket.subject]);
        }
        writeln!(io.out)?;
        io.table(&table)
    }
}

impl Problem {
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let Tickets { linked, suggested, resolved, left_open } = self.tickets;
        let by = |at: &str, by: Option<&str>| format!("{} by {}", when(at), by.unwrap_or_default());
        let mut pairs = vec![
            ("problem", self.number.to_string()),
            ("title", self.title.clone()),
            ("state", format!("{}{}", self.state, if self.mass { ", mass" } else { "" })),
            ("regulation", self.regulation.clone()),
            ("opened", by(&self.opened_at, Some(&self.opened_by))),
            (
                "tickets",
                format!("{linked} linked, {suggested} suggested, {resolved} resolved, {left_open} left open"),
            ),
        ];
        pairs.extend(self.worked_as.map(|ticket| ("worked on as", format!("ticket {ticket}"))));
        pairs.extend(self.ended_at.as_deref().map(|at| ("ended", by(at, self.ended_by.as_deref()))));
        pairs.extend(self.text.clone().map(|text| ("words", text)));
        if self.working {
            pairs.push(("working", "its tickets are being changed, some at a time".to_owned()));
        }
        pairs
    }
}

fn on(io: &mut Io<'_>, number: u64, verb: &str, body: &Value) -> Result<ExitCode, CliError> {
    act(io, &format!("/v1/problems/{number}/{verb}"), body)
}

fn act(io: &mut Io<'_>, path: &str, body: &Value) -> Result<ExitCode, CliError> {
    let answer = io.control.post(path, body)?;
    if io.json {
        return io.json(&answer.json);
    }
    let Problem { number, state, tickets, working, .. } = answer.read(path)?;
    let more = if working { "; its tickets are being changed, some at a time" } else { "" };
    writeln!(
        io.err,
        "problem {number} is {state}: {} tickets linked, {} suggested{more}",
        tickets.linked, tickets.suggested
    )?;
    Ok(ExitCode::SUCCESS)
}
