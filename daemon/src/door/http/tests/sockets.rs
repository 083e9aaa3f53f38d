//! The same over real sockets: what a connection does, and how listening ends.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::super::serving::Why;
use super::super::{Entrance, serve, serve_unix};
use super::*;
use crate::config::Serving;

/// A door that listens, and what ends it.
struct Open<T> {
    to: T,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
}

async fn over_tcp(world: &World) -> Open<TcpStream> {
    over_tcp_by(world, Entrance::default()).await
}

async fn over_tcp_by(world: &World, entrance: Entrance) -> Open<TcpStream> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it has an address");
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(serve(listener, entrance, world.router.clone(), async { drop(stopped.await) }));
    Open { to: TcpStream::connect(address).await.expect("it listens"), stop, served }
}

/// Sends a whole request before anything is read, as simple clients do, and reads the answer.
async fn exchange(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), head: &str, body: &[u8]) -> String {
    let head = format!("{head}\r\nhost: desk\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).await.expect("the head is taken");
    stream.write_all(body).await.expect("the body is taken");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("the answer is whole");
    String::from_utf8(answer).expect("the answer is text")
}

#[tokio::test]
async fn two_megabytes_that_are_sent_before_anything_is_read_get_a_clean_answer() {
    let world = World::new().await;
    let mut open = over_tcp(&world).await;
    let head = "POST /v1/tickets HTTP/1.1\r\nauthorization: Bearer agent\r\ncontent-type: application/json";
    let answer = exchange(&mut open.to, head, &vec![b' '; 2 << 20]).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.contains("content-type: application/problem+json") && answer.contains("too-large"),
        "{answer}"
    );
}

#[tokio::test]
async fn whoever_asks_before_sending_too_much_is_told_at_once() {
    let world = World::new().await;
    let mut open = over_tcp(&world).await;
    let head = "POST /v1/tickets HTTP/1.1\r\nhost: desk\r\nauthorization: Bearer agent\r\ncontent-type: application/json\r\ncontent-length: 2097152\r\nexpect: 100-continue\r\n\r\n";
    open.to.write_all(head.as_bytes()).await.expect("the head is taken");
    let mut answer = [0; 12];
    open.to.read_exact(&mut answer).await.expect("an answer comes before the body");
    assert_eq!(&answer, b"HTTP/1.1 413");
}

#[tokio::test]
async fn a_stream_ends_when_the_daemon_stops() {
    let world = World::new().await;
    let mut open = over_tcp(&world).await;
    let head = "GET /v1/events HTTP/1.1\r\nhost: desk\r\nauthorization: Bearer viewer\r\n\r\n";
    open.to.write_all(head.as_bytes()).await.expect("the head is taken");
    let mut answer = [0; 12];
    open.to.read_exact(&mut answer).await.expect("the stream begins");
    assert_eq!(&answer, b"HTTP/1.1 200");
    open.stop.send(()).expect("it serves");
    let served = tokio::time::timeout(Duration::from_secs(3), open.served).await.expect("it ends in time");
    served.expect("it did not panic").expect("it ends in order");
    let mut rest = Vec::new();
    open.to.read_to_end(&mut rest).await.expect("the stream ends in order");
    assert!(rest.ends_with(b"0\r\n\r\n"), "{}", String::from_utf8_lossy(&rest));
}

#[tokio::test]
async fn who_follows_and_takes_not_even_the_marker_is_hung_up() {
    let world = World::new().await;
    let mut open = over_tcp(&world).await;
    let head = "GET /v1/events HTTP/1.1\r\nhost: desk\r\nauthorization: Bearer viewer\r\n\r\n";
    open.to.write_all(head.as_bytes()).await.expect("the head is taken");
    world.register().await;
    // More than the sockets' buffers hold.
    let text = "x".repeat(60_000);
    for _ in 0..300 {
        world.post("/v1/tickets/1/reply", "agent", &json!({"text": text})).await.ok(200);
    }
    while super::stream::scraped(&world, "andon_event_streams").await > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(super::stream::scraped(&world, "andon_event_streams_cut_total").await, 1);
    let mut rest = Vec::new();
    let ended = open.to.read_to_end(&mut rest).await;
    assert!(ended.is_err() || !rest.ends_with(b"0\r\n\r\n"), "the connection was broken off");
}

