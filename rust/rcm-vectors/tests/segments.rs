//! Write, open, score and merge, against a slow obvious implementation.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use rcm_vectors::{
    Bm25, Definition, FileScore, Files, Links, Row, Segment, SegmentBuilder, Segments, Shares, merge,
    reference_key,
};

const DIM: usize = 24;
const MODEL: [u8; 32] = [7; 32];

#[derive(Debug, Clone)]
struct Chunk {
    vector: Vec<f32>,
    length: u32,
    terms: Vec<(u32, u16)>,
    definitions: Vec<(u64, u8, u8, bool)>,
}

fn normalized(mut vector: Vec<f32>) -> Vec<f32> {
    let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt();
    for value in &mut vector {
        *value = if norm > 0.0 { *value / norm } else { 0.0 };
    }
    vector
}

prop_compose! {
    fn chunk()(
        vector in prop_oneof![9 => vec(-1.0_f32..1.0, DIM), 1 => Just(vec![0.0; DIM])],
        terms in btree_map(0_u32..40, 1_u16..9, 0..12),
        definitions in vec((0_u64..6, 0_u8..4, 0_u8..9, any::<bool>()), 0..4),
    ) -> Chunk {
        let terms: Vec<_> = terms.into_iter().collect();
        let length = terms.iter().map(|&(_, count)| u32::from(count)).sum();
        Chunk { vector: normalized(vector), length, terms, definitions }
    }
}

type Stores = (Vec<BTreeMap<u64, Chunk>>, Vec<(u64, u64)>);

/// Several segments' rows by id, and dead ranges.
fn stores() -> impl Strategy<Value = Stores> {
    let rows = btree_map(0_u64..300, (0_usize..3, chunk()), 0..80);
    let dead = vec((0_u64..300, 0_u64..40), 0..5);
    (rows, dead).prop_map(|(rows, dead)| {
        let mut segments = vec![BTreeMap::new(); 3];
        for (id, (segment, chunk)) in rows {
            segments[segment].insert(id, chunk);
        }
        (segments, dead.into_iter().map(|(start, len)| (start, start + len)).collect())
    })
}

fn write(path: &Path, rows: &BTreeMap<u64, Chunk>) -> Arc<Segment> {
    let mut builder = SegmentBuilder::new(DIM, MODEL);
    for (&id, chunk) in rows {
        let Chunk { vector, length, terms, definitions } = chunk;
        builder.push(&Row { id, vector, length: *length, terms, definitions, references: &[] }).unwrap();
    }
    let info = builder.write(path).unwrap();
    assert_eq!((info.rows, info.bytes), (rows.len(), std::fs::metadata(path).unwrap().len()));
    let segment = Segment::open(path).unwrap();
    segment.verify().unwrap();
    assert_eq!((segment.rows(), segment.dim(), segment.model()), (rows.len(), DIM, MODEL));
    assert!(segment.ids().eq(rows.keys().copied()));
    Arc::new(segment)
}

