//! The loop that owns the desk.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TrySendError, sync_channel};
use std::thread::JoinHandle;

use calendars::{Timestamp, Tz};
use firmware_board::Language;
use tokio::sync::{broadcast, oneshot};

use super::archiving::{Archivist, Rule};
use super::books::{Books, BooksError, BooksReport, Carried};
use super::history::HistoryError;
use super::{BATCH_MAX, Done, Failure, Handle, Input, QUEUE_MAX, View};
use crate::board::BoardState;
use crate::chain::chain;
use crate::clock;
use crate::desk::event::Receipt;
use crate::desk::{
    Actor, Alarm, AlarmKind, AlarmState, Command, Desk, DeskAct, Entry, Event, Regulations, Role,
    TicketNumber, Undo,
};
use crate::store::tickets::Compacted;
use crate::store::{Kept, LedgerError};

/// How many deadlines are settled before those who wait are served.
const SETTLE_MAX: usize = 20_000;
/// A checkpoint is written when so many tickets have changed …
const CHECKPOINT_TICKETS: usize = 2_000;
/// … or so long after the first change, in milliseconds. The ledger has everything meanwhile; a checkpoint wears the
/// card and its syncs delay the ledger's, so there are few.
const CHECKPOINT_MS: i64 = 60_000;
/// How long after a failed write the disk is tried again, in milliseconds.
const RETRY_MS: i64 = 1_000;
/// How many entries a slow listener may lag behind before it must read them from the ledger.
const LISTENERS_LAG: usize = 4_096;

/// What the loop is told at its start.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the books lie.
    pub state_dir: PathBuf,
    /// The regulations the desk works by.
    pub regulations: Regulations,
    /// The site's zone, for the wall.
    pub zone: Tz,
    /// The room's language, for what the loop itself tells the wall.
    pub language: Language,
    /// Which closed tickets leave for the archive; none where nothing is said.
    pub archiving: Option<Rule>,
}

/// A reply that waits for the disk.
type Waiting = (oneshot::Sender<Result<Done, Failure>>, Result<Done, Failure>);

/// Opens the books and starts the loop in a thread of its own.
///
/// # Errors
/// [`BooksError`] when the books cannot be opened.
pub fn start(
    settings: Settings,
    progress: impl FnMut(u64, u64),
) -> Result<(Handle, JoinHandle<()>, BooksReport), BooksError> {
    let (inputs, queue) = sync_channel(QUEUE_MAX);
    let (entries, _) = broadcast::channel(LISTENERS_LAG);
    let kept_to = inputs.clone();
    // A keeper that reports after the loop has ended reports to nobody.
    let kept = move |kept| drop(kept_to.try_send(Input::Kept(kept)));
    let (books, desk, report) = Books::open(&settings.state_dir, settings.regulations, kept, progress)?;
    let now = clock::now();
    let trusted = clock::is_plausible(now, desk.last_at());
    let board = BoardState::of(&desk, &[], now, trusted, settings.zone);
    let tickets = desk.all_held().map(|(number, held)| (number, held.clone()));
    let tokens = desk.tokens().cloned().collect();
    let view = View::new(desk.regulations().clone(), Arc::clone(books.history()), tokens, board);
    view.publish_tickets(tickets, desk.tickets_total());
    let view = Arc::new(view);
    let handle = Handle {
        inputs,
        entries: entries.clone(),
        view: Arc::clone(&view),
        history: Arc::clone(books.history()),
    };
    let archived_to = handle.inputs.clone();
    let tell = move |archived| {
        archived_to.try_send(Input::Archived(archived)).or_else(|error| match error {
            TrySendError::Full(Input::Archived(archived)) => Err(archived),
            // A loop that has ended takes nothing any more.
            TrySendError::Full(_) | TrySendError::Disconnected(_) => Ok(()),
        })
    };
    let archivist = settings
        .archiving
        .map(|rule| Archivist::start(Arc::clone(books.history()), rule, tell).map_err(BooksError::Keeper))
        .transpose()?;
    let the_loop = Loop {
        desk,
        books,
        view,
        entries,
        queue,
        zone: settings.zone,
        language: settings.language,
        troubles: Vec::new(),
        retry_at: None,
        batch: Batch::default(),
        archivist,
    };
    let thread = std::thread::Builder::new()
        .name("desk".into())
        .spawn(move || the_loop.run())
        .map_err(BooksError::Keeper)?;
    let stepped_to = handle.inputs.clone();
    if let Err(error) = clock::watch_steps(move || stepped_to.send(Input::ClockStepped).is_ok()) {
        log::warn!("steps of the system clock will be noticed late: {error}");
    }
    Ok((handle, thread, report))
}

