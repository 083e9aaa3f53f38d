//! Archiving: tickets that have been closed for long leave the projection for the archive, in a thread of its own.
//!
//! A ticket's whole story is added to the archive and durable there before the loop hears of it. The loop has the next
//! checkpoint take the ticket out of the projection, if it still is what was archived. A crash in between leaves it in
//! both, which harms nobody: the projection is asked first, and the next run finds the story there and adds nothing.
//! A ticket that changes later is in the projection again, and is archived again when it has rested as long.
//!
//! It reckons with the desk's time, which is never later than the true one: a clock that is a year ahead archives nothing
//! early. Where the archive cannot be written or is damaged, the wall says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use calendars::{Timestamp, Tz};
use chrono::Datelike;

use firmware_board::Language;

use super::Handle;
use super::background::{Background, Told, Woken};
use super::faults::disk_fault;
use super::history::{History, HistoryError};
use crate::chain::chain;
use crate::desk::packed::unpack;
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Entry, Event, Role, Stage, Ticket, TicketNumber};
use crate::store::ArchiveError;
use crate::store::archive::{Mark, Story};

/// How often is looked for tickets to archive.
const EVERY: Duration = Duration::from_secs(3_600);
/// How often is looked whether somebody who read the archive found it damaged.
const HEALTH_EVERY: Duration = Duration::from_secs(5);
/// How many closed tickets are looked at, and archived, at once …
const LOT_TICKETS: usize = 256;
/// … and how long the disk and the other threads have then.
const PAUSE: Duration = Duration::from_millis(100);
/// Fewer tickets than that wait for others, for they are packed together …
const FEW_TICKETS: usize = 64;
/// … but no longer than so many milliseconds: a day.
const FEW_WAIT_MS: i64 = 86_400_000;
/// The longest story that goes to the archive, in bytes as the ledger has it. There a story is one line, which is read whole;
/// a longer one stays where it is read an entry at a time.
const STORY_MAX_BYTES: usize = 8 << 20;
/// Who says so when the archive fails, and the part that does.
const ARCHIVE: &str = "archive";

/// Tickets that are in the archive, durably.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Archived {
    /// Number, and crc32c of the value that the projection had.
    pub(super) tickets: Vec<(u64, u32)>,
    /// How much the archive holds with them.
    pub(super) mark: Mark,
}

/// What is to be archived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How long a ticket has been closed without a change, in milliseconds.
    pub after_ms: i64,
    /// By whose calendar the year of its closing is told.
    pub zone: Tz,
}

/// The thread. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Archivist {
    told: Arc<Told>,
    may_write: Arc<AtomicBool>,
    #[expect(dead_code, reason = "it is held to be dropped with this")]
    thread: Background,
}

impl Archivist {
    /// Starts it; `language` is the wall's, and `may_write` as [`may_write`](Self::may_write) says it.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        handle: Handle,
        rule: Rule,
        language: Language,
        may_write: bool,
    ) -> std::io::Result<Self> {
        let (told, may_write) = (Arc::new(Told::default()), Arc::new(AtomicBool::new(may_write)));
        let history = Arc::clone(handle.history());
        let mut run = Run {
            handle,
            history,
            rule,
            language,
            is_damaged: false,
            is_failing: false,
            is_held_back: false,
            passed_over: 0,
            told: Arc::clone(&told),
            may_write: Arc::clone(&may_write),
        };
        let thread = Background::start("archivist", Arc::clone(&told), move || run.until_stopped())?;
        Ok(Self { told, may_write, thread })
    }

    /// Whether the disk has room for more than the desk's own last words.
    pub(super) fn may_write(&self, may: bool) {
        self.may_write.store(may, Ordering::Relaxed);
    }

    /// A checkpoint is durable: there may be closed tickets in the projection that were not there before.
    pub(super) fn checkpointed(&self) {
        self.told.news();
    }
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
enum Ended {
    #[error(transparent)]
    History(#[from] HistoryError),
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    #[error("the daemon stops")]
    Stopped,
    #[error("the disk has no room for it")]
    NoRoom,
}

/// Tickets to archive, each with the value that the projection has.
type Lot = Vec<(Ticket, Vec<u8>)>;

struct Run {
    handle: Handle,
    history: Arc<History>,
    rule: Rule,
    language: Language,
    /// Whether damage was found since the start. It is mended at the next one.
    is_damaged: bool,
    /// Whether the last run failed, or passed tickets over.
    is_failing: bool,
    /// Whether the last run ended, or did not begin, for want of room.
    is_held_back: bool,
    /// How many tickets the last run passed over, for their story cannot be read.
    passed_over: usize,
    /// Its news is a checkpoint.
    told: Arc<Told>,
    may_write: Arc<AtomicBool>,
}

impl Run {
    fn until_stopped(&mut self) {
        // What was replayed at the start is in the projection with the first checkpoint. Where tickets need not rest,
        // each checkpoint may bring some.
        let mut for_checkpoint = true;
        loop {
            self.is_failing = match self.once(self.handle.view().now()) {
                Ok(tickets) => {
                    if tickets > 0 {
                        log::info!("{tickets} closed tickets were archived");
                    }
                    self.passed_over > 0
                }
                Err(Ended::Stopped) => return,
                // That stands on the wall already.
                Err(Ended::NoRoom) => self.is_failing,
                Err(error) => {
                    log::error!("closed tickets stay where they are for an hour: {}", chain(&error));
                    true
                }
            };
            self.look_for_damage();
            self.tell_health();
            if self.rest(for_checkpoint) == Woken::ToStop {
                return;
            }
            for_checkpoint = self.rule.after_ms == 0;
        }
    }

