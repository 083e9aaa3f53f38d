//! Draws the newest scene for all panels, and never waits for one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use calendars::Tz;
use firmware_board::{Link, Scene, Signals};
use smol_str::SmolStr;

use super::live::Live;
use super::panels::Panels;
use super::parts_test::PartsTest;
use super::pulse::Pulse;
use super::scene::{Room, opening_scene, scene};
use super::state::BoardState;
use super::teller::Teller;
use super::trace::Trace;
use crate::clock::{self, SystemClock};
use crate::config::OTHER_PARTS;
use crate::desk::AlarmKind;
use crate::run::Handle;

/// A picture is drawn so long after the one before, at least, in milliseconds: under load the desk changes thousands of
/// times a second, and a room sees no more than this. Lamps and buzzer do not wait for it.
const FRAME_MS: u64 = 40;

/// The alarms on the page that the first panel shows, by id; clones are the same one.
#[derive(Clone, Debug, Default)]
pub(super) struct Page(Arc<Mutex<Vec<SmolStr>>>);

impl Page {
    fn turn(&self, alarms: Vec<SmolStr>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = alarms;
    }

    pub(super) fn alarms(&self) -> Vec<SmolStr> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The thread of the pictures.
pub(super) struct Painter {
    pub(super) teller: Teller,
    pub(super) zone: Tz,
    pub(super) room: Room,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) trace: Trace,
    pub(super) panels: Panels,
    pub(super) live: Live,
    pub(super) pulse: Pulse,
    pub(super) page: Page,
    pub(super) test: PartsTest,
}

impl Painter {
    pub(super) fn run(mut self) {
        let last = match self.open() {
            Some(handle) => Some(self.show_desk(&handle)),
            None => opening_scene(&self.teller.stage(), &self.room, clock::now(), self.zone),
        };
        let last = Scene { link: Link::Stopped, signals: Signals::SAFE, ..last.unwrap_or_default() };
        self.live.show(&last, clock::monotonic_us() / 1_000);
        self.panels.show(&last, 0);
        // Those that did not take it are in the journal.
        drop(self.panels.stop());
        self.trace.flush();
    }

    /// Shows how far the opening is, until the desk is there or the wall is to end.
    fn open(&mut self) -> Option<Handle> {
        while !self.stop.load(Ordering::Acquire) {
            let (now, t_ms) = (clock::now(), clock::monotonic_us() / 1_000);
            let patience = match opening_scene(&self.teller.stage(), &self.room, now, self.zone) {
                Some(scene) => {
                    self.paint(&scene, t_ms);
                    self.wait(&scene, t_ms)
                }
                None => Duration::ZERO,
            };
            if let Some(handle) = self.teller.wait(patience) {
                return Some(handle);
            }
        }
        None
    }

    /// Shows the desk until the wall is to end; gives the last scene of it.
    fn show_desk(&mut self, handle: &Handle) -> Scene {
        let view = Arc::clone(handle.view());
        let mut board = view.board();
        self.take_back_gone(&board);
        let mut paint_ms = 0;
        while !self.stop.load(Ordering::Acquire) {
            let clock_us = clock::monotonic_us();
            let t_ms = clock_us / 1_000;
            let scene = self.scene(&board, clock_us);
            let wait = if t_ms >= paint_ms {
                self.turn_page(&board, &scene, t_ms);
                self.paint(&scene, t_ms);
                paint_ms = t_ms + FRAME_MS;
                self.wait(&scene, t_ms)
            } else {
                self.wait(&scene, t_ms).min(Duration::from_millis(paint_ms - t_ms))
            };
            board = view.board_after(&board, wait);
        }
        self.scene(&board, clock::monotonic_us())
    }

    /// Takes back the alarms of panels that are no longer in the configuration: nothing else ever would.
    fn take_back_gone(&mut self, board: &BoardState) {
        let alarms = board.alarms.iter().filter(|(alarm, _)| alarm.kind == AlarmKind::Panel);
        let parts =
            alarms.filter_map(|(alarm, _)| alarm.id.strip_prefix(AlarmKind::Panel.id())?.strip_prefix('-'));
        for part in parts.filter(|part| !self.panels.has(part) && !OTHER_PARTS.contains(part)) {
            self.teller.part(part, Some(Ok(())));
        }
    }

    /// The scene of a state; of one that is old, where the desk does not answer.
    fn scene(&self, board: &BoardState, clock_us: u64) -> Scene {
        let scene = scene(board, &self.room, board.time.now(&SystemClock));
        match self.pulse.stale_s(clock_us) {
            Some(since_s) => Scene { link: Link::Stale { since_s }, signals: scene.signals.stale(), ..scene },
            None => scene,
        }
    }

    fn turn_page(&self, board: &BoardState, scene: &Scene, t_ms: u64) {
        let shown = self.panels.shown(scene, t_ms).into_iter();
        self.page.turn(shown.filter_map(|place| Some(board.alarms.get(place)?.0.id.clone())).collect());
    }

    fn paint(&mut self, scene: &Scene, t_ms: u64) {
        self.live.show(scene, t_ms);
        if self.test.shows_cards() {
            self.panels.show_cards();
        } else {
            self.panels.show(scene, t_ms);
        }
        for (part, told) in self.panels.news(t_ms) {
            self.teller.part(&part, Some(told));
        }
    }

    /// Until the picture changes by itself, or a second is over.
    fn wait(&self, scene: &Scene, t_ms: u64) -> Duration {
        let next_second = t_ms + 1_000 - t_ms % 1_000;
        let next = [self.panels.next_change(scene, t_ms), self.test.next_look(t_ms)].into_iter();
        let next = next.flatten().fold(next_second, u64::min);
        let now_ms = clock::monotonic_us() / 1_000;
        Duration::from_millis(next.saturating_sub(now_ms).max(1))
    }
}
