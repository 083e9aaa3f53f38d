//! Small files that are whole or as they were before, whenever the power goes.

use std::fs::{self, File};
use std::io::{self, Write};
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
    File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
}
