//! Letters as they are written: each kind in both languages, from a desk that did what they tell of.

use std::fs;
use std::path::{Path, PathBuf};

use calendars::Timestamp;
use firmware_board::Language;
use serde_json::{Value, json};

use super::compose::Moment;
use super::mailer::{Mailer, Outgoing};
use super::template::{Rendered, Templates};
use super::view::{LetterView, samples};
use crate::config::Config;
use crate::desk::command::{Act, CloseProblem, Command, ConfirmProblem, ProblemAct, Register, SealedAct};
use crate::desk::regulation::shipped;
use crate::desk::{
    Actor, Desk, Entry, Event, LetterKind, ProblemNumber, Reach, Regulations, Role, TicketNumber,
};
use crate::golden;
use crate::mail::{MailDomain, MessageId};

/// A desk and all that happened on it.
struct Scene {
    desk: Desk,
    now: Timestamp,
    entries: Vec<Entry>,
}

const FIRST: TicketNumber = TicketNumber(1);

fn at(time: &str) -> Timestamp {
    Timestamp::parse_rfc3339(time).expect("a time")
}

impl Scene {
    fn of(regulation: &str) -> Self {
        let regulation = shipped::get(regulation).expect("it is shipped").expect("it is whole");
        let departments: std::collections::BTreeSet<_> =
            regulation.departments.iter().map(|department| department.id.clone()).collect();
        let mut desk = Desk::new(Regulations::new(vec![regulation]));
        desk.write_to(Reach {
            mail: true,
            mailed: departments.clone(),
            chatting: departments,
            chats: ["urgent".into()].into(),
        });
        // A Tuesday.
        Self { desk, now: at("2026-11-24T10:02:00+03:00"), entries: Vec::new() }
    }

    fn give(mut self, command: &Command) -> Self {
        let actor = Actor::named("ivanova", Role::Lead);
        let decision =
            self.desk.decide(command, &actor, self.now).unwrap_or_else(|refusal| panic!("{refusal}"));
        let entry = self.desk.enter(decision.facts, &actor.name, self.now, None, None, false);
        self.entries.push(entry);
        while let Some((by, facts)) = self.desk.problem_lot(self.now) {
            let entry = self.desk.enter(facts, &by, self.now, None, None, false);
            self.entries.push(entry);
        }
        self
    }

    fn register(self, body: Value) -> Self {
        self.give(&Command::Register(Register::from_json(body).expect("a registration")))
    }

    fn act(mut self, verb: &str, body: Value) -> Self {
        self.now = self.now.plus_ms(60_000);
        let act = Act::from_json(verb, body).expect("a verb");
        self.give(&Command::Ticket { number: FIRST, if_revision: None, act })
    }

    fn until(mut self, time: &str) -> Self {
        self.now = at(time);
        while let Some((effective, facts)) = self.desk.due(self.now) {
            let entry = self.desk.enter(facts, "timer", self.now, Some(effective), None, false);
            self.entries.push(entry);
        }
        self
    }

    /// The last letter of a kind about the first ticket.
    fn letter(&self, kind: LetterKind) -> &Entry {
        let queues = |entry: &&Entry| {
            entry.facts.iter().any(|fact| {
                fact.ticket == Some(FIRST)
                    && matches!(&fact.event, Event::LetterQueued { kind: of, .. } if *of == kind)
            })
        };
        self.entries.iter().rev().find(queues).unwrap_or_else(|| panic!("no letter {kind} was queued"))
    }

    fn view(&self, kind: LetterKind, language: Language) -> LetterView {
        let about: Vec<Entry> =
            self.entries.iter().filter(|entry| entry.tickets().contains(&FIRST)).cloned().collect();
        let moment = Moment::at(&about, FIRST, self.letter(kind).first_seq).expect("it is in the record");
        let problem = self.desk.problem(ProblemNumber(1)).map(AsRef::as_ref);
        let regulation = self.desk.regulations().of(&moment.after.facts).map(AsRef::as_ref);
        let is_requesters = !matches!(kind, LetterKind::DepartmentAsked | LetterKind::Urgent);
        let page = is_requesters.then(|| "https://desk.example.ru/r/1/AbCdEfGhIjKlMnOpQrStUw".to_owned());
        LetterView::of(&moment.source(kind, problem, regulation), language, "Первый участок", page)
    }

    fn written(&self, kind: LetterKind, language: Language) -> Rendered {
        Templates::shipped(language).letter(kind, FIRST, &self.view(kind, language))
    }
}

