//! `banach bench fleet`.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use banach_nn::{Dataset, Network, TrainOptions, Trainer, parallel_map};
use serde::Serialize;

use super::workload::{Name, Workload, check_seconds};
use crate::options::Threads;
use crate::output::{print, print_json};
use crate::text::{count, pairs};

/// Samples per second of many networks trained in parallel, a thread each
///
/// Like folds, seeds or members of an ensemble. Each network has its own weights and its own order of the rows and is trained for an
/// equal share of the time, initialization included.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  banach bench fleet --networks 64 --workload small

--json keys: workload, features, layers, width, classes, batch, optimizer, dropout, rows, networks, threads, samples_per_second (of
all networks together), gflops, seconds.")]
pub(super) struct FleetArgs {
    /// Number of networks
    #[arg(long, value_name = "K", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    networks: u32,
    /// Workload
    #[arg(long, value_enum, value_name = "NAME", default_value = "small")]
    workload: Name,
    /// Seconds to measure
    #[arg(long, value_name = "S", default_value_t = 3.0)]
    seconds: f64,
    #[command(flatten)]
    threads: Threads,
    /// Print the result as one JSON object, on one line
    #[arg(long, help_heading = "Program")]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    workload: Workload,
    networks: u32,
    threads: usize,
    samples_per_second: f64,
    gflops: f64,
    seconds: f64,
}

pub(super) fn run(args: &FleetArgs) -> anyhow::Result<ExitCode> {
    let threads = args.threads.number()?;
    check_seconds(args.seconds)?;
    let report = measure(args, threads)?;
    if args.json {
        print_json(&report)?;
    } else {
        let rate = count(report.samples_per_second.round() as usize);
        print(&pairs(&[
            vec!["network".to_owned(), report.workload.shape()],
            vec!["networks".to_owned(), report.networks.to_string()],
            vec!["threads".to_owned(), report.threads.to_string()],
            vec!["samples/s".to_owned(), rate],
            vec!["GFLOP/s".to_owned(), format!("{:.1}", report.gflops)],
        ]))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(args: &FleetArgs, threads: usize) -> anyhow::Result<Report> {
    let workload = Workload::named(args.workload);
    let data = workload.data()?;
    let share = args.seconds * threads as f64 / f64::from(args.networks);
    let share = Duration::from_secs_f64(share.min(args.seconds));
    let seeds: Vec<u64> = (0..u64::from(args.networks)).collect();
    let start = Instant::now();
    let done = parallel_map(seeds, threads, |_, seed| {
        train(&workload, &data, seed, share)
    });
    let seconds = start.elapsed().as_secs_f64();
    let mut samples = 0.0;
    for network in done {
        samples += network?;
    }
    let samples_per_second = samples / seconds;
    Ok(Report {
        networks: args.networks,
        threads,
        samples_per_second,
        gflops: samples_per_second * workload.flop_per_sample() / 1e9,
        seconds,
        workload,
    })
}

/// Makes a network and trains it until its share of the time is over: the number of samples.
fn train(workload: &Workload, data: &Dataset, seed: u64, share: Duration) -> anyhow::Result<f64> {
    let start = Instant::now();
    let network = Network::new(workload.spec(), seed)?;
    let options = TrainOptions {
        seed,
        ..workload.options()
    };
    let rows: Vec<u32> = (0..workload.rows as u32).collect();
    let mut trainer = Trainer::new(network, options, data, &rows, &[], 1)?;
    let mut samples = 0.0;
    let over = AtomicBool::new(false);
    while !over.load(Ordering::Relaxed) {
        trainer.epoch(&over, &mut |_, step| {
            samples += step.weight_sum;
            over.store(start.elapsed() >= share, Ordering::Relaxed);
        })?;
    }
    Ok(samples)
}
