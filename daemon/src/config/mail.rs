//! `[mail]`: the mail server by which letters go out.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use firmware_board::Language;
use lettre::Address;
use lettre::message::Mailbox;
use serde::{Deserialize, Deserializer};
use smol_str::SmolStr;

use super::beside;
use crate::desk::Regulations;
use crate::mail::MailDomain;

/// How many letters go out in a minute where nothing else is said …
const PER_MINUTE: u32 = 120;
/// … and at most.
const PER_MINUTE_MAX: u32 = 6_000;

/// The mail server by which letters go out. Without, none are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mail {
    /// The server's name; its certificate must bear it.
    pub host: String,
    /// Its port. Default: 587 for `starttls`, 465 for `tls`, 25 for `none`.
    pub port: Option<u16>,
    /// How the way there is encrypted.
    #[serde(default)]
    pub tls: MailTls,
    /// A PEM file with the certificate that vouches for the server's. Default: those the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Whom to sign in as. Default: nobody.
    pub user: Option<String>,
    /// The file with the password. A name without a `/` is a credential of systemd (`LoadCredential=`) where there is one,
    /// else a file beside the configuration.
    pub password_file: Option<PathBuf>,
    /// Who writes: `Поддержка <support@example.org>`.
    #[serde(deserialize_with = "mailbox")]
    pub from: Mailbox,
    /// Where answers go. Default: to `from`.
    #[serde(default, deserialize_with = "optional_mailbox")]
    pub reply_to: Option<Mailbox>,
    /// The domain in the ids of letters. Default: that of `from`.
    #[serde(default, deserialize_with = "domain")]
    pub domain: Option<MailDomain>,
    /// How many letters go out in a minute at most: 1 to 6,000. Default: 120.
    #[serde(default = "per_minute", deserialize_with = "bounded_per_minute")]
    pub per_minute: u32,
    /// The language of letters: `ru` or `en`. Default: that of the wall.
    #[serde(default, deserialize_with = "language")]
    pub language: Option<Language>,
    /// Where the site's own templates lie. Default: `letters` beside the configuration.
    #[serde(default = "templates")]
    pub templates: PathBuf,
    /// The addresses of departments, for topics that are asked about by e-mail (ZS-8).
    #[serde(default, deserialize_with = "departments")]
    pub departments: BTreeMap<SmolStr, Address>,
}

/// How the way to a mail server is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// It begins plain and is encrypted before anything is said.
    #[default]
    Starttls,
    /// It is encrypted from the first byte.
    Tls,
    /// It is not: for a server on this box, or in a network that is trusted.
    None,
}

impl MailTls {
    const fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Tls => 465,
            Self::None => 25,
        }
    }
}

impl Mail {
    /// The server's port.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.tls.port())
    }

    /// The domain in the ids of letters.
    pub fn domain(&self) -> MailDomain {
        self.domain.clone().unwrap_or_else(|| {
            MailDomain::parse(self.from.email.domain()).expect("`check` has asked for that")
        })
    }

    /// Finds the files: among systemd's credentials, or from `base`.
    pub(super) fn settle(&mut self, base: &Path, credentials: Option<&Path>) {
        self.password_file = self.password_file.as_deref().map(|file| beside(file, base, credentials));
        self.ca_file = self.ca_file.as_ref().map(|file| base.join(file));
        self.templates = base.join(&self.templates);
    }

    /// Whether it can be so; which key is wrong, and what would be right.
    pub(super) fn check(&self, regulations: &Regulations) -> Result<(), (&'static str, String)> {
        if self.host.is_empty() || self.host.contains(char::is_whitespace) {
            return Err(("host", format!("`{}` is no name of a server", self.host)));
        }
        match (&self.user, &self.password_file) {
            (Some(_), None) => {
                return Err(("user", "signing in needs a `password-file`, too".to_owned()));
            }
            (None, Some(_)) => {
                return Err(("password-file", "is of no use without a `user`".to_owned()));
            }
            (Some(_), Some(_)) if self.tls == MailTls::None && !self.is_here() => {
                let message = "a password would go through the network in the clear; use \"starttls\" or \"tls\", or a server on 127.0.0.1";
                return Err(("tls", message.to_owned()));
            }
            (Some(_) | None, _) => {}
        }
        if self.domain.is_none() && MailDomain::parse(self.from.email.domain()).is_err() {
            let message =
                format!("`{}` cannot be in the ids of letters; give a `domain`", self.from.email.domain());
            return Err(("from", message));
        }
        known_departments(self.departments.keys(), regulations).map_err(|message| ("departments", message))
    }

    /// Whether the server is on this box.
    fn is_here(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// Departments must be some regulation's.
pub(super) fn known_departments<'a>(
    mut departments: impl Iterator<Item = &'a SmolStr>,
    regulations: &Regulations,
) -> Result<(), String> {
    let mut known: Vec<&str> = regulations
        .iter()
        .flat_map(|regulation| &regulation.departments)
        .map(|department| department.id.as_str())
        .collect();
    known.sort_unstable();
    known.dedup();
    match departments.find(|id| !known.contains(&id.as_str())) {
        None => Ok(()),
        Some(unknown) if known.is_empty() => {
            Err(format!("`{unknown}`: no regulation that runs here has departments"))
        }
        Some(unknown) => {
            Err(format!("no regulation has a department `{unknown}`; one of {}", known.join(", ")))
        }
    }
}

