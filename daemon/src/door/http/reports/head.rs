//! What all reports say of their month, and numbers as JSON has them.

use calendars::{Timestamp, Tz};
use serde::Serialize;
use utoipa::ToSchema;

use crate::desk::report::Month;

/// Which month it is, and whether it is over.
#[derive(Clone, Serialize, ToSchema)]
pub(in super::super) struct Head {
    /// The month.
    #[schema(value_type = String, example = "2026-11")]
    pub month: Month,
    /// Whether its figures may still change.
    pub state: MonthState,
    /// Its first instant.
    #[schema(format = DateTime)]
    pub begins_at: String,
    /// Its end, which is the next month's first instant.
    #[schema(format = DateTime)]
    pub ends_at: String,
    /// When its figures were taken into the record; null before, and where there was nothing to take.
    #[schema(format = DateTime)]
    pub closed_at: Option<String>,
    /// The site's zone.
    #[schema(example = "Europe/Moscow")]
    pub zone: String,
}

/// Whether a month's figures may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(in super::super) enum MonthState {
    /// They do.
    Running,
    /// They do not.
    Closed,
}

impl MonthState {
    /// The word in JSON and CSV.
    pub(super) const fn id(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Closed => "closed",
        }
    }
}

impl Head {
    pub(super) fn of(month: Month, zone: Tz, state: MonthState, closed_at: Option<Timestamp>) -> Self {
        Self {
            month,
            state,
            begins_at: month.begins(zone).to_rfc3339(zone),
            ends_at: month.ends(zone).to_rfc3339(zone),
            closed_at: closed_at.map(|at| at.to_rfc3339(zone)),
            zone: zone.to_string(),
        }
    }
}

/// Tenths as a number with one decimal.
#[expect(clippy::cast_precision_loss, reason = "shares and means are far below 2^53")]
pub(super) fn decimal(tenths: Option<u64>) -> Option<f64> {
    tenths.map(|tenths| tenths as f64 / 10.0)
}

/// A number as a cell, nothing where there is none.
pub(super) fn cell<T: ToString>(value: Option<T>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}
