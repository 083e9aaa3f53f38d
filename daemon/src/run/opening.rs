//! Opening the books while the doors and the wall are there already.
//!
//! Reading a long ledger takes minutes, and a disk may not let it be read at all. Whoever asks or looks meanwhile is
//! told so: nothing is shown before the desk is whole.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use firmware_board::{DiskFault, Progress};

use super::books::{BooksError, BooksReport};
use super::faults::disk_fault;
use super::{Handle, Settings, start};
use crate::chain::chain;
use crate::clock;

/// How long after the books could not be opened for the disk's sake it is tried again.
pub const OPEN_AGAIN: Duration = Duration::from_secs(5);
/// How often the journal is told how far the reading got, in microseconds.
const TELL_EVERY_US: u64 = 3_000_000;

/// How far the opening is.
#[derive(Clone)]
pub enum Stage {
    /// The books are being read.
    Reading {
        /// How far that is, once it is known: events of the ledger.
        progress: Option<Progress>,
    },
    /// The disk did not let them be opened; it is tried again after [`OPEN_AGAIN`].
    Blocked {
        /// What is wrong with it.
        by: DiskFault,
        /// What failed, for people.
        reason: String,
    },
    /// The desk is there.
    Open(Handle),
}

/// The opening, for those who wait for it; clones are the same one.
#[derive(Clone)]
pub struct Opening(Arc<Shared>);

struct Shared {
    stage: Mutex<Stage>,
    changed: Condvar,
}

impl Default for Opening {
    fn default() -> Self {
        Self(Arc::new(Shared {
            stage: Mutex::new(Stage::Reading { progress: None }),
            changed: Condvar::new(),
        }))
    }
}

impl Opening {
    /// One that is over: the desk is there.
    pub fn of(handle: Handle) -> Self {
        let opening = Self::default();
        opening.enter(Stage::Open(handle));
        opening
    }

    /// How far it is.
    pub fn stage(&self) -> Stage {
        self.lock().clone()
    }

    /// The desk, as soon as it is there; none where it is not within `patience`.
    pub fn wait(&self, patience: Duration) -> Option<Handle> {
        let is_closed = |stage: &mut Stage| !matches!(stage, Stage::Open(_));
        let waited = self.0.changed.wait_timeout_while(self.lock(), patience, is_closed);
        match &*waited.unwrap_or_else(PoisonError::into_inner).0 {
            Stage::Open(handle) => Some(handle.clone()),
            Stage::Reading { .. } | Stage::Blocked { .. } => None,
        }
    }

    /// Opens the books and starts the loop. Where the disk does not let them be opened it is tried until it does.
    ///
    /// # Errors
    /// [`BooksError`] that only a person can mend: other books, another daemon's books, a newer version's.
    pub fn open(&self, settings: &Settings) -> Result<(Handle, JoinHandle<()>, BooksReport), BooksError> {
        let mut told = None;
        loop {
            let error = match self.try_open(settings) {
                Ok(opened) => return Ok(opened),
                Err(error) => error,
            };
            let Some(by) = disk_fault(&error) else { return Err(error) };
            let reason = chain(&error);
            if told.as_ref() != Some(&reason) {
                log::error!(
                    "the books cannot be opened, it is tried again every {} s: {reason}",
                    OPEN_AGAIN.as_secs()
                );
                told = Some(reason.clone());
            }
            self.enter(Stage::Blocked { by, reason });
            std::thread::sleep(OPEN_AGAIN);
        }
    }

    fn try_open(&self, settings: &Settings) -> Result<(Handle, JoinHandle<()>, BooksReport), BooksError> {
        let mut told_us = None;
        let opened = start(settings, |done, of| {
            self.enter(Stage::Reading { progress: Some(Progress { done, of }) });
            let now_us = clock::monotonic_us();
            // The first word is said at once: whoever waits is to know what for.
            if told_us.is_none_or(|told_us| now_us.saturating_sub(told_us) >= TELL_EVERY_US) {
                told_us = Some(now_us);
                log::info!("replayed {done} of {of} events");
            }
        })?;
        self.enter(Stage::Open(opened.0.clone()));
        Ok(opened)
    }

    fn enter(&self, stage: Stage) {
        *self.lock() = stage;
        self.0.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.0.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
