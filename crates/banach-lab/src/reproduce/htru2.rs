//! HTRU2, pulsars among candidates (Table 3): nested cross-validation, fold M - 1 chooses the settings for
//! fold M.

use banach::metrics::roc_auc;
use banach_kernels::random::{Purpose, Stream};
use banach_nn::{Dataset, NetworkKind, Targets};

use super::protocol::{Rows, chosen, search};
use super::result::{mean_and_deviation, shown};
use super::{ExperimentResult, Grid, Protocol, Run, paper};
use crate::compare::Metric;
use crate::datasets::{Htru2, Standardizer};
use crate::error::LabError;
use crate::report::{Report, ReportTable, probability};
use crate::statistics::wilcoxon;

/// Name of the set in results.
const SET: &str = "htru2";

/// Folds.
pub const FOLDS: usize = 10;

/// The fold of each row: every class is shuffled and dealt out.
pub(super) fn folds(labels: &[u32], seed: u64) -> Vec<usize> {
    let mut folds = vec![0; labels.len()];
    let n_classes = labels.iter().max().map_or(0, |&top| top as usize + 1);
    for class in 0..n_classes {
        let own = (0..labels.len()).filter(|&row| labels[row] as usize == class);
        let mut own: Vec<usize> = own.collect();
        Stream::new(seed, Purpose::Split, 0, class as u32).shuffle(&mut own);
        for (at, row) in own.into_iter().enumerate() {
            folds[row] = at % FOLDS;
        }
    }
    folds
}

/// Runs some kinds of networks on one fold; the score is the AUC.
///
/// # Errors
/// [`LabError`].
pub fn run_fold(
    set: &Htru2,
    fold: usize,
    kinds: &[NetworkKind],
    grid: &Grid,
    protocol: &Protocol,
    run: &Run<'_>,
) -> Result<Vec<ExperimentResult>, LabError> {
    let fold_of = folds(&set.labels, run.seed);
    let valid_fold = (fold + FOLDS - 1) % FOLDS;
    let rows_of = |wanted: &dyn Fn(usize) -> bool| -> Vec<u32> {
        (0..fold_of.len() as u32)
            .filter(|&row| wanted(fold_of[row as usize]))
            .collect()
    };
    let train = rows_of(&|at| at != fold && at != valid_fold);
    let (valid, test) = (rows_of(&|at| at == valid_fold), rows_of(&|at| at == fold));
    let x = Standardizer::fit(&set.x, &train).apply(&set.x)?;
    let data = Dataset {
        features: x.features(),
        targets: Targets::Classes(set.labels.clone()),
        weights: None,
    };
    let rows = Rows {
        data: &data,
        train: &train,
        valid: &valid,
        test: &test,
    };
    let score = |outputs: &[f32], rows: &[u32]| {
        let scores: Vec<f32> = outputs
            .chunks_exact(2)
            .map(|line| line[1] - line[0])
            .collect();
        let labels: Vec<bool> = rows
            .iter()
            .map(|&row| set.labels[row as usize] == 1)
            .collect();
        roc_auc(&scores, &labels)
    };
    let settings = kinds.iter().flat_map(|&kind| grid.settings(kind)).collect();
    let trained = search(settings, rows, protocol, run, &score)?;
    let result = |kind: &NetworkKind| {
        let chosen = chosen(&trained, *kind);
        ExperimentResult {
            set: SET.to_owned(),
            fold: Some(fold),
            layers: None,
            seed: run.seed,
            method: kind.name().to_owned(),
            metric: Metric::Auc,
            score: chosen.test,
            seconds: chosen.seconds,
            setting: chosen.setting,
        }
    };
    Ok(kinds.iter().map(result).collect())
}

/// The report: AUC of each kind beside the paper's.
///
/// # Errors
/// [`LabError::Statistics`].
pub fn report(
    results: &[ExperimentResult],
    facts: &[(String, String)],
    grid: &Grid,
) -> Result<Report, LabError> {
    let mut report = Report::new("HTRU2");
    report.text(
        "Area under the ROC curve (AUC) on HTRU2 (arXiv:1706.02515, Table 3): 10 folds, each measured \
         with the hyperparameters that were chosen on the fold before it.",
    );
    report.text(&grid.choices());
    report.facts(facts);
    report.table(&networks_table(results)?);
    report.heading("Every fold");
    report.table(&folds_table(results));
    Ok(report)
}

