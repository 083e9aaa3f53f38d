//! The archive against cut, flipped and deleted files, crashes between its writes, and full disks.

use tempfile::TempDir;

use super::index::HEADER_BYTES as INDEX_HEADER_BYTES;
use super::*;

/// The event before which the stories end, and the ledger's next one.
const UPTO: u64 = 500;
const LEDGER: u64 = 1_000;

fn open(state: &Path) -> (Archive, ArchiveReport) {
    Archive::open(state, LEDGER).unwrap()
}

/// The archive, of which nothing was wrong.
fn open_sound(state: &Path) -> Archive {
    let (archive, report) = open(state);
    assert_eq!(report, ArchiveReport::default());
    archive
}

fn story(number: u64, revision: u64) -> Story {
    let subject = format!("ticket {number} as it was at {revision} ").repeat(20);
    Story {
        number,
        at_ms: i64::try_from(number).unwrap() * 1_000,
        ticket: format!("{{\"subject\":\"{subject}\"}}").into_bytes(),
        entries: (1..=revision).map(|n| format!("{{\"seq\":{n}}}").into_bytes()).collect(),
    }
}

fn stories(numbers: Range<u64>) -> Vec<Story> {
    numbers.map(|number| story(number, 2)).collect()
}

fn line(number: u64, revision: u64) -> Vec<u8> {
    let Story { ticket, entries, .. } = story(number, revision);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let entries: Vec<_> = entries.into_iter().map(text).collect();
    format!("{{\"number\":{number},\"ticket\":{},\"entries\":[{}]}}", text(ticket), entries.join(","))
        .into_bytes()
}

fn path(state: &Path, name: &str) -> PathBuf {
    state.join("archive").join(name)
}

fn copy_of(state: &Path) -> TempDir {
    let copy = TempDir::new().unwrap();
    fs::create_dir(copy.path().join("archive")).unwrap();
    for entry in fs::read_dir(state.join("archive")).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), path(copy.path(), entry.file_name().to_str().unwrap())).unwrap();
    }
    copy
}

/// Two years, three members in the first: 1..65, 65..129, 129..151; and 151..201 in the second.
fn filled() -> TempDir {
    let dir = TempDir::new().unwrap();
    let archive = open_sound(dir.path());
    archive.append(2025, UPTO, &stories(1..151)).unwrap();
    archive.append(2026, UPTO, &stories(151..201)).unwrap();
    dir
}

/// Where the members of a file start, and the file ends.
fn members_of(file: &Path) -> Vec<u64> {
    let file = File::open(file).unwrap();
    let end = file.metadata().unwrap().len();
    let starts = Members::new(&file, 0, end).map(|piece| match piece.unwrap() {
        Piece::Member { offset, .. } => offset,
        Piece::Bad { from, .. } => panic!("damaged at {from}"),
    });
    starts.chain([end]).collect()
}

fn has(archive: &Archive, numbers: Range<u64>) -> bool {
    numbers.clone().all(|number| archive.get(number).unwrap() == Some(line(number, 2)))
        && archive.tickets() == numbers.end - numbers.start
}

#[test]
fn what_was_archived_is_found_by_its_number_also_after_the_next_start() {
    let dir = filled();
    let archive = open_sound(dir.path());
    assert!(has(&archive, 1..201));
    assert_eq!(
        (archive.get(0).unwrap(), archive.get(201).unwrap(), archive.get(u64::MAX).unwrap()),
        (None, None, None)
    );
    let years = archive.years();
    assert_eq!(
        years.iter().map(|(year, held)| (*year, held.tickets, held.members)).collect::<Vec<_>>(),
        [(2025, 150, 3), (2026, 50, 1)]
    );
    assert_eq!((years[0].1.first_ms, years[0].1.last_ms, years[1].1.first_ms), (1_000, 150_000, 151_000));
    assert_eq!(years[0].1.bytes, fs::metadata(path(dir.path(), "2025.jsonl.gz")).unwrap().len());
    assert_eq!(archive.mark(), Mark { order: 4, tickets: 200 });
    let newest: Vec<_> = archive.newest(100..u64::MAX, 3).unwrap();
    assert_eq!(newest, [(200, line(200, 2)), (199, line(199, 2)), (198, line(198, 2))]);
    assert_eq!(archive.newest(5..8, 9).unwrap().len(), 3);
    assert_eq!(archive.newest(7..7, 9).unwrap(), []);
}

#[test]
fn any_zcat_reads_a_year_as_lines_of_json() {
    let dir = filled();
    let mut text = String::new();
    let file = File::open(path(dir.path(), "2025.jsonl.gz")).unwrap();
    std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file), &mut text).unwrap();
    let numbers: Vec<u64> = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["number"].as_u64().unwrap())
        .collect();
    assert_eq!(numbers, (1..151).collect::<Vec<_>>());
}

