//! A command of a batch, read from its JSON: all that is wrong with it is told at once, by its fields.

use serde_json::{Map, Value};

use crate::desk::command::{BadCommand, Register, TakeNext};
use crate::desk::{Act, Command, FieldError, TicketNumber};
use crate::door::http::problem::Problem;
use crate::run::Step;

/// Takes the next of the queue.
pub(super) const TAKE_NEXT: &str = "take-next";

/// A command as it was sent.
type Fields = Map<String, Value>;

/// Reads a command. `finds` says of each one before it whether that opens a ticket or takes the next of the queue.
pub(super) fn read(command: Value, finds: &[bool]) -> Result<Step, Problem> {
    let Value::Object(fields) = command else {
        return Err(Problem::field("", "must be a JSON object with its verb in `do`"));
    };
    let mut reading = Reading { fields, finds, wrong: Vec::new() };
    let step = match reading.fields.remove("do") {
        Some(Value::String(verb)) if verb == "register" => reading.register(),
        Some(Value::String(verb)) if verb == TAKE_NEXT => reading.take_next(),
        Some(Value::String(verb)) => reading.act(&verb),
        _ => {
            reading.wrong.push(FieldError::new("do", "is required: a verb such as \"register\""));
            None
        }
    };
    step.filter(|_| reading.wrong.is_empty()).ok_or_else(|| Problem::fields(reading.wrong))
}

/// A ticket as a command of a batch names it.
enum Named {
    /// It has a number.
    Number(TicketNumber),
    /// The one that the command at this place opens, or takes from the queue.
    Found(usize),
}

/// What is left of a command, and what was found wrong with it.
struct Reading<'a> {
    fields: Fields,
    finds: &'a [bool],
    wrong: Vec<FieldError>,
}

