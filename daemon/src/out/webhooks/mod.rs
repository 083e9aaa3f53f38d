//! Webhooks: events posted to other systems as they become durable.
//!
//! Each delivery posts one event, in the form of the stream, signed, with an id that tells a repetition. What is not taken with a
//! 2xx is tried again for a day ([`super::retry`]) and is then a dead letter, which an admin may replay. Events of one ticket
//! go one after another; a ticket whose delivery fails holds back nobody else. After a crash an event may come twice, with the
//! same id, and none is left out.
//!
//! Each webhook works in a task of its own ([`worker`]), and what is to be done next is decided by the pure [`outbox`]. How far
//! it is lies in a small file ([`file`](mod@file)); the events themselves are read from the ledger. A webhook that is new
//! in the configuration begins with what comes; one that left it is forgotten; another `url` goes on where the old one was.
//!
//! A receiver that answers 410 is left alone until a test succeeds or the daemon starts anew: nothing is lost meanwhile, since
//! the ledger has it, and the wall says so.

mod address;
mod file;
mod outbox;
pub(super) mod post;
mod sign;
#[cfg(test)]
mod tests;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use calendars::{Timestamp, Tz};
use firmware_board::Language;
use serde_json::json;
use tokio::sync::{Mutex, OnceCell, mpsc, oneshot, watch};
use tokio::task::JoinSet;

pub use self::outbox::{DEAD_MAX, DeadLetter, LANES_MAX, PARALLEL_MAX};
pub use self::post::{ANSWER_WITHIN_S, CONNECT_WITHIN_S};

use self::file::Found;
use self::outbox::{Now, Outbox};
use self::post::{Letter, Poster, Resolve, SystemResolver};
use self::worker::{Ask, Worker};
use super::{Filter, Herald};
use crate::chain::chain;
use crate::clock;
use crate::config::Webhook;
use crate::desk::Scope;

/// How many questions to a webhook may wait.
const ASKS_MAX: usize = 16;
/// How long webhooks have to keep how far they are when the daemon stops, in seconds.
const END_WITHIN_S: u64 = 3;

/// The webhooks of the configuration. Cheap to clone.
#[derive(Clone, Default)]
pub struct Webhooks(Arc<BTreeMap<String, Way>>);

/// The webhooks at work; dropped, they end without keeping how far they are.
#[derive(Default)]
pub struct Running {
    workers: JoinSet<()>,
    stop: Option<watch::Sender<bool>>,
}

/// The way to one of them.
struct Way {
    asks: mpsc::Sender<Ask>,
    figures: Arc<Figures>,
    poster: Arc<Poster>,
    /// One test at a time.
    testing: Mutex<()>,
}

/// What is counted of a webhook.
#[derive(Debug, Default)]
pub struct Figures {
    /// Deliveries that were taken, since the start.
    pub delivered: AtomicU64,
    /// Deliveries that failed, since the start.
    pub failed: AtomicU64,
    /// The number of the first event that is not delivered.
    pub oldest: AtomicU64,
    /// Tickets that wait since a delivery failed.
    pub held: AtomicU64,
    /// Dead letters.
    pub dead: AtomicU64,
    /// Whether nothing is delivered, since how far it was cannot be read.
    pub unread: AtomicBool,
}

/// How a webhook is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// Its name.
    pub name: String,
    /// Where it goes, without path and query, which may be secret.
    pub origin: String,
    /// Whether the receiver says that it is gone.
    pub is_gone: bool,
    /// The last event that was delivered, and when.
    pub last_delivered: Option<(u64, Timestamp)>,
    /// How many events the first that is not delivered is behind the newest.
    pub lag_events: u64,
    /// How many tickets wait since a delivery failed.
    pub held: usize,
    /// How many dead letters there are.
    pub dead: usize,
    /// Since when nothing gets through, and why the last try failed.
    pub failing: Option<(Timestamp, String)>,
}

/// What a test came to: the status of the answer, or why there is none that counts.
pub type Tested = Result<u16, String>;

/// Starts the webhooks of the configuration in the runtime that this is called in. `language` is the wall's.
pub fn start(
    webhooks: &[Webhook],
    herald: &Arc<Herald>,
    state_dir: &Path,
    language: Language,
) -> (Webhooks, Running) {
    let resolver: Arc<dyn Resolve> = Arc::new(SystemResolver);
    forget_others(state_dir, webhooks);
    let tls = Arc::new(OnceCell::new());
    let (stop, stopped) = watch::channel(false);
    let (mut ways, mut workers) = (BTreeMap::new(), JoinSet::new());
    for webhook in webhooks {
        let poster = Arc::new(Poster {
            url: webhook.url.clone(),
            secret_file: Some(webhook.secret_file.clone()),
            allow_private: webhook.allow_private,
            resolver: Arc::clone(&resolver),
            tls: Arc::clone(&tls),
        });
        let (asks, asked) = mpsc::channel(ASKS_MAX);
        let figures = Arc::new(Figures::default());
        let end = herald.handle().history().next_seq();
        let (outbox, unread) = match open(state_dir, &webhook.name, end) {
            Ok(outbox) => (outbox, None),
            Err(error) => (Outbox::new(end), Some(error.to_string())),
        };
        let worker = Worker {
            name: webhook.name.clone(),
            poster: Arc::clone(&poster),
            filter: filter(webhook),
            herald: Arc::clone(herald),
            language,
            state_dir: state_dir.to_owned(),
            outbox,
            unread,
            figures: Arc::clone(&figures),
            asks: asked,
            stopped: stopped.clone(),
        };
        workers.spawn(worker.run());
        ways.insert(webhook.name.clone(), Way { asks, figures, poster, testing: Mutex::new(()) });
    }
    (Webhooks(Arc::new(ways)), Running { workers, stop: Some(stop) })
}

