//! The sense of the whole: every name is right, and still something cannot come about.

use andon::desk::Regulation;

use super::{SMALL, told, told_of, told_with};

/// The small regulation with answers that the requester confirms or returns; each test makes one thing wrong in it.
const ANSWERING: &str = r#"
[[status]]
id = "answered"
title = "Answered"
stage = "resolved"

[verb.resolve]
to = "answered"

[verb.confirm]
to = "done"

[verb.return]
to = "new"
"#;

/// What is said of the answering regulation with one text in it replaced by another.
fn told_answering(from: &str, to: &str) -> String {
    let text = format!("{SMALL}{ANSWERING}");
    assert_eq!(text.matches(from).count(), 1, "`{from}` must be there once");
    told_of(&text.replace(from, to))
}

#[test]
fn the_answering_regulation_is_right() {
    Regulation::parse("small.toml", &format!("{SMALL}{ANSWERING}")).unwrap();
}

// Statuses and lines.

#[test]
fn x_3_a_status_that_nothing_leads_to_is_told() {
    assert_eq!(
        told("moves = [\"waiting\"]\n", ""),
        "small.toml:37: status.id: no ticket comes to `waiting`: it is not the initial status, and no move, \
         verb, passes-to or end-status leads to it; name it where a ticket is to come from, or take it out"
    );
}

#[test]
fn a_status_that_only_a_verb_of_another_stage_would_lead_to_is_told() {
    // `return` is for answered tickets, and here nothing answers.
    assert_eq!(
        told_with("\n[[status]]\nid = \"again\"\ntitle = \"Again\"\n\n[verb.return]\nto = \"again\"\n"),
        "small.toml:72: status.id: no ticket comes to `again`: it is not the initial status, and no move, \
         verb, passes-to or end-status leads to it; name it where a ticket is to come from, or take it out"
    );
}

#[test]
fn x_3_an_open_status_that_cannot_be_left_is_told() {
    let trap = "[[status]]\nid = \"trap\"\ntitle = \"Trap\"\n";
    let text = SMALL
        .replace("[verb.close]\nto = \"done\"\n", trap)
        .replace("moves = [\"waiting\"]", "moves = [\"waiting\", \"trap\", \"done\"]");
    assert_eq!(
        told_of(&text),
        "small.toml:49: status.moves: `trap` cannot be left: it has no moves, and no verb leads out of it; \
         give it `moves`, or a verb that has it in `from`"
    );
}

#[test]
fn x_3_an_answered_status_that_cannot_be_left_is_told() {
    let text = format!("{SMALL}{ANSWERING}")
        .replace("[verb.close]\nto = \"done\"\n", "")
        .replace("[verb.confirm]\nto = \"done\"\n", "")
        .replace("[verb.return]\nto = \"new\"\n", "")
        .replace("moves = [\"new\"]", "moves = [\"new\", \"done\"]");
    assert_eq!(
        told_of(&text),
        "small.toml:70: status.moves: an answered ticket stays in `answered` for good: no move, no verb \
         (confirm, return, close) and no clock that closes leads out of it; write [verb.confirm], or a clock \
         with at-end = \"close\""
    );
}

#[test]
fn a_clock_that_closes_is_a_way_out_of_an_answer() {
    let text = format!("{SMALL}{ANSWERING}")
        .replace("[verb.close]\nto = \"done\"\n", "")
        .replace("[verb.confirm]\nto = \"done\"\n", "")
        .replace("[verb.return]\nto = \"new\"\n", "");
    let clock = "\n[[clock]]\nmetric = \"confirmation\"\ntitle = \"Confirmation\"\nbasis = \"calendar-days\"\ncalendar = \"day\"\nstarts = [\"resolved\"]\nstops = [\"closed\"]\nat-end = \"close\"\nend-status = \"done\"\nend-reason = \"silent\"\n  [[clock.target]]\n  term = \"7\"\n";
    Regulation::parse("small.toml", &format!("{text}{clock}")).unwrap();
}

#[test]
fn a_ticket_that_can_never_end_is_told() {
    assert_eq!(
        told("[verb.close]\nto = \"done\"\n", ""),
        "small.toml:33: status.moves: from `new`, `waiting` no way leads to a ticket's end; let a move, a \
         verb or a clock with at-end = \"close\" lead to a status of stage `closed`\n\
         small.toml:44: status.id: no ticket comes to `done`: it is not the initial status, and no move, \
         verb, passes-to or end-status leads to it; name it where a ticket is to come from, or take it out"
    );
}

