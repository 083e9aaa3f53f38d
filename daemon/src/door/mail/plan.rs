//! From a mail to what the desk is asked to do: pure, so that every case can be looked at.
//!
//! Only the ticket's requester, or whoever speaks for their client, answers for it. Anybody can write any number into a
//! subject; so what somebody else writes about a ticket becomes a new one that goes on from it: nobody's words move
//! another's clocks, and nobody's words are lost in a note that nobody looks at.

use firmware_board::Language;

use super::kind::Kind;
use super::quarantine::HeldWhy;
use super::read::{Mail, cut, one_line};
use super::report::WORDS_MAX_CHARS;
use super::trim::{is_only_thanks, own_words};
use crate::config::MailAddress;
use crate::desk::command::{Register, Reply, Requester, Return, Text};
use crate::desk::{Act, Stage, Ticket, TicketNumber};

/// The longest text of a ticket, in bytes, less what is added to it here.
pub(super) const TEXT_MAX_BYTES: usize = 60_000;

/// What a mail is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct About<'a> {
    /// The ticket that it names; none where it names none that is there.
    pub ticket: Option<&'a Ticket>,
    /// Whether whoever writes may answer for it.
    pub is_theirs: bool,
}

/// What the desk is asked to do with a mail.
#[derive(Clone, Debug)]
pub(super) enum Plan {
    /// To open a ticket.
    Register(Box<Register>),
    /// To take in the requester's words.
    Act(TicketNumber, Act),
    /// To note something on a ticket, for agents only.
    Note(TicketNumber, Act),
}

/// What the desk is asked, one after another until it does not refuse: a ticket's state may change in between, and a
/// regulation may not have what would be nearest.
///
/// # Errors
/// [`HeldWhy`]: nobody is to be asked.
pub(super) fn plan(
    mail: &Mail,
    kind: Kind,
    about: About<'_>,
    address: &MailAddress,
    left_out: &[String],
    language: Language,
) -> Result<Vec<Plan>, HeldWhy> {
    let words = Words { mail, left_out, language };
    let ticket = about.ticket;
    match kind {
        Kind::Letter => {}
        Kind::Bounce => {
            let told = match &mail.report {
                Some(report) if !report.is_failure() => None,
                Some(report) => Some(words.undelivered(&report.recipient, &report.words)),
                // Servers that know of no reports write to people.
                None => Some(words.undelivered("", &one_line(&mail.text, WORDS_MAX_CHARS))),
            };
            return match (told, ticket) {
                (Some(told), Some(ticket)) => Ok(vec![note(ticket.number, told)]),
                _ => Err(kind.into()),
            };
        }
        Kind::AutoReply | Kind::Automatic if ticket.is_some() && about.is_theirs => {
            let number = ticket.expect("it is there").number;
            return Ok(vec![note(number, words.automatic())]);
        }
        Kind::Automatic if address.take_automatic => {
            return Ok(vec![Plan::Register(Box::new(words.register(address, None, false)))]);
        }
        Kind::AutoReply | Kind::Automatic | Kind::List | Kind::Loop | Kind::Spam => {
            return Err(kind.into());
        }
    }
    if mail.from.is_none() {
        return Err(HeldWhy::NoSender);
    }
    Ok(match ticket {
        Some(ticket) if about.is_theirs => answered(&words, ticket, address),
        Some(ticket) => gone_on(words.register(address, Some(ticket), true)),
        None => vec![Plan::Register(Box::new(words.register(address, None, true)))],
    })
}

/// What comes of an answer of somebody who may answer.
fn answered(words: &Words<'_>, ticket: &Ticket, address: &MailAddress) -> Vec<Plan> {
    let number = ticket.number;
    let text = words.answer();
    let thanks = is_only_thanks(own_words(&words.mail.text)) && words.mail.files.is_empty();
    let answer = Plan::Act(number, Act::Answer(Text { text: Some(text.clone()) }));
    let again = Plan::Act(number, Act::Return(Return { reason: Some(text.clone()) }));
    // Behind the window a new ticket goes on from it (GM-5.27, PM-C8).
    let follows = gone_on(words.register(address, Some(ticket), true));
    let first = match ticket.stage {
        _ if thanks => return vec![answer, note(number, text)],
        Stage::Open => vec![answer, again],
        Stage::Resolved => vec![again, answer],
        Stage::Closed => vec![],
    };
    first.into_iter().chain(follows).collect()
}

/// A new ticket that goes on from another; where that has no room for one more link, it stands by itself.
fn gone_on(register: Register) -> Vec<Plan> {
    let alone = Register { follows: None, ..register.clone() };
    [register, alone].map(|register| Plan::Register(Box::new(register))).into()
}

