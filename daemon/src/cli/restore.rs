//! `andonctl restore`: a desk out of a backup.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use calendars::Tz;
use clap::Args;
use serde_json::json;

use super::Io;
use super::books::Sum;
use super::error::CliError;
use crate::chain::chain;
use crate::run::books::BooksError;
use crate::store::backup::{Manifest, manifest, unpack};
use crate::store::staging::{self, Scratch, Staging, StagingError};
use crate::store::{Ledger, StateLock, format};

/// Put a backup's desk into a state directory, while the daemon is stopped.
///
/// Everything is checked first: the file's checksum, its manifest, every member's, every frame of the ledger and every
/// entry. It is made beside what is there and takes its place at once, so that a power cut leaves the old desk or the new
/// one. A directory that has a desk takes another only with --replace, which sets the old one aside and deletes nothing.
///
/// A backup of an older version is migrated; one of a newer version is refused. The tickets are rebuilt from the ledger
/// when the daemon starts.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup
    #[arg(value_name = "FILE")]
    from: PathBuf,
    /// Check it, say what is in it and whether it would go, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Set the desk that is there aside, as DIR/before-restore-N
    #[arg(long)]
    replace: bool,
}

impl Restore {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let dir = io.state_dir.clone().ok_or_else(|| {
            CliError::Usage("say where to with --state-dir DIR; installed it is /var/lib/andon".to_owned())
        })?;
        if self.dry_run {
            return self.dry_run(&dir, io);
        }
        let staging = Staging::begin(&dir)?;
        if !self.replace {
            staging.check_free()?;
        }
        let manifest = check(&self.from, staging.dir(), io)?;
        let aside = staging.put_in_place(self.replace)?;
        if io.json {
            return io.json(&json!({"file": self.from, "directory": dir, "taken_at": manifest.taken_at,
                "events": manifest.events, "tickets": manifest.tickets, "damage": manifest.damage,
                "set_aside": aside}));
        }
        let Manifest { events, tickets, taken_at, .. } = &manifest;
        writeln!(
            io.err,
            "{}: {events} events, {tickets} tickets, as they were at {taken_at}",
            dir.display()
        )?;
        if let Some(aside) = aside {
            writeln!(io.err, "{}: what was there before", aside.display())?;
        }
        tell_damage(&manifest, io)?;
        Ok(ExitCode::SUCCESS)
    }

    fn dry_run(&self, dir: &Path, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let told = manifest(&self.from)?;
        let scratch = Scratch::near(dir)?;
        check(&self.from, scratch.dir(), io)?;
        drop(scratch);
        let hindrance = self.hindrance(dir).err().map(|error| chain(&error));
        let Manifest { format, program, taken_at, events, tickets, damage, members, .. } = &told;
        if io.json {
            io.json(&json!({"file": self.from, "format": format, "program": program, "taken_at": taken_at,
                "events": events, "tickets": tickets, "bytes": told.bytes(), "damage": damage, "members": members,
                "directory": dir, "would_restore": hindrance.is_none(), "hindrance": hindrance}))?;
        } else {
            io.pairs(&[
                ("format", format!("{format}, by andond {program}")),
                ("taken at", taken_at.clone()),
                ("events", events.to_string()),
                ("tickets", tickets.to_string()),
                ("files", format!("{} of {} bytes, all as they should be", members.len(), told.bytes())),
            ])?;
            tell_damage(&told, io)?;
        }
        match hindrance {
            None => Ok(ExitCode::SUCCESS),
            Some(hindrance) => Err(CliError::Refused(format!("it would not be restored: {hindrance}"))),
        }
    }

    /// Why the directory would not take the backup, if it would not.
    fn hindrance(&self, dir: &Path) -> Result<(), StagingError> {
        let failed = |source| StagingError::Io { dir: dir.to_owned(), source };
        // A directory without a lock is nobody's, and asking for one would make it.
        let _lock = dir.join("lock").exists().then(|| StateLock::take(dir)).transpose()?;
        if !self.replace && staging::holds_data(dir).map_err(failed)? {
            return Err(staging::occupied(dir));
        }
        Ok(())
    }
}

/// Unpacks a backup into an empty directory and reads all of it.
fn check(file: &Path, into: &Path, io: &mut Io<'_>) -> Result<Manifest, CliError> {
    let manifest = unpack(file, into)?;
    format::open(into, env!("CARGO_PKG_VERSION"), &io.now.to_rfc3339(Tz::UTC)).map_err(BooksError::Format)?;
    let (ledger, report) = Ledger::open(into).map_err(BooksError::Ledger)?;
    let sum = Sum::of(&ledger)?;
    let wrong = |what: &str| Err(CliError::Refused(format!("{}: {what}", file.display())));
    if sum.next_seq != manifest.events + 1 || report.torn_tail.is_some() {
        return wrong("its ledger does not end where its manifest says");
    }
    if sum.damage != manifest.damage {
        return wrong("its ledger lacks events of which its manifest says nothing");
    }
    if sum.damage.is_empty() && sum.tickets != manifest.tickets {
        return wrong("its ledger does not open the tickets its manifest counts");
    }
    if !sum.sealed.is_empty() {
        let tickets: BTreeSet<_> = sum.sealed.iter().map(|(ticket, _)| ticket.to_string()).collect();
        let list = Vec::from_iter(tickets).join(", ");
        writeln!(io.err, "access data is in no backup: ask for it again, of tickets {list}")?;
    }
    Ok(manifest)
}

fn tell_damage(manifest: &Manifest, io: &mut Io<'_>) -> Result<(), CliError> {
    for name in &manifest.attachments_lost {
        writeln!(io.err, "attachments/{name} was missing or damaged before the backup was taken")?;
    }
    for damage in &manifest.damage {
        let (first, last) = (damage.first_event, damage.next_event - 1);
        writeln!(io.err, "events {first} to {last} were lost before the backup was taken")?;
    }
    Ok(())
}
