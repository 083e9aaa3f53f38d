//! Where log lines go: the systemd journal when systemd started us, stderr otherwise.

use log::{Level, LevelFilter, Record};
use systemd_journal_logger::JournalLog;

/// Starts logging.
pub(super) fn start(level: LevelFilter) {
    let journal = || JournalLog::new().ok()?.install().ok();
    if systemd_journal_logger::connected_to_journal() && journal().is_some() {
        log::set_max_level(level);
        return;
    }
    env_logger::Builder::new().filter_level(level).format_target(false).init();
}

/// Leaves a warning in the journal, where there is one: for what a command has done that the daemon's admin is to find.
pub(super) fn note(text: &str) {
    let record = |text| Record::builder().level(Level::Warn).target("andonctl").args(text).build();
    if let Ok(journal) = JournalLog::new() {
        // Without a journal whoever called is told, and nobody else.
        let _ = journal.journal_send(&record(format_args!("{text}")));
    }
}
