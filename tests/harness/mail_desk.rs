//! A desk that mail comes in to, on the disk and by the box's own clock: for what a mail becomes, and not for terms.

use std::sync::Arc;
use std::thread::JoinHandle;

use andon::config::{MailAddress, MailIn};
use andon::desk::regulation::shipped;
use andon::desk::{Actor, Command, Regulations, Role, Ticket, TicketNumber};
use andon::door::mail::{MailSettings, Mailroom, Taken};
use andon::mail::MailDomain;
use andon::run::{Apart, Handle, Settings, start};
use andon::store::AttachmentLimits;
use firmware_board::Language;

/// The desk's address.
pub const DESK: &str = "support@desk.example";

/// A desk that mail comes in to.
pub struct MailDesk {
    handle: Handle,
    room: Mailroom,
    thread: Option<JoinHandle<()>>,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

impl MailDesk {
    /// One under a shipped regulation; its mails become tickets of that type.
    ///
    /// # Panics
    /// Where it does not open.
    pub fn open(regulation: &str, kind: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let regulation = shipped::get(regulation).expect("it is shipped").expect("it is whole");
        let settings = Settings {
            state_dir: dir.path().to_owned(),
            regulations: Regulations::new(vec![regulation]),
            zone: calendars::Tz::Europe__Moscow,
            language: Language::Russian,
            quiet: andon::board::QuietHours::default(),
            reach: andon::desk::Reach::default(),
            archiving: None,
            proof: andon::run::time::Proof::Plausible,
        };
        let (handle, thread, _) = start(&settings, |_, _| {}).expect("a fresh desk opens");
        let limits = AttachmentLimits {
            file_max_bytes: 1 << 20,
            ticket_max_bytes: 4 << 20,
            total_max_bytes: 1 << 30,
            keep_free_bytes: 0,
        };
        let apart = Apart::open(dir.path(), limits, Ok(None), Language::Russian);
        let address = MailAddress {
            address: DESK.to_owned(),
            regulation: None,
            kind: kind.into(),
            channel: "email".into(),
            take_automatic: false,
        };
        let mail = MailSettings {
            addresses: vec![address],
            from: None,
            domain: MailDomain::parse("desk.example").expect("a domain"),
            limits: MailIn::default(),
            language: Language::Russian,
        };
        let room = Mailroom::open(handle.clone(), apart, mail, dir.path()).expect("its books open");
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().expect("a runtime");
        Self { handle, room, thread: Some(thread), runtime, _dir: dir }
    }

    /// Takes a mail in.
    ///
    /// # Panics
    /// Where that fails.
    pub fn take(&self, mail: &str) -> Taken {
        let raw: Arc<[u8]> = mail.as_bytes().into();
        self.runtime.block_on(self.room.take(raw, None)).expect("it is taken")
    }

    /// Has an agent, or whoever of that role, do something.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn act(&self, command: Command, role: Role) {
        let done = self.runtime.block_on(self.handle.command(command, Actor::named("ivanova", role), None));
        done.expect("it is done");
    }

    /// A ticket.
    ///
    /// # Panics
    /// Where there is none.
    pub fn ticket(&self, number: u64) -> Arc<Ticket> {
        self.handle.view().ticket(TicketNumber(number)).expect("it can be read").expect("it is there")
    }
}

impl Drop for MailDesk {
    fn drop(&mut self) {
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            // A loop that panicked has said so.
            let _ = thread.join();
        }
    }
}
