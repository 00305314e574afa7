//! Files in the order of their scores: everything that a query says of a file, added up.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::files::{FileScore, Files, Shares};

/// Parts of a score: semantic, lexical, stem, folder, definition, references, test, prose, bundled, place, rare,
/// verbatim.
pub const PARTS: usize = 12;

/// What a file's path and language say of it, whatever is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Traits {
    /// Terms of the part of the path that names its topic, each once.
    pub stem: Vec<String>,
    /// Terms of the name of each folder that it is in, each once a folder.
    pub folders: Vec<Vec<String>>,
    /// Position of the file's language in [`Rules::prose`].
    pub language: usize,
    /// A test, example or the like.
    pub test: bool,
    /// Build output or vendored code.
    pub bundled: bool,
    /// Types declared for code that stands elsewhere.
    pub declarations: bool,
}

/// What files are scored by for one query, in points of the final score.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// How chunks count towards their files.
    pub shares: Shares,
    /// The terms of the query.
    pub terms: FxHashSet<String>,
    /// For a file all of whose stem's terms the query holds.
    pub stem: f64,
    /// For a file in a folder whose name the query says.
    pub folder: f64,
    /// What a term tells of a folder that has it in its name, from 0 to 1.
    pub folder_terms: FxHashMap<String, f64>,
    /// For the file that is referred to most.
    pub references: f64,
    /// For tests; not above 0, like the next two.
    pub test: f64,
    /// For declarations.
    pub declarations: f64,
    /// For bundled files.
    pub bundled: f64,
    /// By language, for files that are no declarations; not above 0.
    pub prose: Vec<f64>,
    /// Definition, place, rare and verbatim of the files that have any; not below 0.
    pub singled: FxHashMap<usize, [f64; 4]>,
    /// Files that count although no chunk of theirs may have been retrieved, and the chunk to show of each.
    pub added: Vec<(usize, u64)>,
}

/// A file and its score.
#[derive(Debug, Clone, PartialEq)]
pub struct Scored {
    /// Position of the file.
    pub file: usize,
    /// Its best chunk.
    pub chunk: u64,
    /// The sum of `parts`, taken in their order.
    pub total: f64,
    /// What it is made of, in the order of [`PARTS`].
    pub parts: [f64; PARTS],
}

impl Files {
    /// The `most` files with the best scores and all that tie with the last of them, best first; ties in no order.
    ///
    /// `referenced` is how much the best chunks refer to files. `traits` is asked only for files that may be among the
    /// best: they are scored in the order of what their score cannot be above, until no other can be.
    ///
    /// # Errors
    /// What `traits` gives.
    pub fn rank<'a, E>(
        &self,
        chunks: &[(u64, f64, f64)],
        referenced: &[(usize, f64)],
        rules: &Rules,
        most: usize,
        traits: impl Fn(usize) -> Result<&'a Traits, E>,
    ) -> Result<Vec<Scored>, E> {
        let mut files = self.sum(chunks, &rules.shares);
        let pointed = pointed(&files, referenced, rules);
        if !files.is_empty() {
            let there: FxHashSet<usize> = files.iter().map(|score| score.file).collect();
            let added = rules.added.iter().filter(|(file, _)| !there.contains(file));
            files.extend(added.map(|&(file, chunk)| FileScore { file, chunk, semantic: 0.0, lexical: 0.0 }));
        }
        let best = files.iter().map(|score| score.semantic + score.lexical).fold(0.0, f64::max);
        let best = if best > 0.0 { best } else { 1.0 };
        // What a file's path can add at most, and a rounding.
        let more = rules.stem + rules.folder + 1e-9;
        let bound = |score: &FileScore| {
            let parts = pointed.get(&score.file).map_or(0.0, |parts| parts.iter().sum());
            (score.semantic + score.lexical) / best + more + parts
        };
        let mut bounded: Vec<(f64, FileScore)> = files.iter().map(|score| (bound(score), *score)).collect();
        bounded.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut rows: Vec<Scored> = Vec::new();
        for (bound, score) in bounded {
            if most.checked_sub(1).and_then(|last| rows.get(last)).is_some_and(|last| bound < last.total) {
                break;
            }
            let given = pointed.get(&score.file).copied().unwrap_or_default();
            let parts = parts(&score, best, traits(score.file)?, given, rules);
            let total = parts.iter().sum();
            let at = rows.partition_point(|row| row.total >= total);
            rows.insert(at, Scored { file: score.file, chunk: score.chunk, total, parts });
        }
        let last = most.checked_sub(1).and_then(|last| rows.get(last)).map(|last| last.total);
        rows.retain(|row| last.is_none_or(|last| row.total >= last));
        Ok(rows)
    }
}

/// By file: definition, references, place, rare and verbatim, of those that have any.
fn pointed(files: &[FileScore], referenced: &[(usize, f64)], rules: &Rules) -> FxHashMap<usize, [f64; 5]> {
    let singled = rules.singled.iter();
    let mut found: FxHashMap<usize, [f64; 5]> = singled
        .map(|(&file, &[definition, place, rare, verbatim])| (file, [definition, 0.0, place, rare, verbatim]))
        .collect();
    let matching: FxHashSet<usize> = files.iter().map(|score| score.file).collect();
    let referenced = || referenced.iter().filter(|(file, _)| matching.contains(file));
    let most = referenced().map(|&(_, share)| share).fold(0.0, f64::max);
    if most > 0.0 {
        for &(file, share) in referenced() {
            found.entry(file).or_default()[1] = rules.references * (share / most);
        }
    }
    found
}

fn parts(
    score: &FileScore,
    best: f64,
    traits: &Traits,
    [definition, references, place, rare, verbatim]: [f64; 5],
    rules: &Rules,
) -> [f64; PARTS] {
    let said = traits.stem.iter().filter(|term| rules.terms.contains(*term)).count();
    let covered = if said > 0 { said as f64 / traits.stem.len() as f64 } else { 0.0 };
    let prose =
        if traits.declarations { Some(&rules.declarations) } else { rules.prose.get(traits.language) };
    [
        score.semantic / best,
        score.lexical / best,
        rules.stem * covered,
        rules.folder * traits.folders.iter().map(|folder| named(folder, rules)).fold(0.0, f64::max),
        definition,
        references,
        if traits.test { rules.test } else { 0.0 },
        prose.copied().unwrap_or(0.0),
        if traits.bundled { rules.bundled } else { 0.0 },
        place,
        rare,
        verbatim,
    ]
}

/// How well the query names a folder, from 0 to 1: the share of its terms, times what they tell.
fn named(folder: &[String], rules: &Rules) -> f64 {
    let said = || folder.iter().filter_map(|term| rules.folder_terms.get(term));
    let told = said().sum::<f64>().min(1.0);
    told * (said().count() as f64 / folder.len().max(1) as f64)
}
