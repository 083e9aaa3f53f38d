//! The wall in a browser: a page that draws the same scene sharp at any size, and the panel's picture, exactly its pixels.
//!
//! The page loads nothing from elsewhere, keeps nothing, and follows `super::live`. What it says by itself comes from the
//! same table as the wall's words; how old a scene is that it was last told is all that it counts.

use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use firmware_board::{AlarmKind, Language};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::caching::is_known;
use super::problem::Problem;
use super::query::Query;
use super::{DoorState, blocking};
use crate::clock;
use crate::door::secret;

/// The page's parts; they go out as one document.
const HTML: &str = include_str!("kiosk/page.html");
const STYLE: &str = include_str!("kiosk/page.css");
const MARKS: &str = include_str!("kiosk/marks.svg");
const SCRIPT: &str = include_str!("kiosk/page.js");
const FACES: [&[u8]; 2] =
    [include_bytes!("kiosk/faces/bold.woff2"), include_bytes!("kiosk/faces/medium.woff2")];
/// Where the page's faces are.
pub(super) const BOLD: &str = "/board/bold.woff2";
pub(super) const MEDIUM: &str = "/board/medium.woff2";
/// How long one picture serves everybody who asks, in microseconds.
const FRESH_US: u64 = 100_000;

/// The version of the page: one that is open loads itself anew when the daemon's is another.
pub(super) static PAGE_SUM: LazyLock<String> = LazyLock::new(|| {
    let mut sum = Sha256::new();
    for part in [HTML, STYLE, MARKS, SCRIPT, &*WORDS] {
        sum.update(part);
    }
    for face in FACES {
        sum.update(face);
    }
    STANDARD.encode(&sum.finalize()[..12])
});

/// What the wall says, in both languages, as the page's script reads it.
static WORDS: LazyLock<String> = LazyLock::new(|| {
    let said = |language: Language| {
        let kinds: serde_json::Map<_, _> = AlarmKind::ALL
            .iter()
            .filter_map(|kind| Some((json!(kind).as_str()?.to_owned(), json!(language.kind(*kind)))))
            .collect();
        json!({"words": language.words(), "kinds": kinds})
    };
    let words = json!({
        "russian": said(Language::Russian), "english": said(Language::English), "page_ms": firmware_board::PAGE_MS,
    });
    // Nothing in it may end the element it stands in.
    words.to_string().replace('<', "\\u003c")
});

/// The page, whole: style, marks, words and script are in it.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    HTML.replace("{sum}", &PAGE_SUM)
        .replace("{style}", STYLE)
        .replace("{marks}", MARKS)
        .replace("{words}", &WORDS)
        .replace("{script}", SCRIPT)
});

/// The page runs the style and the script that it came with, and nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let sum = |part: &str| format!("sha256-{}", STANDARD.encode(Sha256::digest(part)));
    let policy = format!(
        "default-src 'none'; img-src data:; connect-src 'self'; font-src 'self'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        sum(STYLE),
        sum(SCRIPT),
    );
    HeaderValue::from_str(&policy).expect("a policy of ASCII words is a header's value")
});

/// The last picture, its tag, and when it was taken.
#[derive(Default)]
pub(super) struct Pictures(Mutex<Option<(u64, Bytes, HeaderValue)>>);

/// The wall, full screen; shows when it is not live.
#[utoipa::path(get, path = "/board", tag = "board", operation_id = "show_board_page",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub(super) async fn page() -> Response {
    ([(header::CONTENT_SECURITY_POLICY, POLICY.clone())], Html(PAGE.as_str())).into_response()
}

/// The face of what is read first.
pub(super) async fn bold() -> Response {
    face(FACES[0])
}

/// The face of the rest.
pub(super) async fn medium() -> Response {
    face(FACES[1])
}

fn face(woff2: &'static [u8]) -> Response {
    let headers = [(header::CONTENT_TYPE, "font/woff2"), (header::CACHE_CONTROL, "max-age=86400")];
    (headers, woff2).into_response()
}

/// The panel's picture, exactly its pixels.
#[utoipa::path(get, path = "/board.png", tag = "board", operation_id = "show_board_picture",
    params(
        ("panel" = Option<String>, Query, description = "Which panel, by its name; the first where none is said"),
        ("if-none-match" = Option<String>, Header, description = "The ETag that is known already")),
    responses(
        (status = 200, description = "The picture", body = Vec<u8>, content_type = "image/png"),
        (status = 304, description = "The picture is known already")))]
pub(super) async fn picture(
    State(door): State<DoorState>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unknown = query.unknown(&["panel"]);
    if !unknown.is_empty() {
        return Err(Problem::fields(unknown));
    }
    if let Some(panel) = query.value("panel") {
        return picture_of(&door, panel).await;
    }
    let (png, tag) = newest(&door).await?;
    if is_known(&headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let kind = HeaderValue::from_static("image/png");
    Ok(([(header::CONTENT_TYPE, kind), (header::ETAG, tag)], png).into_response())
}

/// The newest picture of a panel by its name.
async fn picture_of(door: &DoorState, panel: &str) -> Result<Response, Problem> {
    let (pictures, name) = (door.shared.parts.pictures.clone(), panel.to_owned());
    let png = blocking(move || pictures.png_of(&name)).await?;
    let png = png.ok_or_else(|| {
        Problem::not_there(format!("there is no panel `{panel}`; GET /v1/board/parts lists them"))
    })?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("image/png"))], png).into_response())
}

/// The newest picture. However many ask at once, it is drawn once.
async fn newest(door: &DoorState) -> Result<(Bytes, HeaderValue), Problem> {
    let mut last = door.pictures.0.lock().await;
    let now_us = clock::monotonic_us();
    if let Some((_, png, tag)) = last.as_ref().filter(|(taken_us, ..)| now_us < taken_us + FRESH_US) {
        return Ok((png.clone(), tag.clone()));
    }
    let draw = Arc::clone(&door.shared.png);
    let (png, sum) = blocking(move || {
        let png = draw();
        let sum = secret::hash(&png);
        (Bytes::from(png), sum)
    })
    .await?;
    let tag =
        HeaderValue::from_str(&format!("\"{}\"", &sum[..32])).expect("hex and quotes are a header's value");
    *last = Some((now_us, png.clone(), tag.clone()));
    Ok((png, tag))
}
