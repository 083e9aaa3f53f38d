//! Receivers over https: known by their certificate, or not.

use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::*;

/// A receiver with a certificate for `crm.example`, and what knows it.
async fn receiver() -> (SocketAddr, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(vec!["crm.example".to_owned()]).expect("a certificate");
    let (certificate, key) = (made.cert.der().clone(), made.signing_key.serialize_der());
    let provider = || Arc::new(rustls::crypto::ring::default_provider());
    let server = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("there are versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], PrivateKeyDer::try_from(key).expect("a key"))
        .expect("they belong together");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let acceptor = TlsAcceptor::from(Arc::new(server));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut bytes = [0; 4096];
            if stream.read(&mut bytes).await.is_ok() {
                let _ = stream.write_all(OK.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    });
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate).expect("it is one");
    let client = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .expect("there are versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    (address, TlsConnector::from(Arc::new(client)))
}

#[tokio::test]
async fn a_receiver_is_known_by_the_certificate_of_its_name_and_by_no_other() {
    let dir = TempDir::new().expect("a directory");
    let (address, knows) = receiver().await;
    let way = |host: &str, tls: Option<TlsConnector>| {
        let resolver = Changing::new([vec![address]]);
        let url = format!("https://{host}:{}/", address.port());
        let tls = Arc::new(tls.map_or_else(OnceCell::new, OnceCell::from));
        Poster { tls, ..poster(&dir, &url, true, resolver) }
    };
    let taken = way("crm.example", Some(knows.clone())).post(letter()).await;
    assert_eq!(taken.expect("its certificate is known").as_u16(), 204);
    let other = way("other.example", Some(knows)).post(letter()).await.unwrap_err();
    assert!(matches!(other, Trouble::Tls { .. }), "{other}");
    // The system's own certificates do not know it, or there are none.
    let unknown = way("crm.example", None).post(letter()).await.unwrap_err();
    assert!(matches!(unknown, Trouble::Tls { .. } | Trouble::NoRoots { .. }), "{unknown}");
}
