//! What the wall shows, as a stream of scenes: for the page at `/board` and for `andonctl board watch`.
//!
//! It is as open as the page is, since it says what everybody in the room sees. That bounds it: so many may follow and no
//! more, nobody is told more than ten scenes a second, and who takes nothing for a while is let go, so that a television
//! that was switched off holds no place.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use futures_util::Stream;
use futures_util::stream::unfold;
use tokio::sync::mpsc;

use super::DoorState;
use super::kiosk::PAGE_SUM;
use super::problem::Problem;
use super::serving::{HangUp, Peer, Stopping};
use crate::board::Live;
use crate::board::live::{FOLLOWERS_MAX, FOLLOWERS_PER_ADDRESS_MAX, Follower, Shown};

/// How long after one scene the next is told, at least, in milliseconds. Whoever follows is then told the newest.
const BETWEEN_MS: u64 = 100;
/// How long a follower may take nothing, in seconds. Tests of it do not wait that long.
const PATIENCE_S: u64 = if cfg!(test) { 1 } else { 10 };

/// What a follower is given: events, as they come.
pub(super) type Scenes = Sse<futures_util::stream::BoxStream<'static, Result<Event, Infallible>>>;

/// Follows the wall (server-sent events).
///
/// First comes `page`, whose data names the version of the page at `/board`; then `scene` with what the wall shows now, and
/// again whenever that changes, which it does at least every second: the newest, whatever was missed. Its data is
/// `{"rhythm_ms", "scene"}`. Without a scene for 5 s the wall is not live. A daemon that stops says so in its last scene.
/// At most 32 follow at once, and 8 from one address.
#[utoipa::path(get, path = "/board/stream", tag = "board", operation_id = "follow_board",
    responses((status = 200, description = "The scenes", body = String, content_type = "text/event-stream")))]
pub(super) async fn follow(
    State(door): State<DoorState>,
    stopping: Option<Extension<Stopping>>,
    hang_up: Option<Extension<HangUp>>,
    peer: Option<Extension<Peer>>,
) -> Result<Scenes, Problem> {
    scenes(&door.shared.parts.live, stopping, hang_up, peer)
}

/// The scenes of a wall until it stops, or whoever follows goes or falls asleep.
pub(super) fn scenes(
    live: &Live,
    stopping: Option<Extension<Stopping>>,
    hang_up: Option<Extension<HangUp>>,
    peer: Option<Extension<Peer>>,
) -> Result<Scenes, Problem> {
    let address = peer.and_then(|Extension(Peer(address))| address);
    let follower = address.map_or_else(|| live.follow(), |address| live.follow_from(address));
    let follower =
        follower.ok_or_else(|| Problem::too_many_followers(FOLLOWERS_MAX, FOLLOWERS_PER_ADDRESS_MAX))?;
    let (to, receiver) = mpsc::channel(1);
    let teller = Teller { follower, to };
    tokio::spawn(async move {
        if teller.run(stopping).await == End::Asleep
            && let Some(Extension(hang_up)) = hang_up
        {
            log::info!("a follower of the wall that took nothing for {PATIENCE_S} s was let go");
            hang_up.now();
        }
    });
    let events = unfold(receiver, async |mut receiver| Some((Ok(receiver.recv().await?), receiver)));
    Ok(Sse::new(boxed(events)))
}

fn boxed(
    events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static,
) -> futures_util::stream::BoxStream<'static, Result<Event, Infallible>> {
    Box::pin(events)
}

/// Why nobody is told any more.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The daemon stops, or the follower has gone.
    Gone,
    /// The follower takes nothing.
    Asleep,
}

/// Tells one follower.
struct Teller {
    follower: Follower,
    to: mpsc::Sender<Event>,
}

impl Teller {
    async fn run(mut self, stopping: Option<Extension<Stopping>>) -> End {
        let mut stopped = Box::pin(async move {
            match stopping {
                Some(Extension(stopping)) => stopping.wait().await,
                None => pending().await,
            }
        });
        if let Err(end) = self.tell(Event::default().event("page").data(&*PAGE_SUM)).await {
            return end;
        }
        loop {
            let shown = tokio::select! {
                shown = self.follower.next() => shown,
                () = &mut stopped => {
                    let last = self.follower.last().map(|shown| Arc::new(shown.stopped()));
                    if let Some(last) = last {
                        let _ = self.tell(event(&last)).await;
                    }
                    return End::Gone;
                }
                () = self.to.closed() => return End::Gone,
            };
            let Some(shown) = shown else { return End::Gone };
            if let Err(end) = self.tell(event(&shown)).await {
                return end;
            }
            tokio::time::sleep(Duration::from_millis(BETWEEN_MS)).await;
        }
    }

    async fn tell(&self, event: Event) -> Result<(), End> {
        match tokio::time::timeout(Duration::from_secs(PATIENCE_S), self.to.send(event)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(End::Gone),
            Err(_) => Err(End::Asleep),
        }
    }
}

fn event(shown: &Shown) -> Event {
    Event::default().event("scene").data(shown.json())
}
