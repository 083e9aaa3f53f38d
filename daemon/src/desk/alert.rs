//! Alerts: what a monitoring system tells of one thing that it watches.
//!
//! An *alert* is theirs, an *alarm* is ours. It fires or it is resolved, and it has a fingerprint by which it is the same
//! one each time it is told. Which ticket it opens, or whether anything is to be noted at all, is decided in the desk, so
//! that two who tell the same at once open one ticket.

use std::collections::BTreeSet;

use calendars::Timestamp;
use firmware_board::Language;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::command::Register;

/// How many notes alerts make on one ticket; what changes more often than that is not noted any further.
pub const NOTES_MAX: u16 = 100;
/// How many alerts without a ticket of their own are told apart within an hour; further ones are not counted.
pub const COUNTED_MAX: usize = 1_000;
/// The stretch of time for which the tickets that alerts open are counted, in milliseconds: an hour.
pub(super) const WINDOW_MS: i64 = 3_600_000;
/// The part whose alarm says that alerts have no tickets of their own.
pub(super) const PART: &str = "alertmanager";

/// An alert as it was told.
#[derive(Clone, Debug)]
pub struct Alert {
    /// What it is recognised by.
    pub fingerprint: SmolStr,
    /// Where it is to be seen.
    pub url: Option<String>,
    /// Whether it fires; else it is resolved.
    pub firing: bool,
    /// Since when it fires, as far as that was told.
    pub since: Option<Timestamp>,
    /// A sum over what the ticket shows of it: where it is the same, nothing that matters has changed.
    pub content: SmolStr,
    /// The ticket it opens. What does not fit the regulation is left out of it, what is missing makes it incomplete.
    pub register: Register,
    /// What a note says of it as it is now.
    pub text: String,
    /// The language of the notes.
    pub language: Language,
    /// How many tickets alerts may open in an hour.
    pub open_at_most: u32,
}

/// Alerts that opened no ticket, since too many did within the hour.
#[derive(Clone, Debug)]
pub struct AlertsOverLimit {
    /// Their fingerprints. Those that were counted within the hour are not counted again.
    pub fingerprints: Vec<SmolStr>,
    /// The ticket that counts them, where there is none yet.
    pub register: Register,
    /// The language of the notes.
    pub language: Language,
}

/// Where the alert of a ticket stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertState {
    /// Whether it fires.
    pub firing: bool,
    /// Since when it fires, or fired last.
    pub since: Option<Timestamp>,
    /// See [`Alert::content`].
    pub content: SmolStr,
    /// How many notes alerts have made on the ticket.
    pub notes: u16,
    /// How many alerts it stands for that have no ticket of their own.
    pub counted: u64,
}

/// How many tickets alerts have opened within an hour, and which alerts opened none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertWindow {
    /// When the hour began.
    since: Timestamp,
    /// How many were opened since.
    opened: u32,
    /// The alerts that were counted since, at most [`COUNTED_MAX`].
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    counted: BTreeSet<SmolStr>,
}

impl AlertWindow {
    /// How many were opened in the hour that it is.
    pub(super) fn opened(&self, at: Timestamp) -> u32 {
        if self.holds(at) { self.opened } else { 0 }
    }

    /// Which of these are to be counted: each once an hour, and no more than are told apart.
    pub(super) fn new_of(&self, fingerprints: &[SmolStr], at: Timestamp) -> Vec<SmolStr> {
        let known = if self.holds(at) { Some(&self.counted) } else { None };
        let room = COUNTED_MAX - known.map_or(0, BTreeSet::len).min(COUNTED_MAX);
        let is_new = |fingerprint: &&SmolStr| known.is_none_or(|known| !known.contains(*fingerprint));
        let new: BTreeSet<_> = fingerprints.iter().filter(is_new).cloned().collect();
        new.into_iter().take(room).collect()
    }

    /// One more was opened.
    pub(super) fn note(&mut self, at: Timestamp) {
        self.begin(at);
        self.opened = self.opened.saturating_add(1);
    }

    /// These were counted.
    pub(super) fn note_counted(&mut self, fingerprints: &[SmolStr], at: Timestamp) {
        self.begin(at);
        self.counted.extend(self.new_of(fingerprints, at));
    }

    fn holds(&self, at: Timestamp) -> bool {
        let is_used = self.opened > 0 || !self.counted.is_empty();
        is_used && (0..WINDOW_MS).contains(&at.ms_since(self.since))
    }

    /// Another hour begins, where it is none yet or the last one is over.
    fn begin(&mut self, at: Timestamp) {
        if !self.holds(at) {
            *self = Self { since: at, ..Self::default() };
        }
    }
}

/// What a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// It is told otherwise than before.
    Changed,
    /// It fires again.
    Again,
    /// It is resolved.
    Resolved,
    /// It changes too often for further notes.
    Last,
}

impl Note {
    /// How the note begins.
    pub(super) const fn words(self, language: Language) -> &'static str {
        match (language, self) {
            (Language::Russian, Note::Changed) => "Оповещение изменилось.",
            (Language::Russian, Note::Again) => "Оповещение сработало снова.",
            (Language::Russian, Note::Resolved) => "Оповещение снято: мониторинг больше не видит неполадки.",
            (Language::Russian, Note::Last) => {
                "Оповещение меняется слишком часто, дальше оно здесь не отмечается."
            }
            (Language::English, Note::Changed) => "The alert has changed.",
            (Language::English, Note::Again) => "The alert fires again.",
            (Language::English, Note::Resolved) => {
                "The alert is resolved: monitoring sees the fault no more."
            }
            (Language::English, Note::Last) => {
                "The alert changes too often; it is not noted here any further."
            }
        }
    }
}

/// Why a ticket whose solution waits for confirmation is returned.
pub(super) const fn still_fires(language: Language) -> &'static str {
    match language {
        Language::Russian => "Оповещение всё ещё срабатывает",
        Language::English => "The alert still fires",
    }
}

/// What the ticket that counts alerts says of some more of them.
pub(super) fn counted(language: Language, count: usize, total: u64) -> String {
    match language {
        Language::Russian => format!("Оповещений без своей заявки: ещё {count}, всего {total}."),
        Language::English => format!("Alerts without a ticket of their own: {count} more, {total} in all."),
    }
}

/// What the alarm says of alerts that have no ticket of their own.
pub(super) const fn over_limit(language: Language) -> &'static str {
    match language {
        Language::Russian => "оповещений больше, чем открывается заявок",
        Language::English => "more alerts than tickets are opened for",
    }
}
