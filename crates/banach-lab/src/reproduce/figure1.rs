//! Figure 1: training error of self-normalizing networks and of networks with batch normalization, on
//! MNIST and CIFAR-10.

use banach_nn::{
    Dataset, EpochOutcome, Loss, Network, NetworkKind, Optimizer, Schedule, Shape, Stopping,
    Targets, TrainError, TrainOptions, Trainer,
};
use banach_plot::{Axis, Corner, Figure, Mark, OKABE_ITO, Panel, Stroke};

use super::{Run, Setting};
use crate::baselines::Matrix;
use crate::datasets::{ImageSet, Standardizer};
use crate::error::LabError;
use crate::report::{Report, ReportTable};

/// Depths of the figure.
pub const DEPTHS: [usize; 3] = [8, 16, 32];

/// How the curves are made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Learning rate.
    pub learning_rate: f64,
    /// Number of epochs.
    pub epochs: usize,
    /// Number of training images; all when there are fewer.
    pub images: usize,
    /// Batch size.
    pub batch: usize,
}

impl Options {
    /// The paper's: 2000 epochs at 1e-5 on all images.
    pub const PAPER: Self = Self {
        learning_rate: 1e-5,
        epochs: 2000,
        images: usize::MAX,
        batch: 128,
    };

    /// A larger learning rate on fewer images: shows the effect in minutes.
    pub const QUICK: Self = Self {
        learning_rate: 1e-3,
        epochs: 40,
        images: 512,
        batch: 128,
    };
}

/// Training error of one network, an entry for each epoch.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// `mnist` or `cifar10`.
    pub dataset: String,
    /// Kind of network.
    pub kind: NetworkKind,
    /// Hidden layers.
    pub depth: usize,
    /// Mean cross-entropy of the steps of each epoch.
    pub errors: Vec<f64>,
    /// Seconds.
    pub seconds: f64,
}

/// First line of the curves' file.
pub const HEADER: &str = "dataset,kind,depth,seconds,errors";

impl Curve {
    /// A line of the curves' file.
    #[must_use]
    pub fn line(&self) -> String {
        let errors: Vec<String> = self
            .errors
            .iter()
            .map(|error| format!("{error:e}"))
            .collect();
        let (kind, errors) = (self.kind.name(), errors.join(" "));
        format!(
            "{},{kind},{},{:.1},{errors}",
            self.dataset, self.depth, self.seconds
        )
    }

    /// Reads a line of the curves' file; `None` if it is none.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let [dataset, kind, depth, seconds, errors] = line.split(',').collect::<Vec<_>>()[..]
        else {
            return None;
        };
        let numbers = errors.split_whitespace().map(str::parse);
        Some(Self {
            dataset: dataset.to_owned(),
            kind: kind.parse().ok()?,
            depth: depth.parse().ok()?,
            seconds: seconds.parse().ok()?,
            errors: numbers.collect::<Result<_, _>>().ok()?,
        })
    }
}

/// Trains one network, as wide as its input, on standardized images.
///
/// A network that diverges has a curve that ends there; `None` is one that was broken off.
///
/// # Errors
/// [`LabError`].
pub fn curve(
    name: &str,
    set: &ImageSet,
    kind: NetworkKind,
    depth: usize,
    options: &Options,
    run: &Run<'_>,
) -> Result<Option<Curve>, LabError> {
    let start = std::time::Instant::now();
    let n = set.train.labels.len().min(options.images);
    let rows: Vec<u32> = (0..n as u32).collect();
    let x: Matrix = set.train.matrix()?.select(&rows);
    let x = Standardizer::fit(&x, &rows).apply(&x)?;
    let data = Dataset {
        features: x.features(),
        targets: Targets::Classes(set.train.labels[..n].to_vec()),
        weights: None,
    };
    let setting = Setting {
        architecture: kind.into(),
        width: x.n_columns(),
        layers: depth,
        shape: Shape::Rectangular,
        dropout: 0.0,
        learning_rate: options.learning_rate,
        weight_decay: 0.0,
    };
    let network =
        Network::new(setting.spec(x.n_columns(), 10), run.seed).map_err(TrainError::from)?;
    let train_options = TrainOptions {
        loss: Loss::CrossEntropy {
            label_smoothing: 0.0,
        },
        optimizer: Optimizer::Sgd {
            momentum: 0.0,
            nesterov: false,
        },
        learning_rate: options.learning_rate,
        schedule: Schedule::Constant,
        weight_decay: 0.0,
        clip_norm: None,
        batch_size: options.batch,
        epochs: options.epochs,
        stopping: Stopping::Last,
        category_dropout: 0.0,
        seed: run.seed,
    };
    let mut trainer = Trainer::new(network, train_options, &data, &rows, &[], run.threads)?;
    let mut errors = Vec::new();
    while !trainer.is_done() {
        if !run.goes_on() {
            return Ok(None);
        }
        match trainer.epoch(run.interrupt, &mut |_, _| {}) {
            Ok(EpochOutcome::Finished(report)) => errors.push(report.train_loss),
            Ok(EpochOutcome::Interrupted) => return Ok(None),
            Err(TrainError::Diverged { .. }) => break,
            Err(other) => return Err(other.into()),
        }
    }
    Ok(Some(Curve {
        dataset: name.to_owned(),
        kind,
        depth,
        errors,
        seconds: start.elapsed().as_secs_f64(),
    }))
}

