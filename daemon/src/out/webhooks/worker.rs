//! One webhook at work: takes events from its feed, delivers them, keeps how far it is, says when it fails.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use firmware_board::Language;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{Id, JoinError, JoinSet};

use super::outbox::{DeadLetter, Due, LaneId, News, Now, Outbox, Outcome, What};
use super::post::{Letter, Poster, Trouble};
use super::{Figures, State, file};
use crate::chain::chain;
use crate::clock;
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Role};
use crate::observe::message;
use crate::out::{Filter, Herald, Stretch, Told};
use crate::run::{Failure, HistoryError};

/// How long after the last time a change is kept, in milliseconds: what was delivered meanwhile is delivered again after a
/// power cut …
const KEEP_EVERY_MS: u64 = 10_000;
/// … or longer, so that a card is written to with no more than so many bytes in a second, where much is held back or dead.
const KEEP_BYTES_PER_S: u64 = 4_096;
/// How long after the desk could not be told of an alarm it is told again, in seconds.
const TELL_AGAIN_S: u64 = 5;
/// How long it fails until that is an alarm, in milliseconds.
const ALARM_AFTER_MS: u64 = 10 * 60_000;
/// How long after the ledger could not be read it is tried again, in seconds.
const READ_AGAIN_S: u64 = 5;
/// How long after what is kept of it could not be read that is tried again, in milliseconds. Tests do not wait that long.
const OPEN_AGAIN_MS: u64 = if cfg!(test) { 20 } else { 5_000 };

/// What somebody wants of a webhook.
pub(super) enum Ask {
    /// How it is.
    State(oneshot::Sender<State>),
    /// Its dead letters.
    Dead(oneshot::Sender<Vec<DeadLetter>>),
    /// That dead letters are delivered again, that of an event or all; how many those are.
    Replay(Option<u64>, oneshot::Sender<usize>),
    /// A test went well.
    Works,
}

/// What a webhook works with.
pub(super) struct Worker {
    pub name: String,
    pub poster: Arc<Poster>,
    pub filter: Filter,
    pub herald: Arc<Herald>,
    pub language: Language,
    pub state_dir: PathBuf,
    pub outbox: Outbox,
    /// Why how far it was could not be read; then the outbox is to be replaced, and never to be kept.
    pub unread: Option<String>,
    pub figures: Arc<Figures>,
    pub asks: mpsc::Receiver<Ask>,
    pub stopped: watch::Receiver<bool>,
}

/// How a delivery ended.
enum Delivery {
    /// The event was sent, and this came of it; what was read behind it.
    Sent { told: Arc<Told>, rest: Vec<Arc<Told>>, result: Result<(), Trouble> },
    /// The ledger has nothing of what was to be delivered.
    Nothing { to: u64 },
    /// The ledger could not be read.
    Unread(HistoryError),
}

/// What the worker has beside it.
#[derive(Default)]
struct Beside {
    posts: JoinSet<Delivery>,
    /// The lane of each delivery that is under way.
    lanes: HashMap<Id, LaneId>,
    /// A file that is being written; at most one.
    writing: JoinSet<std::io::Result<u64>>,
    /// When it may be written again.
    keep_from_ms: u64,
    /// Whether there is something to be kept.
    is_changed: bool,
    /// Whether the file could not be written last.
    write_failed: bool,
    /// Whether the ledger could not be read last.
    read_failed: bool,
    /// Whether the wall says that it fails; unknown at the start, since the alarm may be of the run before.
    is_alarm: Option<bool>,
}

fn now() -> Now {
    Now { at: clock::now(), ms: clock::monotonic_us() / 1_000 }
}

/// Any number, for jitter. Where the system has none to give, what failed together is tried together.
fn random() -> u64 {
    getrandom::u64().unwrap_or_default()
}

impl Worker {
    /// Works until it is stopped, and keeps how far it came.
    pub(super) async fn run(mut self) {
        if let Some(why) = self.unread.take()
            && !self.read_at_last(why).await
        {
            return;
        }
        self.tell(DeskAct::PartWorks { kind: AlarmKind::Storage, part: self.part() });
        let mut beside = Beside::default();
        let (to, mut stretches) = mpsc::channel(1);
        let mut feeding = JoinSet::new();
        feeding.spawn(feed(Arc::clone(&self.herald), self.filter.clone(), self.outbox.next(), to));
        loop {
            self.deliver(&mut beside);
            self.tell_alarm(&mut beside);
            self.keep(&mut beside, now());
            self.count();
            let wake = self.wake_after(&beside);
            tokio::select! {
                // A feed that ended begins again by itself; one that is gone ends with the desk.
                Some(stretch) = stretches.recv(), if self.outbox.has_room() => self.outbox.take_in(stretch, now()),
                Some(done) = beside.posts.join_next_with_id() => self.came_back(done, &mut beside),
                Some(written) = beside.writing.join_next() => self.written(written, &mut beside),
                Some(ask) = self.asks.recv() => self.answer(ask, &mut beside),
                () = tokio::time::sleep(wake.unwrap_or(Duration::MAX)), if wake.is_some() => {}
                () = is_stopped(&mut self.stopped) => break,
            }
        }
        feeding.abort_all();
        beside.posts.abort_all();
        self.keep_last(beside).await;
    }

