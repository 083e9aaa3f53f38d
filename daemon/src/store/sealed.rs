//! Access data, sealed: in `STATE/sealed`, a file for each, `TICKET-ID`.
//!
//! Each text is encrypted under a random key of its own (`XChaCha20Poly1305`), and that key under the box's key, which
//! lies elsewhere ([`BoxKey`]). Both are bound to ticket, field and id, so that no file stands for another. Erasing
//! overwrites the file with zeros, syncs it and removes it: with its own key gone, neither the box's key nor a copy of the
//! text's bytes brings it back. What a card keeps of overwritten blocks is out of reach from here; whoever has that
//! *and* the box's key may still read it, which is why the two are kept apart.
//!
//! Backups do not have these files: what was erased would live on in them. Memory is wiped as far as that is in our hands.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use super::whole;

/// The directory below the state directory.
pub const SEALED_DIR: &str = "sealed";
/// The longest text, in bytes.
pub const SEALED_MAX_BYTES: usize = 4 << 10;
/// Every file begins so.
const MAGIC: &[u8; 8] = b"ANDSEAL1";
/// Texts are filled up to a multiple of so many bytes, so that the length of a file tells little of the text's.
const FILL_BYTES: usize = 256;
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;
/// What encryption adds.
const TAG_BYTES: usize = 16;
/// What a key's file begins with.
const KEY_PREFIX: &str = "andon-sealed-key:";

/// What nobody is to see: its `Debug` hides it, and its memory is wiped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a text in.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for whoever may see it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The box's key.
#[derive(Clone)]
pub struct BoxKey(Zeroizing<[u8; KEY_BYTES]>);

impl fmt::Debug for BoxKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BoxKey(…)")
    }
}

/// Why the box's key cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Its file cannot be read.
    #[error("cannot read the key of access data, {file}", file = file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Its file holds something else.
    #[error("{file} is no key of access data; `andonctl sealed new-key FILE` makes one", file = file.display())]
    Form {
        /// Which.
        file: PathBuf,
    },
    /// Everybody on the box may read it.
    #[error("{file} may be read by everybody; `chmod o-rwx` it, and make a new key if others were on the box", file = file.display())]
    OpenToAll {
        /// Which.
        file: PathBuf,
    },
    /// It lies beside what it seals.
    #[error("{file} lies in the state directory, beside what it seals; keep it elsewhere", file = file.display())]
    Beside {
        /// Which.
        file: PathBuf,
    },
    /// It cannot be written.
    #[error("cannot write the key of access data, {file}", file = file.display())]
    Write {
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The system has no randomness to give.
    #[error("cannot make a key")]
    Random(#[source] getrandom::Error),
}

impl BoxKey {
    /// Reads a key's file, which is to lie outside of the state directory.
    pub fn read(file: &Path, state_dir: &Path) -> Result<Self, KeyError> {
        let path = || file.to_owned();
        let failed = |source| KeyError::Read { file: path(), source };
        let is_beside = match (fs::canonicalize(file), fs::canonicalize(state_dir)) {
            (Ok(file), Ok(state_dir)) => file.starts_with(state_dir),
            (Err(error), _) => return Err(failed(error)),
            (Ok(_), Err(_)) => false,
        };
        if is_beside {
            return Err(KeyError::Beside { file: path() });
        }
        if fs::metadata(file).map_err(failed)?.permissions().mode() & 0o007 != 0 {
            return Err(KeyError::OpenToAll { file: path() });
        }
        let text = Zeroizing::new(fs::read(file).map_err(failed)?);
        let text = std::str::from_utf8(&text).unwrap_or_default().trim();
        let key = text.strip_prefix(KEY_PREFIX).and_then(bytes_of_hex);
        key.map(Self).ok_or_else(|| KeyError::Form { file: path() })
    }

    /// Makes a key and writes it to a file that is not there yet, for its owner alone.
    pub fn make(file: &Path) -> Result<(), KeyError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(key.as_mut()).map_err(KeyError::Random)?;
        let text = Zeroizing::new(format!("{KEY_PREFIX}{}\n", crate::hex::hex(key.as_ref())));
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
        let written = opened.and_then(|mut out| out.write_all(text.as_bytes()).and_then(|()| out.sync_all()));
        written.map_err(|source| KeyError::Write { file: file.to_owned(), source })
    }
}

