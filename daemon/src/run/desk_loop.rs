//! The loop that owns the desk.
//!
//! [`Loop::turn`] takes in what waits, commits and publishes, and never waits itself; [`Loop::wake_at_us`] says when it
//! has something to do of itself. [`start`] runs it in a thread with the box's clocks; a simulation drives the same
//! loop with clocks of its own.

mod batch;
mod storage;
mod timekeeping;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use calendars::{Timestamp, Tz};
use firmware_board::Language;
use smol_str::SmolStr;
use tokio::sync::{Semaphore, broadcast, oneshot};

use self::storage::Disk;
use super::archiving::{Archivist, Rule};
use super::books::{Books, BooksError, BooksReport, Carried};
use super::checking::Checker;
use super::faults::is_full;
use super::history::{HistoryError, encode};
use super::search::Feeder;
use super::time::{Proof, Reading, TrustedTime};
use super::unchanged::{Unchanged, Unchangeds};
use super::view::Totals;
use super::{
    BATCHES_MAX, Done, Failure, Handle, History, Input, Outcome, QUEUE_MAX, TURN_BYTES_MAX, TURN_INPUTS_MAX,
    View,
};
use crate::board::{BoardState, Glance, QuietHours};
use crate::chain::chain;
use crate::clock::{self, Clock, SystemClock};
use crate::desk::alike::SUGGESTED_MAX;
use crate::desk::event::{Receipt, Turn};
use crate::desk::{
    Actor, Alarm, AlarmState, Alike, Command, Desk, DeskAct, Entry, Event, Fact, Reach, Refusal, Regulations,
    Role, Ticket, TicketNumber,
};
use crate::observe::request::RequestMark;
use crate::store::tickets::Compacted;
use crate::store::{Frame, Kept, LedgerError};

/// How many deadlines are settled before those who wait are served.
const SETTLE_MAX: usize = 20_000;
/// A checkpoint is written when so many tickets have changed …
const CHECKPOINT_TICKETS: usize = 2_000;
/// … or so long after the first change, in microseconds. The ledger has everything meanwhile; a checkpoint wears the
/// card and its syncs delay the ledger's, so there are few.
const CHECKPOINT_US: u64 = 60_000_000;
/// How often time that is not trusted is looked at again, in microseconds.
const POLL_HELD_US: u64 = 10_000_000;
/// How often time that is trusted is, in microseconds: a step is told by the kernel at once, where it tells.
const POLL_TRUSTED_US: u64 = 60_000_000;
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
    /// When the wall's buzzer waits.
    pub quiet: QuietHours,
    /// Which closed tickets leave for the archive; none where nothing is said.
    pub archiving: Option<Rule>,
    /// Which proof makes the box's time trusted.
    pub proof: Proof,
    /// Whom the site can write to.
    pub reach: Reach,
}

#[cfg(test)]
impl Settings {
    /// A desk without regulations in a Russian room that trusts its clock.
    pub(crate) fn plain(state_dir: PathBuf) -> Self {
        Self {
            state_dir,
            regulations: Regulations::default(),
            zone: Tz::UTC,
            language: Language::Russian,
            quiet: QuietHours::default(),
            archiving: None,
            proof: Proof::Plausible,
            reach: Reach::default(),
        }
    }
}

/// What a command came to, until its answer is made of it.
struct CarriedOut {
    ticket: Option<TicketNumber>,
    changed: bool,
}

/// A reply that waits for the disk. Whoever asked may have gone meanwhile; what they asked for is done.
enum Waiting {
    /// Of a command.
    One(oneshot::Sender<Result<Done, Failure>>, Result<Done, Failure>),
    /// Of a batch.
    Many(oneshot::Sender<Result<Vec<Outcome>, Failure>>, Result<Vec<Outcome>, Failure>),
}

impl Waiting {
    /// The disk has it.
    fn answer(self) {
        match self {
            Waiting::One(reply, answer) => drop(reply.send(answer)),
            Waiting::Many(reply, answer) => drop(reply.send(answer)),
        }
    }

