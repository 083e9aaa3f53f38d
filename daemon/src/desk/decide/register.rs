//! `register` and `split`: a ticket begins.

use std::sync::Arc;

use calendars::Timestamp;
use smol_str::SmolStr;

use super::bounds::room_for_link;
use super::fields::{FieldCheck, Values, wanted};
use super::{
    Decision, Draft, SUBJECT_MAX_CHARS, Wrong, assignment, in_brackets, mass, may_not_set, need, one_of_roles,
};
use super::{clients, employees};
use crate::desk::actor::{Actor, Role};
use crate::desk::command::{LinkKind, Register, Split};
use crate::desk::event::{Event, Fact, Registered};
use crate::desk::reference::Reference;
use crate::desk::refusal::Refusal;
use crate::desk::regulation::{PrioritySource, Regulation, Trigger};
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket, TicketNumber};

pub(super) fn decide(
    desk: &Desk,
    register: &Register,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    need(actor, Role::Intake, "registering a ticket")?;
    let regulation = choose(desk, register, at)?;
    may_register(&regulation, register, actor)?;
    let mut facts = facts(&regulation, register, actor, desk.is_lenient())?;
    // Marked so where an agent registers it (HD-1, PM-C1); what comes in by itself does so as `intake`.
    let by_agent = actor.role >= Role::Agent && !actor.requester && !actor.name.is_empty();
    facts.opened_by = by_agent.then(|| actor.name.clone());
    let has_register = regulation.clients.is_some() && !desk.is_lenient();
    let client = clients::of(desk, &facts).filter(|_| has_register);
    let no_employee = employees::known(desk, &regulation, &mut facts)?;
    if let Some(client) = client {
        facts.client = Some(client.terms.name.clone());
        clients::may_come_by(&regulation, client, &facts)?;
    }
    let mut draft = open(desk, regulation, facts, &actor.name, at);
    if let Some(first) = register.follows {
        follow(&mut draft, first, actor)?;
    }
    if let Some(client) = client {
        clients::refuse_others(&mut draft, client)?;
    }
    if let Some(reason) = no_employee
        && draft.ticket.stage == Stage::Open
    {
        employees::refuse_others(&mut draft, reason)?;
    }
    mass::note_alike(&mut draft);
    Ok(draft.finish())
}

/// Regulation and channel must be in the actor's scope; the channel may be for some roles only (HD-1, PM-C1).
pub(super) fn may_register(
    regulation: &Regulation,
    register: &Register,
    actor: &Actor,
) -> Result<(), Refusal> {
    let scope = &actor.scope;
    let refuse = |what: String| Err(Refusal::OutOfScope { what, scope: scope.clone() });
    if !scope.covers_regulation(&regulation.id) {
        return refuse(format!("registering under `{}`", regulation.id));
    }
    let Some(channel) = register.channel.as_deref().and_then(|id| regulation.channel(id)) else {
        return Ok(());
    };
    let what = format!("registering by the channel `{}`", channel.name.id);
    if !scope.covers(&regulation.id, &channel.name.id) {
        return refuse(what);
    }
    one_of_roles(actor, &channel.roles, &what, channel.name.clause.as_ref())
}

/// Links a new ticket to the one it goes on from, both ways.
pub(super) fn follow(draft: &mut Draft<'_>, first: TicketNumber, actor: &Actor) -> Result<(), Refusal> {
    let known = draft.desk.ticket(first).filter(|ticket| actor.scope.covers_ticket(ticket));
    let known = known.ok_or_else(|| Refusal::field("follows", format!("there is no ticket {first}")))?;
    room_for_link(&known)?;
    let second = draft.ticket.number;
    draft.push(Event::Linked { to: first, kind: LinkKind::FollowUp, back: false });
    let back = Event::Linked { to: second, kind: LinkKind::FollowUp, back: true };
    draft.facts.push(Fact { ticket: Some(first), event: back });
    Ok(())
}

