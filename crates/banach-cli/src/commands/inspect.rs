//! `banach inspect`: what is inside a model.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use banach::model::{EncoderInspection, Layer, MemberInspection, Moments};
use banach::{Calibration, Inspection, Model};
use banach_data::EncodedColumn;
use banach_io::{ReadOptions, TableReader};
use serde_json::{Map, Value};

use crate::options::Talk;
use crate::output::{print, print_json, say};
use crate::progress::widths;
use crate::read_flags::{ReadFlags, say_notices};
use crate::text::{count, joined, pairs, plural, some_lines, table};

/// Columns that are listed before "...".
const MAX_COLUMNS: usize = 50;

/// Categories of a column that are named before "...".
const MAX_CATEGORIES: usize = 8;

/// Show what is inside a model
///
/// Columns and their encoding, the network with the weight sums of each layer that self-normalization
/// rests on, training, and the complete settings. With a table also the mean and variance of the
/// activations on its rows.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  banach inspect model.safetensors
  banach inspect model.safetensors test.csv              with activations, measured
  banach inspect model.safetensors --settings > s.toml   for `banach fit --config s.toml`

omega is the sum of a unit's weights, tau the sum of their squares: 0 and 1 at initialization, in
the mean (arXiv:1706.02515).

--json keys: task, targets, encoders (each with columns and unused), readings (what was decided about columns
while the table was read: name, column_type, reading), members (each with encoder,
weight, parameters, input_width, layers, training, and input_moments with a table; each layer with
width, activation, normalization, connection, dropout, omega, tau, and moments with a table),
calibration, training, settings.")]
pub(crate) struct InspectArgs {
    /// The model file
    model: PathBuf,
    /// Rows to measure activations on: a file, several, or a folder of files; - reads standard input
    data: Vec<PathBuf>,
    #[command(flatten)]
    reading: ReadFlags,
    /// Print only the settings, as TOML for --config
    #[arg(long, conflicts_with_all = ["json", "data"])]
    settings: bool,
    #[command(flatten)]
    talk: Talk,
}

