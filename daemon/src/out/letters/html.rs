//! A letter's text as simple HTML: what is written there is text and never markup, whoever wrote it.

use std::fmt::Write as _;

use firmware_board::Language;

/// The line with which a letter's foot begins.
const FOOT: &str = "--";

/// The text as a page: paragraphs, lists of lines that begin with `- `, quotations of lines that begin with `> `. The foot, behind
/// the last line of two hyphens, is small and stands below a rule.
pub(super) fn page(text: &str, language: Language) -> String {
    let lang = match language {
        Language::Russian => "ru",
        Language::English => "en",
    };
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"></head>\n<body style=\"font-family: sans-serif; font-size: 15px; line-height: 1.4; overflow-wrap: anywhere; word-wrap: break-word; max-width: 40em\">\n",
    );
    let (words, foot) = match text.rsplit_once(&format!("\n{FOOT}\n")) {
        Some((words, foot)) => (words, Some(foot)),
        None => (text, None),
    };
    blocks(words, &mut html);
    if let Some(foot) = foot {
        html.push_str(
            "<div style=\"margin-top: 2em; border-top: 1px solid #ccc; color: #595959; font-size: 13px\">\n",
        );
        blocks(foot, &mut html);
        html.push_str("</div>\n");
    }
    html.push_str("</body></html>\n");
    html
}

fn blocks(text: &str, html: &mut String) {
    for block in text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty()) {
        self::block(block, html);
    }
}

/// How a run of lines is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Run {
    Paragraph,
    List,
    Quotation,
}

fn block(block: &str, html: &mut String) {
    let run_of = |line: &str| match line.get(..2) {
        Some("- ") => Run::List,
        Some("> ") => Run::Quotation,
        _ => Run::Paragraph,
    };
    let lines: Vec<&str> = block.lines().collect();
    for run in lines.chunk_by(|one, other| run_of(one) == run_of(other)) {
        let bare = |line: &&str| inline(line.get(2..).unwrap_or_default());
        // Writing to a text cannot fail.
        let _ = match run_of(run[0]) {
            Run::Paragraph => {
                let lines: Vec<String> = run.iter().map(|line| inline(line)).collect();
                writeln!(html, "<p>{}</p>", lines.join("<br>\n"))
            }
            Run::List => {
                let items: Vec<String> =
                    run.iter().map(bare).map(|item| format!("<li>{item}</li>")).collect();
                writeln!(html, "<ul>\n{}\n</ul>", items.join("\n"))
            }
            Run::Quotation => {
                let lines: Vec<String> = run.iter().map(bare).collect();
                writeln!(html, "<blockquote>{}</blockquote>", lines.join("<br>\n"))
            }
        };
    }
}

/// A line with its addresses as links.
fn inline(line: &str) -> String {
    let mut html = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = next_address(rest) {
        html.push_str(&escaped(&rest[..at]));
        let address = &rest[at..];
        let end = address.find(|c: char| c.is_whitespace() || "<>\"'«»".contains(c));
        let address =
            address[..end.unwrap_or(address.len())].trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        let shown = escaped(address);
        let _ = write!(html, "<a href=\"{shown}\">{shown}</a>");
        rest = &rest[at + address.len()..];
    }
    html.push_str(&escaped(rest));
    html
}

/// Where the next address of the web begins that has something behind its scheme.
fn next_address(text: &str) -> Option<usize> {
    let begins = |scheme: &str| {
        let has_host = |at: &usize| text[at + scheme.len()..].starts_with(|c: char| c.is_alphanumeric());
        text.match_indices(scheme).map(|(at, _)| at).find(has_host)
    };
    begins("https://").into_iter().chain(begins("http://")).min()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str) -> String {
        let page = page(text, Language::Russian);
        let body = page.split_once("40em\">\n").unwrap().1;
        body.strip_suffix("</body></html>\n").unwrap().to_owned()
    }

    #[test]
    fn blocks_are_paragraphs_lists_and_quotations() {
        assert_eq!(
            body("a\nb\n\n\n- x\n- y\nc\n\n> q\n> r\n"),
            "<p>a<br>\nb</p>\n<ul>\n<li>x</li>\n<li>y</li>\n</ul>\n<p>c</p>\n<blockquote>q<br>\nr</blockquote>\n"
        );
    }

    #[test]
    fn the_foot_stands_apart_and_what_somebody_wrote_with_two_hyphens_does_not() {
        let html = body("a\n\n--\nb\n\nc\n\n--\nDesk\n\nd\n");
        let (words, foot) = html.split_once("<div ").unwrap();
        assert_eq!(words, "<p>a</p>\n<p>--<br>\nb</p>\n<p>c</p>\n");
        assert!(foot.ends_with("\">\n<p>Desk</p>\n<p>d</p>\n</div>\n"), "{foot}");
        assert_eq!(body("a--\nb"), "<p>a--<br>\nb</p>\n");
    }

    #[test]
    fn what_somebody_wrote_is_never_markup() {
        assert_eq!(
            body("<script>alert('1')</script> & \"x\""),
            "<p>&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;</p>\n"
        );
        let evil = body("https://a.b/\"onmouseover=\"x");
        assert_eq!(evil, "<p><a href=\"https://a.b/\">https://a.b/</a>&quot;onmouseover=&quot;x</p>\n");
    }

    #[test]
    fn addresses_are_links_and_nothing_else_is() {
        assert_eq!(
            body("см. https://kb.ru/a?x=1&y=2, потом http://b"),
            "<p>см. <a href=\"https://kb.ru/a?x=1&amp;y=2\">https://kb.ru/a?x=1&amp;y=2</a>, потом <a href=\"http://b\">http://b</a></p>\n"
        );
        assert_eq!(body("javascript:x https:// http://"), "<p>javascript:x https:// http://</p>\n");
    }
}
