//! Mail that comes in: a door like HTTP, with the same commands behind it.
//!
//! A mail comes by IMAP ([`imap`]) or from the site's own mail server by LMTP ([`lmtp`]), or is let out of the quarantine by
//! an admin. Whichever way: it is read ([`read`]), told from what programs write ([`kind`]), brought to its ticket
//! ([`thread`]), and becomes a command ([`plan`]). Whoever brought it is told that it was taken when its events are durable,
//! or it is durable in the quarantine; so nothing is lost by a crash, and nothing is done twice ([`seen`]).
//!
//! Mails are taken in one after another: the order in which they came is the order of the record.

mod charset;
mod files;
pub mod fuzz;
mod html;
pub mod imap;
pub mod kind;
pub mod lmtp;
mod marks;
mod plan;
mod quarantine;
pub mod read;
mod report;
mod seen;
mod senders;
#[cfg(test)]
mod tests;
mod thread;
mod trim;
mod unflow;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex as SyncMutex, MutexGuard, OnceLock, PoisonError, RwLock};

use firmware_board::Language;
use sha2::{Digest, Sha256};
use tokio::sync::Mutex;

use self::files::Sorted;
use self::kind::Kind;
pub use self::marks::Marks;
use self::plan::{About, Plan};
use self::quarantine::Quarantine;
pub use self::quarantine::{HeldMail, HeldWhy, MAILS_MAX, QuarantineError};
use self::read::Mail;
pub use self::report::Report;
pub use self::seen::SEEN_MAX;
use self::seen::{Handled, Seen, receipt_key};
use self::senders::Senders;
use crate::clock::monotonic_us;
use crate::config::{MailAddress, MailIn};
use crate::desk::command::AttachmentAct;
use crate::desk::event::Receipt;
use crate::desk::{Act, Actor, AlarmKind, Command, DeskAct, Role, Ticket, TicketNumber};
use crate::mail::{MailDomain, UNDELIVERED, undelivered};
use crate::run::{Apart, Done, Failure, Handle};
pub use crate::store::MAIL_DIR;
use crate::store::whole;

/// Who says so, in the record.
const MAIL: &str = "mail";
/// How many events are behind the last mark before another is set, so that a start reads few.
const MARK_AFTER_EVENTS: u64 = 20_000;
/// The parts that fail.
const QUARANTINE: &str = "mail-quarantine";
const FULL: &str = "mail-quarantine-full";
const UNKEPT: &str = "mail-unkept";

/// What became of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It opened that ticket, or said something on it.
    Ticket(TicketNumber),
    /// It is in the quarantine.
    Held(HeldWhy),
    /// It came before.
    Before,
}

