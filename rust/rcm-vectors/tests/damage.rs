//! Damaged and hostile files: an error, or answers without a panic.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use rcm_vectors::{Bm25, Files, Links, Row, Segment, SegmentBuilder, SegmentError, Segments, Shares, merge};

fn small_file(folder: &Path) -> Vec<u8> {
    let path = folder.join("whole");
    let mut builder = SegmentBuilder::new(4, [3; 32]);
    for id in [2, 5, 70] {
        let vector = [0.5, -0.5, 0.5, (id % 2) as f32 / 2.0];
        let terms = [(id as u32, 1), (100, 2)];
        let definitions = [(id, 1, 2, true), (9, 3, 4, false)];
        let (definitions, references) = (&definitions, &[0, id as u32]);
        builder
            .push(&Row { id, vector: &vector, length: 3, terms: &terms, definitions, references })
            .unwrap();
    }
    builder.write(&path).unwrap();
    std::fs::read(path).unwrap()
}

/// Every accessor; what they answer does not matter here.
fn use_all(segment: Segment, folder: &Path) {
    let ids: Vec<u64> = segment.ids().chain([0, u64::MAX]).collect();
    let segment = Arc::new(segment);
    let segments = Segments::new(vec![segment.clone()], &[(3, 6), (u64::MAX, 0)]);
    let query = vec![0.5; segment.dim()];
    let _ = segments.nearest(&query, None, 2);
    let _ = segments.nearest(&query, Some(&[(0, 5), (60, u64::MAX)]), 2);
    let _ = (segments.live_rows(), segments.total_length(), segments.live_ids().count());
    assert_eq!(segments.similarity(&query, &ids).len(), ids.len());
    let bm25 = Bm25 {
        terms: vec![(2, 1.0), (100, 2.0)],
        pairs: vec![3],
        pair_share: 0.4,
        k1: 1.5,
        b: 0.75,
        average_length: 3.0,
    };
    assert_eq!(segments.bm25(&ids, &bm25).len(), ids.len());
    for &id in &ids {
        let _ = (
            segments.vector(id),
            segments.definitions(id, 0),
            segments.definitions(9, 16),
            segments.of_kinds(&[0, 1], None),
        );
    }
    let files = Files::new(ids.clone());
    let chunks: Vec<_> = ids.iter().map(|&id| (id, 0.5, 0.5)).collect();
    let shares = Shares { semantic: 1.0, lexical: 1.0, pool: 3, shares: vec![] };
    let _ = segments.referenced(&files, &chunks, &shares, 3, &mut Links::default());
    let _ = merge(&segments, &folder.join("merged"));
}

/// Whether the file was found out, at open or by `verify`. Opened all the same, it must not panic.
fn is_found_out(bytes: &[u8], folder: &Path) -> bool {
    let path = folder.join("damaged");
    std::fs::write(&path, bytes).unwrap();
    match Segment::open(&path) {
        Err(SegmentError::Damaged { .. }) => true,
        Err(other) => panic!("{other}"),
        Ok(segment) => {
            let found = segment.verify().is_err();
            use_all(segment, folder);
            found
        }
    }
}

#[test]
fn every_truncation_is_found_when_opened() {
    let folder = tempfile::tempdir().unwrap();
    let whole = small_file(folder.path());
    let path = folder.path().join("cut");
    for end in 0..whole.len() {
        std::fs::write(&path, &whole[..end]).unwrap();
        assert!(matches!(Segment::open(&path), Err(SegmentError::Damaged { .. })), "{end}");
        assert!(matches!(Segment::open_in_memory(&path), Err(SegmentError::Damaged { .. })), "{end}");
    }
    std::fs::write(&path, [&whole[..], &[0]].concat()).unwrap();
    assert!(Segment::open(&path).is_err());
}

#[test]
fn every_flipped_byte_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let whole = small_file(folder.path());
    assert!(!is_found_out(&whole, folder.path()));
    for at in 0..whole.len() {
        for mask in [0x01, 0x80, 0xFF] {
            let mut bytes = whole.clone();
            bytes[at] ^= mask;
            assert!(is_found_out(&bytes, folder.path()), "byte {at} ^ {mask}");
        }
    }
}

#[test]
fn huge_counts_are_refused_before_anything_is_allocated() {
    let folder = tempfile::tempdir().unwrap();
    let whole = small_file(folder.path());
    for at in [16, 24, 32, 40] {
        for count in [u64::MAX, u64::MAX / 8, 1 << 61, 1 << 32, 0] {
            let mut bytes = whole.clone();
            bytes[at..at + 8].copy_from_slice(&count.to_le_bytes());
            let path = folder.path().join("huge");
            std::fs::write(&path, bytes).unwrap();
            assert!(matches!(Segment::open(&path), Err(SegmentError::Damaged { .. })), "{at} {count}");
        }
    }
}

#[test]
fn errors_name_file_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = small_file(folder.path());
    let path = folder.path().join("other");
    let message = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Segment::open(&path).unwrap_err().to_string().replace(&path.display().to_string(), "FILE")
    };
    assert_eq!(message(b"{}"), "FILE: cut off within the header");
    bytes[8] = 3;
    assert_eq!(message(&bytes), "FILE: format version 3, not 2");
    bytes[0] = b'R';
    assert_eq!(message(&bytes), "FILE: not a vector segment");
    assert!(matches!(Segment::open(&folder.path().join("none")), Err(SegmentError::Io { .. })));
}

proptest! {
    /// With the checksum made right again, so that only the structure can be found out.
    #[test]
    fn forged_files_never_panic(changes in proptest::collection::vec((80_usize..1_000, any::<u8>()), 1..12)) {
        let folder = tempfile::tempdir().unwrap();
        let mut bytes = small_file(folder.path());
        let end = bytes.len() - 4;
        for (at, value) in changes {
            bytes[72 + (at - 72) % (end - 72)] = value;
        }
        let crc = crc32fast::hash(&bytes[..end]);
        bytes[end..].copy_from_slice(&crc.to_le_bytes());
        is_found_out(&bytes, folder.path());
    }
}

/// Whole files changed at random, checksum right or wrong: an error or answers, for as long as `RCM_FUZZ_SECONDS` says.
#[test]
fn random_files_never_panic() {
    let number =
        |name, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let mut state: u64 = number("RCM_TEST_SEED", 1);
    let mut below = |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % end
    };
    let folder = tempfile::tempdir().unwrap();
    let whole = small_file(folder.path());
    let until = std::time::Instant::now() + std::time::Duration::from_secs(number("RCM_FUZZ_SECONDS", 6));
    while std::time::Instant::now() < until {
        let mut bytes = whole.clone();
        for _ in 0..=below(4) {
            let at = below(bytes.len() - 8);
            match below(4) {
                0 => bytes[at] = below(256) as u8,
                1 => bytes[at..at + 8].copy_from_slice(&(u64::MAX >> below(64)).to_le_bytes()),
                2 => bytes[at..at + 4]
                    .copy_from_slice(&f32::from_bits(0x7F80_0000 | below(2) as u32).to_le_bytes()),
                _ => bytes[8 + at % 32] = below(256) as u8,
            }
        }
        if below(2) == 0 {
            let end = bytes.len() - 4;
            let crc = crc32fast::hash(&bytes[..end]);
            bytes[end..].copy_from_slice(&crc.to_le_bytes());
        }
        is_found_out(&bytes, folder.path());
    }
}
