//! The demo: a real company's log, sped up, fed through the HTTP door of the running daemon.
//!
//! The daemon's clock runs faster, too, so that terms of hours run out within minutes. The log begins on a Monday
//! morning; its weekdays and hours stay what they were.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use calendars::{Timestamp, Tz};
use chrono::{Datelike, Days, NaiveDate, TimeZone};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value};
use tokio::net::TcpStream;

use super::import_log;
use crate::clock;

/// Where the real log lies in a checkout.
const REAL_LOG: &str = "../shared/data/uci-incident-event-log.csv.xz";
/// The small log for when it does not.
const SMALL_LOG: &str = include_str!("../../demo/small.jsonl");
/// How many cases of the real log are fed: enough for a day of watching.
const CASES: usize = 5_000;
/// The log begins so long before the first thing in it.
const LEAD_MS: i64 = 60_000;
const WEEK_MS: i64 = 7 * 86_400_000;

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    /// The log cannot be read.
    #[error("cannot read the demo's log {path}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The log cannot be understood.
    #[error("the demo's log {path} cannot be imported", path = path.display())]
    Import {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: import_log::ImportLogError,
    },
    /// A line of the log is no command.
    #[error("line {line} of the demo's log is no command: {reason}")]
    Line {
        /// Which line.
        line: usize,
        /// Why.
        reason: String,
    },
    /// The state directory is a real desk's.
    #[error("{dir} holds a real desk; a demo needs a directory of its own, --state-dir DIR", dir = dir.display())]
    RealDesk {
        /// Which.
        dir: PathBuf,
    },
    /// The state directory is a demo's.
    #[error("{dir} holds a demo's desk; start it with --demo, or take another directory, --state-dir DIR", dir = dir.display())]
    DemoDesk {
        /// Which.
        dir: PathBuf,
    },
    /// The demo's directory cannot be made ready.
    #[error("cannot begin a demo in {dir}", dir = dir.display())]
    Begin {
        /// Which.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// There is nothing in it.
    #[error("the demo's log has no command")]
    Empty,
}

/// Marks a state directory as a demo's.
const MARK: &str = "demo";

/// Sees to it that a demo and a real desk never share books: a demo begins anew in a directory of its own, and a real
/// desk does not open a demo's.
///
/// # Errors
/// [`DemoError::RealDesk`], [`DemoError::DemoDesk`], [`DemoError::Begin`].
pub(super) fn claim(state_dir: &Path, demo: bool) -> Result<(), DemoError> {
    let marked = state_dir.join(MARK).exists();
    let dir = || state_dir.to_owned();
    match (demo, marked) {
        (false, false) => Ok(()),
        (false, true) => Err(DemoError::DemoDesk { dir: dir() }),
        (true, false) if state_dir.join("ledger").exists() => Err(DemoError::RealDesk { dir: dir() }),
        (true, _) => begin_anew(state_dir).map_err(|source| DemoError::Begin { dir: dir(), source }),
    }
}

