//! Where events are posted: one table `[[webhook]]` each.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer};
use smol_str::SmolStr;
use url::Url;

use crate::desk::Regulations;
use crate::out::event_names;

/// How many there are at most.
pub const WEBHOOKS_MAX: usize = 16;
/// The longest name, in characters.
const NAME_MAX: usize = 32;

/// A receiver of events.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Webhook {
    /// Its name, for the admin: 1 to 32 of `a-z`, `0-9` and `-`. What is kept of it goes by this name.
    #[serde(deserialize_with = "name")]
    pub name: String,
    /// Where events are posted: `https://…`, or `http://…` with `allow-private`.
    #[serde(deserialize_with = "url")]
    pub url: Url,
    /// The file with the secret that signs: `whsec_` and base64. A name without a `/` is a credential of systemd
    /// (`LoadCredential=`) where there is one, else a file beside the configuration.
    pub secret_file: PathBuf,
    /// Regulations whose tickets it is told of. Default: all.
    #[serde(default)]
    pub regulations: Vec<SmolStr>,
    /// Channels whose tickets it is told of. Default: all.
    #[serde(default)]
    pub channels: Vec<SmolStr>,
    /// Names of events that it is told. Default: all.
    #[serde(default, deserialize_with = "events")]
    pub events: Vec<SmolStr>,
    /// Whether it may be in the house: private, loopback and link-local addresses, and plain `http`. Default: false.
    #[serde(default)]
    pub allow_private: bool,
}

pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let is_plain =
        name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_plain && (1..=NAME_MAX).contains(&name.len()) {
        return Ok(name);
    }
    Err(serde::de::Error::custom(format!("`{name}` is no name: 1 to {NAME_MAX} of a-z, 0-9 and -")))
}

/// What is wrong is told without the URL: its path may be secret.
fn url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let wrong = |what: &str| serde::de::Error::custom(what);
    let url = Url::parse(&String::deserialize(deserializer)?)
        .map_err(|error| wrong(&format!("this is no URL: {error}; such as https://crm.example/andon")))?;
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err(wrong("a webhook's URL begins with https:// and a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("a webhook's URL has no user or password; events are signed with the secret"));
    }
    if url.fragment().is_some() {
        return Err(wrong("a webhook's URL has no `#`: nobody would be sent what is behind it"));
    }
    if url[url::Position::BeforePath..url::Position::AfterQuery].parse::<hyper::Uri>().is_err() {
        return Err(wrong("the URL's path cannot be sent; percent-encode what is no letter or digit"));
    }
    Ok(url)
}

fn events<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<SmolStr>, D::Error> {
    let events = Vec::<SmolStr>::deserialize(deserializer)?;
    match events.iter().find(|event| !event_names().contains(&event.as_str())) {
        None => Ok(events),
        Some(unknown) => {
            let known = event_names().join(", ");
            Err(serde::de::Error::custom(format!("unknown event `{unknown}`; one of {known}")))
        }
    }
}

impl Webhook {
    /// Finds the secret's file: among systemd's credentials, or from `base`.
    pub(super) fn settle(&mut self, base: &Path, credentials: Option<&Path>) {
        self.secret_file = super::beside(&self.secret_file, base, credentials);
    }
}

/// Whether the webhooks can be so together; what is wrong, and with which of them, from 1.
pub(super) fn check(webhooks: &[Webhook], regulations: &Regulations) -> Result<(), (usize, String)> {
    if webhooks.len() > WEBHOOKS_MAX {
        return Err((webhooks.len(), format!("there are more than {WEBHOOKS_MAX}")));
    }
    for (entry, webhook) in (1..).zip(webhooks) {
        one(webhook, regulations).map_err(|message| (entry, message))?;
        if let Some(first) = webhooks[..entry - 1].iter().position(|earlier| earlier.name == webhook.name) {
            let name = &webhook.name;
            return Err((
                entry,
                format!("the name `{name}` is that of entry {}, too; each has its own", first + 1),
            ));
        }
    }
    Ok(())
}

