//! Commands to a mail server, and whether it did what it was asked.
//!
//! The library's own streams of fetched mails end alike where there is nothing, where the server refuses, and where the
//! connection is over. To the desk these are three things: a mail that is gone is passed over, any other is asked for again.

use std::borrow::Cow;

use async_imap::Session;
use async_imap::error::{Error, Result};
use async_imap::imap_proto::{AttributeValue, Outcome, Response, Status};
use base64::Engine as _;
use base64::alphabet::IMAP_MUTF7;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};

use super::connect::Stream;

/// Runs a command, and shows each answer to it that comes before the last.
///
/// # Errors
/// [`Error`]: it was refused, or the connection is over.
pub(super) async fn run(
    session: &mut Session<Stream>,
    command: impl AsRef<str>,
    mut each: impl FnMut(&Response<'_>),
) -> Result<()> {
    let id = session.run_command(command).await?;
    loop {
        let told = session.read_response().await?.ok_or(Error::ConnectionLost)?;
        match told.parsed() {
            Response::Done { tag, status, outcome } if *tag == id => {
                return match status {
                    Status::Ok => Ok(()),
                    Status::No => Err(Error::No(words(outcome))),
                    Status::Bad | Status::PreAuth | Status::Bye => Err(Error::Bad(words(outcome))),
                };
            }
            other => each(other),
        }
    }
}

fn words(outcome: &Outcome<'_>) -> String {
    outcome.information.as_deref().unwrap_or_default().to_owned()
}

/// What is told of the mail of that number; nothing where it is of another, or of none.
pub(super) fn of<'a>(told: &'a Response<'a>, uid: u32) -> Option<&'a [AttributeValue<'a>]> {
    let Response::Fetch(_, attributes) = told else { return None };
    attributes.contains(&AttributeValue::Uid(uid)).then_some(attributes)
}

/// A mailbox's name as IMAP has it (RFC 3501, 5.1.3): what is no ASCII in a base64 of its own. A name of ASCII alone is taken
/// for one that is so already.
pub(super) fn mailbox(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return Cow::Borrowed(name);
    }
    let mut coded = String::with_capacity(name.len() * 2);
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| c.is_ascii() != first.is_ascii()).unwrap_or(rest.len());
        let (alike, behind) = rest.split_at(end);
        if first.is_ascii() {
            coded.push_str(&alike.replace('&', "&-"));
        } else {
            let bytes: Vec<u8> = alike.encode_utf16().flat_map(u16::to_be_bytes).collect();
            coded.push('&');
            coded.push_str(&GeneralPurpose::new(&IMAP_MUTF7, NO_PAD).encode(bytes));
            coded.push('-');
        }
        rest = behind;
    }
    Cow::Owned(coded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_has_the_name_that_servers_know_it_by() {
        for (name, known) in [
            ("INBOX", "INBOX"),
            ("INBOX/&BBcEMARPBDIEOgQ4-", "INBOX/&BBcEMARPBDIEOgQ4-"),
            ("Заявки", "&BBcEMARPBDIEOgQ4-"),
            ("INBOX/Заявки", "INBOX/&BBcEMARPBDIEOgQ4-"),
            // The example of the RFC.
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
            ("Дом&сад", "&BBQEPgQ8-&-&BEEEMAQ0-"),
        ] {
            assert_eq!(mailbox(name), known);
        }
    }
}
