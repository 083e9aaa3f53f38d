//! A desk as a world: its regulation from the file that ships, a clock that moves only when told, and the record of
//! everything that happened.
//!
//! Time passes in two ways. [`World::run_until`] is a daemon that is awake: each deadline is settled the moment it
//! has passed. [`World::sleep_until`] is a daemon that was off: nothing is noticed until it is back, and then all of
//! it, the earliest first. What a ticket becomes must not depend on which of the two it was.
//!
//! When a world ends it proves that its record, written as JSON and read again, makes the same desk to the byte;
//! unless it was made [`World::unproven`].

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use andon::desk::clocks::{Clock, ClockState};
use andon::desk::command::{LetterAct, ProblemAct};
use andon::desk::{
    Act, Actor, Alarm, Alert, AlertsOverLimit, Command, Counts, Desk, DeskAct, Entry, Event, Impact, Metric,
    QueuePart, Queued, Reach, Recipient, Refusal, Regulation, Regulations, Role, Ticket, TicketNumber,
};
use calendars::Timestamp;
use serde_json::Value;

use crate::time::{instant, local, span};

/// A desk, its clock and its record.
#[derive(Debug)]
pub struct World {
    desk: Desk,
    now: Timestamp,
    actor: Actor,
    entries: Vec<Entry>,
    is_proven: bool,
}

impl World {
    /// A desk under `getmark`, at a local time, with a lead of every line at the keyboard.
    pub fn getmark(now: &str) -> Self {
        Self::shipped("getmark", now)
    }

    /// A desk under a regulation that ships with the daemon, at a local time, with a lead of every line at the keyboard.
    ///
    /// # Panics
    /// Where there is none of that name, or the desk finds it wrong.
    pub fn shipped(name: &str, now: &str) -> Self {
        static READ: Mutex<BTreeMap<String, Arc<Regulation>>> = Mutex::new(BTreeMap::new());
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        let regulation = read.entry(name.to_owned()).or_insert_with(|| Arc::new(shipped(name)));
        Self::new(Regulations::new(vec![Arc::clone(regulation)]), now)
    }

    /// A desk that runs several regulations side by side.
    pub fn side_by_side(regulations: Regulations, now: &str) -> Self {
        Self::new(regulations, now)
    }

    /// A desk under a regulation that a test wrote itself.
    pub fn under(regulation: Regulation, now: &str) -> Self {
        Self::under_shared(Arc::new(regulation), now)
    }

    /// [`World::under`] for a regulation that many worlds live under: compiling its calendars takes longer than a scene.
    pub fn under_shared(regulation: Arc<Regulation>, now: &str) -> Self {
        Self::new(Regulations::new(vec![regulation]), now)
    }

    /// The same world, but nothing is proven of its record when it ends. For the many of whose like a sample is
    /// proven.
    #[must_use]
    pub fn unproven(mut self) -> Self {
        self.is_proven = false;
        self
    }

    fn new(regulations: Regulations, now: &str) -> Self {
        Self {
            desk: Desk::new(regulations),
            now: instant(now),
            actor: Actor::named("lead", Role::Lead),
            entries: Vec::new(),
            is_proven: true,
        }
    }

    /// The same world with a mail server, and with the chats and the departments' addresses that letters need.
    #[must_use]
    pub fn with_letters(mut self) -> Self {
        let departments: BTreeSet<_> =
            self.desk.regulations().iter().flat_map(|r| &r.departments).map(|d| d.id.clone()).collect();
        let chats = self.desk.regulations().iter().filter_map(|r| r.urgent_channel.as_deref());
        let chats = chats.map(Into::into).collect();
        self.desk.write_to(Reach { mail: true, mailed: departments.clone(), chatting: departments, chats });
        self
    }

    /// The letters that were queued so far: ticket, kind and to whom, in order.
    pub fn letters(&self) -> Vec<(u64, String, String)> {
        let facts = self.entries.iter().flat_map(|entry| &entry.facts);
        let told = facts.filter_map(|fact| match &fact.event {
            Event::LetterQueued { kind, recipient, .. } => {
                let to = match recipient {
                    Recipient::Requester { address } | Recipient::Contact { address } => address.clone(),
                    Recipient::Department { department, channel } => format!("{department} by {channel}"),
                    Recipient::Chat { chat } => format!("chat {chat}"),
                };
                Some((fact.ticket?.0, kind.to_string(), to))
            }
            _ => None,
        });
        told.collect()
    }

