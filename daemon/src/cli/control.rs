//! The way to the daemon: HTTP/1.1 over its Unix socket, the same routes as its TCP door, without a token.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST, LINK};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::net::UnixStream;

use crate::config::STATE_DIR;
use crate::desk::FieldError;

/// Where the socket of an installed daemon is.
const INSTALLED: &str = "/run/andon/control.sock";
/// The socket's name in a state directory; there it leads to where an installed daemon has it.
const SOCKET: &str = "control.sock";
/// How long an answer may take, in seconds.
const ANSWER_MAX_S: u64 = 30;
/// How long a long answer may stand still, in seconds: a slow card reads a year's ledger before the first byte.
const STILL_MAX_S: u64 = 600;

/// Why the daemon did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    /// Nobody answers at the socket.
    #[error(
        "no daemon at {socket}; {way}, or say where it is with --state-dir or --socket",
        socket = socket.display(),
        way = way_to_start(socket)
    )]
    NoDaemon {
        /// Which socket.
        socket: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The socket is another user's.
    #[error(
        "{socket} may be opened only by root, the daemon's own user and its group: sudo andonctl …, or sudo usermod -aG andon USER \
         and a new login",
        socket = socket.display()
    )]
    NotAllowed {
        /// Which socket.
        socket: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The connection broke, or what answers is no HTTP.
    #[error("the daemon at {socket} gave no answer", socket = socket.display())]
    NoAnswer {
        /// Which socket.
        socket: PathBuf,
        /// What HTTP said.
        #[source]
        source: hyper::Error,
    },
    /// It takes too long.
    #[error("the daemon at {socket} gave no answer within {within_s} s", socket = socket.display())]
    TooLong {
        /// Which socket.
        socket: PathBuf,
        /// How long was waited, in seconds.
        within_s: u64,
    },
    /// The answer is not what this version understands.
    #[error("cannot read the daemon's answer to {path}; are andonctl and andond of one version?")]
    Unreadable {
        /// The path asked.
        path: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The answer broke off, or stood still.
    #[error("the daemon at {socket} broke off; its journal says why (journalctl -u andond)", socket = socket.display())]
    BrokeOff {
        /// Which socket.
        socket: PathBuf,
        /// What HTTP said; none where nothing came any more.
        #[source]
        source: Option<hyper::Error>,
    },
    /// What the daemon sent cannot be written.
    #[error("cannot write what the daemon sends")]
    Keep(#[source] io::Error),
    /// The daemon refused.
    #[error("{0}")]
    Refused(Refused),
    /// No thread or timer to be had.
    #[error("cannot start")]
    Start(#[source] io::Error),
}

/// A refusal: a problem document.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    code: String,
    detail: String,
    errors: Vec<FieldError>,
    /// The document as it came.
    pub(crate) document: Value,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "refused ({}): {}", self.code, self.detail)?;
        // Where one field is wrong, the detail says so already.
        for error in self.errors.iter().filter(|error| !self.detail.contains(&error.message)) {
            write!(f, "\n  {}: {}", error.field, error.message)?;
        }
        Ok(())
    }
}

impl Refused {
    /// What is wrong with what was sent: each field, and why.
    pub(crate) fn errors(&self) -> impl Iterator<Item = (&str, &str)> {
        self.errors.iter().map(|error| (error.field.as_str(), error.message.as_str()))
    }

    /// What is wrong, where all of it is about one field.
    pub(crate) fn all_about(&self, field: &str) -> Option<impl Iterator<Item = &str>> {
        let is_so = !self.errors.is_empty() && self.errors.iter().all(|error| error.field == field);
        is_so.then(|| self.errors.iter().map(|error| error.message.as_str()))
    }
}

/// What the daemon answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The JSON; null where there is none to give.
    pub(crate) json: Value,
    /// Where more of a list is.
    pub(crate) next: Option<String>,
}

impl Answer {
    /// The answer as a value of ours.
    pub(crate) fn read<T: DeserializeOwned>(&self, path: &str) -> Result<T, ControlError> {
        T::deserialize(&self.json)
            .map_err(|source| ControlError::Unreadable { path: path.to_owned(), source })
    }
}

/// A daemon, by its socket.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    socket: PathBuf,
}

impl Control {
    /// The daemon of a socket or a state directory; else the one started here, else the installed one.
    pub(crate) fn new(state_dir: Option<&Path>, socket: Option<&Path>) -> Self {
        let socket = match (socket, state_dir) {
            (Some(socket), _) => socket.to_owned(),
            (None, Some(dir)) => dir.join(SOCKET),
            (None, None) => found(Path::new(STATE_DIR), Path::new(INSTALLED)),
        };
        Self { socket }
    }

