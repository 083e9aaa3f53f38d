//! An answer without what it quotes: everybody has that already. Signatures stay, they may say who writes from where.
//!
//! Programs say in many ways that a quotation begins, in the language of whoever uses them; those of Outlook, Gmail, Apple,
//! Thunderbird, Yandex and Mail.ru are known in Russian and English. What is quoted between the writer's own words stays:
//! they answer it line by line. Where nothing would be left, nothing is taken away.

/// How many lines an attribution may be broken into.
const ATTRIBUTION_LINES: usize = 3;
/// The longest attribution, in characters.
const ATTRIBUTION_MAX_CHARS: usize = 400;
/// How many lines behind `From:` the rest of a quoted head may stand.
const HEAD_LINES: usize = 8;

/// The writer's own words.
pub(super) fn own_words(text: &str) -> &str {
    let lines = Lines::of(text);
    let end = lines.end_of_own();
    let kept = text[..end].trim_end();
    let kept = without_first_quote(kept);
    if kept.trim().is_empty() { text.trim() } else { kept }
}

/// The lines of a text, each with where it begins.
struct Lines<'a> {
    lines: Vec<(usize, &'a str)>,
    length: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let start = text.as_ptr() as usize;
        let lines = text.lines().map(|line| (line.as_ptr() as usize - start, line.trim())).collect();
        Self { lines, length: text.len() }
    }

    /// Where the writer's own words end, in bytes.
    fn end_of_own(&self) -> usize {
        let mut end = self.length;
        for (at, (start, line)) in self.lines.iter().enumerate() {
            let is_head = is_separator(line) || self.is_quoted_head(at);
            let is_attribution = || {
                let (lines, is_sure) = self.attribution(at)?;
                Some(self.is_quoted_to_the_end(at + lines, is_sure))
            };
            if is_head || is_attribution() == Some(true) {
                end = *start;
                // A line drawn above it belongs to it.
                let above = self.lines[..at].iter().rev().find(|(_, line)| !line.is_empty());
                if let Some((start, line)) = above
                    && is_drawn(line)
                {
                    end = *start;
                }
                return end;
            }
        }
        // A quotation without a word of whose it is.
        let own = self.lines.iter().rposition(|(_, line)| !line.is_empty() && !line.starts_with('>'));
        if let Some(own) = own
            && let Some((start, _)) = self.lines.get(own + 1)
        {
            end = *start;
        }
        end
    }

    /// How many lines the attribution has that begins there, and whether nobody writes so by hand:
    /// «20.11.2026, 14:02, Анна <a@b>:», «On … wrote:».
    fn attribution(&self, at: usize) -> Option<(usize, bool)> {
        let mut joined = String::new();
        for (count, (_, line)) in (1..=ATTRIBUTION_LINES).zip(&self.lines[at..]) {
            if line.is_empty() || line.starts_with('>') || joined.chars().count() > ATTRIBUTION_MAX_CHARS {
                return None;
            }
            joined.push_str(line);
            joined.push(' ');
            if line.ends_with(':') {
                return attribution(joined.trim_end()).map(|is_sure| (count, is_sure));
            }
        }
        None
    }

    /// Whether nothing but a quotation follows. It may have no `>`; behind an attribution that is one for sure all of it is
    /// taken for one.
    fn is_quoted_to_the_end(&self, at: usize, is_sure: bool) -> bool {
        let mut rest = self.lines[at.min(self.lines.len())..]
            .iter()
            .map(|(_, line)| *line)
            .filter(|line| !line.is_empty());
        match rest.next() {
            Some(first) if first.starts_with('>') => rest.all(|line| line.starts_with('>')),
            Some(_) | None => is_sure,
        }
    }

    /// Whether the head of a quoted mail begins there: `From:` with `Sent:` and `To:` below it, in either language.
    fn is_quoted_head(&self, at: usize) -> bool {
        let names = |line: &str, names: &[&str]| {
            let line = line.trim_start_matches(['*', '>', ' ']).to_lowercase();
            names.iter().any(|name| {
                line.strip_prefix(name).is_some_and(|rest| rest.trim_start_matches('*').starts_with(':'))
            })
        };
        if !names(self.lines[at].1, &["from", "от", "от кого"]) {
            return false;
        }
        let below: Vec<&str> = self.lines[at + 1..].iter().take(HEAD_LINES).map(|(_, line)| *line).collect();
        let has = |known: &[&str]| below.iter().any(|line| names(line, known));
        has(&["sent", "date", "отправлено", "дата"]) && has(&["to", "subject", "кому", "тема"])
    }
}

/// A line that programs draw above what they quote.
fn is_drawn(line: &str) -> bool {
    line.chars().count() >= 5 && line.chars().all(|c| c == '_' || c == '-' || c == '—')
}

fn is_separator(line: &str) -> bool {
    let words = line.trim_matches(|c: char| c == '-' || c == '—' || c == '*' || c == ' ');
    let is_framed = words.len() < line.len() && line.starts_with(['-', '—', '*']);
    let words = words.trim_end_matches(':').to_lowercase();
    is_framed && SEPARATORS.contains(&words.as_str())
        || [
            "begin forwarded message",
            "начало переадресованного сообщения",
            "начало переадресованного письма",
        ]
        .contains(&words.as_str())
}

const SEPARATORS: [&str; 13] = [
    "original message",
    "original appointment",
    "forwarded message",
    "исходное сообщение",
    "пересылаемое сообщение",
    "пересланное сообщение",
    "перенаправленное сообщение",
    "переадресованное сообщение",
    "оригинальное сообщение",
    "конец пересылаемого сообщения",
    "reply message",
    "reply above this line",
    "ответьте выше этой строки",
];

