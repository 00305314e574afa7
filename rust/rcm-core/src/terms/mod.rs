//! Terms: the one function that turns text into lexical terms, for the index and for queries.
//!
//! An identifier of several parts gives its whole, then its parts: `getUserName`, `get_user_name` and `GetUserName`
//! all give the whole `getusername`, then `get`, `user`, `name`. Parts are stemmed, so `parsing`
//! finds `parsed`; wholes are not, so a name is found as it is.

mod bag;
mod cache;
mod key;
mod likeness;
mod lines;
mod pairs;
mod parts;
mod query;
mod run;
mod split;
mod stems;

pub use bag::{bag, bag_and_document, effective_stem};
pub use key::{SPELLING_BITS, name_key, term_key};
pub use likeness::{edits, longest_runs, terms_near};
pub use lines::best_run;
pub use pairs::query_pairs;
pub use parts::{NamedLines, best_part};
pub use query::query_terms;
pub use stems::stems_in;

/// Raised with every change that gives other terms; part of an index's identity.
pub const VERSION: u32 = 2;

/// Longest term in bytes; longer ones are cut at a character boundary.
pub const MAX_TERM_BYTES: usize = 64;

/// Appends the terms of `text` to `out`, in order of appearance.
///
/// Identifiers of several camel or snake case parts give their lower-cased whole (parts joined without separator),
/// then each part stemmed (Snowball English); a one-part word gives its stem; digits stand alone. Words beyond ASCII
/// are NFKC-normalised and lower-cased; runs of Han, Kana and Hangul give each character and each pair of neighbours.
/// No term is empty, holds white space, or is longer than [`MAX_TERM_BYTES`].
pub fn terms(text: &str, out: &mut Vec<String>) {
    each_term(text, |term| out.push(term.to_owned()));
}

/// Calls `visit` with each of the [`terms`] of `text`, in the same order, without allocating for words seen before.
pub fn each_term(text: &str, mut visit: impl FnMut(&str)) {
    cache::with(|cache| {
        for run in run::runs(text) {
            cache.entry(run).terms().for_each(&mut visit);
        }
    });
}

#[cfg(test)]
mod tests;
