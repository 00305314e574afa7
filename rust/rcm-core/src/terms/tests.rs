use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;

use super::key::pair_key;
use super::*;
use crate::chunk::{Chunk, Definition};
use crate::parse::SymbolKind;

fn of(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    terms(text, &mut out);
    out
}

fn joined(text: &str) -> String {
    of(text).join(" ")
}

#[test]
fn every_spelling_of_a_name_shares_its_whole_and_parts() {
    for name in ["getUserName", "get_user_name", "GetUserName", "GET_USER_NAME", "__get_user_name"] {
        assert_eq!(joined(name), "getusername get user name", "{name}");
    }
}

#[test]
fn names_are_cut_at_camel_case_digits_and_underscores() {
    assert_eq!(joined("parseHTTPResponse2"), "parsehttpresponse2 pars http respons 2");
    assert_eq!(joined("utf8mb4"), "utf8mb4 utf 8 mb 4");
    assert_eq!(joined("HTTPServer XMLHttpRequest"), "httpserver http server xmlhttprequest xml http request");
    assert_eq!(joined("_ __ ___"), "");
    assert_eq!(joined("2nd 0x1F 3.14"), "2 nd 0 x1f x 1 f 3 14");
}

#[test]
fn one_part_words_are_stemmed() {
    assert_eq!(joined("Parsing parsed __init__ retries"), "pars pars init retri");
}

#[test]
fn words_beyond_ascii() {
    assert_eq!(joined("Größe NAÏVE Ключ"), "größe naïve ключ");
    assert_eq!(joined("ﬁle ＧｅｔＵｓｅｒ"), "file getuser get user");
    assert_eq!(joined("cafe\u{301}s — “quoted”"), "cafés quot");
    assert_eq!(joined("größeÄndern"), "größeändern größe ändern");
    assert_eq!(joined("ΟΔΟΣ"), "οδος");
    assert_eq!(joined("配置を読む"), "配 配置 置 置を を を読 読 読む む");
    assert_eq!(joined("get配置"), "get 配 配置 置");
    assert_eq!(joined("🎉\u{a0}\u{3000}ok"), "ok");
}

#[test]
fn long_runs_give_one_cut_term() {
    let blob = "aB3".repeat(2_000);
    assert_eq!(of(&blob), [blob[..MAX_TERM_BYTES].to_lowercase()]);
    let wide = "é".repeat(200);
    assert_eq!(of(&wide), ["é".repeat(MAX_TERM_BYTES / 2)]);
}

#[test]
fn queries_lose_their_function_words() {
    assert_eq!(
        query_terms("How does the parser handle the errors of a parser?"),
        ["parser", "handl", "error"]
    );
    assert_eq!(query_terms("isEmpty is"), ["isempty", "is", "empti"]);
    assert_eq!(query_terms("what is this"), ["what", "is", "this"]);
    assert!(query_terms(" ?! ").is_empty());
}

#[test]
fn stems_of_placeholder_names_come_from_the_folder() {
    for (path, stem) in [
        ("src/parser.rs", "parser"),
        ("src/http/mod.rs", "http"),
        ("pkg/__init__.py", "pkg"),
        ("Sources/Net/Main.swift", "Net"),
        ("a/package-info.java", "a"),
        ("main.py", "main"),
        ("web/app.test.ts", "app.test"),
        (".gitignore", ".gitignore"),
    ] {
        assert_eq!(effective_stem(Path::new(path)), stem);
    }
}

#[test]
fn keys_are_fnv_1a() {
    assert_eq!((term_key(""), term_key("a"), term_key("foobar")), (0x811c_9dc5, 0xe40c_292c, 0xbf9c_f968));
    assert_eq!((name_key(""), name_key("foobar")), (0xcbf2_9ce4_8422_2325, 0x8594_4171_f739_67e8));
}

#[test]
fn keys_of_a_name_differ_by_spelling_in_the_low_bits_only() {
    let fold = |name| name_key(name) >> SPELLING_BITS;
    for name in
        ["get_user_name", "GetUserName", "get-user-name", "GET_USER_NAME", "getusername?", "__getUserName"]
    {
        assert_eq!(fold(name), fold("getUserName"), "{name}");
        assert_ne!(name_key(name), name_key("getUserName"), "{name}");
    }
    assert_eq!(fold("Größe"), fold("größe"));
    for (one, other) in [("user", "users"), ("+", "-"), ("_", "__"), ("a1", "a2"), ("größe", "grosse")] {
        assert_ne!(fold(one), fold(other), "{one} {other}");
    }
}

fn chunk_of(text: &str, names: &[&str]) -> Chunk {
    let definitions = names
        .iter()
        .map(|name| Definition {
            name: (*name).to_owned(),
            kind: SymbolKind::Function,
            line: 1,
            indent: 0,
            forward: false,
        })
        .collect();
    Chunk {
        start_line: 1,
        end_line: 1,
        text: text.to_owned(),
        symbol: "Outer.inner".to_owned(),
        kind: None,
        signature: String::new(),
        definitions,
        parts: Vec::new(),
        references: Vec::new(),
    }
}

