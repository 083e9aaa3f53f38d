//! Two drafts of a regulation whose outcomes were reckoned by hand.
//!
//! 2026-11-23 is a Monday; line 2 works 09–18. Draft A is `getmark` as it is: 12 hours for `high`. Draft B gives 8,
//! and has no channel `whatsapp`.

use serde_json::Value;

use super::{MetricSum, Rules, SidedComplaint, Sum, Tally, Under, compare};
use crate::cli::simulate::{Options, SimulateError, simulate};
use crate::desk::regulation::shipped;
use crate::desk::{Metric, Regulation, Regulations};
use crate::golden;

const LOG: &str = include_str!("../golden/compare.jsonl");
const MONTH: &str = include_str!("../golden/month.jsonl");
const FAULTS: &str = include_str!("../golden/faults.jsonl");

struct Told {
    out: String,
    lines: Vec<Value>,
    complaints: Vec<SidedComplaint>,
    sum: Sum,
}

/// `getmark` with these texts of its file replaced.
fn draft(name: &str, changes: &[(&str, &str)]) -> Rules {
    let mut text = shipped::text("getmark").unwrap().to_owned();
    for (old, new) in changes {
        assert_eq!(text.matches(old).count(), 1, "{old}");
        text = text.replace(old, new);
    }
    let regulation = Regulation::parse(name, &text).unwrap_or_else(|problems| panic!("{problems}"));
    Rules { name: name.to_owned(), regulation: regulation.into() }
}

fn a() -> Rules {
    draft("getmark", &[])
}

fn b() -> Rules {
    let whatsapp = "[[channel]]\nid = \"whatsapp\"\ntitle = \"WhatsApp\"\nline = 2\nclause = \"GM-3.3\"\n";
    draft(
        "b.toml",
        &[("\"12h\"", "\"8h\""), ("version = \"2024-06-14\"", "version = \"draft\""), (whatsapp, "")],
    )
}

fn tell(a: Rules, b: Rules, log: &str, options: &Options) -> Result<Told, SimulateError> {
    let (mut out, mut complaints) = (Vec::new(), Vec::new());
    let sum = compare(a, b, options, log.as_bytes(), &mut out, &mut |complaint| complaints.push(complaint))?;
    let out = String::from_utf8(out).unwrap();
    let lines = out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    Ok(Told { out, lines, complaints, sum })
}

fn told(a: Rules, b: Rules, log: &str) -> Told {
    tell(a, b, log, &Options::default()).unwrap()
}

impl Told {
    #[track_caller]
    fn ticket(&self, name: &str) -> &Value {
        self.lines.iter().find(|line| line["ticket"] == name).unwrap_or_else(|| panic!("{}", self.out))
    }

    #[track_caller]
    fn verdict(&self, name: &str) -> &str {
        self.ticket(name)["verdict"].as_str().unwrap()
    }

    fn names(&self) -> Vec<&str> {
        self.lines.iter().filter_map(|line| line["ticket"].as_str()).collect()
    }

    /// Side, line and code of each complaint.
    fn codes(&self) -> Vec<(Option<Under>, u64, &str)> {
        let complaints = self.complaints.iter();
        complaints.map(|told| (told.under, told.complaint.line, told.complaint.code)).collect()
    }
}

#[test]
fn a_ticket_that_took_ten_hours_is_met_under_twelve_and_breached_under_eight() {
    let told = told(a(), b(), LOG);
    assert_eq!(told.verdict("late"), "worse");
    // Eight hours on Monday from 10 and four on Tuesday from 9; eight end with Monday.
    let change = concat!(
        r#""changes":[{"metric":"resolution","cycle":1,"a":"met","b":"breached","#,
        r#""deadline_a":"2026-11-24T13:00:00.000+03:00","deadline_b":"2026-11-23T18:00:00.000+03:00","#,
        r#""target_seconds_a":43200,"target_seconds_b":28800}]}"#
    );
    assert!(told.out.lines().nth(1).unwrap().ends_with(change), "{}", told.out);
    // The other clocks are the same under both: the line's eight hours were breached either way.
    let line = &told.ticket("late")["b"]["clocks"][1];
    assert_eq!((line["metric"].as_str(), line["breached"].as_bool()), (Some("line"), Some(true)));
}

