//! The index against a map of all tickets with their terms.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use super::*;

/// What tells the ledger and how terms are made.
const OWNER: (u32, u32) = (7, 1);
/// The tickets' numbers are spread over three blocks.
const LAST: u64 = 150_000;

/// An index, and what is to be in it.
struct Shelf {
    dir: TempDir,
    index: Index,
    truth: BTreeMap<u64, BTreeSet<Term>>,
    seed: u64,
}

impl Shelf {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let Opened { mut index, lost, .. } = Index::open(dir.path(), OWNER, 1, 0).unwrap();
        assert_eq!(lost, Vec::<String>::new());
        let nothing = index.next_missing().expect("a new one lacks its first block");
        index.rebuilt(nothing, Prepared::default()).unwrap();
        index.ready();
        Self { dir, index, truth: BTreeMap::new(), seed: 1 }
    }

    fn random(&mut self, below: u64) -> u64 {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % below
    }

    /// Changes some tickets, new ones among them.
    fn change(&mut self, count: u64) {
        let mut changed = BTreeMap::new();
        for _ in 0..count {
            let number = 1 + self.random(LAST) / 10 * 10;
            let terms: BTreeSet<Term> =
                (0..6).map(|n| format!("{n}:{}", self.random(4 + n * 40)).into_bytes()).collect();
            changed.insert(number, terms);
        }
        let as_terms = |terms: &BTreeSet<Term>| terms.iter().cloned().collect();
        self.index.add(changed.iter().map(|(number, terms)| (*number, as_terms(terms))).collect()).unwrap();
        self.truth.extend(changed);
    }

    fn reopen(&mut self, next_seq: u64) -> Vec<String> {
        let Opened { mut index, lost, .. } = Index::open(self.dir.path(), OWNER, next_seq, LAST).unwrap();
        index.ready();
        self.index = index;
        lost
    }

    fn found(&self, below: u64, asked: &dyn Fn() -> Vec<AnyOf<'static>>) -> Result<Vec<u64>, SearchError> {
        let blocks = self.index.published().blocks();
        let mut found = Vec::new();
        for block in (0..=block_of(LAST)).rev() {
            found.extend(blocks.find(block, below, &asked())?.newest());
        }
        Ok(found)
    }

    /// Asks for terms and a range of terms, and compares with the truth.
    fn compare(&mut self) {
        for _ in 0..40 {
            let below = 1 + self.random(LAST + 10);
            let (a, b, c) = (self.random(5), self.random(4), self.random(50));
            let terms = [format!("0:{a}"), format!("0:{}", a + 1)].map(String::into_bytes);
            let (prefix, exact) = (format!("2:{b}").into_bytes(), format!("1:{c}").into_bytes());
            let odd = |term: &[u8]| term.last().is_some_and(|last| last % 2 == 1);
            let is_asked = |known: &BTreeSet<Term>| {
                terms.iter().any(|term| known.contains(term))
                    && known.iter().any(|term| *term == exact || term.starts_with(&prefix) && odd(term))
            };
            let asked = || {
                let first = AnyOf { terms: terms.to_vec(), ranges: Vec::new() };
                let accept: Accept<'static> = Box::new(odd);
                vec![first, AnyOf { terms: vec![exact.clone()], ranges: vec![(prefix.clone(), accept)] }]
            };
            let expected: Vec<u64> = self
                .truth
                .range(..below)
                .rev()
                .filter(|(_, terms)| is_asked(terms))
                .map(|(number, _)| *number)
                .collect();
            assert_eq!(self.found(below, &asked).unwrap(), expected);
        }
        let all: Vec<u64> = self.truth.keys().rev().copied().collect();
        assert_eq!(self.found(u64::MAX, &Vec::new).unwrap(), all);
    }

    fn files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(self.dir.path()).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<_> = files.filter(|file| file.extension().is_some()).collect();
        files.sort();
        files
    }
}

#[test]
fn whatever_was_added_flushed_merged_and_opened_again_is_found_as_it_is_now() {
    let mut shelf = Shelf::new();
    let mut seq = 1;
    for round in 0..30 {
        shelf.change(1 + 1_500 / (1 + round));
        shelf.compare();
        if round % 2 == 0 {
            seq += 100;
            assert_eq!(shelf.index.flush(seq).unwrap(), Vec::<String>::new());
            assert_eq!(shelf.index.unwritten(), 0);
            shelf.compare();
        }
        if round % 6 == 0 {
            assert_eq!(shelf.reopen(seq), Vec::<String>::new());
            assert_eq!(shelf.index.position(), seq);
            shelf.compare();
        }
    }
    let blocks = shelf.index.published().blocks();
    assert_eq!(blocks.tickets(), shelf.truth.len() as u64);
    let most = blocks.parts.values().map(Vec::len).max();
    assert!(most.is_some_and(|most| most <= 7), "parts are merged: {most:?}");
    let named: usize = blocks.parts.values().flatten().filter(|part| part.is_file()).count();
    assert_eq!(shelf.files().len(), named, "nothing else stays on the disk");
}

