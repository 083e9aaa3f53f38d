//! The verbs: one function each, the `match` here.

use std::sync::Arc;

use calendars::Timestamp;
use smol_str::SmolStr;

use super::bounds::{self, room_for_link};
use super::escalate::{escalate, escalation_answer};
use super::help::{ask_lead, cite, lead_answer};
use super::merge::{self, merge};
use super::planned::{estimate, extend};
use super::queue::{one_by_one, prefer};
use super::register::{check, is_incomplete, split};
use super::route::route;
use super::{
    Decision, Draft, Wrong, assignment, clients, in_brackets, issue, may_not_set, need, one_of_roles, problem,
};
use crate::desk::actor::{Actor, Role};
use crate::desk::command::{
    Act, Assign, Classify, Confirm, Defer, Ending, Link, LinkKind, PriorityChange, Reply, Resolve, Return,
    StatusMove, Text, Transfer,
};
use crate::desk::event::{Event, Fact};
use crate::desk::problem::ProblemState;
use crate::desk::refusal::Refusal;
use crate::desk::regulation::{Regulation, Trigger};
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket};

pub(super) fn decide(
    desk: &Desk,
    ticket: &Arc<Ticket>,
    act: &Act,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    let (decision, after) = draft(desk, ticket, act, actor, at)?.finish_with_ticket();
    bounds::within(ticket, &after)?;
    Ok(decision)
}

/// The ticket as the verb makes it, before its clocks take their turns.
pub(super) fn draft<'a>(
    desk: &'a Desk,
    ticket: &Arc<Ticket>,
    act: &Act,
    actor: &Actor,
    at: Timestamp,
) -> Result<Draft<'a>, Refusal> {
    let role = match act {
        Act::Answer(_) | Act::Confirm(_) | Act::Return(_) | Act::Complain(_) | Act::IssueStatus(_) => {
            Role::Intake
        }
        Act::LeadAnswer(_) => Role::Lead,
        _ => Role::Agent,
    };
    need(actor, role, &format!("the verb `{}`", act.verb()))?;
    may_intake(act, actor)?;
    let mut draft = Draft::of(desk, ticket, &actor.name, at)?;
    if let Some(rule) = draft.regulation.verb(act.verb()) {
        one_of_roles(actor, &rule.roles, &format!("the verb `{}`", act.verb()), rule.clause.as_ref())?;
    }
    stage_allows(&draft, act)?;
    match act {
        Act::Reply(reply) => said(&mut draft, reply),
        Act::Ask(text) => ask(&mut draft, text),
        Act::Answer(text) => answer(&mut draft, text),
        Act::Status(to) => status(&mut draft, to),
        Act::Classify(classify) => self::classify(&mut draft, classify),
        Act::Priority(change) => priority(&mut draft, change, actor),
        Act::Take => take(&mut draft, actor),
        Act::Assign(to) => assign(&mut draft, to, actor),
        Act::Transfer(to) => transfer(&mut draft, to),
        Act::Route(to) => route(&mut draft, to, actor),
        Act::Estimate(term) => estimate(&mut draft, term),
        Act::Extend(to) => extend(&mut draft, to),
        Act::Defer(words) => defer(&mut draft, words),
        Act::Resolve(solution) => resolve(&mut draft, solution),
        Act::Confirm(words) => confirm(&mut draft, words),
        Act::Return(words) => returned(&mut draft, words),
        Act::Refuse(ending) => refuse(&mut draft, ending),
        Act::Close(ending) => close(&mut draft, ending),
        Act::Link(to) => link(&mut draft, to, actor),
        Act::Split(second) => split(&mut draft, second),
        Act::Urgent(text) => urgent(&mut draft, text),
        Act::Escalate(question) => escalate(&mut draft, question),
        Act::EscalationAnswer(answer) => escalation_answer(&mut draft, answer),
        Act::Complain(text) => complain(&mut draft, text),
        Act::Prefer(words) => prefer(&mut draft, words),
        Act::Merge(into) => merge(&mut draft, into, actor),
        Act::Issue(wanted) => issue::open(&mut draft, wanted),
        Act::IssueStatus(told) => issue::tell(&mut draft, told),
        Act::AskLead(text) => ask_lead(&mut draft, text),
        Act::LeadAnswer(words) => lead_answer(&mut draft, words),
        Act::Cite(article) => cite(&mut draft, article),
    }?;
    assignment::reopened(&mut draft);
    one_by_one(&draft, act, actor)?;
    Ok(draft)
}

