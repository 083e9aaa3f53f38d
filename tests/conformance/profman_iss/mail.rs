//! PM-C1, PM-C3: a letter with screenshots.

use andon_tests::mail_desk::{DESK, MailDesk};

const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQAY3Y2wAAAAAElFTkSuQmCC";

/// PM-C3: screenshots that come by mail are JPG, GIF and PNG by what is in them; others are named, and not kept.
#[test]
fn pm_c3_screenshots_that_come_by_mail_are_of_three_kinds() {
    let desk = MailDesk::open("profman-iss", "problem");
    let part = |name: &str, text: &str| {
        format!(
            "--b\r\nContent-Type: image/png; name={name}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename={name}\r\n\r\n{text}\r\n"
        )
    };
    // A text that calls itself a picture.
    let parts = [part("screen.png", PNG), part("trace.png", "c3RhcnRlZA==")].concat();
    desk.take(&format!(
        "From: anna@example.ru\r\nTo: {DESK}\r\nMessage-ID: <1@x>\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nText.\r\n{parts}--b--\r\n"
    ));
    let ticket = desk.ticket(1);
    let names: Vec<&str> = ticket.attachments.iter().map(|known| known.file.name.as_str()).collect();
    assert_eq!((names, ticket.attachments[0].file.media_type.as_str()), (vec!["screen.png"], "image/png"));
    assert!(ticket.facts.description.as_deref().unwrap_or_default().contains("trace.png"));
}