fn getmark() -> Scene {
    Scene::of("getmark").register(json!({
        "channel": "email", "type": "error", "subject": "Не открывается форма отчёта",
        "description": "После обновления форма пуста.",
        "requester": { "name": "Анна Петрова", "email": "petrova@example.ru", "inn": "7707083893" },
        "fields": { "process": "Ввод в оборот", "steps": ["Открыть отчёт"], "impact": "stops-operations" },
    }))
}

fn profman() -> Scene {
    Scene::of("profman-iss").register(json!({
        "channel": "email", "type": "problem", "subject": "Не печатается накладная",
        "description": "Кнопка печати не отвечает", "client": "ООО «Ромашка»",
        "requester": { "name": "Анна Петрова", "email": "petrova@example.ru", "phone": "+7 495 123-45-67", "login": "petrova" },
        "fields": { "platform-version": "8.3.24", "product-version": "2.1", "steps": ["Открыть"], "periodicity": "каждый раз" },
    }))
}

fn bpmsoft() -> Scene {
    Scene::of("bpmsoft-care").register(json!({
        "channel": "portal", "type": "incident", "subject": "Не открывается карточка", "priority": "medium",
        "description": "Почему карточка пуста?", "client": "ООО «Ромашка»",
        "requester": { "name": "Анна Петрова", "email": "petrova@example.ru" },
        "fields": { "address": "https://crm.example.ru", "steps": ["Войти"], "database-servers": "один", "nodes": 2,
            "adjacent-software": "нет", "changes": "нет" },
    }))
}

fn zkh() -> Scene {
    Scene::of("zkh-services").register(json!({
        "channel": "email", "type": "error", "subject": "Не проходит платёж",
        "requester": { "name": "Анна Петрова", "email": "petrova@example.ru" },
    }))
}

fn mass() -> Scene {
    let mut scene = getmark();
    for user in 0..4 {
        scene = scene.register(json!({
            "channel": "email", "type": "error", "subject": "Форма отчёта не открывается",
            "requester": { "name": "Пётр", "email": format!("user{user}@example.ru"), "inn": "7707083893" },
            "fields": { "process": "Ввод в оборот", "steps": ["Открыть отчёт"], "impact": "stops-operations" },
        }));
    }
    scene.give(&Command::Problem(ProblemAct::Confirm(ProblemNumber(1), ConfirmProblem::default())))
}

/// What leads to a letter of each kind.
fn scene(kind: LetterKind) -> Scene {
    let text = |text: &str| json!({ "text": text });
    match kind {
        LetterKind::Registered => profman(),
        LetterKind::StatusChanged => {
            let asked = getmark().act("ask", text("Номер отчёта?")).until("2026-11-25T11:00:00+03:00");
            asked.act("answer", text("17"))
        }
        LetterKind::HandedOver => getmark().act("route", json!({ "line": 3, "reason": "Похоже на ошибку в коде" })),
        LetterKind::Asked => getmark().act("ask", text("Какой у отчёта номер?\nИ за какой он день?")),
        LetterKind::Replied => getmark().act("reply", text("Смотрим, подробности: https://status.example.ru/7.")),
        LetterKind::Resolved => getmark().act("resolve", text("1. Обновите страницу.\n2. Войдите заново.")),
        LetterKind::ChangeNeeded => getmark().act("status", json!({ "to": "waiting-release" })),
        LetterKind::Refused => {
            let refusal = json!({ "reason": "third-party-software", "text": "Печатью занимается поставщик принтера." });
            profman().act("refuse", refusal)
        }
        LetterKind::Deferred => profman().act("take", json!({})).act("defer", json!({ "reason": "needs-development" })),
        LetterKind::TermChanged => getmark().act(
            "extend",
            json!({ "deadline": "2026-12-01T18:00:00+03:00", "reason": "нужна диагностика", "text": "Причина в сервере отчётов, ищем где." }),
        ),
        LetterKind::AnswerOverdue => {
            bpmsoft().act("ask", text("Какая база?")).until("2026-12-02T12:00:00+03:00")
        }
        LetterKind::Closed => {
            let (field, id) = ("access".into(), "1".into());
            let put = Command::Sealed { number: FIRST, act: SealedAct::Put { field, id } };
            profman().give(&put).act("take", json!({})).act("resolve", text("Переустановите шрифт."))
        }
        LetterKind::ProblemOpened => mass(),
        LetterKind::ProblemClosed => {
            let text = Some("Сервер отчётов снова работает. Обновите страницу.".to_owned());
            let close = CloseProblem { text, resolve: true, source: None };
            mass().give(&Command::Problem(ProblemAct::Close(ProblemNumber(1), close)))
        }
        LetterKind::DepartmentAsked => zkh().act(
            "escalate",
            json!({ "topic": "legal", "channel": "mattermost", "text": "Можно ли вернуть деньги без заявления?" }),
        ),
        LetterKind::Urgent => getmark().act("urgent", text("Отгрузка стоит у всех @all")),
    }
}

