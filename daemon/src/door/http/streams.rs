//! The places of those who follow events, and what is known of them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::shares::{Share, Shares};

/// How many may follow events at once, through each door.
pub(super) const STREAMS_MAX: usize = 64;
/// How many of them one token has.
pub(super) const STREAMS_EACH_MAX: usize = STREAMS_MAX / 2;

/// Those who follow events through a door. Cheap to clone.
#[derive(Clone)]
pub(super) struct Streams(Arc<Mutex<Open>>, Shares);

#[derive(Default)]
struct Open {
    /// How far each has come: the number of the last event that waits for it or was taken.
    at: BTreeMap<u64, Arc<AtomicU64>>,
    last_id: u64,
    cut: u64,
}

/// A place; free again when it is dropped.
pub(super) struct Place {
    streams: Streams,
    _share: Share,
    id: u64,
    at: Arc<AtomicU64>,
}

/// What is known of all of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Figures {
    /// How many follow now.
    pub open: usize,
    /// How many were cut off since the start, since they took nothing.
    pub cut: u64,
    /// How many events the last of them is behind.
    pub lag_events: u64,
}

impl Default for Streams {
    fn default() -> Self {
        Self(Arc::default(), Shares::new(STREAMS_MAX, STREAMS_EACH_MAX))
    }
}

impl Streams {
    /// A place at event `at` for `caller`; none where all are taken, or the caller has its share.
    pub(super) fn enter(&self, caller: &str, at: u64) -> Option<Place> {
        let share = self.1.take(caller, 1)?;
        let mut open = self.lock();
        open.last_id += 1;
        let (id, at) = (open.last_id, Arc::new(AtomicU64::new(at)));
        open.at.insert(id, Arc::clone(&at));
        Some(Place { streams: self.clone(), _share: share, id, at })
    }

    /// What is known of them, where `newest` is the number of the newest event.
    pub(super) fn figures(&self, newest: u64) -> Figures {
        let open = self.lock();
        let lags = open.at.values().map(|at| newest.saturating_sub(at.load(Ordering::Acquire)));
        Figures { open: open.at.len(), cut: open.cut, lag_events: lags.max().unwrap_or(0) }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place {
    /// How far it has come, to be read elsewhere.
    pub(super) fn position(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.at)
    }

    /// Everything up to event `at` waits for it or was taken.
    pub(super) fn is_at(&self, at: u64) {
        self.at.store(at, Ordering::Release);
    }

    /// It is cut off.
    pub(super) fn is_cut(&self) {
        self.streams.lock().cut += 1;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.streams.lock().at.remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_that_is_left_is_free_again_and_the_last_is_the_lag() {
        let streams = Streams::default();
        let mut places: Vec<_> =
            (0..STREAMS_EACH_MAX).map(|_| streams.enter("one", 10).expect("there is room")).collect();
        assert!(streams.enter("one", 10).is_none());
        places[0].is_cut();
        places.truncate(2);
        places[0].is_at(15);
        places[1].is_at(12);
        assert_eq!(streams.figures(20), Figures { open: 2, cut: 1, lag_events: 8 });
        assert!(streams.enter("one", 20).is_some());
        drop(places);
        assert_eq!(streams.figures(20), Figures { open: 0, cut: 1, lag_events: 0 });
    }
}
