//! The projection against deleted, truncated and foreign files, torn checkpoints and long values.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;

pub(super) const SCHEMA: u32 = 3;

/// What becomes of a file's bytes.
type Spoil = fn(Vec<u8>) -> Vec<u8>;

fn open(state: &Path) -> Opened {
    Tickets::open(state, SCHEMA, 1_000_000).unwrap()
}

fn at(offset: u32) -> Position {
    Position { segment: 1, offset }
}

/// A checkpoint in which all of the first `tickets` say that they have seen the events before `upto_seq`.
fn checkpoint(upto_seq: u64, tickets: u64) -> Checkpoint {
    let text = format!("seen {upto_seq} ").repeat(20).into_bytes();
    Checkpoint {
        upto_seq,
        tickets: (1..=tickets).map(|number| (number, text.clone())).collect(),
        closed: vec![(1_000, text.clone())],
        deadlines: vec![
            DeadlineChange::Remove { at_ms: 1000, ticket: 1 },
            DeadlineChange::Put { at_ms: -5 - i64::from(upto_seq == 9), ticket: 1 },
        ],
        history: vec![(1, upto_seq - 1, at(24))],
        receipts: vec![(upto_seq.to_be_bytes().to_vec(), b"done".to_vec())],
        desk: text,
        ..Checkpoint::default()
    }
}

/// Whether everything in `tickets` has seen the events before its position, and nothing later.
fn agrees(tickets: &Tickets, count: u64) -> bool {
    let text = format!("seen {} ", tickets.position()).repeat(20).into_bytes();
    let mut agreeing = 0;
    tickets.each_ticket(|_, value| agreeing += u64::from(value == text)).unwrap();
    let closed = tickets.newest_closed(0..u64::MAX, 9).unwrap() == [(1_000, Some(text.clone()))];
    agreeing == count && closed && tickets.desk().unwrap() == Some(text)
}

fn set_aside_reason(state: &Path) -> Unusable {
    let opened = open(state);
    let aside = opened.set_aside.expect("it is of no use");
    assert!(aside.dir.exists());
    assert_eq!((opened.tickets.position(), opened.tickets.desk().unwrap()), (0, None));
    opened.tickets.checkpoint(&checkpoint(7, 3)).unwrap();
    drop(opened.tickets);
    let again = open(state);
    assert_eq!((again.set_aside, again.tickets.position()), (None, 7));
    aside.reason
}

#[test]
fn the_newest_ticket_of_a_reference_is_known_whichever_changed_last() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    let of = |key: &str, number| ("tracker".to_owned(), key.to_owned(), number);
    let mut first = Checkpoint { references: vec![of("a", 9), of("a", 7), of("b", 3)], ..checkpoint(5, 3) };
    first.merge(Checkpoint { references: vec![of("b", 4)], ..checkpoint(7, 3) });
    tickets.checkpoint(&first).unwrap();
    // An older one changed since.
    tickets.checkpoint(&Checkpoint { references: vec![of("a", 8)], ..checkpoint(9, 3) }).unwrap();
    drop(tickets);
    let tickets = open(dir.path()).tickets;
    for (source, key, number) in [
        ("tracker", "a", Some(9)),
        ("tracker", "b", Some(4)),
        ("tracker", "c", None),
        ("track", "er\0a", None),
    ] {
        assert_eq!(tickets.newest_of(source, key).unwrap(), number, "{source} {key}");
    }
}

