//! The operations by which the store works on files, in one place: the kernel's disk, or one that a test made up.
//!
//! Nothing here is durable by itself. What a file holds is durable once [`DiskFile::sync`] returned, its length too, and
//! its name once [`Disk::sync_dir`] of its directory did. sled and the lock of the state directory are not behind this:
//! the one knows only the kernel's files, the other is about processes.

use std::ffi::OsString;
use std::fmt::Debug;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// For reading; it must be there.
    Read,
    /// For reading and writing; it must be there.
    Write,
    /// For reading and writing, as an empty file whether or not it was there.
    Create,
}

/// A file system, as far as the store needs one.
///
/// # Errors
/// Each operation fails as the system call of its name does. After an error of one that changes something, any part of
/// the change may have been made.
pub trait Disk: Debug + Send + Sync {
    /// Opens the file at `path`.
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>>;
    /// Makes the directory `dir` and those above it, as far as they are not there.
    fn create_dir_all(&self, dir: &Path) -> io::Result<()>;
    /// The names in `dir`, in no order.
    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>>;
    /// How long the file at `path` is, in bytes.
    fn length(&self, path: &Path) -> io::Result<u64>;
    /// Removes the file at `path`.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Gives the file at `from` the name `to` in the same directory, instead of what had that name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes the names in `dir` durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// An open file. Its reads and writes move no cursor, so clones of the handle are in nobody's way.
pub trait DiskFile: Debug + Send + Sync {
    /// Reads some bytes from `offset` on, and says how many; 0 only at the end of the file.
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all of `bytes` at `offset`; after an error any part of them may have been written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// How long the file is, in bytes.
    fn length(&self) -> io::Result<u64>;
    /// Cuts the file to `length` bytes, or fills it up to that with zeros.
    fn set_length(&self, length: u64) -> io::Result<()>;
    /// Gives the first `length` bytes of the file room on the disk, so that writing them needs none. A shorter file
    /// becomes so long.
    fn allocate(&self, length: u64) -> io::Result<()>;
    /// Makes what was written to the file durable, and its length.
    fn sync(&self) -> io::Result<()>;
    /// Whether the file still has a name. What is written to one without is gone when it is closed.
    fn has_name(&self) -> io::Result<bool>;
}

/// Fills `bytes` from `offset` on.
///
/// # Errors
/// As [`DiskFile::read_at`]; [`io::ErrorKind::UnexpectedEof`] when the file ends before.
pub fn read_exact_at(file: &dyn DiskFile, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.read_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                bytes = &mut bytes[read..];
                offset += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// All of the file at `path`.
///
/// # Errors
/// As [`Disk::open`] and [`DiskFile::read_at`].
pub fn read(disk: &dyn Disk, path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    Cursor::new(disk.open(path, Access::Read)?).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file from its start on, or from where it was sent to.
#[derive(Debug)]
pub struct Cursor {
    file: Arc<dyn DiskFile>,
    offset: u64,
}

impl Cursor {
    /// Starts at the first byte of `file`.
    pub fn new(file: Arc<dyn DiskFile>) -> Self {
        Self { file, offset: 0 }
    }
}

impl Read for Cursor {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(bytes, self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}

impl Seek for Cursor {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let moved = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(by) => self.file.length()?.checked_add_signed(by),
            SeekFrom::Current(by) => self.offset.checked_add_signed(by),
        };
        self.offset = moved.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.offset)
    }
}

/// Fills `file` with zeros up to `length`, for file systems that cannot be asked for room otherwise.
fn fill(file: &File, length: u64) -> io::Result<()> {
    let mut end = file.metadata()?.len();
    // A disk without the room is not to be filled to learn that.
    let left = rustix::fs::fstatvfs(file)?;
    if left.f_bavail.saturating_mul(left.f_frsize) < length.saturating_sub(end) {
        return Err(io::ErrorKind::StorageFull.into());
    }
    let zeros = vec![0; 64 << 10];
    while end < length {
        let bytes = zeros.len().min(usize::try_from(length - end).unwrap_or(usize::MAX));
        file.write_all_at(&zeros[..bytes], end)?;
        end += bytes as u64;
    }
    Ok(())
}

/// The disk as the kernel gives it.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let options = match access {
            Access::Read => options.read(true),
            Access::Write => options.read(true).write(true),
            Access::Create => options.read(true).write(true).create(true).truncate(true),
        };
        Ok(Arc::new(options.open(path)?))
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name())).collect()
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        Ok(rustix::fs::fsync(File::open(dir)?)?)
    }
}

impl DiskFile for File {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        match rustix::fs::fallocate(self, rustix::fs::FallocateFlags::empty(), 0, length) {
            Err(rustix::io::Errno::OPNOTSUPP) => fill(self, length),
            allocated => Ok(allocated?),
        }
    }

    fn sync(&self) -> io::Result<()> {
        // It syncs the length, too, where that changed; what it leaves out is the times.
        Ok(rustix::fs::fdatasync(self)?)
    }

    fn has_name(&self) -> io::Result<bool> {
        Ok(rustix::fs::fstat(self)?.st_nlink > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_system_that_cannot_be_asked_for_room_is_written_to() {
        let dir = tempfile::TempDir::new().unwrap();
        let file = RealDisk.open(&dir.path().join("file"), Access::Create).unwrap();
        file.write_at(b"kept", 0).unwrap();
        let kernels = OpenOptions::new().write(true).open(dir.path().join("file")).unwrap();
        fill(&kernels, 100_000).unwrap();
        fill(&kernels, 10).unwrap();
        assert_eq!(fill(&kernels, u64::MAX).unwrap_err().kind(), io::ErrorKind::StorageFull);
        let bytes = read(&RealDisk, &dir.path().join("file")).unwrap();
        assert!(
            bytes.len() == 100_000 && bytes.starts_with(b"kept") && bytes[4..].iter().all(|byte| *byte == 0)
        );
        let mut cursor = Cursor::new(file);
        assert_eq!(cursor.seek(SeekFrom::End(-1)).unwrap(), 99_999);
        assert!(cursor.seek(SeekFrom::Current(-100_000)).is_err(), "nothing is in front of a file");
    }
}
