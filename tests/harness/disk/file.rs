//! A file of the disk: as programs see it, and what of it a power cut would leave.

use std::collections::HashMap;

use super::Cut;
use crate::random::Random;

/// What a device writes whole, or, rarely, tears.
const SECTOR_BYTES: usize = 512;
/// What a sync writes whole.
const PAGE_BYTES: usize = 4096;
/// One sector of so many, of those that were being written, is torn within.
const TORN_ONE_IN: u64 = 16;

/// A file.
#[derive(Clone, Debug, Default)]
pub(super) struct File {
    /// As programs see it.
    now: Vec<u8>,
    /// What is on the medium for sure.
    durable: Vec<u8>,
    /// What changed since the last sync, in order.
    pending: Vec<Change>,
    /// Bytes that were set aside for it beyond its length.
    reserved: u64,
}

#[derive(Clone, Debug)]
enum Change {
    Write {
        at: usize,
        bytes: Vec<u8>,
        /// A sync failed after it: the kernel takes the page for clean now, and no later sync writes it.
        given_up: bool,
    },
    Length(usize),
}

impl File {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.now
    }

    /// Bytes that it takes on the disk.
    pub(super) fn allocated(&self) -> u64 {
        self.reserved.max(self.now.len() as u64)
    }

    pub(super) fn read(&self, at: usize, count: usize) -> &[u8] {
        let end = at.saturating_add(count).min(self.now.len());
        self.now.get(at..end).unwrap_or_default()
    }

    pub(super) fn write(&mut self, at: usize, bytes: &[u8]) {
        put(&mut self.now, at, bytes);
        self.pending.push(Change::Write { at, bytes: bytes.to_vec(), given_up: false });
    }

    pub(super) fn set_length(&mut self, length: usize) {
        self.reserved = 0;
        if length != self.now.len() {
            self.now.resize(length, 0);
            self.pending.push(Change::Length(length));
        }
    }

    pub(super) fn reserve(&mut self, bytes: u64) {
        self.reserved = self.reserved.max(bytes);
    }

    /// Content and length are on the medium now, but for pages that an earlier sync gave up.
    pub(super) fn sync(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        for change in &pending {
            if let Change::Length(length) = change {
                self.durable.resize(*length, 0);
            }
        }
        self.durable.resize(self.now.len(), 0);
        for change in &pending {
            if let Change::Write { at, bytes, given_up: false } = change {
                let start = (at - at % PAGE_BYTES).min(self.now.len());
                let end = (at + bytes.len()).next_multiple_of(PAGE_BYTES).min(self.now.len());
                self.durable[start..end].copy_from_slice(&self.now[start..end]);
            }
        }
    }

    /// A sync failed: what was to be written is given up.
    pub(super) fn fail_sync(&mut self) {
        for change in &mut self.pending {
            if let Change::Write { given_up, .. } = change {
                *given_up = true;
            }
        }
    }

    /// The file after a power cut.
    pub(super) fn cut(&self, cut: Cut, random: &mut Random) -> Self {
        let left = match cut {
            Cut::LoseUnsynced => self.durable.clone(),
            Cut::KeepUnsynced => self.now.clone(),
            Cut::Random => self.torn(random),
        };
        Self { now: left.clone(), durable: left, ..Self::default() }
    }

    /// Some of what was not synced: the file system's journal has some of the lengths that were set, and of the writes
    /// after that each sector is as it was before them or after any of them.
    fn torn(&self, random: &mut Random) -> Vec<u8> {
        let is_length = |change: &&Change| matches!(change, Change::Length(_));
        let committed = random.index(self.pending.iter().filter(is_length).count() + 1);
        let mut lengths_left = committed;
        let mut left = self.durable.clone();
        let mut writes: Vec<(usize, &[u8])> = Vec::new();
        for change in &self.pending {
            match change {
                Change::Length(_) if lengths_left == 0 => break,
                Change::Length(length) => {
                    lengths_left -= 1;
                    left.resize(*length, 0);
                    // What lay behind a length that was set is gone with it.
                    writes.retain(|(at, bytes)| at + bytes.len() <= *length);
                }
                Change::Write { at, bytes, .. } => writes.push((*at, bytes)),
            }
        }
        let shortest = left.len();
        let longest = writes.iter().map(|(at, bytes)| at + bytes.len()).max().unwrap_or(0).max(shortest);
        keep_some(&mut left, &writes, random);
        left.resize(longest, 0);
        left.truncate(length_between(shortest, longest, random));
        left
    }
}