#[test]
fn a_ticket_begins_open() {
    assert_eq!(
        told("initial-status = \"new\"", "initial-status = \"done\""),
        "small.toml:7: initial-status: `done` is of stage `closed`, and a ticket begins open; name a status \
         of stage `open`\n\
         small.toml:33: status.id: no ticket comes to `new`: it is not the initial status, and no move, verb, \
         passes-to or end-status leads to it; name it where a ticket is to come from, or take it out\n\
         small.toml:38: status.id: no ticket comes to `waiting`: it is not the initial status, and no move, \
         verb, passes-to or end-status leads to it; name it where a ticket is to come from, or take it out"
    );
}

#[test]
fn only_the_initial_status_passes_on_by_itself() {
    assert_eq!(
        told("waiting = true", "waiting = true\npasses-to = \"new\""),
        "small.toml:41: status.passes-to: a ticket passes on by itself only from the initial status, `new`; \
         let a verb or `moves` lead on from `waiting`"
    );
}

#[test]
fn a_line_that_no_ticket_comes_to_is_told() {
    assert_eq!(
        told_with("\n[[line]]\nid = 2\ntitle = \"Second\"\ncalendar = \"day\"\nroutes = [1]\n"),
        "small.toml:72: line.id: no ticket comes to line 2: no channel begins there and no line routes to it; \
         name it in a channel's `line` or in a line's `routes`"
    );
}

// Rules.

/// The target of the small regulation replaced by others.
fn targets(targets: &str) -> String {
    told("  [[clock.target]]\n  term = \"8h\"\n", targets)
}

#[test]
fn x_3_a_target_that_an_earlier_one_takes_wholly_is_told_with_its_line() {
    assert_eq!(
        targets(
            "  [[clock.target]]\n  when = { type = \"question\" }\n  term = \"8h\"\n\n  [[clock.target]]\n  when = { type = \"question\", channel = \"email\" }\n  term = \"4h\"\n"
        ),
        "small.toml:68: clock resolution: this target never matches: the one in line 64 comes first and takes \
         all that it would; the first that matches counts, so put the narrower one first"
    );
}

#[test]
fn a_target_that_several_take_between_them_is_told() {
    let text = SMALL.replace("[[status]]\nid = \"new\"", "[[priority]]\nid = \"high\"\ntitle = \"High\"\n\n[[status]]\nid = \"new\"").replace(
        "  [[clock.target]]\n  term = \"8h\"\n",
        "  [[clock.target]]\n  when = { priority = \"high\" }\n  term = \"2h\"\n\n  [[clock.target]]\n  when = { priority = \"normal\" }\n  term = \"8h\"\n\n  [[clock.target]]\n  term = \"9h\"\n",
    );
    assert_eq!(
        told_of(&text),
        "small.toml:75: clock resolution: this target never matches: those before it take all that it would \
         between them; take it out, or put it before them"
    );
}

#[test]
fn a_narrower_target_may_come_before_a_wider_one() {
    let text = SMALL.replace(
        "  [[clock.target]]\n  term = \"8h\"\n",
        "  [[clock.target]]\n  when = { service = \"mail\", urgency = \"high\" }\n  term = \"1h\"\n\n  [[clock.target]]\n  when = { service = [\"mail\", \"phone\"] }\n  term = \"2h\"\n\n  [[clock.target]]\n  when = { urgency = \"high\" }\n  term = \"1h\"\n\n  [[clock.target]]\n  term = \"9h\"\n",
    );
    Regulation::parse("small.toml", &text).unwrap();
}

#[test]
fn a_target_that_looks_at_a_field_nobody_is_asked_for_is_told() {
    assert_eq!(
        targets("  [[clock.target]]\n  when = { fields = { impct = \"none\" } }\n  term = \"8h\"\n"),
        "small.toml:63: clock resolution: no [[field]] has the path `fields.impct`, so no ticket is asked for \
         it; did you mean `impact`? one of impact"
    );
}

#[test]
fn a_target_that_looks_at_a_value_a_field_never_has_is_told() {
    assert_eq!(
        targets(
            "  [[clock.target]]\n  when = { fields = { impact = [\"none\", \"some\"] } }\n  term = \"8h\"\n"
        ),
        "small.toml:63: clock resolution: `fields.impact` is never `some`; one of none"
    );
    let urgency = "\n[[field]]\npath = \"urgency\"\ntitle = \"Urgency\"\nkind = \"enum\"\nvalues = [{ id = \"high\", title = \"High\" }]\n";
    let text = format!("{SMALL}{urgency}")
        .replace("  term = \"8h\"", "  when = { urgency = \"hihg\" }\n  term = \"8h\"");
    assert_eq!(
        told_of(&text),
        "small.toml:63: clock resolution: `urgency` is never `hihg`; did you mean `high`? one of high"
    );
}

