//! The journal: what an admin reads at three in the morning.
//!
//! Every line about a ticket bears the field `TICKET`, so that its whole story is `journalctl TICKET=1024`. What
//! broke a promise is a warning, the rest of a ticket's life information; texts of people stay out of the journal. What
//! an admin has to react to bears a [`message`]. What repeats itself is bounded ([`bound`]).

pub mod bound;
pub mod event;
pub mod message;
pub mod request;

use calendars::{Timestamp, Tz};
use log::Level;

use crate::desk::event::{TermReason, Turn};
use crate::desk::letter::SkippedWhy;
use crate::desk::people::Staffing;
use crate::desk::problem::ProblemTurn;
use crate::desk::{Event, ProblemNumber};

pub use self::event::tell;

/// What an event is in one line, and how loud it is.
#[expect(clippy::too_many_lines, reason = "an arm for each event, none of them long")]
pub fn headline(event: &Event) -> (Level, String) {
    match event {
        Event::Registered(r) => (
            Level::Info,
            format!(
                "registered by {} as {} {} under {}, line {}",
                r.channel, r.priority, r.kind, r.regulation, r.line
            ),
        ),
        Event::Replied { internal: true, .. } => (Level::Info, "internal note".into()),
        Event::Replied { .. } => (Level::Info, "reply to the requester".into()),
        Event::Asked { .. } => (Level::Info, "question to the requester".into()),
        Event::Answered { .. } => (Level::Info, "the requester answered".into()),
        Event::StatusChanged { from, to, .. } => (Level::Info, format!("status {from} -> {to}")),
        Event::Classified { .. } => (Level::Info, "classified anew".into()),
        Event::PriorityChanged { from, to, critical: true, .. } => {
            (Level::Warn, format!("priority {from} -> {to}, which is an alarm of itself"))
        }
        Event::PriorityChanged { from, to, .. } => (Level::Info, format!("priority {from} -> {to}")),
        Event::Assigned { agent, group, why, .. } => {
            let to = match (agent, group) {
                (Some(agent), _) => agent.to_string(),
                (None, Some(group)) => format!("group {group}"),
                (None, None) => "nobody".to_owned(),
            };
            let why = why.map_or_else(String::new, |why| format!(": {}", why.words()));
            (Level::Info, format!("assigned to {to}{why}"))
        }
        Event::Routed { from, to, .. } => (Level::Info, format!("line {from} -> {to}")),
        Event::Estimated { deadline, .. } => (Level::Info, format!("term estimated: {}", utc(*deadline))),
        Event::Deferred { reason } => (Level::Info, format!("put off: {reason}")),
        Event::RegulationApplied { from, to } => {
            (Level::Info, format!("works by version {to} of its regulation, after {from}"))
        }
        Event::Extended { deadline, .. } => (Level::Info, format!("term extended to {}", utc(*deadline))),
        Event::Resolved { .. } => (Level::Info, "answered with a solution".into()),
        Event::Confirmed { .. } => (Level::Info, "confirmed by the requester".into()),
        Event::Returned { .. } => (Level::Info, "returned by the requester".into()),
        Event::Refused { .. } => (Level::Info, "refused".into()),
        Event::Closed { reason, .. } => (Level::Info, format!("closed: {reason}")),
        Event::Linked { to, .. } => (Level::Info, format!("linked to ticket {to}")),
        Event::Urgent { .. } => (Level::Warn, "marked urgent".into()),
        Event::Alerted { firing: true, .. } => (Level::Info, "its alert fires".into()),
        Event::Alerted { firing: false, .. } => (Level::Info, "its alert is resolved".into()),
        Event::AlertsCounted { count, .. } => {
            (Level::Warn, format!("{count} alerts have no ticket of their own and are counted here"))
        }
        Event::Escalated { escalation, topic, department, channel, .. } => {
            (Level::Info, format!("escalation {escalation} to {department} by {channel}, topic {topic}"))
        }
        Event::EscalationAnswered { escalation, .. } => {
            (Level::Info, format!("escalation {escalation} answered"))
        }
        Event::EscalationWithdrawn { escalation } => {
            (Level::Info, format!("escalation {escalation} withdrawn, the ticket is closed"))
        }
        Event::Preferred { .. } => (Level::Info, "goes before its client's others, as agreed".into()),
        Event::Complained { .. } => (Level::Warn, "the requester complained: for the head".into()),
        Event::Clock { metric, turn, .. } => match turn {
            Turn::Breached { at, late: _ } => {
                (Level::Warn, format!("{metric} term breached at {}", utc(*at)))
            }
            Turn::Warned { deadline } => {
                (Level::Info, format!("{metric} term runs out soon, at {}", utc(*deadline)))
            }
            Turn::Started { .. } => (Level::Debug, format!("{metric} clock started")),
            Turn::Paused { .. } => (Level::Debug, format!("{metric} clock paused")),
            Turn::Resumed { .. } => (Level::Debug, format!("{metric} clock runs on")),
            Turn::Retargeted { why: TermReason::ClockCorrected, term, .. } => (
                Level::Info,
                format!("{metric} clock reckoned anew by the true time{}", until(term.deadline)),
            ),
            Turn::Retargeted { term, .. } => {
                (Level::Info, format!("{metric} has another term{}", until(term.deadline)))
            }
            Turn::RanOut { .. } => (Level::Info, format!("{metric} term ran out")),
            Turn::Stopped { .. } => (Level::Debug, format!("{metric} clock stopped")),
        },
        Event::AlarmAcked { alarm } => (Level::Info, format!("alarm {alarm} acknowledged")),
        Event::AlarmShelved { alarm, until, reason } => {
            let why = reason.as_deref().map_or_else(String::new, |reason| format!(": {reason}"));
            (Level::Info, format!("alarm {alarm} shelved until {}{why}", utc(*until)))
        }
        Event::AlarmUnshelved { alarm } => (Level::Info, format!("alarm {alarm} calls anew, from the shelf")),
        Event::Silenced { .. } => (Level::Info, "the buzzer was silenced for what called".to_owned()),
        Event::PartFailed { part, text, .. } => (Level::Error, format!("{part} failed: {text}")),
        Event::PartWorks { part, .. } => (Level::Info, format!("{part} works again")),
        Event::TimeTrusted { behind_ms } => {
            let told =
                format!("the time is trusted; it had been held {} s before the true one", behind_ms / 1_000);
            (Level::Warn, told)
        }
        Event::Muted { until } => (Level::Info, format!("buzzer muted until {}", utc(*until))),
        Event::TokenAdded { token } => {
            (Level::Info, format!("token {} added with role {}", token.name, token.role))
        }
        Event::ClientSet(terms) => (Level::Info, format!("client {} written down", terms.id)),
        Event::ContactAppointed(appointment) => (
            Level::Info,
            format!("client {} has another contact, by {}", appointment.client, appointment.notice),
        ),
        Event::ClientRemoved { client } => (Level::Info, format!("client {client} removed")),
        Event::EmployeesChanged { put, removed } => (
            Level::Info,
            format!("directory of employees: {} written down, {} taken out", put.len(), removed.len()),
        ),
        Event::IssueOpened { issue, tracker, key, .. } => {
            let key = key.as_deref().unwrap_or("to be opened");
            (Level::Info, format!("issue {issue} for the tracker {tracker}: {key}"))
        }
        Event::IssueChanged { issue, told } => {
            let done = if told.done == Some(true) { ", done" } else { "" };
            let key = told.key.as_deref().map_or_else(String::new, |key| format!(", key {key}"));
            (Level::Info, format!("issue {issue}: its tracker told of it{key}{done}"))
        }
        Event::LeadAsked { question, .. } => (Level::Info, format!("question {question} to the lead")),
        Event::LeadAnswered { question, .. } => {
            (Level::Info, format!("the lead answered question {question}"))
        }
        Event::Cited { .. } => (Level::Info, "an article of the knowledge base named".into()),
        Event::TokenRevoked { name } => (Level::Info, format!("token {name} revoked")),
        Event::Attached(file) => {
            (Level::Info, format!("attachment {} came: {}, {} bytes", file.id, file.media_type, file.bytes))
        }
        Event::AttachmentRemoved { id, .. } => (Level::Info, format!("attachment {id} removed")),
        Event::SealedSet { field, .. } => (Level::Info, format!("access data {field} put")),
        Event::SealedLooked { field } => (Level::Info, format!("access data {field} shown")),
        Event::Problem { problem, turn } => problem_turned(*problem, turn),
        Event::SealedErased { fields } => (Level::Info, format!("access data {} erased", fields.join(", "))),
        Event::AgentPut { agent } => (Level::Info, format!("agent {} added or changed", agent.name)),
        Event::AgentRemoved { name } => (Level::Info, format!("agent {name} removed")),
        Event::PresenceChanged { agent, to, presence } => {
            (Level::Info, format!("agent {agent} is {} for {}", presence.id(), to.id()))
        }
        Event::RosterChanged { removed, added } => {
            (Level::Info, format!("roster: {} shifts removed, {} added", removed.len(), added.len()))
        }
        Event::ShiftBegan { agent, until } => {
            (Level::Info, format!("agent {agent} is on shift until {}", utc(*until)))
        }
        Event::ShiftEnded { agent } => (Level::Info, format!("the shift of agent {agent} ended")),
        Event::StaffingChanged { regulation, staffing: Some(staffing) } => headline_of(regulation, staffing),
        Event::StaffingChanged { regulation, staffing: None } => {
            (Level::Info, format!("{regulation} asks for nobody on shift any more"))
        }
        Event::LetterQueued { letter, kind, hold_until, .. } => {
            let held = hold_until.map_or_else(String::new, |until| format!(", held until {}", utc(until)));
            (Level::Info, format!("letter {letter} ({kind}) queued{held}"))
        }
        Event::LetterSkipped { kind, why: SkippedWhy::NoAddress } => {
            (Level::Info, format!("no letter ({kind}): the requester has no address"))
        }
        Event::LetterSent { letter } => (Level::Info, format!("letter {letter} sent")),
        Event::LetterFailed { letter, .. } => (Level::Error, format!("letter {letter} cannot be delivered")),
        Event::LetterResent { letter, .. } => (Level::Info, format!("letter {letter} is to be sent again")),
        Event::MonthClosed { month, figures } => {
            let whole = figures.regulations.iter().filter_map(|regulation| regulation.slices.first());
            let closed: u32 = whole.map(|slice| slice.quality.closed).sum();
            (
                Level::Info,
                format!("month {month} closed with its figures: {closed} tickets were closed in it"),
            )
        }
    }
}

