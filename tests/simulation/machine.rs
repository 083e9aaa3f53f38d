//! The machine: the daemon's own loop over its books, on a disk and under clocks that are made up.
//!
//! sled knows only real files: its directory is a real one, in memory where the system has such a place.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};

use andon::board::QuietHours;
use andon::clock::Clock;
use andon::desk::{Actor, Entry, Reach, Regulations};
use andon::run::books::{Books, BooksError, BooksReport, Shelf};
use andon::run::time::Proof;
use andon::run::{Done, Failure, Input, Loop, Settings};
use andon::store::{Disk, KeeperPlace, Kept};
use andon_tests::time::ZONE;
use andon_tests::{Random, SimDisk, SimulatedClock};
use calendars::Timestamp;
use firmware_board::Language;
use tempfile::TempDir;

use crate::people::Ask;

/// A segment of the ledger is so long, in bytes: short, so that a story has several.
const SEGMENT_BYTES: u32 = 256 << 10;

/// What was answered; nothing where nobody was there to hear it.
pub(crate) type Answer = Option<Result<Done, Failure>>;

/// What a turn of the loop came to.
#[derive(Debug)]
pub(crate) struct Turned {
    /// To each who asked, in order.
    pub(crate) answers: Vec<Answer>,
    /// What was told to be durable.
    pub(crate) entries: Vec<Arc<Entry>>,
    /// Who said that the system clock is right, if anybody did.
    pub(crate) trusted_by: Option<Actor>,
    /// The event that came next when somebody looked at the desk.
    pub(crate) looked: Option<u64>,
}

/// What becomes of sled's files when the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SledFate {
    Stays,
    IsGone,
    /// It is as it was some time ago.
    IsOlder,
    /// A file of it lost its end.
    IsTorn,
}

struct Running {
    the_loop: Loop,
    entries: Box<dyn FnMut() -> Option<Arc<Entry>>>,
    kept: Receiver<Kept>,
}

/// The machine.
pub(crate) struct Machine {
    disk: SimDisk,
    clock: SimulatedClock,
    /// What time it truly is.
    true_now: Timestamp,
    settings: Settings,
    running: Option<Running>,
    dir: TempDir,
    /// A copy of sled's files, if one was made.
    copy: Option<TempDir>,
}

impl Machine {
    /// A new machine; it is off.
    pub(crate) fn new(seed: u64, now: Timestamp, regulations: Regulations) -> Self {
        let dir = temporary();
        let disk = SimDisk::new(seed);
        disk.create_dir_all(dir.path()).expect("a new disk takes a directory");
        for above in dir.path().ancestors() {
            disk.sync_dir(above).expect("a new disk syncs");
        }
        let settings = Settings {
            state_dir: dir.path().to_owned(),
            regulations,
            zone: ZONE,
            language: Language::Russian,
            quiet: QuietHours::default(),
            proof: Proof::Synchronised,
            archiving: None,
            reach: Reach::default(),
        };
        let clock = SimulatedClock::at(now);
        Self { disk, clock, true_now: now, settings, running: None, dir, copy: None }
    }

    pub(crate) fn disk(&self) -> &SimDisk {
        &self.disk
    }

    pub(crate) fn clock(&self) -> &SimulatedClock {
        &self.clock
    }

    /// What the system clock shows.
    pub(crate) fn clock_now(&self) -> Timestamp {
        self.clock.system_now()
    }

    /// How far the system clock is off, in milliseconds.
    pub(crate) fn clock_off_ms(&self) -> i64 {
        self.clock.system_now().ms_since(self.true_now)
    }

    /// What time it truly is.
    pub(crate) fn true_now(&self) -> Timestamp {
        self.true_now
    }

    /// The loop, which must be running.
    pub(crate) fn running(&self) -> &Loop {
        &self.running.as_ref().expect("the daemon runs").the_loop
    }

    /// Starts the daemon.
    pub(crate) fn start(&mut self) -> Result<BooksReport, BooksError> {
        let (told, kept) = channel();
        let ground =
            Shelf { disk: self.disk.handle(), segment_bytes: SEGMENT_BYTES, keeper: KeeperPlace::Inline };
        let regulations = self.settings.regulations.clone();
        let tell = move |kept| drop(told.send(kept));
        let (books, desk, report) =
            Books::open_on(&ground, &self.settings.state_dir, regulations, tell, |_, _| {})?;
        let the_loop = Loop::new(desk, books, Box::new(self.clock.clone()), &self.settings);
        let mut stream = the_loop.subscribe();
        let entries = Box::new(move || stream.try_recv().ok());
        self.running = Some(Running { the_loop, entries, kept });
        Ok(report)
    }

