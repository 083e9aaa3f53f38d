//! Events: what happened. They are the record format of the ledger.
//!
//! An event is a plain fact: it repeats no rule and needs none to be applied, so that a replay under other
//! regulations or calendars gives the same tickets. Its JSON is kept for as long as the box lives: fields are
//! only added, with defaults, and golden data in the tests holds the old forms (decision 0003).

use std::collections::BTreeMap;

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use smol_str::SmolStr;

use super::alarm::AlarmKind;
use super::attachment::Attached;
use super::client::{Appointment, ClientTerms};
use super::clocks::{Basis, Metric};
use super::command::{BugReport, LinkKind, Requester, Token};
use super::employee::Employee;
use super::issue::IssueTold;
use super::letter::{LetterKind, LetterNumber, Recipient, SkippedWhy};
use super::people::{AgentCard, Presence, PresenceFor, Shift, Staffing};
use super::problem::{ProblemNumber, ProblemTurn};
use super::reference::Reference;
use super::report::{Month, MonthFigures};
use super::ticket::{Stage, TicketNumber};

/// All events of one accepted command, or of one deadline that passed. Kept and lost as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Number of its first event; events are numbered from 1 without a hole.
    pub first_seq: u64,
    /// When it was taken into the record; never before the entry before it.
    pub at: Timestamp,
    /// When it took effect, where that was earlier: a deadline that was noticed late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Timestamp>,
    /// Who.
    pub by: SmolStr,
    /// True while the box's time could not be trusted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unsynced: bool,
    /// What answers the same request again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<Receipt>,
    /// What happened, in order; never empty.
    pub facts: Vec<Fact>,
}

/// Proof that a request was carried out, for its repetition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Whose request and which: the token's name and its `Idempotency-Key`.
    pub key: SmolStr,
    /// SHA-256 of method, path and body, in hex.
    pub request: SmolStr,
    /// Which command of the request, from 0, where it was a batch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u16>,
    /// Which token of that name: the beginning of its secret's sum, for one that is revoked may be followed by another.
    /// None where it was no token but the control socket, and in records of the first versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SmolStr>,
}

impl Receipt {
    /// The proof for one command of a batch.
    #[must_use]
    pub fn of_step(&self, place: usize) -> Self {
        Self { step: Some(u16::try_from(place).expect("a batch is short")), ..self.clone() }
    }

    /// The proof for the whole request.
    #[must_use]
    pub fn of_request(&self) -> Self {
        Self { step: None, ..self.clone() }
    }

    /// As the first versions wrote it, which did not say which token it was.
    #[must_use]
    pub fn of_any_token(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// What tells it from all others. A key has a colon and no blanks; neither the sum before it nor the step behind it
    /// has a colon.
    pub fn id(&self) -> SmolStr {
        let token = self.token.as_ref().map(|token| format!("{token} ")).unwrap_or_default();
        let step = self.step.map(|step| format!(" {step}")).unwrap_or_default();
        smol_str::format_smolstr!("{token}{}{step}", self.key)
    }
}

/// One event and the ticket it is about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The ticket; none for what concerns the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketNumber>,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

impl Entry {
    /// When what it tells took effect.
    pub fn effective_at(&self) -> Timestamp {
        self.effective.unwrap_or(self.at)
    }

    /// Number of the event after its last.
    pub fn next_seq(&self) -> u64 {
        self.first_seq + self.facts.len() as u64
    }

    /// The ticket that the command was about; of a registration, the new one. Others may be touched besides.
    pub fn about(&self) -> Option<TicketNumber> {
        self.facts.first().and_then(|fact| fact.ticket)
    }

