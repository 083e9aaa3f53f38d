//! HTML as lines of text: paragraphs and rows as lines, cells with tabs between them, lists with their marks, quotations behind
//! `> `; neither styles nor the addresses of links and pictures.
//!
//! It is read from its beginning to its end, once: no tree is built, so however its elements lie in one another it takes time
//! and memory by its length alone.

use std::borrow::Cow;

use mail_parser::decoders::html::add_html_token;

use super::read::cut;

/// The longest HTML that is made text of, in bytes; what is behind is cut off.
const HTML_MAX_BYTES: usize = 1 << 20;
/// How many marks of a quotation, or steps of a list, stand before a line at most.
const STEPS_MAX: usize = 10;
/// How many line ends follow one another at most.
const ENDS_MAX: usize = 3;
/// The longest name of a character, as in `&nbsp;`, in bytes.
const ENTITY_MAX_BYTES: usize = 40;
/// Elements whose content is none of the words.
const SILENT: [&str; 3] = ["script", "style", "title"];
/// Elements that stand on lines of their own …
const BLOCKS: [&str; 24] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "caption",
    "center",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "header",
    "hr",
    "li",
    "main",
    "section",
    "table",
    "tr",
    "ul",
    "ol",
];
/// … and those with an empty line before and behind them.
const PARAGRAPHS: [&str; 8] = ["h1", "h2", "h3", "h4", "h5", "h6", "p", "pre"];

/// The words of HTML.
pub(super) fn html_to_text(html: &str) -> String {
    let mut reader = Reader::of(cut(html, HTML_MAX_BYTES));
    let mut writer = Writer::default();
    while !reader.rest.is_empty() {
        let text = reader.split(reader.rest.find('<').unwrap_or(reader.rest.len()));
        writer.text(text);
        reader.markup(&mut writer);
    }
    writer.out
}

/// What is yet to be read.
struct Reader<'a> {
    rest: &'a str,
    /// How much stands behind the last end of a tag …
    behind_tags: usize,
    /// … and of a comment.
    behind_comments: usize,
    /// Whether each quote of an attribute has been found to end; from the first that did not on, nobody looks for their ends.
    quotes_end: bool,
    /// Which of the silent elements begin without an end anywhere behind.
    unended: [bool; SILENT.len()],
}

impl<'a> Reader<'a> {
    fn of(html: &'a str) -> Self {
        let behind = |end: &str| html.rfind(end).map_or(html.len(), |at| html.len() - at - end.len());
        Self {
            rest: html,
            behind_tags: behind(">"),
            behind_comments: behind("-->"),
            quotes_end: true,
            unended: [false; SILENT.len()],
        }
    }

    /// Takes so many bytes off.
    fn split(&mut self, bytes: usize) -> &'a str {
        let (first, rest) = self.rest.split_at(bytes);
        self.rest = rest;
        first
    }

    /// Takes everything up to the end of that text off; all of it, where it is not there.
    fn up_to(&mut self, end: &str, from: usize) -> &'a str {
        let bytes = self.rest[from..].find(end).map_or(self.rest.len(), |at| from + at + end.len());
        self.split(bytes)
    }

    /// Takes off what begins with `<`, where anything is left.
    fn markup(&mut self, writer: &mut Writer) {
        // What has no end is text: it would swallow the letter.
        let is_ended = self.rest.len() > self.behind_tags;
        let second = self.rest[self.rest.len().min(1)..].chars().next().filter(|_| is_ended);
        match second {
            None => writer.text(self.split(self.rest.len().min(1))),
            Some('!') if self.rest.starts_with("<!--") && self.rest.len() > self.behind_comments + 4 => {
                self.up_to("-->", 2);
            }
            Some('!' | '?') => {
                self.up_to(">", 1);
            }
            Some('/') => {
                let tag = self.tag();
                writer.end(&name(tag.trim_start_matches("</")));
            }
            Some(c) if c.is_ascii_alphabetic() => {
                let tag = self.tag();
                let name = name(&tag[1..]);
                if let Some(which) = SILENT.iter().position(|silent| *silent == name) {
                    self.pass_over(which);
                } else {
                    writer.start(&name, tag);
                }
            }
            Some(_) => writer.text(self.split(1)),
        }
    }

    /// Takes a tag off, with its attributes.
    fn tag(&mut self) -> &'a str {
        if self.quotes_end {
            let (mut quote, mut before) = (None, b' ');
            for (at, byte) in self.rest.bytes().enumerate() {
                match (quote, byte) {
                    (None, b'>') => return self.split(at + 1),
                    (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
                    (Some(open), _) if open == byte => quote = None,
                    (None | Some(_), _) => {}
                }
                if !byte.is_ascii_whitespace() {
                    before = byte;
                }
            }
            self.quotes_end = false;
        }
        self.up_to(">", 1)
    }

    /// Takes off all of a silent element; nothing, where it has no end.
    fn pass_over(&mut self, which: usize) {
        let name = SILENT[which].as_bytes();
        let is_end = |here: &[u8]| here.starts_with(b"</") && here[2..].eq_ignore_ascii_case(name);
        let end = if self.unended[which] {
            None
        } else {
            self.rest.as_bytes().windows(2 + name.len()).position(is_end)
        };
        self.unended[which] = end.is_none();
        if let Some(end) = end {
            self.split(end);
            self.up_to(">", 1);
        }
    }
}

