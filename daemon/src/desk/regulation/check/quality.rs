//! Marks with values, and the bands of what they come to.

use super::Check;
use crate::desk::regulation::file::{self, File};
use crate::desk::regulation::{Band, Named, QualityRule};

/// The greatest figure a band may begin with: a mark is worth no more.
const FIGURE_MAX: f64 = 255.0;

impl Check<'_> {
    pub(super) fn quality(&mut self, file: &File) -> Option<QualityRule> {
        let with_value = file.marks.iter().filter(|mark| mark.value.is_some()).count();
        if with_value > 0 {
            for mark in file.marks.iter().filter(|mark| mark.value.is_none()) {
                let message = format!("`{}` has no value; give all marks one, or none", mark.id.get_ref());
                self.problem(&mark.id.span(), "mark.value", message);
            }
        }
        let rule = file.quality.as_ref()?;
        if file.marks.is_empty() {
            let message = "there are no marks to be judged; add [[mark]], or leave [quality] out".to_owned();
            self.problem(&rule.divisor.span(), "quality", message);
        }
        self.unique("quality.band.id", rule.bands.iter().map(|band| &band.id));
        if with_value == 0
            && let Some(band) = rule.bands.first()
        {
            let message =
                "bands are of figures; give every [[mark]] a value, or leave the bands out".to_owned();
            self.problem(&band.id.span(), "quality.band", message);
        }
        let bands: Vec<Band> = rule.bands.iter().map(|band| self.band(band)).collect();
        for (at, band) in bands.iter().enumerate() {
            let span = rule.bands[at].id.span();
            let is_last = at + 1 == bands.len();
            match (band.from_tenths, is_last) {
                (None, false) => {
                    let message = format!(
                        "`{}` takes every figure, so the bands after it none; give it a `from`",
                        band.name.id
                    );
                    self.problem(&span, "quality.band.from", message);
                }
                (Some(_), true) => {
                    let message = format!(
                        "`{}` is the last band and takes the rest; leave its `from` out",
                        band.name.id
                    );
                    self.problem(&span, "quality.band.from", message);
                }
                (Some(from), false)
                    if at > 0 && bands[at - 1].from_tenths.is_some_and(|better| better <= from) =>
                {
                    let message = format!(
                        "`{}` begins no lower than the band before it; the best comes first",
                        band.name.id
                    );
                    self.problem(&span, "quality.band.from", message);
                }
                (Some(_), false) | (None, true) => {}
            }
        }
        Some(QualityRule {
            divisor: *rule.divisor.get_ref(),
            bands,
            clause: rule.clause.clone(),
            note: rule.note.clone(),
        })
    }

    fn band(&mut self, band: &file::Band) -> Band {
        let from_tenths = band.from.as_ref().map(|from| {
            tenths(*from.get_ref()).unwrap_or_else(|| {
                let message = format!(
                    "`{}` is no figure; 0 to 255 with one decimal at most, such as 4.7",
                    from.get_ref()
                );
                self.problem(&from.span(), "quality.band.from", message);
                0
            })
        });
        let name = Named {
            id: band.id.get_ref().as_str().into(),
            title: band.title.clone(),
            clause: band.clause.clone(),
            note: band.note.clone(),
        };
        Band { name, from_tenths }
    }
}

/// A figure with one decimal at most, in tenths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is from 0 to 2550, and whole"
)]
fn tenths(figure: f64) -> Option<u64> {
    let tenths = (figure * 10.0).round();
    let is_figure = (0.0..=FIGURE_MAX).contains(&figure) && (figure * 10.0 - tenths).abs() < 1e-6;
    is_figure.then_some(tenths as u64)
}
