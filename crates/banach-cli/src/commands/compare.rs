//! `banach compare`: networks and other methods on the same folds.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Instant;

use anyhow::{Context, bail};
use banach_data::AtomicFile;
use banach_lab::compare::{
    Cell, CellResult, CompareOptions, CompareRun, Comparison, METHODS, Method, Metric, Origin,
    about_folds, compare, figure, methods, report,
};
use serde_json::{Value, json};

use super::fit::{TableToRead, complete, read_table};
use super::typed;
use crate::failure::INTERRUPTED;
use crate::interrupt;
use crate::options::{FoldOptions, Talk, Threads, budget, check_output, paths};
use crate::output::{print, print_json};
use crate::picture::PictureFormat;
use crate::progress::Progress;
use crate::read_flags::ReadFlags;
use crate::setting_flags::SettingFlags;
use crate::text::{metric, pairs, plural, table};

/// Exit code when no fold was completed: there is no answer.
const NO_ANSWER: u8 = 1;

/// Pixels for a point of a PNG.
const SCALE: f64 = 2.0;

const EXAMPLES: &str = "\
Examples:
  banach compare table.csv --target species
  banach compare table.csv --target price --methods snn,forest,boosting --folds 10
  banach compare big.csv --target y --budget 600 --plot comparison.svg
  banach compare table.csv --target y --metric auc --json
";

const MEANING: &str = "\
Each fold is run with all methods before the next one begins, every method on a thread of its own;
only folds that all methods have completed count. p is that of a paired two-sided Wilcoxon test over
folds against the method with the best mean, p Holm the same after Holm's correction for the number of
methods. Folds share most of their training rows, so p is too small rather than too large; five folds
cannot give less than 0.0625.

Exit status 1: no fold was completed within the budget.

--json keys: task, target, rows, untested (rows that no fold tests), metric, better, folds (a list of
{fold, train_rows, test_rows}), left_out (folds with one class or value in their training rows, a list
of {fold, reason}), methods (best first: {method, mean, std, rank, p, p_holm, seconds, values, metrics, failed}),
complete_folds, friedman, critical_difference, missing (a list of {method, fold}), cells (a list of
{method, fold, status, metrics, seconds, notes}).";

/// Compare networks with forests, boosting, support vector machines and others on the same folds
///
/// On each fold every method has the same training rows and the same test rows. Networks are trained
/// with the settings given; the other methods have fixed hyperparameters, or choose them by inner
/// cross-validation with random folds. With --split time=COL the rows are cut into K + 1 blocks of time,
/// and each block is scored by methods that learned from the blocks before it. The result is the same for any number of threads, but for the seconds.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = after_help()
)]
pub(crate) struct CompareArgs {
    /// The table: a file, several, or a folder of files; - reads standard input
    #[arg(required = true, value_name = "DATA")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadFlags,
    /// Methods to compare [default: all]
    #[arg(
        long,
        value_name = "NAME,..",
        value_delimiter = ',',
        help_heading = "Comparison"
    )]
    methods: Vec<String>,
    /// Metric to rank by: accuracy, balanced_accuracy, log_loss, auc, brier, rmse, mae, r2 or mean_auc [default: accuracy for classes, rmse for a number, mean_auc for several labels]
    #[arg(long, value_name = "METRIC", help_heading = "Comparison")]
    metric: Option<Metric>,
    /// Time budget in seconds: work that has started is finished, nothing new begins
    #[arg(long, value_name = "SECONDS", help_heading = "Comparison")]
    budget: Option<f64>,
    /// Draw box plots and mean ranks into a file ending in .svg or .png
    #[arg(long, value_name = "FILE", help_heading = "Comparison")]
    plot: Option<PathBuf>,
    /// Write comparison.html, comparison.json and comparison.svg into this folder; created if it does not exist
    #[arg(long, value_name = "DIR", help_heading = "Comparison")]
    out: Option<PathBuf>,
    #[command(flatten)]
    folds: FoldOptions,
    #[command(flatten)]
    settings: SettingFlags,
    /// TOML file with settings
    #[arg(long, value_name = "FILE.toml", help_heading = "Recipe")]
    config: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    talk: Talk,
}

/// Examples, the methods there are, and what the numbers mean.
fn after_help() -> String {
    let line = |method: &Method| vec![format!("  {}", method.name), method.about.to_owned()];
    let lines: Vec<Vec<String>> = METHODS.iter().map(line).collect();
    format!("{EXAMPLES}\nMethods:\n{}\n{MEANING}", pairs(&lines))
}

