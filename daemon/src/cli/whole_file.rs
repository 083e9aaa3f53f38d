//! A file that is whole or not there: written beside, synced and renamed. Only its owner may read it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::error::CliError;

/// What is added to the name while the file is written.
const PARTIAL: &str = ".partial";

/// A file that is being written. Dropped before [`keep`](Self::keep), nothing of it is left.
#[derive(Debug)]
pub(super) struct WholeFile {
    path: PathBuf,
    partial: PathBuf,
    file: File,
    is_kept: bool,
}

impl WholeFile {
    /// Begins the file `path`; one that is there is replaced only where that is meant by `force`.
    pub(super) fn begin(path: &Path, force: bool) -> Result<Self, CliError> {
        let is_file = path.symlink_metadata().ok().map(|known| known.is_file());
        let told = match (is_file, force) {
            (Some(false), _) => Some("is there already and no regular file; give another name"),
            (Some(true), false) => Some("is there already; --force replaces it"),
            (Some(true), true) | (None, _) => None,
        };
        if let Some(told) = told {
            return Err(CliError::Refused(format!("{} {told}", path.display())));
        }
        let mut partial = OsString::from(path);
        partial.push(PARTIAL);
        let partial = PathBuf::from(partial);
        let failed = |source| CliError::WriteFile { path: partial.clone(), source };
        let mut options = OpenOptions::new();
        let file = options.write(true).create(true).truncate(false).mode(0o600).open(&partial);
        let file = file.map_err(failed)?;
        if let Err(rustix::io::Errno::WOULDBLOCK) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            return Err(CliError::Refused(format!("another andonctl is writing {}", partial.display())));
        }
        file.set_len(0).map_err(failed)?;
        Ok(Self { path: path.to_owned(), partial, file, is_kept: false })
    }

    /// Where it is as long as it is not kept.
    pub(super) fn partial(&self) -> &Path {
        &self.partial
    }

    /// Makes it durable under its name.
    pub(super) fn keep(mut self) -> Result<(), CliError> {
        let kept = (|| {
            self.file.sync_all()?;
            fs::rename(&self.partial, &self.path)?;
            self.is_kept = true;
            let dir = self.path.parent().filter(|dir| !dir.as_os_str().is_empty());
            File::open(dir.unwrap_or(Path::new(".")))?.sync_all()
        })();
        kept.map_err(|source| CliError::WriteFile { path: self.path.clone(), source })
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if !self.is_kept {
            // What cannot be removed is overwritten by the next.
            let _ = fs::remove_file(&self.partial);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_is_never_replaced() {
        let dir = tempfile::TempDir::new().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("/dev/null", &link).unwrap();
        for path in [Path::new("/dev/null"), dir.path(), &link] {
            for force in [true, false] {
                let Err(refused) = WholeFile::begin(path, force) else { panic!("it is refused") };
                let told = refused.to_string();
                assert!(told.contains("no regular file; give another name"), "{told}");
            }
        }
        assert!(link.is_symlink());
    }
}
