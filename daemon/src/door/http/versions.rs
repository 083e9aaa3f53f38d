//! Versions of a regulation: what one would do to the tickets that are open, and doing it.
//!
//! Tickets are looked at as they are published, a thread beside the loop reckons what becomes of them, and applying
//! goes ticket by ticket through the loop as any other command does: nobody waits for more than a few of them.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use calendars::{Timestamp, Tz};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};
use smol_str::SmolStr;
use tokio::task::JoinSet;
use utoipa::ToSchema;

use super::auth::Keeper;
use super::body::{Posted, parse_as};
use super::problem::Problem;
use super::query::Named;
use super::{DoorState, blocking};
use crate::desk::clocks::{ClockState, Metric};
use crate::desk::impact::{ChangeReason, ClockChange, Impact, Outcome, Sums};
use crate::desk::{
    Actor, Command, Desk, FieldError, Held, Refusal, Regulation, Regulations, Ticket, TicketNumber,
};
use crate::run::{Failure, Handle, versions};

/// How many tickets are put under a version with one sync of the disk; whoever comes meanwhile waits for so many.
const APPLY_AT_ONCE: usize = 64;
/// How long is waited where the desk has no room for a command, in milliseconds.
const BUSY_WAIT_MS: u64 = 50;

/// Which version, and how much of the answer is wanted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PreviewVersion {
    /// A version the daemon runs; left out: the one that holds today.
    #[schema(example = "2.1")]
    version: Option<String>,
    /// A regulation's file, instead of a version that runs; its `id` is the path's.
    text: Option<String>,
    /// How messages name that file.
    #[schema(example = "ours.toml")]
    name: Option<String>,
    /// How many tickets to list at most, the worst first; left out: every one that changes or does not fit.
    limit: Option<usize>,
}

/// Which version.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ApplyVersion {
    /// A version the daemon runs; left out: the one that holds today.
    #[schema(example = "2.1")]
    version: Option<String>,
}

/// What a version does to the tickets that are not closed.
#[derive(Serialize, ToSchema)]
pub(super) struct ImpactView {
    /// The regulation's id.
    #[schema(value_type = String, example = "getmark")]
    regulation: SmolStr,
    /// The version.
    #[schema(value_type = String)]
    version: SmolStr,
    /// The first day it holds.
    holds_from: String,
    /// When it would be, or was applied.
    at: String,
    /// How many tickets become what.
    sums: Sums,
    /// In how many tickets' records it was written; 0 in a preview.
    written: u32,
    /// Whom it does what, the worst first; of what was applied, only whom it does not fit.
    #[serde(serialize_with = "each_ticket")]
    #[schema(value_type = Vec<TicketImpactView>)]
    tickets: Ranked,
}

/// What becomes of a ticket.
#[derive(Serialize, ToSchema)]
pub(super) struct TicketImpactView {
    /// Its number.
    #[schema(value_type = u64)]
    number: TicketNumber,
    /// What it is about.
    subject: String,
    /// The version it works by.
    #[schema(value_type = String)]
    from: SmolStr,
    /// The version it would work by.
    #[schema(value_type = String)]
    to: SmolStr,
    /// What becomes of it.
    outcome: Outcome,
    /// Why it keeps the version it has, where it does.
    message: Option<String>,
    /// The stable code of that.
    code: Option<&'static str>,
    /// Its clocks that promise something else.
    clocks: Vec<ClockChangeView>,
}

/// What becomes of a clock.
#[derive(Serialize, ToSchema)]
pub(super) struct ClockChangeView {
    /// What it measures.
    metric: Metric,
    /// How often a clock of this metric has started on the ticket, from 1.
    cycle: u16,
    /// Whether it is breached by the change.
    breached: bool,
    /// Why it is another.
    why: Vec<ChangeReason>,
    /// Before.
    before: PromiseView,
    /// After.
    after: PromiseView,
}

/// What a clock promises.
#[derive(Serialize, ToSchema)]
pub(super) struct PromiseView {
    /// Whether it runs.
    state: ClockState,
    /// What is given, in whole seconds; null where there is no term.
    target_seconds: Option<i64>,
    /// When it runs out; null while it does not run or without a term.
    deadline: Option<String>,
}

/// Tells what a version of a regulation, or its calendars as they are now, would do to the tickets that are not closed:
/// which terms move, which would be breached at once, which do not fit. Nothing is changed.
#[utoipa::path(post, path = "/v1/regulations/{id}/preview", tag = "regulations", operation_id = "preview_regulation",
    params(("id" = String, Path, description = "The regulation's id", example = "getmark")),
    request_body(content = Option<PreviewVersion>),
    responses((status = 200, description = "What it would do", body = ImpactView)))]
