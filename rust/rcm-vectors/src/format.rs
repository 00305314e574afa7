//! The bytes of a segment file, all numbers little-endian, no padding:
//!
//! ```text
//! header     magic 8, version u32, dim u32, rows u64, terms u64, definitions u64, references u64, model 32
//! ids        rows x u64, ascending
//! bag ends   rows x u64: end of each row's terms
//! use ends   rows x u64: end of each row's references
//! names      definitions x u64 name key, ascending, equal ones by id
//! owners     definitions x u64: id of the row
//! details    definitions x (kind u8, indent u8, forward u8, 0)
//! scales     rows x f32
//! lengths    rows x u32: terms in the bag, repeated ones counted
//! keys       terms x u32, ascending within a row
//! references references x u32: upper 24 and lower 8 bits of the name key, ascending within a row
//! counts     terms x u16
//! vectors    rows x dim x i8
//! crc32      u32 of everything before
//! ```

use std::ops::Range;

/// Version of the file format. A file of another version is refused.
pub const FORMAT_VERSION: u32 = 2;

/// First bytes of each segment file.
pub(crate) const MAGIC: [u8; 8] = *b"rcm-vec\n";

/// Bytes before the first section.
pub(crate) const HEADER_BYTES: usize = 80;

/// Longer vectors are refused: products with an int16 query must fit 32 bits.
pub(crate) const MAX_DIM: usize = 16_384;

/// The fixed part of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) dim: usize,
    pub(crate) rows: usize,
    pub(crate) terms: usize,
    pub(crate) definitions: usize,
    pub(crate) references: usize,
    pub(crate) model: [u8; 32],
}

impl Header {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(FORMAT_VERSION.to_le_bytes());
        bytes.extend((self.dim as u32).to_le_bytes());
        for count in [self.rows, self.terms, self.definitions, self.references] {
            bytes.extend((count as u64).to_le_bytes());
        }
        bytes.extend(self.model);
        bytes
    }

    /// Reads a header; errors say what is wrong with it.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let header: &[u8; HEADER_BYTES] = bytes.first_chunk().ok_or("cut off within the header")?;
        if header[..8] != MAGIC {
            return Err("not a vector segment".to_owned());
        }
        let version = number_u32(&header[8..], 0);
        if version != FORMAT_VERSION {
            return Err(format!("format version {version}, not {FORMAT_VERSION}"));
        }
        let dim = number_u32(&header[12..], 0) as usize;
        if dim > MAX_DIM {
            return Err(format!("dimension {dim} is above {MAX_DIM}"));
        }
        let count =
            |at| usize::try_from(number_u64(&header[16..], at)).map_err(|_| "too many rows for this machine");
        let mut model = [0; 32];
        model.copy_from_slice(&header[48..]);
        Ok(Self {
            dim,
            rows: count(0)?,
            terms: count(1)?,
            definitions: count(2)?,
            references: count(3)?,
            model,
        })
    }
}

/// Where each section stands in the file.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) ids: Range<usize>,
    pub(crate) bag_ends: Range<usize>,
    pub(crate) use_ends: Range<usize>,
    pub(crate) names: Range<usize>,
    pub(crate) owners: Range<usize>,
    pub(crate) details: Range<usize>,
    pub(crate) scales: Range<usize>,
    pub(crate) lengths: Range<usize>,
    pub(crate) keys: Range<usize>,
    pub(crate) references: Range<usize>,
    pub(crate) counts: Range<usize>,
    pub(crate) vectors: Range<usize>,
    pub(crate) crc: Range<usize>,
}

impl Layout {
    /// `None` if the counts are beyond any file.
    pub(crate) fn of(header: &Header) -> Option<Self> {
        let mut at = HEADER_BYTES;
        let mut section = |count: usize, width: usize| {
            let start = at;
            at = start.checked_add(count.checked_mul(width)?)?;
            Some(start..at)
        };
        Some(Self {
            ids: section(header.rows, 8)?,
            bag_ends: section(header.rows, 8)?,
            use_ends: section(header.rows, 8)?,
            names: section(header.definitions, 8)?,
            owners: section(header.definitions, 8)?,
            details: section(header.definitions, 4)?,
            scales: section(header.rows, 4)?,
            lengths: section(header.rows, 4)?,
            keys: section(header.terms, 4)?,
            references: section(header.references, 4)?,
            counts: section(header.terms, 2)?,
            vectors: section(header.rows, header.dim)?,
            crc: section(1, 4)?,
        })
    }
}

/// The `at`-th number of a section.
pub(crate) fn number_u16(section: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(section.as_chunks().0[at])
}

/// The `at`-th number of a section.
pub(crate) fn number_u32(section: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(section.as_chunks().0[at])
}

/// The `at`-th number of a section.
pub(crate) fn number_u64(section: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(section.as_chunks().0[at])
}

/// First place whose number is not below `wanted`; the numbers ascend.
pub(crate) fn lower_bound<const WIDTH: usize>(
    section: &[u8],
    mut is_below: impl FnMut([u8; WIDTH]) -> bool,
) -> usize {
    section.as_chunks::<WIDTH>().0.partition_point(|&number| is_below(number))
}

/// Like [`lower_bound`], where all numbers before `from` are below; quick where the place is near.
pub(crate) fn lower_bound_from<const WIDTH: usize>(
    section: &[u8],
    from: usize,
    mut is_below: impl FnMut([u8; WIDTH]) -> bool,
) -> usize {
    let numbers = section.as_chunks::<WIDTH>().0;
    let (mut start, mut step) = (from.min(numbers.len()), 1);
    while let Some(&number) = numbers.get(start + step - 1) {
        if !is_below(number) {
            break;
        }
        start += step;
        step *= 2;
    }
    let end = (start + step - 1).min(numbers.len());
    start + numbers[start..end].partition_point(|&number| is_below(number))
}
