//! Minified text: lines no person wrote.

use std::path::Path;

/// Mean bytes per line above which text is packed; and the size from which on the mean says anything.
const MEAN_LINE: usize = 500;
const MEAN_MATTERS_FROM: usize = 2_000;

/// In data formats one long line is ordinary as long as the file is small: up to here it makes a few chunks.
const DATA_MATTERS_FROM: usize = 32_000;

/// No line of hand-written text is this long, in bytes.
const LONGEST_LINE: usize = 20_000;

/// One line is one paragraph: the mean says nothing.
const PROSE: &[&str] = &["adoc", "asciidoc", "md", "mdx", "markdown", "org", "rst", "tex", "txt"];

/// One line is one record, or the whole document.
const DATA: &[&str] = &[
    "csv", "geojson", "html", "ipynb", "json", "jsonl", "ndjson", "po", "sql", "svg", "toml", "tsv", "xml",
    "yaml", "yml",
];

/// Whether the lines of `text` are too long to have been written by hand.
///
/// More than 500 bytes in the mean (not asked of prose, of data below 32 kB and of files below 2 kB), one line above
/// 20 kB, or a name with `.min.` in it.
pub(super) fn is_minified(path: &Path, text: &str) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if name.ends_with(".min.js") || name.ends_with(".min.css") || name.ends_with(".min.mjs") {
        return true;
    }
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let mean_matters_from = match extension {
        prose if PROSE.contains(&prose) => usize::MAX,
        data if DATA.contains(&data) => DATA_MATTERS_FROM,
        _ => MEAN_MATTERS_FROM,
    };
    let (mut lines, mut start, mut longest) = (1, 0, 0);
    for end in memchr::memchr_iter(b'\n', text.trim_end().as_bytes()) {
        longest = longest.max(end - start);
        start = end + 1;
        lines += 1;
    }
    longest = longest.max(text.trim_end().len().saturating_sub(start));
    longest > LONGEST_LINE || text.len() >= mean_matters_from && text.len() / lines > MEAN_LINE
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, expected: bool) {
        assert_eq!(is_minified(Path::new(path), text), expected, "{path}");
    }

    #[test]
    fn long_lines_in_code_are_packed() {
        check("a.js", &"x".repeat(501).repeat(4), true);
        check("a.js", &format!("{}\n", "var a=1;".repeat(60)).repeat(10), false);
        check("a.js", &format!("{}\n", "var a=1;".repeat(70)).repeat(10), true);
        check("a.js", "x=1\n", false);
        check("a.js", &"x".repeat(600), false);
        check("jquery.min.js", "x=1\n", true);
    }

    #[test]
    fn one_enormous_line_is_enough() {
        let text = format!("{}{}\n", "line\n".repeat(10_000), "y".repeat(20_001));
        check("a.py", &text, true);
        check("a.py", &text.replace('y', ""), false);
        check("a.md", &text, true);
    }

    #[test]
    fn prose_and_small_data_may_have_long_lines() {
        let line = format!("{}\n", "word ".repeat(300));
        check("a.md", &line.repeat(100), false);
        check("a.json", &line.repeat(10), false);
        check("a.json", &line.repeat(30), true);
        check("a.rs", &line.repeat(10), true);
    }
}
