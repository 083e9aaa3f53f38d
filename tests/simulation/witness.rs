//! The witness: keeps a desk of its own from what the daemon told, and knows what must hold after each step.
//!
//! The numbers are those of the invariants in the project's design:
//!
//! 1. the core is pure: the witness's desk, asked the same at the same time, decides the same;
//! 3. nothing is answered, shown or sent before its event is durable, and what was acknowledged survives a power cut;
//! 4. replaying the events gives the same desk, to the byte;
//! 5. a deadline is a fact in an event, and changes only by an event that says why;
//! 6. a disk that fails stops nobody for longer than it fails;
//! 8. an alarm is raised once for its cause, however often the daemon restarts.
//!
//! And of trusted time: nothing runs out while the time is not trusted; what ran out does so at its own deadline, once.
//! (2 and 7 are about the code's shape and its metrics, and are held elsewhere.)

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use andon::board::{BoardState, Glance, QuietHours};
use andon::clock::{Clock as _, NOT_BEFORE};
use andon::desk::alarm::BREACH_LATE;
use andon::desk::clocks::Clock;
use andon::desk::event::{Receipt, Turn};
use andon::desk::{
    Actor, Alarm, AlarmKind, AlarmState, Command, Desk, DeskAct, Entry, Event, Fact, Metric, Refusal,
    Regulations, Role, Ticket, TicketNumber,
};
use andon::run::time::{Proof, Reading, STEP_MS, TrustedTime};
use andon::run::{Done, Failure, Loop};
use andon_tests::SimulatedClock;
use andon_tests::time::{ZONE, local};
use andon_tests::world::picture;
use calendars::Timestamp;
use firmware_board::Language;

use crate::machine::{Answer, Turned};
use crate::people::Ask;
use crate::tally::Tally;

/// The alarm that says that updates are refused.
const REFUSES: &str = "storage-ledger";
/// How long the answer to a key is given again, in milliseconds.
const RECEIPT_MS: i64 = 86_400_000;

/// How often, at least, the daemon looks at its clocks while time is not trusted, in milliseconds.
const LOOK_HELD_MS: i64 = 10_000;
/// A breach that is noticed later than so many milliseconds after its deadline is late: together with others it is one
/// alarm.
const LATE_MS: i64 = 60_000;
/// How long after a failure the daemon tries the disk again, in milliseconds.
const RETRY_MS: i64 = 1_000;

/// Goes on where it holds, says what does not otherwise.
macro_rules! hold {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err(format!($($words)+));
        }
    };
}
pub(crate) use hold;

/// What does not hold.
pub(crate) type Violation = String;

/// What the step is done under, as the story knows and not as the daemon says.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are independent of each other")]
pub(crate) struct Conditions {
    /// What time it truly is.
    pub(crate) true_now: Timestamp,
    /// Whether the disk may fail in this step.
    pub(crate) disk_may_fail: bool,
    /// Whether the power went in this step: nobody heard an error.
    pub(crate) power_is_off: bool,
    /// Whether the kernel said that its clock is synchronised since it was last set, so that time may be trusted.
    pub(crate) is_proved: bool,
    /// Whether the kernel said so, though its clock was wrong: the desk's time may be ahead of the true one since.
    pub(crate) kernel_erred: bool,
}

/// A request that was carried out.
#[derive(Clone, Debug)]
struct Carried {
    request: String,
    true_at: Timestamp,
    first: First,
    /// Whether it changed anything. What did not is forgotten by a restart.
    changed: bool,
}

/// The first answer to a request.
#[derive(Clone, Debug)]
enum First {
    /// With the ticket as the command left it.
    Heard(Option<Arc<Ticket>>),
    /// Nobody was there to hear it.
    Unheard,
}

/// A batch that was not kept, and of which whole frames may nevertheless be found at the next start.
#[derive(Clone, Debug)]
struct Doubtful {
    true_at: Timestamp,
    time: TrustedTime,
    /// What the system clock showed.
    system: Timestamp,
    trusted_by: Option<Actor>,
    asks: Vec<Ask>,
}

/// What the daemon says of itself, and what it should.
pub(crate) struct Witness {
    desk: Desk,
    entries: Vec<Arc<Entry>>,
    carried: HashMap<String, Carried>,
    doubtful: Vec<Doubtful>,
    /// Clocks that were breached, by ticket, metric and cycle.
    breached: HashSet<(TicketNumber, Metric, u16)>,
    /// Alarms that were raised, apart from warnings: those come anew with each term.
    raised: HashSet<String>,
    /// The box has been on, with time that is trusted and a disk that works, since then.
    calm_since: Timestamp,
    /// What the desk's time must be, by what the clocks showed.
    time: TrustedTime,
    clock: SimulatedClock,
    /// When the time was last trusted though it was wrong: nobody can say how old what was before is by then.
    erred_at: Option<Timestamp>,
    seen: Tally,
}

