//! What a search puts together, held against the steps that it is made of.
#![allow(clippy::unwrap_used, clippy::float_cmp)]

use std::sync::Arc;

use proptest::prelude::*;
use rcm_vectors::{
    Bm25, FileScore, Files, Links, PARTS, Row, Rules, Segment, SegmentBuilder, Segments, Shares, Traits,
    Wanted, reference_key, scale_cosines,
};

const FILES: usize = 8;
const CHUNKS_A_FILE: u64 = 4;

fn files() -> Files {
    Files::new((0..FILES as u64).map(|file| 1 + file * CHUNKS_A_FILE).collect())
}

/// One segment: four chunks a file, with a vector, a few terms, a definition and two uses each.
fn segments() -> Segments {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("segment");
    let mut builder = SegmentBuilder::new(4, [0; 32]);
    for id in 1..=FILES as u64 * CHUNKS_A_FILE {
        let turn = |by: u64| ((id * 7 + by * 5) % 11) as f32 / 11.0 - 0.4;
        let vector: Vec<f32> = (0..4).map(turn).collect();
        let terms: Vec<(u32, u16)> =
            [(id % 3) as u32, 10 + (id % 5) as u32].map(|key| (key << 27, 1 + (id % 2) as u16)).to_vec();
        let used: Vec<u32> = {
            let mut used = [id % 6, 6 + id % 7].map(|name| reference_key(name << 50)).to_vec();
            used.sort_unstable();
            used
        };
        builder
            .push(&Row {
                id,
                vector: &vector,
                length: terms.iter().map(|&(_, count)| u32::from(count)).sum(),
                terms: &terms,
                definitions: &[((id % 13) << 50, 0, 0, false)],
                references: &used,
            })
            .unwrap();
    }
    builder.write(&path).unwrap();
    Segments::new(vec![Arc::new(Segment::open(&path).unwrap())], &[])
}

#[test]
fn one_call_finds_what_its_steps_do() {
    let segments = segments();
    for (pool, allowed) in [(3, None), (40, None), (5, Some(&[(3, 9), (20, 25)][..]))] {
        let words = Bm25 {
            terms: vec![(1 << 27, 1.5), (12 << 27, 0.5)],
            pairs: vec![2 << 27],
            pair_share: 0.4,
            k1: 1.5,
            b: 0.75,
            average_length: 3.0,
        };
        let reached: Vec<u64> = (1..20).collect();
        let vector = vec![0.3, -0.2, 0.9, 0.1];
        let nearest = segments.nearest(&vector, allowed, 40);
        let near: Vec<u64> = nearest.hits.iter().map(|hit| hit.0).collect();
        let tied =
            nearest.hits.iter().filter(|hit| nearest.hits.get(pool - 1).is_none_or(|last| hit.1 >= last.1));
        let (ids, lexical) = segments.by_words(&reached, &near[..tied.count()], &words, pool);
        let chunks: Vec<_> = ids.iter().zip(lexical).map(|(&id, score)| (id, 0.0, score)).collect();
        let cosines = segments.similarity(&vector, &ids);
        let expected = scale_cosines(&chunks, &cosines, nearest.min.into(), nearest.max.into());
        assert!(expected.iter().any(|chunk| chunk.1 > 0.0) && expected.iter().any(|chunk| chunk.2 > 0.0));
        let wanted = Wanted { words: words.clone(), reached: reached.clone(), vector, pool };
        assert_eq!(segments.retrieve(&wanted, &nearest), expected);
        let silent = Wanted { vector: Vec::new(), ..wanted };
        let nothing = segments.nearest(&silent.vector, allowed, 40);
        assert!(segments.retrieve(&silent, &nothing).iter().all(|chunk| chunk.1 == 0.0));
    }
}

#[test]
fn what_is_remembered_of_chunks_changes_nothing() {
    let (segments, files) = (segments(), files());
    let mut links = Links::default();
    for most in [3, 1, 3] {
        for first in [1, 9, 1, 5] {
            let chunks: Vec<_> = (first..first + 12).map(|id| (id, id as f64 / 40.0, 0.1)).collect();
            let shares = Shares { semantic: 0.6, lexical: 0.4, pool: 9, shares: vec![] };
            let fresh = segments.referenced(&files, &chunks, &shares, most, &mut Links::default());
            assert_eq!(segments.referenced(&files, &chunks, &shares, most, &mut links), fresh);
            assert_eq!(fresh.is_empty(), most == 1, "each name has two or three definitions");
        }
    }
}

fn traits_of(file: usize) -> Traits {
    Traits {
        stem: (0..file % 4).map(|nth| format!("term{nth}")).collect(),
        folders: (0..file % 3)
            .map(|depth| (depth..file % 5).map(|nth| format!("term{nth}")).collect())
            .collect(),
        language: file % 3,
        test: file.is_multiple_of(2),
        bundled: file.is_multiple_of(5),
        declarations: file.is_multiple_of(3),
    }
}

