//! From a mail to a ticket: what the desk has afterwards.

use std::sync::Arc;

use firmware_board::Language;

use super::{DESK, World, address, mail};
use crate::config::MailIn;
use crate::desk::command::{Confirm, LinkKind, Resolve, Text};
use crate::desk::{Act, Actor, AlarmState, Command, Role, Stage, TicketNumber};
use crate::door::mail::kind::Kind;
use crate::door::mail::plan::{self, About, Plan};
use crate::door::mail::{HeldWhy, Later, QuarantineError, Taken, read};

const ANNA: &str = "=?UTF-8?B?0JDQvdC90LA=?= <anna@example.ru>";
const BORIS: &str = "boris@other.example";

fn ticket(number: u64) -> Taken {
    Taken::Ticket(TicketNumber(number))
}

async fn act(world: &World, number: u64, act: Act) {
    let agent = Actor::named("ivanova", Role::Agent);
    let command = Command::Ticket { number: TicketNumber(number), if_revision: None, act };
    world.handle.command(command, agent, None).await.unwrap();
}

async fn ask(world: &World, number: u64) {
    act(world, number, Act::Ask(Text { text: Some("Какая версия?".into()) })).await;
}

async fn resolve(world: &World, number: u64) {
    act(world, number, Act::Resolve(Resolve { text: Some("Обновите.".into()), ..Resolve::default() })).await;
}

/// An answer to the first letter of ticket 1.
fn answer(id: &str, from: &str, text: &str) -> Arc<[u8]> {
    mail(id, from, "Re: [#1] x", "In-Reply-To: <t1.l1@desk.example>\r\n", text)
}