#[test]
fn each_letter_reads_as_it_was_agreed_on() {
    for kind in LetterKind::ALL {
        let scene = scene(kind);
        for (language, dir) in [(Language::Russian, "ru"), (Language::English, "en")] {
            let Rendered { subject, text, html } = scene.written(kind, language);
            assert!(subject.starts_with("[#1] "), "{subject}");
            golden::check(&format!("out/letters/golden/{dir}/{kind}.txt"), &format!("{subject}\n\n{text}"));
            golden::check(&format!("out/letters/golden/{dir}/{kind}.html"), &html);
        }
    }
    for kind in [LetterKind::DepartmentAsked, LetterKind::Urgent] {
        let message =
            Templates::shipped(Language::Russian).message(kind, &scene(kind).view(kind, Language::Russian));
        golden::check(&format!("out/letters/golden/chat/{kind}.md"), &message);
    }
}

#[test]
fn pm_3_the_confirmation_says_where_the_documentation_is() {
    let text = scene(LetterKind::Registered).written(LetterKind::Registered, Language::Russian).text;
    assert!(text.contains("https://kb.example.ru/profman-iss"), "{text}");
}

#[test]
fn pm_c7_the_closing_letter_asks_to_change_access_data_that_was_given_and_no_other_does() {
    let text = scene(LetterKind::Closed).written(LetterKind::Closed, Language::Russian).text;
    assert!(text.contains("Смените их"), "{text}");
    let none = profman().act("take", json!({})).act("resolve", json!({ "text": "Готово." }));
    let text = none.written(LetterKind::Closed, Language::Russian).text;
    assert!(!text.contains("Смените их") && text.contains("Готово."), "{text}");
}

#[test]
fn gm_5_26_the_solutions_letter_says_until_when_it_may_be_returned() {
    // 72 working hours of nine a day from Tuesday 10:03: eight working days on, at the same minute.
    let text = scene(LetterKind::Resolved).written(LetterKind::Resolved, Language::Russian).text;
    assert!(text.contains("ответьте на это письмо до 04.12.2026 10:03 Мск"), "{text}");
}

#[test]
fn hd_5_whoever_may_give_a_mark_is_asked_for_one_when_it_is_solved_and_closed() {
    let asks = |scene: &Scene, kind| {
        let text = scene.written(kind, Language::Russian).text;
        text.contains("поставить оценку") || text.contains("Оцените, пожалуйста")
    };
    let solved = || scene(LetterKind::Resolved);
    assert!(asks(&solved(), LetterKind::Resolved));
    let marked = solved().act("confirm", json!({ "mark": "satisfactory" }));
    assert!(!asks(&marked, LetterKind::Closed), "nobody is asked twice");
    let closed = getmark().act("close", json!({ "reason": "Закрыто по телефону" }));
    assert!(asks(&closed, LetterKind::Closed));
    // BPMSoft and PROFMAN know no marks.
    let none = bpmsoft().act("resolve", json!({ "text": "Исправили.", "source": "own-project" }));
    assert!(!asks(&none, LetterKind::Resolved) && !asks(&scene(LetterKind::Closed), LetterKind::Closed));
}

#[test]
fn zs_4_a_solution_without_a_term_to_return_it_says_how_all_the_same() {
    let scene = zkh().act("take", json!({})).act("resolve", json!({ "text": "Платёж прошёл." }));
    let text = scene.written(LetterKind::Resolved, Language::Russian).text;
    assert!(text.contains("Если вопрос не решён, ответьте на это письмо и напишите"), "{text}");
    assert!(text.contains("вернуть обращение можно и здесь: https://desk.example.ru/r/1/"), "{text}");
}

