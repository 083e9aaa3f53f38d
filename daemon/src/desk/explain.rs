//! Proofs: how a clock's deadline came about, step by step, so that anybody can reckon it again.
//!
//! A proof is made from the entries about a ticket alone. What was used, and each deadline, are facts of theirs; the
//! calendar is asked only for the open stretches in between, and only where it still is the one that was reckoned
//! with. Where all of it is, the stretches add up to what is used.

mod counted;
#[cfg(test)]
mod tests;
mod words;

use calendars::{Timestamp, Tz};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::counted::{CountedInterval, INTERVALS_MAX};

use self::counted::{Counted, count};
use super::clocks::{Basis, ClockKey, ClockState, Metric};
use super::event::{Entry, Event, Registered, Term, Turn};
use super::regulation::{Regulation, Regulations};
use super::ticket::TicketNumber;

/// How one clock came to be as it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClockProof {
    /// What it measures.
    pub metric: Metric,
    /// How often a clock of this metric had started, from 1.
    pub cycle: u16,
    /// What it counts.
    pub basis: Basis,
    /// Whether it runs.
    pub state: ClockState,
    /// What is given, in seconds.
    pub target_seconds: Option<f64>,
    /// What is used: the sum of what the steps counted.
    pub used_seconds: f64,
    /// When it runs out; null while paused or without a term.
    pub deadline: Option<String>,
    /// When it was breached.
    pub breached_at: Option<String>,
    /// Whether the deadline lies beyond the years the calendar has facts for.
    pub provisional: bool,
    /// What happened to it, in order.
    pub steps: Vec<ProofStep>,
    /// What is still to be counted from now to the deadline, while it runs.
    pub ahead: Vec<CountedInterval>,
}

/// One turn of a clock, and what was counted up to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ProofStep {
    /// When.
    pub at: String,
    /// started, paused, resumed, retargeted, warned, breached, ran-out, stopped; or now.
    pub turn: String,
    /// Who brought it about; `timer` for time itself, empty for a nameless lead.
    pub by: String,
    /// What brought it about: the other events of the same command, in words.
    pub why: Vec<String>,
    /// The calendar that counts from here on.
    pub calendar: String,
    /// Its revision.
    pub revision: String,
    /// The time counted since the step before.
    pub counted: Vec<CountedInterval>,
    /// What was used by then, in seconds.
    pub used_seconds: f64,
    /// The target from here on, in seconds.
    pub target_seconds: Option<f64>,
    /// The clause of the regulation that gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// The deadline from here on.
    pub deadline: Option<String>,
    /// What to know about what was counted: told by month, or by facts that have changed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// How each clock of a ticket came about, from every entry about it.
pub fn explain(
    number: TicketNumber,
    entries: &[Entry],
    regulations: &Regulations,
    now: Timestamp,
) -> Vec<ClockProof> {
    let mut story = Story::of(number, regulations);
    for entry in entries {
        story.tell(entry);
    }
    story.clocks(now).collect()
}

fn registered_under(entry: &Entry, number: TicketNumber) -> Option<&Registered> {
    entry.facts.iter().filter(|fact| fact.ticket == Some(number)).find_map(|fact| match &fact.event {
        Event::Registered(registered) => Some(registered.as_ref()),
        _ => None,
    })
}

/// The clocks of a ticket, as far as they are told: for who reads its entries one after the other.
pub struct Story<'a> {
    number: TicketNumber,
    regulations: &'a Regulations,
    regulation: Option<&'a Regulation>,
    zone: Tz,
    clocks: Vec<Telling>,
}

impl<'a> Story<'a> {
    /// That of a ticket, before its first entry.
    pub fn of(number: TicketNumber, regulations: &'a Regulations) -> Self {
        Self { number, regulations, regulation: None, zone: Tz::UTC, clocks: Vec::new() }
    }

    /// Tells the next entry about it.
    pub fn tell(&mut self, entry: &Entry) {
        let number = self.number;
        if let Some(facts) = registered_under(entry, number) {
            self.regulation = self.regulations.of(facts).map(AsRef::as_ref);
            self.zone = self.regulation.map_or(Tz::UTC, |regulation| regulation.zone);
        }
        let events = || entry.facts.iter().filter(|fact| fact.ticket == Some(number)).map(|fact| &fact.event);
        for event in events() {
            let Event::Clock { metric, cycle, turn } = event else { continue };
            let key = (*metric, *cycle);
            let mut why: Vec<String> = words::of_turn(turn).into_iter().collect();
            if entry.unsynced {
                why.push("the box's time could not be trusted: stamped by the time it held".to_owned());
            }
            why.extend(events().filter_map(|other| words::of(other, key, self.regulation, self.zone)));
            let cause = Cause { at: at(turn, entry), by: entry.by.to_string(), why };
            self.turn(key, turn, cause);
        }
    }

    /// How each clock came about, in order of starting.
    pub fn clocks(self, now: Timestamp) -> impl Iterator<Item = ClockProof> + use<'a> {
        let regulations = self.regulations;
        self.clocks.into_iter().map(move |clock| clock.finish(regulations, now))
    }

    fn turn(&mut self, key: ClockKey, turn: &Turn, cause: Cause) {
        if let Turn::Started { basis, term } = turn {
            self.clocks.push(Telling::new(key, *basis, term, self.zone, cause));
        } else if let Some(clock) = self.clocks.iter_mut().find(|clock| clock.key == key) {
            clock.turn(turn, cause, self.regulations);
        }
    }
}