/// Why a mail was not taken: it stays where it is, and comes again.
#[derive(Debug, thiserror::Error)]
pub enum Later {
    /// The desk cannot keep it now.
    #[error(transparent)]
    Desk(#[from] Failure),
    /// It cannot be held.
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
    /// Its files cannot be kept.
    #[error("the files of a mail cannot be kept")]
    Files(#[source] crate::store::AttachmentError),
    /// What was handled cannot be noted.
    #[error("cannot note which mail was handled")]
    Seen(#[source] std::io::Error),
    /// The ticket that it is about cannot be read.
    #[error("the ticket that a mail is about cannot be read")]
    Ticket(#[source] crate::run::HistoryError),
    /// Something ended in a panic.
    #[error("taking in a mail ended in a panic")]
    Panicked(#[source] tokio::task::JoinError),
}

/// Why the door does not open.
#[derive(Debug, thiserror::Error)]
pub enum MailroomError {
    /// The directory cannot be made.
    #[error("cannot make {dir}", dir = dir.display())]
    Dir {
        /// Which.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// What was handled cannot be read.
    #[error("cannot read which mail was handled, in {dir}", dir = dir.display())]
    Seen {
        /// Where.
        dir: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The record cannot be read.
    #[error("cannot read from the record which mail was handled")]
    Record(#[source] crate::run::HistoryError),
    /// The quarantine cannot be read.
    #[error(transparent)]
    Quarantine(#[from] QuarantineError),
}

/// What mail is counted, since the start.
#[derive(Debug, Default)]
pub struct MailFigures {
    /// Mails that opened a ticket or said something on one.
    pub taken: AtomicU64,
    /// Mails that went to the quarantine.
    pub held: AtomicU64,
    /// Mails that had come before.
    pub before: AtomicU64,
    /// Mails that could not be taken then.
    pub later: AtomicU64,
}

/// What the site says of mail that comes in.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The desk's addresses; at least one.
    pub addresses: Vec<MailAddress>,
    /// Whom its letters are from, in lower case, where it writes any.
    pub from: Option<String>,
    /// The domain in the ids of its letters.
    pub domain: MailDomain,
    /// How much is taken in.
    pub limits: MailIn,
    /// The room's language.
    pub language: Language,
}

impl MailSettings {
    /// The address of the desk that a recipient stands for; what is behind a `+` is the sender's own.
    fn address(&self, recipient: &str) -> Option<&MailAddress> {
        let recipient = read::address(recipient)?;
        let plain = recipient
            .split_once('@')
            .map(|(local, domain)| format!("{}@{domain}", local.split('+').next().unwrap_or(local)));
        let is = |text: &str| self.addresses.iter().find(|known| known.address == text);
        is(&recipient).or_else(|| is(&plain?))
    }

    /// The address of the desk that a mail came to. One that came to none of them (a blind copy, another name of the
    /// mailbox) is taken as one to the first.
    fn addressed(&self, mail: &Mail, to: Option<&str>) -> &MailAddress {
        let all = to.into_iter().chain(mail.to.iter().map(String::as_str));
        all.into_iter().find_map(|to| self.address(to)).unwrap_or(&self.addresses[0])
    }
}

/// Where the mailroom is, once it is open; clones are the same. Without addresses none ever is.
#[derive(Clone, Default)]
pub struct MailPlace(Arc<Place>);

#[derive(Default)]
struct Place {
    room: OnceLock<Mailroom>,
    opening: SyncMutex<()>,
}

impl MailPlace {
    /// The mailroom; where it is not open yet, `open` opens it.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn open_once<E>(&self, open: impl FnOnce() -> Result<Mailroom, E>) -> Result<Mailroom, E> {
        // Two at once would be at the same books.
        let _one_at_a_time = self.0.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(room) = self.room() {
            return Ok(room.clone());
        }
        let room = open()?;
        Ok(self.0.room.get_or_init(|| room).clone())
    }

    /// The mailroom, where it is open.
    pub fn room(&self) -> Option<&Mailroom> {
        self.0.room.get()
    }
}

/// Where mail is taken in; clones are the same.
#[derive(Clone)]
pub struct Mailroom(Arc<Inner>);

struct Inner {
    handle: Handle,
    apart: Apart,
    /// What holds now.
    settings: RwLock<Arc<MailSettings>>,
    figures: MailFigures,
    /// Whether the last mail could not be kept.
    is_unkept: AtomicBool,
    quarantine: SyncMutex<Quarantine>,
    /// One mail after another.
    desk: Mutex<Work>,
}

/// What a mail names.
#[derive(Default)]
struct Named {
    /// The ticket that it is about.
    ticket: Option<Arc<Ticket>>,
    /// Whether whoever writes may answer for it.
    is_theirs: bool,
    /// Whether a server tells that a letter of the desk about it did not get to whom it was for. Anybody may write that they
    /// are a server; whom the letter was for is known to few.
    is_undelivered: bool,
}

struct Work {
    seen: Seen,
    senders: Senders,
}

impl Mailroom {
    /// Opens the door's books below `state_dir`; reads from the record what they lack, so this may take a while.
    ///
    /// # Errors
    /// [`MailroomError`].
    pub fn open(
        handle: Handle,
        apart: Apart,
        settings: MailSettings,
        state_dir: &Path,
    ) -> Result<Self, MailroomError> {
        let dir = state_dir.join(MAIL_DIR);
        whole::make_dir(&dir).map_err(|source| MailroomError::Dir { dir: dir.clone(), source })?;
        let unseen = |source| MailroomError::Seen { dir: dir.clone(), source };
        let mut seen = Seen::open(&dir).map_err(unseen)?;
        let end = handle.history().next_seq();
        for entry in handle.history().since(seen.upto()) {
            let entry = entry.map_err(MailroomError::Record)?;
            seen.take_in(&entry).map_err(unseen)?;
        }
        seen.reached(end).map_err(unseen)?;
        let quarantine = Quarantine::open(&dir, settings.limits.max_quarantine)?;
        let senders = Senders::new(settings.limits.per_sender_per_hour);
        let inner = Inner {
            handle,
            apart,
            settings: RwLock::new(Arc::new(settings)),
            figures: MailFigures::default(),
            is_unkept: AtomicBool::new(false),
            quarantine: SyncMutex::new(quarantine),
            desk: Mutex::new(Work { seen, senders }),
        };
        let room = Self(Arc::new(inner));
        room.tell_quarantine();
        // Of the time before the start; it is told anew with the first mail that cannot be kept.
        tell(&room.0.handle, AlarmKind::Letter, UNKEPT, None);
        Ok(room)
    }

    /// What is counted.
    pub fn figures(&self) -> &MailFigures {
        &self.0.figures
    }

    /// What the site says.
    pub fn settings(&self) -> Arc<MailSettings> {
        Arc::clone(&self.0.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has the site say something else from the next mail on. How often each sender wrote is counted anew where that bound is
    /// another.
    pub async fn follow(&self, settings: MailSettings) {
        let mut work = self.0.desk.lock().await;
        let was = self.settings();
        if was.limits.per_sender_per_hour != settings.limits.per_sender_per_hour {
            work.senders = Senders::new(settings.limits.per_sender_per_hour);
        }
        self.quarantine().hold_at_most(settings.limits.max_quarantine);
        *self.0.settings.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(settings);
    }

    /// The way to the desk.
    pub fn handle(&self) -> &Handle {
        &self.0.handle
    }

    /// The address of the desk that a recipient stands for.
    pub fn address(&self, recipient: &str) -> Option<MailAddress> {
        self.settings().address(recipient).cloned()
    }

    /// Takes a mail in. `to` is who its servers say that it is to; without, its headers say so.
    ///
    /// # Errors
    /// [`Later`]: nothing of it is lost where it is kept where it is, and brought again.
    pub async fn take(&self, raw: Arc<[u8]>, to: Option<&str>) -> Result<Taken, Later> {
        let taken = self.take_as(raw, to, None).await;
        let figures = &self.0.figures;
        let counted = match &taken {
            Ok(Taken::Ticket(_)) => &figures.taken,
            Ok(Taken::Held(_)) => &figures.held,
            Ok(Taken::Before) => &figures.before,
            Err(_) => &figures.later,
        };
        counted.fetch_add(1, Ordering::Relaxed);
        match &taken {
            Ok(_) => self.tell_unkept(false),
            // The desk tells of itself.
            Err(Later::Desk(_)) => {}
            Err(Later::Quarantine(QuarantineError::Full { .. })) => self.tell_full(true),
            Err(
                Later::Quarantine(QuarantineError::Io { .. })
                | Later::Files(_)
                | Later::Seen(_)
                | Later::Ticket(_)
                | Later::Panicked(_),
            ) => self.tell_unkept(true),
        }
        taken
    }

    /// [`Mailroom::take`]; `let_out` says that an admin lets it out, and why it was held.
    async fn take_as(
        &self,
        raw: Arc<[u8]>,
        to: Option<&str>,
        let_out: Option<HeldWhy>,
    ) -> Result<Taken, Later> {
        let bytes = Arc::clone(&raw);
        let read = tokio::task::spawn_blocking(move || read::read(&bytes)).await;
        let mut work = self.0.desk.lock().await;
        let mail = match read {
            Ok(Ok(mail)) => mail,
            Ok(Err(unreadable)) => {
                return self.hold_unread(&mut work, &raw, to, &unreadable.to_string()).await;
            }
            // A reader that panics does so again; whoever brings it would bring it for ever.
            Err(error) if error.is_panic() => {
                return self
                    .hold_unread(&mut work, &raw, to, "the reader stumbled over it; please report it")
                    .await;
            }
            Err(error) => return Err(Later::Panicked(error)),
        };
        let handled = work.seen.of(&mail.sum);
        if handled == Some(Handled::All) && let_out.is_none() {
            return Ok(Taken::Before);
        }
        let taken = match handled {
            Some(Handled::Words(ticket)) => {
                self.attach(&mail, ticket).await.map(|()| Taken::Ticket(ticket))?
            }
            None | Some(Handled::All) => self.decide(&mut work, &raw, mail.clone(), to, let_out).await?,
        };
        self.note(&mut work, &mail.sum, Handled::All)?;
        self.mark(&mut work)?;
        Ok(taken)
    }

    fn note(&self, work: &mut Work, sum: &str, handled: Handled) -> Result<(), Later> {
        work.seen.note(sum, self.0.handle.view().now(), handled).map_err(Later::Seen)
    }

    /// Notes now and then how far the record is known.
    fn mark(&self, work: &mut Work) -> Result<(), Later> {
        let next = self.0.handle.history().next_seq();
        if next.saturating_sub(work.seen.upto()) < MARK_AFTER_EVENTS {
            return Ok(());
        }
        work.seen.reached(next).map_err(Later::Seen)
    }

    /// What becomes of a mail that is new.
    async fn decide(
        &self,
        work: &mut Work,
        raw: &Arc<[u8]>,
        mut mail: Mail,
        to: Option<&str>,
        let_out: Option<HeldWhy>,
    ) -> Result<Taken, Later> {
        let settings = self.settings();
        let addresses = settings.addresses.iter().map(|known| known.address.as_str());
        let own: Vec<&str> = addresses.chain(settings.from.as_deref()).collect();
        // What points to the desk itself is answered where it comes from.
        mail.reply_to = mail.reply_to.take().filter(|to| !own.contains(&to.address.as_str()));
        let kind = match let_out {
            None | Some(HeldWhy::TooMany) => Kind::of(&mail, &own, &settings.domain),
            // The admin takes it for a person's letter, whatever it looks like.
            Some(_) => Kind::Letter,
        };
        let address = settings.addressed(&mail, to).clone();
        let Named { ticket, is_theirs, is_undelivered } = self.named(&mail, kind).await?;
        let regulation = self.regulation(&address, ticket.as_deref());
        let kinds = regulation.as_ref().map_or(&[][..], |regulation| regulation.attachment_kinds());
        let file_max_bytes = self.0.apart.attachments.limits().file_max_bytes;
        let Sorted { taken, left_out } = files::sort(std::mem::take(&mut mail.files), kinds, file_max_bytes);
        mail.files = taken.iter().map(|(file, _)| file.clone()).collect();
        let about = About { ticket: ticket.as_deref(), is_theirs };
        let plans = match plan::plan(&mail, kind, about, &address, &left_out, settings.language) {
            Ok(plans) => plans,
            Err(why) => return self.hold(raw, &mail, &address, why, String::new()).await,
        };
        // Of a form of the site each writer is one of their own. A server that tells of letters of ours opens no ticket.
        let sender = mail.writer().map(|writer| writer.address.clone()).unwrap_or_default();
        if let_out.is_none() && !is_undelivered && !work.senders.may(&sender, monotonic_us()) {
            return self.hold(raw, &mail, &address, HeldWhy::TooMany, String::new()).await;
        }
        let number = match self.carry_out(plans, &mail.sum).await? {
            Ok(done) => {
                done.ticket.as_ref().map(|ticket| ticket.number).or(ticket.map(|ticket| ticket.number))
            }
            Err(refusal) => return self.hold(raw, &mail, &address, HeldWhy::Refused, refusal).await,
        };
        let number = number.expect("a command of a mail is about a ticket");
        if is_undelivered {
            self.tell_undelivered(number);
        }
        self.note(work, &mail.sum, Handled::Words(number))?;
        self.attach(&mail, number).await?;
        log::info!(TICKET = number.0, BY = MAIL; "ticket {number}: a mail of {} bytes came in", raw.len());
        Ok(Taken::Ticket(number))
    }

    fn regulation(
        &self,
        address: &MailAddress,
        ticket: Option<&Ticket>,
    ) -> Option<Arc<crate::desk::Regulation>> {
        let regulations = self.0.handle.view().regulations();
        if let Some(ticket) = ticket {
            return regulations.of(&ticket.facts).cloned();
        }
        let ids = regulations.ids();
        let id = address.regulation.as_deref().or_else(|| ids.first().copied())?;
        regulations.holding(id, self.0.handle.view().now()).cloned()
    }

    /// What a mail of that kind names.
    async fn named(&self, mail: &Mail, kind: Kind) -> Result<Named, Later> {
        let domain = &self.settings().domain;
        let is_bounce = kind == Kind::Bounce;
        let letter = thread::letter_of(mail, domain)
            .or_else(|| thread::letter_in_words(mail, domain).filter(|_| is_bounce && mail.report.is_none()));
        let number = letter.as_ref().map(|id| id.ticket).or_else(|| thread::ticket_of(mail, domain));
        let Some(number) = number else { return Ok(Named::default()) };
        let Some(ticket) = self.ticket(number).await? else { return Ok(Named::default()) };
        let is_written = letter.is_some_and(|id| id.letter <= ticket.letters_total);
        let (of, writes) = (Arc::clone(&ticket), mail.clone());
        let looked = self.0.handle.look(move |desk, _| {
            let client = of.facts.client.as_deref().and_then(|name| desk.clients().named(name));
            (thread::is_theirs(&writes, &of, client), thread::is_of_its_people(&writes, &of, client))
        });
        let (is_theirs, is_of_its_people) = looked.await?;
        let is_undelivered = is_bounce && is_written && is_of_its_people;
        Ok(Named { ticket: Some(ticket), is_theirs, is_undelivered })
    }

    async fn ticket(&self, number: TicketNumber) -> Result<Option<Arc<Ticket>>, Later> {
        let view = Arc::clone(self.0.handle.view());
        let read = tokio::task::spawn_blocking(move || view.ticket(number)).await;
        read.map_err(Later::Panicked)?.map_err(Later::Ticket)
    }

    /// Asks the desk, one after another until it does not refuse; the inner error is its last word.
    async fn carry_out(&self, plans: Vec<Plan>, sum: &str) -> Result<Result<Done, String>, Later> {
        let mut word = String::new();
        for plan in plans {
            let (command, actor) = match plan {
                Plan::Register(register) => (Command::Register(*register), writer()),
                Plan::Act(number, act) => (Command::Ticket { number, if_revision: None, act }, writer()),
                Plan::Note(number, act) => (Command::Ticket { number, if_revision: None, act }, noter()),
            };
            match self.0.handle.command(command, actor, Some(receipt(sum))).await {
                Ok(done) => return Ok(Ok(done)),
                Err(Failure::Refused(refusal)) => word = refusal.to_string(),
                Err(failure) => return Err(failure.into()),
            }
        }
        Ok(Err(word))
    }

    /// Brings the files of a mail to its ticket, those that it does not have. What cannot be brought is noted there.
    async fn attach(&self, mail: &Mail, number: TicketNumber) -> Result<(), Later> {
        if mail.files.is_empty() {
            return Ok(());
        }
        let Some(ticket) = self.ticket(number).await? else { return Ok(()) };
        let kinds = self
            .0
            .handle
            .view()
            .regulations()
            .of(&ticket.facts)
            .map(|known| known.attachment_kinds().to_vec());
        let attachments = self.0.apart.attachments.clone();
        let files = mail.files.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let limit = attachments.limits().file_max_bytes;
            let sorted = files::sort(files, &kinds.unwrap_or_default(), limit);
            files::keep(&attachments, &ticket, &sorted.taken)
        });
        let kept = kept.await.map_err(Later::Panicked)?.map_err(Later::Files)?;
        let mut left_out = kept.left_out;
        if !kept.files.is_empty() {
            let names: Vec<String> = kept.files.iter().map(|file| file.name.clone()).collect();
            let ticket_max_bytes = self.0.apart.attachments.limits().ticket_max_bytes;
            let act = AttachmentAct::Add { files: kept.files, ticket_max_bytes };
            match self.0.handle.command(Command::Attachments { number, act }, writer(), None).await {
                Ok(_) => kept.bytes.into_iter().for_each(crate::store::attachments::Incoming::keep),
                // Nobody says what became of it; the next start does.
                Err(failure @ Failure::Stopping) => {
                    kept.bytes.into_iter().for_each(crate::store::attachments::Incoming::keep);
                    return Err(failure.into());
                }
                Err(Failure::Refused(refusal)) => left_out.push(format!("{}: {refusal}", names.join(", "))),
                Err(failure) => return Err(failure.into()),
            }
        }
        if !left_out.is_empty() {
            let lead = match self.settings().language {
                Language::Russian => "Вложения письма не приняты:",
                Language::English => "Attachments of a letter that were not taken:",
            };
            let text = format!("[{lead} {}]", read::cut(&left_out.join("; "), 4_000));
            let act = Act::Reply(crate::desk::command::Reply { text: Some(text), internal: true });
            let note = Command::Ticket { number, if_revision: None, act };
            if let Err(failure) = self.0.handle.command(note, noter(), None).await {
                log::warn!(TICKET = number.0; "ticket {number}: what was left out of a mail cannot be noted: {failure}");
            }
        }
        Ok(())
    }

    async fn hold_unread(
        &self,
        work: &mut Work,
        raw: &Arc<[u8]>,
        to: Option<&str>,
        words: &str,
    ) -> Result<Taken, Later> {
        let sum = Sha256::digest(raw).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        if work.seen.of(&sum).is_some() {
            return Ok(Taken::Before);
        }
        let why = HeldWhy::Unreadable;
        let taken = self
            .hold_as(raw, self.held_mail(&sum, to.unwrap_or_default(), why, words.to_owned(), raw))
            .await?;
        self.note(work, &sum, Handled::All)?;
        Ok(taken)
    }

    /// Holds the head of a mail that is longer than the site takes, and stays where it is. `bytes` is how long it is.
    ///
    /// # Errors
    /// [`Later`]: it could not be held.
    pub async fn hold_too_long(&self, head: Arc<[u8]>, bytes: u64) -> Result<Taken, Later> {
        let mut work = self.0.desk.lock().await;
        let sum = Sha256::digest(&head).iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        if work.seen.of(&sum).is_some() {
            return Ok(Taken::Before);
        }
        let limit = self.settings().limits.max_mail;
        let words = format!("it is {bytes} bytes, more than {limit}");
        let mut mail = self.held_mail(&sum, "", HeldWhy::TooLong, words, &head);
        if let Ok(read) = read::read(&head) {
            mail.subject = read.subject;
            mail.from = read.from.map(|from| from.address).unwrap_or_default();
        }
        let taken = self.hold_as(&head, mail).await?;
        self.note(&mut work, &sum, Handled::All)?;
        Ok(taken)
    }

    fn held_mail(&self, sum: &str, to: &str, why: HeldWhy, words: String, raw: &[u8]) -> HeldMail {
        HeldMail {
            id: sum[..32].to_owned(),
            at: self.0.handle.view().now(),
            why,
            words,
            from: String::new(),
            to: read::one_line(to, 254),
            subject: String::new(),
            bytes: raw.len() as u64,
        }
    }

    async fn hold(
        &self,
        raw: &Arc<[u8]>,
        mail: &Mail,
        address: &MailAddress,
        why: HeldWhy,
        words: String,
    ) -> Result<Taken, Later> {
        let held = HeldMail {
            from: mail.from.as_ref().map(|from| from.address.clone()).unwrap_or_default(),
            subject: mail.subject.clone(),
            ..self.held_mail(&mail.sum, &address.address, why, words, raw)
        };
        self.hold_as(raw, held).await
    }

    async fn hold_as(&self, raw: &Arc<[u8]>, mail: HeldMail) -> Result<Taken, Later> {
        let (why, id, bytes) = (mail.why, mail.id.clone(), mail.bytes);
        let (room, raw) = (self.clone(), Arc::clone(raw));
        let held = tokio::task::spawn_blocking(move || room.quarantine().hold(mail, &raw)).await;
        held.map_err(Later::Panicked)??;
        let level = if why.needs_a_person() { log::Level::Warn } else { log::Level::Info };
        log::log!(level, "mail {id} of {bytes} bytes is held in the quarantine: {}", why.id());
        self.tell_quarantine();
        self.tell_full(false);
        Ok(Taken::Held(why))
    }

    fn quarantine(&self) -> MutexGuard<'_, Quarantine> {
        self.0.quarantine.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All mails that are held, the oldest first.
    pub fn held(&self) -> Vec<HeldMail> {
        self.quarantine().list()
    }

    /// How many mails are held, and how long they are together, in bytes.
    pub fn held_size(&self) -> (usize, u64) {
        self.quarantine().size()
    }

    /// A mail that is held, and its bytes; none where it is not there. Reads the disk.
    ///
    /// # Errors
    /// [`QuarantineError`].
    pub fn held_mail_of(&self, id: &str) -> Result<Option<(HeldMail, Vec<u8>)>, QuarantineError> {
        let quarantine = self.quarantine();
        let Some(mail) = quarantine.get(id).cloned() else { return Ok(None) };
        let raw = quarantine.read(id)?;
        Ok(Some((mail, raw)))
    }

    /// Takes a mail that is held for a person's letter; it leaves where the desk takes it. None where it is not there.
    ///
    /// # Errors
    /// [`Later`].
    pub async fn retry(&self, id: &str) -> Result<Option<Taken>, Later> {
        let (room, of) = (self.clone(), id.to_owned());
        let read = tokio::task::spawn_blocking(move || room.held_mail_of(&of)).await;
        let Some((mail, raw)) = read.map_err(Later::Panicked)?? else { return Ok(None) };
        if mail.why == HeldWhy::TooLong {
            return Ok(Some(Taken::Held(mail.why)));
        }
        let taken = self.take_as(raw.into(), Some(&mail.to), Some(mail.why)).await?;
        match taken {
            Taken::Ticket(_) | Taken::Before => drop(self.drop_held(id)?),
            Taken::Held(_) => {}
        }
        Ok(Some(taken))
    }

    /// Lets a mail that is held go, for good; false where it is not there. Waits for the disk.
    ///
    /// # Errors
    /// [`QuarantineError`].
    pub fn drop_held(&self, id: &str) -> Result<bool, QuarantineError> {
        let removed = self.quarantine().remove(id)?;
        self.tell_quarantine();
        self.tell_full(false);
        Ok(removed)
    }

    /// Keeps the bytes of all mail that is held where they are, as long as what this gives is there: for a backup.
    pub fn keep_held(&self) -> KeptHeld {
        self.quarantine().begin_to_read();
        KeptHeld(self.clone())
    }

    fn tell_quarantine(&self) {
        let calling = self.quarantine().calling();
        let text = match self.settings().language {
            Language::Russian => "письма в карантине ждут решения: andonctl mail list",
            Language::English => "mail in the quarantine waits for a decision: andonctl mail list",
        };
        tell(&self.0.handle, AlarmKind::Letter, QUARANTINE, (calling > 0).then(|| text.to_owned()));
    }

    /// Somebody will not hear of their ticket by letter: the room sees that once, as it does of letters that do not go out.
    fn tell_undelivered(&self, ticket: TicketNumber) {
        let text = undelivered(ticket, self.settings().language);
        tell(&self.0.handle, AlarmKind::Letter, UNDELIVERED, Some(text));
        tell(&self.0.handle, AlarmKind::Letter, UNDELIVERED, None);
    }

    /// What keeps mail from being kept keeps all that is behind it waiting, too.
    fn tell_unkept(&self, is_unkept: bool) {
        if self.0.is_unkept.swap(is_unkept, Ordering::Relaxed) == is_unkept {
            return;
        }
        let text = match self.settings().language {
            Language::Russian => {
                "письма не сохраняются и ждут на почтовом сервере: журнал andond говорит почему"
            }
            Language::English => "mail cannot be kept and waits on its server: andond's journal says why",
        };
        tell(&self.0.handle, AlarmKind::Letter, UNKEPT, is_unkept.then(|| text.to_owned()));
    }

    fn tell_full(&self, is_full: bool) {
        let text = match self.settings().language {
            Language::Russian => "карантин писем полон, новые письма остаются на почтовом сервере",
            Language::English => "the quarantine of mail is full, new mail stays on its server",
        };
        tell(&self.0.handle, AlarmKind::Letter, FULL, is_full.then(|| text.to_owned()));
    }
}

/// Mail that is held stays where it is.
pub struct KeptHeld(Mailroom);

impl Drop for KeptHeld {
    fn drop(&mut self) {
        if let Err(error) = self.0.quarantine().end_to_read() {
            log::warn!("mail that was let go is still there: {}", crate::chain::chain(&error));
        }
    }
}

/// Tells that a part fails, or works: where nothing changes by that, nothing happens.
fn tell(handle: &Handle, kind: AlarmKind, part: &str, failed: Option<String>) {
    let part = part.to_owned();
    let act = match failed {
        Some(text) => DeskAct::PartFailed { kind, part, text },
        None => DeskAct::PartWorks { kind, part },
    };
    handle.tell(Command::Desk(act), Actor::named("andond", Role::Admin));
}

/// Whoever writes: the requester, by mail.
fn writer() -> Actor {
    Actor { requester: true, ..Actor::named(MAIL, Role::Intake) }
}

/// The door itself, where it notes something for agents.
fn noter() -> Actor {
    Actor::named(MAIL, Role::Agent)
}

fn receipt(sum: &str) -> Receipt {
    Receipt { key: receipt_key(sum).into(), request: sum.into(), step: None, token: None }
}
