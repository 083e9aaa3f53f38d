//! The format of a state directory, and the way from an older one to today's.
//!
//! `STATE/format` says which format the directory has, which version of the program gave it that format, and when it was
//! migrated last. Formats only go forward: what a newer version wrote is refused and left as it is. Each step to the
//! next format is a [`Migration`]; it may be done twice, since the power may go between its end and the new number.
//!
//! A change needs a new format only where an older program would read the directory wrongly. A field that is added with
//! a default needs none, nor does another form of the tickets in sled, which are rebuilt.
//!
//! | format | what it is |
//! | --- | --- |
//! | 1 | ledger segments of version 1 with entries as JSON, `regulations/ID@VERSION.toml`; at first without `STATE/format` |

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::whole;

/// The format that this version writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// The file below the state directory.
const FILE: &str = "format";

/// The steps to today's format, in order; the first leads to format 2.
const MIGRATIONS: &[Migration] = &[];

/// One step forward, from the format before it.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The format that the directory has after it.
    pub to: u32,
    /// What it changes, for the journal.
    pub what: &'static str,
    /// Does it, durably, in a state directory whose lock is held. It may find its own work half done or done.
    pub run: fn(&Path) -> io::Result<()>,
}

/// What `STATE/format` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// The format's number, from 1.
    pub format: u32,
    /// The version of the program that gave the directory this format.
    pub program: String,
    /// When the directory was migrated last, RFC 3339; none where it has its first format.
    #[serde(default)]
    pub migrated_at: Option<String>,
}

