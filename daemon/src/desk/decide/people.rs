//! Commands about people: agents, presences, the roster, and taking what a group has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calendars::Timestamp;
use smol_str::SmolStr;

use super::assignment::handed_back;
use super::desk::RESERVED;
use super::shifts::PeopleDraft;
use super::{Decision, TEXT_MAX_BYTES, Wrong, need, whole_desk};
use crate::desk::actor::{Actor, Role};
use crate::desk::client::is_without_width;
use crate::desk::event::{AssignedWhy, Event, Fact};
use crate::desk::people::{
    AGENTS_MAX, AgentCard, PeopleAct, Presence, PresenceFor, SHIFT_KEPT_MS, SHIFT_MAX_MS, SHIFTS_AT_ONCE_MAX,
    SHIFTS_MAX, Shift, ShiftTimes, TAKE_MAX,
};
use crate::desk::refusal::Refusal;
use crate::desk::state::Desk;
use crate::desk::ticket::Ticket;

/// The longest title of an agent, in characters.
const TITLE_MAX_CHARS: usize = 200;
/// How many groups or skills an agent has.
const IDS_MAX: usize = 50;
/// How many tickets of an agent who is removed are handed back at once.
const HANDED_BACK_MAX: usize = 5_000;

pub(super) fn decide(
    desk: &Desk,
    act: &PeopleAct,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    let facts = match act {
        PeopleAct::PutAgent(card) => put(desk, card, actor, at)?,
        PeopleAct::RemoveAgent { name, hands_back } => remove(desk, name, *hands_back, actor, at)?,
        PeopleAct::SetPresence { name, presences } => presence(desk, name, presences, actor)?,
        PeopleAct::AddShifts { shifts, instead_of } => {
            may_plan(actor)?;
            let removed = instead_of.as_ref().map(|stretch| {
                let there = desk.people().roster().beginning(stretch.from, stretch.until);
                there.filter(|shift| stretch.is_of(&shift.times.agent)).map(|shift| shift.id).collect()
            });
            change(desk, removed.unwrap_or_default(), shifts, None, at)?
        }
        PeopleAct::ReplaceShift { id, times } => {
            may_plan(actor)?;
            known_shift(desk, *id)?;
            change(desk, vec![*id], std::slice::from_ref(times), Some(*id), at)?
        }
        PeopleAct::RemoveShift { id } => {
            may_plan(actor)?;
            known_shift(desk, *id)?;
            change(desk, vec![*id], &[], None, at)?
        }
        PeopleAct::TakeGroup { group } => take_group(desk, group, actor)?,
    };
    Ok(Decision { ticket: None, facts })
}

fn may_plan(actor: &Actor) -> Result<(), Refusal> {
    need(actor, Role::Lead, "changing the roster")?;
    whole_desk(actor, "the roster")
}

fn put(desk: &Desk, card: &AgentCard, actor: &Actor, at: Timestamp) -> Result<Vec<Fact>, Refusal> {
    need(actor, Role::Lead, "adding and changing agents")?;
    whole_desk(actor, "the agents")?;
    let people = desk.people();
    let mut wrong = Wrong::default();
    let odd = |c: char| !(c.is_alphanumeric() || "-_.@".contains(c));
    if card.name.is_empty() || card.name.chars().count() > 64 || card.name.contains(odd) {
        wrong.add("name", "is required: 1 to 64 letters, digits, `-`, `_`, `.` or `@`");
    } else if RESERVED.contains(&card.name.as_str()) {
        let name = &card.name;
        wrong.add("name", format!("`{name}` is what the record calls a part of the box; take another name"));
    }
    if card.name.chars().all(|c| c == '.') && !card.name.is_empty() {
        wrong.add("name", "has nothing but dots; a path means something else by that");
    }
    let title = card.title.as_deref().unwrap_or_default();
    if title.chars().count() > TITLE_MAX_CHARS
        || title.contains(|c: char| c.is_control() || is_without_width(c))
    {
        wrong.add("title", format!("is one line of at most {TITLE_MAX_CHARS} characters that can be seen"));
    }
    let known = desk.regulations().iter().flat_map(|regulation| &regulation.lines).map(|line| line.id);
    let mut known: Vec<u8> = known.collect();
    known.sort_unstable();
    known.dedup();
    for (at, line) in card.lines.iter().enumerate().filter(|(_, line)| !known.contains(line)) {
        let list = known.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        wrong.add(&format!("lines[{at}]"), format!("unknown line {line}; one of {list}"));
    }
    for (field, ids) in [("groups", &card.groups), ("skills", &card.skills)] {
        if ids.len() > IDS_MAX {
            wrong.add(field, format!("has {}; at most {IDS_MAX}", ids.len()));
        }
        for (at, id) in ids.iter().enumerate() {
            check_id(&format!("{field}[{at}]"), id, &ids[..at], &mut wrong);
        }
    }
    wrong.done()?;
    if people.agent(&card.name).is_some_and(|agent| agent.card == *card) {
        return Ok(Vec::new());
    }
    if people.agent(&card.name).is_none() && people.len() >= AGENTS_MAX {
        let message = format!("the desk knows {AGENTS_MAX} agents, and no more; remove one first");
        return Err(Refusal::conflict("too-many-agents", message));
    }
    let mut draft = PeopleDraft::of(desk, at);
    draft.push(Event::AgentPut { agent: Box::new(card.clone()) });
    Ok(draft.finish())
}

