//! A tree from the arena is the tree from the system's memory, whatever came before it.
#![allow(clippy::unwrap_used)]

use std::ops::ControlFlow;

use proptest::prelude::*;
use tree_sitter::{Language, Parser};

fn rust() -> Language {
    tree_sitter_rust::LANGUAGE.into()
}

/// The tree as the system's memory gives it.
fn by_system(text: &str) -> String {
    let mut parser = Parser::new();
    parser.set_language(&rust()).unwrap();
    parser.parse(text, None).unwrap().root_node().to_sexp()
}

fn by_arena(text: &str) -> Option<String> {
    rcm_arena::parse(&rust(), text, || ControlFlow::Continue(()), |root| root.to_sexp())
}

/// Some code with so many functions.
fn code(functions: usize) -> String {
    let function = |nth| {
        format!("/// Says {nth}.\nfn f{nth}(a: &[u8]) -> usize {{ a.iter().map(|b| g(*b, {nth})).sum() }}\n")
    };
    (0..functions).map(function).collect()
}

#[test]
fn trees_are_the_same() {
    for text in ["", "fn", "fn main() {}", "}}}((", "let x = r#\"\"#;\u{0}", &code(3), &code(5_000), &code(3)]
    {
        assert_eq!(by_arena(text).as_deref(), Some(&*by_system(text)), "{text:.40}");
    }
}

#[test]
fn a_parse_that_is_broken_off_gives_none_and_the_next_one_begins_anew() {
    let text = code(500);
    let mut left = 20;
    let mut spend = || {
        left -= 1;
        if left > 0 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    assert_eq!(rcm_arena::parse(&rust(), &text, &mut spend, |root| root.to_sexp()), None);
    assert_eq!(by_arena("fn main() {}").as_deref(), Some(&*by_system("fn main() {}")));
}

#[test]
fn parsers_within_a_parse_live_longer_than_it() {
    let inner = code(50);
    let mut kept = Vec::new();
    let outer = rcm_arena::parse(
        &rust(),
        &code(300),
        || {
            let mut parser = Parser::new();
            parser.set_language(&rust()).unwrap();
            kept.push(parser.parse(&inner, None).unwrap());
            ControlFlow::Continue(())
        },
        |root| {
            let before = root.to_sexp();
            assert_eq!(by_arena(&inner).as_deref(), Some(&*by_system(&inner)), "one within the other");
            assert_eq!(root.to_sexp(), before);
            let copied = root.walk().node().to_sexp();
            (before, copied)
        },
    );
    assert_eq!(outer, Some((by_system(&code(300)), by_system(&code(300)))));
    assert!(kept.len() > 5);
    assert!(kept.iter().all(|tree| tree.root_node().to_sexp() == by_system(&inner)));
}

#[test]
fn a_panic_while_a_tree_is_read_leaves_the_arena_whole() {
    let read = || rcm_arena::parse(&rust(), &code(10), || ControlFlow::Continue(()), |_| panic!("by design"));
    assert!(std::panic::catch_unwind(read).is_err());
    assert_eq!(by_arena(&code(10)), Some(by_system(&code(10))));
}

#[test]
fn each_thread_has_its_own() {
    std::thread::scope(|scope| {
        for nth in 0..8 {
            scope.spawn(move || {
                for functions in 0..20 {
                    let text = code(functions * (nth + 1) % 50);
                    assert_eq!(by_arena(&text), Some(by_system(&text)));
                }
            });
        }
    });
}

proptest! {
    #[test]
    fn any_text_gives_the_same_tree(text in "([a-z]{1,8}[ \n]|fn |\\{|\\}|\\(|\\)|let |= |;|\"|/\\*|'|#|::|<|>|&|\\PC){0,400}") {
        prop_assert_eq!(by_arena(&text), Some(by_system(&text)));
    }
}
