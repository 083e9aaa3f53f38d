//! Checking: the whole ledger is read now and then, in a thread of its own, so that what the card has spoilt is noticed
//! while a backup still has it.
//!
//! A start reads the newest part of the ledger only, and entries that nobody asks for are not read for years. So all of it
//! is read some minutes after each start and then daily, at a pace that leaves the card to others, and at once when
//! somebody meets a damaged entry. What is found is copied to the quarantine, told in the journal and on the wall. The
//! alarm is an event, so a restart does not end it: only a check that found everything whole does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use firmware_board::Language;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Handle;
use super::background::{Background, Told, Woken};
use crate::chain::chain;
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Role};
use crate::observe::message;
use crate::store::LedgerReport;
use crate::store::ledger::Stretch;

/// How long after the start the ledger is checked first: people are served before.
const FIRST_AFTER: Duration = Duration::from_secs(180);
/// How long after a check it is checked again.
const EVERY: Duration = Duration::from_secs(86_400);
/// How much is read in each [`STEP`], in bytes: a tenth of what a slow card reads. A gigabyte takes about four minutes.
const STEP_BYTES: u64 = 4 << 20;
/// How long the card is left to others after so much.
const STEP: Duration = Duration::from_secs(1);
/// Who says so, and the part that is damaged.
const PART: &str = "ledger-damage";

/// What of the ledger was found damaged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// Stretches that cannot be read; the events in them are lost here.
    pub damage: Vec<Stretch>,
    /// Segments whose header cannot be read, though their events can.
    pub bad_headers: Vec<PathBuf>,
    /// How many events were acknowledged and are behind the ledger's end.
    pub behind_end: u64,
}

impl From<&LedgerReport> for Losses {
    fn from(report: &LedgerReport) -> Self {
        Self { damage: report.damage.clone(), bad_headers: report.bad_headers.clone(), behind_end: 0 }
    }
}

impl Losses {
    /// Whether there are none.
    pub fn is_none(&self) -> bool {
        self.damage.is_empty() && self.bad_headers.is_empty() && self.behind_end == 0
    }

    /// Each of them, for the journal and for a terminal.
    pub fn told(&self) -> Vec<String> {
        let lost = self.damage.iter().map(|stretch| format!("events are lost: {stretch}"));
        let header =
            |file: &PathBuf| format!("{} has a damaged header, its events are whole", file.display());
        let behind = (self.behind_end > 0).then(|| format!("its last {} events are lost", self.behind_end));
        lost.chain(self.bad_headers.iter().map(header)).chain(behind).collect()
    }

    /// How many events are lost, as far as that is known, and the first of them.
    fn events(&self) -> (u64, Option<u64>) {
        let of =
            |stretch: &Stretch| stretch.next_seq.map_or(1, |next| next.saturating_sub(stretch.first_seq));
        let first = self.damage.iter().map(|stretch| stretch.first_seq).min();
        (self.damage.iter().map(of).sum::<u64>() + self.behind_end, first)
    }

    /// What the wall says.
    fn text(&self, language: Language) -> String {
        match (language, self.events()) {
            (Language::Russian, (0, _)) => "у файла журнала повреждён заголовок, события целы".to_owned(),
            (Language::English, (0, _)) => {
                "a file of the ledger has a damaged header, its events are whole".to_owned()
            }
            (Language::Russian, (lost, Some(first))) => {
                format!("журнал повреждён, нет событий: {lost}, первое {first}; ищите их в копии")
            }
            (Language::English, (lost, Some(first))) => {
                format!(
                    "the ledger is damaged, events missing: {lost}, the first is {first}; a backup may have them"
                )
            }
            (Language::Russian, (lost, None)) => {
                format!("журнал повреждён, нет последних событий: {lost}; ищите их в копии")
            }
            (Language::English, (lost, None)) => {
                format!("the ledger is damaged, events missing at its end: {lost}; a backup may have them")
            }
        }
    }
}

/// What a check of the ledger found.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LedgerCheck {
    /// How many files it has.
    pub segments: usize,
    /// How many events were ever acknowledged.
    pub events: u64,
    /// Stretches that cannot be read, in order. Tickets stand as they are; their histories lack these events.
    pub damage: Vec<LedgerDamage>,
    /// Files whose header cannot be read, though all their events can.
    pub bad_headers: Vec<String>,
}

/// A stretch of the ledger that cannot be read.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LedgerDamage {
    /// The file.
    pub file: String,
    /// Its first bad byte.
    pub from_byte: u32,
    /// The first byte behind the stretch.
    pub to_byte: u32,
    /// The first event that is lost.
    pub first_event: u64,
    /// The first event behind it that can be read.
    pub next_event: u64,
    /// Where a copy of the bytes is; none where there are none, or it could not be written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

