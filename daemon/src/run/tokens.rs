//! The tokens that are not revoked, to be looked up by what a caller shows.

use std::collections::HashMap;

use smol_str::SmolStr;

use crate::desk::command::Token;

/// The tokens that are not revoked, in the order in which they were added.
#[derive(Debug, Default)]
pub struct Tokens {
    list: Vec<Token>,
    by_hash: HashMap<SmolStr, usize>,
}

impl Tokens {
    /// These.
    pub fn new(list: Vec<Token>) -> Self {
        let by_hash = list.iter().enumerate().map(|(at, token)| (token.hash.clone(), at)).collect();
        Self { list, by_hash }
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Token> {
        self.list.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The token of that SHA-256, in lower-case hex.
    ///
    /// A table's look-up takes longer or shorter by what it is asked for, and that tells nothing: what is looked up is the sum
    /// of what was shown, and nobody can choose a secret of 256 random bits by its sum, one right byte after the other. So
    /// no comparison in constant time is needed here.
    pub fn by_hash(&self, hash: &str) -> Option<&Token> {
        self.by_hash.get(hash).map(|at| &self.list[*at])
    }

    /// The token of that name.
    pub fn by_name(&self, name: &str) -> Option<&Token> {
        self.list.iter().find(|token| token.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::Role;

    #[test]
    fn each_of_a_thousand_tokens_is_found_by_its_sum_and_no_other() {
        let hash = |n: usize| format!("{n:064x}");
        let list = (0..1_000).map(|n| Token::named(&format!("bot-{n}"), Role::Agent, &hash(n))).collect();
        let tokens = Tokens::new(list);
        for n in 0..1_000 {
            assert_eq!(
                tokens.by_hash(&hash(n)).map(|token| token.name.as_str()),
                Some(format!("bot-{n}").as_str())
            );
        }
        assert_eq!(tokens.by_hash(&hash(1_000)), None);
        assert_eq!(tokens.by_hash(""), None);
    }
}
