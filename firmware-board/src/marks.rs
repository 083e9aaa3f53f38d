//! The marks: a shape for each meaning, so that colour is never needed to tell them apart.

use crate::{AlarmKind, Level};

/// A glyph of the faces of marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Critical,
    Breach,
    DueSoon,
    MassProblem,
    Complaint,
    Staffing,
    Storage,
    Clock,
    Letter,
    Panel,
    Calendar,
    Well,
    Taken,
    Muted,
    Shelved,
    Stopped,
}

impl Mark {
    /// Its code point in the faces of marks.
    pub(crate) fn code(self) -> char {
        char::from_u32(0xE000 + self as u32).expect("a private code point")
    }
}

impl From<AlarmKind> for Mark {
    fn from(kind: AlarmKind) -> Self {
        match kind {
            AlarmKind::Critical => Self::Critical,
            AlarmKind::Breach => Self::Breach,
            AlarmKind::DueSoon => Self::DueSoon,
            AlarmKind::MassProblem => Self::MassProblem,
            AlarmKind::Staffing => Self::Staffing,
            AlarmKind::Letter => Self::Letter,
            AlarmKind::Storage => Self::Storage,
            AlarmKind::Clock => Self::Clock,
            AlarmKind::Calendar => Self::Calendar,
            AlarmKind::Panel => Self::Panel,
            AlarmKind::Complaint => Self::Complaint,
        }
    }
}

impl From<Level> for Mark {
    fn from(level: Level) -> Self {
        match level {
            Level::Normal => Self::Well,
            Level::DueSoon => Self::DueSoon,
            Level::Breach => Self::Breach,
            Level::Critical => Self::Critical,
        }
    }
}
