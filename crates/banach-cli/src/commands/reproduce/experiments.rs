//! The experiments: what is left to do, doing it, and the report.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail};
use banach_data::AtomicFile;
use banach_lab::datasets;
use banach_lab::report::{Report, machine};
use banach_lab::reproduce::figure1::{self, Curve};
use banach_lab::reproduce::paper::TOX21_DEPTHS;
use banach_lab::reproduce::uci::{self, Cell, Contender};
use banach_lab::reproduce::{Grid, Protocol, Run, htru2, tox21};
use banach_nn::{Architecture, Loss};

use super::results::Results;
use super::{GridName, ReproduceArgs};
use crate::commands::typed;

const CROSS_ENTROPY: Loss = Loss::CrossEntropy {
    label_smoothing: 0.0,
};

/// A file or folder of the data, in the folder itself or in one of its own name.
fn find(data: &Path, folder: &str, name: &str) -> PathBuf {
    let inner = data.join(folder).join(name);
    if inner.exists() {
        inner
    } else {
        data.join(name)
    }
}

/// Kinds of networks named by --methods.
fn kinds(args: &ReproduceArgs) -> anyhow::Result<Vec<Architecture>> {
    if args.methods.is_empty() {
        return Ok(Architecture::ALL.to_vec());
    }
    let known = || {
        Architecture::ALL
            .iter()
            .map(Architecture::name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let kind = |name: &String| {
        let mut all = Architecture::ALL.into_iter();
        let found = all.find(|kind| kind.name() == name);
        found.with_context(|| {
            format!(
                "--methods: there is no network {name:?}; they are {}",
                known()
            )
        })
    };
    args.methods.iter().map(kind).collect()
}

/// Folds named by --fold.
fn folds(args: &ReproduceArgs, n_folds: usize, default: &str) -> anyhow::Result<Vec<usize>> {
    match args.fold.as_deref().unwrap_or(default) {
        "all" => Ok((0..n_folds).collect()),
        text => match text.parse::<usize>() {
            Ok(fold) if fold < n_folds => Ok(vec![fold]),
            _ => bail!("--fold must be 0 to {} or all, got {text:?}", n_folds - 1),
        },
    }
}

/// What made a report.
fn facts(args: &ReproduceArgs, start: Instant, settings: String) -> Vec<(String, String)> {
    let fact = |name: &str, value: String| (name.to_owned(), value);
    vec![
        fact("command", typed()),
        fact("settings", settings),
        fact("seed", args.seed.to_string()),
        fact("machine", machine()),
        fact(
            "seconds of the last run",
            format!("{:.0}", start.elapsed().as_secs_f64()),
        ),
        fact("version", env!("CARGO_PKG_VERSION").to_owned()),
    ]
}

fn write(args: &ReproduceArgs, report: &Report) -> anyhow::Result<()> {
    AtomicFile::write(args.out.join("report.html"), report.html().as_bytes())?;
    Ok(())
}

pub(super) fn uci(args: &ReproduceArgs, data: &Path, run: &Run<'_>) -> anyhow::Result<()> {
    let start = Instant::now();
    let contenders: Vec<Contender> = Contender::all()
        .into_iter()
        .filter(|c| args.methods.is_empty() || args.methods.iter().any(|name| name == c.name()))
        .collect();
    if let Some(name) = args
        .methods
        .iter()
        .find(|name| !contenders.iter().any(|c| c.name() == **name))
    {
        let known: Vec<_> = Contender::all().iter().map(Contender::name).collect();
        bail!(
            "--methods: there is no method {name:?}; they are {}",
            known.join(", ")
        );
    }
    let inner = data.join("uci");
    let mut sets = datasets::uci_sets(if inner.is_dir() { &inner } else { data })?;
    let name_of = |path: &Path| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    if let Some(name) = args
        .only
        .iter()
        .find(|name| !sets.iter().any(|s| name_of(s) == **name))
    {
        bail!("--only: there is no folder {name:?} in {}", data.display());
    }
    sets.retain(|set| args.only.is_empty() || args.only.contains(&name_of(set)));
    let folds = folds(args, datasets::UCI_FOLDS, "0")?;
    let grid = match args.grid {
        GridName::Quick => Grid::uci_quick(),
        GridName::Full => Grid::uci_full(),
    };
    let protocol = Protocol::paper(CROSS_ENTROPY).with_epochs(args.epochs.unwrap_or(100));
    let path = args.out.join("results.csv");
    let (mut results, lines) = Results::open(&path, uci::HEADER, args.resume)?;
    let mut cells: Vec<Cell> = lines.iter().filter_map(|line| Cell::parse(line)).collect();
    // The smallest sets first: a budget then leaves out the fewest.
    let size = |set: &PathBuf| {
        let files = std::fs::read_dir(set).into_iter().flatten().flatten();
        files
            .filter_map(|file| Some(file.metadata().ok()?.len()))
            .sum::<u64>()
    };
    sets.sort_by_key(size);
    for set in &sets {
        for &fold in &folds {
            if !run.goes_on() {
                break;
            }
            let name = name_of(set);
            let done = |c: &&Contender| {
                let same = |cell: &Cell| {
                    cell.dataset == name && cell.fold == fold && cell.method == c.name()
                };
                !cells.iter().any(same)
            };
            let left: Vec<Contender> = contenders.iter().filter(done).copied().collect();
            if left.is_empty() {
                continue;
            }
            let begun = Instant::now();
            let new = match uci::run_set(set, fold, &left, &grid, &protocol, run) {
                Ok(new) => new,
                Err(_) if run.interrupt.load(std::sync::atomic::Ordering::Relaxed) => break,
                Err(error) => return Err(error).with_context(|| format!("set {name}")),
            };
            for cell in &new {
                results.add(&cell.line())?;
            }
            let words: Vec<String> = new
                .iter()
                .map(|c| format!("{} {:.3}", c.method, c.accuracy))
                .collect();
            let seconds = begun.elapsed().as_secs_f64();
            (run.observe)(&format!(
                "{name}, fold {fold}: {} ({seconds:.1} s)",
                words.join(", ")
            ));
            cells.extend(new);
        }
    }
    let settings = format!(
        "{} grid, {} epochs, averages over {}, steps of a tenth of the training rows, 8 to {}",
        if args.grid == GridName::Quick {
            "quick"
        } else {
            "full"
        },
        protocol.epochs,
        protocol.window,
        protocol.batch
    );
    write(args, &uci::report(&cells, &facts(args, start, settings))?)
}

pub(super) fn htru2(args: &ReproduceArgs, data: &Path, run: &Run<'_>) -> anyhow::Result<()> {
    let start = Instant::now();
    let set = datasets::htru2(&find(data, "htru2", "HTRU_2.csv"))?;
    let kinds = kinds(args)?;
    let (grid, epochs) = match args.grid {
        GridName::Quick => (Grid::htru2_quick(), 20),
        GridName::Full => (Grid::htru2_full(), 100),
    };
    let protocol = Protocol::paper(CROSS_ENTROPY).with_epochs(args.epochs.unwrap_or(epochs));
    let path = args.out.join("results.csv");
    let (mut results, lines) = Results::open(&path, uci::HEADER, args.resume)?;
    let mut cells: Vec<Cell> = lines.iter().filter_map(|line| Cell::parse(line)).collect();
    for fold in folds(args, htru2::FOLDS, "all")? {
        if !run.goes_on() {
            break;
        }
        let open = |kind: &&Architecture| {
            !cells
                .iter()
                .any(|c| c.fold == fold && c.method == kind.name())
        };
        let left: Vec<Architecture> = kinds.iter().filter(open).copied().collect();
        if left.is_empty() {
            continue;
        }
        let new = match htru2::run_fold(&set, fold, &left, &grid, &protocol, run) {
            Ok(new) => new,
            Err(_) if run.interrupt.load(std::sync::atomic::Ordering::Relaxed) => break,
            Err(error) => return Err(error.into()),
        };
        for cell in &new {
            results.add(&cell.line())?;
        }
        let words: Vec<String> = new
            .iter()
            .map(|c| format!("{} {:.4}", c.method, c.accuracy))
            .collect();
        (run.observe)(&format!("fold {}: {}", fold + 1, words.join(", ")));
        cells.extend(new);
    }
    let settings = format!(
        "{} grid, {} epochs, averages over {}, steps of 128 rows",
        if args.grid == GridName::Quick {
            "quick"
        } else {
            "full"
        },
        protocol.epochs,
        protocol.window
    );
    write(args, &htru2::report(&cells, &facts(args, start, settings))?)
}

pub(super) fn tox21(args: &ReproduceArgs, data: &Path, run: &Run<'_>) -> anyhow::Result<()> {
    let start = Instant::now();
    let set = datasets::tox21(&find(data, "tox21", "tox21.parquet"))?;
    let kinds = kinds(args)?;
    let options = tox21::Options::QUICK;
    let protocol = Protocol::paper(Loss::BinaryCrossEntropy).with_epochs(args.epochs.unwrap_or(20));
    let path = args.out.join("results.csv");
    let (mut results, lines) = Results::open(&path, uci::HEADER, args.resume)?;
    let mut cells: Vec<Cell> = lines.iter().filter_map(|line| Cell::parse(line)).collect();
    // A seed over all kinds and depths before the next; highway networks, as wide as the input, last.
    let mut order = kinds.clone();
    order.sort_by_key(|kind| *kind == Architecture::Highway);
    for seed in 0..args.seeds {
        for kind in &order {
            for depth in TOX21_DEPTHS {
                let seed = args.seed + seed;
                let done = |c: &Cell| {
                    let place = c.dataset == depth.to_string() && c.fold == seed as usize;
                    place && c.method == kind.name()
                };
                if !run.goes_on() || cells.iter().any(done) {
                    continue;
                }
                let run = Run { seed, ..*run };
                let cell = match tox21::run_cell(&set, *kind, depth, &options, &protocol, &run) {
                    Ok(cell) => cell,
                    Err(_) if run.interrupt.load(std::sync::atomic::Ordering::Relaxed) => break,
                    Err(error) => return Err(error.into()),
                };
                results.add(&cell.line())?;
                let (method, auc) = (&cell.method, 100.0 * cell.accuracy);
                let words = format!("seed {seed}, {method}, {depth} layers: {auc:.1}");
                (run.observe)(&format!("{words} ({:.1} s)", cell.seconds));
                cells.push(cell);
            }
        }
    }
    let [low, high] = options.learning_rates;
    let settings = format!(
        "width {}, learning rate {low} or {high} by the validation rows, l2 {}, alpha dropout {} for snn, \
         {} epochs, averages over {}; dataset in results.csv is the depth, fold the seed",
        options.width,
        options.weight_decay,
        options.alpha_dropout,
        protocol.epochs,
        protocol.window
    );
    write(args, &tox21::report(&cells, &facts(args, start, settings))?)
}

/// First line of the curves' file.
const CURVES: &str = "dataset,kind,depth,epoch,error";

pub(super) fn figure1(args: &ReproduceArgs, data: &Path, run: &Run<'_>) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut options = if args.paper_settings {
        figure1::Options::PAPER
    } else {
        figure1::Options::QUICK
    };
    options.epochs = args.epochs.unwrap_or(options.epochs);
    let folder = |name: &str| {
        let inner = data.join(name);
        if inner.is_dir() {
            inner
        } else {
            data.to_owned()
        }
    };
    let sets = [
        ("mnist", datasets::mnist(&folder("mnist"))?),
        ("cifar10", datasets::cifar10(&folder("cifar10"))?),
    ];
    let path = args.out.join("curves.csv");
    let (mut results, lines) = Results::open(&path, CURVES, args.resume)?;
    let mut curves = read_curves(&lines, options.epochs);
    for depth in figure1::DEPTHS {
        for (name, set) in &sets {
            for kind in [Architecture::Snn, Architecture::BatchNorm] {
                let done = |c: &Curve| c.dataset == *name && c.kind == kind && c.depth == depth;
                if !run.goes_on() || curves.iter().any(done) {
                    continue;
                }
                let curve = figure1::curve(name, set, kind, depth, &options, run)?;
                for (epoch, error) in (1..).zip(&curve.errors) {
                    let line = format!("{name},{},{depth},{epoch},{error:e}", kind.name());
                    results.add(&line)?;
                }
                let rough = figure1::roughness(&curve.errors);
                let rough = rough.map_or("too short".to_owned(), |v| format!("{v:.5}"));
                let words = format!("{name}, {}, {depth} layers: roughness {rough}", kind.name());
                (run.observe)(&format!("{words} ({:.1} s)", curve.seconds));
                curves.push(curve);
            }
        }
    }
    curves.sort_by(|a, b| {
        a.dataset
            .cmp(&b.dataset)
            .reverse()
            .then(a.depth.cmp(&b.depth))
    });
    for (name, _) in &sets {
        let figure = figure1::figure(&curves, name);
        AtomicFile::write(
            args.out.join(format!("{name}.svg")),
            figure.to_svg()?.as_bytes(),
        )?;
    }
    let images = match options.images {
        usize::MAX => "all".to_owned(),
        n => n.to_string(),
    };
    let settings = format!(
        "learning rate {}, {} epochs, {images} training images, steps of {} rows",
        options.learning_rate, options.epochs, options.batch
    );
    write(
        args,
        &figure1::report(&curves, &facts(args, start, settings))?,
    )
}

/// Curves that are complete.
fn read_curves(lines: &[String], epochs: usize) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        let [dataset, kind, depth, _, error] = cells[..] else {
            continue;
        };
        let kind = Architecture::ALL
            .into_iter()
            .find(|known| known.name() == kind);
        let (Some(kind), Ok(depth), Ok(error)) = (kind, depth.parse(), error.parse()) else {
            continue;
        };
        let same = |c: &&mut Curve| c.dataset == dataset && c.kind == kind && c.depth == depth;
        match curves.iter_mut().find(same) {
            Some(curve) => curve.errors.push(error),
            None => curves.push(Curve {
                dataset: dataset.to_owned(),
                kind,
                depth,
                errors: vec![error],
                seconds: 0.0,
            }),
        }
    }
    curves.retain(|curve| curve.errors.len() >= epochs);
    curves
}

pub(super) fn figure2(args: &ReproduceArgs, run: &Run<'_>) -> anyhow::Result<()> {
    let start = Instant::now();
    let figure = crate::commands::theory::paper_field()?;
    AtomicFile::write(args.out.join("figure2.svg"), figure.to_svg()?.as_bytes())?;
    let mut report = Report::new("Figure 2: the map of mean and variance");
    report.text(
        "The map g from mean and variance of one layer's activations to those of the next, for omega = 0 and \
         tau = 1 (arXiv:1706.02515, Figure 2). Arrows lead from (mu, nu) to g(mu, nu).",
    );
    report.facts(&facts(args, start, "omega 0, tau 1".to_owned()));
    report.figure(&figure, "All arrows lead towards the fixed point (0, 1).")?;
    (run.observe)("figure2.svg and report.html are written");
    write(args, &report)
}
