//! How bright the parts are that can be dimmed: what the configuration says now, which may change while they run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::config::{Board, Panel, PanelKind, Strip};

/// One part's brightness, in the part's own measure. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Dimmer(Arc<AtomicU8>);

impl Dimmer {
    pub(super) fn new(brightness: u8) -> Self {
        Self(Arc::new(AtomicU8::new(brightness)))
    }

    pub(super) fn level(&self) -> u8 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The brightness of all parts of the wall that have one. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Brightness {
    /// By the panel's name.
    panels: BTreeMap<String, Dimmer>,
    strip: Option<Dimmer>,
}

impl Brightness {
    /// Of the parts of a board.
    pub(super) fn of(board: &Board) -> Self {
        let panels = board.panels.iter();
        let panels = panels.filter_map(|panel| Some((panel.name.clone(), Dimmer::new(of_panel(panel)?))));
        Self { panels: panels.collect(), strip: board.strip.map(|strip| Dimmer::new(of_strip(strip))) }
    }

    /// Has the parts be as bright as this board says, each at its next picture. Parts that were not there at the start are not
    /// looked at.
    pub fn follow(&self, board: &Board) {
        for panel in &board.panels {
            if let (Some(dimmer), Some(brightness)) = (self.panels.get(&panel.name), of_panel(panel)) {
                dimmer.0.store(brightness, Ordering::Relaxed);
            }
        }
        if let (Some(dimmer), Some(strip)) = (&self.strip, board.strip) {
            dimmer.0.store(of_strip(strip), Ordering::Relaxed);
        }
    }

    /// That of a panel; none where its kind has none.
    pub(super) fn panel(&self, name: &str) -> Option<Dimmer> {
        self.panels.get(name).cloned()
    }

    /// That of the strip; none where there is no strip.
    pub(super) fn strip(&self) -> Option<Dimmer> {
        self.strip.clone()
    }
}

/// A matrix counts from 0 to 15.
fn of_panel(panel: &Panel) -> Option<u8> {
    match &panel.kind {
        PanelKind::Max7219(matrix) => Some(matrix.brightness),
        PanelKind::Simulated { .. } | PanelKind::Tft(_) | PanelKind::Ssd1306(_) | PanelKind::Drm(_) => None,
    }
}

/// Of 255, where the configuration says per cent.
fn of_strip(strip: Strip) -> u8 {
    (u16::from(strip.brightness) * 255 / 100).to_le_bytes()[0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn board(matrix: u8, strip: u8) -> Board {
        let text = format!(
            "[[board.panel]]\nkind = \"max7219\"\nname = \"far\"\nbrightness = {matrix}\n[board.strip]\nbrightness = {strip}\n"
        );
        Config::parse("andon.toml".as_ref(), &text).expect("a board").board
    }

    #[test]
    fn what_a_configuration_says_later_holds_for_parts_that_were_there_at_the_start() {
        let brightness = Brightness::of(&board(3, 30));
        let (matrix, strip) = (brightness.panel("far").unwrap(), brightness.strip().unwrap());
        assert_eq!((matrix.level(), strip.level()), (3, 76));
        brightness.follow(&board(15, 100));
        assert_eq!((matrix.level(), strip.level()), (15, 255));
        brightness.follow(&Board::default());
        assert_eq!(
            (matrix.level(), strip.level()),
            (15, 255),
            "parts that are gone from it stay as they were"
        );
        assert!(Brightness::of(&Board::default()).panel("main").is_none());
    }
}
