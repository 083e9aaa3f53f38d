//! Letters: what the desk writes to people about a ticket, and to whom.
//!
//! Which letter goes when is the regulation's ([`LetterRule`](super::regulation::LetterRule)); here is what a ticket knows of
//! its letters. A letter is *queued* by the same entry as its cause, so none is lost and none goes out for what did not
//! happen. Its text is no part of the record: whoever sends it puts it into words from the ticket as that entry left it. A
//! ticket remembers what waits and what could not be delivered; of what was sent the record tells.

use std::collections::BTreeSet;

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::ticket::TicketNumber;

/// A letter's number among those of its ticket, from 1.
pub type LetterNumber = u32;

/// How many dead letters the desk remembers; the oldest make room. The record has them all.
pub const DEAD_LETTERS_MAX: usize = 1_000;

/// The way to a department that is its mail; any other is a chat.
pub const BY_MAIL: &str = "email";

/// What a letter is about; each kind has its own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LetterKind {
    /// The ticket was registered: its number and terms.
    Registered,
    /// It has another status.
    StatusChanged,
    /// It was handed to those who develop.
    HandedOver,
    /// The requester is asked for something.
    Asked,
    /// The desk says something.
    Replied,
    /// The solution.
    Resolved,
    /// The product is to be changed for it.
    ChangeNeeded,
    /// It is refused.
    Refused,
    /// Its solution is put off.
    Deferred,
    /// A term that was told is another one now.
    TermChanged,
    /// The requester's time to answer is over.
    AnswerOverdue,
    /// It is closed.
    Closed,
    /// Many have the same problem.
    ProblemOpened,
    /// The problem that many had is over.
    ProblemClosed,
    /// A department is asked.
    DepartmentAsked,
    /// Something that cannot wait.
    Urgent,
}

impl LetterKind {
    /// Every kind.
    pub const ALL: [Self; 16] = [
        Self::Registered,
        Self::StatusChanged,
        Self::HandedOver,
        Self::Asked,
        Self::Replied,
        Self::Resolved,
        Self::ChangeNeeded,
        Self::Refused,
        Self::Deferred,
        Self::TermChanged,
        Self::AnswerOverdue,
        Self::Closed,
        Self::ProblemOpened,
        Self::ProblemClosed,
        Self::DepartmentAsked,
        Self::Urgent,
    ];

    /// The id in files, JSON and names of templates.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::StatusChanged => "status-changed",
            Self::HandedOver => "handed-over",
            Self::Asked => "asked",
            Self::Replied => "replied",
            Self::Resolved => "resolved",
            Self::ChangeNeeded => "change-needed",
            Self::Refused => "refused",
            Self::Deferred => "deferred",
            Self::TermChanged => "term-changed",
            Self::AnswerOverdue => "answer-overdue",
            Self::Closed => "closed",
            Self::ProblemOpened => "problem-opened",
            Self::ProblemClosed => "problem-closed",
            Self::DepartmentAsked => "department-asked",
            Self::Urgent => "urgent",
        }
    }

    /// Whether it tells many people of the same thing; such a letter lets all others pass.
    pub const fn is_to_many(self) -> bool {
        matches!(self, Self::ProblemOpened | Self::ProblemClosed)
    }

    /// The kind of that id.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }
}

impl std::fmt::Display for LetterKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id())
    }
}

/// Who gets a letter, as a fact: what was known when it was queued.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "kebab-case")]
pub enum Recipient {
    /// The requester.
    Requester {
        /// Their address.
        address: String,
    },
    /// The one who speaks for the client.
    Contact {
        /// Their address.
        address: String,
    },
    /// A department, by one of its topic's channels.
    Department {
        /// Which.
        department: SmolStr,
        /// By which; [`BY_MAIL`] is its mail.
        channel: SmolStr,
    },
    /// Those who read a chat.
    Chat {
        /// Which.
        chat: SmolStr,
    },
}

/// By what a letter goes; what one of them keeps waiting does not hold up the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LetterWay {
    /// By mail.
    Mail,
    /// Into a chat.
    Chat,
}

