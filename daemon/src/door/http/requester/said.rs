//! What was said between the requester and the desk: the words of either that the other was given, and nothing else.

use calendars::Timestamp;

use crate::desk::TicketNumber;
use crate::desk::event::Event;
use crate::run::{History, HistoryError};

/// How many of the newest words are shown.
const SHOWN_MAX: usize = 20;

/// Words that one of both said.
pub(super) struct Said {
    pub at: Timestamp,
    pub from_desk: bool,
    pub text: String,
}

/// The newest words about a ticket, the oldest of them first.
pub(super) fn said(history: &History, ticket: TicketNumber) -> Result<Vec<Said>, HistoryError> {
    let mut said = Vec::new();
    let mut after = 0;
    loop {
        let stretch = history.stretch(ticket, after, crate::run::PAGE_MAX_BYTES)?;
        for entry in stretch.entries {
            let at = entry.effective_at();
            let words = entry.facts.iter().filter(|fact| fact.ticket == Some(ticket));
            said.extend(words.filter_map(|fact| words_of(&fact.event)).map(|(from_desk, text)| Said {
                at,
                from_desk,
                text: text.clone(),
            }));
        }
        let more = said.len().saturating_sub(SHOWN_MAX);
        said.drain(..more);
        match stretch.next {
            Some(next) => after = next,
            None => return Ok(said),
        }
    }
}

/// The words of an event that both know of, and whether the desk said them. What is new shows nothing until it is named here.
fn words_of(event: &Event) -> Option<(bool, &String)> {
    match event {
        Event::Replied { text, internal: false }
        | Event::Asked { text }
        | Event::Extended { text, .. }
        | Event::Resolved { text, .. }
        | Event::Refused { text: Some(text), .. }
        | Event::Closed { text: Some(text), .. } => Some((true, text)),
        Event::Answered { text }
        | Event::Returned { reason: text }
        | Event::Confirmed { comment: Some(text), .. } => Some((false, text)),
        _ => None,
    }
}
