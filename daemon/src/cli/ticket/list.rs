//! `andonctl ticket list`.

use std::process::ExitCode;

use clap::Args;
use serde::Deserialize;
use serde_json::Value;

use super::{Clock, left};
use crate::cli::Io;
use crate::cli::control::encoded;
use crate::cli::error::CliError;
use crate::cli::text::{Table, age};

/// How many the daemon gives at once.
const PAGE_MAX: usize = 200;

/// List tickets, the newest first.
///
/// Several values of one filter are written as a comma list; `none` finds tickets without assignee, group or client.
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Ids of statuses
    #[arg(long, value_name = "IDS")]
    status: Option<String>,
    /// open, resolved, closed
    #[arg(long, value_name = "STAGES")]
    stage: Option<String>,
    /// Ids of priorities
    #[arg(long, value_name = "IDS")]
    priority: Option<String>,
    /// Ids of types
    #[arg(long = "type", value_name = "IDS")]
    kind: Option<String>,
    /// Lines
    #[arg(long, value_name = "LINES")]
    line: Option<String>,
    /// Agents
    #[arg(long, value_name = "NAMES")]
    assignee: Option<String>,
    /// Groups
    #[arg(long, value_name = "NAMES")]
    group: Option<String>,
    /// Organisations
    #[arg(long, value_name = "NAMES")]
    client: Option<String>,
    /// Ids of regulations
    #[arg(long, value_name = "IDS")]
    regulation: Option<String>,
    /// Only those with a clock that ran out and still counts
    #[arg(long)]
    overdue: bool,
    /// Words of number, subject, description, client or requester
    #[arg(short, long = "query", value_name = "WORDS")]
    q: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

#[derive(Deserialize)]
struct Ticket {
    number: u64,
    regulation: String,
    #[serde(rename = "type")]
    kind: String,
    priority: String,
    status: String,
    line: u8,
    subject: String,
    assignee: Option<String>,
    group: Option<String>,
    registered_at: String,
    clocks: Vec<Clock>,
}

impl List {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let limit = self.limit as usize;
        let mut next = Some(self.path(limit));
        let mut tickets: Vec<Value> = Vec::new();
        while let Some(path) = next.take_if(|_| tickets.len() < limit) {
            let answer = io.control.get(&path)?;
            let page: Vec<Value> = answer.read(&path)?;
            next = answer.next.filter(|_| !page.is_empty());
            tickets.extend(page);
        }
        let more = next.is_some() || tickets.len() > limit;
        tickets.truncate(limit);
        if io.json {
            return io.json(&Value::Array(tickets));
        }
        let tickets: Result<Vec<Ticket>, _> = tickets.into_iter().map(serde_json::from_value).collect();
        let tickets = tickets.map_err(|source| crate::cli::control::ControlError::Unreadable {
            path: "/v1/tickets".to_owned(),
            source,
        })?;
        // Whose rules a ticket goes by is told where there is more than one answer.
        let several = tickets.iter().any(|ticket| ticket.regulation != tickets[0].regulation);
        let mut titles =
            vec!["no.", "regulation", "priority", "type", "status", "line", "whose", "age", "due", "subject"];
        titles.retain(|title| several || *title != "regulation");
        let mut table = Table::new(titles);
        for title in ["no.", "line", "age"] {
            table.align_right(title);
        }
        for ticket in tickets {
            let due = ticket.due(io);
            let group = ticket.group.map(|group| format!("[{group}]"));
            let regulation = several.then_some(ticket.regulation);
            let cells = std::iter::once(ticket.number.to_string()).chain(regulation).chain([
                ticket.priority,
                ticket.kind,
                ticket.status,
                ticket.line.to_string(),
                ticket.assignee.or(group).unwrap_or_else(|| "-".to_owned()),
                age(&ticket.registered_at, io.now),
                due,
                ticket.subject,
            ]);
            table.row(cells);
        }
        io.table(&table)?;
        if more {
            writeln!(io.err, "there are more; --limit shows more of them")?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn path(&self, limit: usize) -> String {
        let overdue = self.overdue.then(|| "true".to_owned());
        let filters = [
            ("status", &self.status),
            ("stage", &self.stage),
            ("priority", &self.priority),
            ("type", &self.kind),
            ("line", &self.line),
            ("assignee", &self.assignee),
            ("group", &self.group),
            ("client", &self.client),
            ("regulation", &self.regulation),
            ("overdue", &overdue),
            ("q", &self.q),
        ];
        let told = filters.iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        let told = told.map(|(name, value)| format!("&{name}={}", encoded(value).replace("%2C", ",")));
        format!("/v1/tickets?limit={}{}", limit.min(PAGE_MAX), told.collect::<Vec<_>>().concat())
    }
}

impl Ticket {
    /// The running clock that ends first.
    fn due(&self, io: &Io<'_>) -> String {
        let running = self.clocks.iter().filter(|clock| clock.state == "running");
        let first =
            running.filter_map(|clock| Some((clock.deadline.as_deref()?, clock))).min_by_key(|(at, _)| *at);
        first.map_or_else(|| "-".to_owned(), |(at, clock)| format!("{} {}", clock.metric, left(at, io.now)))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        list: List,
    }

    #[test]
    fn filters_become_a_query() {
        let words =
            ["list", "--status", "new,in-progress", "--overdue", "-q", "отчёт & ко", "--limit", "500"];
        let Alone { list } = Alone::parse_from(words);
        assert_eq!(
            list.path(500),
            "/v1/tickets?limit=200&status=new,in-progress&overdue=true&q=%D0%BE%D1%82%D1%87%D1%91%D1%82%20%26%20%D0%BA%D0%BE"
        );
    }
}
