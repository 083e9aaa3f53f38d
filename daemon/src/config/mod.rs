//! The configuration file, and what the command line says over it.
//!
//! Everything has a default: a daemon without a file runs. What cannot be is told by file, line, key and the way out;
//! `andonctl config check` reads a file by this same code.

mod alertmanager;
mod attachments;
mod chat;
#[cfg(test)]
mod installed;
mod limits;
mod mail;
mod mail_in;
mod panel;
mod pins;
mod requester_page;
mod roster;
mod sealed;
pub mod serving;
pub mod signals;
mod sources;
mod template;
pub mod tls;
pub mod webhook;
#[cfg(test)]
mod wiring;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use calendars::Tz;
use firmware_board::Language;
use serde::Deserialize;
use toml::Spanned;

use crate::board::QuietHours;
use crate::board::quiet::QuietSpan;
use crate::desk::regulation::{IntakeRule, Problems, Regulation, shipped};
use crate::desk::{AlarmKind, Regulations};
use crate::mail::MailDomain;
use crate::run::archiving::Rule;
use crate::run::time::Proof;
use crate::toml_problem;

pub use alertmanager::Alertmanager;
pub use attachments::Attachments;
pub use chat::{CHATS_MAX, Chat};
pub use limits::{Limits, Rate};
pub use mail::{Mail, MailTls};
pub use mail_in::{Imap, ImapTls, Lmtp, LmtpListen, MailAddress, MailIn, Then};
pub use panel::{Drm, MODULES_MAX, Max7219, OTHER_PARTS, Panel, PanelKind, Spi, Ssd1306, Tft, TftChip};
pub use requester_page::RequesterPage;
pub use roster::Roster;
pub use sealed::Sealed;
pub use serving::Serving;
pub use signals::{ButtonPin, SignalPins, Strip};
pub use sources::Sources;
pub use template::{BadTemplate, Template};
pub use tls::{Tls, TlsFiles};
pub use webhook::Webhook;

/// Where the daemon listens where nothing else is said.
pub const LISTEN: &str = "127.0.0.1:8420";
/// Where the state lies where nothing else is said.
pub const STATE_DIR: &str = "./andon-state";

/// The configuration of an installed daemon.
pub const INSTALLED: &str = "/etc/andon/andon.toml";

/// The configuration of an installed daemon, where it or drop-ins beside it are there. What cannot be looked at is taken to be
/// there: it is to be told that it cannot be read, and never passed over.
pub fn installed() -> Option<&'static Path> {
    let path = Path::new(INSTALLED);
    is_there(path).then_some(path)
}

fn is_there(path: &Path) -> bool {
    [path, &path.with_extension("d")].iter().any(|path| path.try_exists().unwrap_or(true))
}

/// Where systemd put the credentials of the unit that this runs in; none outside of one.
pub fn credentials() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

