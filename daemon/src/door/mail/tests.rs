//! Mail of all kinds, and what becomes of it.

mod corpus;
mod lmtp;
mod room;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use firmware_board::Language;

use super::{MailSettings, Mailroom};
use crate::config::{MailAddress, MailIn};
use crate::desk::regulation::shipped;
use crate::desk::{Reach, Regulations, Ticket, TicketNumber};
use crate::mail::MailDomain;
use crate::run::{Apart, Handle, Settings, start};
use crate::store::AttachmentLimits;

/// The desk's address in tests.
pub(super) const DESK: &str = "support@desk.example";

fn domain() -> MailDomain {
    MailDomain::parse("desk.example").unwrap()
}

fn address(take_automatic: bool) -> MailAddress {
    MailAddress {
        address: DESK.to_owned(),
        regulation: None,
        kind: "error".into(),
        channel: "email".into(),
        take_automatic,
    }
}

/// A desk with its mailroom.
pub(super) struct World {
    handle: Handle,
    pub(super) room: Mailroom,
    thread: Option<JoinHandle<()>>,
}

impl World {
    pub(super) fn open(dir: &Path, limits: MailIn) -> Self {
        Self::of("getmark", dir, limits)
    }

    fn of(regulation: &str, dir: &Path, limits: MailIn) -> Self {
        Self::with(regulation, dir, limits, Reach::default())
    }

    /// One that writes letters by mail.
    fn that_writes(dir: &Path, limits: MailIn) -> Self {
        Self::with("getmark", dir, limits, Reach { mail: true, ..Reach::default() })
    }

    fn with(regulation: &str, dir: &Path, limits: MailIn, reach: Reach) -> Self {
        let regulation = shipped::get(regulation).unwrap().unwrap();
        let settings = Settings {
            regulations: Regulations::new(vec![regulation]),
            reach,
            ..Settings::plain(dir.to_owned())
        };
        let (handle, thread, _) = start(&settings, |_, _| {}).unwrap();
        let attachments = AttachmentLimits {
            file_max_bytes: 1 << 20,
            ticket_max_bytes: 4 << 20,
            total_max_bytes: 1 << 30,
            keep_free_bytes: 0,
        };
        let apart = Apart::open(dir, attachments, Ok(None), Language::Russian);
        let kind = if handle.view().regulations().ids() == ["getmark"] { "error" } else { "problem" };
        let addresses = vec![MailAddress { kind: kind.into(), ..address(false) }];
        let settings =
            MailSettings { addresses, from: None, domain: domain(), limits, language: Language::Russian };
        let room = Mailroom::open(handle.clone(), apart, settings, dir).unwrap();
        Self { handle, room, thread: Some(thread) }
    }

    pub(super) fn ticket(&self, number: u64) -> Arc<Ticket> {
        self.handle.view().ticket(TicketNumber(number)).unwrap().unwrap()
    }

    pub(super) fn tickets(&self) -> u64 {
        self.handle.view().tickets_total()
    }

    /// The desk takes no more.
    pub(super) fn stop(&self) {
        self.handle.stop();
    }

    fn alarms(&self) -> Vec<String> {
        let board = self.handle.view().board();
        board.alarms.iter().map(|(alarm, _)| alarm.id.to_string()).collect()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

/// A mail of a person; `more` are headers.
pub(super) fn mail(id: &str, from: &str, subject: &str, more: &str, text: &str) -> Arc<[u8]> {
    let head = format!(
        "From: {from}\r\nTo: {DESK}\r\nDate: Fri, 20 Nov 2026 14:02:11 +0300\r\nMessage-ID: <{id}@example.ru>\r\nSubject: {subject}\r\n\
         {more}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    );
    head.into_bytes().into()
}
