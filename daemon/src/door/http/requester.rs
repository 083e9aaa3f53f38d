//! The requester's page (GM-5.26, HD-5): a ticket as its requester sees it, who may answer, confirm, return and mark it.
//!
//! Whoever has the link is the requester; there is no account, no cookie and no script. Opening it changes nothing, so a
//! mail program may fetch it beforehand. A form carries the revision that was seen: one that is sent twice, or after
//! something else happened, changes nothing and shows how the ticket stands now.

mod said;
mod view;
mod words;

use std::sync::{Arc, LazyLock};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use firmware_board::Language;
use serde::Serialize;
use sha2::{Digest, Sha256};
use url::form_urlencoded;
use utoipa::ToSchema;

use self::said::said;
use self::view::{Kept, PageView};
use self::words::Words;
use super::auth::Reader;
use super::body;
use super::problem::Problem;
use super::query::{Named, ticket_number};
use super::serving::BodyPlace;
use super::{Door, DoorState, blocking, tickets};
use crate::chain::chain;
use crate::desk::command::{Confirm, Return, Text};
use crate::desk::{Act, Actor, Command, Role, Ticket};

/// Where the page is.
pub(super) const PATH: &str = "/r/{number}/{signature}";
/// How long a form is at most, in bytes: the longest text, each of whose bytes may be three in a form.
const FORM_MAX_BYTES: usize = 4 * 65_536;

/// The page's one style.
const STYLE: &str = include_str!("requester/page.css");

/// The page takes its own style and sends forms to where it came from; nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let sum = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{sum}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("a policy of ASCII words is a header's value")
});

/// The way to a ticket's page.
#[derive(Serialize, ToSchema)]
pub(super) struct RequesterLink {
    /// The link, for the requester alone: whoever has it speaks for them.
    #[schema(example = "https://help.example.ru/r/1024/q3Yb1x0sJcW2eVtT5l7dKg")]
    url: String,
}

/// The link to the page of a ticket's requester, to be given to them.
#[utoipa::path(get, path = "/v1/tickets/{number}/requester-link", tag = "tickets", operation_id = "show_requester_link",
    params(("number" = u64, Path, description = "The ticket's number")),
    responses((status = 200, description = "The link", body = RequesterLink)))]
pub(super) async fn link(
    State(door): State<DoorState>,
    Reader(actor): Reader,
    Named(number): Named<String>,
) -> Result<Response, Problem> {
    if actor.role < Role::Agent {
        let what = format!("the requester's link is given by an agent; this token has {}", actor.role);
        return Err(Problem::forbidden(what));
    }
    let ticket = tickets::find(&door, &actor.scope, &number).await?;
    let links = door.shared.links.as_deref().ok_or_else(|| Problem::not_configured("requester-page"))?;
    let headers = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((headers, axum::Json(RequesterLink { url: links.of(&ticket) })).into_response())
}

/// Shows the page. Nothing is changed by that.
pub(super) async fn show(
    State(door): State<DoorState>,
    Named((number, signature)): Named<(String, String)>,
    uri: Uri,
) -> Response {
    let words = words(&door, &uri);
    match find(&door, &number, &signature).await {
        Ok(ticket) => page(&door, words, ticket, StatusCode::OK, None, Kept::default()).await,
        Err(missed) => missed.page(words),
    }
}

/// Has done what the requester says by a form.
pub(super) async fn say(
    State(door): State<DoorState>,
    Named((number, signature)): Named<(String, String)>,
    request: Request,
) -> Response {
    let words = words(&door, request.uri());
    let ticket = match find(&door, &number, &signature).await {
        Ok(ticket) => ticket,
        Err(missed) => return missed.page(words),
    };
    let form = match read(request).await {
        Ok(form) => form,
        Err(problem) => return bare(words, problem.kind().0, words.not_read()),
    };
    let (Some(act), Some(revision)) = (form.act(), form.revision) else {
        return bare(words, StatusCode::UNPROCESSABLE_ENTITY, words.not_read());
    };
    let command = Command::Ticket { number: ticket.number, act, if_revision: Some(revision) };
    match door.command(command, Actor::requester(), None).await {
        Ok(_) => {
            // Loading the page again then sends nothing again.
            let to = HeaderValue::from_static(words.of("?lang=ru", "?lang=en"));
            (StatusCode::SEE_OTHER, headers(), [(header::LOCATION, to)]).into_response()
        }
        Err(problem) => {
            let (status, code) = problem.kind();
            let now = tickets::lookup(&door, ticket.number).await.ok().flatten().unwrap_or(ticket);
            page(&door, words, now, status, Some(words.refused(&form.verb, code)), form.kept).await
        }
    }
}

