//! Which ticket a mail is about: that of the letter it answers, else the one its subject names.

use super::read::Mail;
use crate::desk::{Client, Ticket, TicketNumber};
use crate::mail::{MailDomain, MessageId, number_in};

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

/// Whether a server says that a letter came to none of those whom the desk would write to about the ticket.
pub(super) fn is_of_its_people(mail: &Mail, ticket: &Ticket, client: Option<&Client>) -> bool {
    let addressed = mail.report.as_ref().map(|report| report.recipient.to_lowercase());
    addressed.is_some_and(|recipient| people(ticket, client).any(|known| known == recipient))
}

/// Whom the desk writes to about a ticket, in lower case.
fn people(ticket: &Ticket, client: Option<&Client>) -> impl Iterator<Item = String> {
    let contact = client.and_then(Client::contact).and_then(|contact| contact.email.as_ref());
    let known: Vec<&String> = ticket.facts.requester.email.iter().chain(contact).collect();
    known.into_iter().map(|address| address.trim().to_lowercase()).collect::<Vec<_>>().into_iter()
}

/// Whether whoever writes may answer for the ticket: its requester, or the one who speaks for their client.
pub(super) fn is_theirs(mail: &Mail, ticket: &Ticket, client: Option<&Client>) -> bool {
    let Some(from) = &mail.from else { return false };
    // Whoever is answered at another address of the same domain; into other domains anybody may point.
    let domain = |address: &str| address.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    let answered_at = mail.reply_to.as_ref().filter(|to| domain(&to.address) == domain(&from.address));
    let contact = client.and_then(Client::contact).and_then(|contact| contact.email.as_ref());
    let known = ticket.facts.requester.email.iter().chain(contact);
    known.map(|address| address.trim().to_lowercase()).any(|address| {
        address == from.address || answered_at.is_some_and(|writer| address == writer.address)
    })
}