/// The name that a tag begins with, in lower case.
fn name(tag: &str) -> String {
    let end = tag.find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').unwrap_or(tag.len());
    cut(&tag[..end], ENTITY_MAX_BYTES).to_ascii_lowercase()
}

/// What stands in a picture's place.
fn alternative(tag: &str) -> Option<&str> {
    let (_, behind) = tag.split_once("alt=")?;
    let quote = behind.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    behind[1..].split(quote).next()
}

/// The lines that come of it.
#[derive(Default)]
struct Writer {
    out: String,
    /// How many line ends are due before the next word …
    ends: usize,
    /// … and else what stands between it and the last.
    gap: Option<char>,
    /// The mark of a list that is due before it.
    mark: String,
    /// How many quotations it lies in.
    quotes: usize,
    /// The lists that it lies in, each with its last number where it is numbered.
    lists: Vec<Option<u32>>,
    /// How many elements it lies in whose blanks count.
    exact: usize,
}

impl Writer {
    fn text(&mut self, text: &str) {
        for c in decoded(text).chars() {
            match c {
                '\n' if self.exact > 0 => self.ends = (self.ends + 1).min(ENDS_MAX),
                ' ' | '\t' if self.exact > 0 => self.put(c),
                ' ' | '\t' | '\r' | '\n' | '\x0c' => self.gap = self.gap.or(Some(' ')),
                c => self.put(c),
            }
        }
    }

    fn put(&mut self, c: char) {
        let gap = self.gap.take();
        if self.ends > 0 || self.out.is_empty() {
            if !self.out.is_empty() {
                self.out.extend(std::iter::repeat_n('\n', self.ends));
            }
            self.out.extend(std::iter::repeat_n("> ", self.quotes.min(STEPS_MAX)));
            self.out.push_str(&std::mem::take(&mut self.mark));
            self.ends = 0;
        } else {
            self.out.extend(gap);
        }
        self.out.push(c);
    }

    /// What follows stands so many lines below what was before, at least.
    fn apart(&mut self, ends: usize) {
        self.ends = self.ends.max(ends);
    }

    fn bound(&mut self, name: &str) {
        if PARAGRAPHS.contains(&name) {
            self.apart(2);
        } else if BLOCKS.contains(&name) {
            self.apart(1);
        }
    }

    fn start(&mut self, name: &str, tag: &str) {
        self.bound(name);
        match name {
            "br" => self.ends = (self.ends + 1).min(ENDS_MAX),
            "td" | "th" => self.gap = Some('\t'),
            "img" => self.text(alternative(tag).unwrap_or_default()),
            "blockquote" => self.quotes += 1,
            "pre" => self.exact += 1,
            "ul" => self.lists.push(None),
            "ol" => self.lists.push(Some(0)),
            "li" => {
                let steps = self.lists.len().saturating_sub(1).min(STEPS_MAX);
                let mark = self.lists.last_mut().and_then(Option::as_mut).map(|last| {
                    *last += 1;
                    format!("{last}. ")
                });
                self.mark = "  ".repeat(steps) + mark.as_deref().unwrap_or("* ");
            }
            _ => {}
        }
    }

    fn end(&mut self, name: &str) {
        self.bound(name);
        match name {
            "blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "pre" => self.exact = self.exact.saturating_sub(1),
            "ul" | "ol" => drop(self.lists.pop()),
            "li" => self.mark.clear(),
            _ => {}
        }
    }
}

