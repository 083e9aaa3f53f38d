//! GM-5.4, GM-5.21, GM-5.27: what comes by mail.

use andon::desk::command::{LinkKind, Resolve, Text};
use andon::desk::{Act, ClockState, Command, Metric, Role, Stage, TicketNumber};
use andon::door::mail::Taken;
use andon_tests::mail_desk::{DESK, MailDesk};

fn mail(id: &str, more: &str, text: &str) -> String {
    format!(
        "From: petrova@example.ru\r\nTo: {DESK}\r\nDate: Fri, 20 Nov 2026 14:02:11 +0300\r\nMessage-ID: <{id}@example.ru>\r\n{more}\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
    )
}

/// An answer to the desk's second letter about ticket 1.
fn answer(id: &str, text: &str) -> String {
    mail(id, "Subject: Re: [#1] x\r\nIn-Reply-To: <t1.l2@desk.example>\r\n", text)
}

fn act(desk: &MailDesk, act: Act) {
    desk.act(Command::Ticket { number: TicketNumber(1), if_revision: None, act }, Role::Agent);
}

/// A desk with a ticket that came by mail.
fn asked() -> MailDesk {
    let desk = MailDesk::open("getmark", "error");
    assert_eq!(desk.take(&mail("1", "Subject: x\r\n", "Не открывается.")), Taken::Ticket(TicketNumber(1)));
    desk
}

/// GM-5.4: a written ticket is registered by itself, with planned terms, on line 2, whatever it lacks (GM-5.12).
#[test]
fn gm_5_4_a_mail_is_registered_by_itself_with_planned_terms() {
    let ticket = asked().ticket(1);
    assert_eq!(
        (ticket.facts.line, ticket.facts.incomplete, ticket.facts.opened_by.as_ref()),
        (2, true, None)
    );
    let resolution = ticket.clocks.iter().find(|clock| clock.metric == Metric::Resolution).expect("a term");
    assert!(resolution.term.deadline.is_some());
}

/// GM-5.21: what the user answers by mail resumes the ticket that waited for it.
#[test]
fn gm_5_21_an_answer_by_mail_resumes() {
    let desk = asked();
    act(&desk, Act::Ask(Text { text: Some("Какая версия?".to_owned()) }));
    assert_eq!(desk.ticket(1).facts.status, "waiting-requester");
    desk.take(&answer("2", "3.2"));
    assert_eq!(desk.ticket(1).facts.status, "in-progress");
}

/// GM-5.27: within the window the user returns the ticket by answering the letter; what they write is the reason.
#[test]
fn gm_5_27_an_answer_to_the_letter_returns_the_ticket() {
    let desk = asked();
    act(&desk, Act::Resolve(Resolve { text: Some("Обновите.".to_owned()), ..Resolve::default() }));
    assert_eq!(desk.ticket(1).stage, Stage::Resolved);
    assert_eq!(desk.take(&answer("2", "Всё равно не открывается.")), Taken::Ticket(TicketNumber(1)));
    let ticket = desk.ticket(1);
    assert_eq!(
        (ticket.stage, ticket.facts.status.as_str(), ticket.way.returns),
        (Stage::Open, "in-progress", 1)
    );
    let resolution = ticket.clocks.iter().find(|clock| clock.metric == Metric::Resolution).expect("a term");
    assert_eq!(resolution.state, ClockState::Running);
}

/// GM-5.27: behind the window an answer to the letter is a new ticket, linked.
#[test]
fn gm_5_27_a_late_answer_to_the_letter_is_a_new_ticket_linked() {
    let desk = asked();
    act(&desk, Act::Resolve(Resolve { text: Some("Обновите.".to_owned()), ..Resolve::default() }));
    act(&desk, Act::Confirm(andon::desk::command::Confirm::default()));
    assert_eq!(desk.ticket(1).stage, Stage::Closed);
    assert_eq!(desk.take(&answer("2", "Опять не открывается.")), Taken::Ticket(TicketNumber(2)));
    let links = &desk.ticket(2).links;
    assert!(links.iter().any(|link| link.to == TicketNumber(1) && link.kind == LinkKind::FollowUp));
    assert_eq!(desk.ticket(1).stage, Stage::Closed);
}
