//! Which tickets a list asks for, read from its parameters.

use smol_str::SmolStr;

use super::query::Query;
use crate::desk::{Clients, FieldError, People, Regulation, Regulations, Scope};
use crate::run::search::filter::{Facet, Filter};

/// The parameters that filter.
pub(super) const PARAMETERS: [&str; 14] = [
    "status",
    "priority",
    "type",
    "line",
    "assignee",
    "assignee_away",
    "group",
    "client",
    "regulation",
    "channel",
    "stage",
    "overdue",
    "problem",
    "q",
];
/// No question has more words.
const WORDS_MAX: usize = 32;

/// Reads the filter of a query; a name that no regulation knows is refused, since it would find nothing for ever.
pub(super) fn parse(
    query: &Query,
    regulations: &Regulations,
    clients: &Clients,
    people: &People,
) -> Result<Filter, Vec<FieldError>> {
    // A client is found by its id and by each of its names, however they are written.
    let names = |name: &&str| clients.names_of(name);
    let names = query.list("client").iter().flat_map(names).collect();
    let mut reader = Reader { query, regulations, errors: Vec::new() };
    let filter = Filter::default()
        .and(
            Facet::Status,
            reader.ids("status", |r| r.statuses.iter().map(|status| status.name.id.as_str()).collect()),
        )
        .and(
            Facet::Priority,
            reader
                .ids("priority", |r| r.priorities.iter().map(|priority| priority.name.id.as_str()).collect()),
        )
        .and(Facet::Kind, reader.ids("type", |r| r.types.iter().map(|kind| kind.id.as_str()).collect()))
        .and(Facet::Line, reader.lines())
        .and(Facet::Assignee, reader.texts("assignee"))
        .and(Facet::Assignee, reader.away(people))
        .and(Facet::Group, reader.texts("group"))
        .and(Facet::Client, names)
        .and(Facet::Regulation, reader.ids("regulation", |r| vec![r.id.as_str()]))
        .and(
            Facet::Channel,
            reader.ids("channel", |r| r.channels.iter().map(|channel| channel.name.id.as_str()).collect()),
        )
        .and(Facet::Stage, reader.words("stage", &["open", "resolved", "closed"]))
        .and(Facet::Overdue, reader.words("overdue", &["true", "false"]).into_iter().rev().take(1).collect())
        .and(Facet::Problem, reader.texts("problem"))
        .and_words(query.value("q").unwrap_or_default());
    if filter.words() > WORDS_MAX {
        let message = format!("has {} words; {WORDS_MAX} are taken", filter.words());
        reader.errors.push(FieldError::new("q", &message));
    }
    if reader.errors.is_empty() { Ok(filter) } else { Err(reader.errors) }
}

/// The same, of the tickets in a scope.
pub(super) fn within(filter: Filter, scope: &Scope) -> Filter {
    let texts = |ids: &[SmolStr]| ids.iter().map(SmolStr::to_string).collect();
    filter.and(Facet::Regulation, texts(&scope.regulations)).and(Facet::Channel, texts(&scope.channels))
}

/// Reads parameters and collects what is wrong with them.
struct Reader<'a> {
    query: &'a Query,
    regulations: &'a Regulations,
    errors: Vec<FieldError>,
}

impl<'a> Reader<'a> {
    fn wrong(&mut self, field: &str, value: &str, known: &str) {
        self.errors.push(FieldError::new(field, &format!("unknown `{value}`; one of {known}")));
    }

    fn texts(&self, name: &str) -> Vec<String> {
        self.query.list(name).into_iter().map(str::to_owned).collect()
    }