/// A text whose characters stand for themselves.
fn decoded(text: &str) -> Cow<'_, str> {
    let Some(first) = text.find('&') else { return Cow::Borrowed(text) };
    let mut out = text[..first].to_owned();
    let mut rest = &text[first..];
    while !rest.is_empty() {
        let name =
            rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '#').map_or(rest.len(), |at| at + 1);
        let is_one = rest[name..].starts_with(';') && (2..ENTITY_MAX_BYTES).contains(&name);
        let one = if is_one { name + 1 } else { name };
        if is_one {
            add_html_token(&mut out, &rest.as_bytes()[..one], false);
        } else {
            out.push_str(&rest[..one]);
        }
        let next = rest[one..].find('&').map_or(rest.len(), |at| one + at);
        out.push_str(&rest[one..next]);
        rest = &rest[next..];
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that are not empty, without blanks at their ends.
    fn lines(html: &str) -> Vec<String> {
        let text = html_to_text(html).replace('\u{a0}', " ");
        text.lines().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
    }

    #[test]
    fn html_is_lines_of_text_without_styles_and_scripts() {
        let html = "<html><head><title>t</title><style>p{color:red}</style></head><body><div>Здравствуйте!</div>\
            <div>Не <b>печатается</b>&nbsp;накладная.</div>\
            <script>if (a<b) alert('</div>')</script><blockquote>прежнее</blockquote><a href=\"https://x.example\">ссылка</a>\
            <ol><li>раз<li>два</ol></body></html>";
        assert_eq!(
            lines(html),
            ["Здравствуйте!", "Не печатается накладная.", "> прежнее", "ссылка", "1. раз", "2. два"]
        );
    }

    #[test]
    fn lines_end_where_a_browser_ends_them() {
        for (html, text) in [
            ("a\r\n b", "a b"),
            ("<p>a</p><p>b</p>", "a\n\nb"),
            ("<div>a</div><div><br></div><div>b<br></div>c", "a\n\nb\nc"),
            ("a<br><br><BR/><br><br>b", "a\n\n\nb"),
            ("<ul><li>a<ul><li>b</ul></ul>c", "* a\n  * b\nc"),
            ("<table><tr><td>№</td><td>17</td></tr><tr><th>да<th>нет</table>", "№\t17\nда\tнет"),
            ("<pre>a  b\n  c</pre>", "a  b\n  c"),
            ("<blockquote>a<blockquote><p>b</p></blockquote></blockquote>c", "> a\n\n> > b\n\nc"),
            (
                "1 &lt; 2 &amp;&amp; 3&gt;2 &copy &nosuch; &#1087;&#x440; & co",
                "1 < 2 && 3>2 &copy &nosuch; пр & co",
            ),
            ("x <3 y <", "x <3 y <"),
            ("<img src=\"cid:1\" alt=\"схема\"> и <img src=x>", "схема и"),
        ] {
            assert_eq!(html_to_text(html), text, "{html}");
        }
    }

    #[test]
    fn what_is_no_text_is_passed_over_and_what_never_ends_swallows_nothing() {
        for html in [
            "<!-- x > </div> -->слово",
            "<!--[if mso]><b>x</b><![endif]-->слово",
            "<![if !mso]>слово<![endif]>",
            "<!-- слово",
            "<a title=\"</a> > x\" b='\"'>слово</a>",
            "<a title=\">слово",
            "<style>слово",
            "<?xml x?>слово",
            "</>слово",
        ] {
            let text = html_to_text(html);
            assert!(text.contains("слово") && !text.contains('x'), "{html}: {text}");
        }
    }

    /// Each of these would take minutes, or all memory, where a tree is built of it.
    #[test]
    fn what_would_make_a_tree_too_deep_or_too_broad_is_read_like_all_else() {
        let many = 50_000;
        for (before, bomb) in [
            ("", "<blockquote>"),
            ("", "<div title=\"</div>\">"),
            ("", "<b id=1><!--</b>-->"),
            ("<svg>", "<td>"),
            ("<math>", "<option>"),
            ("<table><tr>", "<td>"),
            ("<a", " b=\"\" c=\">"),
            ("", "<a b=\"\" c=\">"),
            ("", "<style>"),
            ("", "<!--"),
            ("<a ", "b "),
            ("", "&&amp"),
        ] {
            let html = format!("{before}{}<p>слово", bomb.repeat(many));
            let text = html_to_text(&html);
            assert!(text.len() <= html.len() * 2, "{bomb}");
        }
        let formats = (0..90).fold(String::new(), |all, id| all + &format!("<b id={id}>"));
        let html = format!("<p>{formats}</p>{}", "<p>слово".repeat(many));
        assert_eq!(html_to_text(&html).matches("слово").count(), many);
    }
}
