//! Early stopping: which epoch's parameters are kept, and when training ends.

use serde::{Deserialize, Serialize};

use crate::names::from_name;

/// The stopping rule: how the validation loss chooses the epoch whose parameters are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Stopping {
    /// The last epoch, whatever the validation loss does.
    Last,
    /// The epoch with the lowest validation loss; training ends after `patience` epochs without
    /// improvement.
    Best {
        /// Epochs to wait for an improvement; `None` runs all.
        patience: Option<usize>,
    },
    /// All epochs are run; the loss curve is smoothed by a moving average over the last `window`
    /// epochs, and the epoch with the lowest average is kept (the paper's protocol with window 10,
    /// arXiv:1706.02515, section A.4). Averages over fewer epochs do not count, unless there are
    /// no others.
    Smoothed {
        /// Epochs of the moving average.
        window: usize,
    },
}

impl Stopping {
    /// All of them with their usual parameters: no patience, a window of 10 epochs.
    pub const ALL: [Self; 3] = [
        Self::Best { patience: None },
        Self::Smoothed { window: 10 },
        Self::Last,
    ];

    /// The name in settings and reports.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Best { .. } => "best",
            Self::Smoothed { .. } => "smoothed",
        }
    }

    /// The score of the epoch at the end of `losses`, the lower the better; `None` if it cannot be chosen.
    ///
    /// `n_epochs` is the number of epochs that the run will have at most.
    #[must_use]
    pub fn score(&self, losses: &[f64], n_epochs: usize) -> Option<f64> {
        let last = *losses.last()?;
        match *self {
            Self::Last => Some(-(losses.len() as f64)),
            Self::Best { .. } => Some(last),
            Self::Smoothed { window } => {
                let window = window.clamp(1, n_epochs.max(1));
                let tail = &losses[losses.len().checked_sub(window)?..];
                Some(tail.iter().sum::<f64>() / window as f64)
            }
        }
    }

    /// Whether training ends after `epoch` when the best one so far is `best` (both from 1).
    pub(crate) fn ends(&self, epoch: usize, best: usize) -> bool {
        matches!(*self, Self::Best { patience: Some(patience) } if epoch - best >= patience)
    }
}

from_name!(Stopping);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn chosen(stopping: Stopping, losses: &[f64]) -> (usize, usize) {
        let (mut best, mut lowest) = (0, f64::INFINITY);
        for epoch in 1..=losses.len() {
            if let Some(score) = stopping.score(&losses[..epoch], losses.len())
                && score < lowest
            {
                (best, lowest) = (epoch, score);
            }
            if stopping.ends(epoch, best) {
                return (best, epoch);
            }
        }
        (best, losses.len())
    }

    #[test]
    fn each_rule_keeps_its_epoch() {
        let losses = [5.0, 1.0, 4.0, 3.0, 2.0, 2.1, 2.2, 6.0];
        assert_eq!(chosen(Stopping::Last, &losses), (8, 8));
        assert_eq!(chosen(Stopping::Best { patience: None }, &losses), (2, 8));
        assert_eq!(
            chosen(Stopping::Best { patience: Some(3) }, &losses),
            (2, 5)
        );
        // The lucky dip at epoch 2 does not count; the plateau around epoch 6 does.
        assert_eq!(chosen(Stopping::Smoothed { window: 3 }, &losses), (7, 8));
        assert_eq!(chosen(Stopping::Smoothed { window: 10 }, &losses), (8, 8));
    }

    proptest! {
        #[test]
        fn the_kept_epoch_is_the_first_lowest_one_of_those_that_were_run(
            losses in prop::collection::vec(0_u8..20, 1..40), patience in 1_usize..10,
            window in 1_usize..12,
        ) {
            let losses: Vec<f64> = losses.into_iter().map(f64::from).collect();
            let lowest = |scores: &[f64]| {
                let low = scores.iter().copied().fold(f64::INFINITY, f64::min);
                scores.iter().position(|&s| s == low).map_or(0, |index| index + 1)
            };
            let n = losses.len();
            prop_assert_eq!(chosen(Stopping::Last, &losses), (n, n));
            prop_assert_eq!(chosen(Stopping::Best { patience: None }, &losses), (lowest(&losses), n));

            let (best, end) = chosen(Stopping::Best { patience: Some(patience) }, &losses);
            prop_assert_eq!(best, lowest(&losses[..end]));
            prop_assert!(end == n || end == best + patience, "{} {}", best, end);

            let window = window.min(n);
            let averages: Vec<f64> = losses
                .windows(window)
                .map(|part| part.iter().sum::<f64>() / window as f64)
                .collect();
            let want = lowest(&averages) + window - 1;
            prop_assert_eq!(chosen(Stopping::Smoothed { window }, &losses), (want, n));
        }
    }
}
