//! Room that callers share: how much there is in all, and how much of it one of them has, so that nobody takes all of it.
//!
//! A caller is a token by its name: whoever has something to bring has shown one, and many come from one address where a
//! proxy stands before the door.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smol_str::SmolStr;

/// Room of one kind. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Shares {
    max: usize,
    max_each: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_caller: HashMap<SmolStr, usize>,
}

/// What a caller has of it; free again when it is dropped.
#[derive(Debug)]
pub(super) struct Share {
    of: Shares,
    caller: SmolStr,
    amount: usize,
}

impl Shares {
    /// Room of `max`, of which a caller has at most `max_each`.
    pub(super) fn new(max: usize, max_each: usize) -> Self {
        Self { max, max_each, taken: Arc::default() }
    }

    /// So much of it; none where there is no more, or the caller has its share.
    pub(super) fn take(&self, caller: &str, amount: usize) -> Option<Share> {
        let mut share = Share { of: self.clone(), caller: caller.into(), amount: 0 };
        share.grow(amount).then_some(share)
    }

    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share {
    /// Takes so much more; false, and nothing is taken, where there is no more or the caller has its share.
    pub(super) fn grow(&mut self, more: usize) -> bool {
        let mut taken = self.of.lock();
        let own = taken.by_caller.get(&self.caller).copied().unwrap_or(0);
        if more > self.of.max_each.saturating_sub(own) || more > self.of.max.saturating_sub(taken.total) {
            return false;
        }
        taken.total += more;
        *taken.by_caller.entry(self.caller.clone()).or_default() += more;
        self.amount += more;
        true
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut taken = self.of.lock();
        taken.total -= self.amount;
        let Some(own) = taken.by_caller.get_mut(&self.caller) else { return };
        *own -= self.amount;
        if *own == 0 {
            taken.by_caller.remove(&self.caller);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_more_than_a_share_and_all_together_no_more_than_there_is() {
        let shares = Shares::new(10, 6);
        let mut one = shares.take("one", 4).expect("there is room");
        assert!(one.grow(2) && !one.grow(1), "that is its share");
        assert!(shares.take("one", 1).is_none(), "another of the same caller counts with it");
        let two = shares.take("two", 4).expect("the rest is for others");
        assert!(shares.take("three", 1).is_none(), "there is no more");
        drop(one);
        let again = shares.take("one", 6).expect("it is free again");
        drop((two, again));
        assert!(shares.lock().by_caller.is_empty() && shares.lock().total == 0);
    }

    #[test]
    fn what_is_not_to_be_had_is_not_taken_in_part() {
        let shares = Shares::new(10, 10);
        let mut share = shares.take("one", 1).expect("there is room");
        assert!(!share.grow(10) && !share.grow(usize::MAX));
        assert!(share.grow(9), "there is as much as before");
    }
}
