//! IMAP: mail is fetched from a mailbox of the site.
//!
//! How far the mailbox has been read is its UIDVALIDITY and a UID, in `STATE/mail/imap`; it is written after mail is durable,
//! and only then is a mail marked or deleted there. What comes twice for that is known ([`super::seen`]). A mailbox that is
//! new is read from what is unread on; one that was made anew (another UIDVALIDITY), from as far back as mails are
//! remembered. Between looks the server tells of new mail (IDLE); where it does not, it is asked now and then.
//!
//! A server that fails is a line in the journal and an alarm, and is tried again, after two seconds at first and five minutes
//! at most. What cannot be taken now stays where it is, with everything behind it: the order is kept.

mod ask;
mod connect;
mod place;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_imap::Session;
use async_imap::error::Error;
use async_imap::imap_proto::{AttributeValue, MailboxDatum, Response};
use firmware_board::Language;

use self::connect::{Stream, connect};
use self::place::Place;
use super::seen::REMEMBERED_MS;
use super::{Later, MAIL_DIR, Mailroom, tell};
use crate::chain::chain;
use crate::config::{Imap, Then};
use crate::desk::AlarmKind;
use crate::store::PLACE_FILE;

/// How long an answer of the server may take, in seconds …
pub const ANSWER_WITHIN_S: u64 = 60;
/// … and how much of a mail is to come in each second more, in bytes: the slowest lines are those of a telephone.
const SLOWEST_BYTES_PER_S: u64 = 4 << 10;
/// How long the server is waited for to tell of something, in seconds; then the mailbox is looked at all the same.
pub const IDLE_MAX_S: u64 = 300;
/// The first wait after something failed, in seconds …
const AGAIN_FIRST_S: u64 = 2;
/// … and the longest.
const AGAIN_MOST_S: u64 = 300;
/// After how many failures in a row the wall is told.
const FAILURES_TOLD: u32 = 3;
/// How many mails are taken before the place is kept.
const PLACE_EVERY: usize = 50;
/// The part that fails, in alarms.
pub const PART: &str = "imap";

