//! One process per state directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// Holds the state directory for this process, until it is dropped or the process ends in whatever way.
#[derive(Debug)]
pub struct StateLock {
    _file: File,
    dir: PathBuf,
}

/// Why the state directory could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Another process has it.
    #[error("the state directory {dir} is in use by {holder}; stop that one first, or give this one a state directory of its own", dir = dir.display())]
    InUse {
        /// The state directory.
        dir: PathBuf,
        /// The other process, by its pid when that is known.
        holder: String,
    },
    /// It is not there, and could not be made.
    #[error("cannot make the state directory {dir}; make it, and give it to the user that the desk runs as", dir = dir.display())]
    Make {
        /// The state directory.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It cannot be written to.
    #[error("cannot write to the state directory {dir}; it must belong to the user that the desk runs as, on a disk that is not read-only and has room", dir = dir.display())]
    NotWritable {
        /// The state directory.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl StateLock {
    /// Takes the state directory `dir`, which is made if it is not there, for this process.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        if !dir.is_dir() {
            make(dir).map_err(|source| LockError::Make { dir: dir.to_owned(), source })?;
        }
        let not_writable = |source| LockError::NotWritable { dir: dir.to_owned(), source };
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(false).open(dir.join("lock"));
        let file = file.map_err(not_writable)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => {
                return Err(LockError::InUse { dir: dir.to_owned(), holder: holder(&file) });
            }
            Err(error) => return Err(not_writable(error.into())),
        }
        // The pid is for the message above. A disk without room for it must not keep the desk from starting.
        let _ = write_pid(&file);
        Ok(Self { _file: file, dir: dir.to_owned() })
    }

    /// The state directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }
}

/// Makes the directory with those above it, and makes their names durable: what is synced inside a directory that the
/// next power cut takes away is gone with it.
fn make(dir: &Path) -> io::Result<()> {
    let missing = dir.ancestors().take_while(|dir| !dir.as_os_str().is_empty() && !dir.is_dir()).count();
    fs::create_dir_all(dir)?;
    for made in dir.ancestors().take(missing) {
        let parent = made.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    Ok(())
}

fn write_pid(mut file: &File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

fn holder(mut file: &File) -> String {
    let mut text = String::new();
    let pid = file.read_to_string(&mut text).ok().and_then(|_| text.trim().parse::<u32>().ok());
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn a_second_process_is_told_who_has_the_directory_and_gets_it_when_that_one_is_gone() {
        let dir = TempDir::new().unwrap();
        let state = dir.path().join("andon");
        let lock = StateLock::take(&state).unwrap();
        let refused = StateLock::take(&state).unwrap_err().to_string();
        let in_use =
            format!("the state directory {} is in use by process {};", state.display(), std::process::id());
        assert!(refused.starts_with(&in_use), "{refused}");
        drop(lock);
        assert_eq!(StateLock::take(&state).unwrap().dir(), state);
    }

    #[test]
    fn a_directory_that_cannot_be_made_or_written_is_named_with_what_to_do() {
        let dir = TempDir::new().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let refused = StateLock::take(&file.join("state")).unwrap_err().to_string();
        assert!(
            refused.starts_with("cannot make the state directory ")
                && refused.contains("make it, and give it to")
        );
        fs::create_dir(dir.path().join("lock")).unwrap();
        let refused = StateLock::take(dir.path()).unwrap_err().to_string();
        assert!(
            refused.starts_with("cannot write to the state directory ") && refused.contains("must belong to")
        );
    }
}
