//! What of a webhook is still to be delivered, in which order, and when. Pure: no clock, no network, no disk.
//!
//! Events of one ticket go one after another, and so do those of the desk: each has a *lane*. A delivery that fails holds
//! back its lane, the others flow. A lane does not remember its events but the numbers between which they lie, since the
//! ledger has them: so what is kept is small, however long a receiver is away. What has come just now is at hand and need not be
//! read again, within bounds.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use calendars::Timestamp;
use serde::{Deserialize, Serialize};

use crate::desk::TicketNumber;
use crate::out::retry::{FOR_A_DAY, Tries, bury};
use crate::out::{Stretch, Told};

/// How many deliveries of a webhook are under way at once; one while it fails.
pub const PARALLEL_MAX: usize = 8;
/// How many lanes have something to deliver at most; while there are so many, nothing more is taken from the ledger.
pub const LANES_MAX: usize = 1_000;
/// How much of the events is at hand at most, in bytes.
const AT_HAND_MAX_BYTES: usize = 1 << 20;
/// How many dead letters a webhook keeps; the oldest make room.
pub const DEAD_MAX: usize = 1_000;
/// So many failures in a row mean that the receiver is away, and not that it does not like an event.
const AWAY_AFTER: u32 = 3;

/// A lane: a ticket's, or none for the desk's.
pub(super) type LaneId = Option<TicketNumber>;

/// Now, by the wall's clock and by one that never steps.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Time of day.
    pub at: Timestamp,
    /// Milliseconds since some fixed instant.
    pub ms: u64,
}

/// An event that was tried for a day and not delivered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The event's number.
    pub seq: u64,
    /// The ticket it is about.
    pub ticket: Option<TicketNumber>,
    /// Its name.
    pub event: String,
    /// When it was taken into the record.
    pub at: Timestamp,
    /// When it was given up.
    pub died_at: Timestamp,
    /// How often its lane was tried in vain until then.
    pub tries: u32,
    /// Why the last try failed.
    pub error: String,
}

/// What is to be delivered next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    pub lane: LaneId,
    pub what: What,
}

/// An event, at hand or not.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    /// It is at hand.
    Event(Arc<Told>),
    /// The first of the lane's events with numbers in `[from, to)`, as the ledger has them.
    Read { from: u64, to: u64 },
}

/// What came of a delivery.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It was taken.
    Delivered,
    /// It was not; the next try is not before so many milliseconds, where the receiver asks for that.
    Failed { error: String, after_ms: u64 },
    /// The receiver says that nobody will take it ever: 410.
    Gone { error: String },
}

/// What an outcome led to, for the journal.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// It has begun to fail.
    pub fails: bool,
    /// It works again.
    pub works: bool,
    /// An event was given up.
    pub died: Option<DeadLetter>,
    /// A dead letter made room and is lost to us.
    pub dropped: Option<DeadLetter>,
}

/// What is still to be delivered.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    /// The number of the first event that was not looked at yet.
    next: u64,
    lanes: BTreeMap<LaneId, Lane>,
    dead: VecDeque<DeadLetter>,
    last_delivered: Option<(u64, Timestamp)>,
    in_flight: usize,
    at_hand_bytes: usize,
    /// How many may be under way.
    width: usize,
    failures_in_a_row: u32,
    failing: Option<(Now, String)>,
    is_gone: bool,
    is_changed: bool,
}

#[derive(Clone, Debug, Default)]
struct Lane {
    /// Dead letters that are to be delivered again, before all else.
    again: BTreeSet<u64>,
    /// The lane's events with numbers in `[from, to)` are to be delivered.
    from: u64,
    to: u64,
    /// The first of them, where they are at hand.
    at_hand: VecDeque<Arc<Told>>,
    /// Whether all of them are.
    is_whole: bool,
    tries: Tries,
    next_try_ms: u64,
    is_in_flight: bool,
}

