//! What a network does with inputs for which everything holds that a certificate assumes of its input.
//!
//! A certificate takes the inputs of every layer for uncorrelated. Of the first layer's inputs that is an assumption about the
//! world; of those of later layers it is one about the weights before them, and weights can contradict it: units with equal
//! weights have equal activations. So the network is run on independent normal inputs with the moments that are certified, and
//! the moments of its layers are compared.

use banach_kernels::random::{Purpose, Stream};
use banach_kernels::{Selu, parallel_map};
use banach_nn::LayerMoments;

use super::InputMoments;
use super::chain::Dense;

/// Rows that go through the layers together.
const LANES: usize = 16;

/// Most rows, in blocks. Where all units of a layer are alike, the variance over 1,024 rows is off by 4% (one standard error); where they
/// are not, the average over units makes it far less.
const MOST_BLOCKS: usize = 64;

/// Fewest rows, in blocks.
const FEWEST_BLOCKS: usize = 8;

/// Multiplications that are spent on it, unless that allows only fewer rows than the fewest: about a second.
const WORK: usize = 1 << 31;

/// The same inputs each time.
const SEED: u64 = 0;

/// Moments of each layer over units and rows, and how many rows there were.
pub(super) fn simulate(
    layers: &[Dense],
    selu: Selu,
    input: InputMoments,
) -> (Vec<LayerMoments>, usize) {
    let n_weights: usize = layers.iter().map(|layer| layer.weight.len()).sum();
    let n_blocks = WORK / LANES / n_weights.max(1);
    let n_blocks = n_blocks.clamp(FEWEST_BLOCKS, MOST_BLOCKS);
    let blocks = (0..n_blocks as u32).collect();
    // The results come in the order of the blocks, so that threads change nothing.
    let threads = banach_kernels::available_threads();
    let parts = parallel_map(blocks, threads, |_, block| {
        run_block(layers, selu, input, block)
    });
    let n_rows = n_blocks * LANES;
    let moments = (0..layers.len()).map(|layer| {
        let mut sums = parts[0][layer].clone();
        for part in &parts[1..] {
            for (sum, more) in sums.iter_mut().zip(&part[layer]) {
                sum.0 += more.0;
                sum.1 += more.1;
            }
        }
        LayerMoments::of(&sums, n_rows as f64)
    });
    (moments.collect(), n_rows)
}

/// Sum and sum of squares of every unit of every layer, over the rows of one block.
fn run_block(
    layers: &[Dense],
    selu: Selu,
    input: InputMoments,
    block: u32,
) -> Vec<Vec<(f64, f64)>> {
    let fan_in = layers.first().map_or(0, |layer| layer.fan_in);
    let mut x = vec![[0.0_f64; LANES]; fan_in];
    let mut drawn = vec![0.0_f32; fan_in];
    for lane in 0..LANES {
        Stream::new(SEED, Purpose::Certificate, block, lane as u32).fill_normal(&mut drawn, 1.0);
        for (x, &drawn) in x.iter_mut().zip(&drawn) {
            x[lane] = input.mean + input.variance.sqrt() * f64::from(drawn);
        }
    }
    let mut sums = Vec::with_capacity(layers.len());
    for layer in layers {
        let units = layer.weight.chunks_exact(layer.fan_in.max(1)).enumerate();
        let y: Vec<[f64; LANES]> = units
            .map(|(unit, weights)| {
                let bias = layer.bias.as_ref().and_then(|bias| bias.get(unit));
                let mut z = [bias.copied().unwrap_or(0.0); LANES];
                for (&weight, x) in weights.iter().zip(&x) {
                    for (z, x) in z.iter_mut().zip(x) {
                        *z += weight * x;
                    }
                }
                z.map(|z| activation(selu, z))
            })
            .collect();
        let of_unit = |y: &[f64; LANES]| {
            let sum: f64 = y.iter().sum();
            let squares: f64 = y.iter().map(|y| y * y).sum();
            (sum, squares)
        };
        sums.push(y.iter().map(of_unit).collect());
        x = y;
    }
    sums
}

fn activation(selu: Selu, z: f64) -> f64 {
    if z > 0.0 {
        selu.lambda * z
    } else {
        selu.lambda * selu.alpha * libm::expm1(z)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: InputMoments = InputMoments {
        mean: 0.0,
        variance: 1.0,
    };

    /// Weights of 32 units that are all the same, with 64 inputs; omega is 0 and tau 1.
    fn equal_units() -> Dense {
        let row = (0..64).map(|k| if k % 2 == 0 { 0.125 } else { -0.125 });
        let row: Vec<f64> = row.collect();
        Dense {
            name: "equal".to_owned(),
            fan_in: 64,
            weight: row.repeat(32),
            bias: None,
        }
    }

    #[test]
    fn equal_units_cancel_in_balanced_weights() {
        let sign = |k: usize| if k.is_multiple_of(2) { 1.0 } else { -1.0 };
        let balanced = Dense {
            name: "balanced".to_owned(),
            fan_in: 32,
            weight: (0..8 * 32).map(|k| sign(k) / 32.0_f64.sqrt()).collect(),
            bias: None,
        };
        let (moments, n_rows) = simulate(&[equal_units(), balanced], Selu::default(), STANDARD);
        assert_eq!(n_rows, 1024);
        // One number seen 32 times: its moments over 1,024 rows are those of selu(Normal(0, 1)), 0 and 1.
        assert!(moments[0].mean.abs() < 0.1 && (moments[0].variance - 1.0).abs() < 0.15);
        assert!(moments[1].variance < 1e-20, "{}", moments[1].variance);
    }

    #[test]
    fn biases_and_input_moments_count() {
        let identity = Dense {
            name: "one".to_owned(),
            fan_in: 1,
            weight: vec![1.0],
            bias: Some(vec![5.0]),
        };
        let far = InputMoments {
            mean: 20.0,
            variance: 4.0,
        };
        let (moments, _) = simulate(
            &[identity],
            Selu {
                alpha: 1.0,
                lambda: 1.0,
            },
            far,
        );
        // All net inputs are far above 0, where the activation is the identity.
        assert!((moments[0].mean - 25.0).abs() < 0.3, "{}", moments[0].mean);
        assert!(
            (moments[0].variance - 4.0).abs() < 0.6,
            "{}",
            moments[0].variance
        );
    }
}
