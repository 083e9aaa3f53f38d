//! The report of a month's promises: met, broken, by how much and why.

use std::collections::BTreeMap;

use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::Told;
use super::head::{Head, cell, decimal};
use super::page::{Bar, Chart, Page, PageTable, Section};
use super::table::Table;
use super::words::{Words, slice_title};
use crate::desk::clocks::{Basis, Metric};
use crate::desk::report::{
    Cause, ClockFigures, Dimension, Quantiles, RegulationFigures, SliceFigures, percent_tenths,
};
use crate::desk::{People, Regulation};

/// The promises of a month.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct SlaReport {
    #[serde(flatten)]
    pub head: Head,
    /// Each regulation that had something.
    regulations: Vec<RegulationSla>,
}

/// The promises of one regulation.
#[derive(Serialize, ToSchema)]
struct RegulationSla {
    /// Its id.
    #[schema(value_type = String, example = "getmark")]
    regulation: SmolStr,
    /// Its name; null where the desk does not run it.
    title: Option<String>,
    /// The version that the desk ran then; null where it did not run it.
    #[schema(value_type = Option<String>)]
    version: Option<SmolStr>,
    /// The whole first, then by line, agent, service, source and priority; what nobody told apart is left out.
    slices: Vec<SliceSla>,
}

/// The promises of a slice.
#[derive(Serialize, ToSchema)]
struct SliceSla {
    /// By what.
    by: Dimension,
    /// Which line, agent, …; null for those without, and of the whole.
    #[schema(value_type = Option<String>)]
    id: Option<SmolStr>,
    /// Its name in the regulation's words, an agent's as they are known; null where there is none.
    title: Option<String>,
    /// True for all those together that were too many to be told apart.
    others: bool,
    /// By metric.
    clocks: Vec<ClockSla>,
}

/// The promises of one metric.
#[derive(Serialize, ToSchema)]
struct ClockSla {
    /// What was measured.
    metric: Metric,
    /// The regulation's word for it; null where there is none.
    title: Option<String>,
    /// What is counted; null where no ticket with such a clock was closed.
    basis: Option<Basis>,
    /// Clocks of tickets closed in the month that met their term.
    met: u32,
    /// Of those, clocks that broke it, whenever that was.
    breached: u32,
    /// Of those, clocks without a term.
    without_term: u32,
    /// The share that met it of those that had one, in percent.
    met_percent: Option<f64>,
    /// How long it took, in seconds of the basis.
    used: Option<QuantilesView>,
    /// By how much broken terms were exceeded, in seconds of the basis.
    over: Option<QuantilesView>,
    /// The share of time that clocks stood still, by the wall's clock, in percent.
    paused_percent: Option<f64>,
    /// How often a term broke in the month, of tickets that may still be open.
    breaches: u32,
    /// Why they broke: `term-changed` the term became shorter than what was used, `untaken` nobody had the ticket,
    /// `returned` the requester had returned it, `routed` it had gone from line to line, `in-work` none of these.
    #[schema(value_type = BTreeMap<String, u32>)]
    causes: BTreeMap<Cause, u32>,
}

/// Quantiles by nearest rank.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[schema(as = Quantiles)]
#[expect(clippy::struct_field_names, reason = "the unit is the last word of a name")]
struct QuantilesView {
    /// Half took no longer.
    p50_seconds: i64,
    /// Nine in ten took no longer.
    p90_seconds: i64,
    /// 19 in 20 took no longer.
    p95_seconds: i64,
    /// None took longer.
    max_seconds: i64,
}

impl From<Quantiles> for QuantilesView {
    fn from(of: Quantiles) -> Self {
        let seconds = |ms: i64| ms.div_euclid(1_000);
        Self {
            p50_seconds: seconds(of.p50_ms),
            p90_seconds: seconds(of.p90_ms),
            p95_seconds: seconds(of.p95_ms),
            max_seconds: seconds(of.max_ms),
        }
    }
}

impl SlaReport {
    pub(super) fn of(told: Told) -> Self {
        let Told { head, figures, regulations, people, is_whole: _ } = told;
        let regulations = figures
            .regulations
            .into_iter()
            .map(|of| {
                let regulation = regulations.get(&of.regulation).map(AsRef::as_ref);
                RegulationSla::of(of, regulation, &people)
            })
            .collect();
        Self { head, regulations }
    }

