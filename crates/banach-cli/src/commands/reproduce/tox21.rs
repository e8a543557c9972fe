//! `banach reproduce tox21`.

use std::num::NonZeroUsize;

use banach_lab::datasets;
use banach_lab::reproduce::paper::TOX21_DEPTHS;
use banach_lab::reproduce::{ExperimentResult, Protocol, Run, shown, tox21};
use banach_nn::{Loss, NetworkKind};

use super::results::Results;
use super::{Common, kinds};

/// Tox21: mean AUC of twelve tasks by depth, 2 to 32 layers
#[derive(Debug, clap::Args)]
pub(super) struct Tox21Args {
    #[command(flatten)]
    pub(super) common: Common,
    /// Number of epochs
    #[arg(long, value_name = "N", default_value = "20")]
    epochs: NonZeroUsize,
    /// Number of random seeds, from --seed on
    #[arg(long, value_name = "N", default_value_t = 3)]
    seeds: u64,
    /// Numbers of hidden layers, out of the paper's [default: 2,3,4,6,8,16,32]
    #[arg(long, value_name = "N,..", value_delimiter = ',', value_parser = known_depth)]
    depths: Vec<usize>,
    /// Networks to train [default: all]
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
    let common = &args.common;
    let mut kinds = kinds(&args.methods)?;
    // Highway networks last: they are as wide as the input.
    kinds.sort_by_key(|kind| *kind == NetworkKind::Highway);
    let set = datasets::tox21(&common.find("tox21", "tox21.parquet"))?;
    let options = tox21::Options::QUICK;
    let protocol = Protocol::paper(Loss::BinaryCrossEntropy).with_epochs(args.epochs.get());
    let [low, high] = options.learning_rates;
    let settings = format!(
        "width {}, learning rate {low} or {high} by the validation rows, weight decay {}, alpha dropout {} \
         for snn, {} epochs, validation scores averaged over {}",
        options.width,
        options.weight_decay,
        options.alpha_dropout,
        protocol.epochs,
        protocol.window
    );
    let mut results = Results::<ExperimentResult>::open(&common.out, &settings, common.resume)?;
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
        let done = |r: &ExperimentResult| {
            r.layers == Some(depth) && r.seed == seed && r.method == kind.name()
        };
        if results.pieces().iter().any(done) {
            continue;
        }
        let run = Run { seed, ..*run };
        let result = match tox21::run_depth(&set, *kind, depth, &options, &protocol, &run) {
            Ok(result) => result,
            Err(_) if run.is_interrupted() => break,
            Err(error) => return Err(error.into()),
        };
        let auc = shown(result.score.map(|auc| 100.0 * auc), 1);
        let words = format!("seed {seed}, {}, {depth} layers: {auc}", result.method);
        (run.observe)(&format!("{words} ({:.1} s)", result.seconds));
        results.add(result)?;
    }
    results.finish(tox21::report)
}
