//! The order of the stages is a rule, not a habit: a module uses only modules before it, and nothing is unsafe.

use std::fs;
use std::path::{Path, PathBuf};

/// Modules in flow order; those with the same number may not use each other.
const ORDER: [&str; 16] = [
    "error",
    "skip",
    "cancel",
    "walk",
    "read",
    "snapshot",
    "filter",
    "parse",
    "chunk",
    "terms",
    "embed",
    "in_flight",
    "look",
    "process",
    "pipeline",
    "grep",
];

/// All source files below `dir`, with the name of the top-level module each belongs to.
fn sources(dir: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry of it").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(dir).expect("below the folder listed");
                let module = relative.components().next().expect("a path with a file name").as_os_str();
                let module = module.to_string_lossy().trim_end_matches(".rs").to_owned();
                found.push((module, path));
            }
        }
    }
    found
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The top-level modules that `source` names in `crate::` paths, grouped imports included.
fn modules_used(source: &str) -> Vec<String> {
    let code =
        source.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut used = Vec::new();
    for (at, prefix) in code.match_indices("crate::") {
        let rest = &code[at + prefix.len()..];
        match rest.strip_prefix('{') {
            Some(group) => used.extend(group_members(group)),
            None => used.push(identifier(rest)),
        }
    }
    used
}

fn group_members(group: &str) -> Vec<String> {
    let (mut depth, mut members, mut at_start) = (0, Vec::new(), true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => at_start = true,
            c if at_start && !c.is_whitespace() => {
                members.push(identifier(&group[at..]));
                at_start = false;
            }
            _ => {}
        }
    }
    members
}

fn identifier(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn a_module_uses_only_earlier_modules() {
    let place = |module: &str| ORDER.iter().position(|name| *name == module);
    let mut wrong = Vec::new();
    for (module, path) in sources(&src()).into_iter().filter(|(module, _)| module != "lib") {
        let own = place(&module).unwrap_or_else(|| panic!("{module} has no place in the order"));
        for used in modules_used(&fs::read_to_string(&path).expect("a source file")) {
            let other =
                place(&used).unwrap_or_else(|| panic!("{used}, used by {module}, has no place in the order"));
            if other > own {
                wrong.push(format!("{} uses {used}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn nothing_is_unsafe() {
    let word = ["un", "safe"].concat();
    for (_, path) in sources(&src()) {
        let source = fs::read_to_string(&path).expect("a source file");
        let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
        let found =
            code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_')).any(|w| w == word);
        assert!(!found, "{}", path.display());
    }
}

#[test]
fn the_reader_of_imports_reads_all_their_forms() {
    let source = "use crate::walk::Entry;\nuse crate::{error::{A, B}, skip, read::C};\n// crate::embed\nlet x = crate::terms::f();\n";
    assert_eq!(modules_used(source), ["walk", "error", "skip", "read", "terms"]);
}

#[test]
fn every_crate_but_those_of_memory_and_vectors_forbids_it() {
    let word = ["un", "safe_code"].concat();
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the folder of the crates");
    let mut seen = 0;
    for entry in fs::read_dir(crates).expect("crates").map(|entry| entry.expect("a crate").path()) {
        let Ok(root) = fs::read_to_string(entry.join("src/lib.rs")) else { continue };
        seen += 1;
        let allowed: &[&str] = match entry.file_name().and_then(|name| name.to_str()) {
            Some("rcm-vectors") => &["kernel", "map"],
            Some("rcm-arena") => &["arena", "hooks", "parse"],
            _ => &[],
        };
        if allowed.is_empty() {
            assert!(root.contains(&format!("#![forbid({word})]")), "{}", entry.display());
            continue;
        }
        assert!(root.contains(&format!("#![deny({word})]")));
        let mut allowing: Vec<_> = sources(&entry.join("src"))
            .into_iter()
            .filter(|(_, path)| fs::read_to_string(path).expect("source").contains(&format!("allow({word})")))
            .map(|(module, _)| module)
            .collect();
        allowing.sort();
        assert_eq!(allowing, allowed);
    }
    assert_eq!(seen, 4, "a new crate has its say here");
}