/// Mean AUC over the folds that all kinds have done, the best kind first.
fn networks_table(results: &[ExperimentResult]) -> Result<ReportTable, LabError> {
    let of = |fold: usize, kind: &NetworkKind| {
        let same = |r: &&ExperimentResult| r.fold == Some(fold) && r.method == kind.name();
        results.iter().find(same)
    };
    let done = |fold: &usize| {
        let mut kinds = NetworkKind::ALL.iter();
        kinds.all(|kind| of(*fold, kind).is_some())
    };
    let folds: Vec<usize> = (0..FOLDS).filter(done).collect();
    let own = |kind: &NetworkKind| -> Vec<&ExperimentResult> {
        folds.iter().filter_map(|&fold| of(fold, kind)).collect()
    };
    let ranked = |own: &[&ExperimentResult]| -> Vec<f64> {
        own.iter().map(|result| result.score_for_ranks()).collect()
    };
    let snn = ranked(&own(&NetworkKind::Snn));
    let mut diverged = Vec::new();
    let mut rows = Vec::new();
    for kind in &NetworkKind::ALL {
        let own = own(kind);
        let scores: Vec<Option<f64>> = own.iter().map(|result| result.score).collect();
        let n_diverged = scores.iter().filter(|score| score.is_none()).count();
        if n_diverged > 0 {
            diverged.push(format!("{} {n_diverged}", kind.name()));
        }
        let (mean, deviation) = mean_and_deviation(&scores).unzip();
        let p = if *kind == NetworkKind::Snn || own.is_empty() {
            String::new()
        } else {
            probability(wilcoxon(&snn, &ranked(&own))?.p)
        };
        let (auc, published_deviation, published_p) = paper::htru2_auc(*kind);
        let row = vec![
            kind.name().to_owned(),
            if own.is_empty() {
                String::new()
            } else {
                shown(mean, 4)
            },
            deviation.map_or(String::new(), |deviation| format!("{deviation:.4}")),
            p,
            format!("{auc:.4}"),
            format!("{published_deviation:.3}"),
            published_p.map_or(String::new(), probability),
        ];
        rows.push((mean.unwrap_or(f64::NEG_INFINITY), row));
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let head = [
        "network",
        "AUC",
        "sd",
        "p",
        "paper: AUC",
        "paper: sd",
        "paper: p",
    ];
    let mut caption = format!(
        "Mean and standard deviation over {} folds; p: paired Wilcoxon test against snn.",
        folds.len()
    );
    if !diverged.is_empty() {
        caption += &format!(
            " Training diverged with every setting: {} times; the mean is over the other folds.",
            diverged.join(", ")
        );
    }
    Ok(ReportTable {
        caption,
        head: head.map(str::to_owned).to_vec(),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        ..ReportTable::default()
    })
}

/// Every result. Folds count from 1 here.
fn folds_table(results: &[ExperimentResult]) -> ReportTable {
    let row = |result: &ExperimentResult| {
        let fold = result.fold.map_or(String::new(), |f| (f + 1).to_string());
        let auc = shown(result.score, 4);
        vec![fold, result.method.clone(), auc, result.setting.clone()]
    };
    let head = ["fold", "network", "AUC", "hyperparameters"];
    ReportTable {
        caption: "AUC on the test rows.".to_owned(),
        head: head.map(str::to_owned).to_vec(),
        rows: results.iter().map(row).collect(),
        ..ReportTable::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_of_one_size_and_have_each_class() {
        let labels: Vec<u32> = (0..1000).map(|i| u32::from(i % 11 == 0)).collect();
        let fold_of = folds(&labels, 3);
        for fold in 0..FOLDS {
            let own: Vec<usize> = (0..1000).filter(|&row| fold_of[row] == fold).collect();
            assert!((99..=102).contains(&own.len()), "{}", own.len());
            let pulsars = own.iter().filter(|&&row| labels[row] == 1).count();
            assert!((9..=10).contains(&pulsars), "{pulsars}");
        }
        assert_ne!(fold_of, folds(&labels, 4));
    }
}
