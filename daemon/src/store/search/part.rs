//! A part: the terms of some of a block's tickets, sorted, each with the numbers that have it.
//!
//! It is a file, or the same bytes in memory. First come groups of some kilobytes: entries of a term and its numbers,
//! then crc32c. Behind them the directory, which is held in memory: where each group begins, and with which term; and the
//! numbers that the part speaks for. A term is found by one read of a group.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::numbers::{Numbers, decode};
use super::{AnyOf, SearchError};

pub(super) const MAGIC: [u8; 8] = *b"ANDONSRC";
pub(super) const VERSION: u32 = 1;
/// How long the end of a part is, in bytes: where the directory is and how long, its crc32c, the block, version, magic.
pub(super) const TRAILER_BYTES: usize = 8 + 4 + 4 + 4 + 4 + 8;
/// No directory is longer, in bytes; what says otherwise is damaged.
const DIRECTORY_MAX_BYTES: u32 = 64 << 20;

/// Where a part's bytes are.
#[derive(Debug)]
pub(super) enum Backing {
    File { file: File, path: PathBuf },
    Memory(Vec<u8>),
}

impl Backing {
    fn read(&self, at: Range<u64>) -> io::Result<Vec<u8>> {
        let wrong = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let length = usize::try_from(at.end.checked_sub(at.start).ok_or_else(wrong)?).map_err(|_| wrong())?;
        match self {
            Self::File { file, .. } => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, at.start)?;
                Ok(bytes)
            }
            Self::Memory(bytes) => {
                let start = usize::try_from(at.start).map_err(|_| wrong())?;
                bytes.get(start..start + length).map(<[u8]>::to_vec).ok_or_else(wrong)
            }
        }
    }
}

/// Where each group begins, and with which term.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// The first terms of all groups, one behind the other.
    pub(super) terms: Vec<u8>,
    /// For each group where its first term ends in `terms`, and where it begins in the file.
    pub(super) groups: Vec<(u32, u32)>,
    /// Where the last group ends in the file.
    pub(super) end: u32,
}

impl Directory {
    fn first_term(&self, group: usize) -> &[u8] {
        let start = if group == 0 { 0 } else { self.groups[group - 1].0 };
        &self.terms[start as usize..self.groups[group].0 as usize]
    }

    fn place(&self, group: usize) -> Range<u64> {
        let end = self.groups.get(group + 1).map_or(self.end, |(_, offset)| *offset);
        u64::from(self.groups[group].1)..u64::from(end)
    }

    /// The group that has `term`, if any has.
    fn group_of(&self, term: &[u8]) -> usize {
        let (mut low, mut high) = (0, self.groups.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.first_term(middle) <= term {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low.saturating_sub(1)
    }
}

/// A part, open.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) backing: Backing,
    pub(super) directory: Directory,
    pub(super) docs: Numbers,
    pub(super) bytes: u64,
    /// Its file's name is made of it; 0 in memory.
    pub(super) id: u64,
}

/// Entries of a group: terms with their numbers, encoded.
pub(super) struct Group(Vec<u8>);

impl Part {
    /// Opens the file of a part of `block`.
    ///
    /// # Errors
    /// [`SearchError::Read`]: it cannot be read, or is not as it was written.
    pub(super) fn open(path: &Path, id: u64, block: u32) -> Result<Self, SearchError> {
        let fail = |source| SearchError::Read { file: path.to_owned(), source };
        let file = File::open(path).map_err(fail)?;
        let bytes = file.metadata().map_err(fail)?.len();
        let backing = Backing::File { file, path: path.to_owned() };
        let (directory, docs) = read_end(&backing, bytes, block).map_err(fail)?;
        Ok(Self { backing, directory, docs, bytes, id })
    }

    /// The tickets that it speaks for.
    pub(super) fn docs(&self) -> &Numbers {
        &self.docs
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self.backing, Backing::File { .. })
    }

