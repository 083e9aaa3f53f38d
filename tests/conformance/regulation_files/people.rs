//! What a file says of people: groups, assignment, staffing.

use super::{told, told_with};

#[test]
fn a_group_is_an_id_and_assignment_needs_one() {
    assert_eq!(
        told("line = 1\n", "line = 1\ngroup = \"Первая\"\n"),
        "small.toml:23: channel.group: `Первая` is no id; ids are of a-z, 0-9 and `-`"
    );
    assert_eq!(
        told_with("[assignment]\nmode = \"round-robin\"\n"),
        "small.toml:20: assignment: no channel has a `group`, so nothing can be assigned; name one, or take [assignment] out"
    );
    let told = told_with("[assignment]\nmode = \"round\"\n");
    assert!(told.contains("unknown variant `round`, expected `round-robin` or `group`"), "{told}");
    let told = told_with("[assignment]\nmode = \"group\"\nchannels = [\"emial\", \"email\"]\n");
    assert!(told.contains("assignment.channels: unknown channel `emial`; did you mean `email`?"), "{told}");
    assert!(
        told.contains("assignment.channels: `email` has no group that could be given its tickets"),
        "{told}"
    );
}

#[test]
fn a_shift_has_people_and_not_more_of_a_skill_than_people() {
    for (rule, message) in [
        ("at-least = 0\ncalendar = \"day\"", "staffing.at-least: 0 people; 1 to 500"),
        (
            "at-least = 2\ncalendar = \"day\"\nwith = [{ skill = \"a\", title = \"A\", at-least = 3 }]",
            "staffing.with.at-least: 3 people; 1 to 2",
        ),
        (
            "at-least = 2\ncalendar = \"day\"\nwith = [{ skill = \"a\", title = \"A\" }, { skill = \"a\", title = \"B\" }]",
            "staffing.with: `a` is there twice; ids are unique",
        ),
        ("at-least = 2\ncalendar = \"dey\"", "staffing.calendar: unknown calendar `dey`"),
    ] {
        let told = told_with(&format!("[staffing]\n{rule}\n"));
        assert!(told.contains(message), "{rule}: {told}");
    }
}

#[test]
fn only_assign_is_told_to_take_a_reason() {
    let told = told("to = \"done\"", "to = \"done\"\nneeds-reason = true");
    assert!(told.contains("verb.close: `needs-reason` is for `assign` only"), "{told}");
}
