//! Where log lines go: the systemd journal when systemd started us, stderr otherwise.

use std::time::Duration;

use log::{Level, LevelFilter, Log, Metadata, Record};
use systemd_journal_logger::JournalLog;

use crate::observe::bound::{self, Bounded};

/// How often it is told what was left out, in seconds.
const LEFT_OUT_EVERY_S: u64 = 60;
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
    let journal = || JournalLog::new().ok();
    let logger = systemd_journal_logger::connected_to_journal().then(journal).flatten();
    let logger: Box<dyn Log> = if let Some(journal) = logger {
        Box::new(Bounded(Discreet(journal)))
    } else {
        // What is logged is `log::max_level`, which can be changed.
        let mut builder = env_logger::Builder::new();
        let stderr = builder.filter_level(LevelFilter::Trace).format_target(false).build();
        Box::new(Bounded(Discreet(stderr)))
    };
    if log::set_boxed_logger(logger).is_ok() {
        log::set_max_level(level);
    }
}

/// Tells what was left out of the journal, every minute in which something was.
pub(super) async fn tell_left_out() {
    loop {
        tokio::time::sleep(Duration::from_secs(LEFT_OUT_EVERY_S)).await;
        bound::tell_left_out();
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