struct Loop {
    desk: Desk,
    books: Books,
    view: Arc<View>,
    entries: broadcast::Sender<Arc<Entry>>,
    queue: Receiver<Input>,
    zone: Tz,
    language: Language,
    /// Alarms that cannot be kept, since the disk fails.
    troubles: Vec<Alarm>,
    /// The disk failed; timers try it again then.
    retry_at: Option<Timestamp>,
    batch: Batch,
    archivist: Option<Archivist>,
}

/// What is decided and waits for one sync.
#[derive(Default)]
struct Batch {
    entries: Vec<Entry>,
    replies: Vec<Waiting>,
    /// Tickets that were put away, and were fetched since a command names them.
    recalled: Vec<TicketNumber>,
    looks: Vec<super::Look>,
    stop: bool,
}

impl Loop {
    fn run(mut self) {
        while !self.batch.stop {
            let first = self.wait();
            self.desk.remember();
            self.take_in(first);
            self.commit();
        }
        let now = clock::now();
        drop(self.archivist.take());
        // What it has archived leaves the projection with the last checkpoint.
        for input in self.queue.try_iter() {
            if let Input::Archived(archived) = input {
                self.books.archived(archived, now);
            }
        }
        self.books.close(&self.desk, now);
    }

    /// Waits for an input, or for time to bring something about.
    fn wait(&self) -> Option<Input> {
        let now = clock::now();
        match self.wake_at(now) {
            None => self.queue.recv().ok(),
            Some(at) if at <= now => self.queue.try_recv().ok(),
            Some(at) => self.queue.recv_timeout(clock::wait_for(at.ms_since(now))).ok(),
        }
    }

