//! Figures: what a month came to, as plain facts. A closed month's are in its event, for good (decision 0003): fields are
//! only added, with defaults. Shares and means follow from them and are not kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::rounding::tenths;
use super::score::Cause;
use super::slice::{Dimension, Slice};
use super::spread::Quantiles;
use super::sum::{ClockSum, Sum};
use super::tally::MonthTally;
use crate::desk::clocks::{Basis, Metric};
use crate::desk::regulation::{Divisor, Mark, Regulation, Regulations};

/// What a month came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MonthFigures {
    /// For each regulation that had something.
    pub regulations: Vec<RegulationFigures>,
}

/// What a month came to under one regulation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegulationFigures {
    /// Its id.
    pub regulation: SmolStr,
    /// The version whose marks, divisor and bands were taken; none where the desk did not run the regulation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<SmolStr>,
    /// What the sum of marks is divided by.
    #[serde(default)]
    pub divisor: Divisor,
    /// The whole first, then by line, agent, service, source and priority.
    pub slices: Vec<SliceFigures>,
}

/// What a slice of it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SliceFigures {
    /// By what.
    pub by: Dimension,
    /// Which; none for those without, and of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<SmolStr>,
    /// Whether it is all those that were too many to be told apart.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub others: bool,
    /// Closings and marks.
    pub quality: QualityFigures,
    /// Promises, by metric.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clocks: Vec<ClockFigures>,
}

/// Closings and marks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct QualityFigures {
    /// Tickets closed in the month.
    pub closed: u32,
    /// Of them, confirmed by the requester.
    pub confirmed: u32,
    /// Of them, refused.
    pub refused: u32,
    /// Of them, closed by time.
    pub by_time: u32,
    /// Of them, returned by the requester before.
    pub returned: u32,
    /// Duplicates that were merged into other tickets in the month: none of them is in `closed`, since what became of them is
    /// told of the others.
    #[serde(skip_serializing_if = "is_none")]
    pub merged: u32,
    /// Of `closed`, with a mark.
    pub rated: u32,
    /// Marks given in the month to tickets that were closed in an earlier one.
    pub late_marks: u32,
    /// How often each mark was given.
    pub marks: BTreeMap<SmolStr, u32>,
    /// The sum of the marks' values; none where marks have none, or nobody knows the regulation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sum: Option<u64>,
    /// Of the sum, what came late: marks of tickets that are not among `closed`. None in months that were closed by
    /// versions that did not tell them apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub late_sum: Option<u64>,
    /// How many marks are in the sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valued: Option<u32>,
    /// How many marks were positive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive: Option<u32>,
    /// The band that the regulation's figure falls into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub band: Option<SmolStr>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_none(count: &u32) -> bool {
    *count == 0
}

impl QualityFigures {
    /// How many marks were given in the month.
    pub fn marks_total(&self) -> u32 {
        self.marks.values().sum()
    }

    /// What the sum of marks is divided by: as many as the regulation says (ZS-6a).
    pub fn divided_by(&self, divisor: Divisor) -> u32 {
        match divisor {
            Divisor::Closed => self.closed,
            Divisor::Rated => self.valued.unwrap_or(0),
        }
    }

    /// What is divided. Where tickets are counted, late marks are left out: their tickets were counted in an earlier month,
    /// and a sum with no ticket for some of its marks would be above the best mark.
    pub fn divided(&self, divisor: Divisor) -> Option<u64> {
        match divisor {
            Divisor::Closed => self.sum?.checked_sub(self.late_sum.unwrap_or(0)),
            Divisor::Rated => self.sum,
        }
    }

    /// The regulation's figure in tenths, rounded half-up (ZS-6b); none where there is none.
    pub fn figure_tenths(&self, divisor: Divisor) -> Option<u64> {
        tenths(self.divided(divisor)?, u64::from(self.divided_by(divisor)))
    }

    /// The mean of the marks that were given, in tenths, rounded half-up.
    pub fn mean_tenths(&self) -> Option<u64> {
        tenths(self.sum?, u64::from(self.valued?))
    }
}

