//! `banach fit`: from a table to a model file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::bail;
use banach::model::{MemberTraining, ValidationScores};
use banach::{Estimator, Fitted, Model, Run, Settings};
use banach_data::{FileNotice, Table, Task};
use banach_io::{ReadOptions, TableReader};
use serde::Serialize;
use serde_json::Value;

use crate::failure::INTERRUPTED;
use crate::interrupt;
use crate::options::{Talk, Threads, check_output, paths};
use crate::output::{print, print_json};
use crate::progress::Progress;
use crate::read_flags::{ReadFlags, say_notices};
use crate::setting_flags::SettingFlags;
use crate::text::{count, joined, metric, metrics, pairs, plural, program, quoted};

/// Class names that the summary shows before it says "...".
const MAX_CLASSES: usize = 10;

/// Train a model on a table
///
/// Detects the task and the column types, holds out validation rows, trains, keeps the weights of the
/// best epoch and writes one model file. Each setting comes from its flag, else from the file given with
/// --config, else from the preset.
#[derive(clap::Args)]
#[command(
    allow_negative_numbers = true,
    after_help = "\
Examples:
  banach fit train.csv --target species
  banach fit train.parquet --target price --task regression --out price.safetensors
  banach fit visits.csv --target returned --split group=patient --drop name,phone
  banach fit tox.parquet --target NR-AR --target NR-ER --valid valid.parquet
  banach fit visits/ --target returned                      all files of a folder
  banach fit big.csv.zst --target y --checkpoint run --resume    continue after a crash
  banach fit train.csv --config settings.toml --epochs 50

A settings file is TOML with the names of the flags: layers = 8, target = [\"species\"].
`banach inspect MODEL --settings` prints the complete settings of a model in this form.

--json keys: model, task, target (a list), rows (training and validation), features,
classes (null without), epochs, best_epoch, seconds, seed, valid {loss, and the task's metrics}.
loss is the one that chose the epoch, with class weights if there are any; the metrics are those of
`banach evaluate`, which class weights do not enter."
)]
pub(crate) struct FitArgs {
    /// The table to train on: a file, several, or a folder of files; - reads standard input
    #[arg(required = true, value_name = "DATA")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadFlags,
    #[command(flatten)]
    settings: SettingFlags,
    /// TOML file with settings
    #[arg(long, value_name = "FILE.toml", help_heading = "Recipe")]
    config: Option<PathBuf>,
    /// The model file to write
    #[arg(
        long,
        value_name = "FILE",
        default_value = "model.safetensors",
        help_heading = "Program"
    )]
    out: PathBuf,
    /// Folder for checkpoints and metrics.jsonl, for one run at a time; created if it does not exist
    #[arg(long, value_name = "DIR", help_heading = "Program")]
    checkpoint: Option<PathBuf>,
    /// Continue from the checkpoint in the folder; the result is the same as without the interruption
    #[arg(long, help_heading = "Program")]
    resume: bool,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    talk: Talk,
}

/// The result as `--json` prints it.
#[derive(Serialize)]
struct Report<'a> {
    model: String,
    task: &'static str,
    target: Vec<&'a str>,
    rows: usize,
    features: usize,
    classes: Option<&'a [String]>,
    epochs: usize,
    best_epoch: usize,
    seconds: f64,
    seed: Option<u64>,
    valid: &'a ValidationScores,
}

pub(crate) fn run(args: FitArgs) -> anyhow::Result<ExitCode> {
    let start = Instant::now();
    if args.resume && args.checkpoint.is_none() {
        bail!("--resume needs --checkpoint DIR, the folder that the run to resume was given");
    }
    let threads = args.threads.number()?;
    let table = TableToRead::new(&args.data, &args.reading, args.talk.quiet);
    let settings = complete(args.settings, args.config.as_deref(), &table)?;
    let mut read = paths(&args.data);
    read.extend(settings.validation_file());
    check_output(&args.out, &read)?;
    let progress = Progress::new(args.talk.quiet);
    let job = Job {
        table,
        settings,
        out: &args.out,
        checkpoint: args.checkpoint,
        resume: args.resume,
        threads,
    };
    let fitted = job.fit(&progress)?;
    let model = &fitted.model;
    if args.talk.json {
        print_json(&report(model, &args.out, start.elapsed().as_secs_f64()))?;
    } else {
        print(&summary(model, &args.out, start.elapsed().as_secs_f64()))?;
    }
    if fitted.interrupted {
        progress.note(&format!(
            "interrupted: {} has the best weights so far",
            args.out.display()
        ));
        return Ok(ExitCode::from(INTERRUPTED));
    }
    let (program, out) = (program(), quoted(&args.out.display().to_string()));
    progress.note(&format!(
        "next: {program} evaluate {out} TEST_ROWS, or {program} predict {out} NEW_ROWS"
    ));
    Ok(ExitCode::SUCCESS)
}

/// The table of a command line: its files, and how they are read.
#[derive(Clone, Copy)]
pub(super) struct TableToRead<'a> {
    data: &'a [PathBuf],
    reading: &'a ReadFlags,
    quiet: bool,
}

impl<'a> TableToRead<'a> {
    pub(super) fn new(data: &'a [PathBuf], reading: &'a ReadFlags, quiet: bool) -> Self {
        Self {
            data,
            reading,
            quiet,
        }
    }

