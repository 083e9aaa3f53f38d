//! `andonctl regulation diff`: what changed between two regulations, entry by entry.

use std::process::ExitCode;

use clap::Args;
use toml::{Table as Tree, Value};

use super::words::{Words, place};
use super::{Lang, parse, tell_problems};
use crate::cli::Io;
use crate::cli::error::CliError;
use crate::cli::text::Table;
use crate::desk::Regulation;
use crate::desk::regulation::{Difference, DifferenceKind, Language, diff};

/// How wide the table is at most, in characters: a sheet of paper.
const WIDTH: u16 = 118;

/// Tell what changed between two regulations, or two versions of one: entry by entry, whatever the order of lines.
///
/// Entries are matched by their ids, terms and priority rules by what they look at ("when"). Where the first rule that
/// matches decides, a changed order is told too. Both files are checked first. With --json, prints an array of
/// {"section","entry","title","change","key","a","b","clause"}, "change" being added, removed, changed or moved.
///
/// Ends with 0 whether or not there are differences, with 1 when a file is not whole or cannot be read.
#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// A regulation that comes with the program, or a file
    #[arg(value_name = "A")]
    a: String,
    /// The one to compare with it
    #[arg(value_name = "B")]
    b: String,
    /// The language of the words around the regulation's own
    #[arg(long, value_enum, default_value_t = Lang::Ru)]
    lang: Lang,
}

/// A checked regulation, and its file as a tree.
struct Side {
    name: String,
    regulation: Regulation,
    tree: Tree,
}

impl Diff {
    pub(super) fn run(&self, io: &mut Io<'_>) -> Result<ExitCode, CliError> {
        let (a, b) = (side(&self.a, io)?, side(&self.b, io)?);
        let (Some(a), Some(b)) = (a, b) else { return Ok(ExitCode::FAILURE) };
        let differences = diff(&a.tree, &b.tree);
        if io.json {
            return io.json(&differences);
        }
        let words = Both::new(self.lang.into(), &a.tree, &b.tree);
        for (letter, side) in [("A", &a), ("B", &b)] {
            let Regulation { id, title, version, holds_from, .. } = &side.regulation;
            let (version_word, from) = (words.of("версия", "version"), words.of("действует с", "holds from"));
            let name = &side.name;
            writeln!(
                io.out,
                "{letter}: {name}: {title} ({id}), {version_word} {version}, {from} {holds_from}"
            )?;
        }
        if differences.is_empty() {
            writeln!(io.out, "{}", words.of("отличий нет", "no difference"))?;
            return Ok(ExitCode::SUCCESS);
        }
        writeln!(io.out, "{}: {}\n", words.of("отличий", "differences"), differences.len())?;
        io.table(&table(differences, &words))
    }
}

/// `None` where the file is not whole, which has been told.
fn side(name: &str, io: &mut Io<'_>) -> Result<Option<Side>, CliError> {
    let (name, text, result) = parse(name)?;
    match result {
        Ok(regulation) => {
            let tree = toml::from_str(&text).expect("a regulation that was read is TOML");
            Ok(Some(Side { name, regulation, tree }))
        }
        Err(problems) => {
            tell_problems(&name, &problems, io)?;
            Ok(None)
        }
    }
}

fn table(mut differences: Vec<Difference>, words: &Both<'_>) -> Table {
    differences.sort_by_key(|difference| place(&difference.section));
    let columns = [
        ("раздел", "section"),
        ("запись", "entry"),
        ("что", "key"),
        ("A", "A"),
        ("B", "B"),
        ("пункт", "clause"),
    ];
    let mut table = Table::new(columns.map(|(russian, english)| words.of(russian, english)));
    table.fold_at(WIDTH);
    for difference in &differences {
        table.row(row(difference, words));
    }
    table
}

fn row(difference: &Difference, words: &Both<'_>) -> [String; 6] {
    let Difference { change, key, clause, .. } = difference;
    let what = match change {
        DifferenceKind::Added => words.of("добавлено", "added").to_owned(),
        DifferenceKind::Removed => words.of("удалено", "removed").to_owned(),
        DifferenceKind::Moved => words.of("место по порядку", "place in order").to_owned(),
        DifferenceKind::Changed => words.b.key(key.as_deref().unwrap_or_default()),
    };
    let (a, b) = words.values(difference);
    let section = words.b.section(&difference.section);
    [section, words.b.entry(difference), what, a, b, clause.clone().unwrap_or_default()]
}

/// The words for what each of the two says: each has titles of its own.
struct Both<'a> {
    a: Words<'a>,
    b: Words<'a>,
}

impl<'a> Both<'a> {
    fn new(language: Language, a: &'a Tree, b: &'a Tree) -> Self {
        Self { a: Words::new(language, a, b), b: Words::new(language, b, a) }
    }

    fn of(&self, russian: &'static str, english: &'static str) -> &'static str {
        self.b.of(russian, english)
    }

    /// What each says, so that it reads otherwise: as the file has it where two ids have the same title.
    fn values(&self, difference: &Difference) -> (String, String) {
        let Difference { key, a, b, .. } = difference;
        let value = |words: &Words<'_>, value: &Option<Value>| match (value, key) {
            (None, _) => "—".to_owned(),
            (Some(value), Some(key)) => words.value(key, value),
            (Some(value), None) => words.whole(value),
        };
        let told = (value(&self.a, a), value(&self.b, b));
        match (a, b) {
            (Some(a), Some(b)) if told.0 == told.1 => (raw(a), raw(b)),
            _ => told,
        }
    }
}

/// A value as the file has it, a word without its quotes.
fn raw(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Ru => Self::Russian,
            Lang::En => Self::English,
        }
    }
}
