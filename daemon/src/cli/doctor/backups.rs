//! Whether there is a backup, and how old it is.

use chrono::NaiveDate;

use super::finding::Finding;
use super::tree::Tree;
use crate::cli::backup::day_of;

/// Where the nightly backups of an installed daemon are, from the root.
const DIR: &str = "var/backups/andon";
/// One that is older than so many days is told.
const OLD_DAYS: i64 = 3;

/// Looks at the nightly backups; nothing is told of a daemon that is not installed.
pub(super) fn look(tree: &Tree, today: NaiveDate, findings: &mut Vec<Finding>) {
    let is_installed = tree.exists("lib/systemd/system/andon-backup.timer")
        || tree.exists("usr/lib/systemd/system/andon-backup.timer")
        || tree.exists("etc/systemd/system/andon-backup.timer");
    let newest = tree.names(DIR).iter().filter_map(|name| day_of(name)).max();
    findings.extend(match newest {
        None if !is_installed => None,
        None => {
            let what = format!("there is no backup in /{DIR}, or whoever runs this may not see it");
            let mend = "sudo systemctl enable --now andon-backup.timer; sudo systemctl start andon-backup";
            Some(Finding::note("backup", what).mended_by(mend))
        }
        Some(day) => Some(standing(day, (today - day).num_days())),
    });
}

fn standing(day: NaiveDate, age_days: i64) -> Finding {
    let what = format!("the newest backup in /{DIR} is of {day}");
    if age_days > OLD_DAYS {
        let mend = "systemctl status andon-backup.timer; journalctl -u andon-backup -e; sudo systemctl start andon-backup";
        Finding::wrong("backup", format!("{what}, {age_days} days old"), mend)
    } else {
        Finding::fine("backup", what)
    }
}