    /// Delivers nothing until how far it was can be read: what it was about to deliver, what it holds back and its dead
    /// letters are there yet. False where it was stopped before.
    async fn read_at_last(&mut self, mut why: String) -> bool {
        let end = self.outbox.next();
        log::error!(
            "webhook {}: how far it was cannot be read; nothing is delivered until it can be, it is tried again: {why}",
            self.name
        );
        let text = match self.language {
            Language::Russian => format!("вебхук {}: его файл не читается", self.name),
            Language::English => format!("webhook {}: its file cannot be read", self.name),
        };
        self.tell(DeskAct::PartFailed { kind: AlarmKind::Storage, part: self.part(), text });
        self.figures.unread.store(true, Ordering::Relaxed);
        let since = now();
        loop {
            let again = tokio::time::sleep(Duration::from_millis(OPEN_AGAIN_MS));
            let mut again = std::pin::pin!(again);
            loop {
                tokio::select! {
                    () = &mut again => break,
                    Some(ask) = self.asks.recv() => if let Ask::State(reply) = ask {
                        let failing = Some((since.at, format!("how far it was cannot be read: {why}")));
                        let _ = reply.send(State { failing, ..self.state() });
                    },
                    () = is_stopped(&mut self.stopped) => return false,
                }
            }
            let (state_dir, name) = (self.state_dir.clone(), self.name.clone());
            let opened = tokio::task::spawn_blocking(move || super::open(&state_dir, &name, end)).await;
            why = match opened {
                Ok(Ok(outbox)) => {
                    log::info!("webhook {}: how far it was can be read again", self.name);
                    self.outbox = outbox;
                    self.figures.unread.store(false, Ordering::Relaxed);
                    return true;
                }
                Ok(Err(error)) => error.to_string(),
                Err(panicked) => panicked.to_string(),
            };
        }
    }

    fn deliver(&mut self, beside: &mut Beside) {
        while let Some(due) = self.outbox.take_due(now()) {
            let (poster, herald) = (Arc::clone(&self.poster), Arc::clone(&self.herald));
            let filter = self.filter.clone();
            let lane = due.lane;
            let post = beside.posts.spawn(async move { delivery(&poster, herald, filter, due).await });
            beside.lanes.insert(post.id(), lane);
        }
    }

    fn came_back(&mut self, done: Result<(Id, Delivery), JoinError>, beside: &mut Beside) {
        let id = done.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some(lane) = beside.lanes.remove(&id) else { return };
        let Ok((_, what)) = done else {
            // A panic has said so; its event is tried again.
            return self.outbox.could_not_read(lane, now(), random());
        };
        let (told, rest, result) = match what {
            Delivery::Sent { told, rest, result } => (told, rest, result),
            Delivery::Nothing { to } => {
                log::warn!(
                    "webhook {}: what waited before event {to} is not delivered: the ledger has it no more, or it is wanted no more",
                    self.name
                );
                return self.outbox.found_nothing(lane, to, now());
            }
            Delivery::Unread(error) => {
                if !beside.read_failed {
                    log::error!("webhook {}: the ledger cannot be read: {}", self.name, chain(&error));
                }
                beside.read_failed = true;
                return self.outbox.could_not_read(lane, now(), random());
            }
        };
        beside.read_failed = false;
        let figure = if result.is_ok() { &self.figures.delivered } else { &self.figures.failed };
        figure.fetch_add(1, Ordering::Relaxed);
        let outcome = match &result {
            Ok(()) => Outcome::Delivered,
            Err(trouble @ Trouble::Gone) => Outcome::Gone { error: chain(trouble) },
            Err(trouble @ Trouble::Refused { after_ms, .. }) => {
                Outcome::Failed { error: chain(trouble), after_ms: *after_ms }
            }
            Err(trouble) => Outcome::Failed { error: chain(trouble), after_ms: 0 },
        };
        if let Err(trouble) = &result {
            log::debug!("webhook {}: event {}: {}", self.name, told.seq, chain(trouble));
        }
        let is_delivered = outcome == Outcome::Delivered;
        let news = self.outbox.came_to(lane, &told, rest, outcome, now(), random());
        self.journal(&told, result.err().as_ref(), &news);
        if is_delivered {
            self.alarm_ends(beside);
        }
    }

