//! Who gives a command, and what a role may do.

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::scope::Scope;

/// What a person or program may do, from least to most; each role may all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Sees tickets, alarms and the wall.
    Viewer,
    /// Registers tickets and passes on the requester's words: a form, a bot, a mail gateway.
    Intake,
    /// Works on tickets.
    Agent,
    /// Leads a line or a shift.
    Lead,
    /// Heads support: complaints come here.
    Head,
    /// Keeps the box: tokens, regulations, the clock.
    Admin,
}

impl Role {
    /// Every role, from least to most.
    pub const ALL: [Role; 6] = [Role::Viewer, Role::Intake, Role::Agent, Role::Lead, Role::Head, Role::Admin];

    /// The id as it stands in tokens, JSON and configuration.
    pub const fn id(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Intake => "intake",
            Role::Agent => "agent",
            Role::Lead => "lead",
            Role::Head => "head",
            Role::Admin => "admin",
        }
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

impl std::str::FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Role::ALL.into_iter().find(|role| role.id() == text).ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

/// A role that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("unknown role `{0}`; a role is one of viewer, intake, agent, lead, head, admin")]
pub struct UnknownRole(String);

/// Whoever gives a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The name events bear. Empty for the nameless lead of a simulation.
    pub name: SmolStr,
    /// What they may do.
    pub role: Role,
    /// The lines they work on; empty means every line.
    pub lines: Vec<u8>,
    /// The tickets they have to do with.
    pub scope: Scope,
    /// True where they speak for the requester: answering, confirming, returning.
    pub requester: bool,
}

impl Actor {
    /// An agent, lead or admin by name, on every line.
    pub fn named(name: &str, role: Role) -> Self {
        Self { name: name.into(), role, lines: Vec::new(), scope: Scope::default(), requester: false }
    }

    /// The requester, whose words came in by some channel.
    pub fn requester() -> Self {
        Self { requester: true, ..Self::named("requester", Role::Intake) }
    }

    /// Time itself: what the desk does when a deadline passes.
    pub fn timer() -> Self {
        Self::named("timer", Role::Admin)
    }

    /// Whether they work on the line.
    pub fn works_on(&self, line: u8) -> bool {
        self.lines.is_empty() || self.lines.contains(&line)
    }
}