    /// The disk does not. Refusals, too, were decided on a desk that did not come to be.
    fn fail(self, failure: Failure) {
        match self {
            Waiting::One(reply, _) => drop(reply.send(Err(failure))),
            Waiting::Many(reply, _) => drop(reply.send(Err(failure))),
        }
    }
}

/// Opens the books and starts the loop in a thread of its own.
///
/// # Errors
/// [`BooksError`] when the books cannot be opened.
pub fn start(
    settings: &Settings,
    progress: impl FnMut(u64, u64),
) -> Result<(Handle, JoinHandle<()>, BooksReport), BooksError> {
    let (inputs, queue) = sync_channel(QUEUE_MAX);
    let kept_to = inputs.clone();
    // A keeper that reports after the loop has ended reports to nobody; one that finds the queue full reports again with
    // its next checkpoint, which stands for the earlier ones, too.
    let kept = move |kept| drop(kept_to.try_send(Input::Kept(kept)));
    let regulations = settings.regulations.clone().in_zone(settings.zone);
    let (books, desk, report) = Books::open(&settings.state_dir, regulations, kept, progress)?;
    let mut the_loop = Loop::new(desk, books, Box::new(SystemClock), settings);
    let handle = Handle {
        inputs,
        entries: the_loop.entries.clone(),
        view: Arc::clone(&the_loop.view),
        history: Arc::clone(the_loop.books.history()),
        batches: Arc::new(Semaphore::new(BATCHES_MAX)),
    };
    let may_write = the_loop.disk == Disk::Works;
    the_loop.archivist = settings
        .archiving
        .map(|rule| Archivist::start(handle.clone(), rule, settings.language, may_write))
        .transpose()
        .map_err(BooksError::Keeper)?;
    the_loop.view.search().begin(the_loop.desk.next_ticket().0 - 1, the_loop.desk.next_seq());
    the_loop.view.search().may_write(may_write);
    let feeder = Feeder::start(handle.clone(), &settings.state_dir, settings.language);
    the_loop.feeder = Some(feeder.map_err(BooksError::Keeper)?);
    the_loop.checker = Some(Checker::start(handle.clone(), settings.language).map_err(BooksError::Keeper)?);
    let thread = std::thread::Builder::new()
        .name("desk".into())
        .spawn(move || the_loop.run(&queue))
        .map_err(BooksError::Keeper)?;
    let stepped_to = handle.inputs.clone();
    if let Err(error) = clock::watch_steps(move || stepped_to.send(Input::ClockStepped).is_ok()) {
        log::warn!("steps of the system clock will be noticed late: {error}");
    }
    Ok((handle, thread, report))
}

/// The desk with its books and clocks, and what is on its way to the disk.
pub struct Loop {
    desk: Desk,
    books: Books,
    clock: Box<dyn Clock>,
    time: TrustedTime,
    view: Arc<View>,
    entries: broadcast::Sender<Arc<Entry>>,
    zone: Tz,
    language: Language,
    quiet: QuietHours,
    /// Alarms that cannot be kept, since the disk fails.
    troubles: Vec<Alarm>,
    /// What the disk takes.
    disk: Disk,
    /// Takes closed tickets to the archive, in a thread of its own; none where none leave.
    archivist: Option<Archivist>,
    /// Keeps the index of tickets up to date, in a thread of its own; none in a simulation.
    feeder: Option<Feeder>,
    /// Reads the whole ledger now and then, in a thread of its own; none in a simulation.
    checker: Option<Checker>,
    /// Since when the monotonic clock has seen changes that no checkpoint has.
    dirty_since_us: Option<u64>,
    /// What came under a key of late and changed nothing.
    unchanged: Unchangeds,
    turn: LoopTurn,
}

