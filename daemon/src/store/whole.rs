//! Small files that are whole or as they were before, and directories that are there, whenever the power goes.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// Makes `bytes` the file `path`, durably: written as `beside` in the same directory, synced, and renamed.
///
/// # Errors
/// What the system said; the file is then as it was before.
pub fn write(path: &Path, beside: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = File::create(beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.inspect_err(|_| {
        // What is half written takes room on a disk that has none.
        let _ = fs::remove_file(beside);
    })?;
    fs::rename(beside, path)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// Makes a directory, for its owner alone, where it is not there yet. Its name is durable when this returns.
///
/// # Errors
/// What the system said.
pub fn make_dir(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    sync_dir(dir.parent().unwrap_or(Path::new(".")))
}

/// Makes the names in a directory durable.
///
/// # Errors
/// What the system said.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
