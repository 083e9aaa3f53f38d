//! What was counted between two steps: the calendar's open stretches, or one stretch round the clock.

use calendars::{Timestamp, Tz};
use chrono::{Datelike, NaiveDateTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::seconds;
use crate::desk::clocks::Basis;
use crate::desk::event::Term;
use crate::desk::regulation::Regulations;

/// More stretches than this in one step are told by month.
pub const INTERVALS_MAX: usize = 400;

/// An interval that was counted, `[from, to)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CountedInterval {
    /// From.
    pub from: String,
    /// To.
    pub to: String,
    /// What counts of it, in seconds.
    pub seconds: f64,
    /// How many open stretches it holds: 1, but more where they are told by month.
    pub stretches: usize,
}

/// What was counted in a step.
#[derive(Default)]
pub(super) struct Counted {
    pub(super) ms: i64,
    pub(super) intervals: Vec<CountedInterval>,
    pub(super) note: Option<String>,
}

/// A stretch, and how many it was made from.
#[derive(Clone, Copy)]
struct Stretch {
    from: Timestamp,
    to: Timestamp,
    ms: i64,
    stretches: usize,
}

/// Counts `[from, to)` under the term's calendar.
pub(super) fn count(
    basis: Basis,
    term: &Term,
    regulations: &Regulations,
    from: Timestamp,
    to: Timestamp,
    zone: Tz,
) -> Counted {
    if to <= from {
        return Counted::default();
    }
    if !basis.is_working() {
        let stretch = Stretch { from, to, ms: to.ms_since(from), stretches: 1 };
        return Counted { ms: stretch.ms, intervals: vec![told(stretch, zone)], note: None };
    }
    let Some(calendar) = regulations.calendar_of(term) else {
        let note = format!("the calendar {} is not loaded now, so it cannot be counted again", term.calendar);
        return Counted { note: Some(note), ..Counted::default() };
    };
    let stretches = calendar.intervals(from, to).map(|(from, to)| Stretch {
        from,
        to,
        ms: to.ms_since(from),
        stretches: 1,
    });
    let mut stretches: Vec<_> = stretches.collect();
    let mut notes = Vec::new();
    if calendar.revision() != term.revision {
        notes.push(format!(
            "it was promised under revision {} of the calendar, which is at {} now",
            term.revision,
            calendar.revision()
        ));
    }
    if stretches.len() > INTERVALS_MAX {
        notes.push(format!("{} open stretches, told by month", stretches.len()));
        stretches = by_month(&stretches, zone);
    }
    Counted {
        ms: stretches.iter().map(|stretch| stretch.ms).sum(),
        intervals: stretches.into_iter().map(|stretch| told(stretch, zone)).collect(),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}

/// One stretch for each month, from its first opening to its last close.
fn by_month(stretches: &[Stretch], zone: Tz) -> Vec<Stretch> {
    let month = |stretch: &Stretch| {
        let local: NaiveDateTime = stretch.from.local(zone);
        (local.year(), local.month())
    };
    let one = |same: &[Stretch]| Stretch {
        from: same[0].from,
        to: same[same.len() - 1].to,
        ms: same.iter().map(|stretch| stretch.ms).sum(),
        stretches: same.len(),
    };
    stretches.chunk_by(|a, b| month(a) == month(b)).map(one).collect()
}

fn told(stretch: Stretch, zone: Tz) -> CountedInterval {
    CountedInterval {
        from: stretch.from.to_rfc3339(zone),
        to: stretch.to.to_rfc3339(zone),
        seconds: seconds(stretch.ms),
        stretches: stretch.stretches,
    }
}
