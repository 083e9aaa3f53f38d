//! The manifest: which parts are in use, and up to which event they are whole. Replaced at once or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::part::not_as_written;
use crate::store::whole;

const MAGIC: [u8; 8] = *b"ANDONSRM";
const VERSION: u32 = 1;
const NAME: &str = "manifest";
const MAKING: &str = "manifest.new";

/// Whose index it is: one of another ledger, or with other terms, is of no use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Owner {
    /// What tells the ledger from others.
    pub(super) origin: u32,
    /// How terms are made.
    pub(super) terms: u32,
}

/// What it says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) owner: Owner,
    /// All events before this number are in.
    pub(super) position: u64,
    /// No part has this id or a higher one.
    pub(super) next_id: u64,
    /// The ids of each block's parts, the newest first.
    pub(super) parts: BTreeMap<u32, Vec<u64>>,
    /// Blocks that lack tickets.
    pub(super) missing: BTreeSet<u32>,
}

impl Manifest {
    /// Reads it; none where there is none.
    pub(super) fn read(dir: &Path) -> io::Result<Option<Self>> {
        match fs::read(dir.join(NAME)) {
            Ok(bytes) => decode(&bytes).map(Some).ok_or_else(not_as_written),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes it, durably.
    pub(super) fn write(&self, dir: &Path) -> io::Result<()> {
        whole::write(&dir.join(NAME), &dir.join(MAKING), &self.encode())
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for number in [VERSION, self.owner.origin, self.owner.terms] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        for number in [self.position, self.next_id] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        put_all(&mut bytes, &self.missing.iter().copied().collect::<Vec<_>>());
        put_count(&mut bytes, self.parts.len());
        for (block, ids) in &self.parts {
            bytes.extend_from_slice(&block.to_be_bytes());
            put_count(&mut bytes, ids.len());
            for id in ids {
                bytes.extend_from_slice(&id.to_be_bytes());
            }
        }
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_be_bytes());
        bytes
    }
}

fn put_count(bytes: &mut Vec<u8>, count: usize) {
    bytes.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}

fn put_all(bytes: &mut Vec<u8>, numbers: &[u32]) {
    put_count(bytes, numbers.len());
    for number in numbers {
        bytes.extend_from_slice(&number.to_be_bytes());
    }
}

fn decode(bytes: &[u8]) -> Option<Manifest> {
    let (said, crc) = bytes.split_last_chunk::<4>()?;
    if crc32c::crc32c(said).to_be_bytes() != *crc {
        return None;
    }
    let mut from = said.strip_prefix(&MAGIC)?;
    if u32_of(&mut from)? != VERSION {
        return None;
    }
    let owner = Owner { origin: u32_of(&mut from)?, terms: u32_of(&mut from)? };
    let (position, next_id) = (u64_of(&mut from)?, u64_of(&mut from)?);
    let mut manifest = Manifest { owner, position, next_id, ..Manifest::default() };
    for _ in 0..u32_of(&mut from)? {
        manifest.missing.insert(u32_of(&mut from)?);
    }
    for _ in 0..u32_of(&mut from)? {
        let block = u32_of(&mut from)?;
        let ids = (0..u32_of(&mut from)?).map(|_| u64_of(&mut from)).collect::<Option<_>>()?;
        manifest.parts.insert(block, ids);
    }
    from.is_empty().then_some(manifest)
}

fn u32_of(from: &mut &[u8]) -> Option<u32> {
    let (number, rest) = from.split_first_chunk::<4>()?;
    *from = rest;
    Some(u32::from_be_bytes(*number))
}

fn u64_of(from: &mut &[u8]) -> Option<u64> {
    let (number, rest) = from.split_first_chunk::<8>()?;
    *from = rest;
    Some(u64::from_be_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_whole_or_not_at_all() {
        let manifest = Manifest {
            owner: Owner { origin: 7, terms: 1 },
            position: 1 << 40,
            next_id: 9,
            parts: [(0, vec![3, 1]), (4, vec![8])].into(),
            missing: [2, 3].into(),
        };
        let bytes = manifest.encode();
        assert_eq!(decode(&bytes), Some(manifest));
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert_eq!(decode(&flipped), None, "flipped at {at}");
            assert_eq!(decode(&bytes[..at]), None, "cut at {at}");
        }
    }
}
