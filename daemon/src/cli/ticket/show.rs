//! `andonctl ticket show`.

use std::process::ExitCode;

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
    group: Option<String>,
    registered_at: String,
    changed_at: String,
    revision: u64,
    incomplete: bool,
    missing: Vec<String>,
    wished: Vec<String>,
    urgent: bool,
    mark: Option<String>,
    clocks: Vec<Clock>,
    links: Vec<Link>,
    alarms: Vec<Alarm>,
}

#[derive(Deserialize)]
struct Link {
    to: u64,
    kind: String,
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
        io.table(&ticket.clocks(io))?;
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
        add("assignee", self.assignee.clone());
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
            "{}, {} ago, by {}",
            when(&self.registered_at),
            age(&self.registered_at, io.now),
            self.channel
        );
        add("registered", Some(registered));
        add("changed", Some(format!("{}, revision {}", when(&self.changed_at), self.revision)));
        add("regulation", Some(format!("{} {}", self.regulation, self.version)));
        for link in &self.links {
            add("link", Some(format!("{} ({})", link.to, link.kind)));
        }
        for alarm in &self.alarms {
            let by = alarm.acked_by.as_ref().map(|by| format!(" by {by}")).unwrap_or_default();
            add("alarm", Some(format!("{}, {}{by}", alarm.id, alarm.state)));
        }
        pairs
    }

    fn clocks(&self, io: &Io<'_>) -> Table {
        let mut table = Table::new(["clock", "used", "of", "state", "deadline", "calendar"]);
        for title in ["used", "of"] {
            table.align_right(title);
        }
        for clock in &self.clocks {
            let state = match (&clock.breached_at, &clock.stopped_at) {
                (Some(at), _) if clock.breached => format!("{}, breached {}", clock.state, when(at)),
                (_, Some(at)) => format!("{} {}", clock.state, when(at)),
                (_, None) => clock.state.clone(),
            };
            let deadline = match &clock.deadline {
                Some(at) if clock.state == "running" => format!("{}, {}", when(at), left(at, io.now)),
                Some(at) => when(at),
                None => "-".to_owned(),
            };
            let deadline = if clock.provisional { format!("{deadline}, provisional") } else { deadline };
            table.row([
                clock.metric.clone(),
                span(clock.used_seconds),
                given(clock.target_seconds),
                state,
                deadline,
                clock.calendar.clone(),
            ]);
        }
        table
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
