//! What a definition is called, which are clauses of one function, and which are none at all.

use super::languages::Language;
use super::{Symbol, SymbolKind};

/// The bare name of a definition: `Berth` of `Harbour.Berth`, a heading without its closing `#`s.
pub fn bare(language: &Language, kind: SymbolKind, name: &str) -> String {
    match kind {
        SymbolKind::Module | SymbolKind::Protocol | SymbolKind::Implementation => {
            last_part(language.separator, name).to_owned()
        }
        SymbolKind::Section => without_closing_marks(name).to_owned(),
        // The first line of a list of selectors.
        SymbolKind::Key => name.trim_end_matches(',').to_owned(),
        _ => name.to_owned(),
    }
}

/// The last part, if all parts look like identifiers.
fn last_part<'a>(separator: &str, name: &'a str) -> &'a str {
    let is_identifier =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
    if name.split(separator).all(is_identifier) {
        name.rsplit(separator).next().unwrap_or(name)
    } else {
        name
    }
}

/// `Title ##` is closed by its `#`s, `About C#` is not.
fn without_closing_marks(heading: &str) -> &str {
    let open = heading.trim_end_matches('#');
    if open.ends_with(char::is_whitespace) { open.trim_end() } else { heading }
}

/// Joins clauses: a definition that follows one of the same name and kind, with only blanks between, is part of it.
///
/// Haskell writes a signature and one equation per case, Elixir one clause per case, TypeScript one signature
/// per overload. `symbols` is sorted by `span.start`, outer before inner, and has no parents yet.
pub fn join_clauses(text: &str, symbols: Vec<Symbol>) -> Vec<Symbol> {
    let mut joined: Vec<Symbol> = Vec::with_capacity(symbols.len());
    for symbol in symbols {
        // The last definition that ends before this one begins, not inside another such.
        let before = joined.iter_mut().rev().find(|before| before.span.end <= symbol.span.start);
        match before {
            Some(before) if is_clause_of(text, before, &symbol) => {
                before.span.end = symbol.span.end;
                before.body.end = symbol.body.end;
                before.forward &= symbol.forward;
                before.doc = before.doc.take().or(symbol.doc);
            }
            _ => joined.push(symbol),
        }
    }
    joined
}

fn is_clause_of(text: &str, before: &Symbol, symbol: &Symbol) -> bool {
    let between = &text[before.span.end..symbol.span.start];
    before.kind == symbol.kind
        && before.name == symbol.name
        && symbol.kind.is_function()
        && between.chars().all(|c| c.is_whitespace() || c == ';')
}

/// Leaves out variables and declarations in function bodies; `Name value(other);` looks like one of a function.
///
/// `symbols` is sorted by `span.start`, outer before inner, and has no parents yet.
pub fn drop_locals(symbols: &mut Vec<Symbol>) {
    let (mut body_end, mut module_end) = (0, 0);
    symbols.retain(|symbol| {
        let is_declaration =
            symbol.forward || matches!(symbol.kind, SymbolKind::Variable | SymbolKind::Constant);
        // A body that the grammar could not close is told by its indentation.
        let outside = symbol.span.start >= module_end && symbol.indent > 0;
        let is_local = is_declaration && (symbol.span.start < body_end || outside && !symbol.forward);
        if matches!(symbol.kind, SymbolKind::Module) || symbol.kind.is_type() {
            module_end = module_end.max(symbol.span.end);
        }
        if symbol.kind.is_function() && !symbol.forward {
            body_end = body_end.max(symbol.span.end);
        }
        !is_local
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::languages::by_name;
    use crate::parse::parse_as;

    #[test]
    fn bare_names() {
        let elixir = by_name("elixir").expect("a row");
        assert_eq!(bare(elixir, SymbolKind::Module, "Harbour.Berth"), "Berth");
        assert_eq!(bare(elixir, SymbolKind::Function, "a.b"), "a.b");
        assert_eq!(bare(elixir, SymbolKind::Module, "./a.js"), "./a.js");
        assert_eq!(bare(elixir, SymbolKind::Section, "Title ##"), "Title");
        assert_eq!(bare(elixir, SymbolKind::Section, "About C#"), "About C#");
    }

    #[test]
    fn clauses_of_one_function_are_one_symbol() {
        let haskell = by_name("haskell").expect("a row");
        let text = "f :: Int -> Int\nf 0 = 1\n\nf n = n\n\ng = f\n\nf' = g\n";
        let names: Vec<(String, std::ops::Range<usize>, bool)> =
            parse_as(haskell, text).symbols.into_iter().map(|s| (s.name, s.span, s.forward)).collect();
        let end_of_f = text.find("\n\ng").expect("g");
        assert_eq!(names[0], ("f".to_owned(), 0..end_of_f, false));
        assert_eq!(names.len(), 3, "{names:?}");
    }

    #[test]
    fn declarations_in_function_bodies_are_no_definitions() {
        let cpp = by_name("cpp").expect("a row");
        let text = "#ifndef H\nint first;\nvoid f() {\n  int local = 1;\n  Name value(Other);\n}\nextern int last;\n#endif\n";
        let names: Vec<String> = parse_as(cpp, text).symbols.into_iter().map(|symbol| symbol.name).collect();
        assert_eq!(names, ["first", "f", "last"]);
    }
}