    /// Waits for the next run, and tells meanwhile when readers find damage.
    fn rest(&mut self, for_checkpoint: bool) -> Woken {
        let mut rested = Duration::ZERO;
        while rested < EVERY {
            match self.told.wait(HEALTH_EVERY, for_checkpoint) {
                Woken::ByTime => rested += HEALTH_EVERY,
                woken => return woken,
            }
            if self.is_held_back && self.may_write.load(Ordering::Relaxed) {
                return Woken::ByTime;
            }
            if self.look_for_damage() {
                self.tell_health();
            }
        }
        Woken::ByTime
    }

    /// Whether damage was found since this was asked last.
    fn look_for_damage(&mut self) -> bool {
        let found = self.history.archive().take_damage();
        for damage in &found {
            log::error!(
                "the archive is damaged: {damage}; its tickets come back from the ledger at the next start"
            );
        }
        self.is_damaged |= !found.is_empty();
        !found.is_empty()
    }

    /// Tells the desk whether the archive works; the desk passes over what it knows.
    fn tell_health(&self) {
        let text = match (self.language, self.is_damaged) {
            (Language::Russian, true) => "архив повреждён, перезапуск вернёт его заявки из журнала",
            (Language::Russian, false) => "закрытые заявки не уходят в архив",
            (Language::English, true) => {
                "the archive is damaged, a restart has its tickets back from the ledger"
            }
            (Language::English, false) => "closed tickets do not go to the archive",
        };
        let (kind, part) = (AlarmKind::Storage, ARCHIVE.to_owned());
        let act = if self.is_damaged || self.is_failing {
            DeskAct::PartFailed { kind, part, text: text.to_owned() }
        } else {
            DeskAct::PartWorks { kind, part }
        };
        self.handle.tell(Command::Desk(act), Actor::named(ARCHIVE, Role::Admin));
    }

    /// On a disk without room nothing is archived: what is left of it is for the desk's own last words.
    fn need_room(&mut self) -> Result<(), Ended> {
        self.is_held_back = !self.may_write.load(Ordering::Relaxed);
        if self.is_held_back { Err(Ended::NoRoom) } else { Ok(()) }
    }

    /// Archives what is to be archived; how many tickets.
    fn once(&mut self, now: Timestamp) -> Result<usize, Ended> {
        self.need_room()?;
        self.passed_over = 0;
        if !self.is_worth_it(now)? {
            return Ok(0);
        }
        let (mut below, mut tickets) = (TicketNumber(u64::MAX), 0);
        loop {
            let (lot, next) = self.lot(below, now)?;
            tickets += lot.len();
            self.need_room()?;
            self.archive(lot)?;
            let Some(next) = next else { return Ok(tickets) };
            below = next;
            if self.told.wait(PAUSE, false) == Woken::ToStop {
                return Err(Ended::Stopped);
            }
        }
    }

    /// Whether there is enough to fill a member of the archive, or something has waited long enough for more.
    fn is_worth_it(&self, now: Timestamp) -> Result<bool, Ended> {
        let (mut below, mut waiting) = (Some(TicketNumber(u64::MAX)), 0);
        while let Some(number) = below {
            let (lot, next) = self.lot(number, now)?;
            waiting += lot.len();
            let overdue = |(ticket, _): &(Ticket, _)| {
                self.rule.after_ms == 0 || self.rested_ms(ticket, now) >= FEW_WAIT_MS
            };
            if waiting >= FEW_TICKETS || lot.iter().any(overdue) {
                return Ok(true);
            }
            below = next;
        }
        Ok(false)
    }