impl Witness {
    pub(crate) fn new(regulations: Regulations, clock: &SimulatedClock) -> Self {
        let desk = Desk::new(regulations);
        Self {
            calm_since: clock.system_now(),
            time: time_of(clock, &desk),
            clock: clock.clone(),
            erred_at: None,
            desk,
            entries: Vec::new(),
            carried: HashMap::new(),
            doubtful: Vec::new(),
            breached: HashSet::new(),
            raised: HashSet::new(),
            seen: Tally::default(),
        }
    }

    /// Whether the desk's time is trusted.
    pub(crate) fn trusts_time(&self) -> bool {
        self.time.is_trusted()
    }

    /// How often what was seen.
    pub(crate) fn seen(&self) -> &Tally {
        &self.seen
    }

    /// The desk as it must be.
    pub(crate) fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Something was done that lets deadlines be noticed late: a restart, a step of the clock.
    pub(crate) fn disturbed(&mut self) {
        self.calm_since = self.clock.system_now();
    }

    /// The desk's time.
    pub(crate) fn now(&self) -> Timestamp {
        self.time.at(self.clock.monotonic_us())
    }

    /// In how many milliseconds time brings something about; none where it never does.
    pub(crate) fn due_in(&self) -> Option<i64> {
        let deadline = self.desk.next_deadline().filter(|_| self.time.is_trusted());
        let catches_up = (!self.time.is_trusted()).then(|| self.desk.known_at().max(NOT_BEFORE));
        let in_ms = |at: Timestamp| at.ms_since(self.now()).max(0);
        let unmute = self.desk.muted_until().filter(|until| *until > self.now());
        let catches_up = catches_up.map(|at| at.ms_since(self.clock.system_now())).filter(|ms| *ms > 0);
        [deadline, unmute].into_iter().flatten().map(in_ms).chain(catches_up).min()
    }

    /// How long the loop may sleep, in milliseconds: never past what time brings about.
    pub(crate) fn may_sleep(&self) -> i64 {
        let look_ms = if self.time.is_trusted() { i64::MAX } else { LOOK_HELD_MS };
        let trusted_due = self.due_in().filter(|_| self.time.is_trusted());
        trusted_due.map_or(look_ms, |due| due.min(look_ms))
    }

    fn read_time(&mut self) {
        let reading = Reading::of(&self.clock, self.desk.known_at());
        self.time.read(&reading, || self.clock.kernel_synchronised());
    }

    // A turn of the loop.

    /// Holds a turn of the loop against what it must come to.
    pub(crate) fn turned(
        &mut self,
        asks: &[Ask],
        turned: &Turned,
        running: &Loop,
        under: Conditions,
    ) -> Result<(), Violation> {
        let was_trusted = self.time.is_trusted();
        self.read_time();
        let (now, is_trusted) = (self.time.now(), self.time.is_trusted());
        self.time_is_right(under)?;
        if under.kernel_erred {
            self.erred_at = Some(under.true_now);
        }
        self.seen.add("untrusted turns", u64::from(!is_trusted));
        if !was_trusted || !is_trusted {
            self.calm_since = now;
        }
        if turned.entries.is_empty() && self.is_lost(asks, turned, under)? {
            self.calm_since = now;
        } else {
            self.carried_out(asks, turned, under)?;
        }
        self.read_time();
        if troubles(&running.view().board()).any(|alarm| alarm.id == REFUSES) {
            self.calm_since = now.plus_ms(RETRY_MS);
        }
        self.published(running, turned, under)
    }

    /// What may be trusted, and what the desk's time is while it may not: the design's word, apart from the loop's.
    fn time_is_right(&self, under: Conditions) -> Result<(), Violation> {
        let (system, known_at, now) = (self.clock.system_now(), self.desk.known_at(), self.time.now());
        if self.time.is_trusted() {
            hold!(under.is_proved, "time is trusted, and nobody proved it");
            let plausible = system >= NOT_BEFORE && known_at.ms_since(system) <= STEP_MS;
            hold!(
                plausible,
                "time is trusted at {}, the newest event is of {}",
                local(system),
                local(known_at)
            );
        } else if known_at <= under.true_now {
            let is_behind = under.kernel_erred || now.ms_since(under.true_now) <= STEP_MS;
            hold!(is_behind, "time is held at {}, and it is {}", local(now), local(under.true_now));
        }
        hold!(
            now >= known_at,
            "the desk's time is {}, before the newest event, {}",
            local(now),
            local(known_at)
        );
        Ok(())
    }

    /// What time alone brought about comes first, then what was asked for, in order.
    fn carried_out(&mut self, asks: &[Ask], turned: &Turned, under: Conditions) -> Result<(), Violation> {
        let now = self.time.now();
        let mut entries = turned.entries.iter();
        let mut next = entries.next();
        let mut late = Vec::new();
        while let Some(entry) = next {
            match entry.by.as_str() {
                "andond" => self.corrected(entry, now)?,
                "timer" => late.extend(self.settled(entry, now)?),
                _ => break,
            }
            next = entries.next();
        }
        self.is_grouped(&late)?;
        if let Some(actor) = &turned.trusted_by
            && self.trusted_by(actor, next, self.clock.system_now())?
        {
            next = entries.next();
        }
        let now = self.time.now();
        for (ask, answer) in asks.iter().zip(&turned.answers) {
            if self.answered(ask, answer, next, now, under)? {
                next = entries.next();
            }
        }
        hold!(next.is_none(), "3: an entry that nobody asked for: {next:?}");
        if !turned.entries.is_empty() {
            // What could not be kept before is cut off by now.
            self.doubtful.clear();
        }
        Ok(())
    }

