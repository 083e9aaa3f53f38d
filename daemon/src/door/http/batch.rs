//! Batches: many commands with one durable commit, and a result for each.
//!
//! What is read here is the same JSON as a line for `andonctl simulate` has, without its time. A ticket that a command of
//! the batch opens has no number yet, so it is named by that command's place: `"@0"`.

mod schema;
mod step;

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use self::schema::BatchCommand;
use super::body::{LONG_BODY_MAX_BYTES, Posted, parse_as};
use super::denials::Denied;
use super::held::held;
use super::problem::{Problem, Told};
use super::serving::Why;
use super::{Door, DoorState, blocking};
use crate::clock::monotonic_us;
use crate::desk::event::Receipt;
use crate::desk::view::{self, TicketView};
use crate::desk::{Actor, Command, Held, Scope, Ticket, TicketNumber};
use crate::run::{
    BATCH_COMMANDS_MAX, BATCHES_MAX, Before, CommandBatch, Failure, Outcome, Revisions, Step, StepDone,
};

/// How many batches of one door are decided or wait until their answers are taken …
pub(super) const ANSWERED_MAX: usize = BATCHES_MAX;
/// … and how many of one token's.
pub(super) const ANSWERED_EACH_MAX: usize = BATCHES_MAX / 2;
/// How long the tickets make the answer to a batch at most, in bytes; those for which there is no room are told in short.
const ANSWER_MAX_BYTES: usize = 8 << 20;

/// Commands to be carried out one after another.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchRequest {
    /// The commands, 1 to 1,000: the verb in `do` (`register`, `take-next`, `reply`, …), the ticket's number in `ticket`, the revision
    /// that was seen in `if_revision`, and the verb's own fields beside them. `"@0"` is the ticket that the first command
    /// of this batch opens, `"@1"` that of the second; it may stand in `ticket`, `follows` and a link's `to`. `take-next`
    /// is a verb here, too: it names no ticket, and `"@0"` is then the one that it took.
    #[schema(value_type = Vec<BatchCommand>, min_items = 1, max_items = 1000)]
    commands: Vec<Value>,
    /// Whether the batch ends at the first command that is not carried out; those behind it are `not-tried`. What was
    /// carried out before it stays.
    #[serde(default)]
    stop_on_refusal: bool,
}

/// What came of a batch.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it is the answer's shape for the document: the results are written one by one")]
struct BatchAnswer {
    /// A result for each command, in the same order.
    results: Vec<CommandResult>,
}

/// What came of a command: the ticket, or the problem.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum CommandResult {
    /// It was carried out.
    Carried(Box<Carried>),
    /// It was not.
    #[schema(value_type = Told)]
    Problem(Box<Told>),
}

impl CommandResult {
    fn of_problem(problem: Problem) -> Self {
        Self::Problem(Box::new(problem.into_told()))
    }
}

/// A command that was carried out.
#[derive(Serialize, ToSchema)]
struct Carried {
    /// 201 where it opened a ticket, else 200.
    #[schema(example = 201)]
    status: u16,
    /// Whether anything changed; false where everything was so already.
    changed: bool,
    /// The ticket. At the last command of the batch about it it is whole, as that command left it; before that it is its
    /// number and the revision that the command left it at, and so is what would make the answer longer than 8 MiB:
    /// `GET /v1/tickets/{number}` shows it.
    ticket: LeftTicket,
}

/// A ticket in the answer to a batch, whole or in short.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
enum LeftTicket {
    /// It is told elsewhere.
    Short(ShortTicket),
    /// As the batch left it.
    Whole(Box<TicketView>),
}

/// A ticket that is told elsewhere.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ShortTicket {
    /// Its number.
    #[schema(value_type = u64)]
    number: TicketNumber,
    /// The revision at which the command left it.
    revision: u64,
}

/// Carries out up to 1,000 commands with one durable commit.
///
/// They are decided in order, and nobody else's command comes in between. Each has a result of its own: a refusal undoes
/// nothing, and the rest goes on unless `stop_on_refusal` is set. The answer is 200 when the batch was decided and is
/// durable, whatever the results; a ticket that several commands are about is told whole once, at the last of them. Where the disk does not take it, nothing of it has happened. With an `Idempotency-Key`
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
    let Read { steps, problems, opens, finds: _ } = Read::of(request.commands);
    let batch = CommandBatch { steps, stops_on_refusal: request.stop_on_refusal };
    let caller = posted.caller.0;
    let scope = caller.scope.clone();
    let Some(place) = door.batches.take(&caller.name, 1) else {
        door.shared.traffic.turned_away(Why::Batches, format_args!("the token `{}`", caller.name));
        return Err(Failure::Busy.into());
    };
    let outcomes = door.batch(batch, caller, posted.receipt).await?;
    let repeated = outcomes.iter().any(|outcome| match outcome {
        Outcome::Before(_) => true,
        Outcome::Done(_) | Outcome::Failed(_) | Outcome::Malformed | Outcome::NotTried => false,
    });
    let results = outcomes.into_iter().zip(problems.into_iter().zip(opens));
    let answer = blocking(move || {
        let mut writing = Writing::of(&door, scope);
        results.for_each(|(outcome, (problem, opens))| writing.result(outcome, problem, opens));
        writing.end()
    });
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if repeated {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    // What was made of it is in memory until it is sent.
    let (json, denied) = answer.await?;
    Ok((Extension(denied), headers, held(json, place)).into_response())
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

/// The answer to a batch, as it is written: a result after the other, so that no two tickets are held at once.
struct Writing<'a> {
    door: &'a Door,
    /// The tickets that who asked may see.
    scope: Scope,
    json: Vec<u8>,
    /// The revisions of tickets that came before, as far as they were asked for.
    revisions: HashMap<TicketNumber, Revisions>,
    /// What was refused for who asked.
    denied: Denied,
}

