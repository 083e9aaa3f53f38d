//! What readers see: tickets and the wall as they are durable, without asking the loop.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use super::history::{History, HistoryError};
use crate::board::BoardState;
use crate::desk::command::Token;
use crate::desk::{Regulations, Ticket, TicketNumber};

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
    tickets: RwLock<BTreeMap<TicketNumber, Arc<Ticket>>>,
    /// How many there are with those that are put away.
    tickets_total: AtomicU64,
    history: Arc<History>,
    tokens: RwLock<Arc<Vec<Token>>>,
    board: Mutex<Arc<BoardState>>,
    board_changed: Condvar,
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
            history,
            tokens: RwLock::new(Arc::new(tokens)),
            board: Mutex::new(Arc::new(board)),
            board_changed: Condvar::new(),
        }
    }

    /// The regulations the desk works by.
    pub fn regulations(&self) -> &Regulations {
        &self.regulations
    }

    /// The ticket of that number, where it is not put away; waits for no disk.
    pub fn live(&self, number: TicketNumber) -> Option<Arc<Ticket>> {
        self.tickets.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
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

    /// Shows `each` the tickets with numbers below `before`, the newest first, until it breaks off or [`PUT_AWAY_MAX`] of
    /// them were read from where they are put away; `closed` says whether those are wanted. May wait for the disk.
    ///
    /// # Errors
    /// [`HistoryError`] where one that is put away cannot be read.
    pub fn newest(
        &self,
        before: Option<TicketNumber>,
        closed: bool,
        mut each: impl FnMut(Arc<Ticket>) -> ControlFlow<()>,
    ) -> Result<Looked, HistoryError> {
        let mut end = before.unwrap_or(TicketNumber(u64::MAX));
        let mut left = PUT_AWAY_MAX;
        loop {
            // Those in memory first: one that is put away meanwhile is then met twice, and not missed.
            let live = self.slice_below(end);
            let start =
                if live.len() < SLICE_TICKETS { TicketNumber(0) } else { live[SLICE_TICKETS - 1].number };
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
            if start == TicketNumber(0) {
                return Ok(Looked::AtAll);
            }
        }
    }

    /// The newest tickets in memory with numbers below `before`, the newest first: a slice of them.
    fn slice_below(&self, before: TicketNumber) -> Vec<Arc<Ticket>> {
        let tickets = self.tickets.read().unwrap_or_else(PoisonError::into_inner);
        tickets.range(..before).rev().take(SLICE_TICKETS).map(|(_, ticket)| Arc::clone(ticket)).collect()
    }

    /// Every ticket that is not put away and matches, by number, each as it is when its turn comes: the loop is never kept waiting for more
    /// than a slice of them.
    pub fn each(&self, matches: impl Fn(&Ticket) -> bool) -> Vec<Arc<Ticket>> {
        let mut all = Vec::new();
        let mut from = Some(TicketNumber(0));
        while let Some(first) = from.take() {
            let tickets = self.tickets.read().unwrap_or_else(PoisonError::into_inner);
            let slice = tickets.range(first..).take(SLICE_TICKETS);
            let mut seen = 0;
            for (number, ticket) in slice {
                seen += 1;
                if seen == SLICE_TICKETS {
                    from = Some(TicketNumber(number.0 + 1));
                }
                if matches(ticket) {
                    all.push(Arc::clone(ticket));
                }
            }
        }
        all
    }

    /// How many tickets there are, those that are put away among them.
    pub fn tickets_total(&self) -> u64 {
        self.tickets_total.load(Ordering::Relaxed)
    }

    /// The tokens that are not revoked.
    pub fn tokens(&self) -> Arc<Vec<Token>> {
        Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The wall's newest state.
    pub fn board(&self) -> Arc<BoardState> {
        Arc::clone(&self.board.lock().unwrap_or_else(PoisonError::into_inner))
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

    pub(super) fn publish_tickets(&self, changed: impl Iterator<Item = Arc<Ticket>>, total: u64) {
        let mut tickets = self.tickets.write().unwrap_or_else(PoisonError::into_inner);
        for ticket in changed {
            tickets.insert(ticket.number, ticket);
        }
        self.tickets_total.store(total, Ordering::Relaxed);
    }

    /// These are to be read where they are kept, from here on.
    pub(super) fn put_away(&self, numbers: &[TicketNumber]) {
        let mut tickets = self.tickets.write().unwrap_or_else(PoisonError::into_inner);
        for number in numbers {
            tickets.remove(number);
        }
    }

    pub(super) fn publish_tokens(&self, tokens: Vec<Token>) {
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tokens);
    }

    pub(super) fn publish_board(&self, board: BoardState) {
        *self.board.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(board);
        self.board_changed.notify_all();
    }
}

/// The tickets in memory down to number `to` and those that were put away, the newest first; of one that is both, that in
/// memory.
fn merged(
    live: &mut Peekable<impl Iterator<Item = Arc<Ticket>>>,
    away: Vec<Arc<Ticket>>,
    to: TicketNumber,
) -> impl Iterator<Item = Arc<Ticket>> {
    let mut away = away.into_iter().peekable();
    std::iter::from_fn(move || {
        let number = away.peek().map_or(to, |ticket| ticket.number);
        let Some(ticket) = live.next_if(|ticket| ticket.number >= number) else { return away.next() };
        away.next_if(|known| known.number == ticket.number);
        Some(ticket)
    })
}
