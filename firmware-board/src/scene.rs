//! What the wall says, as plain data.
//!
//! A scene is complete: whoever has it can draw the wall without asking anything else. It is also final: lists are sorted, texts are in the
//! room's language, ages are counted. Two equal scenes are the same picture.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Signals;

/// One picture of the room's desk.
///
/// The default scene is the honest one for a program that knows nothing: stopped, its time not trusted, no lamp lit.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scene {
    /// The wall's own time of day and date.
    pub at_text: ClockText,
    /// The worst thing that is going on.
    pub level: Level,
    /// Whether the box's time is proved; an unproved time is said on the wall.
    pub trusted: bool,
    /// Whether the picture is a live one.
    pub link: Link,
    /// The room's figures.
    pub counts: Counts,
    /// The alarms to show, worst first; it may be fewer than there are.
    pub alarms: Vec<AlarmLine>,
    /// How many alarms there are in all.
    pub alarms_total: u32,
    /// What runs out next, soonest first.
    pub next: Vec<NextLine>,
    /// Who is on shift; `None` where the regulation demands nobody.
    pub staffing: Option<Staffing>,
    /// The lamps and the buzzer.
    pub signals: Signals,
    /// Minutes of silence left; `None` when not muted.
    pub muted_min: Option<u16>,
    /// Whether it is a time of day at which the room is not to be woken: sound is delayed, light is not.
    pub quiet: bool,
    /// The language of the room.
    pub language: Language,
    /// The name of the room or site.
    pub site: String,
}

/// Local wall time, already broken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ClockText {
    /// Hour, `0..24`.
    pub hh: u8,
    /// Minute, `0..60`.
    pub mm: u8,
    /// Second, `0..=60`.
    pub ss: u8,
    /// Day of the month, from 1.
    pub day: u8,
    /// Month, from 1.
    pub month: u8,
    /// Day of the week, 0 is Monday.
    pub weekday: u8,
}

/// The worst thing that is going on, from calm to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Level {
    /// Every promise is kept.
    #[default]
    Normal,
    /// A promise breaks soon, or something needs a look.
    DueSoon,
    /// A promise is broken.
    Breach,
    /// A critical ticket.
    Critical,
}

/// Whether the picture is a live one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Link {
    /// The desk answers; the picture is now.
    Live,
    /// The desk is being read from disk.
    Starting {
        /// How far it got, once that is known.
        progress: Option<Progress>,
    },
    /// The desk cannot be read from disk. It is tried again until it can.
    Blocked {
        /// What is wrong with the disk.
        by: DiskFault,
    },
    /// The desk has not answered for a while: what is drawn is old.
    Stale {
        /// Seconds since the desk was last heard.
        since_s: u32,
    },
    /// The daemon has stopped; nothing is watched. The default, since whatever was not told otherwise is not live.
    #[default]
    Stopped,
}

/// How much of something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Progress {
    /// So much.
    pub done: u64,
    /// Of so much.
    pub of: u64,
}

impl Progress {
    /// How far it is, `0..=100`; nothing to do is done.
    pub fn percent(self) -> u8 {
        let percent = u128::from(self.done) * 100 / u128::from(self.of.max(1));
        if self.of == 0 { 100 } else { u8::try_from(percent.min(100)).unwrap_or(100) }
    }
}

/// What is wrong with a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum DiskFault {
    /// It has no room.
    Full,
    /// It may not be written to.
    ReadOnly,
    /// It does not do what it is told.
    Fails,
}

/// The room's figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Counts {
    /// Tickets that are not closed.
    pub open: u32,
    /// Of them, those that wait for somebody outside the room.
    pub waiting: u32,
    /// Of them, the critical ones.
    pub critical: u32,
    /// Of them, those with a broken promise.
    pub breached: u32,
    /// Of them, those whose promise breaks soon.
    pub due_soon: u32,
}

/// One alarm as a line of the wall.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct AlarmLine {
    /// What it is about.
    pub kind: AlarmKind,
    /// The ticket's number, where it is about one.
    pub ticket: Option<u64>,
    /// The ticket's subject, or what failed.
    pub text: String,
    /// Seconds since it was raised.
    pub age_s: u32,
    /// What the room has done about it.
    pub state: AlarmState,
}

/// What an alarm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum AlarmKind {
    /// A critical ticket.
    Critical,
    /// A promised term has passed.
    Breach,
    /// A promised term passes soon.
    DueSoon,
    /// Many tickets of one cause.
    MassProblem,
    /// Fewer people on shift than the regulation demands.
    Staffing,
    /// A letter could not be sent or read.
    Letter,
    /// The disk is full, worn or slow.
    Storage,
    /// The time cannot be trusted.
    Clock,
    /// A calendar lacks the facts of a year.
    Calendar,
    /// The panel does not take its picture.
    Panel,
    /// A requester complains.
    Complaint,
}

impl AlarmKind {
    /// Every kind, worst first.
    pub const ALL: [Self; 11] = [
        Self::Critical,
        Self::Breach,
        Self::DueSoon,
        Self::MassProblem,
        Self::Complaint,
        Self::Staffing,
        Self::Storage,
        Self::Clock,
        Self::Letter,
        Self::Panel,
        Self::Calendar,
    ];
}

/// What the room has done about an alarm (IEC 62682).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum AlarmState {
    /// Nobody has taken it.
    Unacked,
    /// Somebody has taken it.
    Acked,
    /// Its cause went away before anybody took it.
    ClearedUnacked,
    /// Put aside until a time.
    Shelved,
}

impl AlarmState {
    /// Every state, loudest first.
    pub const ALL: [Self; 4] = [Self::Unacked, Self::Acked, Self::ClearedUnacked, Self::Shelved];
}

/// A promise that has not broken yet.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct NextLine {
    /// The ticket's number.
    pub number: u64,
    /// What was promised, as a short title in the room's language.
    pub metric: String,
    /// Seconds left; negative once it has passed.
    pub in_s: i64,
    /// The ticket's priority, as a short title in the room's language.
    pub priority: String,
    /// The ticket's subject.
    pub subject: String,
}

/// Who is on shift, against what the regulation demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Staffing {
    /// People on shift.
    pub on_shift: u16,
    /// People demanded.
    pub required: u16,
    /// Whether the demanded specialist is among them.
    pub specialist: bool,
}

impl Staffing {
    /// Whether the demand is met.
    pub fn is_met(self) -> bool {
        self.on_shift >= self.required && self.specialist
    }
}

/// The language of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
pub enum Language {
    /// Russian.
    #[default]
    Russian,
    /// English.
    English,
}
