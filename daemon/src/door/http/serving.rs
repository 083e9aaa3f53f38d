//! Listening: connections in, requests to the router, and an end in order.
//!
//! The door of the network holds whoever comes to limits: so many connections in all and for an address ([`places`]), so
//! much time for a handshake, a head, a body ([`paced`]) and for taking an answer ([`steady`]), so long a head and so many
//! requests ([`admission`]). The socket of `andonctl` is an admin's and has places of its own.

mod admission;
mod handshake;
mod insiders;
mod paced;
mod places;
mod steady;
mod traffic;

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::Request;
use axum::serve::{Listener, ListenerExt};
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::sync::{Notify, Semaphore, watch};
use tower::ServiceExt;

pub(super) use self::admission::{BodyPlace, BodyRoom};
use self::insiders::Insiders;
pub(super) use self::paced::{PATIENCE_S, RATE_MIN, TooSlow};
use self::places::{Full, Places};
use self::steady::{Steady, WRITE_WITHIN_S};
pub use self::traffic::Traffic;
pub(super) use self::traffic::Why;
use crate::config::Serving;
use crate::door::tls::Identities;

/// How many connections of `andonctl` are served at once; more wait in the system's queue.
const CONTROL_CONNECTIONS_MAX: usize = 64;
/// How long a request's head may take, in seconds; also how long an idle connection is kept.
const HEAD_WITHIN_S: u64 = 30;
/// How much a connection holds of what comes in, and of what waits to go out, in bytes. A head that is longer is answered
/// by the library, with a bare 431.
const BUFFER_BYTES: usize = 32 << 10;
/// How much of an answer the kernel holds for one connection, in bytes; it takes twice that for itself. Whoever reads
/// nothing is noticed when it is full.
const SEND_BUFFER_BYTES: usize = 64 << 10;
/// How long whoever was just let in may still begin a request when the daemon was told to stop, in milliseconds: the library
/// hangs up on connections of which it has read nothing.
const BEGIN_WITHIN_MS: u64 = 300;
/// How long requests may go on after the daemon was told to stop, in seconds.
const END_WITHIN_S: u64 = 5;

/// Tells handlers that go on for ever that the daemon stops.
#[derive(Clone)]
pub(super) struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Returns when the daemon is to stop.
    pub(super) async fn wait(mut self) {
        // Whoever would say so is gone, which says it too.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }
}

/// Where a request came from: an address of the network, or none over the socket of `andonctl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Peer(pub Option<IpAddr>);

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(f),
            None => f.write_str("the control socket"),
        }
    }
}

/// Ends the connection that a request came over, where its answer cannot be told any more, or another needs its place.
#[derive(Clone, Debug, Default)]
pub(super) struct HangUp(Arc<Hold>);

/// How a connection is held.
#[derive(Debug, Default)]
struct Hold {
    end: Notify,
    has_token: AtomicBool,
}

impl HangUp {
    /// Ends it; what was sent and not taken is lost.
    pub(super) fn now(&self) {
        self.0.end.notify_one();
    }

    /// Returns when it is to end.
    pub(super) async fn told(&self) {
        self.0.end.notified().await;
    }

    /// A token that may come in was shown over it: nobody without one gets its place.
    pub(super) fn is_of_a_token(&self) {
        self.0.has_token.store(true, Ordering::Relaxed);
    }

    /// Whether such a token was shown over it.
    fn has_token(&self) -> bool {
        self.0.has_token.load(Ordering::Relaxed)
    }
}

/// What the door of the network has besides its routes.
#[derive(Clone, Debug, Default)]
pub struct Entrance {
    /// How many it serves.
    pub limits: Serving,
    /// Its certificate; without, it speaks plain HTTP.
    pub tls: Option<Arc<Identities>>,
    /// What is counted of it.
    pub traffic: Arc<Traffic>,
}

/// Serves over TCP until `stop` is done; then takes nothing new, and lets what goes on end.
///
/// # Errors
/// None today: a connection that fails ends alone, and one that cannot be taken is tried again.
pub async fn serve(
    listener: TcpListener,
    entrance: Entrance,
    router: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let Entrance { limits, tls, traffic } = entrance;
    let mut listener = listener.tap_io(prepare);
    let serving = Server::new(admission::admit(router, &traffic), &traffic);
    let places = Places::new(limits);
    traffic.serves(limits.connections);
    let mut stop = pin!(stop);
    loop {
        let (stream, address): (TcpStream, SocketAddr) = tokio::select! {
            () = &mut stop => break,
            taken = listener.accept() => taken,
        };
        let (peer, hang_up) = (Peer(Some(address.ip().to_canonical())), HangUp::default());
        let place = match places.take(address.ip(), &hang_up) {
            Ok(place) => place,
            Err(full) => {
                // Dropping the stream hangs up.
                traffic.turned_away(if full == Full::Address { Why::Address } else { Why::Room }, peer);
                continue;
            }
        };
        let connection = serving.connection(peer, hang_up);
        let tls = tls.as_ref().map(|identities| identities.current().config());
        tokio::spawn(async move {
            match tls {
                None => connection.run(Steady::new(stream)).await,
                Some(config) => connection.run_tls(stream, config).await,
            }
            drop(place);
        });
    }
    // Whoever comes from here on is not kept waiting, unless systemd keeps the socket for the next andond.
    drop(listener);
    serving.end().await;
    Ok(())
}