/// Whether a line says when who wrote what follows; and whether so much of it that nobody writes so by hand.
fn attribution(line: &str) -> Option<bool> {
    let lower = line.to_lowercase();
    let words = lower.trim_end_matches(':').trim_end();
    let says_so = ["wrote", "writes", "написал", "написала", "написал(а)", "пишет", "schrieb"]
        .iter()
        .any(|verb| words.ends_with(verb));
    // «Вы писали 20 ноября 2026 г., 14:02:» of The Bat!.
    let says_so = says_so || words.starts_with("вы писали") || words.starts_with("you wrote");
    let is_dated = has_time(&lower);
    let has_address = lower.contains('@');
    let has_year = has_year(&lower);
    // A sentence may end so; with a date or an address it seldom does.
    let is_one = (says_so && (is_dated || has_address || has_year)) || (is_dated && has_address);
    is_one.then_some(is_dated && has_year && (has_address || says_so) && begins_so(&lower))
}

/// Whether a line begins as programs begin an attribution: with a date, or a word of theirs. «Вот что 20.11.2026 в 14:02 написали
/// на a@b:» is a person's, and what follows is what they have to say.
fn begins_so(lower: &str) -> bool {
    let first = lower.trim_start_matches(['"', '*', ' ']);
    first.starts_with(|c: char| c.is_ascii_digit()) || BEGINNINGS.iter().any(|word| first.starts_with(word))
}

/// Days of the week, long and short, and the words that stand before a date.
const BEGINNINGS: [&str; 24] = [
    "пн",
    "вт",
    "ср",
    "чт",
    "пт",
    "сб",
    "вс",
    "понед",
    "четв",
    "пятн",
    "субб",
    "воскр",
    "вы писали",
    "you wrote",
    "on ",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "am ",
    "le ",
];

/// Whether it has a time of day: `9:05`, `14:02`.
fn has_time(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    (1..bytes.len()).any(|at| bytes[at] == b':' && digit(at - 1) && digit(at + 1) && digit(at + 2))
}

/// Whether it has a year of our time.
fn has_year(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() == 4 && digits.starts_with("20"))
}

/// The words without a quotation that stands before all of them, with who wrote it.
fn without_first_quote(text: &str) -> &str {
    let lines = Lines::of(text);
    let first = lines.lines.iter().position(|(_, line)| !line.is_empty());
    let Some(first) = first else { return text };
    let quote = first + lines.attribution(first).map_or(0, |(count, _)| count);
    let is_quote = |line: &str| line.is_empty() || line.starts_with('>');
    let Some(length) = lines.lines[quote..].iter().position(|(_, line)| !is_quote(line)) else { return text };
    let begins = lines.lines[quote..].iter().find(|(_, line)| !line.is_empty());
    let own = quote + length;
    let answers_in_between = lines.lines[own..].iter().any(|(_, line)| line.starts_with('>'));
    if length == 0 || answers_in_between || !begins.is_some_and(|(_, line)| line.starts_with('>')) {
        return text;
    }
    text[lines.lines[own].0..].trim_start()
}

/// Whether an answer thanks and says nothing else: a ticket that was solved is not opened again for it.
pub(super) fn is_only_thanks(own: &str) -> bool {
    let (said, signature) = signed(own);
    let mut words = words_of(said).peekable();
    words.peek().is_some()
        && words.all(|word| THANKS.contains(&word.as_str()))
        && !own.contains('?')
        && signature.chars().count() <= SIGNATURE_MAX_CHARS
        && !words_of(signature).any(|word| TURNS.contains(&word.as_str()))
}

fn words_of(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// A text and the signature below it, which begins with the line before signatures or a formula.
fn signed(own: &str) -> (&str, &str) {
    let lines = Lines::of(own);
    let is_begin = |line: &str| {
        let lower = line.to_lowercase();
        line == "--" || FORMULAS.iter().any(|formula| lower.starts_with(formula))
    };
    let begin = lines.lines.iter().find(|(_, line)| is_begin(line));
    begin.map_or((own, ""), |(start, _)| own.split_at(*start))
}

/// The longest signature, in characters; what is longer may be anything.
const SIGNATURE_MAX_CHARS: usize = 600;

/// How signatures begin.
const FORMULAS: [&str; 10] = [
    "с уважением",
    "с наилучшими пожеланиями",
    "всего доброго",
    "отправлено из",
    "отправлено с",
    "best regards",
    "kind regards",
    "regards",
    "sincerely",
    "sent from",
];

/// Words of those who have something to say yet, though they have signed.
const TURNS: [&str; 10] = ["не", "нет", "но", "однако", "опять", "снова", "not", "no", "but", "again"];

/// Words of which thanks are made. `Нет` and `не` are none of them.
const THANKS: [&str; 47] = [
    "спасибо",
    "благодарю",
    "благодарим",
    "большое",
    "огромное",
    "вам",
    "вас",
    "за",
    "помощь",
    "ответ",
    "оперативность",
    "оперативный",
    "быстрый",
    "все",
    "всё",
    "работает",
    "заработало",
    "получилось",
    "помогло",
    "отлично",
    "хорошо",
    "супер",
    "ок",
    "ok",
    "okay",
    "принято",
    "понял",
    "поняла",
    "понятно",
    "добрый",
    "день",
    "здравствуйте",
    "thanks",
    "thank",
    "you",
    "very",
    "much",
    "many",
    "it",
    "works",
    "now",
    "great",
    "perfect",
    "got",
    "уже",
    "теперь",
    "очень",
];