pub(super) async fn preview(
    State(door): State<DoorState>,
    _: Keeper,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<Response, Problem> {
    let asked: PreviewVersion = parse_as(posted.take_json_or_empty())?;
    let handle = door.shared.handle.clone();
    let at = door.look(Desk::stamp).await?;
    let body = blocking(move || {
        let to = asked_for(&id, &asked, handle.view().regulations(), at)?;
        let limit = asked.limit.unwrap_or(usize::MAX);
        let told = look_ahead(&handle, to, at, limit);
        Ok::<_, Problem>(serde_json::to_vec(&told).expect("what is told is plain data"))
    });
    let body = body.await??;
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((json, body).into_response())
}

/// Puts every ticket of the regulation that is not closed under one of its versions, and derives their terms anew. Done
/// twice, the second time changes nothing. Goes on to its end also where the caller goes away.
#[utoipa::path(post, path = "/v1/regulations/{id}/apply", tag = "regulations", operation_id = "apply_regulation",
    params(("id" = String, Path, description = "The regulation's id", example = "getmark")),
    request_body(content = Option<ApplyVersion>),
    responses((status = 200, description = "What it did; tickets that did not fit are listed", body = ImpactView)))]
pub(super) async fn apply(
    State(door): State<DoorState>,
    Keeper(actor): Keeper,
    Named(id): Named<String>,
    mut posted: Posted,
) -> Result<Json<ImpactView>, Problem> {
    let ApplyVersion { version } = parse_as(posted.take_json_or_empty())?;
    let handle = door.shared.handle.clone();
    let at = door.look(Desk::stamp).await?;
    let to = running(&id, version.as_deref(), handle.view().regulations(), at)?;
    let carried_out = tokio::spawn(carry_out(handle, to, actor, at)).await;
    carried_out
        .map_err(|error| {
            log::error!("applying a regulation ended in a panic: {error}");
            Problem::internal()
        })?
        .map(Json)
}

/// The version that is asked for: of a text, or one that runs.
fn asked_for(
    id: &str,
    asked: &PreviewVersion,
    regulations: &Regulations,
    at: Timestamp,
) -> Result<Arc<Regulation>, Problem> {
    let Some(text) = &asked.text else { return running(id, asked.version.as_deref(), regulations, at) };
    if asked.version.is_some() {
        return Err(Problem::field("version", "goes with no `text`, which has its own"));
    }
    let name = asked.name.as_deref().unwrap_or("text");
    let regulation = Regulation::parse(name, text).map_err(|problems| {
        let told = problems.to_string();
        Problem::fields(told.lines().map(|line| FieldError::new("text", line)).collect())
    })?;
    if regulation.id == id {
        Ok(Arc::new(regulation))
    } else {
        Err(Problem::field("text", format!("is of the regulation `{}`, not of `{id}`", regulation.id)))
    }
}

/// A version that runs: the one named, or the one that holds at `at`.
fn running(
    id: &str,
    version: Option<&str>,
    regulations: &Regulations,
    at: Timestamp,
) -> Result<Arc<Regulation>, Problem> {
    let holding = regulations.holding(id, at).ok_or_else(|| Problem::not_found("regulation", id))?;
    let Some(version) = version else { return Ok(Arc::clone(holding)) };
    regulations.version(id, version).cloned().ok_or_else(|| {
        let known: Vec<_> = regulations.versions(id).map(|regulation| regulation.version.as_str()).collect();
        let known = known.join(", ");
        Problem::field("version", format!("the daemon runs no `{version}` of {id}; it runs {known}"))
    })
}

/// What the version would do, and to whom.
fn look_ahead(handle: &Handle, to: Arc<Regulation>, at: Timestamp, limit: usize) -> ImpactView {
    let view = handle.view();
    // A desk without tickets reckons as the real one does, and is in nobody's way.
    let desk = Box::new(Desk::new(view.regulations().clone()));
    let mut sums = Sums::default();
    let mut tickets = Vec::new();
    view.each(|held| {
        let ticket = held.ticket();
        if ticket.is_open_under(&to.id) {
            let outcome = desk.impact(&ticket, &to, at).outcome;
            sums.add(outcome);
            if outcome != Outcome::Unchanged {
                tickets.push((outcome, ticket.number, held.clone()));
            }
        }
    });
    tickets.sort_by_key(|(outcome, number, _)| (*outcome, *number));
    tickets.truncate(limit);
    let tickets = tickets.into_iter().map(|(_, _, held)| held).collect();
    told(&Arc::clone(&to), at, sums, 0, Ranked::Ahead { desk, tickets, to, at })
}

