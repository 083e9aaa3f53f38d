//! The keeper: writes checkpoints in a thread of its own, so that a slow card delays nobody.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

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
}

/// Writes checkpoints to the projection in the background, one at a time and in order.
///
/// Dropping it writes what waits, and waits for that.
#[derive(Debug)]
pub struct Keeper {
    desk: Arc<Handover>,
    thread: Option<JoinHandle<()>>,
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

/// What the keeper's thread is to do.
enum Next {
    /// Write this one.
    Checkpoint(Checkpoint),
    /// Try the one that failed again.
    Retry,
    /// Try the one that failed for the last time, and end.
    Close,
}

impl Keeper {
    /// Starts the keeper of `tickets`; `tell` is called in its thread with what became of each checkpoint.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(tickets: Tickets, tell: impl FnMut(Kept) + Send + 'static) -> std::io::Result<Self> {
        let desk = Arc::new(Handover::default());
        let handover = Arc::clone(&desk);
        let thread = std::thread::Builder::new().name("keeper".into());
        let thread = thread.spawn(move || keep(&handover, &tickets, tell))?;
        Ok(Self { desk, thread: Some(thread) })
    }

    /// Hands `checkpoint` over and returns at once. If one is waiting to be written, the two become one.
    pub fn submit(&self, checkpoint: Checkpoint) {
        let mut waiting = self.desk.lock();
        match &mut waiting.checkpoint {
            Some(earlier) => earlier.merge(checkpoint),
            None => waiting.checkpoint = Some(checkpoint),
        }
        self.desk.changed.notify_all();
    }

    /// Waits until everything that was handed over has been written, or could not be.
    pub fn wait(&self) {
        let busy = |waiting: &mut Waiting| waiting.checkpoint.is_some() || waiting.is_writing;
        drop(self.desk.changed.wait_while(self.desk.lock(), busy));
    }

    /// Writes what waits, tells what became of it, and ends.
    pub fn close(self) {
        drop(self);
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.desk.lock().closing = true;
        self.desk.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // It panics only when `tell` does, and then it has said so.
            let _ = thread.join();
        }
    }
}

impl Handover {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
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
        let checkpoint = waiting.checkpoint.take();
        waiting.is_writing = checkpoint.is_some();
        match checkpoint {
            Some(checkpoint) => Next::Checkpoint(checkpoint),
            None if waiting.closing => Next::Close,
            None => Next::Retry,
        }
    }

    fn written(&self) {
        self.lock().is_writing = false;
        self.changed.notify_all();
    }
}

fn keep(desk: &Handover, tickets: &Tickets, mut tell: impl FnMut(Kept)) {
    let mut failed: Option<Checkpoint> = None;
    loop {
        let next = desk.next(failed.is_some());
        let is_last = matches!(next, Next::Close);
        let checkpoint = match (failed.take(), next) {
            (Some(mut earlier), Next::Checkpoint(submitted)) => {
                earlier.merge(submitted);
                earlier
            }
            (None, Next::Checkpoint(submitted)) => submitted,
            (Some(earlier), Next::Retry | Next::Close) => earlier,
            (None, Next::Retry) => continue,
            (None, Next::Close) => return,
        };
        let upto_seq = checkpoint.upto_seq;
        let kept = match tickets.checkpoint(&checkpoint) {
            Ok(()) => Kept::Done { upto_seq },
            Err(error) => {
                failed = Some(checkpoint);
                Kept::Failed { upto_seq, error }
            }
        };
        desk.written();
        tell(kept);
        if is_last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tempfile::TempDir;

    use super::*;

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
        let keeper = Keeper::start(tickets.clone(), tell).unwrap();
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
    fn a_checkpoint_that_failed_goes_into_the_next() {
        let dir = TempDir::new().unwrap();
        let tickets = Tickets::open(dir.path(), 1, 10).unwrap().tickets;
        tickets.checkpoint(&checkpoint(4, 9)).unwrap();
        let (told, done) = mpsc::channel();
        let keeper = Keeper::start(tickets.clone(), move |kept| told.send(kept).unwrap()).unwrap();
        keeper.submit(checkpoint(3, 1));
        let Kept::Failed { upto_seq: 3, error } = done.recv().unwrap() else { panic!("it goes backwards") };
        assert_eq!(error.to_string(), "a checkpoint up to event 3 came after one up to 4");
        keeper.submit(checkpoint(6, 2));
        assert!(matches!(done.recv().unwrap(), Kept::Done { upto_seq: 6 }));
        assert!(tickets.ticket(1).unwrap().is_some() && tickets.ticket(2).unwrap().is_some());
    }
}
