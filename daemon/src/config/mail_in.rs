//! `[[mail-address]]`, `[imap]`, `[lmtp]` and `[mail-in]`: mail that comes to the desk.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use smol_str::SmolStr;

use super::attachments::size;
use super::beside;
use crate::desk::Regulations;
use crate::mail::MailDomain;

/// How many addresses there are at most.
const ADDRESSES_MAX: usize = 64;
/// How many mails of one sender become tickets within an hour at most.
const PER_SENDER_MAX: u32 = 100_000;
const MIB: u64 = 1 << 20;

/// An address of the desk, and what a mail to it becomes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct MailAddress {
    /// The address: `support@example.org`. Required.
    #[serde(deserialize_with = "address")]
    pub address: String,
    /// The regulation's id; may be left out where the desk runs one.
    pub regulation: Option<SmolStr>,
    /// The type's id. Required.
    #[serde(rename = "type")]
    pub kind: SmolStr,
    /// The channel's id. Default: `email`.
    #[serde(default = "channel")]
    pub channel: SmolStr,
    /// Whether what a program wrote opens a ticket, too: a form of the site, a monitor. Nobody is written to. Default: false,
    /// it goes to the quarantine.
    #[serde(default)]
    pub take_automatic: bool,
}

/// The mailbox that mail is fetched from.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Imap {
    /// The server's name; its certificate must bear it.
    pub host: String,
    /// Its port. Default: 993 for `tls`, 143 for the others.
    pub port: Option<u16>,
    /// How the way there is encrypted.
    #[serde(default)]
    pub tls: ImapTls,
    /// A PEM file with the certificate that vouches for the server's. Default: those the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Whom to sign in as.
    pub user: String,
    /// The file with the password. A name without a `/` is a credential of systemd (`LoadCredential=`) where there is one,
    /// else a file beside the configuration.
    pub password_file: PathBuf,
    /// Which mailbox. Default: `INBOX`.
    #[serde(default = "inbox")]
    pub mailbox: String,
    /// What becomes of a mail there once it is durable here.
    #[serde(default)]
    pub then: Then,
    /// How often the mailbox is looked at where the server does not tell of new mail, in seconds: 5 to 3,600. Default: 30.
    #[serde(default = "poll_s", deserialize_with = "bounded_poll")]
    pub poll_s: u32,
}

/// How the way to a mailbox is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImapTls {
    /// From the first byte.
    #[default]
    Tls,
    /// It begins plain and is encrypted before anything is said.
    Starttls,
    /// It is not: for a server on this box, or in a network that is trusted.
    None,
}

/// What becomes of a mail in its mailbox once it is durable here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// It stays, marked as read.
    #[default]
    MarkRead,
    /// It stays as it is.
    Keep,
    /// It is deleted.
    Delete,
}

/// Where the site's own mail server brings mail to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Lmtp {
    /// A Unix socket, as a path, or a loopback address: `127.0.0.1:8424`. Nobody is asked who they are, so no other goes.
    #[serde(deserialize_with = "listen")]
    pub listen: LmtpListen,
}

/// Where LMTP is listened for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LmtpListen {
    /// A Unix socket; relative ones lie in the state directory.
    Unix(PathBuf),
    /// A loopback address.
    Tcp(SocketAddr),
}

/// How much mail is taken in.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct MailIn {
    /// The longest mail. Default: 30 MiB; at most 100 MiB.
    #[serde(deserialize_with = "mail_size")]
    pub max_mail: u64,
    /// How many mails of one sender become tickets within an hour; more go to the quarantine. Default: 30.
    #[serde(deserialize_with = "per_sender")]
    pub per_sender_per_hour: u32,
    /// How long the mails in the quarantine may be together. Default: 500 MiB. When it is full, mail stays where it is.
    #[serde(deserialize_with = "size")]
    pub max_quarantine: u64,
}

