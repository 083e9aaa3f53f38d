//! Commands: the only way a ticket or the desk changes.
//!
//! Every door (HTTP, `andonctl`, import, simulation, later mail) builds these and has no private way in.
//! Their JSON is the contract's. Required fields are optional here and asked for by the desk, so that a body
//! with three things missing is told so at once and not one by one.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use calendars::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::Value;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::actor::{Actor, Role};
use super::alert::{Alert, AlertsOverLimit};
use super::attachment::Attached;
use super::client::ClientAct;
use super::employee::EmployeeAct;
use super::letter::LetterId;
use super::people::PeopleAct;
use super::problem::{NAMED_MAX, ProblemNumber};
use super::reading::{Read, read};
use super::reference::{ALERTS, OVER_LIMIT, Reference};
use super::refusal::{FieldError, list};
use super::scope::Scope;
use super::ticket::TicketNumber;

/// A wish to change something.
#[derive(Clone, Debug)]
pub enum Command {
    /// Opens a ticket. Precondition: what the regulation requires is there, or `incomplete` is set.
    Register(Register),
    /// Changes a ticket. Precondition: the ticket exists.
    Ticket {
        /// Which ticket.
        number: TicketNumber,
        /// The revision the caller saw; the command is refused if the ticket has changed since.
        if_revision: Option<u64>,
        /// What is to happen.
        act: Act,
    },
    /// Puts a ticket under a version of its regulation, as its file and calendars stand now, and derives its terms anew.
    /// Precondition: the desk runs that version, and it has what the ticket has.
    ApplyRegulation {
        /// Which ticket.
        number: TicketNumber,
        /// Which version.
        version: SmolStr,
    },
    /// Takes in what a monitoring system tells: opens a ticket, notes what is new, or does nothing. Precondition: alerts
    /// have not opened as many tickets within the hour as they may, or the alert has one.
    Alert(Box<Alert>),
    /// Counts alerts that opened no ticket on one that stands for all of them.
    AlertsOverLimit(Box<AlertsOverLimit>),
    /// Changes the files of a ticket. Precondition: the ticket exists.
    Attachments {
        /// Which ticket.
        number: TicketNumber,
        /// What is to happen.
        act: AttachmentAct,
    },
    /// Does something with the access data of a ticket. Precondition: the ticket exists.
    Sealed {
        /// Which ticket.
        number: TicketNumber,
        /// What is to happen.
        act: SealedAct,
    },
    /// Takes the next ticket of the queue for the actor. Precondition: there is one that may be taken (PM-C5, BC-8).
    TakeNext(TakeNext),
    /// Changes something of the desk that is no ticket.
    Desk(DeskAct),
    /// Opens a problem, or changes one.
    Problem(ProblemAct),
    /// Something became of a letter. Precondition: it is there, and not delivered.
    Letter {
        /// Which.
        id: LetterId,
        /// What.
        act: LetterAct,
    },
}

/// What becomes of a letter.
#[derive(Clone, Debug)]
pub enum LetterAct {
    /// It was taken by whoever delivers it.
    Sent,
    /// It is given up, for this reason. Precondition: it waits.
    Failed(String),
    /// It is sent again. Precondition: it was given up.
    Resend,
}

/// What can be done with the files of a ticket. Their bytes are durable before, and are let go after.
#[derive(Clone, Debug)]
pub enum AttachmentAct {
    /// Adds files, all or none. Precondition: the ticket is not closed, and its regulation takes their kinds.
    Add {
        /// The files.
        files: Vec<Attached>,
        /// How much all files of the ticket may be, in bytes.
        ticket_max_bytes: u64,
    },
    /// Removes a file. Precondition: it is there; a reason.
    Remove {
        /// Which.
        id: SmolStr,
        /// Why.
        reason: Option<String>,
    },
}

/// What can be done with access data. What it says never comes here.
#[derive(Clone, Debug)]
pub enum SealedAct {
    /// Puts it, instead of what was there. Precondition: the ticket is not closed, and its regulation has the field.
    Put {
        /// The regulation's sealed field, without `fields.`.
        field: SmolStr,
        /// Names its bytes, which are durable.
        id: SmolStr,
    },
    /// Sees it. Precondition: the actor is the ticket's assignee.
    Look {
        /// Which field.
        field: SmolStr,
    },
    /// Erases it. Precondition: it is there.
    Erase {
        /// Which field.
        field: SmolStr,
    },
}