fn check_id(field: &str, id: &str, before: &[SmolStr], wrong: &mut Wrong) {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
        wrong.add(field, format!("`{id}` is no id; ids are of a-z, 0-9 and `-`, at most 64"));
    } else if before.iter().any(|other| other == id) {
        wrong.add(field, format!("names `{id}` twice"));
    }
}

fn remove(
    desk: &Desk,
    name: &str,
    hands_back: bool,
    actor: &Actor,
    at: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    need(actor, Role::Lead, "removing an agent")?;
    whole_desk(actor, "the agents")?;
    known_agent(desk, name)?;
    let open = desk.of_assignee_total(name);
    let what = if open == 1 { "ticket is" } else { "tickets are" };
    if open > 0 && !hands_back {
        return Err(Refusal::Conflict {
            code: "agent-has-tickets",
            message: format!(
                "{open} open {what} with {name}; `transfer` them, or remove the agent with hand-back=true, which gives them to the groups of their channels"
            ),
            ticket: desk.of_assignee(name).next(),
            status: None,
        });
    }
    if open > HANDED_BACK_MAX {
        let message = format!(
            "{open} open {what} with {name}, and at most {HANDED_BACK_MAX} are handed back at once; `transfer` or close some before"
        );
        return Err(Refusal::conflict("agent-has-tickets", message));
    }
    let back =
        desk.of_assignee(name).filter_map(|number| handed_back(desk, number, AssignedWhy::AgentRemoved));
    let mut facts: Vec<Fact> = back.collect();
    let mut draft = PeopleDraft::of(desk, at);
    draft.push(Event::AgentRemoved { name: name.into() });
    facts.extend(draft.finish());
    Ok(facts)
}

fn known_agent(desk: &Desk, name: &str) -> Result<(), Refusal> {
    match desk.people().agent(name) {
        Some(_) => Ok(()),
        None => Err(Refusal::NotFound { what: "agent", id: name.to_owned() }),
    }
}

/// Their own by anybody, others' by a lead (HD-8).
fn presence(
    desk: &Desk,
    name: &str,
    presences: &[(PresenceFor, Presence)],
    actor: &Actor,
) -> Result<Vec<Fact>, Refusal> {
    if actor.name != *name {
        need(actor, Role::Lead, "saying whether another agent is there")?;
        whole_desk(actor, "the agents")?;
    }
    need(actor, Role::Agent, "saying whether one is there")?;
    known_agent(desk, name)?;
    if presences.is_empty() {
        return Err(Refusal::field("", "says nothing: name `chat`, `requests` or both"));
    }
    let known = desk.people().agent(name);
    let changed =
        presences.iter().filter(|(to, presence)| known.is_some_and(|agent| agent.presence(*to) != *presence));
    let event = |(to, presence): &(PresenceFor, Presence)| Event::PresenceChanged {
        agent: name.into(),
        to: *to,
        presence: *presence,
    };
    Ok(changed.map(|change| Fact { ticket: None, event: event(change) }).collect())
}

fn known_shift(desk: &Desk, id: u64) -> Result<(), Refusal> {
    match desk.people().roster().get(id) {
        Some(_) => Ok(()),
        None => Err(Refusal::NotFound { what: "shift", id: id.to_string() }),
    }
}

/// Shifts go, and others come; `id` where the one that comes keeps its number.
fn change(
    desk: &Desk,
    removed: Vec<u64>,
    shifts: &[ShiftTimes],
    id: Option<u64>,
    at: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    let roster = desk.people().roster();
    if shifts.len() > SHIFTS_AT_ONCE_MAX {
        let message = format!("has {}; at most {SHIFTS_AT_ONCE_MAX} at once", shifts.len());
        return Err(Refusal::field("shifts", message));
    }
    let mut wrong = Wrong::default();
    let gone: BTreeSet<u64> = removed.iter().copied().collect();
    let mut before = BTreeMap::new();
    for (place, times) in shifts.iter().enumerate() {
        let field = if id.is_some() { String::new() } else { format!("shifts[{place}].") };
        check_shift(desk, &field, times, &gone, &before, at, &mut wrong);
        before.insert((&times.agent, times.starts), times);
    }
    wrong.done()?;
    if roster.len() - removed.len() + shifts.len() > SHIFTS_MAX {
        let message = format!("the roster would have more than {SHIFTS_MAX} shifts; plan less far ahead");
        return Err(Refusal::conflict("too-many-shifts", message));
    }
    // What goes and comes back as it was stays.
    let key = |times: &ShiftTimes| (times.agent.clone(), times.starts, times.ends);
    let coming: BTreeSet<_> = shifts.iter().map(key).collect();
    let (stays, removed): (Vec<u64>, Vec<u64>) = removed
        .into_iter()
        .partition(|id| roster.get(*id).is_some_and(|shift| coming.contains(&key(&shift.times))));
    let stays: BTreeSet<_> =
        stays.iter().filter_map(|id| roster.get(*id)).map(|shift| key(&shift.times)).collect();
    let added = shifts.iter().filter(|times| !stays.contains(&key(times))).cloned();
    let ids = id.into_iter().chain(roster.last_id() + 1..);
    let added: Vec<Shift> = ids.zip(added).map(|(id, times)| Shift { id, times }).collect();
    if removed.is_empty() && added.is_empty() {
        return Ok(Vec::new());
    }
    let mut draft = PeopleDraft::of(desk, at);
    draft.push(Event::RosterChanged { removed, added });
    Ok(draft.finish())
}

