//! Search: which tickets have which terms, so that a list need not read the tickets it does not show.
//!
//! A term is a few bytes that the caller makes of a ticket: a facet's value, or a word. The tickets' numbers are cut into
//! *blocks* of 65,536. Each block has *parts*: immutable sorted files of terms, each with the numbers that have it. A
//! newer part speaks for its tickets alone; what older parts say of them does not count. So a change costs no more than
//! a small part, which is held in memory until there is a lot of them, and parts are merged with what is not much larger.
//! A question goes to one block after the other, the newest first, and stops where the page is full: it costs the same
//! however many tickets lie behind.
//!
//! This is a projection, as the [`tickets`](crate::store::tickets) are, and may be lost whole or in part. The manifest
//! says which parts are in use and up to which event they are whole. It is written after them, at once or not at all.
//! Everything that is read has a checksum; a block with damage is given up, and is to be made again from its tickets.
//!
//! This is the only module that names `roaring`. Left to others: what terms mean, and reading tickets again.

mod index;
mod manifest;
mod merge;
mod numbers;
mod part;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

pub use index::{Index, Opened, Prepared};
pub use numbers::Found;
use numbers::Numbers;
use part::Part;

/// How many ticket numbers a block spans.
pub const BLOCK_NUMBERS: u64 = 1 << 16;
/// A term is at most so long, in bytes; what is longer is cut, and then stands for everything that begins so.
pub const TERM_MAX_BYTES: usize = 250;

/// A few bytes that a ticket has.
pub type Term = Vec<u8>;

/// Why the index could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// A file cannot be read.
    #[error("cannot read the search index {file}", file = file.display())]
    Read {
        /// Which.
        file: PathBuf,
        /// What the system said, or that it is not as it was written.
        #[source]
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write the search index in {dir}", dir = dir.display())]
    Write {
        /// Where.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// One thing that is asked of a ticket: that it has at least one of these terms.
pub struct AnyOf<'a> {
    /// Terms as they are.
    pub terms: Vec<Term>,
    /// Terms that begin so, and that the function takes.
    pub ranges: Vec<(Term, Accept<'a>)>,
}

/// Whether a term of a range is one that is asked for.
pub type Accept<'a> = Box<dyn Fn(&[u8]) -> bool + 'a>;

/// The index as readers see it; clones are the same one.
#[derive(Clone, Debug, Default)]
pub struct Published(Arc<RwLock<Arc<Blocks>>>);

impl Published {
    /// As it is now.
    pub fn blocks(&self) -> Arc<Blocks> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn publish(&self, blocks: Blocks) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(blocks);
    }
}

/// All blocks at one time.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    /// The parts of each block, the newest first.
    parts: BTreeMap<u32, Vec<Arc<Part>>>,
    /// Blocks that lack tickets.
    missing: BTreeSet<u32>,
    /// Whether it is known at all what is missing.
    is_ready: bool,
}

/// The block that a ticket's number is in. There are fewer than 2^48 tickets.
pub fn block_of(number: u64) -> u32 {
    u32::try_from(number / BLOCK_NUMBERS).unwrap_or(u32::MAX)
}

/// The numbers of a block.
pub fn numbers_of(block: u32) -> Range<u64> {
    let first = u64::from(block) * BLOCK_NUMBERS;
    first..first + BLOCK_NUMBERS
}

impl Blocks {
    /// Whether all tickets of a block are in.
    pub fn is_whole(&self, block: u32) -> bool {
        self.is_ready && !self.missing.contains(&block)
    }

    /// Blocks that lack tickets.
    pub fn missing(&self) -> usize {
        self.missing.len()
    }

    /// Whether every block is whole.
    pub fn all_whole(&self) -> bool {
        self.is_ready && self.missing.is_empty()
    }

    /// How many tickets are in.
    pub fn tickets(&self) -> u64 {
        let known = |parts: &Vec<Arc<Part>>| {
            parts.iter().fold(Numbers::new(), |known, part| known | part.docs()).len()
        };
        self.parts.values().map(known).sum()
    }

    /// How large its files are, in bytes.
    pub fn file_bytes(&self) -> u64 {
        self.parts.values().flatten().filter(|part| part.is_file()).map(|part| part.bytes()).sum()
    }

    /// The tickets of a block with numbers below `below` that have all that is asked.
    ///
    /// # Errors
    /// [`SearchError::Read`]: the block cannot be read, or is not as it was written.
    pub fn find(&self, block: u32, below: u64, asked: &[AnyOf<'_>]) -> Result<Found, SearchError> {
        let first = numbers_of(block).start;
        let (mut seen, mut found) = (Numbers::new(), Numbers::new());
        let below = u32::try_from(below.saturating_sub(first).min(BLOCK_NUMBERS)).unwrap_or(u32::MAX);
        for part in self.parts.get(&block).into_iter().flatten() {
            let mut speaks_for = part.docs() - &seen;
            speaks_for.remove_range(below..);
            if !speaks_for.is_empty() {
                found |= part.having(asked, speaks_for)?;
            }
            seen |= part.docs();
        }
        Ok(Found::new(first, found))
    }
}