fn is_in(ranges: &[(u64, u64)], id: u64) -> bool {
    ranges.iter().any(|&(start, end)| start <= id && id < end)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn slow_bm25(chunk: &Chunk, query: &[(u32, f32)], average: f32) -> f32 {
    let mut score = 0.0_f32;
    for &(key, idf) in query {
        let times = chunk.terms.iter().find(|term| term.0 == key).map_or(0.0, |term| f32::from(term.1));
        score += idf * times * 2.5 / (times + 1.5 * (0.25 + 0.75 * chunk.length as f32 / average));
    }
    score
}

fn query_of(terms: &[(u32, f32)], average_length: f32) -> Bm25 {
    Bm25 { terms: terms.to_vec(), pairs: Vec::new(), pair_share: 0.0, k1: 1.5, b: 0.75, average_length }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn scores_are_those_of_the_obvious_implementation(
        (stored, dead) in stores(),
        query in vec(-1.0_f32..1.0, DIM).prop_map(normalized),
        allowed in proptest::option::of(vec(1_u64..40, 0..8)),
        terms in vec((0_u32..50, 0.1_f32..5.0), 0..5),
        pairs in vec(0_u32..50, 0..4),
        k in 0_usize..30,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let opened = stored.iter().enumerate().map(|(at, rows)| write(&folder.path().join(at.to_string()), rows));
        let segments = Segments::new(opened.collect(), &dead);
        let live: BTreeMap<u64, Chunk> =
            stored.into_iter().flatten().filter(|&(id, _)| !is_in(&dead, id)).collect();
        // Gaps and lengths in turn give sorted, disjoint ranges.
        let allowed: Option<Vec<(u64, u64)>> = allowed.map(|steps| {
            let mut at = 0;
            steps.chunks_exact(2).map(|pair| { let start = at + pair[0]; at = start + pair[1]; (start, at) }).collect()
        });

        prop_assert_eq!(segments.live_rows(), live.len());
        prop_assert_eq!(segments.total_length(), live.values().map(|c| u64::from(c.length)).sum::<u64>());
        let mut live_ids: Vec<_> = segments.live_ids().collect();
        live_ids.sort_unstable();
        prop_assert!(live_ids.iter().eq(live.keys()));

        let nearest = segments.nearest(&query, allowed.as_deref(), k);
        let scanned: Vec<u64> =
            live.keys().copied().filter(|&id| allowed.as_ref().is_none_or(|a| is_in(a, id))).collect();
        let scores = segments.similarity(&query, &scanned);
        for (id, score) in scanned.iter().zip(&scores) {
            prop_assert!((score - dot(&query, &live[id].vector)).abs() < 0.01);
        }
        let mut ranked: Vec<_> = scanned.iter().copied().zip(scores.iter().copied()).collect();
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let ends = ranked.last().zip(ranked.first()).map_or((0.0, 0.0), |(last, first)| (last.1, first.1));
        prop_assert_eq!((nearest.min, nearest.max), ends);
        ranked.truncate(k);
        prop_assert_eq!(nearest.hits, ranked);

        let all: Vec<u64> = (0..300).collect();
        let bm25 = query_of(&terms, 20.0);
        for (id, found) in all.iter().zip(segments.bm25(&all, &bm25)) {
            let wanted = live.get(id).map_or(0.0, |chunk| slow_bm25(chunk, &terms, 20.0));
            prop_assert!((found - wanted).abs() <= 1e-4 * wanted.max(1.0));
        }
        let (reached, others) = (&all[..200], &all[150..]);
        prop_assert_eq!(
            segments.by_words(reached, others, &bm25, k + 1),
            slow_by_words(&segments, reached, others, &bm25, k + 1)
        );
        let paired = Bm25 { pairs: pairs.clone(), pair_share: 0.4, ..bm25.clone() };
        let (ids, scores) = segments.by_words(reached, others, &paired, k + 1);
        let slow = slow_with_pairs(&segments, reached, others, &paired, k + 1);
        prop_assert!(ids.iter().eq(slow.keys()), "pairs have no say in which are kept");
        for (score, slow) in scores.iter().zip(slow.values()) {
            prop_assert!((score - slow).abs() < 1e-5);
        }
        for id in all {
            prop_assert_eq!(segments.vector(id).is_some(), live.contains_key(&id));
        }
        for name in 0..7 {
            for loose_bits in 0..3 {
                let slow = slow_definitions(&live, name, loose_bits);
                prop_assert_eq!(segments.definitions(name, loose_bits), slow);
            }
        }
        for kinds in [&[0_u8][..], &[1, 3], &[]] {
            for allowed in [None, Some(&[(5, 60), (61, 200)][..])] {
                let found = segments.of_kinds(kinds, allowed);
                prop_assert!(found.windows(2).all(|pair| pair[0].1 < pair[1].0));
                let ids: Vec<u64> = found.iter().flat_map(|&(start, end)| start..end).collect();
                prop_assert_eq!(ids, slow_of_kinds(&live, kinds, allowed));
            }
        }
    }

    #[test]
    fn a_merged_segment_scores_the_same_bit_for_bit(
        (stored, dead) in stores(),
        query in vec(-1.0_f32..1.0, DIM).prop_map(normalized),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let opened = stored.iter().enumerate().map(|(at, rows)| write(&folder.path().join(at.to_string()), rows));
        let before = Segments::new(opened.collect(), &dead);
        let path = folder.path().join("merged");
        let info = merge(&before, &path).unwrap();
        prop_assert_eq!(info.rows, before.live_rows());
        let merged = Segment::open_in_memory(&path).unwrap();
        merged.verify().unwrap();
        let after = Segments::new(vec![Arc::new(merged)], &[]);

        prop_assert_eq!(before.nearest(&query, None, 1_000), after.nearest(&query, None, 1_000));
        prop_assert_eq!(before.total_length(), after.total_length());
        let terms = [(3, 1.5), (5, 2.5), (8, 0.5)];
        let ids: Vec<u64> = (0..300).collect();
        let bm25 = query_of(&terms, 20.0);
        prop_assert_eq!(before.bm25(&ids, &bm25), after.bm25(&ids, &bm25));
        for id in ids {
            prop_assert_eq!(before.vector(id), after.vector(id));
        }
        for name in 0..7 {
            prop_assert_eq!(before.definitions(name, 1), after.definitions(name, 1));
        }
    }
}

/// The pool by sorting, the union by a map.
fn slow_by_words(
    segments: &Segments,
    reached: &[u64],
    others: &[u64],
    query: &Bm25,
    pool: usize,
) -> (Vec<u64>, Vec<f64>) {
    let mut scored: Vec<(u64, f32)> = reached.iter().copied().zip(segments.bm25(reached, query)).collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1));
    scored.retain(|&(_, score)| score > 0.0);
    if let Some(&(_, last)) = scored.get(pool - 1) {
        scored.retain(|&(_, score)| score >= last);
    }
    scored.extend(others.iter().copied().zip(segments.bm25(others, query)));
    let all: BTreeMap<u64, f32> = scored.into_iter().collect();
    let best = all.values().copied().fold(0.0, f32::max);
    let share = |score: f32| if best > 0.0 { f64::from(score) / f64::from(best) } else { 0.0 };
    all.into_iter().map(|(id, score)| (id, share(score))).unzip()
}