    /// The kinds of letters that were queued about a ticket so far, in order.
    pub fn letter_kinds(&self, ticket: TicketNumber) -> Vec<String> {
        self.letters().into_iter().filter(|(of, ..)| *of == ticket.0).map(|(_, kind, _)| kind).collect()
    }

    /// The mail server takes what is due now.
    pub fn deliver_letters(&mut self) -> &mut Self {
        let (known, andond) = (self.actor.clone(), Actor::named("andond", Role::Admin));
        self.actor = andond;
        let next = |world: &Self| world.desk.letters_due(world.now).next();
        while let Some(id) = next(self) {
            let sent = Command::Letter { id, act: LetterAct::Sent };
            self.try_command(&sent).unwrap_or_else(|refusal| panic!("{id} is sent: {refusal}"));
        }
        self.actor = known;
        self
    }

    /// The desk itself.
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Everything that happened, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    // Who acts.

    /// From here on a lead of every line acts, as in the beginning.
    pub fn as_lead(&mut self) -> &mut Self {
        self.as_role("lead", Role::Lead, &[])
    }

    /// From here on an agent of these lines acts; no line means every line.
    pub fn as_agent(&mut self, name: &str, lines: &[u8]) -> &mut Self {
        self.as_role(name, Role::Agent, lines)
    }

    /// From here on somebody of this role and these lines acts.
    pub fn as_role(&mut self, name: &str, role: Role, lines: &[u8]) -> &mut Self {
        self.actor = Actor { lines: lines.to_vec(), ..Actor::named(name, role) };
        self
    }

    /// From here on the requester's own words come in.
    pub fn as_requester(&mut self) -> &mut Self {
        self.actor = Actor::requester();
        self
    }

    // How time passes.

    /// Lets time pass with the daemon awake: what falls due is settled as soon as it is.
    pub fn run_until(&mut self, until: &str) -> &mut Self {
        self.run_to(instant(until))
    }

    /// [`World::run_until`] for an instant.
    pub fn run_to(&mut self, until: Timestamp) -> &mut Self {
        while let Some(next) = self.desk.next_deadline().filter(|next| *next <= until) {
            self.now = self.now.max(next);
            self.settle();
            assert!(
                self.desk.next_deadline().is_none_or(|later| later > self.now),
                "what was due is settled"
            );
        }
        self.sleep_to(until)
    }

    /// Lets time pass with the daemon off: what fell due is settled only at the end, the earliest first.
    pub fn sleep_until(&mut self, until: &str) -> &mut Self {
        self.sleep_to(instant(until))
    }

    /// [`World::sleep_until`] for an instant.
    pub fn sleep_to(&mut self, until: Timestamp) -> &mut Self {
        assert!(until >= self.now, "time goes forward: it is {}, not yet {}", local(self.now), local(until));
        self.now = until;
        self.settle();
        self
    }

    fn settle(&mut self) {
        while let Some((effective, facts)) = self.desk.due(self.now) {
            let entry = self.desk.enter(facts, "timer", self.now, Some(effective), None, false);
            self.entries.push(entry);
        }
    }

    // What is done.

    /// Registers a ticket.
    ///
    /// # Panics
    /// Where the desk refuses it.
    pub fn register(&mut self, body: Value) -> TicketNumber {
        self.try_register(body).unwrap_or_else(|refusal| panic!("register: {refusal}"))
    }

    /// Registers a ticket, or tells why not.
    pub fn try_register(&mut self, body: Value) -> Result<TicketNumber, Refusal> {
        let register = andon::desk::command::Register::from_json(body).expect("a registration's JSON");
        let ticket = self.give(&Command::Register(register))?;
        Ok(ticket.expect("a registration makes a ticket"))
    }

    /// Acts on a ticket.
    ///
    /// # Panics
    /// Where the desk refuses it.
    pub fn act(&mut self, ticket: TicketNumber, verb: &str, body: Value) -> &mut Self {
        self.try_act(ticket, verb, body)
            .unwrap_or_else(|refusal| panic!("{verb} on {ticket} at {}: {refusal}", local(self.now)));
        self
    }

