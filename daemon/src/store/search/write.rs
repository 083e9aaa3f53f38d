//! Making a part: in memory, or as a file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::Term;
use super::numbers::{Numbers, encode};
use super::part::{Backing, Directory, MAGIC, Part, VERSION};

/// A group ends when it has so many bytes.
const GROUP_BYTES: usize = 4 << 10;

/// Takes terms in order and makes a part of them.
pub(super) struct PartWriter<W> {
    to: W,
    block: u32,
    written: u32,
    group: Vec<u8>,
    numbers: Vec<u8>,
    directory: Directory,
}

impl<W: Write> PartWriter<W> {
    pub(super) fn new(to: W, block: u32) -> Self {
        let directory = Directory::default();
        Self { to, block, written: 0, group: Vec::new(), numbers: Vec::new(), directory }
    }

    /// Adds a term, which is behind all before, with the numbers that have it.
    pub(super) fn push(&mut self, term: &[u8], numbers: &Numbers) -> io::Result<()> {
        if self.group.is_empty() {
            self.directory.terms.extend_from_slice(term);
            self.directory.groups.push((small(self.directory.terms.len())?, self.written));
        }
        self.numbers.clear();
        encode(numbers, &mut self.numbers);
        let too_long = |_| io::Error::other("a term or its numbers are too long");
        self.group.push(u8::try_from(term.len()).map_err(too_long)?);
        self.group.extend_from_slice(term);
        self.group.extend_from_slice(&u16::try_from(self.numbers.len()).map_err(too_long)?.to_be_bytes());
        self.group.extend_from_slice(&self.numbers);
        if self.group.len() >= GROUP_BYTES { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> io::Result<()> {
        let crc = crc32c::crc32c(&self.group);
        self.group.extend_from_slice(&crc.to_be_bytes());
        self.to.write_all(&self.group)?;
        self.written += small(self.group.len())?;
        self.group.clear();
        Ok(())
    }

    /// Writes the end: the directory, and the tickets that the part speaks for.
    pub(super) fn finish(mut self, docs: &Numbers) -> io::Result<(W, Directory, u64)> {
        if !self.group.is_empty() {
            self.end_group()?;
        }
        let mut end = small(self.directory.groups.len())?.to_be_bytes().to_vec();
        for (term_end, offset) in &self.directory.groups {
            end.extend_from_slice(&term_end.to_be_bytes());
            end.extend_from_slice(&offset.to_be_bytes());
        }
        end.extend_from_slice(&self.directory.terms);
        docs.serialize_into(&mut end)?;
        let (length, crc) = (small(end.len())?, crc32c::crc32c(&end));
        end.extend_from_slice(&u64::from(self.written).to_be_bytes());
        for number in [length, crc, self.block, VERSION] {
            end.extend_from_slice(&number.to_be_bytes());
        }
        end.extend_from_slice(&MAGIC);
        self.to.write_all(&end)?;
        self.directory.end = self.written;
        self.directory.terms.shrink_to_fit();
        self.directory.groups.shrink_to_fit();
        Ok((self.to, self.directory, u64::from(self.written) + end.len() as u64))
    }
}

fn small(number: usize) -> io::Result<u32> {
    u32::try_from(number).map_err(|_| io::Error::other("a part is too long"))
}

/// What fills a part.
pub(super) type Fill<'a> = &'a mut dyn FnMut(&mut dyn Push) -> io::Result<Numbers>;

/// Takes terms in order.
pub(super) trait Push {
    /// Adds a term, which is behind all before, with the numbers that have it.
    fn push(&mut self, term: &[u8], numbers: &Numbers) -> io::Result<()>;
}

impl<W: Write> Push for PartWriter<W> {
    fn push(&mut self, term: &[u8], numbers: &Numbers) -> io::Result<()> {
        PartWriter::push(self, term, numbers)
    }
}

/// Makes a part in memory.
pub(super) fn in_memory(block: u32, fill: Fill<'_>) -> io::Result<Part> {
    let mut writer = PartWriter::new(Vec::new(), block);
    let mut docs = fill(&mut writer)?;
    docs.optimize();
    let (mut held, directory, bytes) = writer.finish(&docs)?;
    held.shrink_to_fit();
    Ok(Part { backing: Backing::Memory(held), directory, docs, bytes, id: 0 })
}

/// Makes a part as the file `path`, durably.
pub(super) fn in_file(path: &Path, id: u64, block: u32, write: Fill<'_>) -> io::Result<Part> {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
    let mut writer = PartWriter::new(BufWriter::new(file), block);
    let mut docs = write(&mut writer)?;
    docs.optimize();
    let (file, directory, bytes) = writer.finish(&docs)?;
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    let backing = Backing::File { file, path: path.to_owned() };
    Ok(Part { backing, directory, docs, bytes, id })
}

/// Makes a part in memory of tickets in order of their numbers within the block, each with its terms, some more than once.
pub(super) fn of_tickets(block: u32, tickets: Vec<(u16, Vec<Term>)>) -> io::Result<Part> {
    let mut by_term: HashMap<Term, Vec<u16>> = HashMap::new();
    let mut docs = Numbers::new();
    for (number, terms) in tickets {
        docs.insert(number.into());
        for term in terms {
            let numbers = by_term.entry(term).or_default();
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
    }
    let mut terms: Vec<_> = by_term.into_iter().collect();
    terms.sort_unstable();
    in_memory(block, &mut |to| {
        for (term, numbers) in &terms {
            to.push(term, &numbers.iter().map(|number| u32::from(*number)).collect())?;
        }
        Ok(docs.clone())
    })
}
