//! A disk in memory: it remembers what was synced, forgets of the rest what it likes when its power is cut, and fails
//! when it is told to.
//!
//! What it takes from its user that a real disk may take:
//!
//! - A power cut keeps, drops or tears each 512 bytes that were written and not synced, leaves a file's length as it was,
//!   as it is or in between, and does or undoes each name that was made, changed or removed in a directory that was not
//!   synced since. A renaming is done or undone whole. A file's name is not made durable by syncing the file.
//! - A sync that fails leaves some of the file's changes durable and some not, *and takes all of them for written*: the
//!   next sync that succeeds does not bring them back. So do kernels; the file reads as it was written until the cut.
//! - A write that fails has written a part of its bytes.
//!
//! Handles that were open before a power cut answer nothing but errors after it, as those of a dead process.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io::{self, ErrorKind};
use std::path::{Component, Path};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use andon::store::disk::{Access, Disk, DiskFile};

use crate::random::Random;

/// What is written at once or not at all, unless it is torn, in bytes.
pub const SECTOR_BYTES: usize = 512;

/// What room on the disk is given out in, in bytes.
const BLOCK_BYTES: u64 = 4096;

/// How an operation fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The disk is full: `ENOSPC`.
    NoSpace,
    /// The device does not answer: `EIO`.
    Io,
    /// The file system was remounted read-only: `EROFS`.
    ReadOnly,
}

impl Fault {
    const ALL: [Self; 3] = [Self::NoSpace, Self::Io, Self::ReadOnly];

    fn error(self) -> io::Error {
        io::Error::from_raw_os_error(match self {
            Self::NoSpace => 28,
            Self::Io => 5,
            Self::ReadOnly => 30,
        })
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        fault.error()
    }
}

/// The disk; clones are the same one.
#[derive(Clone, Debug)]
pub struct SimDisk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// Files and directories by their number; [`ROOT`] is `/`.
    nodes: BTreeMap<u64, Node>,
    next_node: u64,
    random: Random,
    /// How often the power came back; handles know theirs.
    boot: u64,
    /// Bytes on the disk, if it ends somewhere.
    room: Option<u64>,
    next_faults: (u32, Fault),
    changes_fail_one_in: u64,
    reads_fail_one_in: u64,
    syncs_fail: bool,
    read_only: bool,
    power: Power,
    changes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Power {
    On,
    /// So many changes are still carried out.
    GoesAfter(u64),
    Off,
}

const ROOT: u64 = 0;

#[derive(Debug)]
enum Node {
    File(Contents),
    Dir(Names),
}

#[derive(Debug, Default)]
struct Contents {
    /// As it reads.
    now: Vec<u8>,
    /// As the device has it.
    durable: Vec<u8>,
    /// The sectors that a sync would write.
    dirty: BTreeSet<usize>,
    /// A sync failed: besides those sectors, too, the device may have something else.
    is_spoilt: bool,
}

#[derive(Debug, Default)]
struct Names {
    now: BTreeMap<OsString, u64>,
    durable: BTreeMap<OsString, u64>,
    /// What led from the one to the other, in order.
    changes: Vec<NameChange>,
}

