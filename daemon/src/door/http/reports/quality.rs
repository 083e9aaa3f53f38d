//! The report of a month's marks (ZS-6a, ZS-6b, GM-6, HD-5, and BC-12 by source).

use std::collections::BTreeMap;

use serde::Serialize;
use smol_str::SmolStr;
use utoipa::ToSchema;

use super::Told;
use super::head::{Head, cell, decimal};
use super::page::{Bar, Chart, Page, PageTable, Section};
use super::table::Table;
use super::words::{Words, slice_title};
use crate::desk::regulation::Divisor;
use crate::desk::report::{Dimension, QualityFigures, RegulationFigures, SliceFigures, percent_tenths};
use crate::desk::{People, Regulation};

/// The marks of a month.
#[derive(Serialize, ToSchema)]
pub(in super::super) struct QualityReport {
    #[serde(flatten)]
    pub head: Head,
    /// The desk as a whole, whatever the regulation; null for a token that is for some regulations only.
    desk: Option<DeskQuality>,
    /// Each regulation that had something.
    regulations: Vec<RegulationQuality>,
}

/// All tickets of the desk. Marks of different scales have no common mean.
#[derive(Serialize, ToSchema)]
struct DeskQuality {
    /// Tickets closed in the month.
    closed: u32,
    /// Of them, with a mark.
    rated: u32,
    /// Their share, in percent.
    rated_percent: Option<f64>,
    /// Marks given in the month.
    marks: u32,
    /// Of them, positive, where the regulation says which are.
    positive: u32,
}

/// The marks of one regulation's tickets.
#[derive(Serialize, ToSchema)]
struct RegulationQuality {
    /// Its id.
    #[schema(value_type = String, example = "zkh-services")]
    regulation: SmolStr,
    /// Its name; null where the desk does not run it.
    title: Option<String>,
    /// The version whose marks, divisor and bands were taken; null where the desk did not run it then.
    #[schema(value_type = Option<String>)]
    version: Option<SmolStr>,
    /// What the sum of marks is divided by.
    divisor: Divisor,
    /// The clause that says so.
    clause: Option<String>,
    /// Its marks, in its order.
    scale: Vec<MarkOfScale>,
    /// The whole first, then by line, agent, service, source and priority; what nobody told apart is left out.
    slices: Vec<SliceQuality>,
}

/// A mark of a regulation.
#[derive(Serialize, ToSchema)]
struct MarkOfScale {
    /// Its id.
    #[schema(value_type = String)]
    id: SmolStr,
    /// The regulation's own word.
    title: String,
    /// What it is worth; null where marks are words.
    value: Option<u8>,
    /// Whether it counts as positive.
    positive: bool,
}

/// The marks of a slice.
#[derive(Serialize, ToSchema)]
struct SliceQuality {
    /// By what.
    by: Dimension,
    /// Which line, agent, …; null for those without, and of the whole.
    #[schema(value_type = Option<String>)]
    id: Option<SmolStr>,
    /// Its name in the regulation's words, an agent's as they are known; null where there is none.
    title: Option<String>,
    /// True for all those together that were too many to be told apart.
    others: bool,
    /// Tickets closed in the month.
    closed: u32,
    /// Of them, confirmed by the requester.
    confirmed: u32,
    /// Of them, refused.
    refused: u32,
    /// Of them, closed by time.
    by_time: u32,
    /// Of them, returned by the requester before.
    returned: u32,
    /// Duplicates that were merged into other tickets; they are not in `closed`.
    merged: u32,
    /// Of `closed`, with a mark.
    rated: u32,
    /// The share of those with a mark, in percent.
    rated_percent: Option<f64>,
    /// Marks given in the month to tickets that were closed in an earlier one.
    late_marks: u32,
    /// How often each mark was given in the month.
    #[schema(value_type = BTreeMap<String, u32>)]
    marks: BTreeMap<SmolStr, u32>,
    /// The sum of the marks that is divided; null where they have no values.
    sum: Option<u64>,
    /// What late marks come to. Where `divisor` is `closed` they are not in `sum`: their tickets were counted in an earlier
    /// month. Null where marks have no values, and in months closed by versions that had late marks in the sum.
    late_sum: Option<u64>,
    /// What it is divided by.
    divided_by: Option<u32>,
    /// The regulation's figure: the sum by the divisor, rounded half-up to one decimal.
    figure: Option<f64>,
    /// The band it falls into.
    #[schema(value_type = Option<String>)]
    band: Option<SmolStr>,
    /// The band in the regulation's words.
    band_title: Option<String>,
    /// The mean of the marks given in the month, rounded as well.
    mean: Option<f64>,
    /// How many of the marks were positive; null where the regulation says of none.
    positive: Option<u32>,
    /// Their share of the marks given in the month, in percent.
    positive_percent: Option<f64>,
}