/// Where a file of the configuration is: a name without a `/` is a credential of systemd where there is one, everything else
/// a file looked for from `base`.
fn beside(file: &Path, base: &Path, credentials: Option<&Path>) -> PathBuf {
    let is_name = file.components().count() == 1;
    let credential = credentials.map(|dir| dir.join(file)).filter(|path| is_name && path.exists());
    credential.unwrap_or_else(|| base.join(file))
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The file says something that cannot be.
    #[error("{path}:{line}: {key}: {message}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Line, from 1; 0 where none can be told.
        line: usize,
        /// Which key.
        key: String,
        /// What is wrong and what would be right.
        message: String,
    },
    /// Whoever hears the network would read tokens and tickets.
    #[error(
        "the desk would listen on {listen} without TLS, where the network hears tokens and tickets: give it a certificate \
         by [tls], or listen on 127.0.0.1 behind a proxy that has one, or write `insecure-lan = true` where the network is trusted"
    )]
    Exposed {
        /// Where it would listen.
        listen: SocketAddr,
    },
    /// A regulation's file is wrong.
    #[error("{0}")]
    Regulation(#[from] Problems),
    /// A regulation is neither shipped nor a file.
    #[error("unknown regulation `{name}`: neither one that is shipped ({shipped}) nor a file that can be read", shipped = shipped::names().collect::<Vec<_>>().join(", "))]
    UnknownRegulation {
        /// What was asked for.
        name: String,
    },
    /// Two regulations have one id, and are no two versions of it.
    #[error("two regulations have the id `{id}` and the same version or holds-from; versions differ in both")]
    TwiceRegulation {
        /// Which id.
        id: String,
    },
    /// `[alertmanager]` names something that is not there.
    #[error("[alertmanager] {key}: {message}")]
    Alertmanager {
        /// Which of its keys.
        key: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// `[mail]` cannot be so.
    #[error("[mail] {key}: {message}")]
    Mail {
        /// Which of its keys.
        key: &'static str,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A chat cannot be so.
    #[error("[[chat]] {entry}: {message}")]
    Chat {
        /// Which of the entries, from 1.
        entry: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// A webhook cannot be so.
    #[error("[[webhook]] {entry}: {message}")]
    Webhook {
        /// Which of the entries, from 1.
        entry: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// An address of the desk cannot be so.
    #[error("[[mail-address]] {entry}: {message}")]
    MailAddress {
        /// Which of the entries, from 1.
        entry: usize,
        /// What is wrong and what would be right.
        message: String,
    },
    /// Mail would come in to nobody.
    #[error("[{table}]: nothing would come of it; name the desk's addresses by [[mail-address]]")]
    NoMailAddress {
        /// `imap` or `lmtp`.
        table: &'static str,
    },
    /// An intake rule names something that is not there.
    #[error("[[intake]] {entry}: {message}")]
    Intake {
        /// Which of the entries, from 1.
        entry: usize,
        /// What is wrong and what would be right.
        message: String,
    },
}

/// The configuration file.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// Where tickets and ledger lie. Default: `./andon-state`.
    pub state_dir: PathBuf,
    /// The address of the HTTP door. Default: `127.0.0.1:8420`.
    pub listen: SocketAddr,
    /// Whether the HTTP door may be heard on the network without TLS. Default: false, it is refused.
    pub insecure_lan: bool,
    /// The HTTP door's certificate; without, it speaks plain HTTP, on loopback only.
    pub tls: Option<Tls>,
    /// How many the HTTP door serves.
    pub serving: Serving,
    /// Regulations by shipped name or file. Default: `getmark`.
    pub regulations: Vec<String>,
    /// Which regulation a registration that names none is taken under, where several run; the first match.
    pub intake: Vec<IntakeRule>,
    /// The zone of the wall and of the admin's commands. Default: `Europe/Moscow`.
    #[serde(deserialize_with = "zone")]
    pub zone: Tz,
    /// The wall.
    pub board: Board,
    /// The box's clock.
    pub clock: Clock,
    /// The journal.
    pub log: Log,
    /// Where tickets go that were closed long ago.
    pub archive: Archive,
    /// How often a token or an address may ask.
    pub limits: Limits,
    /// Which tickets alerts open; without, none come in.
    pub alertmanager: Option<Alertmanager>,
    /// How much room files of tickets may take.
    pub attachments: Attachments,
    /// The key of access data.
    pub sealed: Sealed,
    /// What the wall tells of the roster.
    pub roster: Roster,
    /// Where events are posted. Default: nowhere.
    #[serde(rename = "webhook")]
    pub webhooks: Vec<Webhook>,
    /// The page on which a requester sees their ticket; without, there is none.
    pub requester_page: Option<RequesterPage>,
    /// The mail server by which letters go out; without, none are written.
    pub mail: Option<Mail>,
    /// Rooms in a chat that are written to. Default: none.
    #[serde(rename = "chat")]
    pub chats: Vec<Chat>,
    /// The desk's addresses: what a mail to each becomes. Default: none.
    #[serde(rename = "mail-address")]
    pub mail_addresses: Vec<MailAddress>,
    /// The mailbox that mail is fetched from; without, none is.
    pub imap: Option<Imap>,
    /// Where the site's own mail server brings mail to; without, nowhere.
    pub lmtp: Option<Lmtp>,
    /// How much mail is taken in.
    pub mail_in: MailIn,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            state_dir: STATE_DIR.into(),
            listen: LISTEN.parse().expect("the default address is one"),
            insecure_lan: false,
            tls: None,
            serving: Serving::default(),
            regulations: vec!["getmark".to_owned()],
            intake: Vec::new(),
            zone: Tz::Europe__Moscow,
            board: Board::default(),
            clock: Clock::default(),
            log: Log::default(),
            archive: Archive::default(),
            limits: Limits::default(),
            alertmanager: None,
            attachments: Attachments::default(),
            sealed: Sealed::default(),
            roster: Roster::default(),
            webhooks: Vec::new(),
            requester_page: None,
            mail: None,
            chats: Vec::new(),
            mail_addresses: Vec::new(),
            imap: None,
            lmtp: None,
            mail_in: MailIn::default(),
        }
    }
}

/// The box's clock.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Clock {
    /// What makes its time trusted: `synchronised`, the kernel says so, or `plausible` (the default), it is not before
    /// this program was written nor before the newest event.
    pub trust: Proof,
}