    fn say(&self, notices: &[FileNotice]) {
        if !self.quiet {
            say_notices(notices);
        }
    }
}

/// Settings from flags and from a file, with a target.
pub(super) fn complete(
    SettingFlags(flags): SettingFlags,
    config: Option<&Path>,
    table: &TableToRead<'_>,
) -> anyhow::Result<Settings> {
    let settings = match config {
        Some(file) => flags.or(Settings::read(file)?),
        None => flags,
    };
    if settings.target_columns().is_empty() {
        let options = ReadOptions {
            ..table.reading.options()?
        };
        let reader = TableReader::open_all(table.data, &options)?;
        table.say(reader.file_notices());
        bail!(
            "no target: name the column to predict with --target; {} has the columns {}",
            reader.file(),
            joined(reader.names(), 40)
        );
    }
    Ok(settings)
}

/// The table that settings are about. Dropped columns are not read, unless they have another role
/// (`role`, or one of the settings').
pub(super) fn read_table(
    table: &TableToRead<'_>,
    settings: &Settings,
    role: Option<&str>,
) -> anyhow::Result<Table> {
    let split = settings.split_column();
    let targets = settings.target_columns();
    let needed = |name: &String| {
        let name = Some(name.as_str());
        [role, split, settings.weight_column()].contains(&name)
            || targets.iter().any(|target| Some(target.as_str()) == name)
    };
    let dropped = settings.dropped_columns().iter();
    let options = ReadOptions {
        skip: dropped.filter(|name| !needed(name)).cloned().collect(),
        categorical: settings.categorical_columns().to_vec(),
        numeric: settings.numeric_columns().to_vec(),
        ..table.reading.options()?
    };
    let read = TableReader::open_all(table.data, &options)?.read()?;
    table.say(read.file_notices());
    Ok(read)
}

/// A fit from a file to a file.
pub(super) struct Job<'a> {
    pub(super) table: TableToRead<'a>,
    pub(super) settings: Settings,
    pub(super) out: &'a Path,
    pub(super) checkpoint: Option<PathBuf>,
    pub(super) resume: bool,
    pub(super) threads: usize,
}

impl Job<'_> {
    pub(super) fn fit(self, progress: &Progress) -> anyhow::Result<Fitted> {
        let estimator = Estimator::new(self.settings.clone())?;
        let table = read_table(&self.table, &self.settings, None)?;
        // Until here Ctrl-C ends the program at once: there is nothing to keep.
        let interrupt = interrupt::listen("stopping after this step, keeping the best weights")?;
        let fitted = estimator.fit(
            table,
            &Run {
                threads: self.threads,
                folder: self.checkpoint,
                resume: self.resume,
                interrupt,
                observe: &|event| progress.observe(event),
            },
        );
        progress.done();
        let fitted = fitted?;
        fitted.model.save(self.out)?;
        Ok(fitted)
    }
}

fn report<'a>(model: &'a Model, out: &Path, seconds: f64) -> Report<'a> {
    let (training, member) = (model.training(), member(model));
    Report {
        model: out.display().to_string(),
        task: model.task().name(),
        target: model.target().names(),
        rows: training.train_rows + training.valid_rows,
        features: model.schema().fields.len(),
        classes: classes(model),
        epochs: member.history.len(),
        best_epoch: member.best_epoch,
        seconds,
        seed: model.settings().get("seed").and_then(Value::as_u64),
        valid: &training.valid,
    }
}

/// How the one network of a fit was trained.
fn member(model: &Model) -> &MemberTraining {
    &model.members()[0].training
}

/// The classes of the one target.
fn classes(model: &Model) -> Option<&[String]> {
    match model.task() {
        Task::Binary | Task::Multiclass => Some(model.target().classes(0)),
        Task::Regression | Task::Multilabel => None,
    }
}

/// The result for people.
pub(super) fn summary(model: &Model, out: &Path, seconds: f64) -> String {
    let (training, member) = (model.training(), member(model));
    let line = |name: &str, value: String| vec![name.to_owned(), value];
    let mut lines = vec![
        line("model", out.display().to_string()),
        line("task", model.task().to_string()),
        line("target", joined(&model.target().names(), MAX_CLASSES)),
    ];
    if let Some(classes) = classes(model) {
        lines.push(line("classes", joined(classes, MAX_CLASSES)));
    }
    lines.push(line(
        "rows",
        format!(
            "{}, {}",
            plural(training.train_rows, "training row", "training rows"),
            plural(training.valid_rows, "validation row", "validation rows")
        ),
    ));
    lines.push(line("features", count(model.schema().fields.len())));
    lines.push(line(
        "epochs",
        format!(
            "{}, best {}",
            count(member.history.len()),
            count(member.best_epoch)
        ),
    ));
    lines.push(line("seconds", format!("{seconds:.1}")));
    lines.push(vec!["validation".to_owned()]);
    let balanced = model.settings().get("class_weight") == Some(&Value::from("balanced"));
    let loss = if balanced {
        "  loss, classes balanced"
    } else {
        "  loss"
    };
    lines.push(line(loss, metric(training.valid.loss)));
    if let Some(valid) = &training.valid.metrics {
        lines.extend(metrics(valid).into_iter().map(|mut entry| {
            entry[0].insert_str(0, "  ");
            entry
        }));
    }
    pairs(&lines)
}
