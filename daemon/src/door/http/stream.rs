//! The stream of events: everything that becomes durable, in order, each once.
//!
//! A [`Feed`] tells them; here is what bounds whoever listens. What waits for a listener is counted in bytes, and who takes
//! nothing while there is no room is cut off, and so is who came with a token that lets nobody in any more: the last they
//! find is a marker with the number to resume from. The desk waits for nobody.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream::unfold;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::time::MissedTickBehavior;

use super::DoorState;
use super::auth::{Pass, PassOver, Reader};
use super::event_filter;
use super::problem::Problem;
use super::query::Query;
use super::serving::{HangUp, Stopping};
use super::streams::{Place, STREAMS_EACH_MAX, STREAMS_MAX};
use crate::desk::FieldError;
use crate::out::{EventView, Feed, Filter, Told};
use crate::run::View;

/// How long a stream is silent at most before it says that it lives, and how far it is, in seconds.
const HEARTBEAT_S: u64 = 15;
/// How much waits for a listener at most, in bytes; an event that is longer waits alone. What was handed to the connection
/// is bounded there.
const WAITING_MAX_BYTES: usize = 256 << 10;
/// How long a listener for whom there is no room may take nothing, in seconds. Tests of it do not wait that long.
const PATIENCE_S: u64 = if cfg!(test) { 1 } else { 20 };
/// How long who was cut off has to take what waits and the marker, in seconds.
const GRACE_S: u64 = if cfg!(test) { 1 } else { 5 };
/// How often a token is looked at while nothing is told, in seconds.
const PASS_EVERY_S: u64 = 1;
/// The header that says what was the last event seen.
const LAST_EVENT_ID: &str = "last-event-id";

/// Streams events as they become durable (server-sent events).
///
/// Each has the event's number as `id`, its name as `event` and an `EventView` as `data`. Without `Last-Event-ID` the
/// stream begins now; with it, behind that event, without a gap and with nothing twice; `0` begins at the beginning. A
/// number that no event has yet is refused (409): a restore has gone back behind what was seen.
///
/// Filters are comma lists, joined by AND. A `line` is the one that the ticket stands on when the event is told; a move is
/// told to both. What is about no ticket is told where only `event` filters. Every 15 s without an event there is a comment
/// and an `id` alone: who resumes behind a filter then resumes from there.
///
/// Who takes nothing for 20 s while 256 KiB wait is cut off, and so is whoever came with a token that was revoked
/// meanwhile or whose time is over: the last event is `cut`, its data `{"resume_from": <the last id>, "reason": "too-slow"}`,
/// or `"token-revoked"`, or `"token-expired"`. At most 64 follow at once, and 32 with one
/// token.
#[utoipa::path(get, path = "/v1/events", tag = "events", operation_id = "stream_events",
    params(
        ("ticket" = Option<String>, Query, description = "Numbers of tickets", example = "7,12"),
        ("regulation" = Option<String>, Query, description = "Ids of regulations"),
        ("channel" = Option<String>, Query, description = "Ids of channels"),
        ("line" = Option<String>, Query, description = "Lines that tickets stand on", example = "2,3"),
        ("event" = Option<String>, Query, description = "Names of events", example = "registered,status-changed"),
        ("last-event-id" = Option<u64>, Header, description = "The last event that was seen"),
        ("last_event_id" = Option<u64>, Query, description = "The same, for who cannot set headers")),
    responses((status = 200, description = "The events", body = EventView, content_type = "text/event-stream")))]
