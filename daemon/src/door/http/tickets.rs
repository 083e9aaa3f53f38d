//! Tickets: list, register, show, history, proofs.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::Reader;
use super::body::{Posted, whole};
use super::caching::{etag, is_known};
use super::filter;
use super::held::{JsonList, PAGE_JSON_MAX_BYTES};
use super::problem::Problem;
use super::query::{Named, Query, ticket_number};
use super::{Door, DoorState, alike, blocking};
use crate::desk::command::Register;
use crate::desk::explain::{ClockProof, Story};
use crate::desk::view::{self, AlikeView, TicketView};
use crate::desk::{Command, FieldError, Role, Scope, Ticket, TicketNumber};
use crate::out::EventView;
use crate::run::{Done, Filter, HistoryError, PAGE_MAX_BYTES, Stretch, View};

/// How many tickets a list has where nobody says.
const LIMIT_DEFAULT: usize = 50;
/// How many tickets a list has at most.
const LIMIT_MAX: usize = 200;
/// What is said of a cursor that cannot be.
const CURSOR_WRONG: &str = "is none of ours; take it from the header Link";
/// Most tickets fit into so many bytes as JSON. Every update is answered by one: written into this room at once, it costs
/// half of what it does through axum's `Json`.
const TICKET_BYTES: usize = 2048;

/// Lists tickets, the newest first.
///
/// A page has `limit` tickets, fewer where their texts are longer than 4 MiB together, and a `Link` to go on by where there
/// are more. Its cursor is a ticket's number, so what is
/// registered or changes meanwhile neither repeats nor hides the others.
///
/// Several values of one filter are written as a comma list; `none` finds tickets without assignee, group or client. All
/// parameters together narrow the list.
///
/// Lists are found in an index. While that is made anew, after an update of the program or since it was damaged, tickets
/// are looked through one by one, at most 2,000 closed ones for a page. Such a page bears `Andon-Index: rebuilding`, may
/// have fewer tickets than `limit`, or none, and yet a `Link` to go on by.
#[utoipa::path(get, path = "/v1/tickets", tag = "tickets", operation_id = "list_tickets",
    params(
        ("status" = Option<String>, Query, description = "Ids of statuses", example = "new,in-progress"),
        ("priority" = Option<String>, Query, description = "Ids of priorities"),
        ("type" = Option<String>, Query, description = "Ids of types"),
        ("line" = Option<String>, Query, description = "Lines"),
        ("assignee" = Option<String>, Query, description = "Agents, or `none`"),
        ("assignee_away" = Option<String>, Query, description = "`true`: those whose assignee is an agent who is not on shift", example = "true"),
        ("group" = Option<String>, Query, description = "Groups, or `none`"),
        ("client" = Option<String>, Query, description = "Organisations, or `none`: by a name, however it is written, or by the id that the register of clients has, which finds what bears a former name as well"),
        ("regulation" = Option<String>, Query, description = "Ids of regulations"),
        ("stage" = Option<String>, Query, description = "open, resolved, closed"),
        ("channel" = Option<String>, Query, description = "Ids of channels"),
        ("overdue" = Option<bool>, Query, description = "Whether a clock that still counts ran out"),
        ("problem" = Option<String>, Query, description = "Numbers of problems, or `none`; tickets that are linked to them or suggested for them"),
        ("q" = Option<String>, Query, description = "Words of number, subject, description (its first 2 KiB), client or requester; all of them. A word finds its other forms, in Russian and English, and what begins with it", example = "принтера склад"),
        ("limit" = Option<u16>, Query, description = "How many at most: 1 to 200, else 50"),
        ("cursor" = Option<String>, Query, description = "Where to go on, from the header Link"),
    ),
    responses((status = 200, description = "The tickets", body = [TicketView],
        headers(("link" = String, description = "`<…>; rel=\"next\"` where there are more"),
            ("andon-index" = String, description = "`rebuilding` where tickets were looked through one by one")))))]
