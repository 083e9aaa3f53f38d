//! The sum of a slice: counts and spreads, and no tickets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::score::{Cause, ClockScore, Closing, Ending};
use super::spread::Spread;
use crate::desk::clocks::{Basis, Metric};

/// How many different marks are told apart, whatever versions of a regulation called them.
const MARKS_MAX: usize = 100;

/// What is counted of a slice.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sum {
    pub closed: u32,
    pub confirmed: u32,
    pub refused: u32,
    pub by_time: u32,
    pub returned: u32,
    /// Duplicates that were closed: none of them is in `closed`.
    #[serde(default)]
    pub merged: u32,
    /// Tickets closed in the month that have a mark.
    pub rated: u32,
    /// Marks of tickets that were closed in an earlier month.
    pub late: u32,
    pub marks: BTreeMap<SmolStr, u32>,
    /// Of those, which came late.
    #[serde(default)]
    pub late_by: BTreeMap<SmolStr, u32>,
    pub clocks: BTreeMap<Metric, ClockSum>,
}

/// What is counted of one metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ClockSum {
    /// What it counts; none where no ticket with it was closed.
    pub basis: Option<Basis>,
    pub met: u32,
    pub breached: u32,
    pub without_term: u32,
    pub used: Spread,
    /// Of breached ones, what was used beyond the term.
    pub over: Spread,
    pub elapsed_ms: i64,
    pub paused_ms: i64,
    /// Breaches in the month, of tickets that may still be open.
    pub causes: BTreeMap<Cause, u32>,
}

impl Sum {
    pub(super) fn close(&mut self, closing: &Closing) {
        if closing.ending == Ending::Merged {
            self.merged += 1;
            return;
        }
        self.closed += 1;
        match closing.ending {
            Ending::Confirmed => self.confirmed += 1,
            Ending::Refused => self.refused += 1,
            Ending::ByTime => self.by_time += 1,
            Ending::Closed | Ending::Merged => {}
        }
        self.returned += u32::from(closing.returned);
        if let Some(mark) = &closing.mark {
            self.rated += 1;
            count_mark(&mut self.marks, mark);
        }
    }

    pub(super) fn close_clock(&mut self, clock: &ClockScore) {
        self.clocks.entry(clock.metric).or_default().close(clock);
    }

    pub(super) fn mark(&mut self, mark: &SmolStr, is_late: bool) {
        if is_late {
            self.late += 1;
            count_mark(&mut self.late_by, mark);
        } else {
            self.rated += 1;
        }
        count_mark(&mut self.marks, mark);
    }

    pub(super) fn breach(&mut self, metric: Metric, cause: Cause) {
        *self.clocks.entry(metric).or_default().causes.entry(cause).or_default() += 1;
    }
}

fn count_mark(marks: &mut BTreeMap<SmolStr, u32>, mark: &SmolStr) {
    if marks.contains_key(mark) || marks.len() < MARKS_MAX {
        *marks.entry(mark.clone()).or_default() += 1;
    }
}

impl ClockSum {
    fn close(&mut self, clock: &ClockScore) {
        self.basis = Some(clock.basis);
        match (clock.breached, clock.target_ms) {
            (true, target_ms) => {
                self.breached += 1;
                let over_ms = target_ms.map_or(0, |target_ms| clock.used_ms.saturating_sub(target_ms));
                self.over.add(over_ms.max(0));
            }
            (false, Some(_)) => self.met += 1,
            (false, None) => self.without_term += 1,
        }
        self.used.add(clock.used_ms);
        self.elapsed_ms = self.elapsed_ms.saturating_add(clock.elapsed_ms);
        self.paused_ms = self.paused_ms.saturating_add(clock.paused_ms);
    }
}
