//! The redo file: the checkpoint that is being written, whole, before the database sees any of it.
//!
//! It makes a checkpoint all or nothing. The file is synced before the database is touched and written again only after
//! the database is synced, so at open there are two cases: the file is whole, and writing all of it to the database once
//! more ends the checkpoint, however much of it had arrived; or the file is torn, and the database had nothing of it.
//!
//! The file is a header of 40 bytes, big-endian: `ANDONRDO`, version (u32), crc32c (u32) of all that follows, length of
//! the changes (u64), the events for which the database stood before (u64) and will stand after (u64). Then the changes:
//! length of the key (u32), length of the record (u32, all ones for a removal), key, record.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::checkpoint::Change;

const MAGIC: [u8; 8] = *b"ANDONRDO";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 40;
const REMOVED: u32 = u32::MAX;

/// A file longer than this is cut when less is needed, in bytes.
const KEPT_BYTES: u64 = 4 << 20;

/// A checkpoint as the redo file holds it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Redo {
    /// Where the database stood before.
    pub(super) from: u64,
    /// Where it stands once the changes are in.
    pub(super) upto: u64,
    pub(super) changes: Vec<Change>,
}

impl Redo {
    /// Writes the checkpoint to `file` and syncs it.
    pub(super) fn write(&self, file: &File) -> io::Result<()> {
        let bytes = self.encode();
        if file.metadata()?.len() > KEPT_BYTES.max(bytes.len() as u64) {
            file.set_len(0)?;
        }
        file.write_all_at(&bytes, 0)?;
        Ok(rustix::fs::fdatasync(file)?)
    }

    /// Reads the checkpoint at `path`; `None` when there is no whole one.
    pub(super) fn read(path: &Path) -> io::Result<Option<Self>> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Self::decode(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens the file at `path` for [`write`](Self::write), and makes it if it is not there.
    pub(super) fn open(path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
    }

    fn encode(&self) -> Vec<u8> {
        let change_bytes = |(key, record): &Change| 8 + key.len() + record.as_ref().map_or(0, Vec::len);
        let mut bytes =
            Vec::with_capacity(HEADER_BYTES + self.changes.iter().map(change_bytes).sum::<usize>());
        bytes.resize(HEADER_BYTES, 0);
        for (key, record) in &self.changes {
            bytes.extend_from_slice(&short(key.len()).to_be_bytes());
            bytes.extend_from_slice(
                &record.as_ref().map_or(REMOVED, |record| short(record.len())).to_be_bytes(),
            );
            bytes.extend_from_slice(key);
            bytes.extend_from_slice(record.as_deref().unwrap_or_default());
        }
        let length = (bytes.len() - HEADER_BYTES) as u64;
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&VERSION.to_be_bytes());
        bytes[16..24].copy_from_slice(&length.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.from.to_be_bytes());
        bytes[32..40].copy_from_slice(&self.upto.to_be_bytes());
        let checksum = crc32c::crc32c(&bytes[16..]);
        bytes[12..16].copy_from_slice(&checksum.to_be_bytes());
        bytes
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let known = take(&mut bytes, 8)? == MAGIC && take_u32(&mut bytes)? == VERSION;
        let checksum = take_u32(&mut bytes)?;
        let mut fields = bytes.get(..24)?;
        let (length, from, upto) = (take_u64(&mut fields)?, take_u64(&mut fields)?, take_u64(&mut fields)?);
        let checked = bytes.get(..usize::try_from(length).ok()?.checked_add(24)?)?;
        if !known || crc32c::crc32c(checked) != checksum {
            return None;
        }
        let mut rest = &checked[24..];
        let mut changes = Vec::new();
        while !rest.is_empty() {
            let (key, record) = (take_u32(&mut rest)?, take_u32(&mut rest)?);
            let key = take(&mut rest, key as usize)?.to_vec();
            let record =
                if record == REMOVED { None } else { Some(take(&mut rest, record as usize)?.to_vec()) };
            changes.push((key, record));
        }
        Some(Self { from, upto, changes })
    }
}

fn short(length: usize) -> u32 {
    u32::try_from(length).expect("keys and records are at most 32 KiB")
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    take(bytes, 4)?.try_into().ok().map(u32::from_be_bytes)
}

fn take_u64(bytes: &mut &[u8]) -> Option<u64> {
    take(bytes, 8)?.try_into().ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redo_file_is_read_whole_or_not_at_all() {
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("redo");
        assert_eq!(Redo::read(&path).unwrap(), None);
        let changes = vec![
            (b"k".to_vec(), Some(b"record".to_vec())),
            (b"gone".to_vec(), None),
            (vec![1], Some(vec![])),
        ];
        let redo = Redo { from: 3, upto: 9, changes };
        let longer = Redo { from: 1, upto: 3, changes: vec![(b"long".to_vec(), Some(vec![7; 5000]))] };
        let file = Redo::open(&path).unwrap();
        longer.write(&file).unwrap();
        redo.write(&file).unwrap();
        assert_eq!(
            Redo::read(&path).unwrap().as_ref(),
            Some(&redo),
            "what is left of a longer one is no part of it"
        );
        let bytes = redo.encode();
        for cut in 0..bytes.len() {
            assert_eq!(Redo::decode(&bytes[..cut]), None, "cut at {cut}");
            let mut flipped = bytes.clone();
            flipped[cut] ^= 1;
            assert_eq!(Redo::decode(&flipped), None, "flipped at {cut}");
        }
    }
}