pub(crate) fn run(args: InspectArgs) -> anyhow::Result<ExitCode> {
    let model = Model::load(&args.model)?;
    if args.settings {
        print(&settings(&model)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = if args.data.is_empty() {
        None
    } else {
        let options = ReadOptions {
            schema: Some(model.schema()),
            ..args.reading.options()?
        };
        let rows = TableReader::open_all(&args.data, &options)?.read()?;
        if !args.talk.quiet {
            say_notices(rows.file_notices());
        }
        Some(rows)
    };
    let inspection = model.inspect(rows.as_ref())?;
    if args.talk.json {
        print_json(&inspection)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = description(&inspection);
    let _ = write!(text, "\nsettings\n{}", settings(&model)?);
    print(&text)?;
    if !args.talk.quiet && rows.is_none() {
        say("add a table to see the mean and variance of activations");
    }
    Ok(ExitCode::SUCCESS)
}

/// The settings as a file for `--config`.
fn settings(model: &Model) -> anyhow::Result<String> {
    // TOML has no null: what has no meaning for this model is left out.
    let settings = model
        .settings()
        .iter()
        .filter(|(_, value)| !value.is_null());
    let settings: Map<String, Value> = settings
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut text = toml::to_string(&settings).context("cannot write the settings as TOML")?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn description(inspection: &Inspection<'_>) -> String {
    let mut text = String::new();
    let shown = inspection.targets.iter().take(MAX_COLUMNS);
    let targets = shown.map(|target| {
        let classes = if target.classes.is_empty() {
            String::new()
        } else {
            joined(target.classes, MAX_CATEGORIES)
        };
        vec![format!("  {}", target.name), classes]
    });
    let mut targets: Vec<Vec<String>> = targets.collect();
    if inspection.targets.len() > MAX_COLUMNS {
        targets.push(vec!["  ...".to_owned(), "see all with --json".to_owned()]);
    }
    let _ = write!(text, "{} of\n{}", inspection.task, pairs(&targets));
    for encoder in &inspection.encoders {
        describe_encoder(&mut text, encoder);
    }
    if !inspection.readings.is_empty() {
        text.push('\n');
    }
    for reading in &inspection.readings {
        let _ = writeln!(text, "{reading}");
    }
    for (index, member) in inspection.members.iter().enumerate() {
        if inspection.members.len() > 1 {
            let _ = write!(
                text,
                "\nmember {}: weight {:.4}, encoder {}",
                index + 1,
                member.weight,
                member.encoder + 1
            );
        }
        describe_member(&mut text, member);
    }
    if let Calibration::Temperature(temperature) = inspection.calibration {
        let _ = writeln!(text, "\ncalibration: temperature {temperature:.4}");
    }
    let training = inspection.training;
    let _ = writeln!(
        text,
        "\ntraining: {}, {}",
        plural(training.train_rows, "training row", "training rows"),
        plural(training.valid_rows, "validation row", "validation rows"),
    );
    text
}

/// Columns, what is made of them, and those that are not used.
fn describe_encoder(text: &mut String, encoder: &EncoderInspection<'_>) {
    let shown = encoder.columns.iter().take(MAX_COLUMNS);
    let mut columns: Vec<Vec<String>> = shown.map(column).collect();
    if encoder.columns.len() > MAX_COLUMNS {
        columns.push(vec!["  ...".to_owned(), "see all with --json".to_owned()]);
    }
    let _ = write!(
        text,
        "\n{}\n{}",
        plural(encoder.columns.len(), "column", "columns"),
        pairs(&columns)
    );
    if !encoder.unused.is_empty() {
        text.push('\n');
    }
    for line in some_lines(encoder.unused) {
        let _ = writeln!(text, "{line}");
    }
}

/// The network, layer by layer, and how it was trained.
fn describe_member(text: &mut String, member: &MemberInspection<'_>) {
    let mut all = vec![member.input_width];
    all.extend(member.layers.iter().map(|layer| layer.width));
    let _ = write!(
        text,
        "\nnetwork {}, {}, {}\n{}",
        widths(&all),
        plural(member.input_width, "input unit", "input units"),
        plural(member.parameters, "parameter", "parameters"),
        layers(member)
    );
    let training = member.training;
    let _ = writeln!(
        text,
        "{}, best {}{}",
        plural(training.history.len(), "epoch", "epochs"),
        training.best_epoch,
        if training.refit {
            ", then again on all rows"
        } else {
            ""
        }
    );
}

/// A line on an input column.
fn column(column: &EncodedColumn) -> Vec<String> {
    let kind = format!("{:?}", column.column_type).to_lowercase();
    let made = match (&column.codes, &column.counts) {
        (Some(codes), Some(counts)) => {
            let named = codes.iter().zip(counts).enumerate();
            // Code 0 stands in the table only where rare values were made unknown.
            let named = named.filter(|(at, (_, rows))| *at > 0 || **rows > 0);
            let named = named.map(|(at, (code, rows))| {
                let nameless = if at == 0 { "unknown" } else { "missing" };
                let name = code.as_deref().unwrap_or(nameless);
                format!("{name} {}", count(*rows as usize))
            });
            joined(&named.collect::<Vec<_>>(), MAX_CATEGORIES)
        }
        _ => joined(&column.numbers, MAX_CATEGORIES),
    };
    vec![format!("  {}", column.name), kind, made]
}

/// A line for each layer: its weights, and its activations if they were measured.
fn layers(member: &MemberInspection<'_>) -> String {
    let measured = member.input_moments.is_some();
    let names = ["layer", "width", "units", "dropout", "omega", "tau"];
    let mut head: Vec<String> = names.map(str::to_owned).to_vec();
    if measured {
        head.extend(
            ["mean", "variance", "means of units", "variances of units"].map(str::to_owned),
        );
    }
    let mut lines = vec![head];
    if let Some(moments) = &member.input_moments {
        let mut line = vec!["  input".to_owned(), count(member.input_width)];
        line.resize(names.len(), String::new());
        line.extend(moments_cells(moments));
        lines.push(line);
    }
    for (at, layer) in member.layers.iter().enumerate() {
        let Layer {
            width,
            dropout,
            omega,
            tau,
            moments,
            ..
        } = layer;
        let name = if at + 1 == member.layers.len() {
            "output".to_owned()
        } else {
            (at + 1).to_string()
        };
        let mut line = vec![
            format!("  {name}"),
            count(*width),
            layer.units(),
            dropout.to_string(),
            range(omega),
            range(tau),
        ];
        line.extend(moments.iter().flat_map(moments_cells));
        lines.push(line);
    }
    lines[0][0].insert_str(0, "  ");
    table(&lines)
}

fn moments_cells(moments: &Moments) -> [String; 4] {
    [
        format!("{:.3}", moments.mean),
        format!("{:.3}", moments.variance),
        range(&moments.unit_mean),
        range(&moments.unit_variance),
    ]
}

/// Smallest and largest.
fn range([low, high]: &[f64; 2]) -> String {
    format!("{low:.2} to {high:.2}")
}
