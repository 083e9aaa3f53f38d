//! The ledger against torn writes, flipped bytes, full disks and readers at work.

use std::ffi::OsString;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use super::*;

/// A disk whose next operations fail as the plan says; then it works again.
#[derive(Clone, Debug, Default)]
struct FaultyDisk(Arc<Mutex<Vec<Fault>>>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    /// So many bytes are written, then there is no room.
    ShortWrite(usize),
    /// The operation, whichever it is, fails.
    Fails,
}

impl FaultyDisk {
    /// Plans what becomes of the next operations, in order.
    fn plan(&self, faults: &[Fault]) {
        *self.0.lock().unwrap() = faults.iter().rev().copied().collect();
    }

    fn next(&self) -> io::Result<Option<usize>> {
        match self.0.lock().unwrap().pop() {
            Some(Fault::ShortWrite(bytes)) => Ok(Some(bytes)),
            Some(Fault::Fails) => Err(io::Error::from_raw_os_error(5)),
            Some(Fault::None) | None => Ok(None),
        }
    }
}

impl Disk for FaultyDisk {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        if access == Access::Create {
            self.next()?;
        }
        Ok(Arc::new(FaultyFile { disk: self.clone(), file: RealDisk.open(path, access)? }))
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        RealDisk.create_dir_all(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        RealDisk.list(dir)
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        RealDisk.length(path)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.next()?;
        RealDisk.sync_dir(dir)
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    file: Arc<dyn DiskFile>,
}

impl DiskFile for FaultyFile {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(bytes, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let Some(short) = self.disk.next()? else { return self.file.write_at(bytes, offset) };
        self.file.write_at(&bytes[..short.min(bytes.len())], offset)?;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    }

    fn length(&self) -> io::Result<u64> {
        self.file.length()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.disk.next()?;
        self.file.set_length(length)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        self.disk.next()?;
        self.file.allocate(length)
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.next()?;
        self.file.sync()
    }

    fn has_name(&self) -> io::Result<bool> {
        self.file.has_name()
    }
}

fn frame(first_seq: u64, count: u32, payload: &str) -> Frame {
    Frame { first_seq, count, payload: payload.as_bytes().to_vec() }
}

/// Appends entries of one event each, each in a batch of its own.
fn append_each(ledger: &mut Ledger, payloads: &[&str]) -> Vec<Position> {
    let append = |payload: &&str| ledger.append(&[frame(ledger.next_seq(), 1, payload)]).unwrap()[0];
    payloads.iter().map(append).collect()
}

fn open(dir: &TempDir) -> (Ledger, LedgerReport) {
    Ledger::open(dir.path()).unwrap()
}

fn open_small(dir: &TempDir, segment_bytes: u32) -> Ledger {
    Ledger::open_on(dir.path(), Arc::new(RealDisk), segment_bytes).unwrap().0
}

fn segment_file(dir: &TempDir, first_seq: u64) -> std::path::PathBuf {
    segment::path(&dir.path().join("ledger"), first_seq)
}

fn payloads(ledger: &Ledger, first_seq: u64) -> Vec<String> {
    let text = |frame: Frame| String::from_utf8(frame.payload).unwrap();
    ledger
        .frames_from(first_seq)
        .map(|item| item.map_or_else(|error| error.to_string(), |(_, f)| text(f)))
        .collect()
}

fn flip(path: &Path, offset: u32) {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, u64::from(offset)).unwrap();
    file.write_all_at(&[byte[0] ^ 0x40], u64::from(offset)).unwrap();
}

#[test]
fn what_was_appended_is_there_after_reopening_and_the_numbering_goes_on() {
    let dir = TempDir::new().unwrap();
    let (mut ledger, report) = open(&dir);
    assert_eq!((report.segments, report.next_seq, report.is_whole()), (1, 1, true));
    let positions = ledger.append(&[frame(1, 2, "opened"), frame(3, 1, "taken")]).unwrap();
    drop(ledger);
    let (mut ledger, report) = open(&dir);
    assert_eq!(report, LedgerReport { segments: 1, next_seq: 4, ..LedgerReport::default() });
    assert_eq!(ledger.read(positions[1]).unwrap(), frame(3, 1, "taken"));
    append_each(&mut ledger, &["closed"]);
    assert_eq!(payloads(&ledger, 1), ["opened", "taken", "closed"]);
    assert_eq!(payloads(&ledger, 2), ["opened", "taken", "closed"], "event 2 is in the first entry");
    assert_eq!(payloads(&ledger, 3), ["taken", "closed"]);
    assert_eq!(payloads(&ledger, 5), [""; 0]);
}

