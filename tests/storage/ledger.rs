//! The ledger on the simulated disk: random batches, power cuts, failures, restarts.

use std::path::Path;

use andon::store::{Disk, Frame, Ledger, LedgerError, LedgerReport};
use andon_tests::{Random, SimDisk};

use super::{Telling, seeds};

const STATE: &str = "/state";

/// What must be in the ledger, and what may be.
#[derive(Default)]
struct Expected {
    acknowledged: Vec<Frame>,
    /// Batches that were refused and could not be cut off, or were being written when the power went: a beginning of one
    /// of them may be found at the next open. Which of them it is the ledger does not say.
    perhaps: Vec<Vec<Frame>>,
}

impl Expected {
    fn next_seq(&self) -> u64 {
        self.acknowledged.last().map_or(1, Frame::next_seq)
    }

    /// Holds what was found against what was promised, and takes it for acknowledged from here on.
    fn check(&mut self, found: Vec<Frame>) {
        assert!(found.starts_with(&self.acknowledged), "acknowledged entries are gone or not as they were");
        let more = &found[self.acknowledged.len()..];
        let explained = more.is_empty() || self.perhaps.iter().any(|batch| batch.starts_with(more));
        assert!(explained, "there are entries that nobody wrote, or that were refused");
        self.acknowledged = found;
        self.perhaps.clear();
    }
}

/// One desk's life on one disk.
struct Life {
    disk: SimDisk,
    random: Random,
    segment_bytes: u32,
    expected: Expected,
    cuts: u64,
    refused: u64,
}

impl Life {
    fn new(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let segment_bytes = [600, 5_000, 40_000, 1 << 20][random.index(4)];
        let disk = SimDisk::new(random.any());
        // The lock of the state directory sees to this.
        disk.create_dir_all(Path::new(STATE)).and_then(|()| disk.sync_dir(Path::new("/"))).unwrap();
        Self { disk, random, segment_bytes, expected: Expected::default(), cuts: 0, refused: 0 }
    }

    fn open(&self) -> Result<(Ledger, LedgerReport), LedgerError> {
        Ledger::open_on(Path::new(STATE), self.disk.handle(), self.segment_bytes)
    }

    /// Opens the ledger on a disk that fails now and then, until it opens; then without failures. What is found is held
    /// against what was promised.
    fn open_and_check(&mut self) -> Ledger {
        if self.random.one_in(3) {
            self.disk.fail_one_in(6);
            self.disk.fail_reads_one_in(40);
            if let Ok((ledger, report)) = self.open() {
                self.disk.heal();
                self.check(&ledger, &report);
                return ledger;
            }
            if self.random.one_in(2) {
                self.cut();
            }
        }
        self.disk.heal();
        let (ledger, report) = self.open().expect("a disk that works opens");
        self.check(&ledger, &report);
        ledger
    }

    fn check(&mut self, ledger: &Ledger, report: &LedgerReport) {
        assert!(report.is_whole(), "no power cut is damage: {report:?}");
        let found: Vec<_> =
            ledger.frames_from(1).map(|item| item.expect("no power cut is damage").1).collect();
        self.expected.check(found);
        assert_eq!(
            (report.next_seq, ledger.next_seq()),
            (self.expected.next_seq(), self.expected.next_seq())
        );
        assert!(ledger.reader().check().expect("it can be read").is_whole());
    }

    fn cut(&mut self) {
        self.cuts += 1;
        self.disk.power_cut(self.random.any());
    }

    fn batch(&mut self) -> Vec<Frame> {
        let mut first_seq = self.expected.next_seq();
        let entries = 1 + self.random.below(5);
        (0..entries)
            .map(|_| {
                let count = u32::try_from(1 + self.random.below(3)).expect("it is small");
                let length = [0, 20, 300, 3_000][self.random.index(4)] + self.random.index(50);
                let seed = self.random.any().to_be_bytes();
                let payload = seed.iter().copied().cycle().take(length).collect();
                let frame = Frame { first_seq, count, payload };
                first_seq = frame.next_seq();
                frame
            })
            .collect()
    }

