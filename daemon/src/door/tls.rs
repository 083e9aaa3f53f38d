//! The certificate of the HTTP door: read from its files, and read again while the daemon runs.
//!
//! What is read is whole or refused: a bad new file leaves the old certificate in place. TLS is rustls with `ring`, 1.2 and
//! 1.3, and speaks HTTP/1.1 only. Who calls is told by tokens, so nobody is asked for a certificate of theirs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use calendars::Timestamp;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, RootCertStore, ServerConfig};
use tokio::sync::watch;

/// How long before its end a certificate is told, in milliseconds: 14 days.
pub const TOLD_BEFORE_MS: i64 = 14 * 86_400_000;

/// Why a certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}; whoever runs andond must be able to", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A credential is asked for outside of the unit that gives it.
    #[error(
        "`{credential}` names a credential of the unit (LoadCredential={credential}:/path), and this was not started by one; \
         a file's path has a /, such as ./{credential}",
        credential = credential.display()
    )]
    OnlyInUnit {
        /// Its name.
        credential: PathBuf,
    },
    /// The file has no certificate.
    #[error("{path} has no certificate: it is to be PEM, with -----BEGIN CERTIFICATE-----", path = path.display())]
    NoCertificate {
        /// Which.
        path: PathBuf,
    },
    /// The file has no key.
    #[error("{path} has no private key: it is to be PEM, with -----BEGIN PRIVATE KEY----- and no passphrase", path = path.display())]
    NoKey {
        /// Which.
        path: PathBuf,
    },
    /// The key belongs to another certificate.
    #[error(
        "the key {key} does not fit the certificate {certificate}: they are of two pairs; the file's first certificate is the desk's own",
        key = key.display(), certificate = certificate.display()
    )]
    Mismatch {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
    },
    /// Certificate or key are of no kind that is known here.
    #[error("the certificate {certificate} with the key {key} cannot be used", key = key.display(), certificate = certificate.display())]
    Unusable {
        /// The certificate.
        certificate: PathBuf,
        /// The key.
        key: PathBuf,
        /// What the library said.
        #[source]
        source: rustls::Error,
    },
}

/// A certificate with its key, as the door uses it.
#[derive(Clone, Debug)]
pub struct Identity {
    config: Arc<ServerConfig>,
    begins: Timestamp,
    ends: Timestamp,
}

impl Identity {
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`]: by file and way out. One that has ended is none: see [`Identity::state`].
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|source| TlsError::Read { path: path.to_owned(), source })
        };
        let none = || TlsError::NoCertificate { path: certificate.to_owned() };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&read(certificate)?)
            .collect::<Result<_, _>>()
            .map_err(|_| none())?;
        let own = chain.first().ok_or_else(none)?.clone();
        let private = PrivateKeyDer::from_pem_slice(&read(key)?)
            .map_err(|_| TlsError::NoKey { path: key.to_owned() })?;
        let unusable =
            |source| TlsError::Unusable { certificate: certificate.to_owned(), key: key.to_owned(), source };
        let built = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(unusable)?
            .with_no_client_auth()
            .with_single_cert(chain, private);
        let mut config = built.map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => {
                TlsError::Mismatch { certificate: certificate.to_owned(), key: key.to_owned() }
            }
            other => unusable(other),
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let (begins, ends) = validity(&own).map_err(unusable)?;
        Ok(Self { config: Arc::new(config), begins, ends })
    }

    /// What a handshake needs.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config)
    }

    /// When it ends.
    pub fn ends(&self) -> Timestamp {
        self.ends
    }

    /// How it stands at a time.
    pub fn state(&self, now: Timestamp) -> IdentityState {
        let left_ms = self.ends.ms_since(now);
        if left_ms < 0 {
            IdentityState::Ended { at: self.ends }
        } else if now.ms_since(self.begins) < 0 {
            IdentityState::NotYet { from: self.begins }
        } else if left_ms < TOLD_BEFORE_MS {
            IdentityState::EndsSoon { at: self.ends, days: left_ms / 86_400_000 }
        } else {
            IdentityState::Fine { until: self.ends }
        }
    }
}

/// How a certificate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdentityState {
    /// Nobody need think of it.
    Fine {
        /// Until when.
        until: Timestamp,
    },
    /// It ends in less than 14 days.
    EndsSoon {
        /// When.
        at: Timestamp,
        /// How many whole days are left.
        days: i64,
    },
    /// It has ended: callers refuse it.
    Ended {
        /// When.
        at: Timestamp,
    },
    /// It has not begun: callers refuse it, or the box's clock is behind.
    NotYet {
        /// From when on.
        from: Timestamp,
    },
}

impl fmt::Display for IdentityState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let utc = |at: Timestamp| at.to_rfc3339(calendars::Tz::UTC);
        match *self {
            Self::Fine { until } => write!(f, "the certificate holds until {}", utc(until)),
            Self::EndsSoon { at, days } => {
                write!(f, "the certificate ends in {days} days, at {}: have it renewed", utc(at))
            }
            Self::Ended { at } => {
                write!(
                    f,
                    "the certificate ended at {}: callers refuse it; put a new one in its place",
                    utc(at)
                )
            }
            Self::NotYet { from } => {
                let from = utc(from);
                write!(
                    f,
                    "the certificate holds only from {from} on: callers refuse it, or the box's clock is behind"
                )
            }
        }
    }
}

/// From when to when a certificate holds. The library that reads certificates tells that only to whoever asks it to trust
/// one when it does not hold, which it looks at before all else.
fn validity(own: &CertificateDer<'_>) -> Result<(Timestamp, Timestamp), rustls::Error> {
    let parsed = ParsedCertificate::try_from(own)?;
    let nobody = RootCertStore::empty();
    let asked = |seconds: u64| {
        let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        verify_server_cert_signed_by_trust_anchor(&parsed, &nobody, &[], at, &[]).err()
    };
    let instant = |time: UnixTime| {
        Timestamp::from_millis(i64::try_from(time.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000))
    };
    let ends = match asked(u64::MAX) {
        Some(rustls::Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            instant(not_after)
        }
        other => return Err(other.unwrap_or(rustls::Error::General("it never ends".to_owned()))),
    };
    let begins = match asked(0) {
        Some(rustls::Error::InvalidCertificate(CertificateError::NotValidYetContext {
            not_before, ..
        })) => instant(not_before),
        // It held in 1970 already.
        _ => Timestamp::from_millis(0),
    };
    Ok((begins, ends))
}

/// The certificate in use, and where its successor comes from.
#[derive(Debug)]
pub struct Identities {
    certificate: PathBuf,
    key: PathBuf,
    current: watch::Sender<Identity>,
}

impl Identities {
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn read(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let current = watch::Sender::new(Identity::read(&certificate, &key)?);
        Ok(Self { certificate, key, current })
    }

    /// The certificate that handshakes use from now on.
    pub fn current(&self) -> Identity {
        self.current.borrow().clone()
    }

    /// Reads both files again. Connections that are there go on as they are.
    ///
    /// # Errors
    /// [`TlsError`]; the old certificate stays in use.
    pub fn reload(&self) -> Result<Identity, TlsError> {
        let identity = Identity::read(&self.certificate, &self.key)?;
        self.current.send_replace(identity.clone());
        Ok(identity)
    }
}

#[cfg(test)]
mod tests;
