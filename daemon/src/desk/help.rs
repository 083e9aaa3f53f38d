//! Help with a ticket: what the knowledge base says, and what the team lead does (HD-17).

use calendars::{Timestamp, Tz};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

/// The most articles of one ticket.
pub const ARTICLES_MAX: usize = 50;
/// The most questions to the lead about one ticket.
pub const QUESTIONS_MAX: usize = 100;

/// What names a question among a ticket's, from 1.
pub type QuestionNumber = u16;

/// A page of the knowledge base that helps with a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Where it is.
    pub url: String,
    /// What it is called.
    pub title: Option<String>,
    /// When it was named.
    pub at: Timestamp,
    /// Who named it.
    pub by: SmolStr,
}

/// A question to the lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadQuestion {
    /// Its number on the ticket.
    pub id: QuestionNumber,
    /// What was asked.
    pub text: String,
    /// When.
    pub asked_at: Timestamp,
    /// Who asked.
    pub by: SmolStr,
    /// What the lead said.
    pub answer: Option<String>,
    /// Who that was.
    pub answered_by: Option<SmolStr>,
    /// When.
    pub answered_at: Option<Timestamp>,
}

impl LeadQuestion {
    /// A question that nobody has answered yet.
    pub(crate) fn of(id: QuestionNumber, text: &str, by: &str, asked_at: Timestamp) -> Self {
        let (text, by) = (text.to_owned(), by.into());
        Self { id, text, asked_at, by, answer: None, answered_by: None, answered_at: None }
    }

    /// The lead has answered.
    pub(crate) fn answer(&mut self, text: &str, by: &str, at: Timestamp) {
        self.answer = Some(text.to_owned());
        self.answered_by = Some(by.into());
        self.answered_at = Some(at);
    }
}

/// A page of the knowledge base, as people and programs see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ArticleView {
    /// Where it is.
    #[schema(example = "https://kb.example.ru/vpn")]
    pub url: String,
    /// What it is called.
    pub title: Option<String>,
    /// When it was named.
    pub at: String,
    /// Who named it.
    #[schema(value_type = String)]
    pub by: SmolStr,
}

/// A question to the lead, as people and programs see it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LeadQuestionView {
    /// Its number on the ticket.
    pub id: u16,
    /// What was asked.
    pub text: String,
    /// When.
    pub asked_at: String,
    /// Who asked.
    #[schema(value_type = String)]
    pub by: SmolStr,
    /// What the lead said; null while nobody answered.
    pub answer: Option<String>,
    /// Who that was.
    #[schema(value_type = Option<String>)]
    pub answered_by: Option<SmolStr>,
    /// When.
    pub answered_at: Option<String>,
}

impl ArticleView {
    /// Of an article, with times of a zone.
    pub fn of(article: &Article, zone: Tz) -> Self {
        let Article { url, title, at, by } = article.clone();
        Self { url, title, at: at.to_rfc3339(zone), by }
    }
}

impl LeadQuestionView {
    /// Of a question, with times of a zone.
    pub fn of(question: &LeadQuestion, zone: Tz) -> Self {
        let LeadQuestion { id, text, asked_at, by, answer, answered_by, answered_at } = question.clone();
        let asked_at = asked_at.to_rfc3339(zone);
        let answered_at = answered_at.map(|at| at.to_rfc3339(zone));
        Self { id, text, asked_at, by, answer, answered_by, answered_at }
    }
}
