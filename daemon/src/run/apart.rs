//! What is kept apart from the record: files of tickets, and access data. The record says what is to be there; this sees
//! to it that nothing else is.
//!
//! Bytes are durable before the event that names them, and go after the event that lets them go. A crash between the two
//! leaves bytes that no ticket has: they are removed at the next start, and access data whenever a ticket lets some go.
//! Nothing is removed where the ledger has lost events, since those may have named it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use firmware_board::Language;
use tokio::sync::broadcast::error::RecvError;

use super::history::decode;
use super::{Handle, View};
use crate::chain::chain;
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Entry, Event, Role, Ticket, TicketNumber};
use crate::observe::message;
use crate::store::attachments::ATTACHMENTS_DIR;
use crate::store::{
    AttachmentError, AttachmentLimits, AttachmentName, Attachments, BoxKey, Frame, KeyError, Sealed,
    SealedHas, whole,
};

/// How long after access data could not be erased it is tried again.
const ERASE_AGAIN: Duration = Duration::from_secs(5);
/// Who says so, and the parts that fail.
const ATTACHMENTS: &str = "attachments";
const SEALED: &str = "sealed";
/// Where it is noted which files were found lost.
const LOST: &str = "lost";
/// The ending of its name while it is written.
const LOST_NEW: &str = "new";

/// What is kept apart; clones are the same.
#[derive(Clone, Debug)]
pub struct Apart {
    /// Files of tickets.
    pub attachments: Attachments,
    /// Access data.
    pub sealed: Sealed,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    language: Language,
    lost_file: PathBuf,
    /// Files that the record names, and that are not there or are not what came in.
    lost: Mutex<BTreeSet<String>>,
    /// Why there is no key, where there should be one.
    key_trouble: Option<String>,
    /// Whether the ledger is known to have lost nothing: only then is removed what it does not name.
    is_whole: AtomicBool,
    /// Whoever erases holds it until they have told what came of it, so that the last word is of the last look.
    erasing: Mutex<()>,
}

impl Apart {
    /// What is kept apart in `state_dir`. Nothing here keeps the desk from starting; what is wrong is told later.
    pub fn open(
        state_dir: &Path,
        limits: AttachmentLimits,
        key: Result<Option<BoxKey>, KeyError>,
        language: Language,
    ) -> Self {
        let attachments = Attachments::new(state_dir, limits);
        if let Err(error) = attachments.count() {
            log::error!("attachments cannot be counted: {}", chain(&error));
        }
        let (key, key_trouble) = match key {
            Ok(key) => (key, None),
            Err(error) => (None, Some(chain(&error))),
        };
        if let Some(trouble) = &key_trouble {
            log::error!("access data cannot be taken or shown: {trouble}");
        }
        let lost_file = state_dir.join(ATTACHMENTS_DIR).join(LOST);
        let lost = std::fs::read_to_string(&lost_file).unwrap_or_default();
        let lost = Mutex::new(lost.lines().map(str::to_owned).collect());
        let state = Arc::new(State {
            language,
            lost_file,
            lost,
            key_trouble,
            is_whole: AtomicBool::new(false),
            erasing: Mutex::default(),
        });
        Self { attachments, sealed: Sealed::new(state_dir, key), state }
    }

    /// Why there is no key though there should be one.
    pub fn key_trouble(&self) -> Option<&str> {
        self.state.key_trouble.as_deref()
    }

    /// Removes what no ticket has, now and whenever access data is let go, as long as the desk runs. `is_whole` says that
    /// the ledger has lost nothing.
    pub async fn watch(self, handle: Handle, is_whole: bool) {
        self.state.is_whole.store(is_whole, Ordering::Relaxed);
        let mut entries = handle.subscribe();
        let apart = self.clone();
        let at_start = handle.clone();
        let swept = tokio::task::spawn_blocking(move || apart.sweep_attachments(&at_start));
        if let Err(error) = swept.await {
            log::error!("looking through attachments ended in a panic: {error}");
        }
        let mut is_swept = self.sweep_sealed(&handle).await;
        loop {
            let next = if is_swept {
                entries.recv().await
            } else {
                tokio::time::timeout(ERASE_AGAIN, entries.recv()).await.unwrap_or(Err(RecvError::Lagged(0)))
            };
            let is_news = match next {
                Ok(entry) => lets_go(&entry),
                // What was missed may have let something go.
                Err(RecvError::Lagged(_)) => true,
                Err(RecvError::Closed) => return,
            };
            if is_news || !is_swept {
                is_swept = self.sweep_sealed(&handle).await;
            }
        }
    }