    /// An admin says that the system clock is right, which shows `system`: where time was not trusted it is from here on.
    /// Tells whether the entry says so.
    fn trusted_by(
        &mut self,
        actor: &Actor,
        entry: Option<&Arc<Entry>>,
        system: Timestamp,
    ) -> Result<bool, Violation> {
        if self.time.is_trusted() || system < NOT_BEFORE {
            return Ok(false);
        }
        let facts = self.desk.trust_time(actor, true, self.time.now(), system);
        let facts = facts.map_err(|refusal| format!("an admin may trust the clock: {refusal}"))?;
        let is_own = |entry: &&Arc<Entry>| entry.by == actor.name && entry.facts == facts;
        let Some(entry) = entry.filter(is_own) else {
            return Err(format!(
                "an admin says that the clock is right: {facts:?}, and the record says {entry:?}"
            ));
        };
        self.seen.add("admin's words", 1);
        self.time.trust();
        self.calm_since = system;
        self.take_in(entry, system)?;
        Ok(true)
    }

    /// Breaches that are noticed late, and together, are one alarm and no storm.
    fn is_grouped(&self, late: &[String]) -> Result<(), Violation> {
        if late.len() < 2 {
            return Ok(());
        }
        let one = self.desk.alarm(BREACH_LATE);
        let is_raised = one.is_some_and(|alarm| alarm.state == AlarmState::Unacked);
        hold!(is_raised, "{} breaches are noticed late, and their one alarm is {one:?}", late.len());
        let alone = late
            .iter()
            .find(|id| self.desk.alarm(id).is_some_and(|alarm| alarm.state == AlarmState::Unacked));
        hold!(alone.is_none(), "{alone:?} sounds of its own among {} that are noticed late", late.len());
        Ok(())
    }

    /// Clocks that counted by a time that was not known are reckoned anew.
    fn corrected(&mut self, entry: &Arc<Entry>, now: Timestamp) -> Result<(), Violation> {
        hold!(
            self.time.is_trusted() && !entry.unsynced,
            "time is not trusted at {}, and corrects: {entry:?}",
            local(now)
        );
        let begun = self.desk.behind_ms();
        let behind_ms = begun.unwrap_or(self.time.behind_ms());
        let mut facts = self.desk.corrections(behind_ms, now);
        if begun.is_none() {
            facts.insert(0, Fact { ticket: None, event: Event::TimeTrusted { behind_ms } });
        }
        hold!(entry.facts == facts, "1: {facts:?} is to be corrected, not {entry:?}");
        self.seen.add("corrections", 1);
        // What ran out meanwhile is noticed now.
        self.calm_since = now;
        self.take_in(entry, now)
    }

    /// Whether the batch was not kept. Then it must be told so to all, and must leave nothing behind.
    fn is_lost(&mut self, asks: &[Ask], turned: &Turned, under: Conditions) -> Result<bool, Violation> {
        let failures: Vec<_> = turned.answers.iter().map(storage_failure).collect();
        let now = self.time.now();
        let is_due = self.desk.is_unsynced() || self.desk.next_deadline().is_some_and(|at| at <= now);
        let overdue = (self.time.is_trusted() && is_due) || turned.trusted_by.is_some();
        let lost = failures.iter().any(Option::is_some);
        let silently = overdue && under.disk_may_fail && asks.is_empty();
        if !lost && !silently {
            return Ok(false);
        }
        hold!(under.disk_may_fail, "6: not kept, though the disk works: {failures:?}");
        // Nothing of it was kept, so nobody is told that something changed. A full disk refuses what is new; what was carried out
        // before, and what finds everything so already, needs no disk.
        for (ask, answer) in asks.iter().zip(&turned.answers) {
            hold!(answer.is_some(), "no answer to {}", ask.words());
            if let Some(Ok(done)) = answer.as_ref().filter(|_| !is_repetition(answer)) {
                hold!(!done.changed, "3: half of a batch was kept: {failures:?}, and {}", ask.words());
                self.carry(ask, under.true_now, First::Heard(done.ticket.clone()), false);
            }
        }
        self.seen.add("batches lost", 1);
        self.seen.add("not kept", failures.len() as u64);
        let is_cut_off = lost && !failures.iter().flatten().any(|reason| reason.contains("cannot cut"));
        if under.power_is_off || !is_cut_off {
            self.doubtful.push(Doubtful {
                true_at: under.true_now,
                time: self.time.clone(),
                system: self.clock.system_now(),
                trusted_by: turned.trusted_by.clone(),
                asks: asks.to_vec(),
            });
        }
        Ok(true)
    }

