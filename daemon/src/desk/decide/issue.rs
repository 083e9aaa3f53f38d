//! `issue`, `issue-status`: a product team's tracker is to have a request for the ticket, and tells of it (HD-13).
//!
//! Nobody but the requester makes the ticket's clocks stand still (HD-12): they run on while the product team works.

use smol_str::SmolStr;

use super::{Draft, Wrong};
use crate::desk::command::{OpenIssue, TellIssue};
use crate::desk::event::Event;
use crate::desk::issue::{ISSUES_MAX, Issue, IssueTold};
use crate::desk::reference::{KEY_MAX_CHARS, URL_MAX_CHARS};
use crate::desk::refusal::Refusal;
use crate::desk::regulation::is_url;

/// How long the words of a tracker for how an issue stands may be, in characters.
const STATUS_MAX_CHARS: usize = 200;

pub(super) fn open(draft: &mut Draft<'_>, wanted: &OpenIssue) -> Result<(), Refusal> {
    let trackers = &draft.regulation.trackers;
    if trackers.is_empty() {
        return Err(Refusal::conflict(
            "not-in-regulation",
            format!("regulation {} names no tracker of a product team", draft.regulation.id),
        ));
    }
    let mut wrong = Wrong::default();
    let known = trackers.iter().map(|tracker| tracker.id.as_str());
    let tracker = wrong.one_of("tracker", wanted.tracker.as_ref(), known);
    let key = key(wanted.key.as_ref(), &mut wrong);
    let url = url(wanted.url.as_ref(), &mut wrong);
    let text = wrong.text("text", wanted.text.as_ref());
    wrong.done()?;
    let ticket = &draft.ticket;
    let conflict = |code, message| Refusal::Conflict {
        code,
        message,
        ticket: Some(ticket.number),
        status: Some(ticket.facts.status.clone()),
    };
    let is_same = |known: &&Issue| known.tracker == tracker && known.key.is_some() && known.key == key;
    if let Some(known) = ticket.issues.iter().find(is_same) {
        let key = key.unwrap_or_default();
        return Err(conflict(
            "issue-known",
            format!("{key} of `{tracker}` is issue {} of this ticket; `issue-status` tells of it", known.id),
        ));
    }
    if ticket.issues.len() >= ISSUES_MAX {
        return Err(conflict(
            "too-many-issues",
            format!("ticket {} has {ISSUES_MAX} issues, and no ticket has more", ticket.number),
        ));
    }
    let issue = ticket.issues.iter().map(|issue| issue.id).max().unwrap_or_default() + 1;
    draft.push(Event::IssueOpened { issue, tracker, key, url, text });
    Ok(())
}

pub(super) fn tell(draft: &mut Draft<'_>, told: &TellIssue) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let issues = &draft.ticket.issues;
    let known = told.issue.and_then(|id| issues.iter().find(|issue| issue.id == id));
    if known.is_none() {
        let there = issues.iter().map(|issue| issue.id.to_string()).collect::<Vec<_>>().join(", ");
        let there = if there.is_empty() { "it has none".to_owned() } else { format!("it has {there}") };
        wrong.add(
            "issue",
            told.issue.map_or_else(
                || format!("is required: the number of an issue of the ticket; {there}"),
                |id| format!("ticket {} has no issue {id}; {there}", draft.ticket.number),
            ),
        );
    }
    let key = key(told.key.as_ref(), &mut wrong);
    let url = url(told.url.as_ref(), &mut wrong);
    let status = one_line("status", told.status.as_ref(), STATUS_MAX_CHARS, &mut wrong);
    let told = IssueTold { key, url, status, done: told.done };
    if told == IssueTold::default() {
        wrong.add("status", "is required, or `key`, `url` or `done`: nothing is told");
    }
    wrong.done()?;
    let Some(known) = known.filter(|known| !known.knows(&told)) else { return Ok(()) };
    let issue = known.id;
    draft.push(Event::IssueChanged { issue, told });
    Ok(())
}

fn key(given: Option<&String>, wrong: &mut Wrong) -> Option<SmolStr> {
    one_line("key", given, KEY_MAX_CHARS, wrong).map(SmolStr::from)
}

pub(super) fn url(given: Option<&String>, wrong: &mut Wrong) -> Option<String> {
    let url = wrong.optional_text("url", given)?;
    if !is_url(&url) || url.chars().count() > URL_MAX_CHARS {
        let message = format!("is no address; write it as https://…, at most {URL_MAX_CHARS} characters");
        wrong.add("url", message);
    }
    Some(url)
}

pub(super) fn one_line(
    field: &str,
    given: Option<&String>,
    chars_max: usize,
    wrong: &mut Wrong,
) -> Option<String> {
    let text = wrong.optional_text(field, given)?;
    if text.chars().count() > chars_max || text.contains(char::is_control) {
        wrong.add(field, format!("is one line of at most {chars_max} characters"));
    }
    Some(text)
}
