//! `banach cv`: how good a recipe is on rows it has not seen, by cross-validation.

use std::path::PathBuf;
use std::process::ExitCode;

use banach::{CrossValidation, CrossValidationOptions, Estimator, FoldResult, Model, Run, Spread};
use serde_json::{Map, Value, json};

use super::fit::{TableToRead, complete, read_table};
use crate::interrupt;
use crate::options::{FoldOptions, Talk, Threads, check_output, paths};
use crate::output::{print, print_json};
use crate::progress::Progress;
use crate::read_flags::ReadFlags;
use crate::setting_flags::SettingFlags;
use crate::text::{count, metric, more, plural, table};

/// Cross-validate: train and evaluate once for each fold
///
/// A row is scored by a model that was not trained on it. With --split time=COL the rows are cut into
/// K + 1 blocks of time, and each block is scored by a model of the blocks before it; the first one is
/// never scored. Folds train in parallel, a thread each; the result is the same for any number of
/// threads.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "\
Examples:
  banach cv table.csv --target species --folds 5
  banach cv table.csv --target price --folds 10 --repeats 3 --json
  banach cv visits.csv --target returned --folds 5 --split group=patient
  banach cv prices.csv --target price --split time=day --gap 7d
  banach cv table.csv --target y --fold-column fold
  banach cv table.csv --target y --folds 5 --out ensemble.safetensors

A fold from whose rows nothing can be learned, such as one with a single class, is not scored; mean
and std are of the others.

--json keys: task, target, rows, untested (rows that no fold tests), folds (a list of {fold,
train_rows, rows, best_epoch, metrics}, or of {fold, train_rows, rows, not_scored} with the reason),
mean, std and n (each with the names of the metrics; std has the divisor n - 1, n is the number of
folds in the mean)."
)]
pub(crate) struct CvArgs {
    /// The table: a file, several, or a folder of files; - reads standard input
    #[arg(required = true, value_name = "DATA")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadFlags,
    #[command(flatten)]
    folds: FoldOptions,
    #[command(flatten)]
    settings: SettingFlags,
    /// TOML file with settings
    #[arg(long, value_name = "FILE.toml", help_heading = "Recipe")]
    config: Option<PathBuf>,
    /// Write the models of all folds as one model file, which predicts their mean
    #[arg(long, value_name = "FILE", help_heading = "Program")]
    out: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    talk: Talk,
}

pub(crate) fn run(args: CvArgs) -> anyhow::Result<ExitCode> {
    let threads = args.threads.number()?;
    let folds = args.folds.folds()?;
    let data = TableToRead::new(&args.data, &args.reading, args.talk.quiet);
    let settings = complete(args.settings, args.config.as_deref(), &data)?;
    if let Some(out) = &args.out {
        check_output(out, &paths(&args.data))?;
    }
    let estimator = Estimator::new(settings.clone())?;
    let table = read_table(&data, &settings, args.folds.column())?;
    let interrupt = interrupt::listen("stopping without a result")?;
    let progress = Progress::new(args.talk.quiet);
    let run = Run {
        threads,
        interrupt,
        observe: &|event| progress.observe(event),
        ..Run::default()
    };
    let options = CrossValidationOptions::new(folds);
    let options = match args.out {
        Some(_) => options.keep_models(),
        None => options,
    };
    let result = estimator.cross_validate(&table, &options, &run);
    progress.done();
    let mut result = result?;
    if let Some(out) = &args.out {
        Model::ensemble(std::mem::take(&mut result.models))?.save(out)?;
    }
    if args.talk.json {
        print_json(&report(&result, settings.target_columns()))?;
    } else {
        print(&summary(&result))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn report(result: &CrossValidation, target: &[String]) -> Value {
    let by_name = |value: fn(&Spread) -> Option<f64>| -> Map<String, Value> {
        let entries = result.summary.iter();
        entries
            .map(|spread| (spread.name.clone(), json!(value(spread))))
            .collect()
    };
    let n = result.summary.iter();
    let n: Map<String, Value> = n
        .map(|spread| (spread.name.clone(), json!(spread.n)))
        .collect();
    json!({
        "task": result.task,
        "target": target,
        "rows": result.rows,
        "untested": result.untested,
        "folds": result.folds,
        "mean": by_name(|spread| spread.mean),
        "std": by_name(|spread| spread.std),
        "n": n,
    })
}

/// Metrics that have a column of their own; with more of them those of single labels have lines.
const MAX_COLUMNS: usize = 8;

/// Labels that have a line before "...".
const MAX_LABELS: usize = 40;

/// A line for each fold and a column for each metric, then mean and standard deviation.
fn summary(result: &CrossValidation) -> String {
    let head = ["fold", "training rows", "test rows", "best epoch"];
    let before = head.len();
    let mut head = head.map(str::to_owned).to_vec();
    let many = result.summary.len() > MAX_COLUMNS;
    let (of_labels, columns): (Vec<&Spread>, Vec<&Spread>) = result
        .summary
        .iter()
        .partition(|spread| many && spread.name.starts_with("auc."));
    head.extend(columns.iter().map(|spread| spread.name.clone()));
    let mut lines = vec![head];
    let mut remarks = String::new();
    for fold in &result.folds {
        let mut line = vec![fold.fold.clone(), count(fold.train_rows), count(fold.rows)];
        match &fold.result {
            FoldResult::Scored {
                best_epoch,
                metrics,
            } => {
                line.push(count(*best_epoch));
                let values = metrics.entries().into_iter();
                let in_columns = |name: &String| columns.iter().any(|of| of.name == *name);
                let values = values.filter(|(name, _)| in_columns(name));
                line.extend(values.map(|(_, value)| metric(value)));
            }
            FoldResult::NotScored { not_scored } => {
                remarks.push_str(&format!("fold {} is not scored: {not_scored}\n", fold.fold));
            }
        }
        lines.push(line);
    }
    let mut below = |name: &str, cell: &dyn Fn(&Spread) -> String| {
        let mut line = vec![String::new(); before];
        line[0] = name.to_owned();
        line.extend(columns.iter().map(|spread| cell(spread)));
        lines.push(line);
    };
    below("mean", &|spread| metric(spread.mean));
    below("std", &|spread| metric(spread.std));
    let n_folds = result.folds.len();
    if columns.iter().any(|spread| spread.n < n_folds) {
        below("folds in the mean", &|spread| count(spread.n));
    }
    let folds = plural(n_folds, "fold", "folds");
    let rows = plural(result.rows, "row", "rows");
    let untested = match result.untested {
        0 => String::new(),
        1 => "; the first row in time is never tested".to_owned(),
        rows => format!("; the first {} rows in time are never tested", count(rows)),
    };
    let head = format!("{} task, {rows}, {folds}{untested}", result.task);
    if !remarks.is_empty() {
        remarks.insert(0, '\n');
    }
    let labels = if of_labels.is_empty() {
        String::new()
    } else {
        format!("\n{}", table(&label_lines(&of_labels)))
    };
    format!("{head}\n\n{}{labels}{remarks}", table(&lines))
}

/// A line for each label.
fn label_lines(labels: &[&Spread]) -> Vec<Vec<String>> {
    let mut lines = vec![
        ["label", "mean", "std", "folds"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for label in labels.iter().take(MAX_LABELS) {
        lines.push(vec![
            label.name.clone(),
            metric(label.mean),
            metric(label.std),
            count(label.n),
        ]);
    }
    if labels.len() > MAX_LABELS {
        lines.push(more(labels.len() - MAX_LABELS));
    }
    lines
}
