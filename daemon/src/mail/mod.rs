//! What letters out and letters in have in common: how a ticket is told by its mail.

mod domain;
mod message_id;
mod subject;

pub use domain::{BadDomain, MailDomain};
pub use message_id::MessageId;
pub use subject::{number_in, tagged};

/// The header by which a letter of a desk is known.
pub const OF_A_DESK: &str = "X-Andon";