#[test]
fn a_checkpoint_is_there_after_reopening_with_all_that_was_in_it() {
    let dir = TempDir::new().unwrap();
    let opened = open(dir.path());
    assert!(opened.set_aside.is_none());
    assert_eq!(opened.tickets.position(), 0);
    opened.tickets.checkpoint(&checkpoint(5, 3)).unwrap();
    let mut second = checkpoint(9, 3);
    second.receipts_removed = vec![5_u64.to_be_bytes().to_vec()];
    second.deadlines.push(DeadlineChange::Put { at_ms: 77, ticket: 2 });
    opened.tickets.checkpoint(&second).unwrap();
    drop(opened);
    let tickets = open(dir.path()).tickets;
    assert!(agrees(&tickets, 3));
    assert_eq!(tickets.position(), 9);
    assert_eq!(tickets.ticket(4).unwrap(), None);
    assert_eq!(tickets.history(1).unwrap(), [(4, at(24)), (8, at(24))]);
    assert_eq!(tickets.history(2).unwrap(), []);
    assert_eq!(tickets.receipt(&5_u64.to_be_bytes()).unwrap(), None);
    assert_eq!(tickets.receipt(&9_u64.to_be_bytes()).unwrap().unwrap(), b"done");
    let mut deadlines = Vec::new();
    tickets.each_deadline(|at_ms, ticket| deadlines.push((at_ms, ticket))).unwrap();
    assert_eq!(deadlines, [(-6, 1), (-5, 1), (77, 2)]);
    let mut receipts = 0;
    tickets.each_receipt(|key, _| receipts += usize::from(key == 9_u64.to_be_bytes())).unwrap();
    assert_eq!(receipts, 1);
}

#[test]
fn a_long_history_grows_by_what_is_new_and_survives_a_repeated_checkpoint() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    let entries = |seqs: std::ops::Range<u64>| seqs.map(|seq| (1, seq, at(24))).collect();
    let kept = |upto_seq, history| Checkpoint { upto_seq, history, ..Checkpoint::default() };
    // 3,000 entries are longer than one record holds.
    for start in [0, 1_000, 2_000] {
        tickets.checkpoint(&kept(start + 1_000, entries(start..start + 1_000))).unwrap();
    }
    let again = Checkpoint { archived: vec![(9, 0)], ..kept(3_500, entries(2_500..3_500)) };
    tickets.checkpoint(&again).unwrap();
    drop(tickets);
    let seqs: Vec<_> = open(dir.path()).tickets.history(1).unwrap().into_iter().map(|(seq, _)| seq).collect();
    assert_eq!(seqs, (0..3_500).collect::<Vec<_>>());
}

#[test]
fn a_ticket_lies_among_the_open_or_the_closed_and_never_in_both() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    let long = vec![7; 70_000];
    let mut upto_seq = 0;
    let mut keep = |open: &[(u64, &[u8])], closed: &[(u64, &[u8])]| {
        upto_seq += 1;
        let owned = |tickets: &[(u64, &[u8])]| tickets.iter().map(|(n, v)| (*n, v.to_vec())).collect();
        let (open, closed) = (owned(open), owned(closed));
        tickets.checkpoint(&Checkpoint { upto_seq, tickets: open, closed, ..Checkpoint::default() }).unwrap();
    };
    let open_now = || {
        let mut numbers = Vec::new();
        tickets.each_ticket(|number, _| numbers.push(number)).unwrap();
        numbers
    };
    let closed = |numbers, limit| -> Vec<u64> {
        tickets.newest_closed(numbers, limit).unwrap().into_iter().map(|(number, _)| number).collect()
    };
    keep(&[(1, b"one"), (2, &long), (256, b"old")], &[]);
    assert_eq!((open_now(), closed(0..u64::MAX, 9)), (vec![1, 2, 256], vec![]));
    keep(&[], &[(2, &long), (256, b"over"), (3, b"three")]);
    assert_eq!((open_now(), closed(0..u64::MAX, 9)), (vec![1], vec![256, 3, 2]));
    assert_eq!((closed(0..256, 1), closed(3..256, 9), closed(7..7, 9)), (vec![3], vec![3], vec![]));
    assert_eq!(tickets.ticket(2).unwrap().as_ref(), Some(&long));
    assert_eq!(tickets.ticket(256).unwrap().unwrap(), b"over");
    keep(&[(2, b"again")], &[]);
    assert_eq!((open_now(), closed(0..u64::MAX, 9)), (vec![1, 2], vec![256, 3]));
    assert_eq!(tickets.ticket(2).unwrap().unwrap(), b"again");
}

#[test]
fn a_checkpoint_does_not_go_backwards_and_the_same_one_twice_is_no_trouble() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    tickets.checkpoint(&checkpoint(5, 2)).unwrap();
    tickets.checkpoint(&checkpoint(5, 2)).unwrap();
    let refused = tickets.checkpoint(&checkpoint(4, 2));
    assert!(matches!(refused, Err(TicketsError::Backwards { upto_seq: 4, position: 5 })));
    assert!(agrees(&tickets, 2));
}