impl Reading<'_> {
    fn register(&mut self) -> Option<Step> {
        self.names_no_ticket("`register`, which opens a ticket");
        let other_from = self.found_in("follows");
        let register = self.parsed(Register::from_json)?;
        Some(Step { command: Command::Register(register), ticket_from: None, other_from })
    }

    fn take_next(&mut self) -> Option<Step> {
        self.names_no_ticket("`take-next`, which finds a ticket");
        let asked = self.parsed(TakeNext::from_json)?;
        Some(Step { command: Command::TakeNext(asked), ticket_from: None, other_from: None })
    }

    fn names_no_ticket(&mut self, verb: &str) {
        for field in ["ticket", "if_revision"] {
            if self.fields.remove(field).is_some() {
                self.wrong.push(FieldError::new(field, &format!("is not for {verb}; leave it out")));
            }
        }
    }

    fn act(&mut self, verb: &str) -> Option<Step> {
        if !Act::VERBS.contains(&verb) {
            let known = Act::VERBS.join(", ");
            let message = format!("unknown verb `{verb}`; a verb is one of register, {TAKE_NEXT}, {known}");
            self.wrong.push(FieldError::new("do", &message));
            return None;
        }
        let named = self.ticket();
        let if_revision = self.if_revision();
        let other_from = if verb == "link" { self.found_in("to") } else { None };
        let act = self.parsed(|body| Act::from_json(verb, body))?;
        let (number, ticket_from) = match named? {
            Named::Number(number) => (number, None),
            Named::Found(place) => (TicketNumber::default(), Some(place)),
        };
        Some(Step { command: Command::Ticket { number, if_revision, act }, ticket_from, other_from })
    }

    fn parsed<T>(&mut self, parse: impl FnOnce(Value) -> Result<T, BadCommand>) -> Option<T> {
        let body = Value::Object(std::mem::take(&mut self.fields));
        parse(body).map_err(|bad| self.wrong.extend(Problem::from(bad).into_errors())).ok()
    }

    fn ticket(&mut self) -> Option<Named> {
        let given = self.fields.remove("ticket");
        let named = match &given {
            Some(Value::Number(number)) => {
                number.as_u64().map(|number| Ok(Named::Number(TicketNumber(number))))
            }
            Some(Value::String(name)) => Some(self.found(name).map(Named::Found)),
            _ => None,
        };
        let missing =
            || Err("is required: a number, or \"@0\" for the ticket of the first command".to_owned());
        named
            .unwrap_or_else(missing)
            .map_err(|message| self.wrong.push(FieldError::new("ticket", &message)))
            .ok()
    }

    fn if_revision(&mut self) -> Option<u64> {
        let given = self.fields.remove("if_revision").filter(|given| !given.is_null())?;
        let revision = given.as_u64();
        if revision.is_none() {
            self.wrong.push(FieldError::new("if_revision", "must be the number of a revision"));
        }
        revision
    }

    /// The place that a field names instead of a ticket's number; the field is taken out then.
    fn found_in(&mut self, field: &str) -> Option<usize> {
        let Some(Value::String(name)) = self.fields.get(field) else { return None };
        let found = self.found(name);
        self.fields.remove(field);
        found.map_err(|message| self.wrong.push(FieldError::new(field, &message))).ok()
    }

    /// The place of a command of this batch by a name such as `@0`.
    fn found(&self, name: &str) -> Result<usize, String> {
        let digits = name.strip_prefix('@').filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let place = digits.and_then(|digits| digits.parse::<usize>().ok()).ok_or_else(|| {
            format!("`{name}` is no ticket: a number, or \"@0\" for the ticket of the first command")
        })?;
        match self.finds.get(place) {
            Some(true) => Ok(place),
            Some(false) => Err(format!("command {place} of this batch opens no ticket and takes none")),
            None => Err(format!("command {place} does not come before this one")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The fields that are wrong.
    fn wrong(command: Value) -> Vec<String> {
        let problem = read(command, &[true, false]).expect_err("it is no command");
        problem.into_errors().into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn a_command_names_a_ticket_by_number_or_by_the_place_of_its_registration() {
        let step =
            read(json!({"do": "reply", "ticket": 7, "if_revision": 3, "text": "."}), &[]).expect("a command");
        let Command::Ticket { number, if_revision, act } = step.command else { panic!("it names a ticket") };
        assert_eq!((number.0, if_revision, act.verb(), step.ticket_from), (7, Some(3), "reply", None));
        let step = read(json!({"do": "link", "ticket": "@0", "to": "@0", "kind": "similar"}), &[true]);
        let step = step.expect("a command");
        assert_eq!((step.ticket_from, step.other_from), (Some(0), Some(0)));
        let step = read(json!({"do": "register", "follows": "@0"}), &[true]).expect("a command");
        assert_eq!((step.ticket_from, step.other_from), (None, Some(0)));
    }

    #[test]
    fn the_next_of_the_queue_is_taken_without_a_number_and_named_by_its_place() {
        let step =
            read(json!({"do": "take-next", "regulation": "getmark", "line": 2}), &[]).expect("a command");
        let Command::TakeNext(asked) = step.command else { panic!("it takes the next") };
        assert_eq!(
            (asked.regulation.as_deref(), asked.line, step.ticket_from),
            (Some("getmark"), Some(2), None)
        );
    }

    #[test]
    fn everything_that_is_wrong_with_a_command_is_told_by_its_field() {
        for (command, fields) in [
            (json!(7), vec![""]),
            (json!({}), vec!["do"]),
            (json!({"do": 7}), vec!["do"]),
            (json!({"do": "dance", "ticket": 1}), vec!["do"]),
            (json!({"do": "take"}), vec!["ticket"]),
            (json!({"do": "take", "ticket": -1}), vec!["ticket"]),
            (json!({"do": "take", "ticket": "7"}), vec!["ticket"]),
            (json!({"do": "take", "ticket": "@x"}), vec!["ticket"]),
            (json!({"do": "take", "ticket": "@"}), vec!["ticket"]),
            (json!({"do": "take", "ticket": "@1"}), vec!["ticket"]),
            (json!({"do": "take", "ticket": "@2"}), vec!["ticket"]),
            (json!({"do": "take", "ticket": "@99999999999999999999"}), vec!["ticket"]),
            (
                json!({"do": "reply", "ticket": "@9", "if_revision": "x", "texts": "."}),
                vec!["ticket", "if_revision", "texts"],
            ),
            (
                json!({"do": "register", "ticket": 1, "if_revision": 1, "follows": "@1"}),
                vec!["ticket", "if_revision", "follows"],
            ),
            (json!({"do": "link", "ticket": 1, "to": "@1", "kind": "similar"}), vec!["to"]),
            (
                json!({"do": "take-next", "ticket": 1, "if_revision": 1, "line": "x", "lines": 1}),
                vec!["ticket", "if_revision", "line", "lines"],
            ),
            (json!({"do": "take", "ticket": 1, "at": "2026-11-23T10:00:00Z"}), vec!["at"]),
        ] {
            assert_eq!(wrong(command.clone()), fields, "{command}");
        }
    }
}
