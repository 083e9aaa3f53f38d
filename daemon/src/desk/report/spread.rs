//! A spread: how long many things took, kept as counts in few buckets.
//!
//! Seconds up to 64 have a bucket each; above, each doubling has 32, so a bucket is a 32nd of its value wide at most. A
//! quantile is told as the middle of its bucket and is right to within 1 in 64, whatever came. That bounds a spread to
//! some 600 buckets for a year, and two of them can be added.

use serde::{Deserialize, Serialize};

/// Buckets of one second each, and how many a doubling has after them.
const SINGLE: u64 = 64;
const PER_DOUBLING_BITS: u32 = 5;
/// 2 to this power is [`SINGLE`].
const SINGLE_BITS: u32 = 6;

/// How long many things took.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    /// Buckets that have some, in order, with how many.
    buckets: Vec<(u16, u32)>,
    /// The longest, in milliseconds.
    max_ms: i64,
}

/// The quantiles that reports tell, by nearest rank, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quantiles {
    /// Half took no longer.
    pub p50_ms: i64,
    /// Nine in ten took no longer.
    pub p90_ms: i64,
    /// 19 in 20 took no longer.
    pub p95_ms: i64,
    /// None took longer.
    pub max_ms: i64,
}

impl Spread {
    /// Adds one that took so long; less than nothing is nothing.
    pub fn add(&mut self, ms: i64) {
        let bucket = bucket(ms);
        match self.buckets.binary_search_by_key(&bucket, |(known, _)| *known) {
            Ok(at) => self.buckets[at].1 = self.buckets[at].1.saturating_add(1),
            Err(at) => self.buckets.insert(at, (bucket, 1)),
        }
        self.max_ms = self.max_ms.max(ms);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| u64::from(*count)).sum()
    }

    /// The least length that `percent` of 100 do not exceed; none where there are none.
    pub fn quantile(&self, percent: u64) -> Option<i64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let (bucket, _) = self.buckets.iter().find(|(_, count)| {
            seen += u64::from(*count);
            seen >= rank
        })?;
        Some(middle_ms(*bucket).min(self.max_ms))
    }

    /// What reports tell; none where there are none.
    pub fn quantiles(&self) -> Option<Quantiles> {
        Some(Quantiles {
            p50_ms: self.quantile(50)?,
            p90_ms: self.quantile(90)?,
            p95_ms: self.quantile(95)?,
            max_ms: self.max_ms,
        })
    }
}

fn bucket(ms: i64) -> u16 {
    let seconds = u64::try_from(ms / 1_000).unwrap_or(0);
    if seconds < SINGLE {
        return u16::try_from(seconds).expect("fewer than 64");
    }
    let doubling = seconds.ilog2();
    let within = (seconds >> (doubling - PER_DOUBLING_BITS)) - (1 << PER_DOUBLING_BITS);
    let first = SINGLE + (u64::from(doubling - SINGLE_BITS) << PER_DOUBLING_BITS);
    u16::try_from(first + within).expect("2^64 seconds have some 1,900 buckets")
}

fn middle_ms(bucket: u16) -> i64 {
    let bucket = u64::from(bucket);
    let Some(above) = bucket.checked_sub(SINGLE) else {
        return i64::try_from(bucket * 1_000 + 500).expect("a minute");
    };
    let (doublings, within) = (above >> PER_DOUBLING_BITS, above & ((1 << PER_DOUBLING_BITS) - 1));
    let width = 1_u128 << (doublings + u64::from(SINGLE_BITS - PER_DOUBLING_BITS));
    let low = ((1 << PER_DOUBLING_BITS) + u128::from(within)) * width;
    i64::try_from(low * 1_000 + width * 500).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_told_to_within_one_in_64_or_half_a_second() {
        let mut last = 0;
        for seconds in (0..100_000).chain((100_000..400_000_000).step_by(9_973)) {
            let ms = seconds * 1_000 + 999;
            let bucket = bucket(ms);
            assert!(bucket >= last, "longer is never in an earlier bucket");
            last = bucket;
            let off = (middle_ms(bucket) - ms).abs();
            assert!(off <= (ms / 64).max(500) + 999, "{seconds} s is told as {} ms", middle_ms(bucket));
        }
        assert_eq!(bucket(-5), 0);
        assert!(bucket(i64::MAX) < 2_000);
    }

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let mut spread = Spread::default();
        assert_eq!(spread.quantiles(), None);
        (1..=20).rev().for_each(|seconds| spread.add(seconds * 1_000));
        let quantiles = spread.quantiles().unwrap();
        assert_eq!(
            quantiles,
            Quantiles { p50_ms: 10_500, p90_ms: 18_500, p95_ms: 19_500, max_ms: 20_000 },
            "the middle of a second"
        );
        assert_eq!(spread.count(), 20);
        let mut one = Spread::default();
        one.add(7_000);
        assert_eq!(one.quantile(50), Some(7_000), "no quantile is above the longest");
    }
}
