//! The stream of events: everything that becomes durable, in order, each once.
//!
//! What is kept comes from the ledger, what is new from the loop. A listener is subscribed first and reads the ledger
//! then, so that nothing falls between; what comes twice is told by its number and left out. Whoever falls behind so
//! far that the loop's channel forgets what they have not read goes back to the ledger.

use std::convert::Infallible;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use calendars::Tz;
use futures_util::stream::unfold;
use futures_util::{Stream, StreamExt};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

use super::DoorState;
use super::auth::Reader;
use super::events::EventView;
use super::problem::Problem;
use super::query::Query;
use super::serving::Stopping;
use crate::desk::view::zone_of;
use crate::desk::{Entry, Scope, TicketNumber};
use crate::run::history::HistoryError;
use crate::run::{History, View};
use crate::store::LedgerError;

/// How long a stream is silent at most before a comment says that it lives, in seconds.
const HEARTBEAT_S: u64 = 15;
/// How many events wait for a listener who reads slowly.
const AHEAD_MAX: usize = 256;
/// The header that says what was the last event seen.
const LAST_EVENT_ID: &str = "last-event-id";

/// Streams events as they become durable (server-sent events).
///
/// Each has the event's number as `id`, its name as `event` and an `EventView` as `data`. Without `Last-Event-ID` the
/// stream begins now; with it, behind that event, without a gap and with nothing twice; `0` begins at the beginning.
#[utoipa::path(get, path = "/v1/events", tag = "events", operation_id = "stream_events",
    params(
        ("last-event-id" = Option<u64>, Header, description = "The last event that was seen"),
        ("last_event_id" = Option<u64>, Query, description = "The same, for who cannot set headers")),
    responses((status = 200, description = "The events", body = EventView, content_type = "text/event-stream")))]
pub(super) async fn events(
    State(door): State<DoorState>,
    Reader(caller): Reader,
    query: Query,
    headers: HeaderMap,
    stopping: Option<Extension<Stopping>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let seen = last_seen(&query, &headers)?;
    let handle = &door.shared.handle;
    let news = handle.subscribe();
    let next_seq = handle.history().next_seq();
    // A number from before a restore names nothing yet; the stream begins now.
    let next = seen.map_or(next_seq, |seen| seen.saturating_add(1).min(next_seq));
    let (sender, receiver) = mpsc::channel(AHEAD_MAX);
    let teller = Teller {
        follower: Follower { next },
        news,
        history: Arc::clone(handle.history()),
        view: Arc::clone(handle.view()),
        zone: door.shared.facts.zone,
        scope: caller.scope,
        to: sender,
    };
    tokio::spawn(teller.run());
    let events = unfold(receiver, async |mut receiver| {
        let event = receiver.recv().await?;
        Some((Ok(event), receiver))
    });
    // The stream ends on this side, so that whoever tells it notices at once, wherever they are.
    let stopped = async move {
        match stopping {
            Some(Extension(stopping)) => stopping.wait().await,
            None => pending().await,
        }
    };
    let events = events.take_until(Box::pin(stopped));
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(HEARTBEAT_S))))
}

fn last_seen(query: &Query, headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let unknown = query.unknown(&["last_event_id"]);
    if !unknown.is_empty() {
        return Err(Problem::fields(unknown));
    }
    let header =
        headers.get(LAST_EVENT_ID).map(|value| ("Last-Event-ID", value.to_str().unwrap_or_default()));
    let asked = header.or_else(|| query.last("last_event_id").map(|value| ("last_event_id", value)));
    asked
        .map(|(field, text)| {
            text.trim()
                .parse()
                .map_err(|_| Problem::field(field, "must be an event's number, as the stream gave it"))
        })
        .transpose()
}

/// What a listener is told next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Follower {
    /// The number of the next event to tell.
    next: u64,
}

/// What an entry is to a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// All of it was told already.
    Known,
    /// What is to be told begins with this event.
    From(u64),
    /// Something that was not told lies before it.
    Gap,
}

impl Follower {
    /// What an entry of the events `[first_seq, next_seq)` is.
    fn step(self, first_seq: u64, next_seq: u64) -> Step {
        if next_seq <= self.next {
            Step::Known
        } else if first_seq > self.next {
            Step::Gap
        } else {
            Step::From(self.next)
        }
    }
}

/// Tells one listener.
struct Teller {
    follower: Follower,
    news: Receiver<Arc<Entry>>,
    history: Arc<History>,
    view: Arc<View>,
    zone: Tz,
    /// What the listener may hear of.
    scope: Scope,
    to: mpsc::Sender<Event>,
}

impl Teller {
    /// Tells until the listener goes.
    async fn run(mut self) {
        if !self.catch_up().await {
            return;
        }
        loop {
            let heard = tokio::select! {
                heard = self.news.recv() => heard,
                () = self.to.closed() => return,
            };
            let goes_on = match heard {
                Ok(entry) => match self.follower.step(entry.first_seq, entry.next_seq()) {
                    Step::Known => true,
                    Step::From(seq) => self.tell(&entry, seq).await,
                    Step::Gap => self.catch_up().await && self.tell_rest(&entry).await,
                },
                Err(RecvError::Lagged(_)) => self.catch_up().await,
                Err(RecvError::Closed) => false,
            };
            if !goes_on {
                return;
            }
        }
    }