#[test]
fn a_ticket_that_took_six_hours_has_another_deadline_but_no_other_verdict() {
    let told = told(a(), b(), LOG);
    assert_eq!(told.verdict("quick"), "same");
    assert_eq!(told.ticket("quick")["differs"], true);
    let change = &told.ticket("quick")["changes"][0];
    assert_eq!((&change["a"], &change["b"]), (&"met".into(), &"met".into()));
    assert_eq!(change["deadline_b"], "2026-11-23T18:00:00.000+03:00");
}

#[test]
fn a_ticket_whose_terms_are_the_same_does_not_differ() {
    let told = told(a(), b(), LOG);
    let question = told.ticket("question");
    assert_eq!((told.verdict("question"), &question["differs"]), ("same", &false.into()));
    assert_eq!(question["changes"].to_string(), "[]");
    assert_eq!(question["a"]["clocks"], question["b"]["clocks"]);
}

#[test]
fn a_ticket_refused_under_one_is_told_with_the_reason() {
    let told = told(a(), b(), LOG);
    assert_eq!(told.verdict("chat"), "refused-under-b");
    assert_eq!(told.ticket("chat")["a"]["status"], "in-progress");
    let refused = &told.ticket("chat")["b"]["refused"];
    assert_eq!((&refused["line"], &refused["code"]), (&4.into(), &"invalid-fields".into()));
    assert_eq!(refused["message"], "channel: unknown `whatsapp`; one of phone, email, telegram");
    assert_eq!(told.codes(), [(Some(Under::B), 4, "invalid-fields"), (Some(Under::B), 5, "unknown-ticket")]);
    assert_eq!(
        serde_json::to_string(&told.complaints[1]).unwrap(),
        r#"{"under":"b","line":5,"ticket":"chat","do":"take","code":"unknown-ticket","message":"the ticket is not there: its registration was refused"}"#
    );
}

#[test]
fn the_sum_counts_tickets_and_clocks() {
    let told = told(a(), b(), LOG);
    let tickets = &told.sum.tickets;
    assert_eq!((tickets.total, tickets.differ), (4, 3));
    assert_eq!((tickets.worse, tickets.better, tickets.mixed, tickets.same), (1, 0, 0, 2));
    assert_eq!((tickets.refused_under_a, tickets.refused_under_b), (0, 1));
    let MetricSum { a, b, better, worse } = &told.sum.metrics[&Metric::Resolution];
    assert_eq!(*a, Tally { met: 3, open: 1, ..Tally::default() });
    assert_eq!(*b, Tally { met: 2, breached: 1, ..Tally::default() });
    assert_eq!((*better, *worse), (0, 1));
    assert_eq!((told.sum.a.refused, told.sum.b.refused, told.sum.faulty), (0, 2, 0));
}

#[test]
fn the_other_way_about_what_was_worse_is_better() {
    let told = told(b(), a(), LOG);
    assert_eq!((told.verdict("late"), told.verdict("chat")), ("better", "refused-under-a"));
    assert_eq!(told.names(), ["quick", "late", "question", "chat"]);
    assert_eq!((told.sum.tickets.better, told.sum.tickets.worse), (1, 0));
}

#[test]
fn a_regulation_compared_with_itself_differs_nowhere() {
    for log in [LOG, MONTH, FAULTS] {
        let told = told(a(), a(), log);
        for line in told.lines.iter().filter(|line| line.get("ticket").is_some()) {
            assert_eq!((&line["differs"], &line["a"]), (&false.into(), &line["b"]));
            assert_eq!(
                (line["verdict"].as_str(), line["changes"].to_string()),
                (Some("same"), "[]".to_owned())
            );
        }
        assert_eq!(told.sum.tickets.differ, 0);
        assert!(told.sum.metrics.values().all(|sum| sum.a == sum.b && sum.better + sum.worse == 0));
    }
}

