//! Where log lines go: the systemd journal when systemd started us, stderr otherwise.

use log::LevelFilter;

/// Starts logging.
pub(super) fn start(level: LevelFilter) {
    let journal = || systemd_journal_logger::JournalLog::new().ok()?.install().ok();
    if systemd_journal_logger::connected_to_journal() && journal().is_some() {
        log::set_max_level(level);
        return;
    }
    env_logger::Builder::new().filter_level(level).format_target(false).init();
}
