//! What grammars stumble over, overwritten with blanks of the same length, so that positions stay.
//!
//! Macros of C and C++ stand for something defined elsewhere: `class EXPORT Name {` and a line that says only
//! `NAMESPACE_BEGIN` cost a parser without a preprocessor all definitions around them. Kotlin's grammar takes a
//! visibility between annotation and `constructor` on a new line for the end of the class, and of the file.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// A macro on a line of its own that begins in the first column: `LIB_NAMESPACE_BEGIN`.
static ALONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^([A-Z][A-Z0-9]*_[A-Z0-9_]+)[ \t]*$"));

/// Macros between `class` and the name of a class that is defined here.
static BEFORE_NAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:class|struct|union)\s+((?:[A-Z][A-Z0-9_]+(?:\([^()]*\))?\s+)+)[A-Za-z_][\w:]*(?:<[^<>{};]*>)?\s*(?:final\s*)?(?:\{|:[^:])",
    )
});

/// Macros between the parameters of a function and the end of its declaration: `void Lock() EXCLUSIVE(mu);`.
static AFTER_PARAMETERS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?m)^[ \t]*(?:[\w:<>,&*~]+\s+)*[\w:<>,&*~]+\([^(){};]*\)(?:\s*(?:const|noexcept|override|final))*((?:\s+[A-Z][A-Z0-9]*_[A-Z0-9_]+(?:\([^()]*\))?)+)\s*[;{]",
    )
});

/// Words that begin statements; what follows their brackets is a call, not an annotation.
const STATEMENTS: [&str; 7] = ["if", "for", "while", "switch", "return", "else", "do"];

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the patterns are constants and tested")
}

/// The visibility in `@Inject internal constructor(` on a line of its own.
static VISIBILITY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?m)^\s*(?:@[\w.]+(?:\([^()]*\))?\s+)+(internal|private|protected|public)\s+constructor\s*\(")
});

/// C and C++ without the macros that hide definitions.
pub fn macros(text: &str) -> Cow<'_, str> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for regex in [&*ALONE, &*BEFORE_NAME] {
        ranges.extend(regex.captures_iter(text).filter_map(|found| Some(found.get(1)?.range())));
    }
    let annotated = AFTER_PARAMETERS.captures_iter(text).filter(|found| !is_statement(&found[0]));
    ranges.extend(annotated.filter_map(|found| Some(found.get(1)?.range())));
    blanked(text, ranges)
}

/// Kotlin without the visibility of annotated primary constructors.
pub fn constructor_visibility(text: &str) -> Cow<'_, str> {
    let found = VISIBILITY.captures_iter(text);
    blanked(text, found.filter_map(|found| Some(found.get(1)?.range())).collect())
}

/// `text` with each byte of `ranges` overwritten by a blank, line breaks excepted.
fn blanked(text: &str, ranges: Vec<Range<usize>>) -> Cow<'_, str> {
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut bytes = text.as_bytes().to_vec();
    for byte in ranges.into_iter().flatten() {
        if bytes[byte] != b'\n' {
            bytes[byte] = b' ';
        }
    }
    // Whole characters were overwritten, so this is text again.
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn is_statement(declaration: &str) -> bool {
    let first = declaration.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next();
    first.is_some_and(|word| STATEMENTS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same_length(text: &str) -> String {
        let blanked = macros(text).into_owned();
        assert_eq!(blanked.len(), text.len());
        assert_eq!(blanked.matches('\n').count(), text.matches('\n').count());
        blanked
    }

    #[test]
    fn macros_before_a_class_name_and_on_lines_of_their_own_are_blanked() {
        let blanked = same_length("LIB_BEGIN\nclass LIB_EXPORT LIB_OLD(\"ü\") Name final : Base {\n};\n");
        assert_eq!(blanked.split_whitespace().collect::<Vec<_>>().join(" "), "class Name final : Base { };");
    }

    #[test]
    fn macros_after_parameters_are_blanked() {
        let blanked = same_length("  void Lock() const LOCKS_IT(mu_)\n      NO_CHECK;\n");
        assert_eq!(blanked.split_whitespace().collect::<Vec<_>>().join(" "), "void Lock() const ;");
    }

    #[test]
    fn ordinary_code_stays() {
        for text in [
            "enum { FIRST_ONE,\n  LAST_ONE\n};\n",
            "struct LIST_HEAD head;\n",
            "if (done(x)) RETURN_OK(y);\n",
            "  if (x) RETURN_OK(y);\n",
            "struct LIST {\n};\n",
            "#define LIB_BEGIN\n",
            "int x = call(a) + OTHER_ONE;\n",
        ] {
            assert_eq!(macros(text), text);
        }
    }

    #[test]
    fn a_constructor_loses_its_visibility_only_after_an_annotation() {
        let text = "class A\n@Inject(1) internal constructor(x: Int)\n";
        assert_eq!(constructor_visibility(text), text.replace("internal", "        "));
        let plain = "class A\ninternal constructor(x: Int)\n";
        assert_eq!(constructor_visibility(plain), plain);
    }
}
