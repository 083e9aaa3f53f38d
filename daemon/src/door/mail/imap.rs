//! IMAP: mail is fetched from a mailbox of the site.
//!
//! How far the mailbox has been read is its UIDVALIDITY and a UID, in `STATE/mail/imap`; it is written after mail is durable,
//! and only then is a mail marked or deleted there. What comes twice for that is known ([`super::seen`]). A mailbox that is
//! new is read from what is unread on; one that was made anew (another UIDVALIDITY), from as far back as mails are
//! remembered. Between looks the server tells of new mail (IDLE); where it does not, it is asked now and then.
//!
//! A server that fails is a line in the journal and an alarm, and is tried again, after two seconds at first and five minutes
//! at most. What cannot be taken now stays where it is, with everything behind it: the order is kept.

mod connect;
mod place;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_imap::Session;
use async_imap::types::Fetch;
use firmware_board::Language;
use futures_util::StreamExt;

use self::connect::{Stream, connect};
use self::place::Place;
use super::seen::REMEMBERED_MS;
use super::{Later, MAIL_DIR, Mailroom, tell};
use crate::chain::chain;
use crate::config::{Imap, Then};
use crate::desk::AlarmKind;
use crate::store::PLACE_FILE;

/// How long an answer of the server may take, in seconds.
pub const ANSWER_WITHIN_S: u64 = 60;
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
    #[error("{host} did not answer within {ANSWER_WITHIN_S} s")]
    Silent {
        /// Which server.
        host: String,
    },
    /// It does not do what it was asked, or the connection broke.
    #[error("cannot {what}")]
    Imap {
        /// select, look for mail, …
        what: &'static str,
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
        let mut session = self.timed(connect(&self.config)).await??;
        let capabilities = self.ask("ask what the server can", session.capabilities()).await?;
        let (can_idle, can_expunge) = (capabilities.has_str("IDLE"), capabilities.has_str("UIDPLUS"));
        let mailbox = self.ask("select the mailbox", session.select(&self.config.mailbox)).await?;
        let validity = mailbox.uid_validity.ok_or(ImapError::NoUids)?;
        let known = Place::read(&self.place_file, &self.name()).filter(|place| place.validity == validity);
        let is_anew = known.is_none() && self.place_file.exists();
        let mut place = match known {
            Some(place) => place,
            None => self.begin(&mut session, validity, mailbox.uid_next, is_anew, can_expunge).await?,
        };
        loop {
            let query = format!("UID {}:*", place.uid.saturating_add(1));
            let found = self.ask("look for new mail", session.uid_search(&query)).await?;
            // `n:*` is the last one, too, where that has a smaller number.
            let new: BTreeSet<u32> = found.into_iter().filter(|uid| *uid > place.uid).collect();
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
        let found = self.ask("look for mail", session.uid_search(&query)).await?;
        log::info!(
            "mailbox {} is read for the first time, or was made anew: {} mails",
            self.config.mailbox,
            found.len()
        );
        let all: BTreeSet<u32> = found.into_iter().collect();
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
            let Some(head) = self.part(session, uid, "BODY.PEEK[HEADER]", Fetch::header).await? else {
                return Ok(());
            };
            self.room.hold_too_long(head, size.into()).await?;
            // All of it is there only.
            return Ok(());
        }
        let Some(raw) = self.part(session, uid, "BODY.PEEK[]", Fetch::body).await? else {
            return Ok(());
        };
        self.room.take(raw, None).await?;
        self.then(session, uid, can_expunge).await
    }

    async fn size(&self, session: &mut Session<Stream>, uid: u32) -> Result<Option<u32>, ImapError> {
        let fetched = async {
            let mut fetches = session.uid_fetch(uid.to_string(), "(UID RFC822.SIZE)").await?;
            let mut size = None;
            while let Some(fetch) = fetches.next().await {
                let fetch = fetch?;
                size = size.or(fetch.size.filter(|_| fetch.uid == Some(uid)));
            }
            Ok(size)
        };
        self.ask("ask how long a mail is", fetched).await
    }

    /// A part of a mail; none where it was deleted meanwhile.
    async fn part(
        &self,
        session: &mut Session<Stream>,
        uid: u32,
        which: &str,
        of: impl Fn(&Fetch) -> Option<&[u8]>,
    ) -> Result<Option<Arc<[u8]>>, ImapError> {
        let fetched = async {
            let mut fetches = session.uid_fetch(uid.to_string(), format!("(UID {which})")).await?;
            let mut part: Option<Arc<[u8]>> = None;
            while let Some(fetch) = fetches.next().await {
                let fetch = fetch?;
                if fetch.uid == Some(uid) && part.is_none() {
                    part = of(&fetch).map(Arc::from);
                }
            }
            Ok(part)
        };
        self.ask("fetch a mail", fetched).await
    }

    async fn then(
        &self,
        session: &mut Session<Stream>,
        uid: u32,
        can_expunge: bool,
    ) -> Result<(), ImapError> {
        let flag = match self.config.then {
            Then::Keep => return Ok(()),
            Then::MarkRead => "+FLAGS.SILENT (\\Seen)",
            Then::Delete => "+FLAGS.SILENT (\\Deleted)",
        };
        let stored = async {
            let mut answers = session.uid_store(uid.to_string(), flag).await?;
            while let Some(answer) = answers.next().await {
                answer?;
            }
            Ok(())
        };
        self.ask("mark a mail", stored).await?;
        if self.config.then != Then::Delete {
            return Ok(());
        }
        let expunged = async {
            if can_expunge {
                let mut gone = Box::pin(session.uid_expunge(uid.to_string()).await?);
                while let Some(one) = gone.next().await {
                    one?;
                }
            } else {
                let mut gone = Box::pin(session.expunge().await?);
                while let Some(one) = gone.next().await {
                    one?;
                }
            }
            Ok(())
        };
        self.ask("delete a mail", expunged).await
    }

    /// Waits until there may be new mail.
    async fn wait(&self, session: Session<Stream>, can_idle: bool) -> Result<Session<Stream>, ImapError> {
        if !can_idle {
            tokio::time::sleep(Duration::from_secs(self.config.poll_s.into())).await;
            return Ok(session);
        }
        let mut idle = session.idle();
        self.ask("wait for new mail", idle.init()).await?;
        let (news, _stop) = idle.wait_with_timeout(Duration::from_secs(IDLE_MAX_S));
        let waited = news.await;
        waited.map_err(|source| ImapError::Imap { what: "wait for new mail", source })?;
        self.ask("wait for new mail", idle.done()).await
    }

    async fn ask<T>(
        &self,
        what: &'static str,
        asked: impl Future<Output = async_imap::error::Result<T>>,
    ) -> Result<T, ImapError> {
        self.timed(asked).await?.map_err(|source| ImapError::Imap { what, source })
    }

    async fn timed<T>(&self, asked: impl Future<Output = T>) -> Result<T, ImapError> {
        let answered = tokio::time::timeout(Duration::from_secs(ANSWER_WITHIN_S), asked).await;
        answered.map_err(|_| ImapError::Silent { host: self.config.host.clone() })
    }
}
