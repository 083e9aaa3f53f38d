//! BC-4: who writes by mail.

use andon::desk::command::Requester;
use andon::desk::{Appointment, ClientAct, ClientTerms, Command, DeskAct, Role, Stage};
use andon_tests::mail_desk::{DESK, MailDesk};

/// BC-4: a mail from another address of the client is registered as refused, and that of its contact is taken.
#[test]
fn bc_4_a_mail_of_somebody_else_is_registered_as_refused() {
    let desk = MailDesk::open("bpmsoft-care", "incident");
    let terms = ClientTerms {
        id: "romashka".into(),
        name: "ООО «Ромашка»".to_owned(),
        domains: vec!["romashka.example.ru".into()],
        ..ClientTerms::default()
    };
    desk.act(Command::Desk(DeskAct::Client(ClientAct::Set(terms))), Role::Lead);
    let contact = Requester {
        name: Some("Анна Петрова".to_owned()),
        email: Some("petrova@romashka.example.ru".to_owned()),
        ..Requester::default()
    };
    let appointment =
        Appointment { client: "romashka".into(), contact, notice: "Договор № 5".to_owned() };
    desk.act(Command::Desk(DeskAct::Client(ClientAct::Appoint(Box::new(appointment)))), Role::Lead);
    for (number, (who, stage)) in (1..).zip([("boris", Stage::Closed), ("petrova", Stage::Open)]) {
        desk.take(&format!("From: {who}@romashka.example.ru\r\nTo: {DESK}\r\nMessage-ID: <{who}@x>\r\nSubject: x\r\n\r\nText.\r\n"));
        let ticket = desk.ticket(number);
        assert_eq!((ticket.stage, ticket.facts.client.as_deref()), (stage, Some("ООО «Ромашка»")), "{who}");
    }
    assert_eq!(desk.ticket(1).facts.status, "refused");
}