/// Applies the version to each ticket.
async fn carry_out(
    handle: Handle,
    to: Arc<Regulation>,
    actor: Actor,
    at: Timestamp,
) -> Result<ImpactView, Problem> {
    let view = Arc::clone(handle.view());
    let id = to.id.clone();
    let numbers = blocking(move || {
        let mut numbers = Vec::new();
        view.each(|held| {
            let ticket = held.ticket();
            numbers.extend(ticket.is_open_under(&id).then_some(ticket.number));
        });
        numbers
    })
    .await?;
    log::info!("applying {} {} to {} tickets, for {}", to.id, to.version, numbers.len(), actor.name);
    let mut sums = Sums::default();
    let mut written = 0;
    let mut not_fitting = Vec::new();
    for some in numbers.chunks(APPLY_AT_ONCE) {
        let mut together = JoinSet::new();
        for number in some {
            together.spawn(apply_to(handle.clone(), *number, to.version.clone(), actor.clone()));
        }
        while let Some(applied) = together.join_next().await {
            let applied = applied.map_err(|_| Problem::internal())?.map_err(|failure| {
                let done =
                    format!("{} of {} tickets are done, the rest are not", sums.tickets, numbers.len());
                Problem::from(failure).with_before(&format!("{done}; apply it again when that is over"))
            })?;
            sums.add(applied.impact.outcome);
            written += u32::from(applied.is_written);
            if applied.impact.outcome == Outcome::DoesNotFit {
                not_fitting.push(applied);
            }
        }
    }
    not_fitting.sort_by_key(|applied| applied.ticket.number);
    let tickets = not_fitting.iter().map(|not| row(&not.ticket, &not.impact, &to)).collect();
    if let Ok(missing) = handle.look(|desk, _| versions::missing(desk)).await {
        versions::tell_missing(&missing, &handle);
    }
    Ok(told(&to, at, sums, written, Ranked::Told(tickets)))
}

/// What became of a ticket.
struct Applied {
    ticket: Arc<Ticket>,
    impact: Impact,
    is_written: bool,
}

async fn apply_to(
    handle: Handle,
    number: TicketNumber,
    version: SmolStr,
    actor: Actor,
) -> Result<Applied, Failure> {
    loop {
        let ticket = handle.view().live(number);
        let ticket = ticket.ok_or_else(|| Refusal::NotFound { what: "ticket", id: number.to_string() })?;
        let command = Command::ApplyRegulation { number, version: version.clone() };
        let (impact, is_written) = match handle.command(command, actor.clone(), None).await {
            Ok(done) => {
                let after = done.ticket.as_ref().unwrap_or(&ticket);
                (Impact::between(&ticket, after), done.changed)
            }
            Err(Failure::Refused(refusal)) => (Impact::refused(refusal), false),
            Err(Failure::Busy) => {
                tokio::time::sleep(Duration::from_millis(BUSY_WAIT_MS)).await;
                continue;
            }
            Err(failure) => return Err(failure),
        };
        return Ok(Applied { ticket, impact, is_written });
    }
}

/// Tickets that are listed: reckoned one by one as they are written out, so that a hundred thousand of them are never
/// all in memory; or told already.
enum Ranked {
    Ahead { desk: Box<Desk>, tickets: Vec<Held>, to: Arc<Regulation>, at: Timestamp },
    Told(Vec<TicketImpactView>),
}

fn each_ticket<S: Serializer>(ranked: &Ranked, serializer: S) -> Result<S::Ok, S::Error> {
    match ranked {
        Ranked::Told(rows) => rows.serialize(serializer),
        Ranked::Ahead { desk, tickets, to, at } => {
            let mut list = serializer.serialize_seq(Some(tickets.len()))?;
            for held in tickets {
                let ticket = held.ticket();
                list.serialize_element(&row(&ticket, &desk.impact(&ticket, to, *at), to))?;
            }
            list.end()
        }
    }
}

fn told(to: &Regulation, at: Timestamp, sums: Sums, written: u32, tickets: Ranked) -> ImpactView {
    ImpactView {
        regulation: to.id.clone(),
        version: to.version.clone(),
        holds_from: to.holds_from.to_string(),
        at: at.to_rfc3339(to.zone),
        sums,
        written,
        tickets,
    }
}

fn row(ticket: &Ticket, impact: &Impact, to: &Regulation) -> TicketImpactView {
    TicketImpactView {
        number: ticket.number,
        subject: ticket.facts.subject.clone(),
        from: ticket.facts.version.clone(),
        to: to.version.clone(),
        outcome: impact.outcome,
        message: impact.refusal.as_ref().map(ToString::to_string),
        code: impact.refusal.as_ref().map(Refusal::code),
        clocks: impact.clocks.iter().map(|clock| clock_row(clock, to.zone)).collect(),
    }
}

fn clock_row(clock: &ClockChange, zone: Tz) -> ClockChangeView {
    let promise = |promise: &crate::desk::impact::Promise| PromiseView {
        state: promise.state,
        target_seconds: promise.target_ms.map(|ms| ms.div_euclid(1_000)),
        deadline: promise.deadline.map(|at| at.to_rfc3339(zone)),
    };
    ClockChangeView {
        metric: clock.metric,
        cycle: clock.cycle,
        breached: clock.is_breached,
        why: clock.why.clone(),
        before: promise(&clock.before),
        after: promise(&clock.after),
    }
}