#[test]
fn long_values_shrink_and_grow_and_leave_nothing_behind() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    for (upto_seq, length) in (1..).zip([1 << 20, 100, 300_000, 0, 40_000]) {
        let long: Vec<u8> = (0..length).map(|n: u32| n.to_le_bytes()[1]).collect();
        let one = Checkpoint {
            upto_seq,
            tickets: vec![(1, long.clone()), (2, b"short".to_vec())],
            desk: long.clone(),
            ..Checkpoint::default()
        };
        tickets.checkpoint(&one).unwrap();
        assert_eq!(tickets.ticket(1).unwrap().as_ref(), Some(&long));
        assert_eq!(tickets.desk().unwrap().as_ref(), Some(&long));
        let mut numbers = Vec::new();
        tickets.each_ticket(|number, _| numbers.push(number)).unwrap();
        assert_eq!(numbers, [1, 2]);
        let State::Open(database) = &*tickets.state() else { panic!("it is open") };
        // Two tickets, the desk, position, sentinel and size, and continuations of a ticket and of the desk.
        let records = 6 + 2 * (long.len().div_ceil(record::BODY_BYTES).max(1) - 1);
        assert_eq!(database.db.len(), records);
    }
    assert_eq!(fs::read_dir(dir.path().join("sled/blobs")).map_or(0, Iterator::count), 0);
}

#[test]
fn a_deleted_database_is_started_anew() {
    let dir = TempDir::new().unwrap();
    open(dir.path()).tickets.checkpoint(&checkpoint(5, 3)).unwrap();
    fs::remove_dir_all(dir.path().join("sled")).unwrap();
    let opened = open(dir.path());
    assert_eq!((opened.set_aside, opened.tickets.position()), (None, 0));
}

#[test]
fn a_database_of_another_schema_or_ahead_of_the_ledger_is_set_aside() {
    let dir = TempDir::new().unwrap();
    drop(Tickets::open(dir.path(), SCHEMA + 1, 1).unwrap());
    let other = Unusable::OtherSchema { found: SCHEMA + 1, expected: SCHEMA };
    assert_eq!(set_aside_reason(dir.path()), other);
    let opened = Tickets::open(dir.path(), SCHEMA, 6).unwrap();
    assert_eq!(opened.set_aside.unwrap().reason, Unusable::AheadOfLedger { position: 7, next_seq: 6 });
}

#[test]
fn whatever_becomes_of_the_files_it_is_set_aside_or_whole_and_never_a_panic() {
    let whole = TempDir::new().unwrap();
    let opened = open(whole.path());
    for upto_seq in 2..6 {
        opened.tickets.checkpoint(&checkpoint(upto_seq, 50)).unwrap();
    }
    drop(opened);
    let spoil: [(&str, Spoil); 5] = [
        ("emptied", |_| Vec::new()),
        ("cut", |bytes| bytes[..bytes.len() / 2].to_vec()),
        ("zeros", |bytes| vec![0; bytes.len()]),
        ("garbage", |bytes| (0..bytes.len()).map(|n| n.to_le_bytes()[0] ^ 0x5a).collect()),
        ("first block garbage", |mut bytes| {
            let block = bytes.len().min(4096);
            bytes[..block].fill(0xee);
            bytes
        }),
    ];
    for file in ["db", "conf", "redo"] {
        for (how, spoil) in spoil {
            let dir = TempDir::new().unwrap();
            copy_dir(&whole.path().join("sled"), &dir.path().join("sled"));
            let path = dir.path().join("sled").join(file);
            fs::write(&path, spoil(fs::read(&path).unwrap())).unwrap();
            let opened = open(dir.path());
            let kept = opened.set_aside.is_none();
            assert!(!kept || agrees(&opened.tickets, 50), "{file} {how}");
            assert!(kept || opened.tickets.position() == 0, "{file} {how}");
            assert!(file != "redo" || kept, "without the redo file the last checkpoint stands: {how}");
            opened.tickets.checkpoint(&checkpoint(7, 50)).unwrap();
            assert!(agrees(&opened.tickets, 50), "{file} {how}");
        }
    }
}