/// The wall.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Board {
    /// The name of the room or site, shown on the wall.
    pub site: String,
    /// `ru` (the default) or `en`.
    #[serde(deserialize_with = "language")]
    pub language: Language,
    /// When the buzzer waits, in the site's zone: `"20:00-08:00"`. What still calls when they end sounds then; the lamps
    /// never wait. Default: none.
    pub quiet_hours: Option<QuietSpan>,
    /// Which kinds of alarm sound in quiet hours all the same: `["critical"]`. Default: none.
    pub quiet_hours_let_through: Vec<AlarmKind>,
    /// The panels as they are written.
    #[serde(rename = "panel")]
    written: Vec<Spanned<panel::Written>>,
    /// The panels. Default: one that is simulated, to be seen at `/board`.
    #[serde(skip)]
    pub panels: Vec<Panel>,
    /// The pins of lamps and buzzer, BCM numbers; without, there are none.
    pub signals: Option<SignalPins>,
    /// A strip of lights as lamps; without, there is none.
    pub strip: Option<Strip>,
    /// The acknowledge button; without, there is none.
    pub button: Option<ButtonPin>,
}

impl Default for Board {
    fn default() -> Self {
        Self {
            site: String::new(),
            language: Language::default(),
            written: Vec::new(),
            panels: vec![Panel::simulated()],
            quiet_hours: None,
            quiet_hours_let_through: Vec::new(),
            signals: None,
            strip: None,
            button: None,
        }
    }
}

/// The journal.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Log {
    /// The least that is logged: error, warn, info (the default), debug or trace.
    pub level: log::LevelFilter,
}

impl Default for Log {
    fn default() -> Self {
        Self { level: log::LevelFilter::Info }
    }
}

/// Where tickets go that were closed long ago: a compressed file for each year, in the state directory.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Archive {
    /// How many days a ticket has been closed without a change when it goes there: 0 to 36500, or `never`. Default: 30.
    #[serde(deserialize_with = "closed_for_days")]
    pub closed_for_days: Option<u16>,
}

impl Default for Archive {
    fn default() -> Self {
        Self { closed_for_days: Some(CLOSED_FOR_DAYS) }
    }
}

impl Archive {
    /// The same as the desk takes it, in the site's zone.
    pub fn rule(self, zone: Tz) -> Option<Rule> {
        self.closed_for_days.map(|days| Rule { after_ms: i64::from(days) * DAY_MS, zone })
    }
}

/// How many days a closed ticket stays out of the archive where nothing else is said …
const CLOSED_FOR_DAYS: u16 = 30;
/// … and at most: a hundred years.
const CLOSED_FOR_DAYS_MAX: u16 = 36_500;
const DAY_MS: i64 = 86_400_000;

