//! `route`: to another line of support.

use std::sync::Arc;

use super::{Draft, Wrong, in_brackets};
use crate::desk::actor::Actor;
use crate::desk::command::{BugReport, LinkKind, Route};
use crate::desk::event::Event;
use crate::desk::problem::{ProblemNumber, ProblemState};
use crate::desk::refusal::Refusal;
use crate::desk::regulation::{BugReportForm, Trigger};
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket, TicketNumber};

pub(super) fn route(draft: &mut Draft<'_>, route: &Route, actor: &Actor) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let lines: Vec<u8> = draft.regulation.lines.iter().map(|line| line.id).collect();
    let list = lines.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
    let to = match route.line {
        Some(line) if lines.contains(&line) => line,
        Some(line) => {
            wrong.add("line", format!("unknown {line}; one of {list}"));
            0
        }
        None => {
            wrong.add("line", format!("is required; one of {list}"));
            0
        }
    };
    let reason = wrong.optional_text("reason", route.reason.as_ref());
    let form = draft.regulation.bug_report.as_ref().filter(|form| form.line == to);
    if let (Some(form), Some(report)) = (form, &route.bug_report) {
        bug_report(form, report, &mut wrong);
    }
    wrong.done()?;
    let from = draft.ticket.facts.line;
    if from == to {
        return Ok(());
    }
    let routes = draft.regulation.line(from).map(|line| line.routes.clone()).unwrap_or_default();
    if !routes.contains(&to) {
        let list = routes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        let way = if list.is_empty() { "nowhere".to_owned() } else { format!("to line {list}") };
        return Err(Refusal::conflict("no-route", format!("line {from} routes {way}, not to line {to}")));
    }
    let rule = draft.regulation.verb("route");
    let held = to > from && rule.is_some_and(|rule| rule.held_by_problem);
    if let Some(by) = worked_on(draft).filter(|_| held) {
        let clause = in_brackets(rule.and_then(|rule| rule.clause.as_ref()));
        return Err(already_worked_on(draft.desk, by, actor, &clause));
    }
    draft.push(Event::Routed { from, to, reason, bug_report: route.bug_report.clone().map(Box::new) });
    if draft.ticket.assignee.is_some() {
        // Whoever had it works on the line it left.
        draft.push(Event::Assigned {
            agent: None,
            group: draft.ticket.group.clone(),
            reason: None,
            why: None,
        });
    }
    draft.triggers.push(Trigger::LineLeft);
    draft.triggers.push(Trigger::LineEntered);
    Ok(())
}

/// By what a ticket's problem is worked on.
#[derive(Clone, Copy)]
enum WorkedOn {
    /// A ticket that is open.
    As(TicketNumber),
    /// No ticket yet.
    Itself(ProblemNumber),
}

/// Why it is not routed up. What lies outside the actor's scope is not named.
fn already_worked_on(desk: &Desk, by: WorkedOn, actor: &Actor, clause: &str) -> Refusal {
    let sees_ticket =
        |number| desk.ticket(number).is_some_and(|ticket: Arc<Ticket>| actor.scope.covers_ticket(&ticket));
    let sees_problem =
        |number| desk.problem(number).is_some_and(|problem| actor.scope.covers_problem(&problem.regulation));
    let (what, ticket) = match by {
        WorkedOn::As(ticket) if sees_ticket(ticket) => {
            (format!("the problem is worked on as ticket {ticket} already"), Some(ticket))
        }
        WorkedOn::Itself(problem) if sees_problem(problem) => {
            (format!("problem {problem} is worked on already"), None)
        }
        WorkedOn::As(_) | WorkedOn::Itself(_) => {
            ("the problem behind this ticket is worked on already".to_owned(), None)
        }
    };
    let way_out = match by {
        WorkedOn::As(_) => "",
        WorkedOn::Itself(_) => {
            ". If this is the ticket to work on it by, confirm the problem with `worked_as`"
        }
    };
    let message = format!("{what}; do not route this one up{clause}{way_out}");
    Refusal::Conflict { code: "already-worked-on", message, ticket, status: None }
}

/// What is worked on already and is the problem behind this ticket (GM-5.10).
fn worked_on(draft: &Draft<'_>) -> Option<WorkedOn> {
    let is_open =
        |number| draft.desk.ticket(number).is_some_and(|ticket: Arc<Ticket>| ticket.stage == Stage::Open);
    let mut links = draft.ticket.links.iter().filter(|link| link.kind == LinkKind::Problem && !link.back);
    if let Some(link) = links.find(|link| is_open(link.to)) {
        return Some(WorkedOn::As(link.to));
    }
    let known = draft.ticket.problem.filter(|known| !known.suggested)?;
    let problem = draft.desk.problem(known.number).filter(|problem| problem.state == ProblemState::Open)?;
    match problem.worked_as {
        Some(ticket) if ticket == draft.ticket.number => None,
        Some(ticket) => is_open(ticket).then_some(WorkedOn::As(ticket)),
        None => Some(WorkedOn::Itself(problem.number)),
    }
}

/// Checks a bug report against the form (GM-A2).
fn bug_report(form: &BugReportForm, report: &BugReport, wrong: &mut Wrong) {
    let (least, most) = form.title_words;
    let words = report.title.as_deref().unwrap_or_default().split_whitespace().count();
    if words < least || words > most {
        wrong.add("bug_report.title", format!("has {words} words; {least} to {most}"));
    }
    for name in &form.required {
        let given = match name.as_str() {
            "title" => report.title.as_deref(),
            "description" => report.description.as_deref(),
            "client" => report.client.as_deref(),
            "document" => report.document.as_deref(),
            "expected" => report.expected.as_deref(),
            "actual" => report.actual.as_deref(),
            "steps" => report.steps.first().map(String::as_str),
            _ => report.attachments.first().map(String::as_str),
        };
        if name != "title" && given.is_none_or(|text| text.trim().is_empty()) {
            wrong.add(&format!("bug_report.{name}"), "is required");
        }
    }
}
