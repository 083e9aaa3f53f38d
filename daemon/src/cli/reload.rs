//! SIGHUP: the configuration read again. What can be changed while the desk runs is changed, and one line in the journal says
//! what was, and what holds from a restart on. A configuration that is wrong changes nothing.
//!
//! The certificate is read again by [`certificate`](super::certificate); tokens are none of the configuration's. A password's
//! file is read whenever somebody signs in anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::signal::unix::Signal;
use tokio::sync::watch;

use crate::board::Brightness;
use crate::chain::chain;
use crate::config::{Config, ConfigError, Sources};
use crate::door::http::Access;
use crate::observe::message;
use crate::run::Handle;

/// The keys, and tables of keys, that can be changed while the desk runs; any entry of a list of tables is `[]`.
const LIVE: [&str; 6] = [
    "log.level",
    "board.quiet-hours",
    "board.quiet-hours-let-through",
    "board.panel[].brightness",
    "board.strip.brightness",
    "limits",
];
/// Those of mail and chats, in and out.
const MAIL: [&str; 6] = ["mail", "mail-address", "mail-in", "imap", "lmtp", "chat"];

/// Every key with its value.
type Keys = BTreeMap<String, String>;

/// A configuration file, and what of it holds.
#[derive(Clone)]
pub(super) struct Reload {
    path: PathBuf,
    /// The regulations that the command line names instead of the file's.
    regulations: Vec<String>,
    /// Where the desk runs, whatever the file says now.
    state_dir: PathBuf,
    holds: Keys,
}

/// What a change is told to.
pub(super) struct Followers {
    pub(super) handle: Handle,
    pub(super) access: Arc<Access>,
    pub(super) brightness: Brightness,
    /// Letters out and mail in have a task of their own: it takes seconds.
    pub(super) mail: watch::Sender<Option<Arc<Config>>>,
}

impl Reload {
    /// Of what was read at the start, with the regulations that the command line names instead, and the directory of the books.
    pub(super) fn of(path: &Path, sources: &Sources, regulations: &[String], state_dir: &Path) -> Self {
        let (path, state_dir) = (path.to_owned(), state_dir.to_owned());
        Self { path, regulations: regulations.to_owned(), state_dir, holds: sources.keys() }
    }

    /// Reads it again whenever `hangup` comes.
    pub(super) async fn keep(mut self, followers: Followers, mut hangup: Signal) {
        while let Some(()) = hangup.recv().await {
            match self.read() {
                Ok((config, changes)) => {
                    followers.follow(config, &changes.live);
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
        let mut config = sources.config()?;
        config.state_dir.clone_from(&self.state_dir);
        let mut base = self.path.parent().unwrap_or(Path::new("."));
        if !self.regulations.is_empty() {
            config.regulations.clone_from(&self.regulations);
            base = Path::new(".");
        }
        // Mail and chats name what their regulations have.
        config.regulations(base)?;
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
    LIVE.iter().chain(&MAIL).any(|live| is_under(key, live))
}

/// Whether a key is this one, or in this table.
fn is_under(key: &str, table: &str) -> bool {
    let mut plain = String::new();
    for piece in key.split_inclusive('[') {
        // `board.panel[1].brightness` is an entry's; which does not matter.
        plain += piece.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    plain.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

impl Followers {
    /// Has what can be changed be as the configuration says.
    fn follow(&self, config: Config, live: &BTreeSet<String>) {
        let any = |table: &str| live.iter().any(|key| is_under(key, table));
        if any("log") {
            log::set_max_level(config.log.level);
        }
        if any("board.quiet-hours") || any("board.quiet-hours-let-through") {
            self.handle.be_quiet(config.board.quiet());
        }
        if any("board") {
            self.brightness.follow(&config.board);
        }
        // Else rates would be forgotten that are being kept.
        if any("limits") {
            self.access.limit(&config.limits);
        }
        // Else letters that are under way would be held up for nothing.
        if MAIL.into_iter().any(any) {
            self.mail.send_replace(Some(Arc::new(config)));
        }
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
    fn mail_and_brightness_can_be_changed_while_the_desk_runs_and_what_is_beside_them_cannot() {
        let before = keys("[[board.panel]]\nkind = \"max7219\"\n[mail]\nhost = \"a\"\n");
        let after = keys(
            "mailbox = 1\n[[board.panel]]\nkind = \"max7219\"\nbrightness = 9\ncolumns = 8\n[board.strip]\nbrightness = 5\n\
             leds = 9\n[mail]\nhost = \"b\"\n[mail.departments]\nlegal = \"l@example.org\"\n[[mail-address]]\ntype = \"error\"\n\
             [[chat]]\nurl = \"x\"\n[mail-in]\nmax-mail = \"1M\"\n[imap]\nuser = \"u\"\n[lmtp]\nlisten = \"s\"\n",
        );
        let changes = Changes::between(&before, &after);
        let live = [
            "board.panel[0].brightness",
            "board.strip.brightness",
            "chat[0].url",
            "imap.user",
            "lmtp.listen",
            "mail-address[0].type",
            "mail-in.max-mail",
            "mail.departments.legal",
            "mail.host",
        ];
        assert_eq!(changes.live, set(&live));
        assert_eq!(changes.later, set(&["board.panel[0].columns", "board.strip.leds", "mailbox"]));
    }

    #[test]
    fn what_needs_a_restart_is_told_until_there_is_one_and_the_rest_once() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let path = dir.path().join("andon.toml");
        let write = |text: &str| std::fs::write(&path, text).expect("it can be written");
        write("zone = \"UTC\"\n[log]\nlevel = \"info\"\n");
        let mut reload = Reload::of(&path, &Sources::read(&path).expect("it can be read"), &[], dir.path());
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