    /// Holds an answer against what it must be, and the entry against the answer. Tells whether the entry was its own.
    fn answered(
        &mut self,
        ask: &Ask,
        answer: &Answer,
        entry: Option<&Arc<Entry>>,
        now: Timestamp,
        under: Conditions,
    ) -> Result<bool, Violation> {
        let Some(answer) = answer else { return Err(format!("no answer to {}", ask.words())) };
        let words = || ask.words();
        let mut expected = self.expected(ask, now, self.time.is_trusted());
        // After a day a key may be forgotten, and need not be.
        if self.is_old(ask, under)
            && !matches!(answer, Ok(Done { repeated: true, .. }) | Err(Failure::KeyReused))
        {
            expected = Expected::Decided(self.decide(ask, now, self.time.is_trusted()));
        }
        match (expected, answer) {
            (Expected::Again { first, changed }, Ok(done)) if done.repeated => {
                hold!(done.changed == changed, "a repeated answer says changed = {}: {}", !changed, words());
                if let First::Heard(first) = first {
                    hold!(
                        same(first.as_ref(), done.ticket.as_ref()),
                        "another answer than the first, to {}: {:?}, not {:?}",
                        words(),
                        done.ticket,
                        first
                    );
                }
                self.seen.add("repeated", 1);
                Ok(false)
            }
            (Expected::Reused, Err(Failure::KeyReused)) => {
                self.seen.add("key reused", 1);
                Ok(false)
            }
            (Expected::Trouble, Ok(done)) if !done.repeated && done.ticket.is_none() => {
                self.carry(ask, under.true_now, First::Heard(None), false);
                Ok(false)
            }
            (Expected::Trouble, Err(Failure::Refused(Refusal::NotFound { .. }))) => Ok(false),
            (Expected::Decided(decided), answer) => self.decided(ask, decided, answer, entry, now, under),
            (expected, answer) => {
                Err(format!("1: {} was to be {expected:?}, and was answered {answer:?}", words()))
            }
        }
    }

    fn decided(
        &mut self,
        ask: &Ask,
        decided: Decided,
        answer: &Result<Done, Failure>,
        entry: Option<&Arc<Entry>>,
        now: Timestamp,
        under: Conditions,
    ) -> Result<bool, Violation> {
        let words = || ask.words();
        match (decided, answer) {
            (Err(refusal), Err(Failure::Refused(told))) => {
                hold!(refusal == *told, "1: {} was refused with {told:?}, not {refusal:?}", words());
                self.seen.add("refused", 1);
                Ok(false)
            }
            (Ok((ticket, facts)), Ok(done)) if !done.repeated => {
                hold!(
                    done.changed != facts.is_empty(),
                    "1: {} says changed = {}, with {facts:?}",
                    words(),
                    done.changed
                );
                if done.changed {
                    let Some(entry) = entry else {
                        return Err(format!("3: {} was answered, and is not kept", words()));
                    };
                    hold!(
                        entry.facts == facts,
                        "1: {} was answered and kept otherwise: {:?}, not {facts:?}",
                        words(),
                        entry.facts
                    );
                    hold!(
                        entry.by == ask.actor.name && entry.receipt == ask.receipt,
                        "{}: {entry:?} is another's",
                        words()
                    );
                    let unsynced = !self.time.is_trusted();
                    hold!(entry.unsynced == unsynced, "{} is to be marked unsynced = {unsynced}", words());
                    self.take_in(entry, now)?;
                }
                self.carry(ask, under.true_now, First::Heard(done.ticket.clone()), done.changed);
                let ticket = ticket.and_then(|number| self.desk.ticket(number));
                hold!(
                    same(ticket.as_ref(), done.ticket.as_ref()),
                    "3: {} was answered with {:?}, and is {ticket:?}",
                    words(),
                    done.ticket
                );
                Ok(done.changed)
            }
            (decided, answer) => {
                Err(format!("1: {} was to be {decided:?}, and was answered {answer:?}", words()))
            }
        }
    }

    fn expected(&self, ask: &Ask, now: Timestamp, is_trusted: bool) -> Expected {
        if let Some(receipt) = &ask.receipt
            && let Some(carried) = self.carried.get(receipt.key.as_str())
        {
            return if carried.request == receipt.request.as_str() {
                Expected::Again { first: carried.first.clone(), changed: carried.changed }
            } else {
                Expected::Reused
            };
        }
        if let Command::Desk(DeskAct::AckAlarm(id)) = &ask.command
            && ask.actor.role >= Role::Agent
            && is_trouble(id)
        {
            return Expected::Trouble;
        }
        Expected::Decided(self.decide(ask, now, is_trusted))
    }

    /// What the desk decides; while time is not trusted nothing runs out by a change of the term either.
    fn decide(&self, ask: &Ask, now: Timestamp, is_trusted: bool) -> Decided {
        let mut decision = self.desk.decide(&ask.command, &ask.actor, now)?;
        let is_breach = |fact: &Fact| matches!(fact.event, Event::Clock { turn: Turn::Breached { .. }, .. });
        decision.facts.retain(|fact| is_trusted || !is_breach(fact));
        Ok((decision.ticket, decision.facts))
    }