#[test]
fn a_priority_rule_that_an_earlier_one_takes_wholly_is_told() {
    assert_eq!(
        told_with(
            "\n[[priority-rule]]\npriority = \"normal\"\n\n[[priority-rule]]\nwhen = { type = \"question\" }\npriority = \"normal\"\n"
        ),
        "small.toml:76: priority-rule: this rule never matches: the one in line 72 comes first and takes all \
         that it would; the first that matches counts, so put the narrower one first"
    );
}

#[test]
fn a_priority_rule_does_not_look_at_the_priority() {
    assert_eq!(
        told_with("\n[[priority-rule]]\nwhen = { priority = \"normal\" }\npriority = \"normal\"\n"),
        "small.toml:72: priority-rule.when: a rule that gives the priority cannot look at it; take `priority` \
         out of `when`"
    );
}

// Clocks.

#[test]
fn x_3_a_priority_without_a_target_is_told() {
    let more = |ids: &[&str]| {
        let priority = |id: &&str| format!("[[priority]]\nid = \"{id}\"\ntitle = \"{id}\"\n\n");
        let more = ids.iter().map(priority).collect::<Vec<_>>().concat();
        SMALL
            .replace("[[status]]\nid = \"new\"", &format!("{more}[[status]]\nid = \"new\""))
            .replace("  term = \"8h\"", "  when = { priority = \"normal\" }\n  term = \"8h\"")
    };
    assert_eq!(
        told_of(&more(&["high"])),
        "small.toml:56: clock resolution: priority `high` has no target, so such a ticket has no such clock; \
         add a [[clock.target]], with term = \"none\" where no term is meant"
    );
    assert_eq!(
        told_of(&more(&["high", "top"])),
        "small.toml:60: clock resolution: priorities `high`, `top` have no target, so such a ticket has no \
         such clock; add a [[clock.target]], with term = \"none\" where no term is meant"
    );
}

#[test]
fn x_3_a_clock_that_nothing_resumes_is_told() {
    assert_eq!(
        told("moves = [\"new\"]", "moves = [\"done\"]"),
        "small.toml:58: clock resolution: pauses-in: nothing resumes the clock once a ticket is in `waiting`: \
         no move and no verb leads from there to an answer, or to an open status in which the clock runs; \
         give `waiting` a move back, or put it into the `from` of a verb that leads back"
    );
}

#[test]
fn a_clock_does_not_stand_still_in_a_status_that_is_the_end() {
    assert_eq!(
        told("pauses-in = [\"waiting\"]", "pauses-in = [\"waiting\", \"done\"]"),
        "small.toml:58: clock resolution: pauses-in: a ticket in `done` is closed for good, and no clock \
         counts; take it out, and have \"closed\" in `stops`"
    );
}

#[test]
fn a_clock_that_stands_still_wherever_it_starts_is_told() {
    assert_eq!(
        told("starts = [\"registered\"]", "starts = [\"status-entered:waiting\"]"),
        "small.toml:58: clock resolution: pauses-in: the clock starts when `waiting` is entered and stands \
         still there, so it never runs; take it out of `pauses-in`"
    );
}

#[test]
fn a_clock_that_never_starts_or_stops_is_told() {
    assert_eq!(
        told("starts = [\"registered\"]", "starts = [\"asked\", \"line-left\"]"),
        "small.toml:56: clock resolution: `starts`: `asked`, `line-left` never happen, so the clock never \
         starts: the regulation has no [verb.ask], and no line has `routes` to another"
    );
    assert_eq!(
        told("starts = [\"registered\"]", "starts = []"),
        "small.toml:52: clock resolution: `starts` is empty, so the clock never starts; name what starts it, \
         such as \"registered\""
    );
    assert_eq!(
        told("stops = [\"closed\"]", "stops = [\"resolved\"]"),
        "small.toml:57: clock resolution: `stops`: `resolved` never happens, so nothing stops the clock: no \
         verb and no move leads to the stage `resolved`, as [verb.resolve] would"
    );
    assert_eq!(
        told("stops = [\"closed\"]", "stops = []"),
        "small.toml:52: clock resolution: `stops` is empty, so nothing stops the clock; name what stops it, \
         such as \"closed\""
    );
}