/// A second problem becomes a ticket of its own, linked, its clocks running from now (GM-5.11).
pub(super) fn split(draft: &mut Draft<'_>, split: &Split) -> Result<(), Refusal> {
    let mut wrong = Wrong::default();
    let subject = subject(split.subject.as_ref(), &mut wrong);
    let mut facts = draft.ticket.facts.clone();
    for (name, value) in &split.fields {
        if value.is_null() {
            facts.fields.remove(name);
        } else {
            facts.fields.insert(name.clone(), value.clone());
        }
    }
    facts.subject = subject;
    // Another system knows the first one by it.
    facts.reference = None;
    check(&draft.regulation, &facts, &mut wrong);
    wrong.done()?;
    room_for_link(&draft.ticket)?;
    facts.opened_by = Some(draft.by.clone()).filter(|by| !by.is_empty());
    facts.version.clone_from(&draft.regulation.version);
    facts.incomplete = is_incomplete(&draft.regulation, &facts);
    facts.status.clone_from(&draft.regulation.initial_status);
    facts.line = draft.regulation.channel(&facts.channel).map_or(facts.line, |channel| channel.line);
    let priority = draft.regulation.derived_priority(&facts);
    if draft.regulation.priority_source == PrioritySource::Rules {
        facts.priority = priority.name.id.clone();
        facts.critical = priority.alarm;
    }
    let mut second = open(draft.desk, Arc::clone(&draft.regulation), facts, &draft.by, draft.at);
    let (first_number, second_number) = (draft.ticket.number, second.ticket.number);
    second.push(Event::Linked { to: first_number, kind: LinkKind::FollowUp, back: false });
    mass::note_alike(&mut second);
    let second_facts = second.finish().facts;
    draft.push(Event::Linked { to: second_number, kind: LinkKind::FollowUp, back: true });
    draft.facts.extend(second_facts);
    Ok(())
}

/// The regulation a registration is for: the one it names, else the one that the intake rules choose, else the only
/// one; in the version that holds now.
pub(super) fn choose(desk: &Desk, register: &Register, at: Timestamp) -> Result<Arc<Regulation>, Refusal> {
    let regulations = desk.regulations();
    let ids = regulations.ids();
    if ids.is_empty() {
        return Err(Refusal::conflict("no-regulation", "this desk runs no regulation"));
    }
    let list = ids.join(", ");
    let id = match &register.regulation {
        Some(id) if regulations.takes(id) => id,
        Some(id) => {
            return Err(Refusal::field("regulation", format!("unknown `{id}`; this desk runs {list}")));
        }
        None => regulations.chosen(register).map(SmolStr::as_str).ok_or_else(|| {
            let message = format!(
                "is required here: this desk runs {list}, and no intake rule chooses by this channel, client or product"
            );
            Refusal::field("regulation", message)
        })?,
    };
    Ok(regulations.holding(id, at).cloned().expect("an id that takes registrations has a version"))
}

/// What the ticket begins with, or everything that is wrong with it.
pub(super) fn facts(
    regulation: &Regulation,
    register: &Register,
    actor: &Actor,
    lenient: bool,
) -> Result<Registered, Refusal> {
    let mut wrong = Wrong::default();
    let kind =
        wrong.one_of("type", register.kind.as_ref(), regulation.types.iter().map(|named| named.id.as_str()));
    let channels = regulation.channels.iter().map(|channel| channel.name.id.as_str());
    let channel = wrong.one_of("channel", register.channel.as_ref(), channels);
    let line = channel_line(regulation, &channel, &kind, &mut wrong);
    let requester = register.requester.clone().unwrap_or_default();
    let check = FieldCheck { regulation, kind: &kind, channel: &channel };
    let values = Values::of(register, &requester);
    check.check(&values, &mut wrong);
    let missing = check.missing(&values);
    let incomplete = !missing.is_empty();
    if !register.incomplete && !lenient {
        for field in missing {
            wrong.add(&field.path, wanted(field));
        }
    }
    let mut facts = Registered {
        regulation: regulation.id.clone(),
        version: regulation.version.clone(),
        kind: kind.clone(),
        priority: SmolStr::default(),
        critical: false,
        status: regulation.initial_status.clone(),
        line,
        channel: channel.clone(),
        subject: subject(register.subject.as_ref(), &mut wrong),
        description: wrong.optional_text("description", register.description.as_ref()),
        incomplete,
        requester,
        client: wrong.optional_text("client", register.client.as_ref()),
        fields: register.fields.clone(),
        service: register.service.as_deref().map(SmolStr::from),
        urgency: register.urgency.as_deref().map(SmolStr::from),
        opened_by: None,
        reference: register.reference.clone().map(Box::new),
    };
    for error in register.reference.iter().flat_map(Reference::complaints) {
        wrong.add(&error.field, &error.message);
    }
    priority(regulation, register, actor, &mut facts, &mut wrong);
    wrong.done()?;
    Ok(facts)
}

