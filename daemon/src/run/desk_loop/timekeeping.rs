//! What the loop does about time: it reads the clocks, tells whether they can be trusted, and sets right what was counted
//! while they could not.

use calendars::Tz;
use firmware_board::Language;

use super::Loop;
use crate::clock;
use crate::desk::{Actor, AlarmKind, Event, Fact, Refusal, Role};
use crate::observe::message;
use crate::run::time::{Change, Distrust, Reading, TrustedTime};
use crate::run::{Done, Failure};

/// How many entries correct clocks in one turn: together they are less than the ledger takes at once.
const CORRECTIONS_MAX: usize = 10;
/// Who corrects clocks, in the record.
const BOX: &str = "andond";

impl Loop {
    /// Reads the clocks; what the desk's time is follows.
    pub(super) fn read_time(&mut self) {
        let reading = Reading::of(self.clock.as_ref(), self.desk.known_at());
        match self.time.read(&reading, || self.clock.kernel_synchronised()) {
            // Whether it can be trusted is told with the wall, which says so, too.
            Some(Change::Lost(_) | Change::Regained) | None => {}
            Some(Change::Stepped(by_ms)) => {
                log::warn!("the system clock was set by {by_ms} ms; timers are armed anew");
            }
        }
    }

    /// Whether clocks are to be corrected before anything else runs out.
    pub(super) fn is_to_correct(&self) -> bool {
        self.time.is_trusted() && self.desk.is_unsynced()
    }

    /// Clocks that counted by stamps which could not be trusted are reckoned anew, before anything of theirs runs out.
    pub(super) fn correct(&mut self) {
        for _ in 0..CORRECTIONS_MAX {
            if !self.is_to_correct() {
                return;
            }
            let now = self.time.now();
            // What a crash left undone goes on as it was begun.
            let begun = self.desk.behind_ms();
            let behind_ms = begun.unwrap_or(self.time.behind_ms());
            let mut facts = self.desk.corrections(behind_ms, now);
            if begun.is_none() {
                facts.insert(0, Fact { ticket: None, event: Event::TimeTrusted { behind_ms } });
            }
            let entry = self.desk.enter(facts, BOX, now, None, None, false);
            self.turn.push(entry);
        }
    }

    /// An admin says that the system clock is right.
    pub(super) fn trust_time(&mut self, back: bool, actor: &Actor) -> Result<Done, Failure> {
        let was_trusted = self.time.is_trusted();
        let system = if was_trusted { self.time.now() } else { self.time.system() };
        // Whoever is no admin is told that first, by the desk.
        if !was_trusted && system < clock::NOT_BEFORE && actor.role >= Role::Admin {
            return Err(Failure::Refused(Refusal::conflict(
                "clock-not-set",
                format!(
                    "the system clock shows {}, before this program was written; set it first, as by `timedatectl set-time`",
                    system.to_rfc3339(self.zone)
                ),
            )));
        }
        let facts = self.desk.trust_time(actor, back, self.time.now(), system)?;
        if was_trusted {
            return Ok(Done { ticket: None, changed: false, repeated: false, alike: Vec::new() });
        }
        let entry = self.desk.enter(facts, &actor.name, system, Some(system), None, false);
        self.turn.push(entry);
        self.turn.time_before.get_or_insert_with(|| self.time.clone());
        self.time.trust();
        Ok(Done { ticket: None, changed: true, repeated: false, alike: Vec::new() })
    }

    /// Time that cannot be trusted is an alarm; it is none of the record's, which bears only times that are.
    pub(super) fn tell_trust(&mut self) {
        let known = self.troubles.iter_mut().find(|alarm| alarm.kind == AlarmKind::Clock);
        match (self.time.time().why(), known) {
            (None, None) => {}
            (None, Some(_)) => {
                log::warn!("the time can be trusted again: {}", self.time.now().to_rfc3339(self.zone));
                self.troubles.retain(|alarm| alarm.kind != AlarmKind::Clock);
            }
            (Some(why), Some(known)) => {
                let text = words(why, self.language);
                if known.text != text {
                    tell_distrust(why, &self.time, self.zone);
                    text.clone_into(&mut known.text);
                }
            }
            (Some(why), None) => {
                tell_distrust(why, &self.time, self.zone);
                let text = words(why, self.language);
                self.troubles.push(self.trouble(AlarmKind::Clock, "time", text, self.time.now()));
            }
        }
    }
}

/// Says in the journal why the time cannot be trusted, and the way out.
fn tell_distrust(why: Distrust, time: &TrustedTime, zone: Tz) {
    let (system, held) = (time.system().to_rfc3339(zone), time.now().to_rfc3339(zone));
    let what = match why {
        Distrust::NeverSet => "which is before this program was written".to_owned(),
        Distrust::Behind { by_ms } => format!("{by_ms} ms behind the newest event"),
        Distrust::Stepped { by_ms } => {
            format!("set by {by_ms} ms, and the kernel does not say that it is synchronised")
        }
        Distrust::Unsynchronised => "which the kernel does not say is synchronised".to_owned(),
    };
    log::error!(
        MESSAGE_ID = message::TIME_NOT_TRUSTED;
        "the time is not trusted: the system clock shows {system}, {what}; nothing runs out, and updates are stamped from {held} on. Set the clock, or `andonctl clock trust` if it is right"
    );
}

/// Why the time cannot be trusted, for the room.
fn words(why: Distrust, language: Language) -> &'static str {
    match (why, language) {
        (Distrust::NeverSet, Language::Russian) => "часы не установлены",
        (Distrust::NeverSet, Language::English) => "the clock was never set",
        (Distrust::Behind { .. }, Language::Russian) => "часы отстают от последней записи",
        (Distrust::Behind { .. }, Language::English) => "the clock is behind the newest record",
        (Distrust::Stepped { .. }, Language::Russian) => "часы переведены",
        (Distrust::Stepped { .. }, Language::English) => "the clock was set",
        (Distrust::Unsynchronised, Language::Russian) => "часы не синхронизированы",
        (Distrust::Unsynchronised, Language::English) => "the clock is not synchronised",
    }
}
