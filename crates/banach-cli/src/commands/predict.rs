//! `banach predict`: a column of predictions for every row, in constant memory.

use std::io::stdout;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use banach::{Model, Precision, PredictOptions, Predictions};
use banach_data::{EncodeReport, NameList, Table, UnknownCategories};
use banach_io::{
    OutputColumn, OutputType, OutputValues, ReadOptions, TableReader, TableWriter, WriteError,
};
use serde_json::json;

use crate::failure::INTERRUPTED;
use crate::interrupt;
use crate::options::{Talk, Threads, check_output, paths};
use crate::output::{print, print_json, say};
use crate::read_flags::{ReadFlags, say_notices};
use crate::text::{plural, some_lines};

/// Rows that are read, predicted and written at a time.
const PIECE_ROWS: usize = 1 << 14;

/// Predict the rows of a table
///
/// Reads, predicts and writes piece by piece, so memory does not grow with the table. The columns are
/// `prediction` and, for classes, `probability_CLASS`; with several targets, both for each of them.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  banach predict model.safetensors new.csv > predictions.csv
  banach predict model.safetensors new.csv --keep id --out predictions.parquet
  zcat new.csv.gz | banach predict model.safetensors - | head

--json keys (the predictions then go to --out): rows, out, unusual (columns with unseen or
newly missing cells: column, unknown, examples, missing, odd, odd_examples).")]
pub(crate) struct PredictArgs {
    /// The model file
    model: PathBuf,
    /// The rows to predict: a file, several, or a folder of files; - reads standard input
    #[arg(required = true, value_name = "DATA")]
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadFlags,
    /// File to write: .csv, .tsv or .parquet; - is standard output, as CSV
    #[arg(
        long,
        value_name = "FILE",
        default_value = "-",
        help_heading = "Program"
    )]
    out: PathBuf,
    /// Columns to write before the predictions, unchanged; a name with a comma in double quotes, as in CSV: 'a,"b, c"'; repeat to add
    #[arg(long, value_name = "COL,..")]
    keep: Vec<NameList>,
    /// Fail on a category that did not occur in training, instead of treating it as unknown
    #[arg(long)]
    strict_categories: bool,
    /// Precision of the network's weights: single (as trained) or bf16 (bfloat16: half the memory); `banach evaluate` shows what bf16 costs
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

pub(crate) fn run(args: PredictArgs) -> anyhow::Result<ExitCode> {
    let to_stdout = args.out == Path::new("-");
    if to_stdout && args.talk.json {
        bail!("--json needs --out FILE: predictions and report cannot both go to standard output");
    }
    let threads = args.threads.number()?;
    let model = Model::load(&args.model)?;
    if !to_stdout {
        let mut read = paths(&args.data);
        read.push(&args.model);
        check_output(&args.out, &read)?;
    }
    let keep: Vec<String> = args.keep.into_iter().flat_map(|list| list.0).collect();
    check_names(&model, &keep)?;
    let options = ReadOptions {
        schema: Some(model.schema()),
        passthrough: keep.clone(),
        ..args.reading.options()?
    };
    let mut reader = TableReader::open_all(&args.data, &options)?;
    let unknown = if args.strict_categories {
        UnknownCategories::Refuse
    } else {
        UnknownCategories::Count
    };
    // Only a file is worth stopping at a good place for.
    let interrupt = if to_stdout {
        None
    } else {
        Some(interrupt::listen("stopping without a file")?)
    };
    let options = PredictOptions::default()
        .threads(threads)
        .precision(args.precision)
        .unknown_categories(unknown);
    let predictor = model.predictor(&options)?;
    let begin = |columns| match to_stdout {
        true => TableWriter::to_writer("standard output", stdout().lock(), columns),
        false => TableWriter::create(&args.out, columns),
    };
    let begin = |columns| begin(columns).map_err(|error| written(error, to_stdout));
    let mut writer = None;
    let mut report = EncodeReport::default();
    while let Some(table) = reader.next_table(PIECE_ROWS)? {
        let (predictions, unusual) = predictor.predict(&table)?;
        report.merge(unusual);
        // Begun late, so that a table that cannot be predicted causes no output at all.
        let writer = match &mut writer {
            Some(writer) => writer,
            None => writer.insert(begin(columns(&model, Some(&table), &keep))?),
        };
        writer
            .write(&values(&table, &predictions, &model))
            .map_err(|error| written(error, to_stdout))?;
        if interrupt.is_some_and(|flag| flag.load(std::sync::atomic::Ordering::Relaxed)) {
            return Ok(ExitCode::from(INTERRUPTED));
        }
    }
    // No rows are no fault: there is nothing to predict, and a file says so.
    let writer = match writer {
        Some(writer) => writer,
        None => begin(columns(&model, None, &keep))?,
    };
    writer.finish().map_err(|error| written(error, to_stdout))?;
    if !args.talk.quiet {
        say_notices(reader.file_notices());
        some_lines(&report.columns)
            .iter()
            .for_each(|line| say(line));
    }
    let rows = report.n_rows;
    if args.talk.json {
        let out = args.out.display().to_string();
        print_json(&json!({ "rows": rows, "out": out, "unusual": report.columns }))?;
    } else if !to_stdout {
        let rows = plural(rows as usize, "row", "rows");
        print(&format!("{rows} written to {}\n", args.out.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What went wrong with writing. What went to standard output before cannot be taken back, so it is
/// not said of it that nothing was left behind.
fn written(error: WriteError, to_stdout: bool) -> anyhow::Error {
    match error {
        WriteError::Write { source, .. } if to_stdout => {
            anyhow::Error::new(source).context("cannot write to standard output")
        }
        other => other.into(),
    }
}

/// The names of columns to write must differ, or the file could not be read again.
pub(super) fn check_names(model: &Model, keep: &[String]) -> anyhow::Result<()> {
    let predicted = Predictions::columns(model.target());
    for (at, name) in keep.iter().enumerate() {
        if keep[..at].contains(name) {
            bail!("--keep names {name:?} twice");
        }
        if predicted.iter().any(|column| column.name == *name) {
            bail!(
                "--keep {name:?}: the predictions have a column of that name; rename it in the table"
            );
        }
    }
    Ok(())
}

/// The columns to write: those kept, in the types that they have in the table, then the predictions.
pub(super) fn columns(model: &Model, table: Option<&Table>, keep: &[String]) -> Vec<OutputColumn> {
    let kept = keep.iter().enumerate().map(|(at, name)| {
        let cells = table.and_then(|table| table.passthrough().get(at));
        OutputColumn {
            name: name.clone(),
            output_type: cells.map_or(OutputType::Text, |(_, cells)| cells.values().output_type()),
        }
    });
    kept.chain(Predictions::columns(model.target())).collect()
}

pub(super) fn values<'a>(
    table: &'a Table,
    predictions: &'a Predictions,
    model: &'a Model,
) -> Vec<OutputValues<'a>> {
    let kept = table.passthrough().iter();
    let mut values: Vec<OutputValues<'_>> = kept.map(|(_, cells)| cells.values()).collect();
    values.extend(predictions.values(model.target()));
    values
}
