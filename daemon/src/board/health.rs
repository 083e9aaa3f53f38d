//! Whether a part of the wall works, and what of it is news.

use std::time::Duration;

/// How long a part that failed is left alone.
const RETRY: Duration = Duration::from_secs(5);

/// Whether a part works, and when it is tried again.
#[derive(Default)]
pub(super) struct Health {
    failed_at_ms: Option<u64>,
    complaint: Option<String>,
}

impl Health {
    pub(super) fn may_try(&self, now_ms: u64) -> bool {
        self.failed_at_ms.is_none_or(|failed| now_ms.saturating_sub(failed) >= RETRY.as_secs() * 1_000)
    }

    /// What is news: a failure of another kind than the last, or that it works again.
    pub(super) fn tell(&mut self, shown: Result<(), String>, now_ms: u64) -> Option<Result<(), String>> {
        match shown {
            Ok(()) => {
                self.failed_at_ms = None;
                self.complaint.take().map(|_| Ok(()))
            }
            Err(text) => {
                self.failed_at_ms = Some(now_ms);
                let news = self.complaint.as_ref() != Some(&text);
                self.complaint = Some(text.clone());
                news.then_some(Err(text))
            }
        }
    }
}