/// When a turn took place: a breach bears the deadline's own time.
fn at(turn: &Turn, entry: &Entry) -> Timestamp {
    match turn {
        Turn::Breached { at, .. } | Turn::RanOut { at } => *at,
        Turn::Started { .. }
        | Turn::Paused { .. }
        | Turn::Resumed { .. }
        | Turn::Retargeted { .. }
        | Turn::Warned { .. }
        | Turn::Stopped { .. } => entry.effective_at(),
    }
}

/// What brought a step about.
struct Cause {
    at: Timestamp,
    by: String,
    why: Vec<String>,
}

/// One clock, as far as it is told.
struct Telling {
    key: ClockKey,
    basis: Basis,
    zone: Tz,
    term: Term,
    state: ClockState,
    used_ms: i64,
    breached_at: Option<Timestamp>,
    /// Up to when it is counted.
    counted_to: Timestamp,
    steps: Vec<ProofStep>,
}

impl Telling {
    fn new(key: ClockKey, basis: Basis, term: &Term, zone: Tz, cause: Cause) -> Self {
        let mut clock = Self {
            key,
            basis,
            zone,
            term: term.clone(),
            state: ClockState::Running,
            used_ms: 0,
            breached_at: None,
            counted_to: cause.at,
            steps: Vec::new(),
        };
        clock.step("started", cause, Counted::default());
        clock
    }

    fn turn(&mut self, turn: &Turn, cause: Cause, regulations: &Regulations) {
        if let Turn::Retargeted { used_ms, began_at: Some(began_at), .. } = turn {
            self.begin_truly(*began_at, *used_ms, cause.at, regulations);
        }
        let counted = self.count_to(cause.at, regulations);
        let (name, counted) = match turn {
            // A second start of one cycle says nothing new.
            Turn::Started { .. } => return,
            Turn::Paused { used_ms } => {
                self.state = ClockState::Paused;
                self.term.deadline = None;
                ("paused", self.fact(*used_ms, counted))
            }
            Turn::Resumed { used_ms, term } => {
                let counted = self.fact(*used_ms, counted);
                self.state = ClockState::Running;
                self.term = term.clone();
                ("resumed", counted)
            }
            Turn::Retargeted { used_ms, term, .. } => {
                let counted = self.fact(*used_ms, counted);
                self.term = term.clone();
                ("retargeted", counted)
            }
            Turn::Warned { .. } => ("warned", counted),
            Turn::Breached { at, .. } => {
                self.breached_at.get_or_insert(*at);
                ("breached", counted)
            }
            Turn::RanOut { .. } => ("ran-out", counted),
            Turn::Stopped { used_ms } => {
                self.state = ClockState::Stopped;
                ("stopped", self.fact(*used_ms, counted))
            }
        };
        self.step(name, cause, counted);
    }

    /// The clock is reckoned from when it truly began: what was counted up to `now` is counted anew from there, so that
    /// it comes to `used_ms`.
    fn begin_truly(&mut self, began_at: Timestamp, used_ms: i64, now: Timestamp, regulations: &Regulations) {
        self.counted_to = began_at;
        self.used_ms = used_ms;
        if self.state == ClockState::Running {
            self.used_ms -= count(self.basis, &self.term, regulations, began_at, now, self.zone).ms;
        }
    }

    /// Counts from the step before, while the clock runs.
    fn count_to(&mut self, to: Timestamp, regulations: &Regulations) -> Counted {
        let from = self.counted_to;
        self.counted_to = from.max(to);
        if self.state != ClockState::Running {
            return Counted::default();
        }
        let counted = count(self.basis, &self.term, regulations, from, to, self.zone);
        self.used_ms += counted.ms;
        counted
    }

    /// What the entry says was used holds; what was counted is shown only where it comes to the same.
    fn fact(&mut self, used_ms: i64, counted: Counted) -> Counted {
        if used_ms == self.used_ms {
            return counted;
        }
        let note = counted.note.unwrap_or_else(|| {
            "what was used is the record's; the calendar as it is now counts otherwise".to_owned()
        });
        self.used_ms = used_ms;
        Counted { note: Some(note), ..Counted::default() }
    }

    fn step(&mut self, turn: &str, cause: Cause, counted: Counted) {
        self.steps.push(ProofStep {
            at: cause.at.to_rfc3339(self.zone),
            turn: turn.to_owned(),
            by: cause.by,
            why: cause.why,
            calendar: self.term.calendar.to_string(),
            revision: self.term.revision.to_string(),
            counted: counted.intervals,
            used_seconds: seconds(self.used_ms),
            target_seconds: self.term.target_ms.map(seconds),
            clause: self.term.clause.as_ref().map(ToString::to_string),
            deadline: self.deadline(),
            note: counted.note,
        });
    }

    fn deadline(&self) -> Option<String> {
        self.term.deadline.map(|deadline| deadline.to_rfc3339(self.zone))
    }

    fn finish(mut self, regulations: &Regulations, now: Timestamp) -> ClockProof {
        if self.state == ClockState::Running && now >= self.counted_to {
            let counted = self.count_to(now, regulations);
            self.step("now", Cause { at: now, by: String::new(), why: Vec::new() }, counted);
        }
        let ahead = match self.term.deadline.filter(|_| self.state == ClockState::Running) {
            Some(deadline) => count(self.basis, &self.term, regulations, now, deadline, self.zone).intervals,
            None => Vec::new(),
        };
        ClockProof {
            ahead,
            metric: self.key.0,
            cycle: self.key.1,
            basis: self.basis,
            state: self.state,
            target_seconds: self.term.target_ms.map(seconds),
            used_seconds: seconds(self.used_ms),
            deadline: self.deadline(),
            breached_at: self.breached_at.map(|at| at.to_rfc3339(self.zone)),
            provisional: self.term.provisional,
            steps: self.steps,
        }
    }
}

/// Milliseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "terms are far below 2^53 ms")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
