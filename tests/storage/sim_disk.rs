//! The simulated disk itself: it must catch writers that are known to be bad, and pass one that is known to be good.

use std::io;
use std::path::Path;
use std::sync::Arc;

use andon::store::disk::{self, Access, Disk, DiskFile};
use andon_tests::{Fault, Random, SimDisk};

use super::{Telling, seeds};

const RECORD_BYTES: usize = 40;

/// A writer of numbered records that claims each to be durable.
struct Writer {
    /// Whether it syncs the file after each record.
    syncs: bool,
    /// Whether it syncs the directory after it made the file.
    syncs_name: bool,
    /// Whether it syncs anew after a sync that failed, and believes that.
    trusts_second_sync: bool,
}

const GOOD: Writer = Writer { syncs: true, syncs_name: true, trusts_second_sync: false };

impl Writer {
    fn start(&self, disk: &dyn Disk) -> io::Result<Arc<dyn DiskFile>> {
        disk.create_dir_all(Path::new("/data"))?;
        disk.sync_dir(Path::new("/"))?;
        let path = Path::new("/data/records");
        match disk.open(path, Access::Write) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened,
        }
        let file = disk.open(path, Access::Create)?;
        if self.syncs_name {
            disk.sync_dir(Path::new("/data"))?;
        }
        Ok(file)
    }

    /// Writes record `number`; `Ok` says that it is durable.
    fn write(&self, file: &dyn DiskFile, number: u64) -> io::Result<()> {
        file.write_at(&record(number), number * RECORD_BYTES as u64)?;
        if !self.syncs {
            return Ok(());
        }
        match file.sync() {
            Err(_) if self.trusts_second_sync => file.sync(),
            synced => synced,
        }
    }
}

fn record(number: u64) -> Vec<u8> {
    number.to_be_bytes().repeat(RECORD_BYTES / 8)
}

/// How many records are there whole, from the first on.
fn found(disk: &dyn Disk) -> u64 {
    let bytes = disk::read(disk, Path::new("/data/records")).unwrap_or_default();
    let whole = (0..).zip(bytes.chunks(RECORD_BYTES)).take_while(|(n, bytes)| **bytes == record(*n));
    whole.count() as u64
}

/// How many acknowledged records `cuts` power cuts cost a writer. `fail_one_in` changes fail besides.
fn lost(writer: &Writer, cuts: u64, fail_one_in: u64, seed: u64) -> u64 {
    let (disk, mut random) = (SimDisk::new(seed), Random::new(seed));
    let (mut acknowledged, mut lost) = (0, 0);
    for _ in 0..cuts {
        disk.power_off_after(random.below(40));
        disk.fail_one_in(fail_one_in);
        if let Ok(file) = writer.start(&disk) {
            // A record that failed is written again: there is no other in its place.
            while !disk.is_off() {
                acknowledged += u64::from(writer.write(file.as_ref(), acknowledged).is_ok());
            }
        }
        disk.power_cut(random.any());
        let there = found(&disk);
        lost += acknowledged.saturating_sub(there);
        acknowledged = there;
    }
    lost
}

#[test]
fn a_writer_that_does_not_sync_loses_records_within_few_cuts() {
    let never = Writer { syncs: false, ..GOOD };
    for seed in seeds(50) {
        let _telling = Telling(seed);
        assert!(lost(&never, 10, 0, seed) > 0);
    }
}

#[test]
fn a_writer_that_does_not_sync_the_name_of_its_file_loses_all_of_it() {
    let nameless = Writer { syncs_name: false, ..GOOD };
    let total: u64 = seeds(20).map(|seed| lost(&nameless, 3, 0, seed)).sum();
    assert!(total > 0);
}

#[test]
fn a_writer_that_believes_a_second_sync_after_one_that_failed_loses_records() {
    let trusting = Writer { trusts_second_sync: true, ..GOOD };
    let total: u64 = seeds(20).map(|seed| lost(&trusting, 20, 10, seed)).sum();
    assert!(total > 0);
}

#[test]
fn a_writer_that_appends_and_syncs_loses_nothing_in_thousands_of_cuts() {
    for seed in seeds(100) {
        let _telling = Telling(seed);
        assert_eq!(lost(&GOOD, 50, 0, seed), 0);
        assert_eq!(lost(&GOOD, 50, 10, seed), 0, "with failures besides");
    }
}

#[test]
fn the_same_seeds_give_the_same_disk() {
    let run = || {
        let disk = SimDisk::new(7);
        let never = Writer { syncs: false, ..GOOD };
        let file = never.start(&disk).unwrap();
        (0..100).for_each(|number| never.write(file.as_ref(), number).unwrap());
        disk.power_cut(11);
        (disk.changes(), disk::read(&disk, Path::new("/data/records")).ok())
    };
    assert_eq!(run(), run());
}

#[test]
fn faults_come_as_asked_and_end() {
    let disk = SimDisk::new(1);
    let file = GOOD.start(&disk).unwrap();
    for (fault, kind) in
        [(Fault::NoSpace, io::ErrorKind::StorageFull), (Fault::ReadOnly, io::ErrorKind::ReadOnlyFilesystem)]
    {
        disk.fail_next(2, fault);
        assert_eq!(GOOD.write(file.as_ref(), 0).unwrap_err().kind(), kind);
        assert_eq!(disk.sync_dir(Path::new("/data")).unwrap_err().kind(), kind);
        GOOD.write(file.as_ref(), 0).unwrap();
    }
    disk.fail_reads_one_in(1);
    assert_eq!(file.length().unwrap_err().raw_os_error(), Some(5));
    disk.heal();
    assert_eq!(found(&disk), 1);

    disk.set_read_only(true);
    assert_eq!(GOOD.write(file.as_ref(), 1).unwrap_err().kind(), io::ErrorKind::ReadOnlyFilesystem);
    disk.set_read_only(false);
    disk.set_room(Some(8192));
    let filler = disk.open(Path::new("/data/filler"), Access::Create).unwrap();
    let full = filler.write_at(&[1; 8192], 0).unwrap_err();
    assert_eq!((full.kind(), filler.length().unwrap()), (io::ErrorKind::StorageFull, 4096));
    disk.remove(Path::new("/data/filler")).unwrap();
    assert_eq!(disk.list(Path::new("/data")).unwrap(), ["records"]);
    disk.power_cut(3);
    assert!(file.length().is_err(), "a handle of before the cut is dead");
    assert_eq!(found(&disk), 1);
}