/// The share of a folder's terms that the query has, times what they tell, at most 1.
fn named(folder: &[String], rules: &Rules) -> f64 {
    let said: Vec<f64> = folder.iter().filter_map(|term| rules.folder_terms.get(term).copied()).collect();
    if said.is_empty() {
        0.0
    } else {
        said.iter().sum::<f64>().min(1.0) * (said.len() as f64 / folder.len() as f64)
    }
}

/// Every file scored, all of them sorted: the parts as the documentation of the ranking has them.
fn slow_rank(sums: &[FileScore], referenced: &[(usize, f64)], rules: &Rules) -> Vec<(f64, usize, u64)> {
    let best = sums.iter().map(|sum| sum.semantic + sum.lexical).fold(0.0, f64::max);
    let best = if best > 0.0 { best } else { 1.0 };
    let matching = |file: usize| sums.iter().any(|sum| sum.file == file);
    let most = referenced.iter().filter(|one| matching(one.0)).map(|one| one.1).fold(0.0, f64::max);
    let mut all: Vec<(usize, u64, f64, f64)> =
        sums.iter().map(|sum| (sum.file, sum.chunk, sum.semantic, sum.lexical)).collect();
    if !sums.is_empty() {
        let added = rules.added.iter().filter(|one| !matching(one.0));
        all.extend(added.map(|&(file, chunk)| (file, chunk, 0.0, 0.0)));
    }
    let mut scored: Vec<_> = all
        .into_iter()
        .map(|(file, chunk, semantic, lexical)| {
            let traits = traits_of(file);
            let said = traits.stem.iter().filter(|term| rules.terms.contains(*term)).count() as f64;
            let given = rules.singled.get(&file).copied().unwrap_or_default();
            let share =
                referenced.iter().find(|one| one.0 == file && matching(file)).map_or(0.0, |one| one.1);
            let parts = [
                semantic / best,
                lexical / best,
                if traits.stem.is_empty() { 0.0 } else { rules.stem * (said / traits.stem.len() as f64) },
                rules.folder * traits.folders.iter().map(|folder| named(folder, rules)).fold(0.0, f64::max),
                given[0],
                if most > 0.0 { rules.references * (share / most) } else { 0.0 },
                if traits.test { rules.test } else { 0.0 },
                if traits.declarations { rules.declarations } else { rules.prose[traits.language] },
                if traits.bundled { rules.bundled } else { 0.0 },
                given[1],
                given[2],
                given[3],
            ];
            (parts.iter().sum::<f64>(), file, chunk)
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored
}

proptest! {
    #[test]
    fn the_best_files_are_those_of_all(
        scores in proptest::collection::btree_map(1_u64..33, (0_u8..4, 0_u8..4), 0..32),
        referenced in proptest::collection::btree_map(0_usize..FILES, 1_u8..5, 0..FILES),
        singled in proptest::collection::btree_map(0_usize..FILES, [0_u8..3, 0..3, 0..3, 0..3], 0..4),
        most in 0_usize..12,
    ) {
        let chunks: Vec<_> =
            scores.iter().map(|(&id, &(a, b))| (id, f64::from(a) / 3.0, f64::from(b) / 3.0)).collect();
        let referenced: Vec<_> = referenced.into_iter().map(|(file, share)| (file, f64::from(share))).collect();
        let rules = Rules {
            shares: Shares { semantic: 0.6, lexical: 0.4, pool: 20, shares: vec![0.8, 0.4] },
            terms: ["term0", "term2"].map(String::from).into_iter().collect(),
            stem: 0.2,
            folder: 0.1,
            folder_terms: [("term0", 0.1), ("term2", 0.7), ("term3", 0.6)].map(|(term, told)| (term.to_owned(), told)).into_iter().collect(),
            references: 0.09,
            test: -0.7,
            declarations: -0.5,
            bundled: -0.7,
            prose: vec![0.0, -0.5, 0.0],
            added: singled.iter().map(|(&file, _)| (file, 99)).collect(),
            singled: singled.into_iter().map(|(file, parts)| (file, parts.map(f64::from))).collect(),
        };
        let expected = slow_rank(&files().sum(&chunks, &rules.shares), &referenced, &rules);
        let traits: Vec<Traits> = (0..FILES).map(traits_of).collect();
        let ranked = files().rank(&chunks, &referenced, &rules, most, |file| Ok::<_, ()>(&traits[file])).unwrap();
        for row in &ranked {
            prop_assert_eq!(row.parts.len(), PARTS);
            prop_assert_eq!(row.parts.iter().sum::<f64>(), row.total);
        }
        let mut found: Vec<_> = ranked.iter().map(|row| (row.total, row.file, row.chunk)).collect();
        prop_assert!(found.is_sorted_by(|a, b| a.0 >= b.0));
        found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let wanted = match most.checked_sub(1).and_then(|last| expected.get(last)) {
            Some(last) => expected.iter().take_while(|row| row.0 >= last.0).count(),
            None => expected.len(),
        };
        prop_assert_eq!(&found, &expected[..wanted]);
    }
}
