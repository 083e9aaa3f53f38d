//! Agents: who answers, on which lines, in which groups, with which skills, and whether they are there.

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

/// What is known of an agent, as a lead writes it down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentCard {
    /// Unique; the name of their token, where they have one.
    pub name: SmolStr,
    /// What people call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The lines they work on; empty means every line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<u8>,
    /// The groups they belong to, by id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<SmolStr>,
    /// What they can do that a regulation may ask for, by id: `technical-specialist`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<SmolStr>,
}

impl AgentCard {
    /// Whether they work on the line.
    pub fn works_on(&self, line: u8) -> bool {
        self.lines.is_empty() || self.lines.contains(&line)
    }

    /// Whether they belong to the group.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|known| known == group)
    }

    /// Whether they have the skill.
    pub fn has(&self, skill: &str) -> bool {
        self.skills.iter().any(|known| known == skill)
    }
}

/// What an agent may be there for; each apart from the other (HD-8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PresenceFor {
    /// Chats.
    Chat,
    /// Requests: what is distributed.
    Requests,
}

/// Whether an agent is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// They are.
    Online,
    /// They are not.
    #[default]
    Offline,
}

impl Presence {
    /// The id in JSON and in the journal.
    pub const fn id(self) -> &'static str {
        match self {
            Presence::Online => "online",
            Presence::Offline => "offline",
        }
    }
}

impl PresenceFor {
    /// The id in JSON and in the journal.
    pub const fn id(self) -> &'static str {
        match self {
            PresenceFor::Chat => "chat",
            PresenceFor::Requests => "requests",
        }
    }
}

/// An agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    /// What is known of them.
    #[serde(flatten)]
    pub card: AgentCard,
    /// Whether they are there for chats.
    #[serde(default)]
    pub chat: Presence,
    /// Whether they are there for requests.
    #[serde(default)]
    pub requests: Presence,
    /// When they last said so; none where they never did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) said_at: Option<Timestamp>,
}

impl Agent {
    /// An agent who is not there yet.
    pub(super) fn new(card: AgentCard) -> Self {
        Self { card, chat: Presence::Offline, requests: Presence::Offline, said_at: None }
    }

    /// Whether they are there for that.
    pub fn presence(&self, what: PresenceFor) -> Presence {
        match what {
            PresenceFor::Chat => self.chat,
            PresenceFor::Requests => self.requests,
        }
    }

    /// There is nobody.
    pub(super) fn leave(&mut self) {
        *self = Self::new(self.card.clone());
    }

    pub(super) fn set(&mut self, what: PresenceFor, presence: Presence, at: Timestamp) {
        self.said_at = Some(at);
        match what {
            PresenceFor::Chat => self.chat = presence,
            PresenceFor::Requests => self.requests = presence,
        }
    }
}
