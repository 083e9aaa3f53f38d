//! One case told again: from what it was like after each update to what must have been done.
//!
//! Rows are taken in the order of the file. (The count of changes, `sys_mod_count`, is no better: on the first row of
//! four cases of the UCI log it is higher than on the rows after.)
//!
//! A value that goes missing is not told: the log writes the same `?` for "emptied" and "not known", and the desk has no
//! word for it. The one exception is an agent who leaves while the group stands: the ticket goes back to the group.

use serde_json::{Map, Value};

use super::command::TimedCommand;
use super::problem::{Problem, RowProblem};
use super::row::{Channel, FIELD_IDS, Label, Priority, Row, State};

/// Why somebody was given a ticket: the log says no more.
const BY_THE_LOG: &str = "Назначено по журналу";

/// A command of the log's desk, small enough to keep a hundred thousand of them.
#[derive(Debug)]
pub(super) struct Step {
    at_ms: i64,
    ticket: Label,
    by: Option<Label>,
    line: u64,
    deed: Deed,
}

#[derive(Debug)]
enum Deed {
    Register(Box<Registration>),
    /// Back to an open state when work was over.
    Reopen(State),
    /// Between open states.
    Status(State),
    Resolve,
    Close,
    Classify(Vec<(&'static str, Label)>),
    Priority {
        from: Priority,
        to: Priority,
    },
    AssignGroup {
        group: Label,
        from_agent: bool,
    },
    AssignAgent {
        agent: Label,
        from_agent: bool,
    },
    /// An update that changed nothing we know of.
    Update,
}

#[derive(Debug)]
struct Registration {
    channel: Channel,
    priority: Priority,
    subject: String,
    caller: Option<Label>,
    fields: Vec<(&'static str, Label)>,
}

/// Tells one case, row by row, onto `steps`.
pub(super) fn replay(rows: &[Row], steps: &mut Vec<Step>, complain: &mut impl FnMut(RowProblem)) {
    let mut complain = |row: &Row, problem| {
        complain(RowProblem { line: row.line, ticket: Some(row.ticket.to_string()), problem });
    };
    let Some(first) = rows.first() else { return };
    if let Some(minutes) = minutes_late(first.opened_at_ms, first.updated_at_ms) {
        complain(first, Problem::OpenedLate { minutes });
    }
    let mut case = Case::registered(first);
    steps.push(Step::of(first, case.last_at_ms, registration(first)));
    for (index, row) in rows.iter().enumerate() {
        if row.state.is_none() {
            complain(row, Problem::OddState);
        }
        if let Some(minutes) = minutes_late(case.last_at_ms, row.updated_at_ms) {
            complain(row, Problem::Reordered { minutes });
        }
        case.last_at_ms = case.last_at_ms.max(row.updated_at_ms);
        let mut deeds = case.update(row);
        if deeds.is_empty() && index > 0 {
            deeds.push(Deed::Update);
        }
        steps.extend(deeds.into_iter().map(|deed| Step::of(row, case.last_at_ms, deed)));
    }
}

/// By how many minutes what should come first comes later.
fn minutes_late(first_ms: i64, second_ms: i64) -> Option<i64> {
    (first_ms > second_ms).then_some((first_ms - second_ms) / 60_000)
}

/// What the desk has been told of a case so far.
#[derive(Debug)]
struct Case {
    last_at_ms: i64,
    state: State,
    priority: Priority,
    group: Option<Label>,
    agent: Option<Label>,
    fields: [Option<Label>; FIELD_IDS.len()],
}

impl Case {
    /// As registration leaves it: new, and nobody's. Registered when opened, or at the first row if that is earlier.
    fn registered(row: &Row) -> Self {
        Self {
            last_at_ms: row.opened_at_ms.min(row.updated_at_ms),
            state: State::New,
            priority: row.priority,
            group: None,
            agent: None,
            fields: row.fields.clone(),
        }
    }

    /// What was done to get where the row is. Reopening comes first and other moves last, so that what else was done is
    /// done to an open ticket.
    fn update(&mut self, row: &Row) -> Vec<Deed> {
        let mut deeds = Vec::new();
        let moved = self.move_to(row.state.unwrap_or(self.state));
        let (reopened, moved) = match moved {
            Some(Deed::Reopen(_)) => (moved, None),
            other => (None, other),
        };
        deeds.extend(reopened);
        deeds.extend(self.classify(row));
        deeds.extend(self.prioritise(row.priority));
        self.assign(row, &mut deeds);
        deeds.extend(moved);
        deeds
    }

    fn move_to(&mut self, to: State) -> Option<Deed> {
        let from = std::mem::replace(&mut self.state, to);
        match to {
            _ if from == to => None,
            State::Resolved => Some(Deed::Resolve),
            State::Closed => Some(Deed::Close),
            State::New
            | State::Active
            | State::AwaitingUserInfo
            | State::AwaitingVendor
            | State::AwaitingProblem
            | State::AwaitingEvidence => {
                Some(if from.is_done() { Deed::Reopen(to) } else { Deed::Status(to) })
            }
        }
    }

    fn classify(&mut self, row: &Row) -> Option<Deed> {
        let mut changed = Vec::new();
        for ((id, ours), theirs) in FIELD_IDS.into_iter().zip(&mut self.fields).zip(&row.fields) {
            if let Some(value) = theirs
                && ours.as_ref() != Some(value)
            {
                *ours = Some(value.clone());
                changed.push((id, value.clone()));
            }
        }
        (!changed.is_empty()).then_some(Deed::Classify(changed))
    }

    fn prioritise(&mut self, to: Priority) -> Option<Deed> {
        let from = std::mem::replace(&mut self.priority, to);
        (from != to).then_some(Deed::Priority { from, to })
    }

    /// The group first, then the agent in it: a desk may take a ticket from its agent when it goes to a group.
    fn assign(&mut self, row: &Row, deeds: &mut Vec<Deed>) {
        let regrouped = row.group.is_some() && row.group != self.group;
        if let Some(group) = &row.group {
            let agent_left = self.agent.is_some() && row.agent.is_none();
            if regrouped || agent_left {
                let from_agent = self.agent.take().is_some();
                deeds.push(Deed::AssignGroup { group: group.clone(), from_agent });
            }
            self.group = Some(group.clone());
        }
        if let Some(agent) = &row.agent
            && self.agent.as_ref() != Some(agent)
        {
            let from_agent = self.agent.replace(agent.clone()).is_some();
            deeds.push(Deed::AssignAgent { agent: agent.clone(), from_agent });
        }
    }
}

fn registration(row: &Row) -> Deed {
    let fields = FIELD_IDS.into_iter().zip(&row.fields);
    Deed::Register(Box::new(Registration {
        channel: row.channel,
        priority: row.priority,
        subject: subject(row),
        caller: row.caller.clone(),
        fields: fields.filter_map(|(id, value)| Some((id, value.clone()?))).collect(),
    }))
}

/// The log has no subjects; this one says what the case was about, as far as is known.
fn subject(row: &Row) -> String {
    let [category, subcategory, symptom, ..] = &row.fields;
    let known: Vec<&str> =
        [category, subcategory, symptom].into_iter().flatten().map(AsRef::as_ref).collect();
    if known.is_empty() { format!("Заявка {}", row.ticket) } else { known.join(" / ") }
}

impl Step {
    fn of(row: &Row, at_ms: i64, deed: Deed) -> Self {
        Self { at_ms, ticket: row.ticket.clone(), by: row.updated_by.clone(), line: row.line, deed }
    }

    /// What a stable sort puts the log in order by; the steps of a case are already in theirs.
    pub(super) fn order(&self) -> (i64, &str) {
        (self.at_ms, &self.ticket)
    }

    pub(super) const fn verb(&self) -> &'static str {
        match self.deed {
            Deed::Register(_) => "register",
            Deed::Reopen(_) | Deed::Status(_) => "status",
            Deed::Resolve => "resolve",
            Deed::Close => "close",
            Deed::Classify(_) => "classify",
            Deed::Priority { .. } => "priority",
            Deed::AssignGroup { .. } | Deed::AssignAgent { .. } => "assign",
            Deed::Update => "reply",
        }
    }

    pub(super) fn command(&self) -> TimedCommand {
        TimedCommand {
            at_ms: self.at_ms,
            ticket: self.ticket.to_string(),
            verb: self.verb().to_owned(),
            by: self.by.as_deref().map(str::to_owned),
            body: self.deed.body(),
            line: self.line,
        }
    }
}

impl Deed {
    /// The command's own fields. Words that the log does not have are ours, and say so.
    fn body(&self) -> Map<String, Value> {
        match self {
            Self::Register(registration) => registration.body(),
            Self::Reopen(to) => object([("to", to.id().into()), ("reason", "Открыто снова".into())]),
            Self::Status(to) => object([("to", to.id().into())]),
            Self::Resolve => object([("text", "Решено (текста решения в журнале нет)".into())]),
            Self::Close => object([("reason", "Закрыто по журналу".into())]),
            Self::Classify(fields) => object([("fields", labelled(fields))]),
            Self::Priority { from, to } => object([
                ("to", to.id().into()),
                ("reason", format!("Изменён по журналу, был {}", from.id()).into()),
            ]),
            Self::AssignGroup { group, from_agent } => assigned("group", group, *from_agent),
            Self::AssignAgent { agent, from_agent } => assigned("agent", agent, *from_agent),
            Self::Update => object([("text", "Запись обновлена".into()), ("internal", true.into())]),
        }
    }
}

/// Who has it from here on. A reason is asked for where an agent had it; the log does not say one.
fn assigned(to: &'static str, whom: &Label, from_agent: bool) -> Map<String, Value> {
    let reason = from_agent.then(|| ("reason", BY_THE_LOG.into()));
    object([(to, (**whom).into())].into_iter().chain(reason))
}

impl Registration {
    fn body(&self) -> Map<String, Value> {
        let requester = self.caller.iter().map(|caller| ("name", (**caller).into()));
        object([
            ("regulation", "itsm".into()),
            ("channel", self.channel.id().into()),
            ("type", "incident".into()),
            ("priority", self.priority.id().into()),
            ("subject", self.subject.as_str().into()),
            ("requester", object(requester).into()),
            ("fields", labelled(&self.fields)),
        ])
    }
}

fn object(members: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn labelled(fields: &[(&'static str, Label)]) -> Value {
    object(fields.iter().map(|(id, value)| (*id, (**value).into()))).into()
}
