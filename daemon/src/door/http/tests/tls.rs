//! The door over TLS.

use std::path::PathBuf;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::super::serving::Why;
use super::super::{Entrance, Traffic, serve};
use super::*;
use crate::door::tls::Identities;

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: desk.example\r\n\r\n";

/// A door with a certificate of its own.
struct Secure {
    _world: World,
    dir: tempfile::TempDir,
    identities: Arc<Identities>,
    traffic: Arc<Traffic>,
    address: std::net::SocketAddr,
}

impl Secure {
    async fn open() -> Self {
        let (world, dir) = (World::new().await, tempfile::tempdir().expect("a directory"));
        renew(dir.path());
        let files = files(dir.path());
        let identities = Arc::new(Identities::read(files.0, files.1).expect("they are whole"));
        let entrance = Entrance { tls: Some(Arc::clone(&identities)), ..Entrance::default() };
        let traffic = Arc::clone(&entrance.traffic);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        tokio::spawn(serve(listener, entrance, world.router.clone(), std::future::pending()));
        Self { _world: world, dir, identities, traffic, address }
    }

    /// A caller that trusts what lies in the files now, and nothing else.
    async fn call(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_file(files(self.dir.path()).0).expect("a certificate");
        roots.add(root).expect("it can be trusted");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("it has some")
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("desk.example").expect("a name");
        let stream = TcpStream::connect(self.address).await?;
        TlsConnector::from(Arc::new(config)).connect(name, stream).await
    }
}

fn files(dir: &Path) -> (PathBuf, PathBuf) {
    (dir.join("certificate.pem"), dir.join("key.pem"))
}

/// Writes another pair.
fn renew(dir: &Path) {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(vec!["desk.example".to_owned()]).expect("a name");
    let (certificate_path, key_path) = files(dir);
    std::fs::write(certificate_path, params.self_signed(&key).expect("a certificate").pem()).expect("a file");
    std::fs::write(key_path, key.serialize_pem()).expect("a file");
}

async fn health(stream: &mut TlsStream<TcpStream>) -> String {
    stream.write_all(HEALTH).await.expect("it is taken");
    let mut status = [0; 15];
    stream.read_exact(&mut status).await.expect("it is answered");
    let mut rest = [0; 1_024];
    // What is left of the answer, so that the next can be told from it.
    let _ = stream.read(&mut rest).await.expect("it is answered");
    String::from_utf8_lossy(&status).into_owned()
}

#[tokio::test]
async fn a_renewed_certificate_is_for_new_handshakes_and_running_connections_go_on() {
    let secure = Secure::open().await;
    let mut first = secure.call().await.expect("it is trusted");
    assert_eq!(health(&mut first).await, "HTTP/1.1 200 OK");
    renew(secure.dir.path());
    secure.call().await.expect_err("the old certificate is in use, and not what lies there");
    secure.identities.reload().expect("they are whole");
    let mut second = secure.call().await.expect("the new one is in use");
    assert_eq!(health(&mut second).await, "HTTP/1.1 200 OK");
    assert_eq!(health(&mut first).await, "HTTP/1.1 200 OK", "it goes on");
}

#[tokio::test]
async fn plain_http_is_told_of_tls_and_learns_nothing() {
    let secure = Secure::open().await;
    let mut plain = TcpStream::connect(secure.address).await.expect("it listens");
    plain.write_all(HEALTH).await.expect("it is taken");
    let mut answer = String::new();
    plain.read_to_string(&mut answer).await.expect("it is answered");
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n") && answer.contains("\"needs-tls\""),
        "{answer}"
    );
    assert_eq!(secure.traffic.count(Why::PlainHttp), 1);
}

#[tokio::test]
async fn a_handshake_that_is_not_one_or_takes_too_long_is_cut() {
    let secure = Secure::open().await;
    let mut silent = TcpStream::connect(secure.address).await.expect("it listens");
    let mut half = TcpStream::connect(secure.address).await.expect("it listens");
    half.write_all(&[0x16, 3, 1]).await.expect("it is taken");
    let mut rubbish = TcpStream::connect(secure.address).await.expect("it listens");
    rubbish.write_all(&[0; 64]).await.expect("it is taken");
    for stream in [&mut silent, &mut half, &mut rubbish] {
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(30), stream.read_to_end(&mut rest));
        // Hung up with or without a word of TLS.
        let _ = ended.await.expect("it is cut");
    }
    assert_eq!(secure.traffic.count(Why::Handshake), 3);
    secure.call().await.expect("others are served");
}
