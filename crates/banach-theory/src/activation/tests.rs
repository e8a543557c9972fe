use super::*;
use crate::{MomentMap, Selu};

// For a standard normal net input: mpmath 1.4.1, `quad` with 30 digits of the definitions in [`Activation`].
const SIGMOID_VARIANCE: f64 = 0.04337903585809296;
const TANH_VARIANCE: f64 = 0.3942944903978412;
const SOFTPLUS_MEAN: f64 = 0.8060591833474398;
const SOFTPLUS_VARIANCE: f64 = 0.27151450180055875;
const SILU_MEAN: f64 = 0.20662096414190703;
const SILU_VARIANCE: f64 = 0.31308329699442095;
const MISH_MEAN: f64 = 0.24040388837479143;
const MISH_VARIANCE: f64 = 0.3945481628301636;
const HARD_SWISH_MEAN: f64 = 0.1662167006561233;
const HARD_SWISH_VARIANCE: f64 = 0.3039393835609004;
const ELU_MEAN: f64 = 0.16052057226655606;
const ELU_VARIANCE: f64 = 0.6191785633721412;
const LEAKY_RELU_MEAN: f64 = 0.3949528575974183;
const LEAKY_RELU_VARIANCE: f64 = 0.34406224027563337;

#[test]
fn quadrature_of_selu_agrees_with_its_closed_form_within_the_stated_error() {
    for (m, v) in [
        (0.0, 1.0),
        (0.5, 3.0),
        (-2.0, 0.01),
        (1e-3, 1e-4),
        (3.0, 900.0),
    ] {
        let got = Activation::Selu.moments(m, v).expect("valid moments");
        let map = MomentMap::new(Selu::default(), 1.0, 1.0).expect("a valid map");
        let at = Moments {
            mean: m,
            variance: v,
        };
        let (want, want_jacobian) = map.evaluate(at).expect("valid moments");
        assert!(
            (got.moments.mean - want.mean).abs() <= got.mean_error,
            "mean at {m}, {v}: {got:?} {want:?}"
        );
        assert!(
            (got.moments.variance - want.variance).abs() <= got.variance_error,
            "variance at {m}, {v}: {got:?} {want:?}"
        );
        for (got_entry, want_entry) in got.jacobian.0.concat().iter().zip(want_jacobian.0.concat())
        {
            assert!(
                (got_entry - want_entry).abs() <= got.jacobian_error,
                "slopes at {m}, {v}: {got:?} {want_jacobian:?}"
            );
        }
        // The error is stated honestly, and it is small.
        assert!(got.variance_error <= 1e-10 * v.max(1.0), "{got:?}");
    }
}

#[test]
fn moments_known_in_closed_form() {
    use std::f64::consts::PI;
    struct Case {
        activation: Activation,
        mean: f64,
        variance: f64,
    }
    // Of a standard normal net input. E[x Phi(x)] = 1 / (2 sqrt(pi)); the square of GELU by Stein's identity.
    let gelu_mean = 0.5 / PI.sqrt();
    let gelu_square = 1.0 / 3.0 + 0.5 / (PI * 3.0_f64.sqrt());
    let cases = [
        Case {
            activation: Activation::Identity,
            mean: 0.0,
            variance: 1.0,
        },
        Case {
            activation: Activation::Relu,
            mean: (0.5 / PI).sqrt(),
            variance: 0.5 - 0.5 / PI,
        },
        Case {
            activation: Activation::Gelu,
            mean: gelu_mean,
            variance: gelu_square - gelu_mean * gelu_mean,
        },
        Case {
            activation: Activation::Sigmoid,
            mean: 0.5,
            variance: SIGMOID_VARIANCE,
        },
        Case {
            activation: Activation::Tanh,
            mean: 0.0,
            variance: TANH_VARIANCE,
        },
        Case {
            activation: Activation::Softplus,
            mean: SOFTPLUS_MEAN,
            variance: SOFTPLUS_VARIANCE,
        },
        Case {
            activation: Activation::Silu,
            mean: SILU_MEAN,
            variance: SILU_VARIANCE,
        },
        Case {
            activation: Activation::Mish,
            mean: MISH_MEAN,
            variance: MISH_VARIANCE,
        },
        Case {
            activation: Activation::HardSwish,
            mean: HARD_SWISH_MEAN,
            variance: HARD_SWISH_VARIANCE,
        },
        Case {
            activation: Activation::Elu,
            mean: ELU_MEAN,
            variance: ELU_VARIANCE,
        },
        Case {
            activation: Activation::LeakyRelu,
            mean: LEAKY_RELU_MEAN,
            variance: LEAKY_RELU_VARIANCE,
        },
    ];
    for Case {
        activation,
        mean,
        variance,
    } in cases
    {
        let got = activation.moments(0.0, 1.0).expect("valid moments");
        assert!(
            (got.moments.mean - mean).abs() <= got.mean_error,
            "{activation:?}: {got:?}, mean {mean}"
        );
        assert!(
            (got.moments.variance - variance).abs() <= got.variance_error,
            "{activation:?}: {got:?}, variance {variance}"
        );
    }
}

#[test]
fn only_selu_is_self_normalizing() {
    for activation in Activation::ALL {
        let found = report(activation).expect("a report");
        assert_eq!(
            found.self_normalizing,
            activation == Activation::Selu,
            "{:?}",
            found.because
        );
        assert!(!found.because.is_empty());
    }
}

#[test]
fn the_papers_four_fail_for_the_papers_reasons() {
    let shape = Shape::of;
    assert!(!shape(Activation::Relu).has_both_signs());
    assert!(!shape(Activation::Sigmoid).has_both_signs());
    assert!(!shape(Activation::LeakyRelu).saturates());
    assert!(!shape(Activation::Tanh).is_steep());
    // A gain does not help units that are linear on each side: every variance stays, none attracts.
    for activation in [Activation::Relu, Activation::LeakyRelu] {
        let found = report(activation).expect("a report");
        assert_eq!(found.unit_gain_attracts, Some(false));
        let radius = found
            .at_unit_gain
            .expect("a gain")
            .jacobian
            .spectral_radius();
        assert!((radius - 1.0).abs() < 1e-12, "{radius}");
    }
    // Outputs within (-1, 1) or (0, 1) never have variance 1.
    for activation in [Activation::Tanh, Activation::Sigmoid] {
        assert_eq!(report(activation).expect("a report").unit_gain, None);
    }
}

#[test]
fn names_are_found_and_unknown_ones_are_listed_against() {
    for activation in Activation::ALL {
        assert_eq!(Activation::from_name(activation.name()), Ok(activation));
    }
    assert_eq!(
        Activation::from_name("Leaky-ReLU"),
        Ok(Activation::LeakyRelu)
    );
    let error = Activation::from_name("swish").unwrap_err().to_string();
    assert!(
        error.contains("\"swish\"") && error.contains("silu"),
        "{error}"
    );
}