    /// Acts on a ticket, or tells why not.
    pub fn try_act(&mut self, ticket: TicketNumber, verb: &str, body: Value) -> Result<(), Refusal> {
        self.try_act_if(ticket, None, verb, body)
    }

    /// Acts on a ticket if it is still at a revision.
    pub fn try_act_if(
        &mut self,
        number: TicketNumber,
        if_revision: Option<u64>,
        verb: &str,
        body: Value,
    ) -> Result<(), Refusal> {
        let act = Act::from_json(verb, body).expect("a verb of the contract with its JSON");
        self.give(&Command::Ticket { number, if_revision, act }).map(drop)
    }

    /// Has any command carried out, or tells why not.
    pub fn try_command(&mut self, command: &Command) -> Result<(), Refusal> {
        self.give(command).map(drop)
    }

    /// How the desk refuses an act; nothing may have changed by it.
    ///
    /// # Panics
    /// Where the desk carries it out.
    pub fn refused(&mut self, ticket: TicketNumber, verb: &str, body: Value) -> Refusal {
        let before = self.entries.len();
        let wish = format!("{verb} {body} on {ticket}");
        let Err(refusal) = self.try_act(ticket, verb, body) else { panic!("{wish} was to be refused") };
        assert_eq!(self.entries.len(), before, "{wish} was refused, and left something behind");
        refusal
    }

    /// Takes the next ticket of the queue, or tells why not.
    pub fn try_take_next(&mut self, part: Value) -> Result<TicketNumber, Refusal> {
        let asked = andon::desk::command::TakeNext::from_json(part).expect("a part of the queue");
        let ticket = self.give(&Command::TakeNext(asked))?;
        Ok(ticket.expect("a ticket was taken"))
    }

    /// The queue, the next first: each ticket with why it stands there, and what holds it: `2 arrival held by 1`.
    pub fn queue(&self) -> Vec<String> {
        let word = |reason| serde_json::to_value(reason).expect("a reason is a word");
        let queue = self.desk.queue(&QueuePart::default(), self.now);
        let line = |queued: Queued| {
            let held = queued.held.map(|holder| format!(" held by {}", holder.number)).unwrap_or_default();
            format!("{} {}{held}", queued.ticket.number, word(queued.reason).as_str().unwrap_or_default())
        };
        queue.map(line).collect()
    }

    /// Changes something of the desk that is no ticket.
    pub fn try_desk(&mut self, act: DeskAct) -> Result<(), Refusal> {
        self.give(&Command::Desk(act)).map(drop)
    }

    /// Acknowledges an alarm.
    ///
    /// # Panics
    /// Where the desk refuses it.
    pub fn ack(&mut self, alarm: &str) -> &mut Self {
        self.try_desk(DeskAct::AckAlarm(alarm.to_owned())).unwrap_or_else(|refusal| panic!("ack: {refusal}"));
        self
    }

    /// Puts a ticket under a version of its regulation, as an admin; tells whether anything changed.
    pub fn try_apply(&mut self, number: TicketNumber, version: &str) -> Result<bool, Refusal> {
        let actor = std::mem::replace(&mut self.actor, Actor::named("keeper", Role::Admin));
        let applied = self.try_apply_as_actor(number, version);
        self.actor = actor;
        applied
    }

    /// Puts a ticket under a version of its regulation, as whoever acts; tells whether anything changed.
    pub fn try_apply_as_actor(&mut self, number: TicketNumber, version: &str) -> Result<bool, Refusal> {
        self.settle();
        let settled = self.entries.len();
        self.give(&Command::ApplyRegulation { number, version: version.into() })?;
        Ok(self.entries.len() > settled)
    }

    /// What a version would do to a ticket now.
    pub fn impact(&self, number: TicketNumber, to: &Arc<Regulation>) -> Impact {
        let ticket = self.desk.ticket(number).unwrap_or_else(|| panic!("there is no ticket {number}"));
        self.desk.impact(&ticket, to, self.now)
    }

    /// The same record under other regulations, as after a restart.
    pub fn restart_under(&mut self, regulations: Regulations) -> &mut Self {
        let mut desk = Desk::new(regulations);
        for entry in &self.entries {
            desk.apply(entry);
        }
        self.desk = desk;
        self
    }

