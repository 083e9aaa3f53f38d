//! Problems in the document: one response for each status, shared by every operation that may answer so, with the
//! codes that `daemon/docs/errors.md` lists for it and an example made by the code that makes the real ones.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, ResponseBuilder};

use super::super::body::BODY_MAX_BYTES;
use super::super::problem::{CONTENT_TYPE, Problem, Told};
use crate::desk::{FieldError, Refusal, TicketNumber};
use crate::run::Failure;

/// What people are told of errors.
const ERRORS: &str = include_str!("../../../../docs/errors.md");

/// What a problem of a status says.
pub(super) const PROBLEMS: [(&str, &str); 17] = [
    ("400", "The body is not JSON"),
    ("401", "No token, or one that is not known or has expired"),
    ("403", "The token's role or scope does not allow it"),
    ("404", "There is no such thing"),
    ("408", "The body did not come in within 30 s, or too slowly"),
    ("409", "The desk does not do that now; `code` says why"),
    ("410", "It was there and is lost; `code` says what"),
    ("412", "The ticket has changed since the revision in `If-Match`"),
    ("413", "The body is longer than the operation takes; `detail` says how long it may be"),
    ("414", "Path and query are too long"),
    ("415", "The body is of a type that the operation does not take"),
    ("422", "Fields, parameters or headers are wrong or missing; `errors` names all of them"),
    ("424", "Of a command in a batch: one before it was not carried out"),
    ("429", "The token or the address asks too often; `Retry-After` says when it may again"),
    ("431", "Too many headers, or too long ones"),
    ("503", "Not now: busy, stopping, or the disk fails; `Retry-After` says when"),
    ("507", "Attachments take all the room they may"),
];
/// What is not among them: faults, and what only the path or the method is wrong with.
const ELSE: &str = "Anything else that went wrong; `code` says what";

/// Says that an operation may answer with a problem of that status, or `default`, unless it says more itself.
pub(super) fn add(operation: &mut Operation, code: &str) {
    let problem = Ref::from_response_name(name_of(code));
    operation.responses.responses.entry(code.to_owned()).or_insert(RefOr::Ref(problem));
}

/// What an operation's attributes say of a status that has a problem of all is that problem, with their words.
pub(super) fn refer(operation: &mut Operation) {
    for (code, response) in &mut operation.responses.responses {
        if let RefOr::T(own) = response
            && own.content.contains_key(CONTENT_TYPE)
            && PROBLEMS.iter().any(|(known, _)| known == code)
        {
            let mut shared = Ref::from_response_name(name_of(code));
            shared.description.clone_from(&own.description);
            *response = RefOr::Ref(shared);
        }
    }
}

/// Puts the problems that operations refer to among the document's responses.
pub(super) fn share(document: &mut OpenApi) {
    let every = PROBLEMS.into_iter().chain([("default", ELSE)]);
    let responses = every.map(|(code, description)| (name_of(code), response(code, description).into()));
    document.components.get_or_insert_default().responses.extend(responses);
}

/// What a status' problem is called among the document's responses.
fn name_of(code: &str) -> String {
    let status = code.parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
    status.and_then(|status| status.canonical_reason()).unwrap_or("Other").replace(' ', "")
}

fn response(code: &str, description: &str) -> Response {
    let mut content = Content::new(Some(RefOr::Ref(Ref::from_schema_name(Told::name()))));
    content.example = example(code);
    let mut response = ResponseBuilder::new().description(description).content(CONTENT_TYPE, content);
    for (name, description) in headers(code) {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        response = response
            .header(name, HeaderBuilder::new().schema(Some(text)).description(Some(description)).build());
    }
    let codes = codes(code);
    if !codes.is_empty() {
        response = response.extensions(Some(Extensions::from_iter([("x-codes", json!(codes))])));
    }
    response.build()
}

fn headers(code: &str) -> Vec<(&'static str, &'static str)> {
    match code {
        "401" => vec![("WWW-Authenticate", "`Bearer realm=\"andon\"`")],
        "429" | "503" => vec![("Retry-After", "When to try again, in whole seconds")],
        _ => Vec::new(),
    }
}

/// The codes of a status and what each says, from the tables of `errors.md`. Those of the desk's refusals have no column
/// for it: they are all 409.
pub(super) fn codes(status: &str) -> BTreeMap<&'static str, &'static str> {
    let mut codes = BTreeMap::new();
    for line in ERRORS.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let (of, code, says) = match cells[..] {
            [code, says] => ("409", code, says),
            [of, code, says, ..] => (of, code, says),
            _ => continue,
        };
        let code = code.strip_prefix('`').and_then(|code| code.strip_suffix('`'));
        if let Some(code) = code.filter(|_| of == status) {
            codes.insert(code, says);
        }
    }
    codes
}

/// A problem of a status as it is sent.
fn example(code: &str) -> Option<Value> {
    let problem = match code {
        "400" => Problem::not_json("EOF while parsing an object at line 1 column 1"),
        "401" => Problem::unauthorized("this token is not known here; it may have been revoked"),
        "403" => Refusal::Forbidden("the role viewer reads; this is for agent and more".to_owned()).into(),
        "404" => Problem::not_found("ticket", "1024"),
        "408" => Problem::too_slow(30),
        "409" => Refusal::Conflict {
            code: "taken",
            message: "petrov has ticket 1024; `transfer` it with a reason".to_owned(),
            ticket: Some(TicketNumber(1024)),
            status: Some("in-progress".into()),
        }
        .into(),
        "410" => Problem::lost(
            "attachment-lost",
            "attachment 9f86d081884c7d65 is not as it came in: the card has spoilt it; a backup may have it",
        ),
        "412" => Refusal::Revision { asked: 6, now: 7 }.into(),
        "413" => Problem::too_large(BODY_MAX_BYTES),
        "414" => Problem::uri_too_long(4_096),
        "415" => Problem::unsupported_media_type("text/plain"),
        "422" => Problem::fields(vec![
            FieldError::new("channel", "unknown `fax`; one of phone, email, telegram, whatsapp"),
            FieldError::new(
                "requester.inn",
                "`7707083894` is no INN: its check digits are wrong, so a digit was mistyped",
            ),
        ]),
        "424" => Problem::not_tried(),
        "429" => Problem::rate_limited("this address asks more often than it may", 3),
        "431" => Problem::headers_too_large(64, 16_384),
        "503" => Failure::Busy.into(),
        "507" => Problem::attachments_full(
            "attachments take 512 MiB, which is all they may; `[attachments] max-total` says so",
        ),
        "default" => Problem::internal(),
        _ => return None,
    };
    Some(problem.told())
}
