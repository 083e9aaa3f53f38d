//! The keeper: writes checkpoints, and compacts the projection, in a thread of its own, so that a slow card delays
//! nobody; or at once, where everything is to happen in one thread, as in a simulation.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::tickets::{Compacted, Limits};
use super::{Checkpoint, Tickets, TicketsError};

/// How long after a checkpoint that failed it is tried again, if no other comes before.
const RETRY: Duration = Duration::from_secs(5);

/// What became of a checkpoint.
#[derive(Debug)]
pub enum Kept {
    /// It is durable.
    Done {
        /// All events before this number are in.
        upto_seq: u64,
    },
    /// It could not be written. Its changes are kept in memory; it is tried again after a while, or
    /// together with the next one.
    Failed {
        /// All events before this number were to be in.
        upto_seq: u64,
        /// Why it could not be written.
        error: TicketsError,
    },
    /// The database had grown far beyond what it holds, and was copied into a fresh one.
    Compacted(Compacted),
    /// It could not be copied; it goes on as it is, and is tried again when it has grown further.
    NotCompacted(TicketsError),
    /// It was found damaged; [`Tickets::damage`] says where. The next start makes it again.
    Damaged,
}

/// Where a [`Keeper`] does its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeeperPlace {
    /// In a thread of its own: nobody waits for it.
    #[default]
    Thread,
    /// In the thread that hands the checkpoint over, before [`Keeper::submit`] returns. One that failed is tried again
    /// with the next.
    Inline,
}

/// Writes checkpoints to the projection, one at a time and in order.
///
/// Dropping it writes what waits, and waits for that.
#[derive(Debug)]
pub struct Keeper(Place);

#[derive(Debug)]
enum Place {
    Thread { desk: Arc<Handover>, thread: Option<JoinHandle<()>> },
    Inline(Box<Mutex<Pen>>),
}

/// What the desk and the keeper's thread share.
#[derive(Debug, Default)]
struct Handover {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    checkpoint: Option<Checkpoint>,
    /// One was taken and is being written.
    is_writing: bool,
    closing: bool,
}

/// What the keeper is to do.
enum Next {
    /// Write this one.
    Checkpoint(Box<Checkpoint>),
    /// Try the one that failed again.
    Retry,
    /// Try the one that failed for the last time, and end.
    Close,
}

impl Keeper {
    /// Starts the keeper of `tickets`; `tell` is called with what became of each checkpoint, where the work is done.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        place: KeeperPlace,
        tickets: Tickets,
        tell: impl FnMut(Kept) + Send + 'static,
    ) -> std::io::Result<Self> {
        let mut pen = Pen { tickets, failed: None, tell: Box::new(tell) };
        if place == KeeperPlace::Inline {
            return Ok(Self(Place::Inline(Box::new(Mutex::new(pen)))));
        }
        let desk = Arc::new(Handover::default());
        let handover = Arc::clone(&desk);
        let thread = std::thread::Builder::new().name("keeper".into()).spawn(move || {
            loop {
                let next = handover.next(pen.is_retry_due());
                let is_last = matches!(next, Next::Close);
                let kept = pen.write(next);
                handover.written();
                if let Some(kept) = kept {
                    pen.tell(kept);
                    pen.compact(&|| !handover.is_closing());
                }
                if is_last {
                    return;
                }
            }
        })?;
        Ok(Self(Place::Thread { desk, thread: Some(thread) }))
    }

    /// Hands `checkpoint` over. A keeper in a thread of its own returns at once, and if a checkpoint is waiting to be
    /// written, the two become one.
    pub fn submit(&self, checkpoint: Checkpoint) {
        match &self.0 {
            Place::Thread { desk, .. } => desk.hand_over(checkpoint),
            Place::Inline(pen) => {
                let mut pen = pen.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(kept) = pen.write(Next::Checkpoint(Box::new(checkpoint))) {
                    pen.tell(kept);
                    pen.compact(&|| true);
                }
            }
        }
    }

    /// Waits until everything that was handed over has been written, or could not be.
    pub fn wait(&self) {
        let Place::Thread { desk, .. } = &self.0 else { return };
        let busy = |waiting: &mut Waiting| waiting.checkpoint.is_some() || waiting.is_writing;
        drop(desk.changed.wait_while(desk.lock(), busy));
    }

    /// Writes what waits, tells what became of it, and ends.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let Place::Thread { desk, thread } = &mut self.0 else { return };
        desk.lock().closing = true;
        desk.changed.notify_all();
        if let Some(thread) = thread.take() {
            // It panics only when `tell` does, and then it has said so.
            let _ = thread.join();
        }
    }
}