/// What became of the promises of one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClockFigures {
    /// What was measured.
    pub metric: Metric,
    /// What it counts; none where no ticket with it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// Clocks of tickets closed in the month that kept their term.
    pub met: u32,
    /// Of those, clocks that broke it, in whatever month.
    pub breached: u32,
    /// Of those, clocks that had no term.
    #[serde(default)]
    pub without_term: u32,
    /// What was used of the basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Quantiles>,
    /// By how much broken terms were exceeded, in the basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over: Option<Quantiles>,
    /// From start to end by the wall's clock, all of them together, in milliseconds.
    #[serde(default)]
    pub elapsed_ms: i64,
    /// How much of that they stood still, in milliseconds.
    #[serde(default)]
    pub paused_ms: i64,
    /// How often a term broke in the month and why, of tickets that may still be open.
    #[serde(default)]
    pub causes: BTreeMap<Cause, u32>,
}

impl ClockFigures {
    /// How often a term broke in the month.
    pub fn breaches(&self) -> u32 {
        self.causes.values().sum()
    }

    fn of(metric: Metric, sum: &ClockSum) -> Self {
        Self {
            metric,
            basis: sum.basis,
            met: sum.met,
            breached: sum.breached,
            without_term: sum.without_term,
            used: sum.used.quantiles(),
            over: sum.over.quantiles(),
            elapsed_ms: sum.elapsed_ms,
            paused_ms: sum.paused_ms,
            causes: sum.causes.clone(),
        }
    }
}

impl MonthFigures {
    /// What the sums of a month come to under the regulations as they are.
    pub fn of(month: &MonthTally, regulations: &Regulations) -> Self {
        let mut figures = Self::default();
        for (slice, sum) in month.slices() {
            let regulation = regulations.get(&slice.regulation);
            if figures.regulations.last().is_none_or(|last| last.regulation != slice.regulation) {
                figures.regulations.push(RegulationFigures {
                    regulation: slice.regulation.clone(),
                    version: regulation.map(|regulation| regulation.version.clone()),
                    divisor: regulation.map_or(Divisor::default(), |regulation| regulation.divisor()),
                    slices: Vec::new(),
                });
            }
            let of = figures.regulations.last_mut().expect("there is one by now");
            of.slices.push(SliceFigures::of(slice, sum, regulation.map(AsRef::as_ref)));
        }
        figures
    }
}

impl RegulationFigures {
    /// The slices that tell something: what none of its tickets has is left out.
    pub fn told_slices(&self) -> impl Iterator<Item = &SliceFigures> {
        self.slices.iter().filter(|slice| {
            let named = |other: &SliceFigures| other.by == slice.by && (other.id.is_some() || other.others);
            slice.by == Dimension::Regulation || self.slices.iter().any(named)
        })
    }
}

impl SliceFigures {
    fn of(slice: &Slice, sum: &Sum, regulation: Option<&Regulation>) -> Self {
        Self {
            by: slice.by,
            id: slice.id.clone(),
            others: slice.others,
            quality: quality(sum, regulation),
            clocks: sum.clocks.iter().map(|(metric, sum)| ClockFigures::of(*metric, sum)).collect(),
        }
    }
}

fn quality(sum: &Sum, regulation: Option<&Regulation>) -> QualityFigures {
    let mut figures = QualityFigures {
        closed: sum.closed,
        confirmed: sum.confirmed,
        refused: sum.refused,
        by_time: sum.by_time,
        returned: sum.returned,
        merged: sum.merged,
        rated: sum.rated,
        late_marks: sum.late,
        marks: sum.marks.clone(),
        ..QualityFigures::default()
    };
    let Some(regulation) = regulation else { return figures };
    let of = |marks: &BTreeMap<SmolStr, u32>| {
        let known = regulation.marks.iter().filter_map(|mark| Some((mark, *marks.get(&mark.id)?)));
        known.collect::<Vec<_>>()
    };
    let known = of(&sum.marks);
    if regulation.marks.iter().any(|mark| mark.positive) {
        figures.positive = Some(known.iter().filter(|(mark, _)| mark.positive).map(|(_, count)| count).sum());
    }
    if regulation.marks.iter().any(|mark| mark.value.is_some()) {
        let worth =
            |(mark, count): &(&Mark, u32)| mark.value.map(|value| u64::from(value) * u64::from(*count));
        figures.sum = Some(known.iter().filter_map(worth).sum());
        figures.late_sum = Some(of(&sum.late_by).iter().filter_map(worth).sum());
        let valued = known.iter().filter(|(mark, _)| mark.value.is_some());
        figures.valued = Some(valued.map(|(_, count)| count).sum());
        let figure = figures.figure_tenths(regulation.divisor());
        figures.band = figure.and_then(|tenths| regulation.band(tenths)).map(|band| band.name.id.clone());
    }
    figures
}