    /// Ends the daemon in good order: its last checkpoint is written.
    pub(crate) fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.the_loop.close();
        }
    }

    /// Kills the daemon; what it wrote is in the kernel's hands.
    pub(crate) fn kill(&mut self) {
        self.running = None;
    }

    /// Takes the power away and gives it back. The daemon is off, the monotonic clock begins anew.
    pub(crate) fn cut_power(&mut self, random: &mut Random, fate: SledFate) {
        self.kill();
        self.disk.power_cut(random.any());
        let sled = self.dir.path().join("sled");
        match fate {
            SledFate::Stays => {}
            SledFate::IsGone => remove(&sled),
            SledFate::IsOlder => {
                if let Some(copy) = &self.copy {
                    remove(&sled);
                    copy_files(copy.path(), &sled);
                }
            }
            SledFate::IsTorn => tear(&sled, random),
        }
        self.clock = SimulatedClock::at(self.true_now);
    }

    /// Makes a copy of sled's files, for [`SledFate::IsOlder`].
    pub(crate) fn copy_sled(&mut self) {
        let copy = temporary();
        copy_files(&self.dir.path().join("sled"), copy.path());
        self.copy = Some(copy);
    }

    /// Time passes, in milliseconds.
    pub(crate) fn pass(&mut self, ms: i64) {
        self.true_now = self.true_now.plus_ms(ms);
        self.clock.pass_us(u64::try_from(ms).expect("time goes forward") * 1_000);
    }

    /// Somebody sets the system clock, so many milliseconds off the true time.
    pub(crate) fn set_clock(&mut self, off_ms: i64) {
        self.clock.set(self.true_now.plus_ms(off_ms));
    }

    /// The machine sleeps: the time of day goes on, the monotonic clock does not.
    pub(crate) fn sleep(&mut self, ms: i64) {
        self.true_now = self.true_now.plus_ms(ms);
        self.clock.set(self.clock.system_now().plus_ms(ms));
    }

    /// In how many milliseconds the loop wants its turn though nobody asks for anything; none where it never does.
    pub(crate) fn wants_turn_in(&self) -> Option<i64> {
        let at_us = self.running().wake_at_us()?;
        let in_us = at_us.saturating_sub(self.clock.monotonic_us());
        Some(i64::try_from(in_us.div_ceil(1_000)).unwrap_or(i64::MAX))
    }

    /// One turn of the loop.
    pub(crate) fn turn(&mut self, asks: &[Ask], more: Vec<Input>, trusted_by: Option<Actor>) -> Turned {
        let running = self.running.as_mut().expect("the daemon runs");
        let mut inputs: Vec<Input> = running.kept.try_iter().map(Input::Kept).chain(more).collect();
        if let Some(actor) = trusted_by.clone() {
            // What comes of it is in the record.
            inputs.push(Input::trust_time(true, actor).0);
        }
        let mut replies = Vec::new();
        for ask in asks {
            let (input, mut answer) =
                Input::command(ask.command.clone(), ask.actor.clone(), ask.receipt.clone());
            inputs.push(input);
            replies.push(move || answer.try_recv().ok());
        }
        let looked = Arc::new(Mutex::new(None));
        let seen = Arc::clone(&looked);
        inputs.push(Input::Look(Box::new(move |desk, _| {
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(desk.next_seq());
        })));
        running.the_loop.turn(inputs);
        let answers = replies.iter_mut().map(|reply| reply()).collect();
        let entries = std::iter::from_fn(&mut running.entries).collect();
        let looked = *looked.lock().unwrap_or_else(PoisonError::into_inner);
        Turned { answers, entries, trusted_by, looked }
    }
}

/// A directory in memory, where there is such a place.
fn temporary() -> TempDir {
    let in_memory = Path::new("/dev/shm");
    let made =
        if in_memory.is_dir() { TempDir::with_prefix_in("andon-sim-", in_memory) } else { TempDir::new() };
    made.or_else(|_| TempDir::new()).expect("a test has a directory")
}

fn remove(dir: &Path) {
    if dir.exists() {
        std::fs::remove_dir_all(dir).expect("a test's files can be removed");
    }
}

fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a test makes directories");
    for path in files(from) {
        let name = path.file_name().expect("a file has a name");
        std::fs::copy(&path, to.join(name)).expect("a test copies files");
    }
}

/// The files in a directory, by name.
fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).expect("a test's directory can be read");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("a test's file").path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files
}

/// Cuts the end off one of the files.
fn tear(dir: &Path, random: &mut Random) {
    let files = files(dir);
    let Some(file) = files.get(random.index(files.len().max(1))) else { return };
    let file = std::fs::OpenOptions::new().write(true).open(file).expect("a test's file can be opened");
    let length = file.metadata().expect("a file has a length").len();
    file.set_len(random.below(length + 1)).expect("a file can be cut");
}
