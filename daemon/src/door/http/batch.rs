//! Batches: many commands with one durable commit, and a result for each.
//!
//! What is read here is the same JSON as a line for `andonctl simulate` has, without its time. A ticket that a command of
//! the batch opens has no number yet, so it is named by that command's place: `"@0"`.

mod step;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{LONG_BODY_MAX_BYTES, Posted, parse_as};
use super::problem::{Problem, Told};
use super::{Door, DoorState, blocking};
use crate::clock::monotonic_us;
use crate::desk::event::Receipt;
use crate::desk::view::{self, TicketView};
use crate::desk::{Actor, Command};
use crate::run::{BATCH_COMMANDS_MAX, CommandBatch, Done, Outcome, Step};

/// Commands to be carried out one after another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchRequest {
    /// The commands, 1 to 1,000: the verb in `do` (`register`, `reply`, …), the ticket's number in `ticket`, the revision
    /// that was seen in `if_revision`, and the verb's own fields beside them. `"@0"` is the ticket that the first command
    /// of this batch opens, `"@1"` that of the second; it may stand in `ticket`, `follows` and a link's `to`.
    #[schema(value_type = Vec<Object>)]
    commands: Vec<Value>,
    /// Whether the batch ends at the first command that is not carried out; those behind it are `not-tried`. What was
    /// carried out before it stays.
    #[serde(default)]
    stop_on_refusal: bool,
}

/// What came of a batch.
#[derive(Serialize, ToSchema)]
struct BatchAnswer {
    /// A result for each command, in the same order.
    results: Vec<CommandResult>,
}

/// What came of a command: the ticket as it left it, or the problem.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum CommandResult {
    /// It was carried out.
    Carried(Box<Carried>),
    /// It was not.
    #[schema(value_type = Told)]
    Problem(Box<Told>),
}

/// A command that was carried out.
#[derive(Serialize, ToSchema)]
struct Carried {
    /// 201 where it opened a ticket, else 200.
    #[schema(example = 201)]
    status: u16,
    /// Whether anything changed; false where everything was so already.
    changed: bool,
    /// The ticket as the command left it.
    ticket: TicketView,
}

/// Carries out up to 1,000 commands with one durable commit.
///
/// They are decided in order, and nobody else's command comes in between. Each has a result of its own: a refusal undoes
/// nothing, and the rest goes on unless `stop_on_refusal` is set. The answer is 200 when the batch was decided and is
/// durable, whatever the results; where the disk does not take it, nothing of it has happened. With an `Idempotency-Key`
/// the same batch gets the same results again for what was carried out; what was refused is decided anew.
#[utoipa::path(post, path = "/v1/batch", tag = "tickets", operation_id = "batch",
    request_body = BatchRequest,
    responses((status = 200, description = "What came of each command", body = BatchAnswer)))]
pub(super) async fn batch(
    State(door): State<DoorState>,
    mut posted: Posted<LONG_BODY_MAX_BYTES>,
) -> Result<Response, Problem> {
    let request: BatchRequest = parse_as(posted.take_json()?)?;
    let count = request.commands.len();
    if !(1..=BATCH_COMMANDS_MAX).contains(&count) {
        let message = format!("has {count} commands; 1 to {BATCH_COMMANDS_MAX}");
        return Err(Problem::field("commands", message));
    }
    let Read { steps, problems, opens } = Read::of(request.commands);
    let batch = CommandBatch { steps, stops_on_refusal: request.stop_on_refusal };
    let outcomes = door.batch(batch, posted.caller.0, posted.receipt).await?;
    let repeated = outcomes.iter().any(|outcome| match outcome {
        Outcome::Before(_) => true,
        Outcome::Done(done) => done.repeated,
        Outcome::Failed(_) | Outcome::Malformed | Outcome::NotTried => false,
    });
    let results = outcomes.into_iter().zip(problems.into_iter().zip(opens));
    let answer = blocking(move || {
        let results = results.map(|(outcome, (problem, opens))| result(&door, outcome, problem, opens));
        let answer = BatchAnswer { results: results.collect() };
        Json(answer).into_response()
    });
    let mut headers = HeaderMap::new();
    if repeated {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    Ok((headers, answer.await?).into_response())
}

impl Door {
    /// Has a batch carried out for whoever calls, and counts how long it took.
    pub(super) async fn batch(
        &self,
        batch: CommandBatch,
        actor: Actor,
        receipt: Option<Receipt>,
    ) -> Result<Vec<Outcome>, Problem> {
        let begun_us = monotonic_us();
        let outcomes = self.shared.handle.batch(batch, actor, receipt).await;
        self.metrics.batch_took(monotonic_us().saturating_sub(begun_us));
        Ok(outcomes?)
    }
}

fn result(door: &Door, outcome: Outcome, problem: Option<Problem>, opens: bool) -> CommandResult {
    let carried = match (outcome, problem) {
        (Outcome::Done(done), _) => carried(door, &done, opens),
        (Outcome::Before(before), _) => before
            .ticket(door.shared.handle.history())
            .map_err(Problem::from)
            .and_then(|ticket| carried(door, &Done { ticket, changed: true, repeated: true }, opens)),
        (Outcome::Failed(failure), _) => Err(failure.into()),
        (Outcome::NotTried, _) => Err(Problem::not_tried()),
        (Outcome::Malformed, problem) => Err(problem.unwrap_or_else(Problem::internal)),
    };
    match carried {
        Ok(carried) => CommandResult::Carried(Box::new(carried)),
        Err(problem) => CommandResult::Problem(Box::new(problem.into_told())),
    }
}

fn carried(door: &Door, done: &Done, opens: bool) -> Result<Carried, Problem> {
    let ticket = done.ticket.as_ref().ok_or_else(Problem::internal)?;
    let view = door.shared.handle.view();
    let at = if done.changed { ticket.changed_at } else { view.now() };
    let status = if opens { StatusCode::CREATED } else { StatusCode::OK };
    let ticket = view::ticket(ticket, view.regulations(), at);
    Ok(Carried { status: status.as_u16(), changed: done.changed, ticket })
}

/// The commands of a batch as they were read, in order.
#[derive(Default)]
struct Read {
    steps: Vec<Option<Step>>,
    /// Why something is no command.
    problems: Vec<Option<Problem>>,
    /// Whether it opens a ticket.
    opens: Vec<bool>,
}

impl Read {
    fn of(commands: Vec<Value>) -> Self {
        let mut read = Self::default();
        for command in commands {
            let step = step::read(command, &read.opens);
            read.opens.push(step.as_ref().is_ok_and(|step| matches!(step.command, Command::Register(_))));
            match step {
                Ok(step) => {
                    read.steps.push(Some(step));
                    read.problems.push(None);
                }
                Err(problem) => {
                    read.steps.push(None);
                    read.problems.push(Some(problem));
                }
            }
        }
        read
    }
}