fn filter(webhook: &Webhook) -> Filter {
    let (regulations, channels) = (webhook.regulations.clone(), webhook.channels.clone());
    Filter { wanted: Scope { regulations, channels }, events: webhook.events.clone(), ..Filter::default() }
}

fn forget_others(state_dir: &Path, webhooks: &[Webhook]) {
    let names: BTreeSet<&str> = webhooks.iter().map(|webhook| webhook.name.as_str()).collect();
    match file::forget_others(state_dir, &names) {
        Ok(forgotten) => {
            for name in forgotten {
                log::info!(
                    "webhook {name} is not in the configuration any more, what was kept of it is removed"
                );
            }
        }
        Err(error) => log::warn!("what is kept of webhooks cannot be looked through: {error}"),
    }
}

/// The outbox as it was kept; `end` is the number of the event that came next when the daemon started.
///
/// # Errors
/// What the system said, where the file may yet be read: it is not to be written over.
fn open(state_dir: &Path, name: &str, end: u64) -> io::Result<Outbox> {
    let outbox = match file::read(state_dir, name)? {
        Found::Kept(kept) => return Ok(Outbox::of(kept, end)),
        Found::Nothing => {
            log::info!("webhook {name} begins with event {end}");
            Outbox::new(end)
        }
        Found::SetAside(aside) => {
            log::error!(
                "webhook {name}: how far it was cannot be read, it begins with event {end}; what was kept is now {}",
                aside.display()
            );
            Outbox::new(end)
        }
    };
    // A crash before the first event is delivered must not skip it.
    let kept = outbox.kept(Now { at: clock::now(), ms: 0 });
    if let Err(error) = file::write(state_dir, name, kept) {
        log::warn!("webhook {name}: how far it is cannot be kept yet: {error}");
    }
    Ok(outbox)
}

impl Webhooks {
    /// How each is, by name.
    pub async fn list(&self) -> Vec<State> {
        let mut states = Vec::new();
        for way in self.0.values() {
            states.extend(way.ask(Ask::State).await);
        }
        states
    }

    /// Whether nothing of that one can be told or delivered, since how far it was cannot be read.
    pub fn is_unread(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|way| way.figures.unread.load(Ordering::Relaxed))
    }

    /// Whether there is one of that name.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The dead letters of one, the oldest first; none where there is no such webhook, or it has ended.
    pub async fn dead(&self, name: &str) -> Option<Vec<DeadLetter>> {
        self.0.get(name)?.ask(Ask::Dead).await
    }

    /// Delivers dead letters again, that of an event or all; gives how many those are.
    pub async fn replay(&self, name: &str, seq: Option<u64>) -> Option<usize> {
        self.0.get(name)?.ask(|reply| Ask::Replay(seq, reply)).await
    }

    /// Posts an event named `test`, once, and waits for the answer.
    pub async fn test(&self, name: &str, by: &str, zone: Tz) -> Option<Tested> {
        let way = self.0.get(name)?;
        let _one = way.testing.lock().await;
        let at = clock::now();
        let body = json!({"seq": 0, "at": at.to_rfc3339(zone), "by": by, "ticket": null, "event": "test"});
        let (id, timestamp_s) = (format!("test-{}", at.millis()), at.millis().div_euclid(1_000));
        let posted = way.poster.post(Letter { id, timestamp_s, body: body.to_string() }).await;
        if posted.is_ok() {
            // A worker that has ended needs to know nothing any more.
            let _ = way.asks.send(Ask::Works).await;
        }
        Some(posted.map(|status| status.as_u16()).map_err(|trouble| chain(&trouble)))
    }

    /// What is counted, by name.
    pub fn figures(&self) -> impl Iterator<Item = (&str, &Figures)> {
        self.0.iter().map(|(name, way)| (name.as_str(), way.figures.as_ref()))
    }
}

impl Way {
    async fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> Ask) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.asks.send(ask(reply)).await.ok()?;
        answer.await.ok()
    }
}

impl Figures {
    /// How many events the first that is not delivered is behind, where `next` is the number of the next.
    pub fn lag_events(&self, next: u64) -> u64 {
        next.saturating_sub(self.oldest.load(Ordering::Relaxed))
    }
}

impl Running {
    /// Ends them; waits until they have kept how far they are, but not for long.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            stop.send_replace(true);
        }
        let ended = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(END_WITHIN_S), ended).await.is_err() {
            log::warn!("webhooks did not end within {END_WITHIN_S} s; some events may be delivered twice");
        }
    }
}