fn closed_for_days<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    let said = toml::Value::deserialize(deserializer)?;
    if said.as_str() == Some("never") {
        return Ok(None);
    }
    let days = said.as_integer().and_then(|days| u16::try_from(days).ok());
    days.filter(|days| *days <= CLOSED_FOR_DAYS_MAX).map(Some).ok_or_else(|| {
        let expected = format!("a number of days, 0 to {CLOSED_FOR_DAYS_MAX}, or \"never\"");
        serde::de::Error::custom(format!("{said} is not {expected}"))
    })
}

fn zone<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(|_| {
        serde::de::Error::custom(format!("unknown zone `{name}`; an IANA name such as Europe/Moscow"))
    })
}

fn language<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Language, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "ru" => Ok(Language::Russian),
        "en" => Ok(Language::English),
        other => Err(serde::de::Error::custom(format!("unknown language `{other}`; one of ru, en"))),
    }
}

impl Config {
    /// The language of letters and of requesters' pages: the one that is said, else that of the wall.
    pub fn letter_language(&self) -> Language {
        self.mail.as_ref().and_then(|mail| mail.language).unwrap_or(self.board.language)
    }

    /// Reads a file and the drop-ins beside it ([`Sources`]).
    ///
    /// # Errors
    /// [`ConfigError`]: by file, line, key and the way out.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        Sources::read(path)?.config()
    }

    /// What a text says, with what it names.
    fn of(sources: &Sources) -> Result<Self, ConfigError> {
        let path = sources.path();
        let mut config = Self::parse(path, sources.text()).map_err(|error| sources.placed(error))?;
        let base = path.parent().unwrap_or(Path::new("."));
        config.regulations(base)?;
        let credentials = credentials();
        for webhook in &mut config.webhooks {
            webhook.settle(base, credentials.as_deref());
        }
        if let Some(mail) = &mut config.mail {
            mail.settle(base, credentials.as_deref());
        }
        for chat in &mut config.chats {
            chat.settle(base, credentials.as_deref());
        }
        if let Some(imap) = &mut config.imap {
            imap.settle(base, credentials.as_deref());
        }
        Ok(config)
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// [`ConfigError::File`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let problem = |line, key: &str, message: String| ConfigError::File {
            path: path.to_owned(),
            line,
            key: key.to_owned(),
            message,
        };
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let (line, key, message) = toml_problem::tell(text, &error);
            problem(line, &key, message)
        })?;
        let line_with =
            |key: &str| text.lines().position(|line| line.trim_start().starts_with(key)).map_or(0, |n| n + 1);
        if config.regulations.is_empty() {
            return Err(problem(
                line_with("regulations"),
                "regulations",
                "is empty; name at least one".to_owned(),
            ));
        }
        config
            .board
            .settle(text)
            .map_err(|wrong| problem(toml_problem::line_of(text, &wrong.at), wrong.key, wrong.message))?;
        config
            .refuse_exposure()
            .map_err(|exposed| problem(line_with("listen"), "listen", exposed.to_string()))?;
        Ok(config)
    }

    /// Whether the network hears what the HTTP door says.
    pub fn is_exposed(&self) -> bool {
        self.tls.is_none() && !self.listen.ip().to_canonical().is_loopback()
    }

    /// Holds that the network hears what the HTTP door says only where that is wanted.
    ///
    /// # Errors
    /// [`ConfigError::Exposed`].
    pub fn refuse_exposure(&self) -> Result<(), ConfigError> {
        if self.is_exposed() && !self.insecure_lan {
            return Err(ConfigError::Exposed { listen: self.listen });
        }
        Ok(())
    }

    /// The domain in the ids of the desk's letters: that of `[mail]`, else that of the first `[[mail-address]]`; none where there
    /// is no mail.
    pub fn letter_domain(&self) -> Option<MailDomain> {
        let of_first = || self.mail_addresses.first()?.domain();
        self.mail.as_ref().map(Mail::domain).or_else(of_first)
    }

    /// The regulations named, read and checked. Files are looked for from `base`.
    ///
    /// # Errors
    /// [`ConfigError::Regulation`], [`ConfigError::UnknownRegulation`], [`ConfigError::TwiceRegulation`],
    /// [`ConfigError::Intake`], [`ConfigError::Alertmanager`], [`ConfigError::Webhook`], [`ConfigError::Mail`],
    /// [`ConfigError::Chat`].
    pub fn regulations(&self, base: &Path) -> Result<Regulations, ConfigError> {
        let mut all: Vec<Arc<Regulation>> = Vec::new();
        for name in &self.regulations {
            let regulation = regulation(name, base)?;
            let same = |known: &&Arc<Regulation>| {
                known.id == regulation.id
                    && (known.version == regulation.version || known.holds_from == regulation.holds_from)
            };
            if all.iter().any(|known| same(&known)) {
                return Err(ConfigError::TwiceRegulation { id: regulation.id.to_string() });
            }
            all.push(regulation);
        }
        let regulations = Regulations::new(all);
        for (entry, rule) in (1..).zip(&self.intake) {
            possible(rule, &regulations).map_err(|message| ConfigError::Intake { entry, message })?;
            if let Some(first) = self.intake[..entry - 1].iter().position(|earlier| earlier.covers(rule)) {
                let message = format!(
                    "never matches: entry {} comes first and takes all that it would; put the narrower one first",
                    first + 1
                );
                return Err(ConfigError::Intake { entry, message });
            }
        }
        if let Some(alertmanager) = &self.alertmanager {
            alertmanager
                .check(&regulations)
                .map_err(|(key, message)| ConfigError::Alertmanager { key, message })?;
        }
        webhook::check(&self.webhooks, &regulations)
            .map_err(|(entry, message)| ConfigError::Webhook { entry, message })?;
        if let Some(mail) = &self.mail {
            mail.check(&regulations).map_err(|(key, message)| ConfigError::Mail { key, message })?;
        }
        chat::check(&self.chats, &regulations)
            .map_err(|(entry, message)| ConfigError::Chat { entry, message })?;
        mail_in::check(&self.mail_addresses, &regulations)
            .map_err(|(entry, message)| ConfigError::MailAddress { entry, message })?;
        let doors = [("imap", self.imap.is_some()), ("lmtp", self.lmtp.is_some())];
        if let Some((table, _)) =
            doors.into_iter().find(|(_, is_open)| *is_open && self.mail_addresses.is_empty())
        {
            return Err(ConfigError::NoMailAddress { table });
        }
        Ok(regulations.with_intake(self.intake.clone()))
    }
}

