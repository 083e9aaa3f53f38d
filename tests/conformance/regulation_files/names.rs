//! Names and forms: what a key may be called, what a word may refer to, how a term is written.

use andon::desk::Regulation;

use super::{SMALL, told, told_with};

#[test]
fn x_3_an_unknown_key_is_told_with_the_known_ones() {
    assert_eq!(
        told("title = \"Line\"", "titel = \"Line\""),
        "small.toml:16: titel: unknown field `titel`, expected one of `id`, `title`, `clause`, `note`, `calendar`, `routes`; did you mean `title`?"
    );
}

#[test]
fn an_unknown_section_is_told_with_the_known_ones() {
    assert_eq!(
        told("[[type]]", "[[tipe]]"),
        "small.toml:24: [[tipe]]: unknown field `tipe`, expected one of `id`, `title`, `short`, `version`, `holds-from`, `note`, `knowledge-base`, \
         `urgent-channel`, `zone`, `calendar`, `type`, `priority`, `priority-source`, `priority-rule`, `status`, `initial-status`, \
         `channel`, `line`, `field`, `verb`, `clock`, `mark`, `quality`, `reason`, `source`, \
         `escalation`, `department`, `topic`, `queue`, `clients`, `employees`, `tracker`, `bug-report`, `forbidden-phrase`, `attachments`, `assignment`, `staffing`, \
         `mass-problem`, `letter`; did you mean `type`?"
    );
}

#[test]
fn a_missing_key_is_told_by_its_section() {
    assert_eq!(told("title = \"Line\"\n", ""), "small.toml:14: [[line]]: missing field `title`");
}

#[test]
fn text_that_is_no_toml_is_told_by_its_line() {
    assert_eq!(
        told("version = \"1\"", "version = \"1"),
        "small.toml:3: version: invalid basic string, expected `\"`"
    );
}

#[test]
fn a_status_that_is_not_there_is_told_with_the_nearest() {
    assert_eq!(
        told("moves = [\"waiting\"]", "moves = [\"wating\"]"),
        "small.toml:35: status.moves: unknown status `wating`; did you mean `waiting`? one of new, waiting, done"
    );
}

#[test]
fn every_reference_to_a_status_is_checked() {
    for (from, to, line, key) in [
        ("initial-status = \"new\"", "initial-status = \"zzz\"", 7, "initial-status"),
        ("moves = [\"new\"]", "moves = [\"new\", \"zzz\"]", 41, "status.moves"),
        ("moves = [\"new\"]", "passes-to = \"zzz\"", 41, "status.passes-to"),
        ("to = \"done\"", "to = \"zzz\"", 49, "verb.close"),
        ("to = \"done\"", "to = \"done\"\nfrom = [\"zzz\"]", 50, "verb.close"),
        ("stops = [\"closed\"]", "stops = [\"status-entered:zzz\"]", 57, "clock resolution"),
        ("pauses-in = [\"waiting\"]", "pauses-in = [\"zzz\"]", 58, "clock resolution"),
    ] {
        assert_eq!(
            told(from, to),
            format!("small.toml:{line}: {key}: unknown status `zzz`; one of new, waiting, done"),
            "{to}"
        );
    }
}

#[test]
fn x_3_a_calendar_that_is_not_there_is_told_with_those_that_are() {
    assert_eq!(
        told("calendar = \"day\"", "calendar = \"night\""),
        "small.toml:17: line.calendar: unknown calendar `night`; one of day"
    );
    assert_eq!(
        told("calendar = \"of-line\"", "calendar = \"of-lines\""),
        "small.toml:55: clock resolution: unknown calendar `of-lines`; did you mean `of-line`? one of day, of-line, of-channel"
    );
}

#[test]
fn a_line_that_is_not_there_is_told_with_those_that_are() {
    assert_eq!(told("line = 1\n", "line = 2\n"), "small.toml:22: channel.line: unknown line 2; one of 1");
    assert_eq!(
        told("calendar = \"day\"", "calendar = \"day\"\nroutes = [1, 3]"),
        "small.toml:18: line.routes: unknown line 3; one of 1"
    );
    assert_eq!(
        told("term = \"8h\"", "term = \"8h\"\n  when = { line = [1, 7] }"),
        "small.toml:64: clock resolution: unknown line 7; one of 1"
    );
}