/// What can be done to a ticket; one variant per verb of the contract.
#[derive(Clone, Debug)]
pub enum Act {
    /// Says something to the requester, or to the desk only (`internal`). Precondition: the ticket is not closed, unless internal.
    Reply(Reply),
    /// Asks the requester. Precondition: the ticket is open.
    Ask(Text),
    /// The requester's words come in. Precondition: the ticket is not closed.
    Answer(Text),
    /// Moves to a status. Precondition: the regulation lists the move.
    Status(StatusMove),
    /// Changes type, service or fields. Precondition: the ticket is not closed.
    Classify(Classify),
    /// Changes the priority. Precondition: open, a reason, and the right to set that priority.
    Priority(PriorityChange),
    /// The actor takes the ticket. Precondition: the ticket is open.
    Take,
    /// Gives the ticket to an agent or a group. Precondition: the ticket is not closed.
    Assign(Assign),
    /// Hands the ticket to another agent. Precondition: not closed, a reason.
    Transfer(Transfer),
    /// Moves the ticket to another line. Precondition: open, the regulation has that route.
    Route(Route),
    /// Gives the planned term where the regulation leaves it to an estimate (ZS-5d, BC-3). Precondition: open, and the
    /// ticket's term is such a one.
    Estimate(Estimate),
    /// Gives another planned term. Precondition: open, the regulation allows it for the type.
    Extend(Extend),
    /// Puts the solution off. Precondition: open, one of the regulation's reasons (PM-C6).
    Defer(Defer),
    /// Answers with the solution. Precondition: the ticket is open.
    Resolve(Resolve),
    /// The requester confirms the solution. Precondition: the ticket is resolved.
    Confirm(Confirm),
    /// The requester returns the ticket. Precondition: the ticket is resolved and within its window.
    Return(Return),
    /// Refuses the ticket. Precondition: the ticket is open.
    Refuse(Ending),
    /// Closes the ticket without a solution. Precondition: the ticket is not closed.
    Close(Ending),
    /// Links to another ticket. Precondition: both exist.
    Link(Link),
    /// A second problem becomes a ticket of its own. Precondition: the ticket is open.
    Split(Split),
    /// Marks the ticket urgent. Precondition: the ticket is open.
    Urgent(Text),
    /// Asks a department. Precondition: open, the regulation has the topic, and nothing is open on it (ZS-7).
    Escalate(Escalate),
    /// A department's answer comes in. Precondition: that escalation is open.
    EscalationAnswer(EscalationAnswer),
    /// The requester complains to the head. Precondition: none; also of a ticket that is closed (PM-C8).
    Complain(Text),
    /// The client agreed that this ticket goes before its others. Precondition: open, of a client, and the regulation has a
    /// client's tickets worked on one after another (BC-8).
    Prefer(Prefer),
    /// Closes the ticket as a duplicate of another, which takes over its words. Precondition: it is open, and the other is
    /// not closed.
    Merge(Merge),
    /// A product team's tracker is to have a request for it. Precondition: open, and the regulation has the tracker (HD-13).
    Issue(OpenIssue),
    /// What the tracker tells of that request. Precondition: it was asked for; also of a ticket that is closed.
    IssueStatus(TellIssue),
    /// Asks the lead. Precondition: the ticket is not closed (HD-17).
    AskLead(Text),
    /// The lead answers. Precondition: a lead, and nobody has answered that question.
    LeadAnswer(LeadAnswer),
    /// Names a page of the knowledge base that helps. Precondition: the ticket is not closed (HD-17).
    Cite(Cite),
}

/// What can be done with problems. Precondition of all: the problem's regulation is in the actor's scope, by every channel.
#[derive(Clone, Debug)]
pub enum ProblemAct {
    /// Opens one. Precondition: its tickets are of one regulation, and have no other problem that is open.
    Open(OpenProblem),
    /// Links tickets to it. Precondition: it is open or suspected, and the tickets are as for [`ProblemAct::Open`].
    Link(ProblemNumber, TicketList),
    /// Takes tickets from it, linked or suggested ones. Precondition: it is open or suspected.
    Unlink(ProblemNumber, TicketList),
    /// Says that it is one: a suspected one is open then, and tickets that are suggested are linked. Precondition: it is
    /// open or suspected.
    Confirm(ProblemNumber, ConfirmProblem),
    /// Says that it is none. Precondition: it is suspected.
    Dismiss(ProblemNumber, DismissProblem),
    /// Closes it. Precondition: it is open; its tickets can be resolved so, where they are to be.
    Close(ProblemNumber, CloseProblem),
}