    fn journal(&self, told: &Told, trouble: Option<&Trouble>, news: &News) {
        let (name, why) = (&self.name, trouble.map(|trouble| chain(trouble)).unwrap_or_default());
        if let Some(Trouble::Gone) = trouble {
            log::error!("webhook {name}: event {} is not delivered: {why}", told.seq);
        } else if news.fails {
            log::warn!(
                "webhook {name}: event {} is not delivered, it is tried again for a day: {why}",
                told.seq
            );
        }
        if news.works {
            log::info!("webhook {name}: events are delivered again, the last was {}", told.seq);
        }
        if let Some(letter) = &news.died {
            log::error!(
                MESSAGE_ID = message::NOT_DELIVERED;
                "webhook {name}: event {} ({}) was tried for a day and is a dead letter; `andonctl webhook replay {name} {}` delivers it again: {why}",
                letter.seq,
                letter.event,
                letter.seq
            );
        }
        if let Some(letter) = &news.dropped {
            log::error!(
                "webhook {name}: the dead letter of event {} made room for another and is forgotten",
                letter.seq
            );
        }
    }

    /// It fails for long: an alarm, once.
    fn tell_alarm(&self, beside: &mut Beside) {
        let is_long = self.alarm_at_ms().is_some_and(|at_ms| now().ms >= at_ms);
        if !is_long || beside.is_alarm == Some(true) {
            return;
        }
        beside.is_alarm = Some(true);
        let text = match self.language {
            Language::Russian => format!("вебхук {}: события не доходят", self.name),
            Language::English => format!("webhook {}: events do not get through", self.name),
        };
        self.tell(DeskAct::PartFailed { kind: AlarmKind::Letter, part: self.part(), text });
    }

    /// When it has failed for so long that it is an alarm.
    fn alarm_at_ms(&self) -> Option<u64> {
        let (since, _) = self.outbox.failing()?;
        Some(if self.outbox.is_gone() { since.ms } else { since.ms + ALARM_AFTER_MS })
    }

    fn alarm_ends(&self, beside: &mut Beside) {
        if beside.is_alarm != Some(false) {
            self.tell(DeskAct::PartWorks { kind: AlarmKind::Letter, part: self.part() });
        }
        beside.is_alarm = Some(false);
    }

    fn part(&self) -> String {
        format!("webhook-{}", self.name)
    }

    /// Tells the desk as soon as it takes it.
    fn tell(&self, act: DeskAct) {
        let handle = self.herald.handle().clone();
        tokio::spawn(async move {
            let andond = Actor::named("andond", Role::Admin);
            while let Err(Failure::Busy | Failure::Storage { .. }) =
                handle.command(Command::Desk(act.clone()), andond.clone(), None).await
            {
                tokio::time::sleep(Duration::from_secs(TELL_AGAIN_S)).await;
            }
        });
    }

    fn answer(&mut self, ask: Ask, beside: &mut Beside) {
        // Whoever asked may have gone meanwhile.
        match ask {
            Ask::State(reply) => drop(reply.send(self.state())),
            Ask::Dead(reply) => drop(reply.send(self.outbox.dead().iter().cloned().collect())),
            Ask::Replay(seq, reply) => {
                let count = self.outbox.replay(seq, now());
                log::info!("webhook {}: {count} dead letters are delivered again", self.name);
                let _ = reply.send(count);
            }
            Ask::Works => {
                if self.outbox.works(now()) {
                    log::info!("webhook {}: a test was delivered; events are tried again", self.name);
                }
                self.alarm_ends(beside);
            }
        }
    }

    fn state(&self) -> State {
        let outbox = &self.outbox;
        State {
            name: self.name.clone(),
            origin: self.poster.origin(),
            is_gone: outbox.is_gone(),
            last_delivered: outbox.last_delivered(),
            lag_events: self.herald.handle().history().next_seq().saturating_sub(outbox.oldest()),
            held: outbox.held(),
            dead: outbox.dead().len(),
            failing: outbox.failing().map(|(since, error)| (since.at, error.clone())),
        }
    }

    fn count(&self) {
        let (outbox, figures) = (&self.outbox, &self.figures);
        figures.oldest.store(outbox.oldest(), Ordering::Relaxed);
        figures.held.store(outbox.held() as u64, Ordering::Relaxed);
        figures.dead.store(outbox.dead().len() as u64, Ordering::Relaxed);
    }

