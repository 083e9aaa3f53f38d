//! The index as it is written: by one thread, while any number of others read what is published.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::manifest::{Manifest, Owner};
use super::merge::merge;
use super::part::{Part, Shared};
use super::write::{Push, in_file, in_memory, of_tickets};
use super::{Blocks, Published, SearchError, TERM_MAX_BYTES, Term, block_of, numbers_of};

/// A part is merged with the next older one where that is at most so many times as large.
const MERGE_RATIO: u64 = 3;
/// How a part's file is called, behind its id.
const SUFFIX: &str = ".part";

/// The index, to write in.
#[derive(Debug)]
pub struct Index {
    dir: PathBuf,
    owner: Owner,
    /// As it is written; readers see it when it is published.
    blocks: Blocks,
    published: Published,
    /// All events before this number are in its files.
    position: u64,
    next_id: u64,
    times_given_up: u64,
    /// Files that the manifest no longer names once it is written.
    unused: Vec<PathBuf>,
}

/// An index that was opened.
#[derive(Debug)]
pub struct Opened {
    /// It.
    pub index: Index,
    /// Why it was begun anew, if it was, or what of it was given up.
    pub lost: Vec<String>,
    /// Whether something was not as it was written.
    pub is_damaged: bool,
}

/// Tickets of a block with their terms, in memory.
#[derive(Debug, Default)]
pub struct Prepared(Vec<Shared>);

impl Index {
    /// Opens the index in `dir`, which is made if it is not there. `origin` tells the ledger from others and `terms` how
    /// terms are made; the next event is `next_seq`, and no ticket has a higher number than `last`.
    ///
    /// An index that is of no use is begun anew: then all blocks are missing.
    ///
    /// # Errors
    /// [`SearchError::Write`]: the directory cannot be made.
    pub fn open(
        dir: &Path,
        (origin, terms): (u32, u32),
        next_seq: u64,
        newest: u64,
    ) -> Result<Opened, SearchError> {
        let owner = Owner { origin, terms };
        fs::create_dir_all(dir).map_err(|source| SearchError::Write { dir: dir.to_owned(), source })?;
        let (mut lost, mut is_damaged) = (Vec::new(), false);
        let manifest = match Manifest::read(dir) {
            Ok(None) => None,
            Ok(Some(manifest)) if manifest.owner != owner => {
                lost.push("it was made from another ledger, or by another version".to_owned());
                None
            }
            Ok(Some(manifest)) if manifest.position > next_seq => {
                let Manifest { position, .. } = manifest;
                lost.push(format!("it stands at event {position}, and the ledger ends before {next_seq}"));
                None
            }
            Ok(manifest) => manifest,
            Err(error) => {
                lost.push(format!("its manifest cannot be read: {error}"));
                is_damaged = true;
                None
            }
        };
        let mut index = Self {
            dir: dir.to_owned(),
            owner,
            blocks: Blocks::default(),
            published: Published::default(),
            position: next_seq,
            next_id: 1,
            times_given_up: 0,
            unused: Vec::new(),
        };
        match manifest {
            Some(manifest) => {
                lost.extend(index.take(manifest));
                is_damaged = !lost.is_empty();
            }
            None => index.blocks.missing = (0..=block_of(newest)).collect(),
        }
        index.sweep();
        Ok(Opened { index, lost, is_damaged })
    }

    /// Takes over what a manifest names; what of it is lost.
    fn take(&mut self, manifest: Manifest) -> Vec<String> {
        let mut lost = Vec::new();
        (self.position, self.next_id) = (manifest.position, manifest.next_id);
        self.blocks.missing = manifest.missing;
        for (block, ids) in manifest.parts {
            let parts = ids.into_iter().map(|id| Part::open(&self.file_of(id), id, block).map(Arc::new));
            match parts.collect::<Result<Vec<_>, _>>() {
                Ok(parts) => {
                    self.blocks.parts.insert(block, parts);
                }
                Err(error) => {
                    lost.push(crate::chain::chain(&error));
                    self.blocks.missing.insert(block);
                }
            }
        }
        lost
    }

