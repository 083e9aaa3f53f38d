//! What is kept of a webhook, `STATE/webhooks/NAME.json`: how far it is, what it holds back, its dead letters. A file is whole or
//! not there: it is written beside, synced and renamed.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::outbox::Kept;
use crate::store::whole;

/// The directory below the state directory.
const DIR: &str = "webhooks";
/// The form of the file; one of a later program is not read.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Whole {
    format: u32,
    outbox: Kept,
}

/// What was found of a webhook.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is new here.
    Nothing,
    /// How it was.
    Kept(Kept),
    /// A file that cannot be read; it is set aside under this name.
    SetAside(PathBuf),
}

fn path(state_dir: &Path, name: &str) -> PathBuf {
    state_dir.join(DIR).join(format!("{name}.json"))
}

/// What is kept of a webhook.
///
/// # Errors
/// What the system said, where the file is there and cannot be read or set aside.
pub(super) fn read(state_dir: &Path, name: &str) -> io::Result<Found> {
    let path = path(state_dir, name);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    if let Ok(Whole { format: FORMAT, outbox }) = serde_json::from_slice(&text) {
        return Ok(Found::Kept(outbox));
    }
    let aside = path.with_extension("bad");
    fs::rename(&path, &aside)?;
    Ok(Found::SetAside(aside))
}

/// Keeps it, durably; gives how many bytes that took.
///
/// # Errors
/// What the system said; what was kept before is still there.
pub(super) fn write(state_dir: &Path, name: &str, outbox: Kept) -> io::Result<u64> {
    let (dir, path) = (state_dir.join(DIR), path(state_dir, name));
    if !dir.is_dir() {
        fs::create_dir(&dir)?;
        File::open(state_dir)?.sync_all()?;
    }
    let text =
        serde_json::to_vec(&Whole { format: FORMAT, outbox }).expect("it is plain data with text keys");
    let beside = path.with_extension("new");
    whole::write(&path, &beside, &text)?;
    Ok(text.len() as u64)
}

/// Forgets webhooks that are not among `names`; gives the names of those that were there. One that comes back begins anew.
///
/// # Errors
/// What the system said.
pub(super) fn forget_others(state_dir: &Path, names: &BTreeSet<&str>) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(state_dir.join(DIR)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut forgotten = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let is_ours = path.extension().is_some_and(|ending| ending == "json");
        if is_ours && !names.contains(name) {
            fs::remove_file(&path)?;
            forgotten.push(name.to_owned());
        }
    }
    forgotten.sort_unstable();
    Ok(forgotten)
}

#[cfg(test)]
mod tests {
    use calendars::Timestamp;
    use tempfile::TempDir;

    use super::super::outbox::{Now, Outbox};
    use super::*;

    fn kept(next: u64) -> Kept {
        Outbox::new(next).kept(Now { at: Timestamp::from_millis(0), ms: 0 })
    }

    #[test]
    fn what_is_kept_comes_back_and_what_cannot_be_read_is_set_aside() {
        let dir = TempDir::new().unwrap();
        assert_eq!(read(dir.path(), "crm").unwrap(), Found::Nothing);
        write(dir.path(), "crm", kept(7)).unwrap();
        write(dir.path(), "crm", kept(8)).unwrap();
        assert_eq!(read(dir.path(), "crm").unwrap(), Found::Kept(kept(8)));
        for spoilt in ["{", "{\"format\":2,\"outbox\":{\"next\":1}}", "{\"format\":1}"] {
            fs::write(path(dir.path(), "crm"), spoilt).unwrap();
            let aside = dir.path().join("webhooks/crm.bad");
            assert_eq!(read(dir.path(), "crm").unwrap(), Found::SetAside(aside), "{spoilt}");
            assert_eq!(read(dir.path(), "crm").unwrap(), Found::Nothing);
        }
    }

    #[test]
    fn a_webhook_that_left_the_configuration_is_forgotten() {
        let dir = TempDir::new().unwrap();
        assert_eq!(forget_others(dir.path(), &BTreeSet::new()).unwrap(), [] as [&str; 0]);
        for name in ["crm", "portal", "old"] {
            write(dir.path(), name, kept(1)).unwrap();
        }
        let forgotten = forget_others(dir.path(), &["crm", "portal", "new"].into()).unwrap();
        assert_eq!(forgotten, ["old"]);
        assert_eq!(read(dir.path(), "old").unwrap(), Found::Nothing);
        assert_eq!(read(dir.path(), "crm").unwrap(), Found::Kept(kept(1)));
    }
}
