//! The tree of files and directories, and what of it a power cut would leave.

use std::collections::{BTreeMap, HashMap};
use std::ffi::{OsStr, OsString};

use fuser::{Errno, FileType};

use super::Cut;
use super::file::File;
use crate::random::Random;

/// The number of the root directory.
pub(super) const ROOT: u64 = 1;

/// Everything on the disk.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: HashMap<u64, Node>,
    next: u64,
}

/// Something with a number.
#[derive(Debug)]
pub(super) struct Node {
    /// Its path when it was made, for whoever aims at it.
    path: String,
    pub(super) kind: FileType,
    pub(super) mode: u16,
    pub(super) links: u32,
    body: Body,
}

#[derive(Debug)]
enum Body {
    File(File),
    Dir(Dir),
    Other,
}

/// A directory.
#[derive(Clone, Debug, Default)]
struct Dir {
    /// As programs see it.
    now: Names,
    /// What is on the medium for sure.
    durable: Names,
    /// What changed since the last sync, in order. Each is done wholly or not at all.
    pending: Vec<Turn>,
}

type Names = BTreeMap<OsString, u64>;
type Turn = Vec<(OsString, Option<u64>)>;

impl Dir {
    fn turn(&mut self, turn: Turn) {
        apply(&mut self.now, &turn);
        self.pending.push(turn);
    }

    fn sync(&mut self) {
        self.durable.clone_from(&self.now);
        self.pending.clear();
    }

    /// The names after a power cut. A journal keeps their order: some of the first turns are done, the others are not.
    fn cut(&self, cut: Cut, random: &mut Random) -> Names {
        match cut {
            Cut::LoseUnsynced => self.durable.clone(),
            Cut::KeepUnsynced => self.now.clone(),
            Cut::Random => {
                let mut left = self.durable.clone();
                let done = random.index(self.pending.len() + 1);
                self.pending[..done].iter().for_each(|turn| apply(&mut left, turn));
                left
            }
        }
    }
}

fn apply(names: &mut Names, turn: &Turn) {
    for (name, number) in turn {
        match number {
            Some(number) => names.insert(name.clone(), *number),
            None => names.remove(name),
        };
    }
}

impl Tree {
    pub(super) fn new() -> Self {
        let mut tree = Self { nodes: HashMap::new(), next: ROOT };
        tree.add(String::new(), FileType::Directory, 0o755);
        tree
    }

    fn add(&mut self, path: String, kind: FileType, mode: u16) -> u64 {
        let body = match kind {
            FileType::RegularFile => Body::File(File::default()),
            FileType::Directory => Body::Dir(Dir::default()),
            _ => Body::Other,
        };
        let number = self.next;
        self.next += 1;
        self.nodes.insert(number, Node { path, kind, mode, links: 1, body });
        number
    }

    pub(super) fn node(&self, number: u64) -> Result<&Node, Errno> {
        self.nodes.get(&number).ok_or(Errno::ENOENT)
    }

    pub(super) fn node_mut(&mut self, number: u64) -> Result<&mut Node, Errno> {
        self.nodes.get_mut(&number).ok_or(Errno::ENOENT)
    }

    pub(super) fn file(&self, number: u64) -> Result<&File, Errno> {
        match &self.node(number)?.body {
            Body::File(file) => Ok(file),
            Body::Dir(_) => Err(Errno::EISDIR),
            Body::Other => Err(Errno::EINVAL),
        }
    }

    pub(super) fn file_mut(&mut self, number: u64) -> Result<&mut File, Errno> {
        match &mut self.node_mut(number)?.body {
            Body::File(file) => Ok(file),
            Body::Dir(_) => Err(Errno::EISDIR),
            Body::Other => Err(Errno::EINVAL),
        }
    }

    fn dir(&self, number: u64) -> Result<&Dir, Errno> {
        match &self.node(number)?.body {
            Body::Dir(dir) => Ok(dir),
            Body::File(_) | Body::Other => Err(Errno::ENOTDIR),
        }
    }

    fn dir_mut(&mut self, number: u64) -> Result<&mut Dir, Errno> {
        match &mut self.node_mut(number)?.body {
            Body::Dir(dir) => Ok(dir),
            Body::File(_) | Body::Other => Err(Errno::ENOTDIR),
        }
    }

    pub(super) fn lookup(&self, dir: u64, name: &OsStr) -> Result<u64, Errno> {
        self.dir(dir)?.now.get(name).copied().ok_or(Errno::ENOENT)
    }

    /// The names in a directory with what they name.
    pub(super) fn list(&self, dir: u64) -> Result<Vec<(OsString, u64, FileType)>, Errno> {
        let named = |(name, number): (&OsString, &u64)| {
            let kind = self.nodes.get(number).map_or(FileType::RegularFile, |node| node.kind);
            (name.clone(), *number, kind)
        };
        Ok(self.dir(dir)?.now.iter().map(named).collect())
    }

    pub(super) fn make(&mut self, dir: u64, name: &OsStr, kind: FileType, mode: u16) -> Result<u64, Errno> {
        if self.dir(dir)?.now.contains_key(name) {
            return Err(Errno::EEXIST);
        }
        let path = format!("{}/{}", self.node(dir)?.path, name.to_string_lossy());
        let number = self.add(path, kind, mode);
        self.dir_mut(dir)?.turn(vec![(name.to_owned(), Some(number))]);
        Ok(number)
    }

    pub(super) fn remove(&mut self, dir: u64, name: &OsStr) -> Result<(), Errno> {
        let number = self.lookup(dir, name)?;
        if self.dir(number).is_ok_and(|dir| !dir.now.is_empty()) {
            return Err(Errno::ENOTEMPTY);
        }
        self.dir_mut(dir)?.turn(vec![(name.to_owned(), None)]);
        self.node_mut(number)?.links = 0;
        Ok(())
    }