pub(crate) fn run(args: CompareArgs) -> anyhow::Result<ExitCode> {
    let threads = args.threads.number()?;
    let folds = args.folds.folds()?;
    let budget = budget(args.budget)?;
    if args.settings.0.get("network").is_some() {
        bail!(
            "compare trains networks of every kind: choose them with --methods, not with --network"
        );
    }
    let options = CompareOptions {
        methods: methods(&args.methods)?,
        folds,
        metric: args.metric,
        budget,
    };
    let data = TableToRead::new(&args.data, &args.reading, args.talk.quiet);
    let settings = complete(args.settings, args.config.as_deref(), &data)?;
    if let Some(file) = &args.plot {
        PictureFormat::of("--plot", file)?;
        check_output(file, &paths(&args.data))?;
    }
    if let Some(folder) = &args.out {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        check_output(&folder.join("comparison.html"), &paths(&args.data))?;
    }
    let table = read_table(&data, &settings, args.folds.column())?;
    let interrupt = interrupt::listen("stopping; only complete folds count")?;
    let progress = Progress::new(args.talk.quiet);
    let observe = |cell: &Cell, done: usize, all: usize| progress.note(&said(cell, done, all));
    let run = CompareRun {
        threads,
        interrupt,
        observe: &observe,
    };
    let start = Instant::now();
    let comparison = compare(&settings, &table, &options, &run)?;
    let seconds = start.elapsed().as_secs_f64();
    let target = settings.target_columns().to_vec();
    if args.talk.json {
        print_json(&as_json(&comparison, &target))?;
    } else {
        print(&summary(&comparison))?;
    }
    if let Some(file) = &args.plot {
        let format = PictureFormat::of("--plot", file)?;
        draw(&comparison, format, file, &progress)?;
    }
    if let Some(folder) = &args.out {
        let origin = Origin {
            data: file_names(&args.data),
            command: typed(),
            settings,
            seconds,
        };
        let page = report(&comparison, &origin)?.html();
        AtomicFile::write(folder.join("comparison.html"), page.as_bytes())?;
        let mut json = serde_json::to_string(&as_json(&comparison, &target))?;
        json.push('\n');
        AtomicFile::write(folder.join("comparison.json"), json.as_bytes())?;
        let picture = folder.join("comparison.svg");
        draw(&comparison, PictureFormat::Svg, &picture, &progress)?;
    }
    Ok(if interrupt.load(Ordering::Relaxed) {
        ExitCode::from(INTERRUPTED)
    } else if comparison.ranking.complete_folds.is_empty() {
        ExitCode::from(NO_ANSWER)
    } else {
        ExitCode::SUCCESS
    })
}

/// The last part of the first path, and how many more there are: a title has no room for all of it.
fn file_names(paths: &[PathBuf]) -> String {
    let Some(path) = paths.first() else {
        return String::new();
    };
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy();
    match paths.len() {
        1 => name.into_owned(),
        n => format!("{name} and {} more", n - 1),
    }
}

/// A finished cell, in a line.
fn said(cell: &Cell, done: usize, all: usize) -> String {
    let head = format!("{done}/{all} fold {}, {}", cell.fold, cell.method);
    match &cell.result {
        CellResult::Done {
            metrics,
            seconds,
            notes,
        } => {
            let shown = metrics.entries().into_iter().take(4);
            let shown = shown.map(|(name, value)| format!("{name} {}", metric(value)));
            let mut parts: Vec<String> = shown.collect();
            parts.push(format!("{seconds:.1} s"));
            parts.extend(notes.iter().take(4).cloned());
            format!("{head}: {}", parts.join(", "))
        }
        CellResult::Failed { reason } => format!("{head} failed: {reason}"),
        _ => head,
    }
}

fn missing(comparison: &Comparison) -> Vec<&Cell> {
    let cells = comparison.cells.iter();
    cells
        .filter(|cell| cell.result == CellResult::Missing)
        .collect()
}