    /// How long until something is to be done, though nothing comes.
    fn wake_after(&self, beside: &Beside) -> Option<Duration> {
        let alarm_ms = self.alarm_at_ms().filter(|_| beside.is_alarm != Some(true));
        let is_writing = !beside.writing.is_empty();
        let keep_ms = (beside.is_changed && !is_writing).then_some(beside.keep_from_ms);
        let wake_ms = [self.outbox.wake_at_ms(), alarm_ms, keep_ms].into_iter().flatten().min()?;
        Some(Duration::from_millis(wake_ms.saturating_sub(now().ms)))
    }

    /// Keeps what has changed, not too often.
    fn keep(&mut self, beside: &mut Beside, now: Now) {
        beside.is_changed |= self.outbox.take_changed();
        if !beside.is_changed || now.ms < beside.keep_from_ms || !beside.writing.is_empty() {
            return;
        }
        (beside.is_changed, beside.keep_from_ms) = (false, now.ms + KEEP_EVERY_MS);
        let (state_dir, name, kept) = (self.state_dir.clone(), self.name.clone(), self.outbox.kept(now));
        beside.writing.spawn_blocking(move || file::write(&state_dir, &name, kept));
    }

    fn written(&mut self, written: Result<std::io::Result<u64>, JoinError>, beside: &mut Beside) {
        let failed = match written {
            Ok(Ok(bytes)) => {
                let pause_ms = (bytes * 1_000 / KEEP_BYTES_PER_S).max(KEEP_EVERY_MS);
                beside.keep_from_ms = beside.keep_from_ms - KEEP_EVERY_MS + pause_ms;
                None
            }
            Ok(Err(error)) => Some(error.to_string()),
            Err(panicked) => Some(panicked.to_string()),
        };
        if let Some(why) = &failed {
            self.outbox.not_kept();
            if !beside.write_failed {
                log::warn!(
                    "webhook {}: how far it is cannot be kept, a restart would deliver again what was delivered; it is tried again: {why}",
                    self.name
                );
            }
        }
        beside.write_failed = failed.is_some();
    }

    async fn keep_last(mut self, mut beside: Beside) {
        let mut is_to_be_kept = self.outbox.take_changed() || beside.is_changed;
        while let Some(written) = beside.writing.join_next().await {
            is_to_be_kept |= !matches!(written, Ok(Ok(_)));
        }
        if is_to_be_kept {
            let Self { state_dir, name, outbox, .. } = self;
            let kept = outbox.kept(now());
            let write = tokio::task::spawn_blocking(move || {
                file::write(&state_dir, &name, kept).map_err(|error| (name, error))
            });
            if let Ok(Err((name, error))) = write.await {
                log::warn!("webhook {name}: how far it is could not be kept: {error}");
            }
        }
    }
}

/// Tells the events from `next` on, for ever.
async fn feed(herald: Arc<Herald>, filter: Filter, mut next: u64, to: mpsc::Sender<Stretch>) {
    loop {
        let mut feed = herald.feed(filter.clone(), Some(next));
        while let Some(stretch) = feed.next().await {
            next = stretch.next;
            if to.send(stretch).await.is_err() {
                return;
            }
        }
        // The disk fails, or the desk has ended.
        tokio::time::sleep(Duration::from_secs(READ_AGAIN_S)).await;
    }
}

async fn delivery(poster: &Poster, herald: Arc<Herald>, filter: Filter, due: Due) -> Delivery {
    let (told, rest) = match due.what {
        What::Event(told) => (told, Vec::new()),
        What::Read { from, to } => {
            let read = move || herald.events_of(&filter, due.lane, (from, to));
            match tokio::task::spawn_blocking(read).await {
                Ok(Ok(read)) => {
                    let mut read = read.into_iter();
                    match read.next() {
                        Some(first) => (first, read.collect()),
                        None => return Delivery::Nothing { to },
                    }
                }
                Ok(Err(error)) => return Delivery::Unread(error),
                // A panic in there was told; what is spoilt so is not delivered.
                Err(_) => return Delivery::Nothing { to },
            }
        }
    };
    let result = poster.post(letter(&told)).await.map(drop);
    Delivery::Sent { told, rest, result }
}

/// An event as it goes to a receiver. Its id is its number and its time: after a restore another event may have the number.
fn letter(told: &Told) -> Letter {
    Letter {
        id: format!("{}-{}", told.seq, told.at.millis()),
        timestamp_s: clock::now().millis().div_euclid(1_000),
        body: told.json.clone(),
    }
}

async fn is_stopped(stopped: &mut watch::Receiver<bool>) {
    // A sender that is gone means stop, too.
    let _ = stopped.wait_for(|stop| *stop).await;
}
