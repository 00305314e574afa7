//! What people write about code: comments without their marks, and whether they say anything.

/// At least three words of prose and no licence header or tool directive.
pub fn is_sentence(text: &str) -> bool {
    let words = text.split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count();
    let letters = text.chars().filter(|each| each.is_alphabetic() || each.is_whitespace()).count();
    let lower = text.to_lowercase();
    let notice =
        ["copyright", "license", "licence", "eslint", "noqa", "pylint", "todo", "fixme", "generated"];
    words >= 3 && letters * 10 >= text.chars().count() * 7 && !notice.iter().any(|each| lower.contains(each))
}

/// What begins a line comment; none where comments are no sentences about code.
pub fn line_comment(language: &str) -> Option<&'static str> {
    match language {
        "python" | "ruby" | "bash" | "elixir" => Some("# "),
        "lua" | "haskell" => Some("-- "),
        "markdown" | "html" | "css" | "json" | "yaml" | "toml" => None,
        _ => Some("// "),
    }
}

/// The first paragraph of a comment without its marks, tags and markup; tags such as `@param` end it.
pub fn clean_comment(comment: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for line in comment.lines() {
        let line = strip_marks(line);
        let tag = ["@param", "@return", "@throws", ":param", "\\param", "# Examples", "Args:", "```", ">>> "];
        if (line.is_empty() && !words.is_empty()) || tag.iter().any(|each| line.starts_with(each)) {
            break;
        }
        words.extend(line.split_whitespace().filter(|word| !word.starts_with("{@")));
        if words.len() > 80 {
            break;
        }
    }
    remove_tags(&words.join(" "))
}

fn strip_marks(line: &str) -> &str {
    let line =
        line.trim().trim_start_matches("@moduledoc").trim_start_matches("@doc").trim_start_matches("~S");
    let line =
        line.trim().trim_start_matches(['/', '*', '!', '#', '-', '"', '\'', ';', '|', '{', '^', '<', '%']);
    line.trim_end_matches(['/', '*', '"', '\'', '}', '-']).trim()
}

/// Drops `<tag ...>` runs, as in XML documentation comments.
fn remove_tags(text: &str) -> String {
    let text = text.replace("summary>", " ");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(open) = rest.find('<') {
        let inside = &rest[open + 1..];
        let named = inside.starts_with(|each: char| each.is_ascii_alphabetic() || each == '/');
        let Some(close) = inside.find('>').filter(|_| named) else {
            out.push_str(&rest[..=open]);
            rest = inside;
            continue;
        };
        out.push_str(&rest[..open]);
        out.push(' ');
        rest = &inside[close + 1..];
    }
    out.push_str(rest);
    out.trim().to_owned()
}

/// The first comment of a file that says what the file is for, and where it ends; licence headers are passed over.
pub fn file_comment(language: &str, text: &str) -> Option<(String, usize)> {
    let mut at = 0;
    while let Some(start) = text[at..].find(|each: char| !each.is_whitespace()).map(|skip| at + skip) {
        let end = start + comment_length(language, &text[start..])?;
        let query = clean_comment(&text[start..end]);
        if is_sentence(&query) {
            return (!is_directive(&query)).then_some((query, end));
        }
        at = end;
    }
    None
}

/// Whether a comment speaks to a tool.
fn is_directive(comment: &str) -> bool {
    [
        "go:build ",
        "+build ",
        "global ",
        "-*-",
        "vim:",
        "swift-tools-version",
        "frozen_string_literal",
        "shellcheck",
    ]
    .iter()
    .any(|each| comment.starts_with(each))
}

/// The length of the comment that `text` begins with.
fn comment_length(language: &str, text: &str) -> Option<usize> {
    let blocks = match language {
        "python" => [("\"\"\"", "\"\"\""), ("'''", "'''")],
        "haskell" => [("{-", "-}"), ("{-", "-}")],
        "lua" => [("--[[", "]]"), ("--[==[", "]==]")],
        "ruby" | "bash" | "elixir" => [("=begin", "=end"), ("=begin", "=end")],
        _ => [("/*", "*/"), ("<!--", "-->")],
    };
    for (open, close) in blocks {
        if let Some(inside) = text.strip_prefix(open) {
            return inside.find(close).map(|length| open.len() + length + close.len());
        }
    }
    let mark = line_comment(language)?.trim_end();
    let is_comment = |line: &&str| line.starts_with(mark) || line.trim_end() == "<?php";
    let length = text.split_inclusive('\n').take_while(is_comment).map(str::len).sum();
    (length > 0).then_some(length)
}
