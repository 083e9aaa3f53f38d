//! What is asked of the daemon, in a thread of its own, and what it is told to do.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc as told;

use crate::chain::chain;
use crate::cli::control::{Control, ControlError, encoded};

/// The wall, and the queue.
pub(super) const PATHS: [&str; 2] = ["/v1/board", "/v1/queue?limit=50"];
/// The wall is asked for so often, in milliseconds …
const ASKED_EVERY_MS: u64 = 1_000;
/// … and the queue once in so many times: the desk looks at every open ticket for it.
const QUEUE_EVERY: u32 = 5;
/// How much news waits for a terminal that is slow.
const AHEAD_MAX: usize = 16;

/// The wall as the daemon tells it; what is not shown here is left out.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Board {
    pub(super) at: String,
    pub(super) counts: Counts,
    pub(super) alarms: Vec<Alarm>,
    pub(super) alarms_total: u64,
    pub(super) next: Vec<Next>,
    pub(super) staffing: Option<Staffing>,
    pub(super) signals: Signals,
    pub(super) muted_until: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Counts {
    pub(super) open: u64,
    pub(super) waiting: u64,
    pub(super) critical: u64,
    pub(super) breached: u64,
    pub(super) due_soon: u64,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Alarm {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) ticket: Option<u64>,
    pub(super) text: String,
    pub(super) since: String,
    pub(super) state: String,
    pub(super) acked_by: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Next {
    pub(super) number: u64,
    pub(super) metric: String,
    pub(super) deadline: String,
    pub(super) priority: String,
    pub(super) subject: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Staffing {
    pub(super) on_shift: u64,
    pub(super) required: u64,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Signals {
    pub(super) buzzer: String,
}

/// A ticket in the queue.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Queued {
    pub(super) position: u64,
    pub(super) number: u64,
    pub(super) priority: String,
    pub(super) line: u8,
    pub(super) subject: String,
    pub(super) registered_at: String,
    pub(super) held_by: Option<u64>,
}

/// What the daemon is told to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    /// Take an alarm, by its id.
    Take(String),
    /// Silence what calls now.
    Silence,
    /// Mute the buzzer for the time that the command line says.
    Mute,
    /// End the mute.
    Unmute,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum News {
    Board(Board),
    Queue(Vec<Queued>),
    /// A deed is done or refused: what is said of it.
    Said(String),
    /// The daemon does not answer, and why.
    Away(String),
}

/// Asks the daemon, and has it do things.
pub(super) struct Asker {
    orders: mpsc::Sender<Deed>,
    news: told::Receiver<News>,
}

impl Asker {
    /// Begins to ask; `mute` is how long the buzzer is muted.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub(super) fn start(control: Control, mute: &str) -> Result<Self, ControlError> {
        let ((orders, taken), (to, news)) = (mpsc::channel(), told::channel(AHEAD_MAX));
        let mute = mute.to_owned();
        let work = move || work(&control, &mute, &taken, &to);
        std::thread::Builder::new().name("asker".into()).spawn(work).map_err(ControlError::Start)?;
        Ok(Self { orders, news })
    }

    /// What it hears next.
    pub(super) async fn news(&mut self) -> News {
        match self.news.recv().await {
            Some(news) => news,
            None => std::future::pending().await,
        }
    }

    /// Has something done.
    pub(super) fn order(&self, deed: Deed) {
        // The thread ends with this process.
        let _ = self.orders.send(deed);
    }
}

fn work(control: &Control, mute: &str, orders: &mpsc::Receiver<Deed>, to: &told::Sender<News>) {
    for round in 0_u32.. {
        let mut news = vec![board(control)];
        if round.is_multiple_of(QUEUE_EVERY) {
            news.push(queue(control));
        }
        let is_gone = |news: News| to.blocking_send(news).is_err();
        if news.into_iter().any(is_gone) {
            return;
        }
        match orders.recv_timeout(Duration::from_millis(ASKED_EVERY_MS)) {
            Ok(deed) => {
                let said = done(control, mute, &deed).unwrap_or_else(|error| chain(&error));
                if to.blocking_send(News::Said(said)).is_err() {
                    return;
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn board(control: &Control) -> News {
    let [path, _] = PATHS;
    let board = control.get(path).and_then(|answer| answer.read(path));
    board.map_or_else(|error| News::Away(chain(&error)), News::Board)
}

fn queue(control: &Control) -> News {
    let [_, path] = PATHS;
    let queue = control.get(path).and_then(|answer| answer.read(path));
    queue.map_or_else(|error| News::Away(chain(&error)), News::Queue)
}

/// Has it done; what is said of it.
fn done(control: &Control, mute: &str, deed: &Deed) -> Result<String, ControlError> {
    let is_changed = |answer: &Value| answer["changed"] != json!(false);
    let muted = |length: &str| control.post("/v1/board/mute", &json!({ "for": length }));
    Ok(match deed {
        Deed::Take(id) => {
            let answer = control.post(&format!("/v1/alarms/{}/ack", encoded(id)), &json!({}))?;
            let what = if is_changed(&answer.json) { "is taken" } else { "had been taken already" };
            format!("alarm {id} {what}")
        }
        Deed::Silence => {
            let answer = control.post("/v1/board/silence", &json!({}))?;
            let said = if is_changed(&answer.json) { "what called is silent" } else { "nothing called" };
            said.to_owned()
        }
        Deed::Mute => {
            muted(mute)?;
            format!("the buzzer is muted for {mute}")
        }
        Deed::Unmute => {
            muted("0s")?;
            "the buzzer sounds again".to_owned()
        }
    })
}