    /// Whether what was asked for under this key was carried out more than a day ago, by the true time or for all that
    /// the box knows.
    fn is_old(&self, ask: &Ask, under: Conditions) -> bool {
        let carried = ask.receipt.as_ref().and_then(|receipt| self.carried.get(receipt.key.as_str()));
        carried.is_some_and(|carried| {
            under.true_now.ms_since(carried.true_at) >= RECEIPT_MS
                || self.erred_at.is_some_and(|erred_at| erred_at >= carried.true_at)
        })
    }

    fn carry(&mut self, ask: &Ask, true_at: Timestamp, first: First, changed: bool) {
        if let Some(Receipt { key, request, step: _, token: _ }) = &ask.receipt {
            let carried = Carried { request: request.to_string(), true_at, first, changed };
            self.carried.insert(key.to_string(), carried);
        }
    }

    // Entries.

    /// An entry that time alone brought about. Gives the alarm of a breach that is noticed late.
    fn settled(&mut self, entry: &Arc<Entry>, now: Timestamp) -> Result<Option<String>, Violation> {
        hold!(self.time.is_trusted(), "time is not trusted at {}, and brought about {entry:?}", local(now));
        hold!(!entry.unsynced && entry.receipt.is_none(), "{entry:?}");
        let due = self.desk.due_grouped(now);
        let mut late = None;
        let Some((effective, facts)) = due else {
            return Err(format!("nothing is due at {}: {entry:?}", local(now)));
        };
        hold!(
            entry.facts == facts && entry.effective_at() == effective,
            "1: {facts:?} is due, not {entry:?}"
        );
        for fact in &entry.facts {
            let Event::Clock { metric, cycle, turn } = &fact.event else { continue };
            let clock =
                fact.ticket.and_then(|number| clock(&*self.desk.ticket(number)?, *metric, *cycle).cloned());
            let deadline = clock.and_then(|clock| clock.term.deadline);
            match turn {
                Turn::Breached { at, .. } => {
                    let own = deadline == Some(*at) && *at == effective && *at < entry.at;
                    hold!(own, "a breach has its deadline's own time, {deadline:?}, not {at:?}: {entry:?}");
                    self.seen.add("breaches", 1);
                    let is_late = now.ms_since(*at) > LATE_MS;
                    let number = fact.ticket.map_or(0, |number| number.0);
                    late = is_late.then(|| format!("{number}-breach-{}-{cycle}", metric.id()));
                }
                Turn::RanOut { at } => {
                    hold!(deadline == Some(*at) && *at < entry.at, "it ran out at {deadline:?}: {entry:?}");
                    self.seen.add("closings", 1);
                }
                Turn::Warned { deadline: told } => {
                    hold!(deadline == Some(*told), "a warning of {deadline:?}: {entry:?}");
                    self.seen.add("warnings", 1);
                }
                Turn::Started { .. }
                | Turn::Paused { .. }
                | Turn::Resumed { .. }
                | Turn::Retargeted { .. }
                | Turn::Stopped { .. } => {}
            }
        }
        let late_ms = now.ms_since(effective.max(self.calm_since));
        hold!(late_ms <= 1, "noticed {late_ms} ms late, though nothing stood in the way: {entry:?}");
        self.seen.add("settled late", u64::from(now.ms_since(effective) > 1));
        self.take_in(entry, now)?;
        Ok(late)
    }

    /// Takes an entry in, whoever it came from.
    fn take_in(&mut self, entry: &Arc<Entry>, now: Timestamp) -> Result<(), Violation> {
        let (next_seq, last_at) = (self.desk.next_seq(), self.desk.last_at());
        hold!(entry.first_seq == next_seq, "events have no hole: {next_seq} comes next, not {entry:?}");
        hold!(!entry.facts.is_empty(), "an entry without events: {entry:?}");
        hold!(entry.at >= last_at, "the record goes back from {} to {entry:?}", local(last_at));
        hold!(
            entry.at == now.max(last_at),
            "it is {}, and the entry is stamped {}",
            local(now),
            local(entry.at)
        );
        hold!(entry.effective_at() <= entry.at, "it takes effect before it is recorded: {entry:?}");
        let before: Vec<_> =
            entry.tickets().into_iter().map(|number| (number, self.desk.ticket(number))).collect();
        self.desk.apply(entry);
        for (number, before) in before {
            let after = self.desk.ticket(number);
            let Some(after) = after else {
                return Err(format!("{entry:?} is about a ticket that is not there"));
            };
            self.changed(entry, before.as_deref(), &after)?;
        }
        self.entries.push(Arc::clone(entry));
        self.seen.add("entries", 1);
        self.seen.add("unsynced", u64::from(entry.unsynced));
        Ok(())
    }

