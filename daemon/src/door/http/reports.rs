//! Reports of a month: quality and promises, as JSON, CSV, or a page to print.
//!
//! The month that runs is told from the desk's sums, a closed one from its event, so that its figures stay what they
//! were. Neither looks at a ticket, and the loop only hands over the sums.

mod head;
mod page;
mod quality;
mod sla;
mod table;
mod words;

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use calendars::Timestamp;
use firmware_board::Language;

use self::head::{Head, MonthState};
use self::page::Page;
use self::quality::QualityReport;
use self::sla::SlaReport;
use self::table::Table;
use self::words::Words;
use super::auth::Reader;
use super::problem::Problem;
use super::query::Query;
use super::{DoorState, blocking};
use crate::desk::report::{Month, MonthError, MonthFigures};
use crate::desk::{Actor, Event, FieldError, People, Refusal, Regulations, Role};
use crate::run::{History, HistoryError};

/// What is asked.
struct Asked {
    month: Option<Month>,
    format: Format,
    words: Words,
    /// For whom CSV is.
    reader: table::Reader,
}

#[derive(Clone, Copy)]
enum Format {
    Json,
    Csv,
    Html,
}

impl Asked {
    fn of(query: &Query, language: Language) -> Result<Self, Problem> {
        let mut errors = query.unknown(&["month", "format", "lang"]);
        let mut wrong = |field: &str, message: &str| errors.push(FieldError::new(field, message));
        let month = query.value("month").and_then(|text| match text.parse() {
            Ok(month) => Some(month),
            Err(error) => {
                wrong("month", &MonthError::to_string(&error));
                None
            }
        });
        let format = match query.value("format") {
            None | Some("json") => Format::Json,
            Some("csv") => Format::Csv,
            Some("html") => Format::Html,
            Some(_) => {
                wrong("format", "must be one of json, csv, html");
                Format::Json
            }
        };
        let language = match query.value("lang") {
            None => language,
            Some("ru") => Language::Russian,
            Some("en") => Language::English,
            Some(_) => {
                wrong("lang", "must be ru or en");
                language
            }
        };
        if errors.is_empty() {
            let reader = match (query.value("lang"), language) {
                (None, _) => table::Reader::Program,
                (Some(_), Language::Russian) => table::Reader::RussianSpreadsheet,
                (Some(_), Language::English) => table::Reader::EnglishSpreadsheet,
            };
            Ok(Self { month, format, words: Words(language), reader })
        } else {
            Err(Problem::fields(errors))
        }
    }
}

/// A month, as far as whoever asks may see it.
struct Told {
    head: Head,
    figures: MonthFigures,
    regulations: Regulations,
    /// The agents as they are now: their titles.
    people: Arc<People>,
    /// Whether it is the whole desk.
    is_whole: bool,
}

/// Tells the marks of a month: for each regulation, and of it by line, agent, service, source and priority, how many
/// tickets were closed and marked, the regulation's own figure (the sum of marks by its divisor) with its band, the mean,
/// and the share of positive marks. For the role lead and above.
///
/// The month that runs is told as it stands; `state` says which. A mark that is given after the month of its ticket's
/// closing counts in the month it is given in, as one of `late_marks`.
#[utoipa::path(get, path = "/v1/reports/quality", tag = "reports", operation_id = "show_quality_report",
    params(
        ("month" = Option<String>, Query, description = "Which month, `2026-11`, in the site's zone; else the one that runs"),
        ("format" = Option<String>, Query, description = "`json`, `csv` (one row for each slice), or `html`, a page to print; else `json`"),
        ("lang" = Option<String>, Query, description = "The page's language, `ru` or `en`; else the room's. With `csv` it makes a file for a spreadsheet of that language: with a byte order mark, and for `ru` with semicolons and decimal commas; CSV without it is for programs")),
    responses((status = 200, description = "The report", content(
        (QualityReport = "application/json"),
        (String = "text/csv", example = json!("month,state,regulation,by,id,title,closed\r\n2026-11,running,getmark,regulation,,GetMark,25\r\n")),
        (String = "text/html", example = json!("<!doctype html>"))))))]
pub(super) async fn quality(
    State(door): State<DoorState>,
    Reader(actor): Reader,
    query: Query,
) -> Result<Response, Problem> {
    let asked = Asked::of(&query, door.shared.facts.language)?;
    let told = told(&door, &actor, asked.month).await?;
    blocking(move || {
        let report = QualityReport::of(told);
        let name = format!("quality-{}", report.head.month);
        match asked.format {
            Format::Json => Json(report).into_response(),
            Format::Csv => csv(&name, &report.table(), asked.reader),
            Format::Html => page(&report.page(asked.words)),
        }
    })
    .await
}

