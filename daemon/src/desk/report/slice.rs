//! Slices: the parts of a month that have figures of their own.

use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use utoipa::ToSchema;

use crate::desk::clocks::Stint;
use crate::desk::ticket::Ticket;

/// By what the tickets of a regulation are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Dimension {
    /// By nothing: all tickets of the regulation.
    Regulation,
    /// By the line they stood on last; a term of a line by that line.
    Line,
    /// By who gave the solution; by who had it where there was none. A term of a line by who had it there.
    Agent,
    /// By service.
    Service,
    /// By where the source of the problem lay (BC-12).
    Source,
    /// By priority.
    Priority,
}

impl Dimension {
    /// Every dimension, as reports have them.
    pub const ALL: [Self; 6] =
        [Self::Regulation, Self::Line, Self::Agent, Self::Service, Self::Source, Self::Priority];

    /// The id in JSON and CSV.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Regulation => "regulation",
            Self::Line => "line",
            Self::Agent => "agent",
            Self::Service => "service",
            Self::Source => "source",
            Self::Priority => "priority",
        }
    }
}

/// A part of a month: tickets of one regulation, by one dimension.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slice {
    /// Which regulation.
    pub regulation: SmolStr,
    /// By what.
    pub by: Dimension,
    /// Which line, agent, …; none for those that have none, and of [`Dimension::Regulation`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<SmolStr>,
    /// Whether it is all those that were too many to be told apart.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
}

impl Slice {
    /// The slice for all that are too many.
    #[must_use]
    pub(super) fn with_others(&self) -> Self {
        Self { id: None, others: true, ..self.clone() }
    }
}

/// What tells a ticket's slices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the ticket's, documented there")]
pub struct Facets {
    pub regulation: SmolStr,
    pub line: u8,
    pub priority: SmolStr,
    /// Who gave the solution; who had it where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<SmolStr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<SmolStr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<SmolStr>,
}

impl Facets {
    /// A ticket's as it stands.
    pub fn of(ticket: &Ticket) -> Self {
        let facts = &ticket.facts;
        Self {
            regulation: facts.regulation.clone(),
            line: facts.line,
            priority: facts.priority.clone(),
            agent: ticket.way.solved_by.clone().or_else(|| ticket.assignee.clone()),
            service: facts.service.clone(),
            source: ticket.way.source.clone(),
        }
    }

    /// The same, of whoever had the ticket on a line.
    #[must_use]
    pub(super) fn with(&self, stint: &Stint) -> Self {
        Self { line: stint.line, agent: stint.agent.clone(), ..self.clone() }
    }

    /// Every slice it belongs to.
    pub fn slices(&self) -> impl Iterator<Item = Slice> + '_ {
        Dimension::ALL.into_iter().map(|by| {
            let id = match by {
                Dimension::Regulation => None,
                Dimension::Line => Some(format_smolstr!("{}", self.line)),
                Dimension::Agent => self.agent.clone(),
                Dimension::Service => self.service.clone(),
                Dimension::Source => self.source.clone(),
                Dimension::Priority => Some(self.priority.clone()),
            };
            Slice { regulation: self.regulation.clone(), by, id, others: false }
        })
    }
}
