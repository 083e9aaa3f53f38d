//! Correcting: what clocks counted while the box's time could not be trusted is reckoned anew when it can be.
//!
//! While it cannot, entries are stamped by a time that is held: it runs on from the newest instant that is known. Such
//! stamps are right among each other, and wrong as a whole by as much as the true time turns out to be ahead. What ran
//! before needs no correction: its deadline is an instant.

use calendars::{Calendar, Timestamp};

use super::clocks::{Given, days_ms, term};
use super::{letters, need, settle};
use crate::desk::actor::{Actor, Role};
use crate::desk::clocks::{Clock, ClockState, Unsynced};
use crate::desk::event::{Event, Fact, Term, TermReason, Turn};
use crate::desk::refusal::Refusal;
use crate::desk::regulation::{ClockRule, Regulation};
use crate::desk::state::Desk;
use crate::desk::ticket::{Ticket, TicketNumber};

/// How many clocks are corrected in one entry: some 2 MB of the ledger.
const CORRECTIONS_MAX: usize = 5_000;

pub(super) fn trust_time(
    desk: &Desk,
    actor: &Actor,
    back: bool,
    held: Timestamp,
    now: Timestamp,
) -> Result<Vec<Fact>, Refusal> {
    need(actor, Role::Admin, "trusting the clock")?;
    let ahead_ms = desk.known_at().ms_since(now);
    if ahead_ms > 0 && !back {
        return Err(Refusal::conflict(
            "clock-behind",
            format!(
                "the system clock is {} behind the newest event; set it, or say that it is right and the record ran ahead: `andonctl clock trust --yes`, `\"yes\": true` over HTTP",
                span(ahead_ms)
            ),
        ));
    }
    let behind_ms = now.ms_since(held);
    let mut facts = vec![Fact { ticket: None, event: Event::TimeTrusted { behind_ms } }];
    if behind_ms < 0 {
        facts.extend(unshelved(desk));
    }
    if ahead_ms > 0 {
        facts.extend(started_ahead(desk, behind_ms, now));
    }
    Ok(facts)
}

/// What was put aside until a time that is further off than anybody asked for calls anew: rather loud than unheard.
fn unshelved(desk: &Desk) -> impl Iterator<Item = Fact> + '_ {
    desk.index().shelves().take(CORRECTIONS_MAX).map(settle::unshelved)
}

/// The clocks that began to run at a time which is still to come: the box had run ahead.
fn started_ahead(desk: &Desk, behind_ms: i64, now: Timestamp) -> Vec<Fact> {
    let runs_ahead = |clock: &&Clock| clock.state == ClockState::Running && clock.turned_at > now;
    let mut facts = Vec::new();
    for ticket in desk.tickets() {
        let mut of_ticket = Vec::new();
        for clock in ticket.clocks.iter().filter(|clock| clock.unsynced.is_none()).filter(runs_ahead) {
            let unsynced = Unsynced { used_ms: clock.used_ms, spans: vec![(clock.turned_at, None)] };
            of_ticket.push(correction(desk, &ticket, clock, &unsynced, behind_ms, now));
        }
        of_ticket.extend(letters::of_terms(desk, &ticket, &of_ticket, now));
        facts.extend(of_ticket);
    }
    facts.sort_by_key(|fact| fact.ticket);
    // What is more than an entry holds counts nothing until its start has come.
    facts.truncate(CORRECTIONS_MAX);
    facts
}

pub(super) fn corrections(desk: &Desk, behind_ms: i64, now: Timestamp) -> Vec<Fact> {
    let mut corrected: Vec<Fact> = Vec::new();
    if behind_ms < 0 {
        corrected.extend(unshelved(desk));
    }
    for ticket in desk.index().unsynced().filter_map(|number| desk.ticket(number)) {
        let clocks = ticket.clocks.iter().filter_map(|clock| Some((clock, clock.unsynced.as_deref()?)));
        let mut facts: Vec<Fact> = clocks
            .map(|(clock, unsynced)| correction(desk, &ticket, clock, unsynced, behind_ms, now))
            .collect();
        facts.extend(letters::of_terms(desk, &ticket, &facts, now));
        corrected.extend(facts.into_iter().take(CORRECTIONS_MAX - corrected.len()));
        if corrected.len() == CORRECTIONS_MAX {
            break;
        }
    }
    corrected
}