/// Whether an intake rule names what is there.
fn possible(rule: &IntakeRule, regulations: &Regulations) -> Result<(), String> {
    let Some(regulation) = regulations.get(&rule.regulation) else {
        let ids = regulations.ids().join(", ");
        return Err(format!("regulation `{}` is not run here; one of {ids}", rule.regulation));
    };
    match rule.channel.as_deref().filter(|channel| regulation.channel(channel).is_none()) {
        None => Ok(()),
        Some(channel) => {
            let known: Vec<_> = regulation.channels.iter().map(|channel| channel.name.id.as_str()).collect();
            Err(format!("{} has no channel `{channel}`; one of {}", regulation.id, known.join(", ")))
        }
    }
}

/// A regulation by the name of a shipped one, or by its file.
///
/// # Errors
/// [`ConfigError::Regulation`] or [`ConfigError::UnknownRegulation`].
pub fn regulation(name: &str, base: &Path) -> Result<Arc<Regulation>, ConfigError> {
    if let Some(regulation) = shipped::get(name) {
        return Ok(regulation?);
    }
    let path = base.join(name);
    let text = std::fs::read_to_string(&path)
        .map_err(|_| ConfigError::UnknownRegulation { name: name.to_owned() })?;
    Ok(Arc::new(Regulation::parse(&path.display().to_string(), &text)?))
}

impl Board {
    /// When the buzzer waits, and for what it does not.
    pub fn quiet(&self) -> QuietHours {
        QuietHours::new(self.quiet_hours, &self.quiet_hours_let_through)
    }

