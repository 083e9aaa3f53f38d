//! Letters out: what the desk has queued is put into words and sent, by mail or into chats.
//!
//! Which letters there are is in the tickets; the [`worker`] asks the desk for those that are due, sends them, and tells it what
//! became of each. So nothing is kept here: after a crash a letter that was sent a moment before may go again, with the
//! same id, and none is left out. A server that cannot be had holds up letters and nothing else; the wall says so. A letter
//! that is refused for good, or put off for a day, is dead, until somebody sends it again.
//!
//! A letter's words are made when it goes, from the ticket as the entry that queued it left it ([`compose`]). What a letter can
//! say is a type of its own ([`view`]), and how it says it a [`template`].

mod chats;
mod compose;
mod html;
mod mailer;
pub mod template;
#[cfg(test)]
mod tests;
mod view;
mod words;
mod worker;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use firmware_board::Language;
use smol_str::SmolStr;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use self::compose::ComposeError;
pub use self::template::{Rendered, TemplateError, Templates};
pub use self::worker::PARALLEL_MAX;

use self::chats::Chats;
use self::compose::Composer;
use self::mailer::Mailer;
use self::worker::{Part, Sender, Worker};
use crate::config::Config;
use crate::desk::letter::LetterWay;
use crate::desk::{AlarmKind, DeskAct, Letter, LetterKind, Problem, Reach, TicketNumber};
use crate::links::Links;
use crate::run::Handle;

/// How long letters that are under way have when the daemon stops, in seconds; what is not out by then goes after the next start.
const END_WITHIN_S: u64 = 3;

/// Whom the configuration lets the desk write to.
pub fn reach(config: &Config) -> Reach {
    let mail = config.mail.as_ref();
    Reach {
        mail: mail.is_some(),
        mailed: mail.iter().flat_map(|mail| mail.departments.keys().cloned()).collect(),
        chatting: config.chats.iter().flat_map(|chat| chat.departments.iter().cloned()).collect(),
        chats: config.chats.iter().map(|chat| SmolStr::from(&chat.name)).collect::<BTreeSet<_>>(),
    }
}

/// What is counted of letters.
#[derive(Debug, Default)]
pub struct Figures {
    /// Letters that were taken, since the start.
    pub sent: AtomicU64,
    /// Tries that failed, since the start.
    pub failed: AtomicU64,
    /// Whether the mail server takes no letters.
    pub failing: AtomicBool,
}

/// The way to letters, for the door. Cheap to clone; clones are the same.
#[derive(Clone)]
pub struct Letters(Arc<Inner>);

struct Inner {
    /// By the configuration as it holds now.
    composer: RwLock<Arc<Composer>>,
    figures: Arc<Figures>,
}

/// Letters on their way; dropped, they end.
pub struct Running {
    handle: Handle,
    letters: Letters,
    /// What makes what requesters open their pages by.
    links: Option<Arc<Links>>,
    /// The room's name, and the wall's language.
    site: String,
    language: Language,
    /// What letters go by.
    parts: Vec<Part>,
    workers: JoinSet<()>,
    stop: watch::Sender<bool>,
}

/// Starts to send letters in the runtime that this is called in. `links` makes what requesters open their pages by.
pub fn start(config: &Config, handle: &Handle, links: Option<Arc<Links>>) -> (Letters, Running) {
    let (site, language) = (config.board.site.clone(), config.board.language);
    let composer = composer(config, handle, links.clone(), site.clone(), language);
    let letters = Letters(Arc::new(Inner { composer: RwLock::new(composer), figures: Arc::default() }));
    let mut running = Running {
        handle: handle.clone(),
        letters: letters.clone(),
        links,
        site,
        language,
        parts: Vec::new(),
        workers: JoinSet::new(),
        stop: watch::channel(false).0,
    };
    running.begin(config);
    (letters, running)
}

/// What letters go by.
fn parts(config: &Config) -> Vec<Part> {
    let chats = config.chats.iter().map(|chat| Part::Chat(chat.name.clone()));
    config.mail.iter().map(|_| Part::Mail).chain(chats).collect()
}

/// What puts letters into the words that the configuration asks for; of the room named `site`, whose wall speaks `language`.
fn composer(
    config: &Config,
    handle: &Handle,
    links: Option<Arc<Links>>,
    site: String,
    language: Language,
) -> Arc<Composer> {
    let of_letters = config.mail.as_ref().and_then(|mail| mail.language).unwrap_or(language);
    let templates_dir = config.mail.as_ref().map(|mail| mail.templates.clone());
    let (templates, errors) = match &templates_dir {
        Some(dir) => Templates::with_site(of_letters, dir),
        None => (Templates::shipped(of_letters), Vec::new()),
    };
    for (name, path) in templates.own() {
        log::info!("letters of kind {name} are in the words of {}", path.display());
    }
    for error in &errors {
        log::error!(
            "{}; the program's own is used, `andonctl letter check` says more",
            crate::chain::chain(error)
        );
    }
    tell_templates(handle, language, errors.len());
    Arc::new(Composer::new(handle.clone(), templates, of_letters, site, links))
}

