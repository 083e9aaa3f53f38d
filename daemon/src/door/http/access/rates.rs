//! How often somebody may ask.
//!
//! A key (a token, an address) has a store of requests that a burst may use up and that fills again evenly. What is refused
//! costs nothing of it, so whoever waits as long as they are told comes in.

use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::{Quota, RateLimiter};
use lru::LruCache;

use super::network::NETWORKS_MAX;
use crate::clock::monotonic_us;
use crate::config::Rate;

/// What is remembered of so many keys; of one that is forgotten the store is full.
struct Bounded<K: Hash + Eq>(Mutex<LruCache<K, Nanos>>);

impl<K: Hash + Eq> Bounded<K> {
    fn new() -> Self {
        Self(Mutex::new(LruCache::new(NonZeroUsize::new(NETWORKS_MAX).expect("some are remembered"))))
    }
}

impl<K: Hash + Eq + Clone> StateStore for Bounded<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (answer, next) = decide(known.get(key).copied())?;
        known.put(key.clone(), next);
        Ok(answer)
    }
}

/// The box's monotonic clock.
#[derive(Clone, Debug)]
pub(super) struct Monotonic;

impl Clock for Monotonic {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(monotonic_us().saturating_mul(1_000))
    }
}

/// Limits a kind of key; or does not, where no rate is set.
pub(super) struct Rates<K: Hash + Eq + Clone, C: Clock<Instant = Nanos> = Monotonic> {
    limiter: Option<RateLimiter<K, Bounded<K>, C, NoOpMiddleware<Nanos>>>,
    clock: C,
}

impl<K: Hash + Eq + Clone, C: Clock<Instant = Nanos> + Clone> Rates<K, C> {
    /// By this rate.
    pub(super) fn new(rate: Option<Rate>, clock: C) -> Self {
        let limiter = rate.map(|Rate { per_second, burst }| {
            let quota = Quota::per_second(per_second).allow_burst(burst);
            RateLimiter::new(quota, Bounded::new(), clock.clone())
        });
        Self { limiter, clock }
    }

    /// Takes one request of a key from its store.
    ///
    /// # Errors
    /// In how many whole seconds the next one is there, where there is none.
    pub(super) fn take(&self, key: &K) -> Result<(), u32> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        let asked = limiter.check_key(key);
        asked.map_err(|not_yet| whole_seconds(not_yet.wait_time_from(self.clock.now())))
    }
}

/// As many seconds as `Retry-After` says it: one who waits so long has waited long enough.
fn whole_seconds(wait: Duration) -> u32 {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rates(per_second: u32, burst: u32) -> (Rates<u32, FakeRelativeClock>, FakeRelativeClock) {
        let number = |number| NonZeroU32::new(number).expect("more than nothing");
        let rate = Rate { per_second: number(per_second), burst: number(burst) };
        let clock = FakeRelativeClock::default();
        (Rates::new(Some(rate), clock.clone()), clock)
    }

    #[test]
    fn a_burst_is_used_up_and_fills_again_evenly() {
        let (rates, clock) = rates(10, 5);
        assert_eq!([(); 6].map(|()| rates.take(&1)), [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Err(1)]);
        // A tenth of a second gives one back, and not sooner.
        clock.advance(Duration::from_micros(99_999));
        assert_eq!(rates.take(&1), Err(1));
        clock.advance(Duration::from_micros(1));
        assert_eq!((rates.take(&1), rates.take(&1)), (Ok(()), Err(1)));
        // However long the peace, it is never more than the burst.
        clock.advance(Duration::from_secs(3_600));
        assert_eq!((0..10).filter(|_| rates.take(&1).is_ok()).count(), 5);
    }

    #[test]
    fn whoever_waits_as_long_as_told_comes_in_however_often_they_ask_meanwhile() {
        let (rates, clock) = rates(1, 1);
        assert_eq!(rates.take(&1), Ok(()));
        for _ in 0..100 {
            assert_eq!(rates.take(&1), Err(1));
        }
        clock.advance(Duration::from_secs(1));
        assert_eq!(rates.take(&1), Ok(()));
    }

    #[test]
    fn one_key_takes_nothing_from_another() {
        let (rates, _) = rates(1, 2);
        assert_eq!(
            [1, 1, 1, 2, 2, 2].map(|key| rates.take(&key).is_ok()),
            [true, true, false, true, true, false]
        );
    }

    #[test]
    fn without_a_rate_nobody_is_limited() {
        let rates: Rates<u32, FakeRelativeClock> = Rates::new(None, FakeRelativeClock::default());
        assert!((0..100_000).all(|_| rates.take(&1).is_ok()));
    }

    #[test]
    fn no_more_keys_are_remembered_than_may_be_and_the_one_seen_longest_ago_goes_first() {
        let (rates, _) = rates(1, 1);
        let all = u32::try_from(NETWORKS_MAX).expect("it is a small number");
        assert!((0..=all).all(|key| rates.take(&key).is_ok()));
        assert_eq!((rates.take(&1), rates.take(&all), rates.take(&0)), (Err(1), Err(1), Ok(())));
    }
}
