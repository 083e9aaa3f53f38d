//! Lamps, buzzer and button: driven by the newest state alone, in a thread that no picture and no disk can delay.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use calendars::{Timestamp, Tz};
use firmware_board::{ButtonEvent, Buzzer, LOOK_MS, Lamp, Language, Signals};

use super::beacon::BeaconPart;
use super::button::ButtonPart;
use super::painter::Page;
use super::parts_test::PartsTest;
use super::pulse::Pulse;
use super::quiet::QuietHours;
use super::scene::{Room, opening_scene};
use super::state::BoardState;
use super::teller::Teller;
use super::trace::Trace;
use crate::clock::{self, SystemClock};
use crate::desk::{AlarmKind, DeskAct};
use crate::run::Handle;

/// What the room gets for a hold, and for a press that had nothing to do: all lamps and one short sound.
const FEEDBACK: Signals =
    Signals { red: Lamp::On, amber: Lamp::On, green: Lamp::On, buzzer: Buzzer::Warning };
/// For how long, in milliseconds.
const FEEDBACK_MS: u64 = 300;
/// What ends by itself is looked for so often, in milliseconds: mute, quiet hours, a desk that does not answer.
const TICK_MS: u64 = 1_000;
/// The part that lamps and buzzer are, in alarms.
const SIGNALS: &str = "signals";
/// The part that the button is.
const BUTTON: &str = "button";

/// The thread of lamps, buzzer and button.
pub(super) struct Lamps {
    pub(super) teller: Teller,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) trace: Trace,
    pub(super) beacon: BeaconPart,
    pub(super) button: Option<ButtonPart>,
    pub(super) pulse: Pulse,
    pub(super) page: Page,
    pub(super) room: Room,
    pub(super) zone: Tz,
    pub(super) quiet: QuietHours,
    pub(super) test: PartsTest,
}

/// What the lamps do, and since when: their rhythm counts from there.
#[derive(Default)]
struct Shown {
    signals: Signals,
    since_ms: u64,
    /// Until when they answer the hand at the button instead.
    feedback_until_ms: u64,
    /// Whether the last hold muted the wall.
    is_muted_by_hold: bool,
    /// What had begun to call before the event of this number was silenced at the button; the desk may not know yet.
    silenced_before: u64,
    /// When the signals are to be reckoned anew, though the desk has not changed.
    due_ms: u64,
    /// The state that was reckoned last, and for when. A thread that begins has none: what was over before is not told again.
    reckoned: Option<(Arc<BoardState>, Timestamp)>,
}

impl Lamps {
    pub(super) fn run(mut self) {
        let mut shown = Shown::default();
        if let Some(handle) = self.open(&mut shown) {
            self.follow(&handle, &mut shown);
        }
        let left = self.beacon.leave(Signals::SAFE);
        self.teller.part(SIGNALS, left);
        self.trace.flush();
    }

    /// Shows how the opening goes, until the desk is there or the wall is to end.
    fn open(&mut self, shown: &mut Shown) -> Option<Handle> {
        let mut is_heard = false;
        while !self.stop.load(Ordering::Acquire) {
            let (now, t_ms) = (clock::now(), clock::monotonic_us() / 1_000);
            let opening = opening_scene(&self.teller.stage(), &self.room, now, self.zone);
            let patience = opening.map_or(Duration::ZERO, |scene| {
                // What keeps the books shut is the disk; it has no alarm yet that could be taken.
                let is_silent = is_heard || !self.quiet.lets_through(AlarmKind::Storage, now, self.zone);
                let buzzer = if is_silent { Buzzer::Off } else { scene.signals.buzzer };
                self.show(Signals { buzzer, ..scene.signals }, shown, t_ms);
                self.wait(self.due_ms(shown, t_ms), t_ms)
            });
            is_heard |= self.look(t_ms) == Some(ButtonEvent::Pressed);
            if let Some(handle) = self.teller.wait(patience) {
                return Some(handle);
            }
        }
        None
    }

    /// Follows the desk until the wall is to end.
    fn follow(&mut self, handle: &Handle, shown: &mut Shown) {
        let view = Arc::clone(handle.view());
        let mut board = view.board();
        shown.due_ms = 0;
        while !self.stop.load(Ordering::Acquire) {
            let clock_us = clock::monotonic_us();
            let t_ms = clock_us / 1_000;
            // The button is looked at far more often than anything else can change: such a look reckons nothing.
            if t_ms >= shown.due_ms {
                self.reckon(&board, shown, clock_us);
                self.pulse.ask(handle, clock_us);
                shown.due_ms = self.due_ms(shown, t_ms);
            }
            if self.look_at_button(&board, shown, t_ms) {
                shown.due_ms = 0;
                continue;
            }
            let newest = view.board_after(&board, self.wait(shown.due_ms, t_ms));
            if !Arc::ptr_eq(&newest, &board) {
                shown.due_ms = 0;
                board = newest;
            }
        }
    }

