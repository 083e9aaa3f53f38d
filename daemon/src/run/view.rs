//! What readers see: tickets and the wall as they are durable, without asking the loop.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock};
use std::time::Duration;

use calendars::Timestamp;

use crate::board::BoardState;
use crate::clock::SystemClock;
use crate::desk::command::Token;
use crate::desk::{Regulations, Ticket, TicketNumber};

/// How many tickets [`View::each`] looks at while it keeps the loop from publishing.
const SLICE_TICKETS: usize = 1_000;

/// Tickets and wall, published by the loop after each commit.
#[derive(Debug)]
pub struct View {
    regulations: Regulations,
    tickets: RwLock<BTreeMap<TicketNumber, Arc<Ticket>>>,
    tokens: RwLock<Arc<Vec<Token>>>,
    board: Mutex<Arc<BoardState>>,
    board_changed: Condvar,
}

impl View {
    pub(super) fn new(
        regulations: Regulations,
        tickets: impl Iterator<Item = Arc<Ticket>>,
        tokens: Vec<Token>,
        board: BoardState,
    ) -> Self {
        Self {
            regulations,
            tickets: RwLock::new(tickets.map(|ticket| (ticket.number, ticket)).collect()),
            tokens: RwLock::new(Arc::new(tokens)),
            board: Mutex::new(Arc::new(board)),
            board_changed: Condvar::new(),
        }
    }

    /// The regulations the desk works by.
    pub fn regulations(&self) -> &Regulations {
        &self.regulations
    }

    /// The ticket of that number.
    pub fn ticket(&self, number: TicketNumber) -> Option<Arc<Ticket>> {
        self.tickets.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    /// The newest `limit` tickets that match, with numbers below `before`, the newest first.
    pub fn newest(
        &self,
        before: Option<TicketNumber>,
        limit: usize,
        mut matches: impl FnMut(&Ticket) -> bool,
    ) -> Vec<Arc<Ticket>> {
        let tickets = self.tickets.read().unwrap_or_else(PoisonError::into_inner);
        let before = before.unwrap_or(TicketNumber(u64::MAX));
        tickets
            .range(..before)
            .rev()
            .map(|(_, ticket)| ticket)
            .filter(|t| matches(t))
            .take(limit)
            .cloned()
            .collect()
    }

    /// Every ticket that matches, by number, each as it is when its turn comes: the loop is never kept waiting for more
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

    /// How many tickets there are.
    pub fn len(&self) -> usize {
        self.tickets.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there is no ticket.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tokens that are not revoked.
    pub fn tokens(&self) -> Arc<Vec<Token>> {
        Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner))
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

    pub(super) fn publish_tickets(&self, changed: impl Iterator<Item = Arc<Ticket>>) {
        let mut tickets = self.tickets.write().unwrap_or_else(PoisonError::into_inner);
        for ticket in changed {
            tickets.insert(ticket.number, ticket);
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
