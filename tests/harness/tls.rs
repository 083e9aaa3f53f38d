//! Certificates made for a test, and a caller that trusts one of them.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// The name that a certificate here is for where nothing else is said.
const NAME: &str = "desk.example";

/// Where a certificate and its key lie.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Pair {
    /// Files in a directory, with a certificate that holds from 2020 to the beginning of a year.
    pub fn write(dir: &Path, until: i32) -> Self {
        Self::of(dir, NAME, until)
    }

    /// The same for another name, or an address.
    ///
    /// # Panics
    /// Where it is none, or cannot be written.
    pub fn of(dir: &Path, name: &str, until: i32) -> Self {
        let pair = Self { certificate: dir.join("certificate.pem"), key: dir.join("key.pem") };
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        std::fs::write(&pair.certificate, certificate).expect("a test's directory can be written");
        std::fs::write(&pair.key, key.serialize_pem()).expect("a test's directory can be written");
        pair
    }

    /// `[tls]` of a configuration.
    pub fn config(&self) -> String {
        let (certificate, key) = (self.certificate.display(), self.key.display());
        format!("[tls]\ncertificate = \"{certificate}\"\nkey = \"{key}\"\n")
    }
}

/// GET by a caller that trusts what lies in `certificate` now and nothing else; the whole answer.
///
/// # Errors
/// The certificate that is shown is another, or the connection breaks off.
pub fn get(address: &str, certificate: &Path, path: &str) -> io::Result<String> {
    let mut roots = RootCertStore::empty();
    let root = CertificateDer::from_pem_file(certificate).expect("a certificate");
    roots.add(root).expect("it can be trusted");
    let config = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("it has some")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(NAME).expect("a name");
    let session = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(session, TcpStream::connect(address)?);
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {NAME}\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
