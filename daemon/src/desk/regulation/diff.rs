//! What changed between two regulations: their files as trees, entry by entry, not line by line.
//!
//! The differ knows the form of a file and not its vocabulary, so a key that is added to it needs nothing here:
//! - a list of tables (`[[status]]`, a clock's targets) has entries that are named by what identifies them, and it is
//!   told which are new, gone, or otherwise; a list of tables that nothing identifies is one value;
//! - a table of tables (`[verb.take]`) has entries named by their keys, any other table one entry;
//! - where the first rule that matches decides, and for priorities, which are ranked, a changed order is told too.
//!
//! The order of keys, comments, and the order of entries and words that have no order in what they mean are no
//! difference. How long a term is written (`90m`, `1h30m`) is one: the differ compares words.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;
use toml::{Table, Value};

#[cfg(test)]
mod tests;

/// What a rule looks at: by key, the words that match.
pub(super) type LooksAt = BTreeMap<String, Vec<String>>;

/// The section of the file's own keys.
const WHOLE: &str = "regulation";

/// Lists whose entries are rules: what they look at names them, and the first that matches decides.
const RULES: [&str; 2] = ["priority-rule", "target"];

/// Lists whose order means something though their entries have ids.
const RANKED: [&str; 2] = ["priority", "letter"];

/// What may identify the tables of a list; the first that all of them have does.
const IDENTITIES: [&[&str]; 9] = [
    &["for", "id"],
    &["id"],
    &["metric"],
    &["path"],
    &["topic"],
    &["name"],
    &["text"],
    &["skill"],
    &["kind", "on", "to"],
];

/// Lists of words whose order means nothing. Another list's order is taken to mean something.
const SETS: [&str; 20] = [
    "channels",
    "common-groups",
    "from",
    "kinds",
    "lines",
    "moves",
    "or",
    "pauses-in",
    "reopens",
    "required",
    "restarts",
    "roles",
    "routes",
    "same",
    "set-by-lines",
    "starts",
    "statuses",
    "stops",
    "topics",
    "types",
];

/// One thing that is otherwise in B.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The list or table it stands in, as the file names it: `clock`, `clock.target`; `regulation` for the file's own
    /// keys.
    pub section: String,
    /// The entry by its ids: `resolution`, `resolution/priority=high`. Empty for the file's own keys.
    pub entry: String,
    /// The entry's title, or that of the one it belongs to; empty where there is none.
    pub title: String,
    /// What the entry's rule looks at, by key, where that is what names it.
    #[serde(skip)]
    pub when: Option<LooksAt>,
    /// What has become of it.
    pub change: DifferenceKind,
    /// Which key changed; keys of tables within are joined by dots. None where the whole entry is new, gone or moved.
    pub key: Option<String>,
    /// What A says; the whole entry where it is gone, its place from 1 where it moved.
    pub a: Option<Value>,
    /// What B says; the whole entry where it is new, its place from 1 where it moved.
    pub b: Option<Value>,
    /// The clause of the entry, B's before A's.
    pub clause: Option<String>,
}

/// What has become of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DifferenceKind {
    /// The entry is only in B.
    Added,
    /// The entry is only in A.
    Removed,
    /// A key says something else, or is in one of them only.
    Changed,
    /// The entry stands elsewhere among those that both have.
    Moved,
}

/// What is otherwise in `b`, sections by name, entries as `a` has them and then the new ones.
pub fn diff(a: &Table, b: &Table) -> Vec<Difference> {
    let mut differ = Differ { found: Vec::new() };
    let whole = Place { section: WHOLE.to_owned(), ..Place::default() };
    for key in keys(a, b) {
        let place = Place { section: key.to_owned(), ..Place::default() };
        if let Some(lists) = Lists::of_named(a.get(key), b.get(key)) {
            differ.entries(&place, &lists);
            continue;
        }
        match (a.get(key), b.get(key)) {
            (Some(Value::Table(a)), Some(Value::Table(b))) => differ.members(&place.of(a, b), "", a, b),
            (Some(Value::Table(a)), None) => differ.whole(&place.of(a, a), DifferenceKind::Removed, a),
            (None, Some(Value::Table(b))) => differ.whole(&place.of(b, b), DifferenceKind::Added, b),
            (a, b) => differ.member(&whole, key, key, (a, b)),
        }
    }
    differ.found
}

/// Where something stands.
#[derive(Debug, Clone, Default)]
struct Place {
    section: String,
    entry: String,
    title: String,
    when: Option<LooksAt>,
    clause: Option<String>,
}

impl Place {
    /// This place, with the title and clause of its entry where it has them.
    fn of(mut self, a: &Table, b: &Table) -> Self {
        let text = |key: &str| b.get(key).or_else(|| a.get(key)).and_then(Value::as_str).map(str::to_owned);
        if let Some(title) = text("title") {
            self.title = title;
        }
        self.clause = text("clause").or(self.clause);
        self
    }

    /// The place of a list within this one.
    fn list(&self, key: &str) -> Self {
        let section = if self.section == WHOLE { key.to_owned() } else { format!("{}.{key}", self.section) };
        Self { section, ..self.clone() }
    }