/// What can be done to the desk itself.
#[derive(Clone, Debug)]
pub enum DeskAct {
    /// Acknowledges an alarm. Precondition: it exists and is not acknowledged.
    AckAlarm(String),
    /// Puts an alarm aside for a time, after which it calls anew. Precondition: it exists, its cause is not over; 1 minute
    /// to a day; a reason where it is a critical one.
    ShelveAlarm {
        /// Which.
        id: String,
        /// How long, in milliseconds.
        for_ms: i64,
        /// Why.
        reason: Option<String>,
    },
    /// Takes an alarm from the shelf: it calls anew. Precondition: it exists.
    UnshelveAlarm(String),
    /// Silences what calls now, and takes those that are named; light stays. What is not there any more is passed over.
    Silence {
        /// What began to call before the event of this number has been heard.
        before: u64,
        /// The alarms that whoever does it sees.
        taking: Vec<SmolStr>,
    },
    /// Silences the buzzer for a time; light stays. Precondition: at most a day.
    Mute {
        /// How long, in milliseconds; 0 ends the mute.
        for_ms: i64,
    },
    /// Adds a token. The secret itself never comes here.
    AddToken(Token),
    /// Revokes the token of that name.
    RevokeToken(String),
    /// A part of the box failed: raises its alarm.
    PartFailed {
        /// Which kind of alarm.
        kind: super::AlarmKind,
        /// Which part, an ASCII id; the cause of the alarm.
        part: String,
        /// What failed, for people.
        text: String,
    },
    /// A part of the box works again: clears its alarm.
    PartWorks {
        /// Which kind of alarm.
        kind: super::AlarmKind,
        /// Which part.
        part: String,
    },
    /// Does something about agents and their shifts.
    People(PeopleAct),
    /// Changes the register of clients (BC-4).
    Client(ClientAct),
    /// Changes the directory of employees (HD-2).
    Employee(EmployeeAct),
}

/// How many digits of its secret's sum tell one token from another: 64 bits.
const TOKEN_ID_DIGITS: usize = 16;

/// Who may come in, by the hash of a secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The agent's or program's name; unique among tokens that are not revoked.
    pub name: SmolStr,
    /// What it may do.
    pub role: Role,
    /// The lines it works on; empty means every line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<u8>,
    /// The regulations whose tickets it has to do with; empty means every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub regulations: Vec<SmolStr>,
    /// The channels whose tickets it has to do with; empty means every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<SmolStr>,
    /// The instant from which it lets nobody in any more, in the desk's time; none where it holds until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// SHA-256 of the secret, in lower-case hex.
    pub hash: SmolStr,
}

impl Token {
    /// A token of that name, role and hash: on every line, for every ticket, until it is revoked.
    pub fn named(name: &str, role: Role, hash: &str) -> Self {
        Self {
            name: name.into(),
            role,
            lines: Vec::new(),
            regulations: Vec::new(),
            channels: Vec::new(),
            expires_at: None,
            hash: hash.into(),
        }
    }

    /// Whoever shows it.
    pub fn actor(&self) -> Actor {
        Actor {
            name: self.name.clone(),
            role: self.role,
            lines: self.lines.clone(),
            scope: self.scope(),
            requester: self.role == Role::Intake,
        }
    }

    /// The tickets it has to do with.
    pub fn scope(&self) -> Scope {
        Scope { regulations: self.regulations.clone(), channels: self.channels.clone() }
    }

    /// What tells it from all others, also from one that bears its name later: the beginning of its secret's sum.
    pub fn id(&self) -> SmolStr {
        self.hash.get(..TOKEN_ID_DIGITS).unwrap_or(&self.hash).into()
    }

    /// Whether it lets nobody in any more at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| now >= at)
    }
}