fn begin_anew(state_dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(state_dir)?;
    // Two demos at once must not take each other's books away.
    if let Ok(lock) = crate::store::StateLock::take(state_dir) {
        for books in ["ledger", "sled"] {
            match std::fs::remove_dir_all(state_dir.join(books)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        drop(lock);
    }
    std::fs::write(state_dir.join(MARK), "This desk is a demo's; it begins anew with each --demo.\n")
}

/// One line of the log.
struct Step {
    at: Timestamp,
    ticket: String,
    verb: String,
    body: Map<String, Value>,
}

/// A log, ready to be fed.
pub(super) struct Demo {
    steps: Vec<Step>,
    speed: u32,
    start: Timestamp,
}

impl Demo {
    /// Reads the log and moves it to the coming Monday.
    ///
    /// # Errors
    /// [`DemoError`] where the log cannot be read.
    pub(super) fn prepare(path: Option<&Path>, speed: u32, zone: Tz) -> Result<Self, DemoError> {
        let steps = match path {
            Some(path) => read(path, zone)?,
            None if Path::new(REAL_LOG).exists() => read(Path::new(REAL_LOG), zone)?,
            None => lines(SMALL_LOG.as_bytes())?,
        };
        let first = steps.first().ok_or(DemoError::Empty)?.at;
        let from = monday_at_eight(first, zone);
        let kept: Vec<Step> = steps.into_iter().filter(|step| step.at >= from).collect();
        let first = kept.first().ok_or(DemoError::Empty)?.at;
        let shift = weeks_between(first, clock::now());
        let moved: Vec<Step> =
            kept.into_iter().map(|step| Step { at: step.at.plus_ms(shift), ..step }).collect();
        Ok(Self { steps: moved, speed, start: first.plus_ms(shift - LEAD_MS) })
    }

    /// How many commands there are.
    pub(super) fn commands(&self) -> usize {
        self.steps.len()
    }

    /// From here on the daemon's clock runs as fast as the demo does.
    pub(super) fn start_clock(&self) {
        clock::run_faster(self.speed, self.start);
    }

    /// Feeds the log through the door at `address`, each command at its time.
    pub(super) async fn feed(self, address: SocketAddr, token: String) {
        let mut numbers: HashMap<String, u64> = HashMap::new();
        let mut door = Door { address, token, connection: None };
        for step in self.steps {
            tokio::time::sleep(clock::wait_for(step.at.ms_since(clock::now()))).await;
            let path = if step.verb == "register" {
                "/v1/tickets".to_owned()
            } else if let Some(number) = numbers.get(&step.ticket) {
                format!("/v1/tickets/{number}/{}", step.verb)
            } else {
                // Its registration lies before the Monday the demo starts with.
                continue;
            };
            match door.post(&path, &step.body).await {
                Ok((StatusCode::CREATED, answer)) => {
                    if let Some(number) = answer.get("number").and_then(Value::as_u64) {
                        numbers.insert(step.ticket, number);
                    }
                }
                Ok((StatusCode::OK, _)) => {}
                Ok((status, answer)) => log::debug!("demo: {path}: {status} {answer}"),
                Err(error) => log::warn!("demo: {path}: {error}"),
            }
        }
        log::info!("demo: the log is at its end; the wall goes on");
    }
}

/// One connection to the door, made again when it breaks.
struct Door {
    address: SocketAddr,
    token: String,
    connection: Option<SendRequest<Full<Bytes>>>,
}

type PostError = Box<dyn std::error::Error + Send + Sync>;

impl Door {
    async fn post(
        &mut self,
        path: &str,
        body: &Map<String, Value>,
    ) -> Result<(StatusCode, Value), PostError> {
        let mut connection = match self.connection.take() {
            Some(connection) if !connection.is_closed() => connection,
            Some(_) | None => self.connect().await?,
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::HOST, self.address.to_string())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(serde_json::to_vec(body)?))?;
        connection.ready().await?;
        let answer = connection.send_request(request).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        self.connection = Some(connection);
        Ok((status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    async fn connect(&self) -> Result<SendRequest<Full<Bytes>>, PostError> {
        let stream = tokio::time::timeout(Duration::from_secs(5), TcpStream::connect(self.address)).await??;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                log::debug!("demo: {error}");
            }
        });
        Ok(sender)
    }
}

fn read(path: &Path, zone: Tz) -> Result<Vec<Step>, DemoError> {
    let fail = |source| DemoError::Read { path: path.to_owned(), source };
    let mut first = [0_u8; 1];
    let mut file = File::open(path).map_err(fail)?;
    let is_json = file.read(&mut first).map_err(fail)? == 1 && first[0] == b'{';
    let file = File::open(path).map_err(fail)?;
    if is_json {
        return lines(BufReader::new(file));
    }
    let options = import_log::Options { zone, limit_cases: Some(CASES) };
    let (commands, summary) =
        import_log::commands(BufReader::new(file), &options, &mut |problem| log::debug!("{problem}"))
            .map_err(|source| DemoError::Import { path: path.to_owned(), source })?;
    log::info!("demo: {}: {} cases", path.display(), summary.cases);
    Ok(commands
        .into_iter()
        .map(|command| Step {
            at: Timestamp::from_millis(command.at_ms),
            ticket: command.ticket,
            verb: command.verb,
            body: command.body,
        })
        .collect())
}

/// Commands as `simulate` reads them.
fn lines(input: impl BufRead) -> Result<Vec<Step>, DemoError> {
    let mut steps = Vec::new();
    for (i, text) in input.lines().enumerate() {
        let bad = |reason: String| DemoError::Line { line: i + 1, reason };
        let text = text.map_err(|error| bad(error.to_string()))?;
        let mut body: Map<String, Value> =
            serde_json::from_str(&text).map_err(|error| bad(error.to_string()))?;
        let mut word = |key: &str| match body.remove(key) {
            Some(Value::String(word)) => Ok(word),
            Some(_) | None => Err(bad(format!("`{key}` is missing"))),
        };
        let (at, ticket, verb) = (word("at")?, word("ticket")?, word("do")?);
        body.remove("by");
        let at = Timestamp::parse_rfc3339(&at).map_err(|error| bad(error.to_string()))?;
        steps.push(Step { at, ticket, verb, body });
    }
    Ok(steps)
}

/// 08:00 of the first Monday that is not over at `at`, in the zone.
fn monday_at_eight(at: Timestamp, zone: Tz) -> Timestamp {
    let local = at.local(zone);
    let days = u64::from((7 - local.weekday().num_days_from_monday()) % 7);
    let monday: NaiveDate = local.date().checked_add_days(Days::new(days)).unwrap_or(local.date());
    let eight = monday.and_hms_opt(8, 0, 0).and_then(|eight| zone.from_local_datetime(&eight).earliest());
    eight.map_or(at, |eight| Timestamp::from_millis(eight.timestamp_millis()))
}

/// Whole weeks, in milliseconds, that bring `first` to the coming week.
fn weeks_between(first: Timestamp, now: Timestamp) -> i64 {
    (now.ms_since(first).max(0) / WEEK_MS + 1) * WEEK_MS
}
