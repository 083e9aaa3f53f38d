//! Employees from address cards: each card is one.

use calcard::vcard::{VCard, VCardProperty, VCardValue};
use calcard::{Entry, Parser};

use super::Employee;
use super::import::Read;

/// Reads the cards of a file.
pub(super) fn read(text: &str) -> Read {
    let mut parser = Parser::new(text).strict();
    let (mut given, mut wrong) = (Vec::new(), Vec::new());
    for number in 1.. {
        let place = format!("card {number}");
        match parser.entry() {
            Entry::VCard(card) => match employee(&card) {
                Ok(employee) => given.push((place, employee)),
                Err(message) => wrong.push(format!("{place}: {message}")),
            },
            Entry::Eof => break,
            Entry::UnterminatedComponent(_) => {
                wrong.push(format!("{place}: does not end; END:VCARD is missing"));
                break;
            }
            // A calendar, a line of something else, and what the library may learn to tell apart.
            _ => {
                wrong.push(format!("{place}: is no address card"));
                break;
            }
        }
    }
    if wrong.is_empty() { Ok(given) } else { Err(wrong) }
}

fn employee(card: &VCard) -> Result<Employee, &'static str> {
    let text = |property: &VCardProperty| {
        let values = card.property(property).into_iter().flat_map(|entry| &entry.values);
        let text = values.filter_map(words).collect::<Vec<_>>().join(", ");
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let email = text(&VCardProperty::Email);
    let phone = text(&VCardProperty::Tel);
    let id = text(&VCardProperty::Uid).map(|uid| uid.trim_start_matches("urn:uuid:").to_owned());
    Ok(Employee {
        id: id.or_else(|| email.clone()).ok_or("lacks UID, and there is no EMAIL instead")?,
        name: text(&VCardProperty::Fn).ok_or("lacks FN, the name")?,
        email: email.map(|email| email.trim_start_matches("mailto:").to_owned()),
        phone: phone.map(|phone| phone.trim_start_matches("tel:").to_owned()),
        login: text(&VCardProperty::Nickname),
        department: text(&VCardProperty::Org),
    })
}

/// The words of a value; several parts one after another, as of an organisation and its department.
fn words(value: &VCardValue) -> Option<String> {
    match value {
        VCardValue::Component(parts) => {
            let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
            Some(parts.collect::<Vec<_>>().join(", "))
        }
        other => other.as_text().map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_is_an_employee() {
        let text = "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:urn:uuid:4711\r\nFN:Анна Петрова\r\nN:Петрова;Анна;;;\r\nEMAIL;TYPE=work:petrova@group.example.ru\r\nEMAIL;TYPE=home:anna@mail.example.ru\r\nTEL;VALUE=uri;TYPE=work:tel:+74951234567\r\nNICKNAME:a.petrova\r\nORG:Группа;Бухгалтерия\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nFN:Борис\r\nEMAIL:boris@group.example.ru\r\nEND:VCARD\r\n";
        let given = read(text).unwrap();
        let (place, anna) = &given[0];
        assert_eq!(place, "card 1");
        assert_eq!(
            *anna,
            Employee {
                id: "4711".into(),
                name: "Анна Петрова".into(),
                email: Some("petrova@group.example.ru".into()),
                phone: Some("+74951234567".into()),
                login: Some("a.petrova".into()),
                department: Some("Группа, Бухгалтерия".into()),
            }
        );
        let (_, boris) = &given[1];
        assert_eq!((boris.id.as_str(), boris.name.as_str()), ("boris@group.example.ru", "Борис"));
        assert_eq!(given.len(), 2);
    }

    #[test]
    fn a_card_without_a_name_and_one_that_breaks_off_are_told() {
        let text = "BEGIN:VCARD\nVERSION:4.0\nEMAIL:a@group.example.ru\nEND:VCARD\nBEGIN:VCARD\nVERSION:4.0\nFN:Борис\nEND:VCARD\n";
        let told = ["card 1: lacks FN, the name", "card 2: lacks UID, and there is no EMAIL instead"];
        assert_eq!(read(text).unwrap_err(), told);
        let wrong = read("BEGIN:VCARD\nVERSION:4.0\nFN:Анна\n").unwrap_err();
        assert_eq!(wrong, ["card 1: does not end; END:VCARD is missing"]);
    }
}