pub(super) async fn list(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    query: Query,
    uri: Uri,
) -> Result<Response, Problem> {
    let view = Arc::clone(door.shared.handle.view());
    let (filter, stretch) = asked(&query, &view).map_err(Problem::fields)?;
    let filter = filter::within(filter, &caller.scope);
    let at_door = Arc::clone(&door);
    let _making = door.pages.acquire().await;
    let (json, next, is_walked) = blocking(move || {
        let now = at_door.shared.handle.view().now();
        let page = view.search().page(&view, &filter, stretch.before, stretch.limit)?;
        let people = view.people();
        let (mut json, mut next) = (JsonList::default(), page.next);
        let last = page.tickets.last().map(|ticket| ticket.number);
        for ticket in &page.tickets {
            json.push(&view::ticket(ticket, view.regulations(), now).among(&people));
            // Texts may take more bytes as JSON than they have.
            if json.bytes() > PAGE_JSON_MAX_BYTES && last != Some(ticket.number) {
                next = Some(ticket.number);
                break;
            }
        }
        Ok::<_, HistoryError>((json.end(), next, page.is_walked))
    })
    .await??;
    let mut response = door.long_answer(&caller.name, json)?;
    if let Some(cursor) = next {
        response.headers_mut().insert(header::LINK, next_link(&uri, cursor.0));
    }
    if is_walked {
        response.headers_mut().insert("andon-index", HeaderValue::from_static("rebuilding"));
    }
    Ok(response)
}

fn asked(query: &Query, view: &View) -> Result<(Filter, Asked), Vec<FieldError>> {
    let known: Vec<&str> = filter::PARAMETERS.into_iter().chain(["limit", "cursor"]).collect();
    let mut errors = query.unknown(&known);
    let filter = filter::parse(query, view.regulations(), &view.clients(), &view.people())
        .map_err(|wrong| errors.extend(wrong));
    let stretch = Asked::parse(query).map_err(|wrong| errors.extend(wrong));
    match (filter, stretch) {
        (Ok(filter), Ok(stretch)) if errors.is_empty() => Ok((filter, stretch)),
        (_, _) => Err(errors),
    }
}

/// Which stretch of a list is asked for. A cursor is the number of the last ticket seen, so that what is registered
/// meanwhile shifts nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    before: Option<TicketNumber>,
    limit: usize,
}

impl Asked {
    fn parse(query: &Query) -> Result<Self, Vec<FieldError>> {
        let limit = query.limit(LIMIT_DEFAULT, LIMIT_MAX);
        let before = query.value("cursor").map(ticket_number).transpose();
        match (limit, before) {
            (Ok(limit), Ok(before)) => Ok(Self { before, limit }),
            (limit, before) => {
                let cursor = before.err().map(|_| FieldError::new("cursor", CURSOR_WRONG));
                Err(limit.err().into_iter().chain(cursor).collect())
            }
        }
    }
}

/// The same list from `cursor` on.
pub(super) fn next_link(uri: &Uri, cursor: impl fmt::Display) -> HeaderValue {
    let kept = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let kept = kept.filter(|pair| pair.split('=').next() != Some("cursor")).map(str::to_owned);
    let query: Vec<String> = kept.chain([format!("cursor={cursor}")]).collect();
    let target = format!("{}?{}", uri.path(), query.join("&")).replace('<', "%3C").replace('>', "%3E");
    HeaderValue::from_str(&format!("<{target}>; rel=\"next\""))
        .expect("a request's own target is a header's value")
}

/// Registers a ticket.
///
/// What the regulation requires and is not there is named all at once; `incomplete` takes the ticket nonetheless.
#[utoipa::path(post, path = "/v1/tickets", tag = "tickets", operation_id = "register_ticket",
    request_body(content = Register, examples(
        ("error" = (summary = "getmark: an error that stops the work", value = json!({
            "channel": "email", "type": "error", "subject": "Не печатаются этикетки",
            "requester": {"inn": "7707083893", "email": "a@b.ru"},
            "fields": {"process": "Маркировка", "steps": ["Открыть заказ", "Нажать «Печать»"], "impact": "stops-operations"}
        }))),
        ("consultation" = (summary = "getmark: a question by telephone", value = json!({
            "channel": "phone", "type": "consultation", "subject": "Как списать остатки",
            "requester": {"name": "Ольга Мельникова", "inn": "500100732259"},
            "fields": {"process": "Вывод из оборота", "steps": ["Открыть остатки"], "impact": "none"}
        }))),
        ("incident" = (summary = "itsm: an incident, the desk runs several regulations", value = json!({
            "regulation": "itsm", "channel": "phone", "type": "incident", "priority": "p1",
            "subject": "Не работает 1С у всей бухгалтерии", "requester": {"name": "Ольга Мельникова"},
            "fields": {"category": "business-apps", "subcategory": "1c"}
        }))),
    )),
    responses((status = 201, description = "The ticket", body = TicketView,
        headers(("location" = String, description = "Where the ticket is"), ("etag" = String, description = "Its revision")))))]