    /// Reads.
    pub(crate) fn get(&self, path: &str) -> Result<Answer, ControlError> {
        self.ask(&Method::GET, path, None, ANSWER_MAX_S)
    }

    /// Reads what may take longer, in seconds.
    pub(crate) fn get_within(&self, path: &str, within_s: u64) -> Result<Answer, ControlError> {
        self.ask(&Method::GET, path, None, within_s)
    }

    /// Has something done.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Answer, ControlError> {
        self.post_within(path, body, ANSWER_MAX_S)
    }

    /// Has something done that may take longer, in seconds.
    pub(crate) fn post_within(
        &self,
        path: &str,
        body: &Value,
        within_s: u64,
    ) -> Result<Answer, ControlError> {
        self.ask(&Method::POST, path, Some(body), within_s)
    }

    /// Has something be as it says.
    pub(crate) fn put(&self, path: &str, body: &Value) -> Result<Answer, ControlError> {
        self.ask(&Method::PUT, path, Some(body), ANSWER_MAX_S)
    }

    /// Takes something away.
    pub(crate) fn delete(&self, path: &str) -> Result<Answer, ControlError> {
        self.ask(&Method::DELETE, path, None, ANSWER_MAX_S)
    }

    fn ask(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        within_s: u64,
    ) -> Result<Answer, ControlError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(ControlError::Start)?;
        let answer = runtime.block_on(async {
            tokio::time::timeout(Duration::from_secs(within_s), self.exchange(method, path, body)).await
        });
        answer.unwrap_or_else(|_| Err(ControlError::TooLong { socket: self.socket.clone(), within_s }))
    }

    async fn exchange(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, ControlError> {
        let response = self.send(method, path, body).await?;
        let (status, next) = (response.status(), response.headers().get(LINK).and_then(next_of));
        let bytes = response.into_body().collect().await.map_err(|source| self.no_answer(source))?.to_bytes();
        let json = if bytes.is_empty() { Ok(Value::Null) } else { serde_json::from_slice(&bytes) };
        if !status.is_success() {
            return Err(refused(status, json.unwrap_or_default()));
        }
        let json = json.map_err(|source| ControlError::Unreadable { path: path.to_owned(), source })?;
        Ok(Answer { json, next })
    }

    /// Reads an answer that is no JSON, and hands over each piece as it comes.
    pub(crate) fn download(
        &self,
        path: &str,
        mut keep: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), ControlError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(ControlError::Start)?;
        runtime.block_on(async {
            let mut response = self.send(&Method::GET, path, None).await?;
            if !response.status().is_success() {
                let (status, body) = (response.status(), response.into_body());
                let bytes = body.collect().await.map_err(|source| self.no_answer(source))?.to_bytes();
                return Err(refused(status, serde_json::from_slice(&bytes).unwrap_or_default()));
            }
            let broke_off = |source| ControlError::BrokeOff { socket: self.socket.clone(), source };
            let still = Duration::from_secs(STILL_MAX_S);
            loop {
                let frame = tokio::time::timeout(still, response.body_mut().frame()).await;
                let Some(frame) = frame.map_err(|_| broke_off(None))? else { return Ok(()) };
                if let Ok(piece) = frame.map_err(|error| broke_off(Some(error)))?.into_data() {
                    keep(&piece).map_err(ControlError::Keep)?;
                }
            }
        })
    }

    /// Begins to read an answer that does not end.
    pub(crate) async fn stream(&self, path: &str) -> Result<Incoming, ControlError> {
        let within = Duration::from_secs(ANSWER_MAX_S);
        let answer = tokio::time::timeout(within, self.send(&Method::GET, path, None)).await;
        let too_long = |_| ControlError::TooLong { socket: self.socket.clone(), within_s: ANSWER_MAX_S };
        let response = answer.map_err(too_long)??;
        let (status, body) = (response.status(), response.into_body());
        if status.is_success() {
            return Ok(body);
        }
        let bytes = body.collect().await.map_err(|source| self.no_answer(source))?.to_bytes();
        Err(refused(status, serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    async fn send(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Response<Incoming>, ControlError> {
        let stream = UnixStream::connect(&self.socket).await.map_err(|source| self.unreachable(source))?;
        let no_answer = |source| self.no_answer(source);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(no_answer)?;
        // Ends with the exchange; what goes wrong with it, the exchange is told.
        tokio::spawn(connection);
        sender.send_request(request(method, path, body)).await.map_err(no_answer)
    }

    fn no_answer(&self, source: hyper::Error) -> ControlError {
        ControlError::NoAnswer { socket: self.socket.clone(), source }
    }

    fn unreachable(&self, source: io::Error) -> ControlError {
        let socket = self.socket.clone();
        if source.kind() == io::ErrorKind::PermissionDenied {
            ControlError::NotAllowed { socket, source }
        } else {
            ControlError::NoDaemon { socket, source }
        }
    }
}

/// How a daemon is started that has its socket there, or why it does not answer yet.
fn way_to_start(socket: &Path) -> &'static str {
    if socket == Path::new(INSTALLED) {
        "`systemctl status andond` says whether it is starting, `sudo systemctl reset-failed andond; sudo systemctl start andond` \
         starts it"
    } else {
        "start one with `andond --state-dir DIR`"
    }
}

/// The socket of the daemon started here, where there is one; else the installed one. Where neither is, a state directory
/// here is what is meant.
fn found(here: &Path, installed: &Path) -> PathBuf {
    let socket = here.join(SOCKET);
    let is_here = socket.exists() || (here.is_dir() && !installed.exists());
    if is_here { socket } else { installed.to_owned() }
}

fn request(method: &Method, path: &str, body: Option<&Value>) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(path).header(HOST, "andon");
    if body.is_some() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    let body = body.map_or_else(Bytes::new, |body| body.to_string().into());
    request.body(Full::new(body)).expect("paths are encoded, so they are a request's target")
}

/// The target of `<…>; rel="next"`.
fn next_of(link: &hyper::header::HeaderValue) -> Option<String> {
    let (target, parameters) = link.to_str().ok()?.strip_prefix('<')?.split_once('>')?;
    parameters.contains("rel=\"next\"").then(|| target.to_owned())
}

fn refused(status: StatusCode, document: Value) -> ControlError {
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Told {
        code: Option<String>,
        detail: Option<String>,
        title: Option<String>,
        errors: Vec<Field>,
    }
    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Field {
        field: String,
        message: String,
    }
    let told = Told::deserialize(&document).unwrap_or_default();
    ControlError::Refused(Refused {
        code: told.code.unwrap_or_else(|| status.as_str().to_owned()),
        detail: told.detail.or(told.title).unwrap_or_else(|| format!("the daemon answered {status}")),
        errors: told.errors.iter().map(|error| FieldError::new(&error.field, &error.message)).collect(),
        document,
    })
}

/// A word for a path or a query, percent-encoded.
pub(crate) fn encoded(word: &str) -> String {
    let told = word.bytes().map(|byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_encoded_byte_by_byte() {
        assert_eq!(encoded("a-Z_0.~"), "a-Z_0.~");
        assert_eq!(encoded("a b/?&%"), "a%20b%2F%3F%26%25");
        assert_eq!(encoded("ё"), "%D1%91");
    }

    #[test]
    fn a_flag_says_where_the_socket_is() {
        let dir = Path::new("/var/lib/andon");
        assert_eq!(Control::new(Some(dir), None).socket, Path::new("/var/lib/andon/control.sock"));
        assert_eq!(Control::new(Some(dir), Some(Path::new("/x"))).socket, Path::new("/x"));
    }

    #[test]
    fn without_a_flag_the_daemon_here_is_meant_and_else_the_installed_one() {
        let dir = tempfile::tempdir().unwrap();
        let (here, installed) = (dir.path().join("andon-state"), dir.path().join("run.sock"));
        assert_eq!(found(&here, &installed), installed, "neither is there");
        std::fs::create_dir(&here).unwrap();
        assert_eq!(found(&here, &installed), here.join("control.sock"), "a daemon here that does not run");
        std::fs::write(&installed, "").unwrap();
        assert_eq!(
            found(&here, &installed),
            installed,
            "a state directory without a daemon is none to talk to"
        );
        std::fs::write(here.join("control.sock"), "").unwrap();
        assert_eq!(found(&here, &installed), here.join("control.sock"));
    }

    #[test]
    fn a_refusal_reads_as_code_detail_and_fields() {
        let document = serde_json::json!({"code": "invalid-fields", "detail": "two fields are wrong",
            "errors": [{"field": "role", "message": "unknown `boss`"}]});
        let text = refused(StatusCode::UNPROCESSABLE_ENTITY, document).to_string();
        assert_eq!(text, "refused (invalid-fields): two fields are wrong\n  role: unknown `boss`");
        let text = refused(StatusCode::BAD_GATEWAY, Value::Null).to_string();
        assert_eq!(text, "refused (502): the daemon answered 502 Bad Gateway");
    }

    #[test]
    fn where_no_daemon_is_the_message_names_the_socket() {
        let dir = tempfile::tempdir().unwrap();
        let error = Control::new(Some(dir.path()), None).get("/v1/status").unwrap_err();
        assert!(
            error.to_string().contains(&dir.path().join("control.sock").display().to_string()),
            "{error}"
        );
        assert!(error.to_string().contains("andond --state-dir"), "{error}");
    }
}
