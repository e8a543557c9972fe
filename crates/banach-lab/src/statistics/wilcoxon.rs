//! The paired Wilcoxon signed-rank test.

use super::ranks::tie_sum;
use super::special::normal_cdf;
use super::{Better, StatisticsError, average_ranks, check_finite};

/// Most pairs with a difference for which the distribution is counted exactly.
pub const MAX_EXACT: usize = 25;

/// The result of a Wilcoxon signed-rank test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wilcoxon {
    /// Pairs that differ; the test looks at no others.
    pub n: usize,
    /// Sum of the ranks of pairs in which the first score is higher.
    pub positive: f64,
    /// Sum of the ranks of pairs in which the second score is higher.
    pub negative: f64,
    /// Two-sided p value; 1 when no pair differs.
    pub p: f64,
    /// Whether the distribution was counted, rather than taken as normal.
    pub exact: bool,
}

/// Tests whether the differences of paired scores are symmetric about 0 (two-sided).
///
/// Pairs without a difference are left out, as by Wilcoxon (not ranked with the others, as by
/// Pratt). Equal differences share their ranks. With up to [`MAX_EXACT`] pairs, p is counted over all
/// signs of the ranks at hand, ties included; with more, it comes from the normal distribution with
/// mean n(n + 1)/4 and variance n(n + 1)(2n + 1)/24 - sum(t^3 - t)/48 over groups of t tied ranks,
/// without a correction for continuity (Demsar 2006, section 3.1.3).
///
/// # Errors
/// [`StatisticsError::Pairs`], [`StatisticsError::NotFinite`].
pub fn wilcoxon(first: &[f64], second: &[f64]) -> Result<Wilcoxon, StatisticsError> {
    if first.len() != second.len() {
        return Err(StatisticsError::Pairs {
            first: first.len(),
            second: second.len(),
        });
    }
    let differences: Vec<f64> = first
        .iter()
        .zip(second)
        .map(|(a, b)| a - b)
        .filter(|&difference| difference != 0.0)
        .collect();
    check_finite(&differences)?;
    let sizes: Vec<f64> = differences.iter().map(|d| d.abs()).collect();
    let ranks = average_ranks(&sizes, Better::Lower)?;
    let signed = differences.iter().zip(&ranks);
    let positive: f64 = signed.filter(|(d, _)| **d > 0.0).map(|(_, r)| r).sum();
    let n = ranks.len();
    let total = 0.5 * (n * (n + 1)) as f64;
    let negative = total - positive;
    let exact = n <= MAX_EXACT;
    let p = match n {
        0 => 1.0,
        _ if exact => 2.0 * exact_cdf(&ranks, positive.min(negative)),
        _ => {
            let size = n as f64;
            let variance = size * (size + 1.0) * (2.0 * size + 1.0) / 24.0 - tie_sum(&ranks) / 48.0;
            2.0 * normal_cdf((positive.min(negative) - 0.5 * total) / variance.sqrt())
        }
    };
    Ok(Wilcoxon {
        n,
        positive,
        negative,
        p: p.min(1.0),
        exact,
    })
}

/// Probability that the ranks with a positive sign sum up to at most `sum`, when every sign is a
/// fair coin's.
fn exact_cdf(ranks: &[f64], sum: f64) -> f64 {
    // Shared ranks are halves: twice a rank is whole.
    let doubled = ranks.iter().map(|rank| (2.0 * rank) as usize);
    let most = ranks.len() * (ranks.len() + 1);
    // Numbers of sign patterns with each sum, all below 2^25 and so exact in f64.
    let mut patterns = vec![0.0; most + 1];
    patterns[0] = 1.0;
    for rank in doubled {
        for at in (rank..=most).rev() {
            patterns[at] += patterns[at - rank];
        }
    }
    let limit = (2.0 * sum) as usize;
    let favourable: f64 = patterns[..=limit].iter().sum();
    favourable / 2.0_f64.powi(ranks.len() as i32)
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    /// p values here and in SciPy are sums of a few terms in f64.
    const TOLERANCE: f64 = 1e-12;

    #[derive(serde::Deserialize)]
    struct Case {
        name: String,
        a: Vec<f64>,
        b: Vec<f64>,
        statistic: f64,
        p: f64,
        exact: bool,
    }

    #[test]
    fn statistic_and_p_are_those_of_scipy() {
        for case in golden::<Case>("wilcoxon") {
            let test = wilcoxon(&case.a, &case.b).unwrap();
            assert_eq!(
                test.positive.min(test.negative),
                case.statistic,
                "{}",
                case.name
            );
            assert_eq!(test.exact, case.exact, "{}", case.name);
            assert!(
                (test.p - case.p).abs() < TOLERANCE,
                "{}: {} for {}",
                case.name,
                test.p,
                case.p
            );
        }
    }

    #[test]
    fn no_difference_says_nothing_and_lengths_must_agree() {
        let same = wilcoxon(&[1.0, 2.0], &[1.0, 2.0]).unwrap();
        assert_eq!((same.n, same.p), (0, 1.0));
        let error = wilcoxon(&[1.0], &[1.0, 2.0]).unwrap_err().to_string();
        assert_eq!(error, "paired scores must have one length, got 1 and 2");
        assert!(wilcoxon(&[f64::INFINITY], &[0.0]).is_err());
    }

    #[test]
    fn five_folds_cannot_give_less_than_a_sixteenth() {
        let test = wilcoxon(&[5.0, 6.0, 7.0, 8.0, 9.0], &[4.0, 4.0, 4.0, 4.0, 4.0]).unwrap();
        assert_eq!(test.p, 0.0625);
    }
}
