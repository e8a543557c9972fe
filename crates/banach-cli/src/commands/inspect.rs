//! `banach inspect`: what is inside a model.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use banach::{Inspection, Layer, Model, Moments};
use banach_data::EncodedColumn;
use banach_io::{ReadOptions, read_table};
use banach_nn::{Connection, Normalization};
use serde_json::{Map, Value};

use crate::options::Talk;
use crate::output::{print, print_json, say};
use crate::progress::widths;
use crate::text::{count, joined, pairs, plural, table};

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

--json keys: task, targets, columns, unused, parameters, input_width, layers (each with width,
activation, normalization, connection, dropout, omega, tau, and moments with a table),
input_moments, training, settings.")]
pub(crate) struct InspectArgs {
    /// The model file
    model: PathBuf,
    /// Rows to measure activations on; - reads standard input
    data: Option<PathBuf>,
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
    let rows = match &args.data {
        Some(data) => {
            let options = ReadOptions {
                schema: Some(model.schema()),
                ..ReadOptions::default()
            };
            Some(read_table(data, &options)?)
        }
        None => None,
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
    let targets = inspection.targets.iter().map(|target| {
        let classes = if target.classes.is_empty() {
            String::new()
        } else {
            joined(target.classes, MAX_CATEGORIES)
        };
        vec![format!("  {}", target.name), classes]
    });
    let _ = write!(
        text,
        "{} of\n{}",
        inspection.task,
        pairs(&targets.collect::<Vec<_>>())
    );
    let shown = inspection.columns.iter().take(MAX_COLUMNS);
    let mut columns: Vec<Vec<String>> = shown.map(column).collect();
    if inspection.columns.len() > MAX_COLUMNS {
        columns.push(vec!["  ...".to_owned(), "see all with --json".to_owned()]);
    }
    let _ = write!(
        text,
        "\n{}, {}\n{}",
        plural(inspection.columns.len(), "column", "columns"),
        plural(inspection.input_width, "input unit", "input units"),
        pairs(&columns)
    );
    if !inspection.unused.is_empty() {
        text.push('\n');
    }
    for notice in inspection.unused {
        let _ = writeln!(text, "{notice}");
    }
    let mut all = vec![inspection.input_width];
    all.extend(inspection.layers.iter().map(|layer| layer.width));
    let _ = write!(
        text,
        "\nnetwork {}, {}\n{}",
        widths(&all),
        plural(inspection.parameters, "parameter", "parameters"),
        layers(inspection)
    );
    let training = inspection.training;
    let _ = writeln!(
        text,
        "\ntraining: {}, {}, {}, best {}{}",
        plural(training.train_rows, "training row", "training rows"),
        plural(training.valid_rows, "validation row", "validation rows"),
        plural(training.history.len(), "epoch", "epochs"),
        training.best_epoch,
        if training.refit {
            ", then again on all rows"
        } else {
            ""
        }
    );
    text
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
pub(super) fn layers(inspection: &Inspection<'_>) -> String {
    let measured = inspection.input_moments.is_some();
    let names = ["layer", "width", "units", "dropout", "omega", "tau"];
    let mut head: Vec<String> = names.map(str::to_owned).to_vec();
    if measured {
        head.extend(
            ["mean", "variance", "means of units", "variances of units"].map(str::to_owned),
        );
    }
    let mut lines = vec![head];
    if let Some(moments) = &inspection.input_moments {
        let mut line = vec!["  input".to_owned(), count(inspection.input_width)];
        line.resize(names.len(), String::new());
        line.extend(moments_cells(moments));
        lines.push(line);
    }
    for (at, layer) in inspection.layers.iter().enumerate() {
        let Layer {
            width,
            dropout,
            omega,
            tau,
            moments,
            ..
        } = layer;
        let name = if at + 1 == inspection.layers.len() {
            "output".to_owned()
        } else {
            (at + 1).to_string()
        };
        let mut line = vec![
            format!("  {name}"),
            count(*width),
            units(layer.activation, layer.normalization, layer.connection),
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

/// What happens to a layer's net inputs, in this order.
pub(super) fn units(
    activation: &str,
    normalization: Normalization,
    connection: Connection,
) -> String {
    let normalization = match normalization {
        Normalization::None => "",
        Normalization::Batch => "batch norm, ",
        Normalization::Layer => "layer norm, ",
        Normalization::Weight => "weight norm, ",
    };
    match connection {
        Connection::Plain => format!("{normalization}{activation}"),
        Connection::Highway => format!("{normalization}{activation}, highway"),
        Connection::Residual { layers } => {
            format!("{normalization}residual of {layers}, {activation}")
        }
    }
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
