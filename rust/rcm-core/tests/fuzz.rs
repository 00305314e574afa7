//! Raw bytes against everything that reads what strangers wrote: chunks of any language, the filter that redacts, ignore
//! and attribute files, queries, and the record of files in flight.
//!
//! Each target starts from a small corpus (the golden inputs and the texts below), mutates bytes and looks at what must
//! hold. `RCM_FUZZ_SECONDS` is the time per target (6), `RCM_TEST_SEED` the first state of the dice (1); a seed is
//! written before it is used, so that a process that a grammar aborted can be repeated.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rcm_core::cancel::Cancel;
use rcm_core::chunk::chunk;
use rcm_core::filter::{SecretPolicy, filter};
use rcm_core::in_flight::last_noted;
use rcm_core::parse::languages::LANGUAGES;
use rcm_core::parse::parse_as;
use rcm_core::terms::query_terms;
use rcm_core::walk::{WalkOptions, walk};

/// Longer inputs are cut: what breaks at 64 kB breaks below it.
const MAX_BYTES: usize = 16 << 10;

/// Pieces that parsers treat specially.
const TOKENS: [&[u8]; 28] = [
    b"\0",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\n\n",
    b"((((((((",
    b"))))))))",
    b"{{{{",
    b"}}}}",
    b"[[[[",
    b"\"\"\"",
    b"'''",
    b"<<EOF\n",
    b"/*",
    b"*/",
    b"```\n",
    b"- - - ",
    b"\t\t\t\t",
    b"        ",
    b"key: |\n",
    b"=begin\n",
    b"\xed\xa0\x80",
    b"\xe2\x80\xa8",
    b"password = \"",
    b"-----BEGIN PRIVATE KEY-----\n",
    b"**/",
    b"[!a-",
    b"\\",
];

/// A linear congruential generator (Knuth's constants): the same inputs on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end.max(1)
    }

    /// A few random changes: bytes flipped, tokens put in, runs taken out, repeated or moved to the end.
    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(6) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(64)).min(bytes.len());
            match self.below(6) {
                0 if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                1 => {
                    bytes.splice(at..at, TOKENS[self.below(TOKENS.len())].repeat(1 + self.below(20)));
                }
                2 => {
                    bytes.drain(at..end);
                }
                3 => {
                    let run = bytes[at..end].repeat(1 + self.below(30));
                    bytes.splice(at..at, run);
                }
                4 => bytes.truncate(bytes.len().min(at.max(1))),
                _ => {
                    let run: Vec<u8> = bytes.drain(at..end).collect();
                    bytes.extend(run);
                }
            }
            bytes.truncate(MAX_BYTES);
        }
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Calls `target` with mutated corpus entries (their number and bytes) until the time is over.
fn fuzz(name: &str, corpus: &[Vec<u8>], mut target: impl FnMut(usize, &[u8])) {
    let seed = number("RCM_TEST_SEED", 1);
    // Past the capture of test output, which an abort would swallow.
    let _ = writeln!(std::io::stderr(), "fuzz {name}: seed {seed}");
    let mut dice = Dice(seed);
    for (entry, bytes) in corpus.iter().enumerate() {
        target(entry, bytes);
    }
    // Only now: the first use of a grammar compiles its query.
    let until = Instant::now() + Duration::from_secs(number("RCM_FUZZ_SECONDS", 6));
    let mut runs = 0_usize;
    while Instant::now() < until {
        let entry = dice.below(corpus.len());
        let mut bytes = corpus[entry].clone();
        dice.mutate(&mut bytes);
        target(entry, &bytes);
        runs += 1;
    }
    let _ = writeln!(std::io::stderr(), "fuzz {name}: {runs} inputs");
}

/// One golden input per language, in the order of `LANGUAGES`; empty where there is none of that name.
fn golden() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let input = |name: &str| {
        let entries = fs::read_dir(folder.join(name)).ok()?;
        let path = entries
            .flatten()
            .map(|entry| entry.path())
            .find(|path| path.file_stem().is_some_and(|stem| stem == "input"));
        path.and_then(|path| fs::read(path).ok())
    };
    LANGUAGES.iter().map(|language| input(language.name).unwrap_or_default()).collect()
}

#[test]
fn every_language_has_a_corpus_entry() {
    assert!(golden().iter().filter(|input| !input.is_empty()).count() >= 26);
}

