//! The wall's thread: draws the newest scene, drives lamps and buzzer, and never delays the desk.
//!
//! Lamps and buzzer come before the panel: a full picture takes longer on the wire than a deadline may wait. A part
//! that fails is told in the journal and as an alarm of kind `panel`, and is tried again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use calendars::Tz;
use firmware_board::{Frame, Layout, Link, Phase, Scene, Signals, wall};

use super::beacon::BeaconPart;
use super::live::Live;
use super::panels::{PanelPart, Picture};
use super::scene::{Room, opening_scene, scene};
use super::trace::Trace;
use crate::clock::{self, SystemClock};
use crate::config::Board;
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Role};
use crate::run::{Handle, Opening};

/// A picture is drawn so long after the one before, at least, in milliseconds: under load the desk changes thousands of
/// times a second, and a room sees no more than this. Lamps and buzzer do not wait for it.
const FRAME_MS: u64 = 40;
/// Who says so when a part of the wall fails.
const WALL: &str = "wall";

/// The wall, while its thread runs.
#[derive(Debug)]
pub struct Wall {
    picture: Picture,
    live: Live,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Wall {
    /// Starts the wall of a desk, which may still be being opened; `zone` is the site's.
    ///
    /// # Errors
    /// When the system gives no thread. Parts that cannot be had are alarms, not errors.
    pub fn start(opening: Opening, board: &Board, zone: Tz, trace: Trace) -> std::io::Result<Self> {
        let (picture, live) = (Picture::dark(), Live::default());
        let stop = Arc::new(AtomicBool::new(false));
        let painter = Painter {
            opening,
            handle: None,
            untold: Vec::new(),
            zone,
            layout: Layout::of(wall::WIDTH, wall::HEIGHT).expect("the panel's own size is served"),
            room: Room { site: board.site.clone(), language: board.language },
            picture: picture.clone(),
            live: live.clone(),
            stop: Arc::clone(&stop),
            trace: trace.clone(),
            panel: PanelPart::new(board, trace.clone()),
            beacon: BeaconPart::new(board.signals, trace),
            signals: Signals::DARK,
            signals_since_ms: 0,
        };
        let thread = std::thread::Builder::new().name("wall".into()).spawn(move || painter.run())?;
        Ok(Self { picture, live, stop, thread })
    }

    /// What the panel shows.
    pub fn picture(&self) -> &Picture {
        &self.picture
    }

    /// What it shows, for those who follow it from elsewhere.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Shows that the desk has stopped, puts the lamps out, and ends.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Release);
        // A thread that panicked has said so in the journal.
        let _ = self.thread.join();
    }
}

struct Painter {
    opening: Opening,
    /// The way to the desk, once it is there.
    handle: Option<Handle>,
    /// What the desk is to be told of the parts, once it is there.
    untold: Vec<DeskAct>,
    zone: Tz,
    layout: Layout,
    room: Room,
    picture: Picture,
    live: Live,
    stop: Arc<AtomicBool>,
    trace: Trace,
    panel: PanelPart,
    beacon: BeaconPart,
    signals: Signals,
    /// When these signals began: their rhythm counts from here.
    signals_since_ms: u64,
}

impl Painter {
    fn run(mut self) {
        let mut frame = Frame::new(wall::WIDTH, wall::HEIGHT);
        let last = match self.open(&mut frame) {
            Some(handle) => Some(self.show_desk(&handle, &mut frame)),
            None => opening_scene(&self.opening.stage(), &self.room, clock::now(), self.zone),
        };
        let last = Scene { link: Link::Stopped, signals: Signals::DARK, ..last.unwrap_or_default() };
        self.beacon.dark();
        self.paint(&last, 0, &mut frame);
    }

    /// Shows how far the opening is, until the desk is there or the wall is to end.
    fn open(&mut self, frame: &mut Frame) -> Option<Handle> {
        while !self.stop.load(Ordering::Acquire) {
            let (now, t_ms) = (clock::now(), clock::monotonic_us() / 1_000);
            let patience = match opening_scene(&self.opening.stage(), &self.room, now, self.zone) {
                Some(scene) => {
                    self.show(&scene, t_ms, frame);
                    self.wait(&scene, t_ms)
                }
                None => Duration::ZERO,
            };
            if let Some(handle) = self.opening.wait(patience) {
                let wall = Actor::named(WALL, Role::Admin);
                self.untold.drain(..).for_each(|act| handle.tell(Command::Desk(act), wall.clone()));
                self.handle = Some(handle.clone());
                return Some(handle);
            }
        }
        None
    }

    /// Shows the desk until the wall is to end; gives the last scene of it.
    fn show_desk(&mut self, handle: &Handle, frame: &mut Frame) -> Scene {
        let view = Arc::clone(handle.view());
        let mut board = view.board();
        let mut paint_ms = 0;
        while !self.stop.load(Ordering::Acquire) {
            let scene = scene(&board, &self.room, board.time.now(&SystemClock));
            let t_ms = clock::monotonic_us() / 1_000;
            self.signal(scene.signals, t_ms);
            let wait = if t_ms >= paint_ms {
                self.paint(&scene, t_ms, frame);
                paint_ms = t_ms + FRAME_MS;
                self.wait(&scene, t_ms)
            } else {
                self.wait(&scene, t_ms).min(Duration::from_millis(paint_ms - t_ms))
            };
            board = view.board_after(&board, wait);
        }
        scene(&board, &self.room, board.time.now(&SystemClock))
    }

    fn show(&mut self, scene: &Scene, t_ms: u64, frame: &mut Frame) {
        self.signal(scene.signals, t_ms);
        self.paint(scene, t_ms, frame);
    }

    fn signal(&mut self, signals: Signals, t_ms: u64) {
        if signals != self.signals {
            self.signals = signals;
            self.signals_since_ms = t_ms;
        }
        let told = self.beacon.show(signals, t_ms - self.signals_since_ms);
        self.tell("signals", told);
        self.trace.flush();
    }

    fn paint(&mut self, scene: &Scene, t_ms: u64, frame: &mut Frame) {
        let Ok(()) = self.layout.draw(scene, Phase::at(t_ms), frame);
        self.picture.show(frame);
        self.live.show(scene, t_ms);
        let told = self.panel.show(frame, t_ms);
        self.tell("panel", told);
        self.trace.flush();
    }

    /// Until the picture or the signals change by themselves, or a second is over.
    fn wait(&self, scene: &Scene, t_ms: u64) -> Duration {
        let next_second = t_ms + 1_000 - t_ms % 1_000;
        let signals =
            self.beacon.next_edge(t_ms - self.signals_since_ms).map(|ms| ms + self.signals_since_ms);
        let next =
            [self.layout.next_change(scene, t_ms), signals].into_iter().flatten().fold(next_second, u64::min);
        let now_ms = clock::monotonic_us() / 1_000;
        Duration::from_millis(next.saturating_sub(now_ms).max(1))
    }

    /// Tells the desk that a part failed or works again.
    fn tell(&mut self, part: &str, told: Option<Result<(), String>>) {
        let part = part.to_owned();
        let act = match told {
            None => return,
            Some(Ok(())) => DeskAct::PartWorks { kind: AlarmKind::Panel, part },
            Some(Err(text)) => {
                log::error!("the wall's {part}: {text}");
                DeskAct::PartFailed { kind: AlarmKind::Panel, part, text }
            }
        };
        match &self.handle {
            Some(handle) => handle.tell(Command::Desk(act), Actor::named(WALL, Role::Admin)),
            None => self.untold.push(act),
        }
    }
}
