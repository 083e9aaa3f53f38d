//! The HTTP door's own certificate: `[tls]`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Where the certificate and its key lie. Both are PEM files; the certificate's file has its chain behind it.
///
/// A word without a `/` is a credential of the unit (`LoadCredential=NAME:PATH`), which only the daemon sees; everything
/// else is a file, looked for from the configuration's directory.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Tls {
    /// The certificate, and behind it those that vouch for it.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Where the files are on this box, for whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsFiles {
    /// Here.
    Found {
        /// The certificate.
        certificate: PathBuf,
        /// Its key.
        key: PathBuf,
    },
    /// One is a credential of the unit, and whoever asks is not run by it.
    OnlyInUnit {
        /// The credential's name.
        credential: PathBuf,
    },
}

impl Tls {
    /// Where the files are: `base` is the configuration's directory, `credentials` what systemd says
    /// (`$CREDENTIALS_DIRECTORY`).
    pub fn files(&self, base: &Path, credentials: Option<&Path>) -> TlsFiles {
        let place = |path: &Path| match credentials {
            _ if path.as_os_str().as_encoded_bytes().contains(&b'/') => Ok(base.join(path)),
            Some(credentials) => Ok(credentials.join(path)),
            None => Err(TlsFiles::OnlyInUnit { credential: path.to_owned() }),
        };
        match (place(&self.certificate), place(&self.key)) {
            (Ok(certificate), Ok(key)) => TlsFiles::Found { certificate, key },
            (Err(only), _) | (_, Err(only)) => only,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn tls(certificate: &str, key: &str) -> Tls {
        Tls { certificate: certificate.into(), key: key.into() }
    }

    #[test]
    fn a_word_is_a_credential_and_a_path_is_looked_for_from_the_configuration() {
        let base = Path::new("/etc/andon");
        let found = |certificate: &str, key: &str| TlsFiles::Found {
            certificate: certificate.into(),
            key: key.into(),
        };
        assert_eq!(tls("/a/c.pem", "./k.pem").files(base, None), found("/a/c.pem", "/etc/andon/./k.pem"));
        let run = Path::new("/run/credentials/andond.service");
        assert_eq!(
            tls("/a/c.pem", "tls-key").files(base, Some(run)),
            found("/a/c.pem", "/run/credentials/andond.service/tls-key")
        );
        assert_eq!(
            tls("/a/c.pem", "tls-key").files(base, None),
            TlsFiles::OnlyInUnit { credential: "tls-key".into() }
        );
    }

    #[test]
    fn one_without_the_other_and_an_unknown_key_are_told() {
        for (text, expected) in [
            ("[tls]\ncertificate = \"/a\"", "missing field `key`"),
            ("[tls]\nkey = \"/a\"", "missing field `certificate`"),
            (
                "[tls]\ncertificate = \"/a\"\nkey = \"/b\"\nchain = \"/c\"",
                "andon.toml:4: chain: unknown field",
            ),
        ] {
            let told = Config::parse(Path::new("andon.toml"), text).expect_err("it is wrong").to_string();
            assert!(told.contains(expected), "{told}");
        }
    }
}
