//! Which of the definitions in a chunk a question is about.

use std::ops::Range;

use super::{cache, run};

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
///
/// `weights` are of terms by their keys ([`term_key`](super::term_key)), `(k1, b)` are BM25's saturation and normalisation by
/// length.
pub fn best_part(
    text: &str,
    weights: &[(u32, f64)],
    parts: &[NamedLines<'_>],
    (k1, b): (f64, f64),
) -> Option<usize> {
    cache::with(|cache| {
        let wanted = Wanted::new(weights);
        let mut found = Vec::new();
        // Of each line how many terms it has, and where in `found` those after it begin.
        let mut lines: Vec<(usize, usize)> = Vec::new();
        for line in text.split('\n') {
            let length = wanted.look(line, cache, &mut found);
            lines.push((length, found.len()));
        }
        let mut best = (None, 0.0);
        let mut counts = vec![0.0; weights.len()];
        let mut named = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            counts.fill(0.0);
            named.clear();
            let mut length = NAMES * wanted.look(part.name, cache, &mut named) as f64;
            for &number in &named {
                counts[number] += NAMES;
            }
            let end = part.lines.end.min(lines.len());
            let start = part.lines.start.min(end);
            let after = |line: usize| line.checked_sub(1).map_or(0, |before| lines[before].1);
            for &number in &found[after(start)..after(end)] {
                counts[number] += 1.0;
            }
            length += lines[start..end].iter().map(|line| line.0).sum::<usize>() as f64;
            let dampening = k1 * (1.0 - b + b * length / USUAL_TERMS);
            let scores =
                counts.iter().zip(weights).map(|(count, (_, weight))| weight * count / (count + dampening));
            let score: f64 = scores.sum();
            if score > best.1 {
                best = (Some(at), score);
            }
        }
        best.0
    })
}

/// The terms that are looked for, by their keys.
struct Wanted<'a> {
    weights: &'a [(u32, f64)],
    /// A bit for the last six bits of each key: most terms are none of them.
    bits: u64,
}

impl<'a> Wanted<'a> {
    fn new(weights: &'a [(u32, f64)]) -> Self {
        Self { weights, bits: weights.iter().fold(0, |bits, (key, _)| bits | 1 << (key & 63)) }
    }

    /// Adds the numbers of the terms that `text` has to `found`; how many terms it has in all.
    fn look(&self, text: &str, cache: &mut cache::Cache, found: &mut Vec<usize>) -> usize {
        let mut length = 0;
        for run in run::runs(text) {
            for key in cache.entry(run).keys() {
                length += 1;
                if self.bits & 1 << (key & 63) != 0 {
                    found.extend(self.weights.iter().position(|&(wanted, _)| wanted == key));
                }
            }
        }
        length
    }
}

#[cfg(test)]
mod tests {
    use super::super::term_key;
    use super::*;

    const FORM: (f64, f64) = (1.5, 0.75);
    const TEXT: &str = "class Pool:\n    def take(self):\n        return self.free.pop()\n\n    def drain(self):\n        for one in self.free:\n            one.close()";

    fn best(terms: &[(&str, f64)]) -> Option<&'static str> {
        let part = |lines, name| NamedLines { lines, name };
        let parts = [part(0..7, "Pool"), part(1..3, "take"), part(4..7, "drain")];
        let weights: Vec<_> = terms.iter().map(|&(term, weight)| (term_key(term), weight)).collect();
        best_part(TEXT, &weights, &parts, FORM).map(|at| parts[at].name)
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
        assert_eq!(
            best_part("", &[(term_key("a"), 1.0)], &[NamedLines { lines: 3..9, name: "" }], FORM),
            None
        );
    }
}