    /// Takes in an alert; tells its ticket, or why not.
    pub fn alert(&mut self, alert: Alert) -> Result<Option<TicketNumber>, Refusal> {
        self.give(&Command::Alert(Box::new(alert)))
    }

    /// Counts alerts that opened no ticket; tells the ticket that counts them, or why not.
    pub fn alerts_over_limit(&mut self, over: AlertsOverLimit) -> Result<Option<TicketNumber>, Refusal> {
        self.give(&Command::AlertsOverLimit(Box::new(over)))
    }

    /// Has something done about a problem.
    ///
    /// # Panics
    /// Where the desk refuses it.
    pub fn problem(&mut self, act: ProblemAct) -> &mut Self {
        let wish = format!("{act:?}");
        self.try_problem(act).unwrap_or_else(|refusal| panic!("{wish}: {refusal}"));
        self
    }

    /// Has something done about a problem, and all that follows for its tickets; or tells why not.
    pub fn try_problem(&mut self, act: ProblemAct) -> Result<(), Refusal> {
        self.give(&Command::Problem(act))?;
        while self.lot() {}
        Ok(())
    }

    /// Takes one lot of the tickets that a problem changes, as the loop does in each turn. False where there is none.
    pub fn lot(&mut self) -> bool {
        let Some((by, facts)) = self.desk.problem_lot(self.now) else { return false };
        let entry = self.desk.enter(facts, &by, self.now, None, None, false);
        self.entries.push(entry);
        true
    }

    fn give(&mut self, command: &Command) -> Result<Option<TicketNumber>, Refusal> {
        self.settle();
        let decision = self.desk.decide(command, &self.actor, self.now)?;
        if !decision.facts.is_empty() {
            let entry = self.desk.enter(decision.facts, &self.actor.name, self.now, None, None, false);
            self.entries.push(entry);
        }
        Ok(decision.ticket)
    }

    // What has come of it.

    /// The ticket of that number.
    ///
    /// # Panics
    /// Where there is none.
    pub fn ticket(&self, number: TicketNumber) -> &Ticket {
        self.desk.whole(number).unwrap_or_else(|| panic!("there is no ticket {number}"))
    }

    /// The ticket's status.
    pub fn status(&self, number: TicketNumber) -> &str {
        &self.ticket(number).facts.status
    }

    /// The ticket's priority.
    pub fn priority(&self, number: TicketNumber) -> &str {
        &self.ticket(number).facts.priority
    }

    /// The latest clock of a metric.
    ///
    /// # Panics
    /// Where there is none.
    pub fn clock(&self, number: TicketNumber, metric: Metric) -> &Clock {
        self.ticket(number).clock(metric).unwrap_or_else(|| panic!("ticket {number} has no clock `{metric}`"))
    }

    /// Whether the latest clock of a metric runs.
    pub fn state(&self, number: TicketNumber, metric: Metric) -> ClockState {
        self.clock(number, metric).state
    }

    /// The deadline people are to keep, in local time, or `none`.
    pub fn deadline(&self, number: TicketNumber, metric: Metric) -> String {
        self.clock(number, metric).due().map_or_else(|| "none".to_owned(), local)
    }

    /// When the latest clock of a metric was breached, in local time, or `never`.
    pub fn breached(&self, number: TicketNumber, metric: Metric) -> String {
        self.clock(number, metric).breached_at.map_or_else(|| "never".to_owned(), local)
    }

    /// What the latest clock of a metric has used by now, as `1h30m`.
    ///
    /// # Panics
    /// Where its calendar is not the desk's.
    pub fn used(&self, number: TicketNumber, metric: Metric) -> String {
        span(self.used_ms(self.clock(number, metric)))
    }

    /// What a clock has used by now, in milliseconds of its basis.
    ///
    /// # Panics
    /// Where its calendar is not the desk's.
    pub fn used_ms(&self, clock: &Clock) -> i64 {
        let calendar = self.desk.regulations().calendar(&clock.term.calendar).expect("the desk's calendar");
        clock.used_at(calendar, self.now)
    }

