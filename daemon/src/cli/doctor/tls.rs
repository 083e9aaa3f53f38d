//! Who hears what the HTTP door says, and how its certificate stands.

use std::io::ErrorKind;
use std::path::Path;

use calendars::Timestamp;

use super::finding::Finding;
use crate::chain::chain;
use crate::cli::certificate;
use crate::config::Config;
use crate::door::tls::{IdentityState, TlsError};

/// Looks at it; nothing is told of plain HTTP on loopback. `base` is the configuration's directory.
pub(super) fn look(config: &Config, base: &Path, now: Timestamp, findings: &mut Vec<Finding>) {
    if config.is_exposed() {
        let what =
            format!("insecure-lan: plain HTTP on {}: the network hears tokens and tickets", config.listen);
        findings.push(
            Finding::note("tls", what).mended_by("give it a certificate by [tls], and take insecure-lan out"),
        );
    }
    findings.extend(match certificate::read(config, base) {
        Ok(None) => None,
        Ok(Some(identities)) => Some(standing(identities.current().state(now))),
        Err(error @ TlsError::OnlyInUnit { .. }) => Some(Finding::note("tls", error.to_string())),
        Err(TlsError::Read { path, source }) if source.kind() == ErrorKind::PermissionDenied => {
            let what = format!("{} may not be read by whoever runs this", path.display());
            Some(Finding::note("tls", what).mended_by("sudo -u andon andonctl doctor"))
        }
        Err(error) => Some(Finding::wrong("tls", chain(&error), "sudo andonctl config check")),
    });
}

fn standing(state: IdentityState) -> Finding {
    match state {
        IdentityState::Fine { .. } => Finding::fine("tls", state.to_string()),
        IdentityState::EndsSoon { .. } | IdentityState::Ended { .. } => {
            Finding::wrong("tls", state.to_string(), "renew it, then sudo systemctl reload andond")
        }
        IdentityState::NotYet { .. } => Finding::wrong("tls", state.to_string(), "date; sudo timedatectl"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Severity;
    use super::*;

    fn found(text: &str) -> Vec<Finding> {
        let config = Config::parse(Path::new("andon.toml"), text).expect("it is whole");
        let mut findings = Vec::new();
        look(&config, Path::new("/nowhere"), Timestamp::from_millis(0), &mut findings);
        findings
    }

    #[test]
    fn what_the_network_hears_is_told_and_what_it_does_not_is_not() {
        assert_eq!(found(""), []);
        let [exposed] = &found("listen = \"0.0.0.0:1\"\ninsecure-lan = true")[..] else {
            panic!("one thing")
        };
        assert_eq!(exposed.severity, Severity::Note);
        assert!(exposed.what.contains("0.0.0.0:1") && exposed.mend.is_some(), "{exposed}");
    }

    #[test]
    fn a_certificate_that_is_not_there_or_ends_is_wrong() {
        let [missing] = &found("[tls]\ncertificate = \"./c.pem\"\nkey = \"./k.pem\"")[..] else {
            panic!("one thing")
        };
        assert_eq!(missing.severity, Severity::Wrong);
        assert!(missing.what.contains("/nowhere/./c.pem"), "{missing}");
        let at = Timestamp::from_millis(1_795_400_000_000);
        for (state, severity) in [
            (IdentityState::Fine { until: at }, Severity::Fine),
            (IdentityState::EndsSoon { at, days: 3 }, Severity::Wrong),
            (IdentityState::Ended { at }, Severity::Wrong),
            (IdentityState::NotYet { from: at }, Severity::Wrong),
        ] {
            assert_eq!(standing(state).severity, severity, "{state:?}");
        }
    }

    #[test]
    fn a_credential_of_the_unit_cannot_be_looked_at_from_here() {
        let [only] = &found("[tls]\ncertificate = \"cert\"\nkey = \"key\"")[..] else { panic!("one thing") };
        assert_eq!(only.severity, Severity::Note);
        assert!(only.what.contains("LoadCredential=cert"), "{only}");
    }
}
