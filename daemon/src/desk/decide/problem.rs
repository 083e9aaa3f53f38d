//! Commands about problems: opening, linking, confirming, closing.

use calendars::{Timestamp, Tz};
use smol_str::SmolStr;

use super::mass::{day_of, turned};
use super::register::one_line;
use super::{Decision, Draft, Wrong, letters, lot, need};
use crate::desk::actor::{Actor, Role};
use crate::desk::command::{
    CloseProblem, ConfirmProblem, DismissProblem, OpenProblem, ProblemAct, TicketList,
};
use crate::desk::event::Fact;
use crate::desk::index::Standing;
use crate::desk::problem::{
    NAMED_MAX, Problem, ProblemNumber, ProblemState, ProblemTurn, Resolving, TICKETS_MAX,
};
use crate::desk::refusal::Refusal;
use crate::desk::regulation::LetterCause;
use crate::desk::state::Desk;
use crate::desk::ticket::{Stage, Ticket, TicketNumber};

pub(super) fn decide(
    desk: &Desk,
    act: &ProblemAct,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    need(actor, Role::Agent, "working on problems")?;
    match act {
        ProblemAct::Open(open) => self::open(desk, open, actor, at),
        ProblemAct::Link(number, tickets) => link(desk, theirs(desk, *number, actor)?, tickets, actor, at),
        ProblemAct::Unlink(number, tickets) => unlink(desk, theirs(desk, *number, actor)?, tickets, actor),
        ProblemAct::Confirm(number, said) => confirm(desk, theirs(desk, *number, actor)?, said, at),
        ProblemAct::Dismiss(number, said) => dismiss(theirs(desk, *number, actor)?, said),
        ProblemAct::Close(number, said) => close(desk, theirs(desk, *number, actor)?, said, actor, at),
    }
}

/// The zone of a problem's days.
pub(super) fn zone_of(desk: &Desk, problem: &Problem) -> Tz {
    zone(desk, &problem.regulation, problem.opened_at)
}

fn zone(desk: &Desk, regulation: &str, at: Timestamp) -> Tz {
    desk.regulations().holding(regulation, at).map_or(Tz::UTC, |regulation| regulation.zone)
}

/// How many alike tickets of a day are mass; none where the regulation does not say.
fn mass_from(desk: &Desk, regulation: &str, at: Timestamp) -> Option<u32> {
    desk.regulations().holding(regulation, at)?.mass_problem.as_ref().map(|rule| rule.alike)
}

/// The problem, where it is there and in the actor's scope.
fn theirs<'a>(desk: &'a Desk, number: ProblemNumber, actor: &Actor) -> Result<&'a Problem, Refusal> {
    let problem =
        desk.problem(number).ok_or_else(|| Refusal::NotFound { what: "problem", id: number.to_string() })?;
    if actor.scope.covers_problem(&problem.regulation) {
        Ok(problem)
    } else {
        Err(Refusal::Hidden { what: "problem", id: number.to_string() })
    }
}

/// Refuses what cannot be done in the problem's state.
fn live(problem: &Problem) -> Result<(), Refusal> {
    if problem.state.is_live() {
        return Ok(());
    }
    let Problem { number, state, .. } = problem;
    let message = format!("problem {number} is {}; open another one", state.id());
    Err(Refusal::conflict("problem-over", message))
}

/// Tickets that are named by a command, each once.
fn named(
    desk: &Desk,
    numbers: &[TicketNumber],
    actor: &Actor,
) -> Result<Vec<std::sync::Arc<Ticket>>, Refusal> {
    if numbers.is_empty() || numbers.len() > NAMED_MAX {
        let message = format!("has {} numbers of tickets; 1 to {NAMED_MAX}", numbers.len());
        return Err(Refusal::field("tickets", message));
    }
    let mut wrong = Wrong::default();
    let mut tickets = Vec::new();
    for (at, number) in numbers.iter().enumerate() {
        match desk.ticket(*number).filter(|ticket| actor.scope.covers_ticket(ticket)) {
            Some(_) if numbers[..at].contains(number) => {
                wrong.add(&format!("tickets[{at}]"), format!("names ticket {number} twice"));
            }
            Some(ticket) => tickets.push(ticket),
            None => wrong.add(&format!("tickets[{at}]"), format!("there is no ticket {number}")),
        }
    }
    wrong.done()?;
    Ok(tickets)
}

