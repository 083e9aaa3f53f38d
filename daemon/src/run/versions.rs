//! The versions of regulations that the box keeps: loaded before the desk is, so that each ticket finds its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Handle;
use crate::chain::chain;
use crate::desk::{Actor, AlarmKind, Command, Desk, DeskAct, Regulation, Regulations, Role};
use crate::store::{TextKept, keep_text, kept_texts};

/// How long after a text could not be kept it is tried again, in seconds.
const KEEP_AGAIN_S: u64 = 60;
/// How many versions the wall names.
const NAMED_MAX: usize = 2;

/// What was found of the versions that are kept, and what became of those that are given.
#[derive(Debug, Default)]
pub struct VersionsReport {
    /// Versions whose text is another than it was, by id and version.
    pub changed: Vec<Arc<Regulation>>,
    /// Texts that are kept and cannot be used, and why.
    pub unusable: Vec<(PathBuf, String)>,
    /// Why what is given could not be kept, if it could not.
    pub not_kept: Option<std::io::Error>,
    /// Versions that tickets work by and the desk does not have, and how many tickets do.
    pub missing: Missing,
}

/// Versions by id and name, with how many tickets work by each.
pub type Missing = Vec<(String, u32)>;

/// Keeps what is given, and adds the versions that are kept from before. Nothing here stops the daemon: what cannot be
/// read or written is in the report.
pub(super) fn with_kept(dir: &Path, given: Regulations) -> (Regulations, VersionsReport) {
    let mut report = VersionsReport::default();
    match keep(dir, &given) {
        Ok(changed) => report.changed = changed,
        Err(error) => report.not_kept = Some(error),
    }
    let texts = kept_texts(dir).unwrap_or_else(|error| {
        report.unusable.push((dir.join("regulations"), error.to_string()));
        Vec::new()
    });
    let mut kept = Vec::new();
    for (path, text) in texts {
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let read = text.map_err(|error| error.to_string());
        // What is given is there already, whatever file it is kept in; compiling its calendars takes a while.
        if read.as_ref().is_ok_and(|text| given.iter().any(|regulation| *regulation.text == **text)) {
            continue;
        }
        match read
            .and_then(|text| Regulation::parse_kept(&name, &text).map_err(|problems| problems.to_string()))
        {
            Ok(regulation) => kept.push(Arc::new(regulation)),
            Err(why) => report.unusable.push((path, why)),
        }
    }
    (given.with_kept(kept), report)
}

/// Keeps the texts of regulations; tells which were kept with another text before.
///
/// # Errors
/// Where one could not be written.
pub fn keep(dir: &Path, regulations: &Regulations) -> std::io::Result<Vec<Arc<Regulation>>> {
    let mut changed = Vec::new();
    for regulation in regulations.iter() {
        let kept = keep_text(dir, &regulation.id, &regulation.version, &regulation.text)?;
        if kept == TextKept::Instead {
            changed.push(Arc::clone(regulation));
        }
    }
    Ok(changed)
}

/// The versions that tickets work by and the desk does not have, with how many tickets do; they work by the newest of
/// their id, or not at all.
pub fn missing(desk: &Desk) -> Missing {
    desk.versions()
        .filter(|(id, version, _)| desk.regulations().version(id, version).is_none())
        .map(|(id, version, tickets)| (format!("{id} {version}"), tickets))
        .collect()
}

/// Says what was found: in the journal, and as an alarm where a person must see to it.
pub fn tell(report: &VersionsReport, handle: &Handle) {
    for regulation in &report.changed {
        log::warn!(
            "the text of {id} {} was changed without a new version; new tickets go by it, open ones keep their terms: `andonctl regulation preview {id}` shows what it does to them",
            regulation.version,
            id = regulation.id
        );
    }
    let regulations = handle.view().regulations();
    let now = handle.view().now();
    for regulation in regulations.ids().iter().filter_map(|id| regulations.holding(id, now)) {
        if regulation.holds_from > now.local(regulation.zone).date() {
            log::warn!(
                "{id} {} holds from {} only, and no earlier version is there: tickets are opened under it already",
                regulation.version,
                regulation.holds_from,
                id = regulation.id
            );
        }
    }
    for (path, why) in &report.unusable {
        log::warn!("the regulation kept as {} cannot be used: {why}", path.display());
    }
    tell_missing(&report.missing, handle);
    tell_kept(report.not_kept.as_ref(), handle);
}

/// Raises the alarm of versions that are not there, or ends it.
pub fn tell_missing(missing: &Missing, handle: &Handle) {
    let part = "regulations".to_owned();
    for (version, tickets) in missing {
        log::error!(
            "{tickets} open tickets go by {version}, which is not there; they work by the newest version of it, or not at all. Give it with --regulation, or `andonctl regulation apply` another"
        );
    }
    let named: Vec<_> = missing.iter().take(NAMED_MAX).map(|(version, _)| version.as_str()).collect();
    let named = named.join(", ") + if missing.len() > NAMED_MAX { ", …" } else { "" };
    let text = format!("нет регламента {named}, по нему есть заявки / regulation is missing");
    tell_part(part, (!missing.is_empty()).then_some(text), handle);
}

