//! Templates: one text file for each kind of letter and language, the program's own or the site's.
//!
//! The first line is the subject; what follows is the letter, and its HTML is made of it. A name that a letter does not know is
//! an error and never an empty place. Where a template of the site's cannot be used the program's own is, so that a slip in
//! one delays nobody's letter.

use std::path::{Path, PathBuf};
use std::{fs, io};

use firmware_board::Language;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::html;
use super::view::LetterView;
use crate::desk::LetterKind;
use crate::mail::tagged;

/// What stands below each letter that goes by mail.
const FOOTER: &str = "footer";
/// How long a template is at most, in bytes.
const TEMPLATE_MAX_BYTES: u64 = 64 << 10;
/// How much a template of the site's may do for one letter, in steps and in each 64 bytes that it makes: some 6 MB.
const FUEL_MAX: u64 = 100_000;

macro_rules! shipped {
    ($($name:literal),* $(,)?) => {
        /// The program's own, by name.
        const SHIPPED: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("../../../letters/ru/", $name, ".txt")),
            include_str!(concat!("../../../letters/en/", $name, ".txt")),
        )),*];
    };
}

shipped![
    "registered",
    "status-changed",
    "handed-over",
    "asked",
    "replied",
    "resolved",
    "change-needed",
    "refused",
    "deferred",
    "term-changed",
    "answer-overdue",
    "closed",
    "problem-opened",
    "problem-closed",
    "department-asked",
    "urgent",
    "footer",
];

/// Why a template of the site's cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It cannot be read.
    #[error("cannot read {path}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// It is longer than any letter.
    #[error("{path} is longer than {TEMPLATE_MAX_BYTES} bytes", path = path.display())]
    TooLong {
        /// Which.
        path: PathBuf,
    },
    /// It says nothing where a letter must.
    #[error("{path} makes no {what}: the first line is the subject, what follows is the letter", path = path.display())]
    Empty {
        /// Which.
        path: PathBuf,
        /// `subject` or `letter`.
        what: &'static str,
    },
    /// There is no letter of that name.
    #[error("{path} is the template of no letter; one of {known}", path = path.display(), known = names().collect::<Vec<_>>().join(", "))]
    Unknown {
        /// Which.
        path: PathBuf,
    },
    /// It is no template, or says what no letter knows.
    #[error("{path}: {message}", path = path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// Line and what is wrong.
        message: String,
    },
}

/// A letter in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// Its subject, in one line.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// The templates of a language.
pub struct Templates {
    language: Language,
    shipped: Environment<'static>,
    site: Environment<'static>,
    /// The site's own, by name.
    own: Vec<(&'static str, PathBuf)>,
}

/// The names of all templates.
fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _, _)| *name)
}

/// The directory of a language.
const fn dir_of(language: Language) -> &'static str {
    match language {
        Language::Russian => "ru",
        Language::English => "en",
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    let mut syntax = SyntaxConfig::builder();
    let syntax = syntax.trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.expect("the common marks are some"));
    environment
}

impl Templates {
    /// The program's own.
    pub fn shipped(language: Language) -> Self {
        let mut shipped = environment();
        for (name, russian, english) in SHIPPED {
            let text = match language {
                Language::Russian => russian,
                Language::English => english,
            };
            shipped.add_template(name, text).expect("the tests read every one");
        }
        let mut site = environment();
        site.set_fuel(Some(FUEL_MAX));
        Self { language, shipped, site, own: Vec::new() }
    }

