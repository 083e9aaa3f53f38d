//! The ticket's number in a letter's subject: `[#1024] …`, which an answer keeps, whatever its program does to ids.

use crate::desk::TicketNumber;

/// A subject with the ticket's number in front.
pub fn tagged(ticket: TicketNumber, subject: &str) -> String {
    format!("[#{ticket}] {subject}")
}

/// The ticket that a subject names; the first, where it names several. Whether whoever writes has to do with it is for the
/// reader to see: anybody can write a number.
pub fn number_in(subject: &str) -> Option<TicketNumber> {
    subject.match_indices("[#").find_map(|(at, mark)| {
        let (digits, _) = subject[at + mark.len()..].split_once(']')?;
        let is_ours = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse().ok().filter(|_| is_ours).map(TicketNumber)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_found_in_the_subject_of_an_answer() {
        let subject = tagged(TicketNumber(1024), "Печать");
        assert_eq!(subject, "[#1024] Печать");
        assert_eq!(number_in(&format!("Re: FW: {subject}")), Some(TicketNumber(1024)));
        assert_eq!(number_in("[#x] [#12] [#13]"), Some(TicketNumber(12)));
        for none in ["", "#12", "[12]", "[#]", "[#012]", "[#-1]", "[#12", "[#99999999999999999999999]"] {
            assert_eq!(number_in(none), None, "{none}");
        }
    }
}