#[test]
fn a_target_that_looks_at_what_is_not_there_is_told() {
    assert_eq!(
        told("term = \"8h\"", "term = \"8h\"\n  when = { priority = \"norml\", type = \"error\" }"),
        "small.toml:64: clock resolution: unknown type `error`; one of question\n\
         small.toml:64: clock resolution: unknown priority `norml`; did you mean `normal`? one of normal"
    );
}

#[test]
fn a_term_must_be_of_its_basis() {
    assert_eq!(
        told("term = \"8h\"", "term = \"8 hours\""),
        "small.toml:63: clock resolution: term `8 hours`: write hours and minutes such as `12h` or `30m`, or `none`, or `estimate`"
    );
    assert_eq!(
        told("term = \"8h\"", "term = \"3\""),
        "small.toml:63: clock resolution: term `3`: write hours and minutes such as `12h` or `30m`, or `none`, or `estimate`"
    );
    assert_eq!(
        told("basis = \"working-hours\"", "basis = \"working-days\""),
        "small.toml:63: clock resolution: term `8h`: write a number of days such as `3`, or `none`, or `estimate`"
    );
}

#[test]
fn a_warning_must_be_a_time_or_a_part() {
    for warn in ["soon", "120%", "1d"] {
        assert_eq!(
            told("warn-before = \"1h\"", &format!("warn-before = \"{warn}\"")),
            format!(
                "small.toml:60: clock resolution: warn-before `{warn}`: write a time such as `2h`, or `25%`"
            )
        );
    }
}

#[test]
fn an_unknown_trigger_is_told_with_the_known_ones() {
    assert_eq!(
        told("starts = [\"registered\"]", "starts = [\"register\"]"),
        "small.toml:56: clock resolution: unknown trigger `register`; did you mean `registered`? one of registered, \
         replied, asked, answered, resolved, reopened, closed, line-entered, line-left, status-entered:STATUS, \
         status-left:STATUS, letter-queued:KIND, letter-sent:KIND"
    );
    assert_eq!(
        told("starts = [\"registered\"]", "starts = [\"status-enter:new\"]"),
        "small.toml:56: clock resolution: unknown trigger `status-enter:new`; did you mean \
         `status-entered:STATUS`? one of registered, replied, asked, answered, resolved, reopened, closed, \
         line-entered, line-left, status-entered:STATUS, status-left:STATUS, letter-queued:KIND, letter-sent:KIND"
    );
}

#[test]
fn an_unknown_metric_or_basis_is_told_with_the_known_ones() {
    assert_eq!(
        told("metric = \"resolution\"", "metric = \"solution\""),
        "small.toml:52: metric: unknown variant `solution`, expected one of `reaction`, `resolution`, `line`, \
         `requester-answer`, `confirmation`, `acceptance`, `escalation`, `registration-letter`"
    );
    assert_eq!(
        told("basis = \"working-hours\"", "basis = \"hours\""),
        "small.toml:54: basis: unknown variant `hours`, expected one of `working-hours`, `calendar-hours`, \
         `working-days`, `calendar-days`"
    );
}

#[test]
fn a_clock_that_closes_says_to_which_status_and_why() {
    assert_eq!(
        told("at-end = \"breach\"", "at-end = \"close\""),
        "small.toml:52: clock resolution: at-end = \"close\" needs end-status and end-reason"
    );
    assert_eq!(
        told("at-end = \"breach\"", "at-end = \"breach\"\nend-status = \"done\""),
        "small.toml:52: clock resolution: end-status and end-reason go with at-end = \"close\" only"
    );
}

#[test]
fn x_3_overlapping_hours_are_told_with_day_and_hours() {
    assert_eq!(
        told(
            "close = \"18:00\" }]",
            "close = \"18:00\" }, { days = \"wed\", open = \"17:00\", close = \"20:00\" }]"
        ),
        "small.toml:9: calendar day: hours 09:00-18:00 and 17:00-20:00 of wed overlap; expected each hour once"
    );
}