/// `register`: opens a ticket.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// The regulation's id; may be left out where the desk runs one.
    pub regulation: Option<String>,
    /// The channel's id. Required.
    #[schema(value_type = String, example = "email", required = true, min_length = 1)]
    pub channel: Option<String>,
    /// The type's id. Required.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "error", required = true, min_length = 1)]
    pub kind: Option<String>,
    /// One line that says what it is about. Required; at most 1,000 characters.
    #[schema(value_type = String, example = "Не открывается форма отчёта", required = true, min_length = 1, max_length = 1000, pattern = r"\S")]
    pub subject: Option<String>,
    /// The requester's own words; at most 65,536 bytes.
    pub description: Option<String>,
    /// Who asks.
    pub requester: Option<Requester>,
    /// The organisation asked for.
    pub client: Option<String>,
    /// The regulation's own fields.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub fields: BTreeMap<String, Value>,
    /// The service concerned.
    pub service: Option<String>,
    /// The urgency as the requester tells it.
    pub urgency: Option<String>,
    /// The priority, where the regulation leaves it to the requester.
    pub priority: Option<String>,
    /// The ticket that this one goes on from; they are linked as `follow-up` (GM-5.27, PM-C8).
    #[schema(value_type = Option<u64>)]
    pub follows: Option<TicketNumber>,
    /// What another system knows it by.
    pub reference: Option<Reference>,
    /// Takes the ticket though required fields are missing; they are asked for afterwards (GM-5.21).
    #[serde(default)]
    pub incomplete: bool,
}

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Requester {
    /// Name, as they sign.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address, where letters go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Taxpayer number of a Russian organisation (10 digits) or person (12 digits), check digits valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "7707083893")]
    pub inn: Option<String>,
    /// Login in the system concerned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
}

impl Requester {
    /// What is known, with what has come to be known besides.
    #[must_use]
    pub fn with(self, more: Self) -> Self {
        Self {
            name: more.name.or(self.name),
            email: more.email.or(self.email),
            phone: more.phone.or(self.phone),
            inn: more.inn.or(self.inn),
            login: more.login.or(self.login),
        }
    }
}

/// `reply`: something said by the desk.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// The words. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub text: Option<String>,
    /// For the desk's eyes only; meets no reaction term.
    #[serde(default)]
    pub internal: bool,
}

/// `ask`, `answer`, `urgent`, `complain`, `ask-lead`: words.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// The words. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub text: Option<String>,
}

/// `status`: a move the regulation's status machine allows.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatusMove {
    /// The status to move to. Required.
    #[schema(value_type = String, required = true, min_length = 1)]
    pub to: Option<String>,
    /// Why.
    pub reason: Option<String>,
}

/// `classify`: another type, service or fields, or what was missing at the registration; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    /// The type's id.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// The service concerned.
    pub service: Option<String>,
    /// The urgency, where it turns out to be another.
    pub urgency: Option<String>,
    /// What was missing of who asks; what is left out of it stays.
    pub requester: Option<Requester>,
    /// The organisation asked for.
    pub client: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// Fields to set; `null` takes one away.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub fields: BTreeMap<String, Value>,
    /// Why.
    pub reason: Option<String>,
}

/// `priority`: another priority.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriorityChange {
    /// The priority's id. Required.
    #[schema(value_type = String, required = true, min_length = 1)]
    pub to: Option<String>,
    /// Why. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub reason: Option<String>,
}

/// `assign`: who works on it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Assign {
    /// The agent; exactly one of agent and group.
    pub agent: Option<String>,
    /// The group; exactly one of agent and group.
    pub group: Option<String>,
    /// Why. Required where another agent has the ticket, and where the regulation says so.
    pub reason: Option<String>,
}

/// `transfer`: to another agent, with a reason.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    /// The agent. Required.
    #[schema(value_type = String, required = true, min_length = 1)]
    pub agent: Option<String>,
    /// Why. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub reason: Option<String>,
}

/// `route`: to another line.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The line. Required.
    #[schema(value_type = u8, required = true)]
    pub line: Option<u8>,
    /// Why.
    pub reason: Option<String>,
    /// What developers need (GM-A2).
    pub bug_report: Option<BugReport>,
}

/// What developers need to work on an error (GM-A2).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BugReport {
    /// A title of as many words as the regulation asks for. Required.
    #[schema(value_type = String, required = true, pattern = r"\S")]
    pub title: Option<String>,
    /// What is wrong, in short.
    pub description: Option<String>,
    /// The client, with a link.
    pub client: Option<String>,
    /// The document concerned.
    pub document: Option<String>,
    /// What should have happened.
    pub expected: Option<String>,
    /// What happened.
    pub actual: Option<String>,
    /// How to see it again: a list, or one text.
    #[serde(default, deserialize_with = "one_or_many")]
    pub steps: Vec<String>,
    /// Names of attachments: a list, or one.
    #[serde(default, deserialize_with = "one_or_many")]
    pub attachments: Vec<String>,
}

/// `estimate`: the planned term, where the regulation leaves it to an estimate.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The deadline, RFC 3339 with an offset. Required.
    #[schema(value_type = String, example = "2026-12-14T19:00:00+03:00", required = true, format = DateTime)]
    pub deadline: Option<String>,
    /// Why. Required where there was an estimate before.
    pub reason: Option<String>,
}

