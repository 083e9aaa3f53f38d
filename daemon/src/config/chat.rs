//! `[[chat]]`: rooms that are written to through an incoming webhook, in Mattermost's form (GM-A2, ZS-8).

use std::path::{Path, PathBuf};

use serde::Deserialize;
use smol_str::SmolStr;

use super::beside;
use super::mail::known_departments;
use crate::desk::Regulations;

/// How many there are at most.
pub const CHATS_MAX: usize = 64;

/// A room in a chat.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Chat {
    /// Its name, for the admin; a regulation's `urgent-channel` is a chat's name.
    #[serde(deserialize_with = "super::webhook::name")]
    pub name: String,
    /// The file with the address of its incoming webhook, `https://…`, which is a secret. A name without a `/` is a
    /// credential of systemd (`LoadCredential=`) where there is one, else a file beside the configuration.
    pub url_file: PathBuf,
    /// The departments that are asked here. Default: none.
    #[serde(default)]
    pub departments: Vec<SmolStr>,
    /// Whether it may be in the house: private, loopback and link-local addresses, and plain `http`. Default: false.
    #[serde(default)]
    pub allow_private: bool,
}

impl Chat {
    /// Finds the address's file: among systemd's credentials, or from `base`.
    pub(super) fn settle(&mut self, base: &Path, credentials: Option<&Path>) {
        self.url_file = beside(&self.url_file, base, credentials);
    }
}

/// Whether the chats can be so together; what is wrong, and with which of them, from 1.
pub(super) fn check(chats: &[Chat], regulations: &Regulations) -> Result<(), (usize, String)> {
    if chats.len() > CHATS_MAX {
        return Err((chats.len(), format!("there are more than {CHATS_MAX}")));
    }
    for (entry, chat) in (1..).zip(chats) {
        known_departments(chat.departments.iter(), regulations).map_err(|message| (entry, message))?;
        for (first, earlier) in (1..).zip(&chats[..entry - 1]) {
            if earlier.name == chat.name {
                let name = &chat.name;
                return Err((
                    entry,
                    format!("the name `{name}` is that of entry {first}, too; each has its own"),
                ));
            }
            if let Some(twice) = chat.departments.iter().find(|id| earlier.departments.contains(id)) {
                return Err((entry, format!("department `{twice}` is asked by entry {first} already")));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::config::{self, Config};

    fn read(text: &str) -> Result<Config, String> {
        config::read(&format!("regulations = [\"zkh-services\"]\n{text}"))
    }

    #[test]
    fn a_chat_has_a_name_and_the_file_with_its_address() {
        let chat = "[[chat]]\nname = \"lawyers\"\nurl-file = \"lawyers.url\"\ndepartments = [\"legal\"]\n";
        assert_eq!(read(chat).unwrap().chats.len(), 1);
        assert_eq!(
            read(&format!("{chat}{chat}")).unwrap_err(),
            "[[chat]] 2: the name `lawyers` is that of entry 1, too; each has its own"
        );
        let other = chat.replace("lawyers", "others");
        assert_eq!(
            read(&format!("{chat}{other}")).unwrap_err(),
            "[[chat]] 2: department `legal` is asked by entry 1 already"
        );
        let unknown = read(&chat.replace("[\"legal\"]", "[\"lawyers\"]")).unwrap_err();
        assert!(
            unknown.starts_with("[[chat]] 1: no regulation has a department `lawyers`; one of "),
            "{unknown}"
        );
        assert!(read(&chat.replace("url-file", "url")).unwrap_err().contains("did you mean `url-file`?"));
    }
}
