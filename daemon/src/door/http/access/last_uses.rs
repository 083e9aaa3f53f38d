//! When and from where each token was used last.
//!
//! It is no event: nothing depends on it, and a request must not cost a write. It is kept in memory and, so that a restart
//! does not forget it, in a small file beside the books: at most once in ten minutes while it changes, and at the end. What
//! the last minutes before a power cut brought is lost.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use calendars::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::run::tokens::Tokens;
use crate::store::whole;

/// How often the file is written at most, in seconds.
pub(super) const KEPT_EVERY_S: u64 = 600;
/// The file, in the state directory.
const FILE: &str = "last-uses.json";
/// How many digits of a secret's sum name a token here: one of the same name that is added later is another.
const SUM_DIGITS: usize = 16;

/// When a token was used last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::door::http) struct LastUse {
    /// When, in the desk's time.
    pub at: Timestamp,
    /// From which address.
    pub from: IpAddr,
}

/// The last use of each token.
pub(super) struct LastUses {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    uses: BTreeMap<SmolStr, LastUse>,
    has_changed: bool,
    /// Whether somebody will write the file in a while.
    is_awaited: bool,
}

impl LastUses {
    /// As they were kept in the state directory. Without a file, or with one that cannot be read, nothing is known yet.
    pub(super) fn open(state_dir: &Path) -> Self {
        let path = state_dir.join(FILE);
        let uses = read(&path).unwrap_or_else(|error| {
            log::warn!("when tokens were used last is not known: {} cannot be read: {error}", path.display());
            BTreeMap::new()
        });
        Self { path, state: Mutex::new(State { uses, ..State::default() }) }
    }

    /// A token of that sum was used. True where the caller is to see to it that the file is written in a while.
    pub(super) fn note(&self, hash: &str, from: IpAddr, at: Timestamp) -> bool {
        let mut state = self.lock();
        state.uses.insert(id(hash), LastUse { at, from });
        state.has_changed = true;
        !std::mem::replace(&mut state.is_awaited, true)
    }

    /// When a token of that sum was used last.
    pub(super) fn of(&self, hash: &str) -> Option<LastUse> {
        self.lock().uses.get(&id(hash)).copied()
    }

    /// Writes the file, if anything has changed since it was written. False where nothing has, and nobody need come again.
    pub(super) fn keep(&self, tokens: &Tokens) -> bool {
        let json = {
            let mut state = self.lock();
            state.is_awaited = state.has_changed;
            if !std::mem::take(&mut state.has_changed) {
                return false;
            }
            let there: Vec<_> = tokens.iter().map(|token| id(&token.hash)).collect();
            state.uses.retain(|id, _| there.contains(id));
            serde_json::to_vec(&state.uses).expect("times and addresses are plain data")
        };
        if let Err(error) = whole::write(&self.path, &self.path.with_extension("json.partial"), &json) {
            log::warn!("when tokens were used last could not be kept in {}: {error}", self.path.display());
        }
        true
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn id(hash: &str) -> SmolStr {
    hash.get(..SUM_DIGITS).unwrap_or(hash).into()
}

fn read(path: &Path) -> io::Result<BTreeMap<SmolStr, LastUse>> {
    match std::fs::read(path) {
        Ok(json) => Ok(serde_json::from_slice(&json)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeMap::new()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Role;
    use crate::desk::command::Token;

    fn hash(n: usize) -> String {
        format!("{n:016x}{}", "0".repeat(48))
    }

    fn tokens(of: &[usize]) -> Tokens {
        Tokens::new(of.iter().map(|n| Token::named(&format!("bot-{n}"), Role::Agent, &hash(*n))).collect())
    }

    fn used(uses: &LastUses, n: usize, ms: i64) -> bool {
        uses.note(&hash(n), IpAddr::from([192, 168, 1, 7]), Timestamp::from_millis(ms))
    }

    #[test]
    fn a_thousand_uses_ask_for_one_writing_and_none_without_a_use() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let uses = LastUses::open(dir.path());
        assert!(!uses.keep(&tokens(&[1])), "nothing has changed");
        assert!(!dir.path().join(FILE).exists());
        let asked = (0..1_000).filter(|ms| used(&uses, 1, *ms)).count();
        assert_eq!(asked, 1);
        assert!(uses.keep(&tokens(&[1])), "it is written, and somebody comes again");
        assert!(!used(&uses, 1, 2_000), "whoever wrote it comes again");
        assert!(uses.keep(&tokens(&[1])));
        assert!(!uses.keep(&tokens(&[1])), "nothing has changed meanwhile, nobody comes again");
        assert!(used(&uses, 1, 3_000), "somebody is asked for anew");
    }

    #[test]
    fn a_restart_knows_what_was_kept_and_nothing_of_tokens_that_are_gone() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let uses = LastUses::open(dir.path());
        used(&uses, 1, 5);
        used(&uses, 2, 6);
        uses.keep(&tokens(&[1]));
        let again = LastUses::open(dir.path());
        let expected = LastUse { at: Timestamp::from_millis(5), from: IpAddr::from([192, 168, 1, 7]) };
        assert_eq!((again.of(&hash(1)), again.of(&hash(2))), (Some(expected), None));
    }

    #[test]
    fn a_file_that_is_spoilt_is_no_reason_not_to_start() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        std::fs::write(dir.path().join(FILE), b"{\"00").expect("a file");
        let uses = LastUses::open(dir.path());
        assert_eq!(uses.of(&hash(1)), None);
        used(&uses, 1, 5);
        uses.keep(&tokens(&[1]));
        assert!(LastUses::open(dir.path()).of(&hash(1)).is_some());
    }
}