/// `defer`: the solution is put off.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Defer {
    /// One of the regulation's reasons. Required.
    #[schema(value_type = String, example = "needs-development", required = true, min_length = 1)]
    pub reason: Option<String>,
}

/// `extend`: another planned term.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Extend {
    /// The new deadline, RFC 3339 with an offset. Required.
    #[schema(value_type = String, example = "2026-11-30T18:00:00+03:00", required = true, format = DateTime)]
    pub deadline: Option<String>,
    /// Why. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub reason: Option<String>,
    /// The preliminary answer to the requester. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub text: Option<String>,
}

/// `resolve`: the solution.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resolve {
    /// The solution and the steps to it. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub text: Option<String>,
    /// Where the source of the problem lay; required where the regulation lists sources (BC-12).
    pub source: Option<String>,
    /// Forbidden phrases the agent uses nonetheless, each by name (GM-5.25).
    #[serde(default)]
    pub despite: Vec<String>,
}

/// `confirm`: the requester is content.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirm {
    /// One of the regulation's marks, a word or a number; left out, the regulation's default counts.
    #[serde(default, deserialize_with = "word_or_number")]
    #[schema(example = "satisfactory")]
    pub mark: Option<String>,
    /// In the requester's words.
    pub comment: Option<String>,
}

/// `return`: the requester is not content.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Return {
    /// Why. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub reason: Option<String>,
}

/// `refuse`, `close`: an end without a solution.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ending {
    /// Why. Required; one of the regulation's reasons where it lists them.
    #[schema(value_type = String, required = true, min_length = 1)]
    pub reason: Option<String>,
    /// To the requester.
    pub text: Option<String>,
}

/// What joins two tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinkKind {
    /// They look alike (GM-5.28).
    Similar,
    /// This one says the same as the other.
    Duplicate,
    /// The other is the problem behind this one (GM-5.10).
    Problem,
    /// This one goes on where the other ended.
    FollowUp,
}

/// `link`: joins two tickets.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The other ticket. Required.
    #[schema(value_type = u64, required = true)]
    pub to: Option<TicketNumber>,
    /// What joins them. Required.
    #[schema(value_type = LinkKind, required = true)]
    pub kind: Option<LinkKind>,
}

/// `prefer`: another order of a client's tickets.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Prefer {
    /// What was agreed, and with whom. Required.
    #[schema(value_type = String, example = "По телефону с Петровой: сначала этот", required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub reason: Option<String>,
}

/// `take-next`: which part of the queue is meant.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeNext {
    /// A regulation's id.
    #[schema(example = "profman-iss")]
    pub regulation: Option<String>,
    /// A line; left out, every line the caller works on.
    pub line: Option<u8>,
    /// A group.
    pub group: Option<String>,
}

/// `escalate`: a question to a department (ZS-7).
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Escalate {
    /// What it is about: one of the regulation's topics, which says who is asked. Required.
    #[schema(value_type = String, example = "legal", required = true, min_length = 1)]
    pub topic: Option<String>,
    /// The way it goes there: one that the topic lists. Required.
    #[schema(value_type = String, example = "mattermost", required = true, min_length = 1)]
    pub channel: Option<String>,
    /// The question. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub text: Option<String>,
}

/// `escalation-answer`: what a department says.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationAnswer {
    /// The number of the escalation, from the ticket's `escalations`. Required.
    #[schema(value_type = u16, example = 1, required = true)]
    pub escalation: Option<u16>,
    /// The answer. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub text: Option<String>,
}

/// `merge`: the ticket says the same as another, and is closed.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The other ticket. Required.
    #[schema(value_type = u64, required = true)]
    pub into: Option<TicketNumber>,
    /// To the requester.
    pub text: Option<String>,
}

/// `issue`: a request for a product team's tracker (HD-13).
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenIssue {
    /// Which tracker: one of the regulation's. Required.
    #[schema(value_type = String, example = "product", required = true, min_length = 1)]
    pub tracker: Option<String>,
    /// Its key there, where it is there already; at most 200 characters.
    #[schema(example = "CRM-4711")]
    pub key: Option<String>,
    /// Where it is to be seen there, `https://…`.
    pub url: Option<String>,
    /// What is wanted. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub text: Option<String>,
}