    /// Shows what the desk's state says now.
    fn reckon(&mut self, board: &Arc<BoardState>, shown: &mut Shown, clock_us: u64) {
        let t_ms = clock_us / 1_000;
        let now = board.time.now(&SystemClock);
        let signals = board.signals_after(now, shown.silenced_before);
        let signals = if self.pulse.stale_s(clock_us).is_some() { signals.stale() } else { signals };
        let signals = self.test.at(t_ms, signals).unwrap_or(signals);
        let signals = if t_ms < shown.feedback_until_ms { FEEDBACK } else { signals };
        self.show(signals, shown, t_ms);
        let last = shown.reckoned.replace((Arc::clone(board), now));
        let is_over = |(was, then): (Arc<BoardState>, _)| {
            board.is_over_unheeded((was.as_ref(), then), now, shown.silenced_before)
        };
        if last.is_some_and(is_over) {
            self.beacon.sound_once(t_ms.saturating_sub(shown.since_ms));
        }
    }

    fn show(&mut self, signals: Signals, shown: &mut Shown, t_ms: u64) {
        if signals != shown.signals {
            shown.signals = signals;
            shown.since_ms = t_ms;
        }
        let news = self.beacon.show(signals, t_ms.saturating_sub(shown.since_ms));
        self.teller.part(SIGNALS, news);
        self.trace.flush();
    }

    /// What somebody means at the button.
    fn look(&mut self, t_ms: u64) -> Option<ButtonEvent> {
        let (event, news) = self.button.as_mut()?.look(t_ms);
        self.teller.part(BUTTON, news);
        event
    }

    /// Does what somebody means at the button. Tells whether the signals are to be looked at again at once.
    fn look_at_button(&mut self, board: &BoardState, shown: &mut Shown, t_ms: u64) -> bool {
        let mute_ms = self.button.as_ref().map_or(0, ButtonPart::mute_ms);
        match self.look(t_ms) {
            None => return false,
            Some(ButtonEvent::Pressed) if self.test.takes_press(t_ms) => {
                shown.feedback_until_ms = t_ms + FEEDBACK_MS;
            }
            Some(ButtonEvent::Pressed) => self.pressed(board, shown, t_ms),
            Some(ButtonEvent::Held) => {
                let is_muted = board.is_muted(board.time.now(&SystemClock));
                self.teller.button(DeskAct::Mute { for_ms: if is_muted { 0 } else { mute_ms } });
                shown.is_muted_by_hold = !is_muted;
                shown.feedback_until_ms = t_ms + FEEDBACK_MS;
            }
            Some(ButtonEvent::Stuck) => {
                // That was nobody's hold: what it muted sounds again.
                if std::mem::take(&mut shown.is_muted_by_hold) {
                    self.teller.button(DeskAct::Mute { for_ms: 0 });
                }
                self.teller.part(BUTTON, Some(Err(stuck(self.room.language).to_owned())));
            }
            Some(ButtonEvent::Freed) => self.teller.part(BUTTON, Some(Ok(()))),
        }
        true
    }

    /// Silences what is heard and takes what is seen. The sound ends at once, whatever the disk does.
    fn pressed(&mut self, board: &BoardState, shown: &mut Shown, t_ms: u64) {
        let before = board.heard_before();
        let taking = board.calling_among(&self.page.alarms());
        if taking.is_empty() && before <= board.silenced_before.max(shown.silenced_before) {
            shown.feedback_until_ms = t_ms + FEEDBACK_MS;
            return;
        }
        shown.silenced_before = shown.silenced_before.max(before);
        self.teller.button(DeskAct::Silence { before, taking });
    }

    /// When a lamp or the buzzer changes by itself, or a second is over.
    fn due_ms(&self, shown: &Shown, t_ms: u64) -> u64 {
        let edge = self.beacon.next_edge(t_ms.saturating_sub(shown.since_ms));
        let edge = edge.map(|edge_ms| edge_ms.saturating_add(shown.since_ms));
        let feedback = Some(shown.feedback_until_ms).filter(|until_ms| *until_ms > t_ms);
        let next = [edge, feedback, self.test.next_look(t_ms)];
        next.into_iter().flatten().fold(t_ms + TICK_MS, u64::min)
    }

    /// From a look at `t_ms` until that moment, or until the button is to be looked at.
    fn wait(&self, due_ms: u64, t_ms: u64) -> Duration {
        let look_ms = self.button.is_some().then_some(t_ms + LOOK_MS);
        let next_ms = look_ms.map_or(due_ms, |look_ms| look_ms.min(due_ms));
        let now_ms = clock::monotonic_us() / 1_000;
        Duration::from_millis(next_ms.saturating_sub(now_ms).max(1))
    }
}

fn stuck(language: Language) -> &'static str {
    match language {
        Language::Russian => "кнопка залипла",
        Language::English => "the button is stuck",
    }
}
