//! What is told of departments and the queue in a file that is wrong.

use super::told_with;

const ESCALATION: &str = "\n[escalation]\ntitle = \"Answer\"\nbasis = \"working-days\"\ncalendar = \"day\"\n";
const DEPARTMENT: &str = "\n[[department]]\nid = \"law\"\ntitle = \"Law\"\n";
const TOPIC: &str = "\n[[topic]]\nid = \"contracts\"\ntitle = \"Contracts\"\ndepartment = \"law\"\nterm = \"3\"\nchannels = [\"mattermost\"]\n";
const CLOCK: &str = "\n[[clock]]\nmetric = \"escalation\"\ntitle = \"Answer\"\nbasis = \"working-days\"\ncalendar = \"day\"\nstarts = [\"registered\"]\nstops = [\"closed\"]\nat-end = \"breach\"\n[[clock.target]]\nterm = \"3\"\n";

/// The first line of what is told of these parts, without the place.
fn told(parts: &[&str]) -> String {
    let told = told_with(&parts.concat());
    told.lines()
        .next()
        .and_then(|line| line.split_once(": "))
        .map(|(_, words)| words.to_owned())
        .unwrap_or_default()
}

#[test]
fn what_departments_are_asked_about_must_come_about() {
    for (parts, expected) in [
        (
            vec![DEPARTMENT, TOPIC],
            "topic: a topic has a term, and nothing says what it counts; write [escalation] with a basis and a calendar",
        ),
        (
            vec![ESCALATION],
            "escalation: there is no [[topic]] to ask a department about; write one, or take it out",
        ),
        (vec![ESCALATION, TOPIC], "topic.department: unknown department `law`; none is defined"),
        (
            vec![DEPARTMENT],
            "department.id: nobody asks `law`: no [[topic]] names it; write one, or take it out",
        ),
        (
            vec![ESCALATION, DEPARTMENT, TOPIC.replace("[\"mattermost\"]", "[]").as_str()],
            "topic.channels: there is no way to ask about `contracts`; name one",
        ),
        (
            vec![ESCALATION, DEPARTMENT, TOPIC.replace("\"3\"", "\"3h\"").as_str()],
            "topic.term: term `3h`: write a number of days such as `3`, or `none`, or `estimate`",
        ),
        (
            vec![ESCALATION, DEPARTMENT, TOPIC.replace("\"3\"", "\"estimate\"").as_str()],
            "topic.term: nobody estimates a department's time; write a term, or \"none\"",
        ),
        (
            vec![CLOCK],
            "clock escalation: a department's time is no [[clock]]: write [escalation] with its basis and calendar, and the term with each [[topic]]",
        ),
        (
            vec![ESCALATION, DEPARTMENT, TOPIC, CLOCK],
            "clock escalation: [escalation] is this clock already, and its terms stand with the topics; take it out",
        ),
    ] {
        assert_eq!(told(&parts), expected);
    }
}

#[test]
fn the_order_of_the_queue_is_of_priorities_that_there_are() {
    let told_of = |queue: &str| told(&["\n[queue]\n", queue, "\n"]);
    assert!(
        told_of("first = [\"hgih\"]").starts_with("queue.first: unknown priority `hgih`"),
        "{}",
        told_of("first = [\"hgih\"]")
    );
    let prefer = told(&["\n[verb.prefer]\n"]);
    assert!(
        prefer.starts_with("verb.prefer: the queue does not have a client's tickets worked on"),
        "{prefer}"
    );
    let escalate = told(&["\n[verb.escalate]\n"]);
    assert!(
        escalate.starts_with("verb.escalate: there is no [[topic]] to ask a department about"),
        "{escalate}"
    );
}