/// As [`slow_by_words`], and for each pair `pair_share` x its idf x what BM25 gives a term of weight 1.
fn slow_with_pairs(
    segments: &Segments,
    reached: &[u64],
    others: &[u64],
    query: &Bm25,
    pool: usize,
) -> BTreeMap<u64, f64> {
    let without = Bm25 { pairs: Vec::new(), ..query.clone() };
    let (best, _) = slow_by_words(segments, reached, &[], &without, pool);
    let (kept, _) = slow_by_words(segments, reached, others, &without, pool);
    let mut scores: Vec<f64> = segments.bm25(&kept, &without).into_iter().map(f64::from).collect();
    for &pair in &query.pairs {
        let alone = query_of(&[(pair, 1.0)], query.average_length);
        let holders = segments.bm25(&best, &alone).iter().filter(|&&gain| gain > 0.0).count() as f64;
        let idf = (1.0 + (segments.live_rows() as f64 - holders + 0.5) / (holders + 0.5)).ln();
        for (score, gain) in scores.iter_mut().zip(segments.bm25(&kept, &alone)) {
            *score += 0.4 * idf * f64::from(gain);
        }
    }
    let most = scores.iter().copied().fold(0.0, f64::max);
    kept.into_iter()
        .zip(scores)
        .map(|(id, score)| (id, if most > 0.0 { score / most } else { 0.0 }))
        .collect()
}

proptest! {
    #[test]
    fn files_are_summed_as_by_hand(
        firsts in proptest::collection::btree_set(1_u64..60, 1..8),
        scores in btree_map(0_u64..80, (0_u8..4, 0_u8..4), 0..50),
        pool in 1_usize..30,
    ) {
        let chunks: Vec<_> =
            scores.iter().map(|(&id, &(a, b))| (id, f64::from(a) / 3.0, f64::from(b) / 3.0)).collect();
        let shares = Shares { semantic: 0.6, lexical: 0.4, pool, shares: vec![0.8, 0.4, 0.2] };
        let files: Vec<u64> = firsts.into_iter().collect();
        let found = Files::new(files.clone()).sum(&chunks, &shares);
        prop_assert_eq!(found, slow_sum(&files, &chunks, &shares));
    }
}

