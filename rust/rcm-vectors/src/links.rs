//! From uses of names to where they are defined: the edges of the reference graph that start at some rows.

use crate::segments::Segments;

/// A row that uses a name, and a row that defines it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    /// Place of the using row in the ids that were asked about.
    pub from: usize,
    /// Id of the row that holds the definition.
    pub to: u64,
    /// How many rows define the name.
    pub definers: usize,
}

/// The key by which a row remembers that it uses a name: the upper half of the name's key, so that the names of a
/// key stand together in the ascending list of definitions.
pub fn reference_key(name: u64) -> u32 {
    (name >> 32) as u32
}

impl Segments {
    /// The links from live rows, in the order of `ids`, then of the names' keys.
    ///
    /// A name that more than `most` live rows define says nothing about where it leads, and is left out. Declarations
    /// without a body count only where there is no definition with one.
    pub fn links(&self, ids: &[u64], most: usize) -> Vec<Link> {
        let mut links = Vec::new();
        for (from, &id) in ids.iter().enumerate() {
            let Some((segment, row)) = self.find(id) else { continue };
            for key in segment.uses(row) {
                let definers = self.definers(key, most);
                links.extend(definers.iter().map(|&to| Link { from, to, definers: definers.len() }));
            }
        }
        links
    }

    /// Live rows that define a name with this key, ascending; none if they are more than `most`.
    fn definers(&self, key: u32, most: usize) -> Vec<u64> {
        let (mut whole, mut declared) = (Vec::new(), Vec::new());
        for part in self.parts() {
            let segment = &part.segment;
            for at in segment.definitions_by_reference(key) {
                let id = segment.owner(at);
                if segment.row_of(id).is_some_and(|row| part.is_live(row)) {
                    let found = if segment.details(at).2 { &mut declared } else { &mut whole };
                    found.push(id);
                }
                if whole.len() > 4 * most {
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