#[test]
fn an_empty_batch_and_an_empty_payload_are_no_trouble() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open(&dir).0;
    assert_eq!(ledger.append(&[]).unwrap(), []);
    append_each(&mut ledger, &["", "x", ""]);
    assert_eq!(payloads(&open(&dir).0, 1), ["", "x", ""]);
}

#[test]
fn a_batch_that_does_not_continue_the_numbering_is_refused_and_changes_nothing() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open(&dir).0;
    append_each(&mut ledger, &["one"]);
    let refused = |ledger: &mut Ledger, batch: &[Frame]| ledger.append(batch).unwrap_err().to_string();
    assert_eq!(refused(&mut ledger, &[frame(3, 1, "")]), "the next event of the ledger is 2, not 3");
    assert_eq!(
        refused(&mut ledger, &[frame(2, 2, ""), frame(3, 1, "")]),
        "the next event of the ledger is 4, not 3"
    );
    assert_eq!(refused(&mut ledger, &[frame(2, 0, "")]), "the entry at event 2 holds no event");
    let long = Frame { first_seq: 2, count: 1, payload: vec![0; MAX_PAYLOAD_BYTES + 1] };
    assert!(matches!(ledger.append(&[long]), Err(LedgerError::TooLong { .. })));
    append_each(&mut ledger, &["two"]);
    assert_eq!(payloads(&open(&dir).0, 1), ["one", "two"]);
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_off_and_copied_and_the_next_entry_takes_its_place() {
    let whole = TempDir::new().unwrap();
    let mut ledger = open(&whole).0;
    append_each(&mut ledger, &["first", "second"]);
    let start = append_each(&mut ledger, &["torn: in the middle of it all"])[0].offset;
    let end = ledger.tail.end;
    let bytes = fs::read(segment_file(&whole, 1)).unwrap();
    for torn in start..end {
        for zeros_behind in [false, true] {
            let dir = TempDir::new().unwrap();
            fs::create_dir(dir.path().join("ledger")).unwrap();
            let mut torn_bytes = bytes[..torn as usize].to_vec();
            torn_bytes.resize(if zeros_behind { bytes.len() } else { torn as usize }, 0);
            fs::write(segment_file(&dir, 1), torn_bytes).unwrap();
            let (mut ledger, report) = open(&dir);
            assert_eq!((report.next_seq, report.is_whole()), (3, true), "torn at {torn}");
            // The length starts with zeros, and zeros are taken for the room ahead.
            let seen = torn >= start + 4;
            assert_eq!(report.torn_tail.is_some(), seen, "torn at {torn}");
            if let Some(tail) = report.torn_tail {
                let kept = fs::read(tail.kept.unwrap()).unwrap();
                assert_eq!((tail.from, kept), (start, bytes[start as usize..tail.to as usize].to_vec()));
            }
            append_each(&mut ledger, &["third"]);
            assert_eq!(payloads(&open(&dir).0, 1), ["first", "second", "third"], "torn at {torn}");
        }
    }
}

#[test]
fn a_batch_of_which_only_later_blocks_reached_the_disk_is_a_torn_tail_and_no_damage() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open(&dir).0;
    append_each(&mut ledger, &["kept"]);
    let batch = [frame(2, 1, "kept too"), frame(3, 1, "lost"), frame(4, 1, "whole, but behind a lost one")];
    let positions = ledger.append(&batch).unwrap();
    flip(&segment_file(&dir, 1), positions[1].offset + 25);
    let (ledger, report) = open(&dir);
    assert_eq!((report.next_seq, report.is_whole(), report.torn_tail.is_some()), (3, true, true));
    assert_eq!(payloads(&ledger, 1), ["kept", "kept too"]);
}