    /// What an entry made of a ticket: 5 and 8.
    fn changed(&mut self, entry: &Entry, before: Option<&Ticket>, after: &Ticket) -> Result<(), Violation> {
        let number = after.number;
        let turns = || {
            entry.facts.iter().filter(|fact| fact.ticket == Some(number)).filter_map(|fact| {
                match &fact.event {
                    Event::Clock { metric, cycle, turn } => Some((*metric, *cycle, turn)),
                    _ => None,
                }
            })
        };
        for is in &after.clocks {
            let was = before.and_then(|ticket| clock(ticket, is.metric, is.cycle));
            if was.and_then(|was| was.term.deadline) != is.term.deadline {
                let says_why = |turn: &Turn| match turn {
                    Turn::Started { .. }
                    | Turn::Paused { .. }
                    | Turn::Resumed { .. }
                    | Turn::Retargeted { .. } => true,
                    Turn::Warned { .. }
                    | Turn::Breached { .. }
                    | Turn::RanOut { .. }
                    | Turn::Stopped { .. } => false,
                };
                let told = turns()
                    .any(|(metric, cycle, turn)| (metric, cycle) == (is.metric, is.cycle) && says_why(turn));
                hold!(told, "5: the deadline of {number} {} changed without a word: {entry:?}", is.metric);
                self.seen.add("terms moved", u64::from(was.is_some()));
            }
        }
        for (metric, cycle, turn) in turns() {
            if let Turn::Breached { .. } = turn {
                let first = self.breached.insert((number, metric, cycle));
                hold!(first, "8: {number} {metric} {cycle} is breached twice: {entry:?}");
            }
        }
        let was_there =
            |alarm: &Alarm| before.is_some_and(|was| was.alarms.iter().any(|known| known.id == alarm.id));
        for alarm in after.alarms.iter().filter(|alarm| !was_there(alarm) && alarm.kind != AlarmKind::DueSoon)
        {
            let first = self.raised.insert(alarm.id.to_string());
            hold!(first, "8: the alarm {} is raised twice: {entry:?}", alarm.id);
        }
        Ok(())
    }

    // What is shown.

    /// What readers see is what is durable, and all that is due has been dealt with.
    fn published(&self, running: &Loop, turned: &Turned, under: Conditions) -> Result<(), Violation> {
        let (desk, view, now) = (&self.desk, running.view(), self.time.now());
        hold!(
            running.desk().next_seq() == desk.next_seq(),
            "3: the desk is at event {}, durable is {}",
            running.desk().next_seq(),
            desk.next_seq()
        );
        hold!(
            turned.looked.is_none_or(|seq| seq == desk.next_seq()),
            "3: a look saw event {:?} to come, durable is {}",
            turned.looked,
            desk.next_seq()
        );
        hold!(
            running.desk().next_deadline() == desk.next_deadline(),
            "4: the next deadline is {:?}, not {:?}",
            running.desk().next_deadline(),
            desk.next_deadline()
        );
        hold!(
            view.tickets_total() == desk.tickets().count() as u64,
            "3: {} tickets are shown of {}",
            view.tickets_total(),
            desk.tickets().count()
        );
        let touched = turned.entries.iter().flat_map(|entry| entry.tickets());
        for number in
            touched.chain([TicketNumber(desk.next_ticket().0.saturating_sub(1)), desk.next_ticket()])
        {
            let (shown, is) = (shown(running, number)?, desk.ticket(number));
            hold!(
                same(shown.as_ref(), is.as_ref()),
                "3: ticket {number} is shown as {shown:?}, and is {is:?}"
            );
        }
        hold!(view.tokens().iter().eq(desk.tokens()), "3: other tokens are shown than there are");
        self.board(running, now)?;
        let settled = desk.next_deadline().is_none_or(|at| at > now);
        let has_trouble = |kind| troubles(&view.board()).any(|alarm| alarm.kind == kind);
        // What a command itself brought due has its turn next.
        let has_commands =
            turned.entries.iter().any(|entry| !["timer", "andond"].contains(&entry.by.as_str()));
        let may_wait = has_commands
            || !self.time.is_trusted()
            || self.desk.is_unsynced()
            || under.disk_may_fail
            || has_trouble(AlarmKind::Storage);
        hold!(
            settled || may_wait,
            "something was due at {:?}, and nothing was done at {}",
            desk.next_deadline().map(local),
            local(now)
        );
        Ok(())
    }

    /// The wall is made of the durable desk and of the troubles that cannot be kept.
    fn board(&self, running: &Loop, now: Timestamp) -> Result<(), Violation> {
        let shown = running.view().board();
        let trusted = self.time.is_trusted();
        let troubles: Vec<Alarm> = troubles(&shown).cloned().collect();
        for trouble in &troubles {
            hold!(
                !matches!(trouble.state, AlarmState::ClearedUnacked),
                "a trouble that is over: {trouble:?}"
            );
        }
        let is_told = troubles.iter().any(|alarm| alarm.kind == AlarmKind::Clock);
        hold!(is_told != trusted, "time is trusted = {trusted}, and the wall says {troubles:?}");
        let anew = BoardState::of(
            &self.desk,
            &troubles,
            Glance {
                at: now,
                time: self.time.time(),
                zone: ZONE,
                language: Language::Russian,
                quiet: QuietHours::default(),
            },
        );
        let anew = BoardState { at: shown.at, ..anew };
        let (anew, shown) = (by_kind(anew), by_kind(BoardState::clone(&shown)));
        hold!(
            shown == anew,
            "3: the wall shows {}",
            difference(&format!("{shown:#?}"), &format!("{anew:#?}"))
        );
        Ok(())
    }