/// The standard deviation of a curve around its trend: how much the training error jumps from epoch to
/// epoch.
///
/// The trend at an epoch is the parabola of least squares through the five epochs around it (Savitzky and
/// Golay, Analytical Chemistry 36, 1964); residuals are scaled so that independent noise of standard
/// deviation s gives s. The first fifth of the epochs, where errors fall fastest, does not count. `None`
/// below ten epochs.
#[must_use]
pub fn roughness(errors: &[f64]) -> Option<f64> {
    // Weights of the parabola's value in the middle of five points.
    const TREND: [f64; 5] = [
        -3.0 / 35.0,
        12.0 / 35.0,
        17.0 / 35.0,
        12.0 / 35.0,
        -3.0 / 35.0,
    ];
    if errors.len() < 2 * TREND.len() {
        return None;
    }
    let settled = &errors[errors.len() / 5..];
    let squares = settled.windows(TREND.len()).map(|window| {
        let trend: f64 = window.iter().zip(TREND).map(|(e, w)| e * w).sum();
        (window[TREND.len() / 2] - trend).powi(2)
    });
    let squares: Vec<f64> = squares.collect();
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    // The middle point pulls its own trend towards itself.
    Some((mean / (1.0 - TREND[TREND.len() / 2])).sqrt())
}

/// The curves of one data set, on a logarithmic axis.
#[must_use]
pub fn figure(curves: &[Curve], dataset: &str) -> Figure {
    let own: Vec<&Curve> = curves.iter().filter(|c| c.dataset == dataset).collect();
    let all = || {
        own.iter()
            .flat_map(|c| &c.errors)
            .map(|error| error.max(1e-6))
    };
    let low = all().fold(f64::INFINITY, f64::min).min(1.0);
    let high = all().fold(f64::NEG_INFINITY, f64::max).max(2.0 * low);
    let epochs = own.iter().map(|c| c.errors.len()).max().unwrap_or(1);
    let line = |curve: &&Curve| {
        let at = DEPTHS
            .iter()
            .position(|&depth| depth == curve.depth)
            .unwrap_or(0);
        let colour = OKABE_ITO[at];
        let snn = curve.kind == NetworkKind::Snn;
        Mark::Line {
            points: (1..)
                .zip(&curve.errors)
                .map(|(e, &v)| [f64::from(e), v.max(1e-6)])
                .collect(),
            stroke: if snn {
                Stroke::solid(colour)
            } else {
                Stroke::dashed(colour)
            },
            label: format!("{} {} layers", curve.kind.name(), curve.depth),
        }
    };
    Figure {
        width: 640.0,
        height: 420.0,
        panels: vec![Panel {
            title: dataset.to_owned(),
            x: Axis::linear("epoch", 0.0, epochs as f64),
            // Room for the legend below the curves.
            y: Axis::log("training error (cross-entropy)", 0.3 * low, 1.2 * high),
            marks: own.iter().map(line).collect(),
            legend: Some(Corner::BottomLeft),
            colour_bar: None,
        }],
    }
}

