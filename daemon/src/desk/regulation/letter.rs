//! Which letters go when: a regulation's own list.

use smol_str::SmolStr;

use super::{CalendarChoice, Trigger, When};
use crate::desk::clocks::Metric;
use crate::desk::letter::LetterKind;

/// A letter that goes for a cause.
#[derive(Debug, Clone)]
pub struct LetterRule {
    /// What it is about.
    pub kind: LetterKind,
    /// What it is written for.
    pub on: LetterCause,
    /// Who gets it.
    pub to: LetterTo,
    /// The tickets it is for.
    pub when: When,
    /// The hours until which it is held; none where it goes at once (PM-C4a).
    pub hold: Option<CalendarChoice>,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// What a letter is written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterCause {
    /// What turns clocks, too.
    Trigger(Trigger),
    /// The ticket has another status, whichever.
    StatusChanged,
    /// The ticket was refused.
    Refused,
    /// The solution was put off.
    Deferred,
    /// It came to this line from another.
    Routed(u8),
    /// A term that was told is another one, or none, or there is one at last (R8).
    TermChanged,
    /// A clock ran out that is only told of (BC-7).
    RanOut(Metric),
    /// A department is asked by one of these channels; empty: by any (ZS-8).
    Escalated(SmolStr),
    /// The ticket is of a priority that is an alarm of itself, or was called urgent (GM-A2).
    Urgent,
    /// It belongs to a mass problem (GM-5.15).
    MassProblem,
    /// The mass problem that it belongs to is over.
    ProblemClosed,
}

/// Who gets a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterTo {
    /// The requester.
    Requester,
    /// The one who speaks for the client.
    Contact,
    /// The department that is asked.
    Department,
    /// The regulation's urgent channel.
    Chat,
}

impl LetterTo {
    /// The id in files.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Requester => "requester",
            Self::Contact => "contact",
            Self::Department => "department",
            Self::Chat => "chat",
        }
    }
}