#[test]
fn a_flipped_byte_anywhere_in_a_middle_entry_is_reported_and_copied_and_later_entries_stay_readable() {
    let dir = TempDir::new().unwrap();
    let positions = append_each(&mut open(&dir).0, &["first", "middle", "last"]);
    let path = segment_file(&dir, 1);
    let bytes = fs::read(&path).unwrap();
    for offset in positions[1].offset..positions[2].offset {
        fs::write(&path, &bytes).unwrap();
        flip(&path, offset);
        let (mut ledger, report) = open(&dir);
        let [damage] = &report.damage[..] else { panic!("{report:?}") };
        assert_eq!((report.next_seq, &report.torn_tail, report.is_whole()), (4, &None, false));
        assert_eq!((damage.from, damage.to), (positions[1].offset, positions[2].offset));
        assert_eq!((damage.first_seq, damage.next_seq), (2, Some(3)));
        let kept = fs::read(damage.kept.as_ref().unwrap()).unwrap();
        assert_eq!(kept, fs::read(&path).unwrap()[damage.from as usize..damage.to as usize]);
        assert!(matches!(ledger.read(positions[1]), Err(LedgerError::NoFrame { .. })));
        assert_eq!(ledger.read(positions[2]).unwrap(), frame(3, 1, "last"));
        append_each(&mut ledger, &["after"]);
        let read = payloads(&ledger, 1);
        assert_eq!([&read[0], &read[2], &read[3]], ["first", "last", "after"]);
        assert!(read[1].starts_with("the ledger is damaged: "), "{read:?}");
        assert_eq!(payloads(&ledger, 3), ["last", "after"], "damage in front is not in the way");
        assert_eq!(ledger.reader().check().unwrap().damage, report.damage);
    }
}

#[test]
fn segments_roll_over_and_damage_in_an_old_one_is_found_by_a_check() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open_small(&dir, 200);
    let texts: Vec<String> = (1..=40).map(|n| format!("entry number {n}")).collect();
    let positions = append_each(&mut ledger, &texts.iter().map(String::as_str).collect::<Vec<_>>());
    let segments = segment::list(&RealDisk, &dir.path().join("ledger")).unwrap();
    assert_eq!(segments.len(), 10, "four entries of 40 bytes fit into each: {segments:?}");
    let written: u64 = segments.iter().map(|s| fs::metadata(segment_file(&dir, *s)).unwrap().len()).sum();
    drop(ledger);
    let ledger = open_small(&dir, 200);
    assert_eq!((ledger.next_seq(), ledger.bytes() <= written), (41, true));
    assert_eq!(payloads(&ledger, 1), texts);
    assert_eq!(payloads(&ledger, 23), texts[22..]);
    assert_eq!(ledger.read(positions[20]).unwrap().payload, texts[20].as_bytes());

    flip(&segment_file(&dir, segments[2]), 60);
    fs::remove_file(segment_file(&dir, segments[5])).unwrap();
    let mut ledger = open_small(&dir, 200);
    append_each(&mut ledger, &["after"]);
    let report = ledger.reader().check().unwrap();
    let lost: Vec<_> = report.damage.iter().map(|d| (d.first_seq, d.next_seq.unwrap())).collect();
    assert_eq!(lost[0].1 - lost[0].0, 1);
    assert_eq!(lost[1], (segments[5], segments[6]));
    assert_eq!(lost.len(), 2);
    assert!(report.damage[0].kept.as_ref().is_some_and(|kept| kept.exists()), "there is a copy of it");
}

#[test]
fn a_check_says_how_much_it_reads_and_ends_when_it_is_told_to() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open_small(&dir, 200);
    append_each(&mut ledger, &["entry number 1", "entry number 2", "entry number 3"]);
    let mut read = Vec::new();
    let report = ledger.reader().check_while(|bytes| {
        read.push(bytes);
        true
    });
    assert!(report.unwrap().is_some_and(|report| report.is_whole()));
    assert_eq!(read, [38; 3], "each entry with the header of its frame");
    let mut asked = 0;
    let report = ledger.reader().check_while(|_| {
        asked += 1;
        asked < 2
    });
    assert_eq!((report.unwrap(), asked), (None, 2));
}

#[test]
fn a_damaged_header_of_a_file_is_named_though_its_entries_can_be_read() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open_small(&dir, 100);
    append_each(
        &mut ledger,
        &["one, long enough to need another segment", "two, as long as the one before it is"],
    );
    flip(&segment_file(&dir, 1), 13);
    let report = ledger.reader().check().unwrap();
    assert_eq!((report.bad_headers.as_slice(), report.damage.len()), (&[segment_file(&dir, 1)][..], 0));
    assert!(!report.is_whole());
}

