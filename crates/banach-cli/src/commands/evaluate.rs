//! `banach evaluate`: honest metrics on rows that the model has not seen.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use banach::metrics::Confusion;
use banach::{Evaluation, Evaluator, Model, Precision, PredictOptions, Predictor};
use banach_data::{ColumnType, Field, Schema, TableError, Task, trimmed_name};
use banach_io::{
    OutputColumn, OutputType, OutputValues, ReadError, ReadOptions, TableReader, TableWriter,
    WriteError,
};
use serde_json::Value;

use crate::options::{Talk, Threads, check_output, paths};
use crate::output::{print, print_json, say};
use crate::read_flags::{ReadFlags, say_notices};
use crate::text::{metrics, plural, quoted, some_lines, table};

/// Rows that are read and scored at a time.
const PART_ROWS: usize = 1 << 16;

/// Evaluate a model on rows with known targets
///
/// Rows without a target are left out. Give rows that the model was not trained on, or the numbers
/// will flatter it.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  banach evaluate model.safetensors test.csv
  banach evaluate model.safetensors test.parquet --weight survey_weight --json
  banach evaluate model.safetensors test.csv --precision bf16
  banach evaluate model.safetensors test.csv --confusion confusion.csv

--json keys: rows, without_target, metrics {accuracy, balanced_accuracy, log_loss, auc, brier, ece |
rmse, mae, r2 | log_loss, mean_auc, auc {target}}, confusion {classes, counts} for classes,
(with more than 30 classes {classes, cells}, each cell [true class, predicted class, count]),
encoding {n_rows, columns}: unseen or newly missing cells. Metrics that these rows do not define
are null.")]
pub(crate) struct EvaluateArgs {
    /// The model file
    model: PathBuf,
    /// Rows with their targets: a file, several, or a folder of files; - reads standard input
    #[arg(required = true, value_name = "DATA")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadFlags,
    /// Column of sample weights
    #[arg(long, value_name = "COL")]
    weight: Option<String>,
    /// File for the whole confusion matrix, a row for each true and predicted class that occur: .csv, .tsv or .parquet
    #[arg(long, value_name = "FILE")]
    confusion: Option<PathBuf>,
    /// Precision of the network's weights: single (as trained) or bf16 (bfloat16: half the memory); compare the metrics of both to see what bf16 costs
    #[arg(
        long,
        value_name = "PRECISION",
        default_value = "single",
        help_heading = "Program"
    )]
    precision: Precision,
    #[command(flatten)]
    threads: Threads,
    #[command(flatten)]
    talk: Talk,
}

pub(crate) fn run(args: EvaluateArgs) -> anyhow::Result<ExitCode> {
    let threads = args.threads.number()?;
    let model = Model::load(&args.model)?;
    let weight = args.weight.as_deref().map(trimmed_name);
    if let Some(file) = &args.confusion {
        if !matches!(model.task(), Task::Binary | Task::Multiclass) {
            bail!(
                "--confusion is for classes, but the model's task is {}",
                model.task()
            );
        }
        let mut read = paths(&args.data);
        read.push(&args.model);
        check_output(file, &read)?;
    }
    let columns = ReadOptions {
        schema: options(&model, weight).schema,
        ..args.reading.options()?
    };
    let mut reader =
        TableReader::open_all(&args.data, &columns).map_err(|error| about_weight(error, weight))?;
    let predict = PredictOptions::default()
        .threads(threads)
        .precision(args.precision);
    let predictor = model.predictor(&predict)?;
    let evaluation = evaluate(&predictor, &mut reader, weight)?;
    if !args.talk.quiet {
        say_notices(reader.file_notices());
        some_lines(&evaluation.encoding.columns)
            .iter()
            .for_each(|line| say(line));
        let trained_with = model.settings().get("weight").and_then(Value::as_str);
        if let (Some(column), None) = (trained_with, weight) {
            let column = quoted(column);
            say(&format!(
                "the model was trained with sample weights, but here every row has weight 1; try --weight {column}"
            ));
        }
    }
    if let (Some(file), Some(confusion)) = (&args.confusion, &evaluation.confusion) {
        write_confusion(file, confusion)?;
    }
    if args.talk.json {
        print_json(&evaluation)?;
    } else {
        print(&summary(&evaluation))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes every pair of classes that occurs.
fn write_confusion(file: &Path, confusion: &Confusion) -> Result<(), WriteError> {
    let column = |name: &str, output_type| OutputColumn {
        name: name.to_owned(),
        output_type,
    };
    let columns = vec![
        column("true", OutputType::Text),
        column("predicted", OutputType::Text),
        column("count", OutputType::F64),
        column("share", OutputType::F64),
    ];
    let (cells, sums) = (confusion.cells(), confusion.sums());
    let name = |class: usize| confusion.classes()[class].as_str();
    let counts: Vec<f64> = cells.iter().map(|cell| cell.count).collect();
    let shares = cells.iter().map(|cell| cell.count / sums[cell.truth]);
    let mut writer = TableWriter::create(file, columns)?;
    writer.write(&[
        OutputValues::Text(cells.iter().map(|cell| name(cell.truth)).collect()),
        OutputValues::Text(cells.iter().map(|cell| name(cell.predicted)).collect()),
        OutputValues::F64(counts.into()),
        OutputValues::F64(shares.collect()),
    ])?;
    writer.finish()
}

/// The weight column is no column that the model was trained on.
fn about_weight(error: ReadError, weight: Option<&str>) -> ReadError {
    match error {
        ReadError::Table(TableError::MissingColumns { file, names }) => {
            let (weights, names): (Vec<_>, Vec<_>) = names
                .into_iter()
                .partition(|unknown| Some(unknown.name.as_str()) == weight);
            if names.is_empty() {
                let setting = "weight";
                TableError::UnknownColumns {
                    file,
                    setting,
                    names: weights,
                }
            } else {
                TableError::MissingColumns { file, names }
            }
            .into()
        }
        other => other,
    }
}

/// Scores the rows of a file part by part; only predictions and targets are held in memory.
pub(super) fn evaluate(
    predictor: &Predictor,
    reader: &mut TableReader,
    weight: Option<&str>,
) -> anyhow::Result<Evaluation> {
    let mut evaluator = Evaluator::new(predictor, weight);
    while let Some(table) = reader.next_table(PART_ROWS)? {
        evaluator.add(&table)?;
    }
    Ok(evaluator.finish()?)
}

/// The columns to read: the model's, its targets and the weights.
pub(super) fn options(model: &Model, weight: Option<&str>) -> ReadOptions {
    let weight = weight.map(|name| Field::new(name, ColumnType::Number));
    let weight = Schema {
        fields: weight.into_iter().collect(),
    };
    ReadOptions {
        schema: Some(model.schema().with(model.target().schema()).with(weight)),
        ..ReadOptions::default()
    }
}

/// The result for people.
pub(super) fn summary(evaluation: &Evaluation) -> String {
    let mut text = plural(evaluation.rows, "row", "rows");
    if evaluation.without_target > 0 {
        let left_out = plural(evaluation.without_target, "row", "rows");
        text.push_str(&format!(", {left_out} without a target left out"));
    }
    text.push_str("\n\n");
    text.push_str(&table(&metrics(&evaluation.metrics)));
    if let Some(confusion) = &evaluation.confusion {
        text.push_str(&format!("\n{confusion}"));
        if !text.ends_with('\n') {
            text.push('\n');
        }
    }
    text
}
