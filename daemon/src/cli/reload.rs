//! SIGHUP: the configuration read again. What can be changed while the desk runs is changed, and one line in the journal says
//! what was, and what holds from a restart on. A configuration that is wrong changes nothing.
//!
//! The certificate is read again by [`certificate`](super::certificate); tokens are none of the configuration's.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::signal::unix::Signal;

use crate::chain::chain;
use crate::config::{Config, ConfigError, Sources};
use crate::door::http::Access;
use crate::observe::message;
use crate::run::Handle;

/// The keys, and tables of keys, that can be changed while the desk runs.
const LIVE: [&str; 4] = ["log.level", "board.quiet-hours", "board.quiet-hours-let-through", "limits"];

/// Every key with its value.
type Keys = BTreeMap<String, String>;

/// A configuration file, and what of it holds.
#[derive(Clone)]
pub(super) struct Reload {
    path: PathBuf,
    holds: Keys,
}

impl Reload {
    /// Of what was read at the start.
    pub(super) fn of(path: &Path, sources: &Sources) -> Self {
        Self { path: path.to_owned(), holds: sources.keys() }
    }

    /// Reads it again whenever `hangup` comes.
    pub(super) async fn keep(mut self, handle: Handle, access: Arc<Access>, mut hangup: Signal) {
        while let Some(()) = hangup.recv().await {
            match self.read() {
                Ok((config, changes)) => {
                    apply(&config, &changes.live, &handle, &access);
                    changes.tell(&self.path);
                }
                Err(error) => {
                    log::error!(
                        MESSAGE_ID = message::CONFIG_REFUSED;
                        "SIGHUP: the old configuration holds, and a restart would fail: {}",
                        chain(&error)
                    );
                }
            }
        }
    }

    /// What the file says now, and in what that differs from what holds. From here on its live keys hold.
    fn read(&mut self) -> Result<(Config, Changes), ConfigError> {
        let sources = Sources::read(&self.path)?;
        let config = sources.config()?;
        let said = sources.keys();
        let changes = Changes::between(&self.holds, &said);
        for key in &changes.live {
            match said.get(key) {
                Some(value) => self.holds.insert(key.clone(), value.clone()),
                None => self.holds.remove(key),
            };
        }
        Ok((config, changes))
    }
}

/// The keys that differ.
#[derive(Debug, Default, PartialEq, Eq)]
struct Changes {
    live: BTreeSet<String>,
    /// What a restart brings.
    later: BTreeSet<String>,
}

impl Changes {
    fn between(holds: &Keys, said: &Keys) -> Self {
        let all = holds.keys().chain(said.keys());
        let differing = all.filter(|key| holds.get(*key) != said.get(*key)).cloned();
        let (live, later) = differing.partition(|key| is_live(key));
        Self { live, later }
    }

    /// One line; keys alone, for values may be secret.
    fn tell(&self, path: &Path) {
        let list = |keys: &BTreeSet<String>| keys.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        let (path, live, later) = (path.display(), list(&self.live), list(&self.later));
        match (self.live.is_empty(), self.later.is_empty()) {
            (true, true) => log::info!("SIGHUP: {path} says nothing new"),
            (false, true) => log::info!("SIGHUP: {path} was read again, and holds: {live}"),
            (true, false) => {
                log::warn!("SIGHUP: {path} was read again; this holds from a restart on: {later}");
            }
            (false, false) => {
                log::warn!(
                    "SIGHUP: {path} was read again, and holds: {live}; this holds from a restart on: {later}"
                );
            }
        }
    }
}

fn is_live(key: &str) -> bool {
    LIVE.iter()
        .any(|live| key.strip_prefix(live).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Has what can be changed be as the configuration says.
fn apply(config: &Config, live: &BTreeSet<String>, handle: &Handle, access: &Access) {
    let any = |under: &str| live.iter().any(|key| key.starts_with(under));
    if any("log.") {
        log::set_max_level(config.log.level);
    }
    if any("board.quiet-hours") {
        handle.be_quiet(config.board.quiet());
    }
    // Else rates would be forgotten that are being kept.
    if any("limits.") {
        access.limit(&config.limits);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Keys {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let path = dir.path().join("andon.toml");
        std::fs::write(&path, text).expect("it can be written");
        Sources::read(&path).expect("it can be read").keys()
    }

    fn set(keys: &[&str]) -> BTreeSet<String> {
        keys.iter().map(|key| (*key).to_owned()).collect()
    }

    #[test]
    fn what_can_be_changed_is_told_from_what_needs_a_restart() {
        let before = keys("zone = \"UTC\"\n[log]\nlevel = \"info\"\n[limits]\nburst-per-token = 5\n");
        let after = keys(
            "listen = \"127.0.0.1:1\"\n[log]\nlevel = \"debug\"\n[board]\nquiet-hours = \"20:00-08:00\"\nquiet-hours-x = 1\n",
        );
        let changes = Changes::between(&before, &after);
        assert_eq!(changes.live, set(&["board.quiet-hours", "limits.burst-per-token", "log.level"]));
        assert_eq!(changes.later, set(&["board.quiet-hours-x", "listen", "zone"]));
        assert_eq!(Changes::between(&after, &after), Changes::default());
    }

    #[test]
    fn what_needs_a_restart_is_told_until_there_is_one_and_the_rest_once() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let path = dir.path().join("andon.toml");
        let write = |text: &str| std::fs::write(&path, text).expect("it can be written");
        write("zone = \"UTC\"\n[log]\nlevel = \"info\"\n");
        let mut reload = Reload::of(&path, &Sources::read(&path).expect("it can be read"));
        write("zone = \"Europe/Moscow\"\n[log]\nlevel = \"debug\"\n");
        let (config, changes) = reload.read().expect("it is whole");
        assert_eq!(config.log.level, log::LevelFilter::Debug);
        assert_eq!(changes, Changes { live: set(&["log.level"]), later: set(&["zone"]) });
        assert_eq!(reload.read().expect("it is whole").1, Changes { live: set(&[]), later: set(&["zone"]) });
        write("zone = 5\n[log]\nlevel = \"error\"\n");
        reload.read().expect_err("it is wrong");
        write("zone = \"UTC\"\n[log]\nlevel = \"debug\"\n");
        assert_eq!(reload.read().expect("it is whole").1, Changes::default(), "a wrong one changed nothing");
    }
}
