//! One delivery: the name is resolved, each address looked at, and a connection made to one that was looked at, so that
//! nothing can change in between. A redirect is not followed, a proxy not asked, an answer's body thrown away. Everything has
//! its time.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_TYPE, HOST, HeaderMap, RETRY_AFTER, USER_AGENT};
use hyper::{Request, StatusCode, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use url::{Host, Url};

use super::address::is_public;
use super::sign::{NoSecret, Secret};

/// How long it may take until there is a connection, in seconds: the name, the address, the handshake.
pub const CONNECT_WITHIN_S: u64 = 10;
/// How long it may take to send an event and have the answer, in seconds. Tests of it do not wait that long.
pub const ANSWER_WITHIN_S: u64 = if cfg!(test) { 1 } else { 15 };
/// How long an answer's body is read, in seconds.
const BODY_WITHIN_S: u64 = 1;
/// How much of an answer's body is read before it is thrown away, in bytes.
const ANSWER_MAX_BYTES: usize = 64 << 10;
/// How much a connection buffers at most, in bytes; the head of an answer is no longer.
const BUFFER_MAX_BYTES: usize = 64 << 10;
/// Who says that they call.
const AGENT: &str = concat!("andon/", env!("CARGO_PKG_VERSION"));

/// Finds the addresses of a name.
pub(in crate::out) trait Resolve: Send + Sync {
    /// The addresses of a host, each with the port.
    fn resolve(&self, host: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>>;
}

/// The system's own resolver.
pub(in crate::out) struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, host: String, port: u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        Box::pin(async move { Ok(tokio::net::lookup_host((host, port)).await?.collect()) })
    }
}

/// Why an event was not delivered.
#[derive(Debug, thiserror::Error)]
pub(in crate::out) enum Trouble {
    #[error("cannot read the secret {path}", path = path.display())]
    ReadSecret { path: PathBuf, source: io::Error },
    #[error("{path} {source}", path = path.display())]
    NoSecret { path: PathBuf, source: NoSecret },
    #[error("cannot find the address of {host}")]
    Resolve { host: String, source: io::Error },
    #[error("{host} has no address")]
    NoAddress { host: String },
    #[error(
        "{host} is at {address}, which is no address of the public network; `allow-private = true` lets events go there"
    )]
    Private { host: String, address: IpAddr },
    #[error("cannot connect to {address}")]
    Connect { address: SocketAddr, source: io::Error },
    #[error("cannot agree on TLS with {host}")]
    Tls { host: String, source: io::Error },
    #[error("the system has no certificates to know {host} by; install ca-certificates")]
    NoRoots { host: String },
    #[error("cannot set up TLS")]
    TlsSetup(#[source] rustls::Error),
    #[error("no connection within {CONNECT_WITHIN_S} s")]
    ConnectTime,
    #[error("no answer within {ANSWER_WITHIN_S} s")]
    AnswerTime,
    #[error("the connection broke off")]
    Broken(#[source] hyper::Error),
    #[error(
        "the receiver answered {status}, a redirect; it is not followed, set the `url` to where it leads"
    )]
    Redirect { status: StatusCode },
    #[error("the receiver answered {status}")]
    Refused { status: StatusCode, after_ms: u64 },
    #[error(
        "the receiver answered 410 Gone: nothing more is sent until a test succeeds or andond starts anew"
    )]
    Gone,
}

/// What is delivered.
pub(in crate::out) struct Letter {
    /// Tells a repetition.
    pub id: String,
    /// When it is sent, in seconds since 1970.
    pub timestamp_s: i64,
    /// JSON.
    pub body: String,
}

/// The way to one receiver.
pub(in crate::out) struct Poster {
    pub url: Url,
    /// What signs; without, nothing is signed.
    pub secret_file: Option<PathBuf>,
    pub allow_private: bool,
    pub resolver: Arc<dyn Resolve>,
    pub tls: Arc<OnceCell<TlsConnector>>,
}

impl Poster {
    /// The receiver without what may be secret in its address: path, query.
    pub(in crate::out) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Delivers; gives the status of the answer, a 2xx.
    pub(in crate::out) async fn post(&self, letter: Letter) -> Result<StatusCode, Trouble> {
        let secret = self.secret().await?;
        let request = self.request(secret.as_ref(), letter);
        let connected = tokio::time::timeout(Duration::from_secs(CONNECT_WITHIN_S), self.connect()).await;
        let stream = connected.map_err(|_| Trouble::ConnectTime)??;
        let answered =
            tokio::time::timeout(Duration::from_secs(ANSWER_WITHIN_S), exchange(stream, request)).await;
        let (status, headers) = answered.map_err(|_| Trouble::AnswerTime)?.map_err(Trouble::Broken)?;
        judge(status, &headers)
    }

    /// Read anew for each delivery, so that another one needs no restart.
    async fn secret(&self) -> Result<Option<Secret>, Trouble> {
        let Some(file) = &self.secret_file else { return Ok(None) };
        let path = file.clone();
        let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
        let path = || file.clone();
        let text = read
            .unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
            .map_err(|source| Trouble::ReadSecret { path: path(), source })?;
        Secret::parse(&text).map(Some).map_err(|source| Trouble::NoSecret { path: path(), source })
    }