fn bytes_of_hex(text: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let digits = text.as_bytes();
    if digits.len() != 2 * KEY_BYTES {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        let digit = |digit: u8| char::from(digit).to_digit(16);
        *byte = u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()?;
    }
    Some(bytes)
}

/// Why access data could not be kept or shown. Nothing of it is in here.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealedError {
    /// There is no key.
    #[error("this box has no key for access data")]
    NoKey,
    /// Its file is gone.
    #[error("{file} is not there", file = file.display())]
    Missing {
        /// Where it was.
        file: PathBuf,
    },
    /// It does not open: another key sealed it, or it is damaged.
    #[error("{file} does not open: it is damaged, or was sealed by another key", file = file.display())]
    Unopened {
        /// Which.
        file: PathBuf,
    },
    /// The system has no randomness to give.
    #[error("cannot seal")]
    Random(#[source] getrandom::Error),
    /// The system did not do it.
    #[error("cannot {what} {file}", file = file.display())]
    Io {
        /// write, erase, …
        what: &'static str,
        /// Which.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// Which text: whose, and under which name.
#[derive(Clone, Copy, Debug)]
pub struct SealedName<'a> {
    /// The ticket's number.
    pub ticket: u64,
    /// The regulation's field.
    pub field: &'a str,
    /// Its id: lower-case hex.
    pub id: &'a str,
}

impl SealedName<'_> {
    /// What a key or a text is bound to.
    fn bound(self, what: &str) -> Vec<u8> {
        format!("andon sealed {what}\n{}\n{}\n{}", self.ticket, self.field, self.id).into_bytes()
    }
}

/// The sealed texts of one state directory; clones are the same ones.
#[derive(Clone, Debug)]
pub struct Sealed(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    dir: PathBuf,
    key: Option<BoxKey>,
    /// What is written, and what the record may not name yet.
    coming: Mutex<HashSet<String>>,
    /// What a sweep saw open, as it was then: while its file is that, it need not be opened again.
    seen: Mutex<HashMap<String, Stamp>>,
    /// Whether the directory's own name is durable: once for each start.
    is_dir_durable: AtomicBool,
}

/// What tells a file from the one that stood under its name before: length, and when it was written.
type Stamp = (u64, SystemTime);

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SealedSwept {
    /// Texts that no ticket has, and that are erased now.
    pub erased: u64,
    /// Texts of tickets that do not open.
    pub unopened: u64,
    /// Texts of tickets that could not be read.
    pub unknown: u64,
}

/// What the record says of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedHas {
    /// The ticket has it, under this field.
    Field(String),
    /// No ticket has it.
    No,
    /// It cannot be said.
    Unknown,
}

impl Sealed {
    /// The texts below `state_dir`, under a key; without one none is taken, and none is shown.
    pub fn new(state_dir: &Path, key: Option<BoxKey>) -> Self {
        let dir = state_dir.join(SEALED_DIR);
        Self(Arc::new(Inner {
            dir,
            key,
            coming: Mutex::default(),
            seen: Mutex::default(),
            is_dir_durable: AtomicBool::new(false),
        }))
    }

    /// Whether there is a key.
    pub fn has_key(&self) -> bool {
        self.0.key.is_some()
    }

    /// Seals a text and makes it durable. Dropped before it is kept, it is erased.
    pub fn put(&self, name: SealedName<'_>, text: &Secret) -> Result<Putting, SealedError> {
        let key = self.0.key.as_ref().ok_or(SealedError::NoKey)?;
        let bytes = seal(key, name, text)?;
        self.0.make_dir()?;
        let path = self.0.path(name.ticket, name.id);
        self.0.lock().insert(name.id.to_owned());
        let putting = Putting {
            inner: Arc::clone(&self.0),
            id: name.id.to_owned(),
            path: path.clone(),
            is_kept: false,
        };
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        let written = opened.and_then(|mut file| file.write_all(&bytes).and_then(|()| file.sync_all()));
        written.map_err(|source| SealedError::Io { what: "write", file: path, source })?;
        self.0.sync_dir()?;
        Ok(putting)
    }