pub(super) async fn register(State(door): State<DoorState>, mut posted: Posted) -> Result<Response, Problem> {
    let read = Register::read(&posted.take_json()?).map(Command::Register);
    let command = whole(&door, read, &posted.caller.0).await?;
    let actor = posted.caller.0;
    let scope = actor.scope.clone();
    let is_agent = actor.role >= Role::Agent;
    let done = door.command(command, actor, posted.receipt).await?;
    let number = done.ticket.as_ref().map(|ticket| ticket.number);
    let mut response = if is_agent {
        answer_with_alike(&door, StatusCode::CREATED, &done, &scope)
    } else {
        answer(&door, StatusCode::CREATED, &done)
    };
    if let Some(number) = number {
        let location = HeaderValue::from_str(&format!("/v1/tickets/{number}"));
        response.headers_mut().insert(header::LOCATION, location.expect("digits are a header's value"));
    }
    Ok(response)
}

/// The ticket as a command left it, the same each time the answer is given again.
pub(super) fn answer(door: &Door, status: StatusCode, done: &Done) -> Response {
    answered(door, status, done, None)
}

/// The same with what looks alike, for an agent with such a scope (GM-5.10).
pub(super) fn answer_with_alike(door: &Door, status: StatusCode, done: &Done, scope: &Scope) -> Response {
    answered(door, status, done, Some(alike::of_live(door, &done.alike, scope)))
}

fn answered(door: &Door, status: StatusCode, done: &Done, alike: Option<Vec<AlikeView>>) -> Response {
    let Some(ticket) = &done.ticket else { return Problem::internal().into_response() };
    let at = if done.changed { ticket.changed_at } else { door.shared.handle.view().now() };
    let mut response = (status, show_at(door, ticket, at, alike)).into_response();
    mark(response.headers_mut(), done);
    response
}

/// Says whether anything changed, and whether this is an answer given again.
pub(super) fn mark(headers: &mut HeaderMap, done: &Done) {
    headers.insert("andon-changed", HeaderValue::from_static(if done.changed { "true" } else { "false" }));
    if done.repeated {
        headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
}

fn show_at(
    door: &Door,
    ticket: &Ticket,
    at: calendars::Timestamp,
    alike: Option<Vec<AlikeView>>,
) -> impl IntoResponse + use<> {
    let desk = door.shared.handle.view();
    let view = view::ticket(ticket, desk.regulations(), at).among(&desk.people());
    let view = TicketView { alike, ..view };
    let mut json = Vec::with_capacity(TICKET_BYTES);
    serde_json::to_writer(&mut json, &view).expect("a ticket is plain data with text keys");
    let kind = HeaderValue::from_static("application/json");
    ([(header::ETAG, etag(ticket.revision)), (header::CONTENT_TYPE, kind)], json)
}

/// Shows a ticket.
#[utoipa::path(get, path = "/v1/tickets/{number}", tag = "tickets", operation_id = "show_ticket",
    params(("number" = u64, Path, description = "The ticket's number"),
        ("if-none-match" = Option<String>, Header, description = "The ETag that is known already")),
    responses(
        (status = 200, description = "The ticket", body = TicketView,
            headers(("etag" = String, description = "Its revision, in quotes"))),
        (status = 304, description = "The ticket is at the revision that is known already")))]
pub(super) async fn show(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    Named(number): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let ticket = find(&door, &caller.scope, &number).await?;
    let tag = etag(ticket.revision);
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    Ok(show_at(&door, &ticket, door.shared.handle.view().now(), None).into_response())
}

/// The ticket a path names; one that the caller's scope does not cover is not there for them.
pub(super) async fn find(door: &Door, scope: &Scope, number: &str) -> Result<Arc<Ticket>, Problem> {
    let ticket = lookup(door, ticket_number(number)?).await?;
    match ticket {
        Some(ticket) if scope.covers_ticket(&ticket) => Ok(ticket),
        Some(_) => Err(Problem::hidden("ticket", number)),
        None => Err(Problem::not_found("ticket", number)),
    }
}

