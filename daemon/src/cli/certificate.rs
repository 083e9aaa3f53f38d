//! The HTTP door's certificate, from the configuration on: read at the start, told while it ends, read again on SIGHUP.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::Signal;

use crate::chain::chain;
use crate::clock;
use crate::config::{Config, TlsFiles};
use crate::door::tls::{Identities, Identity, IdentityState, TlsError};
use crate::observe::message;

/// How often a certificate that ends is told, in seconds.
const TOLD_EVERY_S: u64 = 86_400;

/// Reads the certificate that the configuration names, if it names one; `base` is the configuration's directory.
///
/// # Errors
/// [`TlsError`]; also where it is a credential of a unit that did not start this.
pub(super) fn read(config: &Config, base: &Path) -> Result<Option<Identities>, TlsError> {
    let Some(tls) = &config.tls else { return Ok(None) };
    let credentials = crate::config::credentials();
    match tls.files(base, credentials.as_deref()) {
        TlsFiles::Found { certificate, key } => Identities::read(certificate, key).map(Some),
        TlsFiles::OnlyInUnit { credential } => Err(TlsError::OnlyInUnit { credential }),
    }
}

/// Tells once a day how the certificate stands, where somebody has to do something, and reads it again when `hangup` comes.
pub(super) async fn keep(identities: Option<Arc<Identities>>, mut hangup: Signal) {
    if let Some(identities) = &identities {
        tell(&identities.current());
    }
    loop {
        tokio::select! {
            heard = hangup.recv() => match heard {
                Some(()) => reload(identities.as_deref()),
                None => return,
            },
            () = tokio::time::sleep(Duration::from_secs(TOLD_EVERY_S)) => {
                if let Some(identities) = &identities {
                    tell(&identities.current());
                }
            }
        }
    }
}

fn reload(identities: Option<&Identities>) {
    let Some(identities) = identities else { return };
    match identities.reload() {
        Ok(identity) => {
            let state = identity.state(clock::now());
            log::info!("SIGHUP: handshakes use the certificate as it is now; {state}");
            tell(&identity);
        }
        Err(error) => log::error!("SIGHUP: the old certificate stays in use: {}", chain(&error)),
    }
}

/// Tells of a certificate that callers refuse, or soon will.
fn tell(identity: &Identity) {
    match identity.state(clock::now()) {
        IdentityState::Fine { .. } => {}
        state @ IdentityState::EndsSoon { .. } => {
            log::warn!(MESSAGE_ID = message::CERTIFICATE_ENDS; "{state}");
        }
        state @ (IdentityState::Ended { .. } | IdentityState::NotYet { .. }) => {
            log::error!(MESSAGE_ID = message::CERTIFICATE_ENDS; "{state}");
        }
    }
}
