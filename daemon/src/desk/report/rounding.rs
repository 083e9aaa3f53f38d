//! Shares and means as people are shown them: rounded half-up to one decimal (ZS-6b), without floating point.

/// `numerator / denominator` in tenths, rounded half-up; none of nothing.
pub fn tenths(numerator: u64, denominator: u64) -> Option<u64> {
    let denominator = u128::from(denominator);
    let twice = u128::from(numerator) * 20 + denominator;
    twice.checked_div(2 * denominator).map(|tenths| u64::try_from(tenths).unwrap_or(u64::MAX))
}

/// `part` of `whole` in tenths of a percent, rounded half-up; none of nothing.
pub fn percent_tenths(part: u64, whole: u64) -> Option<u64> {
    tenths(part.saturating_mul(100), whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_goes_up_and_nothing_else_does() {
        for (numerator, denominator, expected) in [
            (79, 20, 40),
            (394, 100, 39),
            (395, 100, 40),
            (3_949, 1_000, 39),
            (1, 3, 3),
            (2, 3, 7),
            (0, 7, 0),
            (47, 10, 47),
        ] {
            assert_eq!(tenths(numerator, denominator), Some(expected), "{numerator}/{denominator}");
        }
        assert_eq!(tenths(1, 0), None);
        assert_eq!(tenths(u64::MAX, 1), Some(u64::MAX), "more than fits stays as much as fits");
        assert_eq!(percent_tenths(1, 8), Some(125));
        assert_eq!(percent_tenths(0, 0), None);
    }
}