/// `issue-status`: what a tracker tells of a request. At least one of key, url, status and done; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TellIssue {
    /// The number of the issue, from the ticket's `issues`. Required.
    #[schema(value_type = u16, example = 1, required = true)]
    pub issue: Option<u16>,
    /// Its key there; at most 200 characters.
    #[schema(example = "CRM-4711")]
    pub key: Option<String>,
    /// Where it is to be seen there, `https://…`.
    pub url: Option<String>,
    /// How it stands, in the tracker's words; at most 200 characters.
    #[schema(example = "In review")]
    pub status: Option<String>,
    /// Whether it is over there.
    pub done: Option<bool>,
}

/// `lead-answer`: what the lead says to a question.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadAnswer {
    /// The number of the question, from the ticket's `lead_questions`. Required.
    #[schema(value_type = u16, example = 1, required = true)]
    pub question: Option<u16>,
    /// The answer. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub text: Option<String>,
}

/// `cite`: a page of the knowledge base that helps with the ticket.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cite {
    /// Where it is, `https://…`. Required.
    #[schema(value_type = String, example = "https://kb.example.ru/vpn", required = true, min_length = 1)]
    pub url: Option<String>,
    /// What it is called; at most 200 characters.
    pub title: Option<String>,
}

/// A problem to open.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenProblem {
    /// What it is about, one line. Required; at most 1,000 characters.
    #[schema(value_type = String, example = "Не печатаются этикетки", required = true, min_length = 1, max_length = 1000, pattern = r"\S")]
    pub title: Option<String>,
    /// Its tickets, of one regulation. Required: 1 to 1,000.
    #[serde(default)]
    #[schema(value_type = Vec<u64>, required = true, min_items = 1, max_items = 1000, example = json!([1024, 1027]))]
    pub tickets: Vec<TicketNumber>,
    /// The ticket that it is worked on as; one of those.
    #[schema(value_type = Option<u64>)]
    pub worked_as: Option<TicketNumber>,
}

/// Tickets of a problem.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketList {
    /// Which. Required: 1 to 1,000.
    #[serde(default)]
    #[schema(value_type = Vec<u64>, required = true, min_items = 1, max_items = 1000, example = json!([1030]))]
    pub tickets: Vec<TicketNumber>,
}

/// Tickets that are suggested for a problem belong to it.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmProblem {
    /// What it is about, where that is to be said otherwise; at most 1,000 characters.
    pub title: Option<String>,
    /// The ticket that it is worked on as from here on; one that is linked or suggested.
    #[schema(value_type = Option<u64>)]
    pub worked_as: Option<TicketNumber>,
}

/// A suspected problem is none.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissProblem {
    /// Why. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub reason: Option<String>,
}

/// A problem is solved.
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloseProblem {
    /// The answer to everybody. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 65536, pattern = r"\S")]
    pub text: Option<String>,
    /// Whether its open tickets are resolved with that answer.
    #[serde(default)]
    pub resolve: bool,
    /// Where the source of the problem lay; required with `resolve` where the regulation lists sources (BC-12).
    pub source: Option<String>,
}

/// `split`: a second problem gets a ticket of its own (GM-5.11).
#[derive(Clone, Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Split {
    /// What the second problem is about. Required.
    #[schema(value_type = String, required = true, min_length = 1, max_length = 1000, pattern = r"\S")]
    pub subject: Option<String>,
    /// Fields that differ from the first ticket's; `null` takes one away.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub fields: BTreeMap<String, Value>,
}

impl Command {
    /// The numbers of the tickets that it names: those that are put away are to be fetched before it is decided.
    pub fn tickets(&self) -> impl Iterator<Item = TicketNumber> {
        let (first, second) = match self {
            Command::Register(register) => (None, register.follows),
            Command::Ticket { number, if_revision: _, act } => (Some(*number), act.other_ticket()),
            Command::ApplyRegulation { number, version: _ }
            | Command::Attachments { number, act: _ }
            | Command::Sealed { number, act: _ } => (Some(*number), None),
            Command::Letter { id, act: _ } => (Some(id.ticket), None),
            // An alarm's ticket is not put away, as long as there is the alarm.
            Command::Desk(_)
            | Command::Alert(_)
            | Command::AlertsOverLimit(_)
            | Command::Problem(_)
            // What is to be taken is open, and so here.
            | Command::TakeNext(_) => (None, None),
        };
        let of_problem = if let Command::Problem(act) = self { act.tickets() } else { &[] };
        first.into_iter().chain(second).chain(of_problem.iter().copied().take(NAMED_MAX))
    }

