//! Friedman's test.

use super::ranks::{check_table, tie_sum};
use super::special::chi_squared_sf;
use super::{Better, StatisticsError, average_ranks};

/// The result of a Friedman test.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Friedman {
    /// Chi-squared statistic, corrected for ties; 0 when all scores of every block are equal.
    pub statistic: f64,
    /// Degrees of freedom: methods - 1.
    pub df: usize,
    /// p value from the chi-squared distribution, which is good from about 10 blocks and 5 methods on.
    pub p: f64,
}

/// Tests whether k methods have the same average rank over n blocks, `scores[block][method]`.
///
/// statistic = (12 / (n k (k + 1)) sum_j R_j^2 - 3 n (k + 1)) / (1 - sum(t^3 - t) / (n k (k^2 - 1)))
/// with the rank sums R_j and groups of t tied ranks within blocks (Friedman 1937; Demsar 2006,
/// section 3.2.2; the correction as in Conover, "Practical nonparametric statistics").
///
/// # Errors
/// [`StatisticsError::TooFew`] below 2 blocks or 3 methods, [`StatisticsError::Row`],
/// [`StatisticsError::NotFinite`].
pub fn friedman(scores: &[Vec<f64>]) -> Result<Friedman, StatisticsError> {
    let methods = check_table(scores, 2, 3)?;
    let (n, k) = (scores.len() as f64, methods as f64);
    let mut sums = vec![0.0; methods];
    let mut ties = 0.0;
    for row in scores {
        // Which end is the better one does not change the statistic.
        let ranks = average_ranks(row, Better::Lower)?;
        ties += tie_sum(&ranks);
        for (sum, rank) in sums.iter_mut().zip(ranks) {
            *sum += rank;
        }
    }
    let squares: f64 = sums.iter().map(|sum| sum * sum).sum();
    let spread = 12.0 / (n * k * (k + 1.0)) * squares - 3.0 * n * (k + 1.0);
    let correction = 1.0 - ties / (n * k * (k * k - 1.0));
    let statistic = if correction > 0.0 {
        spread / correction
    } else {
        0.0
    };
    Ok(Friedman {
        statistic,
        df: methods - 1,
        p: chi_squared_sf(statistic, methods - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::super::golden;
    use super::*;

    /// The statistic is a difference of sums of some thousands.
    const TOLERANCE: f64 = 1e-10;

    #[derive(serde::Deserialize)]
    struct Case {
        scores: Vec<Vec<f64>>,
        statistic: f64,
        p: f64,
    }

    #[test]
    fn statistic_and_p_are_those_of_scipy() {
        for case in golden::<Case>("friedman") {
            let test = friedman(&case.scores).unwrap();
            assert!(
                (test.statistic - case.statistic).abs() < TOLERANCE
                    && (test.p - case.p).abs() < TOLERANCE,
                "{test:?} for {} {}",
                case.statistic,
                case.p
            );
        }
    }

    #[test]
    fn equal_scores_do_not_differ() {
        let test = friedman(&[vec![1.0; 3], vec![2.0; 3]]).unwrap();
        assert_eq!((test.statistic, test.p), (0.0, 1.0));
        let error = friedman(&[vec![1.0, 2.0], vec![1.0, 2.0]]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the number of methods must be at least 3, got 2"
        );
    }
}