    pub(super) fn table(&self) -> Table {
        let mut titles = vec![
            "month",
            "state",
            "regulation",
            "by",
            "id",
            "title",
            "others",
            "metric",
            "basis",
            "met",
            "breached",
            "without_term",
            "met_percent",
            "used_p50_seconds",
            "used_p90_seconds",
            "used_p95_seconds",
            "used_max_seconds",
            "over_p50_seconds",
            "over_p90_seconds",
            "over_p95_seconds",
            "over_max_seconds",
            "paused_percent",
            "breaches",
        ];
        titles.extend(Cause::ALL.map(Cause::id));
        let mut rows = Vec::new();
        for of in &self.regulations {
            for slice in &of.slices {
                for clock in &slice.clocks {
                    let mut row = vec![
                        self.head.month.to_string(),
                        self.head.state.id().to_owned(),
                        of.regulation.to_string(),
                        slice.by.id().to_owned(),
                        cell(slice.id.as_ref()),
                        cell(slice.title.as_ref()),
                        slice.others.to_string(),
                    ];
                    row.extend(clock.cells());
                    rows.push(row);
                }
            }
        }
        Table { titles, rows }
    }

    pub(super) fn page(&self, words: Words) -> Page {
        let sections = self.regulations.iter().map(|of| of.section(words)).collect();
        Page::new(words, words.of("Сроки", "Terms"), &self.head, sections)
    }
}

impl RegulationSla {
    fn of(figures: RegulationFigures, regulation: Option<&Regulation>, people: &People) -> Self {
        let slices = figures.told_slices().map(|slice| SliceSla::of(slice, regulation, people));
        let slices = slices.filter(|slice| !slice.clocks.is_empty()).collect();
        Self {
            title: regulation.map(|regulation| regulation.title.clone()),
            slices,
            version: figures.version,
            regulation: figures.regulation,
        }
    }

    fn section(&self, words: Words) -> Section {
        let mut section = Section::new(self.title.as_deref().unwrap_or(&self.regulation));
        section.notes.push(
            words
                .of(
                    "Выполнено и нарушено — у заявок, закрытых за месяц. Нарушений за месяц — сколько раз срок истёк в этом месяце, в том числе у ещё открытых заявок.",
                    "Met and broken are of tickets closed in the month. Breaches are how often a term broke in the month, of open tickets, too.",
                )
                .to_owned(),
        );
        for by in Dimension::ALL {
            let slices: Vec<_> = self.slices.iter().filter(|slice| slice.by == by).collect();
            if slices.is_empty() {
                continue;
            }
            match by {
                Dimension::Regulation => section.charts.extend(causes(words, &slices)),
                Dimension::Line | Dimension::Agent | Dimension::Priority => {
                    section.charts.extend(kept(words, by, &slices));
                }
                Dimension::Service | Dimension::Source => {}
            }
            section.tables.push(page_table(words, by, &slices));
        }
        section
    }
}

fn page_table(words: Words, by: Dimension, slices: &[&SliceSla]) -> PageTable {
    let titles = [
        words.dimension(by),
        words.of("срок", "term"),
        words.of("выполнено", "met"),
        words.of("нарушено", "broken"),
        words.of("доля, %", "share, %"),
        words.of("половина за, ч:мин", "half within, h:min"),
        words.of("9 из 10 за, ч:мин", "9 in 10 within, h:min"),
        words.of("сверх срока: половина до, ч:мин", "over: half up to, h:min"),
        words.of("сверх срока: 9 из 10 до, ч:мин", "over: 9 in 10 up to, h:min"),
        words.of("паузы, %", "pauses, %"),
        words.of("нарушений за месяц", "breaches in the month"),
    ];
    let mut rows = Vec::new();
    for slice in slices {
        for clock in &slice.clocks {
            let length = |of: Option<QuantilesView>, which: fn(QuantilesView) -> i64| {
                of.map(|of| Words::length(which(of))).unwrap_or_default()
            };
            rows.push(vec![
                words.row(slice.by, slice.id.as_deref(), slice.title.as_deref(), slice.others),
                clock.title.clone().unwrap_or_else(|| clock.metric.to_string()),
                clock.met.to_string(),
                clock.breached.to_string(),
                words.decimal(clock.met_percent),
                length(clock.used, |of| of.p50_seconds),
                length(clock.used, |of| of.p90_seconds),
                length(clock.over, |of| of.p50_seconds),
                length(clock.over, |of| of.p90_seconds),
                words.decimal(clock.paused_percent),
                clock.breaches.to_string(),
            ]);
        }
    }
    PageTable::new(words.by(by), &titles, rows)
}

