//! What the page shows of a ticket. It has nothing that a requester is not told: no notes, no people, no access data.

use std::sync::LazyLock;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment};
use serde::Serialize;

use super::STYLE;
use super::said::Said;
use super::words::Words;
use crate::desk::clocks::{Clock, ClockState, Metric};
use crate::desk::regulation::Regulation;
use crate::desk::{Regulations, Stage, Ticket, view};

/// How both pages are laid out.
const PAGE: &str = include_str!("page.html");
const BARE: &str = include_str!("bare.html");

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, template) in [("page.html", PAGE), ("bare.html", BARE)] {
        environment.add_template(name, template).expect("a test renders the template");
    }
    environment
});

/// What somebody wrote into a form that was not taken: nobody writes it twice.
#[derive(Default, Serialize)]
pub(super) struct Kept {
    pub mark: String,
    pub comment: String,
    pub reason: String,
    pub text: String,
}

/// A ticket as its requester sees it.
#[derive(Serialize)]
pub(super) struct PageView {
    lang: &'static str,
    other_lang: &'static str,
    style: &'static str,
    number: u64,
    revision: u64,
    subject: String,
    /// The status in the regulation's own word.
    status: String,
    registered_at: String,
    /// What is promised, or asked for, and until when.
    terms: Vec<(&'static str, String)>,
    said: Vec<SaidView>,
    /// What the requester may say now.
    form: Option<Form>,
    waits_for_requester: bool,
    marks: Vec<MarkView>,
    /// The mark that was given, in the regulation's own word.
    mark: Option<String>,
    told: Option<&'static str>,
    kept: Kept,
    /// What was written into a form that is not there any more: nobody loses it.
    unsent: Vec<String>,
}

/// What the requester may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Form {
    /// Words, to an open ticket.
    Answer,
    /// A solution waits to be confirmed.
    Confirm,
    /// … or returned, where the regulation knows that.
    ConfirmOrReturn,
    /// It is closed, and only its mark may still be given.
    Mark,
}

impl Form {
    /// The form for a ticket; none where nothing more is to be said.
    fn of(ticket: &Ticket, regulation: Option<&Regulation>) -> Option<Self> {
        let has = |verb| regulation.is_some_and(|regulation| regulation.verb(verb).is_some());
        let has_marks = regulation.is_some_and(|regulation| !regulation.marks.is_empty());
        match ticket.stage {
            Stage::Open => Some(Self::Answer),
            Stage::Resolved if has("return") => Some(Self::ConfirmOrReturn),
            Stage::Resolved => Some(Self::Confirm),
            Stage::Closed => (ticket.mark.is_none() && has_marks && has("confirm")).then_some(Self::Mark),
        }
    }
}

#[derive(Serialize)]
struct SaidView {
    at: String,
    from_desk: bool,
    text: String,
}

#[derive(Serialize)]
struct MarkView {
    id: String,
    title: String,
}

/// What was written that no form shows.
fn unsent(form: Option<Form>, kept: &Kept) -> Vec<String> {
    let Kept { mark: _, comment, reason, text } = kept;
    let shown: &[&String] = match form {
        Some(Form::Answer) => &[reason, comment],
        Some(Form::ConfirmOrReturn) => &[text],
        Some(Form::Confirm | Form::Mark) => &[text, reason],
        None => &[text, reason, comment],
    };
    shown.iter().filter(|words| !words.trim().is_empty()).map(|words| (*words).clone()).collect()
}

impl PageView {
    pub(super) fn of(
        ticket: &Ticket,
        regulations: &Regulations,
        words: Words,
        said: Vec<Said>,
        told: Option<&'static str>,
        kept: Kept,
    ) -> Self {
        let regulation = regulations.of(&ticket.facts);
        let zone = view::zone_of(ticket, regulations);
        let status = &ticket.facts.status;
        let marks = regulation.map(|regulation| regulation.marks.as_slice()).unwrap_or_default();
        let given = ticket.mark.as_ref();
        let form = Form::of(ticket, regulation.map(AsRef::as_ref));
        let mark = given.map(|id| {
            let title = marks.iter().find(|mark| mark.id == *id).map(|mark| mark.title.as_str());
            title.unwrap_or(id).to_owned()
        });
        Self {
            lang: words.lang(),
            other_lang: words.of("en", "ru"),
            style: STYLE,
            number: ticket.number.0,
            revision: ticket.revision,
            subject: ticket.facts.subject.clone(),
            status: regulation
                .and_then(|regulation| regulation.status(status))
                .map_or_else(|| status.to_string(), |status| status.name.title.clone()),
            registered_at: words.moment(ticket.registered_at, zone),
            terms: terms(ticket, words).map(|(what, at)| (what, words.deadline(at, zone))).collect(),
            said: said
                .into_iter()
                .map(|Said { at, from_desk, text }| SaidView { at: words.moment(at, zone), from_desk, text })
                .collect(),
            unsent: unsent(form, &kept),
            form,
            waits_for_requester: running(ticket, Metric::RequesterAnswer).is_some(),
            marks: marks
                .iter()
                .map(|mark| MarkView { id: mark.id.to_string(), title: mark.title.clone() })
                .collect(),
            mark,
            told,
            kept,
        }
    }

    pub(super) fn html(&self) -> String {
        render("page.html", self)
    }
}

/// The page that has no more than a sentence.
pub(super) fn bare(words: Words, told: &'static str) -> String {
    #[derive(Serialize)]
    struct Bare {
        lang: &'static str,
        style: &'static str,
        told: &'static str,
    }
    render("bare.html", &Bare { lang: words.lang(), style: STYLE, told })
}

fn render(name: &str, view: &impl Serialize) -> String {
    let template = TEMPLATES.get_template(name).expect("it was added");
    template.render(Serde(view)).expect("a test renders the template")
}

fn running(ticket: &Ticket, metric: Metric) -> Option<&Clock> {
    ticket.clocks.iter().rev().find(|clock| clock.metric == metric && clock.state == ClockState::Running)
}

/// The terms a requester is told of: what the desk promised as a whole, and how long their own word is waited for. Terms
/// of lines and departments are the house's own.
fn terms(ticket: &Ticket, words: Words) -> impl Iterator<Item = (&'static str, calendars::Timestamp)> {
    let of = [
        (Metric::Resolution, words.of("Планируем решить до", "We plan to solve it by")),
        (Metric::RequesterAnswer, words.of("Ждём вашего ответа до", "We wait for your answer until")),
        (
            Metric::Confirmation,
            words.of("Подтвердить или вернуть можно до", "To be confirmed or returned until"),
        ),
        (Metric::Acceptance, words.of("Принять или вернуть можно до", "To be accepted or returned until")),
    ];
    of.into_iter().filter_map(|(metric, what)| Some((what, running(ticket, metric)?.due()?)))
}