/// Answers are small and wait for nobody, a buffer that nobody empties is small, and whoever has gone without a word is
/// noticed.
fn prepare(stream: &mut TcpStream) {
    let socket = SockRef::from(&*stream);
    let gone = Duration::from_secs(WRITE_WITHIN_S);
    let keepalive = TcpKeepalive::new().with_time(gone).with_interval(gone / 3);
    let set = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_send_buffer_size(SEND_BUFFER_BYTES))
        .and_then(|()| socket.set_tcp_user_timeout(Some(gone)))
        .and_then(|()| socket.set_tcp_keepalive(&keepalive));
    if let Err(error) = set {
        // It has gone already, most likely.
        log::debug!("a connection is served as the system has it: {error}");
    }
}

/// Serves over a Unix socket until `stop` is done; then takes nothing new, and lets what goes on end. Who is neither root,
/// nor this process's user, nor of its group is refused.
///
/// # Errors
/// None today: a connection that fails ends alone, and one that cannot be taken is tried again.
pub async fn serve_unix(
    mut listener: UnixListener,
    router: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let serving = Server::new(router, &Arc::default());
    let room = Arc::new(Semaphore::new(CONTROL_CONNECTIONS_MAX));
    let insiders = Insiders::own();
    let mut stop = pin!(stop);
    loop {
        let taken = async {
            let place = Arc::clone(&room).acquire_owned().await.expect("nobody closes the semaphore");
            (place, Listener::accept(&mut listener).await)
        };
        let (place, (stream, _)) = tokio::select! {
            () = &mut stop => break,
            taken = taken => taken,
        };
        let mut connection = serving.connection(Peer(None), HangUp::default());
        if let Some(stranger) = insiders.stranger(&stream) {
            log::warn!(
                "the socket of andonctl is open to others than it should be: {stranger:?} was refused"
            );
            connection.router = insiders.refusal(&stranger);
        }
        tokio::spawn(async move {
            connection.run(stream).await;
            drop(place);
        });
    }
    drop(listener);
    serving.end().await;
    Ok(())
}

/// What all connections of a door have in common.
struct Server {
    http: http1::Builder,
    router: Router,
    graceful: GracefulShutdown,
    stopping: watch::Sender<bool>,
    traffic: Arc<Traffic>,
}

impl Server {
    fn new(router: Router, traffic: &Arc<Traffic>) -> Self {
        let (stopping, told) = watch::channel(false);
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(Duration::from_secs(HEAD_WITHIN_S))
            .max_buf_size(BUFFER_BYTES);
        Self {
            http,
            router: router.layer(Extension(Stopping(told))),
            graceful: GracefulShutdown::new(),
            stopping,
            traffic: Arc::clone(traffic),
        }
    }

    fn connection(&self, peer: Peer, hang_up: HangUp) -> Connection {
        Connection {
            http: self.http.clone(),
            router: self.router.clone(),
            watcher: self.graceful.watcher(),
            stopping: Stopping(self.stopping.subscribe()),
            traffic: Arc::clone(&self.traffic),
            peer,
            hang_up,
        }
    }

    /// Lets what goes on end, for a while.
    async fn end(self) {
        self.stopping.send_replace(true);
        tokio::time::sleep(Duration::from_millis(BEGIN_WITHIN_MS)).await;
        let ended = tokio::time::timeout(Duration::from_secs(END_WITHIN_S), self.graceful.shutdown());
        if ended.await.is_err() {
            log::warn!("requests that went on for {END_WITHIN_S} s after the stop were cut off");
        }
    }
}

/// One connection, before its first byte.
struct Connection {
    http: http1::Builder,
    router: Router,
    watcher: Watcher,
    stopping: Stopping,
    traffic: Arc<Traffic>,
    peer: Peer,
    hang_up: HangUp,
}

impl Connection {
    /// Serves it to its end.
    async fn run<S>(self, stream: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { http, router, watcher, traffic, peer, hang_up, stopping: _ } = self;
        let _connected = traffic.connected();
        let told = hang_up.clone();
        let service = router.map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(told.clone());
            request.extensions_mut().insert(peer);
            request
        });
        let served = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        tokio::select! {
            ended = watcher.watch(served) => match ended {
                Ok(()) => {}
                Err(error) if timed_out(&error) => traffic.turned_away(Why::Stalled, peer),
                Err(error) => log::debug!("a connection from {peer} ended early: {error}"),
            },
            () = hang_up.told() => log::debug!("a connection from {peer} was hung up"),
        }
    }
}

/// Whether the system or [`Steady`] gave a connection up, since nothing was taken of what was sent.
fn timed_out(error: &hyper::Error) -> bool {
    let mut causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    causes.any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
    })
}
