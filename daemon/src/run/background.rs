//! A thread beside the loop that waits for most of its life: for its time, for news, or for its end.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// The thread. Dropping it ends it, and waits until it has ended.
#[derive(Debug)]
pub(super) struct Background {
    told: Arc<Told>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts it; `run` is to return when a wait ends with [`Woken::ToStop`].
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(
        name: &str,
        told: Arc<Told>,
        run: impl FnOnce() + Send + 'static,
    ) -> io::Result<Self> {
        let thread = std::thread::Builder::new().name(name.into()).spawn(run)?;
        Ok(Self { told, thread: Some(thread) })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.told.say(|said| said.stop = true);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// What the thread is told.
#[derive(Debug, Default)]
pub(super) struct Told {
    said: Mutex<Said>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Said {
    stop: bool,
    news: bool,
}

impl Told {
    /// There is something to do. It is kept until somebody waits for it.
    pub(super) fn news(&self) {
        self.say(|said| said.news = true);
    }

    /// What news there was is dealt with by what comes now.
    pub(super) fn forget_news(&self) {
        self.lock().news = false;
    }

    /// Waits as long, or until the thread is to stop, or where that is asked until there is news.
    pub(super) fn wait(&self, long: Duration, for_news: bool) -> Woken {
        let nothing = |said: &mut Said| !(said.stop || for_news && said.news);
        let waited = self.changed.wait_timeout_while(self.lock(), long, nothing);
        let mut said = waited.unwrap_or_else(PoisonError::into_inner).0;
        if said.stop {
            return Woken::ToStop;
        }
        if for_news && std::mem::take(&mut said.news) { Woken::ByNews } else { Woken::ByTime }
    }

    fn say(&self, say: impl FnOnce(&mut Said)) {
        say(&mut self.lock());
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    ToStop,
    ByNews,
    ByTime,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_ends_only_a_wait_for_news_and_only_once_and_the_end_ends_any() {
        let told = Told::default();
        told.news();
        assert_eq!(
            told.wait(Duration::ZERO, false),
            Woken::ByTime,
            "what does not wait for news is not cut short"
        );
        assert_eq!(told.wait(Duration::MAX, true), Woken::ByNews, "it was there, so there is no wait");
        assert_eq!(told.wait(Duration::ZERO, true), Woken::ByTime, "it is known by now");
        told.news();
        told.forget_news();
        assert_eq!(told.wait(Duration::ZERO, true), Woken::ByTime);
        told.say(|said| said.stop = true);
        assert_eq!(told.wait(Duration::MAX, false), Woken::ToStop);
    }

    #[test]
    fn dropping_it_ends_the_thread() {
        let told = Arc::new(Told::default());
        let (waiting, ended) = (Arc::clone(&told), Arc::new(Mutex::new(false)));
        let tell = Arc::clone(&ended);
        let run = move || *tell.lock().unwrap() = waiting.wait(Duration::MAX, true) == Woken::ToStop;
        drop(Background::start("waits", told, run).unwrap());
        assert!(*ended.lock().unwrap());
    }
}