/// The report: the curves, and how rough they are.
///
/// # Errors
/// [`LabError::Plot`].
pub fn report(curves: &[Curve], facts: &[(String, String)]) -> Result<Report, LabError> {
    let mut report = Report::new("Figure 1: training error");
    report.text(
        "Training error of self-normalizing networks and of ReLU networks with batch normalization, both \
         as wide as the input (arXiv:1706.02515, Figure 1). The figure is about the variance of the error: \
         here the standard deviation of its value for each epoch around the trend of the five epochs \
         around it (a parabola of least squares), without the first fifth of the epochs.",
    );
    report.facts(facts);
    let mut datasets: Vec<&str> = curves.iter().map(|c| c.dataset.as_str()).collect();
    datasets.dedup();
    let mut rows = Vec::new();
    for dataset in datasets {
        report.figure(
            &figure(curves, dataset),
            &format!("{dataset}, training rows"),
        )?;
        for depth in DEPTHS {
            let of = |kind: NetworkKind| {
                curves
                    .iter()
                    .find(|c| c.dataset == dataset && c.depth == depth && c.kind == kind)
            };
            let rough = |kind| roughness(&of(kind)?.errors);
            let (snn, batch) = (rough(NetworkKind::Snn), rough(NetworkKind::BatchNorm));
            let number = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.5}"));
            let relative = |kind| {
                let logs: Vec<f64> = of(kind)?.errors.iter().map(|e| e.max(1e-12).ln()).collect();
                roughness(&logs)
            };
            let ratio = |snn: Option<f64>, batch: Option<f64>| {
                let ratio = snn.zip(batch).map(|(snn, batch)| batch / snn);
                ratio.map_or(String::new(), |v| format!("{v:.1}"))
            };
            let last = |kind| number(of(kind).and_then(|c| c.errors.last().copied()));
            rows.push(vec![
                dataset.to_owned(),
                depth.to_string(),
                number(snn),
                number(batch),
                ratio(snn, batch),
                ratio(relative(NetworkKind::Snn), relative(NetworkKind::BatchNorm)),
                last(NetworkKind::Snn),
                last(NetworkKind::BatchNorm),
            ]);
        }
    }
    let head = [
        "images",
        "layers",
        "snn: sd",
        "batchnorm: sd",
        "ratio",
        "ratio for log errors",
        "snn: last error",
        "batchnorm: last error",
    ];
    report.table(&ReportTable {
        caption: "Standard deviation of the training error around its trend. The ratio for logarithms of \
                  errors compares how much errors jump for their size."
            .to_owned(),
        head: head.map(str::to_owned).to_vec(),
        rows,
        ..ReportTable::default()
    });
    Ok(report)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use banach_kernels::random::{Purpose, Stream};

    use super::*;
    use crate::datasets::Images;

    /// Noise with three bright pixels, whose place is the class.
    fn images(n: u32) -> ImageSet {
        let stream = Stream::new(2, Purpose::Split, 0, 0);
        let labels: Vec<u32> = (0..n).map(|i| i * 7 % 10).collect();
        let pixels = labels.iter().zip(0..).flat_map(|(&class, image)| {
            (0..30).map(move |pixel| {
                let noise = (100.0 * stream.uniform(30 * image + pixel)) as u8;
                noise + if pixel / 3 == class { 100 } else { 0 }
            })
        });
        let train = Images {
            n_pixels: 30,
            pixels: pixels.collect(),
            labels: labels.clone(),
        };
        ImageSet {
            train,
            test: Images::default(),
        }
    }

    #[test]
    fn errors_of_both_kinds_fall_and_a_curve_ends_where_training_diverges() {
        let set = images(200);
        let options = Options {
            learning_rate: 0.05,
            epochs: 30,
            images: 150,
            batch: 32,
        };
        let interrupt = AtomicBool::new(false);
        let run = Run {
            threads: 1,
            until: None,
            interrupt: &interrupt,
            seed: 0,
            observe: &|_| {},
        };
        let make = |kind, options: &Options, threads| {
            let run = Run { threads, ..run };
            curve("mnist", &set, kind, 8, options, &run).unwrap()
        };
        for kind in [NetworkKind::Snn, NetworkKind::BatchNorm] {
            let Some(curve) = make(kind, &options, 1) else {
                panic!("{kind:?} was broken off");
            };
            assert_eq!(curve.errors.len(), 30, "{kind:?}");
            // ln 10 is the error of a network that knows nothing.
            assert!((1.5..4.0).contains(&curve.errors[0]), "{:?}", curve.errors);
            assert!(
                curve.errors[29] < 0.5 * curve.errors[0],
                "{:?}",
                curve.errors
            );
            let again = make(kind, &options, 3).map(|curve| curve.errors);
            assert_eq!(again, Some(curve.errors), "{kind:?}");
        }
        let wild = Options {
            learning_rate: 1e9,
            ..options
        };
        let diverged = make(NetworkKind::Snn, &wild, 1).map(|curve| curve.errors);
        let diverged = diverged.map(|errors| errors.len());
        assert!(diverged.is_some_and(|n| n < 30), "{diverged:?}");
        interrupt.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(make(NetworkKind::Snn, &options, 1), None);
    }

    #[test]
    fn a_curve_is_read_as_it_was_written() {
        let curve = Curve {
            dataset: "mnist".to_owned(),
            kind: NetworkKind::BatchNorm,
            depth: 16,
            errors: vec![2.5, 0.1 + 0.2, 1e-7],
            seconds: 3.5,
        };
        assert_eq!(Curve::parse(&curve.line()), Some(curve));
        assert_eq!(Curve::parse(HEADER), None);
    }

    #[test]
    fn roughness_is_the_deviation_of_noise_around_any_parabola() {
        let parabola = |i: f64| 2.0 - 0.03 * i + 2e-4 * i * i;
        let smooth: Vec<f64> = (0..1000).map(|i| parabola(f64::from(i))).collect();
        assert!(roughness(&smooth).unwrap() < 1e-9);
        // Uniform noise of width 0.1 has standard deviation 0.1 / sqrt(12).
        let stream = Stream::new(1, Purpose::Split, 0, 0);
        let noisy: Vec<f64> = (0u32..)
            .zip(&smooth)
            .map(|(i, v)| v + 0.1 * stream.uniform(i))
            .collect();
        let rough = roughness(&noisy).unwrap();
        assert!((0.9..1.1).contains(&(rough / 0.0289)), "{rough}");
        assert_eq!(roughness(&smooth[..9]), None);
        // A fall in the first fifth is no roughness.
        let mut falling = smooth.clone();
        falling[..150].iter_mut().for_each(|v| *v += 5.0);
        assert!(roughness(&falling).unwrap() < 1e-9);
    }
}