#[test]
fn pm_c4b_a_question_says_nothing_of_a_term_that_was_never_promised() {
    let says = |scene: Scene| {
        let asked = scene.act("ask", json!({ "text": "Какая версия?" }));
        asked.written(LetterKind::Asked, Language::Russian).text.contains("срок решения не идёт")
    };
    assert!(says(getmark()) && !says(profman()));
}

#[test]
fn what_agents_say_to_each_other_and_fields_of_the_ticket_are_in_no_letter() {
    let scene = getmark()
        .act("reply", json!({ "text": "СЕКРЕТ: клиент сложный", "internal": true }))
        .act("route", json!({ "line": 3, "reason": "СЕКРЕТ: не наша вина" }))
        .act("priority", json!({ "to": "low", "reason": "СЕКРЕТ: подождёт" }))
        .act("transfer", json!({ "agent": "petrov", "reason": "СЕКРЕТ: устал" }))
        .act("reply", json!({ "text": "Работаем" }));
    for kind in [LetterKind::Registered, LetterKind::HandedOver, LetterKind::TermChanged, LetterKind::Replied]
    {
        let Rendered { subject, text, html } = scene.written(kind, Language::Russian);
        for words in [subject, text, html] {
            assert!(!words.contains("СЕКРЕТ") && !words.contains("7707083893"), "{kind}: {words}");
        }
    }
}

#[test]
fn a_letter_that_is_made_of_all_that_ever_happened_has_no_word_of_the_room_in_it() {
    let scene = getmark()
        .act("route", json!({ "line": 3, "reason": "СЕКРЕТ: не наша вина" }))
        .act("priority", json!({ "to": "low", "reason": "СЕКРЕТ: подождёт" }))
        .act("transfer", json!({ "agent": "petrov", "reason": "СЕКРЕТ: устал" }))
        .act("reply", json!({ "text": "СЕКРЕТ: клиент сложный", "internal": true }));
    let moment = Moment::at(&scene.entries, FIRST, 1).expect("it is in the record");
    for kind in LetterKind::ALL {
        let mut source = moment.source(kind, None, None);
        source.events = scene.entries.iter().flat_map(|entry| &entry.facts).map(|fact| &fact.event).collect();
        let view = LetterView::of(&source, Language::Russian, "", None);
        let words = serde_json::to_string(&view).expect("it is JSON");
        assert!(!words.contains("СЕКРЕТ") && !words.contains("7707083893"), "{kind}: {words}");
    }
}

#[test]
fn a_letter_is_the_same_whatever_happened_to_its_ticket_since() {
    let before = scene(LetterKind::Asked);
    let first = before.written(LetterKind::Asked, Language::Russian);
    let after = before.act("answer", json!({ "text": "17" })).act("resolve", json!({ "text": "Готово." }));
    assert_eq!(after.written(LetterKind::Asked, Language::Russian), first);
}

#[test]
fn what_a_requester_writes_calls_nobody_in_a_chat() {
    let view = scene(LetterKind::Urgent).view(LetterKind::Urgent, Language::Russian);
    let message = Templates::shipped(Language::Russian).message(LetterKind::Urgent, &view);
    assert!(message.contains("у всех @\u{200b}all") && !message.contains("@all"), "{message}");
    // As Slack has it, and Mattermost as well.
    let scene = getmark().act("urgent", json!({ "text": "Стоит <!channel> <!all>" }));
    let view = scene.view(LetterKind::Urgent, Language::Russian);
    let message = Templates::shipped(Language::Russian).message(LetterKind::Urgent, &view);
    assert!(message.contains("channel>") && !message.contains("<!"), "{message}");
}

#[test]
fn each_template_does_with_everything_and_with_nothing() {
    for language in [Language::Russian, Language::English] {
        let templates = Templates::shipped(language);
        for view in samples() {
            for kind in LetterKind::ALL {
                let Rendered { subject, text, .. } = templates.letter(kind, FIRST, &view);
                assert!(
                    !subject.contains('{') && !text.contains("{{") && !text.contains("{%"),
                    "{kind}: {text}"
                );
                assert!(!templates.message(kind, &view).is_empty());
            }
        }
    }
}

#[test]
fn each_kind_has_words_for_any_ticket_though_nothing_of_the_kind_happened_to_it() {
    let scene = profman();
    let moment = Moment::at(&scene.entries, FIRST, 1).expect("it is in the record");
    for language in [Language::Russian, Language::English] {
        for kind in LetterKind::ALL {
            let view = LetterView::of(&moment.source(kind, None, None), language, "", None);
            assert!(!Templates::shipped(language).letter(kind, FIRST, &view).text.is_empty());
        }
    }
}

