//! The texts of regulations: each version that was ever run, so that tickets go on under the one they were opened under
//! when the admin has replaced its file.
//!
//! One file a version, `STATE/regulations/ID@VERSION.toml`, the admin's own text to the byte. A file is whole or not
//! there: it is written beside, synced and renamed. What a text says is left to others; its name is for people.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::whole;

/// The directory below the state directory.
const DIR: &str = "regulations";
/// The longest name of a file without its ending, in bytes; a longer one is cut and told apart by its hash.
const NAME_MAX_BYTES: usize = 200;
/// How many hexadecimal digits of the hash tell apart what was cut.
const HASH_DIGITS: usize = 16;

/// What keeping a text came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextKept {
    /// It was kept already.
    Before,
    /// It is kept now.
    Now,
    /// It is kept now, instead of another text of that version.
    Instead,
}

/// A text, or why it cannot be read.
pub type TextRead = (PathBuf, io::Result<String>);

/// Keeps a version's text, durably.
///
/// # Errors
/// What the system said; what was kept before is still there.
pub fn keep_text(state_dir: &Path, id: &str, version: &str, text: &str) -> io::Result<TextKept> {
    keep(state_dir, &name_of(id, version), text)
}

/// Keeps a text under its file's name, which [`is_name`] has passed, durably.
///
/// # Errors
/// What the system said.
pub(super) fn keep_file(state_dir: &Path, file: &str, text: &str) -> io::Result<()> {
    keep(state_dir, file.strip_suffix(".toml").unwrap_or(file), text).map(drop)
}

fn keep(state_dir: &Path, name: &str, text: &str) -> io::Result<TextKept> {
    let dir = state_dir.join(DIR);
    let path = dir.join(format!("{name}.toml"));
    let before = match fs::read(&path) {
        Ok(before) if before == text.as_bytes() => return Ok(TextKept::Before),
        Ok(_) => TextKept::Instead,
        Err(error) if error.kind() == io::ErrorKind::NotFound => TextKept::Now,
        Err(error) => return Err(error),
    };
    if !dir.is_dir() {
        fs::create_dir(&dir)?;
        File::open(state_dir)?.sync_all()?;
    }
    let beside = dir.join(format!("{name}.new"));
    whole::write(&path, &beside, text.as_bytes())?;
    Ok(before)
}

/// Every text that is kept, by name.
///
/// # Errors
/// Where the directory is there and cannot be read.
pub fn kept_texts(state_dir: &Path) -> io::Result<Vec<TextRead>> {
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path);
        (path, text)
    };
    Ok(kept_files(state_dir)?.into_iter().map(read).collect())
}

/// The file of every text that is kept, by name.
///
/// # Errors
/// Where the directory is there and cannot be read.
pub(super) fn kept_files(state_dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(state_dir.join(DIR)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry?.path();
        files.extend((path.extension().is_some_and(|ending| ending == "toml")).then_some(path));
    }
    files.sort_unstable();
    Ok(files)
}

/// Whether a file of this name may be a kept text: one of the names that [`keep_text`] gives.
pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@%~".contains(&byte);
    let is_short = name.len() <= NAME_MAX_BYTES + ".toml".len();
    is_short
        && name.strip_suffix(".toml").is_some_and(|stem| stem.contains('@') && stem.bytes().all(is_plain))
}

/// A file's name for any id and version: what is no letter, digit, `-`, `_` or `.` is percent-encoded.
fn name_of(id: &str, version: &str) -> String {
    let name = format!("{}@{}", safe(id), safe(version));
    if name.len() <= NAME_MAX_BYTES {
        return name;
    }
    let hash = Sha256::digest(name.as_bytes());
    let mut cut = format!("{}~", &name[..NAME_MAX_BYTES - HASH_DIGITS - 1]);
    for byte in hash.iter().take(HASH_DIGITS / 2) {
        write!(cut, "{byte:02x}").expect("writing to a string does not fail");
    }
    cut
}

fn safe(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let mut encoded = String::new();
    for byte in word.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a string does not fail");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn texts(dir: &Path) -> Vec<(String, String)> {
        let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
        kept_texts(dir).unwrap().into_iter().map(|(path, text)| (name(&path), text.unwrap())).collect()
    }

    fn pair(name: &str, text: &str) -> (String, String) {
        (name.to_owned(), text.to_owned())
    }

    #[test]
    fn a_text_is_kept_once_and_another_takes_its_place() {
        let dir = TempDir::new().unwrap();
        assert_eq!(texts(dir.path()), []);
        assert_eq!(keep_text(dir.path(), "getmark", "2024-06-14", "a").unwrap(), TextKept::Now);
        assert_eq!(keep_text(dir.path(), "getmark", "2024-06-14", "a").unwrap(), TextKept::Before);
        assert_eq!(keep_text(dir.path(), "getmark", "2024-06-14", "b").unwrap(), TextKept::Instead);
        assert_eq!(keep_text(dir.path(), "getmark", "2", "c").unwrap(), TextKept::Now);
        let kept = [pair("getmark@2.toml", "c"), pair("getmark@2024-06-14.toml", "b")];
        assert_eq!(texts(dir.path()), kept, "and nothing lies beside them");
        assert_eq!(fs::read_dir(dir.path().join(DIR)).unwrap().count(), 2);
    }

    #[test]
    fn a_write_that_broke_off_is_no_text() {
        let dir = TempDir::new().unwrap();
        keep_text(dir.path(), "a", "1", "whole").unwrap();
        fs::write(dir.path().join(DIR).join("a@2.new"), "hal").unwrap();
        assert_eq!(texts(dir.path()), [pair("a@1.toml", "whole")]);
        assert_eq!(keep_text(dir.path(), "a", "2", "half").unwrap(), TextKept::Now);
        assert_eq!(texts(dir.path()).len(), 2);
    }

    #[test]
    fn any_version_has_a_name_of_its_own_inside_the_directory() {
        let versions = [
            "../../etc/passwd",
            "ред. 3",
            "3/2026",
            "3%2F2026",
            ".",
            "a@b",
            &"ё".repeat(60),
            &"ё".repeat(61),
        ];
        let dir = TempDir::new().unwrap();
        for version in versions {
            assert_eq!(keep_text(dir.path(), "a", version, version).unwrap(), TextKept::Now, "{version}");
        }
        assert_eq!(texts(dir.path()).len(), versions.len());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(name_of("a", "3/2026"), "a@3%2F2026");
        assert_eq!(name_of("a", &"ё".repeat(61)).len(), NAME_MAX_BYTES);
    }

    #[test]
    fn what_cannot_be_written_is_an_error_and_what_was_kept_stays() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join(DIR), "a file, where a directory should be").unwrap();
        assert!(keep_text(dir.path(), "a", "1", "text").is_err());
        assert!(kept_texts(dir.path()).is_err());
    }
}
