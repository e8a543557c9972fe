//! Mean ranks and tests over the UCI sets.

use crate::error::LabError;
use crate::reproduce::ExperimentResult;
use crate::reproduce::result::mean_and_deviation;
use crate::statistics::{Better, average_ranks, wilcoxon};

/// Methods over all sets and folds that every one of them has done.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// These sets and folds.
    pub blocks: Vec<Block>,
    /// An entry for each method, in the order of the names asked for.
    pub methods: Vec<MethodSummary>,
}

/// A fold of a set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// Name of the set.
    pub set: String,
    /// The fold, from 0.
    pub fold: usize,
}

/// One method over all blocks.
#[derive(Debug, Clone, PartialEq)]
pub struct MethodSummary {
    /// Its name.
    pub method: String,
    /// Mean accuracy over the blocks on which training did not diverge; `None` without one.
    pub mean_accuracy: Option<f64>,
    /// Mean rank, 1 for the best on every block; a run that diverged ranks last.
    pub mean_rank: f64,
    /// p of a paired two-sided Wilcoxon test against the first method; a run that diverged is worse
    /// than every other. `None` for the first method itself, and without blocks.
    pub p: Option<f64>,
    /// Seconds over all blocks.
    pub seconds: f64,
    /// Accuracy on each block; `None` where training diverged.
    pub accuracies: Vec<Option<f64>>,
}

impl MethodSummary {
    /// On how many blocks training diverged.
    #[must_use]
    pub fn n_diverged(&self) -> usize {
        let diverged = |accuracy: &&Option<f64>| accuracy.is_none();
        self.accuracies.iter().filter(diverged).count()
    }
}

/// The result of a method on a block.
pub(super) fn find<'a>(
    results: &'a [ExperimentResult],
    block: &Block,
    method: &str,
) -> Option<&'a ExperimentResult> {
    results.iter().find(|result| {
        result.set == block.set && result.fold == Some(block.fold) && result.method == method
    })
}

/// Ranks and tests over the blocks on which all of `methods` are done.
///
/// # Errors
/// [`LabError::Statistics`].
pub fn summary(results: &[ExperimentResult], methods: &[&str]) -> Result<Summary, LabError> {
    let block = |result: &ExperimentResult| {
        Some(Block {
            set: result.set.clone(),
            fold: result.fold?,
        })
    };
    let mut blocks: Vec<Block> = results.iter().filter_map(block).collect();
    blocks.sort();
    blocks.dedup();
    blocks.retain(|block| {
        let done = |method: &&str| find(results, block, method).is_some();
        methods.iter().all(done)
    });
    // All results of a method, in the order of the blocks.
    let of_method = |method: &&str| -> Vec<&ExperimentResult> {
        let of_block = |block| find(results, block, method);
        blocks.iter().filter_map(of_block).collect()
    };
    let by_method: Vec<Vec<&ExperimentResult>> = methods.iter().map(of_method).collect();
    let scores: Vec<Vec<f64>> = by_method
        .iter()
        .map(|own| own.iter().map(|result| result.score_for_ranks()).collect())
        .collect();
    let mut ranks = vec![0.0; methods.len()];
    for at in 0..blocks.len() {
        let scores: Vec<f64> = scores.iter().map(|own| own[at]).collect();
        for (sum, rank) in ranks
            .iter_mut()
            .zip(average_ranks(&scores, Better::Higher)?)
        {
            *sum += rank;
        }
    }
    let n = blocks.len().max(1) as f64;
    let mut summaries = Vec::new();
    for (at, (method, own)) in methods.iter().zip(&by_method).enumerate() {
        let tested = at > 0 && !blocks.is_empty();
        let accuracies: Vec<Option<f64>> = own.iter().map(|result| result.score).collect();
        summaries.push(MethodSummary {
            method: (*method).to_owned(),
            mean_accuracy: mean_and_deviation(&accuracies).map(|(mean, _)| mean),
            mean_rank: ranks[at] / n,
            p: match tested {
                true => Some(wilcoxon(&scores[0], &scores[at])?.p),
                false => None,
            },
            seconds: own.iter().map(|result| result.seconds).sum(),
            accuracies,
        });
    }
    Ok(Summary {
        blocks,
        methods: summaries,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Metric;

    fn result(set: &str, method: &str, score: Option<f64>) -> ExperimentResult {
        ExperimentResult {
            set: set.to_owned(),
            fold: Some(0),
            layers: None,
            seed: 0,
            method: method.to_owned(),
            metric: Metric::Accuracy,
            score,
            seconds: 1.5,
            setting: String::new(),
        }
    }

    #[test]
    fn only_sets_that_all_methods_have_done_count() {
        let mut results = Vec::new();
        for (set, a, b) in [("x", 0.9, 0.8), ("y", 0.7, 0.7), ("z", 0.6, 0.5)] {
            results.push(result(set, "snn", Some(a)));
            results.push(result(set, "msra", Some(b)));
        }
        results.push(result("w", "snn", Some(1.0)));
        let summary = summary(&results, &["snn", "msra"]).unwrap();
        assert_eq!(summary.blocks.len(), 3);
        let [snn, msra] = &summary.methods[..] else {
            panic!("two methods")
        };
        assert!((snn.mean_rank - (1.0 + 1.5 + 1.0) / 3.0).abs() < 1e-12);
        assert!((msra.mean_accuracy.unwrap() - 2.0 / 3.0).abs() < 1e-12);
        assert!(msra.p.is_some() && snn.p.is_none());
    }

    #[test]
    fn a_run_that_diverged_ranks_last_and_is_no_number() {
        let results = [
            result("x", "snn", Some(0.0)),
            result("x", "msra", None),
            result("y", "snn", Some(0.5)),
            result("y", "msra", Some(0.75)),
        ];
        let summary = summary(&results, &["snn", "msra"]).unwrap();
        let [snn, msra] = &summary.methods[..] else {
            panic!("two methods")
        };
        // Not even right once is better than diverged.
        assert_eq!((snn.mean_rank, msra.mean_rank), (1.5, 1.5));
        assert_eq!(msra.accuracies, [None, Some(0.75)]);
        assert_eq!((msra.mean_accuracy, msra.n_diverged()), (Some(0.75), 1));
        assert_eq!((snn.mean_accuracy, snn.n_diverged()), (Some(0.25), 0));
    }
}