/// Templates of the site's that cannot be used are an alarm.
fn tell_templates(handle: &Handle, language: Language, count: usize) {
    let part = "letter-templates".to_owned();
    let text = match language {
        Language::Russian => format!("шаблоны писем с ошибками: {count}"),
        Language::English => format!("templates of letters that cannot be used: {count}"),
    };
    let kind = AlarmKind::Letter;
    worker::tell(
        handle,
        if count == 0 { DeskAct::PartWorks { kind, part } } else { DeskAct::PartFailed { kind, part, text } },
    );
}

/// Letters that wait for a way which the configuration has no more are an alarm.
async fn tell_way(handle: Handle, way: LetterWay, is_there: bool, language: Language) {
    let waiting = match handle.look(move |desk, _| desk.letters_waiting_by(way)).await {
        Ok(waiting) if !is_there => waiting,
        _ => 0,
    };
    let (part, table) = match way {
        LetterWay::Mail => ("no-mail", "[mail]"),
        LetterWay::Chat => ("no-chat", "[[chat]]"),
    };
    let (kind, part) = (AlarmKind::Letter, part.to_owned());
    if waiting == 0 {
        return worker::tell(&handle, DeskAct::PartWorks { kind, part });
    }
    log::error!("{waiting} letters wait and the configuration has no {table}; they go when it has one again");
    let text = match language {
        Language::Russian => format!("писем не уходит: {waiting}, в настройках нет {table}"),
        Language::English => {
            format!("letters that do not go out: {waiting}, the configuration has no {table}")
        }
    };
    worker::tell(&handle, DeskAct::PartFailed { kind, part, text });
}

impl Letters {
    /// A way that sends nothing.
    #[cfg(test)]
    pub(crate) fn silent(handle: &Handle) -> Self {
        let language = Language::Russian;
        let composer =
            Composer::new(handle.clone(), Templates::shipped(language), language, String::new(), None);
        Self(Arc::new(Inner { composer: RwLock::new(Arc::new(composer)), figures: Arc::default() }))
    }

    fn composer(&self) -> Arc<Composer> {
        Arc::clone(&self.0.composer.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What is counted.
    pub fn figures(&self) -> &Figures {
        &self.0.figures
    }

    /// The words of a letter. May wait for the disk.
    ///
    /// # Errors
    /// [`ComposeError`].
    pub fn words(
        &self,
        ticket: TicketNumber,
        letter: &Letter,
        problem: Option<&Problem>,
    ) -> Result<Rendered, ComposeError> {
        self.composer().rendered(ticket, letter, problem)
    }

    /// The words of a letter of that kind about a ticket as it is now: what it would say. May wait for the disk.
    ///
    /// # Errors
    /// [`ComposeError`].
    pub fn preview(&self, kind: LetterKind, ticket: TicketNumber) -> Result<Option<Rendered>, ComposeError> {
        self.composer().preview(kind, ticket)
    }
}

impl Running {
    fn begin(&mut self, config: &Config) {
        self.stop = watch::channel(false).0;
        self.parts = parts(config);
        let mail = config.mail.clone().map(|mail| Sender::Mail(Box::new(Mailer::new(mail))));
        let chats = (!config.chats.is_empty()).then(|| Sender::Chat(Chats::new(&config.chats)));
        for (way, is_there) in [(LetterWay::Mail, mail.is_some()), (LetterWay::Chat, chats.is_some())] {
            self.workers.spawn(tell_way(self.handle.clone(), way, is_there, self.language));
        }
        for sender in mail.into_iter().chain(chats) {
            let worker = Worker {
                handle: self.handle.clone(),
                composer: self.letters.composer(),
                sender: Arc::new(sender),
                language: self.language,
                figures: Arc::clone(&self.letters.0.figures),
                stopped: self.stop.subscribe(),
            };
            self.workers.spawn(worker.run());
        }
    }

    /// Goes on as the configuration says now: other servers, other words, other people. What is under way ends before, so that
    /// no letter goes two ways at once.
    pub async fn follow(&mut self, config: &Config) {
        self.handle.write_to(reach(config));
        self.end().await;
        self.workers.shutdown().await;
        let composer = composer(config, &self.handle, self.links.clone(), self.site.clone(), self.language);
        *self.letters.0.composer.write().unwrap_or_else(PoisonError::into_inner) = composer;
        // What failed may be configured no more; where it is, it is told again.
        for part in std::mem::take(&mut self.parts) {
            let (kind, part) = (AlarmKind::Letter, part.to_string());
            worker::tell(&self.handle, DeskAct::PartWorks { kind, part });
        }
        self.letters.0.figures.failing.store(false, Ordering::Relaxed);
        self.begin(config);
    }

    /// Ends: letters that are under way may arrive yet.
    pub async fn stop(mut self) {
        self.end().await;
    }

    async fn end(&mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.workers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(END_WITHIN_S), ended).await;
    }
}
