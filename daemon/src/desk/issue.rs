//! Issues: requests in the task tracker of a product team, made for a ticket (HD-13).
//!
//! The desk opens none there itself: it tells, by webhook or stream, that one is wanted, and whoever opened it tells its
//! key, and later how it stands. What it is called there stays in the tracker's own words.

use calendars::{Timestamp, Tz};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

/// The most issues of one ticket.
pub const ISSUES_MAX: usize = 20;

/// What names an issue among a ticket's, from 1.
pub type IssueNumber = u16;

/// A request in a product team's tracker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Its number on the ticket.
    pub id: IssueNumber,
    /// Which tracker, by the regulation's id.
    pub tracker: SmolStr,
    /// Its key there; none until somebody told it.
    pub key: Option<SmolStr>,
    /// Where it is to be seen there.
    pub url: Option<String>,
    /// What is wanted.
    pub text: String,
    /// When it was asked for.
    pub opened_at: Timestamp,
    /// Who asked for it.
    pub by: SmolStr,
    /// How it stands, in the tracker's words; none until somebody told it.
    pub status: Option<String>,
    /// Whether it is over there.
    pub done: bool,
    /// When something was told of it last.
    pub changed_at: Timestamp,
}

impl Issue {
    /// Takes in what was told of it; what is absent stays.
    pub(crate) fn note(&mut self, told: &IssueTold, at: Timestamp) {
        let IssueTold { key, url, status, done } = told.clone();
        self.key = key.or(self.key.take());
        self.url = url.or(self.url.take());
        self.status = status.or(self.status.take());
        self.done = done.unwrap_or(self.done);
        self.changed_at = at;
    }

    /// Whether that was told of it already.
    pub(crate) fn knows(&self, told: &IssueTold) -> bool {
        let mut after = self.clone();
        after.note(told, self.changed_at);
        after == *self
    }
}

/// What is told of an issue; what is absent stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueTold {
    /// Its key in the tracker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SmolStr>,
    /// Where it is to be seen there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How it stands, in the tracker's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Whether it is over there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<bool>,
}

/// An issue as people and programs see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct IssueView {
    /// Its number on the ticket.
    pub id: u16,
    /// Which tracker, by the regulation's id.
    #[schema(value_type = String, example = "product")]
    pub tracker: SmolStr,
    /// Its key there; null until somebody told it.
    #[schema(value_type = Option<String>, example = "CRM-4711")]
    pub key: Option<SmolStr>,
    /// Where it is to be seen there.
    pub url: Option<String>,
    /// What is wanted.
    pub text: String,
    /// When it was asked for.
    pub opened_at: String,
    /// Who asked for it.
    #[schema(value_type = String)]
    pub by: SmolStr,
    /// How it stands, in the tracker's words; null until somebody told it.
    pub status: Option<String>,
    /// Whether it is over there.
    pub done: bool,
    /// When something was told of it last.
    pub changed_at: String,
}

impl IssueView {
    /// Of an issue, with times of a zone.
    pub fn of(issue: &Issue, zone: Tz) -> Self {
        let Issue { id, tracker, key, url, text, opened_at, by, status, done, changed_at } = issue.clone();
        let (opened_at, changed_at) = (opened_at.to_rfc3339(zone), changed_at.to_rfc3339(zone));
        Self { id, tracker, key, url, text, opened_at, by, status, done, changed_at }
    }
}