/// A gateway that is bound to channels passes on words; what ends a ticket or opens it again is said by a portal, whose
/// token is bound to none.
fn may_intake(act: &Act, actor: &Actor) -> Result<(), Refusal> {
    if matches!(act, Act::Answer(_)) {
        return Ok(());
    }
    not_bound(actor, &format!("`{}`", act.verb()))
}

/// Refuses a gateway that is bound to channels. Files it passes on as it does words: they add to what is there. What takes
/// the place of what is there it does not, for it cannot say who speaks.
pub(super) fn not_bound(actor: &Actor, what: &str) -> Result<(), Refusal> {
    let is_bound = actor.role == Role::Intake && !actor.scope.channels.is_empty();
    if !is_bound {
        return Ok(());
    }
    Err(Refusal::Forbidden(format!(
        "an intake token that is bound to channels may register, answer and attach files only; {what} needs one that is bound to none"
    )))
}

/// Refuses what cannot be done at the ticket's stage.
fn stage_allows(draft: &Draft<'_>, act: &Act) -> Result<(), Refusal> {
    let stage = draft.ticket.stage;
    let (code, message) = match (act, stage) {
        (_, Stage::Open) if !matches!(act, Act::Confirm(_) | Act::Return(_)) => return Ok(()),
        (Act::Confirm(_) | Act::Return(_), Stage::Open) => {
            ("not-resolved", "has no answer yet that could be confirmed or returned")
        }
        (
            Act::Confirm(_)
            | Act::Return(_)
            | Act::Reply(_)
            | Act::Answer(_)
            | Act::Close(_)
            | Act::Assign(_)
            | Act::Transfer(_)
            | Act::Classify(_)
            | Act::EscalationAnswer(_)
            | Act::AskLead(_)
            | Act::Cite(_),
            Stage::Resolved,
        )
        // What was asked of others is told whenever they tell it.
        | (Act::Link(_) | Act::Status(_) | Act::Complain(_) | Act::IssueStatus(_) | Act::LeadAnswer(_), _) => {
            return Ok(());
        }
        // What time closed can still be marked, once.
        (Act::Confirm(words), Stage::Closed) if words.mark.is_some() && draft.ticket.mark.is_none() => {
            return Ok(());
        }
        (Act::Confirm(words), Stage::Closed) if words.mark.is_some() => {
            ("closed", "is closed and has its mark; a mark is given once")
        }
        (Act::Reply(reply), Stage::Closed) if reply.internal => return Ok(()),
        (Act::Return(_), Stage::Closed) => (
            "window-over",
            "is closed for good and cannot be returned; register a new ticket that `follows` it",
        ),
        (_, Stage::Resolved) => {
            ("not-open", "is answered and waits for the requester; `return` opens it again")
        }
        (_, _) => ("closed", "is closed; register a new ticket that `follows` it"),
    };
    Err(Refusal::Conflict {
        code,
        message: format!("ticket {} {message}", draft.ticket.number),
        ticket: Some(draft.ticket.number),
        status: Some(draft.ticket.facts.status.clone()),
    })
}

/// The status a verb leads to must be in the regulation.
pub(super) fn in_regulation(draft: &Draft<'_>, verb: &str) -> Result<(), Refusal> {
    if draft.regulation.verb(verb).is_some() {
        return Ok(());
    }
    Err(Refusal::conflict(
        "not-in-regulation",
        format!("regulation {} has no verb `{verb}`", draft.regulation.id),
    ))
}

pub(super) fn for_type(draft: &Draft<'_>, verb: &str) -> Result<(), Refusal> {
    let Some(rule) = draft.regulation.verb(verb) else { return Ok(()) };
    if rule.types.is_empty() || rule.types.contains(&draft.ticket.facts.kind) {
        return Ok(());
    }
    let clause = in_brackets(rule.clause.as_ref());
    let types = rule.types.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(", ");
    Err(Refusal::conflict("not-for-type", format!("`{verb}` is for tickets of type {types} only{clause}")))
}

