//! What a mail is: a person's letter, or something that no person wrote to the desk.
//!
//! What is no letter is never answered: none of it becomes a ticket with an address to write to. RFC 3834 says how programs
//! are to be known that answer by themselves; those that do not keep to it are known by their habits.

use super::read::Mail;
use crate::mail::{MailDomain, MessageId};

/// How many servers a mail passes at most, before it goes round in a circle.
pub const RECEIVED_MAX: usize = 50;

/// What a mail is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A person wrote it.
    Letter,
    /// A mail server reports that a mail was not delivered, or not yet.
    Bounce,
    /// Somebody's program answers by itself: they are away, they have moved.
    AutoReply,
    /// A program wrote it: a form, a monitor, a newsletter that says so.
    Automatic,
    /// It comes from a mailing list.
    List,
    /// The desk wrote it itself, another desk did, or it goes round in a circle.
    Loop,
    /// A filter marked it as spam.
    Spam,
}

impl Kind {
    /// What a mail is, where the desk's own addresses are `own`, in lower case, and its letters are of `domain`.
    pub fn of(mail: &Mail, own: &[&str], domain: &MailDomain) -> Self {
        let marks = &mail.marks;
        let is_own = mail.id.as_ref().is_some_and(|id| MessageId::parse(id, domain).is_some())
            || mail.from.as_ref().is_some_and(|from| own.contains(&from.address.as_str()));
        let local = mail.from.as_ref().and_then(|from| from.address.split('@').next()).unwrap_or_default();
        let auto = marks.auto_submitted.as_str();
        // Where the address is a person's, too, something has to tell that none wrote.
        let is_server = local == "mailer-daemon"
            || local == "postmaster" && (marks.has_no_return || !matches!(auto, "" | "no"));
        // A bounce before all else: servers send back what the desk wrote, with what told it.
        if mail.report.is_some() || is_server {
            return Kind::Bounce;
        }
        if is_own || marks.is_of_desk || marks.received > RECEIVED_MAX {
            return Kind::Loop;
        }
        if marks.is_spam {
            return Kind::Spam;
        }
        if auto == "auto-replied" || marks.is_auto_reply || marks.precedence == "auto_reply" {
            return Kind::AutoReply;
        }
        // The desk's address may be a list itself, and then everybody's mail comes through it.
        let is_own_list =
            |own: &&str| marks.lists.iter().any(|list| list == own || *list == own.replacen('@', ".", 1));
        let is_through_own = own.iter().any(is_own_list);
        if (marks.is_of_list || marks.precedence == "list") && !is_through_own {
            return Kind::List;
        }
        let is_nobody = matches!(local, "noreply" | "no-reply" | "donotreply" | "do-not-reply")
            && mail.reply_to.is_none();
        let is_bulk = matches!(marks.precedence.as_str(), "bulk" | "junk") && !is_through_own;
        let is_said = !matches!(auto, "" | "no") || is_bulk;
        if is_said || is_nobody || marks.has_no_return {
            return Kind::Automatic;
        }
        Kind::Letter
    }
}