fn site(files: &[(&str, &str)]) -> (tempfile::TempDir, Templates, Vec<String>) {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("ru")).expect("it can be made");
    for (name, text) in files {
        fs::write(dir.path().join("ru").join(name), text).expect("it can be written");
    }
    let (templates, errors) = Templates::with_site(Language::Russian, dir.path());
    let told =
        |error: &super::TemplateError| error.to_string().replace(&format!("{}/", dir.path().display()), "");
    let errors = errors.iter().map(told).collect();
    (dir, templates, errors)
}

#[test]
fn the_sites_own_words_take_the_place_of_ours() {
    let (_dir, templates, errors) = site(&[("asked.txt", "Вопрос по № {{ ticket.number }}\n\n{{ text }}\n")]);
    assert_eq!(errors, [] as [&str; 0]);
    let own: Vec<(&str, PathBuf)> = templates.own().map(|(name, path)| (name, path.to_owned())).collect();
    assert_eq!(own.len(), 1);
    let view = scene(LetterKind::Asked).view(LetterKind::Asked, Language::Russian);
    let letter = templates.letter(LetterKind::Asked, FIRST, &view);
    assert_eq!(letter.subject, "[#1] Вопрос по № 1");
    assert!(letter.text.starts_with("Какой у отчёта номер?\nИ за какой он день?\n\n--"), "{}", letter.text);
}

#[test]
fn a_template_that_cannot_be_used_is_told_by_file_line_and_way_out_and_ours_is_used() {
    let (_dir, templates, errors) = site(&[
        ("asked.txt", "Вопрос\n\n{{ txt }}"),
        ("replied.txt", "Ответ\n\n{% if text %}"),
        ("registred.txt", "Принято"),
        ("notes.md", "no template"),
    ]);
    assert_eq!(errors.len(), 3, "{errors:?}");
    assert!(errors[0].starts_with("ru/asked.txt: line 3: undefined value"), "{errors:?}");
    assert!(
        errors[1].starts_with("ru/registred.txt is the template of no letter; one of registered, "),
        "{errors:?}"
    );
    assert!(errors[2].starts_with("ru/replied.txt: line 3: syntax error"), "{errors:?}");
    let view = scene(LetterKind::Asked).view(LetterKind::Asked, Language::Russian);
    let ours = Templates::shipped(Language::Russian).letter(LetterKind::Asked, FIRST, &view);
    assert_eq!(templates.letter(LetterKind::Asked, FIRST, &view), ours);
}

#[test]
fn a_template_that_would_go_on_for_ever_or_say_too_much_is_told_and_ours_is_used() {
    let loops = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
    let grows = "{% set ns = namespace(x='xxxxxxxxxxxxxxxx') %}{% for i in range(40) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}";
    let calls = "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}";
    for endless in [loops, grows, calls] {
        let (_dir, templates, errors) = site(&[("asked.txt", &format!("Вопрос\n\n{endless}{{{{ text }}}}"))]);
        assert_eq!(errors.len(), 1, "{endless}");
        assert_eq!(templates.own().count(), 0, "{endless}");
    }
}

#[test]
fn a_template_reads_no_other_file() {
    for reads in [
        "{% include '/etc/passwd' %}",
        "{% include 'registered' %}",
        "{% extends 'registered' %}",
        "{% import '/etc/passwd' as p %}",
    ] {
        let (_dir, templates, errors) = site(&[("asked.txt", &format!("Вопрос\n\n{reads}Слова"))]);
        assert_eq!((errors.len(), templates.own().count()), (1, 0), "{reads}: {errors:?}");
    }
}

#[test]
fn what_a_template_must_say_it_says_and_how_an_editor_keeps_it_is_all_the_same() {
    let (_dir, _, errors) =
        site(&[("asked.txt", ""), ("closed.txt", "Тема\n\n{# ничего #}\n"), ("footer.txt", "")]);
    assert_eq!(
        errors,
        [
            "ru/asked.txt makes no subject: the first line is the subject, what follows is the letter",
            "ru/closed.txt makes no letter: the first line is the subject, what follows is the letter",
        ]
    );
    let (_dir, templates, errors) = site(&[("asked.txt", "\u{feff}Вопрос\r\n\r\nСлова\r\n\r\nи ещё\r\n")]);
    assert_eq!(errors, [] as [&str; 0]);
    let view = scene(LetterKind::Asked).view(LetterKind::Asked, Language::Russian);
    let letter = templates.letter(LetterKind::Asked, FIRST, &view);
    assert_eq!(letter.subject, "[#1] Вопрос");
    assert!(letter.text.starts_with("Слова\n\nи ещё\n"), "{:?}", letter.text);
}

