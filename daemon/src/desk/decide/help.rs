//! `cite`, `ask-lead`, `lead-answer`: the knowledge base and the team lead help with a ticket (HD-17).

use super::issue::{one_line, url};
use super::{Draft, Wrong};
use crate::desk::command::{Cite, LeadAnswer, Text};
use crate::desk::event::Event;
use crate::desk::help::{ARTICLES_MAX, QUESTIONS_MAX};
use crate::desk::refusal::Refusal;

/// The longest title of an article, in characters.
const TITLE_MAX_CHARS: usize = 200;

pub(super) fn cite(draft: &mut Draft<'_>, article: &Cite) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let url = url(article.url.as_ref(), &mut wrong);
    if url.is_none() {
        wrong.add("url", "is required: where the article is");
    }
    let title = one_line("title", article.title.as_ref(), TITLE_MAX_CHARS, &mut wrong);
    wrong.done()?;
    let Some(url) = url else { return Ok(()) };
    let known = draft.ticket.articles.iter().find(|known| known.url == url);
    if known.is_some_and(|known| title.is_none() || known.title == title) {
        return Ok(());
    }
    if known.is_none() && draft.ticket.articles.len() >= ARTICLES_MAX {
        let message =
            format!("ticket {} names {ARTICLES_MAX} articles, and no ticket has more", draft.ticket.number);
        return Err(Refusal::conflict("too-many-articles", message));
    }
    draft.push(Event::Cited { url, title });
    Ok(())
}

pub(super) fn ask_lead(draft: &mut Draft<'_>, words: &Text) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let text = wrong.text("text", words.text.as_ref());
    wrong.done()?;
    let questions = &draft.ticket.lead_questions;
    if questions.len() >= QUESTIONS_MAX {
        let message = format!(
            "ticket {} has {QUESTIONS_MAX} questions to the lead, and no ticket has more",
            draft.ticket.number
        );
        return Err(Refusal::conflict("too-many-questions", message));
    }
    let question = questions.iter().map(|question| question.id).max().unwrap_or_default() + 1;
    draft.push(Event::LeadAsked { question, text });
    Ok(())
}

pub(super) fn lead_answer(draft: &mut Draft<'_>, words: &LeadAnswer) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let questions = &draft.ticket.lead_questions;
    let known = words.question.and_then(|id| questions.iter().find(|question| question.id == id));
    if known.is_none() {
        let open = questions.iter().filter(|question| question.answer.is_none());
        let open = open.map(|question| question.id.to_string()).collect::<Vec<_>>().join(", ");
        let open = if open.is_empty() { "none is open".to_owned() } else { format!("open is {open}") };
        wrong.add(
            "question",
            words.question.map_or_else(
                || format!("is required: the number of a question to the lead; {open}"),
                |id| format!("ticket {} has no question {id}; {open}", draft.ticket.number),
            ),
        );
    }
    let text = wrong.text("text", words.text.as_ref());
    let known = known.map(|question| (question.id, question.answer.is_some()));
    wrong.done()?;
    let Some((question, is_answered)) = known else { return Ok(()) };
    if is_answered {
        return Err(Refusal::Conflict {
            code: "question-answered",
            message: format!("question {question} is answered already; `ask-lead` asks anew"),
            ticket: Some(draft.ticket.number),
            status: Some(draft.ticket.facts.status.clone()),
        });
    }
    draft.push(Event::LeadAnswered { question, text });
    Ok(())
}