#[test]
fn what_was_not_flushed_is_gone_after_a_kill_and_the_position_says_so() {
    let mut shelf = Shelf::new();
    shelf.change(500);
    shelf.index.flush(90).unwrap();
    let before = shelf.truth.clone();
    shelf.change(500);
    let old: Vec<_> = shelf.files().into_iter().map(|file| (fs::read(&file).unwrap(), file)).collect();
    let manifest = fs::read(shelf.dir.path().join("manifest")).unwrap();
    // Killed after all parts of a lot are written, before the manifest is.
    shelf.index.flush(180).unwrap();
    for (bytes, file) in old {
        fs::write(file, bytes).unwrap();
    }
    fs::write(shelf.dir.path().join("manifest"), manifest).unwrap();
    fs::write(shelf.dir.path().join("ffffffff.part"), b"half").unwrap();
    fs::write(shelf.dir.path().join("manifest.new"), b"half").unwrap();
    assert_eq!(shelf.reopen(200), Vec::<String>::new());
    assert_eq!(shelf.index.position(), 90);
    shelf.truth = before;
    shelf.compare();
    assert!(!shelf.dir.path().join("ffffffff.part").exists());
}

#[test]
fn an_index_of_another_ledger_or_other_terms_or_ahead_of_the_ledger_is_begun_anew() {
    let mut shelf = Shelf::new();
    shelf.change(500);
    shelf.index.flush(90).unwrap();
    for (owner, next_seq, why) in [((8, 1), 90, "another"), ((7, 2), 90, "another"), (OWNER, 89, "event 90")]
    {
        let copy = TempDir::new().unwrap();
        for file in fs::read_dir(shelf.dir.path()).unwrap().map(|file| file.unwrap()) {
            fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
        }
        let Opened { index, lost, is_damaged } = Index::open(copy.path(), owner, next_seq, LAST).unwrap();
        assert!(lost[0].contains(why) && !is_damaged, "{lost:?}");
        assert_eq!((index.next_missing(), index.position()), (Some(2), next_seq));
        assert_eq!(index.published().blocks().tickets(), 0);
    }
}

#[test]
fn damage_anywhere_is_noticed_and_never_shown_as_tickets() {
    let mut shelf = Shelf::new();
    shelf.change(3_000);
    shelf.index.flush(90).unwrap();
    let file = shelf.files().swap_remove(0);
    let whole = fs::read(&file).unwrap();
    for at in (0..whole.len()).step_by(1 + whole.len() / 400) {
        let mut spoilt = whole.clone();
        spoilt[at] ^= 0x10;
        fs::write(&file, &spoilt).unwrap();
        let lost = shelf.reopen(90);
        let blocks = shelf.index.published().blocks();
        let damaged = (0..3).find(|block| {
            let all = blocks.parts.get(block).into_iter().flatten();
            all.into_iter().any(|part| part.check().is_err())
        });
        let missing = shelf.index.next_missing();
        assert!(damaged.is_some() != missing.is_some(), "flipped at {at} of {}: {lost:?}", whole.len());
        assert_eq!(missing.is_some(), !lost.is_empty());
    }
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(shelf.reopen(90).len(), 1);
    assert!(!file.exists(), "it is of no use");
    assert_eq!(shelf.reopen(90).len(), 1, "nothing was written since that would name it no more");
    assert!(shelf.index.next_missing().is_some());
}

#[test]
fn a_block_that_was_given_up_is_made_again_under_what_changed_meanwhile() {
    let mut shelf = Shelf::new();
    shelf.change(3_000);
    shelf.index.flush(90).unwrap();
    let before = shelf.truth.clone();
    shelf.index.give_up(1);
    assert!(!shelf.index.published().blocks().is_whole(1));
    assert!(shelf.index.published().blocks().is_whole(0));
    let mut prepared = Prepared::default();
    let of_block: Vec<_> = before.range(numbers_of(1)).collect();
    for tickets in of_block.chunks(100) {
        let with_terms =
            tickets.iter().map(|(number, terms)| (**number, terms.iter().cloned().collect())).collect();
        shelf.index.prepare(1, with_terms, &mut prepared).unwrap();
    }
    // What changes while they are made ready is newer than they are.
    shelf.change(2_000);
    shelf.index.rebuilt(1, prepared).unwrap();
    assert!(shelf.index.published().blocks().all_whole());
    shelf.compare();
    assert_eq!(shelf.index.flush(120).unwrap(), Vec::<String>::new());
    assert_eq!(shelf.reopen(120), Vec::<String>::new());
    shelf.compare();
}

#[test]
fn damage_that_a_merge_meets_gives_up_that_block_alone() {
    let mut shelf = Shelf::new();
    shelf.change(3_000);
    shelf.index.flush(90).unwrap();
    let file = shelf.files().swap_remove(0);
    let mut bytes = fs::read(&file).unwrap();
    bytes[20] ^= 1;
    fs::write(&file, bytes).unwrap();
    shelf.change(3_000);
    let lost = shelf.index.flush(120).unwrap();
    assert_eq!(lost.len(), 1, "{lost:?}");
    let blocks = shelf.index.published().blocks();
    assert_eq!(blocks.missing(), 1);
    assert_eq!(shelf.reopen(120), Vec::<String>::new());
    assert_eq!(shelf.index.published().blocks().missing(), 1, "it is missing after a start, too");
}
