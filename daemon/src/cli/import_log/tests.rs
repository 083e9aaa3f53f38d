//! Small logs written by hand, and the whole real one where it is at hand.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::Path;

use serde_json::{Value, json};

use super::*;

const HEADER: &str = "number,incident_state,active,reassignment_count,sys_mod_count,made_sla,caller_id,opened_by,opened_at,\
    sys_updated_by,sys_updated_at,contact_type,location,category,subcategory,u_symptom,cmdb_ci,impact,urgency,priority,\
    assignment_group,assigned_to,problem_id,rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at";

/// A row of HEADER; `with` sets columns other than the usual.
fn row(with: &[(&str, &str)]) -> String {
    let usual = [
        ("number", "INC1"),
        ("incident_state", "New"),
        ("active", "true"),
        ("caller_id", "Caller 7"),
        ("opened_at", "1/3/2016 10:00"),
        ("sys_updated_by", "Updated by 21"),
        ("sys_updated_at", "1/3/2016 10:05"),
        ("contact_type", "Phone"),
        ("category", "Category 55"),
        ("subcategory", "Subcategory 170"),
        ("u_symptom", "Symptom 72"),
        ("priority", "3 - Moderate"),
    ];
    let value = |column: &str| {
        let given = with.iter().chain(&usual).find(|(name, _)| *name == column);
        given.map_or("?", |(_, value)| value)
    };
    HEADER.split(',').map(value).collect::<Vec<_>>().join(",")
}

fn log(rows: &[&[(&str, &str)]]) -> String {
    let mut text = format!("{HEADER}\n");
    for with in rows {
        text.push_str(&row(with));
        text.push('\n');
    }
    text
}

/// The lines written, what was complained of, and the summary.
fn convert(input: &[u8], options: &Options) -> (Vec<Value>, Vec<String>, Summary) {
    let (mut out, mut complaints) = (Vec::new(), Vec::new());
    let summary =
        servicenow_csv(input, options, &mut out, &mut |problem| complaints.push(problem.to_string()))
            .unwrap();
    let lines = out.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    let lines: Vec<Value> = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
    assert_eq!(summary.commands, lines.len() as u64);
    (lines, complaints, summary)
}

/// A line in short: `10:05 verb {its own fields}`.
fn short(line: &Value) -> String {
    let mut body = line.as_object().unwrap().clone();
    let at = body.remove("at").unwrap();
    let verb = body.remove("do").unwrap();
    body.remove("ticket");
    body.remove("by");
    format!("{} {} {}", &at.as_str().unwrap()[11..16], verb.as_str().unwrap(), Value::from(body))
}

/// What the rows after a first plain one (new at 10:05) are told as.
#[track_caller]
fn check(later: &[&[(&str, &str)]], expected: &[&str]) {
    let mut rows: Vec<&[(&str, &str)]> = vec![&[]];
    rows.extend(later);
    let (lines, complaints, _) = convert(log(&rows).as_bytes(), &Options::default());
    assert_eq!(complaints, [""; 0]);
    assert_eq!(lines[1..].iter().map(short).collect::<Vec<_>>(), expected);
}

const UPDATE: &str = r#"reply {"internal":true,"text":"Запись обновлена"}"#;
const RESOLVE: &str = r#"resolve {"text":"Решено (текста решения в журнале нет)"}"#;
const CLOSE: &str = r#"close {"reason":"Закрыто по журналу"}"#;

#[test]
fn the_first_row_registers_at_the_time_of_opening() {
    let (lines, complaints, summary) = convert(log(&[&[]]).as_bytes(), &Options::default());
    let expected = json!({
        "at": "2016-03-01T10:00:00.000+03:00", "ticket": "INC1", "do": "register", "by": "updated-by-21",
        "regulation": "itsm", "channel": "phone", "type": "incident", "priority": "p3",
        "subject": "Category 55 / Subcategory 170 / Symptom 72", "requester": {"name": "Caller 7"},
        "fields": {"category": "Category 55", "subcategory": "Subcategory 170", "symptom": "Symptom 72"},
    });
    assert_eq!(lines, [expected]);
    assert_eq!(complaints, [""; 0]);
    assert_eq!((summary.rows_read, summary.cases), (1, 1));
}