/// How a regulation's staffing stands; a short shift is a warning.
fn headline_of(regulation: &str, staffing: &Staffing) -> (Level, String) {
    let Staffing { on_shift, required, lacks, .. } = staffing;
    if !staffing.asked {
        return (Level::Info, format!("{regulation}: nobody is asked for now, {on_shift} on shift"));
    }
    let lacks = lacks.iter().map(|lack| format!(", {} {} of {}", lack.skill, lack.on_shift, lack.required));
    let lacks: String = lacks.collect();
    let level = if staffing.is_short() { Level::Warn } else { Level::Info };
    (level, format!("{regulation}: {on_shift} of {required} on shift{lacks}"))
}

fn problem_turned(problem: ProblemNumber, turn: &ProblemTurn) -> (Level, String) {
    let (level, what) = match turn {
        ProblemTurn::Opened { suspected: true, .. } => {
            (Level::Warn, "suspected: many alike tickets in one day; confirm or dismiss it".to_owned())
        }
        ProblemTurn::Opened { .. } => (Level::Info, "opened".to_owned()),
        ProblemTurn::Suggested { .. } => (Level::Info, "suggested for the ticket".to_owned()),
        ProblemTurn::Linked { .. } => (Level::Info, "linked to the ticket".to_owned()),
        ProblemTurn::Unlinked { .. } => (Level::Info, "taken from the ticket".to_owned()),
        ProblemTurn::Confirmed { upto, .. } => {
            (Level::Info, format!("confirmed, with what is suggested up to ticket {upto}"))
        }
        ProblemTurn::LinkedAll => (Level::Info, "linked to all that were confirmed".to_owned()),
        ProblemTurn::Mass => (Level::Warn, "is a mass problem".to_owned()),
        ProblemTurn::Dismissed { .. } => (Level::Info, "dismissed".to_owned()),
        ProblemTurn::Closed { resolve: true, .. } => {
            (Level::Info, "closed, its tickets are resolved".to_owned())
        }
        ProblemTurn::Closed { .. } => (Level::Info, "closed".to_owned()),
        ProblemTurn::Resolved => (Level::Info, "the ticket is resolved with it".to_owned()),
        ProblemTurn::LeftOpen { code, .. } => {
            (Level::Warn, format!("the ticket could not be resolved with it: {code}"))
        }
        ProblemTurn::ResolvedUpto { upto } => (Level::Info, format!("resolved up to ticket {upto}")),
        ProblemTurn::ToTell => (Level::Info, "its requesters are written to".to_owned()),
        ProblemTurn::ToldUpto { upto } => {
            (Level::Debug, format!("its requesters are written to up to ticket {upto}"))
        }
        ProblemTurn::ToldAll => (Level::Info, "all its requesters are written to".to_owned()),
        ProblemTurn::ResolvedAll => (Level::Info, "all its tickets are dealt with".to_owned()),
    };
    (level, format!("problem {problem}: {what}"))
}

/// An instant as the journal tells it.
fn utc(at: Timestamp) -> String {
    at.to_rfc3339(Tz::UTC)
}

fn until(deadline: Option<Timestamp>) -> String {
    deadline.map_or_else(String::new, |at| format!(", until {}", utc(at)))
}
