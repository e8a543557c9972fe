use super::*;
use crate::goldens::Goldens;

/// Rounding of some thirty operations on numbers whose sums cancel at most a few digits.
const TOLERANCE: f64 = 1e-12;

/// Part of a standard deviation below which the mean counts as this large. Where the mean is 0, alpha and lambda as
/// doubles already move it by 1e-16: no computation with them has a small relative error there.
const MEAN_FLOOR: f64 = 1e-3;

/// The goldens are differences of 200-digit numbers with a step of 1e-60: what is below this in them is noise.
const NOISE: f64 = 1e-100;

fn evaluate([mu, omega, nu, tau]: [f64; 4]) -> (Moments, Jacobian) {
    MomentMap::new(Selu::default(), omega, tau)
        .and_then(|map| {
            map.evaluate(Moments {
                mean: mu,
                variance: nu,
            })
        })
        .expect("the point is in the domain")
}

#[test]
fn map_agrees_with_200_digits() {
    let mut failures = Vec::new();
    for [mu, omega, nu, tau, mean, variance, jacobian @ ..] in Goldens::read().points {
        let inputs = [mu, omega, nu, tau];
        let (got, Jacobian(rows)) = evaluate(inputs);
        let size = mean.abs().max(MEAN_FLOOR * variance.sqrt());
        let mut errors = vec![
            (got.mean - mean).abs() / size,
            (got.variance / variance - 1.0).abs(),
        ];
        for (got, want) in rows.concat().into_iter().zip(jacobian) {
            errors.push((got - want).abs() / want.abs().max(NOISE));
        }
        if errors
            .iter()
            .any(|&error| error.is_nan() || error > TOLERANCE)
        {
            failures.push((inputs, errors));
        }
    }
    assert!(
        failures.is_empty(),
        "{} points: {failures:?}",
        failures.len()
    );
}

#[test]
fn map_holds_the_fixed_point_0_1_with_the_papers_jacobian() {
    let (next, jacobian) = evaluate([0.0, 0.0, 1.0, 1.0]);
    // alpha and lambda are doubles: half a unit in the last place of each, times derivatives below 1.
    assert!(
        next.mean.abs() < 3e-16 && (next.variance - 1.0).abs() < 5e-16,
        "{next:?}"
    );
    let Jacobian([[a, b], [c, d]]) = jacobian;
    assert_eq!((a, c), (0.0, 0.0));
    // The paper gives seven decimals.
    assert!((b - 0.088_834_8).abs() < 5e-8 && (d - 0.782_647_9).abs() < 5e-8);
    assert!((jacobian.spectral_norm() - 0.787_673_4).abs() < 5e-8);
}

#[test]
fn map_is_linear_and_finite_at_the_ends_of_the_range() {
    struct Case {
        m: f64,
        v: f64,
        mean: f64,
        slope: f64,
    }
    let selu = Selu::default();
    let Selu { alpha, lambda } = selu;
    let cases = [
        // A variance so small that SELU is linear: variance = slope^2 v.
        Case {
            m: 2.0,
            v: 1e-280,
            mean: lambda * 2.0,
            slope: lambda,
        },
        Case {
            m: -2.0,
            v: 1e-280,
            mean: lambda * alpha * (-2.0_f64).exp_m1(),
            slope: lambda * alpha * (-2.0_f64).exp(),
        },
        Case {
            m: 1e150,
            v: 1e10,
            mean: lambda * 1e150,
            slope: lambda,
        },
        Case {
            m: 1e4,
            v: 1e-4,
            mean: lambda * 1e4,
            slope: lambda,
        },
        // Saturated: nothing passes.
        Case {
            m: -1e4,
            v: 1.0,
            mean: -lambda * alpha,
            slope: 0.0,
        },
    ];
    for Case { m, v, mean, slope } in cases {
        let got = NetInputMoments::of_selu(selu, m, v);
        let want = slope * slope * v;
        assert!(
            (got.mean / mean - 1.0).abs() < TOLERANCE,
            "mean at {m}, {v}: {got:?}"
        );
        assert!(
            (got.variance - want).abs() <= TOLERANCE * want,
            "variance at {m}, {v}: {got:?}"
        );
        assert!(got.d_variance_d_m.is_finite() && got.d_mean_d_v.is_finite());
    }
}

#[test]
fn closed_form_and_quadrature_meet_where_one_takes_over() {
    for m in [-6.0, -1.0, -0.1, 0.0, 0.1, 1.0, 6.0] {
        let below = NetInputMoments::of_selu(Selu::default(), m, 1.0 - 1e-13);
        let above = NetInputMoments::of_selu(Selu::default(), m, 1.0 + 1e-13);
        // v moves by 2e-13 between the two, and no logarithmic derivative in v is above 20 here.
        let close = |a: f64, b: f64| (a - b).abs() <= 5e-12 * a.abs().max(0.1);
        assert!(close(below.variance, above.variance), "variance at m = {m}");
        assert!(close(below.mean, above.mean), "mean at m = {m}");
        assert!(
            close(below.d_variance_d_m, above.d_variance_d_m),
            "slope at m = {m}"
        );
    }
}

#[test]
fn spectral_norm_and_eigenvalues_of_known_matrices() {
    // A rotation by a right angle, scaled by 2.
    let turn = Jacobian([[0.0, -2.0], [2.0, 0.0]]);
    assert_eq!(turn.spectral_norm(), 2.0);
    assert_eq!(turn.eigenvalues(), [(0.0, 2.0), (0.0, -2.0)]);
    // A shear: norm is the golden ratio, both eigenvalues 1.
    let shear = Jacobian([[1.0, 1.0], [0.0, 1.0]]);
    assert!((shear.spectral_norm() - 1.618_033_988_749_895).abs() < 1e-15);
    assert_eq!(shear.spectral_radius(), 1.0);
    assert_eq!(
        Jacobian([[3.0, 0.0], [0.0, -4.0]]).eigenvalues(),
        [(-4.0, 0.0), (3.0, 0.0)]
    );
    assert_eq!(Jacobian([[0.0; 2]; 2]).spectral_radius(), 0.0);
}

#[test]
fn what_is_no_moment_is_refused_by_name() {
    let map = MomentMap::new(Selu::default(), 0.0, 1.0).expect("a valid map");
    let error = |mean, variance| {
        map.apply(Moments { mean, variance })
            .unwrap_err()
            .to_string()
    };
    assert_eq!(error(0.0, 0.0), "nu must be a finite number above 0, got 0");
    assert_eq!(error(f64::NAN, 1.0), "mu must be a finite number, got NaN");
    let error = MomentMap::new(Selu::default(), 0.0, -1.0).unwrap_err();
    assert_eq!(
        error.to_string(),
        "tau must be a finite number above 0, got -1"
    );
    let flat = Selu {
        alpha: 0.0,
        lambda: 1.0,
    };
    assert!(MomentMap::new(flat, 0.0, 1.0).is_err());
}