    /// The disk has worked for a while: nothing is left of the time when it did not.
    pub(crate) fn recovered(running: &Loop) -> Result<(), Violation> {
        let board = running.view().board();
        // A checkpoint that failed is told until one succeeds, and refuses nothing.
        let left = troubles(&board).find(|alarm| alarm.id == REFUSES);
        hold!(left.is_none(), "6: the disk works again, and the wall says {left:?}");
        Ok(())
    }

    // A restart.

    /// The daemon has been started: everything that was acknowledged is there, and of the rest at most what was being
    /// written.
    pub(crate) fn started(
        &mut self,
        running: &Loop,
        clock: &SimulatedClock,
        under: Conditions,
    ) -> Result<(), Violation> {
        self.clock = clock.clone();
        let kept = kept(running)?;
        for (known, kept) in self.entries.iter().zip(&kept) {
            hold!(**known == *kept, "3: {kept:?} is in the ledger, {known:?} was acknowledged");
        }
        hold!(
            kept.len() >= self.entries.len(),
            "3: {} entries were acknowledged, {} are kept; missing: {:?}",
            self.entries.len(),
            kept.len(),
            self.entries.get(kept.len())
        );
        let found = kept.into_iter().skip(self.entries.len()).map(Arc::new).collect::<Vec<_>>();
        if !found.is_empty() {
            self.seen.add("found though refused", 1);
            self.found(&found, under)?;
        }
        self.doubtful.clear();
        self.carried.retain(|_, carried| carried.changed);
        self.time = time_of(clock, &self.desk);
        self.disturbed();
        self.whole(running)
    }

    /// Entries that were not acknowledged must be the beginning of a batch that was being written.
    fn found(&mut self, found: &[Arc<Entry>], under: Conditions) -> Result<(), Violation> {
        let stamp = |batch: &Doubtful| batch.time.now().max(self.desk.last_at());
        let batch = self.doubtful.iter().rev().find(|batch| {
            stamp(batch) == found[0].at
                && found
                    .iter()
                    .filter_map(|entry| entry.receipt.as_ref())
                    .all(|receipt| batch.asks.iter().any(|ask| ask.receipt.as_ref() == Some(receipt)))
        });
        let Some(batch) = batch.cloned() else { return Err(format!("3: refused, and kept: {found:?}")) };
        let (mut now, mut is_trusted) = (batch.time.now(), batch.time.is_trusted());
        self.time = batch.time.clone();
        let mut asks = batch.asks.iter();
        for entry in found {
            match entry.by.as_str() {
                "andond" => {
                    self.corrected(entry, now)?;
                    continue;
                }
                "timer" => {
                    self.calm_since = now;
                    self.settled(entry, now)?;
                    continue;
                }
                _ => {}
            }
            if let (Some(actor), Some(Event::TimeTrusted { .. })) =
                (&batch.trusted_by, entry.facts.first().map(|fact| &fact.event))
            {
                self.trusted_by(actor, Some(entry), batch.system)?;
                (now, is_trusted) = (batch.system, true);
                continue;
            }
            let ask = asks.find(|ask| {
                let decided = match self.expected(ask, now, is_trusted) {
                    Expected::Decided(decided) => decided,
                    _ if self.is_old(ask, under) => self.decide(ask, now, is_trusted),
                    _ => return false,
                };
                let Ok((_, facts)) = decided else { return false };
                ask.receipt == entry.receipt && ask.actor.name == entry.by && facts == entry.facts
            });
            let Some(ask) = ask else { return Err(format!("3: nobody asked for {entry:?}")) };
            self.take_in(entry, now)?;
            self.carry(ask, batch.true_at, First::Unheard, true);
        }
        Ok(())
    }

    /// 4: the ledger, told again from its first event, gives the desk that runs, to the byte; and so does the view.
    pub(crate) fn whole(&self, running: &Loop) -> Result<(), Violation> {
        let kept = kept(running)?;
        hold!(
            kept.iter().eq(self.entries.iter().map(Arc::as_ref)),
            "3: the ledger has other entries than were told"
        );
        let mut again = Desk::new(self.desk.regulations().clone());
        for entry in &kept {
            again.apply(entry);
        }
        Self::runs_as(running.desk(), &again)?;
        Self::runs_as(&self.desk, &again)?;
        for ticket in again.tickets() {
            let shown = shown(running, ticket.number)?;
            hold!(
                shown.as_ref() == Some(&ticket),
                "3: ticket {} is shown as {shown:?}, and is {ticket:?}",
                ticket.number
            );
        }
        Ok(())
    }

    /// 4: the desk that runs is the one that the ledger tells, but for tickets that are over and put away.
    fn runs_as(runs: &Desk, told: &Desk) -> Result<(), Violation> {
        for ticket in told.tickets() {
            match runs.ticket(ticket.number) {
                Some(running) => {
                    hold!(running == ticket, "4: {running:?} runs, and the ledger tells {ticket:?}");
                }
                None => hold!(ticket.is_over(), "4: the ledger tells {ticket:?}, and it does not run"),
            }
        }
        let unheard_of = runs.tickets().find(|ticket| told.ticket(ticket.number).is_none());
        hold!(unheard_of.is_none(), "4: {unheard_of:?} runs, and the ledger knows nothing of it");
        let (is, should) = (outline(runs), outline(told));
        hold!(is == should, "4: the desk that runs is {}", difference(&is, &should));
        Ok(())
    }