    /// Only within a directory: no one sync covers two.
    pub(super) fn rename(&mut self, dir: u64, from: &OsStr, to_dir: u64, to: &OsStr) -> Result<(), Errno> {
        if dir != to_dir {
            return Err(Errno::EXDEV);
        }
        let number = self.lookup(dir, from)?;
        let replaced = self.lookup(dir, to).ok().filter(|replaced| *replaced != number);
        if replaced.is_some_and(|replaced| self.dir(replaced).is_ok_and(|dir| !dir.now.is_empty())) {
            return Err(Errno::ENOTEMPTY);
        }
        if from != to {
            self.dir_mut(dir)?.turn(vec![(from.to_owned(), None), (to.to_owned(), Some(number))]);
        }
        if let Some(replaced) = replaced {
            self.node_mut(replaced)?.links = 0;
        }
        Ok(())
    }

    pub(super) fn sync(&mut self, number: u64) -> Result<(), Errno> {
        match &mut self.node_mut(number)?.body {
            Body::File(file) => file.sync(),
            Body::Dir(dir) => dir.sync(),
            Body::Other => {}
        }
        Ok(())
    }

    /// Whether something was made as `name`, or somewhere below it.
    pub(super) fn is_under(&self, number: u64, name: &str) -> bool {
        self.nodes.get(&number).is_some_and(|node| node.path.split('/').any(|part| part == name))
    }

    /// Bytes that all files take which still have a name.
    pub(super) fn used(&self) -> u64 {
        let files = self.nodes.values().filter(|node| node.links > 0);
        files.map(|node| if let Body::File(file) = &node.body { file.allocated() } else { 0 }).sum()
    }

    /// The tree after a power cut. Everything has another number then, as after a mount: nothing that was open is.
    pub(super) fn cut(&self, cut: Cut, random: &mut Random) -> Self {
        let mut left = Self { nodes: HashMap::new(), next: ROOT };
        left.take_over(self, ROOT, cut, random);
        // Numbers are not given twice, so that nothing the kernel remembers fits.
        let shift = self.next;
        let moved = |number: u64| if number == ROOT { ROOT } else { number + shift };
        for node in left.nodes.values_mut() {
            if let Body::Dir(dir) = &mut node.body {
                dir.now.values_mut().for_each(|number| *number = moved(*number));
                dir.sync();
            }
        }
        left.nodes = left.nodes.drain().map(|(number, node)| (moved(number), node)).collect();
        left.next += shift;
        left
    }

    fn take_over(&mut self, from: &Self, number: u64, cut: Cut, random: &mut Random) -> u64 {
        let node = &from.nodes[&number];
        let taken = self.add(node.path.clone(), node.kind, node.mode);
        let body = match &node.body {
            Body::File(file) => Body::File(file.cut(cut, random)),
            Body::Dir(dir) => {
                let names = dir.cut(cut, random);
                let take = |(name, number)| (name, self.take_over(from, number, cut, random));
                Body::Dir(Dir { now: names.into_iter().map(take).collect(), ..Dir::default() })
            }
            Body::Other => Body::Other,
        };
        self.nodes.get_mut(&taken).expect("it was just added").body = body;
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file_named(tree: &mut Tree, dir: u64, name: &str) -> u64 {
        tree.make(dir, OsStr::new(name), FileType::RegularFile, 0o600).expect("it is made")
    }

    fn names(tree: &Tree, dir: u64) -> Vec<String> {
        let all = tree.list(dir).expect("a directory");
        all.into_iter().map(|(name, ..)| name.into_string().expect("a name of a test")).collect()
    }

    #[test]
    fn a_name_is_durable_only_after_its_directory_was_synced() {
        let mut tree = Tree::new();
        let file = file_named(&mut tree, ROOT, "a");
        tree.file_mut(file).expect("a file").write(0, b"text");
        tree.sync(file).expect("it is there");
        assert!(names(&tree.cut(Cut::LoseUnsynced, &mut Random::new(0)), ROOT).is_empty());
        tree.sync(ROOT).expect("it is there");
        let left = tree.cut(Cut::LoseUnsynced, &mut Random::new(0));
        let again = left.lookup(ROOT, OsStr::new("a")).expect("it is there");
        assert_ne!(again, file, "nothing that was open is");
        assert_eq!(left.file(again).expect("a file").bytes(), b"text");
    }

    #[test]
    fn a_rename_is_done_wholly_or_not_at_all() {
        let mut tree = Tree::new();
        file_named(&mut tree, ROOT, "old");
        file_named(&mut tree, ROOT, "new");
        tree.sync(ROOT).expect("it is there");
        tree.rename(ROOT, OsStr::new("new"), ROOT, OsStr::new("old")).expect("it is done");
        let left: std::collections::BTreeSet<_> =
            (0..50).map(|n| names(&tree.cut(Cut::Random, &mut Random::new(n)), ROOT)).collect();
        let expected: [Vec<String>; 2] = [vec!["new".into(), "old".into()], vec!["old".into()]];
        assert_eq!(left, expected.into());
    }

    #[test]
    fn what_was_removed_without_a_sync_may_come_back() {
        let mut tree = Tree::new();
        let file = file_named(&mut tree, ROOT, "a");
        tree.file_mut(file).expect("a file").write(0, b"text");
        tree.sync(file).and_then(|()| tree.sync(ROOT)).expect("they are there");
        tree.remove(ROOT, OsStr::new("a")).expect("it is there");
        assert_eq!(tree.used(), 0);
        let left = tree.cut(Cut::LoseUnsynced, &mut Random::new(0));
        assert_eq!((names(&left, ROOT), left.used()), (vec!["a".into()], 4));
    }
}
