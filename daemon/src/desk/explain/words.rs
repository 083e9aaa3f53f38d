//! Events in words, for a person who asks why a clock turned.
//!
//! Titles are the regulation's own; what was said to and by the requester is left to the history.

use calendars::Tz;

use crate::desk::clocks::ClockKey;
use crate::desk::event::{AssignedWhy, Event, Registered, TermReason, Turn};
use crate::desk::regulation::Regulation;

/// What a turn says about its own reason.
pub(super) fn of_turn(turn: &Turn) -> Option<String> {
    match turn {
        Turn::Retargeted { why: TermReason::Derived, .. } => {
            Some("the regulation gives another target now".to_owned())
        }
        Turn::Retargeted { why: TermReason::Calendar, .. } => Some("another calendar counts now".to_owned()),
        Turn::Retargeted { why: TermReason::CalendarRevised, .. } => {
            Some("the calendar as it is now was applied".to_owned())
        }
        Turn::Retargeted { why: TermReason::ClockCorrected, .. } => Some(
            "it began while the box's time could not be trusted, and counts from the true time now"
                .to_owned(),
        ),
        // The estimate, the extension or the version itself is another event of the entry.
        Turn::Retargeted {
            why: TermReason::Estimated | TermReason::Extended | TermReason::Regulation,
            ..
        }
        | Turn::Started { .. }
        | Turn::Paused { .. }
        | Turn::Resumed { .. }
        | Turn::Warned { .. }
        | Turn::Breached { .. }
        | Turn::RanOut { .. }
        | Turn::Stopped { .. } => None,
    }
}

/// What else happened in the same entry; nothing for the clock's own turns, and for those of others that follow from
/// what happened as this one does.
#[expect(clippy::too_many_lines, reason = "an arm for each event there is")]
pub(super) fn of(
    event: &Event,
    asked: ClockKey,
    regulation: Option<&Regulation>,
    zone: Tz,
) -> Option<String> {
    let titles = Titles { regulation };
    Some(match event {
        Event::Registered(registered) => titles.registered(registered),
        Event::Replied { internal: false, .. } => "the desk replied".to_owned(),
        Event::Replied { internal: true, .. } => "a note was made".to_owned(),
        Event::Asked { .. } => "the requester was asked".to_owned(),
        Event::Answered { .. } => "the requester answered".to_owned(),
        Event::StatusChanged { from, to, reason, .. } => {
            format!("status {} → {}{}", titles.status(from), titles.status(to), because(reason.as_deref()))
        }
        Event::Classified {
            kind, service, urgency, requester, client, description, fields, reason, ..
        } => {
            let kind = kind.iter().map(|kind| titles.kind(kind).to_owned());
            let service = service.iter().map(|service| format!("service {service}"));
            let urgency = urgency.iter().map(|urgency| format!("urgency {urgency}"));
            let others = [
                ("requester", requester.is_some()),
                ("client", client.is_some()),
                ("description", description.is_some()),
            ];
            let others = others.into_iter().filter(|(_, there)| *there).map(|(name, _)| name.to_owned());
            let changed = kind.chain(service).chain(urgency).chain(others).chain(fields.keys().cloned());
            let changed: Vec<_> = changed.collect();
            format!("classified: {}{}", changed.join(", "), because(reason.as_deref()))
        }
        Event::PriorityChanged { from, to, reason, .. } => {
            format!("priority {} → {}{}", titles.priority(from), titles.priority(to), because(Some(reason)))
        }
        Event::Assigned { agent, group, reason, why } => {
            let to = match (agent, group) {
                (Some(agent), _) => format!("assigned to {agent}"),
                (None, Some(group)) => format!("assigned to the group {group}"),
                (None, None) => "nobody's now".to_owned(),
            };
            format!("{to}{}", because(reason.as_deref().or(why.map(AssignedWhy::words))))
        }
        Event::Routed { from, to, reason, .. } => {
            format!("line {from} → {to}{}", because(reason.as_deref()))
        }
        Event::Estimated { deadline, reason } => {
            format!("estimated to {}{}", deadline.to_rfc3339(zone), because(reason.as_deref()))
        }
        Event::Deferred { reason } => format!("put off ({})", titles.reason("defer", reason)),
        Event::RegulationApplied { from, to } if from == to => {
            format!("version {to} of the regulation was applied again")
        }
        Event::RegulationApplied { from, to } => {
            format!("version {to} of the regulation was applied, instead of {from}")
        }
        Event::Extended { deadline, reason, .. } => {
            format!("extended to {}{}", deadline.to_rfc3339(zone), because(Some(reason)))
        }
        Event::Resolved { .. } => "the solution was given".to_owned(),
        Event::Confirmed { mark, .. } => {
            let mark = mark.as_deref().map_or_else(String::new, |mark| format!(": {}", titles.mark(mark)));
            format!("the requester confirmed{mark}")
        }
        Event::Returned { reason } => format!("the requester returned it{}", because(Some(reason))),
        Event::Refused { reason, .. } => format!("refused{}", because(Some(reason))),
        Event::Closed { reason, .. } => format!("closed{}", because(Some(reason))),
        Event::Linked { to, .. } => format!("linked to ticket {to}"),
        Event::Urgent { .. } => "marked urgent".to_owned(),
        Event::Alerted { firing: true, .. } => "its alert fired".to_owned(),
        Event::Alerted { firing: false, .. } => "its alert was resolved".to_owned(),
        Event::AlertsCounted { count, .. } => format!("{count} more alerts were counted"),
        Event::Escalated { escalation, topic, channel, .. } => {
            format!("escalation {escalation}: a department was asked, {}, by {channel}", titles.topic(topic))
        }
        Event::EscalationAnswered { escalation, .. } => format!("escalation {escalation} was answered"),
        Event::EscalationWithdrawn { escalation } => {
            format!("escalation {escalation} was withdrawn, since the ticket was closed")
        }
        Event::Complained { .. } => "the requester complained".to_owned(),
        Event::LetterQueued { letter, kind, .. } => format!("letter {letter} ({kind}) was queued"),
        Event::LetterSent { letter } => format!("letter {letter} was sent"),
        Event::LetterFailed { letter, .. } => format!("letter {letter} could not be delivered"),
        Event::Preferred { reason } => {
            format!("it goes before the client's others, as agreed{}", because(Some(reason)))
        }
        Event::IssueOpened { issue, tracker, .. } => {
            format!("issue {issue} is wanted of {}", titles.tracker(tracker))
        }
        Event::IssueChanged { issue, told } => {
            format!("something was told of issue {issue}{}", because(told.status.as_deref()))
        }
        Event::LeadAsked { .. } => "the lead was asked".to_owned(),
        Event::LeadAnswered { .. } => "the lead answered".to_owned(),
        Event::Cited { .. } => "an article was named".to_owned(),
        Event::Clock { metric, cycle, turn: Turn::RanOut { .. } } if (*metric, *cycle) != asked => {
            format!("{} ran out", titles.clock(*metric))
        }
        Event::Clock { .. }
        | Event::AlarmAcked { .. }
        | Event::AlarmShelved { .. }
        | Event::AlarmUnshelved { .. }
        | Event::Silenced { .. }
        | Event::PartFailed { .. }
        | Event::PartWorks { .. }
        | Event::TimeTrusted { .. }
        | Event::Muted { .. }
        | Event::TokenAdded { .. }
        | Event::TokenRevoked { .. }
        | Event::ClientSet(_)
        | Event::ContactAppointed(_)
        | Event::ClientRemoved { .. }
        | Event::EmployeesChanged { .. }
        | Event::Attached(_)
        | Event::AttachmentRemoved { .. }
        | Event::SealedSet { .. }
        | Event::SealedLooked { .. }
        | Event::SealedErased { .. }
        | Event::AgentPut { .. }
        | Event::AgentRemoved { .. }
        | Event::PresenceChanged { .. }
        | Event::RosterChanged { .. }
        | Event::ShiftBegan { .. }
        | Event::ShiftEnded { .. }
        | Event::StaffingChanged { .. }
        | Event::MonthClosed { .. }
        | Event::LetterSkipped { .. }
        | Event::LetterResent { .. }
        | Event::Problem { .. } => return None,
    })
}

