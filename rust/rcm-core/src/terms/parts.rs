//! Which of the definitions in a chunk a question is about.

use std::ops::Range;

use rustc_hash::FxHashMap;

use super::each_term;

/// BM25's saturation and normalisation by length, as for chunks.
const K1: f64 = 1.5;
const B: f64 = 0.75;
/// Terms of a part of no particular length: short ones are preferred to those around them. 30 was .02 less, 60 .04.
const USUAL_TERMS: f64 = 15.0;
/// How often a part's name counts. Of 993 definitions whose documentation was asked for, and whose chunk was found, with
/// 0 to 8: .56, .58, .60, .61, .62; the chunk's first definition was the one in .36.
const NAMES: f64 = 4.0;

/// A definition within a text: its lines, 0-based, and its name without what it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedLines<'a> {
    /// The lines of the text.
    pub lines: Range<usize>,
    /// The name.
    pub name: &'a str,
}

/// The part with the highest BM25 of the weighted terms, over its lines and its name; the earliest of equal ones.
/// None if none has any of them.
pub fn best_part(text: &str, weights: &[(String, f64)], parts: &[NamedLines<'_>]) -> Option<usize> {
    let numbers: FxHashMap<&str, usize> =
        weights.iter().enumerate().map(|(number, (term, _))| (term.as_str(), number)).collect();
    let read = |text: &str| {
        let (mut length, mut found) = (0.0, Vec::new());
        each_term(text, |term| {
            length += 1.0;
            found.extend(numbers.get(term));
        });
        (length, found)
    };
    let lines: Vec<(f64, Vec<usize>)> = text.split('\n').map(read).collect();
    let mut best = (None, 0.0);
    let mut counts = vec![0.0; weights.len()];
    for (at, part) in parts.iter().enumerate() {
        let (name_length, name) = read(part.name);
        let mut length = NAMES * name_length;
        counts.fill(0.0);
        for number in name {
            counts[number] += NAMES;
        }
        let end = part.lines.end.min(lines.len());
        for (line_length, found) in &lines[part.lines.start.min(end)..end] {
            length += line_length;
            for &number in found {
                counts[number] += 1.0;
            }
        }
        let dampening = K1 * (1.0 - B + B * length / USUAL_TERMS);
        let score: f64 =
            counts.iter().zip(weights).map(|(count, (_, weight))| weight * count / (count + dampening)).sum();
        if score > best.1 {
            best = (Some(at), score);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "class Pool:\n    def take(self):\n        return self.free.pop()\n\n    def drain(self):\n        for one in self.free:\n            one.close()";

    fn best(terms: &[(&str, f64)]) -> Option<&'static str> {
        let part = |lines, name| NamedLines { lines, name };
        let parts = [part(0..7, "Pool"), part(1..3, "take"), part(4..7, "drain")];
        let weights: Vec<_> = terms.iter().map(|&(term, weight)| (term.to_owned(), weight)).collect();
        best_part(TEXT, &weights, &parts).map(|at| parts[at].name)
    }

    #[test]
    fn the_part_that_says_most_in_few_words_is_meant() {
        assert_eq!(best(&[("close", 3.0)]), Some("drain"));
        assert_eq!(best(&[("pop", 3.0), ("free", 1.0)]), Some("take"));
        assert_eq!(best(&[("take", 2.0), ("close", 2.0)]), Some("take"), "a name counts more than a line");
        assert_eq!(best(&[("pool", 2.0)]), Some("Pool"));
    }

    #[test]
    fn nothing_said_names_nothing() {
        assert_eq!(best(&[("socket", 5.0)]), None);
        assert_eq!(best(&[]), None);
        assert_eq!(best_part("", &[("a".to_owned(), 1.0)], &[NamedLines { lines: 3..9, name: "" }]), None);
    }
}
