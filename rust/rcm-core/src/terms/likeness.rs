//! Likeness: how far words lie from each other, and how much of a text another one has in a row.

use rustc_hash::FxHashMap;

use super::cache;

/// How many edits lie between two words, a swap of neighbours being one; above `most` any more.
pub fn edits(one: &str, other: &str, most: usize) -> usize {
    Distance::default().between(one, other, most)
}

/// The terms of `runs` within `most` edits of `term`, itself left out: (position of the run, term, whether it is the
/// run's first term).
pub fn terms_near<'a>(
    term: &str,
    most: usize,
    runs: impl Iterator<Item = &'a str>,
) -> Vec<(usize, String, bool)> {
    let (mut distance, mut near) = (Distance::default(), Vec::new());
    cache::with(|cache| {
        for (at, run) in runs.enumerate() {
            let inner = super::run::runs(run);
            let mut first = true;
            for inner in inner {
                for other in cache.entry(inner).terms() {
                    if other != term && distance.between(term, other, most) <= most {
                        near.push((at, other.to_owned(), first));
                    }
                    first = false;
                }
            }
        }
    });
    near
}

/// Rows of the table that edits are counted in, kept from word to word.
#[derive(Default)]
struct Distance {
    other: Vec<char>,
    /// The row before the last, the last, and the one in the making.
    rows: [Vec<usize>; 3],
}

impl Distance {
    fn between(&mut self, one: &str, other: &str, most: usize) -> usize {
        // Characters are at most as many as bytes and at least a quarter of them.
        if one.len() / 4 > other.len() + most || other.len() / 4 > one.len() + most {
            return most + 1;
        }
        self.other.clear();
        self.other.extend(other.chars());
        if one.chars().count().abs_diff(self.other.len()) > most {
            return most + 1;
        }
        let Self { other, rows: [before, last, row] } = self;
        row.clear();
        row.extend(0..=other.len());
        let mut previous = None;
        for (i, a) in one.chars().enumerate() {
            std::mem::swap(before, last);
            std::mem::swap(last, row);
            row.clear();
            row.push(i + 1);
            for (j, &b) in other.iter().enumerate() {
                let mut cost = (last[j + 1] + 1).min(row[j] + 1).min(last[j] + usize::from(a != b));
                if j > 0 && previous == Some(b) && a == other[j - 1] {
                    cost = cost.min(before[j - 1] + 1);
                }
                row.push(cost);
            }
            if row.iter().all(|&cost| cost > most) {
                return most + 1;
            }
            previous = Some(a);
        }
        row.last().copied().unwrap_or(0)
    }
}

/// How many words in a row `text` shares with each of `texts` at most. Words are runs of letters and digits, case folded.
pub fn longest_runs<'a>(text: &str, texts: impl Iterator<Item = &'a str>) -> Vec<usize> {
    let text = text.to_lowercase();
    let mut places: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
    for (at, word) in words(&text).enumerate() {
        places.entry(word).or_default().push(at);
    }
    texts.map(|other| longest_run(&places, &other.to_lowercase())).collect()
}

fn longest_run(places: &FxHashMap<&str, Vec<usize>>, other: &str) -> usize {
    // (Place in the text, length of the run that ends there), ascending by place.
    let mut before: Vec<(usize, usize)> = Vec::new();
    let mut ending = Vec::new();
    let mut longest = 0;
    for word in words(other) {
        ending.clear();
        for &at in places.get(word).into_iter().flatten() {
            let run = at.checked_sub(1).and_then(|at| before.binary_search_by_key(&at, |one| one.0).ok());
            let length = run.map_or(0, |run| before[run].1) + 1;
            longest = longest.max(length);
            ending.push((at, length));
        }
        std::mem::swap(&mut before, &mut ending);
    }
    longest
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}
