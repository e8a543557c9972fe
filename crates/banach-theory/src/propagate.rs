//! Real random SELU networks of finite width beside the moment map: what the central limit theorem leaves out.

use banach_kernels::random::{Purpose, Stream};
use banach_kernels::{Selu, parallel_map};
use serde::Serialize;

use crate::moment_error::{MomentError, count, finite, positive};
use crate::moment_map::{MomentMap, Moments};

/// Greatest depth and width that are simulated; their product addresses a random stream and must fit in 32 bits.
const MAX_LAYERS: usize = 10_000;
const MAX_WIDTH: usize = 100_000;

/// How the weights of a unit are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightDraw {
    /// Normal(0, 1 / width): omega = 0 and tau = 1 in expectation, the paper's initialisation.
    Normal,
    /// The same, then shifted and scaled so that every unit has omega = 0 and tau = 1 exactly.
    Normalized,
}

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PropagateOptions {
    /// SELU's parameters.
    pub selu: Selu,
    /// Layers of each network.
    pub n_layers: usize,
    /// Units of each layer, and inputs.
    pub width: usize,
    /// Networks, each with its own weights and one input.
    pub n_samples: usize,
    /// Seed of the weights and inputs.
    pub seed: u64,
    /// How weights are drawn.
    pub weights: WeightDraw,
    /// Inputs are normal with these moments.
    pub start: Moments,
}

impl Default for PropagateOptions {
    fn default() -> Self {
        Self {
            selu: Selu::default(),
            n_layers: 32,
            width: 256,
            n_samples: 50,
            seed: 0,
            weights: WeightDraw::Normal,
            start: Moments {
                mean: 0.0,
                variance: 1.0,
            },
        }
    }
}

/// Average over the networks, and standard deviation between them (0 for one network).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// Average over networks.
    pub average: f64,
    /// Standard deviation between networks.
    pub deviation: f64,
}

impl Spread {
    fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let n = values.clone().count() as f64;
        let average = values.clone().sum::<f64>() / n;
        let squares: f64 = values.map(|value| (value - average).powi(2)).sum();
        let deviation = if n > 1.0 {
            (squares / (n - 1.0)).sqrt()
        } else {
            0.0
        };
        Self { average, deviation }
    }
}

/// One layer of the simulated networks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LayerProfile {
    /// 0 is the input.
    pub layer: usize,
    /// What the moment map says.
    pub predicted: Moments,
    /// Mean over the units of a layer.
    pub mean: Spread,
    /// Variance over the units of a layer.
    pub variance: Spread,
}

/// What [`propagate`] found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PropagateReport {
    /// Units of each layer.
    pub width: usize,
    /// Networks.
    pub n_samples: usize,
    /// Layer by layer, from the input on.
    pub layers: Vec<LayerProfile>,
    /// Root mean square, over networks and layers after the input, of a layer's mean minus the map's.
    pub rms_mean_error: f64,
    /// The same of the variance.
    pub rms_variance_error: f64,
}

/// Draws random networks, sends one random input through each, and sets every layer's mean and variance beside g.
///
/// Results depend on the options alone, not on `threads`.
///
/// # Errors
/// If a count is 0 or beyond what can be addressed, or parameters or moments are not valid.
pub fn propagate(
    options: &PropagateOptions,
    threads: usize,
) -> Result<PropagateReport, MomentError> {
    let PropagateOptions {
        selu,
        n_layers,
        width,
        n_samples,
        start,
        ..
    } = *options;
    count("layers", n_layers, 1, MAX_LAYERS)?;
    count("width", width, 2, MAX_WIDTH)?;
    count("samples", n_samples, 1, u32::MAX as usize)?;
    finite("mu0", start.mean)?;
    positive("nu0", start.variance)?;

    let map = MomentMap::new(selu, 0.0, 1.0)?;
    let mut predicted = vec![start];
    for layer in 0..n_layers {
        predicted.push(map.apply(predicted[layer])?);
    }
    let networks = simulate_all(options, threads);

    let layers: Vec<LayerProfile> = predicted
        .into_iter()
        .enumerate()
        .map(|(layer, predicted)| LayerProfile {
            layer,
            predicted,
            mean: Spread::of(networks.iter().map(|network| network[layer].mean)),
            variance: Spread::of(networks.iter().map(|network| network[layer].variance)),
        })
        .collect();
    let rms = |error: &dyn Fn(&Moments, &Moments) -> f64| {
        let sum: f64 = networks
            .iter()
            .flat_map(|network| network[1..].iter().zip(&layers[1..]))
            .map(|(got, layer)| error(got, &layer.predicted).powi(2))
            .sum();
        (sum / (n_layers * n_samples) as f64).sqrt()
    };
    Ok(PropagateReport {
        width,
        n_samples,
        rms_mean_error: rms(&|got, want| got.mean - want.mean),
        rms_variance_error: rms(&|got, want| got.variance - want.variance),
        layers,
    })
}