    /// The tickets to archive among the next closed ones below a number, and where to go on.
    fn lot(&self, below: TicketNumber, now: Timestamp) -> Result<(Lot, Option<TicketNumber>), Ended> {
        let closed = self.history.closed_below(below, LOT_TICKETS)?;
        let next = closed.last().filter(|_| closed.len() == LOT_TICKETS);
        let next = next.map(|(number, _)| TicketNumber(*number));
        let read = |(_, value): (_, Option<Vec<u8>>)| {
            let value = value?;
            let ticket = unpack(&value)?;
            (self.rested_ms(&ticket, now) >= 0).then_some((ticket, value))
        };
        Ok((closed.into_iter().filter_map(read).collect(), next))
    }

    /// For how long a ticket might have been archived by now, in milliseconds; below 0 where it may not be yet.
    fn rested_ms(&self, ticket: &Ticket, now: Timestamp) -> i64 {
        now.ms_since(ticket.changed_at).saturating_sub(self.rule.after_ms)
    }

    /// Archives a lot of tickets, the newest first, and tells.
    fn archive(&mut self, lot: Lot) -> Result<(), Ended> {
        let (mut stories, mut archived): (BTreeMap<u16, Vec<Story>>, _) =
            (BTreeMap::new(), Archived::default());
        for (ticket, value) in lot.into_iter().rev() {
            let checksum = crc32c::crc32c(&value);
            let told = match self.story(&ticket) {
                Ok(told) => told,
                Err(Ended::History(error)) if disk_fault(&error).is_none() => {
                    log::error!("ticket {} cannot be archived: {}", ticket.number, chain(&error));
                    self.passed_over += 1;
                    None
                }
                Err(error) => return Err(error),
            };
            let Some((year, story)) = told else { continue };
            archived.tickets.push((ticket.number.0, checksum));
            let known = self.history.archive().get(story.number);
            if known.is_ok_and(|known| known == Some(story.line())) {
                continue;
            }
            stories.entry(year).or_default().push(story);
        }
        for (year, stories) in stories {
            self.history.archive().append(year, self.history.next_seq(), &stories)?;
        }
        archived.mark = self.history.archive().mark();
        if archived.tickets.is_empty() { Ok(()) } else { self.hand_over(archived) }
    }

    /// The year of a ticket's archive and its story; `None` while the ticket changes, and where the story is too long.
    fn story(&self, ticket: &Ticket) -> Result<Option<(u16, Story)>, Ended> {
        // One whose story has a hole stays where it is: the hole may be mended, and the others do not wait for that.
        let told = match self.history.told(ticket.number, STORY_MAX_BYTES) {
            Err(HistoryError::Lost { .. }) => return Ok(None),
            told => told?,
        };
        let Some(told) = told else { return Ok(None) };
        if self.history.is_changing(ticket.number) {
            return Ok(None);
        }
        let mut closed_at = ticket.changed_at;
        let mut entries = Vec::with_capacity(told.len());
        for (entry, payload) in told {
            if closes(&entry, ticket.number) {
                closed_at = entry.effective_at();
            }
            entries.push(payload);
        }
        let year = u16::try_from(closed_at.local(self.rule.zone).year()).unwrap_or_default();
        let ticket_json = serde_json::to_vec(ticket).expect("a ticket is plain data with text keys");
        let story =
            Story { number: ticket.number.0, at_ms: closed_at.millis(), ticket: ticket_json, entries };
        Ok(Some((year, story)))
    }

    /// Tells the loop, and waits while it cannot take it.
    fn hand_over(&mut self, mut archived: Archived) -> Result<(), Ended> {
        while let Err(back) = self.handle.archived(archived) {
            archived = back;
            if self.told.wait(PAUSE, false) == Woken::ToStop {
                return Err(Ended::Stopped);
            }
        }
        Ok(())
    }
}

/// Whether an entry closed the ticket.
fn closes(entry: &Entry, number: TicketNumber) -> bool {
    entry.facts.iter().any(|fact| {
        let is_closing = matches!(fact.event, Event::StatusChanged { stage: Stage::Closed, .. });
        fact.ticket == Some(number) && is_closing
    })
}