    /// The tickets it is about, each once.
    pub fn tickets(&self) -> Vec<TicketNumber> {
        let mut numbers: Vec<_> = self.facts.iter().filter_map(|fact| fact.ticket).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }
}

/// What a ticket is at its beginning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the ticket's, documented there")]
pub struct Registered {
    pub regulation: SmolStr,
    pub version: SmolStr,
    #[serde(rename = "type")]
    pub kind: SmolStr,
    pub priority: SmolStr,
    /// Whether this priority is an alarm of itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub critical: bool,
    pub status: SmolStr,
    pub line: u8,
    pub channel: SmolStr,
    pub subject: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub requester: Requester,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<SmolStr>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urgency: Option<SmolStr>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    /// The agent who registered it; none where it came in by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened_by: Option<SmolStr>,
    /// What another system knows it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Box<Reference>>,
}

/// A clock's promise, as a fact: what was derived, from what, and what it comes to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Term {
    /// How much time is given, in milliseconds of the basis; none where there is no term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_ms: Option<i64>,
    /// How many days are given, where the regulation gives days; what they are worth is `target_ms`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// The clause of the regulation that gives it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<SmolStr>,
    /// The calendar that counts, as `regulation/calendar`.
    pub calendar: SmolStr,
    /// The calendar's revision.
    pub revision: SmolStr,
    /// When it runs out if nothing stops it; none while paused or without a term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// When the room is to be warned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warn_at: Option<Timestamp>,
    /// Whether the deadline lies beyond the calendar's facts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub provisional: bool,
}

impl Term {
    /// Whether another term asks for anything at another time: what was warned of or has run out does so once.
    pub(crate) fn is_moved_by(&self, other: &Term) -> bool {
        self.deadline.is_none() || (self.deadline, self.warn_at) != (other.deadline, other.warn_at)
    }
}

/// Why a clock's term is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TermReason {
    /// The regulation gives another target now: type, priority, service or line changed (R6).
    Derived,
    /// Another calendar counts now: the ticket stands on another line (R5).
    Calendar,
    /// An agent estimated it (ZS-5d, BC-3).
    Estimated,
    /// An agent extended it (GM-5.18).
    Extended,
    /// An admin applied another version of the regulation.
    Regulation,
    /// An admin applied the calendar as it is now.
    CalendarRevised,
    /// It began to run while the box's time could not be trusted, and is reckoned from the true time now.
    ClockCorrected,
}

/// Why a ticket has another assignee or group, where nobody chose that for this ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssignedWhy {
    /// It was this agent's turn (HD-6).
    Turn,
    /// Its channel's group is given everything.
    Channel,
    /// It came outside working time (HD-7).
    OutsideHours,
    /// It came in working time, and nobody of the group was on shift and online for requests.
    NobodyThere,
    /// An agent took all that the group had (HD-10).
    GroupTaken,
    /// The shift of whoever had it ended.
    ShiftEnded,
    /// Whoever had it is no agent any more.
    AgentRemoved,
}

impl AssignedWhy {
    /// The id as it stands in events.
    pub const fn id(self) -> &'static str {
        match self {
            AssignedWhy::Turn => "turn",
            AssignedWhy::Channel => "channel",
            AssignedWhy::OutsideHours => "outside-hours",
            AssignedWhy::NobodyThere => "nobody-there",
            AssignedWhy::GroupTaken => "group-taken",
            AssignedWhy::ShiftEnded => "shift-ended",
            AssignedWhy::AgentRemoved => "agent-removed",
        }
    }

    /// The same in words, for people.
    pub const fn words(self) -> &'static str {
        match self {
            AssignedWhy::Turn => "it was their turn",
            AssignedWhy::Channel => "the group is responsible for the channel",
            AssignedWhy::OutsideHours => "outside working time",
            AssignedWhy::NobodyThere => "nobody was on shift and online for requests",
            AssignedWhy::GroupTaken => "they took what the group had",
            AssignedWhy::ShiftEnded => "the shift of whoever had it ended",
            AssignedWhy::AgentRemoved => "whoever had it is no agent any more",
        }
    }
}

/// What happened to a clock.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "turn", rename_all = "kebab-case")]
#[allow(missing_docs, reason = "fields named as in the clock")]
pub enum Turn {
    /// It started.
    Started {
        basis: Basis,
        #[serde(flatten)]
        term: Term,
    },
    /// It stands still; its used time is what it is (R7).
    Paused { used_ms: i64 },
    /// It runs on.
    Resumed {
        used_ms: i64,
        #[serde(flatten)]
        term: Term,
    },
    /// It has another term.
    Retargeted {
        used_ms: i64,
        why: TermReason,
        /// Where the time was corrected: since when it truly runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        began_at: Option<Timestamp>,
        #[serde(flatten)]
        term: Term,
    },
    /// The room was warned that it runs out soon.
    Warned { deadline: Timestamp },
    /// It ran out; `at` is the deadline's own time (R4), or the time of the change that breached it (R6).
    Breached {
        at: Timestamp,
        /// Whether it was noticed late and with others, so that one alarm stands for all of them.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late: bool,
    },
    /// It ran out, and what the regulation foresees for that happened: told, or closed.
    RanOut { at: Timestamp },
    /// It stopped.
    Stopped { used_ms: i64 },
}

