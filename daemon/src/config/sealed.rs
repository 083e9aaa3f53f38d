//! `[sealed]`: where the key of access data lies.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::store::{BoxKey, KeyError};

/// What systemd calls the key, where it hands it over (`LoadCredential=`).
const CREDENTIAL: &str = "andon-sealed-key";

/// The key of access data (PM-C7). Without one none is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Sealed {
    /// The key's file, made by `andonctl sealed new-key FILE`; it lies outside of the state directory, and only
    /// andond reads it. Default: systemd's credential `andon-sealed-key`, where there is one.
    pub key_file: Option<PathBuf>,
}

impl Sealed {
    /// The key; none where nobody made one. `credentials` is systemd's directory of them.
    ///
    /// # Errors
    /// [`KeyError`]: it is there and cannot be used.
    pub fn key(&self, credentials: Option<&Path>, state_dir: &Path) -> Result<Option<BoxKey>, KeyError> {
        let credential = credentials.map(|dir| dir.join(CREDENTIAL)).filter(|file| file.exists());
        let file = self.key_file.clone().or(credential);
        file.map(|file| BoxKey::read(&file, state_dir)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn the_key_is_that_of_the_file_or_else_of_systemd_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let (state, file) = (dir.path().join("state"), dir.path().join("key"));
        let none = Sealed::default();
        assert!(none.key(None, &state).unwrap().is_none());
        assert!(none.key(Some(dir.path()), &state).unwrap().is_none());
        BoxKey::make(&dir.path().join(CREDENTIAL)).unwrap();
        assert!(none.key(Some(dir.path()), &state).unwrap().is_some());
        let named = Sealed { key_file: Some(file.clone()) };
        let told = named.key(Some(dir.path()), &state).unwrap_err().to_string();
        assert_eq!(told, format!("cannot read the key of access data, {}", file.display()));
        BoxKey::make(&file).unwrap();
        assert!(named.key(None, &state).unwrap().is_some());
    }

    #[test]
    fn an_unknown_key_is_told_with_the_nearest() {
        let wrong =
            Config::parse(Path::new("andon.toml"), "[sealed]\nkeyfile = \"/etc/andon/key\"").unwrap_err();
        let told = wrong.to_string();
        assert!(
            told.starts_with("andon.toml:2: keyfile: unknown field") && told.contains("key-file"),
            "{told}"
        );
    }
}
