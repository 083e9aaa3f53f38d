//! Problems: one cause of many tickets.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::auth::Reader;
use super::body::{Posted, whole};
use super::problem::Problem as HttpProblem;
use super::query::{Named, Query};
use super::{Door, DoorState, tickets};
use crate::desk::command::{
    CloseProblem, ConfirmProblem, DismissProblem, OpenProblem, ProblemAct, TicketList,
};
use crate::desk::reading::{self, Read};
use crate::desk::view::{self, ProblemView};
use crate::desk::{Command, FieldError, ProblemNumber, ProblemState, Scope};
use crate::run::Done;

/// How many problems a list has where nobody says.
const LIMIT_DEFAULT: usize = 50;
/// How many problems a list has at most.
const LIMIT_MAX: usize = 200;

/// Lists problems, the newest first.
///
/// Of those that are over the newest 1,000 are remembered; the event stream has them all. A token that is bound to channels
/// sees none: a problem is of all its tickets, by whatever channel they came.
#[utoipa::path(get, path = "/v1/problems", tag = "problems", operation_id = "list_problems",
    params(
        ("state" = Option<String>, Query, description = "suspected, open, closed, dismissed; several as a comma list", example = "suspected,open"),
        ("limit" = Option<u16>, Query, description = "How many at most: 1 to 200, else 50"),
        ("cursor" = Option<String>, Query, description = "Where to go on, from the header Link"),
    ),
    responses((status = 200, description = "The problems", body = [ProblemView],
        headers(("link" = String, description = "`<…>; rel=\"next\"` where there are more")))))]
pub(super) async fn list(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    query: Query,
    uri: Uri,
) -> Result<Response, HttpProblem> {
    let Asked { states, limit, before } = asked(&query).map_err(HttpProblem::fields)?;
    let zone = door.shared.facts.zone;
    let found = door.look(move |desk, _| {
        let newest = desk.problems().filter(|problem| before.is_none_or(|before| problem.number < before));
        let theirs = newest.filter(|problem| caller.scope.covers_problem(&problem.regulation));
        let asked = theirs.filter(|problem| states.is_empty() || states.contains(&problem.state));
        asked.take(limit + 1).map(|problem| view::problem(problem, desk, zone)).collect::<Vec<_>>()
    });
    let mut problems: Vec<ProblemView> = found.await?;
    let is_more = problems.len() > limit;
    problems.truncate(limit);
    let next = problems.last().filter(|_| is_more).map(|last| last.number);
    let mut response = Json(problems).into_response();
    if let Some(next) = next {
        response.headers_mut().insert(header::LINK, tickets::next_link(&uri, next.0));
    }
    Ok(response)
}

/// What a list is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    states: Vec<ProblemState>,
    limit: usize,
    before: Option<ProblemNumber>,
}

fn asked(query: &Query) -> Result<Asked, Vec<FieldError>> {
    let mut errors = query.unknown(&["state", "limit", "cursor"]);
    let mut asked = Asked::default();
    for id in query.list("state") {
        let known = ProblemState::ALL.into_iter().find(|state| state.id() == id);
        asked.states.extend(known);
        if known.is_none() {
            let known = ProblemState::ALL.map(ProblemState::id).join(", ");
            errors.push(FieldError::new("state", &format!("unknown `{id}`; one of {known}")));
        }
    }
    match query.limit(LIMIT_DEFAULT, LIMIT_MAX) {
        Ok(limit) => asked.limit = limit,
        Err(error) => errors.push(error),
    }
    match query.value("cursor").map(problem_number).transpose() {
        Ok(before) => asked.before = before,
        Err(_) => {
            errors.push(FieldError::new("cursor", "is none of ours; take it from the header Link"));
        }
    }
    if errors.is_empty() { Ok(asked) } else { Err(errors) }
}

/// A problem's number in a path.
fn problem_number(text: &str) -> Result<ProblemNumber, HttpProblem> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits).map(ProblemNumber);
    number.ok_or_else(|| HttpProblem::not_found("problem", text))
}

/// Opens a problem, with the tickets that belong to it.
///
/// The tickets are of one regulation, and none belongs to another problem that is open. They are not routed up from here on
/// where the regulation says so (GM-5.10), but for the one that the problem is worked on as. Where as many of them as the
/// regulation says are of one local day, it is a mass problem (GM-5.15).
#[utoipa::path(post, path = "/v1/problems", tag = "problems", operation_id = "open_problem", request_body = OpenProblem,
    responses((status = 201, description = "The problem", body = ProblemView,
        headers(("location" = String, description = "Where the problem is")))))]
pub(super) async fn open(State(door): State<DoorState>, mut posted: Posted) -> Result<Response, HttpProblem> {
    let json = posted.take_json()?;
    let done = act(&door, reading::read(&json).map(ProblemAct::Open), posted).await?;
    // The ticket as it was left, so that an answer given again is about the same problem.
    let number = done.ticket.as_ref().and_then(|ticket| ticket.problem).map(|problem| problem.number);
    let number = number.ok_or_else(HttpProblem::internal)?;
    let mut response = (StatusCode::CREATED, answer(&door, number, &done).await?).into_response();
    let location = HeaderValue::from_str(&format!("/v1/problems/{number}"));
    response.headers_mut().insert(header::LOCATION, location.expect("digits are a header's value"));
    Ok(response)
}

/// Shows a problem.
#[utoipa::path(get, path = "/v1/problems/{number}", tag = "problems", operation_id = "show_problem",
    params(("number" = u64, Path, description = "The problem's number")),
    responses((status = 200, description = "The problem", body = ProblemView)))]
