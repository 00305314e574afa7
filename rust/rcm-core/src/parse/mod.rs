//! Stage 4, parse: text to symbols and references, with compiled-in tree-sitter grammars. Languages are data.

mod budget;
mod detect;
mod guard;
pub mod languages;
mod leading;
mod mask;
mod matching;
mod names;
mod pattern;
mod query;
mod symbols;

use std::ops::Range;
use std::path::Path;

use budget::Budget;
use languages::Language;

/// Raised with every change that gives other symbols for the same grammars and queries.
pub const VERSION: u32 = 2;

/// What a definition defines. One closed set for all languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum SymbolKind {
    /// class
    Class,
    /// interface
    Interface,
    /// trait, type class
    Trait,
    /// struct
    Struct,
    /// enum
    Enum,
    /// protocol
    Protocol,
    /// record, data class
    Record,
    /// type alias, newtype
    Type,
    /// union
    Union,
    /// macro
    Macro,
    /// module, namespace, package, mod
    Module,
    /// object, singleton
    Object,
    /// free function
    Function,
    /// function inside a type
    Method,
    /// constructor
    Constructor,
    /// property, field
    Field,
    /// const, static
    Constant,
    /// variable
    Variable,
    /// extension of a type
    Extension,
    /// implementation of a trait or type (impl, instance)
    Implementation,
    /// enum variant
    Variant,
    /// heading, section of a document
    Section,
    /// key of a data file, selector, table
    Key,
    /// test case
    Test,
}

impl SymbolKind {
    /// All kinds, in order of declaration.
    pub const ALL: [Self; 24] = [
        Self::Class,
        Self::Interface,
        Self::Trait,
        Self::Struct,
        Self::Enum,
        Self::Protocol,
        Self::Record,
        Self::Type,
        Self::Union,
        Self::Macro,
        Self::Module,
        Self::Object,
        Self::Function,
        Self::Method,
        Self::Constructor,
        Self::Field,
        Self::Constant,
        Self::Variable,
        Self::Extension,
        Self::Implementation,
        Self::Variant,
        Self::Section,
        Self::Key,
        Self::Test,
    ];

    /// The stable lower-case name used in results and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Class => "class",
            Self::Interface => "interface",
            Self::Trait => "trait",
            Self::Struct => "struct",
            Self::Enum => "enum",
            Self::Protocol => "protocol",
            Self::Record => "record",
            Self::Type => "type",
            Self::Union => "union",
            Self::Macro => "macro",
            Self::Module => "module",
            Self::Object => "object",
            Self::Function => "function",
            Self::Method => "method",
            Self::Constructor => "constructor",
            Self::Field => "field",
            Self::Constant => "constant",
            Self::Variable => "variable",
            Self::Extension => "extension",
            Self::Implementation => "implementation",
            Self::Variant => "variant",
            Self::Section => "section",
            Self::Key => "key",
            Self::Test => "test",
        }
    }

    /// The kind called `name`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether functions inside are methods.
    pub fn is_type(self) -> bool {
        matches!(
            self,
            Self::Class
                | Self::Interface
                | Self::Trait
                | Self::Struct
                | Self::Enum
                | Self::Protocol
                | Self::Record
                | Self::Union
                | Self::Object
                | Self::Extension
                | Self::Implementation
        )
    }

    /// Whether it is something that runs.
    pub fn is_function(self) -> bool {
        matches!(self, Self::Function | Self::Method | Self::Constructor | Self::Test | Self::Macro)
    }
}

/// One definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// The bare name.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// Index of the symbol around it in the same list.
    pub parent: Option<usize>,
    /// Bytes of the definition with its doc comment, attributes and decorators.
    pub span: Range<usize>,
    /// Bytes of the definition alone.
    pub body: Range<usize>,
    /// Bytes of the doc comment or docstring.
    pub doc: Option<Range<usize>>,
    /// 1-based line of the name.
    pub line: usize,
    /// 0-based column of the first character of the definition's line that is not blank.
    pub indent: usize,
    /// A declaration without a body (forward declaration, abstract signature in a header).
    pub forward: bool,
}

/// A use of a name: call, type reference, import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// The name as written.
    pub name: String,
    /// 1-based line.
    pub line: usize,
}

/// Why a file was not (wholly) parsed; its text is chunked all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degraded {
    /// The parse budget, counted in parser callbacks, ran out.
    Budget,
    /// Nested deeper than the guard allows.
    Nesting,
}

/// What the parser made of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SyntaxTree {
    /// Name of the language (`"rust"`), or `"text"`.
    pub language: &'static str,
    /// Definitions in order of `span.start`, outer before inner.
    pub symbols: Vec<Symbol>,
    /// Uses, in order.
    pub references: Vec<Reference>,
    /// Set when the tree is missing or cut.
    pub degraded: Option<Degraded>,
}

/// Names of all languages with a grammar.
pub fn language_names() -> Vec<&'static str> {
    languages::LANGUAGES.iter().map(|language| language.name).collect()
}

/// Name of the language that the file at `path` with this text is in.
pub fn language_of(path: &Path, text: &str) -> &'static str {
    detect::detect(path, text).map_or(languages::TEXT, |language| language.name)
}

/// Identifies the grammars and queries; part of an index's identity.
pub fn identity() -> String {
    let mut table = String::new();
    for language in &languages::LANGUAGES {
        let grammar = tree_sitter::Language::new(language.grammar);
        let shape = (grammar.abi_version(), grammar.node_kind_count(), grammar.parse_state_count());
        table.extend([language.name, &format!("{shape:?}"), language.query, "\n"]);
    }
    let digest = crate::read::digest(table.as_bytes());
    digest[..8].iter().fold(format!("{VERSION}-"), |text, byte| format!("{text}{byte:02x}"))
}

/// Parses `text`; the language comes from the path, then from a `#!` line.
pub fn parse(path: &Path, text: &str) -> SyntaxTree {
    match detect::detect(path, text) {
        Some(language) => parse_as(language, text),
        None => SyntaxTree { language: languages::TEXT, ..SyntaxTree::default() },
    }
}

/// Parses `text` as `language`, one of the rows of [`languages::LANGUAGES`].
pub fn parse_as(language: &'static Language, text: &str) -> SyntaxTree {
    let nothing = SyntaxTree { language: language.name, ..SyntaxTree::default() };
    if !guard::may_parse(language, text) {
        return SyntaxTree { degraded: Some(Degraded::Nesting), ..nothing };
    }
    let source = language.masked(text);
    let mut parsing = Budget::for_text(text.len());
    let parsed = rcm_arena::parse(
        &language.grammar.into(),
        &source,
        || parsing.spend(),
        |root| {
            let mut matching = Budget::for_text(text.len());
            let captured = symbols::capture(language, text, root, &mut matching);
            SyntaxTree {
                symbols: symbols::symbols(language, text, &captured),
                references: symbols::references(text, &captured),
                degraded: matching.was_exceeded().then_some(Degraded::Budget),
                ..nothing.clone()
            }
        },
    );
    parsed.unwrap_or(SyntaxTree { degraded: Some(Degraded::Budget), ..nothing })
}

#[cfg(test)]
mod parity_tests;
#[cfg(test)]
mod tests;