#[derive(Clone, Debug)]
enum NameChange {
    Added(OsString, u64),
    Removed(OsString),
    Renamed(OsString, OsString, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Reading,
    Changing,
}

impl SimDisk {
    /// An empty disk with a root directory `/`. What is left to chance, except in power cuts, comes from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            nodes: BTreeMap::from([(ROOT, Node::Dir(Names::default()))]),
            next_node: ROOT + 1,
            random: Random::new(seed),
            boot: 0,
            room: None,
            next_faults: (0, Fault::Io),
            changes_fail_one_in: 0,
            reads_fail_one_in: 0,
            syncs_fail: false,
            read_only: false,
            power: Power::On,
            changes: 0,
        })))
    }

    /// The disk as the store wants it.
    pub fn handle(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    /// Cuts the power and gives it back: what was synced is there, of the rest what `seed` says. Faults are over, room
    /// and read-only stay, and every handle of before is dead.
    pub fn power_cut(&self, seed: u64) {
        let mut state = self.state();
        let mut random = Random::new(seed);
        for node in state.nodes.values_mut() {
            match node {
                Node::File(contents) => contents.cut(&mut random),
                Node::Dir(names) => names.cut(&mut random),
            }
        }
        state.forget_unreachable();
        state.boot += 1;
        state.power = Power::On;
        state.no_faults();
    }

    /// The power goes during the change that comes after `changes` more of them. From then on everything fails until
    /// [`power_cut`](Self::power_cut), which says what is left.
    pub fn power_off_after(&self, changes: u64) {
        self.state().power = Power::GoesAfter(changes);
    }

    /// Whether the power has gone and [`power_cut`](Self::power_cut) is due.
    pub fn is_off(&self) -> bool {
        self.state().power == Power::Off
    }

    /// Lets the next `changes` operations that change something fail.
    pub fn fail_next(&self, changes: u32, fault: Fault) {
        self.state().next_faults = (changes, fault);
    }

    /// Lets one in `n` operations that change something fail, in any way; 0 ends that.
    pub fn fail_one_in(&self, n: u64) {
        self.state().changes_fail_one_in = n;
    }

    /// Lets one in `n` operations that read fail; 0 ends that.
    pub fn fail_reads_one_in(&self, n: u64) {
        self.state().reads_fail_one_in = n;
    }

    /// Lets every sync of a file fail for want of room, as a thin device does that promised room and has none.
    pub fn fail_syncs(&self) {
        self.state().syncs_fail = true;
    }

    /// Ends all faults; room and read-only stay.
    pub fn heal(&self) {
        self.state().no_faults();
    }

    /// Lets the disk end after so many bytes of files; `None` makes it endless. A file takes its length, rounded up, as
    /// long as it has a name.
    pub fn set_room(&self, bytes: Option<u64>) {
        self.state().room = bytes;
    }

    /// Remounts the disk read-only, or for writing again.
    pub fn set_read_only(&self, read_only: bool) {
        self.state().read_only = read_only;
    }

    /// How many operations that change something were asked for so far.
    pub fn changes(&self) -> u64 {
        self.state().changes
    }

    /// Turns bits of the byte at `offset` of a file, as a card does that wears out.
    ///
    /// # Panics
    /// When there is no such file, or it is shorter.
    pub fn flip(&self, path: &Path, offset: usize, bits: u8) {
        let mut state = self.state();
        let node = state.find(path).expect("the file is there");
        let contents = state.contents(node);
        contents.now[offset] ^= bits;
        if let Some(byte) = contents.durable.get_mut(offset) {
            *byte ^= bits;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out a change of names, unless it is to fail; one that fails with [`Fault::Io`] may have been done.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        match state.begin(Doing::Changing) {
            Ok(()) => change(&mut state),
            Err(fault) => {
                if fault == Fault::Io && state.random.one_in(2) {
                    // What comes of it nobody hears: the operation failed.
                    let _ = change(&mut state);
                }
                Err(fault.error())
            }
        }
    }

    fn look<T>(&self, look: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.state();
        state.begin(Doing::Reading).map_err(Fault::error)?;
        look(&mut state)
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &Path, access: Access) -> io::Result<Arc<dyn DiskFile>> {
        let handle = |state: &mut State, node| -> Arc<dyn DiskFile> {
            Arc::new(SimFile { disk: self.clone(), node, boot: state.boot })
        };
        if access == Access::Create {
            return self.change(|state| state.create_file(path).map(|node| handle(state, node)));
        }
        self.look(|state| {
            let node = state.find(path)?;
            match &state.nodes[&node] {
                Node::Dir(_) => Err(ErrorKind::IsADirectory.into()),
                Node::File(_) if access == Access::Write && state.read_only => Err(Fault::ReadOnly.error()),
                Node::File(_) => Ok(handle(state, node)),
            }
        })
    }

    fn create_dir_all(&self, dir: &Path) -> io::Result<()> {
        if self.look(|state| state.find(dir).map(drop)).is_ok() {
            return Ok(());
        }
        self.change(|state| {
            let mut at = ROOT;
            for name in components(dir)? {
                at = match state.names(at)?.now.get(name) {
                    Some(node) => *node,
                    None => state.add(at, name, Node::Dir(Names::default()))?,
                };
            }
            state.names(at).map(drop)
        })
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.look(|state| {
            let node = state.find(dir)?;
            Ok(state.names(node)?.now.keys().cloned().collect())
        })
    }

    fn length(&self, path: &Path) -> io::Result<u64> {
        self.look(|state| {
            let node = state.find(path)?;
            Ok(match &state.nodes[&node] {
                Node::File(contents) => contents.now.len() as u64,
                Node::Dir(_) => 0,
            })
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|state| {
            let (dir, name) = state.parent(path)?;
            let node = *state.names(dir)?.now.get(&name).ok_or(ErrorKind::NotFound)?;
            if matches!(state.nodes[&node], Node::Dir(_)) {
                return Err(ErrorKind::IsADirectory.into());
            }
            state.names(dir)?.change(NameChange::Removed(name));
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|state| {
            let ((dir, from), (to_dir, to)) = (state.parent(from)?, state.parent(to)?);
            if dir != to_dir {
                return Err(ErrorKind::CrossesDevices.into());
            }
            let names = state.names(dir)?;
            let node = *names.now.get(&from).ok_or(ErrorKind::NotFound)?;
            names.change(NameChange::Renamed(from, to, node));
            Ok(())
        })
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        let begun = state.begin(Doing::Changing);
        let node = state.find(dir)?;
        let State { nodes, random, .. } = &mut *state;
        let Some(Node::Dir(names)) = nodes.get_mut(&node) else {
            return Err(ErrorKind::NotADirectory.into());
        };
        match begun {
            Ok(()) => names.sync(),
            Err(fault) => {
                names.settle_some(random);
                return Err(fault.error());
            }
        }
        Ok(())
    }
}

impl State {
    /// Counts an operation, and says whether it is to fail.
    fn begin(&mut self, doing: Doing) -> Result<(), Fault> {
        if self.power == Power::Off {
            return Err(Fault::Io);
        }
        if doing == Doing::Reading {
            return if self.random.one_in(self.reads_fail_one_in) { Err(Fault::Io) } else { Ok(()) };
        }
        self.changes += 1;
        match self.power {
            Power::GoesAfter(0) => {
                self.power = Power::Off;
                return Err(Fault::Io);
            }
            Power::GoesAfter(left) => self.power = Power::GoesAfter(left - 1),
            Power::On | Power::Off => {}
        }
        if self.read_only {
            return Err(Fault::ReadOnly);
        }
        if self.next_faults.0 > 0 {
            self.next_faults.0 -= 1;
            return Err(self.next_faults.1);
        }
        if self.random.one_in(self.changes_fail_one_in) {
            return Err(Fault::ALL[self.random.index(Fault::ALL.len())]);
        }
        Ok(())
    }

    fn no_faults(&mut self) {
        self.next_faults.0 = 0;
        self.changes_fail_one_in = 0;
        self.reads_fail_one_in = 0;
        self.syncs_fail = false;
    }

    fn find(&mut self, path: &Path) -> io::Result<u64> {
        components(path)?.into_iter().try_fold(ROOT, |at, name| {
            self.names(at)?.now.get(name).copied().ok_or_else(|| ErrorKind::NotFound.into())
        })
    }

    /// The directory that `path` is in, and its name there.
    fn parent(&mut self, path: &Path) -> io::Result<(u64, OsString)> {
        let (dir, name) = path.parent().zip(path.file_name()).ok_or(ErrorKind::InvalidInput)?;
        Ok((self.find(dir)?, name.to_owned()))
    }

    fn names(&mut self, node: u64) -> io::Result<&mut Names> {
        match self.nodes.get_mut(&node) {
            Some(Node::Dir(names)) => Ok(names),
            Some(Node::File(_)) | None => Err(ErrorKind::NotADirectory.into()),
        }
    }

    fn contents(&mut self, node: u64) -> &mut Contents {
        match self.nodes.get_mut(&node) {
            Some(Node::File(contents)) => contents,
            Some(Node::Dir(_)) | None => panic!("a handle is one of a file"),
        }
    }

    fn create_file(&mut self, path: &Path) -> io::Result<u64> {
        let (dir, name) = self.parent(path)?;
        match self.names(dir)?.now.get(&name).copied() {
            Some(node) => match self.nodes.get_mut(&node) {
                Some(Node::File(contents)) => {
                    contents.set_length(0);
                    Ok(node)
                }
                Some(Node::Dir(_)) | None => Err(ErrorKind::IsADirectory.into()),
            },
            None => self.add(dir, &name, Node::File(Contents::default())),
        }
    }

    fn add(&mut self, dir: u64, name: &OsStr, node: Node) -> io::Result<u64> {
        let number = self.next_node;
        self.names(dir)?.change(NameChange::Added(name.to_owned(), number));
        self.nodes.insert(number, node);
        self.next_node += 1;
        Ok(number)
    }

    fn forget_unreachable(&mut self) {
        let mut reachable = BTreeSet::from([ROOT]);
        let mut waiting = vec![ROOT];
        while let Some(node) = waiting.pop() {
            if let Some(Node::Dir(names)) = self.nodes.get(&node) {
                let new = names.now.values().copied().filter(|node| reachable.insert(*node));
                waiting.extend(new.collect::<Vec<_>>());
            }
        }
        self.nodes.retain(|number, _| reachable.contains(number));
    }

    /// How long a file may become, if the disk ends somewhere.
    fn room_for(&self, node: u64) -> u64 {
        let Some(room) = self.room else { return u64::MAX };
        let named = self.nodes.values().flat_map(|node| match node {
            Node::Dir(names) => names.now.values().copied().collect(),
            Node::File(_) => Vec::new(),
        });
        let taken = |other: u64| match &self.nodes[&other] {
            Node::File(contents) if other != node => {
                (contents.now.len() as u64).next_multiple_of(BLOCK_BYTES)
            }
            Node::File(_) | Node::Dir(_) => 0,
        };
        let left = room.saturating_sub(named.map(taken).sum());
        left - left % BLOCK_BYTES
    }
}

impl Contents {
    fn write(&mut self, bytes: &[u8], offset: usize) {
        if bytes.is_empty() {
            return;
        }
        if offset + bytes.len() > self.now.len() {
            self.set_length(offset + bytes.len());
        }
        self.now[offset..offset + bytes.len()].copy_from_slice(bytes);
        self.dirty.extend(offset / SECTOR_BYTES..(offset + bytes.len()).div_ceil(SECTOR_BYTES));
    }

    fn set_length(&mut self, length: usize) {
        let before = self.now.len();
        self.now.resize(length, 0);
        // What is cut off and comes back is zeros, also to a device that still has what was there.
        self.dirty.extend(before.min(length) / SECTOR_BYTES..length.div_ceil(SECTOR_BYTES));
        self.dirty.split_off(&length.div_ceil(SECTOR_BYTES));
    }

    fn sync(&mut self) {
        self.durable.resize(self.now.len(), 0);
        for sector in std::mem::take(&mut self.dirty) {
            let range = sector_of(sector, self.now.len());
            self.durable[range.clone()].copy_from_slice(&self.now[range]);
        }
    }

    /// A sync that fails: some changes arrive, none is tried again.
    fn sync_some(&mut self, random: &mut Random) {
        self.is_spoilt = true;
        let mood = random.below(3);
        if mood == 0 || mood == 2 && random.one_in(2) {
            self.durable.resize(self.now.len(), 0);
        }
        for sector in std::mem::take(&mut self.dirty) {
            let range = sector_of(sector, self.now.len().min(self.durable.len()));
            if mood == 0 || mood == 2 && random.one_in(2) {
                self.durable[range.clone()].copy_from_slice(&self.now[range]);
            }
        }
    }

    fn cut(&mut self, random: &mut Random) {
        let (old, new) = (self.durable.len(), self.now.len());
        if old == new && self.dirty.is_empty() && !std::mem::take(&mut self.is_spoilt) {
            return;
        }
        let length = match random.below(3) {
            0 => old,
            1 => new,
            _ => old.min(new) + random.index(old.abs_diff(new) + 1),
        };
        // Whole sets of sectors that come or stay out show other faults than a coin for each does.
        let mood = random.below(3);
        self.durable.resize(old.max(new), 0);
        for sector in std::mem::take(&mut self.dirty) {
            let range = sector_of(sector, new);
            let arrived = match if mood == 2 { random.below(5) } else { mood } {
                0 | 2 => 0,
                1 | 3 => range.len(),
                _ => random.index(range.len() + 1),
            };
            let range = range.start..range.start + arrived;
            self.durable[range.clone()].copy_from_slice(&self.now[range]);
        }
        self.durable.truncate(length);
        self.now.clone_from(&self.durable);
    }
}

/// The bytes of a sector, as far as the file has them.
fn sector_of(sector: usize, length: usize) -> std::ops::Range<usize> {
    let start = (sector * SECTOR_BYTES).min(length);
    start..(start + SECTOR_BYTES).min(length)
}

impl Names {
    fn change(&mut self, change: NameChange) {
        change.clone().apply(&mut self.now);
        self.changes.push(change);
    }

    fn sync(&mut self) {
        self.durable.clone_from(&self.now);
        self.changes.clear();
    }

    /// Makes some of the changes durable; a later sync makes all of them so.
    fn settle_some(&mut self, random: &mut Random) {
        let mood = random.below(3);
        for change in &self.changes {
            if mood == 0 || mood == 2 && random.one_in(2) {
                change.clone().apply(&mut self.durable);
            }
        }
    }

    fn cut(&mut self, random: &mut Random) {
        self.settle_some(random);
        self.changes.clear();
        self.now.clone_from(&self.durable);
    }
}

impl NameChange {
    fn apply(self, names: &mut BTreeMap<OsString, u64>) {
        match self {
            Self::Added(name, node) => {
                names.insert(name, node);
            }
            Self::Removed(name) => {
                names.remove(&name);
            }
            Self::Renamed(from, to, node) => {
                names.remove(&from);
                names.insert(to, node);
            }
        }
    }
}

/// The names on the way from the root to `path`.
fn components(path: &Path) -> io::Result<Vec<&OsStr>> {
    let mut names = Vec::new();
    for component in path.components() {
        match component {
            Component::RootDir => {}
            Component::Normal(name) => names.push(name),
            Component::Prefix(_) | Component::CurDir | Component::ParentDir => {
                return Err(ErrorKind::InvalidInput.into());
            }
        }
    }
    Ok(names)
}

/// An open file of a [`SimDisk`].
#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    node: u64,
    boot: u64,
}

impl SimFile {
    /// The disk, if this handle is still one of a living process; and whether the operation is to fail.
    fn begin(&self, doing: Doing) -> io::Result<(MutexGuard<'_, State>, Result<(), Fault>)> {
        let mut state = self.disk.state();
        if state.boot != self.boot {
            return Err(io::Error::other("the file was opened before the power cut"));
        }
        let begun = state.begin(doing);
        Ok((state, begun))
    }
}

impl DiskFile for SimFile {
    fn has_name(&self) -> io::Result<bool> {
        let has_it = |node: &Node| match node {
            Node::Dir(names) => names.now.values().any(|node| *node == self.node),
            Node::File(_) => false,
        };
        Ok(self.disk.state().nodes.values().any(has_it))
    }

    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let (mut state, begun) = self.begin(Doing::Reading)?;
        begun.map_err(Fault::error)?;
        let now = &state.contents(self.node).now;
        let start = usize::try_from(offset).unwrap_or(usize::MAX).min(now.len());
        let read = bytes.len().min(now.len() - start);
        bytes[..read].copy_from_slice(&now[start..start + read]);
        Ok(read)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let (mut state, begun) = self.begin(Doing::Changing)?;
        let (written, fault) = match begun {
            Ok(()) => (bytes.len(), None),
            Err(Fault::ReadOnly) => (0, Some(Fault::ReadOnly)),
            Err(fault) => (state.random.index(bytes.len() + 1), Some(fault)),
        };
        let room = state.room_for(self.node).saturating_sub(offset);
        let has = (state.contents(self.node).now.len() as u64).saturating_sub(offset);
        let fits = written.min(usize::try_from(room.max(has)).unwrap_or(usize::MAX));
        let start = usize::try_from(offset).map_err(|_| ErrorKind::FileTooLarge)?;
        state.contents(self.node).write(&bytes[..fits], start);
        match fault {
            Some(fault) => Err(fault.error()),
            None if fits < bytes.len() => Err(Fault::NoSpace.error()),
            None => Ok(()),
        }
    }

    fn length(&self) -> io::Result<u64> {
        let (mut state, begun) = self.begin(Doing::Reading)?;
        begun.map_err(Fault::error)?;
        Ok(state.contents(self.node).now.len() as u64)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        let (mut state, begun) = self.begin(Doing::Changing)?;
        let half_done = begun == Err(Fault::Io) && state.random.one_in(2);
        if begun.is_ok() || half_done {
            let length = usize::try_from(length).map_err(|_| ErrorKind::FileTooLarge)?;
            state.contents(self.node).set_length(length);
        }
        begun.map_err(Fault::error)
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        let (mut state, begun) = self.begin(Doing::Changing)?;
        begun.map_err(Fault::error)?;
        if length > state.room_for(self.node) {
            return Err(Fault::NoSpace.error());
        }
        let length = usize::try_from(length).map_err(|_| ErrorKind::FileTooLarge)?;
        let contents = state.contents(self.node);
        if contents.now.len() < length {
            // Room is given without a write: what is in it is zeros, to the device too.
            contents.now.resize(length, 0);
        }
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let (mut state, begun) = self.begin(Doing::Changing)?;
        let begun = if state.syncs_fail { Err(Fault::NoSpace) } else { begun };
        let State { nodes, random, .. } = &mut *state;
        let Some(Node::File(contents)) = nodes.get_mut(&self.node) else {
            panic!("a handle is one of a file")
        };
        match begun {
            Ok(()) => contents.sync(),
            Err(_) => contents.sync_some(random),
        }
        begun.map_err(Fault::error)
    }
}