    /// The alarms, the worst first, each as its id and state: `1-breach-resolution-1 unacked`.
    pub fn alarms(&self) -> Vec<String> {
        let state = |alarm: &Alarm| serde_json::to_value(alarm.state).expect("a state is a word");
        self.desk
            .alarms()
            .map(|alarm| format!("{} {}", alarm.id, state(alarm).as_str().unwrap_or_default()))
            .collect()
    }

    /// The alarm of that id.
    ///
    /// # Panics
    /// Where there is none.
    pub fn alarm(&self, id: &str) -> &Alarm {
        self.desk.alarm(id).unwrap_or_else(|| panic!("there is no alarm {id}: {:?}", self.alarms()))
    }

    /// How many tickets are what, as the wall counts them.
    pub fn counts(&self) -> Counts {
        self.desk.counts()
    }

    /// What happened to a ticket, in order.
    pub fn history(&self, number: TicketNumber) -> impl Iterator<Item = (&Entry, &Event)> {
        self.entries.iter().flat_map(move |entry| {
            entry
                .facts
                .iter()
                .filter(move |fact| fact.ticket == Some(number))
                .map(move |fact| (entry, &fact.event))
        })
    }

    // What must always hold.

    /// Makes the desk anew from its record, written as JSON and read again, and from what is kept of it at a
    /// checkpoint.
    ///
    /// # Panics
    /// Where either is not the same desk, to the byte.
    pub fn replay(&self) {
        let mut replayed = Desk::new(self.desk.regulations().clone());
        let mut next_seq = 1;
        let mut last_at = Timestamp::from_millis(0);
        for entry in &self.entries {
            assert!(!entry.facts.is_empty(), "an entry without facts: {entry:?}");
            assert_eq!(entry.first_seq, next_seq, "events are numbered without a hole");
            assert!(entry.at >= last_at, "the record goes forward");
            assert!(entry.effective_at() <= entry.at, "nothing takes effect before it is recorded");
            (next_seq, last_at) = (entry.next_seq(), entry.at);
            let line = serde_json::to_string(entry).expect("an entry is JSON");
            replayed.apply(&serde_json::from_str(&line).expect("a written entry is read again"));
        }
        assert_eq!(picture(&self.desk), picture(&replayed), "the desk replayed from its record");
        let rest = serde_json::to_string(self.desk.rest()).expect("the rest is JSON");
        let mut restored = Desk::restore(
            self.desk.regulations().clone(),
            serde_json::from_str(&rest).expect("a written rest is read again"),
            self.desk.tickets().map(|ticket| {
                let kept = serde_json::to_string(ticket.as_ref()).expect("a ticket is JSON");
                serde_json::from_str(&kept).expect("a written ticket is read again")
            }),
        );
        let tally = serde_json::to_string(self.desk.tally()).expect("the tally is JSON");
        restored.restore_tally(serde_json::from_str(&tally).expect("a written tally is read again"), []);
        assert_eq!(picture(&self.desk), picture(&restored), "the desk restored from its tickets");
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if self.is_proven && !std::thread::panicking() {
            self.replay();
        }
    }
}

/// A regulation that ships with the daemon.
///
/// # Panics
/// Where there is none of that name, or the desk finds it wrong.
pub fn shipped(name: &str) -> Regulation {
    let text = shipped_text(name);
    Regulation::parse(&format!("{name}.toml"), &text).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The text of a regulation that ships with the daemon.
///
/// # Panics
/// Where there is none of that name.
pub fn shipped_text(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../daemon/regulations/{name}.toml"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Everything of a desk that can be seen from outside, in one text.
pub fn picture(desk: &Desk) -> String {
    let json = |ticket: &Ticket| serde_json::to_string(ticket).expect("a ticket is JSON");
    let mut tickets: Vec<_> = desk.tickets().map(|ticket| (ticket.number, json(&ticket))).collect();
    tickets.sort();
    let mut tally: Vec<_> = desk.alarm_tally().collect();
    tally.sort();
    format!(
        "{tickets:#?}\n{}\n{}\n{:?}\n{:?}\n{:?}\n{tally:?}\n{:?}",
        serde_json::to_string(desk.rest()).expect("the rest is JSON"),
        serde_json::to_string(desk.tally()).expect("the tally is JSON"),
        desk.counts(),
        desk.upcoming().collect::<Vec<_>>(),
        desk.alarms().collect::<Vec<_>>(),
        desk.next_deadline(),
    )
}