/// Applies to each sector a random number of the writes that touch it, the first ones; what is torn has some bytes more.
fn keep_some(left: &mut Vec<u8>, writes: &[(usize, &[u8])], random: &mut Random) {
    let mut touching: HashMap<usize, u64> = HashMap::new();
    for (sector, _) in writes.iter().flat_map(|(at, bytes)| sectors(*at, bytes)) {
        *touching.entry(sector).or_default() += 1;
    }
    // How likely a sector got through differs from cut to cut: nearly nothing, half, nearly all.
    let through = *random.pick(&[1, 8, 15]);
    let mut limits: HashMap<usize, u64> = HashMap::new();
    let mut sorted: Vec<_> = touching.into_iter().collect();
    sorted.sort_unstable();
    for (sector, count) in sorted {
        let limit = if random.below(16) < through { 1 + random.below(count) } else { 0 };
        limits.insert(sector, limit);
    }
    for (at, bytes) in writes {
        for (sector, (at, part)) in sectors(*at, bytes) {
            let Some(limit) = limits.get_mut(&sector) else { continue };
            if *limit > 0 {
                *limit -= 1;
                put(left, at, part);
            } else {
                limits.remove(&sector);
                if random.one_in(TORN_ONE_IN) {
                    put(left, at, &part[..random.index(part.len())]);
                }
            }
        }
    }
}

/// The sectors that a write touches, each with where its part starts and the part itself.
fn sectors(at: usize, bytes: &[u8]) -> impl Iterator<Item = (usize, (usize, &[u8]))> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let here = at + from;
        let room = SECTOR_BYTES - here % SECTOR_BYTES;
        let part = &bytes[from..bytes.len().min(from + room)];
        from += part.len();
        (!part.is_empty()).then_some((here / SECTOR_BYTES, (here, part)))
    })
}

/// Sizes are written when the file system comes to it: none of the growth, all of it, or up to any block.
fn length_between(shortest: usize, longest: usize, random: &mut Random) -> usize {
    match random.below(3) {
        0 => shortest,
        1 => longest,
        _ => (shortest + random.index(longest - shortest + 1)).next_multiple_of(SECTOR_BYTES).min(longest),
    }
}

fn put(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[at..end].copy_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8]) -> File {
        let mut file = File::default();
        file.write(0, bytes);
        file
    }

    #[test]
    fn what_was_synced_survives_every_cut_and_nothing_else_is_sure_to() {
        let mut file = written(&[1; 2000]);
        file.sync();
        file.write(2000, &[2; 2000]);
        let mut lengths = std::collections::BTreeSet::new();
        for n in 0..200 {
            let left = file.cut(Cut::Random, &mut Random::new(n));
            assert_eq!(left.bytes()[..2000], [1; 2000], "seed {n}");
            lengths.insert(left.bytes().len());
        }
        assert!(lengths.contains(&2000) && lengths.contains(&4000) && lengths.len() > 2, "{lengths:?}");
        assert_eq!(file.cut(Cut::LoseUnsynced, &mut Random::new(0)).bytes(), [1; 2000]);
        assert_eq!(file.cut(Cut::KeepUnsynced, &mut Random::new(0)).bytes().len(), 4000);
    }

    #[test]
    fn a_write_over_synced_bytes_is_dropped_kept_and_torn() {
        let mut file = written(&[1; 8 * SECTOR_BYTES]);
        file.sync();
        file.write(0, &[2; 8 * SECTOR_BYTES]);
        let (mut mixed, mut torn) = (0, 0);
        for n in 0..200 {
            let left = file.cut(Cut::Random, &mut Random::new(n));
            let sectors: Vec<_> = left.bytes().chunks(SECTOR_BYTES).collect();
            let is = |byte: u8| sectors.iter().any(|sector| sector.iter().all(|b| *b == byte));
            mixed += usize::from(is(1) && is(2));
            torn += usize::from(sectors.iter().any(|sector| sector.contains(&1) && sector.contains(&2)));
        }
        assert!(mixed > 50 && torn > 20, "{mixed} mixed, {torn} torn");
    }

    #[test]
    fn a_cut_leaves_any_of_several_versions_of_a_sector() {
        let mut file = written(&[0; SECTOR_BYTES]);
        file.sync();
        (1..=3).for_each(|version| file.write(0, &[version; SECTOR_BYTES]));
        let firsts: std::collections::BTreeSet<u8> =
            (0..200).map(|n| file.cut(Cut::Random, &mut Random::new(n)).bytes()[0]).collect();
        assert_eq!(firsts, [0, 1, 2, 3].into());
    }

    #[test]
    fn what_a_failed_sync_gave_up_is_lost_unless_its_page_is_written_again() {
        let mut file = written(&[1; 2 * PAGE_BYTES]);
        file.sync();
        file.write(0, &[2; 2 * PAGE_BYTES]);
        file.fail_sync();
        file.write(10, &[3]);
        file.sync();
        let left = file.cut(Cut::LoseUnsynced, &mut Random::new(0));
        assert_eq!(left.bytes()[..12], [2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2], "the page was written again");
        assert_eq!(left.bytes()[PAGE_BYTES..], [1; PAGE_BYTES], "this one was given up");
    }

    #[test]
    fn a_length_that_was_set_counts_from_the_sync_on() {
        let mut file = written(&[1; 3000]);
        file.sync();
        file.set_length(100);
        let lengths: std::collections::BTreeSet<usize> =
            (0..50).map(|n| file.cut(Cut::Random, &mut Random::new(n)).bytes().len()).collect();
        assert_eq!(lengths, [100, 3000].into());
        file.sync();
        assert_eq!(file.cut(Cut::LoseUnsynced, &mut Random::new(0)).bytes(), [1; 100]);
    }
}
