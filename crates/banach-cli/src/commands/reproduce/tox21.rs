//! `banach reproduce tox21`.

use std::num::NonZeroUsize;
use std::time::Instant;

use banach_lab::datasets;
use banach_lab::reproduce::paper::TOX21_DEPTHS;
use banach_lab::reproduce::uci::{Cell, HEADER};
use banach_lab::reproduce::{Protocol, Run, tox21};
use banach_nn::{Loss, NetworkKind};

use super::results::Results;
use super::{Common, facts, kinds, seconds, write};

/// Tox21: mean AUC of twelve tasks by depth, 2 to 32 layers
#[derive(Debug, clap::Args)]
pub(super) struct Tox21Args {
    #[command(flatten)]
    pub(super) common: Common,
    /// Number of epochs
    #[arg(long, value_name = "N", default_value = "20")]
    epochs: NonZeroUsize,
    /// Number of seeds, starting at --seed
    #[arg(long, value_name = "N", default_value_t = 3)]
    seeds: u64,
    /// Numbers of hidden layers, out of those in the paper [default: 2,3,4,6,8,16,32]
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = known_depth)]
    depths: Vec<usize>,
    /// Kinds of network [default: all]
    #[arg(long, value_name = "NAME,..", value_delimiter = ',')]
    methods: Vec<String>,
}

/// A number of layers that the paper has a result for.
fn known_depth(text: &str) -> Result<usize, String> {
    let depth = text.trim().parse().ok();
    let known = depth.filter(|depth| TOX21_DEPTHS.contains(depth));
    known.ok_or_else(|| {
        format!(
            "the paper's are {}",
            TOX21_DEPTHS.map(|d| d.to_string()).join(", ")
        )
    })
}

pub(super) fn run(args: &Tox21Args, run: &Run<'_>) -> anyhow::Result<()> {
    let start = Instant::now();
    let common = &args.common;
    let mut kinds = kinds(&args.methods)?;
    // Highway networks last: they are as wide as the input.
    kinds.sort_by_key(|kind| *kind == NetworkKind::Highway);
    let set = datasets::tox21(&common.find("tox21", "tox21.parquet"))?;
    let options = tox21::Options::QUICK;
    let protocol = Protocol::paper(Loss::BinaryCrossEntropy).with_epochs(args.epochs.get());
    let [low, high] = options.learning_rates;
    let settings = format!(
        "width {}, learning rate {low} or {high} by the validation rows, l2 {}, alpha dropout {} for \
         snn, {} epochs, validation scores averaged over {}; in results.csv dataset is the depth and fold the seed",
        options.width,
        options.weight_decay,
        options.alpha_dropout,
        protocol.epochs,
        protocol.window
    );
    let (mut results, lines) =
        Results::open(&common.out, "results.csv", HEADER, &settings, common.resume)?;
    let mut cells: Vec<Cell> = lines.iter().filter_map(|line| Cell::parse(line)).collect();
    // A seed over all kinds and depths before the next one.
    let seeds = run.seed..run.seed.saturating_add(args.seeds);
    let places = seeds.flat_map(|seed| kinds.iter().map(move |kind| (seed, kind)));
    let depths: Vec<usize> = if args.depths.is_empty() {
        TOX21_DEPTHS.to_vec()
    } else {
        args.depths.clone()
    };
    for ((seed, kind), depth) in
        places.flat_map(|place| depths.iter().map(move |&depth| (place, depth)))
    {
        if !run.goes_on() {
            break;
        }
        let done = |c: &Cell| {
            let place = c.dataset == depth.to_string() && c.fold as u64 == seed;
            place && c.method == kind.name()
        };
        if cells.iter().any(done) {
            continue;
        }
        let run = Run { seed, ..*run };
        let cell = match tox21::run_cell(&set, *kind, depth, &options, &protocol, &run) {
            Ok(cell) => cell,
            Err(_) if run.is_interrupted() => break,
            Err(error) => return Err(error.into()),
        };
        results.add(&cell.line())?;
        let (method, auc) = (&cell.method, 100.0 * cell.accuracy);
        let words = format!("seed {seed}, {method}, {depth} layers: {auc:.1}");
        (run.observe)(&format!("{words} ({:.1} s)", cell.seconds));
        cells.push(cell);
    }
    write(
        &common.out,
        &tox21::report(&cells, &facts(&settings, start, Some(seconds(&cells))))?,
    )
}
