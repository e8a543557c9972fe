//! `banach bench train`.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::bail;
use banach_nn::{Network, Trainer};
use serde::Serialize;

use super::workload::{Changes, Name, Rule, Workload, check_seconds};
use crate::options::Threads;
use crate::output::{print, print_json};
use crate::text::{count, table};

/// Parts of the measured time whose rates show the spread.
const PARTS: usize = 10;

/// Share of the measured time that is spent on warming up.
const WARM_UP: f64 = 0.1;

/// Samples per second and GFLOP/s of training
///
/// A self-normalizing network, or the one that --network names, is trained by cross-entropy on random rows, shuffled every epoch, in
/// float32. GFLOP/s counts 6 operations a weight and sample; that of the matrix product of this machine is its limit.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  banach bench train                                   all workloads, all processors
  banach bench train --workload deep --threads 1
  banach bench train --workload deep --network batchnorm
  banach bench train --layers 16 --width 512 --batch 1024 --rows 1000000

--json prints an array with an object for each workload: workload, network, features, layers, width, classes, batch, optimizer, dropout,
rows, threads, samples_per_second, lowest and highest (samples per second in tenths of the time), gflops, loss (of the last step).")]
pub(super) struct TrainArgs {
    /// Workloads [default: all]
    #[arg(long, value_enum, value_name = "NAME")]
    workload: Vec<Name>,
    #[command(flatten)]
    changes: Changes,
    /// Number of rows in the dataset [default: 64 batches]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = "Network")]
    rows: Option<u32>,
    /// Seconds to measure, the first tenth for warming up
    #[arg(long, value_name = "S", default_value_t = 3.0)]
    seconds: f64,
    #[command(flatten)]
    threads: Threads,
    /// Print the result as a JSON array, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    workload: Workload,
    threads: usize,
    samples_per_second: f64,
    lowest: f64,
    highest: f64,
    gflops: f64,
    loss: f64,
}

pub(super) fn run(args: &TrainArgs) -> anyhow::Result<ExitCode> {
    let threads = args.threads.number()?;
    check_seconds(args.seconds)?;
    let rows = args.rows.map(|rows| rows as usize);
    let mut reports = Vec::new();
    for workload in chosen(args, rows)? {
        reports.push(measure(workload, threads, args.seconds)?);
    }
    if args.json {
        print_json(&reports)?;
    } else {
        print(&to_text(&reports))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The named workloads, all if none is named; or one with changes, `small` if none is named.
fn chosen(args: &TrainArgs, rows: Option<usize>) -> anyhow::Result<Vec<Workload>> {
    let changed = args.changes != Changes::default();
    let names: &[Name] = match (&args.workload[..], changed) {
        ([], false) => <Name as clap::ValueEnum>::value_variants(),
        ([], true) => &[Name::Small],
        ([_, _, ..], true) => bail!(
            "options of the network change one workload, got {}: name one with --workload",
            args.workload.len()
        ),
        (names, _) => names,
    };
    let workloads = names.iter().map(|&name| Workload::named(name));
    Ok(workloads.map(|w| w.changed(&args.changes, rows)).collect())
}

fn measure(workload: Workload, threads: usize, seconds: f64) -> anyhow::Result<Report> {
    let network = Network::new(workload.spec(), 1)?;
    let data = workload.data()?;
    let rows: Vec<u32> = (0..workload.rows as u32).collect();
    let mut trainer = Trainer::new(network, workload.options(), &data, &rows, &[], threads)?;
    let mut clock = Clock::new(seconds);
    let over = AtomicBool::new(false);
    let mut loss = f64::NAN;
    while !over.load(Ordering::Relaxed) {
        trainer.epoch(&over, &mut |_, step| {
            loss = step.loss();
            over.store(clock.tick(step.weight_sum), Ordering::Relaxed);
        })?;
    }
    let samples: f64 = clock.parts.iter().map(|part| part.samples).sum();
    let elapsed: f64 = clock.parts.iter().map(|part| part.seconds).sum();
    let rates = clock.parts.iter().map(|part| part.samples / part.seconds);
    let samples_per_second = samples / elapsed;
    Ok(Report {
        threads,
        samples_per_second,
        lowest: rates.clone().fold(f64::INFINITY, f64::min),
        highest: rates.fold(0.0, f64::max),
        gflops: samples_per_second * workload.flop_per_sample() / 1e9,
        loss,
        workload,
    })
}

/// Steps counted over a time to warm up and then over parts of the time that counts. A part lasts until
/// the step that is under way at its end.
struct Clock {
    seconds: f64,
    warm: bool,
    parts: Vec<Part>,
    start: Instant,
    samples: f64,
}

/// What was done in a part of the time.
#[derive(Debug, Clone, Copy)]
struct Part {
    samples: f64,
    seconds: f64,
}

impl Clock {
    fn new(seconds: f64) -> Self {
        Self {
            seconds,
            warm: false,
            parts: Vec::with_capacity(PARTS),
            start: Instant::now(),
            samples: 0.0,
        }
    }

    /// Counts a step; whether it was the last.
    fn tick(&mut self, samples: f64) -> bool {
        self.samples += samples;
        let share = if self.warm {
            1.0 / PARTS as f64
        } else {
            WARM_UP
        };
        let now = Instant::now();
        let part = Part {
            samples: self.samples,
            seconds: (now - self.start).as_secs_f64(),
        };
        if part.seconds >= self.seconds * share {
            if self.warm {
                self.parts.push(part);
            }
            self.warm = true;
            self.start = now;
            self.samples = 0.0;
        }
        self.parts.len() == PARTS
    }
}

fn to_text(reports: &[Report]) -> String {
    let head = [
        "workload",
        "network",
        "batch",
        "optimizer",
        "dropout",
        "rows",
        "threads",
        "samples/s",
        "lowest",
        "highest",
        "GFLOP/s",
    ];
    let mut lines = vec![head.map(str::to_owned).to_vec()];
    for report in reports {
        let network = &report.workload;
        let optimizer = match network.optimizer {
            Rule::Sgd => "SGD",
            Rule::Adam => "Adam",
        };
        let rate = |rate: f64| count(rate.round() as usize);
        lines.push(vec![
            network.workload.clone(),
            network.shape(),
            count(network.batch),
            optimizer.to_owned(),
            network.dropout.to_string(),
            count(network.rows),
            report.threads.to_string(),
            rate(report.samples_per_second),
            rate(report.lowest),
            rate(report.highest),
            format!("{:.1}", report.gflops),
        ]);
    }
    table(&lines)
}
