//! The disk as a directory: FUSE's requests, one by one.

use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use fuser::{
    AccessFlags, BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem,
    FopenFlags, Generation, INodeNo, LockOwner, MountOption, OpenFlags, RenameFlags, ReplyAttr, ReplyCreate,
    ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyStatfs, ReplyWrite, Request,
    TimeOrNow, WriteFlags,
};
use tempfile::TempDir;

use super::{Change, Disk, State};

/// What the kernel learns of names and sizes counts for no time: a cut changes them behind its back.
const NO_TIME: Duration = Duration::ZERO;
/// Every handle: a file is known by its number.
const HANDLE: FileHandle = FileHandle(0);
const BLOCK_BYTES: u32 = 4096;
/// What the disk has room for where nothing else is said.
const ROOMY_BYTES: u64 = 64 << 30;
/// `fallocate` is to keep the length.
const KEEP_LENGTH: i32 = 1;

/// A disk that programs can use, until it is dropped.
#[derive(Debug)]
pub struct Mounted {
    disk: Disk,
    dir: TempDir,
    _session: BackgroundSession,
}

/// Why a disk cannot be mounted on this machine.
#[derive(Debug)]
pub struct NotMounted(pub String);

impl Mounted {
    /// Mounts a disk on a directory of its own.
    pub fn new(disk: &Disk) -> Result<Self, NotMounted> {
        let dir = tempfile::Builder::new()
            .prefix("andon-disk-")
            .tempdir()
            .map_err(|error| NotMounted(format!("no directory for it: {error}")))?;
        let owner = dir.path().metadata().map_err(|error| NotMounted(error.to_string()))?;
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("andon-disk".into())];
        let requests = Requests { disk: disk.clone(), uid: owner.uid(), gid: owner.gid() };
        let session = fuser::spawn_mount(requests, dir.path(), &config).map_err(|error| {
            NotMounted(format!(
                "{error} (it needs /dev/fuse, and root's rights or fusermount3 of Debian's fuse3)"
            ))
        })?;
        Ok(Self { disk: disk.clone(), dir, _session: session })
    }

    /// The disk.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Where it is mounted.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// A path on it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        // A program that was just killed may hold files a moment longer; this takes the directory away nevertheless.
        for (unmount, flag) in [("umount", "-l"), ("fusermount3", "-uz")] {
            let mut command = Command::new(unmount);
            command.arg(flag).arg(self.dir.path()).stdout(Stdio::null()).stderr(Stdio::null());
            if command.status().is_ok_and(|status| status.success()) {
                return;
            }
        }
    }
}

#[derive(Debug)]
struct Requests {
    disk: Disk,
    uid: u32,
    gid: u32,
}

impl Requests {
    fn look<T>(&self, look: impl FnOnce(&State) -> Result<T, Errno>) -> Result<T, Errno> {
        let state = self.disk.state();
        if state.is_on { look(&state) } else { Err(Errno::EIO) }
    }

    fn change<T>(
        &self,
        change: Change,
        node: INodeNo,
        act: impl FnOnce(&mut State) -> Result<T, Errno>,
    ) -> Result<T, Errno> {
        self.disk.state().change(&self.disk.0.changed, change, node.0, act)
    }

    fn attributes(&self, state: &State, number: u64) -> Result<FileAttr, Errno> {
        let node = state.tree.node(number)?;
        let size = state.tree.file(number).map_or(0, |file| file.bytes().len() as u64);
        let time = SystemTime::UNIX_EPOCH;
        Ok(FileAttr {
            ino: INodeNo(number),
            size,
            blocks: size.div_ceil(512),
            atime: time,
            mtime: time,
            ctime: time,
            crtime: time,
            kind: node.kind,
            perm: node.mode,
            nlink: node.links,
            uid: self.uid,
            gid: self.gid,
            rdev: 0,
            blksize: BLOCK_BYTES,
            flags: 0,
        })
    }

    fn make(&self, parent: INodeNo, name: &OsStr, kind: FileType, mode: u32) -> Result<FileAttr, Errno> {
        let number = self
            .change(Change::Make, parent, |state| state.tree.make(parent.0, name, kind, permissions(mode)))?;
        self.look(|state| self.attributes(state, number))
    }
}

fn permissions(mode: u32) -> u16 {
    u16::try_from(mode & 0o7777).expect("twelve bits")
}

fn index(number: u64) -> Result<usize, Errno> {
    usize::try_from(number).map_err(|_| Errno::EFBIG)
}

impl State {
    fn write(&mut self, number: u64, at: u64, bytes: &[u8]) -> Result<usize, Errno> {
        let at = index(at)?;
        let within = self.tree.file(number)?.allocated().saturating_sub(at as u64).min(bytes.len() as u64);
        let taken = match self.room_for(bytes.len() as u64 - within) {
            Ok(room) => index(within + room)?,
            // A full disk takes what lies within the file, and says of the rest so at the next write.
            Err(_) if within > 0 => index(within)?,
            Err(error) => return Err(error),
        };
        self.tree.file_mut(number)?.write(at, &bytes[..taken]);
        Ok(taken)
    }

    fn set_length(&mut self, number: u64, length: u64) -> Result<(), Errno> {
        // A hole takes no room on a real disk; here it does, as the room ahead of the writes would.
        let file = self.tree.file_mut(number)?;
        file.set_length(index(length)?);
        Ok(())
    }

    fn allocate(&mut self, number: u64, end: u64, keep_length: bool) -> Result<(), Errno> {
        let more = end.saturating_sub(self.tree.file(number)?.allocated());
        if self.room_for(more)? < more {
            return Err(Errno::ENOSPC);
        }
        let file = self.tree.file_mut(number)?;
        if !keep_length && end > file.bytes().len() as u64 {
            file.set_length(index(end)?);
        }
        file.reserve(end);
        Ok(())
    }
}

