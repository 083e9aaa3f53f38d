//! `andonctl ticket list`.

use std::process::ExitCode;

use calendars::Timestamp;
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
            next = answer.next;
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
        // Whose rules a ticket goes by is told where there is more than one answer (X-1).
        let several = tickets.iter().any(|ticket| ticket.regulation != tickets[0].regulation);
        let mut titles =
            vec!["no.", "regulation", "priority", "type", "status", "line", "whose", "age", "due", "subject"];
        titles.retain(|title| several || *title != "regulation");
        let mut table = Table::new(titles);
        for title in ["no.", "line", "age"] {
            table.align_right(title);
        }
        for ticket in tickets {
            let due = ticket.due(io.now);
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
    /// The running clock that ends first; "no term" where the solution has none, or none yet (ZS-5d).
    fn due(&self, now: Timestamp) -> String {
        let running = || self.clocks.iter().filter(|clock| clock.state == "running");
        let first =
            running().filter_map(|clock| Some((clock.deadline.as_deref()?, clock))).min_by_key(|(at, _)| *at);
        if let Some((at, clock)) = first {
            return format!("{} {}", clock.metric, left(at, now));
        }
        let without = running().any(|clock| clock.metric == "resolution" && clock.target_seconds.is_none());
        if without { "no term" } else { "-" }.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use serde_json::json;

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

    /// ZS-5d: an enhancement that nobody has estimated has "no term"; what waits has no deadline now, which is another thing.
    #[test]
    fn a_solution_without_a_term_says_so() {
        let now = Timestamp::parse_rfc3339("2026-11-23T10:00:00+03:00").unwrap();
        let clock = |metric: &str, state: &str, target: Option<i64>, deadline: Option<&str>| {
            json!({
                "metric": metric, "state": state, "target_seconds": target, "deadline": deadline, "used_seconds": 0,
                "calendar": "a/b", "stopped_at": null, "breached": false, "breached_at": null, "provisional": false,
                "cycle": 1,
            })
        };
        let due = |clocks: &[Value]| {
            let ticket = json!({
                "number": 1, "regulation": "r", "type": "a", "priority": "b", "status": "c", "line": 1, "subject": "d", "assignee": null,
                "group": null, "registered_at": "2026-11-23T10:00:00+03:00", "clocks": clocks,
            });
            serde_json::from_value::<Ticket>(ticket).unwrap().due(now)
        };
        let unestimated = clock("resolution", "running", None, None);
        let reaction = clock("reaction", "running", Some(3600), Some("2026-11-23T11:00:00+03:00"));
        assert_eq!(due(&[clock("reaction", "stopped", Some(3600), None), unestimated.clone()]), "no term");
        assert_eq!(due(&[reaction, unestimated]), "reaction in 1h00m");
        assert_eq!(due(&[clock("resolution", "paused", Some(3600), None)]), "-");
        assert_eq!(due(&[clock("reaction", "running", None, None)]), "-");
    }
}