impl QualityReport {
    pub(super) fn of(told: Told) -> Self {
        let Told { head, figures, regulations, people, is_whole } = told;
        let desk = is_whole.then(|| DeskQuality::of(&figures.regulations));
        let regulations = figures
            .regulations
            .into_iter()
            .map(|of| {
                let regulation = regulations.get(&of.regulation).map(AsRef::as_ref);
                RegulationQuality::of(of, regulation, &people)
            })
            .collect();
        Self { head, desk, regulations }
    }

    pub(super) fn table(&self) -> Table {
        let titles = [
            "month",
            "state",
            "regulation",
            "by",
            "id",
            "title",
            "others",
            "closed",
            "confirmed",
            "refused",
            "by_time",
            "returned",
            "rated",
            "rated_percent",
            "late_marks",
            "marks",
            "sum",
            "divided_by",
            "figure",
            "band",
            "mean",
            "positive",
            "positive_percent",
            "late_sum",
            "merged",
        ];
        let mut rows = Vec::new();
        for of in &self.regulations {
            for slice in &of.slices {
                let marks: Vec<_> =
                    slice.marks.iter().map(|(mark, count)| format!("{mark}:{count}")).collect();
                rows.push(vec![
                    self.head.month.to_string(),
                    self.head.state.id().to_owned(),
                    of.regulation.to_string(),
                    slice.by.id().to_owned(),
                    cell(slice.id.as_ref()),
                    cell(slice.title.as_ref()),
                    slice.others.to_string(),
                    slice.closed.to_string(),
                    slice.confirmed.to_string(),
                    slice.refused.to_string(),
                    slice.by_time.to_string(),
                    slice.returned.to_string(),
                    slice.rated.to_string(),
                    cell(slice.rated_percent),
                    slice.late_marks.to_string(),
                    marks.join(" "),
                    cell(slice.sum),
                    cell(slice.divided_by),
                    cell(slice.figure),
                    cell(slice.band.as_ref()),
                    cell(slice.mean),
                    cell(slice.positive),
                    cell(slice.positive_percent),
                    cell(slice.late_sum),
                    slice.merged.to_string(),
                ]);
            }
        }
        Table { titles: titles.to_vec(), rows }
    }

    pub(super) fn page(&self, words: Words) -> Page {
        let sections = self.regulations.iter().map(|of| of.section(words)).collect();
        Page::new(words, words.of("Качество поддержки", "Quality of support"), &self.head, sections)
    }
}

impl DeskQuality {
    fn of(regulations: &[RegulationFigures]) -> Self {
        let whole = regulations.iter().filter_map(|of| of.slices.first()).map(|slice| &slice.quality);
        let sum = |count: fn(&QualityFigures) -> u32| whole.clone().map(count).sum::<u32>();
        let (closed, rated) = (sum(|quality| quality.closed), sum(|quality| quality.rated));
        Self {
            closed,
            rated,
            rated_percent: decimal(percent_tenths(rated.into(), closed.into())),
            marks: sum(QualityFigures::marks_total),
            positive: sum(|quality| quality.positive.unwrap_or(0)),
        }
    }
}

impl RegulationQuality {
    fn of(figures: RegulationFigures, regulation: Option<&Regulation>, people: &People) -> Self {
        let marks = regulation.map(|regulation| regulation.marks.as_slice()).unwrap_or_default();
        let scale = marks.iter().map(|mark| MarkOfScale {
            id: mark.id.clone(),
            title: mark.title.clone(),
            value: mark.value,
            positive: mark.positive,
        });
        let told = figures
            .told_slices()
            .map(|slice| SliceQuality::of(slice, figures.divisor, regulation, people))
            .collect();
        Self {
            title: regulation.map(|regulation| regulation.title.clone()),
            clause: regulation.and_then(|regulation| regulation.quality.as_ref()?.clause.clone()),
            divisor: figures.divisor,
            scale: scale.collect(),
            slices: told,
            version: figures.version,
            regulation: figures.regulation,
        }
    }

    /// What the greatest mark is worth, for charts; none where marks are words.
    fn best(&self) -> Option<f64> {
        self.scale.iter().filter_map(|mark| mark.value).max().map(f64::from)
    }