fn subject(subject: Option<&String>, wrong: &mut Wrong) -> String {
    one_line("subject", subject, wrong)
}

/// One line that must be there.
pub(super) fn one_line(field: &str, text: Option<&String>, wrong: &mut Wrong) -> String {
    // A subject is one line: control characters and what has no width do not show on the wall.
    let one_line = text.map(|text| {
        let shown = |c: char| if c.is_control() { ' ' } else { c };
        let no_width = |c: &char| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        text.chars().filter(no_width).map(shown).collect()
    });
    let line = wrong.text(field, one_line.as_ref());
    let chars = line.chars().count();
    if chars > SUBJECT_MAX_CHARS {
        wrong.add(field, format!("is {chars} characters; at most {SUBJECT_MAX_CHARS}"));
    }
    line
}

fn channel_line(regulation: &Regulation, channel: &str, kind: &str, wrong: &mut Wrong) -> u8 {
    let Some(channel) = regulation.channel(channel) else { return regulation.lines[0].id };
    if !kind.is_empty() && !channel.types.is_empty() && !channel.types.iter().any(|taken| taken == kind) {
        let clause = in_brackets(channel.name.clause.as_ref());
        wrong
            .add("channel", format!("`{}` takes {} only{clause}", channel.name.id, channel.types.join(", ")));
    }
    channel.line
}

/// The requester's priority where the regulation leaves it to them, else the one its rules give.
fn priority(
    regulation: &Regulation,
    register: &Register,
    actor: &Actor,
    facts: &mut Registered,
    wrong: &mut Wrong,
) {
    let asked = register.priority.as_ref();
    let chosen = match (regulation.priority_source, asked) {
        (PrioritySource::Requester, Some(_)) => {
            let known = regulation.priorities.iter().map(|priority| priority.name.id.as_str());
            let priority = regulation.priority(&wrong.one_of("priority", asked, known));
            if let Some(refusal) = priority.and_then(|priority| may_not_set(priority, actor)) {
                wrong.add("priority", refusal);
            }
            priority
        }
        (PrioritySource::Rules, Some(asked)) => {
            wrong.add(
                "priority",
                format!("`{asked}` cannot be set here: it follows from the rules of {}; change it afterwards with the verb `priority` and a reason", regulation.id),
            );
            None
        }
        (PrioritySource::Rules | PrioritySource::Requester, None) => Some(regulation.derived_priority(facts)),
    };
    if let Some(priority) = chosen {
        facts.priority = priority.name.id.clone();
        facts.critical = priority.alarm;
    }
}

/// Checks fields that changed after the registration.
pub(super) fn check(regulation: &Regulation, facts: &Registered, wrong: &mut Wrong) {
    FieldCheck::of(regulation, facts).check(&Values::of_ticket(facts), wrong);
}

/// Whether something required is still missing.
pub(super) fn is_incomplete(regulation: &Regulation, facts: &Registered) -> bool {
    !FieldCheck::of(regulation, facts).missing(&Values::of_ticket(facts)).is_empty()
}

/// The draft of a new ticket: registered, on its line, in the status that follows the giving of its number.
pub(super) fn open<'a>(
    desk: &'a Desk,
    regulation: Arc<Regulation>,
    facts: Registered,
    by: &str,
    at: Timestamp,
) -> Draft<'a> {
    let number = desk.next_ticket();
    let mut draft = Draft {
        desk,
        before: None,
        ticket: Ticket::new(number, &facts, at),
        by: by.into(),
        at,
        facts: vec![Fact { ticket: Some(number), event: Event::Registered(Box::new(facts)) }],
        triggers: vec![Trigger::Registered, Trigger::LineEntered],
        is_with_problem: false,
        regulation,
    };
    debug_assert_eq!(draft.ticket.stage, Stage::Open);
    draft.triggers.push(Trigger::StatusEntered(draft.ticket.facts.status.clone()));
    if let Some(next) =
        draft.regulation.status(&draft.ticket.facts.status).and_then(|status| status.passes_to.clone())
    {
        draft.move_to(&next, None, None);
    }
    assignment::assign_new(&mut draft);
    draft
}