#[test]
fn an_archive_nobody_uses_writes_nothing() {
    let dir = TempDir::new().unwrap();
    let archive = open_sound(dir.path());
    archive.append(2026, UPTO, &[]).unwrap();
    assert_eq!((archive.get(1).unwrap(), archive.tickets(), archive.size_bytes()), (None, 0, 0));
    assert_eq!((archive.newest(0..9, 9).unwrap(), archive.check().unwrap()), (vec![], vec![]));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_ticket_that_is_archived_again_has_its_newest_story_whichever_year_it_lies_in() {
    let dir = filled();
    let archive = open_sound(dir.path());
    archive.append(2026, UPTO, &[story(7, 5), story(8, 5)]).unwrap();
    archive.append(2025, UPTO, &[story(7, 6)]).unwrap();
    let is_newest = |archive: &Archive| {
        let lines = [(7, 6), (8, 5), (9, 2)]
            .map(|(number, revision)| archive.get(number).unwrap() == Some(line(number, revision)));
        let tickets: Vec<_> = archive.years().iter().map(|(_, held)| held.tickets).collect();
        lines == [true; 3] && tickets == [149, 51]
    };
    assert!(is_newest(&archive));
    drop(archive);
    assert!(is_newest(&open_sound(dir.path())));
    fs::remove_file(path(dir.path(), "index")).unwrap();
    assert!(is_newest(&open(dir.path()).0), "the order of writing counts, not the year");
}

#[test]
fn a_long_ticket_has_a_member_of_its_own() {
    let dir = TempDir::new().unwrap();
    let archive = open_sound(dir.path());
    let long = Story { ticket: format!("\"{}\"", "x".repeat(1 << 20)).into_bytes(), ..story(2, 1) };
    archive.append(2026, UPTO, &[story(1, 1), long.clone(), story(3, 1)]).unwrap();
    assert_eq!(archive.years()[0].1.members, 3);
    assert!(archive.get(2).unwrap().unwrap().len() > 1 << 20);
    assert_eq!(archive.get(3).unwrap(), Some(line(3, 1)));
}

#[test]
fn an_end_torn_anywhere_is_cut_off_and_the_next_tickets_take_its_place() {
    let dir = filled();
    let index = fs::read(path(dir.path(), "index")).unwrap();
    let before = fs::metadata(path(dir.path(), "2026.jsonl.gz")).unwrap().len();
    open_sound(dir.path()).append(2026, UPTO, &stories(201..206)).unwrap();
    let end = fs::metadata(path(dir.path(), "2026.jsonl.gz")).unwrap().len();
    for cut in (before..before + 60).step_by(9).chain((before + 60..end).step_by(31)).chain([
        before + 1,
        end - 1,
        end,
    ]) {
        let torn = copy_of(dir.path());
        // The index knows nothing of it yet.
        fs::write(path(torn.path(), "index"), &index).unwrap();
        let file = path(torn.path(), "2026.jsonl.gz");
        open_file(&file).unwrap().set_len(cut).unwrap();
        let (archive, report) = open(torn.path());
        let whole = if cut == end { 206 } else { 201 };
        assert!(has(&archive, 1..whole), "cut at {cut}");
        assert_eq!(report.cut_off.len(), usize::from(cut > before && cut < end), "cut at {cut}");
        assert_eq!((report.reindexed, report.damage.len()), (None, 0));
        archive.append(2026, UPTO, &stories(whole..210)).unwrap();
        drop(archive);
        assert!(has(&open_sound(torn.path()), 1..210), "cut at {cut}");
    }
}

#[test]
fn entries_that_were_written_before_a_crash_are_counted_once() {
    let dir = filled();
    let header = fs::read(path(dir.path(), "index")).unwrap()[..INDEX_HEADER_BYTES].to_vec();
    open_sound(dir.path()).append(2026, UPTO, &[story(3, 4), story(201, 2)]).unwrap();
    open_file(&path(dir.path(), "index")).unwrap().write_all_at(&header, 0).unwrap();
    let (archive, report) = open(dir.path());
    assert_eq!(report, ArchiveReport::default());
    assert_eq!(archive.get(3).unwrap(), Some(line(3, 4)));
    assert_eq!(archive.years().iter().map(|(_, held)| held.tickets).collect::<Vec<_>>(), [149, 52]);
}

#[test]
fn the_index_is_made_again_when_it_is_missing_or_torn_or_does_not_match() {
    let dir = filled();
    let spoilt = |spoil: &dyn Fn(&Path)| {
        let copy = copy_of(dir.path());
        spoil(&path(copy.path(), "index"));
        let (archive, report) = open(copy.path());
        assert!(has(&archive, 1..201), "{:?}", report.reindexed);
        assert_eq!((report.cut_off.len(), report.damage.len()), (0, 0));
        drop(archive);
        open_sound(copy.path());
        report.reindexed
    };
    let write = |at: u64| move |index: &Path| open_file(index).unwrap().write_all_at(&[0xee; 7], at).unwrap();
    assert_eq!(spoilt(&|index| fs::remove_file(index).unwrap()), Some("it was missing"));
    assert_eq!(spoilt(&|index| fs::write(index, b"").unwrap()), Some("it was torn"));
    assert_eq!(spoilt(&write(100)), Some("it was torn"));
    assert_eq!(spoilt(&write(INDEX_HEADER_BYTES as u64 + 16 * 77)), Some("entries of it were torn"));
}

#[test]
fn an_entry_torn_while_running_is_made_again() {
    let dir = filled();
    let archive = open_sound(dir.path());
    let at = INDEX_HEADER_BYTES as u64 + 16 * 77;
    open_file(&path(dir.path(), "index")).unwrap().write_all_at(&[0xee; 7], at).unwrap();
    assert!(has(&archive, 1..201));
}

#[test]
fn a_year_that_is_gone_or_shorter_than_it_was_is_noticed_by_the_mark() {
    let dir = filled();
    let mark = open_sound(dir.path()).mark();
    for spoil in [
        |file: &Path| fs::remove_file(file).unwrap(),
        |file: &Path| open_file(file).unwrap().set_len(9).unwrap(),
    ] {
        let copy = copy_of(dir.path());
        spoil(&path(copy.path(), "2025.jsonl.gz"));
        let (archive, report) = open(copy.path());
        assert_eq!(report.reindexed, Some("archives were missing or too short"));
        assert!(!archive.still_has(mark));
        assert_eq!((archive.tickets(), archive.get(1).unwrap()), (50, None));
        assert_eq!(archive.get(160).unwrap(), Some(line(160, 2)));
        archive.append(2025, UPTO, &stories(1..151)).unwrap();
        assert!(archive.still_has(mark) && has(&archive, 1..201));
    }
    fs::remove_dir_all(dir.path().join("archive")).unwrap();
    assert!(!open_sound(dir.path()).still_has(mark));
}

#[test]
fn a_flipped_byte_costs_its_own_member_which_is_named_and_copied_and_given_up() {
    let dir = filled();
    let name = "2025.jsonl.gz";
    let starts = members_of(&path(dir.path(), name));
    let whole = fs::read(path(dir.path(), name)).unwrap();
    let (from, to) = (starts[1], starts[2]);
    for at in (from..from + 60).step_by(7).chain((from + 60..to - 9).step_by(101)).chain([to - 1]) {
        let copy = copy_of(dir.path());
        let mut bytes = whole.clone();
        bytes[usize::try_from(at).unwrap()] ^= 0x20;
        fs::write(path(copy.path(), name), &bytes).unwrap();
        let archive = open_sound(copy.path());
        let mark = archive.mark();
        let Err(ArchiveError::Damaged(damage)) = archive.get(100) else { panic!("flipped at {at}") };
        assert_eq!((damage.file, damage.from, damage.to), (path(copy.path(), name), from, to));
        assert_eq!(fs::read(damage.kept.unwrap()).unwrap(), bytes[place(from)..place(to)]);
        assert!(matches!(archive.get(100), Err(ArchiveError::GivenUp { number: 100 })));
        assert!(matches!(archive.get(65), Err(ArchiveError::GivenUp { number: 65 })));
        assert_eq!(archive.newest(64..66, 9).unwrap(), [(64, line(64, 2))]);
        assert!(
            [1, 64, 129, 200].iter().all(|number| archive.get(*number).unwrap() == Some(line(*number, 2)))
        );
        assert!(!archive.still_has(mark));
        assert_eq!(archive.tickets(), 136);
        let checked = archive.check().unwrap();
        assert_eq!((checked[0].members, checked[0].stories, checked[0].given_up), (2, 86, 64));
        assert_eq!((checked[0].damage.len(), checked[1].damage.len(), checked[1].stories), (1, 0, 50));
        // What is known as damaged stays so, until it is archived again.
        drop(archive);
        let archive = open_sound(copy.path());
        assert!(archive.get(100).is_err() && !archive.still_has(mark));
        // Nor does it go under in what comes in meanwhile.
        let more = copy_of(copy.path());
        open_sound(more.path()).append(2025, UPTO, &stories(201..401)).unwrap();
        let later = open_sound(more.path()).mark();
        assert!(!open_sound(more.path()).still_has(later));
        archive.append(2025, UPTO, &stories(65..129)).unwrap();
        assert!(archive.still_has(mark) && has(&archive, 1..201));
        assert_eq!(archive.check().unwrap()[0].given_up, 0);
    }
}

#[test]
fn without_an_index_damage_is_told_and_what_lies_behind_it_is_found() {
    let dir = filled();
    let file = path(dir.path(), "2025.jsonl.gz");
    let starts = members_of(&file);
    let mut bytes = fs::read(&file).unwrap();
    // The header, so that the length of the member is not known.
    bytes[place(starts[1]) + 20] ^= 1;
    fs::write(&file, &bytes).unwrap();
    fs::remove_file(path(dir.path(), "index")).unwrap();
    let (archive, report) = open(dir.path());
    assert_eq!(
        report.damage.iter().map(|damage| (damage.from, damage.to)).collect::<Vec<_>>(),
        [(starts[1], starts[2])]
    );
    assert!(report.damage[0].kept.is_some());
    assert_eq!((archive.tickets(), archive.get(70).unwrap()), (136, None));
    assert!(
        [1, 64, 129, 150, 200].iter().all(|number| archive.get(*number).unwrap() == Some(line(*number, 2)))
    );
}

#[test]
fn whatever_stands_in_the_files_it_opens_and_never_panics() {
    let dir = filled();
    for name in ["2025.jsonl.gz", "2026.jsonl.gz", "index"] {
        for garbage in [vec![], vec![0; 9_000], vec![0x1f; 9_000], b"\x1f\x8b\x08\x04".repeat(2_000)] {
            let copy = copy_of(dir.path());
            fs::write(path(copy.path(), name), &garbage).unwrap();
            let (archive, _) = open(copy.path());
            for number in 1..201 {
                let found = archive.get(number);
                assert!(!matches!(&found, Ok(Some(found)) if *found != line(number, 2)), "{name}");
            }
            archive.append(2025, UPTO, &stories(1..151)).unwrap();
            archive.append(2026, UPTO, &stories(151..201)).unwrap();
            assert!(has(&archive, 1..201), "{name}");
        }
    }
}

#[test]
fn on_a_full_disk_the_archive_is_as_before_and_goes_on_when_there_is_room() {
    let dir = filled();
    let archive = open_sound(dir.path());
    let full = || Arc::new(OpenOptions::new().read(true).write(true).open("/dev/full").unwrap());
    let sound = archive.files().clone();
    archive.files_mut().years.insert(2026, full());
    let failed = archive.append(2026, UPTO, &stories(201..203));
    assert!(matches!(failed, Err(ArchiveError::Append { .. })), "{failed:?}");
    // The index fails when the tickets are in: they are found at the next append.
    *archive.files_mut() = Files {
        index: Some(Arc::new(Index(File::options().read(true).open(path(dir.path(), "index")).unwrap()))),
        ..sound
    };
    assert!(archive.append(2026, UPTO, &stories(201..203)).is_err());
    assert!(has(&archive, 1..201));
    archive.append(2026, UPTO, &stories(203..205)).unwrap();
    assert!(has(&archive, 1..205));
    drop(archive);
    assert!(has(&open_sound(dir.path()), 1..205));
}

#[test]
fn it_is_read_while_it_is_added_to() {
    let dir = filled();
    let archive = open_sound(dir.path());
    let reader = archive.clone();
    std::thread::scope(|threads| {
        threads.spawn(|| {
            (0..30).for_each(|n| archive.append(2026, UPTO, &stories(201 + n * 10..211 + n * 10)).unwrap());
        });
        for number in (1..201).cycle().take(2_000) {
            assert_eq!(reader.get(number).unwrap(), Some(line(number, 2)));
        }
    });
    assert!(has(&archive, 1..501));
}

#[test]
fn an_archive_of_events_that_the_ledger_does_not_have_is_set_aside() {
    let dir = filled();
    assert_eq!(Archive::open(dir.path(), UPTO).unwrap().1, ArchiveReport::default());
    for index in [true, false] {
        let copy = copy_of(dir.path());
        if !index {
            fs::remove_file(path(copy.path(), "index")).unwrap();
        }
        let (archive, report) = Archive::open(copy.path(), UPTO - 1).unwrap();
        let aside = report.set_aside.expect("it tells of an event that is not there");
        assert!(aside.join("2025.jsonl.gz").exists());
        assert_eq!((archive.tickets(), archive.get(7).unwrap()), (0, None));
        archive.append(2025, 3, &stories(1..3)).unwrap();
        assert_eq!(archive.get(2).unwrap(), Some(line(2, 2)));
    }
}

#[test]
fn a_mark_comes_back() {
    let mark = Mark { order: 1 << 40, tickets: u64::MAX - 1 };
    assert_eq!(Mark::from_bytes(mark.to_bytes()), mark);
}

/// A place in a file as one in memory.
fn place(offset: u64) -> usize {
    usize::try_from(offset).expect("these files are small")
}
