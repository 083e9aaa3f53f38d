//! `andonctl backup`: everything that cannot be made again, in one file.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use calendars::{Timestamp, Tz};
use chrono::NaiveDate;
use clap::Args;
use serde_json::json;

use super::Io;
use super::books::{Sum, instead};
use super::control::Control;
use super::error::CliError;
use super::whole_file::WholeFile;
use crate::run::apart::note_attachments;
use crate::store::MailBooks;
use crate::store::backup::{BackupError, Damage, Facts, Manifest, SealCheck, manifest, pack};

/// Back the desk up into a file, while the daemon runs.
///
/// Everything that was acknowledged before the command began is in it: the ledger, the kept texts of regulations, the
/// books of mail, and attachments. The tickets in sled are not, they are rebuilt from the ledger; nor is the configuration,
/// nor access data, which is to be gone when it is erased. Of tokens it has hashes. The file is a tar.gz with manifest.json
/// in front, and every bit of it is under a checksum.
///
/// A daemon that is stopped is done without, where --state-dir says whose backup it is. Ends with 1 where the backup was
/// written and the ledger had lost something, or an attachment is missing.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The file; a directory takes andon-DATE.tar.gz, the day being UTC's; `-` is standard output
    #[arg(value_name = "FILE|DIR")]
    to: PathBuf,
    /// Replace the file where it is there already
    #[arg(long)]
    force: bool,
    /// Keep the newest N of DIR's andon-DATE.tar.gz and remove the older ones, unless something is lost
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
}

impl Backup {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let is_dir = self.to.is_dir();
        if self.keep.is_some() && !is_dir {
            let to = self.to.display();
            return Err(CliError::Usage(format!("--keep needs a directory, and {to} is none")));
        }
        if self.to.as_os_str() == "-" {
            let mut sealed = SealCheck::new(&mut *io.out);
            write(&io.control, io.state_dir.as_deref(), io.now, io.err, &mut sealed)?;
            return if sealed.is_whole() { Ok(ExitCode::SUCCESS) } else { Err(not_whole()) };
        }
        let path = if is_dir { dated(&self.to, io.now) } else { self.to.clone() };
        let mut file = WholeFile::begin(&path, self.force)?;
        let mut sealed = SealCheck::new(&mut file);
        write(&io.control, io.state_dir.as_deref(), io.now, io.err, &mut sealed)?;
        if !sealed.is_whole() {
            return Err(not_whole());
        }
        let manifest = manifest(file.partial())?;
        file.keep()?;
        let removed = match self.keep {
            Some(keep) if manifest.damage.is_empty() && manifest.attachments_lost.is_empty() => {
                remove_old(&self.to, &path, keep.into())?
            }
            Some(_) | None => Vec::new(),
        };
        tell(io, &path, &manifest, &removed)
    }
}

/// Writes the backup that the daemon sends, or where there is none, one of the books themselves.
fn write(
    control: &Control,
    state_dir: Option<&Path>,
    now: Timestamp,
    err: &mut dyn Write,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let Err(error) = control.download("/v1/backup", |piece| out.write_all(piece)) else { return Ok(()) };
    let books = instead(error, state_dir, err)?;
    let mail = MailBooks::of(books.dir())?;
    let durable = books.ledger.reader().durable().map_err(BackupError::Ledger)?;
    let facts = Facts {
        program: env!("CARGO_PKG_VERSION").to_owned(),
        taken_at: now.to_rfc3339(Tz::UTC),
        tickets: Sum::of(&books.ledger)?.tickets,
        attachments: note_attachments,
    };
    pack(&books.ledger.reader(), &durable, mail, books.dir(), facts, out)?;
    Ok(())
}

fn not_whole() -> CliError {
    CliError::Refused("the backup that came is not whole; nothing was kept".to_owned())
}

fn tell(
    io: &mut Io<'_>,
    path: &Path,
    manifest: &Manifest,
    removed: &[PathBuf],
) -> Result<ExitCode, CliError> {
    let Manifest { events, tickets, damage, attachments_lost, .. } = manifest;
    let bytes = fs::metadata(path).map_or(0, |meta| meta.len());
    if io.json {
        io.json(&json!({"file": path, "bytes": bytes, "taken_at": manifest.taken_at, "events": events,
            "tickets": tickets, "damage": damage, "attachments_lost": attachments_lost, "removed": removed}))?;
    } else {
        writeln!(io.err, "{}: {events} events, {tickets} tickets, {bytes} bytes", path.display())?;
        for old in removed {
            writeln!(io.err, "{}: removed", old.display())?;
        }
    }
    for Damage { first_event, next_event } in damage {
        let last = next_event - 1;
        writeln!(io.err, "andonctl: the ledger is damaged, the backup lacks events {first_event} to {last}")?;
    }
    for name in attachments_lost {
        writeln!(io.err, "andonctl: attachments/{name} is missing or damaged, the backup lacks it")?;
    }
    if damage.is_empty() && attachments_lost.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(io.err, "andonctl: an older backup may have them; none was removed")?;
    Ok(ExitCode::FAILURE)
}

