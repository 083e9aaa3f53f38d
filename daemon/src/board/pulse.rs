//! Whether the desk answers: it is asked every second, and where it does not for a while, what is shown is old.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::run::Handle;

/// How often the desk is asked, in microseconds.
const ASK_EVERY_US: u64 = 1_000_000;
/// How long it may take to answer, in microseconds. A disk that takes its time is no desk that is lost; and what is lost is
/// said within five seconds.
const PATIENCE_US: u64 = 3_000_000;

/// Whether the desk answers; clones are of the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulse(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// When it was asked last.
    asked_us: AtomicU64,
    /// Which of these questions it has answered.
    answered_us: AtomicU64,
    /// Whether it had room for the last one.
    is_sent: AtomicBool,
}

impl Pulse {
    /// Asks the desk, if it has answered and it is time, or had no room for the question. Never waits.
    pub(super) fn ask(&self, handle: &Handle, now_us: u64) {
        let asked_us = self.0.asked_us.load(Ordering::Relaxed);
        let is_answered = self.0.answered_us.load(Ordering::Acquire) >= asked_us;
        let asking_us = if is_answered && (asked_us == 0 || now_us.saturating_sub(asked_us) >= ASK_EVERY_US) {
            now_us
        } else if !is_answered && !self.0.is_sent.load(Ordering::Relaxed) {
            asked_us
        } else {
            return;
        };
        self.0.asked_us.store(asking_us, Ordering::Relaxed);
        let shared = Arc::clone(&self.0);
        let sent = handle.ask(move |_, _| shared.answered_us.store(asking_us, Ordering::Release));
        self.0.is_sent.store(sent.is_ok(), Ordering::Relaxed);
    }

    /// For how many seconds the desk has not answered; none where it does.
    pub(super) fn stale_s(&self, now_us: u64) -> Option<u32> {
        let asked_us = self.0.asked_us.load(Ordering::Relaxed);
        let is_answered = self.0.answered_us.load(Ordering::Acquire) >= asked_us;
        let waited_us = now_us.saturating_sub(asked_us);
        (!is_answered && waited_us >= PATIENCE_US)
            .then(|| u32::try_from(waited_us / 1_000_000).unwrap_or(u32::MAX))
    }
}
