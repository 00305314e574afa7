//! Which lines of a chunk are shown.

use std::collections::BTreeMap;
use std::ops::Range;

/// What a word counts for besides being there, so that of equal runs the one that says more wins.
const REPETITION: f64 = 0.01;
/// What the defining line counts for: as much as a word that four lines have. A whole word's worth hid documentation that
/// answers behind a constant that begins with one of the query's words.
const DEFINITION: f64 = 0.5;

/// The run of at most `size` lines with the most and the rarest words; the earliest wins. It begins with a line that has
/// some or defines, unless none does, and does not end with blank ones.
///
/// `words` are the distinct words of the query in each line, in any order; a word that n lines have is worth 1 / sqrt(n).
/// `definition` is the line that defines what the chunk is called by.
pub fn best_run<S: AsRef<str>>(
    words: &[Vec<S>],
    is_blank: &[bool],
    definition: Option<usize>,
    size: usize,
) -> Range<usize> {
    let size = size.max(1);
    let mut worths: BTreeMap<&str, f64> = BTreeMap::new();
    for word in words.iter().flatten() {
        *worths.entry(word.as_ref()).or_default() += 1.0;
    }
    for lines in worths.values_mut() {
        *lines = lines.powf(-0.5);
    }
    let (order, worths): (Vec<&str>, Vec<f64>) = worths.into_iter().unzip();
    let number = |word: &S| order.binary_search(&word.as_ref()).unwrap_or(0);
    let words: Vec<Vec<usize>> = words.iter().map(|line| line.iter().map(number).collect()).collect();

    let end_of = |start: usize| words.len().min(start + size);
    let mut is_there = vec![false; worths.len()];
    let (mut best, mut best_score) = (0, -1.0);
    for start in 0..words.len() {
        let run = &words[start..end_of(start)];
        is_there.fill(false);
        run.iter().flatten().for_each(|&word| is_there[word] = true);
        let many: usize = run.iter().map(Vec::len).sum();
        let there = worths.iter().zip(&is_there).filter(|(_, is_there)| **is_there);
        let defines = definition.is_some_and(|line| (start..end_of(start)).contains(&line));
        let score = there.map(|(worth, _)| worth).sum::<f64>()
            + REPETITION * many as f64
            + if defines { DEFINITION } else { 0.0 };
        if score > best_score && !is_blank[start] {
            (best, best_score) = (start, score);
        }
    }
    let says_something = |at: &usize| !words[*at].is_empty() || definition == Some(*at);
    let start = (best..end_of(best)).find(says_something).unwrap_or(best);
    let mut end = end_of(start);
    while end > start + 1 && is_blank[end - 1] {
        end -= 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lines: &[&str], size: usize) -> Range<usize> {
        run_with(lines, None, size)
    }

    fn run_with(lines: &[&str], definition: Option<usize>, size: usize) -> Range<usize> {
        let words: Vec<Vec<&str>> =
            lines.iter().map(|line| line.split_whitespace().filter(|word| *word != "-").collect()).collect();
        let is_blank: Vec<bool> = lines.iter().map(|line| line.trim().is_empty()).collect();
        best_run(&words, &is_blank, definition, size)
    }

    #[test]
    fn rare_words_win_over_frequent_ones_and_more_over_fewer() {
        assert_eq!(run(&["a", "a", "-", "-", "b", "-"], 2), 4..6);
        assert_eq!(run(&["a", "-", "-", "a b", "-"], 2), 3..5);
        assert_eq!(run(&["a", "-", "-", "a", "a"], 2), 3..5, "two lines with a word say more than one");
    }

    #[test]
    fn the_definition_is_shown_with_words_as_good_and_gives_way_to_better_ones() {
        assert_eq!(run_with(&["a", "-", "-", "a"], Some(3), 2), 3..4);
        assert_eq!(run_with(&["-", "-", "-"], Some(1), 2), 1..3);
        let lines = ["a b", "-", "-", "-", "b", "b", "b"];
        assert_eq!(run_with(&lines, Some(4), 2), 0..2, "a rare word and a frequent one, as in documentation");
    }

    #[test]
    fn a_run_begins_with_a_word_and_ends_with_no_blank_line() {
        assert_eq!(run(&["-", "-", "a", "", ""], 3), 2..3);
        assert_eq!(run(&["", "-", "-"], 2), 1..3);
        assert_eq!(run(&["", ""], 2), 0..1);
        assert_eq!(run(&["a"], 7), 0..1);
        assert_eq!(run(&[], 7), 0..0);
    }
}