    /// The place of an entry of this list.
    fn entry(&self, id: &Id, a: &Table, b: &Table) -> Self {
        let entry = if self.entry.is_empty() { id.to_string() } else { format!("{}/{id}", self.entry) };
        Self { entry, when: id.when.clone(), ..self.clone() }.of(a, b)
    }
}

struct Differ {
    found: Vec<Difference>,
}

impl Differ {
    fn push(
        &mut self,
        place: &Place,
        change: DifferenceKind,
        key: Option<String>,
        (a, b): (Option<&Value>, Option<&Value>),
    ) {
        let Place { section, entry, title, when, clause } = place.clone();
        self.found.push(Difference {
            section,
            entry,
            title,
            when,
            change,
            key,
            a: a.cloned(),
            b: b.cloned(),
            clause,
        });
    }

    /// The keys of an entry, and then the lists within it; `prefix` is of the table within it that they stand in.
    fn members(&mut self, place: &Place, prefix: &str, a: &Table, b: &Table) {
        let has_entries = |key: &str| Lists::of(key, a.get(key), b.get(key)).is_some();
        let (lists, words): (Vec<_>, Vec<_>) = keys(a, b).into_iter().partition(|key| has_entries(key));
        for key in words.into_iter().chain(lists) {
            self.member(place, &format!("{prefix}{key}"), key, (a.get(key), b.get(key)));
        }
    }

    fn member(&mut self, place: &Place, path: &str, key: &str, (a, b): (Option<&Value>, Option<&Value>)) {
        if let Some(lists) = Lists::of(key, a, b) {
            self.entries(&place.list(path), &lists);
            return;
        }
        match (a, b) {
            (Some(Value::Table(a)), Some(Value::Table(b))) if key != "when" => {
                self.members(place, &format!("{path}."), a, b);
            }
            _ if is_same(key, a, b) => {}
            (Some(Value::Array(of_a)), Some(Value::Array(of_b))) if SETS.contains(&key) => {
                let b = Value::Array(as_in(of_a, of_b));
                self.push(place, DifferenceKind::Changed, Some(path.to_owned()), (a, Some(&b)));
            }
            _ => self.push(place, DifferenceKind::Changed, Some(path.to_owned()), (a, b)),
        }
    }

    fn entries(&mut self, list: &Place, lists: &Lists<'_>) {
        let none = Table::new();
        for (id, a) in &lists.a {
            match find(&lists.b, id) {
                Some(b) => self.members(&list.entry(id, a, b), "", a, b),
                None => self.whole(&list.entry(id, a, &none), DifferenceKind::Removed, a),
            }
        }
        for (id, b) in lists.b.iter().filter(|(id, _)| find(&lists.a, id).is_none()) {
            self.whole(&list.entry(id, &none, b), DifferenceKind::Added, b);
        }
        if lists.is_ordered {
            self.moves(list, lists);
        }
    }

    fn whole(&mut self, place: &Place, change: DifferenceKind, entry: &Table) {
        let value = Value::Table(entry.clone());
        let sides = if change == DifferenceKind::Added { (None, Some(&value)) } else { (Some(&value), None) };
        self.push(place, change, None, sides);
    }

    /// The fewest entries that had to move for the others to stand as they stood.
    fn moves(&mut self, list: &Place, lists: &Lists<'_>) {
        let place_in_b = |id: &Id| lists.b.iter().position(|(other, _)| other == id);
        let both = lists.a.iter().enumerate();
        let both: Vec<_> = both.filter_map(|(at_a, (id, a))| Some((at_a, place_in_b(id)?, id, *a))).collect();
        let stayed = longest_rising(&both.iter().map(|(_, at_b, ..)| *at_b).collect::<Vec<_>>());
        for (at_a, at_b, id, a) in both.into_iter().filter(|(_, at_b, ..)| !stayed.contains(at_b)) {
            let place = |at: usize| Value::Integer(i64::try_from(at + 1).unwrap_or(i64::MAX));
            let sides = (place(at_a), place(at_b));
            let entry = list.entry(id, a, lists.b[at_b].1);
            self.push(&entry, DifferenceKind::Moved, None, (Some(&sides.0), Some(&sides.1)));
        }
    }
}

/// What names an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Id {
    text: String,
    /// Which of those of the same name, from 1.
    nth: usize,
    when: Option<LooksAt>,
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.nth > 1 { write!(f, "#{}", self.nth) } else { Ok(()) }
    }
}

