//! The wall in a browser: exactly the panel's pixels, and an unmistakable word when they are stale.

use std::sync::{Arc, LazyLock};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use super::caching::is_known;
use super::problem::Problem;
use super::query::Query;
use super::{DoorState, blocking};
use crate::clock;
use crate::door::secret;

/// The page, whole: style and script are in it.
const PAGE: &str = include_str!("kiosk.html");
/// How long one picture serves everybody who asks, in microseconds.
const FRESH_US: u64 = 100_000;

/// The page runs the style and the script that it came with, and nothing else.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = format!(
        "default-src 'none'; img-src 'self' blob:; connect-src 'self'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        sum_of("style"),
        sum_of("script"),
    );
    HeaderValue::from_str(&policy).expect("a policy of ASCII words is a header's value")
});

/// The sum of an element's content, as a policy names it.
fn sum_of(element: &str) -> String {
    let (open, close) = (format!("<{element}>"), format!("</{element}>"));
    let content = PAGE.split_once(&open).and_then(|(_, rest)| rest.split_once(&close));
    let (content, _) = content.expect("the page has one such element");
    format!("sha256-{}", STANDARD.encode(Sha256::digest(content)))
}

/// The last picture, its tag, and when it was taken.
#[derive(Default)]
pub(super) struct Pictures(Mutex<Option<(u64, Bytes, HeaderValue)>>);

/// The wall, full screen; shows when it is not live.
#[utoipa::path(get, path = "/board", tag = "board", operation_id = "show_board_page",
    responses((status = 200, description = "The page", body = String, content_type = "text/html")))]
pub(super) async fn page() -> Response {
    ([(header::CONTENT_SECURITY_POLICY, POLICY.clone())], Html(PAGE)).into_response()
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
    if let Some(panel) = query.last("panel") {
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