fn note(number: TicketNumber, text: String) -> Plan {
    Plan::Note(number, Act::Reply(Reply { text: Some(text), internal: true }))
}

/// What is said of a mail, in the room's language.
struct Words<'a> {
    mail: &'a Mail,
    left_out: &'a [String],
    language: Language,
}

impl Words<'_> {
    fn say(&self, russian: &str, english: &str) -> String {
        match self.language {
            Language::Russian => russian.to_owned(),
            Language::English => english.to_owned(),
        }
    }

    /// The requester's own words, for a ticket that has the others already.
    fn answer(&self) -> String {
        let own = own_words(&self.mail.text);
        let own = if own.is_empty() {
            self.say("(письмо без текста)", "(a letter without a text)")
        } else {
            own.to_owned()
        };
        self.with_notes(&own)
    }

    /// A text, cut to what a ticket takes, and what was left out.
    fn with_notes(&self, text: &str) -> String {
        let kept = cut(text, TEXT_MAX_BYTES);
        let mut notes = Vec::new();
        if kept.len() < text.len() {
            let more = text.len() - kept.len();
            notes.push(match self.language {
                Language::Russian => format!("[Письмо длиннее, чем помещается: не показано ещё {more} байт]"),
                Language::English => {
                    format!("[The letter is longer than fits: {more} bytes more are not shown]")
                }
            });
        }
        if !self.left_out.is_empty() {
            let lead = self.say("Вложения не приняты:", "Attachments that were not taken:");
            notes.push(format!("[{lead} {}]", cut(&self.left_out.join("; "), 4_000)));
        }
        let notes = notes.join("\n");
        [kept, notes.as_str()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
    }

    fn sender(&self) -> &str {
        self.mail.from.as_ref().map_or("", |from| from.address.as_str())
    }

    /// A new ticket. A program has no address in it, so that nobody writes to it.
    fn register(&self, address: &MailAddress, follows: Option<&Ticket>, by_person: bool) -> Register {
        let mail = self.mail;
        let requester = Requester {
            name: mail.from.as_ref().and_then(|from| from.name.clone()).filter(|_| by_person),
            email: mail.writer().map(|writer| writer.address.clone()).filter(|_| by_person),
            ..Requester::default()
        };
        let is_theirs = follows.is_some_and(|ticket| {
            ticket
                .facts
                .requester
                .email
                .as_ref()
                .is_some_and(|email| email.trim().eq_ignore_ascii_case(self.sender()))
        });
        // To whoever goes on from their own ticket the old words are known; to others they may be all there is.
        let text = if is_theirs { own_words(&mail.text) } else { mail.text.as_str() };
        let lead = match (by_person, follows) {
            (false, _) => Some(self.automatic_lead()),
            (true, Some(ticket)) if !is_theirs => Some(self.stranger_lead(ticket.number)),
            (true, _) => None,
        };
        let text = lead.map_or_else(|| text.to_owned(), |lead| format!("{lead}\n\n{text}"));
        let subject = if mail.subject.is_empty() {
            self.say("(без темы)", "(no subject)")
        } else {
            mail.subject.clone()
        };
        Register {
            regulation: address.regulation.as_ref().map(ToString::to_string),
            channel: Some(address.channel.to_string()),
            kind: Some(address.kind.to_string()),
            subject: Some(subject),
            description: Some(self.with_notes(&text)).filter(|text| !text.is_empty()),
            requester: Some(requester),
            follows: follows.map(|ticket| ticket.number),
            incomplete: true,
            ..Register::default()
        }
    }

    fn stranger_lead(&self, number: TicketNumber) -> String {
        let sender = self.sender();
        match self.language {
            Language::Russian => {
                format!("[{sender} пишет по обращению {number}, но не его заявитель: слова туда не внесены]")
            }
            Language::English => format!(
                "[{sender} writes about ticket {number} and is not its requester: the words were not put there]"
            ),
        }
    }

    fn automatic_lead(&self) -> String {
        let sender = self.sender();
        match self.language {
            Language::Russian => format!("[Письмо программы, {sender}: ответов на него не отправляем]"),
            Language::English => format!("[A program's letter, {sender}: nobody answers it]"),
        }
    }

    /// A program of the requester's has answered.
    fn automatic(&self) -> String {
        let lead =
            self.say("[Автоматический ответ заявителя]", "[The requester's program answers by itself]");
        self.with_notes(&format!("{lead}\n{}", own_words(&self.mail.text)))
    }

    fn undelivered(&self, recipient: &str, words: &str) -> String {
        let lead = self.say("Письмо не доставлено", "A letter was not delivered");
        let colon = if recipient.is_empty() { "" } else { ": " };
        format!("[{lead}{colon}{recipient}] {words}")
    }
}
