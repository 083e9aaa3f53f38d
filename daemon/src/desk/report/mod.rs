//! Reports: what a month comes to, in marks and in promises.
//!
//! Figures come from events only, and are counted as things happen: each closing, each mark that comes after it and each
//! breach is a [`Score`], added to the [`Tally`] of its month for every [`Slice`] it belongs to. So a month of 25,000
//! tickets is answered from some hundred sums, and memory holds the sums and no tickets.
//!
//! What counts when:
//! - A ticket counts in the month it is *closed* in, with all its clocks as they ended, and its mark.
//! - A term of a *line* is that line's and that agent's who had the ticket there ([`Stint`](super::clocks::Stint)), whoever
//!   solved it afterwards; all else is the ticket's.
//! - A *duplicate* that was merged into another ticket is no ticket more: it is told as merged, and neither closed nor met.
//!   What it broke before is told all the same.
//! - A mark given after the closing counts in the month it is *given* in; where that is a later month, as a *late* one:
//!   in the mean of the marks given, and not in the rated share. Where the figure is by closed tickets (ZS-6a) it is not in
//!   the figure either: its ticket was in the divisor of an earlier month, and would be divided by nothing in this one.
//! - A breach counts in the month it happens in, whether or not the ticket is closed yet, with its [`Cause`]. A ticket
//!   that is left open hides nothing.
//! - A month ends at midnight of the site's zone. The first thing settled after that is the event that *closes* it, with
//!   its figures ([`MonthFigures`]); nothing changes them any more. What would belong to a closed month, since the time
//!   was set back, counts in the month that runs.
//!
//! Left to others: what is shown of it, and how (`crate::door::http::reports`).

mod figures;
mod month;
mod rounding;
mod score;
mod slice;
mod spread;
mod sum;
mod tally;
#[cfg(test)]
mod tests;

pub use self::figures::{ClockFigures, MonthFigures, QualityFigures, RegulationFigures, SliceFigures};
pub use self::month::{Month, MonthError};
pub use self::rounding::{percent_tenths, tenths};
pub use self::score::{Cause, ClockScore, Closing, Ending, Score};
pub use self::slice::{Dimension, Facets, Slice};
pub use self::spread::{Quantiles, Spread};
pub use self::tally::{MonthTally, SLICES_MAX, Tally};