    /// Removes files that nothing names: a crash left them.
    fn sweep(&self) {
        let named: BTreeSet<_> =
            self.blocks.parts.values().flatten().map(|part| self.file_of(part.id)).collect();
        for file in fs::read_dir(&self.dir).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let is_part = file.to_string_lossy().ends_with(SUFFIX);
            if is_part && !named.contains(&file) {
                // One that stays costs its room until the next start.
                let _ = fs::remove_file(file);
            }
        }
    }

    fn file_of(&self, id: u64) -> PathBuf {
        self.dir.join(format!("{id:08x}{SUFFIX}"))
    }

    /// What readers see.
    pub fn published(&self) -> &Published {
        &self.published
    }

    /// All events before this number are in its files.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The newest block that lacks tickets.
    pub fn next_missing(&self) -> Option<u32> {
        self.blocks.missing.last().copied()
    }

    /// An index that was begun before its ledger had an entry belongs to this one.
    pub fn adopt(&mut self, origin: u32) {
        if self.owner.origin == 0 {
            self.owner.origin = origin;
        }
    }

    /// How many tickets are in memory only.
    pub fn unwritten(&self) -> u64 {
        let parts = self.blocks.parts.values().flatten();
        parts.filter(|part| !part.is_file()).map(|part| part.docs().len()).sum()
    }

    /// It is known what is missing: from here on readers see what is written.
    pub fn ready(&mut self) {
        self.blocks.is_ready = true;
        self.publish();
    }

    fn publish(&self) {
        self.published.publish(self.blocks.clone());
    }

    /// Adds tickets, each with all its terms as they are now. Readers see them when it returns; they are in memory until
    /// [`flush`](Self::flush).
    ///
    /// # Errors
    /// [`SearchError`]: memory parts that cannot be merged, which are damaged memory.
    pub fn add(&mut self, tickets: Vec<(u64, Vec<Term>)>) -> Result<(), SearchError> {
        let mut by_block: BTreeMap<u32, Vec<(u64, Vec<Term>)>> = BTreeMap::new();
        for ticket in tickets {
            by_block.entry(block_of(ticket.0)).or_default().push(ticket);
        }
        for (block, tickets) in by_block {
            let lot = self.lot(block, tickets)?;
            let parts = self.blocks.parts.entry(block).or_default();
            push(parts, lot, block).map_err(|source| SearchError::Write { dir: self.dir.clone(), source })?;
        }
        self.publish();
        Ok(())
    }

    /// Makes tickets of a block ready for [`rebuilt`](Self::rebuilt), besides others of the same block.
    ///
    /// # Errors
    /// [`SearchError::Write`]: they are too many.
    pub fn prepare(
        &self,
        block: u32,
        tickets: Vec<(u64, Vec<Term>)>,
        prepared: &mut Prepared,
    ) -> Result<(), SearchError> {
        let lot = self.lot(block, tickets)?;
        push(&mut prepared.0, lot, block)
            .map_err(|source| SearchError::Write { dir: self.dir.clone(), source })
    }

    fn lot(&self, block: u32, mut tickets: Vec<(u64, Vec<Term>)>) -> Result<Shared, SearchError> {
        tickets.sort_unstable_by_key(|(number, _)| *number);
        let first = numbers_of(block).start;
        let within = |(number, mut terms): (u64, Vec<Term>)| {
            for term in &mut terms {
                term.truncate(TERM_MAX_BYTES);
            }
            u16::try_from(number.checked_sub(first)?).ok().map(|number| (number, terms))
        };
        let part = of_tickets(block, tickets.into_iter().filter_map(within).collect());
        let part = part.map_err(|source| SearchError::Write { dir: self.dir.clone(), source })?;
        Ok(Arc::new(part))
    }

    /// A block is whole with these tickets, which are older than what was added to it meanwhile; makes it durable.
    ///
    /// # Errors
    /// [`SearchError`]: it is missing as before.
    pub fn rebuilt(&mut self, block: u32, prepared: Prepared) -> Result<(), SearchError> {
        let mut parts = self.blocks.parts.get(&block).cloned().unwrap_or_default();
        parts.extend(prepared.0);
        let count = parts.len();
        let merged = self.merged(block, &parts, count)?;
        self.blocks.parts.insert(block, merged);
        self.blocks.missing.remove(&block);
        self.publish();
        let position = self.position;
        self.write_manifest(position)
    }

    /// A block cannot be read: it is missing from here on.
    pub fn give_up(&mut self, block: u32) {
        for part in self.blocks.parts.remove(&block).unwrap_or_default() {
            if part.is_file() {
                self.unused.push(self.file_of(part.id));
            }
        }
        self.blocks.missing.insert(block);
        self.times_given_up += 1;
        self.publish();
    }

    /// How often a block was given up since the index was opened.
    pub fn times_given_up(&self) -> u64 {
        self.times_given_up
    }

    /// Writes what is in memory to files, durably. All events before `position` are in.
    ///
    /// # Errors
    /// [`SearchError`]: readers see what they saw; it may be tried again. A block that is found damaged is given up, which
    /// is no error: what was found is told.
    pub fn flush(&mut self, position: u64) -> Result<Vec<String>, SearchError> {
        let mut lost = Vec::new();
        let in_memory = |parts: &Vec<Shared>| parts.first().is_some_and(|part| !part.is_file());
        let blocks: Vec<u32> =
            self.blocks.parts.iter().filter(|(_, parts)| in_memory(parts)).map(|(block, _)| *block).collect();
        for block in blocks {
            let parts = self.blocks.parts.get(&block).cloned().unwrap_or_default();
            let count = leading(&parts, |_| true, true);
            match self.merged(block, &parts, count) {
                Ok(merged) => {
                    self.blocks.parts.insert(block, merged);
                }
                Err(error) => {
                    let damage = parts.iter().find_map(|part| part.check().err());
                    let Some(damage) = damage else { return Err(error) };
                    lost.push(crate::chain::chain(&damage));
                    self.give_up(block);
                }
            }
        }
        self.publish();
        self.write_manifest(position)?;
        Ok(lost)
    }

    /// The parts of a block with the first `count` merged into a file.
    fn merged(&mut self, block: u32, parts: &[Shared], count: usize) -> Result<Vec<Shared>, SearchError> {
        let id = self.next_id;
        self.next_id += 1;
        let path = self.file_of(id);
        let merged = in_file(&path, id, block, &mut |to: &mut dyn Push| merge(&parts[..count], to));
        let merged = merged.map_err(|source| {
            // What is left of it is removed at the next start.
            let _ = fs::remove_file(&path);
            SearchError::Write { dir: self.dir.clone(), source }
        })?;
        for part in parts[..count].iter().filter(|part| part.is_file()) {
            self.unused.push(self.file_of(part.id));
        }
        Ok([Arc::new(merged)].into_iter().chain(parts[count..].iter().cloned()).collect())
    }

    fn write_manifest(&mut self, position: u64) -> Result<(), SearchError> {
        let of = |parts: &Vec<Shared>| -> Vec<u64> {
            parts.iter().filter(|part| part.is_file()).map(|part| part.id).collect()
        };
        let parts = self.blocks.parts.iter().map(|(block, parts)| (*block, of(parts))).collect();
        let missing = self.blocks.missing.clone();
        let manifest = Manifest { owner: self.owner, position, next_id: self.next_id, parts, missing };
        let written = manifest.write(&self.dir);
        written.map_err(|source| SearchError::Write { dir: self.dir.clone(), source })?;
        self.position = position;
        for file in self.unused.drain(..) {
            // One that stays is removed at the next start.
            let _ = fs::remove_file(file);
        }
        Ok(())
    }
}

/// Puts a part in front of others, and merges it with those in memory that are not much larger.
fn push(parts: &mut Vec<Shared>, part: Shared, block: u32) -> io::Result<()> {
    parts.insert(0, part);
    let count = leading(parts, |part| !part.is_file(), false);
    if count > 1 {
        let merged = in_memory(block, &mut |to: &mut dyn Push| merge(&parts[..count], to))?;
        parts.splice(..count, [Arc::new(merged)]);
    }
    Ok(())
}

/// How many of the newest parts are to become one: those that are not much larger than what is merged so far; those in
/// memory in any case where `all_in_memory`.
fn leading(parts: &[Shared], may: impl Fn(&Part) -> bool, all_in_memory: bool) -> usize {
    let (mut count, mut tickets) = (0, 0);
    for part in parts {
        let more = part.docs().len();
        let is_wanted = count == 0 || more <= tickets * MERGE_RATIO || all_in_memory && !part.is_file();
        if !may(part) || !is_wanted {
            break;
        }
        tickets += more;
        count += 1;
    }
    count
}
