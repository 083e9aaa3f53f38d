//! A file system as it is looked at: the box's own, or a tree made for a test.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file system from its root.
#[derive(Debug)]
pub(super) struct Tree {
    root: PathBuf,
}

/// What may be done with a file by whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rights {
    /// The group's number.
    pub(super) gid: u32,
    /// Whether its group may read and write it.
    pub(super) group: bool,
    /// Whether everybody may.
    pub(super) all: bool,
}

impl Tree {
    pub(super) fn new(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(super) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(super) fn read(&self, path: &str) -> Option<String> {
        // A device tree's text ends with a zero; a file that is no text is read as far as it is.
        let bytes = fs::read(self.path(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned())
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }

    pub(super) fn rights(&self, path: &str) -> Option<Rights> {
        let file = fs::metadata(self.path(path)).ok()?;
        let may = |bits: u32| file.mode() & bits == bits;
        Some(Rights { gid: file.gid(), group: may(0o060), all: may(0o006) })
    }

    /// The names in a directory, in order.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(path)).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// The name that a link leads to.
    pub(super) fn leads_to(&self, path: &str) -> Option<String> {
        let target = fs::read_link(self.path(path)).ok()?;
        Some(target.file_name()?.to_str()?.to_owned())
    }

    /// The number of a group, and who is in it by name.
    pub(super) fn group(&self, name: &str) -> Option<(u32, Vec<String>)> {
        let groups = self.read("etc/group")?;
        groups.lines().find_map(|line| {
            let fields: Vec<_> = line.split(':').collect();
            let [known, _, gid, members] = fields.as_slice() else { return None };
            let members = members.split(',').filter(|member| !member.is_empty()).map(str::to_owned);
            (*known == name).then_some((gid.parse().ok()?, members.collect()))
        })
    }

    /// Whether a user is in a group: by name, by its own first group, or because the daemon's unit says so.
    pub(super) fn is_in(&self, user: &str, group: &str) -> bool {
        let Some((gid, members)) = self.group(group) else { return false };
        members.iter().any(|member| member == user)
            || self.first_group(user) == Some(gid)
            || self.unit_groups().iter().any(|known| known == group)
    }

    pub(super) fn has_user(&self, user: &str) -> bool {
        self.first_group(user).is_some()
    }

    fn first_group(&self, user: &str) -> Option<u32> {
        let users = self.read("etc/passwd")?;
        users.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next() == Some(user)).then_some(fields.nth(2)?.parse().ok()?)
        })
    }

    /// The groups that the daemon's unit adds.
    pub(super) fn unit_groups(&self) -> Vec<String> {
        let dirs = ["etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"];
        let unit =
            dirs.iter().find_map(|dir| self.read(&format!("{dir}/andond.service"))).unwrap_or_default();
        let said = unit.lines().filter_map(|line| line.trim().strip_prefix("SupplementaryGroups="));
        said.flat_map(str::split_whitespace).map(str::to_owned).collect()
    }
}
