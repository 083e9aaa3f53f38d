//! How many mails of one sender become tickets, or words on one, within an hour: whoever answers by itself and hides it
//! would else go on for ever.

use std::num::NonZeroUsize;

use lru::LruCache;

/// How many senders are remembered; the one that was heard of longest ago is forgotten first.
const SENDERS_MAX: usize = 10_000;
/// An hour, in microseconds.
const HOUR_US: u64 = 3_600_000_000;

/// Who wrote of late.
pub(super) struct Senders {
    per_hour: u32,
    known: LruCache<String, Hour>,
}

/// An hour of a sender.
struct Hour {
    began_us: u64,
    mails: u32,
}

impl Senders {
    /// At most `per_hour` mails of each.
    pub(super) fn new(per_hour: u32) -> Self {
        Self { per_hour, known: LruCache::new(NonZeroUsize::new(SENDERS_MAX).expect("some are remembered")) }
    }

    /// Counts one more of that sender at `now_us` of the monotonic clock; false where it is one too many.
    pub(super) fn may(&mut self, sender: &str, now_us: u64) -> bool {
        let hour = self.known.get_or_insert_mut_ref(sender, || Hour { began_us: now_us, mails: 0 });
        if now_us.saturating_sub(hour.began_us) >= HOUR_US {
            *hour = Hour { began_us: now_us, mails: 0 };
        }
        hour.mails = hour.mails.saturating_add(1);
        hour.mails <= self.per_hour
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sender_has_so_many_mails_in_each_hour_and_others_have_their_own() {
        let mut senders = Senders::new(2);
        assert_eq!([1, 2, 3].map(|now_us| senders.may("a@b", now_us)), [true, true, false]);
        assert!(senders.may("c@d", 4));
        assert!(!senders.may("a@b", HOUR_US));
        assert!(senders.may("a@b", HOUR_US + 1));
    }
}