impl Event {
    /// Its name, as in the record.
    pub fn name(&self) -> &'static str {
        self.into()
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantNames)]
#[serde(tag = "event", rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[allow(missing_docs, reason = "fields named as in the commands and the ticket")]
pub enum Event {
    /// A ticket was opened.
    Registered(Box<Registered>),
    /// The desk said something, to the requester or to itself.
    Replied {
        text: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        internal: bool,
    },
    /// The desk asked the requester.
    Asked { text: String },
    /// The requester's words came in.
    Answered { text: String },
    /// The status changed.
    StatusChanged {
        from: SmolStr,
        to: SmolStr,
        stage: Stage,
        /// Whether the desk now waits for somebody else.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        waiting: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Type, service, urgency, fields or what was missing changed; what is absent stayed.
    Classified {
        #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
        kind: Option<SmolStr>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        service: Option<SmolStr>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        urgency: Option<SmolStr>,
        /// Who asks, as it is known now, whole.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        requester: Option<Box<Requester>>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        client: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        description: Option<String>,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        fields: BTreeMap<String, Value>,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        incomplete: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The priority changed.
    PriorityChanged {
        from: SmolStr,
        to: SmolStr,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        critical: bool,
        reason: String,
    },
    /// An agent or a group has it now.
    Assigned {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent: Option<SmolStr>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        group: Option<SmolStr>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// Why, where the desk did it by itself or for many at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<AssignedWhy>,
    },
    /// It stands on another line now.
    Routed {
        from: u8,
        to: u8,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        bug_report: Option<Box<BugReport>>,
    },
    /// The requester was promised a term (ZS-5d, BC-3).
    Estimated {
        deadline: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// The requester was promised another term (GM-5.18).
    Extended { deadline: Timestamp, reason: String, text: String },
    /// The solution was put off (PM-C6).
    Deferred { reason: String },
    /// The solution was given.
    Resolved {
        text: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<SmolStr>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        despite: Vec<String>,
    },
    /// The requester confirmed the solution.
    Confirmed {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        mark: Option<SmolStr>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
    },
    /// The requester returned the ticket.
    Returned { reason: String },
    /// The ticket was refused.
    Refused {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// The ticket was closed, by an agent or by time.
    Closed {
        reason: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// It was joined to another ticket.
    Linked {
        to: TicketNumber,
        kind: LinkKind,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        back: bool,
    },
    /// It was marked urgent.
    Urgent { text: String },
    /// It works by this version of its regulation now, as its file and calendars stood then.
    RegulationApplied { from: SmolStr, to: SmolStr },

    /// A clock of the ticket took a turn.
    Clock {
        metric: Metric,
        cycle: u16,
        #[serde(flatten)]
        turn: Turn,
    },

    /// Somebody took an alarm; of a ticket's alarm or one of the desk.
    AlarmAcked { alarm: SmolStr },
    /// Somebody put an alarm aside.
    AlarmShelved {
        alarm: SmolStr,
        until: Timestamp,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// An alarm calls anew: its time on the shelf was over, or somebody took it from there.
    AlarmUnshelved { alarm: SmolStr },
    /// Somebody silenced what had begun to call before this event; what calls since then sounds.
    Silenced { before: u64 },
    /// A part of the box failed.
    PartFailed { kind: AlarmKind, part: SmolStr, text: String },
    /// A part of the box works again.
    PartWorks { kind: AlarmKind, part: SmolStr },
    /// The box's time can be trusted from here on: by its proof, or by an admin's word. It was held `behind_ms` before
    /// the true time; less than nothing where the box had run ahead.
    TimeTrusted { behind_ms: i64 },
    /// The buzzer is silent until then.
    Muted { until: Timestamp },
    /// Somebody may come in.
    TokenAdded { token: Token },
    /// Somebody may no longer come in.
    TokenRevoked { name: SmolStr },

    /// A monitoring system told of the ticket's alert.
    Alerted {
        firing: bool,
        /// Since when it fires, or fired last.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// A sum over what was told of it.
        content: SmolStr,
    },
    /// So many alerts have no ticket of their own, and are counted on this one.
    AlertsCounted {
        count: u32,
        /// Which, so that none is counted twice within an hour; records of the first versions do not say.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fingerprints: Vec<SmolStr>,
    },
    /// A file came to the ticket; its bytes are kept apart.
    Attached(Box<Attached>),
    /// A file was removed from the ticket: its bytes are gone.
    AttachmentRemoved { id: SmolStr, reason: String },
    /// Access data was put; what it says is sealed, and kept apart (PM-C7).
    SealedSet { field: SmolStr, id: SmolStr },
    /// Access data was shown.
    SealedLooked { field: SmolStr },
    /// Access data was erased: the ticket was closed, or somebody did it.
    SealedErased { fields: Vec<SmolStr> },
    /// A department was asked; its clock is the one of metric `escalation` with this cycle (ZS-7).
    Escalated { escalation: u16, topic: SmolStr, department: SmolStr, channel: SmolStr, text: String },
    /// The department answered.
    EscalationAnswered { escalation: u16, text: String },
    /// The ticket was closed before the department answered.
    EscalationWithdrawn { escalation: u16 },
    /// The requester complained, and the head is to know (PM-C8).
    Complained { text: String },
    /// The client agreed that it goes before its other tickets (BC-8).
    Preferred { reason: String },
    /// An agent is known, or is known otherwise.
    AgentPut { agent: Box<AgentCard> },
    /// An agent is no more, with all shifts they had.
    AgentRemoved { name: SmolStr },
    /// An agent came, or went: for chats, or for requests.
    PresenceChanged {
        agent: SmolStr,
        #[serde(rename = "for")]
        to: PresenceFor,
        presence: Presence,
    },
    /// Shifts were taken off the roster, and others put on it.
    RosterChanged {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removed: Vec<u64>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        added: Vec<Shift>,
    },
    /// An agent is on shift, until then.
    ShiftBegan { agent: SmolStr, until: Timestamp },
    /// An agent is not on shift any more.
    ShiftEnded { agent: SmolStr },
    /// How a regulation's staffing stands; none where it asks for nobody any more.
    StaffingChanged {
        regulation: SmolStr,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        staffing: Option<Staffing>,
    },
    /// A month is over; these are its figures, for good.
    MonthClosed { month: Month, figures: Box<MonthFigures> },
    /// A problem took a turn, or a ticket took one with it.
    Problem {
        problem: ProblemNumber,
        #[serde(flatten)]
        turn: ProblemTurn,
    },
    /// A client was written down, or has other terms.
    ClientSet(Box<ClientTerms>),
    /// A client has appointed another contact (BC-4).
    ContactAppointed(Box<Appointment>),
    /// A client was taken out of the register.
    ClientRemoved { client: SmolStr },
    /// Employees were written down, or anew, and others taken out of the directory (HD-2).
    EmployeesChanged {
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        put: Vec<Employee>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        removed: Vec<SmolStr>,
    },
    /// A product team's tracker is to have a request for the ticket, or has one (HD-13).
    IssueOpened {
        issue: u16,
        tracker: SmolStr,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<SmolStr>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        url: Option<String>,
        text: String,
    },
    /// Something was told of that request; what is absent stayed.
    IssueChanged {
        issue: u16,
        #[serde(flatten)]
        told: IssueTold,
    },
    /// The lead was asked (HD-17).
    LeadAsked { question: u16, text: String },
    /// The lead answered.
    LeadAnswered { question: u16, text: String },
    /// A page of the knowledge base was named that helps.
    Cited {
        url: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// A letter is to be sent. Its words follow from the ticket as this entry leaves it.
    LetterQueued {
        letter: LetterNumber,
        kind: LetterKind,
        #[serde(flatten)]
        recipient: Recipient,
        /// Not before, where it is held (PM-C4a).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hold_until: Option<Timestamp>,
    },
    /// A letter that the regulation has is not sent, and none of this ticket will be while that is so.
    LetterSkipped { kind: LetterKind, why: SkippedWhy },
    /// A letter was taken by whoever delivers it.
    LetterSent { letter: LetterNumber },
    /// A letter was given up.
    LetterFailed { letter: LetterNumber, reason: String },
    /// A letter that was given up is to be sent again; to another address, where the requester has one by now.
    LetterResent {
        letter: LetterNumber,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<String>,
    },
}
