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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread::JoinHandle;
    use std::time::Duration;

    use super::*;
    use crate::run::{self, Settings};

    /// Waits for something that comes, or says that it does not.
    fn eventually(what: &str, is: impl Fn() -> bool) {
        for _ in 0..6_000 {
            if is() {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{what} does not come");
    }

    fn desk(dir: &tempfile::TempDir) -> (Handle, JoinHandle<()>) {
        let settings = Settings::plain(dir.path().to_owned());
        let (handle, thread, _) = run::start(&settings, |_, _| ()).unwrap();
        (handle, thread)
    }

    #[test]
    fn a_loop_that_hangs_is_asked_once_and_is_known_to_hang_until_it_answers() {
        let dir = tempfile::TempDir::new().unwrap();
        let (handle, thread) = desk(&dir);
        let pulse = Pulse::default();
        let is_answered = |pulse: &Pulse| {
            pulse.0.answered_us.load(Ordering::Acquire) >= pulse.0.asked_us.load(Ordering::Relaxed)
        };
        assert_eq!(pulse.stale_s(10 * PATIENCE_US), None, "it was not asked yet");
        let first_us = 10 * PATIENCE_US;
        pulse.ask(&handle, first_us);
        eventually("an answer", || is_answered(&pulse));
        assert_eq!(pulse.stale_s(first_us + 2 * PATIENCE_US), None);

        let (let_go, held) = channel::<()>();
        let (holds, is_held) = channel::<()>();
        let hang = move |_: &crate::desk::Desk, _| {
            holds.send(()).unwrap();
            let _ = held.recv();
        };
        handle.ask(hang).unwrap();
        is_held.recv().unwrap();
        let asked_us = first_us + ASK_EVERY_US;
        pulse.ask(&handle, asked_us - 1);
        assert!(is_answered(&pulse), "it is not asked more often than each second");
        for later_us in 0..=5 {
            pulse.ask(&handle, asked_us + later_us * 1_000_000);
        }
        assert_eq!(pulse.stale_s(asked_us + PATIENCE_US - 1), None);
        assert_eq!(pulse.stale_s(asked_us + PATIENCE_US), Some(3));
        assert_eq!(pulse.stale_s(asked_us + 3_600_000_000), Some(3_600));
        assert_eq!(pulse.stale_s(0), None, "time that went back says nothing");

        let_go.send(()).unwrap();
        eventually("an answer", || is_answered(&pulse));
        assert_eq!(pulse.stale_s(asked_us + 3_600_000_000), None);
        handle.stop();
        thread.join().unwrap();
    }

    #[test]
    fn a_desk_that_is_gone_does_not_answer() {
        let dir = tempfile::TempDir::new().unwrap();
        let (handle, thread) = desk(&dir);
        handle.stop();
        thread.join().unwrap();
        let pulse = Pulse::default();
        pulse.ask(&handle, 5_000_000);
        pulse.ask(&handle, 6_000_000);
        assert_eq!(pulse.stale_s(8_000_000), Some(3));
    }
}
