//! `andonctl agent`: who answers, and whether they are there.

use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;
use serde_json::json;

use super::Io;
use super::control::encoded;
use super::error::CliError;
use super::text::{Table, minute};

/// Say who answers, and see who is there.
#[derive(Debug, Subcommand)]
pub(super) enum AgentNoun {
    /// List the agents, with their groups, and whether they are on shift and online
    List,
    Put(Put),
    Remove(Remove),
    Presence(SetPresence),
}

/// Add an agent, or write down anew what is known of one.
#[derive(Debug, Args)]
pub(super) struct Put {
    /// Their name, which is their token's where they have one
    #[arg(value_name = "NAME")]
    name: String,
    /// What people call them
    #[arg(long, value_name = "TEXT")]
    title: Option<String>,
    /// A line they work on; may be given again. Left out: every line
    #[arg(long = "line", value_name = "L")]
    lines: Vec<u8>,
    /// A group they belong to; may be given again
    #[arg(long = "group", value_name = "ID")]
    groups: Vec<String>,
    /// A skill they have, such as technical-specialist; may be given again
    #[arg(long = "skill", value_name = "ID")]
    skills: Vec<String>,
}

/// Remove an agent, with the shifts they have.
#[derive(Debug, Args)]
pub(super) struct Remove {
    /// Their name
    #[arg(value_name = "NAME")]
    name: String,
    /// Give their open tickets to the groups of their channels; else it is refused while they have some
    #[arg(long)]
    hand_back: bool,
}

/// Say that an agent is there, or is not.
#[derive(Debug, Args)]
pub(super) struct SetPresence {
    /// Their name
    #[arg(value_name = "NAME")]
    name: String,
    /// For chats
    #[arg(long, value_name = "P", required_unless_present = "requests")]
    chat: Option<Presence>,
    /// For requests: what is given to agents in turn
    #[arg(long, value_name = "P")]
    requests: Option<Presence>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Presence {
    Online,
    Offline,
}

impl Presence {
    const fn id(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
        }
    }
}

/// An agent as the daemon tells of them.
#[derive(Deserialize)]
pub(super) struct Agent {
    pub(super) name: String,
    pub(super) title: Option<String>,
    lines: Vec<u8>,
    groups: Vec<String>,
    skills: Vec<String>,
    presence: Presences,
    on_shift_until: Option<String>,
    open_tickets: u64,
}

#[derive(Deserialize)]
struct Presences {
    chat: String,
    requests: String,
}

impl AgentNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        match self {
            Self::List => list(io),
            Self::Put(put) => put.run(io),
            Self::Remove(remove) => remove.run(io),
            Self::Presence(presence) => presence.run(io),
        }
    }
}

fn list(io: &mut Io<'_>) -> Result<ExitCode, CliError> {
    let path = "/v1/agents";
    let answer = io.control.get(path)?;
    if io.json {
        return io.json(&answer.json);
    }
    let mut table = Table::new([
        "name",
        "title",
        "lines",
        "groups",
        "skills",
        "on shift until",
        "chat",
        "requests",
        "open",
    ]);
    table.align_right("open");
    for agent in answer.read::<Vec<Agent>>(path)? {
        table.row([
            agent.name,
            agent.title.unwrap_or_default(),
            all_or(&agent.lines.iter().map(u8::to_string).collect::<Vec<_>>()),
            agent.groups.join(", "),
            agent.skills.join(", "),
            agent.on_shift_until.map_or_else(|| "-".to_owned(), |until| minute(&until)),
            agent.presence.chat,
            agent.presence.requests,
            agent.open_tickets.to_string(),
        ]);
    }
    io.table(&table)
}

fn all_or(lines: &[String]) -> String {
    if lines.is_empty() { "all".to_owned() } else { lines.join(", ") }
}

impl Put {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let Self { name, title, lines, groups, skills } = self;
        let body = json!({"title": title, "lines": lines, "groups": groups, "skills": skills});
        let answer = io.control.put(&format!("/v1/agents/{}", encoded(name)), &body)?;
        if io.json {
            return io.json(&answer.json);
        }
        writeln!(io.err, "agent {name} is known")?;
        Ok(ExitCode::SUCCESS)
    }
}

impl Remove {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let query = if self.hand_back { "?hand-back=true" } else { "" };
        io.control.delete(&format!("/v1/agents/{}{query}", encoded(&self.name)))?;
        writeln!(io.err, "agent {} is removed", self.name)?;
        Ok(ExitCode::SUCCESS)
    }
}

impl SetPresence {
    fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let mut body = serde_json::Map::new();
        for (what, presence) in [("chat", self.chat), ("requests", self.requests)] {
            body.extend(presence.map(|presence| (what.to_owned(), presence.id().into())));
        }
        let path = format!("/v1/agents/{}/presence", encoded(&self.name));
        let answer = io.control.put(&path, &body.into())?;
        if io.json {
            return io.json(&answer.json);
        }
        let agent: Agent = answer.read(&path)?;
        let Presences { chat, requests } = agent.presence;
        writeln!(io.err, "agent {}: {chat} for chats, {requests} for requests", agent.name)?;
        Ok(ExitCode::SUCCESS)
    }
}