#[test]
fn a_calendar_that_cannot_be_says_what_would_be_right() {
    assert_eq!(
        told("close = \"18:00\"", "close = \"25:00\""),
        "small.toml:9: calendar day: close = \"25:00\" is no time of day; expected HH:MM from 00:00 to 24:00"
    );
    assert_eq!(
        told("days = \"mon-fri\"", "days = \"mon-frei\""),
        "small.toml:9: calendar day: unknown day `frei` in days = \"mon-frei\"; expected mon, tue, wed, thu, fri, sat \
         or sun, alone, as a range (mon-fri) or a list (mon,wed)"
    );
    assert_eq!(
        told("production = \"ru\"", "production = \"de\""),
        "small.toml:9: calendar day: unknown production calendar `de`; expected one of: ru"
    );
    assert_eq!(
        told("production = \"ru\"", "zone = \"Europe/Moskau\""),
        "small.toml:9: calendar day: unknown zone `Europe/Moskau`; expected an IANA name such as Europe/Moscow"
    );
}

#[test]
fn dates_and_zones_must_be_some() {
    assert_eq!(
        told("2026-01-01", "01.01.2026"),
        "small.toml:4: holds-from: `01.01.2026` is no date; write it as 2024-06-14"
    );
    assert_eq!(
        told("zone = \"Europe/Moscow\"", "zone = \"Moscow\""),
        "small.toml:5: zone: unknown zone `Moscow`; an IANA name such as Europe/Moscow"
    );
}

#[test]
fn an_id_is_there_once() {
    for (from, line, key, id) in
        [("[[type]]", 24, "type.id", "question"), ("[[status]]\nid = \"new\"", 32, "status.id", "new")]
    {
        let again = format!("{}\nid = \"{id}\"\ntitle = \"Again\"\n\n{from}", from.lines().next().unwrap());
        assert_eq!(
            told(from, &again),
            format!("small.toml:{}: {key}: `{id}` is there twice; ids are unique", line + 5),
        );
    }
    assert_eq!(
        told("id = \"question\"", "id = \"Question\""),
        "small.toml:25: type.id: `Question` is no id; ids are of a-z, 0-9 and `-`"
    );
}

#[test]
fn a_mark_a_reason_or_a_value_is_there_once() {
    let twice = |section: &str, rest: &str| told_with(&format!("\n{section}\n{rest}\n{section}\n{rest}"));
    assert_eq!(
        twice("[[mark]]", "id = \"good\"\ntitle = \"Good\"\n"),
        "small.toml:76: mark.id: `good` is there twice; ids are unique"
    );
    assert_eq!(
        twice("[[reason]]", "for = \"close\"\nid = \"spam\"\ntitle = \"Spam\"\n"),
        "small.toml:78: reason.id: `spam` is there twice; ids are unique"
    );
    assert_eq!(
        told(
            "values = [{ id = \"none\", title = \"None\" }]",
            "values = [{ id = \"none\", title = \"None\" }, { id = \"none\", title = \"Nil\" }]"
        ),
        "small.toml:69: field.values: `none` is there twice; ids are unique"
    );
}

#[test]
fn values_are_for_an_enum_and_access_data_is_never_required() {
    assert_eq!(
        told("kind = \"enum\"", "kind = \"text\""),
        "small.toml:66: field.values: `values` go with kind `enum` only"
    );
    assert_eq!(
        told_with(
            "\n[[field]]\npath = \"fields.password\"\ntitle = \"Password\"\nkind = \"sealed\"\nrequired = true\n"
        ),
        "small.toml:72: field.required: access data cannot be required: where somebody gives it, it is \
         refused; use `wished`, or name in `or` what serves as well"
    );
}

#[test]
fn the_least_number_of_words_comes_first() {
    assert_eq!(
        told_with("\n[bug-report]\nline = 1\ntitle-words = [8, 4]\nrequired = [\"title\"]\n"),
        "small.toml:73: bug-report.title-words: [8, 4]: the least number of words comes first"
    );
}

