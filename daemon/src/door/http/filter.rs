//! Which tickets a list asks for.

use crate::desk::{FieldError, Regulation, Regulations, Scope, Stage, Ticket};

use super::query::Query;

/// The parameters that filter.
pub(super) const PARAMETERS: [&str; 11] = [
    "status",
    "priority",
    "type",
    "line",
    "assignee",
    "group",
    "client",
    "regulation",
    "stage",
    "overdue",
    "q",
];
/// Stands for "none" where a ticket may have no assignee, group or client.
const NONE: &str = "none";

/// Which tickets a list asks for. What is empty or absent asks for all.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Filter {
    statuses: Vec<String>,
    priorities: Vec<String>,
    types: Vec<String>,
    lines: Vec<u8>,
    assignees: Vec<String>,
    groups: Vec<String>,
    clients: Vec<String>,
    regulations: Vec<String>,
    stages: Vec<Stage>,
    overdue: Option<bool>,
    /// Lower-case words, all of which the ticket must have somewhere.
    words: Vec<String>,
    /// The tickets that whoever asks has to do with.
    scope: Scope,
}

impl Filter {
    /// Reads the filter of a query; a name that no regulation knows is refused, since it would find nothing for ever.
    pub(super) fn parse(query: &Query, regulations: &Regulations) -> Result<Self, Vec<FieldError>> {
        let mut reader = Reader { query, regulations, errors: Vec::new() };
        let filter = Self {
            statuses: reader
                .ids("status", |r| r.statuses.iter().map(|status| status.name.id.as_str()).collect()),
            priorities: reader
                .ids("priority", |r| r.priorities.iter().map(|priority| priority.name.id.as_str()).collect()),
            types: reader.ids("type", |r| r.types.iter().map(|kind| kind.id.as_str()).collect()),
            lines: reader.lines(),
            assignees: reader.texts("assignee"),
            groups: reader.texts("group"),
            clients: reader.texts("client"),
            regulations: reader.ids("regulation", |r| vec![r.id.as_str()]),
            stages: reader.stages(),
            overdue: reader.overdue(),
            words: query
                .last("q")
                .unwrap_or_default()
                .to_lowercase()
                .split_whitespace()
                .map(str::to_owned)
                .collect(),
            scope: Scope::default(),
        };
        if reader.errors.is_empty() { Ok(filter) } else { Err(reader.errors) }
    }

    /// The same, of the tickets in a scope.
    pub(super) fn within(self, scope: Scope) -> Self {
        Self { scope, ..self }
    }

    /// Whether closed tickets may be among those asked for.
    pub(super) fn wants_closed(&self) -> bool {
        self.stages.is_empty() || self.stages.contains(&Stage::Closed)
    }

    /// Whether a ticket is asked for.
    pub(super) fn matches(&self, ticket: &Ticket) -> bool {
        let facts = &ticket.facts;
        self.scope.covers_ticket(ticket)
            && one_of(&self.statuses, &facts.status)
            && one_of(&self.priorities, &facts.priority)
            && one_of(&self.types, &facts.kind)
            && one_of(&self.regulations, &facts.regulation)
            && one_of(&self.assignees, ticket.assignee.as_deref().unwrap_or(NONE))
            && one_of(&self.groups, ticket.group.as_deref().unwrap_or(NONE))
            && one_of(&self.clients, facts.client.as_deref().unwrap_or(NONE))
            && (self.lines.is_empty() || self.lines.contains(&facts.line))
            && (self.stages.is_empty() || self.stages.contains(&ticket.stage))
            && self.overdue.is_none_or(|overdue| overdue == ticket.is_overdue())
            && self.has_words(ticket)
    }

    fn has_words(&self, ticket: &Ticket) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let (facts, requester) = (&ticket.facts, &ticket.facts.requester);
        let number = ticket.number.to_string();
        let texts = [
            Some(&number),
            Some(&facts.subject),
            facts.description.as_ref(),
            facts.client.as_ref(),
            requester.name.as_ref(),
            requester.email.as_ref(),
            requester.phone.as_ref(),
            requester.inn.as_ref(),
            requester.login.as_ref(),
        ];
        let texts: Vec<String> = texts.into_iter().flatten().map(|text| text.to_lowercase()).collect();
        self.words.iter().all(|word| texts.iter().any(|text| text.contains(word)))
    }
}

fn one_of(list: &[String], id: &str) -> bool {
    list.is_empty() || list.iter().any(|known| known == id)
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

    fn lines(&mut self) -> Vec<u8> {
        let regulations = self.regulations;
        let mut known: Vec<u8> =
            regulations.iter().flat_map(|regulation| &regulation.lines).map(|line| line.id).collect();
        known.sort_unstable();
        known.dedup();
        let list = known.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
        let mut lines = Vec::new();
        for value in self.query.list("line") {
            match value.parse().ok().filter(|line| known.contains(line)) {
                Some(line) => lines.push(line),
                None => self.wrong("line", value, &list),
            }
        }
        lines
    }

    fn stages(&mut self) -> Vec<Stage> {
        let mut stages = Vec::new();
        for value in self.query.list("stage") {
            match value {
                "open" => stages.push(Stage::Open),
                "resolved" => stages.push(Stage::Resolved),
                "closed" => stages.push(Stage::Closed),
                unknown => self.wrong("stage", unknown, "open, resolved, closed"),
            }
        }
        stages
    }

    fn overdue(&mut self) -> Option<bool> {
        match self.query.last("overdue")? {
            "true" => Some(true),
            "false" => Some(false),
            unknown => {
                self.wrong("overdue", unknown, "true, false");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use calendars::Timestamp;

    use super::*;
    use crate::desk::command::{Command, Register, Requester};
    use crate::desk::regulation::shipped;
    use crate::desk::{Actor, Desk, Role};

    fn regulations() -> Regulations {
        let getmark = shipped::get("getmark").expect("it is shipped").expect("it is whole");
        Regulations::new(vec![getmark])
    }

    fn parse(raw: &str) -> Result<Filter, Vec<FieldError>> {
        let query = Query::parse(raw).unwrap_or_else(|problem| panic!("{raw}: {problem:?}"));
        Filter::parse(&query, &regulations())
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
            ("q=7707083893", true),
            ("q=%D1%8D%D1%82%D0%B8%D0%BA%D0%B5%D1%82+nothing", false),
        ] {
            let filter = parse(raw).unwrap_or_else(|errors| panic!("{raw}: {errors:?}"));
            assert_eq!(filter.matches(&ticket()), expected, "{raw}");
        }
    }

    #[test]
    fn what_no_regulation_knows_is_refused_all_at_once_with_what_there_is() {
        let errors = parse("status=nwe&priority=urgent&type=bug&line=9&regulation=x&stage=done&overdue=1")
            .expect_err("none of these exist");
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["status", "priority", "type", "line", "regulation", "stage", "overdue"]);
        assert_eq!(errors[1].message, "unknown `urgent`; one of low, medium, high, critical");
    }
}
