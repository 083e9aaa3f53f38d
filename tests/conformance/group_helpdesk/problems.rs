//! Problems behind incidents, and what is mass.

use andon::desk::command::{CloseProblem, ProblemAct};
use andon::desk::{ProblemNumber, ProblemState, Stage, TicketNumber};
use andon_tests::World;
use serde_json::json;

use super::{request, world};

/// A problem that is a ticket, and incidents that were linked to it.
fn linked(incidents: usize) -> (World, TicketNumber, Vec<TicketNumber>) {
    let mut world = world("2026-11-23 10:00");
    let mut body = request("hm", "problem");
    body["subject"] = json!("Сервер печати недоступен");
    let problem = world.register(body);
    let incidents: Vec<_> = (0..incidents)
        .map(|n| {
            let mut body = request("hm", "incident");
            body["subject"] =
                json!(["Не печатает принтер", "Пропала очередь", "Документ завис", "Нет бумаги"][n % 4]);
            let incident = world.register(body);
            world.act(incident, "link", json!({ "to": problem, "kind": "problem" }));
            incident
        })
        .collect();
    (world, problem, incidents)
}

/// HD-14: an incident that is linked to a problem's ticket belongs to the problem that is worked on as that ticket.
#[test]
fn hd_14_incidents_linked_to_a_problem_are_its_tickets() {
    let (world, ticket, incidents) = linked(2);
    let problem = world.desk().problem(ProblemNumber(1)).expect("the first link opened it");
    assert_eq!((problem.state, problem.worked_as, problem.linked), (ProblemState::Open, Some(ticket), 3));
    assert_eq!(problem.title, "Сервер печати недоступен");
    for of_it in incidents.iter().chain([&ticket]) {
        assert_eq!(world.ticket(*of_it).problem.map(|known| known.number), Some(ProblemNumber(1)));
    }
    assert_eq!(world.desk().problems().count(), 1);
}

/// HD-14: closing a problem closes its incidents, where that is wanted.
#[test]
fn hd_14_closing_a_problem_resolves_its_incidents() {
    for resolve in [false, true] {
        let (mut world, ticket, incidents) = linked(3);
        let text = Some("Сервер печати запущен; отправьте документ ещё раз".to_owned());
        world.problem(ProblemAct::Close(ProblemNumber(1), CloseProblem { text, resolve, source: None }));
        for of_it in incidents.iter().chain([&ticket]) {
            let expected = if resolve { Stage::Resolved } else { Stage::Open };
            assert_eq!(world.ticket(*of_it).stage, expected, "{of_it}");
        }
    }
}

/// HD-15: mass problems are as in GM-5.15: five tickets of one day, linked by agents or alike.
#[test]
fn hd_15_the_fifth_incident_of_a_day_makes_a_problem_mass() {
    let (world, ..) = linked(3);
    assert!(world.alarms().iter().all(|alarm| !alarm.starts_with("mass-problem")), "four tickets in all");
    let (world, ..) = linked(4);
    assert!(world.alarms().contains(&"mass-problem-1 unacked".to_owned()));
}

/// HD-15: five alike incidents of one service are suspected to have one cause.
#[test]
fn hd_15_five_alike_incidents_of_a_service_are_suspected() {
    let mut world = world("2026-11-23 10:00");
    for service in ["print", "print", "print", "print", "mail", "print"] {
        assert_eq!(world.desk().problems().count(), 0, "{service}");
        let mut body = request("hm", "incident");
        body["service"] = json!(service);
        world.register(body);
    }
    let problem = world.desk().problem(ProblemNumber(1)).expect("five of `print`");
    assert_eq!((problem.state, problem.suggested), (ProblemState::Suspected, 5));
}

/// HD-15: a common group is given tickets of an open mass problem, and no others.
#[test]
fn hd_15_a_common_group_has_tickets_of_a_mass_problem_only() {
    let (mut few, _, incidents) = linked(3);
    let to = || json!({ "group": "common" });
    let refusal = few.refused(incidents[0], "assign", to());
    assert_eq!(refusal.code(), "common-group", "four tickets are no mass problem");
    assert!(refusal.to_string().contains("(HD-15)"), "{refusal}");
    few.act(incidents[0], "assign", json!({ "group": "hm" }));
    let (mut mass, _, incidents) = linked(4);
    let mut other = request("hm", "question");
    other["subject"] = json!("Как оформить отпуск");
    let other = mass.register(other);
    assert_eq!(mass.refused(other, "assign", to()).code(), "common-group", "it belongs to none");
    mass.act(incidents[0], "assign", to());
    assert_eq!(mass.ticket(incidents[0]).group.as_deref(), Some("common"));
    let text = Some("Сервер печати запущен".to_owned());
    mass.problem(ProblemAct::Close(ProblemNumber(1), CloseProblem { text, resolve: false, source: None }));
    assert_eq!(mass.refused(incidents[1], "assign", to()).code(), "common-group", "it is over");
}

/// HD-14, HD-15: incidents and problems are what fails; five tasks of one kind are a day's work.
#[test]
fn hd_15_five_tasks_of_one_kind_are_no_mass_problem() {
    for (kind, expected) in [("task", 0), ("question", 0), ("suggestion", 0), ("incident", 1)] {
        let mut world = world("2026-11-23 10:00");
        for _ in 0..5 {
            let mut body = request("hm", kind);
            body["subject"] = json!("Не печатает принтер");
            world.register(body);
        }
        assert_eq!(world.desk().problems().count(), expected, "{kind}");
    }
}
