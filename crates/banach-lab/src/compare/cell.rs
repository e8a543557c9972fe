//! One method on one fold.

use std::sync::atomic::AtomicBool;
use std::time::Instant;

use banach::metrics::{ClassRows, LabelRows, Metrics, ValueRows};
use banach::{Error, Estimator, FoldPlan, FoldRows, PredictOptions, Predictions, Run, Settings};
use banach_data::{Table, TargetEncoder, Targets};

use super::encode::matrices;
use super::method::seed;
use super::{CellResult, Method, MethodKind};
use crate::baselines::{Baseline, Matrix, Outcome, Target};
use crate::error::LabError;

pub(super) fn run(
    method: &Method,
    table: &Table,
    plan: &FoldPlan,
    fold: &FoldRows,
    interrupt: &AtomicBool,
) -> CellResult {
    let start = Instant::now();
    let result = match method.kind {
        MethodKind::Network(kind) => {
            let settings = plan.settings.clone().for_network(kind);
            network(settings, table, fold, interrupt).map(|metrics| (metrics, Vec::new()))
        }
        MethodKind::Baseline(baseline) => self::baseline(baseline, table, plan, fold),
    };
    match result {
        Ok((metrics, notes)) => CellResult::Done {
            metrics,
            seconds: start.elapsed().as_secs_f64(),
            notes,
        },
        Err(LabError::Banach(Error::Interrupted)) => CellResult::Missing,
        Err(error) => CellResult::Failed {
            reason: error.to_string(),
        },
    }
}

fn network(
    settings: Settings,
    table: &Table,
    fold: &FoldRows,
    interrupt: &AtomicBool,
) -> Result<Metrics, LabError> {
    let weight = settings.weight_column().map(str::to_owned);
    let run = Run {
        threads: 1,
        interrupt,
        ..Run::default()
    };
    let fitted = Estimator::new(settings)?.fit_rows(table, &fold.train, &run)?;
    if fitted.interrupted {
        return Err(Error::Interrupted.into());
    }
    let options = PredictOptions::default().threads(1);
    let predictor = fitted.model.predictor(&options)?;
    let evaluation = predictor.evaluate_rows(table, &fold.test, weight.as_deref())?;
    Ok(evaluation.metrics)
}

fn baseline(
    baseline: Baseline,
    table: &Table,
    plan: &FoldPlan,
    fold: &FoldRows,
) -> Result<(Metrics, Vec<String>), LabError> {
    let seed = seed(&plan.settings);
    let target = plan.target.clone().fit_rows(table, &fold.train)?;
    let rows: [&[u32]; 2] = [&fold.train, &fold.test];
    let [x, test] = matrices(&plan.settings, table, &plan.features, rows)?;
    let encode = |rows: &[u32]| target.encode(table, rows);
    let fit = |target| baseline.fit_predict(&x, target, &test, seed);
    match (encode(&fold.train)?, encode(&fold.test)?) {
        (Targets::Classes(codes), Targets::Classes(truth)) => {
            let n_classes = target.n_outputs();
            let outcome = fit(Target::Classes {
                codes: &codes,
                n_classes,
            })?;
            let Predictions::Classes { proba, .. } = &outcome.predictions else {
                unreachable!("classes were asked for")
            };
            let rows = ClassRows::new(&truth, proba, n_classes, None)?;
            Ok((rows.metrics(), outcome.notes))
        }
        (Targets::Values(values), Targets::Values(truth)) => {
            let outcome = fit(Target::Values(&values))?;
            let Predictions::Values(predicted) = &outcome.predictions else {
                unreachable!("numbers were asked for")
            };
            let own_units = |value: f64| target.decode(f64::from(value as f32));
            let predicted: Vec<f64> = predicted.iter().map(|&value| own_units(value)).collect();
            let truth: Vec<f64> = truth
                .iter()
                .map(|&value| target.decode(f64::from(value)))
                .collect();
            let rows = ValueRows::new(&truth, &predicted, None)?;
            Ok((rows.metrics(), outcome.notes))
        }
        (Targets::Labels { values, .. }, Targets::Labels { values: truth, .. }) => {
            let outcome = labels(baseline, &x, &values, &test, &target, seed)?;
            let Predictions::Labels { proba, .. } = &outcome.predictions else {
                unreachable!("labels were made")
            };
            let names: Vec<String> = target.names().into_iter().map(str::to_owned).collect();
            let rows = LabelRows::new(&names, &truth, proba, None)?;
            Ok((rows.metrics(), outcome.notes))
        }
        _ => unreachable!("one target encoder made both"),
    }
}

/// A model for each label, on the rows in which it is known.
fn labels(
    baseline: Baseline,
    x: &Matrix,
    values: &[f32],
    test: &Matrix,
    target: &TargetEncoder,
    seed: u64,
) -> Result<Outcome, LabError> {
    let n_labels = target.n_outputs();
    let mut proba = vec![0.0; test.n_rows() * n_labels];
    let mut notes = Vec::new();
    for (label, name) in target.names().into_iter().enumerate() {
        let of_label = values.iter().skip(label).step_by(n_labels).zip(0..);
        let known = of_label.filter(|(value, _)| !value.is_nan());
        let (codes, rows): (Vec<u32>, Vec<u32>) = known
            .map(|(&value, row)| (u32::from(value > 0.5), row))
            .unzip();
        let classes = Target::Classes {
            codes: &codes,
            n_classes: 2,
        };
        let outcome = baseline.fit_predict(&x.select(&rows), classes, test, seed)?;
        let Predictions::Classes { proba: two, .. } = &outcome.predictions else {
            unreachable!("classes were asked for")
        };
        for (line, two) in proba.chunks_exact_mut(n_labels).zip(two.chunks_exact(2)) {
            line[label] = two[1];
        }
        notes.extend(
            outcome
                .notes
                .into_iter()
                .map(|note| format!("{name}: {note}")),
        );
    }
    Ok(Outcome {
        predictions: Predictions::Labels { n_labels, proba },
        notes,
    })
}