#[test]
fn a_bag_holds_body_path_stem_and_symbols() {
    let path = Path::new("net/retry.py");
    let document = |chunk: &Chunk| bag_and_document(path, chunk).0;
    assert_eq!(
        document(&chunk_of("def backOff(): pass", &["backOff"])),
        "def backoff back off pass net retri py retri retri retri backoff back off backoff back off"
    );
    assert_eq!(
        document(&chunk_of("pass", &[])),
        "pass net retri py retri retri retri outer inner outer inner"
    );
}

/// Pairs as `first second` of stems, by looking at what is between the runs.
fn slow_pairs(text: &str) -> Vec<String> {
    let mut pairs = Vec::new();
    let mut before: Option<(usize, String)> = None;
    for run in run::runs(text) {
        let start = run.as_ptr() as usize - text.as_ptr() as usize;
        let mut parts = of(run);
        if parts.len() > 1 {
            // Its whole; several words that are no one name have no neighbours.
            parts = if run.is_ascii() { parts.split_off(1) } else { Vec::new() };
        }
        if query::is_function_word(run) {
            parts.clear();
        }
        if let Some((end, last)) = before.take()
            && [" ", "-", "."].contains(&&text[end..start])
            && let Some(first) = parts.first()
        {
            pairs.push(format!("{last} {first}"));
        }
        pairs.extend(parts.windows(2).map(|two| two.join(" ")));
        before = parts.pop().map(|last| (start + run.len(), last));
    }
    pairs
}

fn keys_of(pairs: &[String]) -> Vec<u32> {
    pairs
        .iter()
        .map(|pair| pair.split_once(' ').map_or(0, |(a, b)| pair_key(term_key(a), term_key(b))))
        .collect()
}

fn slow_counts(bag: &[String], pairs: &[String]) -> Vec<(u32, u16)> {
    let mut counts = BTreeMap::new();
    for key in bag.iter().map(|term| term_key(term)).chain(keys_of(pairs)) {
        *counts.entry(key).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

#[test]
fn terms_side_by_side_make_pairs() {
    let pair = keys_of(&["event loop".to_owned()]);
    for text in ["event loop", "EventLoop", "event_loops", "event-loop", "an events.loop"] {
        assert_eq!(query_pairs(text), pair, "{text}");
    }
    for text in
        ["event  loop", "event, loop", "event of loop", "loop", "the event", "", "event/loop", "会话过期"]
    {
        assert!(query_pairs(text).is_empty(), "{text}");
    }
    assert_eq!(slow_pairs("main event_loop ends"), ["main event", "event loop", "loop end"]);
    assert_eq!(query_pairs("main event_loop ends"), keys_of(&slow_pairs("main event_loop ends")));
    assert_eq!(query_pairs("log the log. log log"), keys_of(&["log log".to_owned()]), "each once");
    assert_ne!(query_pairs("loop event"), pair, "in this order");
}

proptest! {
    #[test]
    fn terms_are_short_and_free_of_white_space(text in "(\\PC|[a-zA-Z_ 0-9]|[一-龠é Ωß]){0,300}") {
        for term in of(&text) {
            prop_assert!(!term.is_empty() && term.len() <= MAX_TERM_BYTES);
            prop_assert!(!term.contains(char::is_whitespace), "{term:?}");
        }
    }

    #[test]
    fn the_three_forms_of_a_bag_agree(text in "([a-zA-Z_]{1,12}[ .(-]|\\PC|is |2nd ){0,80}", name in "[a-zA-Zé]{0,9}") {
        let chunk = chunk_of(&text, &[&name]);
        let path = Path::new("a/b c.rs");
        let bag = bag(path, &chunk);
        let (document, counts, length) = bag_and_document(path, &chunk);
        prop_assert_eq!(document.split_whitespace().collect::<Vec<_>>(), bag.iter().collect::<Vec<_>>());
        let fields = [&text[..], "a/b c.rs", "b c", "b c", "b c", &name, &name];
        let pairs: Vec<_> = fields.iter().flat_map(|field| slow_pairs(field)).collect();
        prop_assert_eq!((counts, length), (slow_counts(&bag, &pairs), bag.len() as u32));
    }

    #[test]
    fn pairs_of_a_query_are_those_of_a_text(text in "([a-zA-Z_]{1,5}[ .(-]|\\PC|the |2nd ){0,40}") {
        let mut seen = std::collections::BTreeSet::new();
        let mut slow = keys_of(&slow_pairs(&text));
        slow.retain(|&key| seen.insert(key));
        prop_assert_eq!(query_pairs(&text), slow);
    }

    #[test]
    fn stemming_never_fails(word in "[a-z]{1,70}('s)?") {
        prop_assert!(!of(&word).is_empty());
    }
}