    fn section(&self, words: Words) -> Section {
        let mut section = Section::new(self.title.as_deref().unwrap_or(&self.regulation));
        if self.best().is_some() {
            let divisor = match self.divisor {
                Divisor::Closed => words.of(
                    "Показатель: сумма оценок, делённая на все закрытые за месяц заявки.",
                    "Figure: the sum of marks divided by all tickets closed in the month.",
                ),
                Divisor::Rated => words.of(
                    "Показатель: среднее оценок, поставленных за месяц.",
                    "Figure: the mean of the marks given in the month.",
                ),
            };
            let clause = self.clause.as_ref().map(|clause| format!(" ({clause})")).unwrap_or_default();
            section.notes.push(format!("{divisor}{clause}"));
            let has_late = self.slices.iter().any(|slice| slice.late_sum.is_some_and(|sum| sum > 0));
            if self.divisor == Divisor::Closed && has_late {
                let late = words.of(
                    "Поздние оценки (заявка закрыта в прошлые месяцы) в показатель не входят; в среднее входят.",
                    "Late marks, of tickets closed in earlier months, are not in the figure; they are in the mean.",
                );
                section.notes.push(late.to_owned());
            }
        }
        for by in Dimension::ALL {
            let slices: Vec<_> = self.slices.iter().filter(|slice| slice.by == by).collect();
            if slices.is_empty() {
                continue;
            }
            if matches!(by, Dimension::Line | Dimension::Agent | Dimension::Service) {
                section.charts.extend(self.chart(words, by, &slices));
            }
            section.tables.push(self.page_table(words, by, &slices));
        }
        section
    }

    fn page_table(&self, words: Words, by: Dimension, slices: &[&SliceQuality]) -> PageTable {
        let mut titles = vec![
            words.dimension(by),
            words.of("закрыто", "closed"),
            words.of("возвраты", "returned"),
            words.of("отказ", "refused"),
            words.of("с оценкой", "rated"),
            words.of("доля с оценкой, %", "rated, %"),
            words.of("поздних оценок", "late marks"),
        ];
        if self.best().is_some() {
            titles.extend([
                words.of("показатель", "figure"),
                words.of("уровень", "band"),
                words.of("среднее", "mean"),
            ]);
        }
        titles.push(words.of("положит., %", "positive, %"));
        let rows = slices.iter().map(|slice| {
            let mut row = vec![
                words.row(slice.by, slice.id.as_deref(), slice.title.as_deref(), slice.others),
                slice.closed.to_string(),
                slice.returned.to_string(),
                slice.refused.to_string(),
                slice.rated.to_string(),
                words.decimal(slice.rated_percent),
                slice.late_marks.to_string(),
            ];
            if self.best().is_some() {
                let band = slice.band_title.clone().unwrap_or_default();
                row.extend([words.decimal(slice.figure), band, words.decimal(slice.mean)]);
            }
            row.push(words.decimal(slice.positive_percent));
            row
        });
        PageTable::new(words.by(by), &titles, rows.collect())
    }

    fn chart(&self, words: Words, by: Dimension, slices: &[&SliceQuality]) -> Option<Chart> {
        let (title, most) = match self.best() {
            Some(best) => (words.of("Показатель", "Figure"), best),
            None => (words.of("Положительные оценки, %", "Positive marks, %"), 100.0),
        };
        let bars = slices.iter().filter_map(|slice| {
            let value = if self.best().is_some() { slice.figure } else { slice.positive_percent }?;
            let label = words.slice(slice.by, slice.id.as_deref(), slice.title.as_deref(), slice.others);
            Some(Bar::new(&label, "", value / most, &words.decimal(Some(value))))
        });
        Chart::new(&format!("{title}: {}", words.by(by)), bars.collect())
    }
}

impl SliceQuality {
    fn of(slice: &SliceFigures, divisor: Divisor, regulation: Option<&Regulation>, people: &People) -> Self {
        let quality = &slice.quality;
        let bands = regulation.and_then(|regulation| regulation.quality.as_ref());
        let band_title = bands.zip(quality.band.as_ref()).and_then(|(rule, id)| {
            Some(rule.bands.iter().find(|band| band.name.id == *id)?.name.title.clone())
        });
        let percent = |part: u32, whole: u32| decimal(percent_tenths(part.into(), whole.into()));
        Self {
            by: slice.by,
            id: slice.id.clone(),
            title: slice_title(slice, regulation, people),
            others: slice.others,
            closed: quality.closed,
            confirmed: quality.confirmed,
            refused: quality.refused,
            by_time: quality.by_time,
            returned: quality.returned,
            merged: quality.merged,
            rated: quality.rated,
            rated_percent: percent(quality.rated, quality.closed),
            late_marks: quality.late_marks,
            marks: quality.marks.clone(),
            sum: quality.divided(divisor),
            late_sum: quality.late_sum,
            divided_by: quality.sum.map(|_| quality.divided_by(divisor)),
            figure: decimal(quality.figure_tenths(divisor)),
            band: quality.band.clone(),
            band_title,
            mean: decimal(quality.mean_tenths()),
            positive: quality.positive,
            positive_percent: quality.positive.and_then(|positive| percent(positive, quality.marks_total())),
        }
    }
}
