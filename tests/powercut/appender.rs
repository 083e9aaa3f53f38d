//! A store of almost nothing, to try the disk on: records are appended to a file and acknowledged on stdout.
//!
//! `appender FILE synced` is known good: each record is synced before it is acknowledged, and the name of the file
//! before any is. `appender FILE unsynced` forgets the sync of the records, `appender FILE unnamed` that of the name.
//! At start it cuts off what is no record, and says how many there are.

use std::fs::{File, OpenOptions};
use std::io::{Error, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::process::ExitCode;

/// A record: its number twenty times, so that one that is torn is none.
const RECORD_BYTES: usize = 160;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, how] = args.as_slice() else {
        eprintln!("appender: FILE and one of synced, unsynced, unnamed");
        return ExitCode::from(2);
    };
    match append(Path::new(path), how != "unsynced", how != "unnamed") {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("appender: {path}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn append(path: &Path, syncs: bool, syncs_name: bool) -> Result<(), Error> {
    let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let numbers = (0..).map(record).zip(bytes.chunks(RECORD_BYTES));
    let count = numbers.take_while(|(record, found)| record == found).count();
    file.set_len((count * RECORD_BYTES) as u64)?;
    file.seek(SeekFrom::End(0))?;
    if syncs {
        file.sync_all()?;
    }
    if syncs_name {
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    }
    let mut out = std::io::stdout();
    writeln!(out, "{count}")?;
    for number in count as u64.. {
        file.write_all(&record(number))?;
        if syncs {
            file.sync_data()?;
        }
        writeln!(out, "{}", number + 1)?;
    }
    Ok(())
}

fn record(number: u64) -> Vec<u8> {
    // The first record is not of zeros, which a file that is only longer has, too.
    (number + 1).to_be_bytes().repeat(RECORD_BYTES / 8)
}