fn tell_kept(error: Option<&std::io::Error>, handle: &Handle) {
    if let Some(error) = error {
        log::error!(
            "the regulations' texts could not be kept, it is tried again every {KEEP_AGAIN_S} s: {}",
            chain(error)
        );
    }
    let text = "регламенты не сохранены на диск / regulations could not be kept".to_owned();
    tell_part("regulation-texts".to_owned(), error.map(|_| text), handle);
}

fn tell_part(part: String, failed: Option<String>, handle: &Handle) {
    let kind = AlarmKind::Storage;
    let act = match failed {
        Some(text) => DeskAct::PartFailed { kind, part, text },
        None => DeskAct::PartWorks { kind, part },
    };
    handle.tell(Command::Desk(act), Actor::named("andond", Role::Admin));
}

/// Tries to keep the regulations until the disk takes them.
pub async fn keep_on_trying(handle: Handle, dir: PathBuf, regulations: Regulations) {
    loop {
        tokio::time::sleep(Duration::from_secs(KEEP_AGAIN_S)).await;
        let (dir, regulations) = (dir.clone(), regulations.clone());
        let tried = tokio::task::spawn_blocking(move || keep(&dir, &regulations)).await;
        match tried {
            Ok(Ok(_)) => {
                log::warn!("the regulations' texts are kept");
                return tell_kept(None, &handle);
            }
            Ok(Err(error)) => tell_kept(Some(&error), &handle),
            Err(error) => log::error!("keeping the regulations ended in a panic: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::desk::regulation::shipped;

    fn version(version: &str, holds_from: &str) -> Arc<Regulation> {
        let text = shipped::text("itsm").expect("it is shipped");
        let lines = text.lines().map(|line| match line.split_once(" = ") {
            Some(("version", _)) => format!("version = \"{version}\"\n"),
            Some(("holds-from", _)) => format!("holds-from = \"{holds_from}\"\n"),
            _ => format!("{line}\n"),
        });
        Arc::new(Regulation::parse("itsm.toml", &lines.collect::<String>()).expect("it is whole"))
    }

    fn all(regulations: &Regulations) -> Vec<&str> {
        regulations.versions("itsm").map(|regulation| regulation.version.as_str()).collect()
    }

    #[test]
    fn a_version_that_is_given_no_more_is_there_again_at_the_next_start() {
        let dir = TempDir::new().unwrap();
        let (_, report) = with_kept(dir.path(), Regulations::new(vec![version("1", "2026-01-01")]));
        assert!(report.changed.is_empty() && report.not_kept.is_none());
        let (regulations, _) = with_kept(dir.path(), Regulations::new(vec![version("2", "2026-06-01")]));
        assert_eq!(all(&regulations), ["1", "2"]);
        let (regulations, _) = with_kept(dir.path(), Regulations::default());
        assert_eq!(all(&regulations), ["1", "2"]);
        assert!(!regulations.takes("itsm"), "what is only kept takes no registrations");
    }

    #[test]
    fn another_text_of_the_same_version_is_told_and_is_the_one_that_counts() {
        let dir = TempDir::new().unwrap();
        with_kept(dir.path(), Regulations::new(vec![version("1", "2026-01-01")]));
        let (regulations, report) = with_kept(dir.path(), Regulations::new(vec![version("1", "2026-02-01")]));
        assert_eq!(report.changed.len(), 1);
        assert_eq!(regulations.get("itsm").unwrap().holds_from.to_string(), "2026-02-01");
        let (_, report) = with_kept(dir.path(), Regulations::new(vec![version("1", "2026-02-01")]));
        assert!(report.changed.is_empty(), "told once");
    }

    #[test]
    fn a_text_that_an_older_program_passed_is_still_one() {
        let dir = TempDir::new().unwrap();
        with_kept(dir.path(), Regulations::new(vec![version("1", "2026-01-01")]));
        let path = dir.path().join("regulations/itsm@1.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        let senseless = text + "\n[[status]]\nid = \"nowhere\"\ntitle = \"Nothing leads here\"\n";
        assert!(Regulation::parse("itsm@1.toml", &senseless).is_err());
        std::fs::write(&path, senseless).unwrap();
        let (regulations, report) = with_kept(dir.path(), Regulations::new(vec![version("2", "2026-06-01")]));
        assert_eq!((all(&regulations), report.unusable.len()), (vec!["1", "2"], 0));
    }

    #[test]
    fn a_text_that_is_none_any_more_and_a_disk_that_takes_nothing_stop_nobody() {
        let dir = TempDir::new().unwrap();
        with_kept(dir.path(), Regulations::new(vec![version("1", "2026-01-01")]));
        std::fs::write(dir.path().join("regulations/itsm@1.toml"), "id = ").unwrap();
        let given = || Regulations::new(vec![version("2", "2026-06-01")]);
        let (regulations, report) = with_kept(dir.path(), given());
        assert_eq!((all(&regulations), report.unusable.len()), (vec!["2"], 1));
        assert!(report.unusable[0].1.starts_with("itsm@1.toml:1: "), "{:?}", report.unusable);

        std::fs::remove_dir_all(dir.path().join("regulations")).unwrap();
        std::fs::write(dir.path().join("regulations"), "").unwrap();
        let (regulations, report) = with_kept(dir.path(), given());
        assert!(all(&regulations) == ["2"] && report.not_kept.is_some());
    }
}