impl Handover {
    fn is_closing(&self) -> bool {
        self.lock().closing
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hand_over(&self, checkpoint: Checkpoint) {
        let mut waiting = self.lock();
        match &mut waiting.checkpoint {
            Some(earlier) => earlier.merge(checkpoint),
            None => waiting.checkpoint = Some(checkpoint),
        }
        self.changed.notify_all();
    }

    /// Waits for a checkpoint, no longer than a while where one is to be tried again.
    fn next(&self, is_retry_due: bool) -> Next {
        let nothing = |waiting: &mut Waiting| waiting.checkpoint.is_none() && !waiting.closing;
        let mut waiting = if is_retry_due {
            let waited = self.changed.wait_timeout_while(self.lock(), RETRY, nothing);
            waited.unwrap_or_else(PoisonError::into_inner).0
        } else {
            self.changed.wait_while(self.lock(), nothing).unwrap_or_else(PoisonError::into_inner)
        };
        match waiting.checkpoint.take() {
            Some(checkpoint) => {
                waiting.is_writing = true;
                Next::Checkpoint(Box::new(checkpoint))
            }
            None if waiting.closing => Next::Close,
            None => Next::Retry,
        }
    }

    fn written(&self) {
        self.lock().is_writing = false;
        self.changed.notify_all();
    }
}

/// What writes a checkpoint, and remembers one that could not be written.
struct Pen {
    tickets: Tickets,
    failed: Option<Checkpoint>,
    tell: Box<dyn FnMut(Kept) + Send>,
}

impl std::fmt::Debug for Pen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pen").field("tickets", &self.tickets).finish_non_exhaustive()
    }
}

impl Pen {
    /// Writes what is next, together with what could not be written before; nothing where neither is there.
    fn write(&mut self, next: Next) -> Option<Kept> {
        let checkpoint = match (self.failed.take(), next) {
            (Some(mut earlier), Next::Checkpoint(submitted)) => {
                earlier.merge(*submitted);
                earlier
            }
            (None, Next::Checkpoint(submitted)) => *submitted,
            (Some(earlier), Next::Retry | Next::Close) => earlier,
            (None, Next::Retry | Next::Close) => return None,
        };
        let upto_seq = checkpoint.upto_seq;
        Some(match self.tickets.checkpoint(&checkpoint) {
            Ok(()) => Kept::Done { upto_seq },
            Err(error) => {
                self.failed = Some(checkpoint);
                Kept::Failed { upto_seq, error }
            }
        })
    }

    /// Whether a checkpoint that failed may succeed by itself. A damaged database stays so until the next start.
    fn is_retry_due(&self) -> bool {
        self.failed.is_some() && self.tickets.damage().is_none()
    }

    /// Copies a database that has grown far into a fresh one, as long as `goes_on` says so.
    fn compact(&mut self, goes_on: &dyn Fn() -> bool) {
        if self.failed.is_some() {
            return;
        }
        match self.tickets.compact_if_grown(Limits::DESK, goes_on) {
            Ok(None) => {}
            Ok(Some(compacted)) => self.tell(Kept::Compacted(compacted)),
            Err(error) => self.tell(Kept::NotCompacted(error)),
        }
    }

