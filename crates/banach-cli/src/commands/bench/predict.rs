//! `banach bench predict`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use banach::container::Container;
use banach_nn::{Features, Network, Pool, Precision, Predictor, Workspace};
use serde::Serialize;

use super::workload::{Name, Workload, check_seconds};
use crate::options::Threads;
use crate::output::{print, print_json};
use crate::text::{count, pairs};

/// Rows in the batch, and rows that are predicted alone by turns.
const ROWS: usize = 1024;

/// Share of the time for single rows; the rest is for batches.
const SINGLE_ROWS: f64 = 0.5;

/// Share of each of the two times that is spent on warming up.
const WARM_UP: f64 = 0.1;

/// Most times of single rows that are kept; later ones are not measured.
const MAX_TIMES: usize = 10_000_000;

/// Microseconds for one row, and rows per second in batches of 1024
///
/// Measured with initial weights on random rows. A single row is predicted on one thread, from numbers in memory to outputs in
/// memory; batches use all threads.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  banach bench predict --workload deep
  banach bench predict --workload wide --precision bf16
  banach bench predict --workload small --write small.safetensors

--write FILE writes what was measured, for a comparison with other programs: layers.I.weight [out, in] and layers.I.bias [out] in the
order of the layers, input [1024, features] and output [1024, classes], before softmax.

--json keys: workload, features, layers, width, classes, precision, threads, single_row {p50_us, p99_us}, batch_1024 {rows_per_second}.")]
pub(super) struct PredictArgs {
    /// Workload
    #[arg(long, value_enum, value_name = "NAME", default_value = "small")]
    workload: Name,
    /// Precision of the weights: single or bf16 (bfloat16)
    #[arg(long, value_name = "PRECISION", default_value = "single")]
    precision: Precision,
    /// Seconds to measure: half of them single rows, half of them batches
    #[arg(long, value_name = "S", default_value_t = 3.0)]
    seconds: f64,
    /// File for weights, input and output
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
    #[command(flatten)]
    threads: Threads,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    workload: String,
    features: usize,
    layers: usize,
    width: usize,
    classes: usize,
    precision: Precision,
    threads: usize,
    single_row: SingleRow,
    batch_1024: Batch,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct SingleRow {
    p50_us: f64,
    p99_us: f64,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct Batch {
    rows_per_second: f64,
}

pub(super) fn run(args: &PredictArgs) -> anyhow::Result<ExitCode> {
    let threads = args.threads.number()?;
    check_seconds(args.seconds)?;
    let workload = Workload {
        rows: ROWS,
        ..Workload::named(args.workload)
    };
    let network = Network::new(workload.spec(), 1)?;
    let predictor = Predictor::new(&network, args.precision);
    let mut pool =
        Pool::new(threads).with_context(|| format!("could not start {threads} threads"))?;
    let mut workspace = predictor.workspace(threads);
    let features = workload.data()?.features;
    if let Some(path) = &args.write {
        let output = predictor.outputs(&mut workspace, &mut pool, &features)?;
        write(path, &network, &features, &output)?;
    }
    let single_row = single_rows(
        &predictor,
        &mut workspace,
        &features,
        args.seconds * SINGLE_ROWS,
    )?;
    let batch_1024 = batches(args.seconds * (1.0 - SINGLE_ROWS), &mut || {
        std::hint::black_box(predictor.outputs(&mut workspace, &mut pool, &features)?);
        Ok(features.n_rows)
    })?;
    let report = Report {
        workload: workload.workload.clone(),
        features: workload.features,
        layers: workload.layers,
        width: workload.width,
        classes: workload.classes,
        precision: args.precision,
        threads,
        single_row,
        batch_1024,
    };
    if args.json {
        print_json(&report)?;
    } else {
        let rate = count(batch_1024.rows_per_second.round() as usize);
        print(&pairs(&[
            vec!["network".to_owned(), workload.shape()],
            vec![
                "one row, median".to_owned(),
                format!("{:.2} us", single_row.p50_us),
            ],
            vec![
                "one row, 99%".to_owned(),
                format!("{:.2} us", single_row.p99_us),
            ],
            vec![
                format!("batches of {ROWS}"),
                format!("{rate} rows/s on {threads} threads"),
            ],
        ]))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn single_rows(
    predictor: &Predictor,
    workspace: &mut Workspace,
    features: &Features,
    seconds: f64,
) -> anyhow::Result<SingleRow> {
    let mut outputs = vec![0.0; predictor.spec().n_outputs];
    let n_numbers = predictor.spec().inputs.n_numbers;
    let mut rows = features.numbers.chunks_exact(n_numbers).cycle();
    let mut times = Vec::new();
    let (warm, end) = (seconds * WARM_UP, seconds);
    let start = Instant::now();
    let mut before = start;
    while before - start < Duration::from_secs_f64(end) || times.is_empty() {
        let row = rows.next().context("there are no rows")?;
        before = Instant::now();
        predictor.row(workspace, row, &[], &mut outputs)?;
        let time = before.elapsed();
        std::hint::black_box(&outputs);
        if (before - start).as_secs_f64() >= warm {
            times.push(time);
        }
        if times.len() == MAX_TIMES {
            break;
        }
    }
    times.sort_unstable();
    let quantile = |q: f64| {
        let at = (q * (times.len() - 1) as f64).round() as usize;
        times[at].as_secs_f64() * 1e6
    };
    Ok(SingleRow {
        p50_us: quantile(0.5),
        p99_us: quantile(0.99),
    })
}

/// Repeats `batch`, which gives the number of its rows.
fn batches(
    seconds: f64,
    batch: &mut dyn FnMut() -> anyhow::Result<usize>,
) -> anyhow::Result<Batch> {
    let mut run = |seconds: f64| -> anyhow::Result<f64> {
        let start = Instant::now();
        let mut n_rows = 0;
        while n_rows == 0 || start.elapsed().as_secs_f64() < seconds {
            n_rows += batch()?;
        }
        Ok(n_rows as f64 / start.elapsed().as_secs_f64())
    };
    run(seconds * WARM_UP)?;
    Ok(Batch {
        rows_per_second: run(seconds * (1.0 - WARM_UP))?,
    })
}

fn write(
    path: &Path,
    network: &Network,
    features: &Features,
    output: &[f32],
) -> anyhow::Result<()> {
    let mut file = Container::new();
    for info in network.tensors() {
        file.insert(&info.name, &info.shape, network.tensor(info).to_vec())?;
    }
    for (name, values) in [("input", &features.numbers[..]), ("output", output)] {
        file.insert(name, &[ROWS, values.len() / ROWS], values.to_vec())?;
    }
    Ok(file.write_file(path)?)
}
