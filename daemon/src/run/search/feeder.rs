//! The feeder: keeps the index of tickets up to date, in a thread of its own, so that the loop waits for nothing.
//!
//! At the start it reads from the ledger which tickets changed since the index was written last, then makes what is
//! missing, the newest tickets first. After that it sleeps until some hundred tickets wait or a list met damage. Tickets
//! are added in memory, and written as files when there is a lot of them or the daemon ends: an idle desk writes nothing.
//!
//! The index is never the only copy. What is damaged is told in the journal and on the wall, and made again at once;
//! where the disk takes no writes, what is in memory goes on to serve lists, and it is tried again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use firmware_board::Language;

use super::super::Handle;
use super::super::background::{Background, Told, Woken};
use super::super::faults::disk_fault;
use super::filter::{TERMS, terms_of};
use super::{Search, WAITING_MAX};
use crate::chain::chain;
use crate::clock;
use crate::desk::words::Stems;
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Role, TicketNumber};
use crate::run::HistoryError;
use crate::store::LedgerError;
use crate::store::search::{Index, Opened, Prepared, SearchError, Term, numbers_of};

/// Where the index is, below the state directory.
pub(crate) const DIR: &str = "search";
/// So many changed tickets are written as files together …
const LOT_TICKETS: u64 = 4_096;
/// … or those that so many events changed: a start after a crash reads as many again.
pub(super) const LOT_EVENTS: u64 = 50_000;
/// How many tickets are read and added at once.
const STEP_TICKETS: usize = 512;
/// How long others have the processor and the disk between two steps.
const PAUSE: Duration = Duration::from_millis(2);
/// How long tickets that change gather at least before they are added: one that changes often is added once.
const GATHER: Duration = Duration::from_millis(100);
/// How long after a failure it is tried again …
const RETRY: Duration = Duration::from_secs(60);
/// … and how often tickets that wait are added meanwhile, in memory.
const RETRY_STEP: Duration = Duration::from_secs(1);
/// How long it sleeps where nothing happens.
const SLEEP: Duration = Duration::from_secs(86_400);
/// Who says so when it fails, and the part that does.
const PART: &str = "search";

/// The thread. Dropping it writes what is in memory and ends it.
#[derive(Debug)]
pub(crate) struct Feeder {
    #[expect(dead_code, reason = "it is held to be dropped with this")]
    thread: Background,
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error("the daemon stops")]
    Stopped,
    #[error("the disk has no room for it")]
    NoRoom,
}

impl Feeder {
    /// Starts it over the index in the state directory `state`; `language` is the wall's.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(handle: Handle, state: &Path, language: Language) -> std::io::Result<Self> {
        let told = Arc::clone(&handle.view().search().told);
        let dir = state.join(DIR);
        let thread = Background::start("search", Arc::clone(&told), move || {
            let mut run = Run {
                handle,
                dir,
                language,
                told,
                health: Health::default(),
                told_health: None,
                stems: Stems::default(),
            };
            run.until_stopped();
        })?;
        Ok(Self { thread })
    }
}

/// What the wall is to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Health {
    /// Something was damaged and is not made again yet.
    is_damaged: bool,
    /// The last run failed.
    is_failing: bool,
}

struct Run {
    handle: Handle,
    dir: PathBuf,
    language: Language,
    told: Arc<Told>,
    health: Health,
    /// What the desk was told last.
    told_health: Option<Health>,
    stems: Stems,
}

impl Run {
    fn until_stopped(&mut self) {
        let mut index = loop {
            match self.open() {
                Ok(index) => break index,
                Err(Ended::Stopped) => return,
                Err(error) => self.fails(&error),
            }
            if self.told.wait(RETRY, false) == Woken::ToStop {
                return;
            }
        };
        loop {
            let began_us = clock::monotonic_us();
            let woken = match self.once(&mut index) {
                Ok(()) => {
                    self.works();
                    // It takes no more than half of a processor from those who wait for an answer.
                    let worked = Duration::from_micros(clock::monotonic_us().saturating_sub(began_us));
                    match self.told.wait(worked.max(GATHER), false) {
                        Woken::ToStop => Woken::ToStop,
                        Woken::ByNews | Woken::ByTime => self.told.wait(SLEEP, true),
                    }
                }
                Err(Ended::Stopped) => Woken::ToStop,
                Err(error) => {
                    self.fails(&error);
                    self.wait_to_retry(&mut index)
                }
            };
            if woken == Woken::ToStop {
                break;
            }
        }
        if let Err(error) = self.end(&mut index) {
            log::warn!("the search index was not written, the next start reads it up: {}", chain(&error));
        }
    }

