//! Golden files: what scripts and people rely on, kept beside the code. A diff there is a decision.

use std::path::Path;
use std::{env, fs};

/// How many lines of each are shown where they differ.
const SHOWN_LINES: usize = 20;

/// Compares with a golden file under `daemon/src`; with `UPDATE_GOLDEN=1` writes it anew.
pub(crate) fn check(name: &str, actual: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(name);
    if env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1") {
        fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("it can be made");
        fs::write(&path, actual).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        return;
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    let same = golden.lines().zip(actual.lines()).take_while(|(golden, actual)| golden == actual).count();
    let from_there = |text: &str| text.lines().skip(same).take(SHOWN_LINES).collect::<Vec<_>>().join("\n");
    assert!(
        golden == actual,
        "{name} is otherwise from line {} on; run the tests with UPDATE_GOLDEN=1 if that is meant\n--- golden\n{}\n--- now\n{}",
        same + 1,
        from_there(&golden),
        from_there(actual)
    );
}