#[tokio::test]
async fn the_control_socket_asks_for_no_token() {
    let world = World::new().await;
    let dir = tempfile::tempdir().expect("a directory for tests can be made");
    let path = dir.path().join("control.sock");
    let listener = UnixListener::bind(&path).expect("the socket can be made");
    let (stop, stopped) = oneshot::channel::<()>();
    let router = control_router(Arc::clone(&world.shared));
    let served = tokio::spawn(serve_unix(listener, router, async { drop(stopped.await) }));
    let mut stream = UnixStream::connect(&path).await.expect("it listens");
    let answer = exchange(&mut stream, "GET /v1/whoami HTTP/1.1", b"").await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"name\":\"andonctl\""), "{answer}");
    drop(stop);
    served.await.expect("it did not panic").expect("it ends in order");
}

/// Whether a request with the token of a role is answered 200; none where the connection was hung up. What came before it is
/// read to its end.
async fn answers(stream: &mut TcpStream, who: &str) -> Option<bool> {
    let token = if who.is_empty() { String::new() } else { format!("authorization: Bearer {who}\r\n") };
    let get = format!("GET /v1/whoami HTTP/1.1\r\nhost: desk\r\n{token}\r\n");
    stream.write_all(get.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    // The answer to this request ends with the object's brace.
    while !answer.ends_with(b"}") {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.ok()?;
        answer.push(byte[0]);
    }
    Some(answer.starts_with(b"HTTP/1.1 200"))
}

#[tokio::test]
async fn an_address_that_has_its_share_is_hung_up_and_what_it_has_goes_on() {
    let world = World::new().await;
    let limits = Serving { connections: 16, connections_per_address: 2 };
    let entrance = Entrance { limits, ..Entrance::default() };
    let traffic = Arc::clone(&entrance.traffic);
    let mut open = over_tcp_by(&world, entrance).await;
    let address = open.to.peer_addr().expect("it is connected");
    let answers = async |stream: &mut TcpStream| answers(stream, "viewer").await;
    assert_eq!(answers(&mut open.to).await, Some(true));
    let mut second = TcpStream::connect(address).await.expect("it listens");
    assert_eq!(answers(&mut second).await, Some(true));
    let mut third = TcpStream::connect(address).await.expect("the system takes it");
    assert_eq!(answers(&mut third).await, None, "one too many is hung up at once");
    assert_eq!(traffic.count(Why::Address), 1);
    drop(second);
    // The place is free as soon as the server has noticed.
    let mut again = TcpStream::connect(address).await.expect("it listens");
    while answers(&mut again).await.is_none() {
        again = TcpStream::connect(address).await.expect("it listens");
    }
    open.to.write_all(b"GET /healthz HTTP/1.1\r\nhost: desk\r\n\r\n").await.expect("the first goes on");
}

#[tokio::test]
async fn who_holds_connections_open_without_a_token_keeps_nobody_out_behind_the_same_address() {
    let world = World::new().await;
    let limits = Serving { connections: 16, connections_per_address: 4 };
    let entrance = Entrance { limits, ..Entrance::default() };
    let mut open = over_tcp_by(&world, entrance).await;
    let address = open.to.peer_addr().expect("it is connected");
    assert_eq!(answers(&mut open.to, "agent").await, Some(true));
    for _ in 0..10 {
        // Half a head, a whole request without a token, and one with a token that nobody knows.
        let mut silent = Vec::new();
        for words in ["GET /v1/tickets HT", ""] {
            let mut stream = TcpStream::connect(address).await.expect("the system takes it");
            stream.write_all(words.as_bytes()).await.expect("the system takes it");
            silent.push(stream);
        }
        for who in ["", "andon_wrong"] {
            let mut stream = TcpStream::connect(address).await.expect("the system takes it");
            answers(&mut stream, who).await;
            silent.push(stream);
        }
        let mut good = TcpStream::connect(address).await.expect("the system takes it");
        assert_eq!(answers(&mut good, "viewer").await, Some(true), "one with a token comes in");
        assert_eq!(answers(&mut open.to, "agent").await, Some(true), "and the one that is there goes on");
    }
}

#[tokio::test]
async fn a_body_of_a_byte_now_and_then_is_told_and_cut() {
    let world = World::new().await;
    let entrance = Entrance::default();
    let traffic = Arc::clone(&entrance.traffic);
    let mut open = over_tcp_by(&world, entrance).await;
    let head = "POST /v1/tickets HTTP/1.1\r\nhost: desk\r\nauthorization: Bearer agent\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n";
    open.to.write_all(head.as_bytes()).await.expect("the head is taken");
    let (mut reads, mut writes) = open.to.split();
    let mut answer = Vec::new();
    let trickle = async {
        while writes.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::select! {
        read = reads.read_to_end(&mut answer) => drop(read),
        () = trickle => {}
    }
    let answer = String::from_utf8_lossy(&answer);
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("request-timeout"), "{answer}");
    assert_eq!(traffic.count(Why::SlowBody), 1);
}

#[tokio::test]
async fn bodies_that_one_token_leaves_half_sent_take_its_share_and_no_more() {
    let world = World::new().await;
    let entrance = Entrance::default();
    let traffic = Arc::clone(&entrance.traffic);
    let open = over_tcp_by(&world, entrance).await;
    let address = open.to.peer_addr().expect("it is connected");
    let head = |who: &str, length: usize| {
        format!(
            "POST /v1/batch HTTP/1.1\r\nhost: desk\r\nauthorization: Bearer {who}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let most = vec![b' '; (4 << 20) - 1];
    let mut half_sent = Vec::new();
    while traffic.count(Why::Bodies) == 0 {
        let mut one = TcpStream::connect(address).await.expect("it listens");
        one.write_all(head("agent", 4 << 20).as_bytes()).await.expect("the head is taken");
        // It may be told before all of it is sent.
        let _ = one.write_all(&most).await;
        half_sent.push(one);
    }
    let mut other = TcpStream::connect(address).await.expect("it listens");
    let take = r#"{"commands": [{"do": "take", "ticket": 1}]}"#;
    let request = format!("{}{take}", head("lead", take.len()));
    other.write_all(request.as_bytes()).await.expect("it is taken");
    let mut answer = [0; 12];
    other.read_exact(&mut answer).await.expect("another token is served all the while");
    assert_eq!(&answer, b"HTTP/1.1 200");
    drop(half_sent);
}

#[tokio::test]
async fn who_may_bring_nothing_is_told_before_a_long_body_is_read() {
    let world = World::new().await;
    let mut open = over_tcp(&world).await;
    let head = "POST /v1/batch HTTP/1.1\r\nhost: desk\r\nauthorization: Bearer viewer\r\ncontent-type: application/json\r\ncontent-length: 4000000\r\n\r\n";
    open.to.write_all(head.as_bytes()).await.expect("the head is taken");
    let mut answer = [0; 12];
    open.to.read_exact(&mut answer).await.expect("an answer comes before the body");
    assert_eq!(&answer, b"HTTP/1.1 403");
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_cut() {
    let world = World::new().await;
    let entrance = Entrance::default();
    let traffic = Arc::clone(&entrance.traffic);
    let mut open = over_tcp_by(&world, entrance).await;
    // More answers than all buffers between hold, and nobody reads one.
    let asks = "GET /openapi.json HTTP/1.1\r\nhost: desk\r\n\r\n".repeat(200);
    open.to.write_all(asks.as_bytes()).await.expect("the system takes it");
    let cut = async {
        while traffic.count(Why::Stalled) == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), cut).await.expect("it is cut");
}

#[tokio::test]
async fn heads_that_are_too_long_are_told_by_what_is_too_long() {
    let world = World::new().await;
    let get = async |path: &str, headers: &str| {
        let mut open = over_tcp(&world).await;
        exchange(&mut open.to, &format!("GET {path} HTTP/1.1{headers}"), b"").await
    };
    let many = |count: usize, bytes: usize| {
        (0..count).fold(String::new(), |all, n| format!("{all}\r\nx-{n}: {}", "a".repeat(bytes)))
    };
    let told = get(&format!("/healthz?{}", "a".repeat(4_096)), "").await;
    assert!(told.starts_with("HTTP/1.1 414 ") && told.contains("\"uri-too-long\""), "{told}");
    assert!(told.contains("x-content-type-options: nosniff"), "{told}");
    for (count, bytes) in [(65, 1), (2, 9_000)] {
        let told = get("/healthz", &many(count, bytes)).await;
        assert!(told.starts_with("HTTP/1.1 431 ") && told.contains("\"headers-too-large\""), "{told}");
    }
    // So far beyond that the library answers, without a body.
    assert!(get("/healthz", &many(101, 1)).await.starts_with("HTTP/1.1 431 "));
    let told = get(&format!("/healthz?{}", "a".repeat(4_000)), &many(50, 100)).await;
    assert!(told.starts_with("HTTP/1.1 200 "), "{told}");
}
