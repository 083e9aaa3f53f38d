//! Where log lines go: the systemd journal when systemd started us, stderr otherwise.

use log::{Level, LevelFilter, Log, Metadata, Record};
use systemd_journal_logger::JournalLog;

/// Whose lines are never written: at `trace` it tells all that is said to a mail server, the password among it.
const SECRETIVE: &str = "async_imap";

/// A journal without the lines of [`SECRETIVE`].
struct Discreet<L>(L);

impl<L: Log> Log for Discreet<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.target().starts_with(SECRETIVE) && self.0.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.log(record);
        }
    }

    fn flush(&self) {
        self.0.flush();
    }
}

/// Starts logging.
pub(super) fn start(level: LevelFilter) {
    let journal = || log::set_boxed_logger(Box::new(Discreet(JournalLog::new().ok()?))).ok();
    if systemd_journal_logger::connected_to_journal() && journal().is_some() {
        log::set_max_level(level);
        return;
    }
    let stderr = env_logger::Builder::new().filter_level(level).format_target(false).build();
    // Another logger is there only where this is called twice.
    if log::set_boxed_logger(Box::new(Discreet(stderr))).is_ok() {
        log::set_max_level(level);
    }
}

/// Leaves a warning in the journal, where there is one: for what a command has done that the daemon's admin is to find.
pub(super) fn note(text: &str) {
    let record = |text| Record::builder().level(Level::Warn).target("andonctl").args(text).build();
    if let Ok(journal) = JournalLog::new() {
        // Without a journal whoever called is told, and nobody else.
        let _ = journal.journal_send(&record(format_args!("{text}")));
    }
}