fn text(words: &Text) -> Result<String, Refusal> {
    let mut wrong = Wrong::default();
    let text = wrong.text("text", words.text.as_ref());
    wrong.done()?;
    Ok(text)
}

/// A reason that must be there; one of the regulation's where it lists them for the verb.
pub(super) fn reason(
    regulation: &Regulation,
    verb: &str,
    given: Option<&String>,
    wrong: &mut Wrong,
) -> String {
    let known = regulation.reasons(verb);
    if known.is_empty() {
        wrong.text("reason", given)
    } else {
        wrong.one_of("reason", given, known.iter().map(|reason| reason.id.as_str())).to_string()
    }
}

fn said(draft: &mut Draft<'_>, reply: &Reply) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let text = wrong.text("text", reply.text.as_ref());
    wrong.done()?;
    draft.push(Event::Replied { text, internal: reply.internal });
    if !reply.internal {
        draft.triggers.push(Trigger::Replied);
    }
    Ok(())
}

fn ask(draft: &mut Draft<'_>, words: &Text) -> Result<(), Refusal> {
    in_regulation(draft, "ask")?;
    let text = text(words)?;
    draft.push(Event::Asked { text });
    draft.triggers.push(Trigger::Asked);
    draft.move_by_verb("ask", None);
    Ok(())
}

fn answer(draft: &mut Draft<'_>, words: &Text) -> Result<(), Refusal> {
    let text = text(words)?;
    draft.push(Event::Answered { text });
    draft.triggers.push(Trigger::Answered);
    if draft.ticket.stage == Stage::Open {
        draft.move_by_verb("answer", None);
    }
    Ok(())
}

fn status(draft: &mut Draft<'_>, to: &StatusMove) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let known = draft.regulation.statuses.iter().map(|status| status.name.id.as_str());
    let target = wrong.one_of("to", to.to.as_ref(), known);
    let reason = wrong.optional_text("reason", to.reason.as_ref());
    wrong.done()?;
    let from = draft.ticket.facts.status.clone();
    if from == target {
        return Ok(());
    }
    let moves = draft.regulation.status(&from).map(|status| status.moves.clone()).unwrap_or_default();
    if !moves.contains(&target) {
        let list = moves.iter().map(SmolStr::as_str).collect::<Vec<_>>().join(", ");
        let way = if list.is_empty() { "no status; use a verb".to_owned() } else { list };
        return Err(Refusal::Conflict {
            code: "move-not-allowed",
            message: format!("from `{from}` the verb `status` leads to {way}, not to `{target}`"),
            ticket: Some(draft.ticket.number),
            status: Some(from),
        });
    }
    draft.move_to(&target, None, reason);
    Ok(())
}

fn classify(draft: &mut Draft<'_>, classify: &Classify) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let regulation = draft.regulation.clone();
    let kind = classify.kind.as_ref().map(|_| {
        wrong.one_of("type", classify.kind.as_ref(), regulation.types.iter().map(|named| named.id.as_str()))
    });
    let reason = wrong.optional_text("reason", classify.reason.as_ref());
    let client = wrong.optional_text("client", classify.client.as_ref());
    let client = client.map(|name| clients::as_registered(draft.desk, &regulation, name));
    let description = wrong.optional_text("description", classify.description.as_ref());
    let was_derived = regulation.derived_priority(&draft.ticket.facts).name.id == draft.ticket.facts.priority;
    let known = draft.ticket.facts.requester.clone();
    let event = |incomplete: bool| Event::Classified {
        kind: kind.clone(),
        service: classify.service.as_deref().map(SmolStr::from),
        urgency: classify.urgency.as_deref().map(SmolStr::from),
        requester: classify.requester.clone().map(|more| Box::new(known.clone().with(more))),
        client: client.clone(),
        description: description.clone(),
        fields: classify.fields.clone(),
        incomplete,
        reason: reason.clone(),
    };
    let mut after = draft.ticket.clone();
    after.apply(&event(false), &draft.by, draft.at);
    check(&regulation, &after.facts, &mut wrong);
    wrong.done()?;
    let incomplete = is_incomplete(&regulation, &after.facts);
    after.facts.incomplete = incomplete;
    if after.facts == draft.ticket.facts {
        return Ok(());
    }
    draft.push(event(incomplete));
    // A priority that followed from the rules follows them on; one that an agent set stays.
    let derived = regulation.derived_priority(&draft.ticket.facts);
    if was_derived && derived.name.id != draft.ticket.facts.priority {
        draft.push(Event::PriorityChanged {
            from: draft.ticket.facts.priority.clone(),
            to: derived.name.id.clone(),
            critical: derived.alarm,
            reason: "follows from the classification".to_owned(),
        });
    }
    Ok(())
}