#[test]
fn a_clock_that_reopens_needs_a_way_back() {
    assert_eq!(
        told("stops = [\"closed\"]", "stops = [\"closed\"]\nreopens = [\"reopened\"]"),
        "small.toml:58: clock resolution: `reopens`: `reopened` never happens, so the clock never goes on \
         again: nothing leads back from an answered or closed ticket to an open one, as [verb.return] would"
    );
    assert_eq!(
        told("stops = [\"closed\"]", "stops = [\"closed\"]\nrestarts = [\"asked\"]"),
        "small.toml:58: clock resolution: `restarts`: `asked` never happens, so `restarts` has no effect: the \
         regulation has no [verb.ask]"
    );
}

#[test]
fn what_starts_a_clock_does_not_stop_it() {
    assert_eq!(
        told("starts = [\"registered\"]", "starts = [\"registered\", \"closed\"]"),
        "small.toml:57: clock resolution: `closed` both starts and stops the clock; leave it in one, or have \
         it in `restarts` where the clock is to begin anew"
    );
    assert_eq!(
        told("stops = [\"closed\"]", "stops = [\"closed\"]\nrestarts = [\"closed\"]"),
        "small.toml:57: clock resolution: `closed` both stops and restarts the clock; leave it in one"
    );
    assert_eq!(
        told_answering("stops = [\"closed\"]", "stops = [\"reopened\"]\nreopens = [\"reopened\"]"),
        "small.toml:57: clock resolution: `reopened` both stops and reopens the clock; leave it in one"
    );
}

#[test]
fn a_clock_closes_with_a_status_for_that() {
    assert_eq!(
        told("at-end = \"breach\"", "at-end = \"close\"\nend-status = \"waiting\"\nend-reason = \"late\""),
        "small.toml:60: clock resolution: end-status: `waiting` is of stage `open`, and the ticket is over; \
         name a status of stage `closed`"
    );
}

#[test]
fn an_estimate_is_for_the_resolution_only() {
    let text = SMALL.replace("metric = \"resolution\"", "metric = \"reaction\"").replace("8h", "estimate");
    assert_eq!(
        told_of(&text),
        "small.toml:63: clock reaction: an estimate gives the term of the clock `resolution` only; write a \
         term, or \"none\""
    );
}

// Verbs, reasons, marks.

#[test]
fn a_verb_that_moves_nothing_leads_nowhere() {
    assert_eq!(
        told_with("\n[verb.reply]\nto = \"new\"\nfrom = [\"waiting\"]\n"),
        "small.toml:71: verb.reply: `reply` moves no ticket, so take out `to`, `from`; verbs that move are \
         ask, answer, take, defer, resolve, confirm, return, refuse, close"
    );
    assert_eq!(
        told_with("\n[verb.take]\nfrom = [\"waiting\"]\n"),
        "small.toml:71: verb.take: `from` and `stage` have no effect without `to`, the status it leads to"
    );
}

#[test]
fn a_verb_that_always_closes_has_no_from() {
    assert_eq!(
        told("to = \"done\"", "to = \"done\"\nfrom = [\"new\"]\nstage = \"resolved\""),
        "small.toml:48: verb.close: `close` closes a ticket from every status, so `from` has no effect; take \
         it out\n\
         small.toml:48: verb.close: `close` always closes a ticket, so `stage` has no effect; take it out"
    );
}

#[test]
fn a_verb_leads_to_a_stage_of_its_meaning() {
    assert_eq!(
        told("to = \"done\"", "to = \"waiting\""),
        "small.toml:44: status.id: no ticket comes to `done`: it is not the initial status, and no move, \
         verb, passes-to or end-status leads to it; name it where a ticket is to come from, or take it out\n\
         small.toml:48: verb.close: `close` closes a ticket in `waiting`, which is of stage `open`; name a \
         status of stage `closed`"
    );
    assert_eq!(
        told_answering("[verb.resolve]\nto = \"answered\"", "[verb.resolve]\nto = \"waiting\""),
        "small.toml:72: status.id: no ticket comes to `answered`: it is not the initial status, and no move, \
         verb, passes-to or end-status leads to it; name it where a ticket is to come from, or take it out\n\
         small.toml:76: verb.resolve: `resolve` leaves a ticket open in `waiting`; name a status of stage \
         `resolved` or `closed`, or add stage = \"resolved\""
    );
    assert_eq!(
        told_answering("to = \"new\"", "to = \"done\""),
        "small.toml:82: verb.return: `return` does not open a ticket again: `done` is of stage `closed`; name \
         a status of stage `open`"
    );
    assert_eq!(
        told_with("\n[verb.refuse]\nto = \"waiting\"\n"),
        "small.toml:71: verb.refuse: `refuse` leaves a ticket open in `waiting`; name a status of stage \
         `closed`"
    );
}

