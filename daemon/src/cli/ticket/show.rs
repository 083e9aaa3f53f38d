//! `andonctl ticket show`.

use std::process::ExitCode;

use calendars::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Clock, given, left, span};
use crate::cli::Io;
use crate::cli::error::CliError;
use crate::cli::text::{Table, age, when};

#[derive(Deserialize)]
struct Ticket {
    number: u64,
    regulation: String,
    version: String,
    #[serde(rename = "type")]
    kind: String,
    priority: String,
    status: String,
    stage: String,
    line: u8,
    channel: String,
    subject: String,
    description: Option<String>,
    requester: Map<String, Value>,
    client: Option<String>,
    fields: Map<String, Value>,
    service: Option<String>,
    urgency: Option<String>,
    assignee: Option<String>,
    #[serde(default)]
    assignee_away: bool,
    group: Option<String>,
    /// The agent who registered it, where one did (HD-1, PM-C1).
    opened_by: Option<String>,
    registered_at: String,
    changed_at: String,
    revision: u64,
    incomplete: bool,
    missing: Vec<String>,
    wished: Vec<String>,
    urgent: bool,
    mark: Option<String>,
    clocks: Vec<Clock>,
    past_clocks: Vec<Clock>,
    links: Vec<Link>,
    escalations: Vec<Escalation>,
    complaints: u16,
    alarms: Vec<Alarm>,
    issues: Vec<Issue>,
    lead_questions: Vec<LeadQuestion>,
    articles: Vec<Article>,
}

#[derive(Deserialize)]
struct Link {
    to: u64,
    kind: String,
}

/// A question to a department.
#[derive(Deserialize)]
struct Escalation {
    id: u16,
    topic: String,
    department: String,
    channel: String,
    state: String,
    deadline: Option<String>,
    answered_at: Option<String>,
    breached: bool,
}

/// A request in a product team's tracker.
#[derive(Deserialize)]
struct Issue {
    id: u16,
    tracker: String,
    key: Option<String>,
    url: Option<String>,
    status: Option<String>,
    done: bool,
}

/// A question to the lead.
#[derive(Deserialize)]
struct LeadQuestion {
    id: u16,
    text: String,
    by: String,
    answer: Option<String>,
    answered_by: Option<String>,
}

#[derive(Deserialize)]
struct Article {
    url: String,
    title: Option<String>,
}

#[derive(Deserialize)]
struct Alarm {
    id: String,
    state: String,
    acked_by: Option<String>,
}

