//! All panels of the wall: each is handed the picture of its size, and none waits for another.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use firmware_board::{Frame, Language, Layout, Level, Link, Phase, Scene, test_card};

use super::brightness::Brightness;
use super::drivers;
use super::pictures::Pictures;
use super::slot::{Condition, PanelThread, Patience};
use super::trace::Trace;
use crate::clock;
use crate::config::Board;

/// How long the last picture is waited for when the wall ends: a full one takes a tenth of a second.
const LAST_PICTURE: Duration = Duration::from_secs(2);

/// The panels and what they show.
pub(super) struct Panels {
    each: Vec<Panel>,
    pictures: Pictures,
    language: Language,
    /// Whether what is shown asks nothing of anybody.
    is_well: Arc<AtomicBool>,
}

struct Panel {
    name: String,
    layout: Layout,
    thread: PanelThread,
}

impl Panels {
    /// Starts a thread for each panel.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(super) fn start(board: &Board, brightness: &Brightness, trace: &Trace) -> std::io::Result<Self> {
        let is_well = Arc::new(AtomicBool::new(false));
        let settled: Vec<_> = board.panels.iter().map(drivers::settled).collect();
        let panels = settled.iter().map(|panel| {
            let (width, height) = panel.size();
            let layout = Layout::of(width, height).expect("a configuration has only sizes that are served");
            let open = drivers::open(panel, brightness.panel(&panel.name), trace, &is_well);
            let thread = PanelThread::start(&panel.name, open, Patience::default())?;
            Ok(Panel { name: panel.name.clone(), layout, thread })
        });
        Ok(Self {
            each: panels.collect::<std::io::Result<_>>()?,
            pictures: Pictures::dark(&settled),
            language: board.language,
            is_well,
        })
    }

    /// What they show.
    pub(super) fn pictures(&self) -> &Pictures {
        &self.pictures
    }

    /// Whether one of them has this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.each.iter().any(|panel| panel.name == name)
    }

    /// Draws the scene as it is at `t_ms` and hands it over; panels of one size share a picture.
    pub(super) fn show(&self, scene: &Scene, t_ms: u64) {
        self.is_well.store(is_well(scene), Ordering::Relaxed);
        let mut drawn: Vec<(Layout, Arc<Frame>)> = Vec::new();
        for (place, panel) in self.each.iter().enumerate() {
            let same = drawn.iter().find(|(layout, _)| *layout == panel.layout);
            let frame = same
                .map_or_else(|| Arc::new(draw(panel.layout, scene, t_ms)), |(_, frame)| Arc::clone(frame));
            drawn.push((panel.layout, Arc::clone(&frame)));
            self.pictures.show(place, &frame);
            panel.thread.show(frame);
        }
    }

    /// Shows each panel its test card.
    pub(super) fn show_cards(&self) {
        self.is_well.store(false, Ordering::Relaxed);
        for (place, panel) in self.each.iter().enumerate() {
            let (width, height) = panel.layout.size();
            let mut frame = Frame::new(width, height);
            test_card(&panel.name, self.language, &mut frame);
            let frame = Arc::new(frame);
            self.pictures.show(place, &frame);
            panel.thread.show(frame);
        }
    }

    /// The first moment after `t_ms` at which the same scene looks different on some panel.
    pub(super) fn next_change(&self, scene: &Scene, t_ms: u64) -> Option<u64> {
        self.each.iter().filter_map(|panel| panel.layout.next_change(scene, t_ms)).min()
    }

    /// Which of the scene's alarms are on the page that the first panel shows at `t_ms`.
    pub(super) fn shown(&self, scene: &Scene, t_ms: u64) -> Vec<usize> {
        let first = self.each.first();
        first.map(|panel| panel.layout.shown(scene, Phase::at(t_ms)).collect()).unwrap_or_default()
    }

    /// The panels that fail or work since they were asked last, by name, with what the room is told.
    pub(super) fn news(&mut self, now_ms: u64) -> Vec<(String, Result<(), String>)> {
        let language = self.language;
        let told = self.each.iter_mut().filter_map(|panel| {
            let told = match panel.thread.news(now_ms)? {
                Condition::Works => Ok(()),
                Condition::Fails(text) => Err(format!("{}: {text}", panel.name)),
                Condition::Hangs => Err(format!("{}: {}", panel.name, hangs(language))),
            };
            Some((panel.name.clone(), told))
        });
        told.collect()
    }

    /// Lets the panels show what they were given last, and ends; one that hangs is left behind. Gives those that did not.
    pub(super) fn stop(mut self) -> Vec<(String, String)> {
        self.each.iter().for_each(|panel| panel.thread.stop());
        let mut failed = Vec::new();
        for panel in &self.each {
            if !panel.thread.wait(LAST_PICTURE) {
                log::error!("the panel {} does not take the last picture; it is left as it is", panel.name);
                failed.push((panel.name.clone(), hangs(self.language).to_owned()));
            }
        }
        let told = self.news(clock::monotonic_us() / 1_000);
        failed.extend(told.into_iter().filter_map(|(name, told)| Some((name, told.err()?))));
        failed
    }
}

/// Whether the scene asks nothing of anybody.
fn is_well(scene: &Scene) -> bool {
    scene.link == Link::Live && scene.level == Level::Normal && scene.alarms.is_empty() && scene.trusted
}

fn hangs(language: Language) -> &'static str {
    match language {
        Language::Russian => "завис, картину не принимает",
        Language::English => "hangs, takes no picture",
    }
}

fn draw(layout: Layout, scene: &Scene, t_ms: u64) -> Frame {
    let (width, height) = layout.size();
    let mut frame = Frame::new(width, height);
    let Ok(()) = layout.draw(scene, Phase::at(t_ms), &mut frame);
    frame
}