    /// Whether an agent who gives it is shown what looks alike: where a ticket begins, and before and as it goes up
    /// (GM-5.10).
    pub fn shows_alike(&self) -> bool {
        matches!(
            self,
            Command::Register(_)
                | Command::TakeNext(_)
                | Command::Ticket { act: Act::Take | Act::Route(_), .. }
        )
    }

    /// Whether it opens a ticket or takes one from the queue: until it is decided, nobody knows which.
    pub fn finds_ticket(&self) -> bool {
        matches!(self, Command::Register(_) | Command::TakeNext(_))
    }

    /// The source and the key of the reference that it names: of its tickets that are put away, the newest is to be
    /// fetched before it is decided, where none of the others is open.
    pub fn reference(&self) -> Option<(&str, &str)> {
        match self {
            Command::Alert(alert) => Some((ALERTS, &alert.fingerprint)),
            Command::AlertsOverLimit(_) => Some((ALERTS, OVER_LIMIT)),
            Command::Register(_)
            | Command::Ticket { .. }
            | Command::ApplyRegulation { .. }
            | Command::Attachments { .. }
            | Command::Sealed { .. }
            | Command::TakeNext(_)
            | Command::Desk(_)
            | Command::Letter { .. }
            | Command::Problem(_) => None,
        }
    }
}

impl ProblemAct {
    /// The tickets that it names.
    fn tickets(&self) -> &[TicketNumber] {
        match self {
            Self::Open(OpenProblem { tickets, .. })
            | Self::Link(_, TicketList { tickets })
            | Self::Unlink(_, TicketList { tickets }) => tickets,
            Self::Confirm(_, said) => said.worked_as.as_slice(),
            Self::Dismiss(..) | Self::Close(..) => &[],
        }
    }
}

/// Why a verb and its JSON are no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCommand {
    /// No such verb.
    #[error("unknown verb `{verb}`; a verb is one of {known}", known = Act::VERBS.join(", "))]
    UnknownVerb {
        /// What was asked for.
        verb: String,
    },
    /// The JSON does not fit the verb; all that does not.
    #[error("{}", list(.0))]
    Fields(Vec<FieldError>),
}

impl Act {
    /// The verbs of the contract that change a ticket.
    pub const VERBS: [&'static str; 31] = [
        "reply",
        "ask",
        "answer",
        "status",
        "classify",
        "priority",
        "take",
        "assign",
        "transfer",
        "route",
        "estimate",
        "extend",
        "defer",
        "resolve",
        "confirm",
        "return",
        "refuse",
        "close",
        "link",
        "split",
        "urgent",
        "escalate",
        "escalation-answer",
        "complain",
        "prefer",
        "merge",
        "issue",
        "issue-status",
        "ask-lead",
        "lead-answer",
        "cite",
    ];

