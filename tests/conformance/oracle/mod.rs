//! A second opinion: terms kept by slow clerks who count every minute on their fingers.
//!
//! A clerk knows no calendar, no events, no working time by arithmetic: each minute he looks whether anybody is at
//! work, adds one where a term runs, and notes when it is used up. He and the desk are given the same random commands
//! at whole minutes, and must agree on everything a room would look at. Nothing of his is shared with the desk, not even
//! the list of holidays.
//!
//! There are two: [`getmark`] keeps GetMark as it ships, and [`scenes`] keeps regulations that are made up at random,
//! with every basis of terms there is, over the years from 2023.
//!
//! A failure names its seed: `ANDON_SEED=17 cargo test -p andon-tests --test conformance oracle` plays it again.
//! `ANDON_TESTS_LONG=1` plays ten times as many.

mod almanac;
mod clerk;
mod getmark;
mod rules;
mod scenes;

/// `SplitMix64`: the same numbers from the same seed, on every machine.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit as u64).unwrap()
    }

    pub(crate) fn one_of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    /// True so many times of a hundred.
    pub(crate) fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// The one seed that is asked for, if one is.
pub(crate) fn seed_asked_for() -> Option<u64> {
    std::env::var("ANDON_SEED").ok().map(|seed| seed.parse().expect("ANDON_SEED is a number"))
}

/// So many, or in the long form ten times so many.
pub(crate) fn so_many(seeds: u64) -> u64 {
    if std::env::var_os("ANDON_TESTS_LONG").is_some() { seeds * 10 } else { seeds }
}