/// Why a directory's format is not one to work with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// A newer version of the program wrote it; it was left as it is.
    #[error(
        "{what} has format {found}, written by andond {program}, and this version reads up to format {known}; install andond {program} or newer, or restore a backup that this version made"
    )]
    Newer {
        /// Which directory or file.
        what: String,
        /// The format it has.
        found: u32,
        /// The version that wrote it.
        program: String,
        /// The newest format that this version reads.
        known: u32,
    },
    /// `STATE/format` says nothing that can be read.
    #[error("{file} is damaged; if this version of andond wrote the directory last, remove that file, else restore a backup", file = file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// `STATE/format` cannot be read.
    #[error("cannot read {file}", file = file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// `STATE/format` cannot be written.
    #[error("cannot write {file}", file = file.display())]
    Write {
        /// The file.
        file: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A step forward failed. It is done again at the next start.
    #[error("cannot bring {dir} to format {to}: {what}", dir = dir.display())]
    Migrate {
        /// The state directory.
        dir: PathBuf,
        /// The format it was to get.
        to: u32,
        /// What the step changes.
        what: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What opening a directory's format came to.
#[derive(Debug)]
pub struct Opened {
    /// The format that the directory had.
    pub from: u32,
    /// What the steps changed that were done, in order.
    pub steps: Vec<&'static str>,
    /// Why today's format could not be written down, where nothing else was to be done. It is tried again at the next
    /// start: a full disk must not keep the desk from starting.
    pub not_written: Option<FormatError>,
}

/// Sees to it that the state directory `dir` has today's format, and says so in `STATE/format`.
///
/// The caller holds the directory's lock. `program` is this program's version and `now` the time, RFC 3339.
pub fn open(dir: &Path, program: &str, now: &str) -> Result<Opened, FormatError> {
    open_as(dir, FORMAT, MIGRATIONS, program, now)
}

/// What the directory's file says; `None` where there is no such file.
pub fn read(dir: &Path) -> Result<Option<Format>, FormatError> {
    let file = dir.join(FILE);
    match fs::read(&file) {
        Ok(text) => {
            serde_json::from_slice(&text).map(Some).map_err(|source| FormatError::Damaged { file, source })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FormatError::Read { file, source }),
    }
}

/// Writes the directory's file durably: whole or not at all.
pub fn write(dir: &Path, format: &Format) -> Result<(), FormatError> {
    let file = dir.join(FILE);
    let beside = dir.join("format.new");
    let written = (|| {
        let mut text = serde_json::to_vec(format)?;
        text.push(b'\n');
        whole::write(&file, &beside, &text)
    })();
    written.map_err(|source| FormatError::Write { file, source })
}

/// Refuses what a newer version wrote; `what` names it.
pub fn check_known(what: impl FnOnce() -> String, format: u32, program: &str) -> Result<(), FormatError> {
    check_within(what, format, program, FORMAT)
}

fn check_within(
    what: impl FnOnce() -> String,
    found: u32,
    program: &str,
    known: u32,
) -> Result<(), FormatError> {
    if found <= known {
        return Ok(());
    }
    Err(FormatError::Newer { what: what(), found, program: program.to_owned(), known })
}

fn open_as(
    dir: &Path,
    known: u32,
    migrations: &[Migration],
    program: &str,
    now: &str,
) -> Result<Opened, FormatError> {
    let stamped = read(dir)?;
    // Before there was a file, every directory had format 1; an empty one is of today's.
    let from = match &stamped {
        Some(stamped) => stamped.format,
        None if dir.join("ledger").exists() => 1,
        None => known,
    };
    if let Some(stamped) = &stamped {
        check_within(|| format!("the state directory {}", dir.display()), from, &stamped.program, known)?;
    }
    let mut steps = Vec::new();
    for migration in migrations.iter().filter(|migration| migration.to > from) {
        let Migration { to, what, run } = *migration;
        run(dir).map_err(|source| FormatError::Migrate { dir: dir.to_owned(), to, what, source })?;
        let migrated_at = Some(now.to_owned());
        write(dir, &Format { format: to, program: program.to_owned(), migrated_at })?;
        steps.push(what);
    }
    let today = Format { format: known, program: program.to_owned(), migrated_at: None };
    let is_missing = stamped.is_none() && steps.is_empty();
    let not_written = is_missing.then(|| write(dir, &today).err()).flatten();
    Ok(Opened { from, steps, not_written })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    const NOW: &str = "2026-11-22T05:00:00Z";

    fn note(dir: &Path, step: &str) -> io::Result<()> {
        let done = fs::read_to_string(dir.join("done")).unwrap_or_default();
        fs::write(dir.join("done"), done + step)
    }

    const TWO: Migration = Migration { to: 2, what: "two", run: |dir| note(dir, "2") };
    const THREE: Migration = Migration { to: 3, what: "three", run: |dir| note(dir, "3") };
    const BROKEN: Migration =
        Migration { to: 3, what: "three", run: |_| Err(io::Error::from(io::ErrorKind::StorageFull)) };

    fn done(dir: &TempDir) -> String {
        fs::read_to_string(dir.path().join("done")).unwrap_or_default()
    }

    #[test]
    fn every_format_after_the_first_has_its_step() {
        let steps: Vec<_> = MIGRATIONS.iter().map(|migration| migration.to).collect();
        assert_eq!(steps, (1..=FORMAT).skip(1).collect::<Vec<_>>());
    }

    #[test]
    fn a_fresh_directory_has_todays_format_and_says_who_gave_it() {
        let dir = TempDir::new().unwrap();
        let opened = open_as(dir.path(), 3, &[TWO, THREE], "0.3.0", NOW).unwrap();
        assert_eq!((opened.from, opened.steps.len(), done(&dir).as_str()), (3, 0, ""));
        let text = fs::read_to_string(dir.path().join("format")).unwrap();
        assert_eq!(text, "{\"format\":3,\"program\":\"0.3.0\",\"migrated_at\":null}\n");
        assert!(!dir.path().join("format.new").exists());
        open_as(dir.path(), 3, &[TWO, THREE], "0.4.0", "later").unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("format")).unwrap(), text, "written once");
    }

    #[test]
    fn a_directory_from_before_the_file_goes_every_step_once() {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("ledger")).unwrap();
        let opened = open_as(dir.path(), 3, &[TWO, THREE], "0.3.0", NOW).unwrap();
        assert_eq!((opened.from, opened.steps), (1, vec!["two", "three"]));
        let stamped = read(dir.path()).unwrap().unwrap();
        assert_eq!((stamped.format, stamped.migrated_at.as_deref()), (3, Some(NOW)));
        open_as(dir.path(), 3, &[TWO, THREE], "0.3.0", NOW).unwrap();
        assert_eq!(done(&dir), "23");
    }

    #[test]
    fn a_step_that_fails_is_told_and_done_again_without_those_before_it() {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("ledger")).unwrap();
        let error = open_as(dir.path(), 3, &[TWO, BROKEN], "0.3.0", NOW).unwrap_err();
        assert!(error.to_string().ends_with(" to format 3: three"), "{error}");
        assert_eq!(read(dir.path()).unwrap().unwrap().format, 2);
        let opened = open_as(dir.path(), 3, &[TWO, THREE], "0.3.0", NOW).unwrap();
        assert_eq!((opened.from, done(&dir).as_str()), (2, "23"));
    }

    #[test]
    fn what_a_newer_version_wrote_is_refused_with_both_numbers_and_left_as_it_is() {
        let dir = TempDir::new().unwrap();
        write(dir.path(), &Format { format: 7, program: "2.5.0".into(), migrated_at: None }).unwrap();
        let told = open(dir.path(), "0.1.0", NOW).unwrap_err().to_string();
        for word in ["format 7", "up to format 1", "install andond 2.5.0 or newer", "restore a backup"] {
            assert!(told.contains(word), "{word}: {told}");
        }
        assert_eq!(read(dir.path()).unwrap().unwrap().format, 7);
    }

    #[test]
    fn a_disk_that_takes_nothing_keeps_no_directory_of_todays_format_shut() {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("format.new")).unwrap();
        let opened = open(dir.path(), "0.1.0", NOW).unwrap();
        assert!(opened.not_written.unwrap().to_string().starts_with("cannot write "));
        fs::remove_dir(dir.path().join("format.new")).unwrap();
        assert!(open(dir.path(), "0.1.0", NOW).unwrap().not_written.is_none());
        assert_eq!(read(dir.path()).unwrap().unwrap().format, 1);
    }

    #[test]
    fn a_file_that_says_nothing_is_refused_with_the_way_out() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("format"), "").unwrap();
        let told = open(dir.path(), "0.1.0", NOW).unwrap_err().to_string();
        assert!(told.contains("format is damaged") && told.contains("remove that file"), "{told}");
    }
}