impl Filesystem for Requests {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let found = self.look(|state| self.attributes(state, state.tree.lookup(parent.0, name)?));
        match found {
            Ok(found) => reply.entry(&NO_TIME, &found, Generation(0)),
            Err(error) => reply.error(error),
        }
    }

    fn getattr(&self, _: &Request, ino: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.look(|state| self.attributes(state, ino.0)) {
            Ok(found) => reply.attr(&NO_TIME, &found),
            Err(error) => reply.error(error),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        ino: INodeNo,
        mode: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let sized = size
            .map_or(Ok(()), |size| self.change(Change::Length, ino, |state| state.set_length(ino.0, size)));
        let changed = sized.and_then(|()| {
            if let Some(mode) = mode {
                self.disk.state().tree.node_mut(ino.0)?.mode = permissions(mode);
            }
            self.look(|state| self.attributes(state, ino.0))
        });
        match changed {
            Ok(found) => reply.attr(&NO_TIME, &found),
            Err(error) => reply.error(error),
        }
    }

    fn mknod(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: u32,
        reply: ReplyEntry,
    ) {
        const TYPE: u32 = 0o170_000;
        const SOCKET: u32 = 0o140_000;
        let kind = if mode & TYPE == SOCKET { FileType::Socket } else { FileType::RegularFile };
        match self.make(parent, name, kind, mode) {
            Ok(node) => reply.entry(&NO_TIME, &node, Generation(0)),
            Err(error) => reply.error(error),
        }
    }

    fn mkdir(&self, _: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        match self.make(parent, name, FileType::Directory, mode) {
            Ok(node) => reply.entry(&NO_TIME, &node, Generation(0)),
            Err(error) => reply.error(error),
        }
    }

    fn create(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        match self.make(parent, name, FileType::RegularFile, mode) {
            Ok(node) => reply.created(&NO_TIME, &node, Generation(0), HANDLE, FopenFlags::FOPEN_DIRECT_IO),
            Err(error) => reply.error(error),
        }
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(self.change(Change::Remove, parent, |state| state.tree.remove(parent.0, name)), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        answer(self.change(Change::Remove, parent, |state| state.tree.remove(parent.0, name)), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !flags.is_empty() {
            return reply.error(Errno::EINVAL);
        }
        let renamed = self.change(Change::Rename, parent, |state| {
            state.tree.rename(parent.0, name, new_parent.0, new_name)
        });
        answer(renamed, reply);
    }

    fn open(&self, _: &Request, ino: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        match self.look(|state| state.tree.node(ino.0).map(drop)) {
            Ok(()) => reply.opened(HANDLE, FopenFlags::FOPEN_DIRECT_IO),
            Err(error) => reply.error(error),
        }
    }

    fn read(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let read =
            self.look(|state| Ok(state.tree.file(ino.0)?.read(index(offset)?, index(size.into())?).to_vec()));
        match read {
            Ok(bytes) => reply.data(&bytes),
            Err(error) => reply.error(error),
        }
    }

    fn write(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.change(Change::Write, ino, |state| state.write(ino.0, offset, data)) {
            Ok(taken) => reply.written(u32::try_from(taken).expect("not more than was given")),
            Err(error) => reply.error(error),
        }
    }

    fn fallocate(
        &self,
        _: &Request,
        ino: INodeNo,
        _: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        if mode & !KEEP_LENGTH != 0 {
            return reply.error(Errno::EOPNOTSUPP);
        }
        let end = offset.saturating_add(length);
        answer(
            self.change(Change::Write, ino, |state| state.allocate(ino.0, end, mode == KEEP_LENGTH)),
            reply,
        );
    }

    /// Closing makes nothing durable.
    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok();
    }

    fn fsync(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(self.change(Change::Sync, ino, |state| state.sync(ino.0)), reply);
    }

    fn fsyncdir(&self, _: &Request, ino: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        answer(self.change(Change::Sync, ino, |state| state.sync(ino.0)), reply);
    }

    fn readdir(&self, _: &Request, ino: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let listed = self.look(|state| {
            let mut all =
                vec![(".".into(), ino.0, FileType::Directory), ("..".into(), ino.0, FileType::Directory)];
            all.extend(state.tree.list(ino.0)?);
            Ok(all)
        });
        match listed {
            Ok(all) => {
                let rest = (1..).zip(all).skip(usize::try_from(offset).unwrap_or(usize::MAX));
                for (next, (name, number, kind)) in rest {
                    if reply.add(INodeNo(number), next, kind, name) {
                        break;
                    }
                }
                reply.ok();
            }
            Err(error) => reply.error(error),
        }
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let state = self.disk.state();
        let all = state.limit.unwrap_or(ROOMY_BYTES);
        let blocks = |bytes: u64| bytes / u64::from(BLOCK_BYTES);
        let free = blocks(all.saturating_sub(state.tree.used()));
        reply.statfs(blocks(all), free, free, 1 << 20, 1 << 20, BLOCK_BYTES, 255, BLOCK_BYTES);
    }

    fn access(&self, _: &Request, _: INodeNo, _: AccessFlags, reply: ReplyEmpty) {
        reply.ok();
    }
}

impl State {
    fn sync(&mut self, number: u64) -> Result<(), Errno> {
        self.syncs += 1;
        self.tree.sync(number)
    }
}

fn answer(done: Result<(), Errno>, reply: ReplyEmpty) {
    match done {
        Ok(()) => reply.ok(),
        Err(error) => reply.error(error),
    }
}
