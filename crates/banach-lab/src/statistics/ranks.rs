//! Ranks with ties.

use super::{StatisticsError, check_finite};

/// Which scores are good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// High ones, as of accuracy.
    Higher,
    /// Low ones, as of an error.
    Lower,
}

impl Better {
    /// Whether `a` is better than `b`.
    #[must_use]
    pub fn is_better(self, a: f64, b: f64) -> bool {
        match self {
            Self::Higher => a > b,
            Self::Lower => a < b,
        }
    }
}

/// Ranks of scores, 1 for the best; equal scores share the mean of their ranks.
///
/// # Errors
/// [`StatisticsError::NotFinite`].
pub fn average_ranks(scores: &[f64], better: Better) -> Result<Vec<f64>, StatisticsError> {
    check_finite(scores)?;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| match better {
        Better::Higher => scores[b].total_cmp(&scores[a]),
        Better::Lower => scores[a].total_cmp(&scores[b]),
    });
    let mut ranks = vec![0.0; scores.len()];
    let mut first = 0;
    // -0.0 and 0.0 are next to each other in this order, so equality finds them too.
    for tied in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let rank = first as f64 + 0.5 * (tied.len() + 1) as f64;
        for &at in tied {
            ranks[at] = rank;
        }
        first += tied.len();
    }
    Ok(ranks)
}

/// Average rank of each method over blocks, `scores[block][method]`.
///
/// # Errors
/// [`StatisticsError::TooFew`] without blocks, [`StatisticsError::Row`],
/// [`StatisticsError::NotFinite`].
pub fn mean_ranks(scores: &[Vec<f64>], better: Better) -> Result<Vec<f64>, StatisticsError> {
    let expected = check_table(scores, 1, 1)?;
    let mut sums = vec![0.0; expected];
    for row in scores {
        for (sum, rank) in sums.iter_mut().zip(average_ranks(row, better)?) {
            *sum += rank;
        }
    }
    Ok(sums
        .into_iter()
        .map(|sum| sum / scores.len() as f64)
        .collect())
}

/// Checks that the rows of a table have one length, and gives it.
pub(super) fn check_table(
    scores: &[Vec<f64>],
    least_blocks: usize,
    least_methods: usize,
) -> Result<usize, StatisticsError> {
    let too_few = |what, least, got| Err(StatisticsError::TooFew { what, least, got });
    if scores.len() < least_blocks {
        return too_few("the number of blocks", least_blocks, scores.len());
    }
    let expected = scores.first().map_or(0, Vec::len);
    if expected < least_methods {
        return too_few("the number of methods", least_methods, expected);
    }
    if let Some(row) = scores.iter().position(|row| row.len() != expected) {
        return Err(StatisticsError::Row {
            row,
            expected,
            got: scores[row].len(),
        });
    }
    Ok(expected)
}

/// The sum of t^3 - t over groups of t equal ranks.
pub(super) fn tie_sum(ranks: &[f64]) -> f64 {
    let mut sorted = ranks.to_vec();
    sorted.sort_by(f64::total_cmp);
    let groups = sorted.chunk_by(|a, b| a == b);
    groups
        .map(|group| {
            let t = group.len() as f64;
            t * t * t - t
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_share_their_ranks() {
        // scipy.stats.rankdata(-x) and rankdata(x).
        let scores = [0.7, 0.9, 0.7, 0.5, 0.9, 0.7];
        let high = average_ranks(&scores, Better::Higher).unwrap();
        assert_eq!(high, [4.0, 1.5, 4.0, 6.0, 1.5, 4.0]);
        let low = average_ranks(&scores, Better::Lower).unwrap();
        assert_eq!(low, [3.0, 5.5, 3.0, 1.0, 5.5, 3.0]);
        assert_eq!(
            average_ranks(&[0.0, -0.0], Better::Lower).unwrap(),
            [1.5, 1.5]
        );
    }

    #[test]
    fn tables_that_cannot_be_ranked_are_refused() {
        let text =
            |scores: &[Vec<f64>]| mean_ranks(scores, Better::Higher).unwrap_err().to_string();
        assert_eq!(text(&[]), "the number of blocks must be at least 1, got 0");
        assert_eq!(
            text(&[vec![1.0, 2.0], vec![1.0]]),
            "row 1 has 1 scores, expected 2"
        );
        assert_eq!(text(&[vec![f64::NAN]]), "scores must be finite, got NaN");
        let ranks = mean_ranks(&[vec![1.0, 2.0], vec![3.0, 3.0]], Better::Higher).unwrap();
        assert_eq!(ranks, [1.75, 1.25]);
    }
}