    fn request(&self, secret: Option<&Secret>, letter: Letter) -> Request<Full<Bytes>> {
        let Letter { id, timestamp_s, body } = letter;
        let target = match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        };
        let authority = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        let mut request = Request::post(target.parse::<Uri>().expect("a path of a URL is one of HTTP"))
            .header(HOST, authority)
            .header(USER_AGENT, AGENT)
            .header(CONTENT_TYPE, "application/json");
        if let Some(secret) = secret {
            request = request
                .header("webhook-signature", secret.sign(&id, timestamp_s, &body))
                .header("webhook-id", id)
                .header("webhook-timestamp", timestamp_s);
        }
        request.body(Full::new(Bytes::from(body))).expect("numbers and base64 fit into headers")
    }

    async fn connect(&self) -> Result<Box<dyn Stream>, Trouble> {
        let host = self.url.host().expect("the configuration takes no URL without a host");
        let mut failed = None;
        for address in self.addresses(&host).await? {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // What is small waits for nobody; where that cannot be set it is only slower.
                    let _ = stream.set_nodelay(true);
                    return if self.url.scheme() == "https" {
                        Ok(Box::new(self.handshake(&host, stream).await?))
                    } else {
                        Ok(Box::new(stream))
                    };
                }
                Err(source) => failed = Some(Trouble::Connect { address, source }),
            }
        }
        Err(failed.unwrap_or_else(|| Trouble::NoAddress { host: host.to_string() }))
    }

    /// The addresses that events may go to; the name is asked for once.
    async fn addresses(&self, host: &Host<&str>) -> Result<Vec<SocketAddr>, Trouble> {
        let port = self.url.port_or_known_default().expect("http and https have ports");
        let found = match host {
            Host::Ipv4(address) => vec![SocketAddr::new(IpAddr::V4(*address), port)],
            Host::Ipv6(address) => vec![SocketAddr::new(IpAddr::V6(*address), port)],
            Host::Domain(name) => {
                let found = self.resolver.resolve((*name).to_owned(), port).await;
                found.map_err(|source| Trouble::Resolve { host: host.to_string(), source })?
            }
        };
        if self.allow_private {
            return Ok(found);
        }
        // A name with one public address and one of the house is meant to lead there: none of them is used.
        match found.iter().find(|address| !is_public(address.ip())) {
            Some(address) => Err(Trouble::Private { host: host.to_string(), address: address.ip() }),
            None => Ok(found),
        }
    }

    async fn handshake(&self, host: &Host<&str>, stream: TcpStream) -> Result<impl Stream + use<>, Trouble> {
        let name = match host {
            Host::Domain(name) => ServerName::try_from((*name).to_owned())
                .map_err(|error| Trouble::Tls { host: host.to_string(), source: io::Error::other(error) })?,
            Host::Ipv4(address) => ServerName::from(IpAddr::V4(*address)),
            Host::Ipv6(address) => ServerName::from(IpAddr::V6(*address)),
        };
        let connector = self.tls.get_or_try_init(|| connector(host.to_string())).await?;
        let shaken = connector.connect(name, stream).await;
        shaken.map_err(|source| Trouble::Tls { host: host.to_string(), source })
    }
}

/// A connection, encrypted or not.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Knows receivers by the system's certificates, read once.
async fn connector(host: String) -> Result<TlsConnector, Trouble> {
    let read = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs).await;
    let mut roots = rustls::RootCertStore::empty();
    let found = read.map(|found| found.certs).unwrap_or_default();
    // Some systems keep a certificate that cannot be read; the others serve.
    roots.add_parsable_certificates(found);
    if roots.is_empty() {
        return Err(Trouble::NoRoots { host });
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(Trouble::TlsSetup)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

/// Sends a request and gives the head of the answer; the connection ends with it.
async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
) -> Result<(StatusCode, HeaderMap), hyper::Error> {
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(BUFFER_MAX_BYTES).handshake(TokioIo::new(stream)).await?;
    // Given up with this, whatever it is doing.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let answer = sender.send_request(request).await?;
    let (head, mut body) = answer.into_parts();
    let thrown_away = async {
        let mut read = 0;
        while read < ANSWER_MAX_BYTES {
            let Some(Ok(frame)) = body.frame().await else { break };
            read += frame.data_ref().map_or(0, Bytes::len);
        }
    };
    // Whoever breaks off or hangs in the body has answered all the same.
    let _ = tokio::time::timeout(Duration::from_secs(BODY_WITHIN_S), thrown_away).await;
    Ok((head.status, head.headers))
}

fn judge(status: StatusCode, headers: &HeaderMap) -> Result<StatusCode, Trouble> {
    if status.is_success() {
        Ok(status)
    } else if status == StatusCode::GONE {
        Err(Trouble::Gone)
    } else if status.is_redirection() {
        Err(Trouble::Redirect { status })
    } else {
        let after_s: Option<u64> =
            headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        Err(Trouble::Refused { status, after_ms: after_s.unwrap_or(0).saturating_mul(1_000) })
    }
}
