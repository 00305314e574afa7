use std::path::Path;

use super::{Degraded, Symbol, SymbolKind, SyntaxTree, parse};

const RUST: &str = r#"//! Crate.

/// A point.
#[derive(Debug)]
pub struct Point<T> {
    /// Across.
    pub x: T,
}

// Not about the next thing.

impl<T> fmt::Display for Point<T> {
    /// Formats.
    #[inline]
    fn fmt(&self) -> i32 { show(self.x) }
}

impl Other for &Point<i32> {}
trait Draw { fn draw(&self); type Out; }
enum Shape { Circle, Square(u8) }
mod elsewhere;
mod inside { const LIMIT: u8 = 1; }
macro_rules! twice { () => {}; }
static NAME: &str = "x"; // at the end of another line
fn free() {}
"#;

const PYTHON: &str = r#""""Module."""
LIMIT = 3
name = "x"

# about route
@app.get("/")
def route(a: Thing):
    """Says what it does."""
    return call(a)
    # in the body

class Shape(Base):
    """A shape."""
    sides = 4

    def __init__(self): ...

    @property
    def area(self): return 1
"#;

fn find<'a>(tree: &'a SyntaxTree, name: &str, kind: SymbolKind) -> &'a Symbol {
    let found = tree.symbols.iter().find(|symbol| symbol.name == name && symbol.kind == kind);
    found.unwrap_or_else(|| panic!("{name} in {:#?}", tree.symbols))
}

fn rust() -> SyntaxTree {
    parse(Path::new("a.rs"), RUST)
}

fn python() -> SyntaxTree {
    parse(Path::new("a.py"), PYTHON)
}

#[test]
fn every_kind_of_rust_definition_is_found() {
    let tree = rust();
    let names: Vec<(&str, SymbolKind)> =
        tree.symbols.iter().map(|symbol| (symbol.name.as_str(), symbol.kind)).collect();
    assert_eq!(
        names,
        [
            ("Point", SymbolKind::Struct),
            ("x", SymbolKind::Field),
            ("Point", SymbolKind::Implementation),
            ("fmt", SymbolKind::Method),
            ("Point", SymbolKind::Implementation),
            ("Draw", SymbolKind::Trait),
            ("draw", SymbolKind::Method),
            ("Out", SymbolKind::Type),
            ("Shape", SymbolKind::Enum),
            ("Circle", SymbolKind::Variant),
            ("Square", SymbolKind::Variant),
            ("elsewhere", SymbolKind::Module),
            ("inside", SymbolKind::Module),
            ("LIMIT", SymbolKind::Constant),
            ("twice", SymbolKind::Macro),
            ("NAME", SymbolKind::Constant),
            ("free", SymbolKind::Function),
        ]
    );
    assert!(find(&tree, "draw", SymbolKind::Method).forward);
    assert!(find(&tree, "elsewhere", SymbolKind::Module).forward);
    assert!(!find(&tree, "inside", SymbolKind::Module).forward);
}

#[test]
fn doc_comments_and_attributes_belong_to_what_follows() {
    let tree = rust();
    let point = find(&tree, "Point", SymbolKind::Struct);
    assert!(RUST[point.span.clone()].starts_with("/// A point.\n#[derive(Debug)]\npub struct"));
    assert!(RUST[point.body.clone()].starts_with("pub struct"));
    assert_eq!(&RUST[point.doc.clone().expect("a doc comment")], "/// A point.");
    assert_eq!((point.line, point.indent), (5, 0));
    let fmt = find(&tree, "fmt", SymbolKind::Method);
    assert!(RUST[fmt.span.clone()].starts_with("/// Formats.\n    #[inline]\n    fn fmt"));
    assert_eq!((fmt.line, fmt.indent, fmt.parent), (15, 4, Some(2)));
}

