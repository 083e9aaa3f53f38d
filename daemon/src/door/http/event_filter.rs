//! Which events a stream asks for.

use smol_str::SmolStr;

use super::query::Query;
use crate::desk::scope::Scope;
use crate::desk::{FieldError, Regulations, TicketNumber};
use crate::out::{Filter, event_names};

/// The parameters that filter.
pub(super) const PARAMETERS: [&str; 5] = ["ticket", "regulation", "channel", "line", "event"];

/// Reads the filter of a query, for somebody who may see what `allowed` covers. A name that nobody knows is refused, since
/// it would be waited for in vain.
pub(super) fn parse(
    query: &Query,
    regulations: &Regulations,
    allowed: Scope,
) -> Result<Filter, Vec<FieldError>> {
    let mut reader = Reader { query, errors: Vec::new() };
    let ids = regulations.ids();
    let channels = regulations.iter().flat_map(|regulation| &regulation.channels);
    let channels: Vec<&str> = channels.map(|channel| channel.name.id.as_str()).collect();
    let filter = Filter {
        tickets: reader.numbers("ticket", |number: &u64| *number > 0).into_iter().map(TicketNumber).collect(),
        wanted: Scope {
            regulations: reader.names("regulation", &ids),
            channels: reader.names("channel", &channels),
        },
        allowed,
        lines: reader
            .numbers("line", |line| regulations.iter().any(|regulation| regulation.line(*line).is_some())),
        events: reader.names("event", event_names()),
    };
    if reader.errors.is_empty() { Ok(filter) } else { Err(reader.errors) }
}

/// Reads parameters and collects what is wrong with them.
struct Reader<'a> {
    query: &'a Query,
    errors: Vec<FieldError>,
}

impl Reader<'_> {
    fn names(&mut self, parameter: &str, known: &[&str]) -> Vec<SmolStr> {
        let mut names = Vec::new();
        for value in self.query.list(parameter) {
            if known.contains(&value) {
                names.push(value.into());
            } else {
                let mut unique: Vec<&str> = Vec::new();
                for id in known {
                    if !unique.contains(id) {
                        unique.push(id);
                    }
                }
                let message = format!("unknown `{value}`; one of {}", unique.join(", "));
                self.errors.push(FieldError::new(parameter, &message));
            }
        }
        names
    }

    fn numbers<T: std::str::FromStr>(&mut self, parameter: &str, is_known: impl Fn(&T) -> bool) -> Vec<T> {
        let mut numbers = Vec::new();
        for value in self.query.list(parameter) {
            if let Some(number) = value.parse().ok().filter(&is_known) {
                numbers.push(number);
            } else {
                let message = format!("`{value}` is no {parameter}'s number here");
                self.errors.push(FieldError::new(parameter, &message));
            }
        }
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::regulation::shipped;

    fn read(raw: &str) -> Result<Filter, Vec<FieldError>> {
        let getmark = shipped::get("getmark").expect("it is shipped").expect("it is whole");
        let query = Query::parse(raw).unwrap_or_else(|problem| panic!("{raw}: {problem:?}"));
        parse(&query, &Regulations::new(vec![getmark]), Scope::default())
    }

    #[test]
    fn lists_of_names_and_numbers_are_read() {
        let filter = read("ticket=7,8&regulation=getmark&channel=email,phone&line=2&event=replied,clock");
        let expected = Filter {
            tickets: vec![TicketNumber(7), TicketNumber(8)],
            wanted: Scope {
                regulations: vec!["getmark".into()],
                channels: vec!["email".into(), "phone".into()],
            },
            allowed: Scope::default(),
            lines: vec![2],
            events: vec!["replied".into(), "clock".into()],
        };
        assert_eq!(filter, Ok(expected));
        assert_eq!(read(""), Ok(Filter::default()));
    }

    #[test]
    fn what_nobody_knows_is_refused_all_at_once() {
        let errors = read("ticket=x,0&regulation=itsm&channel=fax&line=9&event=exploded").unwrap_err();
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["ticket", "ticket", "regulation", "channel", "line", "event"]);
        assert_eq!(errors[3].message, "unknown `fax`; one of phone, email, telegram, whatsapp");
        assert!(errors[5].message.starts_with("unknown `exploded`; one of registered, replied, "));
    }
}
