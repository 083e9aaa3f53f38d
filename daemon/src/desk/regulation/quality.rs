//! How a regulation judges the marks of a month.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Named, Regulation};

/// How the marks of a month are judged.
#[derive(Debug, Clone)]
pub struct QualityRule {
    /// What the sum of marks is divided by.
    pub divisor: Divisor,
    /// What a figure is called, the best first.
    pub bands: Vec<Band>,
    /// Clause id.
    pub clause: Option<String>,
    /// What its keeper should know.
    pub note: Option<String>,
}

/// What the sum of marks is divided by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Divisor {
    /// All tickets closed in the month, with a mark or without (ZS-6a).
    Closed,
    /// The marks given in the month.
    #[default]
    Rated,
}

/// What a figure is called.
#[derive(Debug, Clone)]
pub struct Band {
    /// Its name.
    pub name: Named,
    /// The least figure of it, in tenths; none of the last, which takes the rest.
    pub from_tenths: Option<u64>,
}

impl Regulation {
    /// What the sum of marks is divided by; the marks given, where the regulation says nothing.
    pub fn divisor(&self) -> Divisor {
        self.quality.as_ref().map_or(Divisor::default(), |rule| rule.divisor)
    }

    /// The band of a figure, which is rounded to tenths already; none where there are no bands.
    pub fn band(&self, figure_tenths: u64) -> Option<&Band> {
        let bands = self.quality.as_ref().map(|rule| rule.bands.as_slice()).unwrap_or_default();
        bands.iter().find(|band| band.from_tenths.is_none_or(|from| figure_tenths >= from))
    }
}
