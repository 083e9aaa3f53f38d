//! Lock-out: whoever shows tokens that nobody knows is answered more and more seldom.
//!
//! A secret has 256 random bits and is not guessed, however often it is tried; what this spares is the work and the noise.
//! So it is about unknown tokens alone: a token that is known comes in from the same address all the while. Behind one
//! address there may be a whole office or a proxy, and a bad neighbour must not keep a good one out.

use std::num::NonZeroUsize;

use lru::LruCache;

use super::network::{NETWORKS_MAX, Network};

/// How many unknown tokens a network may show before it waits.
pub(in crate::door::http) const BAD_MAX: u32 = 10;
/// How long it waits then, in seconds; with each that comes after that, twice as long …
const FIRST_WAIT_S: u64 = 1;
/// … and at most a quarter of an hour.
const LONGEST_WAIT_S: u64 = 900;
/// How long a network shows none until what it did is forgotten, in seconds.
const FORGOTTEN_AFTER_S: u64 = 3_600;
const SECOND_US: u64 = 1_000_000;

/// What is remembered of networks that showed unknown tokens. Times are microseconds of a clock that never steps.
pub(super) struct Lockouts(LruCache<Network, Record>);

#[derive(Clone, Copy, Debug, Default)]
struct Record {
    /// How many unknown tokens were looked up for it.
    bad: u32,
    /// When it showed one last, looked up or not.
    last_us: u64,
    /// Until when none is looked up.
    until_us: u64,
}

impl Lockouts {
    pub(super) fn new() -> Self {
        Self(LruCache::new(NonZeroUsize::new(NETWORKS_MAX).expect("some are remembered")))
    }

    /// A network has shown a token that nobody knows.
    ///
    /// # Errors
    /// In how many whole seconds it may show the next, where it is locked out.
    pub(super) fn unknown_token(&mut self, from: Network, now_us: u64) -> Result<(), u32> {
        let record = self.0.get_or_insert_mut(from, Record::default);
        if now_us >= record.last_us + FORGOTTEN_AFTER_S * SECOND_US {
            *record = Record::default();
        }
        record.last_us = now_us;
        if now_us < record.until_us {
            let wait_s = (record.until_us - now_us).div_ceil(SECOND_US);
            return Err(u32::try_from(wait_s).unwrap_or(u32::MAX));
        }
        record.bad = record.bad.saturating_add(1);
        if record.bad >= BAD_MAX {
            let doubled = 1_u64.checked_shl(record.bad - BAD_MAX).unwrap_or(u64::MAX);
            let wait_s = FIRST_WAIT_S.saturating_mul(doubled).min(LONGEST_WAIT_S);
            record.until_us = now_us + wait_s * SECOND_US;
        }
        Ok(())
    }

    /// How many networks are locked out at the moment.
    pub(super) fn locked_out(&self, now_us: u64) -> usize {
        self.0.iter().filter(|(_, record)| now_us < record.until_us).count()
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    fn network(last: u8) -> Network {
        IpAddr::from([192, 168, 1, last]).into()
    }

    /// Ten bad tokens at the instant 0.
    fn after_ten() -> Lockouts {
        let mut lockouts = Lockouts::new();
        assert!((0..10).all(|_| lockouts.unknown_token(network(1), 0).is_ok()), "ten are let go");
        lockouts
    }

    #[test]
    fn after_ten_unknown_tokens_each_next_one_waits_twice_as_long_up_to_a_quarter_of_an_hour() {
        let mut lockouts = after_ten();
        let mut now_us = 0;
        for wait_s in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
            assert_eq!(lockouts.unknown_token(network(1), now_us), Err(wait_s));
            now_us += u64::from(wait_s) * SECOND_US - 1;
            assert_eq!(lockouts.unknown_token(network(1), now_us), Err(1), "not a microsecond sooner");
            assert_eq!(lockouts.locked_out(now_us), 1);
            now_us += 1;
            assert_eq!(lockouts.locked_out(now_us), 0);
            assert_eq!(lockouts.unknown_token(network(1), now_us), Ok(()));
        }
    }

    #[test]
    fn an_hour_of_peace_forgets_it_and_less_does_not() {
        let hour_us = FORGOTTEN_AFTER_S * SECOND_US;
        let mut lockouts = after_ten();
        assert_eq!(lockouts.unknown_token(network(1), hour_us - 1), Ok(()));
        assert_eq!(lockouts.unknown_token(network(1), hour_us - 1), Err(2), "it is the eleventh");
        let mut lockouts = after_ten();
        let ten = (0..10).map(|_| lockouts.unknown_token(network(1), hour_us));
        assert!(ten.collect::<Vec<_>>().iter().all(Result::is_ok), "it has ten again");
        assert_eq!(lockouts.unknown_token(network(1), hour_us), Err(1));
    }

    #[test]
    fn one_network_locks_out_no_other() {
        let mut lockouts = after_ten();
        assert_eq!(lockouts.unknown_token(network(1), 0), Err(1));
        assert_eq!(lockouts.unknown_token(network(2), 0), Ok(()));
    }

    #[test]
    fn however_many_networks_come_so_many_are_remembered() {
        let mut lockouts = Lockouts::new();
        for n in 0..100_000_u32 {
            assert!(lockouts.unknown_token(IpAddr::from(n.to_be_bytes()).into(), 0).is_ok());
        }
        assert_eq!(lockouts.0.len(), NETWORKS_MAX);
    }
}