/// The texts of a ticket's history of that kind.
fn texts(world: &World, number: u64, event: &str) -> Vec<String> {
    let entries = world.handle.history().of(TicketNumber(number)).unwrap();
    let facts = entries.iter().flat_map(|entry| &entry.facts).map(|fact| serde_json::to_value(fact).unwrap());
    let of = facts.filter(|fact| fact["event"] == event && fact["ticket"] == number);
    of.map(|fact| fact["text"].as_str().or(fact["reason"].as_str()).unwrap_or_default().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_opens_a_ticket_that_says_what_it_lacks() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    assert_eq!(
        world.room.take(mail("1", ANNA, "Printing", "", "Не печатается."), None).await.unwrap(),
        ticket(1)
    );
    let ticket = world.ticket(1);
    let facts = &ticket.facts;
    assert_eq!((facts.channel.as_str(), facts.kind.as_str(), facts.incomplete), ("email", "error", true));
    assert_eq!(
        (facts.requester.name.as_deref(), facts.requester.email.as_deref()),
        (Some("Анна"), Some("anna@example.ru"))
    );
    assert_eq!((facts.subject.as_str(), facts.description.as_deref()), ("Printing", Some("Не печатается.")));
    assert_eq!(facts.opened_by, None, "it came in by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_handled_once_also_after_a_restart_and_when_what_was_handled_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let letter = mail("1", ANNA, "x", "", "Текст.");
    let world = World::open(dir.path(), MailIn::default());
    assert_eq!(world.room.take(Arc::clone(&letter), None).await.unwrap(), ticket(1));
    assert_eq!(world.room.take(Arc::clone(&letter), None).await.unwrap(), Taken::Before);
    drop(world);
    let world = World::open(dir.path(), MailIn::default());
    assert_eq!(world.room.take(Arc::clone(&letter), None).await.unwrap(), Taken::Before);
    drop(world);
    // As if the power had gone before the file was written: the record tells.
    std::fs::remove_file(dir.path().join("mail/seen")).unwrap();
    let world = World::open(dir.path(), MailIn::default());
    assert_eq!(world.room.take(Arc::clone(&letter), None).await.unwrap(), ticket(1));
    assert_eq!((world.tickets(), world.room.take(letter, None).await.unwrap()), (1, Taken::Before));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_the_requester_resumes_and_that_of_somebody_else_is_a_ticket_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    world.room.take(mail("1", ANNA, "x", "", "Текст."), None).await.unwrap();
    ask(&world, 1).await;
    assert_eq!(world.room.take(answer("2", BORIS, "Я вместо Анны."), None).await.unwrap(), ticket(2));
    assert!(world.ticket(1).waiting, "nobody else's words move the clocks");
    let second = world.ticket(2);
    assert!(second.links.iter().any(|link| link.to == TicketNumber(1) && link.kind == LinkKind::FollowUp));
    assert!(
        second.facts.description.as_ref().unwrap().starts_with("[boris@other.example пишет по обращению 1")
    );
    let own = "Версия 3.2.\r\n\r\n20.11.2026, 13:10, \"Support\" <support@desk.example>:\r\n> Какая версия?";
    assert_eq!(world.room.take(answer("3", "ANNA@example.ru", own), None).await.unwrap(), ticket(1));
    assert!(!world.ticket(1).waiting);
    assert_eq!(texts(&world, 1, "answered"), ["Версия 3.2."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_in_the_subject_is_enough_for_the_requester_and_for_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    world.room.take(mail("1", ANNA, "x", "", "Текст."), None).await.unwrap();
    assert_eq!(world.room.take(mail("2", ANNA, "Re: [#1] x", "", "Ещё."), None).await.unwrap(), ticket(1));
    assert_eq!(world.room.take(mail("3", BORIS, "Re: [#1] x", "", "Ещё."), None).await.unwrap(), ticket(2));
    assert_eq!(world.room.take(mail("4", ANNA, "Re: [#99] x", "", "Ещё."), None).await.unwrap(), ticket(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_the_solution_returns_the_ticket_and_thanks_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    world.room.take(mail("1", ANNA, "x", "", "Текст."), None).await.unwrap();
    resolve(&world, 1).await;
    assert_eq!(world.room.take(answer("2", ANNA, "Спасибо!"), None).await.unwrap(), ticket(1));
    assert_eq!(world.ticket(1).stage, Stage::Resolved);
    assert_eq!(world.room.take(answer("3", ANNA, "Всё ещё не печатается."), None).await.unwrap(), ticket(1));
    assert_eq!(world.ticket(1).stage, Stage::Open);
    assert_eq!(
        (texts(&world, 1, "answered"), texts(&world, 1, "returned")),
        (vec!["Спасибо!".to_owned()], vec!["Всё ещё не печатается.".to_owned()])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_to_a_closed_ticket_goes_on_in_a_new_one_and_thanks_are_noted() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    world.room.take(mail("1", ANNA, "x", "", "Текст."), None).await.unwrap();
    resolve(&world, 1).await;
    act_as_requester(&world, Act::Confirm(Confirm::default())).await;
    assert_eq!(world.ticket(1).stage, Stage::Closed);
    assert_eq!(world.room.take(answer("2", ANNA, "Спасибо"), None).await.unwrap(), ticket(1));
    assert_eq!(texts(&world, 1, "replied"), ["Спасибо"], "a note for agents");
    assert_eq!(world.room.take(answer("3", ANNA, "Опять не печатается."), None).await.unwrap(), ticket(2));
    assert!(world.ticket(2).links.iter().any(|link| link.to == TicketNumber(1)));
    assert_eq!(world.ticket(2).facts.description.as_deref(), Some("Опять не печатается."));
}

async fn act_as_requester(world: &World, act: Act) {
    let command = Command::Ticket { number: TicketNumber(1), if_revision: None, act };
    world.handle.command(command, Actor::requester(), None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_programs_write_is_noted_where_it_belongs_and_else_held_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    world.room.take(mail("1", ANNA, "x", "", "Текст."), None).await.unwrap();
    ask(&world, 1).await;
    let auto = "Auto-Submitted: auto-replied\r\nIn-Reply-To: <t1.l1@desk.example>\r\n";
    assert_eq!(
        world.room.take(mail("2", ANNA, "Re: x", auto, "Я в отпуске."), None).await.unwrap(),
        ticket(1)
    );
    assert!(world.ticket(1).waiting, "it answers nothing");
    assert_eq!(texts(&world, 1, "replied"), ["[Автоматический ответ заявителя]\nЯ в отпуске."]);
    for (id, headers, why) in [
        ("3", "Auto-Submitted: auto-replied\r\n", HeldWhy::AutoReply),
        ("4", "List-Id: <l.example.org>\r\n", HeldWhy::List),
        ("5", "X-Spam-Flag: YES\r\n", HeldWhy::Spam),
        ("6", "X-Andon: 1\r\n", HeldWhy::Loop),
        ("7", "Auto-Submitted: auto-generated\r\n", HeldWhy::Automatic),
    ] {
        assert_eq!(
            world.room.take(mail(id, BORIS, "x", headers, "Текст."), None).await.unwrap(),
            Taken::Held(why)
        );
    }
    assert_eq!(
        (world.tickets(), world.room.held().len(), world.alarms()),
        (1, 5, vec![]),
        "none of it needs a person"
    );
    let spam = world.room.held()[2].id.clone();
    assert_eq!(world.room.retry(&spam).await.unwrap(), Some(ticket(2)), "an admin knows better");
    assert_eq!(world.room.held().len(), 4);
    assert!(world.room.drop_held(&world.room.held()[0].id).unwrap());
    assert_eq!((world.room.held().len(), world.room.retry(&spam).await.unwrap()), (3, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_did_not_arrive_is_noted_on_its_ticket() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    for number in 1..=5 {
        world.room.take(mail(&number.to_string(), ANNA, "x", "", "Текст."), None).await.unwrap();
    }
    let bounce = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/mails/bounce.eml")).unwrap();
    assert_eq!(world.room.take(bounce.into(), None).await.unwrap(), ticket(5));
    assert_eq!(
        texts(&world, 5, "replied"),
        ["[Письмо не доставлено: ana@example.ru] 550 5.1.1 User unknown"]
    );
    assert_eq!(texts(&world, 5, "answered"), Vec::<String>::new());
    settled(&world).await;
    assert_eq!(world.alarms(), Vec::<String>::new(), "the desk never wrote to that address");
}

/// What the server at which nobody is reports of a letter of ticket 1.
fn bounce(id: &str, letter: u32, recipient: &str) -> Arc<[u8]> {
    format!(
        "From: MAILER-DAEMON@mx.example.ru\r\nTo: {DESK}\r\nDate: Fri, 20 Nov 2026 14:02:11 +0300\r\nMessage-ID: <{id}@mx.example.ru>\r\n\
         Subject: Undelivered\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx\r\n\r\n\
         Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <t1.l{letter}@desk.example>\r\n\r\nHello.\r\n--b--\r\n"
    )
    .into_bytes()
    .into()
}

/// A desk that has written its first letter, to Anna.
async fn written(dir: &std::path::Path) -> World {
    let world = World::that_writes(dir, MailIn { per_sender_per_hour: 2, ..MailIn::default() });
    world.room.take(mail("1", ANNA, "x", "", "Текст."), None).await.unwrap();
    assert_eq!(world.ticket(1).letters_total, 1);
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_did_not_arrive_is_on_the_wall_where_it_was_the_desks() {
    let dir = tempfile::tempdir().unwrap();
    let world = written(dir.path()).await;
    // A letter that was never written, and somebody whom none was written to: a note, which is all that a stranger can do.
    for (id, letter, to) in [("b1", 2, "anna@example.ru"), ("b2", 1, "boss@example.ru")] {
        assert_eq!(world.room.take(bounce(id, letter, to), None).await.unwrap(), ticket(1));
        settled(&world).await;
        assert_eq!(world.alarms(), Vec::<String>::new(), "{id}");
    }
    assert_eq!(
        world.room.take(bounce("b3", 2, "anna@example.ru"), None).await.unwrap(),
        Taken::Held(HeldWhy::TooMany)
    );
    // Its own letters are told however many there are.
    assert_eq!(world.room.take(bounce("b4", 1, "Anna@example.ru"), None).await.unwrap(), ticket(1));
    settled(&world).await;
    let board = world.handle.view().board();
    let told = board.alarms.iter().find(|(alarm, _)| alarm.id == "letter-dead-letters");
    let (alarm, _) = told.expect("the room sees it");
    assert_eq!(alarm.state, AlarmState::ClearedUnacked, "until somebody has");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_knows_of_no_reports_is_heard_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let world = written(dir.path()).await;
    let words = "Hi. This is the qmail-send program.\r\n<anna@example.ru>:\r\nno such user\r\n\r\n--- Below this line is a copy.\r\n\r\n\
                 Message-ID: <t1.l1@desk.example>\r\nSubject: x";
    let bounce = mail("q", "MAILER-DAEMON@mx.example.ru", "failure notice", "", words);
    assert_eq!(world.room.take(bounce, None).await.unwrap(), ticket(1));
    let noted = texts(&world, 1, "replied").remove(0);
    assert!(noted.starts_with("[Письмо не доставлено] Hi. This is the qmail-send program."), "{noted}");
    settled(&world).await;
    assert_eq!(world.alarms(), ["letter-dead-letters"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_was_one_too_many_is_what_it_is_when_it_is_let_out() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn { per_sender_per_hour: 1, ..MailIn::default() });
    world.room.take(mail("1", ANNA, "x", "", "Текст."), None).await.unwrap();
    let away = mail("2", ANNA, "Re: [#1] x", "Auto-Submitted: auto-replied\r\n", "Я в отпуске.");
    assert_eq!(world.room.take(away, None).await.unwrap(), Taken::Held(HeldWhy::TooMany));
    let id = world.room.held()[0].id.clone();
    assert_eq!(world.room.retry(&id).await.unwrap(), Some(ticket(1)));
    assert_eq!(texts(&world, 1, "replied"), ["[Автоматический ответ заявителя]\nЯ в отпуске."]);
    assert_eq!(texts(&world, 1, "answered"), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_answered_at_the_desk_is_answered_where_they_write_from() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    let letter = mail("1", ANNA, "x", &format!("Reply-To: {DESK}\r\n"), "Текст.");
    assert_eq!(world.room.take(letter, None).await.unwrap(), ticket(1));
    assert_eq!(world.ticket(1).facts.requester.email.as_deref(), Some("anna@example.ru"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_writes_about_a_ticket_stands_by_itself_where_that_has_no_room_for_links() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    world.room.take(mail("1", ANNA, "x", "", "Текст."), None).await.unwrap();
    let named = read::read(&mail("2", BORIS, "Re: [#1] x", "", "Моё.")).unwrap();
    let first = world.ticket(1);
    let about = About { ticket: Some(&first), is_theirs: false };
    let plans = plan::plan(&named, Kind::Letter, about, &address(false), &[], Language::Russian).unwrap();
    let registers: Vec<_> = plans
        .iter()
        .map(|plan| match plan {
            Plan::Register(register) => (register.follows, register.description.clone().unwrap()),
            Plan::Act(..) | Plan::Note(..) => panic!("a stranger has no say there"),
        })
        .collect();
    let words =
        "[boris@other.example пишет по обращению 1, но не его заявитель: слова туда не внесены]\n\nМоё.";
    assert_eq!(registers, [(Some(TicketNumber(1)), words.to_owned()), (None, words.to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_somebody_wants_answered_does_not_make_them_another() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    world.room.take(mail("1", ANNA, "x", "", "Текст."), None).await.unwrap();
    resolve(&world, 1).await;
    let posing = mail("2", BORIS, "Re: [#1] x", "Reply-To: anna@example.ru\r\n", "Верните.");
    assert_eq!(world.room.take(posing, None).await.unwrap(), ticket(2));
    assert_eq!(world.ticket(1).stage, Stage::Resolved);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_a_person_is_on_the_wall_until_somebody_has_decided() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn { per_sender_per_hour: 2, ..MailIn::default() });
    for (id, expected) in [("1", ticket(1)), ("2", ticket(2)), ("3", Taken::Held(HeldWhy::TooMany))] {
        assert_eq!(world.room.take(mail(id, ANNA, "x", "", "Текст."), None).await.unwrap(), expected);
    }
    settled(&world).await;
    assert_eq!(world.alarms(), ["letter-mail-quarantine"]);
    assert_eq!(
        world.room.take(b"\r\nno mail".as_slice().into(), None).await.unwrap(),
        Taken::Held(HeldWhy::Unreadable)
    );
    for held in world.room.held() {
        assert!(held.why.needs_a_person());
        world.room.drop_held(&held.id).unwrap();
    }
    settled(&world).await;
    let board = world.handle.view().board();
    assert!(board.alarms.iter().all(|(alarm, _)| alarm.state == AlarmState::ClearedUnacked));
}

/// The loop has dealt with what it was told.
async fn settled(world: &World) {
    world.handle.look(|_, _| ()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_quarantine_leaves_mail_where_it_is_and_what_is_quiet_makes_room() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn { max_quarantine: 1_000, ..MailIn::default() });
    let spam = |id: &str| mail(id, BORIS, "x", "X-Spam-Flag: YES\r\n", &"т".repeat(150));
    for id in ["1", "2", "3", "4"] {
        assert_eq!(world.room.take(spam(id), None).await.unwrap(), Taken::Held(HeldWhy::Spam));
    }
    let (count, bytes) = world.room.held_size();
    assert!(bytes <= 1_000 && count < 4, "{count} of {bytes} bytes");
    let nobody = |id: &str| mail(id, "nobody", "x", "", &"т".repeat(200));
    assert_eq!(world.room.take(nobody("5"), None).await.unwrap(), Taken::Held(HeldWhy::NoSender));
    let full = world.room.take(nobody("6"), None).await;
    assert!(matches!(full, Err(Later::Quarantine(QuarantineError::Full { .. }))), "{full:?}");
    settled(&world).await;
    assert!(world.alarms().contains(&"letter-mail-quarantine-full".to_owned()), "{:?}", world.alarms());
    assert_eq!(world.room.held().iter().filter(|held| held.why == HeldWhy::NoSender).count(), 1);
    drop(world);
    let world = World::open(dir.path(), MailIn { max_quarantine: 100_000, ..MailIn::default() });
    assert_eq!(world.room.held().len(), 1, "it is there after a restart");
    assert_eq!(world.room.take(nobody("6"), None).await.unwrap(), Taken::Held(HeldWhy::NoSender));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_is_let_go_stays_for_those_who_read_it_and_goes_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    let spam = |id: &str| mail(id, BORIS, "x", "X-Spam-Flag: YES\r\n", "Т");
    for id in ["1", "2"] {
        assert_eq!(world.room.take(spam(id), None).await.unwrap(), Taken::Held(HeldWhy::Spam));
    }
    let ids: Vec<String> = world.room.held().into_iter().map(|held| held.id).collect();
    let files = || {
        let read = std::fs::read_dir(dir.path().join("mail/quarantine")).unwrap();
        let mut names: Vec<_> = read.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let (first, second) = (world.room.keep_held(), world.room.keep_held());
    assert!(world.room.drop_held(&ids[0]).unwrap());
    assert_eq!(
        (world.room.held().len(), world.room.retry(&ids[0]).await.unwrap()),
        (1, None),
        "it counts no more"
    );
    let of = |id: &String, end: &str| format!("{id}.{end}");
    let (gone, held) = (of(&ids[0], "eml"), [of(&ids[1], "eml"), of(&ids[1], "json")]);
    assert_eq!(files().len(), 3);
    drop(first);
    assert!(files().contains(&gone), "the other reads yet");
    drop(second);
    assert_eq!(files(), held);
}

fn with_files(id: &str, subject: &str, files: &[(&str, &str, &str)]) -> Arc<[u8]> {
    let parts = files.iter().map(|(name, kind, text)| {
        format!("--b\r\nContent-Type: {kind}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n{text}\r\n")
    });
    let parts: String = parts.collect();
    format!(
        "From: anna@example.ru\r\nTo: support@desk.example\r\nDate: Fri, 20 Nov 2026 14:02:11 +0300\r\nMessage-ID: <{id}@example.ru>\r\n\
         Subject: {subject}\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nText.\r\n{parts}--b--\r\n"
    )
    .into_bytes()
    .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_come_to_the_ticket_by_what_is_in_them_once_each_and_the_others_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    let log = ("trace.log", "text/plain", "started\r\nfailed");
    let page = ("page.txt", "text/plain", "<html><script>alert(1)</script></html>");
    let tnef = ("winmail.dat", "application/ms-tnef", "x");
    assert_eq!(world.room.take(with_files("1", "x", &[log, page, tnef]), None).await.unwrap(), ticket(1));
    let first = world.ticket(1);
    let names: Vec<&str> = first.attachments.iter().map(|known| known.file.name.as_str()).collect();
    assert_eq!(names, ["trace.log"]);
    let told = first.facts.description.clone().unwrap();
    assert!(
        told.starts_with("Text.\n\n[Вложения не приняты: page.txt: ")
            && told.contains("winmail.dat (Outlook RTF)"),
        "{told}"
    );
    let more = ("more.log", "text/plain", "more");
    assert_eq!(world.room.take(with_files("2", "Re: [#1] x", &[log, more]), None).await.unwrap(), ticket(1));
    let names: Vec<String> =
        world.ticket(1).attachments.iter().map(|known| known.file.name.clone()).collect();
    assert_eq!(names, ["trace.log", "more.log"], "what it has is not brought again");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_kept_leave_the_mail_on_its_server_and_the_wall_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    let place = dir.path().join("attachments");
    // As on a disk that fails: where files are to be is no directory.
    let _ = std::fs::remove_dir(&place);
    std::fs::write(&place, "").unwrap();
    let letter = with_files("1", "x", &[("trace.log", "text/plain", "started")]);
    let told = world.room.take(Arc::clone(&letter), None).await;
    assert!(matches!(told, Err(Later::Files(_))), "{told:?}");
    settled(&world).await;
    assert_eq!(world.alarms(), ["letter-mail-unkept"]);
    std::fs::remove_file(&place).unwrap();
    assert_eq!(world.room.take(letter, None).await.unwrap(), ticket(1));
    assert_eq!((world.tickets(), world.ticket(1).attachments.len()), (1, 1));
    settled(&world).await;
    let board = world.handle.view().board();
    assert!(board.alarms.iter().all(|(alarm, _)| alarm.state == AlarmState::ClearedUnacked));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_between_the_words_and_the_files_loses_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let letter = with_files("1", "x", &[("trace.log", "text/plain", "started")]);
    let world = World::open(dir.path(), MailIn::default());
    world.room.take(Arc::clone(&letter), None).await.unwrap();
    drop(world);
    // The words are noted and the files are not.
    let path = dir.path().join("mail/seen");
    let seen = std::fs::read_to_string(&path).unwrap();
    let words: Vec<&str> = seen.lines().filter(|line| !line.starts_with("all ")).collect();
    let words = words.join("\n") + "\n";
    assert!(words.contains("words ") && words.len() < seen.len(), "{seen}");
    std::fs::write(&path, words).unwrap();
    let world = World::open(dir.path(), MailIn::default());
    assert_eq!(world.room.take(letter, None).await.unwrap(), ticket(1));
    assert_eq!((world.tickets(), world.ticket(1).attachments.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_too_long_is_cut_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    let long = "слово ".repeat(20_000);
    assert_eq!(world.room.take(mail("1", ANNA, "x", "", &long), None).await.unwrap(), ticket(1));
    let told = world.ticket(1).facts.description.clone().unwrap();
    assert!(
        told.len() <= 65_536 && told.contains("[Письмо длиннее, чем помещается: не показано ещё"),
        "{}",
        told.len()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_of_a_site_that_answers_elsewhere_is_of_whoever_is_to_be_answered() {
    let dir = tempfile::tempdir().unwrap();
    let world = World::open(dir.path(), MailIn::default());
    let form = mail("1", "form@site.example", "x", "Reply-To: anna@example.ru\r\n", "Текст.");
    assert_eq!(world.room.take(form, None).await.unwrap(), ticket(1));
    assert_eq!(world.ticket(1).facts.requester.email.as_deref(), Some("anna@example.ru"));
}