    fn sweep_attachments(&self, handle: &Handle) {
        let (view, is_whole) = (handle.view(), self.state.is_whole.load(Ordering::Relaxed));
        let has = |ticket, id: &str| known(view, ticket, is_whole, |ticket| has_file(ticket, id));
        match self.attachments.sweep(has) {
            Ok(swept) if swept.removed > 0 => {
                log::warn!(
                    "{} files that no ticket has were removed: an upload or a removal was cut off",
                    swept.removed
                );
            }
            Ok(_) => {}
            Err(error) => log::error!("attachments cannot be looked through: {}", chain(&error)),
        }
        self.check_lost(handle);
    }

    /// Looks again at the files that were found lost: an admin may have brought them back, or a lead removed them.
    fn check_lost(&self, handle: &Handle) {
        let lost: Vec<String> = self.state.lock().iter().cloned().collect();
        for name in lost {
            let parsed = AttachmentName::parse(&name);
            let is_back = parsed.as_ref().is_none_or(|name| {
                let ticket = handle.view().ticket(TicketNumber(name.ticket));
                let is_named = !matches!(ticket, Ok(Some(ticket)) if !has_file(&ticket, &name.id));
                !is_named || self.attachments.read(name).is_ok()
            });
            if is_back {
                self.state.lock().remove(&name);
            }
        }
        self.tell_lost(handle);
    }

    /// A file is not there, or not what came in: for the journal and the wall.
    pub fn lost(&self, handle: &Handle, name: &AttachmentName, why: &AttachmentError) {
        log::error!(TICKET = name.ticket, MESSAGE_ID = message::ATTACHMENT_LOST; "attachment {} of ticket {} is lost; a backup may have it: {}", name.id, name.ticket, chain(why));
        if self.state.lock().insert(name.to_string()) {
            self.tell_lost(handle);
        }
    }

    /// A file is whole, or was removed: nothing more is to be told of it.
    pub fn not_lost(&self, handle: &Handle, name: &AttachmentName) {
        if self.state.lock().remove(&name.to_string()) {
            self.tell_lost(handle);
        }
    }

    fn tell_lost(&self, handle: &Handle) {
        let lost = self.state.lock();
        let text: String = lost.iter().flat_map(|name| [name, "\n"]).collect();
        let noted = if lost.is_empty() && !self.state.lost_file.exists() {
            Ok(())
        } else {
            let file = &self.state.lost_file;
            whole::write(file, &file.with_extension(LOST_NEW), text.as_bytes())
        };
        if let Err(error) = noted {
            log::warn!("which attachments are lost could not be noted: {error}");
        }
        let tickets: BTreeSet<u64> =
            lost.iter().filter_map(|name| Some(AttachmentName::parse(name)?.ticket)).collect();
        let some = tickets.iter().take(3).map(u64::to_string).collect::<Vec<_>>().join(", ");
        let more = if tickets.len() > 3 { ", …" } else { "" };
        let text = (!lost.is_empty()).then(|| match self.state.language {
            Language::Russian => {
                format!("потеряны вложения: {}, заявки {some}{more}; ищите их в копии", lost.len())
            }
            Language::English => {
                format!("attachments lost: {}, of tickets {some}{more}; a backup may have them", lost.len())
            }
        });
        drop(lost);
        tell(handle, ATTACHMENTS, text);
    }

    /// Erases the access data that no ticket has. False where that is to be tried again.
    pub async fn sweep_sealed(&self, handle: &Handle) -> bool {
        let (apart, handle) = (self.clone(), handle.clone());
        let swept = tokio::task::spawn_blocking(move || apart.erase_let_go(&handle));
        swept.await.unwrap_or_else(|error| {
            log::error!("erasing access data ended in a panic: {error}");
            true
        })
    }

