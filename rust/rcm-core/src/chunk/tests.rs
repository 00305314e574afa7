use std::path::Path;

use super::{Chunk, ChunkOptions, chunk_with, format_for_embedding};
use crate::parse::{SymbolKind, parse};

const SMALL: ChunkOptions = ChunkOptions { target_chars: 80, max_chars: 120 };

fn chunks(path: &str, text: &str) -> Vec<Chunk> {
    chunk_with(text, &parse(Path::new(path), text), &SMALL)
}

/// First and last line and symbol of each chunk.
fn check(path: &str, text: &str, expected: &[(usize, usize, &str)]) {
    let found = chunks(path, text);
    let found: Vec<(usize, usize, &str)> =
        found.iter().map(|chunk| (chunk.start_line, chunk.end_line, chunk.symbol.as_str())).collect();
    assert_eq!(found, expected, "{text}");
}

fn statements(count: usize) -> String {
    (0..count).map(|n| "    call_number(".to_owned() + &n.to_string() + ");\n").collect()
}

#[test]
fn short_siblings_are_merged_and_called_after_the_first_that_says_something() {
    check("a.rs", "use a::b;\n\nconst A: u8 = 1;\n\nfn one() {}\nfn two() {}\n", &[(1, 6, "one")]);
    check("a.rs", "const A: u8 = 1;\nconst B: u8 = 2;\n", &[(1, 2, "A")]);
    check("a.rs", "use a::b;\n", &[(1, 1, "")]);
}

#[test]
fn a_definition_that_fits_is_never_cut_from_its_comment() {
    let text =
        format!("fn one() {{\n{}}}\n\n/// Two.\n#[test]\nfn two() {{\n{}}}\n", statements(3), statements(3));
    check("a.rs", &text, &[(1, 5, "one"), (7, 13, "two")]);
}

#[test]
fn a_container_is_cut_at_its_members() {
    let method = |name: &str| {
        format!("    fn {name}(&self) {{\n    {}    }}\n", statements(3).replace('\n', "\n    "))
    };
    let text = format!("impl A {{\n{}\n{}}}\n", method("area"), method("edge"));
    let found = chunks("a.rs", &text);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert_eq!((found[1].symbol.as_str(), found[1].kind), ("A::edge", Some(SymbolKind::Method)));
    assert_eq!(found[0].symbol, "A::area", "mainly shows the method");
    assert!(found[0].text.starts_with("impl A {\n    fn area"));
    assert!(found[1].text.ends_with("}\n}"), "the closing bracket stays with the last member");
    assert!(found.iter().all(|chunk| chunk.signature.is_empty()));
}

#[test]
fn later_parts_of_a_long_function_carry_its_signature() {
    let text = format!("fn long(\n    a: u8,\n) -> u8 {{\n{}}}\n", statements(12));
    let found = chunks("a.rs", &text);
    assert!(found.len() > 2, "{found:#?}");
    assert_eq!(found[0].signature, "");
    for later in &found[1..] {
        assert_eq!(later.symbol, "long");
        assert_eq!(later.signature, "fn long( a: u8, ) -> u8");
        assert!(later.definitions.is_empty());
    }
}

#[test]
fn fields_stay_together_and_name_nothing() {
    let fields: String = (0..12).map(|n| "    field_".to_owned() + &n.to_string() + ": String,\n").collect();
    let found = chunks("a.rs", &format!("struct Wide {{\n{fields}}}\n"));
    assert!(
        found.iter().all(|chunk| chunk.symbol == "Wide" && chunk.kind == Some(SymbolKind::Struct)),
        "{found:#?}"
    );
    assert_eq!(found.iter().map(|chunk| chunk.definitions.len()).sum::<usize>(), 13);
}

#[test]
fn text_is_cut_at_paragraphs() {
    let paragraph = "Some words on a line.\nSome more words.\n";
    let found = chunks("notes.txt", &[paragraph; 6].join("\n"));
    assert!(found.len() > 1);
    assert!(found.iter().all(|chunk| chunk.text.starts_with("Some words")), "{found:#?}");
}

#[test]
fn a_heading_stays_with_its_text() {
    let section = "Heading\n-------\n\nSome words on a line and then some.\n";
    let found = chunks("notes.rst", &[section; 6].join("\n"));
    assert!(found.len() > 1);
    assert!(found.iter().all(|chunk| !chunk.text.ends_with("---")), "{found:#?}");
}

#[test]
fn line_breaks_of_other_systems_are_not_part_of_the_lines() {
    let found = chunks("notes.txt", "one\r\n\r\ntwo\r\n");
    assert_eq!((found[0].text.as_str(), found[0].start_line, found[0].end_line), ("one\n\ntwo", 1, 3));
}

#[test]
fn what_the_model_sees() {
    let mut chunk = chunks("a.rs", "fn f() {}\n").remove(0);
    assert_eq!(format_for_embedding(Path::new("src/a.rs"), &chunk), "src/a.rs\nfunction f\nfn f() {}");
    chunk.signature = "fn outer()".to_owned();
    assert_eq!(format_for_embedding(Path::new("a.rs"), &chunk), "a.rs\nfunction f\nfn outer()\nfn f() {}");
    let plain = chunks("notes.txt", "words\n").remove(0);
    assert_eq!(format_for_embedding(Path::new("notes.txt"), &plain), "notes.txt\nwords");
}

#[test]
fn a_chunk_knows_the_definitions_that_begin_in_it() {
    let text =
        "use a::b;\n\n/// One.\nfn one() {}\n\nimpl A {\n    fn two(&self) {}\n    fn three(&self) {}\n}\n";
    let found = chunk_with(text, &parse(Path::new("a.rs"), text), &ChunkOptions::default());
    let parts: Vec<_> =
        found[0].parts.iter().map(|part| (part.start_line, part.end_line, part.symbol.as_str())).collect();
    assert_eq!(parts, [(3, 4, "one"), (6, 9, "A"), (7, 7, "A::two"), (8, 8, "A::three")]);
    let alone = chunks("a.rs", "/// One.\nfn one() {}\n");
    assert_eq!((alone[0].symbol.as_str(), alone[0].parts.len()), ("one", 0), "its name says it");
}

#[test]
fn a_part_ends_with_its_chunk() {
    let method = |name: &str| format!("    fn {name}(&self) {{\n{}    }}\n", statements(3));
    let found = chunks("a.rs", &format!("impl A {{\n{}\n{}}}\n", method("area"), method("edge")));
    let parts: Vec<_> =
        found[0].parts.iter().map(|part| (part.symbol.as_str(), part.start_line, part.end_line)).collect();
    assert_eq!(parts, [("A", 1, found[0].end_line), ("A::area", 2, 6)]);
    assert!(found[1].parts.is_empty(), "edge is what it is called");
}
