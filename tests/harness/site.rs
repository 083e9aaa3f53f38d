//! A site of the real binary: its state directory, the configuration beside it, and the token of its first agent.

use std::path::{Path, PathBuf};

use crate::daemon::Daemon;

/// A directory with a configuration and a state, on which a daemon has run once for its first token.
pub struct Site {
    dir: tempfile::TempDir,
    token: String,
}

impl Site {
    /// One with that configuration.
    ///
    /// # Panics
    /// Where its first daemon does not end as asked, or the configuration cannot be written.
    pub fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let first = Daemon::start(&dir.path().join("state"), &[]);
        let token = first.token().to_owned();
        assert_eq!(first.stop().code(), Some(0));
        let site = Self { dir, token };
        site.write("andon.toml", config);
        site
    }

    /// Writes a file beside the configuration, or the configuration anew.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir().join(name), text).expect("a file can be written");
    }

    /// Where the configuration lies.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The state directory.
    pub fn state(&self) -> PathBuf {
        self.dir().join("state")
    }

    /// The name of the configuration.
    pub fn config(&self) -> String {
        self.dir().join("andon.toml").display().to_string()
    }

    /// The first agent's token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Starts the daemon, and waits until its desk is there.
    pub fn start(&self) -> Daemon {
        self.start_on(&self.state())
    }

    /// Starts a daemon of that configuration on another state that knows the token.
    pub fn start_on(&self, state: &Path) -> Daemon {
        Daemon::start_with_config(state, &self.config(), &self.token)
    }
}