/// The same list in both, its entries under what names them.
struct Lists<'a> {
    a: Vec<(Id, &'a Table)>,
    b: Vec<(Id, &'a Table)>,
    is_ordered: bool,
}

impl<'a> Lists<'a> {
    /// Lists of tables. `None` where they are none, or nothing identifies their entries.
    fn of(key: &str, a: Option<&'a Value>, b: Option<&'a Value>) -> Option<Self> {
        let (a, b) = (tables(a)?, tables(b)?);
        let all = || a.iter().chain(&b);
        all().next()?;
        let has_all = |keys: &&[&str]| all().all(|table| keys.iter().all(|key| table.contains_key(*key)));
        let is_rules = RULES.contains(&key);
        let identity = IDENTITIES.iter().copied().find(|keys| !is_rules && has_all(keys));
        let looks = is_rules || all().any(|table| table.contains_key("when"));
        let identity = identity.or(looks.then_some(&["when"]))?;
        let is_ordered = identity == ["when"] || RANKED.contains(&key);
        Some(Self { a: named(identity, &a), b: named(identity, &b), is_ordered })
    }

    /// Tables of tables, the entries under their keys. `None` where they are something else.
    fn of_named(a: Option<&'a Value>, b: Option<&'a Value>) -> Option<Self> {
        fn entries(value: Option<&Value>) -> Option<Vec<(Id, &Table)>> {
            let Some(value) = value else { return Some(Vec::new()) };
            let id = |key: &str| Id { text: key.to_owned(), nth: 1, when: None };
            value.as_table()?.iter().map(|(key, entry)| Some((id(key), entry.as_table()?))).collect()
        }
        let (a, b) = (entries(a)?, entries(b)?);
        (!a.is_empty() || !b.is_empty()).then_some(Self { a, b, is_ordered: false })
    }
}

/// The tables of a list; none where the key is not there, `None` where it is something else.
fn tables(value: Option<&Value>) -> Option<Vec<&Table>> {
    match value {
        None => Some(Vec::new()),
        Some(value) => value.as_array()?.iter().map(Value::as_table).collect(),
    }
}

/// Each table under what names it.
fn named<'a>(identity: &[&str], tables: &[&'a Table]) -> Vec<(Id, &'a Table)> {
    let mut named: Vec<(Id, &Table)> = Vec::new();
    for table in tables {
        let (text, when) = if identity == ["when"] {
            let when = table.get("when").map(looks_at).unwrap_or_default();
            (told(&when), Some(when))
        } else {
            let ids: Vec<_> = identity.iter().filter_map(|key| Some(word(table.get(*key)?))).collect();
            (ids.join("/"), None)
        };
        let nth = 1 + named.iter().filter(|(other, _)| other.text == text).count();
        named.push((Id { text, nth, when }, table));
    }
    named
}

fn find<'a>(entries: &[(Id, &'a Table)], id: &Id) -> Option<&'a Table> {
    entries.iter().find(|(other, _)| other == id).map(|(_, table)| *table)
}

/// What a rule looks at: by key, those of tables within joined by dots. A word alone and a list of it are the same, and
/// so are their orders.
fn looks_at(when: &Value) -> LooksAt {
    fn add(all: &mut LooksAt, path: &str, value: &Value) {
        match value {
            Value::Table(table) => {
                let prefix = if path.is_empty() { String::new() } else { format!("{path}.") };
                table.iter().for_each(|(key, value)| add(all, &format!("{prefix}{key}"), value));
            }
            Value::Array(words) => {
                let words: BTreeSet<_> = words.iter().map(word).collect();
                all.insert(path.to_owned(), words.into_iter().collect());
            }
            one => {
                all.insert(path.to_owned(), vec![word(one)]);
            }
        }
    }
    let mut all = LooksAt::new();
    add(&mut all, "", when);
    all
}

/// `priority=high line=1,2`; `always` where it looks at nothing.
fn told(when: &LooksAt) -> String {
    let parts: Vec<_> = when.iter().map(|(key, words)| format!("{key}={}", words.join(","))).collect();
    if parts.is_empty() { "always".to_owned() } else { parts.join(" ") }
}

/// A value as a word: a text without its quotes.
fn word(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The keys of both, each once.
fn keys<'a>(a: &'a Table, b: &'a Table) -> BTreeSet<&'a str> {
    a.keys().chain(b.keys()).map(String::as_str).collect()
}

fn is_same(key: &str, a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) if key == "when" => looks_at(a) == looks_at(b),
        (Some(Value::Array(a)), Some(Value::Array(b))) if SETS.contains(&key) => {
            let set = |words: &[Value]| words.iter().map(Value::to_string).collect::<BTreeSet<_>>();
            set(a) == set(b)
        }
        (a, b) => a == b,
    }
}

/// The words of a set in the order that another has them in, and then its own.
fn as_in(a: &[Value], b: &[Value]) -> Vec<Value> {
    let kept = a.iter().filter(|word| b.contains(word));
    kept.chain(b.iter().filter(|word| !a.contains(word))).cloned().collect()
}

/// The longest rising selection of `places`, each of which is there once.
fn longest_rising(places: &[usize]) -> Vec<usize> {
    let mut best: Vec<Vec<usize>> = Vec::new();
    for (at, place) in places.iter().enumerate() {
        let before = (0..at).filter(|earlier| places[*earlier] < *place).map(|earlier| &best[earlier]);
        let mut rising = before.max_by_key(|rising| rising.len()).cloned().unwrap_or_default();
        rising.push(*place);
        best.push(rising);
    }
    best.into_iter().max_by_key(Vec::len).unwrap_or_default()
}