/// What a command left, before it is told.
struct Left {
    short: ShortTicket,
    whole: Option<Arc<Ticket>>,
    changed: bool,
}

impl<'a> Writing<'a> {
    fn of(door: &'a Door, scope: Scope) -> Self {
        let json = b"{\"results\":[".to_vec();
        Self { door, scope, json, revisions: HashMap::new(), denied: Denied::default() }
    }

    fn end(mut self) -> (Vec<u8>, Denied) {
        self.json.extend(b"]}");
        (self.json, self.denied)
    }

    fn result(&mut self, outcome: Outcome, problem: Option<Problem>, opens: bool) {
        let left = match (outcome, problem) {
            (Outcome::Done(done), _) => left(&done),
            (Outcome::Before(before), _) => self.before(before),
            (Outcome::Failed(failure), _) => Err(failure.into()),
            (Outcome::NotTried, _) => Err(Problem::not_tried()),
            (Outcome::Malformed, problem) => Err(problem.unwrap_or_else(Problem::internal)),
        };
        match left {
            Ok(left) => self.carried(&left, opens),
            Err(problem) => {
                let (status, code) = problem.kind();
                self.denied.note(status, code);
                self.write(&CommandResult::of_problem(problem));
            }
        }
    }

    fn before(&mut self, before: Before) -> Result<Left, Problem> {
        let number = before.number().ok_or_else(Problem::internal)?;
        let history = self.door.shared.handle.history();
        if before.is_last() {
            let ticket = before.ticket(history)?.ok_or_else(Problem::internal)?;
            // The first versions did not tell apart whose key it was: a token may have borne the name before.
            if !self.scope.covers_ticket(&ticket) {
                return Err(Problem::hidden("ticket", &number.to_string()));
            }
            let short = ShortTicket { number, revision: ticket.revision };
            return Ok(Left { short, whole: Some(ticket), changed: true });
        }
        let revisions = match self.revisions.entry(number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(history.revisions(number)?),
        };
        let revision = before.revision(revisions).ok_or_else(Problem::internal)?;
        Ok(Left { short: ShortTicket { number, revision }, whole: None, changed: true })
    }

    /// Tells the ticket whole where there is room for it, else in short.
    fn carried(&mut self, left: &Left, opens: bool) {
        let status = if opens { StatusCode::CREATED } else { StatusCode::OK };
        let carried = |ticket| {
            CommandResult::Carried(Box::new(Carried {
                status: status.as_u16(),
                changed: left.changed,
                ticket,
            }))
        };
        let before = self.json.len();
        if let Some(ticket) = &left.whole {
            let view = self.door.shared.handle.view();
            let at = if left.changed { ticket.changed_at } else { view.now() };
            let whole = view::ticket(ticket, view.regulations(), at).among(&view.people());
            self.write(&carried(LeftTicket::Whole(Box::new(whole))));
            if self.json.len() <= ANSWER_MAX_BYTES {
                return;
            }
            self.json.truncate(before);
        }
        self.write(&carried(LeftTicket::Short(left.short)));
    }

    fn write(&mut self, result: &CommandResult) {
        if self.json.last() != Some(&b'[') {
            self.json.push(b',');
        }
        serde_json::to_writer(&mut self.json, result).expect("a result is plain data with text keys");
    }
}

fn left(done: &StepDone) -> Result<Left, Problem> {
    let StepDone { ticket, revision, whole, changed } = done;
    let number = ticket.ok_or_else(Problem::internal)?;
    let whole = whole.as_ref().map(Held::ticket);
    Ok(Left { short: ShortTicket { number, revision: *revision }, whole, changed: *changed })
}

/// The commands of a batch as they were read, in order.
#[derive(Default)]
struct Read {
    steps: Vec<Option<Step>>,
    /// Why something is no command.
    problems: Vec<Option<Problem>>,
    /// Whether it opens a ticket.
    opens: Vec<bool>,
    /// Whether it opens a ticket or takes one from the queue: then those behind it may name that.
    finds: Vec<bool>,
}

impl Read {
    fn of(commands: Vec<Value>) -> Self {
        let mut read = Self::default();
        for command in commands {
            let step = step::read(command, &read.finds);
            let command = step.as_ref().ok().map(|step| &step.command);
            read.opens.push(matches!(command, Some(Command::Register(_))));
            read.finds.push(command.is_some_and(Command::finds_ticket));
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
