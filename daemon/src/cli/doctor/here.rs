//! What any box has to have: room for the books, and the time.

use std::path::Path;

use super::finding::Finding;
use crate::cli::text::size;
use crate::run::time::Proof;

/// With less room than this the desk soon stops taking commands, in bytes.
const LITTLE: u64 = 64 << 20;
/// With less room than this somebody should look, in bytes.
const MODEST: u64 = 512 << 20;

/// The state directory: whether it is there, may be written, and has room.
pub(super) fn state_dir(dir: &Path, findings: &mut Vec<Finding>) {
    let shown = dir.display();
    if !dir.is_dir() {
        let what = format!("there is no state directory {shown}; the daemon makes it when it starts");
        findings.push(Finding::note("state", what));
        return;
    }
    if rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_err() {
        let what = format!("{shown} may not be written by whoever runs this; the daemon has its own user");
        findings.push(Finding::note("state", what).mended_by("sudo -u andon andonctl doctor"));
    }
    match rustix::fs::statvfs(dir) {
        Ok(disk) => findings.push(room(dir, disk.f_bavail.saturating_mul(disk.f_frsize))),
        Err(error) => {
            let what = format!("cannot see how much room {shown} has: {error}");
            findings.push(Finding::wrong("state", what, format!("df -h {shown}")));
        }
    }
}

/// How much room the state directory has, in bytes.
pub(super) fn room(dir: &Path, left: u64) -> Finding {
    let (shown, left_shown) = (dir.display(), size(left));
    let mend = format!("sudo du -xh --max-depth=2 {shown} | sort -h | tail; andonctl archive list");
    if left < LITTLE {
        Finding::wrong(
            "state",
            format!("{shown} has {left_shown} left: the desk stops when there is none"),
            mend,
        )
    } else if left < MODEST {
        Finding::note("state", format!("{shown} has {left_shown} left")).mended_by(mend)
    } else {
        Finding::fine("state", format!("{shown} has {left_shown} left"))
    }
}

/// Whether the kernel says that its clock is right; none where it does not tell. `asked` is what the configuration asks for.
pub(super) fn clock(synchronised: Option<bool>, asked: Proof) -> Finding {
    match synchronised {
        Some(true) => Finding::fine("clock", "the clock is synchronised"),
        Some(false) if asked == Proof::Plausible => {
            let told = "the clock is not synchronised; `trust = \"plausible\"` lets terms run out by it all the same";
            Finding::note("clock", told)
                .mended_by("sudo apt install systemd-timesyncd; sudo timedatectl set-ntp true")
        }
        Some(false) => Finding::wrong(
            "clock",
            "the clock is not synchronised: nothing runs out until it is",
            "sudo apt install systemd-timesyncd; sudo timedatectl set-ntp true; if there is no network: date, then andonctl clock trust",
        ),
        None => Finding::note(
            "clock",
            "whether the clock is synchronised cannot be known here: a sandbox forbids to ask",
        ),
    }
}