    fn append(&mut self, ledger: &mut Ledger) {
        let batch = self.batch();
        match ledger.append(&batch) {
            Ok(positions) => {
                assert_eq!(positions.len(), batch.len());
                self.expected.perhaps.clear();
                self.expected.acknowledged.extend(batch);
            }
            Err(LedgerError::Append { .. } | LedgerError::Roll { .. }) => {
                self.refused += 1;
                self.expected.perhaps.clear();
            }
            Err(LedgerError::CutBack { .. }) => {
                self.refused += 1;
                self.expected.perhaps.push(batch);
            }
            Err(error) => panic!("nothing else can be wrong: {error}"),
        }
        assert_eq!(ledger.next_seq(), self.expected.next_seq(), "a refused batch takes no number");
    }

    /// Opens, appends, and ends by a power cut, a kill or an orderly stop.
    fn session(&mut self) {
        let mut ledger = self.open_and_check();
        let appends = self.random.below(30);
        let by_power_cut = self.random.one_in(2);
        if by_power_cut {
            self.disk.power_off_after(self.random.below(appends * 2 + 3));
        }
        for _ in 0..appends {
            match self.random.below(8) {
                0 => self.disk.fail_one_in(3),
                1 | 2 => self.disk.heal(),
                _ => {}
            }
            self.append(&mut ledger);
            if self.disk.is_off() {
                break;
            }
        }
        drop(ledger);
        if by_power_cut {
            self.cut();
        }
        self.disk.heal();
    }
}

#[test]
fn what_the_ledger_acknowledged_is_there_and_what_it_refused_is_not_whatever_happens_to_the_disk() {
    let (mut cuts, mut acknowledged, mut refused) = (0, 0, 0);
    for seed in seeds(150) {
        let _telling = Telling(seed);
        let mut life = Life::new(seed);
        for _ in 0..20 {
            life.session();
        }
        life.open_and_check();
        cuts += life.cuts;
        refused += life.refused;
        acknowledged += life.expected.acknowledged.len();
    }
    println!("{cuts} power cuts, {acknowledged} entries acknowledged, {refused} batches refused, 0 lost");
}

#[test]
fn every_turned_byte_of_a_ledger_is_told_and_no_other_entry_is_lost() {
    let mut told = 0;
    for seed in seeds(150) {
        let _telling = Telling(seed);
        let mut life = Life::new(seed);
        life.session();
        let mut ledger = life.open_and_check();
        (0..10).for_each(|_| life.append(&mut ledger));
        let places: Vec<_> = ledger.frames_from(1).map(|item| item.expect("it is whole")).collect();
        drop(ledger);
        // The last batch is where a torn end and damage cannot be told apart.
        let durable = places.len() - 6;
        let hit = life.random.index(durable);
        let (at, frame) = &places[hit];
        let inside = life.random.index(24 + frame.payload.len());
        let file = format!("{STATE}/ledger/{:016}.ledger", at.segment);
        let bits = 1 << life.random.below(8);
        life.disk.flip(Path::new(&file), at.offset as usize + inside, bits);
        let (ledger, _) = life.open().expect("damage keeps nobody from opening");
        let damage = ledger.reader().check().expect("it can be read").damage;
        let [damage] = &damage[..] else { panic!("one stretch is damaged: {damage:?}") };
        assert_eq!((damage.first_seq, damage.next_seq), (frame.first_seq, Some(frame.next_seq())));
        assert!(damage.kept.is_some(), "a copy is kept");
        let others = places.iter().filter(|(other, _)| other != at);
        assert!(ledger.frames_from(1).filter_map(Result::ok).eq(others.cloned()), "the others are there");
        assert!(matches!(ledger.read(*at), Err(LedgerError::NoFrame { .. })));
        told += 1;
    }
    println!("{told} turned bytes, all told");
}