    /// The verb's name in paths and logs.
    pub const fn verb(&self) -> &'static str {
        match self {
            Act::Reply(_) => "reply",
            Act::Ask(_) => "ask",
            Act::Answer(_) => "answer",
            Act::Status(_) => "status",
            Act::Classify(_) => "classify",
            Act::Priority(_) => "priority",
            Act::Take => "take",
            Act::Assign(_) => "assign",
            Act::Transfer(_) => "transfer",
            Act::Route(_) => "route",
            Act::Estimate(_) => "estimate",
            Act::Extend(_) => "extend",
            Act::Defer(_) => "defer",
            Act::Resolve(_) => "resolve",
            Act::Confirm(_) => "confirm",
            Act::Return(_) => "return",
            Act::Refuse(_) => "refuse",
            Act::Close(_) => "close",
            Act::Link(_) => "link",
            Act::Split(_) => "split",
            Act::Urgent(_) => "urgent",
            Act::Escalate(_) => "escalate",
            Act::EscalationAnswer(_) => "escalation-answer",
            Act::Complain(_) => "complain",
            Act::Prefer(_) => "prefer",
            Act::Merge(_) => "merge",
            Act::Issue(_) => "issue",
            Act::IssueStatus(_) => "issue-status",
            Act::AskLead(_) => "ask-lead",
            Act::LeadAnswer(_) => "lead-answer",
            Act::Cite(_) => "cite",
        }
    }

    /// The ticket it names besides the one it changes.
    fn other_ticket(&self) -> Option<TicketNumber> {
        match self {
            Act::Link(link) => link.to,
            Act::Merge(merge) => merge.into,
            Act::Reply(_)
            | Act::Ask(_)
            | Act::Answer(_)
            | Act::Status(_)
            | Act::Classify(_)
            | Act::Priority(_)
            | Act::Take
            | Act::Assign(_)
            | Act::Transfer(_)
            // The problem behind a ticket matters while it is open, and then it is not put away.
            | Act::Route(_)
            | Act::Estimate(_)
            | Act::Extend(_)
            | Act::Defer(_)
            | Act::Resolve(_)
            | Act::Confirm(_)
            | Act::Return(_)
            | Act::Refuse(_)
            | Act::Close(_)
            | Act::Split(_)
            | Act::Urgent(_)
            | Act::Escalate(_)
            | Act::EscalationAnswer(_)
            | Act::Complain(_)
            | Act::Prefer(_)
            | Act::Issue(_)
            | Act::IssueStatus(_)
            | Act::AskLead(_)
            | Act::LeadAnswer(_)
            | Act::Cite(_) => None,
        }
    }

    /// Builds the act of a verb from its JSON.
    ///
    /// # Errors
    /// [`BadCommand`] names the verb, or every field that does not fit.
    pub fn from_json(verb: &str, body: impl Borrow<Value>) -> Result<Self, BadCommand> {
        Self::read(verb, body.borrow())?.whole().map_err(BadCommand::Fields)
    }

    /// Reads the act of a verb from its JSON, as far as it fits.
    ///
    /// # Errors
    /// [`BadCommand::UnknownVerb`].
    pub fn read(verb: &str, body: &Value) -> Result<Read<Self>, BadCommand> {
        Ok(match verb {
            "reply" => read(body).map(Act::Reply),
            "ask" => read(body).map(Act::Ask),
            "answer" => read(body).map(Act::Answer),
            "status" => read(body).map(Act::Status),
            "classify" => read(body).map(Act::Classify),
            "priority" => read(body).map(Act::Priority),
            "take" => read(body).map(|Nothing {}| Act::Take),
            "assign" => read(body).map(Act::Assign),
            "transfer" => read(body).map(Act::Transfer),
            "route" => read(body).map(Act::Route),
            "estimate" => read(body).map(Act::Estimate),
            "extend" => read(body).map(Act::Extend),
            "defer" => read(body).map(Act::Defer),
            "resolve" => read(body).map(Act::Resolve),
            "confirm" => read(body).map(Act::Confirm),
            "return" => read(body).map(Act::Return),
            "refuse" => read(body).map(Act::Refuse),
            "close" => read(body).map(Act::Close),
            "link" => read(body).map(Act::Link),
            "split" => read(body).map(Act::Split),
            "urgent" => read(body).map(Act::Urgent),
            "escalate" => read(body).map(Act::Escalate),
            "escalation-answer" => read(body).map(Act::EscalationAnswer),
            "complain" => read(body).map(Act::Complain),
            "prefer" => read(body).map(Act::Prefer),
            "merge" => read(body).map(Act::Merge),
            "issue" => read(body).map(Act::Issue),
            "issue-status" => read(body).map(Act::IssueStatus),
            "ask-lead" => read(body).map(Act::AskLead),
            "lead-answer" => read(body).map(Act::LeadAnswer),
            "cite" => read(body).map(Act::Cite),
            unknown => return Err(BadCommand::UnknownVerb { verb: unknown.to_owned() }),
        })
    }
}

impl TakeNext {
    /// Builds a wish for the next ticket from its JSON.
    ///
    /// # Errors
    /// [`BadCommand::Fields`] names every field that does not fit.
    pub fn from_json(body: impl Borrow<Value>) -> Result<Self, BadCommand> {
        read(body.borrow()).whole().map_err(BadCommand::Fields)
    }
}

impl Register {
    /// Builds a registration from its JSON.
    ///
    /// # Errors
    /// [`BadCommand::Fields`] names every field that does not fit.
    pub fn from_json(body: impl Borrow<Value>) -> Result<Self, BadCommand> {
        Self::read(body.borrow()).whole().map_err(BadCommand::Fields)
    }

    /// Reads a registration from its JSON, as far as it fits.
    pub fn read(body: &Value) -> Read<Self> {
        read(body)
    }
}

/// A word; a number stands for its digits.
fn word_or_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(word) => Ok(Some(word)),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            Err(de::Error::custom("must be a text or a number"))
        }
    }
}

/// A list of texts; one text stands for a list of one.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(Vec::new()),
        Value::String(one) => Ok(vec![one]),
        many => Vec::deserialize(many).map_err(|_| de::Error::custom("must be a list of texts, or a text")),
    }
}

/// A verb without fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}
