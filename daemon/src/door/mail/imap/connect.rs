//! The way to a mailbox: a connection, encrypted as the site says, and signing in.

use std::fmt::Debug;
use std::io;
use std::sync::Arc;

use async_imap::{Client, Session};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::ImapError;
use crate::config::{Imap, ImapTls};

/// A connection, encrypted or not.
pub(super) type Stream = Box<dyn Connection>;

/// What a connection can.
pub(super) trait Connection: AsyncRead + AsyncWrite + Debug + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Debug + Send + Unpin> Connection for T {}

/// Connects and signs in. The password is read each time, so that another one needs no restart.
pub(super) async fn connect(config: &Imap) -> Result<Session<Stream>, ImapError> {
    let failed = |source| ImapError::Connect { host: config.host.clone(), source };
    let path = config.password_file.clone();
    let read = tokio::task::spawn_blocking(move || std::fs::read_to_string(path)).await;
    let password = read
        .unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
        .map_err(|source| ImapError::Password { path: config.password_file.clone(), source })?;
    let tcp = TcpStream::connect((config.host.as_str(), config.port())).await.map_err(failed)?;
    let mut client = match config.tls {
        ImapTls::None => Client::new(Box::new(tcp) as Stream),
        ImapTls::Tls => Client::new(encrypted(config, tcp).await?),
        ImapTls::Starttls => {
            let mut plain = Client::new(tcp);
            greeting(&mut plain).await.map_err(failed)?;
            let started = plain.run_command_and_check_ok("STARTTLS", None).await;
            started.map_err(|source| ImapError::Imap { what: "begin to encrypt".into(), source })?;
            Client::new(encrypted(config, plain.into_inner()).await?)
        }
    };
    if config.tls != ImapTls::Starttls {
        greeting(&mut client).await.map_err(failed)?;
    }
    let signed_in = client.login(&config.user, password.trim_end_matches(['\r', '\n'])).await;
    signed_in.map_err(|(source, _)| ImapError::SignIn {
        host: config.host.clone(),
        user: config.user.clone(),
        source,
    })
}

/// What a server says first.
async fn greeting<T: AsyncRead + AsyncWrite + Unpin + Debug + Send>(
    client: &mut Client<T>,
) -> io::Result<()> {
    let said = client.read_response().await?;
    said.map(drop).ok_or_else(|| io::Error::other("the server says nothing"))
}

async fn encrypted(config: &Imap, tcp: TcpStream) -> Result<Stream, ImapError> {
    let failed = |source| ImapError::Connect { host: config.host.clone(), source };
    let name = ServerName::try_from(config.host.clone()).map_err(|error| failed(io::Error::other(error)))?;
    let encrypted = connector(config).await?.connect(name, tcp).await.map_err(failed)?;
    Ok(Box::new(encrypted))
}

/// Knows the server by the site's certificate, or by those that the system trusts.
async fn connector(config: &Imap) -> Result<TlsConnector, ImapError> {
    let no_roots = |why: String| ImapError::Roots { host: config.host.clone(), why };
    let file = config.ca_file.clone();
    let read = tokio::task::spawn_blocking(move || match file {
        Some(file) => CertificateDer::pem_file_iter(&file)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| format!("{}: {error}", file.display())),
        None => Ok(rustls_native_certs::load_native_certs().certs),
    });
    let certificates = read.await.map_err(|error| no_roots(error.to_string()))?.map_err(no_roots)?;
    let mut roots = rustls::RootCertStore::empty();
    // Some systems keep a certificate that cannot be read; the others serve.
    roots.add_parsable_certificates(certificates);
    if roots.is_empty() {
        return Err(no_roots("install ca-certificates, or name a `ca-file`".to_owned()));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| no_roots(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