fn priority(draft: &mut Draft<'_>, change: &PriorityChange, actor: &Actor) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let regulation = draft.regulation.clone();
    let known = regulation.priorities.iter().map(|priority| priority.name.id.as_str());
    let to = wrong.one_of("to", change.to.as_ref(), known);
    let reason = reason(&regulation, "priority", change.reason.as_ref(), &mut wrong);
    wrong.done()?;
    let priority = regulation.priority(&to).expect("checked above");
    if let Some(refusal) = may_not_set(priority, actor) {
        return Err(Refusal::Forbidden(refusal));
    }
    if draft.ticket.facts.priority != to {
        let from = draft.ticket.facts.priority.clone();
        draft.push(Event::PriorityChanged { from, to, critical: priority.alarm, reason });
    }
    Ok(())
}

fn take(draft: &mut Draft<'_>, actor: &Actor) -> Result<(), Refusal> {
    not_from_another(draft, actor, None, "`transfer` it with a reason")?;
    if draft.ticket.assignee.is_none() {
        draft.push(Event::Assigned { agent: Some(actor.name.clone()), group: None, reason: None, why: None });
    }
    draft.move_by_verb("take", None);
    Ok(())
}

/// Refuses to take a ticket from another agent without a reason, which is what `transfer` asks for (HD-11).
fn not_from_another(
    draft: &Draft<'_>,
    actor: &Actor,
    reason: Option<&String>,
    way_out: &str,
) -> Result<(), Refusal> {
    let ticket = &draft.ticket;
    match &ticket.assignee {
        Some(other) if *other != actor.name && reason.is_none() => Err(Refusal::Conflict {
            code: "taken",
            message: format!("ticket {} is with {other} already; {way_out}", ticket.number),
            ticket: Some(ticket.number),
            status: Some(ticket.facts.status.clone()),
        }),
        Some(_) | None => Ok(()),
    }
}

fn assign(draft: &mut Draft<'_>, to: &Assign, actor: &Actor) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let agent = wrong.optional_text("agent", to.agent.as_ref()).map(SmolStr::from);
    let group = wrong.optional_text("group", to.group.as_ref()).map(SmolStr::from);
    if agent.is_some() == group.is_some() {
        wrong.add("agent", "exactly one of agent and group is required");
    }
    known_agent(draft, agent.as_ref(), &mut wrong);
    known_group(draft.desk, group.as_deref(), &mut wrong);
    let reason = wrong.optional_text("reason", to.reason.as_ref());
    let rule = draft.regulation.verb("assign");
    if let Some(rule) = rule.filter(|rule| rule.needs_reason && reason.is_none()) {
        wrong.add("reason", format!("is required{}", in_brackets(rule.clause.as_ref())));
    }
    wrong.done()?;
    if let Some(group) = &group {
        for_mass_problems(draft, group)?;
    }
    let is_theirs = match &agent {
        Some(_) => draft.ticket.assignee == agent,
        None => draft.ticket.assignee.is_none() && draft.ticket.group == group,
    };
    if !is_theirs {
        not_from_another(draft, actor, reason.as_ref(), "say why in `reason`")?;
        draft.push(Event::Assigned { agent, group, reason, why: None });
    }
    Ok(())
}

/// A common group has tickets of an open mass problem only (HD-15).
fn for_mass_problems(draft: &Draft<'_>, group: &SmolStr) -> Result<(), Refusal> {
    let rule = draft.regulation.mass_problem.as_ref();
    let Some(rule) = rule.filter(|rule| rule.common_groups.contains(group)) else { return Ok(()) };
    let linked = draft.ticket.problem.filter(|problem| !problem.suggested);
    let problem = linked.and_then(|linked| draft.desk.problem(linked.number));
    if problem.is_some_and(|problem| problem.mass && problem.state == ProblemState::Open) {
        return Ok(());
    }
    Err(Refusal::Conflict {
        code: "common-group",
        message: format!(
            "`{group}` is a common group, for tickets of an open mass problem only{}; ticket {} belongs to none",
            in_brackets(rule.clause.as_ref()),
            draft.ticket.number
        ),
        ticket: Some(draft.ticket.number),
        status: Some(draft.ticket.facts.status.clone()),
    })
}

