//! Queries: each language's patterns, read once, and the roles of their captures.

use std::fmt::Write as _;
use std::sync::OnceLock;

use super::SymbolKind;
use super::languages::{LANGUAGES, Language};
use super::pattern::Patterns;

/// What a captured node is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// `@definition.KIND` or `@definition.KIND.forward`.
    Definition(SymbolKind, bool),
    /// `@name` of the definition in the same pattern.
    Name,
    /// `@doc`: a docstring inside the definition.
    Doc,
    /// `@forward`: the definition in the same pattern has no body.
    Forward,
    /// `@reference`: a use of a name.
    Reference,
    /// A comment that may document what follows.
    Comment,
    /// An attribute or decorator that belongs to what follows.
    Attribute,
    /// A node that belongs to the definition inside it.
    Wrapper,
    /// Only there for a predicate.
    Unused,
}

/// The patterns of a language with the role of each capture, by capture index.
#[derive(Debug)]
pub struct Compiled {
    /// The patterns.
    pub patterns: Patterns,
    /// Roles by capture index.
    pub roles: Vec<Role>,
}

static COMPILED: [OnceLock<Compiled>; LANGUAGES.len()] = [const { OnceLock::new() }; LANGUAGES.len()];

/// The compiled query of `language`, one of the rows of [`LANGUAGES`].
pub fn compiled(language: &'static Language) -> &'static Compiled {
    let row = LANGUAGES.iter().position(|row| row.name == language.name);
    let row = row.expect("rows exist only in the table");
    COMPILED[row].get_or_init(|| compile(language))
}

fn compile(language: &Language) -> Compiled {
    let patterns = Patterns::new(&language.grammar.into(), &source(language))
        .unwrap_or_else(|error| panic!("queries are compiled in and tested: {}: {error}", language.name));
    let roles = patterns.captures.iter().map(|name| role(name)).collect();
    Compiled { patterns, roles }
}

/// The language's own patterns, then one for each list of node kinds in its row.
pub fn source(language: &Language) -> String {
    let mut source = language.query.to_owned();
    let lists =
        [(language.comments, "comment"), (language.attributes, "attribute"), (language.wrappers, "wrapper")];
    for (kinds, capture) in lists {
        for kind in kinds {
            // Writing to a string cannot fail.
            let _ = write!(source, "\n({kind}) @row.{capture}");
        }
    }
    source
}

fn role(capture: &str) -> Role {
    match capture {
        "name" => Role::Name,
        "doc" => Role::Doc,
        "forward" => Role::Forward,
        "row.comment" => Role::Comment,
        "row.attribute" => Role::Attribute,
        "row.wrapper" => Role::Wrapper,
        _ => definition_role(capture).unwrap_or(Role::Unused),
    }
}

fn definition_role(capture: &str) -> Option<Role> {
    let mut parts = capture.split('.');
    match parts.next()? {
        "reference" => Some(Role::Reference),
        "definition" => {
            let kind = SymbolKind::from_name(parts.next()?)?;
            Some(Role::Definition(kind, parts.next() == Some("forward")))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_query_compiles_and_every_capture_has_a_role() {
        for language in &LANGUAGES {
            let compiled = compiled(language);
            for (name, role) in compiled.patterns.captures.iter().zip(&compiled.roles) {
                let private = name.starts_with('_');
                assert_eq!(*role == Role::Unused, private, "{}: @{name}", language.name);
            }
        }
    }

    #[test]
    fn captures_of_definitions() {
        assert_eq!(role("definition.method"), Role::Definition(SymbolKind::Method, false));
        assert_eq!(role("definition.function.forward"), Role::Definition(SymbolKind::Function, true));
        assert_eq!(role("definition.unheard-of"), Role::Unused);
        assert_eq!(role("reference.call"), Role::Reference);
    }
}
