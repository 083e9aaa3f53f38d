//! One panel's thread: it shows the newest picture, and whatever the panel does delays nobody else.
//!
//! Whoever draws puts pictures into a slot and never waits; a picture that was not taken yet is replaced. A panel that
//! fails is opened again, first after a second, then after twice as long each time up to a minute, and painted in full.
//! A transfer that does not return cannot be broken off: that the panel hangs is seen from outside, by how long a
//! picture takes.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use firmware_board::Frame;

use crate::clock;

/// Something that shows pictures. It knows what it shows and sends only what changed.
pub(super) trait Glass {
    /// Shows a picture. After an error the panel is thrown away and opened anew.
    ///
    /// # Errors
    /// What the panel did not take, in words.
    fn show(&mut self, frame: &Frame) -> Result<(), String>;
}

/// Connects and initialises a panel; the first picture it shows is painted in full.
pub(super) type Open = Box<dyn FnMut() -> Result<Box<dyn Glass>, String> + Send>;

/// How long a panel is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// After the first failure it is opened again so much later …
    pub(super) first: Duration,
    /// … and at most so much later.
    pub(super) most: Duration,
    /// A picture that takes longer hangs, in milliseconds.
    pub(super) hangs_ms: u64,
    /// A panel that failed works again when it has shown pictures for so long, in milliseconds: one that fails at every
    /// other picture does not alarm the room each time.
    pub(super) steady_ms: u64,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            most: Duration::from_secs(60),
            hangs_ms: 5_000,
            steady_ms: 10_000,
        }
    }
}

impl Patience {
    /// How long a panel is left alone after it was left alone for so long and failed again.
    fn after(self, rest: Duration) -> Duration {
        (rest * 2).min(self.most)
    }
}

/// How a panel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// It shows pictures.
    Works,
    /// It failed, and is opened again.
    Fails(String),
    /// It has not finished a picture for too long.
    Hangs,
}

/// A panel's thread, from outside.
#[derive(Debug)]
pub(super) struct PanelThread {
    slot: Arc<Slot>,
    patience: Patience,
    /// What was told of the panel last.
    told: Option<Condition>,
}

#[derive(Debug, Default)]
struct Slot {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The newest picture that was not taken yet.
    wanted: Option<Arc<Frame>>,
    /// Since when a picture is being shown, by the monotonic clock.
    busy_since_ms: Option<u64>,
    /// How the last picture went, and since when pictures go so; none before the first.
    went: Option<(Result<(), String>, u64)>,
    stop: bool,
    ended: bool,
}

impl PanelThread {
    /// Starts the thread of a panel.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(name: &str, open: Open, patience: Patience) -> std::io::Result<Self> {
        let slot = Arc::new(Slot::default());
        let life = Life(Arc::clone(&slot));
        // Linux shows fifteen letters of it.
        let thread = std::thread::Builder::new().name(format!("panel-{name}"));
        thread.spawn(move || life.run(open, patience))?;
        Ok(Self { slot, patience, told: None })
    }

    /// Has a picture shown as soon as the panel is free; it waits for nothing.
    pub(super) fn show(&self, frame: Arc<Frame>) {
        self.slot.lock().wanted = Some(frame);
        self.slot.changed.notify_all();
    }

    /// How the panel is, if that is another thing than was told last. A failure that changes its words is the same failure.
    pub(super) fn news(&mut self, now_ms: u64) -> Option<Condition> {
        let condition = self.slot.lock().condition(now_ms, self.patience, self.told.as_ref())?;
        let is_same = match (&self.told, &condition) {
            (Some(Condition::Fails(_)), Condition::Fails(_)) => true,
            (told, condition) => told.as_ref() == Some(condition),
        };
        if is_same {
            return None;
        }
        self.told = Some(condition.clone());
        Some(condition)
    }

    /// Lets the thread end when it has shown what it was given last.
    pub(super) fn stop(&self) {
        self.slot.lock().stop = true;
        self.slot.changed.notify_all();
    }

    /// Waits for the end of a thread that was stopped; one that hangs is left behind. Tells whether it ended.
    pub(super) fn wait(&self, patience: Duration) -> bool {
        let waited = self.slot.changed.wait_timeout_while(self.slot.lock(), patience, |state| !state.ended);
        waited.unwrap_or_else(PoisonError::into_inner).0.ended
    }
}

impl State {
    fn condition(&self, now_ms: u64, patience: Patience, told: Option<&Condition>) -> Option<Condition> {
        if self.ended && !self.stop {
            return Some(Condition::Fails("its driver broke down; restart andond".to_owned()));
        }
        if self.busy_since_ms.is_some_and(|since| now_ms >= since + patience.hangs_ms) {
            return Some(Condition::Hangs);
        }
        match &self.went {
            None => None,
            Some((Err(text), _)) => Some(Condition::Fails(text.clone())),
            Some((Ok(()), since_ms)) => {
                let was_well = !matches!(told, Some(Condition::Fails(_) | Condition::Hangs));
                (was_well || now_ms >= since_ms + patience.steady_ms).then_some(Condition::Works)
            }
        }
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest picture, as soon as there is one; none when the thread is to end.
    fn take(&self) -> Option<Arc<Frame>> {
        let waits = |state: &mut State| state.wanted.is_none() && !state.stop;
        let mut state = self.changed.wait_while(self.lock(), waits).unwrap_or_else(PoisonError::into_inner);
        let frame = state.wanted.take();
        state.busy_since_ms = frame.is_some().then(now_ms);
        frame
    }

    /// Keeps how a picture went; one that failed is wanted again, unless there is a newer one.
    fn keep(&self, went: Result<(), String>, frame: Arc<Frame>, hangs_ms: u64) {
        let mut state = self.lock();
        let now_ms = now_ms();
        let hung = state.busy_since_ms.take().is_some_and(|since| now_ms >= since + hangs_ms);
        if went.is_err() && state.wanted.is_none() {
            state.wanted = Some(frame);
        }
        let since_ms = match &state.went {
            Some((last, since_ms)) if last.is_ok() == went.is_ok() && !hung => *since_ms,
            Some(_) | None => now_ms,
        };
        state.went = Some((went, since_ms));
    }

    /// Leaves the panel alone for so long, or until the thread is to end.
    fn rest(&self, length: Duration) {
        let rested = self.changed.wait_timeout_while(self.lock(), length, |state| !state.stop);
        drop(rested);
    }
}

/// The inside of the thread. Its end is seen from outside, however it came.
struct Life(Arc<Slot>);

impl Life {
    fn run(&self, mut open: Open, patience: Patience) {
        let mut glass: Option<Box<dyn Glass>> = None;
        let mut rest = patience.first;
        while let Some(frame) = self.0.take() {
            let went = show(&mut glass, &mut open, &frame);
            let failed = went.is_err();
            self.0.keep(went, frame, patience.hangs_ms);
            if failed {
                if self.0.lock().stop {
                    return;
                }
                self.0.rest(rest);
                rest = patience.after(rest);
            } else {
                rest = patience.first;
            }
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.0.lock().ended = true;
        self.0.changed.notify_all();
    }
}

fn show(glass: &mut Option<Box<dyn Glass>>, open: &mut Open, frame: &Frame) -> Result<(), String> {
    // Taken out, so that one that fails is closed before it is opened again.
    let mut shows = match glass.take() {
        Some(shows) => shows,
        None => open()?,
    };
    shows.show(frame)?;
    *glass = Some(shows);
    Ok(())
}

fn now_ms() -> u64 {
    clock::monotonic_us() / 1_000
}

#[cfg(test)]
mod tests;