    /// When the loop has something to do of itself.
    fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        // Time that is not trusted brings nothing about.
        let deadline = self.desk.next_deadline().filter(|_| self.is_trusted(now));
        let deadline = match (deadline, self.retry_at) {
            (Some(deadline), Some(retry)) => Some(deadline.max(retry)),
            (deadline, _) => deadline,
        };
        let unmute = self.view.board().muted_until;
        let checkpoint = self
            .books
            .dirty_since()
            .map(|since| since.plus_ms(CHECKPOINT_MS).min(now.plus_ms(CHECKPOINT_MS)));
        [deadline, unmute, checkpoint, self.retry_at].into_iter().flatten().min()
    }

    fn is_trusted(&self, now: Timestamp) -> bool {
        clock::is_plausible(now, self.desk.last_at())
    }

    /// Decides what waits: first what time has brought about, then what people want.
    fn take_in(&mut self, first: Option<Input>) {
        let now = clock::now();
        if self.retry_at.is_some_and(|retry| now >= retry) {
            self.try_storage(now);
        }
        if self.retry_at.is_none() {
            self.settle(now);
        }
        let mut next = first;
        for _ in 0..BATCH_MAX {
            let Some(input) = next.take().or_else(|| self.queue.try_recv().ok()) else { break };
            self.input(input, now);
        }
    }

    fn settle(&mut self, now: Timestamp) {
        if !self.is_trusted(now) {
            return;
        }
        for _ in 0..SETTLE_MAX {
            let Some((effective, facts)) = self.desk.due(now) else { break };
            let timer = Actor::timer();
            let entry = self.desk.enter(facts, &timer.name, now, Some(effective), None, false);
            self.batch.entries.push(entry);
        }
    }

    fn input(&mut self, input: Input, now: Timestamp) {
        match input {
            Input::Command { command, actor, receipt, reply } => {
                let answer = self.command(&command, &actor, receipt, now);
                self.batch.replies.push((reply, answer));
            }
            Input::Look(look) => self.batch.looks.push(look),
            // The next wait reckons with the new time.
            Input::ClockStepped => log::warn!("the system clock was set; timers are armed anew"),
            Input::Kept(Kept::Done { upto_seq }) => {
                let calm = self.books.kept(upto_seq, &mut self.desk);
                self.view.calm_down(calm);
                if let Some(archivist) = &self.archivist {
                    archivist.checkpointed();
                }
            }
            Input::Kept(Kept::Failed { upto_seq, error }) => {
                log::error!(
                    "the tickets up to event {upto_seq} could not be checkpointed, the ledger has them"
                );
                self.storage_fails("tickets", &error, now);
            }
            Input::Kept(Kept::Compacted(Compacted { before_bytes, after_bytes })) => {
                log::info!("the ticket database was compacted from {before_bytes} to {after_bytes} bytes");
            }
            Input::Kept(Kept::NotCompacted(error)) => log::warn!("{}", chain(&error)),
            Input::Archived(archived) => self.books.archived(archived, now),
            Input::Stop => self.batch.stop = true,
        }
    }

    fn command(
        &mut self,
        command: &Command,
        actor: &Actor,
        receipt: Option<Receipt>,
        now: Timestamp,
    ) -> Result<Done, Failure> {
        if let Some(answer) = receipt.as_ref().and_then(|receipt| self.again(receipt)) {
            return answer;
        }
        if let Some(done) = self.ack_trouble(command, actor) {
            return Ok(done);
        }
        for number in command.tickets() {
            if self.books.recall(number, &mut self.desk).map_err(|error| not_read(&error))? {
                self.batch.recalled.push(number);
            }
        }
        let decision = self.desk.decide(command, actor, now)?;
        let changed = !decision.facts.is_empty();
        if changed {
            let unsynced = !self.is_trusted(now);
            let entry = self.desk.enter(decision.facts, &actor.name, now, None, receipt, unsynced);
            self.batch.entries.push(entry);
        }
        let ticket = decision.ticket.and_then(|number| self.desk.ticket(number));
        Ok(Done { ticket, changed, repeated: false })
    }

    /// The first answer again, where this request was carried out before.
    fn again(&self, receipt: &Receipt) -> Option<Result<Done, Failure>> {
        let in_batch = self
            .batch
            .entries
            .iter()
            .find(|entry| entry.receipt.as_ref().is_some_and(|known| known.key == receipt.key));
        if let Some(entry) = in_batch {
            // Two with one key in one batch: the second waits for the first.
            let same = entry.receipt.as_ref() == Some(receipt);
            let ticket = entry.tickets().first().and_then(|number| self.desk.ticket(*number));
            return Some(if same {
                Ok(Done { ticket, changed: true, repeated: true })
            } else {
                Err(Failure::KeyReused)
            });
        }
        let carried: &Carried = self.books.carried(&receipt.key)?;
        if carried.request != receipt.request {
            return Some(Err(Failure::KeyReused));
        }
        let ticket = self.books.ticket_after(carried);
        Some(Ok(Done { ticket, changed: true, repeated: true }))
    }

    /// Writes the batch down, and only then tells anybody.
    fn commit(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        let now = clock::now();
        let kept = if batch.entries.is_empty() { Ok(()) } else { self.books.append(&batch.entries) };
        match kept {
            Ok(()) => {
                let undo = self.desk.forget();
                if !batch.entries.is_empty() {
                    self.publish(undo.as_ref(), &batch.entries);
                    for entry in batch.entries {
                        journal(&entry);
                        // Nobody listening is no fault.
                        let _ = self.entries.send(Arc::new(entry));
                    }
                }
                self.publish_board(now);
                for (reply, answer) in batch.replies {
                    // Whoever asked may have gone meanwhile; what they asked for is done.
                    let _ = reply.send(answer);
                }
            }
            Err(error) => {
                self.desk.go_back();
                self.storage_fails("ledger", &error, now);
                self.publish_board(now);
                for (reply, _) in batch.replies {
                    // Refusals, too: they were decided on a desk that did not come to be.
                    let _ = reply.send(Err(not_kept(&error)));
                }
            }
        }
        for number in batch.recalled {
            self.books.put_back(number, &mut self.desk);
        }
        for look in batch.looks {
            look(&self.desk, now);
        }
        if self.is_checkpoint_due(now) {
            self.books.checkpoint(&self.desk, now);
        }
        self.batch.stop = batch.stop;
    }

    fn is_checkpoint_due(&self, now: Timestamp) -> bool {
        self.books.dirty() >= CHECKPOINT_TICKETS
            || self
                .books
                .dirty_since()
                .is_some_and(|since| now.ms_since(since) >= CHECKPOINT_MS || now < since)
    }

    fn publish(&self, undo: Option<&Undo>, entries: &[Entry]) {
        let touched = undo
            .into_iter()
            .flat_map(Undo::touched)
            .filter_map(|number| Some((number, self.desk.held(number)?.clone())));
        self.view.publish_tickets(touched, self.desk.tickets_total());
        let tokens_changed = entries
            .iter()
            .flat_map(|entry| &entry.facts)
            .any(|fact| matches!(fact.event, Event::TokenAdded { .. } | Event::TokenRevoked { .. }));
        if tokens_changed {
            self.view.publish_tokens(self.desk.tokens().cloned().collect());
        }
    }

    fn publish_board(&mut self, now: Timestamp) {
        let trusted = self.is_trusted(now);
        self.tell_trust(trusted);
        let board = BoardState::of(&self.desk, &self.troubles, now, trusted, self.zone);
        let known = self.view.board();
        if (BoardState { at: known.at, ..board.clone() }) != *known {
            self.view.publish_board(board);
        }
    }

    /// Time that cannot be trusted is an alarm; it is none of the record's, which bears only times that are.
    fn tell_trust(&mut self, trusted: bool) {
        let known = self.troubles.iter().any(|alarm| alarm.kind == AlarmKind::Clock);
        if trusted && known {
            log::warn!("the time can be trusted again");
            self.troubles.retain(|alarm| alarm.kind != AlarmKind::Clock);
        } else if !trusted && !known {
            let newest = self.desk.last_at().max(clock::NOT_BEFORE);
            log::error!(
                "the system clock is before {}; nothing runs out until it is set",
                newest.to_rfc3339(self.zone)
            );
            let text = match self.language {
                Language::Russian => "часы отстают от последней записи",
                Language::English => "the clock is behind the newest record",
            };
            self.troubles.push(Alarm::part(AlarmKind::Clock, "time", text, newest));
        }
    }

    /// Looks whether a disk that failed works again.
    fn try_storage(&mut self, now: Timestamp) {
        match self.books.recover() {
            Ok(()) => self.storage_works(),
            Err(error) => {
                log::debug!("the disk does not work yet: {}", chain(error.as_ref()));
                self.retry_at = Some(now.plus_ms(RETRY_MS));
            }
        }
    }

    /// The disk did not take something: an alarm that cannot be kept as an event, until [`Loop::try_storage`] succeeds.
    fn storage_fails(&mut self, part: &str, error: &(dyn std::error::Error + 'static), now: Timestamp) {
        self.retry_at = Some(now.plus_ms(RETRY_MS));
        if !self.troubles.iter().any(|alarm| alarm.kind == AlarmKind::Storage) {
            log::error!("the disk fails; updates are refused until it works again: {}", chain(error));
            let text = match (self.language, is_full(error)) {
                (Language::Russian, true) => "диск полон, обращения не принимаются",
                (Language::Russian, false) => "диск не пишет, обращения не принимаются",
                (Language::English, true) => "the disk is full, no updates are taken",
                (Language::English, false) => "the disk takes no writes, no updates are taken",
            };
            self.troubles.push(Alarm::part(AlarmKind::Storage, part, text, now));
        }
    }

    fn storage_works(&mut self) {
        self.retry_at = None;
        self.troubles.retain(|alarm| alarm.kind != AlarmKind::Storage);
        log::warn!("the disk works again; updates are taken");
    }

    /// Somebody takes an alarm that is no event.
    fn ack_trouble(&mut self, command: &Command, actor: &Actor) -> Option<Done> {
        let Command::Desk(DeskAct::AckAlarm(id)) = command else { return None };
        let alarm = self.troubles.iter_mut().find(|alarm| alarm.id == *id && actor.role >= Role::Agent)?;
        let changed = alarm.state == AlarmState::Unacked;
        alarm.acknowledge(&actor.name);
        Some(Done { ticket: None, changed, repeated: false })
    }
}

fn not_read(error: &HistoryError) -> Failure {
    Failure::Storage { full: false, reason: chain(error) }
}

fn not_kept(error: &LedgerError) -> Failure {
    Failure::Storage { full: is_full(error), reason: chain(error) }
}

/// Whether an error comes from a disk without space.
fn is_full(error: &(dyn std::error::Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return matches!(io.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded);
        }
        next = error.source();
    }
    false
}

/// A ticket's whole story is `journalctl TICKET=1024`.
fn journal(entry: &Entry) {
    for fact in &entry.facts {
        let (level, what) = crate::observe::headline(&fact.event);
        match fact.ticket {
            Some(ticket) => {
                log::log!(level, TICKET = ticket.0, BY = entry.by.as_str(); "ticket {ticket}: {what}");
            }
            None => log::log!(level, BY = entry.by.as_str(); "{what}"),
        }
    }
}