/// An outbox as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kept {
    next: u64,
    #[serde(default)]
    last_delivered: Option<(u64, Timestamp)>,
    #[serde(default)]
    lanes: Vec<KeptLane>,
    #[serde(default)]
    dead: VecDeque<DeadLetter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptLane {
    ticket: LaneId,
    from: u64,
    to: u64,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    again: BTreeSet<u64>,
    #[serde(default)]
    tries: Tries,
}

impl Outbox {
    /// One that begins with event `next`.
    pub(super) fn new(next: u64) -> Self {
        Self {
            next,
            lanes: BTreeMap::new(),
            dead: VecDeque::new(),
            last_delivered: None,
            in_flight: 0,
            at_hand_bytes: 0,
            width: PARALLEL_MAX,
            failures_in_a_row: 0,
            failing: None,
            is_gone: false,
            is_changed: true,
        }
    }

    /// The one that was kept. Whatever was under way is delivered again, and what waits is tried at once. Where the ledger ends
    /// before event `end`, it has gone back: nothing behind that is waited for.
    pub(super) fn of(kept: Kept, end: u64) -> Self {
        let lanes = kept.lanes.into_iter().map(|lane| {
            let KeptLane { ticket, from, to, again, tries } = lane;
            (ticket, Lane { again, from, to: to.min(end), tries, ..Lane::default() })
        });
        Self {
            lanes: lanes.filter(|(_, lane)| !lane.is_done()).collect(),
            dead: kept.dead,
            last_delivered: kept.last_delivered,
            ..Self::new(kept.next.min(end))
        }
    }

    /// What is to be kept. A wait that is on counts as far as it has gone.
    pub(super) fn kept(&self, now: Now) -> Kept {
        let lanes = self.lanes.iter().map(|(ticket, lane)| {
            let mut tries = lane.tries;
            tries.cut_short(lane.next_try_ms.saturating_sub(now.ms));
            KeptLane { ticket: *ticket, from: lane.from, to: lane.to, again: lane.again.clone(), tries }
        });
        Kept {
            next: self.next,
            last_delivered: self.last_delivered,
            lanes: lanes.collect(),
            dead: self.dead.clone(),
        }
    }