#[test]
fn chunks_of_any_bytes_in_any_language_cover_their_lines() {
    fuzz("chunk", &golden(), |entry, bytes| {
        let text = String::from_utf8_lossy(bytes);
        let tree = parse_as(&LANGUAGES[entry], &text);
        let chunks = chunk(&text, &tree);
        let lines: Vec<&str> = text.lines().collect();
        let mut next = 1;
        for chunk in &chunks {
            assert!(chunk.start_line >= next && chunk.end_line >= chunk.start_line, "order: {chunk:?}");
            let between = &lines[next - 1..chunk.start_line - 1];
            assert!(between.iter().all(|line| line.trim().is_empty()), "left out before {chunk:?}");
            assert_eq!(chunk.text, lines[chunk.start_line - 1..chunk.end_line].join("\n"));
            next = chunk.end_line + 1;
        }
        assert!(lines[next - 1..].iter().all(|line| line.trim().is_empty()), "left out at the end");
    });
}

#[test]
fn the_filter_keeps_the_number_of_lines_and_is_done_after_one_pass() {
    let mut corpus = golden();
    // Put together here: nothing that looks like a secret stands in a file.
    let token = ["gh", "p_", "16C7e42F292c6912E7710c838347Ae178B4a"].concat();
    corpus.push(format!("api_key = \"{token}\"\npassword: 'hunter2hunter2hunter2'\n").into_bytes());
    corpus.push(format!("https://user:{token}@example.org/x\n{}", "a\r\n".repeat(50)).into_bytes());
    fuzz("filter", &corpus, |_, bytes| {
        let Ok(text) = filter(Path::new("a.py"), bytes, &SecretPolicy::default()) else { return };
        if !bytes.starts_with(b"\xff\xfe") && !bytes.starts_with(b"\xfe\xff") {
            let newlines = memchr::memchr_iter(b'\n', bytes).count();
            assert_eq!(text.text.matches('\n').count(), newlines);
        }
        let lines: Vec<&str> = text.text.split('\n').collect();
        for secret in &text.secrets.found {
            let told = lines[secret.line - 1..secret.end_line].join("\n");
            assert!(told.contains(&format!("<secret:{}>", secret.rule)), "{secret:?} {told:?}");
        }
    });
}

#[test]
fn any_rules_leave_a_walk_that_ends_within_the_tree() {
    let corpus: Vec<Vec<u8>> = [
        "*.log\n/build/\n!keep.log\n**/x/**/y\n# comment\n\\#a\na[!b-z]c\n{a,b}.py\n",
        "*.py linguist-generated\nsub/** linguist-vendored -diff\n\"q x\" linguist-generated=false\n[attr]a b\n",
        "a/**/b/**/c*d?e\n!!x\n/\n//\n\\\n trailing \\ \n*{*{*,b},c}\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    let root = tempfile::tempdir().expect("temporary folder");
    let files = ["a.py", "keep.log", "sub/x/y/b.py", "sub/q x", "build/c"];
    for file in files {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, "x = 1\n").expect("file");
    }
    let rules = [".rcmignore", ".gitattributes", "sub/.gitignore"];
    // A rule such as `!.*` may bring hidden files back: those of the tree, none else.
    let everything: Vec<PathBuf> = files.iter().chain(&rules).map(PathBuf::from).collect();
    fuzz("ignore", &corpus, |entry, bytes| {
        fs::write(root.path().join(rules[entry]), bytes).expect("rules");
        let options = WalkOptions { threads: 1, ..WalkOptions::default() };
        let walked = walk(root.path(), &options, &Cancel::default()).expect("a walk");
        for entry in &walked.entries {
            assert!(everything.contains(&entry.path), "not of this tree: {:?}", entry.path);
        }
    });
}

#[test]
fn any_query_gives_terms() {
    let corpus: Vec<Vec<u8>> = [
        "where are retries configured",
        "parse_config parseConfig HTTPServer2 a::b.c->d",
        "+-&&||!(){}[]^\"~*?:\\/ AND (NOT \"unclosed",
        "caf\u{e9} e\u{301} \u{df} \u{130} \u{ff52}\u{ff45} \u{1f980} \u{643}\u{648}\u{62f}",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    fuzz("query", &corpus, |_, bytes| {
        let text = String::from_utf8_lossy(bytes);
        let terms = query_terms(&text);
        assert!(
            terms.iter().all(|term| !term.is_empty() && !term.contains(char::is_whitespace)),
            "{terms:?}"
        );
        assert_eq!(terms, query_terms(&text));
    });
}

#[test]
fn any_record_of_files_in_flight_is_read() {
    let mut slot = vec![7; 32];
    slot.extend(5_u16.to_le_bytes());
    slot.extend(b"a/b.c");
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("IN-FLIGHT");
    let corpus = [slot.clone(), [slot, vec![0; 4_057], vec![255; 9_000]].concat()];
    fuzz("in flight", &corpus, |_, bytes| {
        fs::write(&path, bytes).expect("file");
        assert!(last_noted(&path).iter().all(|(path, _)| path.as_os_str().len() < 4_096));
    });
}