/// What is decided and waits for one sync.
#[derive(Default)]
struct LoopTurn {
    entries: Vec<Entry>,
    /// The entries as the ledger keeps them.
    frames: Vec<Frame>,
    /// How long the frames are, in bytes.
    bytes: usize,
    replies: Vec<Waiting>,
    /// Tickets that were put away, and were fetched since a command names them.
    recalled: Vec<TicketNumber>,
    /// A checkpoint is durable: all events before this number are in.
    checkpointed: Option<u64>,
    /// What was carried out under a key, by [`Receipt::id`].
    carried: HashMap<SmolStr, InTurn>,
    /// What came under a key and changed nothing.
    unchanged: Vec<(Receipt, Unchanged)>,
    looks: Vec<super::Look>,
    /// The request that is being decided.
    request: Option<RequestMark>,
    /// The requests that entries were asked for with, by the entry's first event.
    requests: HashMap<u64, RequestMark>,
    /// How the time was before an admin's word, which waits for the disk, too.
    time_before: Option<TrustedTime>,
    stop: bool,
}

/// What was carried out in this turn.
struct InTurn {
    /// See [`Receipt::request`].
    request: SmolStr,
    /// The ticket as it was answered.
    ticket: Option<Arc<Ticket>>,
    /// Whether anything changed.
    changed: bool,
}

impl LoopTurn {
    /// Takes an entry in, as it will be kept.
    fn push(&mut self, entry: Entry) {
        let frame = encode(&entry);
        self.bytes += frame.payload.len();
        self.frames.push(frame);
        self.requests.extend(self.request.clone().map(|request| (entry.first_seq, request)));
        self.entries.push(entry);
    }
}

impl Loop {
    /// A loop over a desk and its books, as they were opened.
    pub fn new(mut desk: Desk, books: Books, clock: Box<dyn Clock>, settings: &Settings) -> Self {
        desk.write_to(settings.reach.clone());
        let reading = Reading::of(clock.as_ref(), desk.known_at());
        let time = TrustedTime::start(settings.proof, &reading, || clock.kernel_synchronised());
        let now = time.now();
        let glance = Glance {
            at: now,
            time: time.time(),
            zone: settings.zone,
            language: settings.language,
            quiet: settings.quiet,
        };
        let board = BoardState::of(&desk, &[], glance);
        let tickets = desk.all_held().map(|(number, held)| (number, held.clone()));
        let tokens = desk.tokens().cloned().collect();
        let view = View::new(desk.regulations().clone(), Arc::clone(books.history()), tokens, board);
        view.publish_tickets(tickets, desk.tickets_total());
        view.publish_people(desk.people());
        view.publish_clients(desk.clients());
        view.publish_report_slices(desk.tally().slices());
        view.publish_totals(Totals::of(&desk));
        view.publish_letters(desk.letters_waiting_total(), desk.dead_letters().len());
        let view = Arc::new(view);
        let dirty_since_us = books.dirty_since().map(|_| clock.monotonic_us());
        let mut the_loop = Self {
            desk,
            books,
            clock,
            time,
            view,
            entries: broadcast::channel(LISTENERS_LAG).0,
            zone: settings.zone,
            language: settings.language,
            quiet: settings.quiet,
            troubles: Vec::new(),
            disk: Disk::Works,
            archivist: None,
            feeder: None,
            checker: None,
            dirty_since_us,
            unchanged: Unchangeds::default(),
            turn: LoopTurn::default(),
        };
        the_loop.begin_storage(now);
        the_loop
    }

    /// The desk, as it is durable.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// What readers see.
    pub fn view(&self) -> &Arc<View> {
        &self.view
    }

    /// What happened, as it is kept.
    pub fn history(&self) -> &Arc<History> {
        self.books.history()
    }

