//! What readers see: tickets and the wall as they are durable, without asking the loop.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use calendars::Timestamp;

use super::history::{History, HistoryError};
use super::search::Search;
use super::tokens::Tokens;
use crate::board::BoardState;
use crate::clock::SystemClock;
use crate::desk::command::Token;
use crate::desk::{Clients, Desk, Held, People, ProblemState, Regulations, Ticket, TicketNumber};

/// How many tickets [`View::each`] looks at while it keeps the loop from publishing.
const SLICE_TICKETS: usize = 1_000;
/// How many tickets that are put away are read at once.
const READ_STEP: usize = 64;
/// How many tickets that are put away a [`View::newest`] looks at; whoever asks goes on where it ended.
pub const PUT_AWAY_MAX: usize = 2_000;

/// Tickets and wall, published by the loop after each commit. Tickets that are put away are read where they are kept.
#[derive(Debug)]
pub struct View {
    regulations: Regulations,
    tickets: RwLock<BTreeMap<TicketNumber, Held>>,
    /// How many there are with those that are put away.
    tickets_total: AtomicU64,
    /// How many slices the fullest month that is not closed has.
    report_slices: AtomicU64,
    /// How many turns the loop has ended.
    turns: AtomicU64,
    totals: Mutex<Totals>,
    /// How many letters wait, and how many are dead.
    letters: (AtomicU64, AtomicU64),
    history: Arc<History>,
    tokens: RwLock<Arc<Tokens>>,
    people: RwLock<Arc<People>>,
    clients: RwLock<Clients>,
    search: Search,
    board: Mutex<Arc<BoardState>>,
    board_changed: Condvar,
}

/// How much the desk keeps besides tickets and people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Problems by their state, in the order of [`ProblemState::ALL`].
    pub problems: [usize; ProblemState::ALL.len()],
    /// Clients in the register.
    pub clients: usize,
    /// Employees in the directory.
    pub employees: usize,
}

impl Totals {
    pub(super) fn of(desk: &Desk) -> Self {
        let problems =
            ProblemState::ALL.map(|state| desk.problems().filter(|known| known.state == state).count());
        Self { problems, clients: desk.clients().len(), employees: desk.employees().len() }
    }
}

/// How far a look at the newest tickets went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Looked {
    /// There are no more.
    AtAll,
    /// Whoever looked has seen enough.
    Enough,
    /// As many as may be read at once were read; the tickets below this number are left.
    Until(TicketNumber),
}

impl View {
    pub(super) fn new(
        regulations: Regulations,
        history: Arc<History>,
        tokens: Vec<Token>,
        board: BoardState,
    ) -> Self {
        Self {
            regulations,
            tickets: RwLock::default(),
            tickets_total: AtomicU64::new(0),
            report_slices: AtomicU64::new(0),
            turns: AtomicU64::new(0),
            totals: Mutex::default(),
            letters: <(AtomicU64, AtomicU64)>::default(),
            history,
            tokens: RwLock::new(Arc::new(Tokens::new(tokens))),
            people: RwLock::default(),
            clients: RwLock::default(),
            search: Search::default(),
            board: Mutex::new(Arc::new(board)),
            board_changed: Condvar::new(),
        }
    }

    /// The regulations the desk works by.
    pub fn regulations(&self) -> &Regulations {
        &self.regulations
    }

    /// What finds the tickets of a list.
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// The newest ticket in memory; 0 where there is none.
    pub(super) fn last(&self) -> TicketNumber {
        let tickets = self.tickets.read().unwrap_or_else(PoisonError::into_inner);
        tickets.last_key_value().map_or(TicketNumber(0), |(number, _)| *number)
    }

    /// The ticket of that number, where it is not put away; waits for no disk.
    pub fn live(&self, number: TicketNumber) -> Option<Arc<Ticket>> {
        let held = self.tickets.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned();
        held.map(|held| held.ticket())
    }

