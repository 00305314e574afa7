//! Products of an int16 query with int8 rows, by the widest instructions that this processor has.
//!
//! Sums are exact in int32 (`format::MAX_DIM` and the query's largest value see to that), so every
//! kernel gives the same bits.
#![allow(unsafe_code)]

/// How products are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kernel {
    /// 32 products an instruction (x86-64: AVX-512 with VNNI).
    #[cfg(target_arch = "x86_64")]
    Vnni,
    /// 16 products an instruction (x86-64: AVX2).
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What the compiler makes of a loop: SSE2 on x86-64, NEON on aarch64.
    Plain,
}

impl Kernel {
    /// The kernels that this processor can run, the fastest first.
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        [
            #[cfg(target_arch = "x86_64")]
            (Self::Vnni, is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512bw")),
            #[cfg(target_arch = "x86_64")]
            (Self::Avx2, is_x86_feature_detected!("avx2")),
            (Self::Plain, true),
        ]
        .into_iter()
        .filter_map(|(kernel, is_there)| is_there.then_some(kernel))
    }

    /// The fastest kernel that this processor can run.
    pub(crate) fn best() -> Self {
        Self::available().next().unwrap_or(Self::Plain)
    }

    /// The product of `query` with each of `rows`, one after the other and each as long as the query.
    pub(crate) fn dots(self, query: &[i16], rows: &[u8], sums: &mut [i32]) {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available`, the only maker of this value, has seen the features that the function is compiled for.
            Self::Vnni => unsafe { vnni(query, rows, sums) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: As above.
            Self::Avx2 => unsafe { avx2(query, rows, sums) },
            Self::Plain => {
                for (row, sum) in rows.chunks_exact(query.len()).zip(sums) {
                    *sum = plain(query, row);
                }
            }
        }
    }
}

fn plain(query: &[i16], row: &[u8]) -> i32 {
    row.iter()
        .zip(query)
        .fold(0_i32, |sum, (&a, &b)| sum.wrapping_add(i32::from(a.cast_signed()).wrapping_mul(i32::from(b))))
}

/// # Safety
/// The processor must have AVX-512 F, BW and VNNI.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
unsafe fn vnni(query: &[i16], rows: &[u8], sums: &mut [i32]) {
    use std::arch::x86_64::{
        _mm256_loadu_si256, _mm512_add_epi32, _mm512_cvtepi8_epi16, _mm512_dpwssd_epi32, _mm512_loadu_si512,
        _mm512_reduce_add_epi32, _mm512_setzero_si512,
    };
    let (query_wide, query_rest) = query.as_chunks::<64>();
    for (row, sum) in rows.chunks_exact(query.len()).zip(sums) {
        let (row_wide, row_rest) = row.as_chunks::<64>();
        let (mut first, mut second) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for (row, query) in row_wide.iter().zip(query_wide) {
            let ([low, high], [query_low, query_high]) =
                (halves::<_, 64, 32>(row), halves::<_, 64, 32>(query));
            // SAFETY: Each points to as many bytes as are loaded; the loads need no alignment.
            let ([low, high], [query_low, query_high]) = unsafe {
                (
                    [low, high].map(|half| _mm256_loadu_si256(half.as_ptr().cast())),
                    [query_low, query_high].map(|half| _mm512_loadu_si512(half.as_ptr().cast())),
                )
            };
            first = _mm512_dpwssd_epi32(first, _mm512_cvtepi8_epi16(low), query_low);
            second = _mm512_dpwssd_epi32(second, _mm512_cvtepi8_epi16(high), query_high);
        }
        let wide = _mm512_reduce_add_epi32(_mm512_add_epi32(first, second));
        *sum = wide.wrapping_add(plain(query_rest, row_rest));
    }
}

/// # Safety
/// The processor must have AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn avx2(query: &[i16], rows: &[u8], sums: &mut [i32]) {
    use std::arch::x86_64::{
        _mm_add_epi32, _mm_cvtsi128_si32, _mm_loadu_si128, _mm_shuffle_epi32, _mm256_add_epi32,
        _mm256_castsi256_si128, _mm256_cvtepi8_epi16, _mm256_extracti128_si256, _mm256_loadu_si256,
        _mm256_madd_epi16, _mm256_setzero_si256,
    };
    let (query_wide, query_rest) = query.as_chunks::<32>();
    for (row, sum) in rows.chunks_exact(query.len()).zip(sums) {
        let (row_wide, row_rest) = row.as_chunks::<32>();
        let (mut first, mut second) = (_mm256_setzero_si256(), _mm256_setzero_si256());
        for (row, query) in row_wide.iter().zip(query_wide) {
            let ([low, high], [query_low, query_high]) =
                (halves::<_, 32, 16>(row), halves::<_, 32, 16>(query));
            // SAFETY: Each points to as many bytes as are loaded; the loads need no alignment.
            let ([low, high], [query_low, query_high]) = unsafe {
                (
                    [low, high].map(|half| _mm_loadu_si128(half.as_ptr().cast())),
                    [query_low, query_high].map(|half| _mm256_loadu_si256(half.as_ptr().cast())),
                )
            };
            first = _mm256_add_epi32(first, _mm256_madd_epi16(_mm256_cvtepi8_epi16(low), query_low));
            second = _mm256_add_epi32(second, _mm256_madd_epi16(_mm256_cvtepi8_epi16(high), query_high));
        }
        let wide = _mm256_add_epi32(first, second);
        let wide = _mm_add_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256::<1>(wide));
        let wide = _mm_add_epi32(wide, _mm_shuffle_epi32::<0b01_00_11_10>(wide));
        let wide = _mm_add_epi32(wide, _mm_shuffle_epi32::<0b10_11_00_01>(wide));
        *sum = _mm_cvtsi128_si32(wide).wrapping_add(plain(query_rest, row_rest));
    }
}

/// Both halves of an array.
#[cfg(target_arch = "x86_64")]
#[inline]
fn halves<T, const WHOLE: usize, const HALF: usize>(whole: &[T; WHOLE]) -> [&[T; HALF]; 2] {
    const { assert!(WHOLE == 2 * HALF) };
    let (halves, _) = whole.as_chunks();
    [&halves[0], &halves[1]]
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn dots(kernel: Kernel, query: &[i16], rows: &[u8]) -> Vec<i32> {
        let mut sums = vec![1; rows.len() / query.len()];
        kernel.dots(query, rows, &mut sums);
        sums
    }

    /// What the sums are, with no thought of speed or width.
    fn exact(query: &[i16], rows: &[u8]) -> Vec<i32> {
        let dot = |row: &[u8]| {
            row.iter().zip(query).map(|(&a, &b)| i64::from(a.cast_signed()) * i64::from(b)).sum::<i64>()
        };
        let rows = rows.chunks_exact(query.len());
        rows.map(|row| i32::try_from(dot(row)).expect("within the limit of queries")).collect()
    }

    #[test]
    fn extremes_do_not_saturate() {
        for dim in [1, 15, 16, 17, 31, 32, 33, 64, 256, 511] {
            for (value, byte) in [(-32_767_i16, 0x81_u8), (32_767, 0x81), (-32_767, 0x7f), (32_767, 0x80)] {
                let (query, rows) = (vec![value; dim], vec![byte; 3 * dim]);
                for kernel in Kernel::available() {
                    assert_eq!(dots(kernel, &query, &rows), exact(&query, &rows), "{kernel:?} {dim}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn every_kernel_gives_the_exact_sum(
            query in vec(-32_767_i16..=32_767, 1..150),
            bytes in vec(any::<u8>(), 0..900),
        ) {
            let expected = exact(&query, &bytes);
            for kernel in Kernel::available() {
                prop_assert_eq!(&dots(kernel, &query, &bytes), &expected, "{:?}", kernel);
            }
        }
    }
}