#[test]
fn a_line_begins_with_its_time_ticket_and_verb() {
    let mut out = Vec::new();
    servicenow_csv(log(&[&[]]).as_bytes(), &Options::default(), &mut out, &mut |_| ()).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(
        text.starts_with(r#"{"at":"2016-03-01T10:00:00.000+03:00","ticket":"INC1","do":"register","by":"#),
        "{text}"
    );
}

#[test]
fn what_is_unknown_at_registration_is_not_said() {
    let nothing = [
        ("caller_id", "?"),
        ("category", "?"),
        ("subcategory", "?"),
        ("u_symptom", ""),
        ("sys_updated_by", "?"),
    ];
    let (lines, ..) = convert(log(&[&nothing]).as_bytes(), &Options::default());
    assert_eq!(lines[0]["subject"], "Заявка INC1");
    assert_eq!((&lines[0]["requester"], &lines[0]["fields"]), (&json!({}), &json!({})));
    assert_eq!(lines[0].get("by"), None);
}

#[test]
fn a_case_that_is_first_seen_under_way_is_registered_and_then_moved() {
    let first =
        [("incident_state", "Active"), ("assignment_group", "Group 56"), ("assigned_to", "Resolver 3")];
    let (lines, ..) = convert(log(&[&first]).as_bytes(), &Options::default());
    let told: Vec<String> = lines.iter().skip(1).map(short).collect();
    assert_eq!(
        told,
        [
            r#"10:05 assign {"group":"group-56"}"#,
            r#"10:05 assign {"agent":"resolver-3"}"#,
            r#"10:05 status {"to":"active"}"#,
        ]
    );
}

#[test]
fn each_open_state_is_a_status() {
    check(
        &[
            &[("incident_state", "Active"), ("sys_updated_at", "1/3/2016 11:00")],
            &[("incident_state", "Awaiting User Info"), ("sys_updated_at", "1/3/2016 12:00")],
            &[("incident_state", "Awaiting Vendor"), ("sys_updated_at", "1/3/2016 13:00")],
            &[("incident_state", "Awaiting Problem"), ("sys_updated_at", "1/3/2016 14:00")],
            &[("incident_state", "Awaiting Evidence"), ("sys_updated_at", "1/3/2016 15:00")],
            &[("incident_state", "New"), ("sys_updated_at", "1/3/2016 16:00")],
        ],
        &[
            r#"11:00 status {"to":"active"}"#,
            r#"12:00 status {"to":"awaiting-user-info"}"#,
            r#"13:00 status {"to":"awaiting-vendor"}"#,
            r#"14:00 status {"to":"awaiting-problem"}"#,
            r#"15:00 status {"to":"awaiting-evidence"}"#,
            r#"16:00 status {"to":"new"}"#,
        ],
    );
}

#[test]
fn resolving_reopening_and_closing_come_from_the_state() {
    check(
        &[
            &[("incident_state", "Resolved"), ("sys_updated_at", "1/3/2016 11:00")],
            &[("incident_state", "Resolved"), ("sys_updated_at", "1/3/2016 12:00")],
            &[("incident_state", "Active"), ("sys_updated_at", "1/3/2016 13:00")],
            &[("incident_state", "Resolved"), ("sys_updated_at", "1/3/2016 14:00")],
            &[("incident_state", "Closed"), ("sys_updated_at", "1/3/2016 15:00")],
            &[("incident_state", "Closed"), ("sys_updated_at", "1/3/2016 16:00")],
            &[("incident_state", "Active"), ("sys_updated_at", "1/3/2016 17:00")],
        ],
        &[
            &format!("11:00 {RESOLVE}"),
            &format!("12:00 {UPDATE}"),
            r#"13:00 status {"reason":"Открыто снова","to":"active"}"#,
            &format!("14:00 {RESOLVE}"),
            &format!("15:00 {CLOSE}"),
            &format!("16:00 {UPDATE}"),
            r#"17:00 status {"reason":"Открыто снова","to":"active"}"#,
        ],
    );
}

#[test]
fn a_new_case_may_be_closed_at_once() {
    check(
        &[&[("incident_state", "Closed"), ("sys_updated_at", "1/3/2016 11:00")]],
        &[&format!("11:00 {CLOSE}")],
    );
}

#[test]
fn a_priority_changes_with_a_reason() {
    check(
        &[&[("priority", "1 - Critical"), ("sys_updated_at", "1/3/2016 11:00")]],
        &[r#"11:00 priority {"reason":"Изменён по журналу, был p3","to":"p1"}"#],
    );
}

#[test]
fn a_group_comes_before_its_agent() {
    let [group, agent] = [("assignment_group", "Group 5"), ("assigned_to", "Resolver 3")];
    check(
        &[
            &[group, ("sys_updated_at", "1/3/2016 11:00")],
            &[group, agent, ("sys_updated_at", "1/3/2016 12:00")],
            &[("assignment_group", "Group 6"), agent, ("sys_updated_at", "1/3/2016 13:00")],
            &[("assignment_group", "Group 6"), ("sys_updated_at", "1/3/2016 14:00")],
        ],
        &[
            r#"11:00 assign {"group":"group-5"}"#,
            r#"12:00 assign {"agent":"resolver-3"}"#,
            r#"13:00 assign {"group":"group-6","reason":"Назначено по журналу"}"#,
            r#"13:00 assign {"agent":"resolver-3"}"#,
            r#"14:00 assign {"group":"group-6","reason":"Назначено по журналу"}"#,
        ],
    );
}

#[test]
fn what_goes_missing_is_no_change_and_neither_is_its_return() {
    let known = [("assignment_group", "Group 5"), ("u_symptom", "Symptom 9")];
    check(
        &[
            &[known[0], known[1], ("sys_updated_at", "1/3/2016 11:00")],
            &[("u_symptom", "?"), ("sys_updated_at", "1/3/2016 12:00")],
            &[known[0], known[1], ("sys_updated_at", "1/3/2016 13:00")],
        ],
        &[
            r#"11:00 classify {"fields":{"symptom":"Symptom 9"}}"#,
            r#"11:00 assign {"group":"group-5"}"#,
            &format!("12:00 {UPDATE}"),
            &format!("13:00 {UPDATE}"),
        ],
    );
}

#[test]
fn one_row_may_say_many_things_and_the_move_comes_last() {
    check(
        &[&[
            ("incident_state", "Resolved"),
            ("sys_updated_at", "1/3/2016 11:00"),
            ("category", "Category 8"),
            ("cmdb_ci", "cmdb_ci 31"),
            ("priority", "2 - High"),
            ("assigned_to", "Resolver 3"),
        ]],
        &[
            r#"11:00 classify {"fields":{"category":"Category 8","cmdb-ci":"cmdb_ci 31"}}"#,
            r#"11:00 priority {"reason":"Изменён по журналу, был p3","to":"p2"}"#,
            r#"11:00 assign {"agent":"resolver-3"}"#,
            &format!("11:00 {RESOLVE}"),
        ],
    );
}

#[test]
fn a_reopening_comes_before_what_else_the_row_says() {
    check(
        &[
            &[("incident_state", "Closed"), ("sys_updated_at", "1/3/2016 11:00")],
            &[("incident_state", "Active"), ("priority", "2 - High"), ("sys_updated_at", "1/3/2016 12:00")],
        ],
        &[
            &format!("11:00 {CLOSE}"),
            r#"12:00 status {"reason":"Открыто снова","to":"active"}"#,
            r#"12:00 priority {"reason":"Изменён по журналу, был p3","to":"p2"}"#,
        ],
    );
}

#[test]
fn the_odd_state_keeps_the_one_before_and_is_counted() {
    let text = log(&[
        &[("incident_state", "Active")],
        &[("incident_state", "-100"), ("sys_updated_at", "1/3/2016 11:00")],
        &[("incident_state", "Active"), ("sys_updated_at", "1/3/2016 12:00")],
    ]);
    let (lines, complaints, summary) = convert(text.as_bytes(), &Options::default());
    let told: Vec<String> = lines.iter().skip(2).map(short).collect();
    assert_eq!(told, [format!("11:00 {UPDATE}"), format!("12:00 {UPDATE}")]);
    assert_eq!(complaints, ["line 3 (INC1): incident_state is `-100`; the ticket keeps the state it had"]);
    assert_eq!((summary.odd_states, summary.rows_broken), (1, 0));
}

#[test]
fn a_row_out_of_order_is_told_at_the_time_of_the_one_before() {
    let text = log(&[
        &[("sys_updated_at", "1/3/2016 11:10")],
        &[("incident_state", "Active"), ("sys_updated_at", "1/3/2016 10:52")],
        &[("incident_state", "Resolved"), ("sys_updated_at", "1/3/2016 11:10")],
    ]);
    let (lines, complaints, summary) = convert(text.as_bytes(), &Options::default());
    let told: Vec<String> = lines.iter().skip(1).map(short).collect();
    assert_eq!(told, [r#"11:10 status {"to":"active"}"#.to_owned(), format!("11:10 {RESOLVE}")]);
    assert_eq!(complaints, ["line 3 (INC1): 18 minutes older than the row before; told at that row's time"]);
    assert_eq!(summary.rows_reordered, 1);
}

#[test]
fn a_case_opened_after_its_first_update_is_registered_at_that_update() {
    let text = log(&[&[("opened_at", "1/3/2016 11:00")]]);
    let (lines, complaints, summary) = convert(text.as_bytes(), &Options::default());
    assert_eq!(lines[0]["at"], "2016-03-01T10:05:00.000+03:00");
    assert_eq!(
        complaints,
        ["line 2 (INC1): opened 55 minutes after the first update; registered at that update"]
    );
    assert_eq!((summary.opened_late, summary.rows_reordered), (1, 0));
}

#[test]
fn nothing_is_told_before_the_log_knew_it() {
    let later = |future: &[(&'static str, &'static str)]| {
        let states =
            [("New", "1/3/2016 10:05"), ("Resolved", "1/3/2016 11:00"), ("Closed", "6/3/2016 11:00")];
        let mut text = format!("{HEADER}\n");
        for (state, at) in states {
            let row_with: Vec<_> = [&[("incident_state", state), ("sys_updated_at", at)], future].concat();
            text.push_str(&(row(&row_with) + "\n"));
        }
        let mut out = Vec::new();
        servicenow_csv(text.as_bytes(), &Options::default(), &mut out, &mut |problem| panic!("{problem}"))
            .unwrap();
        out
    };
    let foretold = [
        ("resolved_at", "1/3/2016 11:00"),
        ("closed_at", "6/3/2016 11:00"),
        ("closed_code", "code 5"),
        ("resolved_by", "Resolved by 149"),
        ("made_sla", "false"),
    ];
    assert_eq!(later(&foretold), later(&[("resolved_at", "not even a time")]));
}

#[test]
fn the_whole_log_is_in_order_of_time_then_ticket() {
    let text = log(&[
        &[("number", "INC2")],
        &[("number", "INC2"), ("incident_state", "Active"), ("sys_updated_at", "1/3/2016 12:00")],
        &[("number", "INC1")],
        &[("number", "INC1"), ("incident_state", "Active"), ("sys_updated_at", "1/3/2016 11:00")],
        &[("number", "INC1"), ("incident_state", "Resolved"), ("sys_updated_at", "1/3/2016 12:00")],
    ]);
    let (lines, ..) = convert(text.as_bytes(), &Options::default());
    let told: Vec<_> =
        lines.iter().map(|line| (line["ticket"].as_str().unwrap(), short(line)[..12].to_owned())).collect();
    assert_eq!(
        told,
        [
            ("INC1", "10:00 regist".to_owned()),
            ("INC2", "10:00 regist".to_owned()),
            ("INC1", "11:00 status".to_owned()),
            ("INC1", "12:00 resolv".to_owned()),
            ("INC2", "12:00 status".to_owned()),
        ]
    );
}

#[test]
fn a_broken_row_is_named_by_its_line_and_the_rest_goes_on() {
    let mut text = log(&[
        &[],
        &[("opened_at", "31/2/2016 10:00")],
        &[("sys_updated_at", "?")],
        &[("number", "?")],
        &[("incident_state", "Pending")],
        &[("priority", "5 - Whatever")],
    ])
    .into_bytes();
    text.extend(b"INC1,New\n");
    text.extend(row(&[("category", "XX")]).replace("XX", "\u{1}\u{1}").into_bytes().iter().map(|&byte| {
        match byte {
            1 => 0xFF,
            other => other,
        }
    }));
    text.push(b'\n');
    text.extend(
        (row(&[("incident_state", "Active"), ("sys_updated_at", "1/3/2016 11:00")]) + "\n").into_bytes(),
    );
    text.extend(b"\"INC1,New\nmore\n");

    let (lines, complaints, summary) = convert(&text, &Options::default());
    assert_eq!(
        lines.iter().map(|line| line["do"].as_str().unwrap()).collect::<Vec<_>>(),
        ["register", "status"]
    );
    assert_eq!(
        complaints,
        [
            "line 3 (INC1): opened_at is `31/2/2016 10:00`, which is no time of the form D/M/YYYY HH:MM; row left out",
            "line 4 (INC1): sys_updated_at is `?`, which is no time of the form D/M/YYYY HH:MM; row left out",
            "line 5: number is missing; row left out",
            "line 6 (INC1): incident_state `Pending` is not known; row left out",
            "line 7 (INC1): priority `5 - Whatever` is not known; row left out",
            "line 8: 2 fields where the header has 30; row left out",
            "line 9: field 14 is not UTF-8; row left out",
            "line 11: 1 fields where the header has 30, and the row ends on line 12: is a quote left open?; row left out",
        ]
    );
    assert_eq!((summary.rows_read, summary.rows_broken, summary.cases), (10, 8, 1));
}

#[test]
fn the_order_of_columns_does_not_matter() {
    let text = log(&[&[], &[("incident_state", "Active"), ("sys_updated_at", "1/3/2016 11:00")]]);
    let reversed: Vec<String> =
        text.lines().map(|line| line.split(',').rev().collect::<Vec<_>>().join(",") + "\r\n").collect();
    let reversed = format!("\u{FEFF}{}", reversed.concat());
    let options = Options::default();
    assert_eq!(convert(text.as_bytes(), &options), convert(reversed.as_bytes(), &options));
}

#[track_caller]
fn check_refused(input: &[u8], message: &str) {
    let mut out = Vec::new();
    let error =
        servicenow_csv(input, &Options::default(), &mut out, &mut |problem| panic!("{problem}")).unwrap_err();
    assert_eq!((error.to_string().as_str(), out.len()), (message, 0));
}

#[test]
fn a_header_without_what_is_needed_is_refused_by_name() {
    check_refused(
        HEADER.replace("sys_updated_at", "updated").as_bytes(),
        "the header lacks the needed column sys_updated_at",
    );
    check_refused(
        HEADER.replace("incident_state", "s").replace("u_symptom", "t").as_bytes(),
        "the header lacks the needed columns incident_state, u_symptom",
    );
    check_refused(
        HEADER.replace("active", "priority").as_bytes(),
        "the header names the column priority twice",
    );
    check_refused(
        b"\xFF\xFE\n1\n",
        "cannot read the header; a CSV file is expected, plain or packed with xz",
    );
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = open("/nowhere/log.csv").err().unwrap();
    assert_eq!(error.to_string(), "cannot open /nowhere/log.csv");
}

/// `printf 'HEADER\nROW\n' | xz`, where HEADER and ROW are those of `log(&[&[]])`.
const PACKED: &[u8] = include_bytes!("packed.csv.xz");

#[test]
fn packed_input_is_known_by_how_it_begins() {
    let options = Options::default();
    assert_eq!(convert(PACKED, &options), convert(log(&[&[]]).as_bytes(), &options));
}

#[test]
fn packed_input_cut_short_is_an_error_and_not_a_shorter_log() {
    check_refused(&PACKED[..PACKED.len() - 40], "cannot read the log");
}

#[test]
fn a_damaged_packed_log_is_never_told_as_another() {
    let whole = convert(PACKED, &Options::default()).0;
    for place in 0..PACKED.len() {
        let mut damaged = PACKED.to_vec();
        damaged[place] ^= 0x10;
        let mut out = Vec::new();
        if servicenow_csv(damaged.as_slice(), &Options::default(), &mut out, &mut |_| ()).is_ok() {
            assert_eq!(convert(&damaged, &Options::default()).0, whole, "byte {place}");
        }
    }
}

#[test]
fn a_log_with_any_byte_replaced_is_told_or_complained_of() {
    let text = log(&[&[], &[("incident_state", "Resolved"), ("sys_updated_at", "1/3/2016 11:00")]]);
    for place in 0..text.len() {
        for byte in [b'"', b',', b'\n', b'?', b'9', 0, 0xFF] {
            let mut damaged = text.clone().into_bytes();
            damaged[place] = byte;
            let (mut out, mut left_out) = (Vec::new(), 0);
            let mut complain = |problem: RowProblem| left_out += u64::from(problem.problem.is_row_left_out());
            if let Ok(summary) =
                servicenow_csv(damaged.as_slice(), &Options::default(), &mut out, &mut complain)
            {
                assert_eq!(summary.rows_broken, left_out, "byte {place}");
                assert!(summary.commands >= summary.rows_read - summary.rows_broken, "byte {place}");
            }
        }
    }
}

#[test]
fn the_limit_keeps_the_first_cases_whole() {
    let text = log(&[
        &[("number", "INC9")],
        &[("number", "INC1")],
        &[("number", "INC9"), ("incident_state", "Closed"), ("sys_updated_at", "1/3/2016 12:00")],
    ]);
    let options = Options { limit_cases: Some(1), ..Options::default() };
    let (lines, _, summary) = convert(text.as_bytes(), &options);
    assert!(lines.iter().all(|line| line["ticket"] == "INC9"));
    assert_eq!((lines.len(), summary.rows_read, summary.rows_beyond_limit, summary.cases), (2, 3, 1, 1));
}

#[test]
fn the_zone_is_the_askers() {
    let options = Options { zone: chrono_tz::America::Sao_Paulo, ..Options::default() };
    let (lines, ..) = convert(log(&[&[]]).as_bytes(), &options);
    assert_eq!(lines[0]["at"], "2016-03-01T10:00:00.000-03:00");
}

#[test]
fn the_commands_as_values_are_those_that_are_written() {
    let text = log(&[&[], &[("incident_state", "Active"), ("sys_updated_at", "1/3/2016 11:00")]]);
    let (commands, summary) = commands(text.as_bytes(), &Options::default(), &mut |_| ()).unwrap();
    let (mut one, mut other) = (Vec::new(), Vec::new());
    write_jsonl(&commands, chrono_tz::Europe::Moscow, &mut one).unwrap();
    let written = servicenow_csv(text.as_bytes(), &Options::default(), &mut other, &mut |_| ()).unwrap();
    assert_eq!((one, summary), (other, written));
    assert_eq!(commands.iter().map(|command| command.line).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn the_summary_reads_as_lines() {
    let (.., summary) = convert(log(&[&[], &[("incident_state", "-100")]]).as_bytes(), &Options::default());
    assert_eq!(
        summary.to_string(),
        "rows read: 2, broken: 0\ncases: 1, commands: 2\n  register: 1\n  reply: 1\nodd states (-100): 1\n\
         rows out of order: 0\ncases opened after their first update: 0"
    );
}

/// The log this converter was written for, if it is at hand.
#[test]
fn the_real_log_is_told_whole_and_in_order() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/uci-incident-event-log.csv.xz");
    let Ok(file) = File::open(&path) else {
        // Not `eprintln!`, which the test runner keeps to itself when a test passes.
        let skipped = format!("SKIPPED: the real log is not at {}\n", path.display());
        std::io::stderr().write_all(skipped.as_bytes()).unwrap();
        return;
    };
    let mut complaints: BTreeMap<bool, u64> = BTreeMap::new();
    let (commands, summary) = commands(file, &Options::default(), &mut |problem| {
        println!("{problem}");
        *complaints.entry(problem.problem.is_row_left_out()).or_default() += 1;
    })
    .unwrap();
    println!("{summary}");

    assert_eq!((summary.rows_read, summary.rows_broken, summary.cases), (141_712, 0, 24_918));
    assert_eq!((summary.odd_states, summary.rows_reordered, summary.opened_late), (5, 2, 5));
    assert_eq!(complaints, BTreeMap::from([(false, 12)]));
    assert_eq!(summary.commands_by_verb["register"], 24_918);
    let rows: HashSet<u64> = commands.iter().map(|command| command.line).collect();
    assert_eq!(rows.len(), 141_712, "every row is told by a command at least");
    let order = |command: &TimedCommand| (command.at_ms, command.ticket.clone());
    assert!(commands.is_sorted_by_key(order));
    let mut seen = HashSet::new();
    let registered_first =
        |command: &TimedCommand| seen.insert(command.ticket.clone()) == (command.verb == "register");
    assert!(commands.iter().all(registered_first));
}

/// The log that is shipped for trying things out where the real one is not at hand.
#[test]
fn the_small_demo_log_is_in_order_and_registers_each_ticket_first() {
    let text = include_str!("../../../demo/small.jsonl");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let times =
        lines.iter().map(|line| chrono::DateTime::parse_from_rfc3339(line["at"].as_str().unwrap()).unwrap());
    assert!(times.is_sorted());
    let mut seen = HashSet::new();
    for line in &lines {
        assert_eq!(seen.insert(&line["ticket"]), line["do"] == "register", "{line}");
    }
    assert_eq!(seen.len(), 60);
}
