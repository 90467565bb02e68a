//! Arithmetic that is robust: medians, quantiles, spreads, of slices that may be put in another order.

/// A standard deviation is so many times the median absolute deviation, for a normal distribution.
pub(crate) const MAD_TO_SIGMA: f64 = 1.4826;

/// How many, as a number to compute with.
#[expect(
    clippy::cast_precision_loss,
    reason = "nothing here has 2^53 elements, and milliseconds since the epoch are fewer"
)]
pub(crate) const fn float(count: u64) -> f64 {
    count as f64
}

/// As [`float`].
pub(crate) const fn len(values: usize) -> f64 {
    float(values as u64)
}

/// The place at a share of a length, below it.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a length is no longer than it"
)]
pub(crate) fn place(length: usize, share: f64) -> usize {
    ((len(length) * share.clamp(0.0, 1.0)) as usize).min(length.saturating_sub(1))
}

/// The value below which a share of the values lies; `None` of none. Puts the values in another order.
pub(crate) fn quantile(values: &mut [f64], share: f64) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let at = place(values.len(), share);
    Some(*values.select_nth_unstable_by(at, f64::total_cmp).1)
}

/// The median; of an even number of values the mean of the two in the middle. Puts the values in another order.
pub(crate) fn median(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let middle = values.len() / 2;
    let is_odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if is_odd {
        return Some(upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp)?;
    Some(f64::midpoint(lower, upper))
}

/// The median absolute deviation from zero, as a standard deviation. Puts the values in another order.
pub(crate) fn spread(values: &mut [f64]) -> Option<f64> {
    for value in values.iter_mut() {
        *value = value.abs();
    }
    median(values).map(|mad| mad * MAD_TO_SIGMA)
}