/// How many in a hundred were met, for each slice and metric.
fn kept(words: Words, by: Dimension, slices: &[&SliceSla]) -> Option<Chart> {
    let bars = slices.iter().flat_map(|slice| {
        slice.clocks.iter().filter_map(|clock| {
            let percent = clock.met_percent?;
            let label = words.slice(slice.by, slice.id.as_deref(), slice.title.as_deref(), slice.others);
            let metric = clock.title.clone().unwrap_or_else(|| clock.metric.to_string());
            Some(Bar::new(&label, &metric, percent / 100.0, &words.decimal(Some(percent))))
        })
    });
    Chart::new(&format!("{}: {}", words.of("Выполнено, %", "Met, %"), words.by(by)), bars.collect())
}

/// Why terms broke.
fn causes(words: Words, whole: &[&SliceSla]) -> Option<Chart> {
    let mut counts: BTreeMap<Cause, u32> = BTreeMap::new();
    for (cause, count) in whole.iter().flat_map(|slice| &slice.clocks).flat_map(|clock| &clock.causes) {
        *counts.entry(*cause).or_default() += count;
    }
    let most = counts.values().copied().max().unwrap_or(0).max(1);
    let bars = counts.iter().map(|(cause, count)| {
        Bar::new(words.cause(*cause), "", f64::from(*count) / f64::from(most), &count.to_string())
    });
    Chart::new(words.of("Почему срок нарушен", "Why terms broke"), bars.collect())
}

impl SliceSla {
    fn of(slice: &SliceFigures, regulation: Option<&Regulation>, people: &People) -> Self {
        Self {
            by: slice.by,
            id: slice.id.clone(),
            title: slice_title(slice, regulation, people),
            others: slice.others,
            clocks: slice.clocks.iter().map(|clock| ClockSla::of(clock, regulation)).collect(),
        }
    }
}

impl ClockSla {
    fn of(clock: &ClockFigures, regulation: Option<&Regulation>) -> Self {
        let with_term = u64::from(clock.met) + u64::from(clock.breached);
        let time = |ms: i64| u64::try_from(ms).unwrap_or(0);
        Self {
            metric: clock.metric,
            title: regulation.and_then(|regulation| Some(regulation.clock(clock.metric)?.title.clone())),
            basis: clock.basis,
            met: clock.met,
            breached: clock.breached,
            without_term: clock.without_term,
            met_percent: decimal(percent_tenths(clock.met.into(), with_term)),
            used: clock.used.map(QuantilesView::from),
            over: clock.over.map(QuantilesView::from),
            paused_percent: decimal(percent_tenths(time(clock.paused_ms), time(clock.elapsed_ms))),
            breaches: clock.breaches(),
            causes: clock.causes.clone(),
        }
    }

    fn cells(&self) -> Vec<String> {
        let mut cells = vec![
            self.metric.to_string(),
            cell(self.basis.map(Basis::id)),
            self.met.to_string(),
            self.breached.to_string(),
            self.without_term.to_string(),
            cell(self.met_percent),
        ];
        for of in [self.used, self.over] {
            let told = of.map(|of| [of.p50_seconds, of.p90_seconds, of.p95_seconds, of.max_seconds]);
            cells.extend(
                told.map_or_else(|| vec![String::new(); 4], |told| told.map(|s| s.to_string()).to_vec()),
            );
        }
        cells.extend([cell(self.paused_percent), self.breaches.to_string()]);
        cells.extend(Cause::ALL.map(|cause| self.causes.get(&cause).copied().unwrap_or(0).to_string()));
        cells
    }
}
