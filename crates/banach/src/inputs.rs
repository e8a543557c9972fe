//! How encoded columns enter the network.

use banach_data::{Encoder, Features, Scaling};
use banach_nn::{Activation, CategorySpec, Dropout, InputSpec, NetworkSpec};

use crate::error::Error;
use crate::recipe::Recipe;

/// The input layer for an encoder: numbers as they are; a category column with few categories becomes
/// one-hot units, one with many gets an embedding.
pub(crate) fn input_spec(encoder: &Encoder, recipe: &Recipe) -> Result<InputSpec, Error> {
    let activation = recipe.activation()?;
    let categories = encoder.category_counts().into_iter().map(|counts| {
        if counts.len() > recipe.max_one_hot {
            CategorySpec::Embedding {
                n_codes: counts.len(),
                dimension: recipe.embedding_dim,
            }
        } else {
            let (scaling, hidden) = (recipe.scaling, recipe.category_dropout);
            let (mut low, mut high) = one_hot(counts, scaling, hidden);
            to_fixed_point(activation, &mut low);
            to_fixed_point(activation, &mut high);
            CategorySpec::OneHot { low, high }
        }
    });
    Ok(InputSpec {
        n_numbers: encoder.n_numbers(),
        categories: categories.collect(),
        dropout: Dropout::None,
    })
}

/// Units with mean 0 and variance 1 over the training rows, so that the first layer sees what a
/// self-normalizing network expects (arXiv:1706.02515, section "Initialization").
///
/// A code with training share p is `(1 - p) / sqrt(p (1 - p))` when it is there and
/// `-p / sqrt(p (1 - p))` when not; with robust scaling both go through its smooth clip, for rare
/// categories would be huge. `hidden` is the share of rows that training turns to code 0 (unknown).
fn one_hot(counts: &[u64], scaling: Scaling, hidden: f64) -> (Vec<f32>, Vec<f32>) {
    let total: u64 = counts.iter().sum();
    let total = total.max(1) as f64;
    let units = counts.iter().enumerate().map(|(code, &count)| {
        let share = count as f64 / total * (1.0 - hidden);
        let share = if code == 0 { share + hidden } else { share };
        let deviation = (share * (1.0 - share)).sqrt();
        if deviation == 0.0 {
            return (0.0, 0.0);
        }
        (
            scaling.clip(-share / deviation) as f32,
            scaling.clip((1.0 - share) / deviation) as f32,
        )
    });
    units.unzip()
}

/// Encoded rows as the network takes them: with the mean and variance that its SELU keeps.
pub(crate) fn network_features(mut features: Features, spec: &NetworkSpec) -> Features {
    let activation = spec
        .layers
        .first()
        .map_or(Activation::SELU, |layer| layer.activation);
    to_fixed_point(activation, &mut features.numbers);
    features
}

/// Brings units with mean 0 and variance 1, which encoders aim at, to those that a SELU keeps.
fn to_fixed_point(activation: Activation, units: &mut [f32]) {
    if let Activation::Selu { mean, variance, .. } = activation
        && (mean, variance) != (0.0, 1.0)
    {
        let deviation = variance.sqrt();
        for unit in units {
            *unit = (mean + deviation * f64::from(*unit)) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_hot_units_have_mean_0_and_variance_1_over_the_training_rows() {
        let counts = [0, 600, 300, 100];
        let (low, high) = one_hot(&counts, Scaling::Standard, 0.0);
        assert_eq!((low[0], high[0]), (0.0, 0.0));
        for code in 1..4 {
            let (p, low, high) = (counts[code] as f32 / 1000.0, low[code], high[code]);
            let mean = p * high + (1.0 - p) * low;
            let second = p * high * high + (1.0 - p) * low * low;
            assert!(
                mean.abs() < 1e-6 && (second - 1.0).abs() < 1e-6,
                "{code}: {mean} {second}"
            );
        }
    }

    #[test]
    fn units_move_to_the_fixed_point() {
        let mut units = [-1.0, 0.0, 2.0];
        let point = |mean, variance| Activation::Selu {
            alpha: 1.0,
            lambda: 1.0,
            mean,
            variance,
        };
        to_fixed_point(point(0.5, 4.0), &mut units);
        assert_eq!(units, [-1.5, 0.5, 4.5]);
        to_fixed_point(Activation::SELU, &mut units);
        assert_eq!(units, [-1.5, 0.5, 4.5]);
    }

    #[test]
    fn rare_categories_stay_within_the_clip() {
        let (_, high) = one_hot(&[0, 1_000_000, 1], Scaling::Robust, 0.01);
        assert!(
            high.iter().all(|&unit| unit > 0.0 && unit < 3.0),
            "{high:?}"
        );
    }
}
