//! The area under the ROC curve, from ranks.

/// A row as the ranking sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ranked {
    /// The predicted score; larger means more likely positive. Not NaN.
    pub(super) score: f32,
    /// Whether the row is positive.
    pub(super) positive: bool,
    /// Sample weight.
    pub(super) weight: f64,
}

/// Probability that a random positive row scores above a random negative one, ties counting one half.
///
/// auc = sum over pairs (i positive, j negative) of w_i w_j ([s_i > s_j] + [s_i = s_j] / 2) / (W_pos W_neg),
/// in O(n log n) by sorting. `None` when there is no positive or no negative weight. Equal to the
/// trapezoidal area that scikit-learn's `roc_auc_score` takes. The order of `rows` is lost.
pub(super) fn auc(rows: &mut [Ranked]) -> Option<f64> {
    // The sort is stable: tied rows are summed in row order, whatever the sort does inside.
    rows.sort_by(|a, b| a.score.total_cmp(&b.score));
    let (mut below, mut won, mut total_positive) = (0.0, 0.0, 0.0);
    // -0 and +0 are the same score, so ties are found by ==, which total_cmp keeps adjacent.
    for tied in rows.chunk_by(|a, b| a.score == b.score) {
        let (mut positive, mut negative) = (0.0, 0.0);
        for row in tied {
            if row.positive {
                positive += row.weight;
            } else {
                negative += row.weight;
            }
        }
        won += positive * (below + negative / 2.0);
        below += negative;
        total_positive += positive;
    }
    (total_positive > 0.0 && below > 0.0).then(|| won / (total_positive * below))
}