pub(super) async fn show(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    Named(number): Named<String>,
) -> Result<Json<ProblemView>, HttpProblem> {
    let problem = find(&door, problem_number(&number)?, &caller.scope).await?;
    problem.map(Json).ok_or_else(|| HttpProblem::not_found("problem", &number))
}

/// Links tickets to a problem.
#[utoipa::path(post, path = "/v1/problems/{number}/link", tag = "problems", operation_id = "link_to_problem",
    request_body = TicketList, params(("number" = u64, Path, description = "The problem's number")),
    responses((status = 200, description = "The problem", body = ProblemView)))]
pub(super) async fn link(
    State(door): State<DoorState>,
    Named(number): Named<String>,
    mut posted: Posted,
) -> Result<Response, HttpProblem> {
    let json = posted.take_json()?;
    change(&door, &number, posted, &json, ProblemAct::Link).await
}

/// Takes tickets from a problem, those that are linked to it and those that are suggested for it.
#[utoipa::path(post, path = "/v1/problems/{number}/unlink", tag = "problems", operation_id = "unlink_from_problem",
    request_body = TicketList, params(("number" = u64, Path, description = "The problem's number")),
    responses((status = 200, description = "The problem", body = ProblemView)))]
pub(super) async fn unlink(
    State(door): State<DoorState>,
    Named(number): Named<String>,
    mut posted: Posted,
) -> Result<Response, HttpProblem> {
    let json = posted.take_json()?;
    change(&door, &number, posted, &json, ProblemAct::Unlink).await
}

/// Says that a suspected problem is one, and that the tickets suggested so far belong to it.
///
/// They are linked some at a time: `working` says whether that still goes on. Given again, it links what was suggested since.
#[utoipa::path(post, path = "/v1/problems/{number}/confirm", tag = "problems", operation_id = "confirm_problem",
    request_body = ConfirmProblem, params(("number" = u64, Path, description = "The problem's number")),
    responses((status = 200, description = "The problem", body = ProblemView)))]
pub(super) async fn confirm(
    State(door): State<DoorState>,
    Named(number): Named<String>,
    mut posted: Posted,
) -> Result<Response, HttpProblem> {
    let json = posted.take_json_or_empty();
    change(&door, &number, posted, &json, ProblemAct::Confirm).await
}

/// Says that a suspected problem is none: its alarm ends, and alike tickets of the same day raise no other.
#[utoipa::path(post, path = "/v1/problems/{number}/dismiss", tag = "problems", operation_id = "dismiss_problem",
    request_body = DismissProblem, params(("number" = u64, Path, description = "The problem's number")),
    responses((status = 200, description = "The problem", body = ProblemView)))]
pub(super) async fn dismiss(
    State(door): State<DoorState>,
    Named(number): Named<String>,
    mut posted: Posted,
) -> Result<Response, HttpProblem> {
    let json = posted.take_json()?;
    change(&door, &number, posted, &json, ProblemAct::Dismiss).await
}

/// Closes a problem with an answer for everybody, and with `resolve` resolves its open tickets with it.
///
/// They are resolved as by the verb `resolve`, some at a time; one that cannot be stays open, and its history says why. What
/// would be refused of every one of them is refused here.
#[utoipa::path(post, path = "/v1/problems/{number}/close", tag = "problems", operation_id = "close_problem",
    request_body = CloseProblem, params(("number" = u64, Path, description = "The problem's number")),
    responses((status = 200, description = "The problem", body = ProblemView)))]
pub(super) async fn close(
    State(door): State<DoorState>,
    Named(number): Named<String>,
    mut posted: Posted,
) -> Result<Response, HttpProblem> {
    let json = posted.take_json()?;
    change(&door, &number, posted, &json, ProblemAct::Close).await
}

async fn change<T: serde::de::DeserializeOwned>(
    door: &Door,
    number: &str,
    posted: Posted,
    json: &Value,
    into: impl FnOnce(ProblemNumber, T) -> ProblemAct,
) -> Result<Response, HttpProblem> {
    let number = problem_number(number)?;
    let done = act(door, reading::read(json).map(|said| into(number, said)), posted).await?;
    Ok(answer(door, number, &done).await?.into_response())
}

async fn act(door: &Door, read: Read<ProblemAct>, posted: Posted) -> Result<Done, HttpProblem> {
    let command = whole(door, read.map(Command::Problem), &posted.caller.0).await?;
    door.command(command, posted.caller.0, posted.receipt).await
}

/// The problem as it is now.
async fn answer(
    door: &Door,
    number: ProblemNumber,
    done: &Done,
) -> Result<(HeaderMap, Json<ProblemView>), HttpProblem> {
    let problem = find(door, number, &Scope::default()).await?;
    let problem = problem.ok_or_else(|| HttpProblem::not_found("problem", &number.to_string()))?;
    let mut headers = HeaderMap::new();
    tickets::mark(&mut headers, done);
    Ok((headers, Json(problem)))
}

async fn find(door: &Door, number: ProblemNumber, scope: &Scope) -> Result<Option<ProblemView>, HttpProblem> {
    let (zone, scope) = (door.shared.facts.zone, scope.clone());
    door.look(move |desk, _| {
        let problem = desk.problem(number).filter(|problem| scope.covers_problem(&problem.regulation));
        problem.map(|problem| view::problem(problem, desk, zone))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_says_everything_that_is_wrong_with_it() {
        let query = Query::parse("state=open,over&limit=0&cursor=x&y=1").unwrap_or_default();
        let fields: Vec<_> = asked(&query).expect_err("all is wrong").into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["y", "state", "limit", "cursor"]);
    }
}