    /// The program's own, and over them those of the site, `DIR/ru/registered.txt`; with what of these cannot be used.
    pub fn with_site(language: Language, dir: &Path) -> (Self, Vec<TemplateError>) {
        let mut templates = Self::shipped(language);
        let mut errors = Vec::new();
        let dir = dir.join(dir_of(language));
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            // No directory, no templates of the site's.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (templates, errors),
            Err(source) => return (templates, vec![TemplateError::Read { path: dir, source }]),
        };
        let mut paths: Vec<PathBuf> =
            entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect();
        paths.sort();
        for path in paths.into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "txt")) {
            if let Err(error) = templates.take(path) {
                errors.push(error);
            }
        }
        (templates, errors)
    }

    fn take(&mut self, path: PathBuf) -> Result<(), TemplateError> {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Some(name) = names().find(|name| *name == stem) else {
            return Err(TemplateError::Unknown { path });
        };
        let text = match read(&path) {
            Ok(Some(text)) => text,
            Ok(None) => return Err(TemplateError::TooLong { path }),
            Err(source) => return Err(TemplateError::Read { path, source }),
        };
        let wrong =
            |error: &minijinja::Error| TemplateError::Wrong { path: path.clone(), message: told(error) };
        self.site.add_template_owned(name, text).map_err(|error| wrong(&error))?;
        let tried = super::view::samples().map(|view| {
            let tried = self.site.get_template(name).and_then(|template| template.render(Serde(&view)));
            tried.map_err(|error| wrong(&error))
        });
        let [full, bare] = tried;
        let tried = full.and_then(|full| bare.map(|_| split(&full))).and_then(|(subject, body)| {
            // A foot has no subject, and may say nothing at all.
            let what = match (subject.is_empty(), body.is_empty()) {
                _ if name == FOOTER => return Ok(()),
                (true, _) => "subject",
                (false, true) => "letter",
                (false, false) => return Ok(()),
            };
            Err(TemplateError::Empty { path: path.clone(), what })
        });
        if let Err(error) = tried {
            self.site.remove_template(name);
            return Err(error);
        }
        self.own.push((name, path));
        Ok(())
    }

    /// The site's own templates that are used.
    pub fn own(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        self.own.iter().map(|(name, path)| (*name, path.as_path()))
    }

    /// A letter that goes by mail; its subject bears the ticket's number.
    pub(super) fn letter(
        &self,
        kind: LetterKind,
        ticket: crate::desk::TicketNumber,
        view: &LetterView,
    ) -> Rendered {
        let (subject, body) = self.words(kind, view);
        // A department's answer is no word of the requester's.
        let footer = if kind == LetterKind::DepartmentAsked {
            String::new()
        } else {
            format!("\n{}\n", tidy(&self.text(FOOTER, view)))
        };
        let text = format!("{body}\n{footer}");
        Rendered { subject: tagged(ticket, &subject), html: html::page(&text, self.language), text }
    }

    /// A message to a chat, in Mattermost's words.
    pub(super) fn message(&self, kind: LetterKind, view: &LetterView) -> String {
        let (subject, body) = self.words(kind, view);
        calm(&format!("**{subject}**\n\n{body}"))
    }

    /// The subject and what follows.
    fn words(&self, kind: LetterKind, view: &LetterView) -> (String, String) {
        split(&self.text(kind.id(), view))
    }

    fn text(&self, name: &str, view: &LetterView) -> String {
        if let Ok(own) = self.site.get_template(name) {
            match own.render(Serde(view)) {
                Ok(text) => return text,
                Err(error) => {
                    log::error!(
                        "the site's template {name} cannot be used for this letter, the program's own is: {}",
                        told(&error)
                    );
                }
            }
        }
        let shipped = self.shipped.get_template(name).expect("there is one for each kind");
        shipped.render(Serde(view)).expect("the tests render every one with all and with nothing")
    }
}

/// What a file says; none where it is longer than any template. Only what is a file is read: a pipe would never end.
fn read(path: &Path) -> io::Result<Option<String>> {
    let found = fs::metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    if found.len() > TEMPLATE_MAX_BYTES {
        return Ok(None);
    }
    let text = fs::read_to_string(path)?;
    // Some editors begin a text with a mark of its order of bytes.
    Ok(Some(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text)))
}

/// The subject, and what follows.
fn split(whole: &str) -> (String, String) {
    let (subject, body) = whole.trim_start().split_once('\n').unwrap_or((whole, ""));
    let subject: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    (subject.trim().to_owned(), tidy(body))
}

/// What is wrong with a template, with its line.
fn told(error: &minijinja::Error) -> String {
    let line = error.line().map_or_else(String::new, |line| format!("line {line}: "));
    let detail = error.detail().map_or_else(String::new, |detail| format!(": {detail}"));
    format!("{line}{}{detail}", error.kind())
}

/// No more than one empty line between two, none at the ends, and nothing that does more to a reader's program than to be shown.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut empty = 0;
    for line in text.lines().map(str::trim_end) {
        empty = if line.is_empty() { empty + 1 } else { 0 };
        if empty < 2 {
            tidy.extend(line.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }));
            tidy.push('\n');
        }
    }
    tidy.trim_matches('\n').to_owned()
}

/// What a requester wrote calls nobody: `@all` in it is only text, and so is `<!all>`, which Mattermost and Slack take for it.
fn calm(text: &str) -> String {
    text.replace('@', "@\u{200b}").replace("<!", "<\u{200b}!")
}
