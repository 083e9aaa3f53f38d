//! How many files the daemon may have open: a connection is one, and no number of them may keep the books from being opened.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Serving;

/// How many files the daemon itself has open at most: books, archive, wall, `andonctl`, what is being read.
const OWN_MAX: u64 = 512;

/// Asks the system for as many files as the connections and the daemon itself need. Where it does not give so many, the
/// connections are fewer.
pub(super) fn make_room(serving: Serving) -> Serving {
    let needed = serving.connections as u64 + OWN_MAX;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return serving;
    }
    let given = maximum.map_or(needed, |maximum| maximum.min(needed));
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(given), maximum }) {
        log::warn!("the system gives no more open files: {error}");
        return told(serving, current.unwrap_or(given));
    }
    told(serving, given)
}

/// As many connections as leave the daemon its own files.
fn told(serving: Serving, files: u64) -> Serving {
    let fitting = fitting(serving, files);
    if fitting != serving {
        log::warn!(
            "the system lets andond have {files} files open, so {} connections are served at once and not {}; LimitNOFILE= in \
             the unit, or ulimit -n, gives more",
            fitting.connections,
            serving.connections
        );
    }
    fitting
}

fn fitting(serving: Serving, files: u64) -> Serving {
    let left = files.saturating_sub(OWN_MAX).max(files / 4);
    let connections = serving.connections.min(usize::try_from(left).unwrap_or(usize::MAX));
    let connections_per_address = serving.connections_per_address.min(connections);
    Serving { connections, connections_per_address }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_the_daemon_its_own_files() {
        let serving = Serving { connections: 1_024, connections_per_address: 600 };
        for (files, connections, connections_per_address) in
            [(4_096, 1_024, 600), (1_536, 1_024, 600), (1_024, 512, 512), (256, 64, 64)]
        {
            assert_eq!(
                fitting(serving, files),
                Serving { connections, connections_per_address },
                "{files} files"
            );
        }
    }
}
