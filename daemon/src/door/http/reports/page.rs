//! A report as a page: tables and charts to be read and printed. No script, and nothing from elsewhere.

use std::sync::LazyLock;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::head::{Head, MonthState};
use super::words::Words;

/// The page's one style.
const STYLE: &str = include_str!("page.css");
/// How it is laid out.
const TEMPLATE: &str = include_str!("page.html");
/// A chart has at most so many bars; the tables have all.
const BARS_MAX: usize = 40;
/// How far apart bars are, how high one is, and how wide a whole one is, in units of the drawing.
const BAR_STEP: usize = 26;
const BAR_WIDTH: f64 = 290.0;
/// A bar's label is cut after so many characters; the table has all of it.
const LABEL_CHARS: usize = 38;

/// The page takes its own style, and nothing else.
pub(super) static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let sum = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{sum}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("a policy of ASCII words is a header's value")
});

/// A report, laid out.
#[derive(Serialize)]
pub(super) struct Page {
    lang: &'static str,
    title: String,
    /// Whether it is over, and in which zone.
    state: String,
    empty: &'static str,
    sections: Vec<Section>,
    style: &'static str,
}

/// What a regulation has.
#[derive(Serialize)]
pub(super) struct Section {
    title: String,
    pub notes: Vec<String>,
    pub charts: Vec<Chart>,
    pub tables: Vec<PageTable>,
}

/// A table; the first column is words, the others are numbers.
#[derive(Serialize)]
pub(super) struct PageTable {
    title: String,
    titles: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// Bars beside their labels.
#[derive(Serialize)]
pub(super) struct Chart {
    title: String,
    bars: Vec<Bar>,
    height: usize,
    /// How many bars there was no room for.
    left_out: usize,
}

/// One bar.
#[derive(Serialize)]
pub(super) struct Bar {
    label: String,
    value: String,
    /// In units of the drawing.
    width: f64,
    /// From the top, in units of the drawing.
    y: usize,
}

impl Page {
    pub(super) fn new(words: Words, title: &str, head: &Head, sections: Vec<Section>) -> Self {
        let state = match head.state {
            MonthState::Running => {
                words.of("Месяц ещё идёт, показатели меняются", "The month runs, figures change")
            }
            MonthState::Closed => {
                words.of("Месяц закрыт, показатели окончательные", "The month is closed, figures are final")
            }
        };
        Self {
            lang: words.lang(),
            title: format!("{title}: {}", words.month(head.month)),
            state: format!("{state}. {}: {}.", words.of("Часовой пояс", "Zone"), head.zone),
            empty: words
                .of("За этот месяц нет ни одной закрытой заявки.", "No ticket was closed in this month."),
            sections,
            style: STYLE,
        }
    }

    pub(super) fn html(&self) -> String {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        let template = environment.template_from_named_str("page.html", TEMPLATE);
        let template = template.expect("a test renders the template");
        template.render(Serde(self)).expect("a test renders the template")
    }
}

impl Section {
    pub(super) fn new(title: &str) -> Self {
        Self { title: title.to_owned(), notes: Vec::new(), charts: Vec::new(), tables: Vec::new() }
    }
}

impl PageTable {
    pub(super) fn new(title: &str, titles: &[&'static str], rows: Vec<Vec<String>>) -> Self {
        Self { title: title.to_owned(), titles: titles.to_vec(), rows }
    }
}

impl Chart {
    /// None without bars.
    pub(super) fn new(title: &str, mut bars: Vec<Bar>) -> Option<Self> {
        let left_out = bars.len().saturating_sub(BARS_MAX);
        bars.truncate(BARS_MAX);
        for (at, bar) in bars.iter_mut().enumerate() {
            bar.y = at * BAR_STEP;
        }
        let height = bars.len() * BAR_STEP;
        (height > 0).then(|| Self { title: title.to_owned(), bars, height, left_out })
    }
}

impl Bar {
    /// A bar of so much of the whole width. A long name is cut, and what is told of it stays.
    pub(super) fn new(name: &str, of: &str, part: f64, value: &str) -> Self {
        let of = if of.is_empty() { String::new() } else { format!(", {of}") };
        let room = LABEL_CHARS.saturating_sub(of.chars().count());
        let name = if name.chars().count() > room {
            name.chars().take(room.saturating_sub(1)).chain(['…']).collect()
        } else {
            name.to_owned()
        };
        let width = (part.clamp(0.0, 1.0) * BAR_WIDTH * 10.0).round() / 10.0;
        Self { label: name + &of, value: value.to_owned(), width, y: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_label_is_cut_in_its_name_and_fits() {
        let name = "Передача показаний приборов учёта через мобильное приложение";
        let bar = Bar::new(name, "На линии", 0.5, "50,0");
        assert_eq!(bar.label, "Передача показаний приборов…, На линии");
        assert_eq!(bar.label.chars().count(), LABEL_CHARS);
        assert_eq!(Bar::new("Печать", "", 2.0, "1").label, "Печать");
    }
}
