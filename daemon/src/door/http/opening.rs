//! The door while the books are being opened: it lives, shows the wall, and says that the rest is to come.

use std::convert::Infallible;
use std::sync::{Arc, OnceLock};

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use tower::util::MapResponseLayer;
use tower::{ServiceExt, service_fn};

use super::problem::{self, Problem};
use super::serving::{HangUp, Peer, Stopping};
use super::{blocking, caching, docs, kiosk, live, meta, openapi};
use crate::board::Live;
use crate::run::opening::{OPEN_AGAIN, Opening, Stage};

/// The panel's picture as PNG; called on a thread that may block.
type Png = Arc<dyn Fn() -> Vec<u8> + Send + Sync>;

/// Leads to the door of the opening, and to the desk's own as soon as that is there.
#[derive(Clone, Default)]
pub struct Gate(Arc<OnceLock<Router>>);

impl Gate {
    /// From here on everybody is led to `desk`. Only the first call counts.
    pub fn open(&self, desk: Router) {
        self.0.get_or_init(|| desk);
    }

    /// What is served from the first moment on.
    pub fn router(&self, opening: Opening, png: Png, live: Live) -> Router {
        let (gate, before) = (Arc::clone(&self.0), router(opening, png, live));
        Router::new().fallback_service(service_fn(move |request: Request| {
            let leads_to = gate.get().unwrap_or(&before).clone();
            async move { Ok::<_, Infallible>(leads_to.oneshot(request).await.into_response()) }
        }))
    }
}

#[derive(Clone)]
struct Waiting {
    opening: Opening,
    png: Png,
    live: Live,
}

fn router(opening: Opening, png: Png, live: Live) -> Router {
    Router::new()
        .route("/healthz", get(meta::healthz))
        .route("/openapi.json", get(openapi::document))
        .route("/docs", get(docs::page))
        .route("/docs/errors", get(docs::errors))
        .route("/board", get(kiosk::page))
        .route("/board.png", get(picture))
        .route("/board/stream", get(follow))
        .route(kiosk::BOLD, get(kiosk::bold))
        .route(kiosk::MEDIUM, get(kiosk::medium))
        .fallback(not_yet)
        .method_not_allowed_fallback(problem::no_such_method)
        .layer(MapResponseLayer::new(caching::harden))
        .with_state(Waiting { opening, png, live })
}

async fn picture(State(waiting): State<Waiting>) -> Result<Response, Problem> {
    let png = blocking(move || (waiting.png)()).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
    Ok((StatusCode::OK, headers, png).into_response())
}

/// The wall of the opening; whoever follows it goes on when the desk is there.
async fn follow(
    State(waiting): State<Waiting>,
    stopping: Option<Extension<Stopping>>,
    hang_up: Option<Extension<HangUp>>,
    peer: Option<Extension<Peer>>,
) -> Result<live::Scenes, Problem> {
    live::scenes(&waiting.live, stopping, hang_up, peer)
}

/// Everything else: how far the opening is.
async fn not_yet(State(waiting): State<Waiting>) -> Problem {
    Problem::starting(match waiting.opening.stage() {
        Stage::Reading { progress: Some(progress) } => {
            format!("the ledger is being read: {} of {} events", progress.done, progress.of)
        }
        Stage::Reading { progress: None } => "the books are being opened".to_owned(),
        Stage::Blocked { reason, .. } => {
            format!(
                "the books cannot be opened, it is tried again every {} s: {reason}",
                OPEN_AGAIN.as_secs()
            )
        }
        Stage::Open(_) => "the desk is there, its door in a moment".to_owned(),
    })
}
