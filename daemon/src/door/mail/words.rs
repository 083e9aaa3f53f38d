//! The words of a part as lines of plain text.

use html2text::config;
use mail_parser::{MessagePart, MimeHeaders};

use super::read::cut;

/// The longest HTML that is made text of, in bytes; what is behind is cut off.
pub(super) const HTML_MAX_BYTES: usize = 1 << 20;
/// How deep elements of HTML lie in one another at most, in opening brackets; deeper ones are no letter's.
const TAGS_MAX: usize = 50_000;
/// Lines of text are not broken but at so many columns: whoever shows them breaks them.
const COLUMNS: usize = 1_000;

/// The words of HTML: paragraphs and cells as lines, quotations behind `> `, neither styles nor addresses of links.
pub(super) fn html_to_text(html: &str) -> String {
    let html = cut(html, HTML_MAX_BYTES);
    let plain = || mail_parser::decoders::html::html_to_text(html);
    if html.bytes().filter(|byte| *byte == b'<').count() > TAGS_MAX {
        return plain();
    }
    let config = config::plain_no_decorate().raw_mode(true).no_table_borders().allow_width_overflow();
    config.link_footnotes(false).string_from_read(html.as_bytes(), COLUMNS).unwrap_or_else(|_| plain())
}

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
        assert_eq!(flowed("Не печатается \nнакладная.\n\n-- \nАнна", false), "Не печатается накладная.\n\n-- \nАнна\n");
        assert_eq!(flowed("слов \nо", true), "слово\n");
        assert_eq!(flowed("От \n> цитата \n> дальше\n From", false), "От \n> цитата \n> дальше\nFrom\n");
    }

    #[test]
    fn html_is_lines_of_text_without_styles_and_scripts() {
        let html = "<html><head><style>p{color:red}</style></head><body><div>Здравствуйте!</div><div>Не <b>печатается</b>&nbsp;накладная.</div>\
            <script>alert(1)</script><blockquote>прежнее</blockquote><a href=\"https://x.example\">ссылка</a></body></html>";
        let text = html_to_text(html).replace('\u{a0}', " ");
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, ["Здравствуйте!", "Не печатается накладная.", "> прежнее", "ссылка"]);
    }

    #[test]
    fn html_with_too_many_elements_is_read_by_the_simpler_reader() {
        let deep = format!("{}слово", "<div>".repeat(60_000));
        assert_eq!(html_to_text(&deep).trim(), "слово");
    }
}