    fn erase_let_go(&self, handle: &Handle) -> bool {
        let _erasing = self.state.erasing.lock().unwrap_or_else(PoisonError::into_inner);
        let (view, is_whole) = (handle.view(), self.state.is_whole.load(Ordering::Relaxed));
        let has = |ticket, id: &str| {
            let field = |ticket: &Ticket| {
                let sealed = ticket.sealed.iter().find(|sealed| sealed.id == id);
                sealed.map_or(SealedHas::No, |sealed| SealedHas::Field(sealed.field.to_string()))
            };
            known(view, ticket, is_whole, field).unwrap_or(SealedHas::Unknown)
        };
        let swept = self.sealed.sweep(has);
        let failed = swept.as_ref().err().map(|error| chain(error));
        if let Some(error) = &failed {
            log::error!("access data that is to be gone cannot be erased, it is tried again: {error}");
        }
        let unopened = swept.map_or(0, |swept| swept.unopened);
        if unopened > 0 && self.sealed.has_key() {
            log::error!(
                "access data of {unopened} tickets does not open: it was sealed by another key, or is damaged"
            );
        }
        let text = match (self.state.language, &failed, unopened, self.key_trouble()) {
            (_, None, 0, None) => None,
            (Language::Russian, Some(_), ..) => Some("данные для входа не стираются".to_owned()),
            (Language::English, Some(_), ..) => Some("access data cannot be erased".to_owned()),
            (Language::Russian, None, 0, Some(_)) => Some("нет ключа данных для входа".to_owned()),
            (Language::English, None, 0, Some(_)) => Some("the key of access data is missing".to_owned()),
            (Language::Russian, None, count, _) => Some(format!("данные для входа не открываются: {count}")),
            (Language::English, None, count, _) => Some(format!("access data does not open: {count}")),
        };
        tell(handle, SEALED, text);
        failed.is_none()
    }
}

impl State {
    fn lock(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a ticket; nothing where it cannot be read, or may be among what is lost.
fn known<T>(view: &View, ticket: u64, is_whole: bool, of: impl Fn(&Ticket) -> T) -> Option<T>
where
    T: From<Nothing>,
{
    match view.ticket(TicketNumber(ticket)) {
        Ok(Some(ticket)) => Some(of(&ticket)),
        Ok(None) => is_whole.then(|| T::from(Nothing)),
        Err(_) => None,
    }
}

/// There is no such ticket.
struct Nothing;

impl From<Nothing> for bool {
    fn from(_: Nothing) -> Self {
        false
    }
}

impl From<Nothing> for SealedHas {
    fn from(_: Nothing) -> Self {
        Self::No
    }
}

fn has_file(ticket: &Ticket, id: &str) -> bool {
    ticket.attachments.iter().any(|known| known.file.id == id)
}

/// What a frame of the ledger says of attachments, for a backup: their files' names are taken in, or out.
pub fn note_attachments(frame: &Frame, names: &mut BTreeSet<String>) {
    // Few entries do, and reading each would take long.
    let may_say = std::str::from_utf8(&frame.payload).is_ok_and(|text| text.contains("\"event\":\"attach"));
    let Some(entry) = may_say.then(|| decode(frame).ok()).flatten() else { return };
    for fact in &entry.facts {
        let Some(ticket) = fact.ticket else { continue };
        if let Event::Attached(file) = &fact.event {
            let (id, sha256) = (file.id.to_string(), file.sha256.to_string());
            names.insert(AttachmentName { ticket: ticket.0, id, sha256 }.to_string());
        } else if let Event::AttachmentRemoved { id, .. } = &fact.event {
            let prefix = format!("{ticket}-{id}-");
            names.retain(|name| !name.starts_with(&prefix));
        }
    }
}

/// Whether access data goes by what happened, or other takes its place.
fn lets_go(entry: &Entry) -> bool {
    entry.facts.iter().any(|fact| matches!(fact.event, Event::SealedErased { .. } | Event::SealedSet { .. }))
}

fn tell(handle: &Handle, part: &str, failed: Option<String>) {
    let (kind, part) = (AlarmKind::Storage, part.to_owned());
    let act = match failed {
        Some(text) => DeskAct::PartFailed { kind, part, text },
        None => DeskAct::PartWorks { kind, part },
    };
    handle.tell(Command::Desk(act), Actor::named("andond", Role::Admin));
}
