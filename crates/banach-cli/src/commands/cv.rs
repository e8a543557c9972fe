//! `banach cv`: how good a recipe is on rows it has not seen, by cross-validation.

use std::path::PathBuf;
use std::process::ExitCode;

use banach::{CrossValidation, CrossValidationOptions, Estimator, Model, Run};
use serde_json::{Map, Value, json};

use super::fit::{TableToRead, complete, read_table};
use crate::interrupt;
use crate::options::{FoldOptions, Talk, Threads, check_output, paths};
use crate::output::{print, print_json};
use crate::progress::Progress;
use crate::read_flags::ReadFlags;
use crate::setting_flags::SettingFlags;
use crate::text::{count, metric, plural, table};

/// Cross-validate: train and evaluate once for each fold
///
/// Every row is scored by a model that was not trained on it. Folds train in parallel, a thread each;
/// the result is the same for any number of threads.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "\
Examples:
  banach cv table.csv --target species --folds 5
  banach cv table.csv --target price --folds 10 --repeats 3 --json
  banach cv visits.csv --target returned --folds 5 --split group=patient
  banach cv table.csv --target y --fold-column fold
  banach cv table.csv --target y --folds 5 --out ensemble.safetensors

--json keys: task, target, rows, folds (a list of {fold, rows, best_epoch, metrics}), mean and std
(both with the names of the metrics; std has the divisor n - 1)."
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
    let by_name = |value: fn(&banach::Spread) -> Option<f64>| -> Map<String, Value> {
        let entries = result.summary.iter();
        entries
            .map(|spread| (spread.name.clone(), json!(value(spread))))
            .collect()
    };
    json!({
        "task": result.task,
        "target": target,
        "rows": result.rows,
        "folds": result.folds,
        "mean": by_name(|spread| spread.mean),
        "std": by_name(|spread| spread.std),
    })
}

/// A line for each fold and a column for each metric, then mean and standard deviation.
fn summary(result: &CrossValidation) -> String {
    let mut head = vec![
        "fold".to_owned(),
        "rows".to_owned(),
        "best epoch".to_owned(),
    ];
    head.extend(result.summary.iter().map(|spread| spread.name.clone()));
    let mut lines = vec![head];
    for fold in &result.folds {
        let mut line = vec![fold.fold.clone(), count(fold.rows), count(fold.best_epoch)];
        line.extend(
            fold.metrics
                .entries()
                .into_iter()
                .map(|(_, value)| metric(value)),
        );
        lines.push(line);
    }
    for (name, value) in [
        (
            "mean",
            (|spread| spread.mean) as fn(&banach::Spread) -> Option<f64>,
        ),
        ("std", |spread| spread.std),
    ] {
        let mut line = vec![name.to_owned(), String::new(), String::new()];
        line.extend(result.summary.iter().map(|spread| metric(value(spread))));
        lines.push(line);
    }
    let folds = plural(result.folds.len(), "fold", "folds");
    let rows = plural(result.rows, "row", "rows");
    format!("{} task, {rows}, {folds}\n\n{}", result.task, table(&lines))
}