impl Default for MailIn {
    fn default() -> Self {
        Self { max_mail: 30 * MIB, per_sender_per_hour: 30, max_quarantine: 500 * MIB }
    }
}

fn channel() -> SmolStr {
    "email".into()
}

fn inbox() -> String {
    "INBOX".to_owned()
}

const fn poll_s() -> u32 {
    30
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_one = text.split_once('@').is_some_and(|(local, domain)| {
        let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;:\"()[]\\@".contains(c);
        !local.is_empty() && !domain.is_empty() && !local.contains(odd) && !domain.contains(odd)
    });
    if is_one {
        Ok(text.to_lowercase())
    } else {
        Err(wrong(format!("`{text}` is no address, such as support@example.org")))
    }
}

fn listen<'de, D: Deserializer<'de>>(deserializer: D) -> Result<LmtpListen, D::Error> {
    let text = String::deserialize(deserializer)?;
    if let Ok(address) = text.parse::<SocketAddr>() {
        if address.ip().to_canonical().is_loopback() {
            return Ok(LmtpListen::Tcp(address));
        }
        return Err(wrong(format!(
            "whoever reaches {address} could open tickets as anybody; a loopback address or a Unix socket"
        )));
    }
    if text.contains('/') || Path::new(&text).extension().is_some_and(|end| end == "sock") {
        return Ok(LmtpListen::Unix(text.into()));
    }
    Err(wrong(format!(
        "`{text}` is neither the path of a Unix socket, such as lmtp.sock, nor a loopback address with a port"
    )))
}

fn mail_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let bytes = size(deserializer)?;
    if (1..=100 * MIB).contains(&bytes) { Ok(bytes) } else { Err(wrong("a mail is at most \"100MiB\"")) }
}

fn per_sender<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    bounded(deserializer, 1, PER_SENDER_MAX)
}

fn bounded_poll<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    bounded(deserializer, 5, 3_600)
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D, least: u32, most: u32) -> Result<u32, D::Error> {
    let said = i64::deserialize(deserializer)?;
    let bounded = u32::try_from(said).ok().filter(|said| (least..=most).contains(said));
    bounded.ok_or_else(|| wrong(format!("{said} is not a number from {least} to {most}")))
}

fn wrong<E: serde::de::Error>(message: impl std::fmt::Display) -> E {
    E::custom(message)
}

impl Imap {
    /// The server's port.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            ImapTls::Tls => 993,
            ImapTls::Starttls | ImapTls::None => 143,
        })
    }

    /// Finds the password's file: among systemd's credentials, or from `base`.
    pub(super) fn settle(&mut self, base: &Path, credentials: Option<&Path>) {
        self.password_file = beside(&self.password_file, base, credentials);
        self.ca_file = self.ca_file.as_ref().map(|file| base.join(file));
    }
}

impl MailAddress {
    /// The domain behind the `@`; none where an id cannot bear it.
    pub(super) fn domain(&self) -> Option<MailDomain> {
        MailDomain::parse(self.address.rsplit_once('@')?.1).ok()
    }
}

/// Whether the addresses can be so together; what is wrong, and with which of them, from 1.
pub(super) fn check(addresses: &[MailAddress], regulations: &Regulations) -> Result<(), (usize, String)> {
    if addresses.len() > ADDRESSES_MAX {
        return Err((addresses.len(), format!("there are more than {ADDRESSES_MAX}")));
    }
    for (entry, one) in (1..).zip(addresses) {
        possible(one, regulations).map_err(|message| (entry, message))?;
        if addresses[..entry - 1].iter().any(|earlier| earlier.address == one.address) {
            return Err((entry, format!("`{}` is named twice", one.address)));
        }
    }
    Ok(())
}