/// Why there is no page: no such link, or the books cannot be read now.
enum Missed {
    NoLink,
    Later,
}

impl Missed {
    fn page(&self, words: Words) -> Response {
        match self {
            Self::NoLink => bare(words, StatusCode::NOT_FOUND, words.no_link()),
            Self::Later => bare(words, StatusCode::SERVICE_UNAVAILABLE, words.later()),
        }
    }
}

/// The ticket of a link. A number that nobody has and a wrong signature are one answer.
async fn find(door: &Door, number: &str, signature: &str) -> Result<Arc<Ticket>, Missed> {
    let links = door.shared.links.as_deref().ok_or(Missed::NoLink)?;
    let number = ticket_number(number).map_err(|_| Missed::NoLink)?;
    let ticket = tickets::lookup(door, number).await.map_err(|_| Missed::Later)?;
    ticket.filter(|ticket| links.is_of(ticket, signature)).ok_or(Missed::NoLink)
}

/// What a form said, before anybody looked whether it may be.
#[derive(Default)]
struct Form {
    verb: String,
    revision: Option<u64>,
    kept: Kept,
}

impl Form {
    fn parse(bytes: &[u8]) -> Self {
        let mut form = Self::default();
        for (name, value) in form_urlencoded::parse(bytes) {
            let value = value.into_owned();
            match name.as_ref() {
                "do" => form.verb = value,
                "revision" => form.revision = value.parse().ok(),
                "mark" => form.kept.mark = value,
                "comment" => form.kept.comment = value,
                "reason" => form.kept.reason = value,
                "text" => form.kept.text = value,
                // What a browser's extension adds is nobody's.
                _ => {}
            }
        }
        form
    }

    /// What is to be done; none where no form of ours says so.
    fn act(&self) -> Option<Act> {
        let given = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let Kept { mark, comment, reason, text } = &self.kept;
        match self.verb.as_str() {
            "confirm" => Some(Act::Confirm(Confirm { mark: given(mark), comment: given(comment) })),
            "return" => Some(Act::Return(Return { reason: given(reason) })),
            "answer" => Some(Act::Answer(Text { text: given(text) })),
            _ => None,
        }
    }
}

async fn read(request: Request) -> Result<Form, Problem> {
    let (parts, body) = request.into_parts();
    let mut place = BodyPlace::default();
    let bytes = body::read(&parts, body, FORM_MAX_BYTES, &mut place).await?;
    Ok(Form::parse(&bytes))
}

/// The language of letters, or the one that the link asks for.
fn words(door: &Door, uri: &Uri) -> Words {
    let asked = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let asked = asked.filter(|(name, _)| name == "lang").last();
    Words(match asked.as_ref().map(|(_, value)| value.as_ref()) {
        Some("ru") => Language::Russian,
        Some("en") => Language::English,
        _ => door.shared.links.as_ref().map_or(door.shared.facts.language, |links| links.language()),
    })
}

/// The page of a ticket, with what is to be told of the form that was sent.
async fn page(
    door: &DoorState,
    words: Words,
    ticket: Arc<Ticket>,
    status: StatusCode,
    told: Option<&'static str>,
    kept: Kept,
) -> Response {
    let _making = door.pages.acquire().await;
    let door = Arc::clone(door);
    let html = blocking(move || {
        let view = door.shared.handle.view();
        // Without what was said the page still serves: the history may be damaged, the ticket is not.
        let said = said(door.shared.handle.history(), ticket.number).unwrap_or_else(|error| {
            log::warn!(
                "the requester's page of ticket {} lacks what was said: {}",
                ticket.number,
                chain(&error)
            );
            Vec::new()
        });
        PageView::of(&ticket, view.regulations(), words, said, told, kept).html()
    });
    match html.await {
        Ok(html) => sent(status, html),
        Err(problem) => bare(words, problem.kind().0, words.later()),
    }
}

/// A page of one sentence.
fn bare(words: Words, status: StatusCode, told: &'static str) -> Response {
    sent(status, view::bare(words, told))
}

fn sent(status: StatusCode, html: String) -> Response {
    (status, headers(), Html(html)).into_response()
}

/// Nobody keeps a page, and no search engine lists it.
fn headers() -> [(HeaderName, HeaderValue); 3] {
    [
        (header::CONTENT_SECURITY_POLICY, POLICY.clone()),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex")),
    ]
}
