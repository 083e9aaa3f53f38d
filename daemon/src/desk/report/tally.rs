//! The tally: the sums of the months that are not closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use calendars::{Timestamp, Tz};
use serde::{Deserialize, Serialize};

use super::month::Month;
use super::score::{Ending, Score};
use super::slice::{Dimension, Slice};
use super::sum::Sum;

/// How many slices of a month are told apart in each dimension; what comes beyond is one of others for each regulation. So
/// many services leave the agents their room.
pub const SLICES_MAX: usize = 500;

/// The sums of the months that are not closed. Cheap to clone: what does not change after is shared.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// The newest month that is closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    closed: Option<Month>,
    #[serde(with = "pairs")]
    months: BTreeMap<Month, Arc<MonthTally>>,
}

/// The sums of one month.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MonthTally {
    #[serde(with = "pairs")]
    slices: BTreeMap<Slice, Arc<Sum>>,
}

impl Tally {
    /// Adds a score to its month, in the site's zone.
    pub fn take(&mut self, score: &Score, zone: Tz) {
        let month = score.at().map(|at| self.month_of(at, zone));
        let sums = |tally: &mut Self, facets: &super::Facets, add: &dyn Fn(&mut Sum)| {
            let month = tally.months.entry(month.expect("it has a time")).or_default();
            facets.slices().for_each(|slice| add(Arc::make_mut(month).sum(slice)));
        };
        match score {
            Score::Closed(closing) => {
                sums(self, &closing.facets, &|sum| sum.close(closing));
                // Nobody answered a duplicate, so nothing was kept with it; what broke before broke.
                let is_merged = closing.ending == Ending::Merged;
                for clock in closing.clocks.iter().filter(|clock| clock.breached || !is_merged) {
                    let of_line = clock.stint.as_ref().map(|stint| closing.facets.with(stint));
                    sums(self, of_line.as_ref().unwrap_or(&closing.facets), &|sum| sum.close_clock(clock));
                }
            }
            Score::Marked { facets, mark, closed_at, .. } => {
                let is_late = month > Some(Month::of(*closed_at, zone));
                sums(self, facets, &|sum| sum.mark(mark, is_late));
            }
            Score::Breached { facets, metric, cause, .. } => {
                sums(self, facets, &|sum| sum.breach(*metric, *cause));
            }
            Score::MonthClosed { month } => {
                self.closed = self.closed.max(Some(*month));
                // What was before it has been closed, too: months are closed in their order.
                self.months.retain(|known, _| known > month);
            }
        }
    }

    /// The month that something counts in which happens at an instant: a closed month takes nothing more.
    fn month_of(&self, at: Timestamp, zone: Tz) -> Month {
        let month = Month::of(at, zone);
        self.closed.map_or(month, |closed| month.max(closed.next()))
    }

    /// The earliest month that has something and is not closed.
    pub fn first_open(&self) -> Option<Month> {
        self.months.keys().next().copied()
    }

    /// The newest month that is closed.
    pub fn newest_closed(&self) -> Option<Month> {
        self.closed
    }

    /// The sums of a month that is not closed; none where there is nothing yet.
    pub fn month(&self, month: Month) -> Option<&Arc<MonthTally>> {
        self.months.get(&month)
    }

    /// How many slices the fullest dimension of a month has.
    pub fn slices(&self) -> usize {
        let months = self.months.values();
        let counts = months.flat_map(|month| Dimension::ALL.into_iter().map(|by| month.slices_by(by)));
        counts.max().unwrap_or(0)
    }
}

impl MonthTally {
    fn sum(&mut self, slice: Slice) -> &mut Sum {
        let may_be_full = slice.by != Dimension::Regulation && self.slices.len() >= SLICES_MAX;
        let is_known = !may_be_full || self.slices.contains_key(&slice);
        let is_over = !is_known && self.slices_by(slice.by) >= SLICES_MAX;
        let slice = if is_over { slice.with_others() } else { slice };
        Arc::make_mut(self.slices.entry(slice).or_default())
    }

    /// How many slices a dimension has, those of others left out.
    fn slices_by(&self, by: Dimension) -> usize {
        self.slices.keys().filter(|slice| slice.by == by && !slice.others).count()
    }

    /// Every slice with its sum: regulations by id, dimensions in their order.
    pub(super) fn slices(&self) -> impl Iterator<Item = (&Slice, &Sum)> {
        self.slices.iter().map(|(slice, sum)| (slice, sum.as_ref()))
    }
}

/// A map whose keys are no texts, as a list of pairs.
mod pairs {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, Arc<V>>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map.iter().map(|(key, value)| (key, value.as_ref())))
    }

    pub(super) fn deserialize<'de, K, V, D>(from: D) -> Result<BTreeMap<K, Arc<V>>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        let pairs = Vec::<(K, V)>::deserialize(from)?;
        Ok(pairs.into_iter().map(|(key, value)| (key, Arc::new(value))).collect())
    }
}
