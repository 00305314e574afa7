//! Queries: each language's definitions query, compiled once, and the roles of its captures.

use std::fmt::Write as _;
use std::sync::OnceLock;

use tree_sitter::Query;

use super::SymbolKind;
use super::languages::{LANGUAGES, Language};

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

/// A compiled query with the role of each capture, by capture index.
#[derive(Debug)]
pub struct Compiled {
    /// The query.
    pub query: Query,
    /// Roles by capture index.
    pub roles: Vec<Role>,
}

/// What a query looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Definitions, and what documents and wraps them.
    Definitions,
    /// Uses of names. Indexing needs none, and compiling their patterns would cost every process up to a third more.
    References,
}

type PerLanguage = [OnceLock<Compiled>; LANGUAGES.len()];
static DEFINITIONS: PerLanguage = [const { OnceLock::new() }; LANGUAGES.len()];
static REFERENCES: PerLanguage = [const { OnceLock::new() }; LANGUAGES.len()];

/// The compiled query of `language`, one of the rows of [`LANGUAGES`].
pub fn compiled(language: &'static Language, wanted: Wanted) -> &'static Compiled {
    let row = LANGUAGES.iter().position(|row| row.name == language.name);
    let row = row.expect("rows exist only in the table");
    let (made, source) = match wanted {
        Wanted::Definitions => (&DEFINITIONS[row], definitions as fn(&Language) -> String),
        Wanted::References => (&REFERENCES[row], references as fn(&Language) -> String),
    };
    made.get_or_init(|| compile(language, &source(language)))
}

fn compile(language: &Language, source: &str) -> Compiled {
    let query = Query::new(&language.grammar.into(), source)
        .unwrap_or_else(|error| panic!("queries are compiled in and tested: {}: {error}", language.name));
    let roles = query.capture_names().iter().map(|name| role(name)).collect();
    Compiled { query, roles }
}

/// The language's own patterns for definitions, then one for each list of node kinds in its row.
fn definitions(language: &Language) -> String {
    let mut source: String = patterns(language.query).filter(|pattern| !is_reference(pattern)).collect();
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

fn references(language: &Language) -> String {
    patterns(language.query).filter(|pattern| is_reference(pattern)).collect()
}

fn is_reference(pattern: &str) -> bool {
    pattern.contains("@reference")
}

/// The patterns of a query file: each begins with a bracket at the start of a line.
fn patterns(source: &str) -> impl Iterator<Item = &str> {
    let starts = source.match_indices('\n').map(|(at, _)| at + 1);
    let starts = std::iter::once(0).chain(starts.filter(|&at| source[at..].starts_with(['(', '['])));
    let mut starts = starts.peekable();
    std::iter::from_fn(move || {
        let start = starts.next()?;
        Some(&source[start..starts.peek().copied().unwrap_or(source.len())])
    })
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
            for wanted in [Wanted::Definitions, Wanted::References] {
                let compiled = compiled(language, wanted);
                for (name, role) in compiled.query.capture_names().iter().zip(&compiled.roles) {
                    let private = name.starts_with('_');
                    assert_eq!(*role == Role::Unused, private, "{}: @{name}", language.name);
                    let use_of_a_name = *role == Role::Reference;
                    assert!(
                        private || use_of_a_name == (wanted == Wanted::References),
                        "{}: @{name}",
                        language.name
                    );
                }
            }
        }
    }

    #[test]
    fn no_pattern_is_lost_between_the_two_queries() {
        for language in &LANGUAGES {
            let whole = compile(language, language.query).query.pattern_count();
            let kinds = language.comments.len() + language.attributes.len() + language.wrappers.len();
            let count = |wanted| compiled(language, wanted).query.pattern_count();
            let parts = count(Wanted::Definitions) - kinds + count(Wanted::References);
            assert_eq!(parts, whole, "{}", language.name);
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
