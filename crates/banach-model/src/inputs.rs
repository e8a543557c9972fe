//! Encoded rows as a network takes them.

use banach_data::Features;
use banach_nn::{Activation, NetworkSpec};

/// Features with the mean and variance that the network's SELU keeps.
#[must_use]
pub fn network_features(mut features: Features, spec: &NetworkSpec) -> Features {
    to_fixed_point(first_activation(spec), &mut features.numbers);
    features
}

/// The activation whose fixed point the inputs are brought to.
pub(crate) fn first_activation(spec: &NetworkSpec) -> Activation {
    let first = spec.layers.first();
    first.map_or(Activation::SELU, |layer| layer.activation)
}

/// Brings units with mean 0 and variance 1, which encoders aim at, to the mean and variance that a SELU
/// keeps: `mean + sqrt(variance) x`. Other activations, and SELU with the fixed point (0, 1), change
/// nothing.
pub fn to_fixed_point(activation: Activation, units: &mut [f32]) {
    if let Some((mean, variance)) = shifted_fixed_point(activation) {
        let deviation = variance.sqrt();
        for unit in units {
            *unit = (mean + deviation * f64::from(*unit)) as f32;
        }
    }
}

/// The fixed point of a SELU, if it is another than (0, 1).
pub(crate) fn shifted_fixed_point(activation: Activation) -> Option<(f64, f64)> {
    match activation {
        Activation::Selu { mean, variance, .. } if (mean, variance) != (0.0, 1.0) => {
            Some((mean, variance))
        }
        Activation::Selu { .. } | Activation::Relu => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