    /// The ticket of that number. May wait for the disk.
    ///
    /// # Errors
    /// [`HistoryError`] where one that is put away cannot be read.
    pub fn ticket(&self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, HistoryError> {
        match self.live(number) {
            Some(ticket) => Ok(Some(ticket)),
            None => self.history.put_away(number),
        }
    }

    /// Shows `each` the tickets with numbers in `numbers`, the newest first, until it breaks off or [`PUT_AWAY_MAX`] of
    /// them were read from where they are put away; `closed` says whether those are wanted. May wait for the disk.
    ///
    /// # Errors
    /// [`HistoryError`] where one that is put away cannot be read.
    pub fn newest(
        &self,
        numbers: Range<TicketNumber>,
        closed: bool,
        mut each: impl FnMut(Arc<Ticket>) -> ControlFlow<()>,
    ) -> Result<Looked, HistoryError> {
        let Range { start: first, mut end } = numbers;
        let mut left = PUT_AWAY_MAX;
        loop {
            // Those in memory first: one that is put away meanwhile is then met twice, and not missed.
            let live = self.slice_of(first..end);
            let start = if live.len() < SLICE_TICKETS { first } else { live[SLICE_TICKETS - 1].0 };
            let mut live = live.into_iter().peekable();
            while end > start {
                let step = left.min(READ_STEP);
                let away = if closed { self.history.newest_put_away(start..end, step)? } else { Vec::new() };
                let to = away.get(step - 1).map_or(start, |last| last.number);
                left -= away.len();
                for ticket in merged(&mut live, away, to) {
                    if each(ticket).is_break() {
                        return Ok(Looked::Enough);
                    }
                }
                end = to;
                if left == 0 {
                    return Ok(Looked::Until(end));
                }
            }
            if start == first {
                return Ok(Looked::AtAll);
            }
        }
    }

    /// The newest tickets in memory with such numbers, the newest first: a slice of them.
    fn slice_of(&self, numbers: Range<TicketNumber>) -> Vec<(TicketNumber, Held)> {
        let tickets = self.tickets.read().unwrap_or_else(PoisonError::into_inner);
        let slice = tickets.range(numbers).rev().take(SLICE_TICKETS);
        slice.map(|(number, held)| (*number, held.clone())).collect()
    }

    /// Shows `each` every ticket that is not put away, by number, each as it is when its turn comes: the loop is never kept
    /// waiting for more than a slice of them.
    pub fn each(&self, mut each: impl FnMut(&Held)) {
        let mut first = TicketNumber(0);
        loop {
            let tickets = self.tickets.read().unwrap_or_else(PoisonError::into_inner);
            let slice = tickets.range(first..).take(SLICE_TICKETS);
            let slice: Vec<_> = slice.map(|(number, held)| (*number, held.clone())).collect();
            drop(tickets);
            let Some((last, _)) = slice.last() else { return };
            first = TicketNumber(last.0 + 1);
            for (_, held) in &slice {
                each(held);
            }
        }
    }

    /// How many tickets there are, those that are put away among them.
    pub fn tickets_total(&self) -> u64 {
        self.tickets_total.load(Ordering::Relaxed)
    }

    /// How many slices the fullest month that is not closed has; at most a few more than
    /// [`SLICES_MAX`](crate::desk::report::SLICES_MAX).
    pub fn report_slices(&self) -> u64 {
        self.report_slices.load(Ordering::Relaxed)
    }

    /// How many turns the loop has ended since it was started: it hangs where this stays the same though it was asked for
    /// something.
    pub fn turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
    }

    /// The loop has ended a turn.
    pub(super) fn turned(&self) {
        self.turns.fetch_add(1, Ordering::Relaxed);
    }