/// The comparison as `--json` prints it.
fn as_json(comparison: &Comparison, target: &[String]) -> Value {
    let ranking = &comparison.ranking;
    let missing = missing(comparison).into_iter();
    let missing: Vec<Value> = missing
        .map(|cell| json!({ "method": cell.method, "fold": cell.fold }))
        .collect();
    json!({
        "task": comparison.task.name(),
        "target": target,
        "rows": comparison.rows,
        "untested": comparison.untested,
        "metric": comparison.metric,
        "better": comparison.metric.better(),
        "folds": comparison.folds,
        "left_out": comparison.left_out,
        "methods": ranking.methods,
        "complete_folds": ranking.complete_folds,
        "friedman": ranking.friedman,
        "critical_difference": ranking.critical_difference,
        "missing": missing,
        "cells": comparison.cells,
    })
}

/// The comparison for people: a line for each method, the best first, then what may be said of it.
fn summary(comparison: &Comparison) -> String {
    let ranking = &comparison.ranking;
    let higher = comparison.metric.better() == banach_lab::statistics::Better::Higher;
    let mut text = format!(
        "{} task, {}, {}; {}, {} is better\n\n{}\n",
        comparison.task,
        plural(comparison.rows, "row", "rows"),
        plural(
            ranking.complete_folds.len(),
            "complete fold",
            "complete folds"
        ),
        comparison.metric.name(),
        if higher { "higher" } else { "lower" },
        table(&ranking_lines(comparison))
    );
    for remark in remarks(comparison) {
        text.push_str(&remark);
        text.push('\n');
    }
    text
}

/// Head and methods of the table. Those that failed have no line.
fn ranking_lines(comparison: &Comparison) -> Vec<Vec<String>> {
    let methods = &comparison.ranking.methods;
    let main = comparison.metric.name();
    let shown = [
        "accuracy", "auc", "log_loss", "rmse", "r2", "mae", "mean_auc",
    ];
    let has = |name: &&str| {
        let mut methods = methods.iter();
        *name != main && methods.any(|method| method.metrics.contains_key(*name))
    };
    let others: Vec<&str> = shown.into_iter().filter(has).collect();
    let head = ["method", main, "std", "rank", "p", "p Holm", "seconds"];
    let head = head.into_iter().chain(others.iter().copied());
    let mut lines = vec![head.map(str::to_owned).collect()];
    let number = |value: Option<f64>, decimals: usize| {
        value.map_or_else(String::new, |value| format!("{value:.decimals$}"))
    };
    let or_nothing = |value: Option<f64>| value.map_or_else(String::new, |v| metric(Some(v)));
    for method in methods.iter().filter(|method| method.failed.is_none()) {
        let mut line = vec![
            method.method.to_owned(),
            or_nothing(method.mean),
            or_nothing(method.std),
            number(method.rank, 2),
            number(method.p, 4),
            number(method.p_holm, 4),
            number(method.seconds, 2),
        ];
        let of_method = |name: &&str| or_nothing(method.metrics.get(*name).copied());
        line.extend(others.iter().map(of_method));
        lines.push(line);
    }
    lines
}

/// What may be said of the ranking, what failed and what is missing.
fn remarks(comparison: &Comparison) -> Vec<String> {
    let ranking = &comparison.ranking;
    let mut remarks = about_folds(comparison);
    if let (Some(best), true) = (ranking.methods.first(), ranking.complete_folds.len() > 1) {
        let best = best.method;
        remarks.push(format!("p: paired Wilcoxon test over folds against {best}"));
    }
    for method in &ranking.methods {
        if let Some(reason) = &method.failed {
            remarks.push(format!("{} failed: {reason}", method.method));
        }
    }
    if let (Some(test), Some(difference)) = (ranking.friedman, ranking.critical_difference) {
        let p = if test.p < 1e-4 {
            format!("{:.1e}", test.p)
        } else {
            format!("{:.4}", test.p)
        };
        remarks.push(format!(
            "ranks: Friedman p {p}; two mean ranks differ at 0.05 from {difference:.2} on (Nemenyi)"
        ));
    }
    let missing = missing(comparison);
    if !missing.is_empty() {
        let name = |cell: &&Cell| format!("{} on fold {}", cell.method, cell.fold);
        let names: Vec<String> = missing.iter().map(name).collect();
        remarks.push(format!("missing: {}", names.join(", ")));
    }
    remarks
}

fn draw(
    comparison: &Comparison,
    format: PictureFormat,
    file: &Path,
    progress: &Progress,
) -> anyhow::Result<()> {
    match figure(comparison) {
        Some(figure) => format.write(&figure, SCALE, file),
        None => {
            progress.note("no fold is complete, so there is nothing to draw");
            Ok(())
        }
    }
}
