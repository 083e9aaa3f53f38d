//! Which ticket a mail is about: that of the letter it answers, else the one its subject names.

use super::read::Mail;
use crate::desk::{Client, Ticket, TicketNumber};
use crate::mail::{MailDomain, MessageId, number_in};

/// The ticket that a mail names; none where it names none. Anybody can name one, so that says nothing of who writes.
pub(super) fn ticket_of(mail: &Mail, domain: &MailDomain) -> Option<TicketNumber> {
    let reported = mail.report.iter().filter_map(|report| report.of.as_ref());
    let mut answered = reported.chain(&mail.answers).filter_map(|id| MessageId::parse(id, domain));
    answered.next().map(|id| id.ticket).or_else(|| number_in(&mail.subject))
}

/// Whether whoever writes may answer for the ticket: its requester, or the one who speaks for their client.
pub(super) fn is_theirs(mail: &Mail, ticket: &Ticket, client: Option<&Client>) -> bool {
    let Some(from) = &mail.from else { return false };
    let contact = client.and_then(Client::contact).and_then(|contact| contact.email.as_ref());
    let known = ticket.facts.requester.email.iter().chain(contact);
    known.map(|address| address.trim().to_lowercase()).any(|address| address == from.address)
}