fn one(webhook: &Webhook, regulations: &Regulations) -> Result<(), String> {
    if webhook.url.scheme() == "http" && !webhook.allow_private {
        let way_out = "use https, or say `allow-private = true` for a receiver in the house";
        return Err(format!("plain http shows everybody on the way what is said here; {way_out}"));
    }
    let ids = regulations.ids();
    if let Some(unknown) = webhook.regulations.iter().find(|id| !ids.contains(&id.as_str())) {
        return Err(format!("regulation `{unknown}` is not run here; one of {}", ids.join(", ")));
    }
    let channels = regulations.iter().flat_map(|regulation| &regulation.channels);
    let mut known: Vec<&str> = channels.map(|channel| channel.name.id.as_str()).collect();
    known.sort_unstable();
    known.dedup();
    match webhook.channels.iter().find(|id| !known.contains(&id.as_str())) {
        Some(unknown) => Err(format!("no regulation has a channel `{unknown}`; one of {}", known.join(", "))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::read;

    const WHOLE: &str = "[[webhook]]\nname = \"crm\"\nurl = \"https://crm.example/andon?k=1\"\nsecret-file = \"crm.secret\"\n";

    #[test]
    fn a_webhook_needs_a_name_a_url_and_a_secret_and_leaves_nothing_out_by_itself() {
        let config = read(WHOLE).expect("it is whole");
        let [webhook] = &config.webhooks[..] else { panic!("there is one") };
        assert_eq!((webhook.name.as_str(), webhook.url.as_str()), ("crm", "https://crm.example/andon?k=1"));
        assert!(webhook.events.is_empty() && webhook.channels.is_empty() && !webhook.allow_private);
    }

    #[test]
    fn a_secret_is_a_credential_where_there_is_one_and_else_a_file_beside_the_configuration() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join("crm.secret"), "whsec_").expect("it can be written");
        let settled = |secret_file: &str, credentials: Option<&Path>| {
            let mut webhook = read(WHOLE).expect("it is whole").webhooks.remove(0);
            webhook.secret_file = secret_file.into();
            webhook.settle(Path::new("/etc/andon"), credentials);
            webhook.secret_file
        };
        assert_eq!(settled("crm.secret", Some(dir.path())), dir.path().join("crm.secret"));
        assert_eq!(settled("other", Some(dir.path())), Path::new("/etc/andon/other"));
        assert_eq!(settled("crm.secret", None), Path::new("/etc/andon/crm.secret"));
        assert_eq!(settled("/run/crm.secret", Some(dir.path())), Path::new("/run/crm.secret"));
    }

    #[test]
    fn each_bad_key_is_told_by_line_and_way_out_and_never_shows_the_url() {
        for (change, expected) in [
            (("\"crm\"", "\"CRM 1\""), "andon.toml:2: name: `CRM 1` is no name: 1 to 32 of a-z, 0-9 and -"),
            (
                ("https://crm.example/andon?k=1", "crm.example"),
                "andon.toml:3: url: this is no URL: relative URL without a base; such as https://crm.example/andon",
            ),
            (("https://", "ftp://"), "andon.toml:3: url: a webhook's URL begins with https:// and a host"),
            (
                ("https://", "https://me:pw@"),
                "andon.toml:3: url: a webhook's URL has no user or password; events are signed with the secret",
            ),
            (
                ("?k=1", "#top"),
                "andon.toml:3: url: a webhook's URL has no `#`: nobody would be sent what is behind it",
            ),
            (
                ("https://", "http://"),
                "[[webhook]] 1: plain http shows everybody on the way what is said here; use https, or say `allow-private = true` for a receiver in the house",
            ),
        ] {
            assert_eq!(read(&WHOLE.replace(change.0, change.1)).unwrap_err(), expected, "{change:?}");
        }
        let more = |text: &str| read(&format!("{WHOLE}{text}")).unwrap_err();
        assert_eq!(
            more("regulations = [\"itsm\"]"),
            "[[webhook]] 1: regulation `itsm` is not run here; one of getmark"
        );
        assert_eq!(
            more("channels = [\"fax\"]"),
            "[[webhook]] 1: no regulation has a channel `fax`; one of email, phone, telegram, whatsapp"
        );
        assert!(
            more("events = [\"exploded\"]")
                .starts_with("andon.toml:5: events: unknown event `exploded`; one of registered, replied, ")
        );
        assert!(more("alow-private = true").contains("did you mean `allow-private`?"));
        assert_eq!(more(WHOLE), "[[webhook]] 2: the name `crm` is that of entry 1, too; each has its own");
        let missing = read("[[webhook]]\nname = \"crm\"\nurl = \"https://crm.example\"").unwrap_err();
        assert!(missing.contains("missing field `secret-file`"), "{missing}");
        let many = (0..17).map(|n| WHOLE.replace("\"crm\"", &format!("\"crm-{n}\""))).collect::<String>();
        assert_eq!(read(&many).unwrap_err(), "[[webhook]] 17: there are more than 16");
    }
}
