//! HTML as lines of text: paragraphs and cells as lines, lists with their marks, quotations behind `> `; neither styles nor
//! the addresses of links and pictures.

use html2text::config;
use html2text::render::TextDecorator;

use super::read::cut;

/// The longest HTML that is made text of, in bytes; what is behind is cut off.
const HTML_MAX_BYTES: usize = 1 << 20;
/// How deep its elements may lie in one another; deeper ones are no letter's, and are read by a simpler reader that builds no
/// tree: what renders one takes time by the square of its depth.
const DEPTH_MAX: usize = 100;
/// Lines are not broken but at so many columns: whoever shows them breaks them.
const COLUMNS: usize = 1_000;

/// The words of HTML.
pub(super) fn html_to_text(html: &str) -> String {
    let html = cut(html, HTML_MAX_BYTES);
    let plain = || mail_parser::decoders::html::html_to_text(html);
    if is_deep(html) {
        return plain();
    }
    let config = config::with_decorator(Plain).raw_mode(true).no_table_borders().allow_width_overflow();
    config.string_from_read(html.as_bytes(), COLUMNS).unwrap_or_else(|_| plain())
}

/// Elements that nothing lies in, and those that end where the next of their kind begins.
const SHALLOW: [&str; 19] = [
    "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option",
    "p", "source", "td", "tr", "wbr",
];

/// Whether elements may lie deeper in one another than they may: an end that is of another than the last that began ends
/// none, so this is never said too late.
fn is_deep(html: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    for (at, _) in html.match_indices('<') {
        let tag = &html[at + 1..];
        let (is_end, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let length = tag.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tag.len());
        let name = &tag[..length];
        if name.is_empty() || SHALLOW.iter().any(|shallow| name.eq_ignore_ascii_case(shallow)) {
            continue;
        }
        if !is_end {
            open.push(name);
        } else if open.last().is_some_and(|last| last.eq_ignore_ascii_case(name)) {
            open.pop();
        }
        if open.len() > DEPTH_MAX {
            return true;
        }
    }
    false
}

/// Marks lists and quotations, and nothing else.
#[derive(Clone, Copy, Debug)]
struct Plain;

impl TextDecorator for Plain {
    type Annotation = ();

    fn decorate_link_start(&mut self, _url: &str) -> (String, ()) {
        nothing()
    }

    fn decorate_link_end(&mut self) -> String {
        String::new()
    }

    fn decorate_em_start(&self) -> (String, ()) {
        nothing()
    }

    fn decorate_em_end(&self) -> String {
        String::new()
    }

    fn decorate_strong_start(&self) -> (String, ()) {
        nothing()
    }

    fn decorate_strong_end(&self) -> String {
        String::new()
    }

    fn decorate_strikeout_start(&self) -> (String, ()) {
        nothing()
    }

    fn decorate_strikeout_end(&self) -> String {
        String::new()
    }

    fn decorate_code_start(&self) -> (String, ()) {
        nothing()
    }

    fn decorate_code_end(&self) -> String {
        String::new()
    }

    fn decorate_preformat_first(&self) {}

    fn decorate_preformat_cont(&self) {}

    fn decorate_image(&mut self, _src: &str, title: &str) -> (String, ()) {
        (title.to_owned(), ())
    }

    fn header_prefix(&self, _level: usize) -> String {
        String::new()
    }

    fn quote_prefix(&self) -> String {
        "> ".to_owned()
    }

    fn unordered_item_prefix(&self) -> String {
        "* ".to_owned()
    }

    fn ordered_item_prefix(&self, number: i64) -> String {
        format!("{number}. ")
    }

    fn make_subblock_decorator(&self) -> Self {
        *self
    }
}

fn nothing() -> (String, ()) {
    (String::new(), ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_lines_of_text_without_styles_and_scripts() {
        let html = "<html><head><style>p{color:red}</style></head><body><div>Здравствуйте!</div><div>Не <b>печатается</b>&nbsp;накладная.</div>\
            <script>alert(1)</script><blockquote>прежнее</blockquote><a href=\"https://x.example\">ссылка</a><ol><li>раз</ol></body></html>";
        let text = html_to_text(html).replace('\u{a0}', " ");
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, ["Здравствуйте!", "Не печатается накладная.", "> прежнее", "ссылка", "1. раз"]);
    }

    #[test]
    fn html_that_is_too_deep_is_read_by_the_simpler_reader() {
        for (begin, end) in
            [("<div>", "</div>"), ("<blockquote></b>", ""), ("<UL><li>", ""), ("<b><i>", "</b></i>")]
        {
            assert!(!is_deep(&begin.repeat(DEPTH_MAX / 2)), "{begin}");
            assert!(
                is_deep(&format!("{}слово{}", begin.repeat(DEPTH_MAX + 1), end.repeat(DEPTH_MAX + 1))),
                "{begin}"
            );
        }
        let deep = format!("{}слово", "<blockquote>".repeat(80_000));
        assert_eq!(html_to_text(&deep).trim(), "слово");
    }

    #[test]
    fn long_html_that_is_not_deep_is_read_whole() {
        let rows = "<tr><td>один<td>два<p>три<br>".repeat(5_000);
        let html = format!("<div>{}</div><table>{rows}</table>", "<div>слово</div>".repeat(5_000));
        assert!(!is_deep(&html));
        assert_eq!(html_to_text(&html).matches("слово").count(), 5_000);
    }
}
