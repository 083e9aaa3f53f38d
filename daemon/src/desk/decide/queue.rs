//! `take-next` and `prefer`; and that a client's tickets are begun one after another (BC-8).

use calendars::Timestamp;
use smol_str::SmolStr;

use super::acts::reason;
use super::{Decision, Draft, Wrong, acts, in_brackets, need};
use crate::desk::actor::{Actor, Role};
use crate::desk::command::{Act, Prefer, TakeNext};
use crate::desk::event::Event;
use crate::desk::queue::{HeldBecause, Holder, QueuePart, Queued, begins};
use crate::desk::refusal::Refusal;
use crate::desk::regulation::{QueueRule, Regulation};
use crate::desk::state::Desk;
use crate::desk::ticket::TicketNumber;

/// How many tickets that are held a refusal names.
const HELD_TOLD: usize = 5;

/// The next of the queue that may be taken is the actor's: of two who ask at once, each gets another.
pub(super) fn take_next(
    desk: &Desk,
    asked: &TakeNext,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    need(actor, Role::Agent, "taking the next of the queue")?;
    let part = part(desk, asked, actor)?;
    let mut held = Vec::new();
    for queued in desk.queue(&part, at) {
        match queued.held {
            Some(_) => held.push(queued),
            None => return acts::decide(desk, &queued.ticket, &Act::Take, actor, at),
        }
    }
    Err(Refusal::QueueEmpty(empty(&held, desk, actor)))
}

/// Which part of the queue is meant, by ids that there are: of the lines that the actor works on, and in their scope.
fn part(desk: &Desk, asked: &TakeNext, actor: &Actor) -> Result<QueuePart, Refusal> {
    let mut wrong = Wrong::default();
    let regulations = desk.regulations();
    if let Some(id) = asked.regulation.as_ref().filter(|id| regulations.get(id).is_none()) {
        wrong.add("regulation", format!("unknown `{id}`; one of {}", regulations.ids().join(", ")));
    }
    if let Some(line) = asked.line.filter(|line| !regulations.has_line(*line)) {
        wrong.add("line", format!("no regulation of this desk has line {line}"));
    }
    let group = wrong.optional_text("group", asked.group.as_ref()).map(SmolStr::from);
    acts::known_group(desk, group.as_deref(), &mut wrong);
    wrong.done()?;
    Ok(QueuePart {
        regulation: asked.regulation.as_deref().map(SmolStr::from),
        line: asked.line,
        group,
        lines: actor.lines.clone(),
        scope: actor.scope.clone(),
    })
}

/// Why there is nothing to take.
fn empty(held: &[Queued], desk: &Desk, actor: &Actor) -> String {
    if held.is_empty() {
        return "nothing waits to be taken".to_owned();
    }
    let told = held.iter().take(HELD_TOLD).filter_map(|queued| {
        let Holder { number, because } = queued.held?;
        let holder = told_to(desk, actor, number).map_or("another".to_owned(), |number| number.to_string());
        Some(format!("{} for {holder}, which {}", queued.ticket.number, does(because)))
    });
    let told = told.collect::<Vec<_>>().join("; ");
    let more = if held.len() > HELD_TOLD { "; …" } else { "" };
    format!("nothing may be taken now: {} wait for another of their client: {told}{more}", held.len())
}

/// The number of a holder, for those who have to do with it: nobody else learns of it by way of a refusal.
fn told_to(desk: &Desk, actor: &Actor, holder: TicketNumber) -> Option<TicketNumber> {
    let holder = desk.ticket(holder)?;
    actor.scope.covers_ticket(&holder).then_some(holder.number)
}

fn does(because: HeldBecause) -> &'static str {
    match because {
        HeldBecause::InWork => "is in work",
        HeldBecause::WaitsForClient => "waits for the client",
    }
}

/// Refuses to begin work while another ticket of the client is in work (BC-8). What the requester says is never refused.
pub(super) fn one_by_one(draft: &Draft<'_>, act: &Act, actor: &Actor) -> Result<(), Refusal> {
    let Some(before) = draft.before.as_ref().filter(|_| !matches!(act, Act::Answer(_) | Act::Return(_)))
    else {
        return Ok(());
    };
    let regulation = &draft.regulation;
    if !begins(before, &draft.ticket, regulation, matches!(act, Act::Resolve(_))) {
        return Ok(());
    }
    let Some(Holder { number, because }) = draft.desk.holder(before, regulation) else { return Ok(()) };
    let clause = in_brackets(regulation.queue.clause.as_ref());
    let told = told_to(draft.desk, actor, number);
    let holder = told.map_or("another ticket".to_owned(), |number| format!("ticket {number}"));
    Err(Refusal::Conflict {
        code: "client-in-work",
        message: format!(
            "{holder} of the same client {}, and a client's tickets are worked on one after another{clause}; `prefer` says that the client agreed to another order",
            does(because)
        ),
        ticket: told,
        status: told.and_then(|number| Some(draft.desk.ticket(number)?.facts.status.clone())),
    })
}

/// The client agreed that this ticket goes before its others, and may be begun beside them.
pub(super) fn prefer(draft: &mut Draft<'_>, words: &Prefer) -> Result<(), Refusal> {
    let regulation: &Regulation = &draft.regulation;
    let QueueRule { one_by_one, .. } = regulation.queue;
    if !one_by_one {
        return Err(Refusal::conflict(
            "not-in-regulation",
            format!(
                "regulation {} does not have a client's tickets worked on one after another",
                regulation.id
            ),
        ));
    }
    let mut wrong = Wrong::default();
    let reason = reason(regulation, "prefer", words.reason.as_ref(), &mut wrong);
    wrong.done()?;
    if draft.ticket.facts.client.is_none() {
        return Err(Refusal::conflict(
            "no-client",
            format!(
                "ticket {} names no client, so it waits for no other; `classify` says whose it is",
                draft.ticket.number
            ),
        ));
    }
    if draft.ticket.preferred.as_ref() != Some(&reason) {
        draft.push(Event::Preferred { reason });
    }
    Ok(())
}
