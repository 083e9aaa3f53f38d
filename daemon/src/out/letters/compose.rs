//! A letter's words, from what the record tells of its ticket.

use std::sync::Arc;

use firmware_board::Language;

use super::template::{Rendered, Templates};
use super::view::{LetterView, Source};
use crate::desk::command::BugReport;
use crate::desk::{
    Desk, Entry, Event, Letter, LetterKind, Problem, Recipient, Regulation, Ticket, TicketNumber,
};
use crate::links::Links;
use crate::run::{Handle, HistoryError};

/// Why a letter has no words.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// The record cannot be read.
    #[error("cannot read what the letter is about")]
    Record(#[from] HistoryError),
    /// The record has the letter no more.
    #[error("the entry that queued it is lost")]
    Lost,
}

/// A letter in the words of its way.
#[derive(Clone, Debug)]
pub(super) enum Words {
    Mail(Rendered),
    Chat(String),
}

/// Puts letters into words.
pub(super) struct Composer {
    handle: Handle,
    templates: Templates,
    language: Language,
    site: String,
    /// What makes links to requesters' pages; none where there are no such pages.
    links: Option<Arc<Links>>,
}

/// What a letter shows of the link to its requester's page. Whoever has the link speaks as the requester, so only they get it.
#[derive(Clone, Copy)]
enum Link {
    Whole,
    Hidden,
    None,
}

/// A ticket at an entry.
pub(super) struct Moment {
    before: Option<Arc<Ticket>>,
    pub(super) after: Arc<Ticket>,
    /// The entry's events about it.
    events: Vec<Event>,
    report: Option<BugReport>,
}

impl Composer {
    pub(super) fn new(
        handle: Handle,
        templates: Templates,
        language: Language,
        site: String,
        links: Option<Arc<Links>>,
    ) -> Self {
        Self { handle, templates, language, site, links }
    }

    /// A letter's words as they go: the same however often it is asked for. Waits for the disk.
    pub(super) fn compose(
        &self,
        ticket: TicketNumber,
        letter: &Letter,
        problem: Option<&Problem>,
        is_chat: bool,
    ) -> Result<Words, ComposeError> {
        let is_requesters = matches!(letter.recipient, Recipient::Requester { .. });
        let view =
            self.view_of(ticket, letter, problem, if is_requesters { Link::Whole } else { Link::None })?;
        Ok(if is_chat {
            Words::Chat(self.templates.message(letter.kind, &view))
        } else {
            Words::Mail(self.templates.letter(letter.kind, ticket, &view))
        })
    }

    /// A letter's words for whoever looks at it, however it goes. Waits for the disk.
    pub(super) fn rendered(
        &self,
        ticket: TicketNumber,
        letter: &Letter,
        problem: Option<&Problem>,
    ) -> Result<Rendered, ComposeError> {
        let is_requesters = matches!(letter.recipient, Recipient::Requester { .. });
        let link = if is_requesters { Link::Hidden } else { Link::None };
        let view = self.view_of(ticket, letter, problem, link)?;
        Ok(self.templates.letter(letter.kind, ticket, &view))
    }

    fn view_of(
        &self,
        ticket: TicketNumber,
        letter: &Letter,
        problem: Option<&Problem>,
        link: Link,
    ) -> Result<LetterView, ComposeError> {
        let entries = self.handle.history().of(ticket)?;
        let moment = Moment::at(&entries, ticket, letter.seq).ok_or(ComposeError::Lost)?;
        Ok(self.view(letter.kind, &moment, problem, link))
    }

    /// What a letter would say now: of everything that was ever said on the ticket, the last. Waits for the disk.
    pub(super) fn preview(
        &self,
        kind: LetterKind,
        number: TicketNumber,
    ) -> Result<Option<Rendered>, ComposeError> {
        let Some(ticket) = self.handle.view().ticket(number)? else { return Ok(None) };
        let entries = self.handle.history().of(number)?;
        let events = entries.iter().flat_map(|entry| &entry.facts);
        let events =
            events.filter(|fact| fact.ticket == Some(number)).map(|fact| fact.event.clone()).collect();
        let moment = Moment { before: None, report: report(&entries, number), after: ticket, events };
        let view = self.view(kind, &moment, None, Link::Hidden);
        Ok(Some(self.templates.letter(kind, number, &view)))
    }

    fn view(&self, kind: LetterKind, moment: &Moment, problem: Option<&Problem>, link: Link) -> LetterView {
        let regulation = self.handle.view().regulations().of(&moment.after.facts).map(AsRef::as_ref);
        let page = self.links.as_ref().and_then(|links| match link {
            Link::Whole => Some(links.of(&moment.after)),
            Link::Hidden => Some(links.shown_of(&moment.after)),
            Link::None => None,
        });
        LetterView::of(&moment.source(kind, problem, regulation), self.language, &self.site, page)
    }
}

impl Moment {
    /// The ticket at the entry that begins with event `seq`.
    pub(super) fn at(entries: &[Entry], ticket: TicketNumber, seq: u64) -> Option<Self> {
        let place = entries.iter().position(|entry| entry.first_seq == seq)?;
        let mut desk = Desk::default();
        entries[..place].iter().for_each(|entry| desk.apply(entry));
        let before = desk.ticket(ticket);
        desk.apply(&entries[place]);
        let events = entries[place].facts.iter().filter(|fact| fact.ticket == Some(ticket));
        Some(Self {
            before,
            after: desk.ticket(ticket)?,
            events: events.map(|fact| fact.event.clone()).collect(),
            report: report(&entries[..=place], ticket),
        })
    }
}

impl Moment {
    /// What a letter of a kind is made of.
    pub(super) fn source<'a>(
        &'a self,
        kind: LetterKind,
        problem: Option<&'a Problem>,
        regulation: Option<&'a Regulation>,
    ) -> Source<'a> {
        Source {
            kind,
            events: self.events.iter().collect(),
            before: self.before.as_deref(),
            ticket: &self.after,
            report: self.report.as_ref(),
            problem,
            regulation,
        }
    }
}

/// The last bug report that went along with a ticket.
fn report(entries: &[Entry], ticket: TicketNumber) -> Option<BugReport> {
    let facts = entries.iter().rev().flat_map(|entry| entry.facts.iter().rev());
    facts.filter(|fact| fact.ticket == Some(ticket)).find_map(|fact| match &fact.event {
        Event::Routed { bug_report: Some(report), .. } => Some(report.as_ref().clone()),
        _ => None,
    })
}