fn because(reason: Option<&str>) -> String {
    reason.filter(|reason| !reason.is_empty()).map_or_else(String::new, |reason| format!(" ({reason})"))
}

/// The regulation's own words for its ids; the ids where it is not loaded.
struct Titles<'a> {
    regulation: Option<&'a Regulation>,
}

impl<'a> Titles<'a> {
    fn registered(&self, registered: &'a Registered) -> String {
        format!(
            "registered: {}, {}, line {}, by {}",
            self.kind(&registered.kind),
            self.priority(&registered.priority),
            registered.line,
            self.channel(&registered.channel)
        )
    }

    fn kind(&self, id: &'a str) -> &'a str {
        self.regulation.and_then(|r| r.kind(id)).map_or(id, |named| &named.title)
    }

    fn priority(&self, id: &'a str) -> &'a str {
        self.regulation.and_then(|r| r.priority(id)).map_or(id, |priority| &priority.name.title)
    }

    fn status(&self, id: &'a str) -> &'a str {
        self.regulation.and_then(|r| r.status(id)).map_or(id, |status| &status.name.title)
    }

    fn channel(&self, id: &'a str) -> &'a str {
        self.regulation.and_then(|r| r.channel(id)).map_or(id, |channel| &channel.name.title)
    }

    fn reason(&self, verb: &str, id: &'a str) -> &'a str {
        let reasons = self.regulation.map(|r| r.reasons(verb)).unwrap_or_default();
        reasons.into_iter().find(|reason| reason.id == id).map_or(id, |reason| &reason.title)
    }

    fn topic(&self, id: &'a str) -> &'a str {
        self.regulation.and_then(|r| r.topic(id)).map_or(id, |topic| &topic.name.title)
    }

    fn tracker(&self, id: &'a str) -> &'a str {
        let trackers = self.regulation.map(|regulation| &regulation.trackers);
        let tracker = trackers.and_then(|trackers| trackers.iter().find(|tracker| tracker.id == id));
        tracker.map_or(id, |tracker| &tracker.title)
    }

    fn mark(&self, id: &'a str) -> &'a str {
        let mark = self.regulation.and_then(|r| r.marks.iter().find(|mark| mark.id == id));
        mark.map_or(id, |mark| &mark.title)
    }

    fn clock(&self, metric: crate::desk::Metric) -> &'a str {
        self.regulation.and_then(|r| r.clock(metric)).map_or(metric.id(), |rule| &rule.title)
    }
}