/// The pool by sorting, then file after file.
fn slow_sum(files: &[u64], chunks: &[(u64, f64, f64)], rules: &Shares) -> Vec<FileScore> {
    let total = |chunk: &(u64, f64, f64)| 0.6 * chunk.1 + 0.4 * chunk.2;
    let mut best = chunks.to_vec();
    best.sort_by(|a, b| total(b).total_cmp(&total(a)));
    let last = best.get(rules.pool - 1).map_or(0.0, total);
    best.retain(|chunk| total(chunk) >= last);
    let place = |chunk: u64| files.iter().rposition(|&first| first <= chunk);
    let mut order: Vec<usize> = Vec::new();
    for file in best.iter().filter_map(|chunk| place(chunk.0)) {
        if !order.contains(&file) {
            order.push(file);
        }
    }
    let sum = |file| {
        let of_file: Vec<_> = best.iter().filter(|chunk| place(chunk.0) == Some(file)).collect();
        let side = |score: fn(&(u64, f64, f64)) -> f64| {
            let further = of_file.iter().zip(&rules.shares).skip(1);
            further.fold((1.0 + 0.8) * score(of_file[0]), |sum, (chunk, share)| sum + share * score(chunk))
        };
        let (semantic, lexical) = (0.6 * side(|chunk| chunk.1), 0.4 * side(|chunk| chunk.2));
        FileScore { file, chunk: of_file[0].0, semantic, lexical }
    };
    order.into_iter().map(sum).collect()
}

fn slow_definitions(live: &BTreeMap<u64, Chunk>, name: u64, loose_bits: u32) -> Vec<Definition> {
    let mut found = Vec::new();
    for (&id, chunk) in live {
        let alike = |definition: &&(u64, u8, u8, bool)| definition.0 >> loose_bits == name >> loose_bits;
        for &(named, kind, indent, forward) in chunk.definitions.iter().filter(alike) {
            found.push(Definition { id, kind, indent, forward, exact: named == name });
        }
    }
    found.sort_unstable();
    found
}

fn slow_of_kinds(live: &BTreeMap<u64, Chunk>, kinds: &[u8], allowed: Option<&[(u64, u64)]>) -> Vec<u64> {
    let is_allowed =
        |id: u64| allowed.is_none_or(|ranges| ranges.iter().any(|&(start, end)| (start..end).contains(&id)));
    let holds = |chunk: &Chunk| chunk.definitions.iter().any(|made| kinds.contains(&made.1));
    live.iter().filter(|&(&id, chunk)| is_allowed(id) && holds(chunk)).map(|(&id, _)| id).collect()
}

/// A cheap source of repeatable vectors.
fn vectors(count: usize) -> Vec<Vec<f32>> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / 8_388_608.0 - 1.0
    };
    (0..count).map(|_| normalized((0..DIM).map(|_| next()).collect())).collect()
}

#[test]
fn large_stores_scanned_in_parallel_agree_with_single_look_ups() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    let mut builder = SegmentBuilder::new(DIM, MODEL);
    for (at, vector) in vectors(30_000).iter().enumerate() {
        let id = at as u64 * 3;
        builder.push(&Row { id, vector, length: 1, terms: &[], definitions: &[], references: &[] }).unwrap();
    }
    builder.write(&path).unwrap();
    let segments = Segments::new(vec![Arc::new(Segment::open(&path).unwrap())], &[(300, 600)]);
    let query = &vectors(30_001)[30_000];
    let ids: Vec<u64> = segments.live_ids().collect();
    assert_eq!(ids.len(), 29_900);
    let mut ranked: Vec<_> = ids.iter().copied().zip(segments.similarity(query, &ids)).collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let nearest = segments.nearest(query, None, 50);
    assert_eq!(nearest.hits, ranked[..50]);
    assert_eq!((nearest.min, nearest.max), (ranked[29_899].1, ranked[0].1));
}

#[test]
fn segments_without_vectors_hold_terms_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lexical");
    let mut builder = SegmentBuilder::new(0, [0; 32]);
    builder
        .push(&Row { id: 4, vector: &[], length: 2, terms: &[(9, 2)], definitions: &[], references: &[] })
        .unwrap();
    builder.write(&path).unwrap();
    let segments = Segments::new(vec![Arc::new(Segment::open(&path).unwrap())], &[]);
    assert_eq!(segments.vector(4), Some(Vec::new()));
    assert!(segments.nearest(&[], None, 3).hits.is_empty());
    assert!(segments.bm25(&[4], &query_of(&[(9, 1.0)], 2.0))[0] > 0.0);
}

#[test]
fn rows_that_do_not_fit_are_refused_and_leave_no_trace() {
    let mut builder = SegmentBuilder::new(2, MODEL);
    let row =
        Row { id: 5, vector: &[0.6, 0.8], length: 1, terms: &[(1, 1)], definitions: &[], references: &[] };
    builder.push(&row).unwrap();
    for (bad, reason) in [
        (Row { id: 5, ..row }, "row 5: not above the row before, 5"),
        (Row { id: 6, vector: &[1.0], ..row }, "row 6: a vector of 1 values in a segment of dimension 2"),
        (Row { id: 6, vector: &[1.0, f32::NAN], ..row }, "row 6: the vector has a value that is not finite"),
        (Row { id: 6, terms: &[(2, 1), (2, 1)], ..row }, "row 6: terms are not in ascending order"),
        (Row { id: 6, references: &[3, 3], ..row }, "row 6: references are not in ascending order"),
    ] {
        assert_eq!(builder.push(&bad).unwrap_err().to_string(), reason);
        assert_eq!(builder.len(), 1);
    }
}