/// Shows a ticket.
pub(super) fn run(number: u64, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = format!("/v1/tickets/{number}");
    let answer = io.control.get(&path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let ticket: Ticket = answer.read(&path)?;
    io.pairs(&ticket.pairs(io))?;
    if !ticket.clocks.is_empty() {
        writeln!(io.out)?;
        io.table(&table(&ticket.clocks, &ticket.past_clocks, io.now))?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Ticket {
    fn pairs(&self, io: &Io<'_>) -> Vec<(&'static str, String)> {
        let flags = [(self.urgent, ", urgent"), (self.incomplete, ", incomplete")];
        let flags: String = flags.iter().filter(|(set, _)| *set).map(|(_, word)| *word).collect();
        let mut pairs = vec![
            ("ticket", format!("{}: {}", self.number, self.subject)),
            ("what", format!("{}, priority {}{flags}", self.kind, self.priority)),
            ("status", format!("{} ({})", self.status, self.stage)),
            ("line", self.line.to_string()),
        ];
        let mut add =
            |name: &'static str, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
        let away = if self.assignee_away { " (away: not on shift)" } else { "" };
        add("assignee", self.assignee.as_ref().map(|assignee| format!("{assignee}{away}")));
        add("group", self.group.clone());
        add("requester", listed(&self.requester));
        add("client", self.client.clone());
        add("service", self.service.clone());
        add("urgency", self.urgency.clone());
        add("fields", listed(&self.fields));
        add("missing", Some(self.missing.join(", ")).filter(|paths| !paths.is_empty()));
        add("wished", Some(self.wished.join(", ")).filter(|paths| !paths.is_empty()));
        add("description", self.description.clone());
        add("mark", self.mark.clone());
        let registered = format!(
            "{}, {} ago, by {}{}",
            when(&self.registered_at),
            age(&self.registered_at, io.now),
            self.channel,
            self.opened_by.as_ref().map(|agent| format!(", taken by {agent}")).unwrap_or_default()
        );
        add("registered", Some(registered));
        add("changed", Some(format!("{}, revision {}", when(&self.changed_at), self.revision)));
        add("regulation", Some(format!("{} {}", self.regulation, self.version)));
        for link in &self.links {
            add("link", Some(format!("{} ({})", link.to, link.kind)));
        }
        for escalation in &self.escalations {
            add("escalation", Some(escalation.told()));
        }
        for issue in &self.issues {
            add("issue", Some(issue.told()));
        }
        for question in &self.lead_questions {
            add("lead question", Some(question.told()));
        }
        for Article { url, title } in &self.articles {
            add("article", Some(title.as_ref().map_or(url.clone(), |title| format!("{title}, {url}"))));
        }
        add("complaints", Some(self.complaints.to_string()).filter(|_| self.complaints > 0));
        for alarm in &self.alarms {
            let by = alarm.acked_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            add("alarm", Some(format!("{}, {}{by}", alarm.id, alarm.state)));
        }
        pairs
    }
}

/// The clocks, and after them those of earlier cycles that were breached: what was broken stays so, what was kept is past.
fn table(clocks: &[Clock], past: &[Clock], now: Timestamp) -> Table {
    let mut table = Table::new(["clock", "used", "of", "state", "deadline", "calendar"]);
    for title in ["used", "of"] {
        table.align_right(title);
    }
    for clock in clocks {
        // Of escalations there may be several.
        let name = match clock.metric.as_str() {
            "escalation" => format!("escalation {}", clock.cycle),
            metric => metric.to_owned(),
        };
        table.row(row(name, clock, now));
    }
    for clock in past.iter().filter(|clock| clock.breached) {
        table.row(row(format!("{}, cycle {}", clock.metric, clock.cycle), clock, now));
    }
    table
}

fn row(name: String, clock: &Clock, now: Timestamp) -> [String; 6] {
    let state = match (&clock.breached_at, &clock.stopped_at) {
        (Some(at), _) if clock.breached => format!("{}, breached {}", clock.state, when(at)),
        (_, Some(at)) => format!("{} {}", clock.state, when(at)),
        (_, None) => clock.state.clone(),
    };
    let deadline = match &clock.deadline {
        Some(at) if clock.state == "running" => format!("{}, {}", when(at), left(at, now)),
        Some(at) => when(at),
        None => "-".to_owned(),
    };
    let deadline = if clock.provisional { format!("{deadline}, provisional") } else { deadline };
    let (used, of) = (span(clock.used_seconds), given(clock.target_seconds));
    [name, used, of, state, deadline, clock.calendar.clone()]
}

impl Escalation {
    /// `1 to legal by mattermost, topic legal: open, until 2026-11-26 19:00`.
    fn told(&self) -> String {
        let Self { id, topic, department, channel, state, .. } = self;
        let at = match (&self.answered_at, &self.deadline) {
            (Some(at), _) => format!(" {}", when(at)),
            (None, Some(at)) if state == "open" => format!(", until {}", when(at)),
            (None, _) => String::new(),
        };
        let late = if self.breached { ", breached" } else { "" };
        format!("{id} to {department} by {channel}, topic {topic}: {state}{at}{late}")
    }
}

impl Issue {
    /// `1 in product as CRM-7: In review, https://…`.
    fn told(&self) -> String {
        let Self { id, tracker, key, url, status, done } = self;
        let key =
            key.as_deref().map_or_else(|| ", not opened there yet".to_owned(), |key| format!(" as {key}"));
        let status = status.as_deref().map_or_else(String::new, |status| format!(": {status}"));
        let done = if *done { ", done" } else { "" };
        let url = url.as_deref().map_or_else(String::new, |url| format!(", {url}"));
        format!("{id} in {tracker}{key}{status}{done}{url}")
    }
}

impl LeadQuestion {
    fn told(&self) -> String {
        let Self { id, text, by, answer, answered_by } = self;
        let answer = match (answer, answered_by) {
            (Some(answer), by) => format!("; {}: {answer}", by.as_deref().unwrap_or_default()),
            (None, _) => "; not answered yet".to_owned(),
        };
        format!("{id} by {by}: {text}{answer}")
    }
}

/// `name: value, name: value`; nothing where there is nothing.
fn listed(members: &Map<String, Value>) -> Option<String> {
    let told = members.iter().map(|(name, value)| match value {
        Value::String(text) => format!("{name}: {text}"),
        other => format!("{name}: {other}"),
    });
    let told: Vec<_> = told.collect();
    (!told.is_empty()).then(|| told.join(", "))
}

#[cfg(test)]
mod tests {
    use calendars::Timestamp;
    use serde_json::{Value, json};

    use super::{Clock, table};

    fn line(cycle: u16, breached_at: Option<&str>) -> Value {
        json!({
            "metric": "line", "state": if cycle == 3 { "running" } else { "stopped" }, "target_seconds": 14_400, "used_seconds": 3_600,
            "calendar": "a/b", "deadline": "2026-11-23T14:00:00.000+03:00", "stopped_at": null, "breached": breached_at.is_some(),
            "breached_at": breached_at, "provisional": false, "cycle": cycle,
        })
    }

    #[test]
    fn an_earlier_cycle_is_shown_where_it_was_breached() {
        let now = Timestamp::parse_rfc3339("2026-11-23T10:00:00+03:00").unwrap();
        let clock = |cycle, breached_at| serde_json::from_value::<Clock>(line(cycle, breached_at)).unwrap();
        let past = [clock(1, Some("2026-11-20T14:00:00.000+03:00")), clock(2, None)];
        let shown = table(&[clock(3, None)], &past, now).to_string();
        let rows: Vec<_> = shown.lines().skip(1).map(str::trim).collect();
        assert_eq!(rows.len(), 2, "{shown}");
        assert!(rows[0].starts_with("line ") && rows[0].contains("running"), "{shown}");
        assert!(rows[1].starts_with("line, cycle 1 "), "{shown}");
        assert!(rows[1].contains("stopped, breached 2026-11-20 14:00:00"), "{shown}");
    }
}