/// Where groups are known, a name that is none was mistyped: nobody would take what it has.
pub(super) fn known_group(desk: &Desk, group: Option<&str>, wrong: &mut Wrong) {
    if let Some(group) = group.filter(|group| desk.knows_groups() && !desk.has_group(group)) {
        wrong.add("group", no_group(group));
    }
}

/// What a name that is no group's is told.
pub(in crate::desk) fn no_group(group: &str) -> String {
    format!("there is no group `{group}`; GET /v1/groups tells those there are")
}

/// Where agents are known, a ticket goes to one of them or to somebody with a token: a mistyped name would lose it.
fn known_agent(draft: &Draft<'_>, agent: Option<&SmolStr>, wrong: &mut Wrong) {
    let people = draft.desk.people();
    let Some(name) = agent.filter(|name| !name.is_empty() && !people.is_empty()) else { return };
    if people.agent(name).is_none() && !draft.desk.tokens().any(|token| token.name == *name) {
        let known = people.agents().map(|agent| agent.card.name.as_str());
        let near = crate::toml_problem::nearest(name, known);
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        wrong.add("agent", format!("there is no agent `{name}`{near}"));
    }
}

fn transfer(draft: &mut Draft<'_>, to: &Transfer) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let agent = SmolStr::from(wrong.text("agent", to.agent.as_ref()));
    known_agent(draft, Some(&agent), &mut wrong);
    let reason = reason(&draft.regulation, "transfer", to.reason.as_ref(), &mut wrong);
    wrong.done()?;
    if draft.ticket.assignee.as_ref() != Some(&agent) {
        draft.push(Event::Assigned { agent: Some(agent), group: None, reason: Some(reason), why: None });
    }
    Ok(())
}

fn defer(draft: &mut Draft<'_>, words: &Defer) -> Result<(), Refusal> {
    in_regulation(draft, "defer")?;
    for_type(draft, "defer")?;
    let mut wrong = Wrong::default();
    let reason = reason(&draft.regulation, "defer", words.reason.as_ref(), &mut wrong);
    wrong.done()?;
    draft.push(Event::Deferred { reason: reason.clone() });
    draft.move_by_verb("defer", Some(reason));
    Ok(())
}

fn resolve(draft: &mut Draft<'_>, solution: &Resolve) -> Result<(), Refusal> {
    in_regulation(draft, "resolve")?;
    let mut wrong = Wrong::default();
    let text = wrong.text("text", solution.text.as_ref());
    let sources = &draft.regulation.sources;
    let source = if sources.is_empty() {
        wrong.optional_text("source", solution.source.as_ref()).map(SmolStr::from)
    } else {
        let known = sources.iter().map(|source| source.name.id.as_str());
        Some(wrong.one_of("source", solution.source.as_ref(), known))
    };
    wrong.done()?;
    let lower = text.to_lowercase();
    let hits = draft
        .regulation
        .forbidden_phrases
        .iter()
        .map(|phrase| &phrase.text)
        .filter(|phrase| lower.contains(&phrase.to_lowercase()));
    if let Some(phrase) = hits.into_iter().find(|phrase| !solution.despite.contains(phrase)) {
        return Err(Refusal::conflict(
            "forbidden-phrase",
            format!(
                "the answer says «{phrase}», which the regulation forbids; write it otherwise, or name the phrase in `despite`"
            ),
        ));
    }
    draft.push(Event::Resolved { text, source, despite: solution.despite.clone() });
    draft.triggers.push(Trigger::Replied);
    draft.move_by_verb("resolve", None);
    Ok(())
}

