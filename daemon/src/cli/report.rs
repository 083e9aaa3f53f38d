//! `andonctl report`: what a month came to.

use std::collections::BTreeMap;
use std::process::ExitCode;

use clap::{Args, Subcommand, ValueEnum};
use serde::Deserialize;

use super::Io;
use super::error::CliError;
use super::text::{Table, length};
use crate::desk::report::Month;

/// Tell what a month came to: marks, and promises.
#[derive(Debug, Subcommand)]
pub(super) enum ReportNoun {
    /// Marks by regulation, line, agent, service, source and priority
    Quality(Report),
    /// Promises by regulation, line, agent, service, source and priority: met, broken, by how much
    Sla(Report),
}

/// Which month, and how it is told.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// Which month, in the site's zone; left out: the one that runs
    #[arg(long, value_name = "YEAR-MONTH")]
    month: Option<Month>,
    /// csv for programs, html for a page to print; left out: tables
    #[arg(long, value_name = "FORMAT", conflicts_with = "json")]
    format: Option<FileFormat>,
    /// Language of the page; with csv: for a spreadsheet of that language, which wants other signs than programs
    #[arg(long, value_name = "LANGUAGE", requires = "format")]
    lang: Option<ReportLanguage>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ReportLanguage {
    Ru,
    En,
}

impl ReportLanguage {
    const fn id(self) -> &'static str {
        match self {
            Self::Ru => "ru",
            Self::En => "en",
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FileFormat {
    Csv,
    Html,
}

impl FileFormat {
    const fn id(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Html => "html",
        }
    }
}

#[derive(Deserialize)]
struct Told<R> {
    month: String,
    state: String,
    regulations: Vec<R>,
}

#[derive(Deserialize)]
struct Of<S> {
    regulation: String,
    slices: Vec<S>,
}

#[derive(Deserialize)]
struct Name {
    by: String,
    id: Option<String>,
    others: bool,
}

impl Name {
    fn told(&self) -> String {
        match (&self.id, self.by.as_str()) {
            (Some(id), by) => format!("{by} {id}"),
            (None, "regulation") => "the whole".to_owned(),
            (None, by) if self.others => format!("{by}: others"),
            (None, by) => format!("{by}: none"),
        }
    }
}

#[derive(Deserialize)]
struct Quality {
    #[serde(flatten)]
    name: Name,
    closed: u64,
    rated: u64,
    rated_percent: Option<f64>,
    late_marks: u64,
    figure: Option<f64>,
    band: Option<String>,
    mean: Option<f64>,
    positive_percent: Option<f64>,
}

#[derive(Deserialize)]
struct Sla {
    #[serde(flatten)]
    name: Name,
    clocks: Vec<Clock>,
}

#[derive(Deserialize)]
struct Clock {
    metric: String,
    met: u64,
    breached: u64,
    met_percent: Option<f64>,
    used: Option<Quantiles>,
    over: Option<Quantiles>,
    paused_percent: Option<f64>,
    breaches: u64,
    causes: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Quantiles {
    p50_seconds: i64,
    p90_seconds: i64,
}

impl ReportNoun {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let (kind, report) = match self {
            Self::Quality(report) => ("quality", report),
            Self::Sla(report) => ("sla", report),
        };
        let month = report.month.map(|month| format!("month={month}"));
        let format = report.format.map(|format| format!("format={}", format.id()));
        let lang = report.lang.map(|lang| format!("lang={}", lang.id()));
        let query: Vec<_> = month.into_iter().chain(format).chain(lang).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        let path = format!("/v1/reports/{kind}{mark}{}", query.join("&"));
        if report.format.is_some() {
            let out = &mut io.out;
            io.control.download(&path, |piece| out.write_all(piece))?;
            return Ok(ExitCode::SUCCESS);
        }
        let answer = io.control.get(&path)?;
        if io.json {
            return io.json(&answer.json);
        }
        match self {
            Self::Quality(_) => quality(io, answer.read(&path)?),
            Self::Sla(_) => sla(io, answer.read(&path)?),
        }
    }
}

fn head<R>(io: &mut Io<'_>, told: &Told<R>) -> Result<(), CliError> {
    let words = if told.state == "closed" { "is closed" } else { "runs; its figures change" };
    writeln!(io.err, "month {} {words}", told.month)?;
    if told.regulations.is_empty() {
        writeln!(io.err, "no ticket was closed in it")?;
    }
    Ok(())
}

fn quality(io: &mut Io<'_>, told: Told<Of<Quality>>) -> Result<ExitCode, CliError> {
    head(io, &told)?;
    let numbers = ["closed", "rated", "rated %", "late", "figure", "mean", "positive %"];
    let mut table = Table::new([
        "regulation",
        "slice",
        "closed",
        "rated",
        "rated %",
        "late",
        "figure",
        "band",
        "mean",
        "positive %",
    ]);
    for title in numbers {
        table.align_right(title);
    }
    for of in told.regulations {
        for slice in of.slices {
            table.row([
                of.regulation.clone(),
                slice.name.told(),
                slice.closed.to_string(),
                slice.rated.to_string(),
                number(slice.rated_percent),
                slice.late_marks.to_string(),
                number(slice.figure),
                slice.band.unwrap_or_else(|| "-".to_owned()),
                number(slice.mean),
                number(slice.positive_percent),
            ]);
        }
    }
    io.table(&table)
}

fn sla(io: &mut Io<'_>, told: Told<Of<Sla>>) -> Result<ExitCode, CliError> {
    head(io, &told)?;
    let titles = [
        "regulation",
        "slice",
        "metric",
        "met",
        "broken",
        "met %",
        "p50",
        "p90",
        "over p50",
        "over p90",
        "pauses %",
        "breaches",
        "causes",
    ];
    let mut table = Table::new(titles);
    for title in &titles[3..12] {
        table.align_right(title);
    }
    for of in told.regulations {
        for slice in of.slices {
            for clock in slice.clocks {
                let causes: Vec<_> =
                    clock.causes.iter().map(|(cause, count)| format!("{cause} {count}")).collect();
                let long = |of: &Option<Quantiles>, which: fn(&Quantiles) -> i64| {
                    of.as_ref().map_or_else(|| "-".to_owned(), |of| length(which(of).saturating_mul(1_000)))
                };
                table.row([
                    of.regulation.clone(),
                    slice.name.told(),
                    clock.metric,
                    clock.met.to_string(),
                    clock.breached.to_string(),
                    number(clock.met_percent),
                    long(&clock.used, |of| of.p50_seconds),
                    long(&clock.used, |of| of.p90_seconds),
                    long(&clock.over, |of| of.p50_seconds),
                    long(&clock.over, |of| of.p90_seconds),
                    number(clock.paused_percent),
                    clock.breaches.to_string(),
                    causes.join(", "),
                ]);
            }
        }
    }
    io.table(&table)
}

fn number(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.1}"))
}