    fn tell(&mut self, kept: Kept) {
        (self.tell)(kept);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tempfile::TempDir;

    use super::*;

    /// How long is waited before a test says that something does not come.
    const PATIENCE: Duration = Duration::from_secs(60);

    fn checkpoint(upto_seq: u64, ticket: u64) -> Checkpoint {
        Checkpoint {
            upto_seq,
            tickets: vec![(ticket, upto_seq.to_string().into_bytes())],
            ..Checkpoint::default()
        }
    }

    #[test]
    fn what_waits_becomes_one_checkpoint_and_closing_writes_it() {
        let dir = TempDir::new().unwrap();
        let tickets = Tickets::open(dir.path(), 1, 10).unwrap().tickets;
        let (told, done) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let tell = move |kept| {
            told.send(kept).unwrap();
            let _ = wait.recv();
        };
        let keeper = Keeper::start(KeeperPlace::Thread, tickets.clone(), tell).unwrap();
        keeper.submit(checkpoint(2, 1));
        assert!(matches!(done.recv().unwrap(), Kept::Done { upto_seq: 2 }));
        // The keeper waits in `tell`, so these three wait for it.
        for upto_seq in 3..=5 {
            keeper.submit(checkpoint(upto_seq, upto_seq % 2));
        }
        drop(go);
        keeper.close();
        assert!(matches!(done.recv().unwrap(), Kept::Done { upto_seq: 5 }));
        assert!(done.recv().is_err(), "three became one");
        assert_eq!(tickets.position(), 5);
        assert_eq!(tickets.ticket(1).unwrap().unwrap(), b"5");
        assert_eq!(tickets.ticket(0).unwrap().unwrap(), b"4");
    }

    #[test]
    fn a_database_that_has_grown_far_beyond_what_it_holds_is_compacted_after_a_checkpoint() {
        let keys = || (0..1_600_u32).map(|n| n.to_be_bytes().to_vec());
        for place in [KeeperPlace::Thread, KeeperPlace::Inline] {
            let dir = TempDir::new().unwrap();
            let tickets = Tickets::open(dir.path(), 1, 10).unwrap().tickets;
            let (told, done) = mpsc::channel();
            let keeper = Keeper::start(place, tickets.clone(), move |kept| told.send(kept).unwrap()).unwrap();
            let next = || done.recv_timeout(PATIENCE).expect("the keeper tells what became of it");
            let receipts = keys().map(|key| (key, vec![7; 30_000])).collect();
            keeper.submit(Checkpoint { receipts, ..checkpoint(2, 1) });
            assert!(matches!(next(), Kept::Done { upto_seq: 2 }));
            keeper.submit(Checkpoint { receipts_removed: keys().collect(), ..checkpoint(3, 1) });
            assert!(matches!(next(), Kept::Done { upto_seq: 3 }), "it was not too large for what it held");
            let Kept::Compacted(compacted) = next() else { panic!("{place:?}: it is to be compacted") };
            assert!(compacted.after_bytes < compacted.before_bytes / 4, "{place:?}: {compacted:?}");
            assert_eq!(tickets.size_bytes().unwrap(), compacted.after_bytes);
            keeper.close();
            assert!(done.recv().is_err(), "{place:?}: once is enough");
        }
    }

    #[test]
    fn a_checkpoint_that_failed_goes_into_the_next() {
        let dir = TempDir::new().unwrap();
        let tickets = Tickets::open(dir.path(), 1, 10).unwrap().tickets;
        tickets.checkpoint(&checkpoint(4, 9)).unwrap();
        let (told, done) = mpsc::channel();
        let keeper =
            Keeper::start(KeeperPlace::Thread, tickets.clone(), move |kept| told.send(kept).unwrap())
                .unwrap();
        keeper.submit(checkpoint(3, 1));
        let Kept::Failed { upto_seq: 3, error } = done.recv().unwrap() else { panic!("it goes backwards") };
        assert_eq!(error.to_string(), "a checkpoint up to event 3 came after one up to 4");
        keeper.submit(checkpoint(6, 2));
        assert!(matches!(done.recv().unwrap(), Kept::Done { upto_seq: 6 }));
        assert!(tickets.ticket(1).unwrap().is_some() && tickets.ticket(2).unwrap().is_some());
    }
}
