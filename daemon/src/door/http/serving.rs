//! Listening: connections in, requests to the router, and an end in order.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::serve::{Listener, ListenerExt};
use axum::{Extension, Router};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, Semaphore, watch};
use tower::ServiceExt;

/// How many connections are served at once; more wait in the system's queue.
pub(super) const CONNECTIONS_MAX: usize = 1_024;
/// How long a request's head may take, in seconds; also how long an idle connection is kept.
const HEAD_WITHIN_S: u64 = 30;
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

/// Ends the connection that a request came over, where its answer cannot be told any more.
#[derive(Clone, Default)]
pub(super) struct HangUp(Arc<Notify>);

impl HangUp {
    /// Ends it; what was sent and not taken is lost.
    pub(super) fn now(&self) {
        self.0.notify_one();
    }

    /// Returns when it is to end.
    pub(super) async fn told(&self) {
        self.0.notified().await;
    }
}

/// Serves over TCP until `stop` is done; then takes nothing new, and lets what goes on end.
///
/// # Errors
/// None today: a connection that fails ends alone, and one that cannot be taken is tried again.
pub async fn serve(listener: TcpListener, router: Router, stop: impl Future<Output = ()>) -> io::Result<()> {
    // Answers are small and wait for nobody.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    run(listener, router, |address: &SocketAddr| Peer(Some(address.ip())), stop).await;
    Ok(())
}

/// Serves over a Unix socket until `stop` is done; then takes nothing new, and lets what goes on end.
///
/// # Errors
/// None today: a connection that fails ends alone, and one that cannot be taken is tried again.
pub async fn serve_unix(
    listener: UnixListener,
    router: Router,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    run(listener, router, |_| Peer(None), stop).await;
    Ok(())
}

async fn run<L: Listener>(
    mut listener: L,
    router: Router,
    peer_of: impl Fn(&L::Addr) -> Peer,
    stop: impl Future<Output = ()>,
) {
    let (stopping, told) = watch::channel(false);
    let router = router.layer(Extension(Stopping(told)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(Duration::from_secs(HEAD_WITHIN_S));
    let graceful = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut stop = pin!(stop);
    loop {
        let taken = async {
            let place = Arc::clone(&room).acquire_owned().await.expect("nobody closes the semaphore");
            (place, listener.accept().await)
        };
        let (place, (stream, address)) = tokio::select! {
            () = &mut stop => break,
            taken = taken => taken,
        };
        let (hang_up, peer) = (HangUp::default(), peer_of(&address));
        let told = hang_up.clone();
        let service = router.clone().map_request(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(told.clone());
            request.extensions_mut().insert(peer);
            request
        });
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            tokio::select! {
                ended = connection => if let Err(error) = ended {
                    log::debug!("a connection from {peer} ended early: {error}");
                },
                () = hang_up.told() => log::debug!("a connection from {peer} was hung up"),
            }
            drop(place);
        });
    }
    // Whoever comes from here on is not kept waiting.
    drop(listener);
    stopping.send_replace(true);
    if tokio::time::timeout(Duration::from_secs(END_WITHIN_S), graceful.shutdown()).await.is_err() {
        log::warn!("requests that went on for {END_WITHIN_S} s after the stop were cut off");
    }
}
