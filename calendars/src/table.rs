//! How much working time there has been up to an instant, and when a given amount has been reached.
//!
//! Time is cut into weeks of UTC. Each knows the working time before it and the pieces of working time within it;
//! weeks that are alike share their pieces. An instant finds its week by division and its piece by a short search,
//! and so does an amount of working time, its week being found through an index of equal steps. Neither walks, so a
//! decade costs what an hour does.
//!
//! From some week on nothing is special any more: no facts, no clock changes. The table ends there, and the
//! weeks beyond follow by arithmetic. That makes 80 KB for a calendar of Moscow, and 200 KB where the clocks change
//! until 2100.
//!
//! All times here are milliseconds from 1970-01-01T00:00:00Z, and nothing is open before that instant nor from
//! [`HORIZON`] on.

use std::collections::BTreeMap;

use crate::schedule::Schedule;
use crate::shifts::Shifts;

/// 2200-01-01T00:00:00Z: where the calendars end.
pub(crate) const HORIZON: i64 = 7_258_118_400_000;

const SECOND: i64 = 1_000;
const DAY: i64 = 86_400 * SECOND;
const WEEK: i64 = 7 * DAY;
const WEEK_U32: u32 = 604_800_000;

/// Working time as a function of the instant, and its inverse.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// The weeks up to the first that all later ones are like, that one included.
    weeks: Vec<Week>,
    /// The weeks' pieces; each week's run is closed by an end mark.
    pieces: Vec<Piece>,
    /// Working time of the last week, and so of each after it.
    per_week: i64,
    /// For each step of working time, the last week that has less than that before it.
    steps: Vec<u16>,
    /// The steps are of `1 << step_bits` ms.
    step_bits: u32,
    /// Working time before the horizon.
    total: i64,
}

#[derive(Clone, Copy, Debug)]
struct Week {
    /// Working time before the week.
    before: i64,
    /// Where its pieces begin.
    first: u32,
    /// How many there are, without the end mark.
    len: u32,
}

/// A stretch of working time, in ms from the start of its week; or an end mark, which never opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    open: u32,
    close: u32,
    /// Working time before it in its week.
    before: u32,
}

impl Table {
    /// Lays a schedule's hours out in UTC.
    pub(crate) fn new(schedule: &Schedule, shifts: &Shifts) -> Self {
        let regular_from = regular_from(schedule, shifts);
        let mut builder = Builder::default();
        // A day before and after: local days begin up to a day away from UTC's.
        for day in -2..=regular_from * 7 + 9 {
            for span in schedule.on(day) {
                let open = shifts.opening(day, span.open_minute());
                let close = shifts.closing(day, span.close_minute());
                builder.stretch(open * SECOND, close * SECOND);
            }
        }
        builder.finish(regular_from + 1)
    }

    /// Working time from the epoch to `at`.
    pub(crate) fn worked(&self, at: i64) -> i64 {
        let at = at.clamp(0, HORIZON);
        let (week, within) = (at / WEEK, at % WEEK);
        let week = self.week(week);
        let within = small(within);
        let pieces = self.pieces_of(week);
        let piece = pieces[pieces.partition_point(|piece| piece.close <= within)];
        week.before + i64::from(piece.before) + i64::from(within.saturating_sub(piece.open))
    }

    /// The earliest instant by which `amount` has been worked since the epoch, for an amount of at least 1.
    pub(crate) fn reached(&self, amount: i64) -> i64 {
        if amount > self.total {
            return HORIZON;
        }
        let number = self.week_reaching(amount);
        let week = self.week(number);
        let rest = small(amount - week.before);
        let pieces = self.pieces_of(week);
        let piece = pieces[pieces.partition_point(|piece| piece.before < rest) - 1];
        number * WEEK + i64::from(piece.open + (rest - piece.before))
    }

    /// Working time before the horizon.
    pub(crate) fn total(&self) -> i64 {
        self.total
    }

    /// The end of the stretch that is open at `open`: the last instant with no more closed time before it.
    pub(crate) fn end_of_stretch(&self, open: i64) -> i64 {
        let closed = |at| at - self.worked(at);
        let (mut within, mut beyond) = (open, HORIZON + 1);
        while beyond - within > 1 {
            let middle = within.midpoint(beyond);
            if closed(middle) == closed(open) { within = middle } else { beyond = middle }
        }
        within
    }

    /// The stretches that are open somewhere in `[from, to)`, cut to it; adjoining ones are one.
    pub(crate) fn stretches(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, i64)> {
        let (from, to) = (from.clamp(0, HORIZON), to.clamp(0, HORIZON));
        let mut pieces = (from / WEEK..=to / WEEK)
            .flat_map(|number| {
                let pieces = self.pieces_of(self.week(number));
                let start = number * WEEK;
                pieces[..pieces.len() - 1]
                    .iter()
                    .map(move |piece| (start + i64::from(piece.open), start + i64::from(piece.close)))
            })
            .map(move |(open, close)| (open.max(from), close.min(to)))
            .filter(|(open, close)| open < close)
            .peekable();
        std::iter::from_fn(move || {
            let (open, mut close) = pieces.next()?;
            while let Some((_, later)) = pieces.next_if(|next| next.0 == close) {
                close = later;
            }
            Some((open, close))
        })
    }