fn simulate_all(options: &PropagateOptions, threads: usize) -> Vec<Vec<Moments>> {
    let samples = (0..options.n_samples as u32).collect();
    parallel_map(samples, threads, |_, sample| simulate(options, sample))
}

/// Moments of the units of each layer of one network, from its input on.
fn simulate(options: &PropagateOptions, sample: u32) -> Vec<Moments> {
    let Selu { alpha, lambda } = options.selu;
    let width = options.width;
    // Lane 0 is the input; every unit has a lane of its own.
    let normal = |lane: usize, out: &mut [f32], deviation: f64| {
        Stream::new(options.seed, Purpose::Weights, sample, lane as u32)
            .fill_normal(out, deviation);
    };
    let mut weight = vec![0.0_f32; width];
    normal(0, &mut weight, options.start.variance.sqrt());
    let mut x: Vec<f64> = weight
        .iter()
        .map(|&value| f64::from(value) + options.start.mean)
        .collect();
    let mut next = vec![0.0; width];
    let mut profile = vec![moments(&x)];
    for layer in 0..options.n_layers {
        for (unit, next) in next.iter_mut().enumerate() {
            normal(
                1 + layer * width + unit,
                &mut weight,
                (1.0 / width as f64).sqrt(),
            );
            let z = net_input(&weight, &x, options.weights);
            *next = if z > 0.0 {
                lambda * z
            } else {
                lambda * alpha * libm::expm1(z)
            };
        }
        std::mem::swap(&mut x, &mut next);
        profile.push(moments(&x));
    }
    profile
}

fn net_input(weight: &[f32], x: &[f64], draw: WeightDraw) -> f64 {
    let dot: f64 = weight.iter().zip(x).map(|(&w, x)| f64::from(w) * x).sum();
    match draw {
        WeightDraw::Normal => dot,
        WeightDraw::Normalized => {
            let n = x.len() as f64;
            let sum_x: f64 = x.iter().sum();
            let omega: f64 = weight.iter().map(|&w| f64::from(w)).sum();
            let squares: f64 = weight.iter().map(|&w| f64::from(w).powi(2)).sum();
            (dot - omega / n * sum_x) / (squares - omega * omega / n).sqrt()
        }
    }
}

fn moments(x: &[f64]) -> Moments {
    let n = x.len() as f64;
    let mean = x.iter().sum::<f64>() / n;
    let variance = x.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / n;
    Moments { mean, variance }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(width: usize, weights: WeightDraw, threads: usize) -> PropagateReport {
        let options = PropagateOptions {
            n_layers: 6,
            width,
            n_samples: 40,
            seed: 3,
            weights,
            ..PropagateOptions::default()
        };
        propagate(&options, threads).expect("valid options")
    }

    #[test]
    fn wide_networks_follow_the_map_from_a_far_start() {
        let options = PropagateOptions {
            n_layers: 8,
            width: 400,
            n_samples: 24,
            weights: WeightDraw::Normalized,
            start: Moments {
                mean: 1.0,
                variance: 3.0,
            },
            ..PropagateOptions::default()
        };
        let found = propagate(&options, 2).expect("valid options");
        for layer in &found.layers {
            // Four standard errors of the average of 24 networks, and a bias of order 1/width.
            let near = |got: Spread, want: f64| {
                (got.average - want).abs() < 4.0 * got.deviation / 24.0_f64.sqrt() + 5.0 / 400.0
            };
            assert!(near(layer.mean, layer.predicted.mean), "{layer:?}");
            assert!(near(layer.variance, layer.predicted.variance), "{layer:?}");
        }
        assert_eq!(found.layers.len(), 9);
    }

    #[test]
    fn error_falls_with_the_square_root_of_the_width() {
        for weights in [WeightDraw::Normal, WeightDraw::Normalized] {
            let (narrow, wide) = (run(32, weights, 2), run(512, weights, 2));
            let ratio = narrow.rms_variance_error / wide.rms_variance_error;
            // Sixteen times the width: a quarter of the error, within the spread of 40 networks.
            assert!((2.5..6.5).contains(&ratio), "{weights:?}: {ratio}");
        }
    }

    #[test]
    fn threads_do_not_change_the_result() {
        assert_eq!(
            run(20, WeightDraw::Normal, 1),
            run(20, WeightDraw::Normal, 7)
        );
    }

    #[test]
    fn nothing_to_simulate_is_refused() {
        let options = PropagateOptions {
            width: 1,
            ..PropagateOptions::default()
        };
        let error = propagate(&options, 1).unwrap_err().to_string();
        assert_eq!(error, "width must be from 2 to 100000, got 1");
    }
}