    /// Tells what the ledger has and was not told. False where nobody listens any more.
    async fn catch_up(&mut self) -> bool {
        let (history, mut follower, to) = (Arc::clone(&self.history), self.follower, self.to.clone());
        let (view, zone, scope) = (Arc::clone(&self.view), self.zone, self.scope.clone());
        let read = tokio::task::spawn_blocking(move || {
            if follower.next >= history.next_seq() {
                return Some(follower);
            }
            for entry in history.since(follower.next) {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error @ HistoryError::Ledger(LedgerError::Damaged(_))) => {
                        log::warn!("a stream passes over what cannot be read: {error}");
                        history.met_damage();
                        continue;
                    }
                    Err(error) => {
                        log::error!("a stream ends, since the ledger cannot be read: {error}");
                        return None;
                    }
                };
                for event in told(&entry, follower.next, &view, zone, &scope) {
                    to.blocking_send(event).ok()?;
                }
                follower.next = follower.next.max(entry.next_seq());
            }
            Some(follower)
        });
        match read.await {
            Ok(Some(follower)) => {
                self.follower = follower;
                true
            }
            Ok(None) | Err(_) => false,
        }
    }

    /// After the ledger was read: what of an entry is still new, whatever lies before it.
    async fn tell_rest(&mut self, entry: &Entry) -> bool {
        match self.follower.step(entry.first_seq, entry.next_seq()) {
            Step::Known => true,
            Step::From(seq) => self.tell(entry, seq).await,
            Step::Gap => self.tell(entry, entry.first_seq).await,
        }
    }

    async fn tell(&mut self, entry: &Entry, from_seq: u64) -> bool {
        if entry.tickets().iter().any(|number| self.view.live(*number).is_none()) {
            // It was put away before this listener heard of it: the disk is asked, and that may take its time.
            return self.catch_up().await;
        }
        for event in told(entry, from_seq, &self.view, self.zone, &self.scope) {
            if self.to.send(event).await.is_err() {
                return false;
            }
        }
        self.follower.next = entry.next_seq();
        true
    }
}

/// Whether an event about this ticket, or about none, is in the scope. A ticket that cannot be read is in none but a whole
/// one.
pub(super) fn is_in(scope: &Scope, ticket: Option<TicketNumber>, view: &View) -> bool {
    let of = |number| view.ticket(number).ok().flatten();
    scope.is_whole() || ticket.and_then(of).is_some_and(|ticket| scope.covers_ticket(&ticket))
}

/// The events of an entry from `from_seq` on that are in the scope, as they go over the wire.
fn told(entry: &Entry, from_seq: u64, view: &View, zone: Tz, scope: &Scope) -> Vec<Event> {
    let zone_of = |ticket: Option<TicketNumber>| {
        ticket
            // A ticket that cannot be read is told in the site's zone: the instants are the same.
            .and_then(|number| view.ticket(number).ok().flatten())
            .map_or(zone, |ticket| zone_of(&ticket, view.regulations()))
    };
    let events = EventView::all(entry, zone_of).into_iter().filter(|event| event.seq >= from_seq);
    events
        .filter(|event| is_in(scope, event.ticket, view))
        .map(|event| {
            let data = serde_json::to_string(&event).expect("an event is plain data with text keys");
            Event::default().id(event.seq.to_string()).event(&event.event).data(data)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_told_once_and_from_where_the_listener_stands() {
        let follower = Follower { next: 10 };
        for (first_seq, next_seq, expected) in [
            (1, 3, Step::Known),
            (7, 10, Step::Known),
            (7, 11, Step::From(10)),
            (10, 12, Step::From(10)),
            (11, 12, Step::Gap),
        ] {
            assert_eq!(follower.step(first_seq, next_seq), expected, "[{first_seq}, {next_seq})");
        }
    }

    #[test]
    fn the_header_counts_before_the_parameter_and_rubbish_is_refused() {
        let last = |query: &str, header: Option<&'static str>| {
            let query = Query::parse(query).unwrap_or_default();
            let headers =
                header.map(|value| (LAST_EVENT_ID.parse().expect("a name"), value.parse().expect("a value")));
            last_seen(&query, &headers.into_iter().collect()).map_err(|problem| problem.code())
        };
        assert_eq!(last("", None), Ok(None));
        assert_eq!(last("last_event_id=5", None), Ok(Some(5)));
        assert_eq!(last("last_event_id=5", Some("7")), Ok(Some(7)));
        for (query, header) in
            [("last_event_id=x", None), ("last_event_id=-1", None), ("", Some("x")), ("from=1", None)]
        {
            assert_eq!(last(query, header), Err("invalid-fields"), "{query} {header:?}");
        }
    }
}