    /// 4, to the byte: at the end of a story, when there is time for it.
    pub(crate) fn whole_to_the_byte(&self, running: &Loop) -> Result<(), Violation> {
        let mut again = Desk::new(self.desk.regulations().clone());
        for entry in &kept(running)? {
            again.apply(entry);
        }
        let (is, should) = (picture(&self.desk), picture(&again));
        hold!(is == should, "4: what was told is {}", difference(&is, &should));
        for ticket in again.tickets() {
            let json = |ticket: Option<&Ticket>| serde_json::to_string(&ticket).expect("a ticket is JSON");
            let shown = shown(running, ticket.number)?;
            let (is, should) = (json(shown.as_deref()), json(Some(ticket.as_ref())));
            hold!(is == should, "4: ticket {} is {is}, and the ledger tells {should}", ticket.number);
        }
        Ok(())
    }

    /// A ticket's story is all that the ledger has about it.
    pub(crate) fn story_of(&self, number: TicketNumber, running: &Loop) -> Result<(), Violation> {
        let told = running.history().of(number).map_err(|error| format!("the story of {number}: {error}"))?;
        let is = self.entries.iter().filter(|entry| entry.tickets().contains(&number)).map(Arc::as_ref);
        hold!(is.eq(&told), "4: the story of {number} is told as {told:?}");
        Ok(())
    }
}

/// What the desk's time is when a daemon starts under these clocks.
fn time_of(clock: &SimulatedClock, desk: &Desk) -> TrustedTime {
    let reading = Reading::of(clock, desk.known_at());
    TrustedTime::start(Proof::Synchronised, &reading, || clock.kernel_synchronised())
}

/// What a command comes to: the ticket it is about and what happens, or a refusal.
type Decided = Result<(Option<TicketNumber>, Vec<Fact>), Refusal>;

/// What is to be answered.
#[derive(Debug)]
enum Expected {
    /// The first answer again.
    Again { first: First, changed: bool },
    /// That the key was used for something else.
    Reused,
    /// What the loop says of an alarm that is none of the record's.
    Trouble,
    /// What the desk decides.
    Decided(Decided),
}

/// The alarms that the loop could not keep: those that only it raises.
fn troubles(board: &BoardState) -> impl Iterator<Item = &Alarm> {
    board.alarms.iter().map(|(alarm, _)| alarm).filter(|alarm| is_trouble(&alarm.id))
}

fn is_trouble(id: &str) -> bool {
    ["storage-ledger", "storage-tickets", "clock-time"].contains(&id)
}

/// Everything of a desk but its tickets, in one text.
fn outline(desk: &Desk) -> String {
    let mut tally: Vec<_> = desk.alarm_tally().collect();
    tally.sort_unstable();
    let lines = |text: String| text.replace("}, ", "},\n");
    lines(format!(
        "{}\n{:?}\n{:?}\n{:?}\n{tally:?}\n{:?}",
        serde_json::to_string(desk.rest()).expect("the rest is JSON"),
        desk.counts(),
        desk.upcoming().collect::<Vec<_>>(),
        desk.alarms().collect::<Vec<_>>(),
        desk.next_deadline(),
    ))
}

/// The ticket as readers see it.
fn shown(running: &Loop, number: TicketNumber) -> Result<Option<Arc<Ticket>>, Violation> {
    running.view().ticket(number).map_err(|error| format!("3: ticket {number} cannot be read: {error}"))
}

/// The wall's tally has no order of its own.
fn by_kind(mut board: BoardState) -> BoardState {
    board.tally.sort_unstable();
    board
}

/// The first line in which what is differs from what should be, with those around it.
fn difference(is: &str, should: &str) -> String {
    let same = is.lines().zip(should.lines()).take_while(|(is, should)| is == should).count();
    let around =
        |text: &str| text.lines().skip(same.saturating_sub(6)).take(12).collect::<Vec<_>>().join("\n");
    format!("…\n{}\n… and should be …\n{}\n…", around(is), around(should))
}

fn storage_failure(answer: &Answer) -> Option<&str> {
    match answer {
        Some(Err(Failure::Storage { reason, .. })) => Some(reason),
        Some(_) | None => None,
    }
}

/// Whether it is the answer to a request that came before.
fn is_repetition(answer: &Answer) -> bool {
    matches!(answer, Some(Ok(Done { repeated: true, .. }) | Err(Failure::KeyReused)))
}

fn clock(ticket: &Ticket, metric: Metric, cycle: u16) -> Option<&Clock> {
    ticket.clocks.iter().find(|clock| (clock.metric, clock.cycle) == (metric, cycle))
}

/// Whether two tickets are the same; most often they are one.
fn same(a: Option<&Arc<Ticket>>, b: Option<&Arc<Ticket>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a == b,
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

/// Everything that the ledger has.
fn kept(running: &Loop) -> Result<Vec<Entry>, Violation> {
    running.history().since(1).collect::<Result<_, _>>().map_err(|error| format!("3: the ledger: {error}"))
}
