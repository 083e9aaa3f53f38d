//! On and off over time, without a clock.

/// A repeating pattern of on and off.
///
/// `edges_ms` are the moments, from the start of a period, at which it changes; the first is 0 and turns it on. An even number of edges
/// ends the period off. Time is the caller's: milliseconds since whenever the rhythm began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rhythm {
    edges_ms: &'static [u64],
    period_ms: u64,
}

impl Rhythm {
    /// Edges ascending from 0, all within the period.
    pub(crate) const fn new(edges_ms: &'static [u64], period_ms: u64) -> Self {
        assert!(!edges_ms.is_empty() && edges_ms[0] == 0 && edges_ms.len().is_multiple_of(2));
        let mut i = 1;
        while i < edges_ms.len() {
            assert!(edges_ms[i - 1] < edges_ms[i]);
            i += 1;
        }
        assert!(edges_ms[edges_ms.len() - 1] < period_ms);
        Self { edges_ms, period_ms }
    }

    /// Whether it is on at `t_ms`.
    pub(crate) fn is_on(self, t_ms: u64) -> bool {
        self.edges_passed(t_ms) % 2 == 1
    }

    /// The first moment after `t_ms` at which it changes.
    pub(crate) fn next_edge(self, t_ms: u64) -> u64 {
        let start_ms = t_ms - t_ms % self.period_ms;
        let next_ms = self.edges_ms.get(self.edges_passed(t_ms)).copied().unwrap_or(self.period_ms);
        start_ms.saturating_add(next_ms)
    }

    fn edges_passed(self, t_ms: u64) -> usize {
        self.edges_ms.partition_point(|edge_ms| *edge_ms <= t_ms % self.period_ms)
    }
}