#[test]
fn a_segment_that_was_being_started_when_the_power_went_is_started_again() {
    for left in [0, 7, 24] {
        let dir = TempDir::new().unwrap();
        let mut ledger = open_small(&dir, 100);
        append_each(&mut ledger, &["one, long enough to need another segment", "two"]);
        drop(ledger);
        fs::write(segment_file(&dir, 3), &segment::header(3)[..left]).unwrap();
        let mut ledger = open_small(&dir, 100);
        assert_eq!(ledger.next_seq(), 3);
        append_each(&mut ledger, &["three, too long for the second segment as it is, so that it rolls"]);
        assert_eq!(payloads(&open_small(&dir, 100), 1).len(), 3);
    }
}

#[test]
fn a_spoilt_header_loses_no_entry_and_a_newer_format_is_left_alone() {
    let dir = TempDir::new().unwrap();
    append_each(&mut open(&dir).0, &["one", "two"]);
    let path = segment_file(&dir, 1);
    flip(&path, 3);
    let (ledger, report) = open(&dir);
    assert_eq!((payloads(&ledger, 1).len(), &report.bad_headers[..]), (2, &[path.clone()][..]));

    let mut header = segment::header(1);
    header[11] = 2;
    let checksum = crc32c::crc32c(&header[..20]);
    header[20..].copy_from_slice(&checksum.to_be_bytes());
    OpenOptions::new().write(true).open(&path).unwrap().write_all_at(&header, 0).unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(Ledger::open(dir.path()), Err(LedgerError::Newer { found: 2, known: 1, .. })));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn garbage_of_any_length_is_opened_without_a_panic_and_copied_before_it_goes() {
    for length in [1, 23, 24, 25, 47, 48, 5000] {
        let dir = TempDir::new().unwrap();
        fs::create_dir(dir.path().join("ledger")).unwrap();
        let garbage: Vec<u8> = (0..length).map(|n: u32| (n * 151 + 7).to_le_bytes()[0] | 1).collect();
        fs::write(segment_file(&dir, 1), &garbage).unwrap();
        let (mut ledger, report) = open(&dir);
        assert_eq!(report.next_seq, 1);
        assert_eq!(report.torn_tail.is_some(), length > 24);
        append_each(&mut ledger, &["one"]);
        assert_eq!(payloads(&open(&dir).0, 1), ["one"]);
    }
}

#[test]
fn after_a_failed_append_nothing_of_it_is_left_and_the_ledger_goes_on_once_there_is_room() {
    use Fault::{Fails, None, ShortWrite};
    let batch = |next| [frame(next, 1, "failed one"), frame(next + 1, 1, "failed two")];
    let writes = (0..150).map(|bytes| vec![ShortWrite(bytes)]);
    let others = [vec![None, Fails], vec![Fails]];
    for faults in writes.chain(others) {
        let dir = TempDir::new().unwrap();
        let disk = FaultyDisk::default();
        let mut ledger = Ledger::open_on(dir.path(), Arc::new(disk.clone()), SEGMENT_BYTES).unwrap().0;
        append_each(&mut ledger, &["before"]);
        disk.plan(&faults);
        assert!(matches!(ledger.append(&batch(2)), Err(LedgerError::Append { .. })), "{faults:?}");
        let (reopened, report) = open(&dir);
        assert_eq!((report.torn_tail, payloads(&reopened, 1)), (Option::None, vec!["before".to_owned()]));
        append_each(&mut ledger, &["after"]);
        assert_eq!(payloads(&ledger, 1), ["before", "after"]);
        assert_eq!(payloads(&open(&dir).0, 1), ["before", "after"], "{faults:?}");
    }
}

#[test]
fn while_a_failed_append_cannot_be_cut_off_nothing_is_appended() {
    use Fault::{Fails, None};
    let dir = TempDir::new().unwrap();
    let disk = FaultyDisk::default();
    let mut ledger = Ledger::open_on(dir.path(), Arc::new(disk.clone()), SEGMENT_BYTES).unwrap().0;
    append_each(&mut ledger, &["before"]);
    disk.plan(&[None, Fails, Fails, None, Fails]);
    let again = |ledger: &mut Ledger| ledger.append(&[frame(2, 1, "failed")]).unwrap_err();
    assert!(
        matches!(again(&mut ledger), LedgerError::CutBack { .. }),
        "write, sync fails, writing the block fails"
    );
    assert!(matches!(again(&mut ledger), LedgerError::CutBack { .. }), "the block is written, the cut fails");
    assert_eq!(payloads(&ledger, 1), ["before"], "readers see only what is durable");
    ledger.recover().unwrap();
    append_each(&mut ledger, &["after"]);
    assert_eq!(payloads(&open(&dir).0, 1), ["before", "after"]);
}