    /// What becomes durable, from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.entries.subscribe()
    }

    /// One turn: decides what time has brought about and what comes in, at most [`TURN_INPUTS_MAX`] inputs, makes it durable
    /// with one sync of the disk, and tells whoever is to know. Never waits for an input.
    pub fn turn(&mut self, inputs: impl IntoIterator<Item = Input>) {
        self.desk.remember();
        self.read_time();
        self.take_in(inputs);
        self.commit();
        self.view.turned();
    }

    /// When [`Loop::turn`] is to be called though nothing comes in, in microseconds of the monotonic clock; the past
    /// means at once, none that nothing is to come.
    pub fn wake_at_us(&self) -> Option<u64> {
        let now_us = self.clock.monotonic_us();
        let now = self.time.at(now_us);
        let at_us = |at: Timestamp| {
            now_us.saturating_add(u64::try_from(at.ms_since(now)).unwrap_or_default().saturating_mul(1_000))
        };
        // Time that is not trusted brings nothing about.
        let deadline = self.desk.next_deadline().filter(|_| self.time.is_trusted()).map(at_us);
        let deadline = deadline.map(|at_us| if self.is_to_correct() { now_us } else { at_us });
        let deadline = match (deadline, &self.disk) {
            (Some(deadline), Disk::Fails { retry_at_us }) => Some(deadline.max(*retry_at_us)),
            (deadline, Disk::Works | Disk::Full { .. } | Disk::Fails { .. }) => deadline,
        };
        let unmute = self.view.board().muted_until.map(at_us);
        let checkpoint = self.dirty_since_us.map(|since_us| since_us.saturating_add(CHECKPOINT_US));
        let poll_us = if self.time.is_trusted() { POLL_TRUSTED_US } else { POLL_HELD_US };
        let poll = Some(self.time.read_us().saturating_add(poll_us));
        let lot = self.takes_lots().then_some(now_us);
        [deadline, unmute, checkpoint, poll, lot, self.disk.retry_at_us()].into_iter().flatten().min()
    }

    /// The last checkpoint, waited for.
    pub fn close(mut self) {
        let now = self.time.at(self.clock.monotonic_us());
        self.books.close(&mut self.desk, now);
    }

    fn run(mut self, queue: &Receiver<Input>) {
        while !self.turn.stop {
            let first = self.wait(queue);
            self.turn(first.into_iter().chain(queue.try_iter()));
        }
        drop(self.checker.take());
        drop(self.feeder.take());
        drop(self.archivist.take());
        let now = self.time.now();
        // What it has archived leaves the projection with the last checkpoint.
        for input in queue.try_iter() {
            if let Input::Archived(archived) = input {
                self.books.archived(archived, now);
            }
        }
        self.close();
    }

    /// Waits for an input, or for time to bring something about.
    fn wait(&self, queue: &Receiver<Input>) -> Option<Input> {
        let Some(at_us) = self.wake_at_us() else { return queue.recv().ok() };
        match at_us.saturating_sub(self.clock.monotonic_us()) {
            0 => queue.try_recv().ok(),
            wait_us => queue.recv_timeout(clock::wait_for_us(wait_us)).ok(),
        }
    }

    /// Decides what waits: first what time has brought about, then what people want.
    fn take_in(&mut self, inputs: impl IntoIterator<Item = Input>) {
        if self.disk.retry_at_us().is_some_and(|retry_us| self.clock.monotonic_us() >= retry_us) {
            self.try_storage(self.time.now());
        }
        if !matches!(self.disk, Disk::Fails { .. }) && self.time.is_trusted() {
            self.correct();
            self.settle();
        }
        self.problem_lot();
        for input in inputs.into_iter().take(TURN_INPUTS_MAX) {
            // Those who wait behind a batch need not wait for the next one as well; and nothing of this turn comes behind
            // it with its key.
            let is_batch = matches!(input, Input::Batch { .. });
            self.input(input);
            if is_batch || self.turn.bytes >= TURN_BYTES_MAX {
                break;
            }
        }
    }

    fn settle(&mut self) {
        if self.is_to_correct() {
            return;
        }
        let now = self.time.now();
        for _ in 0..SETTLE_MAX {
            let Some((effective, facts)) = self.desk.due_grouped(now) else { break };
            let timer = Actor::timer();
            let entry = self.desk.enter(facts, &timer.name, now, Some(effective), None, false);
            // Of what goes back at the end of a shift one lot in a turn, so that nobody else waits for thousands.
            let is_lot = entry.tickets().len() > 1;
            self.turn.push(entry);
            if is_lot {
                break;
            }
        }
    }

    /// Takes the next lot of tickets that a problem changes. One in a turn, so that nobody else waits for thousands.
    fn problem_lot(&mut self) {
        if !self.takes_lots() {
            return;
        }
        let now = self.time.now();
        if let Some((by, mut facts)) = self.desk.problem_lot(now) {
            let unsynced = !self.time.is_trusted();
            if unsynced {
                facts.retain(|fact| !is_breach(fact));
            }
            let entry = self.desk.enter(facts, &by, now, None, None, unsynced);
            self.turn.push(entry);
        }
    }

    /// Whether tickets are to be changed for a problem, and the disk takes them.
    fn takes_lots(&self) -> bool {
        self.disk == Disk::Works && self.desk.has_problem_lot()
    }

    fn input(&mut self, input: Input) {
        let now = self.time.now();
        match input {
            Input::Command { command, actor, receipt, reply, request } => {
                self.turn.request = request;
                let answer = self.command(&command, &actor, receipt, now);
                self.turn.replies.push(Waiting::One(reply, answer));
            }
            Input::Batch { batch, actor, receipt, reply, place, request } => {
                self.turn.request = request;
                let answer = self.command_batch(batch, &actor, receipt.as_ref(), now);
                self.turn.replies.push(Waiting::Many(reply, answer));
                drop(place);
            }
            Input::TrustTime { back, actor, reply, request } => {
                self.turn.request = request;
                let answer = self.trust_time(back, &actor);
                self.turn.replies.push(Waiting::One(reply, answer));
            }
            Input::Look(look) => self.turn.looks.push(look),
            // Each turn begins with a look at the clocks, and the next wait reckons with what they show.
            Input::ClockStepped => {}
            Input::Quiet(quiet) => self.quiet = quiet,
            Input::Reach(reach) => self.desk.write_to(reach),
            Input::Kept(Kept::Done { upto_seq }) => {
                self.turn.checkpointed = Some(upto_seq);
                if !self.tell_damage(now) {
                    self.checkpoint_works();
                }
            }
            Input::Kept(Kept::Failed { upto_seq, error }) => self.checkpoint_fails(upto_seq, &error, now),
            Input::Kept(Kept::Compacted(Compacted { before_bytes, after_bytes })) => {
                log::info!("the ticket database was compacted from {before_bytes} to {after_bytes} bytes");
            }
            Input::Kept(Kept::NotCompacted(error)) => log::warn!("{}", chain(&error)),
            Input::Kept(Kept::Damaged) => {
                self.tell_damage(now);
            }
            Input::Archived(archived) => self.books.archived(archived, now),
            Input::Stop => self.turn.stop = true,
        }
        self.turn.request = None;
    }

    fn command(
        &mut self,
        command: &Command,
        actor: &Actor,
        receipt: Option<Receipt>,
        now: Timestamp,
    ) -> Result<Done, Failure> {
        let mut done = self.done(command, actor, receipt, now)?;
        if let Some(ticket) = done.ticket.as_ref().filter(|_| command.shows_alike()) {
            done.alike = self.alike_for(ticket, actor);
        }
        Ok(done)
    }

    /// What an agent is shown of tickets that look like the one that they registered, took or routed.
    fn alike_for(&self, ticket: &Ticket, actor: &Actor) -> Vec<Alike> {
        // What comes in by itself is not told of others' tickets.
        if actor.role < Role::Agent {
            return Vec::new();
        }
        let mut alike = self.desk.suggested(ticket, usize::MAX).alike;
        // What came later is no part of an answer that is given again.
        alike.retain(|alike| alike.number != ticket.number && alike.registered_at <= ticket.changed_at);
        alike.truncate(SUGGESTED_MAX);
        alike
    }

    /// What a command came to, or came to before.
    fn done(
        &mut self,
        command: &Command,
        actor: &Actor,
        receipt: Option<Receipt>,
        now: Timestamp,
    ) -> Result<Done, Failure> {
        if let Some(answer) = receipt.as_ref().and_then(|receipt| self.again(receipt)) {
            return answer.and_then(|done| told_to(actor, done));
        }
        if let Some(done) = self.ack_trouble(command, actor) {
            // It is no event, so nothing is in the record.
            if let Some(receipt) = &receipt {
                self.note_unchanged(receipt, None);
            }
            return Ok(done);
        }
        self.take_troubles(command, actor);
        let CarriedOut { ticket: number, changed } = self.carry_out(command, actor, receipt.clone(), now)?;
        let ticket = number.and_then(|number| self.desk.ticket(number));
        if let Some(receipt) = receipt {
            if !changed {
                self.note_unchanged(&receipt, number);
            }
            let request = receipt.request.clone();
            self.turn.carried.insert(receipt.id(), InTurn { request, ticket: ticket.clone(), changed });
        }
        Ok(Done { ticket, changed, repeated: false, alike: Vec::new() })
    }

    /// Decides a command and enters what it brings about.
    fn carry_out(
        &mut self,
        command: &Command,
        actor: &Actor,
        receipt: Option<Receipt>,
        now: Timestamp,
    ) -> Result<CarriedOut, Failure> {
        let of_reference =
            command.reference().map(|(source, key)| self.books.newest_of(source, key, &self.desk));
        let of_reference = of_reference.transpose().map_err(|error| not_read(&error))?.flatten();
        for number in command.tickets().chain(of_reference) {
            if self.books.recall(number, &mut self.desk).map_err(|error| not_read(&error))? {
                self.turn.recalled.push(number);
            }
        }
        self.refuse_if_full(command)?;
        let mut decision = self.desk.decide(command, actor, now)?;
        let unsynced = !self.time.is_trusted();
        if unsynced {
            // Nothing runs out by a time that cannot be trusted, not by a change of the term either; its timer waits.
            decision.facts.retain(|fact| !is_breach(fact));
        }
        let changed = !decision.facts.is_empty();
        if changed {
            let entry = self.desk.enter(decision.facts, &actor.name, now, None, receipt, unsynced);
            self.turn.push(entry);
        }
        Ok(CarriedOut { ticket: decision.ticket, changed })
    }

    /// A request under a key has changed nothing.
    fn note_unchanged(&mut self, receipt: &Receipt, ticket: Option<TicketNumber>) {
        let unchanged = Unchanged {
            request: receipt.request.clone(),
            ticket,
            before_seq: self.desk.next_seq(),
            at_us: self.clock.monotonic_us(),
        };
        self.turn.unchanged.push((receipt.clone(), unchanged));
    }

    /// The first answer again, where this request was carried out before.
    fn again(&self, receipt: &Receipt) -> Option<Result<Done, Failure>> {
        // Two with one key in one turn: the second waits for the first.
        if let Some(InTurn { request, ticket, changed }) = self.turn.carried.get(&receipt.id()) {
            return Some(if *request == receipt.request {
                Ok(Done { ticket: ticket.clone(), changed: *changed, repeated: true, alike: Vec::new() })
            } else {
                Err(Failure::KeyReused)
            });
        }
        if let Some(carried) = self.books.carried(receipt) {
            let carried: &Carried = carried;
            return Some(if carried.request == receipt.request.as_str() {
                Ok(Done {
                    ticket: self.books.ticket_after(carried),
                    changed: true,
                    repeated: true,
                    alike: Vec::new(),
                })
            } else {
                Err(Failure::KeyReused)
            });
        }
        // A command of a batch is decided anew.
        let unchanged = self.unchanged.of(receipt, self.clock.monotonic_us());
        let Unchanged { request, ticket, before_seq, .. } = unchanged.filter(|_| receipt.step.is_none())?;
        Some(if *request == receipt.request {
            let ticket = ticket.and_then(|ticket| self.books.ticket_before(ticket, *before_seq));
            Ok(Done { ticket, changed: false, repeated: true, alike: Vec::new() })
        } else {
            Err(Failure::KeyReused)
        })
    }

    /// Whether another request was carried out under this key, alone or as a batch.
    fn is_of_another(&self, receipt: &Receipt) -> bool {
        let in_this_turn = self.turn.carried.get(&receipt.id()).map(|known| known.request.as_str());
        let known = in_this_turn.or_else(|| Some(self.books.carried(receipt)?.request.as_str()));
        let now_us = self.clock.monotonic_us();
        let known = known.or_else(|| Some(self.unchanged.of(receipt, now_us)?.request.as_str()));
        known.is_some_and(|known| known != receipt.request)
    }

    /// Writes the turn down, and only then tells anybody.
    fn commit(&mut self) {
        let mut turn = std::mem::take(&mut self.turn);
        let kept =
            if turn.entries.is_empty() { Ok(()) } else { self.books.append(&turn.entries, &turn.frames) };
        match kept {
            Ok(()) => {
                let touched = self.desk.forget().map_or_else(Vec::new, |undo| undo.touched().collect());
                // A slow disk takes its time.
                self.read_time();
                if !turn.entries.is_empty() {
                    self.dirty_since_us.get_or_insert(self.clock.monotonic_us());
                    self.publish(&touched, &turn.entries);
                }
                self.publish_board(&touched);
                turn.replies.into_iter().for_each(Waiting::answer);
                for (receipt, unchanged) in turn.unchanged {
                    self.unchanged.note(&receipt, unchanged);
                }
                for entry in turn.entries {
                    // Last, for a journal that is stuck would keep the wall and those who asked waiting.
                    let request = turn.requests.get(&entry.first_seq);
                    crate::observe::tell(&entry, request, |number| {
                        Some(self.desk.ticket(number)?.facts.regulation.clone())
                    });
                    // Nobody listening is no fault.
                    let _ = self.entries.send(Arc::new(entry));
                }
            }
            Err(error) => {
                self.desk.go_back();
                if let Some(time) = turn.time_before.take() {
                    self.time = time;
                }
                self.read_time();
                self.storage_fails(&error, self.time.now());
                self.publish_board(&[]);
                turn.replies.into_iter().for_each(|waiting| waiting.fail(not_kept(&error)));
            }
        }
        // Not before: what is decided in this turn was none of readers' business until now.
        if let Some(upto_seq) = turn.checkpointed {
            let away = self.books.kept(upto_seq, &mut self.desk);
            self.view.put_away(&away);
            if let Some(archivist) = &self.archivist {
                archivist.checkpointed();
            }
        }
        for number in turn.recalled {
            self.books.put_back(number, &mut self.desk);
        }
        let now = self.time.now();
        for look in turn.looks {
            look(&self.desk, now);
        }
        if let Some(archivist) = &self.archivist {
            archivist.may_write(self.disk == Disk::Works);
        }
        self.view.search().may_write(self.disk == Disk::Works);
        if self.is_checkpoint_due() {
            self.dirty_since_us = None;
            let calm = self.books.checkpoint(&mut self.desk, now);
            self.view.calm_down(calm);
        }
        self.turn.stop = turn.stop;
    }

    fn is_checkpoint_due(&self) -> bool {
        let is_old = |since_us| self.clock.monotonic_us().saturating_sub(since_us) >= CHECKPOINT_US;
        self.books.dirty() >= CHECKPOINT_TICKETS || self.dirty_since_us.is_some_and(is_old)
    }

    fn publish(&self, touched: &[TicketNumber], entries: &[Entry]) {
        let changed = touched.iter().filter_map(|number| Some((*number, self.desk.held(*number)?.clone())));
        self.view.publish_tickets(changed, self.desk.tickets_total());
        self.view.publish_report_slices(self.desk.tally().slices());
        self.view.publish_letters(self.desk.letters_waiting_total(), self.desk.dead_letters().len());
        // Not before: who takes it for changed reads it there.
        self.view.search().changed(touched, self.desk.next_seq());
        let tokens_changed = entries
            .iter()
            .flat_map(|entry| &entry.facts)
            .any(|fact| matches!(fact.event, Event::TokenAdded { .. } | Event::TokenRevoked { .. }));
        let totals_changed = entries.iter().flat_map(|entry| &entry.facts).any(|fact| {
            matches!(
                fact.event,
                Event::Problem { .. }
                    | Event::ClientSet(_)
                    | Event::ClientRemoved { .. }
                    | Event::EmployeesChanged { .. }
            )
        });
        if totals_changed {
            self.view.publish_totals(Totals::of(&self.desk));
        }
        if tokens_changed {
            self.view.publish_tokens(self.desk.tokens().cloned().collect());
        }
        if !Arc::ptr_eq(self.desk.people(), &self.view.people()) {
            self.view.publish_people(self.desk.people());
        }
        if !self.desk.clients().is(&self.view.clients()) {
            self.view.publish_clients(self.desk.clients());
        }
    }

    fn publish_board(&mut self, touched: &[TicketNumber]) {
        self.tell_trust();
        let (at, time) = (self.time.now(), self.time.time());
        let glance = Glance { at, time, zone: self.zone, language: self.language, quiet: self.quiet };
        let known = self.view.board();
        let board = known.after(&self.desk, touched, &self.troubles, glance);
        debug_assert!(
            board.shows_the_same(&BoardState::of(&self.desk, &self.troubles, glance)),
            "what is taken over from the wall before is as it would be made anew"
        );
        if !board.shows_the_same(&known) {
            self.view.publish_board(board);
        }
    }

    /// Somebody takes an alarm that is no event.
    fn ack_trouble(&mut self, command: &Command, actor: &Actor) -> Option<Done> {
        let Command::Desk(DeskAct::AckAlarm(id)) = command else { return None };
        let may = actor.role >= Role::Agent && actor.scope.is_whole();
        let alarm = self.troubles.iter_mut().find(|alarm| alarm.id == *id && may)?;
        let changed = alarm.state == AlarmState::Unacked;
        alarm.acknowledge(&actor.name);
        Some(Done { ticket: None, changed, repeated: false, alike: Vec::new() })
    }

    /// Somebody takes what they see, alarms that are no events among it.
    fn take_troubles(&mut self, command: &Command, actor: &Actor) {
        if let Command::Desk(DeskAct::Silence { taking, .. }) = command
            && actor.role >= Role::Agent
            && actor.scope.is_whole()
        {
            for alarm in self.troubles.iter_mut().filter(|alarm| taking.contains(&alarm.id)) {
                alarm.acknowledge(&actor.name);
            }
        }
    }
}