/// Tells how the promises of a month were kept: for each regulation, and of it by line, agent, service, source and
/// priority, and for each metric, how many clocks of closed tickets met their term and how many broke it, by how much, how
/// long things took, and what part of that they stood still; and how often terms broke in the month, and why. For the
/// role lead and above.
///
/// `met` and `breached` are of tickets closed in the month; `breaches` happened in it, of tickets that may still be open.
/// Percentiles are right to within 1 in 64.
#[utoipa::path(get, path = "/v1/reports/sla", tag = "reports", operation_id = "show_sla_report",
    params(
        ("month" = Option<String>, Query, description = "Which month, `2026-11`, in the site's zone; else the one that runs"),
        ("format" = Option<String>, Query, description = "`json`, `csv` (one row for each slice and metric), or `html`, a page to print; else `json`"),
        ("lang" = Option<String>, Query, description = "The page's language, `ru` or `en`; else the room's. With `csv` it makes a file for a spreadsheet of that language: with a byte order mark, and for `ru` with semicolons and decimal commas; CSV without it is for programs")),
    responses((status = 200, description = "The report", content(
        (SlaReport = "application/json"),
        (String = "text/csv", example = json!("month,state,regulation,by,id,title,metric,basis,met,breached\r\n2026-11,running,getmark,regulation,,GetMark,reaction,working-hours,24,1\r\n")),
        (String = "text/html", example = json!("<!doctype html>"))))))]
pub(super) async fn sla(
    State(door): State<DoorState>,
    Reader(actor): Reader,
    query: Query,
) -> Result<Response, Problem> {
    let asked = Asked::of(&query, door.shared.facts.language)?;
    let told = told(&door, &actor, asked.month).await?;
    blocking(move || {
        let report = SlaReport::of(told);
        let name = format!("sla-{}", report.head.month);
        match asked.format {
            Format::Json => Json(report).into_response(),
            Format::Csv => csv(&name, &report.table(), asked.reader),
            Format::Html => page(&report.page(asked.words)),
        }
    })
    .await
}

/// A month, as far as the actor may see it.
async fn told(door: &DoorState, actor: &Actor, month: Option<Month>) -> Result<Told, Problem> {
    may_see(actor)?;
    let zone = door.shared.facts.zone;
    let (month, running, sums, closed) = door
        .look(move |desk, now| {
            let running = Month::of(now, zone);
            let month = month.unwrap_or(running);
            (month, running, desk.tally().month(month).cloned(), desk.closed_month(month))
        })
        .await?;
    if month > running {
        return Err(Problem::field("month", format!("{month} is still to come; it is {running}")));
    }
    let regulations = door.shared.handle.view().regulations().clone();
    let history = Arc::clone(door.shared.handle.history());
    let with_sums = regulations.clone();
    let (mut figures, closed_at) = blocking(move || match (closed, sums) {
        (Some(first_seq), _) => kept(&history, first_seq, month),
        (None, Some(sums)) => Ok((MonthFigures::of(&sums, &with_sums), None)),
        (None, None) => Ok((MonthFigures::default(), None)),
    })
    .await??;
    figures.regulations.retain(|of| actor.scope.covers_regulation(&of.regulation));
    let is_running = closed.is_none() && (month == running || !figures.regulations.is_empty());
    let state = if is_running { MonthState::Running } else { MonthState::Closed };
    let head = Head::of(month, zone, state, closed_at);
    let people = door.shared.handle.view().people();
    Ok(Told { head, figures, regulations, people, is_whole: actor.scope.is_whole() })
}

/// Reports name agents and how their work was marked. They are of whole regulations: what came in by one channel is not
/// told apart.
fn may_see(actor: &Actor) -> Result<(), Problem> {
    if actor.role < Role::Lead {
        return Err(Problem::forbidden(format!(
            "reports name agents and their marks, so they are for the role lead and above; this token has {}",
            actor.role
        )));
    }
    if actor.scope.channels.is_empty() {
        return Ok(());
    }
    let what = "a report, which is of whole regulations,".to_owned();
    Err(Refusal::OutOfScope { what, scope: actor.scope.clone() }.into())
}

/// The figures of a closed month, from its event, and when it was closed.
fn kept(
    history: &History,
    first_seq: u64,
    month: Month,
) -> Result<(MonthFigures, Option<Timestamp>), HistoryError> {
    let Some(entry) = history.since(first_seq).next().transpose()? else {
        return Ok((MonthFigures::default(), None));
    };
    let at = entry.at;
    let figures = entry.facts.into_iter().find_map(|fact| match fact.event {
        Event::MonthClosed { month: of, figures } if of == month => Some(*figures),
        _ => None,
    });
    Ok((figures.unwrap_or_default(), Some(at)))
}

fn csv(name: &str, table: &Table, reader: table::Reader) -> Response {
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    let disposition = HeaderValue::from_str(&disposition).expect("a month is ASCII");
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    (headers, table.csv(reader)).into_response()
}

fn page(page: &Page) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CONTENT_SECURITY_POLICY, page::POLICY.clone()),
    ];
    (headers, page.html()).into_response()
}
