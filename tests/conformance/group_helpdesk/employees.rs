//! HD-2: only employees get support, by the directory that the site keeps.

use andon::desk::{
    ClockState, DeskAct, Employee, EmployeeAct, Event, FieldError, Metric, Refusal, Role, Stage, TicketNumber,
};
use andon_tests::World;
use serde_json::{Value, json};

use super::{request, world};

fn employee(id: &str, name: &str, email: &str) -> Employee {
    Employee {
        id: id.into(),
        name: name.to_owned(),
        email: Some(email.to_owned()),
        login: Some(id.to_owned()),
        ..Employee::default()
    }
}

fn change(put: Vec<Employee>, remove: &[&str]) -> DeskAct {
    let remove = remove.iter().map(|id| (*id).into()).collect();
    DeskAct::Employee(EmployeeAct::Change { put, remove })
}

/// A desk whose directory has Anna Petrova and two of the name Boris Ivanov; a bot registers.
fn known() -> World {
    let mut world = world("2026-11-23 10:00");
    world.as_role("lead", Role::Lead, &[]);
    let employees = vec![
        employee("petrova", "Анна Петрова", "petrova@group.example.ru"),
        employee("ivanov1", "Борис Иванов", "b1@group.example.ru"),
        employee("ivanov2", "Борис Иванов", "b2@group.example.ru"),
    ];
    world.try_desk(change(employees, &[])).expect("they are written down");
    world.as_role("bot", Role::Intake, &[]);
    world
}

fn by(requester: Value) -> Value {
    let mut body = request("hm", "question");
    body["requester"] = requester;
    body
}

fn refused_for(world: &World, ticket: TicketNumber) -> Option<(String, String)> {
    world.history(ticket).find_map(|(_, event)| match event {
        Event::Refused { reason, text } => Some((reason.clone(), text.clone().unwrap_or_default())),
        _ => None,
    })
}

fn fields(refusal: Result<(), Refusal>) -> Vec<String> {
    let Err(Refusal::Fields(errors)) = refusal else { panic!("its fields are wrong: {refusal:?}") };
    errors.into_iter().map(|FieldError { field, .. }| field).collect()
}

/// HD-2: an employee is known by any of their addresses, and what they left out is filled in.
#[test]
fn hd_2_an_employee_is_known_and_filled_in() {
    let mut world = known();
    for requester in [
        json!({ "email": "Petrova@GROUP.example.ru" }),
        json!({ "login": "petrova" }),
        json!({ "name": "анна  петрова" }),
        json!({ "email": "home@mail.example.ru", "login": "petrova" }),
    ] {
        let ticket = world.register(by(requester.clone()));
        let facts = &world.ticket(ticket).facts;
        assert_eq!(world.ticket(ticket).stage, Stage::Open, "{requester}");
        assert_eq!(facts.requester.login.as_deref(), Some("petrova"), "{requester}");
        let is_known =
            facts.requester.name.as_deref().is_some_and(|name| name.to_lowercase().contains("петрова"));
        assert!(is_known, "{requester}");
    }
    let ticket = world.register(by(json!({ "login": "petrova" })));
    assert_eq!(world.ticket(ticket).facts.requester.email.as_deref(), Some("petrova@group.example.ru"));
}

/// HD-2: anybody else is refused, by name; the refusal is on record, and nobody owes an answer.
#[test]
fn hd_2_anybody_else_is_registered_as_refused_by_name() {
    let mut world = known();
    for requester in [
        json!({ "name": "Олег Чужой", "email": "oleg@elsewhere.example.ru" }),
        // Of two who bear the name it cannot be said who it is.
        json!({ "name": "Борис Иванов" }),
        // A name proves nothing where the address is somebody else's.
        json!({ "name": "Анна Петрова", "email": "petrova@elsewhere.example.ru" }),
    ] {
        let ticket = world.register(by(requester.clone()));
        assert_eq!(
            (world.status(ticket), world.ticket(ticket).stage),
            ("refused", Stage::Closed),
            "{requester}"
        );
        let (reason, text) = refused_for(&world, ticket).expect("it is on record");
        assert_eq!(reason, "not-employee");
        let name = requester["name"].as_str().expect("a name");
        assert!(
            text.starts_with("Служба поддержки работает только для сотрудников") && text.contains(name),
            "{text}"
        );
        for metric in [Metric::Reaction, Metric::Resolution] {
            assert_eq!(world.state(ticket, metric), ClockState::Stopped);
        }
    }
    assert_eq!(world.counts().open, 0);
    world.run_until("2026-12-23 10:00");
    assert_eq!(world.alarms(), Vec::<String>::new());
}

