//! Holm's correction for several tests.

use super::StatisticsError;

/// p values raised so that the chance of any false alarm among all of these tests is at most the
/// level: the i-th smallest of m is multiplied by m - i + 1, and none ends below a smaller one
/// (Holm 1979).
///
/// # Errors
/// [`StatisticsError::Probability`] for a value outside of 0 to 1.
pub fn holm(p: &[f64]) -> Result<Vec<f64>, StatisticsError> {
    if let Some(&got) = p.iter().find(|p| !(0.0..=1.0).contains(*p)) {
        return Err(StatisticsError::Probability {
            what: "a p value",
            allowed: "0 to 1",
            got,
        });
    }
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    let mut adjusted = vec![0.0; p.len()];
    let mut least: f64 = 0.0;
    for (i, &at) in order.iter().enumerate() {
        least = least.max(p[at] * (p.len() - i) as f64).min(1.0);
        adjusted[at] = least;
    }
    Ok(adjusted)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Products of two numbers in f64.
    const TOLERANCE: f64 = 1e-15;

    #[test]
    fn each_test_pays_for_those_that_are_left() {
        let got = holm(&[0.01, 0.04, 0.03, 0.005]).unwrap();
        // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm").
        for (got, expected) in got.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((got - expected).abs() < TOLERANCE, "{got} for {expected}");
        }
        assert_eq!(holm(&[0.9, 0.8]).unwrap(), [1.0, 1.0]);
        assert!(holm(&[]).unwrap().is_empty());
        assert!(holm(&[f64::NAN]).is_err());
    }
}
