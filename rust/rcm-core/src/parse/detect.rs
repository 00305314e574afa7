//! Which language a file is in: by file name, by extension, by its `#!` line, and for `.h` and `.ipynb` by what they contain.

use std::path::Path;

use super::languages::{LANGUAGES, Language, by_name};

/// Lines of a `.h` file that are looked at to tell C++ from C: beyond that a header has shown its language.
const HEADER_LINES: usize = 2_000;

/// Line beginnings that occur in C++ headers and not in C ones.
const CPP_LINES: [&str; 11] = [
    "class ",
    "namespace ",
    "template<",
    "template <",
    "using ",
    "public:",
    "private:",
    "protected:",
    "constexpr ",
    "inline namespace ",
    "enum class ",
];

/// The language of the file at `path` with this text; none for plain text.
pub fn detect(path: &Path, text: &str) -> Option<&'static Language> {
    let file_name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if let Some(language) = LANGUAGES.iter().find(|language| language.file_names.contains(&file_name)) {
        return Some(language);
    }
    match path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase) {
        // The filter makes Python of a notebook in Python; what is still an object is of another language.
        Some(extension) if extension == "ipynb" && !text.trim_start().starts_with('{') => by_name("python"),
        Some(extension) if extension == "h" => by_name(if is_cpp_header(text) { "cpp" } else { "c" }),
        Some(extension) => by_extension(&extension).or_else(|| by_shebang(text)),
        None => by_shebang(text),
    }
}

fn by_extension(extension: &str) -> Option<&'static Language> {
    LANGUAGES.iter().find(|language| language.extensions.contains(&extension))
}

fn by_shebang(text: &str) -> Option<&'static Language> {
    let interpreter = interpreter(text.lines().next()?.strip_prefix("#!")?)?;
    LANGUAGES.iter().find(|language| language.shebangs.contains(&interpreter))
}

/// `/usr/bin/env -S A=1 python3.11 -u` and `/usr/bin/python3` to `python`.
fn interpreter(command: &str) -> Option<&str> {
    let mut words = command.split_whitespace();
    let mut program = file_name(words.next()?);
    if program == "env" {
        program = file_name(words.find(|word| !word.starts_with('-') && !word.contains('='))?);
    }
    Some(program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.'))
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_cpp_header(text: &str) -> bool {
    let mut lines = text.lines().take(HEADER_LINES).map(str::trim_start);
    lines.any(|line| CPP_LINES.iter().any(|start| line.starts_with(start)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: &str) {
        let found = detect(Path::new(path), text).map_or("text", |language| language.name);
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn names_and_extensions() {
        check("src/lib.rs", "", "rust");
        check("A/Main.PY", "", "python");
        check("Gemfile", "", "ruby");
        check("Cargo.lock", "", "toml");
        check("notes.txt", "", "text");
        check("LICENSE", "", "text");
        check("a.d.ts", "", "typescript");
        check("App.tsx", "", "tsx");
        check("README.md", "", "markdown");
    }

    #[test]
    fn shebang_lines() {
        check("bin/run", "#!/usr/bin/env python3.11\n", "python");
        check("bin/run", "#!/usr/bin/env -S LC_ALL=C python3 -u\n", "python");
        check("bin/run", "#!/bin/sh\n", "bash");
        check("bin/run", "#! /usr/local/bin/node --no-warnings\n", "javascript");
        check("bin/run", "#!/bin/unheard-of\n", "text");
        check("bin/run", "#!\n", "text");
        check("run.tool", "#!/usr/bin/ruby\n", "ruby");
    }

    #[test]
    fn header_files_are_told_apart_by_content() {
        check("a.h", "#ifdef __cplusplus\nextern \"C\" {\n#endif\nint f(void);\n", "c");
        check("a.h", "#pragma once\nnamespace a {\n}\n", "cpp");
        check("a.h", "  template <typename T>\nstruct X {};\n", "cpp");
        check("a.h", "", "c");
    }

    #[test]
    fn notebooks_are_code_once_the_filter_has_read_them() {
        check("a.ipynb", "\n\nimport os\n", "python");
        check("a.ipynb", "{\n \"cells\": []}", "json");
    }

    #[test]
    fn no_extension_is_claimed_twice() {
        let mut seen = std::collections::BTreeSet::new();
        for language in &LANGUAGES {
            for extension in language.extensions {
                assert!(seen.insert(extension), "{extension}");
            }
        }
    }
}
