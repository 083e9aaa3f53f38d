//! What the desk works by: every regulation that ships with the daemon, side by side, and one of them in a second version.

use std::sync::{Arc, LazyLock};

use andon::desk::{Regulation, Regulations};
use andon_tests::time::ZONE;
use andon_tests::world::{shipped, shipped_text};

const SHIPPED: [&str; 6] =
    ["zkh-services", "getmark", "profman-iss", "bpmsoft-care", "group-helpdesk", "itsm"];

/// The second version of `getmark`, with other terms; it holds from a day on which some stories are in their midst.
const SECOND: [(&str, &str); 5] = [
    ("version = \"2024-06-14\"", "version = \"2027-03-01\""),
    ("holds-from = \"2024-06-14\"", "holds-from = \"2027-03-01\""),
    ("term = \"12h\"", "term = \"10h\""),
    ("term = \"24h\"", "term = \"20h\""),
    ("warn-before = \"2h\"", "warn-before = \"3h\""),
];

/// The regulations; compiling their calendars takes longer than a story.
pub(crate) fn regulations() -> Regulations {
    static READ: LazyLock<Vec<Arc<Regulation>>> = LazyLock::new(|| {
        let second = SECOND.iter().fold(shipped_text("getmark"), |text, (from, to)| {
            assert!(text.contains(from), "`{from}` is in the text");
            text.replace(from, to)
        });
        let second = Regulation::parse("getmark-2.toml", &second).unwrap_or_else(|wrong| panic!("{wrong}"));
        SHIPPED.iter().map(|name| Arc::new(shipped(name))).chain([Arc::new(second)]).collect()
    });
    Regulations::new(READ.clone()).in_zone(ZONE)
}