pub(super) async fn events(
    State(door): State<DoorState>,
    Reader(actor): Reader,
    query: Query,
    headers: HeaderMap,
    stopping: Option<Extension<Stopping>>,
    hang_up: Option<Extension<HangUp>>,
    pass: Option<Extension<Pass>>,
) -> Result<Response, Problem> {
    let handle = &door.shared.handle;
    let mut errors = query.unknown(&[&event_filter::PARAMETERS[..], &["last_event_id"]].concat());
    let seen = last_seen(&query, &headers).unwrap_or_else(|error| {
        errors.push(error);
        None
    });
    let caller = actor.name.clone();
    let filter =
        event_filter::parse(&query, handle.view().regulations(), actor.scope).unwrap_or_else(|more| {
            errors.extend(more);
            Filter::default()
        });
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    let newest = handle.history().next_seq() - 1;
    if let Some(seen) = seen.filter(|seen| *seen > newest) {
        return Err(Problem::no_such_event(seen, newest));
    }
    let feed = door.shared.herald.feed(filter, seen.map(|seen| seen + 1));
    let place = door.streams.enter(&caller, feed.position() - 1);
    let place = place.ok_or_else(|| Problem::too_many_streams(STREAMS_MAX, STREAMS_EACH_MAX))?;
    let (to, frames) = mpsc::unbounded_channel();
    let position = place.position();
    let (room, pass) = (Arc::new(Semaphore::new(WAITING_MAX_BYTES)), pass.map(|Extension(pass)| pass));
    let teller = Teller { feed, place, room, to, pass, view: Arc::clone(handle.view()) };
    let hang_up = hang_up.map(|Extension(hang_up)| hang_up);
    tokio::spawn(teller.run(hang_up));
    // The stream ends on this side, so that whoever tells it notices at once, wherever they are.
    let stopped = async move {
        match stopping {
            Some(Extension(stopping)) => stopping.wait().await,
            None => pending().await,
        }
    };
    let begins = Bytes::from(here(position.load(Ordering::Acquire)));
    let begins = futures_util::stream::once(async move { begins });
    let events = begins.chain(unfold((frames, position), next_frame)).take_until(Box::pin(stopped));
    let mut response = Body::from_stream(events.map(Ok::<_, std::convert::Infallible>)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    // No other request comes over a connection that may be hung up.
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    Ok(response)
}

fn last_seen(query: &Query, headers: &HeaderMap) -> Result<Option<u64>, FieldError> {
    let header =
        headers.get(LAST_EVENT_ID).map(|value| ("Last-Event-ID", value.to_str().unwrap_or_default()));
    let parameter = query.value("last_event_id").map(|value| ("last_event_id", value));
    let read = |(field, text): (&str, &str)| {
        let message = "must be an event's number, as the stream gave it";
        text.trim().parse().map_err(|_| FieldError::new(field, message))
    };
    let (header, parameter) = (header.map(read).transpose()?, parameter.map(read).transpose()?);
    Ok(header.or(parameter))
}

/// A part of the stream as it goes over the wire, and the room that it takes until then.
struct Frame {
    bytes: Bytes,
    room: Option<OwnedSemaphorePermit>,
}

/// What waits for the listener.
type Frames = mpsc::UnboundedReceiver<Frame>;

/// The next part, or after a while that there is none.
async fn next_frame(
    (mut frames, position): (Frames, Arc<AtomicU64>),
) -> Option<(Bytes, (Frames, Arc<AtomicU64>))> {
    let waited = tokio::time::timeout(Duration::from_secs(HEARTBEAT_S), frames.recv()).await;
    let bytes = if let Ok(frame) = waited {
        taken(frame?)
    } else {
        // In this order: what was put in the queue before the position is found there, and told first.
        let at = position.load(Ordering::Acquire);
        frames.try_recv().map_or_else(|_| Bytes::from(here(at)), taken)
    };
    Some((bytes, (frames, position)))
}

fn taken(frame: Frame) -> Bytes {
    drop(frame.room);
    frame.bytes
}

/// That the stream lives, and how far it is: no listener takes it for an event, and all resume from there.
fn here(at: u64) -> String {
    format!(": \nid: {at}\n\n")
}

fn frame_of(told: &Told) -> Bytes {
    let Told { seq, event, json, .. } = told;
    Bytes::from(format!("id: {seq}\nevent: {event}\ndata: {json}\n\n"))
}

/// Why somebody is told no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    /// They took nothing for too long.
    TooSlow,
    /// Their token lets nobody in any more.
    Token(PassOver),
}

impl Cut {
    const fn id(self) -> &'static str {
        match self {
            Cut::TooSlow => "too-slow",
            Cut::Token(PassOver::Revoked) => "token-revoked",
            Cut::Token(PassOver::Expired) => "token-expired",
        }
    }

    /// That who listens is cut off, where to resume, and why.
    fn marker(self, at: u64) -> Bytes {
        let why = self.id();
        Bytes::from(format!("id: {at}\nevent: cut\ndata: {{\"resume_from\":{at},\"reason\":\"{why}\"}}\n\n"))
    }
}

/// Tells one listener.
struct Teller {
    feed: Feed,
    place: Place,
    room: Arc<Semaphore>,
    to: mpsc::UnboundedSender<Frame>,
    /// What they came in with; none where nobody is asked for a token.
    pass: Option<Pass>,
    view: Arc<View>,
}