#[test]
fn what_is_no_file_is_no_template_and_nobody_waits_for_it() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir_all(dir.path().join("ru/asked.txt")).expect("it can be made");
    std::os::unix::fs::symlink("/dev/zero", dir.path().join("ru/closed.txt")).expect("it can be made");
    let (templates, errors) = Templates::with_site(Language::Russian, dir.path());
    assert_eq!((errors.len(), templates.own().count()), (2, 0), "{errors:?}");
}

#[test]
fn what_somebody_wrote_does_nothing_to_a_readers_program_but_to_be_shown() {
    let scene = getmark().act("reply", json!({ "text": "a\u{1b}]0;x\u{7}b\u{0}c\r\nd\te\rf" }));
    let Rendered { text, html, .. } = scene.written(LetterKind::Replied, Language::Russian);
    for words in [&text, &html] {
        assert!(words.contains("a ]0;x b c") && words.contains("d\te f"), "{words:?}");
        assert!(!words.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')), "{words:?}");
    }
}

fn mailer() -> Mailer {
    let text = "[mail]\nhost = \"localhost\"\nfrom = \"Поддержка <desk@example.org>\"\nreply-to = \"back@example.org\"";
    Mailer::new(Config::parse(Path::new("andon.toml"), text).unwrap().mail.unwrap())
}

fn outgoing(letter: u32, to: &str, subject: &str) -> Outgoing {
    let domain = MailDomain::parse("example.org").unwrap();
    let rendered =
        Rendered {
            subject: subject.to_owned(), text: "Текст".to_owned(), html: "<p>Текст</p>".to_owned()
        };
    let at = at("2026-11-24T10:02:00+03:00");
    Outgoing { id: MessageId { ticket: FIRST, letter, domain }, to: to.to_owned(), rendered, at }
}

fn head(outgoing: &Outgoing) -> Vec<String> {
    let whole = String::from_utf8(mailer().message(outgoing).unwrap().formatted()).unwrap();
    let (head, _) = whole.split_once("\r\n\r\n").unwrap();
    head.lines().filter(|line| !line.starts_with([' ', '\t'])).map(str::to_owned).collect()
}

#[test]
fn a_letter_has_its_id_its_date_and_says_that_a_program_wrote_it() {
    let head = head(&outgoing(2, "petrova@example.ru", "Тема"));
    for line in [
        "Message-ID: <t1.l2@example.org>",
        "In-Reply-To: <t1.l1@example.org>",
        "References: <t1.l1@example.org>",
        "Date: Tue, 24 Nov 2026 07:02:00 +0000",
        "Auto-Submitted: auto-generated",
        "Reply-To: back@example.org",
        "To: petrova@example.ru",
    ] {
        assert!(head.iter().any(|known| known == line), "{line} in {head:#?}");
    }
    let first = self::head(&outgoing(1, "petrova@example.ru", "Тема"));
    assert!(
        first.iter().all(|line| !line.starts_with("In-Reply-To") && !line.starts_with("References")),
        "{first:#?}"
    );
}

#[test]
fn a_subject_or_an_address_makes_no_header_of_its_own() {
    for subject in [
        "Тема\r\nBcc: evil@example.org",
        "x\nBcc: evil@example.org",
        "x\rBcc: evil@example.org",
        "=?utf-8?q?x?=\r\n\r\nBody",
    ] {
        let head = head(&outgoing(1, "petrova@example.ru", subject));
        let names: Vec<&str> =
            head.iter().filter_map(|line| line.split_once(':')).map(|(name, _)| name).collect();
        assert!(!names.contains(&"Bcc") && names.contains(&"MIME-Version"), "{subject:?}: {head:#?}");
    }
    for address in [
        "a@b.ru\r\nBcc: evil@example.org",
        "a@b.ru, evil@example.org",
        "a@b.ru> RCPT TO:<evil@example.org",
        "Anna <a@b.ru>",
        "",
    ] {
        assert!(mailer().message(&outgoing(1, address, "Тема")).is_err(), "{address:?}");
    }
}
