//! Floats to small integers with one scale, and products of them.

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
}

impl Query {
    /// A query that is not finite is all zero.
    pub(crate) fn new(vector: &[f32]) -> Self {
        // 128 x largest x dim must stay below 2^31.
        let largest = (i32::MAX / 128 / vector.len().max(1) as i32).min(i32::from(i16::MAX)) as f32;
        let (scale, values) = quantize(vector, largest).unwrap_or_else(|| (0.0, vec![0; vector.len()]));
        Self { scale, values }
    }

    pub(crate) fn dim(&self) -> usize {
        self.values.len()
    }

    /// Dot product with a stored row. The integer sum is exact, so order and vector width do not matter.
    pub(crate) fn dot(&self, scale: f32, row: &[u8]) -> f32 {
        let sum = row.iter().zip(&self.values).fold(0_i32, |sum, (&a, &b)| {
            sum.wrapping_add(i32::from(a.cast_signed()).wrapping_mul(i32::from(b)))
        });
        sum as f32 * (scale * self.scale)
    }
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
