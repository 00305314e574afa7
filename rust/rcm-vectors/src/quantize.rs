//! Floats to small integers with one scale, and products of them.

use crate::kernel::Kernel;

/// Largest magnitude of a stored value.
const ROW_MAX: f32 = 127.0;

/// Scale and int8 values (as bytes) of a vector; `None` if a value is not finite. Value = scale x integer, within half a
/// scale.
pub(crate) fn quantize_row(vector: &[f32]) -> Option<(f32, Vec<u8>)> {
    let (scale, values) = quantize(vector, ROW_MAX)?;
    Some((scale, values.into_iter().map(|value| (value as i8).cast_unsigned()).collect()))
}

/// A query in int16: finer than the rows, so the rows' rounding is the only error that counts.
#[derive(Debug)]
pub(crate) struct Query {
    scale: f32,
    values: Vec<i16>,
    kernel: Kernel,
}

impl Query {
    /// A query that is not finite is all zero.
    pub(crate) fn new(vector: &[f32]) -> Self {
        // 128 x largest x dim must stay below 2^31.
        let largest = (i32::MAX / 128 / vector.len().max(1) as i32).min(i32::from(i16::MAX)) as f32;
        let (scale, values) = quantize(vector, largest).unwrap_or_else(|| (0.0, vec![0; vector.len()]));
        Self { scale, values, kernel: Kernel::best() }
    }

    pub(crate) fn dim(&self) -> usize {
        self.values.len()
    }

    /// Dot product with a stored row of the query's dimension, one or more.
    pub(crate) fn dot(&self, scale: f32, row: &[u8]) -> f32 {
        let mut sum = [0];
        self.kernel.dots(&self.values, row, &mut sum);
        self.product(sum[0], scale)
    }

    /// Dot product with each of `rows`, stored one after the other, with one of `scales` for each.
    pub(crate) fn dots(&self, rows: &[u8], scales: impl Iterator<Item = f32>, products: &mut Products) {
        products.sums.resize(rows.len() / self.dim(), 0);
        self.kernel.dots(&self.values, rows, &mut products.sums);
        products.scores.clear();
        let sums = products.sums.iter().zip(scales);
        products.scores.extend(sums.map(|(&sum, scale)| self.product(sum, scale)));
    }

    fn product(&self, sum: i32, scale: f32) -> f32 {
        sum as f32 * (scale * self.scale)
    }
}

/// Room for the products of a block of rows, used again for the next.
#[derive(Debug, Default)]
pub(crate) struct Products {
    sums: Vec<i32>,
    /// One a row.
    pub(crate) scores: Vec<f32>,
}

fn quantize(vector: &[f32], largest: f32) -> Option<(f32, Vec<i16>)> {
    if !vector.iter().all(|value| value.is_finite()) {
        return None;
    }
    let top = vector.iter().fold(0.0_f32, |top, value| top.max(value.abs()));
    let scale = top / largest;
    if !scale.is_normal() {
        return Some((0.0, vec![0; vector.len()]));
    }
    Some((
        scale,
        vector.iter().map(|value| (value / scale).round().clamp(-largest, largest) as i16).collect(),
    ))
}