#[test]
fn an_answer_a_return_and_a_refusal_lead_somewhere() {
    assert_eq!(
        told_with("\n[verb.refuse]\n"),
        "small.toml:71: verb.refuse: without `to` a ticket stays as it is after `refuse`; name the status it \
         leads to"
    );
}

#[test]
fn only_some_verbs_are_for_some_types() {
    assert_eq!(
        told("to = \"done\"", "to = \"done\"\ntypes = [\"question\"]"),
        "small.toml:48: verb.close: `types` has no effect here: only extend and defer are for some types"
    );
}

#[test]
fn a_status_where_a_verb_can_never_be_used_is_told() {
    assert_eq!(
        told_with("\n[verb.take]\nfrom = [\"new\", \"done\"]\nto = \"waiting\"\n"),
        "small.toml:72: verb.take: `take` is for tickets that are open, and none is while it is in `done`; \
         take that status out of `from`"
    );
    assert_eq!(
        told_answering("[verb.return]", "[verb.return]\nfrom = [\"waiting\", \"answered\"]"),
        "small.toml:83: verb.return: `return` is for tickets that are answered, and none is while it is in \
         `waiting`; take that status out of `from`"
    );
}

#[test]
fn a_verb_that_is_always_refused_is_told() {
    assert_eq!(
        told_with("\n[verb.estimate]\n"),
        "small.toml:71: verb.estimate: no target of the clock `resolution` has term = \"estimate\", so there \
         is nothing to estimate; write one, or take the verb out"
    );
    let text = SMALL.replace("metric = \"resolution\"", "metric = \"reaction\"");
    assert_eq!(
        told_of(&format!("{text}\n[verb.extend]\n")),
        "small.toml:71: verb.extend: there is no clock `resolution` whose term could be extended; write one, \
         or take the verb out"
    );
}

#[test]
fn a_role_that_may_not_do_it_anyway_is_told() {
    assert_eq!(
        told("to = \"done\"", "to = \"done\"\nroles = [\"intake\", \"lead\"]"),
        "small.toml:50: verb.close: `intake` may not do this: `close` needs agent or more; take it out"
    );
    assert_eq!(
        told("line = 1\n", "line = 1\nroles = [\"viewer\"]\n"),
        "small.toml:23: channel.roles: `viewer` may not do this: registering by `email` needs intake or more; \
         take it out"
    );
}

#[test]
fn a_reason_for_a_verb_that_takes_none_is_told() {
    assert_eq!(
        told_with("\n[[reason]]\nfor = \"ask\"\nid = \"unclear\"\ntitle = \"Unclear\"\n"),
        "small.toml:72: reason.for: `ask` takes no reason of a list; verbs that do are priority, transfer, \
         estimate, extend, defer, return, refuse, close, prefer"
    );
    assert_eq!(
        told_with("\n[[reason]]\nfor = \"defer\"\nid = \"unclear\"\ntitle = \"Unclear\"\n"),
        "small.toml:72: reason.for: the regulation has no `defer`, so nobody can give this reason; write \
         [verb.defer], or take the reason out"
    );
}

#[test]
fn a_source_that_nobody_can_name_is_told() {
    assert_eq!(
        told_with("\n[[source]]\nid = \"ours\"\ntitle = \"Ours\"\noutcome = \"Mended\"\n"),
        "small.toml:72: source: the regulation has no `resolve`, so nobody can name a source; write \
         [verb.resolve], or take the sources out"
    );
}

#[test]
fn one_mark_is_the_default() {
    assert_eq!(
        told_with(
            "\n[[mark]]\nid = \"good\"\ntitle = \"Good\"\ndefault = true\n\n[[mark]]\nid = \"bad\"\ntitle = \"Bad\"\ndefault = true\n"
        ),
        "small.toml:77: mark.default: `good` is the default already, in line 72; one mark counts where none \
         is given"
    );
}

/// A version that tickets were opened under is not lost because a newer program asks more of a file.
#[test]
fn a_kept_version_is_asked_for_names_and_forms_only() {
    let trap = SMALL.replace("moves = [\"waiting\"]\n", "");
    told_of(&trap);
    Regulation::parse_kept("small.toml", &trap).unwrap();
    let unknown = SMALL.replace("moves = [\"waiting\"]", "moves = [\"wating\"]");
    Regulation::parse_kept("small.toml", &unknown).unwrap_err();
}