    fn ids(&mut self, name: &str, of: impl Fn(&'a Regulation) -> Vec<&'a str>) -> Vec<String> {
        let regulations = self.regulations;
        let mut known: Vec<&str> = Vec::new();
        for id in regulations.iter().flat_map(|regulation| of(regulation)) {
            if !known.contains(&id) {
                known.push(id);
            }
        }
        let values = self.texts(name);
        for value in values.iter().filter(|value| !known.contains(&value.as_str())) {
            self.wrong(name, value, &known.join(", "));
        }
        values
    }

    fn lines(&mut self) -> Vec<String> {
        let regulations = self.regulations;
        let mut known: Vec<u8> =
            regulations.iter().flat_map(|regulation| &regulation.lines).map(|line| line.id).collect();
        known.sort_unstable();
        known.dedup();
        let list = known.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        let mut lines = Vec::new();
        for value in self.query.list("line") {
            match value.parse().ok().filter(|line| known.contains(line)) {
                Some(line) => lines.push(line.to_string()),
                None => self.wrong("line", value, &list),
            }
        }
        lines
    }

    /// Who has tickets and is away, where those are asked for: nobody's name, where nobody is.
    fn away(&mut self, people: &People) -> Vec<String> {
        let asked = self.words("assignee_away", &["true"]);
        if asked.is_empty() {
            return asked;
        }
        let names = people.agents().map(|agent| agent.card.name.as_str());
        let away = names.filter(|name| people.is_away(name)).map(str::to_owned);
        std::iter::once(String::new()).chain(away).collect()
    }

    /// Values of a closed list.
    fn words(&mut self, name: &str, known: &[&str]) -> Vec<String> {
        let values = self.texts(name);
        for value in values.iter().filter(|value| !known.contains(&value.as_str())) {
            self.wrong(name, value, &known.join(", "));
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use calendars::Timestamp;

    use super::*;
    use crate::desk::command::{Command, Register, Requester};
    use crate::desk::regulation::shipped;
    use crate::desk::{Actor, Desk, Role, Ticket};

    fn regulations() -> Regulations {
        let getmark = shipped::get("getmark").expect("it is shipped").expect("it is whole");
        Regulations::new(vec![getmark])
    }

    fn parse(raw: &str) -> Result<Filter, Vec<FieldError>> {
        let query = Query::parse(raw).unwrap_or_else(|problem| panic!("{raw}: {problem:?}"));
        super::parse(&query, &regulations(), &Clients::default(), &People::default())
    }

    fn ticket() -> Ticket {
        let mut desk = Desk::new(regulations()).lenient(true);
        let register = Register {
            channel: Some("email".into()),
            kind: Some("error".into()),
            subject: Some("Не печатаются Этикетки".into()),
            client: Some("Ромашка".into()),
            requester: Some(Requester { inn: Some("7707083893".into()), ..Requester::default() }),
            fields: BTreeMap::from([("impact".into(), "stops-operations".into())]),
            ..Register::default()
        };
        let at = Timestamp::from_millis(1_795_400_000_000);
        let lead = Actor::named("lead", Role::Lead);
        let decision = desk.decide(&Command::Register(register), &lead, at).expect("it can be registered");
        desk.enter(decision.facts, "lead", at, None, None, false);
        desk.tickets().next().expect("it is there").as_ref().clone()
    }

    #[test]
    fn a_filter_takes_one_value_or_several_and_joins_parameters_by_and() {
        for (raw, expected) in [
            ("", true),
            ("status=new", true),
            ("status=closed,new", true),
            ("status=closed", false),
            ("priority=high&type=error&line=2&regulation=getmark&stage=open", true),
            ("priority=high&type=consultation", false),
            ("line=1,3", false),
            ("assignee=none", true),
            ("assignee=ivanova", false),
            ("assignee=ivanova,none", true),
            ("client=%D0%A0%D0%BE%D0%BC%D0%B0%D1%88%D0%BA%D0%B0", true),
            ("overdue=false", true),
            ("overdue=true", false),
            ("q=%D1%8D%D1%82%D0%B8%D0%BA%D0%B5%D1%82", true),
            ("channel=email,phone", true),
            ("channel=phone", false),
            ("q=7707083893", true),
            ("q=%D1%8D%D1%82%D0%B8%D0%BA%D0%B5%D1%82+nothing", false),
        ] {
            let filter = parse(raw).unwrap_or_else(|errors| panic!("{raw}: {errors:?}"));
            assert_eq!(filter.matches(&ticket()), expected, "{raw}");
        }
    }

    #[test]
    fn what_no_regulation_knows_is_refused_all_at_once_with_what_there_is() {
        let errors =
            parse("status=nwe&priority=urgent&type=bug&line=9&regulation=x&channel=fax&stage=done&overdue=1")
                .expect_err("none of these exist");
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            ["status", "priority", "type", "line", "regulation", "channel", "stage", "overdue"]
        );
        assert_eq!(errors[1].message, "unknown `urgent`; one of low, medium, high, critical");
        let errors = parse(&format!("q={}", (0..33).map(|n| format!("w{n}")).collect::<Vec<_>>().join("+")));
        assert_eq!(errors.expect_err("no person asks so")[0].message, "has 33 words; 32 are taken");
    }
}