fn check_shift(
    desk: &Desk,
    field: &str,
    times: &ShiftTimes,
    removed: &BTreeSet<u64>,
    before: &BTreeMap<(&SmolStr, Timestamp), &ShiftTimes>,
    at: Timestamp,
    wrong: &mut Wrong,
) {
    let ShiftTimes { agent, starts, ends } = times;
    if desk.people().agent(agent).is_none() {
        let shown: String = agent.chars().take(TITLE_MAX_CHARS.min(TEXT_MAX_BYTES)).collect();
        wrong.add(&format!("{field}agent"), format!("there is no agent `{shown}`"));
        return;
    }
    if !(1..=SHIFT_MAX_MS).contains(&ends.ms_since(*starts)) {
        wrong.add(&format!("{field}to"), "a shift is a minute to a day and a night long");
        return;
    }
    if *ends < at.plus_ms(-SHIFT_KEPT_MS) {
        wrong.add(&format!("{field}date"), "is over for more than 92 days, and is not kept; leave it out");
        return;
    }
    let overlaps = |other: &ShiftTimes| other.agent == *agent && other.starts < *ends && *starts < other.ends;
    let mut known = desk.people().roster().during(*starts, *ends);
    let is_known = known.any(|shift| !removed.contains(&shift.id) && overlaps(&shift.times));
    // No shift is longer than that, so one that overlaps begins no earlier.
    let since = starts.plus_ms(-SHIFT_MAX_MS);
    let mut others = before.range((agent, since)..(agent, *ends)).map(|(_, other)| *other);
    if is_known || others.any(overlaps) {
        wrong.add(
            &format!("{field}from"),
            format!("overlaps another shift of {agent}; each shift is there once"),
        );
    }
}

/// The actor takes what nobody of the group has (HD-10).
fn take_group(desk: &Desk, group: &str, actor: &Actor) -> Result<Vec<Fact>, Refusal> {
    need(actor, Role::Agent, "taking what a group has")?;
    let people = desk.people();
    let me = people.agent(&actor.name).filter(|agent| agent.card.is_in(group));
    let Some(me) = me else {
        let message =
            format!("`{group}` is no group of {}; an agent takes what their own groups have", actor.name);
        return Err(Refusal::Forbidden(message));
    };
    if !people.counts_as_on_shift(&actor.name) {
        let message =
            format!("{} is not on shift now; what a group has is taken by those who are", actor.name);
        return Err(Refusal::conflict("not-on-shift", message));
    }
    let theirs = desk.of_group(group).filter_map(|number| desk.ticket(number));
    let theirs = theirs
        .filter(|ticket| actor.scope.covers_ticket(ticket) && me.card.works_on(ticket.facts.line))
        .filter(first_of_client(desk));
    let taken = theirs.take(TAKE_MAX).map(|ticket| Fact {
        ticket: Some(ticket.number),
        event: Event::Assigned {
            agent: Some(actor.name.clone()),
            group: Some(group.into()),
            reason: None,
            why: Some(AssignedWhy::GroupTaken),
        },
    });
    Ok(taken.collect())
}

/// Whether a ticket may be begun beside those that were asked about before: another of its client that is in work holds
/// it, and so does one that is taken with it (BC-8).
fn first_of_client(desk: &Desk) -> impl FnMut(&Arc<Ticket>) -> bool {
    let mut begun = BTreeSet::new();
    move |ticket| {
        let Some(regulation) = desk.regulations().of(&ticket.facts) else { return true };
        let client = desk.client_of(&ticket.facts);
        let waits = regulation.queue.one_by_one && ticket.preferred.is_none();
        let is_held = desk.holder(ticket, regulation).is_some()
            || (waits && client.is_some_and(|client| begun.contains(&client)));
        if !is_held {
            begun.extend(client);
        }
        !is_held
    }
}