#[test]
fn each_side_is_what_simulate_tells_of_it() {
    let told = told(b(), b(), LOG);
    let mut out = Vec::new();
    let log = LOG.replace(r#""regulation":"getmark","#, "");
    let regulations = Regulations::new(vec![b().regulation]);
    simulate(regulations, &Options::default(), log.as_bytes(), &mut out, &mut |_| ()).unwrap();
    let alone: Vec<Value> =
        String::from_utf8(out).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told.names().len(), alone.len());
    for (line, alone) in told.lines.iter().zip(&alone) {
        for member in ["number", "status", "priority", "line", "clocks"] {
            assert_eq!(line["a"][member], alone[member], "{member} of {}", line["ticket"]);
        }
    }
}

#[test]
fn a_registration_that_names_a_regulation_is_told_to_both_all_the_same() {
    let ours = || draft("ours.toml", &[("id = \"getmark\"", "id = \"ours\"")]);
    let told = told(ours(), b(), LOG);
    assert_eq!(told.codes().iter().filter(|(under, ..)| *under == Some(Under::A)).count(), 0);
    assert_eq!(told.ticket("late")["a"]["regulation"], "ours");
    assert_eq!(told.ticket("late")["b"]["regulation"], "getmark");
}

#[test]
fn faults_of_the_log_are_told_once_and_refusals_for_each() {
    let told = told(a(), a(), FAULTS);
    let (faults, refusals): (Vec<_>, Vec<_>) =
        told.codes().into_iter().partition(|(under, ..)| under.is_none());
    assert_eq!((faults.len(), refusals.len(), told.sum.faulty), (12, 14, 12));
    let pairs = refusals.chunks_exact(2);
    assert!(pairs.into_iter().all(|pair| (pair[0].1, pair[0].2) == (pair[1].1, pair[1].2)));
}

#[test]
fn a_split_refused_under_one_leaves_the_others_names_alone() {
    let split = |at: &str, impact: &str| {
        format!(
            r#"{{"at":"2026-11-23T{at}:00+03:00","ticket":"question","do":"split","subject":"Ещё одно","fields":{{"impact":"{impact}"}}}}"#
        )
    };
    let resolve =
        r#"{"at":"2026-11-23T10:50:00+03:00","ticket":"question/3","do":"resolve","text":"Готово"}"#;
    let take = r#"{"at":"2026-11-23T10:55:00+03:00","ticket":"question/2","do":"take","by":"ivanova"}"#;
    let register = LOG.lines().nth(2).unwrap();
    let log = [register, &split("10:30", "none"), &split("10:40", "hinders"), resolve, take].join("\n");
    let no_none = draft("b.toml", &[("  { id = \"none\", title = \"Не влияет\" },\n", "")]);
    let told = told(a(), no_none, &log);
    assert_eq!(told.names(), ["question", "question/2", "question/3"]);
    assert_eq!((told.verdict("question/2"), told.verdict("question/3")), ("refused-under-b", "same"));
    assert_eq!(told.ticket("question/3")["b"]["status"], "closed");
    assert_eq!(told.codes(), [(Some(Under::B), 2, "invalid-fields"), (Some(Under::B), 5, "unknown-ticket")]);
}

#[test]
fn the_output_is_as_agreed() {
    golden::check("cli/simulate/golden/compare.out", &told(a(), b(), LOG).out);
    let options = Options { summary: true, ..Options::default() };
    let told = tell(a(), b(), LOG, &options).unwrap();
    golden::check("cli/simulate/golden/compare-summary.out", &told.out);
}

#[test]
fn an_empty_log_has_a_sum_and_nothing_else() {
    let told = told(a(), b(), "\n");
    assert_eq!(told.lines.len(), 1);
    assert_eq!(told.lines[0]["sum"]["tickets"]["total"], 0);
}
