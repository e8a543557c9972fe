//! Nemenyi's critical difference of average ranks.

use super::StatisticsError;
use super::special::studentized_range;

/// The difference from which on two of `methods` average ranks over `blocks` blocks differ at the
/// level `alpha`, whichever two are looked at.
///
/// CD = q / sqrt(2) sqrt(k (k + 1) / (6 n)), q being the upper alpha point of the studentized range of
/// k groups with infinite degrees of freedom (Nemenyi 1963; Demsar 2006, section 3.2.2 and Table 5),
/// here by quadrature and bisection rather than from the table.
///
/// # Errors
/// [`StatisticsError::TooFew`] below 2 methods or 1 block, [`StatisticsError::Probability`] unless
/// 0 < alpha < 1.
pub fn critical_difference(
    methods: usize,
    blocks: usize,
    alpha: f64,
) -> Result<f64, StatisticsError> {
    for (what, least, got) in [
        ("the number of methods", 2, methods),
        ("the number of blocks", 1, blocks),
    ] {
        if got < least {
            return Err(StatisticsError::TooFew { what, least, got });
        }
    }
    if !(alpha > 0.0 && alpha < 1.0) {
        return Err(StatisticsError::Probability {
            what: "alpha",
            allowed: "above 0 and below 1",
            got: alpha,
        });
    }
    let (k, n) = (methods as f64, blocks as f64);
    Ok(studentized_range(alpha, methods) / 2.0_f64.sqrt() * (k * (k + 1.0) / (6.0 * n)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    /// SciPy's own quadrature is good to about 1e-9.
    const TOLERANCE: f64 = 1e-7;

    #[test]
    fn points_of_the_studentized_range_are_those_of_scipy() {
        for (k, alpha, q) in golden::<(usize, f64, f64)>("studentized_range") {
            let got = studentized_range(alpha, k);
            assert!((got - q).abs() < TOLERANCE, "{k} {alpha}: {got} for {q}");
        }
    }

    #[test]
    fn critical_differences_are_those_of_demsar() {
        // Demsar 2006, section 3.2.2: four methods on 14 data sets, 2.569 sqrt(4 * 5 / (6 * 14)).
        let cd = critical_difference(4, 14, 0.05).unwrap();
        assert!((cd - 1.25).abs() < 0.005, "{cd}");
        assert!(critical_difference(1, 14, 0.05).is_err());
        let error = critical_difference(4, 14, 1.0).unwrap_err().to_string();
        assert_eq!(error, "alpha must be above 0 and below 1, got 1");
    }
}