    /// How much the desk keeps besides tickets and people.
    pub fn totals(&self) -> Totals {
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn publish_totals(&self, totals: Totals) {
        *self.totals.lock().unwrap_or_else(PoisonError::into_inner) = totals;
    }

    /// How many letters wait, and how many are dead.
    pub fn letters(&self) -> (u64, u64) {
        (self.letters.0.load(Ordering::Relaxed), self.letters.1.load(Ordering::Relaxed))
    }

    pub(super) fn publish_letters(&self, waiting: usize, dead: usize) {
        self.letters.0.store(waiting as u64, Ordering::Relaxed);
        self.letters.1.store(dead as u64, Ordering::Relaxed);
    }

    pub(super) fn publish_report_slices(&self, slices: usize) {
        self.report_slices.store(slices as u64, Ordering::Relaxed);
    }

    /// The tokens that are not revoked.
    pub fn tokens(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The agents and their shifts.
    pub fn people(&self) -> Arc<People> {
        Arc::clone(&self.people.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The register of clients.
    pub fn clients(&self) -> Clients {
        self.clients.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The wall's newest state.
    pub fn board(&self) -> Arc<BoardState> {
        Arc::clone(&self.board.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What time the desk has now.
    pub fn now(&self) -> Timestamp {
        self.board().time.now(&SystemClock)
    }

    /// Waits until the wall's state is another than `known`, at most `wait`; then the newest.
    pub fn board_after(&self, known: &Arc<BoardState>, wait: Duration) -> Arc<BoardState> {
        let board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        let (board, _) = self
            .board_changed
            .wait_timeout_while(board, wait, |board| Arc::ptr_eq(board, known))
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&board)
    }

    pub(super) fn publish_tickets(&self, changed: impl Iterator<Item = (TicketNumber, Held)>, total: u64) {
        self.tickets.write().unwrap_or_else(PoisonError::into_inner).extend(changed);
        self.tickets_total.store(total, Ordering::Relaxed);
    }

    /// These are held otherwise from here on.
    pub(super) fn calm_down(&self, calm: Vec<(TicketNumber, Held)>) {
        self.tickets.write().unwrap_or_else(PoisonError::into_inner).extend(calm);
    }

    /// These are to be read where they are put away from here on.
    pub(super) fn put_away(&self, away: &[TicketNumber]) {
        let mut tickets = self.tickets.write().unwrap_or_else(PoisonError::into_inner);
        for number in away {
            tickets.remove(number);
        }
    }

    pub(super) fn publish_tokens(&self, tokens: Vec<Token>) {
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(Tokens::new(tokens));
    }

    pub(super) fn publish_people(&self, people: &Arc<People>) {
        *self.people.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(people);
    }

    pub(super) fn publish_clients(&self, clients: &Clients) {
        *self.clients.write().unwrap_or_else(PoisonError::into_inner) = clients.clone();
    }

    pub(super) fn publish_board(&self, board: BoardState) {
        *self.board.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(board);
        self.board_changed.notify_all();
    }
}

/// The tickets in memory down to number `to` and those that were put away, the newest first; of one that is both, that in
/// memory.
fn merged(
    live: &mut Peekable<impl Iterator<Item = (TicketNumber, Held)>>,
    away: Vec<Arc<Ticket>>,
    to: TicketNumber,
) -> impl Iterator<Item = Arc<Ticket>> {
    let mut away = away.into_iter().peekable();
    std::iter::from_fn(move || {
        let number = away.peek().map_or(to, |ticket| ticket.number);
        let Some((number, held)) = live.next_if(|(live, _)| *live >= number) else { return away.next() };
        away.next_if(|known| known.number == number);
        Some(held.ticket())
    })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use firmware_board::Language;

    use super::*;
    use crate::board::{Glance, QuietHours};
    use crate::desk::event::{Entry, Event, Fact, Registered};
    use crate::desk::packed::pack;
    use crate::desk::{Desk, Stage};
    use crate::run::history::encode;
    use crate::store::{Checkpoint, Ledger, Tickets};

    /// A record of `count` tickets, those with even numbers closed, and the desk that comes of it.
    fn record(count: u64) -> (Vec<Entry>, Desk) {
        let registered: Registered = serde_json::from_value(serde_json::json!({
            "regulation": "itsm", "version": "1", "type": "incident", "priority": "p3", "status": "new", "line": 1,
            "channel": "phone", "subject": "Принтер",
        }))
        .unwrap();
        let mut desk = Desk::default();
        let mut entries = Vec::new();
        for number in (1..=count).map(TicketNumber) {
            let mut events = vec![Event::Registered(Box::new(registered.clone()))];
            if number.0 % 2 == 0 {
                let (from, to) = ("new".into(), "closed".into());
                let stage = Stage::Closed;
                events.push(Event::StatusChanged { from, to, stage, waiting: false, reason: None });
            }
            let facts = events.into_iter().map(|event| Fact { ticket: Some(number), event }).collect();
            entries.push(desk.enter(facts, "", Timestamp::from_millis(0), None, None, false));
        }
        (entries, desk)
    }

    /// The view of that desk, with what is closed put away; `spoil` may change the bytes of a ticket that is.
    fn view(dir: &TempDir, count: u64, spoil: impl Fn(TicketNumber, &mut Vec<u8>)) -> View {
        let (entries, desk) = record(count);
        let (mut ledger, _) = Ledger::open(dir.path()).unwrap();
        let positions = ledger.append(&entries.iter().map(encode).collect::<Vec<_>>()).unwrap();
        let tickets = Tickets::open(dir.path(), 1, desk.next_seq()).unwrap().tickets;
        let history = entries.iter().zip(positions);
        let history = history.map(|(entry, at)| (entry.tickets()[0].0, entry.first_seq, at)).collect();
        let away = desk.tickets().filter(|ticket| ticket.is_over());
        let away = away.map(|ticket| {
            let mut bytes = pack(&ticket);
            spoil(ticket.number, &mut bytes);
            (ticket.number.0, bytes)
        });
        let upto_seq = desk.next_seq();
        let closed = away.collect();
        tickets.checkpoint(&Checkpoint { upto_seq, closed, history, ..Checkpoint::default() }).unwrap();
        let (archive, _) = crate::store::Archive::open(dir.path(), upto_seq).unwrap();
        let history = Arc::new(History::new(ledger.reader(), tickets, archive));
        let zone = calendars::Tz::UTC;
        let time = crate::run::time::DeskTime::Trusted;
        let glance = Glance {
            at: Timestamp::from_millis(0),
            time,
            zone,
            language: Language::Russian,
            quiet: QuietHours::default(),
        };
        let board = BoardState::of(&desk, &[], glance);
        let view = View::new(Regulations::default(), history, Vec::new(), board);
        let live = desk.tickets().filter(|ticket| !ticket.is_over());
        view.publish_tickets(live.map(|ticket| (ticket.number, Held::Whole(ticket))), desk.tickets_total());
        view
    }

    fn below(before: Option<u64>) -> Range<TicketNumber> {
        TicketNumber(0)..TicketNumber(before.unwrap_or(u64::MAX))
    }

    fn numbers(view: &View, before: Option<u64>, closed: bool) -> (Vec<u64>, Looked) {
        let mut numbers = Vec::new();
        let looked = view.newest(below(before), closed, |ticket| {
            numbers.push(ticket.number.0);
            ControlFlow::Continue(())
        });
        (numbers, looked.unwrap())
    }

    #[test]
    fn the_newest_are_shown_in_order_whether_they_are_put_away_or_not() {
        let dir = TempDir::new().unwrap();
        let view = view(&dir, 2_500, |_, _| {});
        let all: Vec<_> = (1..=2_500).rev().collect();
        assert_eq!(numbers(&view, None, true), (all.clone(), Looked::AtAll));
        let open: Vec<_> = all.iter().copied().filter(|number| number % 2 == 1).collect();
        assert_eq!(numbers(&view, None, false), (open, Looked::AtAll));
        assert_eq!(numbers(&view, Some(4), true), (vec![3, 2, 1], Looked::AtAll));
        assert_eq!(numbers(&view, Some(0), true), (vec![], Looked::AtAll));
        assert_eq!(view.tickets_total(), 2_500);
        let mut seen = 0;
        let looked = view.newest(below(None), true, |_| {
            seen += 1;
            if seen == 100 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        assert_eq!((looked.unwrap(), seen), (Looked::Enough, 100));
    }

    #[test]
    fn a_look_reads_so_many_that_are_put_away_and_says_where_it_ended() {
        let dir = TempDir::new().unwrap();
        let count = 2 * PUT_AWAY_MAX as u64 + 100;
        let view = view(&dir, count, |_, _| {});
        let (first, looked) = numbers(&view, None, true);
        assert_eq!(looked, Looked::Until(TicketNumber(102)));
        assert_eq!(first, (102..=count).rev().collect::<Vec<_>>());
        assert_eq!(numbers(&view, Some(102), true), ((1..=101).rev().collect(), Looked::AtAll));
    }

    #[test]
    fn a_ticket_whose_record_cannot_be_read_is_told_again_from_the_ledger() {
        let dir = TempDir::new().unwrap();
        let spoilt = TicketNumber(4);
        let view =
            view(&dir, 6, |number, bytes| bytes.truncate(if number == spoilt { 9 } else { bytes.len() }));
        let (_, desk) = record(6);
        assert_eq!(view.live(spoilt), None);
        assert_eq!(view.ticket(spoilt).unwrap(), desk.ticket(spoilt));
        assert_eq!(view.ticket(TicketNumber(2)).unwrap(), desk.ticket(TicketNumber(2)));
        assert_eq!(view.ticket(TicketNumber(7)).unwrap(), None);
        assert_eq!(numbers(&view, None, true), ((1..=6).rev().collect(), Looked::AtAll));
    }
}
