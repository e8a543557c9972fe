//! HTRU2, pulsars among candidates (Table 3): nested cross-validation, fold M - 1 chooses the settings for
//! fold M.

use banach::metrics::roc_auc;
use banach_kernels::random::{Purpose, Stream};
use banach_nn::{Dataset, NetworkKind, Targets};

use super::protocol::{Rows, chosen, search};
use super::uci::Cell;
use super::{Grid, Protocol, Run, paper};
use crate::datasets::{Htru2, Standardizer};
use crate::error::LabError;
use crate::report::{Report, ReportTable};
use crate::statistics::wilcoxon;

/// Name of the set in results.
pub const DATASET: &str = "htru2";

/// Folds.
pub const FOLDS: usize = 10;

/// The fold of each row: every class is shuffled and dealt out.
fn folds(labels: &[u32], seed: u64) -> Vec<usize> {
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

/// Runs one kind of network on one fold; `accuracy` of the cell is the AUC.
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
) -> Result<Vec<Cell>, LabError> {
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
    let cell = |kind: &NetworkKind| {
        let chosen = chosen(&trained, *kind);
        Cell {
            dataset: DATASET.to_owned(),
            fold,
            method: kind.name().to_owned(),
            accuracy: chosen.test.unwrap_or(0.5),
            seconds: chosen.seconds,
            setting: chosen.setting,
        }
    };
    Ok(kinds.iter().map(cell).collect())
}

/// The report: AUC of each kind beside the paper's.
///
/// # Errors
/// [`LabError::Statistics`].
pub fn report(cells: &[Cell], facts: &[(String, String)]) -> Result<Report, LabError> {
    let mut report = Report::new("HTRU2");
    report.text(
        "Area under the ROC curve on HTRU2 (arXiv:1706.02515, Table 3): 10 folds, each measured with \
         settings that the fold before it has chosen.",
    );
    report.facts(facts);
    let of = |fold: usize, kind: &NetworkKind| {
        cells
            .iter()
            .find(|c| c.fold == fold && c.method == kind.name())
    };
    let done = |fold: &usize| {
        NetworkKind::ALL
            .iter()
            .all(|kind| of(*fold, kind).is_some())
    };
    let folds: Vec<usize> = (0..FOLDS).filter(done).collect();
    let values = |kind: &NetworkKind| -> Vec<f64> {
        folds
            .iter()
            .filter_map(|&fold| Some(of(fold, kind)?.accuracy))
            .collect()
    };
    let snn = values(&NetworkKind::Snn);
    let mut rows = Vec::new();
    for kind in &NetworkKind::ALL {
        let own = values(kind);
        let n = own.len().max(1) as f64;
        let mean = own.iter().sum::<f64>() / n;
        let squares: f64 = own.iter().map(|v| (v - mean).powi(2)).sum();
        let p = if *kind == NetworkKind::Snn || own.is_empty() {
            String::new()
        } else {
            format!("{:.1e}", wilcoxon(&snn, &own)?.p)
        };
        let (auc, deviation, published_p) = paper::htru2_auc(*kind);
        let row = vec![
            kind.name().to_owned(),
            format!("{mean:.4}"),
            format!("{:.4}", (squares / (n - 1.0).max(1.0)).sqrt()),
            p,
            format!("{auc:.4}"),
            format!("{deviation:.3}"),
            published_p.map_or(String::new(), |p| format!("{p:.1e}")),
        ];
        rows.push((mean, row));
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let head = [
        "network",
        "AUC",
        "sd",
        "p against snn",
        "paper: AUC",
        "paper: sd",
        "paper: p",
    ];
    report.table(&ReportTable {
        caption: format!(
            "Mean over {} folds; p of a paired Wilcoxon test.",
            folds.len()
        ),
        head: head.map(str::to_owned).to_vec(),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        ..ReportTable::default()
    });
    report.heading("Every fold");
    report.table(&ReportTable {
        caption: "AUC, and what was chosen.".to_owned(),
        head: ["fold", "network", "AUC", "setting"]
            .map(str::to_owned)
            .to_vec(),
        rows: cells
            .iter()
            .map(|c| {
                let auc = format!("{:.4}", c.accuracy);
                vec![
                    (c.fold + 1).to_string(),
                    c.method.clone(),
                    auc,
                    c.setting.clone(),
                ]
            })
            .collect(),
        ..ReportTable::default()
    });
    Ok(report)
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