/// The ticket of that number, if there is one.
pub(super) async fn lookup(door: &Door, number: TicketNumber) -> Result<Option<Arc<Ticket>>, Problem> {
    let view = door.shared.handle.view();
    if let Some(ticket) = view.live(number) {
        return Ok(Some(ticket));
    }
    let view = Arc::clone(view);
    Ok(blocking(move || view.ticket(number)).await??)
}

/// Everything that happened to a ticket, the oldest first.
///
/// A history that is longer than 4 MiB comes in pages, with a `Link` to go on by. Its cursor is the number of the last event
/// that was seen.
#[utoipa::path(get, path = "/v1/tickets/{number}/history", tag = "tickets", operation_id = "show_ticket_history",
    params(("number" = u64, Path, description = "The ticket's number"),
        ("cursor" = Option<u64>, Query, description = "Where to go on, from the header Link")),
    responses((status = 200, description = "Its events", body = [EventView],
        headers(("link" = String, description = "`<…>; rel=\"next\"` where there are more")))))]
pub(super) async fn history(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    Named(number): Named<String>,
    query: Query,
    uri: Uri,
) -> Result<Response, Problem> {
    let after_seq = after(&query).map_err(Problem::fields)?;
    let ticket = find(&door, &caller.scope, &number).await?;
    let zone = view::zone_of(&ticket, door.shared.handle.view().regulations());
    let (number, history) = (ticket.number, Arc::clone(door.shared.handle.history()));
    let _making = door.pages.acquire().await;
    let (json, next) = blocking(move || {
        let Stretch { entries, next } = history.stretch(number, after_seq, PAGE_MAX_BYTES)?;
        let mut json = JsonList::default();
        for entry in &entries {
            let events = EventView::all(entry, |_| zone).into_iter();
            events.filter(|event| event.ticket == Some(number)).for_each(|event| json.push(&event));
        }
        Ok::<_, HistoryError>((json.end(), next))
    })
    .await??;
    let mut response = door.long_answer(&caller.name, json)?;
    if let Some(cursor) = next {
        response.headers_mut().insert(header::LINK, next_link(&uri, cursor));
    }
    Ok(response)
}

/// Where a history or a proof goes on, behind what was told before; 0 where it is to begin.
fn after(query: &Query) -> Result<u64, Vec<FieldError>> {
    let mut errors = query.unknown(&["cursor"]);
    let after = query.value("cursor").map_or(Ok(0), str::parse).unwrap_or_else(|_| {
        errors.push(FieldError::new("cursor", CURSOR_WRONG));
        0
    });
    if errors.is_empty() { Ok(after) } else { Err(errors) }
}

/// How a ticket's deadlines came about.
#[derive(Serialize, ToSchema)]
pub(super) struct Explanation {
    /// The ticket.
    #[schema(value_type = u64)]
    number: TicketNumber,
    /// Until when it is told.
    at: String,
    /// How each of its clocks came to be as it is.
    clocks: Vec<ClockProof>,
}

/// Proves a ticket's deadlines: counted intervals, pauses, calendars with their revisions.
///
/// Proofs that are longer than 8 MiB come in pages of whole clocks, with a `Link` to go on by. Its cursor is how many
/// clocks were told before.
#[utoipa::path(get, path = "/v1/tickets/{number}/explain", tag = "tickets", operation_id = "explain_ticket",
    params(("number" = u64, Path, description = "The ticket's number"),
        ("cursor" = Option<u64>, Query, description = "Where to go on, from the header Link")),
    responses((status = 200, description = "The proof", body = Explanation,
        headers(("link" = String, description = "`<…>; rel=\"next\"` where there are more")))))]