fn possible(address: &MailAddress, regulations: &Regulations) -> Result<(), String> {
    let ids = regulations.ids();
    let id = match (&address.regulation, &ids[..]) {
        (Some(id), _) => id.as_str(),
        (None, [only]) => only,
        (None, _) => {
            return Err(format!("regulation: is required where several are run: one of {}", ids.join(", ")));
        }
    };
    let regulation = regulations
        .get(id)
        .ok_or_else(|| format!("regulation: `{id}` is not run here; one of {}", ids.join(", ")))?;
    let one_of = |key: &str, said: &str, known: Vec<&str>| {
        if known.contains(&said) {
            return Ok(());
        }
        Err(format!("{key}: {id} has no {key} `{said}`; one of {}", known.join(", ")))
    };
    one_of("type", &address.kind, regulation.types.iter().map(|kind| kind.id.as_str()).collect())?;
    let channels = regulation.channels.iter().map(|channel| channel.name.id.as_str());
    one_of("channel", &address.channel, channels.collect())?;
    let taken =
        regulation.channel(&address.channel).map(|channel| channel.types.as_slice()).unwrap_or_default();
    if !taken.is_empty() && !taken.contains(&address.kind) {
        return Err(format!("type: the channel `{}` takes {} only", address.channel, taken.join(", ")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::config::read;

    const WHOLE: &str = "[[mail-address]]\naddress = \"Support@Example.org\"\ntype = \"error\"\n";

    #[test]
    fn an_address_says_what_a_mail_becomes() {
        let config = read(WHOLE).expect("it is whole");
        let [address] = &config.mail_addresses[..] else { panic!("there is one") };
        assert_eq!((address.address.as_str(), address.channel.as_str()), ("support@example.org", "email"));
        let domain = config.letter_domain().expect("that of the address");
        assert_eq!(domain.as_str(), "example.org");
    }

    #[test]
    fn each_bad_key_is_told_with_the_way_out() {
        for (text, expected) in [
            (
                WHOLE.replace("@Example.org", ""),
                "andon.toml:2: address: `Support` is no address, such as support@example.org",
            ),
            (
                WHOLE.replace("error", "bug"),
                "[[mail-address]] 1: type: getmark has no type `bug`; one of consultation, error, change-request, data-correction",
            ),
            (
                format!("{WHOLE}channel = \"fax\""),
                "[[mail-address]] 1: channel: getmark has no channel `fax`; one of phone, email, telegram, whatsapp",
            ),
            (
                format!("{WHOLE}regulation = \"itsm\""),
                "[[mail-address]] 1: regulation: `itsm` is not run here; one of getmark",
            ),
            (format!("{WHOLE}{WHOLE}"), "[[mail-address]] 2: `support@example.org` is named twice"),
            (
                format!("regulations = [\"zkh-services\"]\n{}", WHOLE.replace("error", "enhancement")),
                "[[mail-address]] 1: type: the channel `email` takes consultation, error only",
            ),
            (
                "[lmtp]\nlisten = \"192.0.2.1:24\"".to_owned(),
                "andon.toml:2: listen: whoever reaches 192.0.2.1:24 could open tickets as anybody; a loopback address or a Unix socket",
            ),
            (
                "[lmtp]\nlisten = \"here\"".to_owned(),
                "andon.toml:2: listen: `here` is neither the path of a Unix socket, such as lmtp.sock, nor a loopback address with a port",
            ),
            (
                "[mail-in]\nmax-mail = \"1GiB\"".to_owned(),
                "andon.toml:2: max-mail: a mail is at most \"100MiB\"",
            ),
            (
                "[mail-in]\nper-sender-per-hour = 0".to_owned(),
                "andon.toml:2: per-sender-per-hour: 0 is not a number from 1 to 100000",
            ),
            (
                "[lmtp]\nlisten = \"lmtp.sock\"".to_owned(),
                "[lmtp]: nothing would come of it; name the desk's addresses by [[mail-address]]",
            ),
        ] {
            assert_eq!(read(&text).unwrap_err(), expected);
        }
        let unknown = read("[mail-in]\nmax-mial = 1").unwrap_err();
        assert!(unknown.ends_with("did you mean `max-mail`?"), "{unknown}");
    }
}