#[test]
fn an_empty_directory_a_plain_file_and_foreign_records_are_set_aside_and_only_two_are_kept() {
    let dir = TempDir::new().unwrap();
    let sled_dir = dir.path().join("sled");
    fs::create_dir(&sled_dir).unwrap();
    assert_eq!(set_aside_reason(dir.path()), Unusable::Empty);
    fs::remove_dir_all(&sled_dir).unwrap();
    fs::write(&sled_dir, "a file").unwrap();
    assert!(matches!(set_aside_reason(dir.path()), Unusable::DoesNotOpen(_)));
    fs::remove_dir_all(&sled_dir).unwrap();
    let foreign = sled::open(&sled_dir).unwrap();
    foreign.insert("sentinel", "of somebody else").unwrap();
    drop(foreign);
    assert!(matches!(set_aside_reason(dir.path()), Unusable::Empty | Unusable::DoesNotOpen(_)));
    fs::write(sled_dir.join("blobs/7"), "a value").unwrap();
    assert_eq!(set_aside_reason(dir.path()), Unusable::Blobs);
    let mut names: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["sled", "sled.bad-3", "sled.bad-4"]);
}

#[test]
fn a_torn_snapshot_does_not_keep_it_from_opening() {
    let dir = TempDir::new().unwrap();
    open(dir.path()).tickets.checkpoint(&checkpoint(5, 3)).unwrap();
    fs::write(dir.path().join("sled/snap.00000000000000FF.generating"), b"torn").unwrap();
    let opened = open(dir.path());
    assert!(opened.set_aside.is_none() && agrees(&opened.tickets, 3));
}

#[test]
fn a_checkpoint_cut_short_anywhere_is_ended_at_open() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    tickets.checkpoint(&checkpoint(5, 10)).unwrap();
    drop(tickets);
    let next = checkpoint(8, 10).changes();
    for arrived in 0..=next.len() {
        let cut = TempDir::new().unwrap();
        copy_dir(&dir.path().join("sled"), &cut.path().join("sled"));
        let half = sled::Config::new().path(cut.path().join("sled")).segment_size(4 << 20);
        let db = half.flush_every_ms(None).open().unwrap();
        let redo = redo::Redo { from: 5, upto: 8, changes: next.clone() };
        redo.write(&redo::Redo::open(&cut.path().join("sled/redo")).unwrap()).unwrap();
        for (key, record) in &next[..arrived] {
            match record {
                Some(record) => db.insert(key, record.clone()).map(drop).unwrap(),
                None => db.remove(key).map(drop).unwrap(),
            }
        }
        drop(db);
        let opened = open(cut.path());
        assert!(opened.set_aside.is_none());
        assert_eq!(opened.tickets.position(), 8);
        assert!(agrees(&opened.tickets, 10), "{arrived} changes had arrived");
    }
}

/// Power cuts as a disk with a volatile cache makes them: of what was not synced, each block is there or not.
#[test]
fn after_a_power_cut_the_database_agrees_with_its_position_or_is_set_aside() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    let sled_dir = dir.path().join("sled");
    let read = |name: &str| fs::read(sled_dir.join(name)).unwrap();
    tickets.checkpoint(&checkpoint(2, 200)).unwrap();
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let (mut kept, mut aside) = (0, 0);
    for upto_seq in 3..23 {
        let (db_before, redo_before) = (read("db"), read("redo"));
        tickets.checkpoint(&checkpoint(upto_seq, 200)).unwrap();
        let (db_after, redo_after) = (read("db"), read("redo"));
        for cut in 0..4 {
            let torn = TempDir::new().unwrap();
            copy_dir(&sled_dir, &torn.path().join("sled"));
            let mut mix = |before: &[u8], after: &[u8], name: &str| {
                let path = torn.path().join("sled").join(name);
                fs::write(&path, mixed(before, after, &mut random)).unwrap();
            };
            // The redo file is torn while the database is untouched; or it is whole and the database is torn.
            if cut == 0 {
                mix(&redo_before, &redo_after, "redo");
                fs::write(torn.path().join("sled/db"), &db_before).unwrap();
            } else {
                mix(&db_before, &db_after, "db");
            }
            let opened = open(torn.path());
            match opened.set_aside {
                None => {
                    kept += 1;
                    assert!((upto_seq - 1..=upto_seq).contains(&opened.tickets.position()));
                    assert!(agrees(&opened.tickets, 200), "cut {cut} at {upto_seq}");
                }
                Some(_) => aside += 1,
            }
        }
    }
    println!("{kept} kept, {aside} set aside");
    assert!(kept >= 20, "a torn redo file alone never costs the database");
}

