//! The journal: what an admin reads at three in the morning.
//!
//! Every line about a ticket bears the field `TICKET`, so that its whole story is `journalctl TICKET=1024`. What
//! broke a promise is a warning, the rest of a ticket's life information; texts of people stay out of the journal.

use calendars::{Timestamp, Tz};
use log::Level;

use crate::desk::Event;
use crate::desk::event::{TermReason, Turn};
use crate::desk::report::{Month, MonthFigures};

/// What an event is in one line, and how loud it is.
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
        Event::Assigned { agent: Some(agent), .. } => (Level::Info, format!("assigned to {agent}")),
        Event::Assigned { group: Some(group), .. } => (Level::Info, format!("assigned to group {group}")),
        Event::Assigned { .. } => (Level::Info, "assigned to nobody".into()),
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
        Event::AlertsCounted { count } => {
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
            (Level::Warn, format!("the time is trusted; it had been held {behind_ms} ms before the true one"))
        }
        Event::Muted { until } => (Level::Info, format!("buzzer muted until {}", utc(*until))),
        Event::TokenAdded { token } => {
            (Level::Info, format!("token {} added with role {}", token.name, token.role))
        }
        Event::TokenRevoked { name } => (Level::Info, format!("token {name} revoked")),
        Event::Attached(file) => {
            (Level::Info, format!("attachment {} came: {}, {} bytes", file.id, file.media_type, file.bytes))
        }
        Event::AttachmentRemoved { id, .. } => (Level::Info, format!("attachment {id} removed")),
        Event::SealedSet { field, .. } => (Level::Info, format!("access data {field} put")),
        Event::SealedLooked { field } => (Level::Info, format!("access data {field} shown")),
        Event::SealedErased { fields } => (Level::Info, format!("access data {} erased", fields.join(", "))),
        Event::MonthClosed { month, figures } => (Level::Info, month_closed(*month, figures)),
    }
}

fn month_closed(month: Month, figures: &MonthFigures) -> String {
    let whole = figures.regulations.iter().filter_map(|regulation| regulation.slices.first());
    let closed: u32 = whole.map(|slice| slice.quality.closed).sum();
    format!("month {month} closed with its figures: {closed} tickets were closed in it")
}

/// An instant as the journal tells it.
fn utc(at: Timestamp) -> String {
    at.to_rfc3339(Tz::UTC)
}

fn until(deadline: Option<Timestamp>) -> String {
    deadline.map_or_else(String::new, |at| format!(", until {}", utc(at)))
}