impl Teller {
    /// Tells until the listener goes, or is cut off.
    async fn run(mut self, hang_up: Option<HangUp>) {
        let mut at = self.feed.position() - 1;
        let mut looks = tokio::time::interval(Duration::from_secs(PASS_EVERY_S));
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // The feed is not given up for a look: what it was about to tell would be lost.
            let stretch = {
                let mut next = std::pin::pin!(self.feed.next());
                loop {
                    tokio::select! {
                        stretch = &mut next => break Ok(stretch),
                        () = self.to.closed() => return,
                        _ = looks.tick(), if self.pass.is_some() => {}
                    }
                    if let Err(cut) = may_hear(self.pass.as_ref(), &self.view) {
                        break Err(cut);
                    }
                }
            };
            let stretch = match stretch {
                Ok(Some(stretch)) => stretch,
                Ok(None) => return,
                Err(cut) => return self.cut(at, cut, hang_up).await,
            };
            for told in &stretch.told {
                if let Err(cut) = self.put(frame_of(told)).await {
                    return self.cut(at, cut, hang_up).await;
                }
                at = told.seq;
                self.place.is_at(at);
            }
            at = stretch.next - 1;
            self.place.is_at(at);
        }
    }

    /// Puts a part in the queue, where who listens may still hear it and there is room before long.
    async fn put(&mut self, bytes: Bytes) -> Result<(), Cut> {
        let needed = u32::try_from(bytes.len().min(WAITING_MAX_BYTES)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(needed);
        let room = tokio::select! {
            room = tokio::time::timeout(Duration::from_secs(PATIENCE_S), room) => room,
            () = self.to.closed() => return Err(Cut::TooSlow),
        };
        // Not before: waiting for room takes its time.
        may_hear(self.pass.as_ref(), &self.view)?;
        let Ok(Ok(room)) = room else { return Err(Cut::TooSlow) };
        self.to.send(Frame { bytes, room: Some(room) }).map_err(|_| Cut::TooSlow)
    }

    /// Says good-bye, and ends the connection of who does not take even that.
    async fn cut(self, at: u64, why: Cut, hang_up: Option<HangUp>) {
        if self.to.is_closed() {
            return;
        }
        match (why, &self.pass) {
            (Cut::TooSlow, _) => {
                self.place.is_cut();
                log::info!(
                    "a reader of the event stream who took nothing for {PATIENCE_S} s was cut off at event {at}"
                );
            }
            (Cut::Token(_), pass) => {
                let name = pass.as_ref().map_or("-", Pass::name);
                log::info!(TOKEN_NAME = name; "a reader of the event stream was cut off at event {at}, token {name}: {}", why.id());
            }
        }
        let Self { place, to, .. } = self;
        // Whoever has gone meanwhile needs no marker.
        let _ = to.send(Frame { bytes: why.marker(at), room: None });
        drop(to);
        // Nobody here sees whether the connection gets rid of it; one that did has ended, and is hung up in vain.
        tokio::time::sleep(Duration::from_secs(GRACE_S)).await;
        if let Some(hang_up) = hang_up {
            hang_up.now();
        }
        drop(place);
    }
}

/// Whether who came in so may hear what comes.
fn may_hear(pass: Option<&Pass>, view: &View) -> Result<(), Cut> {
    pass.and_then(|pass| pass.is_over(view)).map_or(Ok(()), |over| Err(Cut::Token(over)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_counts_before_the_parameter_and_rubbish_is_refused() {
        let last = |query: &str, header: Option<&'static str>| {
            let query = Query::parse(query).unwrap_or_default();
            let headers =
                header.map(|value| (LAST_EVENT_ID.parse().expect("a name"), value.parse().expect("a value")));
            last_seen(&query, &headers.into_iter().collect()).map_err(|error| error.field)
        };
        assert_eq!(last("", None), Ok(None));
        assert_eq!(last("last_event_id=5", None), Ok(Some(5)));
        assert_eq!(last("last_event_id=5", Some("7")), Ok(Some(7)));
        for (query, header, field) in [
            ("last_event_id=x", None, "last_event_id"),
            ("last_event_id=-1", None, "last_event_id"),
            ("", Some("x"), "Last-Event-ID"),
            ("last_event_id=-1", Some("7"), "last_event_id"),
        ] {
            assert_eq!(last(query, header), Err(field.to_owned()), "{query} {header:?}");
        }
    }
}