impl Recipient {
    /// By what it is reached.
    pub fn way(&self) -> LetterWay {
        match self {
            Recipient::Requester { .. } | Recipient::Contact { .. } => LetterWay::Mail,
            Recipient::Department { channel, .. } if channel == BY_MAIL => LetterWay::Mail,
            Recipient::Department { .. } | Recipient::Chat { .. } => LetterWay::Chat,
        }
    }
}

/// A letter that is not delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its number on the ticket.
    pub number: LetterNumber,
    /// What it is about.
    pub kind: LetterKind,
    /// Who gets it.
    pub recipient: Recipient,
    /// The first event of the entry that queued it.
    pub seq: u64,
    /// When it was queued.
    pub queued_at: Timestamp,
    /// Not to be sent before; none where it goes at once (PM-C4a).
    pub hold_until: Option<Timestamp>,
    /// When and why it was given up; none while it waits.
    pub failed: Option<LetterFailure>,
}

/// Why a letter is dead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterFailure {
    /// When it was given up.
    pub at: Timestamp,
    /// What whoever would not take it said.
    pub reason: String,
}

impl Letter {
    /// When it is to be sent; none where it is dead.
    pub fn due(&self) -> Option<Timestamp> {
        self.failed.is_none().then(|| self.hold_until.unwrap_or(self.queued_at))
    }
}

/// One letter of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LetterId {
    /// Its ticket.
    pub ticket: TicketNumber,
    /// Its number there.
    pub letter: LetterNumber,
}

impl LetterId {
    /// None is before it.
    pub(super) const FIRST: Self = Self { ticket: TicketNumber(0), letter: 0 };

    /// Reads `1024-3`, the third letter of ticket 1024.
    pub fn parse(text: &str) -> Option<Self> {
        let (ticket, letter) = text.split_once('-')?;
        let is_plain = |text: &str| !text.starts_with(['+', '0']);
        (is_plain(ticket) && is_plain(letter)).then_some(())?;
        Some(Self { ticket: TicketNumber(ticket.parse().ok()?), letter: letter.parse().ok()? })
    }
}

impl std::fmt::Display for LetterId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.ticket, self.letter)
    }
}

/// Why a letter that the regulation has was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SkippedWhy {
    /// Whoever should get it has no address.
    NoAddress,
}

/// Whom the site can write to. Without, no letter is queued.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Whether there is a mail server.
    pub mail: bool,
    /// Departments whose mail is known.
    pub mailed: BTreeSet<SmolStr>,
    /// Departments that have a chat.
    pub chatting: BTreeSet<SmolStr>,
    /// Chats by their names.
    pub chats: BTreeSet<SmolStr>,
}

impl Reach {
    /// Whether the site can write to nobody.
    pub fn is_nobody(&self) -> bool {
        !self.mail && self.chatting.is_empty() && self.chats.is_empty()
    }

    /// Whether a letter gets to them.
    pub fn has(&self, recipient: &Recipient) -> bool {
        match recipient {
            Recipient::Requester { .. } | Recipient::Contact { .. } => self.mail,
            Recipient::Department { department, channel } if channel == BY_MAIL => {
                self.mail && self.mailed.contains(department)
            }
            Recipient::Department { department, .. } => self.chatting.contains(department),
            Recipient::Chat { chat } => self.chats.contains(chat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_an_id_of_its_own_and_is_found_by_it() {
        for kind in LetterKind::ALL {
            assert_eq!(LetterKind::parse(kind.id()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.id());
        }
    }

    #[test]
    fn a_letter_is_named_by_its_ticket_and_its_number() {
        let id = LetterId { ticket: TicketNumber(1024), letter: 3 };
        assert_eq!(LetterId::parse(&id.to_string()), Some(id));
        for wrong in ["", "1024", "-3", "1024-", "1024-03", "+1-1", "1-1-1", "a-1"] {
            assert_eq!(LetterId::parse(wrong), None, "{wrong}");
        }
    }
}