    /// Lists need the index though it cannot be written.
    fn wait_to_retry(&mut self, index: &mut Index) -> Woken {
        let mut waited = Duration::ZERO;
        while waited < RETRY {
            if self.told.wait(RETRY_STEP, false) == Woken::ToStop {
                return Woken::ToStop;
            }
            waited += RETRY_STEP;
            if let Err(error) = self.add_waiting(index) {
                log::debug!("the search index is still not kept up: {}", chain(&error));
            }
        }
        Woken::ByTime
    }

    fn search(&self) -> &Search {
        self.handle.view().search()
    }

    /// Opens the index, and adds what changed since it was written.
    fn open(&mut self) -> Result<Index, Ended> {
        let next_seq = self.search().waiting().upto_seq;
        let last = self.search().last.load(std::sync::atomic::Ordering::Relaxed);
        let Opened { mut index, lost, is_damaged } =
            Index::open(&self.dir, (self.origin().unwrap_or(0), TERMS), next_seq, last)?;
        for what in &lost {
            log::warn!("the search index is of no use, and made again: {what}");
        }
        if is_damaged {
            self.is_damaged();
        }
        let mut changed = BTreeSet::new();
        for entry in self.handle.history().since(index.position()) {
            match entry {
                Ok(entry) if entry.first_seq >= next_seq => break,
                Ok(entry) => changed.extend(entry.tickets().iter().map(|number| number.0)),
                // What it held is lost to the tickets, too.
                Err(HistoryError::Ledger(LedgerError::Damaged(_))) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let changed: Vec<u64> = changed.into_iter().collect();
        for numbers in changed.chunks(STEP_TICKETS) {
            let tickets = self.read(numbers.iter().copied())?;
            index.add(tickets)?;
            self.pause()?;
        }
        // Only the first call counts: an index that was opened again is the one that is fed.
        let _ = self.search().index.set(index.published().clone());
        index.ready();
        Ok(index)
    }

    /// What tells the ledger from others; none before its first entry.
    fn origin(&self) -> Option<u32> {
        self.handle.history().ledger().origin()
    }

    /// Adds what waits, makes what is missing, and writes what has become a lot.
    fn once(&mut self, index: &mut Index) -> Result<(), Ended> {
        self.told.forget_news();
        self.give_up_damaged(index);
        self.take_waiting(index)?;
        while let Some(block) = index.next_missing() {
            self.need_room()?;
            self.rebuild(index, block)?;
            if index.next_missing().is_none() {
                log::info!("the search index is whole");
            }
            self.give_up_damaged(index);
        }
        Ok(())
    }

    fn give_up_damaged(&mut self, index: &mut Index) {
        for (block, what) in self.search().take_damage() {
            log::error!("the search index is damaged, a part of it is made again: {what}");
            index.give_up(block);
            self.is_damaged();
        }
    }

    fn is_damaged(&mut self) {
        self.health.is_damaged = true;
        self.tell_health();
    }

    /// Adds the tickets that wait, and writes what has become a lot.
    fn take_waiting(&mut self, index: &mut Index) -> Result<(), Ended> {
        let upto_seq = self.add_waiting(index)?;
        let is_lot = index.unwritten() >= LOT_TICKETS
            || index.unwritten() > 0 && upto_seq.saturating_sub(index.position()) >= LOT_EVENTS;
        if is_lot { self.flush(index, upto_seq) } else { Ok(()) }
    }

    /// Adds the tickets that wait, in memory; all events before the number that it returns are in.
    fn add_waiting(&mut self, index: &mut Index) -> Result<u64, Ended> {
        let (waiting, upto_seq) = {
            let mut waiting = self.search().waiting();
            waiting.taken_seq = waiting.upto_seq;
            (waiting.numbers.clone(), waiting.upto_seq)
        };
        let numbers: Vec<u64> = waiting.keys().copied().collect();
        for numbers in numbers.chunks(STEP_TICKETS) {
            let tickets = self.read(numbers.iter().copied())?;
            index.add(tickets)?;
            let mut still = self.search().waiting();
            for number in numbers {
                if still.numbers.get(number) == waiting.get(number) {
                    still.numbers.remove(number);
                }
            }
        }
        Ok(upto_seq)
    }

    /// Writes what is in memory. All tickets that events before `upto_seq` changed are in.
    fn flush(&mut self, index: &mut Index, upto_seq: u64) -> Result<(), Ended> {
        self.need_room()?;
        index.adopt(self.origin().unwrap_or(0));
        for what in index.flush(upto_seq)? {
            log::error!("the search index is damaged, a part of it is made again: {what}");
            self.is_damaged();
        }
        Ok(())
    }

    /// Makes a block anew.
    fn rebuild(&mut self, index: &mut Index, block: u32) -> Result<(), Ended> {
        let (numbers, given_up) = (numbers_of(block), index.times_given_up());
        let end = numbers.end.min(self.search().last.load(std::sync::atomic::Ordering::Relaxed) + 1);
        let mut prepared = Prepared::default();
        let mut next = numbers.start;
        while next < end {
            let step = next..end.min(next + STEP_TICKETS as u64);
            next = step.end;
            index.prepare(block, self.read(step)?, &mut prepared)?;
            self.pause()?;
            if self.search().waiting().numbers.len() >= WAITING_MAX {
                self.take_waiting(index)?;
            }
        }
        // What changed meanwhile may have been given up with the block; then it is made anew once more.
        if index.times_given_up() == given_up {
            index.adopt(self.origin().unwrap_or(0));
            index.rebuilt(block, prepared)?;
        }
        Ok(())
    }

    /// Reads tickets as they are now, and makes their terms. One that cannot be read is passed over: no list can show it.
    fn read(&mut self, numbers: impl Iterator<Item = u64>) -> Result<Vec<(u64, Vec<Term>)>, HistoryError> {
        let mut tickets = Vec::new();
        for number in numbers {
            match self.handle.view().ticket(TicketNumber(number)) {
                Ok(Some(ticket)) => tickets.push((number, terms_of(&ticket, &mut self.stems))),
                Ok(None) => {}
                Err(error) if disk_fault(&error).is_none() => {
                    log::error!("ticket {number} is not in lists: {}", chain(&error));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(tickets)
    }

    fn pause(&self) -> Result<(), Ended> {
        if self.told.wait(PAUSE, false) == Woken::ToStop { Err(Ended::Stopped) } else { Ok(()) }
    }

    /// On a disk without room nothing is written: what is left of it is for the desk's own last words.
    fn need_room(&self) -> Result<(), Ended> {
        let may_write = self.search().may_write.load(std::sync::atomic::Ordering::Relaxed);
        if may_write { Ok(()) } else { Err(Ended::NoRoom) }
    }

    /// The last words: what waits is added, and all of it written.
    fn end(&mut self, index: &mut Index) -> Result<(), Ended> {
        let upto_seq = self.add_waiting(index)?;
        let is_written = index.unwritten() == 0 && index.position() == upto_seq;
        if is_written { Ok(()) } else { self.flush(index, upto_seq) }
    }

    fn fails(&mut self, error: &Ended) {
        // A full disk stands on the wall already.
        if matches!(error, Ended::NoRoom) {
            return;
        }
        if !self.health.is_failing {
            log::error!("the search index is not kept up, it is tried every minute: {}", chain(error));
        }
        self.health.is_failing = true;
        self.tell_health();
    }

    fn works(&mut self) {
        self.health = Health::default();
        self.tell_health();
    }

    /// Tells the desk whether the index works, where that is news; an alarm may be left from before the start.
    fn tell_health(&mut self) {
        if self.told_health.replace(self.health) == Some(self.health) {
            return;
        }
        let text = match (self.language, self.health.is_damaged) {
            (Language::Russian, true) => "указатель заявок повреждён и строится заново, списки пока медленны",
            (Language::Russian, false) => "указатель заявок не пишется, списки могут быть медленны",
            (Language::English, true) => {
                "the index of tickets was damaged and is made again, lists are slow meanwhile"
            }
            (Language::English, false) => "the index of tickets is not written, lists may be slow",
        };
        let (kind, part) = (AlarmKind::Storage, PART.to_owned());
        let act = if self.health == Health::default() {
            DeskAct::PartWorks { kind, part }
        } else {
            DeskAct::PartFailed { kind, part, text: text.to_owned() }
        };
        self.handle.tell(Command::Desk(act), Actor::named(PART, Role::Admin));
    }
}