/// Of each block either what was there before or what was written over it.
fn mixed(before: &[u8], after: &[u8], random: &mut u64) -> Vec<u8> {
    let mut mixed = after.to_vec();
    for (n, block) in mixed.chunks_mut(4096).enumerate() {
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        if random.is_multiple_of(2) {
            let old = before.get(n * 4096..).unwrap_or_default();
            let (there, beyond) = block.split_at_mut(old.len().min(block.len()));
            there.copy_from_slice(&old[..there.len()]);
            beyond.fill(0);
        }
    }
    mixed
}

/// Writes ticket 2 otherwise than a checkpoint would.
fn spoil(tickets: &Tickets) {
    let key = Kind::Ticket.key(&[&2_u64.to_be_bytes()]);
    let State::Open(database) = &*tickets.state() else { panic!("it is open") };
    let mut record = database.db.get(&key).unwrap().unwrap().to_vec();
    record[20] ^= 1;
    database.db.insert(&key, record).unwrap();
}

#[test]
fn a_damaged_record_is_named_and_the_next_open_makes_all_of_it_anew() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    tickets.checkpoint(&checkpoint(5, 3)).unwrap();
    let told = Arc::new(Mutex::new(0));
    let tell = Arc::clone(&told);
    tickets.when_damaged(move || *tell.lock().unwrap() += 1);
    spoil(&tickets);
    assert_eq!((tickets.damage(), *told.lock().unwrap()), (None, 0), "nobody has seen it yet");
    let error = tickets.ticket(2).unwrap_err();
    let what = "record t0000000000000002 is not as it was written";
    assert!(error.to_string().contains(&format!("is damaged ({what}); a restart")), "{error}");
    assert!(tickets.each_ticket(|_, _| {}).is_err());
    assert_eq!((tickets.damage().as_deref(), *told.lock().unwrap()), (Some(what), 1));
    assert!(tickets.ticket(1).is_ok(), "the rest of it is read");
    tickets.checkpoint(&checkpoint(8, 1)).unwrap();
    drop(tickets);
    assert_eq!(set_aside_reason(dir.path()), Unusable::Damaged(what.to_owned()));
}

#[test]
fn a_damaged_history_and_a_damaged_closed_ticket_are_noticed_by_whoever_meets_them() {
    let spoilt = |kind: Kind, number: u64| {
        let dir = TempDir::new().unwrap();
        let tickets = open(dir.path()).tickets;
        tickets.checkpoint(&checkpoint(5, 3)).unwrap();
        let State::Open(database) = &*tickets.state() else { panic!("it is open") };
        database.db.insert(kind.key(&[&number.to_be_bytes()]), b"torn").unwrap();
        (dir, tickets.clone())
    };
    let (_dir, tickets) = spoilt(Kind::History, 1);
    // Its entries could not be added; the checkpoint stands.
    tickets.checkpoint(&checkpoint(8, 3)).unwrap();
    assert!(tickets.damage().is_some_and(|what| what.starts_with("record h0000000000000001 ")));
    let (_dir, tickets) = spoilt(Kind::Closed, 1_000);
    assert_eq!(tickets.newest_closed(0..u64::MAX, 9).unwrap(), [(1_000, None)]);
    assert!(tickets.damage().is_some_and(|what| what.starts_with("record c00000000000003e8 ")));
}