    /// How long it is.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Those of `among` that have all that is asked.
    pub(super) fn having(&self, asked: &[AnyOf<'_>], among: Numbers) -> Result<Numbers, SearchError> {
        let mut left = among;
        for any_of in asked {
            let mut having = Numbers::new();
            for term in &any_of.terms {
                self.look_up(term, &mut having)?;
            }
            for (prefix, accept) in &any_of.ranges {
                self.look_through(prefix, accept, &mut having)?;
            }
            left &= having;
            if left.is_empty() {
                break;
            }
        }
        Ok(left)
    }

    fn look_up(&self, term: &[u8], found: &mut Numbers) -> Result<(), SearchError> {
        if self.directory.groups.is_empty() {
            return Ok(());
        }
        let group = self.group(self.directory.group_of(term))?;
        for entry in group.entries() {
            let (known, numbers) = entry.map_err(|source| self.error(source))?;
            if known == term {
                return decode(numbers, found).map_err(|source| self.error(source));
            }
        }
        Ok(())
    }

    fn look_through(
        &self,
        prefix: &[u8],
        accept: &dyn Fn(&[u8]) -> bool,
        found: &mut Numbers,
    ) -> Result<(), SearchError> {
        for number in self.directory.group_of(prefix)..self.directory.groups.len() {
            if !self.directory.first_term(number).starts_with(prefix)
                && self.directory.first_term(number) > prefix
            {
                break;
            }
            for entry in self.group(number)?.entries() {
                let (term, numbers) = entry.map_err(|source| self.error(source))?;
                if term.starts_with(prefix) && accept(term) {
                    decode(numbers, found).map_err(|source| self.error(source))?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn groups(&self) -> usize {
        self.directory.groups.len()
    }

    /// Reads a group, and sees whether it is as it was written.
    pub(super) fn group(&self, group: usize) -> Result<Group, SearchError> {
        let read = self.backing.read(self.directory.place(group)).and_then(|mut bytes| {
            let crc = bytes.len().checked_sub(4).map(|at| bytes.split_off(at));
            match crc {
                Some(crc) if crc == crc32c::crc32c(&bytes).to_be_bytes() => Ok(Group(bytes)),
                _ => Err(not_as_written()),
            }
        });
        read.map_err(|source| self.error(source))
    }

    /// Reads all of it.
    ///
    /// # Errors
    /// [`SearchError::Read`]: it cannot be read, or is not as it was written.
    pub(super) fn check(&self) -> Result<(), SearchError> {
        (0..self.groups()).try_for_each(|group| self.group(group).map(drop))
    }

    pub(super) fn error(&self, source: io::Error) -> SearchError {
        let file = match &self.backing {
            Backing::File { path, .. } => path.clone(),
            Backing::Memory(_) => PathBuf::from("in memory"),
        };
        SearchError::Read { file, source }
    }
}

impl Group {
    /// Each entry: a term, and its numbers encoded.
    pub(super) fn entries(&self) -> impl Iterator<Item = io::Result<(&[u8], &[u8])>> {
        let mut rest = self.0.as_slice();
        std::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            let entry = split_entry(rest);
            rest = entry.as_ref().map_or(&[], |(_, _, rest)| rest);
            Some(entry.map(|(term, numbers, _)| (term, numbers)).ok_or_else(not_as_written))
        })
    }
}

/// A term, its numbers, and what is behind them.
fn split_entry(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (&length, rest) = bytes.split_first()?;
    let (term, rest) = rest.split_at_checked(length.into())?;
    let (length, rest) = rest.split_at_checked(2)?;
    let (numbers, rest) = rest.split_at_checked(u16::from_be_bytes([length[0], length[1]]).into())?;
    Some((term, numbers, rest))
}

pub(super) fn not_as_written() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "it is not as it was written")
}

fn read_end(backing: &Backing, bytes: u64, block: u32) -> io::Result<(Directory, Numbers)> {
    let trailer_at = bytes.checked_sub(TRAILER_BYTES as u64).ok_or_else(not_as_written)?;
    let trailer = backing.read(trailer_at..bytes)?;
    let u32_at =
        |at: usize| u32::from_be_bytes([trailer[at], trailer[at + 1], trailer[at + 2], trailer[at + 3]]);
    let (start, length, crc) = (u64::from(u32_at(4)), u32_at(8), u32_at(12));
    let is_ours = trailer.ends_with(&MAGIC) && u32_at(20) == VERSION && u32_at(16) == block;
    if !is_ours || length > DIRECTORY_MAX_BYTES || start + u64::from(length) != trailer_at {
        return Err(not_as_written());
    }
    let end = backing.read(start..trailer_at)?;
    if crc32c::crc32c(&end) != crc {
        return Err(not_as_written());
    }
    let mut from = Cursor::new(end);
    let count = read_u32(&mut from)?;
    let mut directory = Directory { end: u32_at(4), ..Directory::default() };
    for _ in 0..count {
        directory.groups.push((read_u32(&mut from)?, read_u32(&mut from)?));
    }
    let terms = directory.groups.last().map_or(0, |(end, _)| *end);
    directory.terms = vec![0; terms as usize];
    from.read_exact(&mut directory.terms)?;
    Ok((directory, Numbers::deserialize_from(from)?))
}

fn read_u32(from: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes)?;
    Ok(u32::from_be_bytes(bytes))
}

/// A part that its readers share.
pub(super) type Shared = Arc<Part>;