/// HD-2: who says nothing of themselves is asked; a lead's own task needs nobody (HD-1).
#[test]
fn hd_2_a_requester_is_named_but_for_a_leads_own_task() {
    let mut world = known();
    for requester in [json!({}), json!({ "name": "  " }), json!({ "inn": "7707083893" })] {
        let refusal = world.try_register(by(requester.clone())).expect_err("nobody is named");
        let Refusal::Fields(errors) = refusal else { panic!("{requester}: {refusal:?}") };
        assert_eq!(errors[0].field, "requester");
        assert!(errors[0].message.contains("(HD-2)"), "{}", errors[0].message);
    }
    world.as_role("lead", Role::Lead, &[]);
    let task = world.register(by(json!({})));
    assert_eq!(world.ticket(task).stage, Stage::Open);
    let stranger = world.register(by(json!({ "name": "Олег Чужой" })));
    assert_eq!(world.status(stranger), "refused", "whom a lead names is an employee, too");
}

/// HD-2: a desk that nobody gave a directory to refuses nobody; one that lost everybody neither.
#[test]
fn hd_2_an_empty_directory_refuses_nobody() {
    let mut empty = world("2026-11-23 10:00");
    let ticket = empty.register(by(json!({ "name": "Олег Чужой" })));
    assert_eq!(empty.ticket(ticket).stage, Stage::Open);
    let mut world = known();
    world.as_role("lead", Role::Lead, &[]);
    world.try_desk(change(Vec::new(), &["petrova", "ivanov1", "ivanov2"])).expect("they are taken out");
    let ticket = world.register(by(json!({ "name": "Олег Чужой" })));
    assert_eq!(world.ticket(ticket).stage, Stage::Open);
}

/// HD-2: whoever has left gets no support from then on; their tickets stay.
#[test]
fn hd_2_who_has_left_is_refused_from_then_on() {
    let mut world = known();
    let before = world.register(by(json!({ "login": "petrova" })));
    world.as_role("lead", Role::Lead, &[]);
    world.try_desk(DeskAct::Employee(EmployeeAct::Remove("petrova".to_owned()))).expect("she has left");
    let gone = world.try_desk(DeskAct::Employee(EmployeeAct::Remove("petrova".to_owned())));
    assert_eq!(gone.expect_err("she is gone").code(), "not-found");
    world.as_role("bot", Role::Intake, &[]);
    let after = world.register(by(json!({ "login": "petrova" })));
    assert_eq!((world.ticket(before).stage, world.ticket(after).stage), (Stage::Open, Stage::Closed));
    world.replay();
}

/// HD-2: the directory is a lead's to change; all that is wrong with a list is told at once, and nothing of it is taken.
#[test]
fn hd_2_a_wrong_list_is_told_at_once() {
    let mut world = known();
    world.as_agent("anna", &[]);
    assert_eq!(world.try_desk(change(Vec::new(), &["petrova"])).expect_err("an agent").code(), "forbidden");
    world.as_role("lead", Role::Lead, &[]);
    let seq = world.desk().next_seq();
    let wrong = vec![
        employee("a b", "Анна", "a@group.example.ru"),
        employee("new", " ", "no-address"),
        employee("vera", "Вера", "PETROVA@group.example.ru"),
        employee("zoya", "Зоя", "z@group.example.ru"),
        employee("zoya", "Зоя", "y@group.example.ru"),
        employee("lev", "Лев", "z@group.example.ru"),
        employee("ivanov1", "Борис", "b1@group.example.ru"),
    ];
    assert_eq!(
        fields(world.try_desk(change(wrong, &["ivanov1"]))),
        [
            "put[0].id",
            "put[1].name",
            "put[1].email",
            "put[2].email",
            "put[4].id",
            "put[5].email",
            "put[6].id",
        ]
    );
    assert_eq!(fields(world.try_desk(change(Vec::new(), &[]))), ["put"]);
    assert_eq!((world.desk().employees().len(), world.desk().next_seq()), (3, seq));
    let moved = employee("ivanov1", "Борис Иванов", "b2@group.example.ru");
    let swapped = employee("ivanov2", "Борис Иванов", "b1@group.example.ru");
    world.try_desk(change(vec![moved.clone(), swapped], &[])).expect("they have changed their addresses");
    assert_eq!(world.desk().employees().get("ivanov1"), Some(&moved));
    let seq = world.desk().next_seq();
    world.try_desk(change(vec![moved], &["nobody"])).expect("it is so already");
    assert_eq!(world.desk().next_seq(), seq, "a list that changes nothing leaves no trace");
}
