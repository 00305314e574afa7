//! From uses of names to where they are defined: the reference graph, as far as a query needs it.

use rustc_hash::FxHashMap;

use crate::files::{Files, Shares, best_chunks};
use crate::segments::Segments;

/// The key by which a row remembers that it uses a name: the upper 24 bits of the name's key, by which it is found in
/// the ascending list of definitions, and the lowest 8, which tell spellings of a name apart.
pub fn reference_key(name: u64) -> u32 {
    (name >> 40 << 8) as u32 | (name & 0xff) as u32
}

/// What chunks refer to, remembered for those that were asked for: (position of a file, ln(1 + names of it used)).
///
/// Of one set of segments and files; the same chunks are among the best of many queries.
#[derive(Debug, Default)]
pub struct Links {
    most: usize,
    of: FxHashMap<u64, Box<[(u32, f64)]>>,
}

impl Links {
    /// Chunks that are remembered: about 200 bytes each.
    const MOST: usize = 1 << 16;
}

impl Segments {
    /// How much the best chunks (id, semantic, lexical) refer to each file but their own: (position of the file, amount),
    /// by position.
    ///
    /// `shares.pool` chunks speak, each by how far its score is above that of the last of them. What it says of a file is
    /// ln(1 + names of the file that it uses); a name counts by its share where several rows define it, and not at all
    /// where more than `most` do. `links` are of these segments and files, new ones at first.
    pub fn referenced(
        &self,
        files: &Files,
        chunks: &[(u64, f64, f64)],
        shares: &Shares,
        most: usize,
        links: &mut Links,
    ) -> Vec<(usize, f64)> {
        let best = best_chunks(chunks, shares);
        let lowest = best.last().map_or(0.0, |last| last.0);
        self.learn(files, best.iter().map(|chunk| chunk.1), most, links);
        let mut found: FxHashMap<u32, f64> = FxHashMap::default();
        for &(score, chunk, ..) in &best {
            for &(file, names) in links.of.get(&chunk).into_iter().flatten() {
                *found.entry(file).or_insert(0.0) += (score - lowest) * names;
            }
        }
        let mut found: Vec<_> = found.into_iter().map(|(file, amount)| (file as usize, amount)).collect();
        found.sort_unstable_by_key(|&(file, _)| file);
        found
    }

    /// Has `links` know what these chunks refer to.
    fn learn(&self, files: &Files, chunks: impl Iterator<Item = u64>, most: usize, links: &mut Links) {
        if links.most != most || links.of.len() > Links::MOST {
            *links = Links { most, of: FxHashMap::default() };
        }
        let new: Vec<u64> = chunks.filter(|chunk| !links.of.contains_key(chunk)).collect();
        if new.is_empty() {
            return;
        }
        let uses: Vec<Vec<u32>> = new.iter().map(|&chunk| self.uses(chunk)).collect();
        let definers = self.definers(files, &uses, most);
        let mut names_of: Vec<(u32, f64)> = Vec::new();
        for (chunk, keys) in new.into_iter().zip(&uses) {
            let own = files.of(chunk);
            names_of.clear();
            for key in keys {
                let Some((share, defining)) = definers.get(key) else { continue };
                for &file in defining.iter().filter(|&&file| Some(file) != own) {
                    match names_of.iter_mut().find(|(other, _)| *other as usize == file) {
                        Some((_, names)) => *names += share,
                        None => names_of.push((file as u32, *share)),
                    }
                }
            }
            let said = names_of.iter().map(|&(file, names)| (file, names.ln_1p()));
            links.of.insert(chunk, said.collect());
        }
    }

    fn uses(&self, chunk: u64) -> Vec<u32> {
        self.find(chunk).map(|(segment, row)| segment.uses(row).collect()).unwrap_or_default()
    }

    /// By name used that 1 to `most` live rows define: the share of each of these rows, and their files.
    ///
    /// Names are looked up in ascending order, each once: the list of definitions is gone through from front to back.
    fn definers(&self, files: &Files, uses: &[Vec<u32>], most: usize) -> FxHashMap<u32, (f64, Vec<usize>)> {
        let mut keys = uses.concat();
        keys.sort_unstable();
        keys.dedup();
        let mut places = vec![0; self.parts().len()];
        let defined = keys.into_iter().filter_map(|key| {
            let rows = self.defining_rows(key, &mut places, most);
            let share = 1.0 / rows.len() as f64;
            let defining: Vec<_> = rows.iter().filter_map(|&id| files.of(id)).collect();
            (!defining.is_empty()).then_some((key, (share, defining)))
        });
        defined.collect()
    }

    /// Live rows that define a name with this key, ascending; none if they are more than `most`.
    ///
    /// Declarations without a body count only where there is no definition with one. `places` are where the definitions
    /// of the key before begin in each segment, and of this one afterwards.
    fn defining_rows(&self, key: u32, places: &mut [usize], most: usize) -> Vec<u64> {
        let (mut whole, mut declared) = (Vec::new(), Vec::new());
        for (part, place) in self.parts().iter().zip(places) {
            let segment = &part.segment;
            let (start, definitions) = segment.definitions_by_reference(key, *place);
            *place = start;
            for at in definitions {
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
