//! Trying again: how long to wait after a try that failed, and when to give up. For whatever is delivered: webhooks, letters.
//!
//! Waits double from a short one to a long one, and each is a little more or less than that, so that what failed together is
//! not tried together. How long was waited is counted in the time that the daemon ran: a box that was switched off gives up
//! nothing.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// How often something is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The first wait, in milliseconds.
    pub first_ms: u64,
    /// The longest wait, in milliseconds.
    pub most_ms: u64,
    /// How long is waited altogether, in milliseconds.
    pub give_up_after_ms: u64,
}

/// For a day: after 5 s, 10 s, 20 s and so on up to an hour, then hourly; some 33 tries.
pub const FOR_A_DAY: Backoff =
    Backoff { first_ms: 5_000, most_ms: 3_600_000, give_up_after_ms: 24 * 3_600_000 };

/// How much a wait differs at most, in per cent of it.
const JITTER_PER_CENT: u64 = 20;

/// Tries that failed, one after another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// How many.
    pub failed: u32,
    /// How long was waited between them, the wait that is on among it, in milliseconds.
    pub waited_ms: u64,
}

impl Tries {
    /// One more failed. Gives the wait before the next, in milliseconds: at least `at_least_ms` where whoever refused it asked
    /// for that, but no more than the longest. `random` is any number.
    pub fn fail(&mut self, backoff: &Backoff, at_least_ms: u64, random: u64) -> u64 {
        let doubled = 1_u64.checked_shl(self.failed).unwrap_or(u64::MAX);
        let wait_ms = backoff.first_ms.saturating_mul(doubled).min(backoff.most_ms);
        let spread_ms = wait_ms * JITTER_PER_CENT / 100;
        let wait_ms = wait_ms - spread_ms + random % (2 * spread_ms + 1);
        let wait_ms = wait_ms.max(at_least_ms.min(backoff.most_ms));
        self.failed = self.failed.saturating_add(1);
        self.waited_ms = self.waited_ms.saturating_add(wait_ms);
        wait_ms
    }

    /// The wait that is on ends so much earlier.
    pub fn cut_short(&mut self, by_ms: u64) {
        self.waited_ms = self.waited_ms.saturating_sub(by_ms);
    }

    /// Whether it was tried for as long as it may be.
    pub fn is_spent(&self, backoff: &Backoff) -> bool {
        self.waited_ms >= backoff.give_up_after_ms
    }
}

/// Lays a dead letter to the others, of which there are at most `most`; gives the oldest where it has to make room.
pub fn bury<T>(letters: &mut VecDeque<T>, letter: T, most: usize) -> Option<T> {
    let oldest = if letters.len() >= most { letters.pop_front() } else { None };
    letters.push_back(letter);
    oldest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_a_day_of_them_is_all() {
        let mut tries = Tries::default();
        let mut waits_s = Vec::new();
        while !tries.is_spent(&FOR_A_DAY) {
            // In the middle of the jitter.
            let failed = tries.failed;
            let wait = (5_000_u64 << failed.min(10)).min(3_600_000);
            waits_s.push(tries.fail(&FOR_A_DAY, 0, wait * JITTER_PER_CENT / 100) / 1_000);
        }
        assert_eq!(waits_s[..11], [5, 10, 20, 40, 80, 160, 320, 640, 1_280, 2_560, 3_600]);
        assert_eq!(waits_s.len(), 33, "{waits_s:?}");
        assert!((86_400..90_000).contains(&waits_s.iter().sum::<u64>()));
    }

    #[test]
    fn a_wait_differs_by_a_fifth_at_most_and_who_asks_for_more_gets_it_up_to_the_longest() {
        let waits = |at_least_ms: u64| {
            let one = move |random| Tries::default().fail(&FOR_A_DAY, at_least_ms, random);
            (0..100_000).map(one).fold((u64::MAX, 0), |(least, most), wait| (least.min(wait), most.max(wait)))
        };
        assert_eq!(waits(0), (4_000, 6_000));
        assert_eq!(waits(30_000), (30_000, 30_000));
        assert_eq!(waits(u64::MAX), (3_600_000, 3_600_000));
    }

    #[test]
    fn it_never_overflows_however_often_it_failed() {
        let mut tries = Tries { failed: u32::MAX, waited_ms: u64::MAX - 1 };
        assert!(tries.fail(&FOR_A_DAY, 0, u64::MAX) <= 4_320_000 && tries.is_spent(&FOR_A_DAY));
    }

    #[test]
    fn the_oldest_letter_makes_room() {
        let mut letters = VecDeque::from([1, 2]);
        assert_eq!(bury(&mut letters, 3, 3), None);
        assert_eq!(bury(&mut letters, 4, 3), Some(1));
        assert_eq!(letters, [2, 3, 4]);
    }
}