/// What a problem is about to have, while facts are made for it.
struct Linked<'a> {
    desk: &'a Desk,
    number: ProblemNumber,
    regulation: SmolStr,
    zone: Tz,
    /// As it was; none for a new one.
    before: Option<&'a Problem>,
    at: Timestamp,
    facts: Vec<Fact>,
}

impl<'a> Linked<'a> {
    fn to(desk: &'a Desk, problem: &'a Problem, at: Timestamp) -> Self {
        Self {
            desk,
            number: problem.number,
            regulation: problem.regulation.clone(),
            zone: zone_of(desk, problem),
            before: Some(problem),
            at,
            facts: Vec::new(),
        }
    }

    fn to_new(desk: &'a Desk, regulation: &SmolStr, at: Timestamp) -> Self {
        Self {
            desk,
            number: desk.next_problem(),
            regulation: regulation.clone(),
            zone: zone(desk, regulation, at),
            before: None,
            at,
            facts: Vec::new(),
        }
    }

    /// Links a ticket; nothing where it is linked already.
    fn link(&mut self, ticket: &Ticket) -> Result<(), Refusal> {
        if ticket.facts.regulation != self.regulation {
            return Err(Refusal::Conflict {
                code: "other-regulation",
                message: format!(
                    "ticket {} is of {}, and a problem has tickets of one regulation: {}",
                    ticket.number, ticket.facts.regulation, self.regulation
                ),
                ticket: Some(ticket.number),
                status: None,
            });
        }
        let day = day_of(ticket, self.zone);
        let mut was_suggested = false;
        if let Some(known) = ticket.problem {
            let state = self.desk.problem(known.number).map(|problem| problem.state);
            let is_held = !known.suggested && state == Some(ProblemState::Open);
            match (known.number == self.number, known.suggested) {
                (true, false) => return Ok(()),
                (true, true) => was_suggested = true,
                (false, _) if is_held => {
                    return Err(Refusal::Conflict {
                        code: "in-problem",
                        message: format!(
                            "ticket {} belongs to problem {}, which is open; unlink it there first",
                            ticket.number, known.number
                        ),
                        ticket: Some(ticket.number),
                        status: None,
                    });
                }
                (false, was_suggested) => {
                    let event = turned(known.number, ProblemTurn::Unlinked { day, was_suggested });
                    self.facts.push(Fact { ticket: Some(ticket.number), event });
                }
            }
        }
        let event = turned(self.number, ProblemTurn::Linked { day, was_suggested });
        self.facts.push(Fact { ticket: Some(ticket.number), event });
        if ticket.stage == Stage::Open
            && self.before.is_some_and(|problem| problem.tells_with_link(ticket.number))
        {
            let told = letters::of_problem(self.desk, ticket, &LetterCause::MassProblem, self.at);
            self.facts.extend(told);
        }
        Ok(())
    }

    /// The facts; the problem is mass with them, where as many of its tickets are of one day as the regulation says.
    fn done(mut self, at: Timestamp) -> Result<Vec<Fact>, Refusal> {
        let mut days = self.before.map(|problem| problem.days.clone()).unwrap_or_default();
        let mut tickets = self.before.map_or(0, Problem::tickets);
        for fact in &self.facts {
            let crate::desk::Event::Problem { problem, turn } = &fact.event else { continue };
            if let ProblemTurn::Linked { day, was_suggested: false } = turn
                && *problem == self.number
            {
                *days.entry(*day).or_default() += 1;
                tickets += 1;
            }
        }
        if tickets > TICKETS_MAX {
            let message =
                format!("a problem has at most {TICKETS_MAX} tickets; open another one for the rest");
            return Err(Refusal::conflict("problem-full", message));
        }
        let is_open = self.before.is_none_or(|problem| problem.state == ProblemState::Open && !problem.mass);
        let from = mass_from(self.desk, &self.regulation, at);
        if is_open && from.is_some_and(|from| days.values().any(|count| *count >= from)) {
            self.facts.push(Fact { ticket: None, event: turned(self.number, ProblemTurn::Mass) });
            if letters::tells_of_problems(self.desk, &self.regulation, at) {
                self.facts.push(Fact { ticket: None, event: turned(self.number, ProblemTurn::ToTell) });
            }
        }
        Ok(self.facts)
    }
}

