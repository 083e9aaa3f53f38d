//! Messages into chats, by incoming webhooks in Mattermost's form: `{"text": …}`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::config::Chat;
use crate::out::webhooks::post::{Letter, Poster, SystemResolver, Trouble};

/// The chats of the configuration.
pub(super) struct Chats {
    by_name: BTreeMap<String, Chat>,
    tls: Arc<OnceCell<TlsConnector>>,
}

/// Why a message did not go.
#[derive(Debug, thiserror::Error)]
pub(super) enum ChatTrouble {
    /// The file with the address cannot be read.
    #[error("cannot read the address in {path}", path = path.display())]
    ReadUrl { path: PathBuf, source: io::Error },
    /// There is no address in it.
    #[error("{path} has no address such as https://chat.example/hooks/KEY in it", path = path.display())]
    NoUrl { path: PathBuf },
    /// It was not taken.
    #[error("the chat did not take it")]
    Post(#[source] Trouble),
}

impl ChatTrouble {
    /// How long it wants to be left alone at least, in milliseconds.
    pub(super) fn after_ms(&self) -> u64 {
        match self {
            Self::Post(Trouble::Refused { after_ms, .. }) => *after_ms,
            Self::ReadUrl { .. } | Self::NoUrl { .. } | Self::Post(_) => 0,
        }
    }
}

impl Chats {
    pub(super) fn new(chats: &[Chat]) -> Self {
        let by_name = chats.iter().map(|chat| (chat.name.clone(), chat.clone())).collect();
        Self { by_name, tls: Arc::default() }
    }

    /// The chat of a name.
    pub(super) fn named(&self, name: &str) -> Option<&Chat> {
        self.by_name.get(name)
    }

    /// The chat in which a department is asked.
    pub(super) fn of_department(&self, department: &str) -> Option<&Chat> {
        self.by_name.values().find(|chat| chat.departments.iter().any(|known| known == department))
    }

    /// Posts a message; it is there where this is `Ok`.
    pub(super) async fn post(&self, chat: &Chat, text: &str) -> Result<(), ChatTrouble> {
        let path = chat.url_file.clone();
        // Read anew for each, so that another address needs no restart.
        let read = tokio::task::spawn_blocking(move || fs::read_to_string(path)).await;
        let path = || chat.url_file.clone();
        let written = read
            .unwrap_or_else(|panicked| Err(io::Error::other(panicked)))
            .map_err(|source| ChatTrouble::ReadUrl { path: path(), source })?;
        let url = Url::parse(written.trim()).ok();
        let url = url.filter(|url| url.has_host() && is_wanted(url, chat.allow_private));
        let url = url.ok_or_else(|| ChatTrouble::NoUrl { path: path() })?;
        let poster = Poster {
            url,
            secret_file: None,
            allow_private: chat.allow_private,
            resolver: Arc::new(SystemResolver),
            tls: Arc::clone(&self.tls),
        };
        let body = json!({ "text": text }).to_string();
        let letter = Letter { id: String::new(), timestamp_s: 0, body };
        poster.post(letter).await.map(drop).map_err(ChatTrouble::Post)
    }
}

/// Plain HTTP shows everybody on the way the key in the address; it is for the house.
fn is_wanted(url: &Url, allow_private: bool) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && allow_private)
}