    /// The text.
    pub fn open(&self, name: SealedName<'_>) -> Result<Secret, SealedError> {
        let key = self.0.key.as_ref().ok_or(SealedError::NoKey)?;
        let path = self.0.path(name.ticket, name.id);
        let bytes = fs::read(&path).map_err(|source| {
            if source.kind() == io::ErrorKind::NotFound {
                SealedError::Missing { file: path.clone() }
            } else {
                SealedError::Io { what: "read", file: path.clone(), source }
            }
        })?;
        unseal(key, name, &bytes).ok_or(SealedError::Unopened { file: path })
    }

    /// Erases each text that no ticket has: of tickets that were closed, texts that others took the place of, and what
    /// was being put when the daemon ended. `has` says what the record knows of a ticket's text.
    ///
    /// # Errors
    /// The first that came up; all else was erased nevertheless.
    pub fn sweep(&self, has: impl Fn(u64, &str) -> SealedHas) -> Result<SealedSwept, SealedError> {
        let mut swept = SealedSwept::default();
        let mut seen = HashMap::new();
        let mut first_error = None;
        let failed = |source| SealedError::Io { what: "read", file: self.0.dir.clone(), source };
        let entries = match fs::read_dir(&self.0.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(swept),
            entries => entries.map_err(failed)?,
        };
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            let Some((ticket, id)) = name.to_str().and_then(parse) else { continue };
            // Before it is asked for: what has been put meanwhile is in the record then.
            if self.0.lock().contains(id) {
                continue;
            }
            match has(ticket, id) {
                SealedHas::Field(field) => {
                    match self.stamp_of_opened(SealedName { ticket, field: &field, id }) {
                        Some(stamp) => drop(seen.insert(id.to_owned(), stamp)),
                        None => swept.unopened += 1,
                    }
                }
                SealedHas::No => match self.0.erase(&self.0.path(ticket, id)) {
                    Ok(()) => swept.erased += 1,
                    Err(error) => drop(first_error.get_or_insert(error)),
                },
                SealedHas::Unknown => swept.unknown += 1,
            }
        }
        *self.0.seen.lock().unwrap_or_else(PoisonError::into_inner) = seen;
        first_error.map_or(Ok(swept), Err)
    }

    /// When a text that opens was written; none where it does not open.
    fn stamp_of_opened(&self, name: SealedName<'_>) -> Option<Stamp> {
        self.0.key.as_ref()?;
        let about = fs::metadata(self.0.path(name.ticket, name.id)).ok()?;
        let stamp = (about.len(), about.modified().ok()?);
        let seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner).get(name.id).copied();
        (seen == Some(stamp) || self.open(name).is_ok()).then_some(stamp)
    }
}

fn parse(name: &str) -> Option<(u64, &str)> {
    let (ticket, id) = name.split_once('-')?;
    let is_hex = !id.is_empty() && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    Some((ticket.parse().ok()?, id)).filter(|_| is_hex)
}