fn open(desk: &Desk, open: &OpenProblem, actor: &Actor, at: Timestamp) -> Result<Decision, Refusal> {
    let mut wrong = Wrong::default();
    let title = one_line("title", open.title.as_ref(), &mut wrong);
    let tickets = match named(desk, &open.tickets, actor) {
        Ok(tickets) => tickets,
        Err(Refusal::Fields(errors)) => {
            for error in &errors {
                wrong.add(&error.field, &error.message);
            }
            Vec::new()
        }
        Err(refusal) => return Err(refusal),
    };
    if open.worked_as.is_some_and(|worked_as| !open.tickets.contains(&worked_as)) {
        wrong.add("worked_as", "must be one of `tickets`");
    }
    wrong.done()?;
    let regulation = tickets[0].facts.regulation.clone();
    if !actor.scope.covers_problem(&regulation) {
        let what = format!("opening a problem of `{regulation}`");
        return Err(Refusal::OutOfScope { what, scope: actor.scope.clone() });
    }
    let mut linked = Linked::to_new(desk, &regulation, at);
    for ticket in &tickets {
        linked.link(ticket)?;
    }
    let opened = ProblemTurn::Opened { regulation, title, suspected: false, worked_as: open.worked_as };
    let event = turned(linked.number, opened);
    linked.facts.push(Fact { ticket: None, event });
    Ok(Decision { ticket: Some(tickets[0].number), facts: linked.done(at)? })
}

fn link(
    desk: &Desk,
    problem: &Problem,
    list: &TicketList,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    live(problem)?;
    let mut linked = Linked::to(desk, problem, at);
    for ticket in named(desk, &list.tickets, actor)? {
        linked.link(&ticket)?;
    }
    Ok(Decision { ticket: None, facts: linked.done(at)? })
}

fn unlink(desk: &Desk, problem: &Problem, list: &TicketList, actor: &Actor) -> Result<Decision, Refusal> {
    live(problem)?;
    let zone = zone_of(desk, problem);
    let tickets = named(desk, &list.tickets, actor)?;
    let theirs = tickets.iter().filter_map(|ticket| {
        let known = ticket.problem.filter(|known| known.number == problem.number)?;
        let turn = ProblemTurn::Unlinked { day: day_of(ticket, zone), was_suggested: known.suggested };
        Some(Fact { ticket: Some(ticket.number), event: turned(problem.number, turn) })
    });
    Ok(Decision { ticket: None, facts: theirs.collect() })
}

fn confirm(
    desk: &Desk,
    problem: &Problem,
    said: &ConfirmProblem,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    live(problem)?;
    let mut wrong = Wrong::default();
    let title = match &said.title {
        Some(_) => one_line("title", said.title.as_ref(), &mut wrong),
        None => problem.title.clone(),
    };
    if let Some(number) = said.worked_as {
        let of = desk.ticket(number).and_then(|ticket| ticket.problem);
        if of.is_none_or(|of| of.number != problem.number) {
            wrong.add("worked_as", format!("ticket {number} does not belong to problem {}", problem.number));
        }
    }
    wrong.done()?;
    let upto = TicketNumber(desk.next_ticket().0 - 1);
    let is_suspected = problem.state == ProblemState::Suspected;
    if is_suspected && problem.tickets() == 0 {
        let number = problem.number;
        let message =
            format!("problem {number} has no ticket any more; dismiss it, or link a ticket to it first");
        return Err(Refusal::conflict("problem-empty", message));
    }
    let worked_as = said.worked_as.filter(|number| Some(*number) != problem.worked_as);
    if !is_suspected && problem.suggested == 0 && title == problem.title && worked_as.is_none() {
        return Ok(Decision { ticket: None, facts: Vec::new() });
    }
    let mut turns = vec![ProblemTurn::Confirmed { title, upto, worked_as }];
    // It was suspected for being as many as the regulation says; some of those may be closed, and counted all the same.
    if is_suspected && !problem.mass && mass_from(desk, &problem.regulation, at).is_some() {
        turns.push(ProblemTurn::Mass);
        if letters::tells_of_problems(desk, &problem.regulation, at) {
            turns.push(ProblemTurn::ToTell);
        }
    }
    Ok(by_itself(problem, turns))
}

