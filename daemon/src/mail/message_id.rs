//! The ids of the desk's letters: `<t1024.l7@desk.example.org>` is the seventh letter of ticket 1024.
//!
//! A letter has the same id however often it is sent, so that whoever gets it twice knows it, and an answer names the
//! ticket by it. An id of another domain is not ours, however much it looks like it.

use std::fmt;

use super::MailDomain;
use crate::desk::TicketNumber;

/// What a letter of the desk is known by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageId {
    /// The ticket it is about.
    pub ticket: TicketNumber,
    /// The letter's number among those of its ticket, from 1.
    pub letter: u32,
    /// The site's domain.
    pub domain: MailDomain,
}

impl MessageId {
    /// Reads an id, with or without angle brackets; none where it is not one of this domain's letters. Letters of the domain may
    /// be of either case, since mail servers change them.
    pub fn parse(text: &str, domain: &MailDomain) -> Option<Self> {
        let text = text.trim();
        let bare = text.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(text);
        let (ours, theirs) = bare.split_once('@')?;
        if !theirs.eq_ignore_ascii_case(domain.as_str()) {
            return None;
        }
        let (ticket, letter) = ours.split_once('.')?;
        let ticket = number(ticket.strip_prefix('t')?)?;
        let letter = number(letter.strip_prefix('l')?)?.try_into().ok()?;
        Some(Self { ticket: TicketNumber(ticket), letter, domain: domain.clone() })
    }
}

/// A number from 1 in the one form that we write.
fn number(text: &str) -> Option<u64> {
    let is_ours = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_ours)
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<t{}.l{}@{}>", self.ticket.0, self.letter, self.domain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn domain() -> MailDomain {
        MailDomain::parse("desk.example.org").unwrap()
    }

    #[test]
    fn an_id_is_read_as_it_is_written() {
        for (ticket, letter) in [(1, 1), (1024, 7), (u64::MAX, u32::MAX)] {
            let id = MessageId { ticket: TicketNumber(ticket), letter, domain: domain() };
            assert_eq!(id.to_string(), format!("<t{ticket}.l{letter}@desk.example.org>"));
            assert_eq!(MessageId::parse(&id.to_string(), &domain()), Some(id));
        }
    }

    #[test]
    fn an_id_is_known_without_its_brackets_and_by_a_domain_of_either_case() {
        let id = MessageId { ticket: TicketNumber(5), letter: 9, domain: domain() };
        for text in ["t5.l9@desk.example.org", " <t5.l9@Desk.Example.ORG> "] {
            assert_eq!(MessageId::parse(text, &domain()), Some(id.clone()), "{text}");
        }
    }

    #[test]
    fn what_is_not_ours_is_none() {
        for text in [
            "",
            "<>",
            "<t5.l9>",
            "<t5.l9@example.org>",
            "<t5.l9@desk.example.org.evil.test>",
            "<t5@desk.example.org>",
            "<t05.l9@desk.example.org>",
            "<t0.l9@desk.example.org>",
            "<t+5.l9@desk.example.org>",
            "<t5.l@desk.example.org>",
            "<t5.l9.x@desk.example.org>",
            "<t18446744073709551616.l1@desk.example.org>",
        ] {
            assert_eq!(MessageId::parse(text, &domain()), None, "{text}");
        }
    }
}
