//! The watchdog of systemd: fed only while the desk's loop turns, so that one that hangs is ended and started again. One
//! that is busy turns, however much waits for it.

use std::time::Duration;

use crate::run::Handle;

/// How often within the time-out it is looked whether the loop has turned: a turn may take three quarters of it.
const LOOKS: u32 = 4;

/// Feeds while the loop turns, several times within the time-out.
pub(super) async fn watch(handle: Handle, timeout: Duration, feed: impl Fn()) {
    let mut every = tokio::time::interval(timeout / LOOKS);
    let mut seen = None;
    loop {
        every.tick().await;
        let turns = handle.view().turns();
        if seen.replace(turns) != Some(turns) {
            feed();
        }
        // One that is idle turns for this. One that has no room for it has enough to turn for.
        let _ = handle.ask(|_, _| ());
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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

    #[tokio::test]
    async fn a_loop_that_has_no_room_for_a_question_is_fed_while_it_turns() {
        let dir = tempfile::TempDir::new().unwrap();
        let settings = Settings::plain(dir.path().to_owned());
        let (handle, thread, _) = run::start(&settings, |_, _| ()).unwrap();
        let (fed, is_over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (asks, over) = (handle.clone(), Arc::clone(&is_over));
        // Always more than the loop has room for.
        let flood = std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let _ = asks.ask(|_, _| std::thread::sleep(Duration::from_micros(20)));
            }
        });
        while handle.ask(|_, _| ()).is_ok() {}
        let meal = Arc::clone(&fed);
        let watching = tokio::spawn(watch(handle.clone(), PAUSE, move || {
            meal.fetch_add(1, Ordering::Relaxed);
        }));
        while fed.load(Ordering::Relaxed) < 5 {
            tokio::time::sleep(PAUSE).await;
        }
        is_over.store(true, Ordering::Relaxed);
        flood.join().unwrap();
        watching.abort();
        while handle.ask(|_, _| ()).is_err() {
            tokio::time::sleep(PAUSE).await;
        }
        handle.stop();
        thread.join().unwrap();
    }
}