#[test]
fn a_line_calendar_or_clock_is_there_once() {
    let twice = |from: &str, section: &str| told(from, &format!("{section}\n\n{from}"));
    assert_eq!(
        twice("[[channel]]", "[[line]]\nid = 1\ntitle = \"Again\"\ncalendar = \"day\""),
        "small.toml:20: line.id: `1` is there twice; each is there once"
    );
    assert_eq!(
        twice(
            "[[line]]",
            "[[calendar]]\nid = \"day\"\nhours = [{ days = \"sat\", open = \"09:00\", close = \"10:00\" }]"
        ),
        "small.toml:14: calendar.id: `day` is there twice; each is there once"
    );
    assert_eq!(
        twice(
            "[[field]]",
            "[[clock]]\nmetric = \"resolution\"\ntitle = \"Again\"\nbasis = \"working-hours\"\ncalendar = \"day\"\n\
             starts = [\"registered\"]\nstops = [\"closed\"]\nat-end = \"tell\"\n[[clock.target]]\nterm = \"1h\""
        ),
        "small.toml:66: clock.metric: `resolution` is there twice; each is there once"
    );
}

#[test]
fn an_unknown_verb_is_told_with_the_nearest() {
    assert_eq!(
        told("[verb.close]", "[verb.clos]"),
        "small.toml:48: verb.clos: unknown verb; did you mean `close`? one of reply, ask, answer, status, classify, \
         priority, take, assign, transfer, route, estimate, extend, defer, resolve, confirm, return, refuse, close, link, split, urgent, \
         escalate, escalation-answer, complain, prefer, merge, issue, issue-status, ask-lead, lead-answer, cite"
    );
}

#[test]
fn a_field_must_be_one_that_a_registration_has() {
    assert_eq!(
        told("path = \"fields.impact\"", "path = \"requester.age\""),
        "small.toml:66: field.path: `requester.age` is no path of a registration; fields.NAME, requester.name, \
         .email, .phone, .inn, .login, description, client, service or urgency"
    );
    assert_eq!(
        told("values = [{ id = \"none\", title = \"None\" }]\n", ""),
        "small.toml:66: field.values: kind `enum` needs `values`, a list of { id, title }"
    );
}

#[test]
fn a_closed_status_waits_for_nobody() {
    assert_eq!(
        told("stage = \"closed\"", "stage = \"closed\"\nwaiting = true"),
        "small.toml:44: status.waiting: `done` waits, but its stage is closed: it is over"
    );
}

#[test]
fn x_3_everything_that_is_wrong_is_told_at_once_in_order_of_lines() {
    let text = SMALL
        .replace("term = \"8h\"", "term = \"soon\"")
        .replace("line = 1\n", "line = 9\n")
        .replace("initial-status = \"new\"", "initial-status = \"neu\"");
    assert_eq!(
        Regulation::parse("small.toml", &text).unwrap_err().to_string(),
        "small.toml:7: initial-status: unknown status `neu`; did you mean `new`? one of new, waiting, done\n\
         small.toml:22: channel.line: unknown line 9; one of 1\n\
         small.toml:63: clock resolution: term `soon`: write hours and minutes such as `12h` or `30m`, or `none`, or `estimate`"
    );
}

#[test]
fn who_seldom_writes_toml_is_told_about_quotes_and_brackets() {
    assert_eq!(
        told("holds-from = \"2026-01-01\"", "holds-from = 2026-01-01"),
        "small.toml:4: holds-from: invalid type: map, expected a string; a date stands in quotes, a table such as \
         [verb.take] in single brackets"
    );
    assert_eq!(
        told("[[status]]\nid = \"waiting\"", "[status]\nid = \"waiting\""),
        "small.toml:37: [status]: duplicate key; what may be there several times has double brackets each time, [[status]]"
    );
}

/// GM-5.15: a type that a mass problem is not of must be one.
#[test]
fn a_type_of_a_mass_problem_that_is_not_there_is_told_with_those_that_are() {
    let rule = "\n[mass-problem]\nalike = 5\nwithin = \"day\"\nsame = [\"type\"]\ntypes = [\"qestion\"]\n";
    assert_eq!(
        told_with(rule),
        "small.toml:75: mass-problem.types: unknown type `qestion`; did you mean `question`? one of question"
    );
}