#[test]
fn merging_refuses_rows_that_are_live_twice_and_other_models() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, model| {
        let path = folder.path().join(name);
        let mut builder = SegmentBuilder::new(1, model);
        builder
            .push(&Row { id: 1, vector: &[1.0], length: 0, terms: &[], definitions: &[], references: &[] })
            .unwrap();
        builder.write(&path).unwrap();
        Arc::new(Segment::open(&path).unwrap())
    };
    let (a, b, other) = (open("a", MODEL), open("b", MODEL), open("c", [1; 32]));
    let out = folder.path().join("out");
    assert!(merge(&Segments::new(vec![a.clone(), b], &[]), &out).is_err());
    assert!(merge(&Segments::new(vec![a, other], &[]), &out).is_err());
    assert!(!out.exists());
}

#[test]
fn a_failed_write_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    std::fs::create_dir_all(taken.join("full")).unwrap();
    assert!(SegmentBuilder::new(1, MODEL).write(&taken).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// A row that defines `defined` (name, forward declaration) and uses `used`.
fn uses_row(builder: &mut SegmentBuilder, id: u64, defined: &[(u64, bool)], used: &[u64]) {
    let definitions: Vec<_> = defined.iter().map(|&(name, forward)| (name, 1, 0, forward)).collect();
    let references: Vec<u32> = used.iter().map(|&name| reference_key(name)).collect();
    let row =
        Row { id, vector: &[], length: 0, terms: &[], definitions: &definitions, references: &references };
    builder.push(&row).unwrap();
}

#[test]
fn files_are_referred_to_by_the_names_they_define() {
    // The last two differ by their spelling only.
    let names: [u64; 3] = [1 << 40 | 7, 2 << 40 | 7, 2 << 40 | 8];
    let [common, rare, declared] = names;
    let folder = tempfile::tempdir().unwrap();
    let write = |file: &str, rows: &dyn Fn(&mut SegmentBuilder)| {
        let path = folder.path().join(file);
        let mut builder = SegmentBuilder::new(0, [0; 32]);
        rows(&mut builder);
        builder.write(&path).unwrap();
        Arc::new(Segment::open(&path).unwrap())
    };
    let first = write("first", &|builder| {
        uses_row(builder, 1, &[(common, false), (declared, true)], &[rare, declared]);
        uses_row(builder, 2, &[(common, false)], &names);
        uses_row(builder, 3, &[(rare, false)], &[]);
    });
    let second = write("second", &|builder| {
        uses_row(builder, 9, &[(declared, false), (common, false)], &[rare]);
    });
    let open = |dead: &[(u64, u64)]| Segments::new(vec![first.clone(), second.clone()], dead);
    // Every row is a file of its own.
    let files = Files::new(vec![1, 2, 3, 9]);
    let shares = Shares { semantic: 1.0, lexical: 0.0, pool: 9, shares: vec![] };
    let ask = |segments: &Segments| {
        let chunks = [(1, 0.0, 0.0), (2, 0.5, 0.0), (9, 1.0, 0.0)];
        segments.referenced(&files, &chunks, &shares, 2, &mut Links::default())
    };
    let one = 1_f64.ln_1p();
    // `common` is defined by three rows, one too many; `declared` is defined in row 9 and only declared in row 1.
    assert_eq!(ask(&open(&[])), [(2, one + 0.5 * one), (3, 0.5 * one)]);
    // Row 9 is dead: its declaration is the best there is, `common` is rare enough, and leads to its own file too.
    assert_eq!(ask(&open(&[(9, 10)])), [(0, 0.5 * 1.5_f64.ln_1p()), (2, 0.5 * one)]);
    let merged = folder.path().join("merged");
    merge(&open(&[]), &merged).unwrap();
    assert_eq!(ask(&Segments::new(vec![Arc::new(Segment::open(&merged).unwrap())], &[])), ask(&open(&[])));
}
