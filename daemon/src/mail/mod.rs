//! What letters out and letters in have in common: how a ticket is told by its mail.

mod domain;
mod message_id;
mod subject;

pub use domain::{BadDomain, MailDomain};
pub use message_id::MessageId;
pub use subject::{number_in, tagged};

use firmware_board::Language;

use crate::desk::TicketNumber;

/// The part of the box whose alarm says that a letter got to nobody.
pub const UNDELIVERED: &str = "dead-letters";

/// What the wall says of a letter that got to nobody.
pub fn undelivered(ticket: TicketNumber, language: Language) -> String {
    match language {
        Language::Russian => format!("обращение {ticket}: письмо не доставлено"),
        Language::English => format!("ticket {ticket}: a letter was not delivered"),
    }
}

/// The header by which a letter of a desk is known.
pub const OF_A_DESK: &str = "X-Andon";