impl Inner {
    fn path(&self, ticket: u64, id: &str) -> PathBuf {
        self.dir.join(format!("{ticket}-{id}"))
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn make_dir(&self) -> Result<(), SealedError> {
        if self.is_dir_durable.load(Ordering::Acquire) && self.dir.is_dir() {
            return Ok(());
        }
        let failed = |source| SealedError::Io { what: "make", file: self.dir.clone(), source };
        whole::make_dir(&self.dir).map_err(failed)?;
        self.is_dir_durable.store(true, Ordering::Release);
        Ok(())
    }

    fn sync_dir(&self) -> Result<(), SealedError> {
        whole::sync_dir(&self.dir).map_err(|source| SealedError::Io {
            what: "sync",
            file: self.dir.clone(),
            source,
        })
    }

    fn erase(&self, path: &Path) -> Result<(), SealedError> {
        let erased = (|| {
            let mut file = match OpenOptions::new().write(true).open(path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
                file => file?,
            };
            let mut left = file.metadata()?.len();
            let zeros = [0; 4096];
            while left > 0 {
                let step = usize::try_from(left).unwrap_or(zeros.len()).min(zeros.len());
                file.write_all(&zeros[..step])?;
                left -= step as u64;
            }
            // The zeros are on the disk before the name goes.
            file.sync_all()?;
            match fs::remove_file(path) {
                // Somebody else erased it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                removed => removed,
            }
        })();
        erased.map_err(|source| SealedError::Io { what: "erase", file: path.to_owned(), source })?;
        self.sync_dir()
    }
}

/// A text that is sealed and durable.
#[derive(Debug)]
pub struct Putting {
    inner: Arc<Inner>,
    id: String,
    path: PathBuf,
    is_kept: bool,
}

impl Putting {
    /// The record names it, or may name it: it stays.
    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Putting {
    fn drop(&mut self) {
        if !self.is_kept
            && let Err(error) = self.inner.erase(&self.path)
        {
            // The next sweep erases it.
            log::error!("access data that was not taken is still there: {}", crate::chain::chain(&error));
        }
        self.inner.lock().remove(&self.id);
    }
}

fn seal(key: &BoxKey, name: SealedName<'_>, text: &Secret) -> Result<Vec<u8>, SealedError> {
    let mut own = Zeroizing::new([0; KEY_BYTES]);
    let (mut key_nonce, mut text_nonce) = ([0; NONCE_BYTES], [0; NONCE_BYTES]);
    for bytes in [own.as_mut(), key_nonce.as_mut(), text_nonce.as_mut()] {
        getrandom::fill(bytes).map_err(SealedError::Random)?;
    }
    let words = text.reveal().as_bytes();
    let whole = (words.len() + 4).next_multiple_of(FILL_BYTES);
    let mut plain = Zeroizing::new(Vec::with_capacity(whole));
    plain.extend_from_slice(&u32::try_from(words.len()).expect("a text is short").to_le_bytes());
    plain.extend_from_slice(words);
    plain.resize(whole, 0);
    let wrapped = encrypt(&key.0, &key_nonce, own.as_ref(), &name.bound("key"));
    let sealed = encrypt(&own, &text_nonce, &plain, &name.bound("text"));
    Ok([MAGIC.as_slice(), &key_nonce, &wrapped, &text_nonce, &sealed].concat())
}

fn unseal(key: &BoxKey, name: SealedName<'_>, bytes: &[u8]) -> Option<Secret> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (key_nonce, rest) = rest.split_at_checked(NONCE_BYTES)?;
    let (wrapped, rest) = rest.split_at_checked(KEY_BYTES + TAG_BYTES)?;
    let (text_nonce, sealed) = rest.split_at_checked(NONCE_BYTES)?;
    let own = decrypt(&key.0, key_nonce, wrapped, &name.bound("key"))?;
    let own = Zeroizing::new(<[u8; KEY_BYTES]>::try_from(own.as_slice()).ok()?);
    let plain = decrypt(&own, text_nonce, sealed, &name.bound("text"))?;
    let (length, words) = plain.split_at_checked(4)?;
    let length = usize::try_from(u32::from_le_bytes(length.try_into().ok()?)).ok()?;
    Some(Secret::new(std::str::from_utf8(words.get(..length)?).ok()?.to_owned()))
}

fn encrypt(key: &[u8; KEY_BYTES], nonce: &[u8; NONCE_BYTES], msg: &[u8], aad: &[u8]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.encrypt(&XNonce::from(*nonce), Payload { msg, aad }).expect("a short text can be encrypted")
}

fn decrypt(key: &[u8; KEY_BYTES], nonce: &[u8], msg: &[u8], aad: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
    let cipher = XChaCha20Poly1305::new(key.into());
    cipher.decrypt(&XNonce::from(nonce), Payload { msg, aad }).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const NAME: SealedName<'_> = SealedName { ticket: 7, field: "password", id: "aa" };

    fn key(dir: &TempDir) -> BoxKey {
        let file = dir.path().join("key");
        if !file.exists() {
            BoxKey::make(&file).unwrap();
        }
        BoxKey::read(&file, &dir.path().join("state")).unwrap()
    }

    fn sealed(dir: &TempDir) -> Sealed {
        let state = dir.path().join("state");
        fs::create_dir_all(&state).unwrap();
        Sealed::new(&state, Some(key(dir)))
    }

    fn path(dir: &TempDir, name: &str) -> PathBuf {
        dir.path().join("state/sealed").join(name)
    }

    #[test]
    fn a_text_comes_back_and_stands_nowhere_in_its_file() {
        let dir = TempDir::new().unwrap();
        let sealed = sealed(&dir);
        for text in ["", "пароль-7 ключ", &"я".repeat(SEALED_MAX_BYTES / 2)] {
            sealed.put(NAME, &Secret::new(text.to_owned())).unwrap().keep();
            assert_eq!(sealed.open(NAME).unwrap().reveal(), text);
            let bytes = fs::read(path(&dir, "7-aa")).unwrap();
            let is_in = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
            assert!(text.len() < 8 || !is_in(&text.as_bytes()[..8]));
            assert_eq!(
                (bytes.len() - MAGIC.len() - 2 * NONCE_BYTES - KEY_BYTES - 2 * TAG_BYTES) % FILL_BYTES,
                0
            );
            assert_eq!(fs::metadata(path(&dir, "7-aa")).unwrap().permissions().mode() & 0o777, 0o600);
            fs::remove_file(path(&dir, "7-aa")).unwrap();
        }
    }

    #[test]
    fn no_file_stands_for_another_and_no_bit_of_one_may_change() {
        let dir = TempDir::new().unwrap();
        let sealed = sealed(&dir);
        sealed.put(NAME, &Secret::new("секрет".to_owned())).unwrap().keep();
        let good = fs::read(path(&dir, "7-aa")).unwrap();
        fs::write(path(&dir, "8-aa"), &good).unwrap();
        fs::write(path(&dir, "7-ab"), &good).unwrap();
        for name in [
            SealedName { ticket: 8, ..NAME },
            SealedName { id: "ab", ..NAME },
            SealedName { field: "account", ..NAME },
        ] {
            assert!(matches!(sealed.open(name), Err(SealedError::Unopened { .. })), "{name:?}");
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(unseal(&key(&dir), NAME, &bad).is_none(), "byte {at}");
            assert!(unseal(&key(&dir), NAME, &good[..at]).is_none(), "cut at {at}");
        }
        fs::remove_file(dir.path().join("key")).unwrap();
        let other = Sealed::new(&dir.path().join("state"), Some(key(&dir)));
        assert!(matches!(other.open(NAME), Err(SealedError::Unopened { .. })), "another key");
        let without = Sealed::new(&dir.path().join("state"), None);
        assert!(matches!(without.open(NAME), Err(SealedError::NoKey)));
        assert!(matches!(without.put(NAME, &Secret::new(String::new())), Err(SealedError::NoKey)));
    }

    #[test]
    fn what_is_not_taken_is_erased_and_so_is_what_no_ticket_has() {
        let dir = TempDir::new().unwrap();
        let sealed = sealed(&dir);
        let text = Secret::new("секрет".to_owned());
        drop(sealed.put(NAME, &text).unwrap());
        assert!(!path(&dir, "7-aa").exists());
        for id in ["aa", "ab", "ac", "ad"] {
            sealed.put(SealedName { id, ..NAME }, &text).unwrap().keep();
        }
        let coming = sealed.put(SealedName { id: "ae", ..NAME }, &text).unwrap();
        // Another name for the bytes, to see what became of them.
        fs::hard_link(path(&dir, "7-ab"), dir.path().join("seen")).unwrap();
        fs::write(path(&dir, "7-ad"), "damaged").unwrap();
        let has = |_: u64, id: &str| match id {
            "aa" | "ad" => SealedHas::Field("password".to_owned()),
            "ab" => SealedHas::No,
            _ => SealedHas::Unknown,
        };
        assert_eq!(sealed.sweep(has).unwrap(), SealedSwept { erased: 1, unopened: 1, unknown: 1 });
        coming.keep();
        assert!(!path(&dir, "7-ab").exists() && path(&dir, "7-ae").exists());
        assert!(
            fs::read(dir.path().join("seen")).unwrap().iter().all(|byte| *byte == 0),
            "overwritten first"
        );
    }

    #[test]
    fn a_text_that_cannot_be_erased_keeps_no_other_from_it() {
        let dir = TempDir::new().unwrap();
        let sealed = sealed(&dir);
        let text = Secret::new("секрет".to_owned());
        for id in ["aa", "ab", "ac"] {
            sealed.put(SealedName { id, ..NAME }, &text).unwrap().keep();
        }
        // A directory cannot be overwritten, whoever runs this.
        fs::create_dir(path(&dir, "7-ad")).unwrap();
        fs::create_dir(path(&dir, "7-a0")).unwrap();
        assert!(matches!(sealed.sweep(|_, _| SealedHas::No), Err(SealedError::Io { what: "erase", .. })));
        let mut left: Vec<_> =
            fs::read_dir(path(&dir, "")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["7-a0", "7-ad"]);
    }

    #[test]
    fn two_that_erase_the_same_text_both_have_erased_it() {
        let dir = TempDir::new().unwrap();
        let sealed = sealed(&dir);
        for _ in 0..50 {
            sealed.put(NAME, &Secret::new("секрет".to_owned())).unwrap().keep();
            let path = path(&dir, "7-aa");
            std::thread::scope(|threads| {
                let erasing: Vec<_> = (0..4).map(|_| threads.spawn(|| sealed.0.erase(&path))).collect();
                for erased in erasing {
                    erased.join().unwrap().unwrap();
                }
            });
        }
    }

    #[test]
    fn a_text_that_was_seen_to_open_is_opened_again_only_when_it_was_written() {
        let dir = TempDir::new().unwrap();
        let sealed = sealed(&dir);
        sealed.put(NAME, &Secret::new("секрет".to_owned())).unwrap().keep();
        let sweep = || sealed.sweep(|_, _| SealedHas::Field("password".to_owned())).unwrap().unopened;
        assert_eq!(sweep(), 0);
        let written = fs::metadata(path(&dir, "7-aa")).unwrap().modified().unwrap();
        let spoil = |at| {
            let mut bytes = fs::read(path(&dir, "7-aa")).unwrap();
            bytes[20] ^= 1;
            fs::write(path(&dir, "7-aa"), bytes).unwrap();
            OpenOptions::new().write(true).open(path(&dir, "7-aa")).unwrap().set_modified(at).unwrap();
        };
        // Nobody looks into it.
        spoil(written);
        assert_eq!(sweep(), 0);
        spoil(written);
        spoil(written + std::time::Duration::from_secs(1));
        assert_eq!(sweep(), 1);
    }

    #[test]
    fn a_key_lies_elsewhere_and_is_nobody_elses() {
        let dir = TempDir::new().unwrap();
        let state = dir.path().join("state");
        fs::create_dir(&state).unwrap();
        let file = dir.path().join("key");
        BoxKey::make(&file).unwrap();
        assert!(matches!(BoxKey::make(&file), Err(KeyError::Write { .. })), "none is written over");
        fs::copy(&file, state.join("key")).unwrap();
        assert!(matches!(BoxKey::read(&state.join("key"), &state), Err(KeyError::Beside { .. })));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(BoxKey::read(&file, &state), Err(KeyError::OpenToAll { .. })));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        fs::write(&file, "andon-sealed-key:0123").unwrap();
        assert!(matches!(BoxKey::read(&file, &state), Err(KeyError::Form { .. })));
        assert!(matches!(BoxKey::read(&dir.path().join("none"), &state), Err(KeyError::Read { .. })));
        assert_eq!(format!("{:?} {:?}", Secret::new("x".into()), key_of_zeros()), "Secret(…) BoxKey(…)");
    }

    fn key_of_zeros() -> BoxKey {
        BoxKey(Zeroizing::new([0; KEY_BYTES]))
    }
}