#[test]
fn a_database_opened_again_after_a_failure_serves_the_same_handles() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    let reader = tickets.clone();
    tickets.checkpoint(&checkpoint(5, 3)).unwrap();
    tickets.reopen();
    assert!(agrees(&reader, 3));
    let moved = dir.path().join("moved");
    fs::rename(dir.path().join("sled"), &moved).unwrap();
    tickets.reopen();
    assert_eq!(reader.position(), 5);
    assert!(matches!(reader.desk(), Err(TicketsError::Closed { .. })));
    let _ = fs::remove_dir_all(dir.path().join("sled"));
    fs::rename(&moved, dir.path().join("sled")).unwrap();
    tickets.checkpoint(&checkpoint(8, 3)).unwrap();
    assert!(agrees(&reader, 3));
}

#[test]
fn on_a_full_disk_a_checkpoint_fails_and_the_database_goes_on_as_it_was() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    tickets.checkpoint(&checkpoint(5, 3)).unwrap();
    let swap_redo = |file: fs::File| {
        let mut state = tickets.0.state.write().unwrap();
        let State::Open(database) = &mut *state else { panic!("it is open") };
        std::mem::replace(&mut database.redo, file)
    };
    let redo = swap_redo(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let failed = tickets.checkpoint(&checkpoint(8, 3));
    assert!(matches!(failed, Err(TicketsError::Prepare { .. })), "{failed:?}");
    assert_eq!(tickets.position(), 5);
    assert!(agrees(&tickets, 3));
    swap_redo(redo);
    tickets.checkpoint(&checkpoint(8, 3)).unwrap();
    assert!(agrees(&tickets, 3));
}

#[test]
fn an_idle_projection_writes_nothing() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    tickets.checkpoint(&checkpoint(5, 30)).unwrap();
    let written = || {
        let files = fs::read_dir(dir.path().join("sled")).unwrap().map(|entry| entry.unwrap());
        let mut seen: Vec<_> =
            files.map(|f| (f.file_name(), f.metadata().unwrap().modified().unwrap())).collect();
        seen.sort();
        seen
    };
    let before = written();
    std::thread::sleep(std::time::Duration::from_millis(1500));
    assert_eq!(written(), before);
}

pub(super) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn a_ticket_that_the_archive_has_as_it_is_leaves_with_its_index_and_one_that_changed_since_stays() {
    let dir = TempDir::new().unwrap();
    let tickets = open(dir.path()).tickets;
    let long = vec![7; 70_000];
    let closed = |number, value: &[u8]| (number, value.to_vec());
    let first = Checkpoint {
        upto_seq: 5,
        closed: vec![closed(1, &long), closed(2, b"two"), closed(3, b"three"), closed(4, b"four")],
        history: (1..=4).flat_map(|number| [(number, 1, at(24)), (number, 3, at(60))]).collect(),
        ..Checkpoint::default()
    };
    tickets.checkpoint(&first).unwrap();
    let as_archived = |number, value: &[u8]| (number, crc32c::crc32c(value));
    let mark = Mark { order: 3, tickets: 3 };
    let mut second = Checkpoint {
        upto_seq: 6,
        archived: vec![as_archived(1, &long), as_archived(2, b"two"), as_archived(3, b"as it was")],
        archive: Some(mark),
        ..Checkpoint::default()
    };
    // The second ticket changes before the checkpoint is written.
    second.merge(Checkpoint {
        upto_seq: 8,
        closed: vec![closed(2, b"linked")],
        history: vec![(2, 7, at(90))],
        ..Checkpoint::default()
    });
    tickets.checkpoint(&second).unwrap();
    let there = || tickets.newest_closed(0..u64::MAX, 9).unwrap().into_iter().map(|(number, _)| number);
    assert_eq!(there().collect::<Vec<_>>(), [4, 3, 2]);
    assert_eq!((tickets.ticket(1).unwrap(), tickets.history(1).unwrap()), (None, vec![]));
    assert_eq!(tickets.history(2).unwrap().len(), 3);
    assert_eq!(
        (tickets.history(3).unwrap().len(), tickets.ticket(3).unwrap().unwrap()),
        (2, b"three".to_vec())
    );
    assert_eq!(tickets.archive_mark().unwrap(), Some(mark));
    let State::Open(database) = &*tickets.state() else { panic!("it is open") };
    assert!(database.db.scan_prefix([Kind::Closed as u8 | 0x80]).next().is_none(), "continuations left, too");
    assert!(database.db.len() > 9);
}