#[test]
fn a_segment_that_cannot_be_started_leaves_the_ledger_as_it_was() {
    use Fault::{Fails, None, ShortWrite};
    let starts =
        [vec![Fails], vec![None, ShortWrite(9)], vec![None, None, Fails], vec![None, None, None, Fails]];
    for faults in starts {
        let dir = TempDir::new().unwrap();
        let disk = FaultyDisk::default();
        let mut ledger = Ledger::open_on(dir.path(), Arc::new(disk.clone()), 100).unwrap().0;
        append_each(&mut ledger, &["one"]);
        disk.plan(&faults);
        let long = "too long for what is left of the first segment";
        assert!(matches!(ledger.append(&[frame(2, 1, long)]), Err(LedgerError::Roll { .. })), "{faults:?}");
        assert_eq!(payloads(&open_small(&dir, 100), 1), ["one"]);
        append_each(&mut ledger, &["short", long, "four"]);
        assert_eq!(payloads(&open_small(&dir, 100), 1), ["one", "short", long, "four"], "{faults:?}");
    }
}

#[test]
fn the_ledger_is_read_while_it_is_appended_to() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open_small(&dir, 2000);
    let reader = ledger.reader();
    std::thread::scope(|scope| {
        let reading = scope.spawn(move || {
            let mut seen = 0;
            while seen < 300 {
                let expected = seen + 1;
                for (n, item) in reader.frames_from(expected).enumerate() {
                    let (at, frame) = item.expect("what is durable is whole");
                    assert_eq!(frame.first_seq, expected + n as u64);
                    assert_eq!(reader.read(at).unwrap(), frame);
                    seen = frame.first_seq;
                }
            }
        });
        for n in 1..=300 {
            append_each(&mut ledger, &[&format!("entry {n}")]);
        }
        reading.join().unwrap();
    });
}

/// Power cuts as a disk with a volatile cache makes them: of what was not synced, each block is there or not.
#[test]
fn after_a_power_cut_all_that_was_acknowledged_is_there_and_of_the_rest_only_a_beginning() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open(&dir).0;
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next_random = |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    for _ in 0..150 {
        let acknowledged = ledger.next_seq();
        let before = fs::read(segment_file(&dir, 1)).unwrap();
        let entries = 1 + next_random(6);
        let entry = |n| frame(acknowledged + n, 1, &format!("{n} ").repeat(1500));
        let batch: Vec<_> = (0..entries).map(entry).collect();
        ledger.append(&batch).unwrap();
        let mut torn = fs::read(segment_file(&dir, 1)).unwrap();
        for (block, old) in
            torn.chunks_mut(512).zip(before.chunks(512).chain(std::iter::repeat(&[0; 512][..])))
        {
            if next_random(2) == 0 {
                block[..old.len()].copy_from_slice(old);
            }
        }
        let cut = TempDir::new().unwrap();
        fs::create_dir(cut.path().join("ledger")).unwrap();
        fs::write(segment_file(&cut, 1), torn).unwrap();
        let (found, report) = open(&cut);
        assert!(report.is_whole(), "a torn batch is no damage: {report:?}");
        assert!((acknowledged..=ledger.next_seq()).contains(&found.next_seq()));
        let there: Vec<_> = found.frames_from(1).map(|item| item.unwrap().1).collect();
        let all: Vec<_> = ledger.frames_from(1).map(|item| item.unwrap().1).collect();
        assert_eq!(there, all[..there.len()]);
    }
}

#[test]
fn only_so_many_torn_tails_are_kept() {
    let dir = TempDir::new().unwrap();
    let mut ledger = open(&dir).0;
    for n in 0..KEPT_TAILS + 3 {
        append_each(&mut ledger, &["kept"]);
        let file = OpenOptions::new().write(true).open(segment_file(&dir, 1)).unwrap();
        file.write_all_at(b"torn", u64::from(ledger.tail.end)).unwrap();
        let (reopened, report) = open(&dir);
        assert!(report.torn_tail.unwrap().kept.is_some(), "{n}");
        ledger = reopened;
    }
    assert_eq!(fs::read_dir(dir.path().join("quarantine")).unwrap().count(), KEPT_TAILS);
}