fn confirm(draft: &mut Draft<'_>, words: &Confirm) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let marks = &draft.regulation.marks;
    let mark = match &words.mark {
        Some(_) if marks.is_empty() => {
            let message = format!("regulation {} has no marks; leave it out", draft.regulation.id);
            wrong.add("mark", message);
            None
        }
        Some(_) => Some(wrong.one_of("mark", words.mark.as_ref(), marks.iter().map(|mark| mark.id.as_str()))),
        None => marks.iter().find(|mark| mark.default).map(|mark| mark.id.clone()),
    };
    let comment = wrong.optional_text("comment", words.comment.as_ref());
    wrong.done()?;
    draft.push(Event::Confirmed { mark, comment });
    if draft.ticket.stage == Stage::Closed {
        return Ok(());
    }
    let to = draft.regulation.verb("confirm").and_then(|rule| rule.to.clone());
    let to = to.unwrap_or_else(|| draft.ticket.facts.status.clone());
    draft.move_to(&to, Some(Stage::Closed), None);
    Ok(())
}

fn returned(draft: &mut Draft<'_>, words: &Return) -> Result<(), Refusal> {
    in_regulation(draft, "return")?;
    let mut wrong = Wrong::default();
    let reason = reason(&draft.regulation, "return", words.reason.as_ref(), &mut wrong);
    wrong.done()?;
    draft.push(Event::Returned { reason });
    draft.move_by_verb("return", None);
    Ok(())
}

fn ending(draft: &Draft<'_>, verb: &str, ending: &Ending) -> Result<(String, Option<String>), Refusal> {
    let mut wrong = Wrong::default();
    let reason = reason(&draft.regulation, verb, ending.reason.as_ref(), &mut wrong);
    let text = wrong.optional_text("text", ending.text.as_ref());
    wrong.done()?;
    Ok((reason, text))
}

pub(super) fn refuse(draft: &mut Draft<'_>, words: &Ending) -> Result<(), Refusal> {
    in_regulation(draft, "refuse")?;
    let (reason, text) = ending(draft, "refuse", words)?;
    draft.push(Event::Refused { reason: reason.clone(), text });
    draft.move_by_verb("refuse", Some(reason));
    Ok(())
}

fn close(draft: &mut Draft<'_>, words: &Ending) -> Result<(), Refusal> {
    in_regulation(draft, "close")?;
    let (reason, text) = ending(draft, "close", words)?;
    draft.push(Event::Closed { reason: reason.clone(), text });
    let to = draft.regulation.verb("close").and_then(|rule| rule.to.clone());
    let to = to.unwrap_or_else(|| draft.ticket.facts.status.clone());
    draft.move_to(&to, Some(Stage::Closed), Some(reason));
    Ok(())
}

fn link(draft: &mut Draft<'_>, link: &Link, actor: &Actor) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    if link.to.is_none() {
        wrong.add("to", "is required: the number of the other ticket");
    }
    if link.kind.is_none() {
        wrong.add("kind", "is required; one of similar, duplicate, problem, follow-up");
    }
    wrong.done()?;
    let (Some(to), Some(kind)) = (link.to, link.kind) else { return Ok(()) };
    if to == draft.ticket.number {
        return Err(Refusal::field("to", "a ticket is not linked to itself"));
    }
    let other = draft.desk.ticket(to).filter(|ticket| actor.scope.covers_ticket(ticket));
    let other = other.ok_or_else(|| Refusal::field("to", format!("there is no ticket {to}")))?;
    merge::one_way(&draft.ticket, to, kind)?;
    if !draft.ticket.links.iter().any(|known| known.to == to && known.kind == kind) {
        let number = draft.ticket.number;
        room_for_link(&draft.ticket)?;
        room_for_link(&other)?;
        draft.push(Event::Linked { to, kind, back: false });
        draft.facts.push(Fact { ticket: Some(to), event: Event::Linked { to: number, kind, back: true } });
        if kind == LinkKind::Problem {
            problem::join(draft, &other)?;
        }
    }
    Ok(())
}

fn urgent(draft: &mut Draft<'_>, words: &Text) -> Result<(), Refusal> {
    let text = text(words)?;
    draft.push(Event::Urgent { text });
    Ok(())
}

fn complain(draft: &mut Draft<'_>, words: &Text) -> Result<(), Refusal> {
    let text = text(words)?;
    draft.push(Event::Complained { text });
    Ok(())
}