    /// Whether something is to be kept that was not when this was last asked.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.is_changed)
    }

    /// Something is to be kept still.
    pub(super) fn not_kept(&mut self) {
        self.is_changed = true;
    }

    /// The number of the first event that was not looked at yet.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// The number of the first event that is not delivered, dead letters aside.
    pub(super) fn oldest(&self) -> u64 {
        self.lanes.values().filter(|lane| lane.from < lane.to).map(|lane| lane.from).fold(self.next, u64::min)
    }

    /// Lanes that wait since a delivery failed.
    pub(super) fn held(&self) -> usize {
        self.lanes.values().filter(|lane| lane.tries.failed > 0).count()
    }

    pub(super) fn dead(&self) -> &VecDeque<DeadLetter> {
        &self.dead
    }

    /// The last event that was delivered, and when.
    pub(super) fn last_delivered(&self) -> Option<(u64, Timestamp)> {
        self.last_delivered
    }

    /// Since when nothing was delivered but tried, and why the last try failed.
    pub(super) fn failing(&self) -> Option<&(Now, String)> {
        self.failing.as_ref()
    }

    /// Whether the receiver says that it is gone.
    pub(super) fn is_gone(&self) -> bool {
        self.is_gone
    }

    /// Whether more can be taken in.
    pub(super) fn has_room(&self) -> bool {
        self.lanes.len() < LANES_MAX && self.at_hand_bytes < AT_HAND_MAX_BYTES
    }

    /// Takes in what comes next.
    pub(super) fn take_in(&mut self, stretch: Stretch, now: Now) {
        for told in stretch.told {
            let bytes = told.json.len();
            let lane = self.lanes.entry(told.about.ticket).or_insert_with(|| Lane::beginning(told.seq, now));
            if lane.from >= lane.to {
                (lane.from, lane.is_whole) = (told.seq, true);
            }
            lane.to = told.seq + 1;
            // What is held back is not delivered soon: it is read when its time comes.
            lane.is_whole &= lane.tries.failed == 0 && self.at_hand_bytes + bytes <= 2 * AT_HAND_MAX_BYTES;
            if lane.is_whole {
                self.at_hand_bytes += bytes;
                lane.at_hand.push_back(told);
            }
            self.is_changed = true;
        }
        self.is_changed |= stretch.next > self.next;
        self.next = self.next.max(stretch.next);
    }

    /// What is to be delivered now; it is under way from here on, until [`Outbox::came_to`] says what came of it.
    pub(super) fn take_due(&mut self, now: Now) -> Option<Due> {
        if self.is_gone || self.in_flight >= self.width {
            return None;
        }
        let waiting = self.lanes.iter_mut().filter(|(_, lane)| !lane.is_in_flight);
        let (id, lane) = waiting.min_by_key(|(_, lane)| lane.next_try_ms)?;
        if lane.next_try_ms > now.ms {
            return None;
        }
        lane.is_in_flight = true;
        self.in_flight += 1;
        let what = match (lane.again.first(), lane.at_hand.front()) {
            (Some(seq), _) => What::Read { from: *seq, to: seq + 1 },
            (None, Some(told)) => What::Event(Arc::clone(told)),
            (None, None) => What::Read { from: lane.from, to: lane.to },
        };
        Some(Due { lane: *id, what })
    }

    /// When something is due, in milliseconds of the clock that never steps; none while nothing is, or something under way must
    /// end first.
    pub(super) fn wake_at_ms(&self) -> Option<u64> {
        if self.is_gone || self.in_flight >= self.width {
            return None;
        }
        self.lanes.values().filter(|lane| !lane.is_in_flight).map(|lane| lane.next_try_ms).min()
    }

    /// What came of a delivery of the lane's event `told`. `rest` is what was read behind it. `random` is any number.
    pub(super) fn came_to(
        &mut self,
        id: LaneId,
        told: &Told,
        rest: Vec<Arc<Told>>,
        outcome: Outcome,
        now: Now,
        random: u64,
    ) -> News {
        match outcome {
            Outcome::Delivered => {
                let news = News { works: self.works(now), ..News::default() };
                self.last_delivered = Some((told.seq, now.at));
                self.passed(id, told.seq, rest, now, |lane| lane.tries = Tries::default());
                news
            }
            Outcome::Failed { error, after_ms } => self.failed(id, told, error, after_ms, now, random),
            Outcome::Gone { error } => {
                self.is_gone = true;
                self.failed(id, told, error, 0, now, random)
            }
        }
    }

    /// The ledger has none of the events that the lane was to deliver, `[from, to)`.
    pub(super) fn found_nothing(&mut self, id: LaneId, to: u64, now: Now) {
        self.passed(id, to.saturating_sub(1), Vec::new(), now, |_| ());
    }

    /// The ledger could not be read: that is no fault of the receiver's.
    pub(super) fn could_not_read(&mut self, id: LaneId, now: Now, random: u64) {
        self.in_flight -= 1;
        if let Some(lane) = self.lanes.get_mut(&id) {
            lane.is_in_flight = false;
            let mut patience = Tries::default();
            lane.next_try_ms = now.ms + patience.fail(&FOR_A_DAY, 0, random);
        }
    }

    /// The receiver works, as a test has shown. Tells whether it had failed.
    pub(super) fn works(&mut self, now: Now) -> bool {
        let was_away = self.failures_in_a_row >= AWAY_AFTER || self.is_gone;
        (self.failures_in_a_row, self.is_gone) = (0, false);
        self.width = (self.width * 2).min(PARALLEL_MAX);
        if was_away {
            // Whoever waits since it was away need not wait on.
            for lane in self.lanes.values_mut().filter(|lane| !lane.is_in_flight) {
                lane.tries.cut_short(lane.next_try_ms.saturating_sub(now.ms));
                lane.next_try_ms = lane.next_try_ms.min(now.ms);
            }
        }
        self.failing.take().is_some()
    }

    /// Delivers dead letters again: that of one event, or all. Tells how many.
    pub(super) fn replay(&mut self, seq: Option<u64>, now: Now) -> usize {
        let before = self.dead.len();
        let (raised, dead) = self.dead.drain(..).partition(|letter| seq.is_none_or(|seq| letter.seq == seq));
        self.dead = dead;
        let raised: VecDeque<DeadLetter> = raised;
        for letter in raised {
            let lane = self.lanes.entry(letter.ticket).or_insert_with(|| Lane::beginning(0, now));
            lane.again.insert(letter.seq);
            if !lane.is_in_flight {
                lane.tries = Tries::default();
                lane.next_try_ms = now.ms;
            }
            self.is_changed = true;
        }
        before - self.dead.len()
    }

    fn failed(
        &mut self,
        id: LaneId,
        told: &Told,
        error: String,
        after_ms: u64,
        now: Now,
        random: u64,
    ) -> News {
        let mut news = News { fails: self.failing.is_none(), ..News::default() };
        let since = self.failing.take().map_or(now, |(since, _)| since);
        self.failures_in_a_row = self.failures_in_a_row.saturating_add(1);
        self.width = 1;
        let Some(lane) = self.lanes.get_mut(&id) else { return news };
        let is_spent = lane.tries.is_spent(&FOR_A_DAY);
        let age_ms = u64::try_from(now.at.ms_since(told.at)).unwrap_or(0);
        if is_spent && age_ms >= FOR_A_DAY.give_up_after_ms {
            let letter = DeadLetter {
                seq: told.seq,
                ticket: told.about.ticket,
                event: told.event.clone(),
                at: told.at,
                died_at: now.at,
                tries: lane.tries.failed.saturating_add(1),
                error: error.clone(),
            };
            news.died = Some(letter.clone());
            news.dropped = bury(&mut self.dead, letter, DEAD_MAX);
            // What comes behind it has waited as long, and is tried at once.
            self.passed(id, told.seq, Vec::new(), now, |_| ());
        } else {
            self.in_flight -= 1;
            self.is_changed = true;
            lane.is_in_flight = false;
            lane.next_try_ms = now.ms + lane.tries.fail(&FOR_A_DAY, after_ms, random);
            lane.is_whole = false;
            self.at_hand_bytes -= lane.at_hand.drain(..).map(|told| told.json.len()).sum::<usize>();
        }
        self.failing = Some((since, error));
        news
    }

    /// The lane is done with event `seq`, one way or the other.
    fn passed(
        &mut self,
        id: LaneId,
        seq: u64,
        rest: Vec<Arc<Told>>,
        now: Now,
        change: impl FnOnce(&mut Lane),
    ) {
        self.in_flight -= 1;
        self.is_changed = true;
        let Some(lane) = self.lanes.get_mut(&id) else { return };
        lane.is_in_flight = false;
        lane.next_try_ms = now.ms;
        change(lane);
        if !lane.again.remove(&seq) {
            lane.from = lane.from.max(seq + 1);
            while lane.at_hand.front().is_some_and(|told| told.seq <= seq) {
                self.at_hand_bytes -= lane.at_hand.pop_front().map_or(0, |told| told.json.len());
            }
            if lane.at_hand.is_empty() && self.at_hand_bytes < AT_HAND_MAX_BYTES {
                self.at_hand_bytes += rest.iter().map(|told| told.json.len()).sum::<usize>();
                lane.at_hand.extend(rest);
            }
        }
        if lane.is_done() {
            self.at_hand_bytes -= lane.at_hand.iter().map(|told| told.json.len()).sum::<usize>();
            self.lanes.remove(&id);
        }
    }
}

impl Lane {
    fn beginning(seq: u64, now: Now) -> Self {
        Self { from: seq, to: seq, next_try_ms: now.ms, ..Self::default() }
    }

    fn is_done(&self) -> bool {
        self.again.is_empty() && self.from >= self.to
    }
}