    fn week(&self, number: i64) -> Week {
        let last = self.weeks.len() - 1;
        let index = index(number);
        if index <= last {
            return self.weeks[index];
        }
        let week = self.weeks[last];
        Week { before: week.before + int(index - last) * self.per_week, ..week }
    }

    /// The pieces of a week, with the end mark.
    fn pieces_of(&self, week: Week) -> &[Piece] {
        &self.pieces[week.first as usize..=(week.first + week.len) as usize]
    }

    /// The week in which `amount` is reached.
    fn week_reaching(&self, amount: i64) -> i64 {
        let last = self.weeks.len() - 1;
        let beyond = amount - self.weeks[last].before;
        if beyond > 0 {
            return int(last) + (beyond - 1) / self.per_week;
        }
        let mut number = usize::from(self.steps[index(amount >> self.step_bits)]);
        while self.weeks[number + 1].before < amount {
            number += 1;
        }
        int(number)
    }
}

/// The first week from which on the weekly hours hold under one offset.
fn regular_from(schedule: &Schedule, shifts: &Shifts) -> i64 {
    let after_facts = schedule.facts().map_or(0, |(_, last)| last + 3);
    let after_changes = shifts.last_change() / 86_400 + 3;
    (after_facts.max(after_changes) / 7 + 1).clamp(0, HORIZON / WEEK)
}

/// Takes the stretches in order and cuts them into weeks.
#[derive(Default)]
struct Builder {
    /// The stretch that the next one may still adjoin.
    pending: Option<(i64, i64)>,
    weeks: Vec<Week>,
    pieces: Vec<Piece>,
    /// Where the runs of pieces seen so far begin.
    known: BTreeMap<Vec<Piece>, u32>,
    /// The pieces of the week after the last of `weeks`.
    run: Vec<Piece>,
    /// Working time before `run`, and within it.
    before: i64,
    within: u32,
}

impl Builder {
    /// Adds a stretch that opens no earlier than the one before it. In a fold they can overlap: the time counts
    /// once.
    fn stretch(&mut self, open: i64, close: i64) {
        match &mut self.pending {
            Some((_, until)) if open <= *until => *until = close.max(*until),
            _ => {
                if let Some((open, close)) = self.pending.replace((open, close)) {
                    self.cut(open.max(0), close);
                }
            }
        }
    }

    fn cut(&mut self, mut open: i64, close: i64) {
        while open < close {
            let number = open / WEEK;
            while int(self.weeks.len()) < number {
                self.end_week();
            }
            let start = number * WEEK;
            let piece = Piece {
                open: small(open - start),
                close: small(close.min(start + WEEK) - start),
                before: self.within,
            };
            self.within += piece.close - piece.open;
            self.run.push(piece);
            open = start + WEEK;
        }
    }

    fn end_week(&mut self) {
        let len = u32::try_from(self.run.len()).expect("a week has fewer pieces than minutes");
        self.run.push(Piece { open: WEEK_U32, close: u32::MAX, before: self.within });
        let first = self.known.get(&self.run).copied().unwrap_or_else(|| {
            let first = u32::try_from(self.pieces.len()).expect("few weeks are special");
            self.pieces.extend_from_slice(&self.run);
            self.known.insert(self.run.clone(), first);
            first
        });
        self.weeks.push(Week { before: self.before, first, len });
        self.before += i64::from(self.within);
        self.within = 0;
        self.run.clear();
    }

    fn finish(mut self, count: i64) -> Table {
        if let Some((open, close)) = self.pending.take() {
            self.cut(open.max(0), close.min(count * WEEK));
        }
        while int(self.weeks.len()) < count {
            self.end_week();
        }
        let (mut weeks, mut pieces) = (self.weeks, self.pieces);
        weeks.truncate(index(count));
        weeks.shrink_to_fit();
        pieces.shrink_to_fit();
        let last = weeks[weeks.len() - 1];
        let per_week = i64::from(pieces[(last.first + last.len) as usize].before);
        // About a quarter of a week: mostly the indexed week is already the right one.
        let step_bits = per_week.ilog2().saturating_sub(2);
        let mut number = 0;
        let steps = (0..=last.before >> step_bits)
            .map(|step| {
                while weeks.get(number + 1).is_some_and(|next| next.before < (step << step_bits).max(1)) {
                    number += 1;
                }
                u16::try_from(number).expect("there are 12,001 weeks before the horizon")
            })
            .collect();
        let mut table = Table { weeks, pieces, per_week, steps, step_bits, total: 0 };
        table.total = table.worked(HORIZON);
        table
    }
}

fn index(number: i64) -> usize {
    usize::try_from(number).expect("nothing is counted from before the epoch")
}

fn int(index: usize) -> i64 {
    i64::try_from(index).expect("weeks are few")
}

fn small(within_week: i64) -> u32 {
    u32::try_from(within_week).expect("a week is shorter than 2^32 ms")
}
