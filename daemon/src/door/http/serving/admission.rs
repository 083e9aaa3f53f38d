//! Who is let in to the routes: a request whose head is not too long, while there is room for it and for its body.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;

use super::super::caching::harden;
use super::super::problem::Problem;
use super::super::shares::{Share, Shares};
use super::Peer;
use super::paced::Paced;
use super::traffic::{Traffic, Why};
use crate::run::Failure;

/// The longest path and query, in bytes.
const URI_MAX_BYTES: usize = 4_096;
/// How long all headers may be together, in bytes, as they are sent …
const HEADERS_MAX_BYTES: usize = 16 << 10;
/// … and how many.
const HEADERS_MAX: usize = 64;
/// What a header takes beside its name and value: colon, space and the end of the line.
const HEADER_BYTES: usize = 4;
/// How many requests are worked on at once; their answers may take longer to send.
const REQUESTS_MAX: usize = 512;
/// How much of bodies is held at once, in bytes, as they are sent; as JSON that is read it may be thirty times that.
const BODIES_MAX_BYTES: usize = 8 << 20;
/// How much of that one token's have, in bytes: the longest body fits, and others have as much.
const BODIES_EACH_MAX_BYTES: usize = BODIES_MAX_BYTES / 2;

/// Holds every request of a door to its limits, before any route.
pub(super) fn admit(router: Router, traffic: &Arc<Traffic>) -> Router {
    let admission = Admission {
        traffic: Arc::clone(traffic),
        requests: Arc::new(Semaphore::new(REQUESTS_MAX)),
        bodies: BodyRoom(Shares::new(BODIES_MAX_BYTES, BODIES_EACH_MAX_BYTES), Arc::clone(traffic)),
    };
    router.layer(from_fn_with_state(admission, admitted))
}

#[derive(Clone)]
struct Admission {
    traffic: Arc<Traffic>,
    requests: Arc<Semaphore>,
    bodies: BodyRoom,
}

async fn admitted(State(admission): State<Admission>, mut request: Request, next: Next) -> Response {
    let Ok(_place) = admission.requests.try_acquire() else {
        return admission.refuse(Why::Requests, &request, Failure::Busy.into());
    };
    if let Err(problem) = check_head(&request) {
        return admission.refuse(Why::Head, &request, problem);
    }
    request.extensions_mut().insert(admission.bodies.clone());
    if request.body().is_end_stream() {
        return next.run(request).await;
    }
    next.run(request.map(|body| Body::new(Paced::new(body)))).await
}

impl Admission {
    fn refuse(&self, why: Why, request: &Request, problem: Problem) -> Response {
        self.traffic.turned_away(why, peer(request));
        harden(problem.into_response())
    }
}

fn peer(request: &Request) -> Peer {
    request.extensions().get().copied().unwrap_or(Peer(None))
}

fn check_head(request: &Request) -> Result<(), Problem> {
    let uri = request.uri().path_and_query().map_or(0, |whole| whole.as_str().len());
    if uri > URI_MAX_BYTES {
        return Err(Problem::uri_too_long(URI_MAX_BYTES));
    }
    let headers = request.headers();
    let bytes = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        name.as_str().len() + value.len() + HEADER_BYTES
    };
    if headers.len() > HEADERS_MAX || headers.iter().map(bytes).sum::<usize>() > HEADERS_MAX_BYTES {
        return Err(Problem::headers_too_large(HEADERS_MAX, HEADERS_MAX_BYTES));
    }
    Ok(())
}

/// Room for bodies in memory, shared by all requests of a door.
#[derive(Clone)]
pub(in super::super) struct BodyRoom(Shares, Arc<Traffic>);

/// What a body has of the room, until it is dropped.
#[derive(Default)]
pub(in super::super) struct BodyPlace(Option<Share>);

impl BodyRoom {
    /// Takes so many bytes more for a body of `caller`.
    ///
    /// # Errors
    /// `busy`: there is none left, or the caller's bodies have their share.
    pub(in super::super) fn take(
        &self,
        place: &mut BodyPlace,
        caller: &str,
        bytes: usize,
    ) -> Result<(), Problem> {
        let taken = if let Some(held) = &mut place.0 {
            held.grow(bytes)
        } else {
            place.0 = self.0.take(caller, bytes);
            place.0.is_some()
        };
        if taken {
            return Ok(());
        }
        self.1.turned_away(Why::Bodies, format_args!("the token `{caller}`"));
        Err(Failure::Busy.into())
    }

    /// A body came in too slowly.
    pub(in super::super) fn too_slow(&self) {
        self.1.turned_away(Why::SlowBody, "a request");
    }
}