fn read_mailbox<E: serde::de::Error>(text: &str) -> Result<Mailbox, E> {
    text.parse()
        .map_err(|_| E::custom(format!("`{text}` is no address; such as `Поддержка <support@example.org>`")))
}

fn mailbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Mailbox, D::Error> {
    read_mailbox(&String::deserialize(deserializer)?)
}

fn optional_mailbox<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Mailbox>, D::Error> {
    mailbox(deserializer).map(Some)
}

fn domain<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<MailDomain>, D::Error> {
    MailDomain::parse(&String::deserialize(deserializer)?).map(Some).map_err(serde::de::Error::custom)
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Language>, D::Error> {
    super::language(deserializer).map(Some)
}

fn bounded_per_minute<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let said = toml::Value::deserialize(deserializer)?;
    let count = said.as_integer().and_then(|count| u32::try_from(count).ok());
    count.filter(|count| (1..=PER_MINUTE_MAX).contains(count)).ok_or_else(|| {
        serde::de::Error::custom(format!("{said} is no number of letters, 1 to {PER_MINUTE_MAX}"))
    })
}

fn departments<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<SmolStr, Address>, D::Error> {
    let written = BTreeMap::<SmolStr, String>::deserialize(deserializer)?;
    let read = written.into_iter().map(|(department, text)| {
        let wrong = |_| serde::de::Error::custom(format!("`{text}` is no address of mail"));
        Ok((department, text.trim().parse().map_err(wrong)?))
    });
    read.collect()
}

const fn per_minute() -> u32 {
    PER_MINUTE
}

fn templates() -> PathBuf {
    "letters".into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read;

    const WHOLE: &str = "[mail]\nhost = \"smtp.example.org\"\nfrom = \"Поддержка <support@example.org>\"\n";

    #[test]
    fn a_server_and_who_writes_are_enough() {
        let mail = read(WHOLE).unwrap().mail.expect("it is there");
        assert_eq!((mail.port(), mail.tls, mail.per_minute), (587, MailTls::Starttls, 120));
        assert_eq!(mail.domain().as_str(), "example.org");
        assert!(read("").unwrap().mail.is_none());
        let tls = read(&format!("{WHOLE}tls = \"tls\"\ndomain = \"Desk.example.org\"")).unwrap().mail;
        let tls = tls.expect("it is there");
        assert_eq!((tls.port(), tls.domain().as_str()), (465, "desk.example.org"));
    }

    #[test]
    fn each_bad_key_is_told_by_its_way_out() {
        let more = |text: &str| read(&format!("{WHOLE}{text}")).unwrap_err();
        for (text, expected) in [
            ("port = 70000", "andon.toml:4: port: invalid value: integer `70000`, expected u16"),
            ("per-minute = 0", "andon.toml:4: per-minute: 0 is no number of letters, 1 to 6000"),
            ("language = \"de\"", "andon.toml:4: language: unknown language `de`; one of ru, en"),
            (
                "domain = \"a b\"",
                "andon.toml:4: domain: `a b` is no domain; ASCII letters, digits, hyphens and dots, such as desk.example.org",
            ),
            ("user = \"andon\"", "[mail] user: signing in needs a `password-file`, too"),
            ("password-file = \"p\"", "[mail] password-file: is of no use without a `user`"),
            (
                "user = \"a\"\npassword-file = \"p\"\ntls = \"none\"",
                "[mail] tls: a password would go through the network in the clear; use \"starttls\" or \"tls\", or a server on 127.0.0.1",
            ),
            (
                "[mail.departments]\nlegal = \"l@example.org\"",
                "[mail] departments: `legal`: no regulation that runs here has departments",
            ),
        ] {
            assert_eq!(more(text), expected, "{text}");
        }
        assert!(more("pasword-file = \"p\"").contains("did you mean `password-file`?"));
        let from = read(&WHOLE.replace("Поддержка <support@example.org>", "support")).unwrap_err();
        assert_eq!(
            from,
            "andon.toml:3: from: `support` is no address; such as `Поддержка <support@example.org>`"
        );
        let zkh = format!("regulations = [\"zkh-services\"]\n{WHOLE}");
        let unknown = read(&format!("{zkh}[mail.departments]\nlegall = \"l@example.org\"")).unwrap_err();
        assert!(
            unknown
                .starts_with("[mail] departments: no regulation has a department `legall`; one of finance, "),
            "{unknown}"
        );
        let known = read(&format!("{zkh}[mail.departments]\nlegal = \"l@example.org\"")).unwrap();
        assert_eq!(known.mail.unwrap().departments.len(), 1);
    }

    #[test]
    fn a_password_on_the_way_to_this_very_box_needs_no_tls() {
        let here = WHOLE.replace("smtp.example.org", "127.0.0.1");
        read(&format!("{here}user = \"a\"\npassword-file = \"p\"\ntls = \"none\"")).unwrap();
    }
}
