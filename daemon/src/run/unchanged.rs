//! Requests that changed nothing: what they were, so that their keys are not taken for other requests.
//!
//! What changes something has its receipt in the record. For what changes nothing there is no entry to keep one in, and it
//! is not worth a write: it is remembered here, of so many and for a day, and a restart forgets it. Then the same request
//! is decided anew, as one without a key would be.

use std::num::NonZeroUsize;

use lru::LruCache;
use smol_str::SmolStr;

use crate::desk::TicketNumber;
use crate::desk::event::Receipt;

/// How many requests are remembered; the one that came longest ago is forgotten first.
const UNCHANGED_MAX: usize = 10_000;
/// How long they are, in microseconds of the monotonic clock: a day, as long as receipts are kept.
const REMEMBERED_US: u64 = 86_400_000_000;

/// A request that changed nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unchanged {
    /// See [`Receipt::request`].
    pub request: SmolStr,
    /// The ticket it was about.
    pub ticket: Option<TicketNumber>,
    /// The number of the event that came next: the ticket was answered as it was before that.
    pub before_seq: u64,
    /// When, in microseconds of the monotonic clock.
    pub at_us: u64,
}

/// Those that are remembered.
#[derive(Debug)]
pub(super) struct Unchangeds(LruCache<SmolStr, Unchanged>);

impl Default for Unchangeds {
    fn default() -> Self {
        Self(LruCache::new(NonZeroUsize::new(UNCHANGED_MAX).expect("some are remembered")))
    }
}

impl Unchangeds {
    /// The request of that receipt changed nothing.
    pub(super) fn note(&mut self, receipt: &Receipt, unchanged: Unchanged) {
        // Of a batch only the batch is known by its key; its commands are decided anew.
        let ticket = unchanged.ticket.filter(|_| receipt.step.is_none());
        self.0.put(receipt.of_request().id(), Unchanged { ticket, ..unchanged });
    }

    /// The request that came under the key of that receipt within the last day.
    pub(super) fn of(&self, receipt: &Receipt, now_us: u64) -> Option<&Unchanged> {
        self.0
            .peek(&receipt.of_request().id())
            .filter(|known| now_us.saturating_sub(known.at_us) < REMEMBERED_US)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(key: &str, step: Option<u16>) -> Receipt {
        Receipt { key: key.into(), request: "sum".into(), step, token: None }
    }

    fn unchanged(at_us: u64) -> Unchanged {
        Unchanged { request: "sum".into(), ticket: Some(TicketNumber(7)), before_seq: 8, at_us }
    }

    #[test]
    fn a_key_is_remembered_for_a_day() {
        let mut known = Unchangeds::default();
        known.note(&receipt("bot:k", None), unchanged(5));
        assert_eq!(known.of(&receipt("bot:k", None), 5), Some(&unchanged(5)));
        assert_eq!(known.of(&receipt("bot:k", None), 4 + REMEMBERED_US), Some(&unchanged(5)));
        assert_eq!(known.of(&receipt("bot:k", None), 5 + REMEMBERED_US), None);
        assert_eq!(known.of(&receipt("bot:other", None), 5), None);
    }

    #[test]
    fn of_a_batch_its_key_is_remembered_and_none_of_its_tickets() {
        let mut known = Unchangeds::default();
        known.note(&receipt("bot:k", Some(3)), unchanged(5));
        assert_eq!(known.of(&receipt("bot:k", None), 5), Some(&Unchanged { ticket: None, ..unchanged(5) }));
    }

    #[test]
    fn no_more_are_remembered_than_may_be() {
        let mut known = Unchangeds::default();
        for n in 0..=UNCHANGED_MAX {
            known.note(&receipt(&format!("bot:{n}"), None), unchanged(0));
        }
        assert_eq!((known.0.len(), known.of(&receipt("bot:0", None), 0)), (UNCHANGED_MAX, None));
        assert!(known.of(&receipt("bot:1", None), 0).is_some());
    }
}
