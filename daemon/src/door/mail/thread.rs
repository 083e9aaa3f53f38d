//! Which ticket a mail is about: that of the letter it answers, else the one its subject names.

use super::read::{Mail, cut};
use crate::desk::{Client, Ticket, TicketNumber};
use crate::mail::{MailDomain, MessageId, number_in};

/// How much of a server's words is looked at for what it did not deliver, in bytes.
const QUOTED_MAX_BYTES: usize = 64 << 10;

/// The ticket that a mail names; none where it names none. Anybody can name one, so that says nothing of who writes.
pub(super) fn ticket_of(mail: &Mail, domain: &MailDomain) -> Option<TicketNumber> {
    let answered = letter_of(mail, domain).map(|id| id.ticket);
    answered.or_else(|| number_in(&mail.subject))
}

/// The letter of the desk that a mail is about: that which it answers, or that of which a server reports.
pub(super) fn letter_of(mail: &Mail, domain: &MailDomain) -> Option<MessageId> {
    let reported = mail.report.iter().filter_map(|report| report.of.as_ref());
    reported.chain(&mail.answers).find_map(|id| MessageId::parse(id, domain))
}

/// The letter of the desk that a server's words quote: those that know of no reports do so.
pub(super) fn letter_in_words(mail: &Mail, domain: &MailDomain) -> Option<MessageId> {
    let ids = cut(&mail.text, QUOTED_MAX_BYTES).split('<').skip(1).filter_map(|rest| rest.split_once('>'));
    ids.map(|(id, _)| id).find_map(|id| MessageId::parse(id, domain))
}

/// Whether whoever writes may answer for the ticket: its requester, or the one who speaks for their client. Where they want
/// to be answered says nothing of that: anybody can point anywhere.
pub(super) fn is_theirs(mail: &Mail, ticket: &Ticket, client: Option<&Client>) -> bool {
    let Some(from) = &mail.from else { return false };
    people(ticket, client).contains(&from.address)
}

/// Whether a server tells of a letter that it did not get to those whom the desk writes to about the ticket.
pub(super) fn is_of_its_people(mail: &Mail, ticket: &Ticket, client: Option<&Client>) -> bool {
    let mut people = people(ticket, client).into_iter().filter(|address| !address.is_empty());
    if let Some(report) = &mail.report {
        let told = [report.recipient.to_lowercase(), report.original.to_lowercase()];
        return report.is_failure() && people.any(|address| told.contains(&address));
    }
    let told = cut(&mail.text, QUOTED_MAX_BYTES).to_lowercase();
    people.any(|address| told.contains(&address))
}

/// Whom the desk writes to about a ticket, in lower case.
fn people(ticket: &Ticket, client: Option<&Client>) -> Vec<String> {
    let contact = client.and_then(Client::contact).and_then(|contact| contact.email.as_ref());
    let known = ticket.facts.requester.email.iter().chain(contact);
    known.map(|address| address.trim().to_lowercase()).collect()
}