fn dismiss(problem: &Problem, said: &DismissProblem) -> Result<Decision, Refusal> {
    let mut wrong = Wrong::default();
    let reason = wrong.text("reason", said.reason.as_ref());
    wrong.done()?;
    match problem.state {
        ProblemState::Suspected => Ok(by_itself(problem, vec![ProblemTurn::Dismissed { reason }])),
        ProblemState::Dismissed => Ok(by_itself(problem, Vec::new())),
        ProblemState::Open | ProblemState::Closed => Err(Refusal::conflict(
            "not-suspected",
            format!(
                "problem {} is {}; only a suspected one is dismissed, an open one is closed",
                problem.number,
                problem.state.id()
            ),
        )),
    }
}

fn close(
    desk: &Desk,
    problem: &Problem,
    said: &CloseProblem,
    actor: &Actor,
    at: Timestamp,
) -> Result<Decision, Refusal> {
    let mut wrong = Wrong::default();
    let text = wrong.text("text", said.text.as_ref());
    let source = wrong.optional_text("source", said.source.as_ref()).map(SmolStr::from);
    if source.is_some() && !said.resolve {
        wrong.add("source", "goes with `resolve`: it is kept with each ticket that is resolved");
    }
    wrong.done()?;
    match problem.state {
        ProblemState::Open => {}
        ProblemState::Suspected => {
            return Err(Refusal::conflict(
                "problem-suspected",
                format!("problem {} is only suspected; confirm or dismiss it first", problem.number),
            ));
        }
        ProblemState::Closed | ProblemState::Dismissed => {
            return live(problem).map(|()| by_itself(problem, Vec::new()));
        }
    }
    if said.resolve {
        let (by, role) = (actor.name.clone(), actor.role);
        let resolving =
            Resolving { after: TicketNumber(0), text: text.clone(), source: source.clone(), by, role };
        may_resolve(desk, problem, &resolving, at)?;
    }
    let closed = ProblemTurn::Closed { text, resolve: said.resolve, source, role: actor.role };
    // Those that are resolved with it hear of both at once.
    let tells = problem.mass && !said.resolve && letters::tells_of_problems(desk, &problem.regulation, at);
    let turns = std::iter::once(closed).chain(tells.then_some(ProblemTurn::ToTell));
    Ok(by_itself(problem, turns.collect()))
}

/// What would be refused of every ticket is told at once: a phrase, a source, a role.
fn may_resolve(desk: &Desk, problem: &Problem, resolving: &Resolving, at: Timestamp) -> Result<(), Refusal> {
    let first = desk.index().of_problem(problem.number, Standing::Open, TicketNumber(0)).next();
    let Some(first) = first else { return Ok(()) };
    match lot::resolved(desk, first, resolving, problem.mass, at) {
        Err(refusal @ (Refusal::Fields(_) | Refusal::Forbidden(_))) => Err(refusal),
        Err(refusal @ Refusal::Conflict { code: "forbidden-phrase" | "not-in-regulation", .. }) => {
            Err(refusal)
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

fn by_itself(problem: &Problem, turns: Vec<ProblemTurn>) -> Decision {
    let fact = |turn| Fact { ticket: None, event: turned(problem.number, turn) };
    Decision { ticket: None, facts: turns.into_iter().map(fact).collect() }
}

/// A ticket is linked to the ticket of a problem (HD-14): it belongs to that problem, which is opened where there is none.
pub(super) fn join(draft: &mut Draft<'_>, to: &Ticket) -> Result<(), Refusal> {
    let desk = draft.desk;
    if to.stage == Stage::Closed || to.facts.regulation != draft.ticket.facts.regulation {
        return Ok(());
    }
    let of_other = to.problem.filter(|known| !known.suggested).and_then(|known| desk.problem(known.number));
    let mut linked = match of_other.filter(|problem| problem.state == ProblemState::Open) {
        Some(problem) => Linked::to(desk, problem, draft.at),
        None => Linked::to_new(desk, &to.facts.regulation, draft.at),
    };
    linked.link(&draft.ticket)?;
    if linked.before.is_none() {
        linked.link(to)?;
        let (regulation, title) = (to.facts.regulation.clone(), to.facts.subject.clone());
        let opened = ProblemTurn::Opened { regulation, title, suspected: false, worked_as: Some(to.number) };
        let event = turned(linked.number, opened);
        linked.facts.push(Fact { ticket: None, event });
    }
    let (at, number) = (draft.at, draft.ticket.number);
    for fact in linked.done(at)? {
        if fact.ticket == Some(number) {
            draft.push(fact.event);
        } else {
            draft.facts.push(fact);
        }
    }
    Ok(())
}