#[test]
fn comments_about_something_else_stay_away() {
    let tree = rust();
    assert_eq!(find(&tree, "Point", SymbolKind::Implementation).doc, None, "a blank line between");
    assert_eq!(find(&tree, "free", SymbolKind::Function).doc, None, "at the end of another line");
    let python = python();
    assert_eq!(&PYTHON[find(&python, "Shape", SymbolKind::Class).span.clone()][..5], "class");
}

#[test]
fn python_docstrings_and_decorators() {
    let tree = python();
    let route = find(&tree, "route", SymbolKind::Function);
    assert!(PYTHON[route.span.clone()].starts_with("# about route\n@app.get"));
    assert!(PYTHON[route.body.clone()].starts_with("def route"));
    assert_eq!(&PYTHON[route.doc.clone().expect("a docstring")], r#""""Says what it does.""""#);
    let area = find(&tree, "area", SymbolKind::Method);
    assert!(PYTHON[area.span.clone()].starts_with("@property"));
    find(&tree, "__init__", SymbolKind::Constructor);
    find(&tree, "sides", SymbolKind::Field);
    find(&tree, "LIMIT", SymbolKind::Constant);
    find(&tree, "name", SymbolKind::Variable);
}

#[test]
fn references_are_uses_and_never_definitions() {
    let rust = rust();
    let names: Vec<&str> = rust.references.iter().map(|reference| reference.name.as_str()).collect();
    assert_eq!(names, ["T", "T", "T", "Display", "T", "show", "Other"]);
    let python = python();
    let lines: Vec<(&str, usize)> =
        python.references.iter().map(|reference| (reference.name.as_str(), reference.line)).collect();
    assert_eq!(lines, [("get", 6), ("Thing", 7), ("call", 9), ("Base", 12), ("property", 18)]);
}

#[test]
fn symbols_are_in_order_and_nested() {
    for tree in [rust(), python()] {
        for (at, symbol) in tree.symbols.iter().enumerate() {
            assert!(symbol.span.start <= symbol.body.start && symbol.body.end <= symbol.span.end);
            let Some(parent) = symbol.parent else { continue };
            let around = &tree.symbols[parent];
            assert!(
                parent < at && around.span.start <= symbol.span.start && symbol.span.end <= around.span.end
            );
        }
        assert!(tree.symbols.is_sorted_by_key(|symbol| symbol.span.start));
    }
}

#[test]
fn syntax_errors_are_no_reason_to_give_up() {
    let tree = parse(Path::new("a.rs"), "fn good() {}\nfn bad( {{{ \nfn also_good() {}\n");
    assert_eq!(tree.degraded, None);
    find(&tree, "good", SymbolKind::Function);
}

#[test]
fn what_is_too_deep_or_too_much_is_said_to_be() {
    let deep = format!("int a = {}1{};", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(parse(Path::new("a.c"), &deep).degraded, Some(Degraded::Nesting));
    // Each of 3,000 qualifiers with each of 3,000 names may be a constant.
    let broken = format!("{}int {} b;", "const\n".repeat(3_000), "a,\n".repeat(3_000));
    assert_eq!(parse(Path::new("a.cpp"), &broken).degraded, Some(Degraded::Budget));
    // 60,000 operators without an operand are one long run of skipped tokens.
    let broken = format!("fn f() {{}}\n{}", "!\n".repeat(60_000));
    let tree = parse(Path::new("a.rs"), &broken);
    find(&tree, "f", SymbolKind::Function);
    assert_eq!(tree.degraded, None);
}

#[test]
fn text_has_no_symbols() {
    let tree = parse(Path::new("notes.txt"), "fn not_code() {}\n");
    assert_eq!(tree, SyntaxTree { language: "text", ..SyntaxTree::default() });
}

#[test]
fn kinds_have_names_and_back() {
    for kind in SymbolKind::ALL {
        assert_eq!(SymbolKind::from_name(kind.as_str()), Some(kind));
    }
    assert_eq!(SymbolKind::from_name("unheard-of"), None);
}
