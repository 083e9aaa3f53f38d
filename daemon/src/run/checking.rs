//! Checking: the whole ledger is read now and then, in a thread of its own, so that what the card has spoilt is noticed
//! while a backup still has it.
//!
//! A start reads the newest part of the ledger only, and entries that nobody asks for are not read for years. So all of it
//! is read some minutes after each start and then daily, at a pace that leaves the card to others, and at once when
//! somebody meets a damaged entry. What is found is copied to the quarantine, told in the journal and on the wall. The
//! alarm is an event, so a restart does not end it: only a check that found everything whole does.

use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use firmware_board::Language;

use super::Handle;
use crate::chain::chain;
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Role};
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

/// Tells the journal and the wall what was found damaged.
pub fn tell_losses(handle: &Handle, losses: &Losses, language: Language) {
    for loss in losses.told() {
        log::error!("the ledger is damaged; a backup may have what it lacks: {loss}");
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
pub(super) struct Checker {
    told: Arc<Told>,
    thread: Option<JoinHandle<()>>,
}

impl Checker {
    /// Starts it; `language` is the wall's.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(handle: Handle, language: Language) -> std::io::Result<Self> {
        let told = Arc::new(Told::default());
        let met = Arc::clone(&told);
        handle.history().when_damaged(move || met.say(|said| said.damage_met = true));
        let mut run = Run { handle, language, told: Arc::clone(&told), known: Losses::default() };
        let thread = std::thread::Builder::new().name("checker".into()).spawn(move || run.until_stopped())?;
        Ok(Self { told, thread: Some(thread) })
    }
}

impl Drop for Checker {
    fn drop(&mut self) {
        self.told.say(|said| said.stop = true);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// What the thread is told.
#[derive(Debug, Default)]
struct Told {
    said: Mutex<Said>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Said {
    stop: bool,
    /// Somebody has met a damaged entry.
    damage_met: bool,
}

impl Told {
    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn say(&self, say: impl FnOnce(&mut Said)) {
        say(&mut self.lock());
        self.changed.notify_all();
    }

    /// Waits as long, or until the thread is to stop, or where that is asked until damage is met. Whether it goes on.
    fn wait(&self, long: Duration, for_damage: bool) -> bool {
        let nothing = |said: &mut Said| !(said.stop || for_damage && said.damage_met);
        let waited = self.changed.wait_timeout_while(self.lock(), long, nothing);
        !waited.unwrap_or_else(PoisonError::into_inner).0.stop
    }
}

struct Run {
    handle: Handle,
    language: Language,
    told: Arc<Told>,
    /// What the last check found.
    known: Losses,
}

impl Run {
    fn until_stopped(&mut self) {
        let mut long = FIRST_AFTER;
        // Whoever meets what is known already brings nothing new; the daily check would.
        while self.told.wait(long, self.known.is_none()) {
            self.told.lock().damage_met = false;
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
            self.told.wait(STEP, false)
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

    #[test]
    fn only_damage_that_is_new_wakes_a_checker_that_rests() {
        let told = Told::default();
        told.say(|said| said.damage_met = true);
        assert!(told.wait(Duration::MAX, true), "it was met, so there is no wait");
        assert!(told.wait(Duration::ZERO, false), "a check that leaves the card to others is not cut short");
        told.say(|said| said.stop = true);
        assert!(!told.wait(Duration::MAX, false));
    }
}
