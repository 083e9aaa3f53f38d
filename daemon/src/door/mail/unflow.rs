//! Plain text whose lines a program broke.

use mail_parser::{MessagePart, MimeHeaders};

/// Lines that a program broke where the reader's window may be wider (`format=flowed`), put together again.
pub(super) fn unflow(text: &str, part: &MessagePart<'_>) -> String {
    let told = part.content_type();
    let says = |name, value: &str| {
        told.and_then(|told| told.attribute(name)).is_some_and(|said| said.eq_ignore_ascii_case(value))
    };
    if says("format", "flowed") { flowed(text, says("delsp", "yes")) } else { text.to_owned() }
}

fn flowed(text: &str, delete_space: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut open = false;
    for line in text.lines() {
        let is_quoted = line.starts_with('>');
        // One blank in front was put there so that the line begins with nothing that means something.
        let line = if is_quoted { line } else { line.strip_prefix(' ').unwrap_or(line) };
        if open && is_quoted {
            out.push('\n');
        }
        out.push_str(line);
        // `-- ` is the line before a signature and never goes on.
        open = line.ends_with(' ') && line != "-- " && !is_quoted;
        if !open {
            out.push('\n');
        } else if delete_space {
            out.pop();
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_lines_are_put_together() {
        assert_eq!(
            flowed("Не печатается \nнакладная.\n\n-- \nАнна", false),
            "Не печатается накладная.\n\n-- \nАнна\n"
        );
        assert_eq!(flowed("слов \nо", true), "слово\n");
        assert_eq!(flowed("От \n> цитата \n> дальше\n From", false), "От \n> цитата \n> дальше\nFrom\n");
    }
}