impl From<&LedgerReport> for LedgerCheck {
    fn from(report: &LedgerReport) -> Self {
        let damage = |stretch: &Stretch| LedgerDamage {
            file: stretch.file.display().to_string(),
            from_byte: stretch.from,
            to_byte: stretch.to,
            first_event: stretch.first_seq,
            next_event: stretch.next_seq.unwrap_or(report.next_seq),
            kept: stretch.kept.as_ref().map(|kept| kept.display().to_string()),
        };
        Self {
            segments: report.segments,
            events: report.next_seq - 1,
            damage: report.damage.iter().map(damage).collect(),
            bad_headers: report.bad_headers.iter().map(|file| file.display().to_string()).collect(),
        }
    }
}

/// Tells the journal and the wall what was found damaged.
pub fn tell_losses(handle: &Handle, losses: &Losses, language: Language) {
    for loss in losses.told() {
        log::error!(MESSAGE_ID = message::LEDGER_DAMAGED; "the ledger is damaged; a backup may have what it lacks: {loss}");
    }
    if !losses.is_none() {
        let (kind, part) = (AlarmKind::Storage, PART.to_owned());
        tell(handle, DeskAct::PartFailed { kind, part, text: losses.text(language) });
    }
}

/// Tells the journal and the wall what a check of the whole ledger found.
pub fn tell_checked(handle: &Handle, losses: &Losses, language: Language) {
    tell_losses(handle, losses, language);
    if losses.is_none() {
        tell(handle, DeskAct::PartWorks { kind: AlarmKind::Storage, part: PART.to_owned() });
    }
}

fn tell(handle: &Handle, act: DeskAct) {
    handle.tell(Command::Desk(act), Actor::named("andond", Role::Admin));
}

/// The thread. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Checker(#[expect(dead_code, reason = "it is held to be dropped with this")] Background);

impl Checker {
    /// Starts it; `language` is the wall's.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(handle: Handle, language: Language) -> std::io::Result<Self> {
        let told = Arc::new(Told::default());
        let met = Arc::clone(&told);
        handle.history().when_damaged(move || met.news());
        let mut run = Run { handle, language, told: Arc::clone(&told), known: Losses::default() };
        Ok(Self(Background::start("checker", told, move || run.until_stopped())?))
    }
}

struct Run {
    handle: Handle,
    language: Language,
    /// Its news is that somebody has met a damaged entry.
    told: Arc<Told>,
    /// What the last check found.
    known: Losses,
}

impl Run {
    fn until_stopped(&mut self) {
        let mut long = FIRST_AFTER;
        // Whoever meets what is known already brings nothing new; the daily check would.
        while self.told.wait(long, self.known.is_none()) != Woken::ToStop {
            self.told.forget_news();
            if !self.check() {
                return;
            }
            long = EVERY;
        }
    }

    /// Whether it goes on.
    fn check(&mut self) -> bool {
        let mut read = 0;
        let pace = |bytes| {
            read += bytes;
            if read < STEP_BYTES {
                return true;
            }
            read = 0;
            self.told.wait(STEP, false) != Woken::ToStop
        };
        match self.handle.history().ledger().check_while(pace) {
            Ok(None) => return false,
            Ok(Some(report)) => {
                self.known = Losses::from(&report);
                tell_checked(&self.handle, &self.known, self.language);
            }
            Err(error) => log::error!("the ledger could not be checked: {}", chain(&error)),
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(first_seq: u64, next_seq: u64) -> Stretch {
        let file = PathBuf::from("/state/ledger/0000000000000001.ledger");
        Stretch { file, from: 24, to: 90, first_seq, next_seq: Some(next_seq), kept: None }
    }

    #[test]
    fn the_wall_says_how_much_is_lost_and_where_it_may_be() {
        let check = |losses: &Losses, russian: &str, english: &str| {
            assert_eq!(losses.text(Language::Russian), russian);
            assert_eq!(losses.text(Language::English), english);
            assert!(!losses.is_none() && !losses.told().is_empty());
        };
        let damage = vec![stretch(15, 18), stretch(90, 91)];
        check(
            &Losses { damage, ..Losses::default() },
            "журнал повреждён, нет событий: 4, первое 15; ищите их в копии",
            "the ledger is damaged, events missing: 4, the first is 15; a backup may have them",
        );
        check(
            &Losses { behind_end: 7, ..Losses::default() },
            "журнал повреждён, нет последних событий: 7; ищите их в копии",
            "the ledger is damaged, events missing at its end: 7; a backup may have them",
        );
        check(
            &Losses { bad_headers: vec![stretch(1, 2).file], ..Losses::default() },
            "у файла журнала повреждён заголовок, события целы",
            "a file of the ledger has a damaged header, its events are whole",
        );
        assert!(Losses::default().is_none() && Losses::default().told().is_empty());
    }
}
