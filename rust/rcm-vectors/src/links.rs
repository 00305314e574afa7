//! From uses of names to where they are defined: the reference graph, as far as a query needs it.

use std::collections::BTreeMap;

use crate::files::{Files, Shares, best_chunks};
use crate::segments::Segments;

/// The key by which a row remembers that it uses a name: the upper 24 bits of the name's key, by which it is found in
/// the ascending list of definitions, and the lowest 8, which tell spellings of a name apart.
pub fn reference_key(name: u64) -> u32 {
    (name >> 40 << 8) as u32 | (name & 0xff) as u32
}

impl Segments {
    /// How much the best chunks (id, semantic, lexical) refer to each file but their own: (position of the file, amount),
    /// by position.
    ///
    /// `shares.pool` chunks speak, each by how far its score is above that of the last of them. What it says of a file is
    /// ln(1 + names of the file that it uses); a name counts by its share where several rows define it, and not at all
    /// where more than `most` do.
    pub fn referenced(
        &self,
        files: &Files,
        chunks: &[(u64, f64, f64)],
        shares: &Shares,
        most: usize,
    ) -> Vec<(usize, f64)> {
        let best = best_chunks(chunks, shares);
        let lowest = best.last().map_or(0.0, |last| last.0);
        let mut found = BTreeMap::new();
        for (score, chunk, _, _) in best {
            let own = files.of(chunk);
            for (file, names) in self.uses_by_file(files, chunk, most) {
                if Some(file) != own {
                    *found.entry(file).or_insert(0.0) += (score - lowest) * names.ln_1p();
                }
            }
        }
        found.into_iter().collect()
    }

    /// The files that define what a row uses, and how many such names each defines.
    fn uses_by_file(&self, files: &Files, chunk: u64, most: usize) -> BTreeMap<usize, f64> {
        let mut found = BTreeMap::new();
        let Some((segment, row)) = self.find(chunk) else { return found };
        for key in segment.uses(row) {
            let definers = self.definers(key, most);
            for file in definers.iter().filter_map(|&id| files.of(id)) {
                *found.entry(file).or_insert(0.0) += 1.0 / definers.len() as f64;
            }
        }
        found
    }

    /// Live rows that define a name with this key, ascending; none if they are more than `most`.
    ///
    /// Declarations without a body count only where there is no definition with one.
    fn definers(&self, key: u32, most: usize) -> Vec<u64> {
        let (mut whole, mut declared) = (Vec::new(), Vec::new());
        for part in self.parts() {
            let segment = &part.segment;
            for at in segment.definitions_by_reference(key) {
                let id = segment.owner(at);
                if segment.row_of(id).is_some_and(|row| part.is_live(row)) {
                    let found = if segment.details(at).2 { &mut declared } else { &mut whole };
                    // Definitions of a name stand by ascending id, so those of a row stand together.
                    if found.last() != Some(&id) {
                        found.push(id);
                    }
                }
                if whole.len() > most {
                    return Vec::new();
                }
            }
        }
        let mut found = if whole.is_empty() { declared } else { whole };
        found.sort_unstable();
        found.dedup();
        if found.len() > most { Vec::new() } else { found }
    }
}
