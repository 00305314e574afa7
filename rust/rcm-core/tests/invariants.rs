//! What holds for every text in every language: chunks cover each line once, nothing overflows, work is linear.

use std::path::Path;

use proptest::prelude::*;
use rcm_core::chunk::{Chunk, ChunkOptions, chunk, chunk_with};
use rcm_core::parse::languages::LANGUAGES;
use rcm_core::parse::{parse, parse_as};

/// Stack of the threads that the pipeline runs on at least.
const STACK_BYTES: usize = 2 << 20;

/// Every non-blank line is in exactly one chunk, in order, and a chunk's text is its lines.
fn check_cover(text: &str, chunks: &[Chunk]) {
    let lines: Vec<&str> = text.lines().collect();
    let mut covered = vec![false; lines.len()];
    let mut last = 0;
    for chunk in chunks {
        assert!(chunk.start_line > last && chunk.end_line >= chunk.start_line, "{chunk:?}");
        last = chunk.end_line;
        assert_eq!(chunk.text, lines[chunk.start_line - 1..chunk.end_line].join("\n"));
        for line in chunk.start_line..=chunk.end_line {
            covered[line - 1] = true;
        }
        for definition in &chunk.definitions {
            assert!((chunk.start_line..=chunk.end_line).contains(&definition.line), "{definition:?}");
        }
    }
    for (line, covered) in lines.iter().zip(covered) {
        assert!(covered || line.trim().is_empty(), "{line:?} is in no chunk");
    }
}

fn check_all_languages(text: &str, options: &ChunkOptions) {
    for language in &LANGUAGES {
        let tree = parse_as(language, text);
        let chunks = chunk_with(text, &tree, options);
        check_cover(text, &chunks);
        assert_eq!(tree, parse_as(language, text), "{}", language.name);
        assert_eq!(chunks, chunk_with(text, &tree, options), "{}", language.name);
        for symbol in &tree.symbols {
            assert!(text.get(symbol.span.clone()).is_some() && text.get(symbol.body.clone()).is_some());
        }
    }
    let plain = parse(Path::new("notes"), text);
    check_cover(text, &chunk_with(text, &plain, options));
}

/// Pieces of source in many languages, so that the parsers find something, and things they do not expect.
fn fragment() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "fn f(a: u8) {",
        "}",
        "/// doc",
        "#[test]",
        "impl A for B {",
        "class A:",
        "    def f(self):",
        "  \"\"\"doc\"\"\"",
        "function f() {",
        "end",
        "def f",
        "module A",
        "# Heading",
        "## Sub",
        "```",
        "- a: b",
        "key: |",
        "[table]",
        "{\"a\": [1, 2]}",
        "export const x = () => {",
        "namespace a {",
        "template <class T>",
        "public class A {",
        "<div>",
        "</div>",
        "a { color: red }",
        "<?php",
        "@doc",
        "`${",
        "/*",
        "*/",
        "(",
        ")",
        "<<EOF",
        "EOF",
        "",
        "",
        "\t",
        "\u{2028}",
        "\u{feff}",
        "\0",
        "e\u{301}\u{1f468}\u{200d}\u{1f469}",
        "\u{a0}",
        "\r",
        "\u{b}",
    ]);
    prop_oneof![8 => known.prop_map(str::to_owned), 1 => "\\PC{0,40}", 1 => "[ \\t]{0,12}[a-z(){};:]{0,30}"]
}

fn text() -> impl Strategy<Value = String> {
    let line_break = prop::sample::select(vec!["\n", "\n", "\n", "\r\n", " ", "\n\n"]);
    prop::collection::vec((fragment(), line_break, 0_usize..6), 0..60).prop_map(|parts| {
        parts
            .into_iter()
            .map(|(part, line_break, indent)| " ".repeat(indent * 2) + &part + line_break)
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn chunks_cover_every_line_once(text in text(), target in 1_usize..400) {
        check_all_languages(&text, &ChunkOptions { target_chars: target, max_chars: target * 3 / 2 });
    }

    #[test]
    fn any_string_at_all(text in any::<String>()) {
        check_all_languages(&text, &ChunkOptions::default());
    }
}

#[test]
fn odd_texts() {
    let long_line = "x".repeat(100_000);
    for text in ["", "\n\n \n\t\n", "one line", "\r\n\r\n", "a\u{85}b\n\u{3000}\n", long_line.as_str()] {
        check_all_languages(text, &ChunkOptions::default());
    }
    assert!(chunk("\n\n \n", &parse(Path::new("a.rs"), "\n\n \n")).is_empty());
}

#[test]
fn a_function_of_100_000_lines_is_cut_in_linear_work() {
    let body = "    total += values[index] * 2;\n";
    for (path, open, close) in [("a.rs", "fn f() {\n", "}\n"), ("a.py", "def f():\n", ""), ("a.txt", "", "")]
    {
        let text = format!("{open}{}{close}", body.repeat(100_000));
        let options = ChunkOptions::default();
        let chunks = chunk(&text, &parse(Path::new(path), &text));
        check_cover(&text, &chunks);
        let fewest = text.len() / options.max_chars;
        assert!((fewest..fewest * 4).contains(&chunks.len()), "{path}: {} chunks", chunks.len());
        assert!(chunks.iter().all(|chunk| chunk.text.len() <= options.max_chars), "{path}");
        let later = chunks.iter().skip(1).filter(|chunk| chunk.signature.is_empty()).count();
        assert_eq!(later == 0, path != "a.txt", "{path}: {later} later parts without signature");
    }
}

#[test]
fn nesting_does_not_overflow_a_small_stack() {
    let deep = 10_000;
    let brackets = |open: &str, close: &str| open.repeat(deep) + "1" + &close.repeat(deep);
    let texts = [
        ("a.c", format!("int a = {};", brackets("(", ")"))),
        ("a.json", brackets("[", "]")),
        ("a.json", "{\"a\":\n".repeat(deep)),
        ("a.rs", format!("fn f() {{ {} }}", brackets("(", ")"))),
        ("a.rs", "mod a {\n".repeat(deep) + &"}\n".repeat(deep)),
        ("a.rs", format!("fn f() {{ {}", "(".repeat(deep))),
        ("a.py", format!("x = {}", brackets("[", "]"))),
        ("a.py", (0..900).map(|level| " ".repeat(level) + "if a:\n").collect()),
        ("a.js", format!("x = {};", "a +\n".repeat(deep))),
        ("a.yaml", "- ".repeat(deep)),
        ("a.md", "> ".repeat(deep)),
        ("a.rb", format!("f({})", "<<A, ".repeat(deep))),
    ];
    let check = move || {
        for (path, text) in &texts {
            check_cover(text, &chunk(text, &parse(Path::new(path), text)));
        }
    };
    let thread = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(check).expect("a thread");
    thread.join().expect("no overflow and no panic");
}