pub(super) async fn explain(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    Named(number): Named<String>,
    query: Query,
    uri: Uri,
) -> Result<Response, Problem> {
    let told_before = after(&query).map_err(Problem::fields)?;
    let ticket = find(&door, &caller.scope, &number).await?;
    let number = ticket.number;
    let (view, history) = (Arc::clone(door.shared.handle.view()), Arc::clone(door.shared.handle.history()));
    let at = view.now();
    let zone = view::zone_of(&ticket, view.regulations());
    let _making = door.pages.acquire().await;
    let (json, next) = blocking(move || {
        let mut story = Story::of(number, view.regulations());
        history.each_of(number, |entry| story.tell(entry))?;
        let page = page(story.clocks(at), told_before, PAGE_JSON_MAX_BYTES);
        let explanation = Explanation { number, at: at.to_rfc3339(zone), clocks: page.clocks };
        let json = serde_json::to_vec(&explanation).expect("a proof is plain data with text keys");
        Ok::<_, HistoryError>((json, page.next))
    })
    .await??;
    let mut response = door.long_answer(&caller.name, json)?;
    if let Some(cursor) = next {
        response.headers_mut().insert(header::LINK, next_link(&uri, cursor));
    }
    Ok(response)
}

/// Proofs of clocks that are told at once.
struct ProofPage {
    clocks: Vec<ClockProof>,
    /// How many clocks were told with these, where there are more.
    next: Option<u64>,
}

/// The clocks behind the first `told_before`: one at least where there is one, and no more than fit into `max_bytes` as JSON.
fn page(clocks: impl Iterator<Item = ClockProof>, told_before: u64, max_bytes: usize) -> ProofPage {
    let mut page = ProofPage { clocks: Vec::new(), next: None };
    let (mut told, mut bytes) = (told_before, 0);
    for clock in clocks.skip(usize::try_from(told_before).unwrap_or(usize::MAX)) {
        bytes += serde_json::to_vec(&clock).map_or(0, |json| json.len());
        if bytes > max_bytes && !page.clocks.is_empty() {
            page.next = Some(told);
            return page;
        }
        page.clocks.push(clock);
        told += 1;
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_same_list_with_another_cursor() {
        for (uri, expected) in [
            ("/v1/tickets", "</v1/tickets?cursor=7>; rel=\"next\""),
            (
                "/v1/tickets?limit=2&cursor=9&q=%D0%B0",
                "</v1/tickets?limit=2&q=%D0%B0&cursor=7>; rel=\"next\"",
            ),
        ] {
            let link = next_link(&uri.parse().expect("a target"), 7);
            assert_eq!(link, expected, "{uri}");
        }
    }

    fn clock(cycle: u16, steps: usize) -> ClockProof {
        let step = serde_json::json!({"at": "", "turn": "paused", "by": "", "why": [], "calendar": "", "revision": "",
            "counted": [], "used_seconds": 0.0, "target_seconds": null, "deadline": null});
        let clock = serde_json::json!({"metric": "resolution", "cycle": cycle, "basis": "working-hours", "state": "paused",
            "target_seconds": null, "used_seconds": 0.0, "deadline": null, "breached_at": null, "provisional": false,
            "steps": vec![step; steps], "ahead": []});
        serde_json::from_value(clock).expect("it is a proof")
    }

    #[test]
    fn a_proof_that_is_too_long_for_a_page_goes_on_behind_the_clocks_that_were_told() {
        let clocks = || [clock(1, 1), clock(2, 1), clock(3, 100), clock(4, 1)].into_iter();
        let of_two: usize =
            clocks().take(2).map(|clock| serde_json::to_vec(&clock).map_or(0, |json| json.len())).sum();
        let (mut told, mut cursor, mut pages) = (Vec::new(), Some(0), 0);
        while let Some(told_before) = cursor {
            let page = page(clocks(), told_before, of_two);
            told.extend(page.clocks.iter().map(|clock| clock.cycle));
            (cursor, pages) = (page.next, pages + 1);
        }
        // The third is longer than a page, and comes whole.
        assert_eq!((told, pages), (vec![1, 2, 3, 4], 3));
        assert_eq!(page(clocks(), 9, of_two).clocks, []);
        let whole = page(clocks(), 0, usize::MAX);
        assert_eq!((whole.clocks.len(), whole.next), (4, None));
    }

    #[test]
    fn a_page_says_everything_that_is_wrong_with_it() {
        let query = Query::parse("limit=201&cursor=x").unwrap_or_default();
        let fields: Vec<_> =
            Asked::parse(&query).expect_err("both are wrong").into_iter().map(|e| e.field).collect();
        assert_eq!(fields, ["limit", "cursor"]);
    }
}