    /// Reads the panels as they are written, and puts every part on a pin of its own; `text` is the file's.
    fn settle(&mut self, text: &str) -> Result<(), panel::Wrong> {
        let mut uses = Vec::new();
        self.panels = panel::read(&self.written, &mut uses)?;
        let signals = self.signals.as_ref();
        let wrong = |key, message| panel::Wrong { at: place_of(text, key), key, message };
        if let Some((key, message)) = signals.and_then(SignalPins::contradiction) {
            // Not the line of `buzzer-pin`.
            let at = place_of(text, &format!("{key} "));
            return Err(panel::Wrong { at, key, message: message.to_owned() });
        }
        let signals = signals.map(SignalPins::pins).unwrap_or_default();
        let signals = signals.into_iter().map(|(key, pin)| (key, key, pin));
        for (part, key, pin) in signals.chain(self.button.map(|button| ("the button", "pin", button.pin))) {
            let at = place_of(text, key);
            pins::on_header(pin.into()).map_err(|message| wrong(key, message))?;
            uses.push(pins::Use { pin, part: part.to_owned(), key, at });
        }
        if let Some(strip) = self.strip {
            let key = "[board.strip]";
            if strip.select >= pins::selects(strip.bus) {
                let message = format!("there is no SPI bus {} with chip select {}", strip.bus, strip.select);
                return Err(wrong(key, message));
            }
            let at = place_of(text, key);
            let taken = pins::of_bus(strip.bus);
            uses.extend(taken.map(|pin| pins::Use {
                pin,
                part: "the strip".to_owned(),
                key,
                at: at.clone(),
            }));
        }
        pins::apart(&uses)
    }
}

/// A configuration and what it names, as the daemon reads them; else what it says to the admin.
#[cfg(test)]
fn read(text: &str) -> Result<Config, String> {
    let config = Config::parse(Path::new("andon.toml"), text).map_err(|error| error.to_string())?;
    config.regulations(Path::new(".")).map_err(|error| error.to_string())?;
    Ok(config)
}

