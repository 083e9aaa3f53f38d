//! The regulations that come with the program.

use std::sync::Arc;

use super::{Problems, Regulation};

/// Name and text of each.
const SHIPPED: [(&str, &str); 6] = [
    ("bpmsoft-care", include_str!("../../../regulations/bpmsoft-care.toml")),
    ("getmark", include_str!("../../../regulations/getmark.toml")),
    ("group-helpdesk", include_str!("../../../regulations/group-helpdesk.toml")),
    ("itsm", include_str!("../../../regulations/itsm.toml")),
    ("profman-iss", include_str!("../../../regulations/profman-iss.toml")),
    ("zkh-services", include_str!("../../../regulations/zkh-services.toml")),
];

/// The names of the regulations that come with the program.
pub fn names() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

/// The text of a regulation that comes with the program.
pub fn text(name: &str) -> Option<&'static str> {
    SHIPPED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A regulation that comes with the program.
///
/// # Errors
/// [`Problems`] of its file; a test holds that there are none.
pub fn get(name: &str) -> Option<Result<Arc<Regulation>, Problems>> {
    text(name).map(|text| Regulation::parse(&format!("{name}.toml"), text).map(Arc::new))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_shipped_regulation_is_whole() {
        for name in super::names() {
            let regulation =
                super::get(name).expect("it is listed").unwrap_or_else(|problems| panic!("{problems}"));
            assert_eq!(regulation.id, name);
        }
    }
}
