//! What everybody is asked: the same instants, spans and terms in every run.

use calendars::Timestamp;

/// How far the cases of a group go: spans of real time for `between`, terms of working time for `add`.
pub struct Reach {
    pub name: &'static str,
    /// How many cases there are. The slowest of those asked takes half a second for ten years.
    count: usize,
    span_s: i64,
    term_s: i64,
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The longest of each group; the shortest are a tenth shorter. 10,000 cases in all.
pub const REACHES: [Reach; 4] = [
    Reach { name: "an hour", count: 4_000, span_s: HOUR, term_s: HOUR },
    Reach { name: "a month", count: 4_000, span_s: 30 * DAY, term_s: 180 * HOUR },
    Reach { name: "a year", count: 1_900, span_s: 365 * DAY, term_s: 2_250 * HOUR },
    Reach { name: "ten years", count: 100, span_s: 3_652 * DAY, term_s: 22_500 * HOUR },
];

/// One question of each kind: how much is worked in `[from, to)`, and when has `term_ms` been worked since `from`?
#[derive(Clone, Copy)]
pub struct Case {
    pub from: Timestamp,
    pub to: Timestamp,
    pub term_ms: i64,
}

impl Reach {
    /// Instants of whole seconds over the five years with facts, by night and on days off as they fall. Of every
    /// third case all is in whole hours, so that it begins and ends at openings, closings and midnights too.
    pub fn cases(&self) -> Vec<Case> {
        let mut numbers = Numbers(self.span_s);
        (0..self.count)
            .map(|index| {
                let grain = if index % 3 == 0 { HOUR } else { 1 };
                let whole = |seconds: i64| (seconds - seconds % grain).max(grain);
                let from = whole(FIRST + numbers.below(YEARS * 365 * DAY));
                let span = whole(self.span_s - numbers.below(self.span_s / 10));
                let term = whole(self.term_s - numbers.below(self.term_s / 10));
                Case { from: instant(from), to: instant(from + span), term_ms: term * 1_000 }
            })
            .collect()
    }
}

/// 2023-01-01T00:00:00+03:00.
const FIRST: i64 = 1_672_520_400;
const YEARS: i64 = 5;

fn instant(utc_s: i64) -> Timestamp {
    Timestamp::from_millis(utc_s * 1_000)
}

/// Numbers that look random.
struct Numbers(i64);

impl Numbers {
    fn below(&mut self, bound: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 20).rem_euclid(bound)
    }
}