/// Where a key is said first.
fn place_of(text: &str, key: &str) -> std::ops::Range<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let after = line.trim_start().strip_prefix(key);
        if after.is_some_and(|after| !after.starts_with(|next: char| next.is_alphanumeric() || next == '-')) {
            return start..start + line.len();
        }
        start += line.len();
    }
    0..0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(text: &str) -> String {
        Config::parse(Path::new("andon.toml"), text).expect_err("it is wrong").to_string()
    }

    #[test]
    fn a_configuration_that_cannot_be_looked_at_is_there_and_so_are_drop_ins_alone() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        let path = dir.path().join("andon.toml");
        assert!(!is_there(&path));
        // Beneath a file nobody can look, as others cannot in a directory that is shut.
        std::fs::write(dir.path().join("file"), "").expect("it can be written");
        assert!(is_there(&dir.path().join("file/andon.toml")));
        std::fs::create_dir(dir.path().join("andon.d")).expect("it can be made");
        assert!(is_there(&path));
    }

    #[test]
    fn an_empty_file_is_the_default() {
        let config = Config::parse(Path::new("andon.toml"), "").expect("it is whole");
        assert_eq!(config.listen.to_string(), LISTEN);
        assert_eq!(config.regulations, ["getmark"]);
    }

    #[test]
    fn closed_tickets_are_archived_after_a_month_or_as_long_as_is_said_or_never() {
        let rule = |text: &str| {
            let config = Config::parse(Path::new("andon.toml"), text).expect("it is whole");
            config.archive.rule(config.zone).map(|rule| rule.after_ms)
        };
        assert_eq!(rule(""), Some(30 * 86_400_000));
        assert_eq!(rule("[archive]"), Some(30 * 86_400_000));
        assert_eq!(rule("[archive]\nclosed-for-days = 0"), Some(0));
        assert_eq!(rule("[archive]\nclosed-for-days = \"never\""), None);
    }

    #[test]
    fn an_intake_rule_names_what_is_run_here() {
        let complaint = |intake: &str| {
            let text = format!("regulations = [\"getmark\", \"itsm\"]\n[[intake]]\n{intake}");
            let config = Config::parse(Path::new("andon.toml"), &text).expect("its form is right");
            config.regulations(Path::new(".")).expect_err("it names what is not there").to_string()
        };
        assert_eq!(
            complaint("regulation = \"getmarc\""),
            "[[intake]] 1: regulation `getmarc` is not run here; one of getmark, itsm"
        );
        assert_eq!(
            complaint("regulation = \"getmark\"\nchannel = \"fax\""),
            "[[intake]] 1: getmark has no channel `fax`; one of phone, email, telegram, whatsapp"
        );
        assert_eq!(
            complaint("regulation = \"getmark\"\n[[intake]]\nregulation = \"itsm\"\nchannel = \"phone\""),
            "[[intake]] 2: never matches: entry 1 comes first and takes all that it would; put the narrower one first"
        );
    }

    #[test]
    fn each_bad_key_is_told_by_line_and_way_out() {
        let unknown = complaint("listen = \"127.0.0.1:1\"\nstate-dri = \"x\"\n");
        assert!(unknown.starts_with("andon.toml:2: state-dri: unknown field `state-dri`"), "{unknown}");
        assert!(unknown.ends_with("did you mean `state-dir`?"), "{unknown}");
        for (text, expected) in [
            (
                "zone = \"Moscow\"",
                "andon.toml:1: zone: unknown zone `Moscow`; an IANA name such as Europe/Moscow",
            ),
            (
                "[archive]\nclosed-for-days = -1",
                "andon.toml:2: closed-for-days: -1 is not a number of days, 0 to 36500, or \"never\"",
            ),
            (
                "[archive]\nclosed-for-days = \"soon\"",
                "andon.toml:2: closed-for-days: \"soon\" is not a number of days, 0 to 36500, or \"never\"",
            ),
            (
                "[archive]\nclosed-for-days = 36501",
                "andon.toml:2: closed-for-days: 36501 is not a number of days, 0 to 36500, or \"never\"",
            ),
            ("regulations = []", "andon.toml:1: regulations: is empty; name at least one"),
            ("[board]\nlanguage = \"de\"", "andon.toml:2: language: unknown language `de`; one of ru, en"),
            (
                "[board.signals]\nred-pin = 5\namber-pin = 6\ngreen-pin = 5\nbuzzer-pin = 7\n",
                "andon.toml:4: green-pin: pin 5 is used by red-pin and green-pin; each part has its own",
            ),
        ] {
            assert_eq!(complaint(text), expected);
        }
        assert!(complaint("listen = \"here\"").contains("andon.toml:1: listen: invalid socket address"));
    }

    #[test]
    fn plain_http_on_the_network_is_refused_unless_it_is_wanted() {
        let told = complaint("zone = \"UTC\"\nlisten = \"0.0.0.0:8420\"");
        assert!(
            told.starts_with("andon.toml:2: listen: the desk would listen on 0.0.0.0:8420 without TLS"),
            "{told}"
        );
        assert!(told.contains("[tls]") && told.contains("`insecure-lan = true`"), "{told}");
        assert!(complaint("listen = \"[::]:8420\"").contains("without TLS"));
        for fine in [
            "listen = \"0.0.0.0:8420\"\ninsecure-lan = true",
            "listen = \"0.0.0.0:8420\"\n[tls]\ncertificate = \"./c.pem\"\nkey = \"./k.pem\"",
            "listen = \"127.0.0.7:8420\"",
            "listen = \"[::1]:8420\"",
            "listen = \"[::ffff:127.0.0.1]:8420\"",
        ] {
            Config::parse(Path::new("andon.toml"), fine).unwrap_or_else(|error| panic!("{fine}: {error}"));
        }
    }

    #[test]
    fn the_kernels_word_is_asked_for_as_installed_and_not_where_nothing_is_said() {
        let installed = include_str!("../../../systemd/andon.toml");
        let config = Config::parse(Path::new("andon.toml"), installed).expect("it is whole");
        assert_eq!(config.clock.trust, Proof::Synchronised);
        assert_eq!(Config::default().clock.trust, Proof::Plausible);
        let wrong = complaint("[clock]\ntrust = \"ntp\"");
        assert!(wrong.contains("expected `synchronised` or `plausible`"), "{wrong}");
    }
}
