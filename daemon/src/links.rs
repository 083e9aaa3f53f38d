//! Links to the page of a ticket's requester (GM-5.26, HD-5): what makes one, and whether one is right.
//!
//! Whoever has the link may see that ticket's page and speak as its requester, and nobody else: it holds 128 bits of an
//! HMAC that only the box can make. It names the instant of registration as well, so that a number that a damaged ledger
//! gave away twice does not open another's ticket; and the requester's address, so that whoever had the letters that went
//! to a wrong one is shut out when it is put right.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use firmware_board::Language;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use url::Url;

use crate::desk::Ticket;
use crate::store::{PAGE_KEY_FILE, whole};

/// How long the key is, in bytes.
const KEY_BYTES: usize = 32;
/// How much of the HMAC a link holds, in bytes.
const SIGNATURE_BYTES: usize = 16;
/// What the HMAC is of, apart from what any other use of the key would be of.
const PURPOSE: &[u8] = b"andon requester page 1\0";

/// Makes and checks links.
pub struct Links {
    key: [u8; KEY_BYTES],
    url: Url,
    /// The language of the letters that bear them: whoever comes by one reads on in it.
    language: Language,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum LinksError {
    /// The file cannot be read or made.
    #[error("cannot read or make the key of requesters' links, {path}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is not what this program made.
    #[error(
        "{path} is no key of requesters' links: it has {bytes} bytes and not 32; put the one of a backup there, or remove it: links of old letters open nothing then",
        path = path.display()
    )]
    NoKey {
        /// Which.
        path: PathBuf,
        /// How long it is.
        bytes: usize,
    },
    /// The system has no randomness to give.
    #[error("cannot make the key of requesters' links")]
    Random(#[from] getrandom::Error),
}

impl Links {
    /// With the key of the state directory, which is made where there is none. `url` is how requesters reach the box, `language`
    /// that of letters.
    ///
    /// # Errors
    /// [`LinksError`]: no link is made or right then.
    pub fn open(state_dir: &Path, url: &Url, language: Language) -> Result<Self, LinksError> {
        let path = state_dir.join(PAGE_KEY_FILE);
        let read = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => make(&path)?,
            Err(source) => return Err(LinksError::File { path, source }),
        };
        let bytes = read.len();
        let key = read.try_into().map_err(|_| LinksError::NoKey { path, bytes })?;
        Ok(Self { key, url: url.clone(), language })
    }

    /// The language of the pages, where nobody asks for another.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The link to a ticket's page.
    pub fn of(&self, ticket: &Ticket) -> String {
        let signature = self.mac(ticket).finalize().into_bytes();
        let signature = URL_SAFE_NO_PAD.encode(&signature[..SIGNATURE_BYTES]);
        format!("{}/{signature}", self.place_of(ticket))
    }

    /// Where that page is, without what opens it: for whoever may read a letter and not speak as its requester.
    pub fn shown_of(&self, ticket: &Ticket) -> String {
        format!("{}/…", self.place_of(ticket))
    }

    fn place_of(&self, ticket: &Ticket) -> String {
        format!("{}/r/{}", self.url.as_str().trim_end_matches('/'), ticket.number)
    }

    /// Whether that is the signature in the ticket's link. It takes as long whatever is wrong with it.
    pub fn is_of(&self, ticket: &Ticket, signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        signature.len() == SIGNATURE_BYTES && self.mac(ticket).verify_truncated_left(&signature).is_ok()
    }

    fn mac(&self, ticket: &Ticket) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("a key of HMAC has any length");
        mac.update(PURPOSE);
        mac.update(&ticket.number.0.to_be_bytes());
        mac.update(&ticket.registered_at.millis().to_be_bytes());
        mac.update(
            ticket.facts.requester.email.as_deref().unwrap_or_default().trim().to_lowercase().as_bytes(),
        );
        mac
    }
}

fn make(path: &Path) -> Result<Vec<u8>, LinksError> {
    let mut key = vec![0; KEY_BYTES];
    getrandom::fill(&mut key)?;
    let file = |source| LinksError::File { path: path.to_owned(), source };
    let beside = path.with_extension("new");
    whole::write(path, &beside, &key).map_err(file)?;
    // The directory lets nobody else in; the file says so, too.
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(file)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        text.parse().expect("it is a URL")
    }

    #[test]
    fn the_key_is_made_once_for_its_owner_alone_and_a_wrong_one_is_told() {
        let dir = tempfile::tempdir().expect("a directory for tests can be made");
        Links::open(dir.path(), &url("https://a.example"), Language::Russian).expect("a key is made");
        let file = dir.path().join(PAGE_KEY_FILE);
        let key = fs::read(&file).expect("it is there");
        assert_eq!(
            (key.len(), fs::metadata(&file).expect("it is there").permissions().mode() & 0o777),
            (32, 0o600)
        );
        Links::open(dir.path(), &url("https://a.example"), Language::Russian).expect("it is read");
        assert_eq!(fs::read(&file).expect("it is there"), key);
        fs::write(&file, [7; 31]).expect("it can be written");
        let told = Links::open(dir.path(), &url("https://a.example"), Language::Russian)
            .expect_err("it is none")
            .to_string();
        assert!(told.contains("it has 31 bytes and not 32"), "{told}");
        assert_eq!(fs::read(&file).expect("it is there"), [7; 31], "what is there is left for who mends it");
    }
}