/// The file of a day in `dir`; where there is one already, the first with a number that is free.
fn dated(dir: &Path, now: Timestamp) -> PathBuf {
    let day = now.local(Tz::UTC).date();
    let numbered = (2..).map(|number| dir.join(Name { day, number }.to_string()));
    let first = dir.join(Name { day, number: 1 }.to_string());
    std::iter::once(first)
        .chain(numbered)
        .find(|path| path.symlink_metadata().is_err())
        .expect("there is always a next number")
}

/// The name of a nightly backup. They are ordered as they were made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    day: NaiveDate,
    /// Which of the day's, from 1.
    number: u32,
}

/// The day of a nightly backup, by its name; none where the name is no such one's.
pub(super) fn day_of(name: &str) -> Option<NaiveDate> {
    Name::parse(name).map(|name| name.day)
}

impl Name {
    fn parse(name: &str) -> Option<Self> {
        let stem = name.strip_prefix("andon-")?.strip_suffix(".tar.gz")?;
        let (day, rest) = stem.split_at_checked("2026-11-22".len())?;
        let number = if rest.is_empty() { 1 } else { rest.strip_prefix('-')?.parse().ok()? };
        let parsed = Self { day: day.parse().ok()?, number };
        // A name that this program would write otherwise is somebody else's.
        (parsed.to_string() == name).then_some(parsed)
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.number {
            1 => write!(f, "andon-{}.tar.gz", self.day),
            number => write!(f, "andon-{}-{number}.tar.gz", self.day),
        }
    }
}

/// Removes all but the newest `keep` nightly backups of `dir`. The one just made stays, whatever day the clock said it is.
fn remove_old(dir: &Path, made: &Path, keep: usize) -> Result<Vec<PathBuf>, CliError> {
    let failed = |source| CliError::Read { path: dir.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        names.extend(name.to_str().and_then(Name::parse));
    }
    names.sort_unstable_by(|a, b| b.cmp(a));
    let paths = names.into_iter().map(|name| dir.join(name.to_string())).filter(|path| path != made);
    let old: Vec<_> = paths.skip(keep - 1).collect();
    for path in &old {
        fs::remove_file(path).map_err(|source| CliError::WriteFile { path: path.clone(), source })?;
    }
    Ok(old)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_our_own_name_count_and_the_newest_stay() {
        let dir = tempfile::tempdir().unwrap();
        let ours = [
            "andon-2026-11-09.tar.gz",
            "andon-2026-11-10.tar.gz",
            "andon-2026-11-10-2.tar.gz",
            "andon-2026-11-10-10.tar.gz",
        ];
        let others = [
            "andon-2026-11-01.tar.gz.partial",
            "andon-2026-11-01-1.tar.gz",
            "andon-2026-13-01.tar.gz",
            "andon-before-the-move.tar.gz",
            "andon-2026-11-01.tar",
            "notes",
        ];
        for name in ours.iter().chain(&others) {
            fs::write(dir.path().join(name), "").unwrap();
        }
        let made = dir.path().join(ours[1]);
        let removed = remove_old(dir.path(), &made, 2).unwrap();
        assert_eq!(removed, [dir.path().join(ours[2]), dir.path().join(ours[0])]);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2 + others.len());
    }

    #[test]
    fn the_backup_just_made_stays_though_the_clock_says_it_is_the_oldest() {
        let dir = tempfile::tempdir().unwrap();
        for day in ["1970-01-01", "2026-11-09"] {
            fs::write(dir.path().join(format!("andon-{day}.tar.gz")), "").unwrap();
        }
        let made = dir.path().join("andon-1970-01-01.tar.gz");
        let removed = remove_old(dir.path(), &made, 1).unwrap();
        assert_eq!(removed, [dir.path().join("andon-2026-11-09.tar.gz")]);
        assert!(made.exists());
    }

    #[test]
    fn a_second_backup_of_a_day_gets_a_number() {
        let dir = tempfile::tempdir().unwrap();
        let now = Timestamp::parse_rfc3339("2026-11-22T23:30:00Z").unwrap();
        for name in ["andon-2026-11-22.tar.gz", "andon-2026-11-22-2.tar.gz", "andon-2026-11-22-3.tar.gz"] {
            let path = dated(dir.path(), now);
            assert_eq!(path, dir.path().join(name));
            fs::write(path, "").unwrap();
        }
    }
}
