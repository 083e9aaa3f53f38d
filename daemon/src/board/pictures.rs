//! What the panels show, for whoever wants to see it.

use std::sync::{Arc, Mutex, PoisonError};

use firmware_board::Frame;

use crate::config::Panel;

/// The pictures of all panels, the first panel's first. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pictures(Arc<[Shown]>);

/// The picture of one panel.
#[derive(Debug)]
struct Shown {
    panel: String,
    kind: &'static str,
    size: (u16, u16),
    frame: Mutex<Arc<Frame>>,
}

impl Pictures {
    /// Dark pictures.
    pub(crate) fn dark(panels: &[Panel]) -> Self {
        let shown = panels.iter().map(|panel| {
            let (width, height) = panel.size();
            Shown {
                panel: panel.name.clone(),
                kind: panel.kind.word(),
                size: (width, height),
                frame: Mutex::new(Arc::new(Frame::new(width, height))),
            }
        });
        Self(shown.collect())
    }

    /// Shows a frame as the picture of a panel, by its place.
    pub(super) fn show(&self, place: usize, frame: &Arc<Frame>) {
        if let Some(shown) = self.0.get(place) {
            *shown.frame.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(frame);
        }
    }

    /// The panels: name, kind, columns and rows.
    pub fn panels(&self) -> impl Iterator<Item = (&str, &'static str, (u16, u16))> {
        self.0.iter().map(|shown| (shown.panel.as_str(), shown.kind, shown.size))
    }

    /// The first panel's picture as PNG, exactly the panel's pixels.
    pub fn png(&self) -> Vec<u8> {
        self.0.first().map(Shown::png).unwrap_or_default()
    }

    /// A panel's picture as PNG; none where there is no panel of that name.
    pub fn png_of(&self, panel: &str) -> Option<Vec<u8>> {
        self.0.iter().find(|shown| shown.panel == panel).map(Shown::png)
    }
}

impl Shown {
    fn png(&self) -> Vec<u8> {
        let frame = Arc::clone(&self.frame.lock().unwrap_or_else(PoisonError::into_inner));
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, frame.width().into(), frame.height().into());
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        encoder
            .write_header()
            .and_then(|mut writer| writer.write_image_data(&frame.rgb888()))
            .expect("a frame has as many bytes as its size says, and memory takes them");
        bytes
    }
}