/// Why mail is not fetched.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// The password cannot be read.
    #[error("cannot read the password {path}", path = path.display())]
    Password {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// No connection.
    #[error("cannot connect to {host}")]
    Connect {
        /// Which server.
        host: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The certificates cannot be used.
    #[error("no certificates to know {host} by: {why}")]
    Roots {
        /// Which server.
        host: String,
        /// Why not.
        why: String,
    },
    /// The server does not let in whoever the configuration names.
    #[error("{host} does not let {user} in")]
    SignIn {
        /// Which server.
        host: String,
        /// Who.
        user: String,
        /// What it said.
        #[source]
        source: async_imap::error::Error,
    },
    /// It does not answer in time.
    #[error("{host} did not answer within {within_s} s")]
    Silent {
        /// Which server.
        host: String,
        /// How long it was waited for, in seconds.
        within_s: u64,
    },
    /// It does not do what it was asked, or the connection broke.
    #[error("cannot {what}")]
    Imap {
        /// select, look for mail, …
        what: Cow<'static, str>,
        /// What it said.
        #[source]
        source: async_imap::error::Error,
    },
    /// It does not tell mails from one another.
    #[error("the mailbox has no UIDVALIDITY, so mails cannot be told from one another")]
    NoUids,
    /// How far the mailbox was read cannot be kept.
    #[error("cannot keep how far the mailbox was read, in {path}", path = path.display())]
    Place {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A mail was not taken now.
    #[error("a mail stays in its mailbox for now")]
    Later(#[from] Later),
}

/// Fetches mail until it is dropped.
pub async fn fetch(config: Imap, room: Mailroom, state_dir: PathBuf) {
    let fetcher = Fetcher { place_file: state_dir.join(MAIL_DIR).join(PLACE_FILE), config, room };
    let (mut wait_s, mut failures) = (AGAIN_FIRST_S, 0);
    loop {
        let mut worked = false;
        let error = match fetcher.session(&mut worked).await {
            Ok(never) => match never {},
            Err(error) => error,
        };
        if worked {
            (wait_s, failures) = (AGAIN_FIRST_S, 0);
        }
        failures += 1;
        log::warn!(
            "mail of {} at {} is not fetched, again in {wait_s} s: {}",
            fetcher.config.mailbox,
            fetcher.config.host,
            chain(&error)
        );
        // What the desk or the disk does not take has an alarm of its own.
        if failures >= FAILURES_TOLD && !matches!(error, ImapError::Later(_)) {
            fetcher.tell(true);
        }
        tokio::time::sleep(Duration::from_secs(wait_s)).await;
        wait_s = (wait_s * 2).min(AGAIN_MOST_S);
    }
}

struct Fetcher {
    config: Imap,
    room: Mailroom,
    place_file: PathBuf,
}

/// Nothing: a session ends only by failing.
enum Never {}

impl Fetcher {
    fn tell(&self, fails: bool) {
        let host = &self.config.host;
        let text = match self.room.settings().language {
            Language::Russian => format!("почта с {host} не забирается"),
            Language::English => format!("mail is not fetched from {host}"),
        };
        tell(self.room.handle(), AlarmKind::Letter, PART, fails.then_some(text));
    }

    /// Signs in and takes mail until something fails.
    async fn session(&self, worked: &mut bool) -> Result<Never, ImapError> {
        let mut session = self.timed(ANSWER_WITHIN_S, connect(&self.config)).await??;
        let capabilities = self.ask("ask what the server can", session.capabilities()).await?;
        let (can_idle, can_expunge) = (capabilities.has_str("IDLE"), capabilities.has_str("UIDPLUS"));
        let mailbox =
            self.ask("select the mailbox", session.select(ask::mailbox(&self.config.mailbox))).await?;
        let validity = mailbox.uid_validity.ok_or(ImapError::NoUids)?;
        let known = Place::read(&self.place_file, &self.name()).filter(|place| place.validity == validity);
        let is_anew = known.is_none() && self.place_file.exists();
        let mut place = match known {
            Some(place) => place,
            None => self.begin(&mut session, validity, mailbox.uid_next, is_anew, can_expunge).await?,
        };
        loop {
            let query = format!("UID {}:*", place.uid.saturating_add(1));
            let mut new = self.search(&mut session, &query).await?;
            // `n:*` is the last one, too, where that has a smaller number.
            new.retain(|uid| *uid > place.uid);
            self.take_all(&mut session, &new, &mut place, can_expunge).await?;
            *worked = true;
            self.tell(false);
            session = self.wait(session, can_idle).await?;
        }
    }

    fn name(&self) -> String {
        format!("{}@{}/{}", self.config.user, self.config.host, self.config.mailbox)
    }

    /// Takes what a mailbox has that was not read before, and gives the place behind it.
    async fn begin(
        &self,
        session: &mut Session<Stream>,
        validity: u32,
        next: Option<u32>,
        is_anew: bool,
        can_expunge: bool,
    ) -> Result<Place, ImapError> {
        let query = if is_anew { self.as_far_as_remembered() } else { "UNSEEN".to_owned() };
        let all = self.search(session, &query).await?;
        log::info!(
            "mailbox {} is read for the first time, or was made anew: {} mails",
            self.config.mailbox,
            all.len()
        );
        // Kept when all of them are taken: before, the next start would leave some out.
        let mut behind = Place { mailbox: self.name(), validity, uid: 0 };
        for uid in &all {
            self.take_one(session, *uid, can_expunge).await?;
        }
        let last = all.last().copied().unwrap_or(0);
        behind.uid = last.max(next.unwrap_or(1).saturating_sub(1));
        self.keep(&behind)?;
        Ok(behind)
    }

    /// What is looked for in a mailbox that was made anew: mails that would be known again.
    fn as_far_as_remembered(&self) -> String {
        let since = self.room.handle().view().now().millis() - REMEMBERED_MS;
        let since = chrono::DateTime::from_timestamp_millis(since).unwrap_or_default();
        format!("SINCE {}", since.format("%d-%b-%Y"))
    }

    async fn search(&self, session: &mut Session<Stream>, query: &str) -> Result<BTreeSet<u32>, ImapError> {
        let mut found = BTreeSet::new();
        let searched = ask::run(session, format!("UID SEARCH {query}"), |told| {
            if let Response::MailboxData(MailboxDatum::Search(uids)) = told {
                found.extend(uids);
            }
        });
        self.ask("look for new mail", searched).await?;
        Ok(found)
    }

    async fn take_all(
        &self,
        session: &mut Session<Stream>,
        new: &BTreeSet<u32>,
        place: &mut Place,
        can_expunge: bool,
    ) -> Result<(), ImapError> {
        let mut unkept = 0;
        for uid in new {
            let taken = self.take_one(session, *uid, can_expunge).await;
            if taken.is_ok() {
                place.uid = *uid;
                unkept += 1;
            }
            if unkept > 0 && (unkept == PLACE_EVERY || taken.is_err() || new.last() == Some(uid)) {
                self.keep(place)?;
                unkept = 0;
            }
            taken?;
        }
        Ok(())
    }

    fn keep(&self, place: &Place) -> Result<(), ImapError> {
        place
            .write(&self.place_file)
            .map_err(|source| ImapError::Place { path: self.place_file.clone(), source })
    }

    /// Takes one mail in, and only then does with it there what the site says.
    async fn take_one(
        &self,
        session: &mut Session<Stream>,
        uid: u32,
        can_expunge: bool,
    ) -> Result<(), ImapError> {
        let max = self.room.settings().limits.max_mail;
        let Some(size) = self.size(session, uid).await? else { return Ok(()) };
        if u64::from(size) > max {
            let Some(head) = self.part(session, uid, "BODY.PEEK[HEADER]", size).await? else {
                return Ok(());
            };
            self.room.hold_too_long(head, size.into()).await?;
            // All of it is there only.
            return Ok(());
        }
        let Some(raw) = self.part(session, uid, "BODY.PEEK[]", size).await? else { return Ok(()) };
        self.room.take(raw, None).await?;
        self.then(session, uid, can_expunge).await
    }

    /// How long a mail is, in bytes; none where it was deleted meanwhile.
    async fn size(&self, session: &mut Session<Stream>, uid: u32) -> Result<Option<u32>, ImapError> {
        let mut size = None;
        let asked = ask::run(session, format!("UID FETCH {uid} (UID RFC822.SIZE)"), |told| {
            size = size.or(ask::of(told, uid).into_iter().flatten().find_map(|attribute| match attribute {
                AttributeValue::Rfc822Size(size) => Some(*size),
                _ => None,
            }));
        });
        self.ask(format!("ask how long mail {uid} is"), asked).await?;
        Ok(size)
    }

    /// A part of a mail of that size; none where it was deleted meanwhile.
    async fn part(
        &self,
        session: &mut Session<Stream>,
        uid: u32,
        which: &str,
        size: u32,
    ) -> Result<Option<Arc<[u8]>>, ImapError> {
        let failed = |source| ImapError::Imap { what: format!("fetch mail {uid}").into(), source };
        let (mut is_there, mut part) = (false, None::<Arc<[u8]>>);
        let fetched = ask::run(session, format!("UID FETCH {uid} (UID {which})"), |told| {
            for attribute in ask::of(told, uid).into_iter().flatten() {
                is_there = true;
                if let AttributeValue::BodySection { data: Some(data), .. } = attribute
                    && part.is_none()
                {
                    part = Some(data.as_ref().into());
                }
            }
        });
        let within_s = ANSWER_WITHIN_S + u64::from(size) / SLOWEST_BYTES_PER_S;
        self.timed(within_s, fetched).await?.map_err(failed)?;
        if is_there && part.is_none() {
            return Err(failed(Error::Bad("it is there, and nothing of it came".to_owned())));
        }
        Ok(part)
    }

    /// What the site wants done with a mail there. A server that refuses that has given the mail, which is what counts.
    async fn then(
        &self,
        session: &mut Session<Stream>,
        uid: u32,
        can_expunge: bool,
    ) -> Result<(), ImapError> {
        let commands = match self.config.then {
            Then::Keep => vec![],
            Then::MarkRead => vec![format!("UID STORE {uid} +FLAGS.SILENT (\\Seen)")],
            Then::Delete => vec![
                format!("UID STORE {uid} +FLAGS.SILENT (\\Deleted)"),
                if can_expunge { format!("UID EXPUNGE {uid}") } else { "EXPUNGE".to_owned() },
            ],
        };
        for command in commands {
            match self.ask("mark a mail", ask::run(session, &command, |_| {})).await {
                Err(ImapError::Imap { source: Error::No(words) | Error::Bad(words), .. }) => {
                    log::warn!(
                        "mail {uid} of {} stays as it is there: {command}: {words}",
                        self.config.mailbox
                    );
                }
                done => done?,
            }
        }
        Ok(())
    }

    /// Waits until there may be new mail.
    async fn wait(&self, session: Session<Stream>, can_idle: bool) -> Result<Session<Stream>, ImapError> {
        if !can_idle {
            tokio::time::sleep(Duration::from_secs(self.config.poll_s.into())).await;
            return Ok(session);
        }
        let mut idle = session.idle();
        self.ask("wait for new mail", idle.init()).await?;
        let (news, _stop) = idle.wait();
        // The library begins to wait anew with each «still here» of the server.
        if let Ok(waited) = tokio::time::timeout(Duration::from_secs(IDLE_MAX_S), news).await {
            waited.map_err(|source| ImapError::Imap { what: "wait for new mail".into(), source })?;
        }
        self.ask("wait for new mail", idle.done()).await
    }

    async fn ask<T>(
        &self,
        what: impl Into<Cow<'static, str>>,
        asked: impl Future<Output = async_imap::error::Result<T>>,
    ) -> Result<T, ImapError> {
        self.timed(ANSWER_WITHIN_S, asked)
            .await?
            .map_err(|source| ImapError::Imap { what: what.into(), source })
    }

    async fn timed<T>(&self, within_s: u64, asked: impl Future<Output = T>) -> Result<T, ImapError> {
        let answered = tokio::time::timeout(Duration::from_secs(within_s), asked).await;
        answered.map_err(|_| ImapError::Silent { host: self.config.host.clone(), within_s })
    }
}