/// A clock's term and what it has used, reckoned from the true time.
fn correction(
    desk: &Desk,
    ticket: &Ticket,
    clock: &Clock,
    unsynced: &Unsynced,
    behind_ms: i64,
    now: Timestamp,
) -> Fact {
    // Nothing began after now.
    let truly = |stamp: Timestamp| stamp.plus_ms(behind_ms).min(now);
    let began_at = unsynced.spans.last().map_or(now, |(from, _)| truly(*from));
    let regulation = desk.regulations().of(&ticket.facts);
    let reckoned = regulation.and_then(|regulation| {
        let rule = regulation.clock(clock.metric)?;
        let calendar = regulation.calendar(clock.calendar_id())?;
        Some(reckon(regulation, rule, calendar, clock, unsynced, &truly, now))
    });
    // Without its regulation the term is moved as a whole: later than need be, never earlier.
    let (used_ms, term) = reckoned.unwrap_or_else(|| (clock.used_ms, moved(&clock.term, behind_ms)));
    let turn = Turn::Retargeted { used_ms, why: TermReason::ClockCorrected, began_at: Some(began_at), term };
    fact(ticket.number, clock, turn)
}

fn reckon(
    regulation: &Regulation,
    rule: &ClockRule,
    calendar: &Calendar,
    clock: &Clock,
    unsynced: &Unsynced,
    truly: &impl Fn(Timestamp) -> Timestamp,
    now: Timestamp,
) -> (i64, Term) {
    let count = |from: Timestamp, to: Option<Timestamp>| {
        clock.basis.elapsed(calendar, truly(from), to.map_or(now, truly))
    };
    let ended = unsynced.spans.iter().filter(|(_, to)| to.is_some());
    let used_before_ms = ended.map(|(from, to)| count(*from, *to)).sum::<i64>() + unsynced.used_ms;
    let running = unsynced.spans.last().filter(|(_, to)| to.is_none()).map(|(from, _)| *from);
    let used_ms = running.map_or(used_before_ms, |from| used_before_ms + count(from, None));
    if clock.planned.is_some() {
        // What an agent promised is an instant.
        let mut term = clock.term.clone();
        if let Some(deadline) = term.deadline.filter(|deadline| *deadline > now) {
            term.target_ms = Some(used_ms + clock.basis.elapsed(calendar, now, deadline));
        }
        return (used_ms, term);
    }
    let mut given = Given::of(clock);
    let first = unsynced.spans.first().map(|(from, _)| *from);
    if let (Some(days), Some(first)) = (given.days, first.filter(|first| *first == clock.started_at)) {
        given.target_ms = Some(days_ms(days, clock.basis, calendar, truly(first)));
    }
    let mut term = term(regulation, rule, calendar, given, used_before_ms, running.map_or(now, truly));
    if clock.state != ClockState::Running {
        term.deadline = None;
        term.warn_at = None;
    }
    (used_ms, term)
}

fn moved(term: &Term, behind_ms: i64) -> Term {
    let later = |at: Timestamp| at.plus_ms(behind_ms.max(0));
    Term { deadline: term.deadline.map(later), warn_at: term.warn_at.map(later), ..term.clone() }
}

fn fact(ticket: TicketNumber, clock: &Clock, turn: Turn) -> Fact {
    Fact { ticket: Some(ticket), event: Event::Clock { metric: clock.metric, cycle: clock.cycle, turn } }
}

/// A span as people write it: `1d 2h 3m`, rounded down; seconds where it is less than a minute.
fn span(ms: i64) -> String {
    let parts = [(ms / 86_400_000, "d"), (ms / 3_600_000 % 24, "h"), (ms / 60_000 % 60, "m")];
    let parts: Vec<_> = parts.into_iter().filter(|(amount, _)| *amount > 0).collect();
    if parts.is_empty() {
        return format!("{}s", ms / 1_000);
    }
    parts.into_iter().map(|(amount, unit)| format!("{amount}{unit}")).collect::<Vec<_>>().join(" ")
}
