//! Whom the socket of `andonctl` lets in: root, the daemon's own user, and the members of its group.
//!
//! The socket's own rights say the same, and the kernel holds to them. This is for a socket whose rights somebody has
//! loosened: whoever comes then is told so, and does nothing to the desk.

use std::path::Path;

use axum::Router;
use axum::response::IntoResponse;
use tokio::net::UnixStream;

use super::super::problem::Problem;

/// Who keeps the desk.
#[derive(Clone, Debug)]
pub(super) struct Insiders {
    user: u32,
    group: u32,
}

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Visitor {
    user: u32,
    group: u32,
    /// The process; none where the system does not tell.
    pid: Option<i32>,
}

impl Insiders {
    /// Those of this process.
    pub(super) fn own() -> Self {
        Self { user: rustix::process::geteuid().as_raw(), group: rustix::process::getegid().as_raw() }
    }

    /// Who comes, where they may not come in.
    pub(super) fn stranger(&self, stream: &UnixStream) -> Option<Visitor> {
        let Ok(who) = stream.peer_cred() else {
            // The kernel has let them connect, and they have gone already.
            return None;
        };
        let visitor = Visitor { user: who.uid(), group: who.gid(), pid: who.pid() };
        (!self.admit(&visitor, Path::new("/"))).then_some(visitor)
    }

    /// Whether somebody may come in; `root` is where `etc` and `proc` are.
    fn admit(&self, visitor: &Visitor, root: &Path) -> bool {
        visitor.user == 0
            || visitor.user == self.user
            || visitor.group == self.group
            || is_member(root, visitor.user, self.group)
            // Groups that are not in a file, where /proc shows other users' processes.
            || visitor.pid.is_some_and(|pid| has_group(root, pid, self.group))
    }

    /// What a stranger is told, whatever they ask for.
    pub(super) fn refusal(&self, visitor: &Visitor) -> Router {
        let group = name(&read(Path::new("/"), "etc/group"), self.group);
        let user = name(&read(Path::new("/"), "etc/passwd"), visitor.user);
        // Nobody is told to make somebody a member of root's group, as where a daemon runs that is not installed.
        let join = match self.group {
            0 => String::new(),
            _ => format!(", or sudo usermod -aG {group} {user} and a new login"),
        };
        let told = format!(
            "andonctl is for root and the group {group}, and the user {user} is neither: sudo andonctl …{join}"
        );
        Router::new().fallback(move || {
            let told = told.clone();
            async move { Problem::forbidden(told).into_response() }
        })
    }
}

fn read(root: &Path, path: &str) -> String {
    let bytes = std::fs::read(root.join(path)).unwrap_or_default();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The name that a file of users or groups has for a number; the number, where it has none.
fn name(text: &str, number: u32) -> String {
    let named = text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(number)).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| number.to_string())
}

/// Whether `etc/group` has a user among the members of a group.
fn is_member(root: &Path, user: u32, group: u32) -> bool {
    let user = name(&read(root, "etc/passwd"), user);
    read(root, "etc/group").lines().any(|line| {
        let fields: Vec<_> = line.split(':').collect();
        let [_, _, number, members] = fields.as_slice() else { return false };
        number.parse() == Ok(group) && members.split(',').any(|member| member == user)
    })
}

/// Whether a process has a group besides its first.
fn has_group(root: &Path, pid: i32, group: u32) -> bool {
    let status = read(root, &format!("proc/{pid}/status"));
    let groups = status.lines().find_map(|line| line.strip_prefix("Groups:")).unwrap_or_default();
    groups.split_whitespace().any(|known| known.parse() == Ok(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_the_daemons_user_and_its_group_come_in_and_nobody_else() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            std::fs::create_dir_all(path.parent().expect("it is in one")).expect("it can be made");
            std::fs::write(path, text).expect("it can be written");
        };
        write(
            "etc/passwd",
            "root:x:0:0::/root:/bin/sh\npi:x:1000:1000::/home/pi:/bin/sh\nolga:x:1001:1001::/:/bin/sh\n",
        );
        write("etc/group", "andon:x:990:pi,marina\npi:x:1000:\nolga:x:1001:\n");
        write("proc/77/status", "Name:\tandonctl\nGroups:\t1001 990 \n");
        write("proc/78/status", "Name:\tandonctl\nGroups:\t1001 99 9900\n");
        let insiders = Insiders { user: 991, group: 990 };
        for (user, group, pid, expected, who) in [
            (0, 0, None, true, "root"),
            (991, 991, None, true, "the daemon's user"),
            (1001, 990, None, true, "whose first group it is"),
            (1000, 1000, None, true, "a member by the file"),
            (1001, 1001, Some(77), true, "a member by the process"),
            (1001, 1001, Some(78), false, "not a member by the process"),
            (1001, 1001, None, false, "nobody of ours"),
            (990, 991, None, false, "a user of the group's number"),
            (4_000_000, 1, None, false, "a user without a name"),
        ] {
            assert_eq!(insiders.admit(&Visitor { user, group, pid }, dir.path()), expected, "{who}");
        }
    }

    #[test]
    fn a_number_without_a_name_is_told_as_it_is() {
        let groups = "andon:x:990:pi\nbroken\n:x:991:";
        assert_eq!([name(groups, 990), name(groups, 5)], ["andon", "5"]);
    }
}