/// A first answer that is given again shows a ticket, and only to who may see it. A scope never changes, but the receipt may
/// be of a token that bore the name before: the first versions did not tell them apart.
fn told_to(actor: &Actor, done: Done) -> Result<Done, Failure> {
    match &done.ticket {
        Some(ticket) if !actor.scope.covers_ticket(ticket) => {
            Err(Refusal::hidden_ticket(ticket.number).into())
        }
        Some(_) | None => Ok(done),
    }
}

fn is_breach(fact: &Fact) -> bool {
    matches!(fact.event, Event::Clock { turn: Turn::Breached { .. }, .. })
}

fn not_read(error: &HistoryError) -> Failure {
    Failure::Storage { full: false, reason: chain(error) }
}

fn not_kept(error: &LedgerError) -> Failure {
    Failure::Storage { full: is_full(error), reason: chain(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::AlarmKind;

    #[tokio::test]
    async fn an_entry_is_told_with_the_request_that_asked_for_it_and_what_comes_by_itself_with_none() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let settings = Settings::plain(dir.path().to_owned());
        let (books, desk, _) =
            Books::open(dir.path(), Regulations::default(), |_| {}, |_, _| {}).expect("new books");
        let mut the_loop = Loop::new(desk, books, Box::new(SystemClock), &settings);
        let failed = |part: &str| {
            let (kind, part, text) = (AlarmKind::Panel, part.to_owned(), String::new());
            let command = Command::Desk(DeskAct::PartFailed { kind, part, text });
            Input::command(command, Actor::named("andond", Role::Admin), None).0
        };
        let request = RequestMark::new(None);
        the_loop.input(request.clone().during(async { failed("lamps") }).await);
        the_loop.input(failed("button"));
        let asked: Vec<_> =
            the_loop.turn.entries.iter().map(|entry| the_loop.turn.requests.get(&entry.first_seq)).collect();
        assert_eq!(asked, [Some(&request), None]);
    }
}
