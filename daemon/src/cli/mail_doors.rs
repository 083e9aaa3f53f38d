//! The doors of mail, opened beside a running desk: what fails of them is an alarm and never stops the desk.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use firmware_board::Language;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;

use crate::chain::chain;
use crate::config::{Config, Imap, Lmtp, LmtpListen};
use crate::desk::{Actor, AlarmKind, Command, DeskAct, Role};
use crate::door::mail::lmtp::{self, Listener};
use crate::door::mail::{MailPlace, MailSettings, Mailroom, imap};
use crate::run::{Apart, Handle};

/// How long after a door could not be opened it is tried again, in seconds.
const AGAIN_S: u64 = 10;
/// The parts that fail.
const BOOKS: &str = "mail-in";
const LMTP: &str = "lmtp";

/// The doors of mail, as the configuration says. Its books may take a while to open, since they read what they lack from the
/// record: nobody waits for that. Dropped, the doors are shut.
pub(super) struct MailDoors {
    handle: Handle,
    apart: Apart,
    place: MailPlace,
    /// The wall's.
    language: Language,
    /// What is open, or to be.
    ways: (Option<Lmtp>, Option<Imap>),
    doors: JoinSet<()>,
}

impl MailDoors {
    /// Opens them, where the site names an address of the desk.
    pub(super) fn open(config: &Config, handle: &Handle, apart: &Apart) -> Self {
        let (handle, apart) = (handle.clone(), apart.clone());
        let (place, language, doors) = (MailPlace::default(), config.board.language, JoinSet::new());
        let mut opened = Self { handle, apart, place, language, ways: (None, None), doors };
        opened.begin(config);
        opened
    }

    /// Where the mailroom will be.
    pub(super) fn place(&self) -> MailPlace {
        self.place.clone()
    }

    /// Goes on as the configuration says now. Where other doors are to be open, those that are are shut before: a mail that is
    /// being brought is brought again.
    pub(super) async fn follow(&mut self, config: &Config) {
        if let (Some(room), Some(settings)) = (self.place.room(), self.settings(config))
            && self.ways == (config.lmtp.clone(), config.imap.clone())
        {
            return room.follow(settings).await;
        }
        self.doors.shutdown().await;
        // What failed may be configured no more; where it is, it is told again.
        for part in [BOOKS, LMTP, imap::PART] {
            tell(&self.handle, part, None);
        }
        self.begin(config);
    }

    /// What the site says of its mail; none where it names no address of the desk.
    fn settings(&self, config: &Config) -> Option<MailSettings> {
        let domain = config.letter_domain().filter(|_| !config.mail_addresses.is_empty())?;
        Some(MailSettings {
            addresses: config.mail_addresses.clone(),
            from: config.mail.as_ref().map(|mail| mail.from.email.to_string().to_lowercase()),
            domain,
            limits: config.mail_in.clone(),
            language: self.language,
        })
    }

    fn begin(&mut self, config: &Config) {
        self.ways = (config.lmtp.clone(), config.imap.clone());
        let Some(settings) = self.settings(config) else { return };
        let (handle, apart, place) = (self.handle.clone(), self.apart.clone(), self.place.clone());
        self.doors.spawn(run(config.clone(), settings, handle, apart, place));
    }
}

async fn run(config: Config, settings: MailSettings, handle: Handle, apart: Apart, place: MailPlace) {
    let language = settings.language;
    let room = match place.room() {
        Some(room) => room.clone(),
        None => opened(&config, &settings, &handle, &apart, &place).await,
    };
    // It may have been opened with what was said before.
    room.follow(settings).await;
    let mut doors = JoinSet::new();
    if let Some(lmtp) = &config.lmtp {
        doors.spawn(listen(lmtp.listen.clone(), config.state_dir.clone(), room.clone()));
    }
    if let Some(imap) = &config.imap {
        doors.spawn(imap::fetch(imap.clone(), room, config.state_dir.clone()));
    }
    while let Some(ended) = doors.join_next().await {
        if let Err(error) = ended {
            log::error!("a door of mail ended in a panic: {error}");
            tell(&handle, BOOKS, Some(closed(language)));
        }
    }
}

/// The books of mail, as soon as they can be opened.
async fn opened(
    config: &Config,
    settings: &MailSettings,
    handle: &Handle,
    apart: &Apart,
    place: &MailPlace,
) -> Mailroom {
    loop {
        let (of, with, settings, state_dir) =
            (handle.clone(), apart.clone(), settings.clone(), config.state_dir.clone());
        let place = place.clone();
        let opening = tokio::task::spawn_blocking(move || {
            // Whoever was to open them before may be at it yet, though nobody waits for that.
            place.open_once(|| Mailroom::open(of, with, settings, &state_dir))
        });
        match opening.await {
            Ok(Ok(room)) => {
                tell(handle, BOOKS, None);
                return room;
            }
            Ok(Err(error)) => log::error!("mail is not taken in, again in {AGAIN_S} s: {}", chain(&error)),
            Err(error) => log::error!("opening the books of mail ended in a panic: {error}"),
        }
        tell(handle, BOOKS, Some(closed(config.board.language)));
        tokio::time::sleep(Duration::from_secs(AGAIN_S)).await;
    }
}

fn closed(language: Language) -> &'static str {
    match language {
        Language::Russian => "почта не принимается: журнал andond говорит почему",
        Language::English => "mail is not taken in: andond's journal says why",
    }
}

fn deaf(language: Language) -> &'static str {
    match language {
        Language::Russian => "почтовый сервер не может передать письма: журнал andond говорит почему",
        Language::English => "the mail server cannot hand mail over: andond's journal says why",
    }
}

/// Listens for the site's mail server, as soon as that can be.
async fn listen(at: LmtpListen, state_dir: PathBuf, room: Mailroom) {
    loop {
        match bind(&at, &state_dir).await {
            Ok(listener) => {
                tell(room.handle(), LMTP, None);
                return lmtp::serve(listener, room).await;
            }
            Err(error) => {
                log::error!("mail servers are not listened for at {at:?}, again in {AGAIN_S} s: {error}");
                tell(room.handle(), LMTP, Some(deaf(room.settings().language)));
                tokio::time::sleep(Duration::from_secs(AGAIN_S)).await;
            }
        }
    }
}

async fn bind(at: &LmtpListen, state_dir: &Path) -> std::io::Result<Listener> {
    match at {
        LmtpListen::Tcp(address) => {
            let listener = TcpListener::bind(address).await?;
            log::info!("mail servers are listened for on {}", listener.local_addr()?);
            Ok(Listener::Tcp(listener))
        }
        LmtpListen::Unix(path) => {
            let path = state_dir.join(path);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
            let listener = UnixListener::bind(&path)?;
            // The mail server's user is let in by the group.
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o660))?;
            log::info!("mail servers are listened for on {}", path.display());
            Ok(Listener::Unix(listener))
        }
    }
}

fn tell(handle: &Handle, part: &str, failed: Option<&str>) {
    let (kind, part) = (AlarmKind::Letter, part.to_owned());
    let act = match failed {
        Some(text) => DeskAct::PartFailed { kind, part, text: text.to_owned() },
        None => DeskAct::PartWorks { kind, part },
    };
    handle.tell(Command::Desk(act), Actor::named("andond", Role::Admin));
}
