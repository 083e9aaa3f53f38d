//! The watchdog of systemd: fed only while the desk's loop turns, so that one that hangs is ended and started again.

use std::time::Duration;

use crate::run::Handle;

/// Feeds as often as is asked for, each time after the loop has answered. One that hangs answers nothing.
pub(super) async fn watch(handle: Handle, timeout: Duration, feed: impl Fn()) {
    let mut every = tokio::time::interval(timeout / 2);
    loop {
        every.tick().await;
        if handle.look(|_, _| ()).await.is_ok() {
            feed();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::sync::mpsc::channel;

    use super::*;
    use crate::run::{self, Settings};

    const PAUSE: Duration = Duration::from_millis(10);

    #[tokio::test]
    async fn a_loop_that_hangs_is_not_fed_and_one_that_turns_again_is() {
        let dir = tempfile::TempDir::new().unwrap();
        let settings = Settings::plain(dir.path().to_owned());
        let (handle, thread, _) = run::start(&settings, |_, _| ()).unwrap();
        let fed = Arc::new(AtomicU64::new(0));
        let count = || fed.load(Ordering::Relaxed);
        let (meal, watched) = (Arc::clone(&fed), handle.clone());
        let watching = tokio::spawn(watch(watched, PAUSE * 2, move || {
            meal.fetch_add(1, Ordering::Relaxed);
        }));
        while count() < 3 {
            tokio::time::sleep(PAUSE).await;
        }
        let (let_go, held) = channel::<()>();
        let (holds, is_held) = tokio::sync::oneshot::channel();
        let hang = move |_: &crate::desk::Desk, _| {
            holds.send(()).unwrap();
            let _ = held.recv();
        };
        handle.ask(hang).unwrap();
        is_held.await.unwrap();
        // An answer that was given before may still be on its way.
        let before = count() + 1;
        tokio::time::sleep(PAUSE * 20).await;
        assert!(count() <= before, "it was fed {} times while it hung", count() + 1 - before);
        let_go.send(()).unwrap();
        while count() <= before {
            tokio::time::sleep(PAUSE).await;
        }
        watching.abort();
        handle.stop();
        thread.join().unwrap();
    }
}
