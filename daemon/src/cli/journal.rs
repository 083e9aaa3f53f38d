//! Where log lines go: the systemd journal when systemd started us, stderr otherwise.

use log::LevelFilter;

/// Starts logging.
pub fn start(level: LevelFilter) {
    if systemd_journal_logger::connected_to_journal() {
        if let Ok(journal) = systemd_journal_logger::JournalLog::new() {
            if journal.install().is_ok() {
                log::set_max_level(level);
                return;
            }
        }
    }
    env_logger::Builder::new().filter_level(level).format_target(false).init();
}
