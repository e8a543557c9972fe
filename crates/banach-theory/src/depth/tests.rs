use super::*;
use crate::certificate::Quantity;

/// Weights of a layer: alternating signs give omega = 0 and tau = gain^2 exactly.
fn balanced(n_units: usize, fan_in: usize, gain: f64) -> Vec<Unit> {
    let scale = (gain / (fan_in as f64).sqrt()) as f32;
    let row: Vec<f64> = (0..fan_in)
        .map(|i| f64::from(if i % 2 == 0 { scale } else { -scale }))
        .collect();
    vec![Unit::from_weights(&row, 0.0); n_units]
}

/// Normal weights with variance gain^2/fan_in, from sums of 12 uniform numbers.
fn drawn(seed: u64, n_units: usize, fan_in: usize, gain: f64) -> Vec<Unit> {
    let mut state = seed;
    let mut uniform = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    (0..n_units)
        .map(|_| {
            let row: Vec<f64> = (0..fan_in)
                .map(|_| {
                    let normal = (0..12).map(|_| uniform()).sum::<f64>() - 6.0;
                    f64::from((normal * gain / (fan_in as f64).sqrt()) as f32)
                })
                .collect();
            Unit::from_weights(&row, 0.0)
        })
        .collect()
}

fn standard() -> (Interval, Interval) {
    (Interval::point(0.0), Interval::point(1.0))
}

#[test]
fn sums_of_weights_enclose_the_exact_sums() {
    let unit = Unit::from_weights(&[0.1_f32, 0.2, -0.7].map(f64::from), 0.5);
    let exact: f64 = [0.1_f32, 0.2, -0.7].into_iter().map(f64::from).sum();
    assert!(unit.omega.contains(exact) && unit.omega.width() < 1e-15);
    let squares: f64 = [0.1_f32, 0.2, -0.7]
        .into_iter()
        .map(|w| f64::from(w).powi(2))
        .sum();
    assert!(unit.tau.contains(squares) && unit.tau.width() < 1e-15);
}

#[test]
fn squares_of_64_bit_weights_are_rounded_outwards() {
    // (1 + 2^-30)^2 = 1 + 2^-29 + 2^-60, whose last term no f64 beside 1 can hold.
    let weight = 1.0 + 2.0_f64.powi(-30);
    let unit = Unit::from_weights(&[weight], 0.0);
    let below = 1.0 + 2.0_f64.powi(-29);
    assert!(unit.tau.lo() <= below && unit.tau.hi() >= below.next_up());
}

#[test]
fn balanced_weights_satisfy_theorem_1_in_every_unit() {
    let map = IntervalMap::selu_01();
    let layers = vec![balanced(8, 64, 1.0); 32];
    let (mean, variance) = standard();
    let report = through_layers(&map, &layers, mean, variance, theorem_1()).expect("a network");
    assert!(report.moments_stay && report.every_unit_inside);
    let last = report.layers.last().expect("layers");
    // (0, 1) is the fixed point; f32 weights of 1/8 are exact.
    assert!(last.mean.expect("bounded").contains(0.0));
    assert!(last.variance.expect("bounded").contains(1.0));
    assert!(last.variance.expect("bounded").width() < 1e-10);
}

#[test]
fn a_layer_of_equal_units_is_the_map_itself() {
    let map = IntervalMap::selu_01();
    let row = [0.3_f32, -0.1, 0.5, 0.6, -0.2].map(f64::from);
    let unit = Unit::from_weights(&row, 0.0);
    let (mu, nu) = (Interval::new(-0.2, 0.1), Interval::new(0.7, 1.3));
    let report = through_layers(&map, &[vec![unit; 5]], mu, nu, theorem_1()).expect("a network");
    let layer = &report.layers[0];
    for mu in [mu.lo(), 0.0, mu.hi()] {
        for nu in [nu.lo(), 1.0, nu.hi()] {
            let point = [mu, unit.omega.mid(), nu, unit.tau.mid()];
            let mean = Quantity::Mean.at(&map, point);
            let variance = Quantity::Variance.at(&map, point);
            assert!(layer.mean.expect("bounded").encloses(mean), "{point:?}");
            assert!(
                layer.variance.expect("bounded").encloses(variance),
                "{point:?}"
            );
        }
    }
}

#[test]
fn lecun_normal_weights_keep_the_moments_though_single_units_leave_the_domain() {
    let map = IntervalMap::selu_01();
    let layers: Vec<_> = (0..16).map(|layer| drawn(layer, 256, 256, 1.0)).collect();
    let (mean, variance) = standard();
    let report = through_layers(&map, &layers, mean, variance, theorem_1()).expect("a network");
    assert!(report.moments_stay, "{:?}", report.layers.last());
    // omega of one unit has standard deviation 1.
    assert!(!report.every_unit_inside);
    assert!(report.layers[0].outside.len() > 200);
    assert!(report.layers.iter().all(|layer| layer.mistake.is_none()));
}

#[test]
fn pytorchs_gain_is_named_and_fails() {
    let map = IntervalMap::selu_01();
    let layers: Vec<_> = (0..8).map(|layer| drawn(layer, 128, 128, 0.75)).collect();
    let (mean, variance) = standard();
    let report = through_layers(&map, &layers, mean, variance, theorem_1()).expect("a network");
    assert!(!report.moments_stay);
    for layer in &report.layers {
        let text = layer.mistake.as_deref().expect("tau = 0.5625");
        assert!(text.contains("gain 3/4"), "{text}");
    }
    let of = |gain| {
        through_layers(
            &map,
            &[drawn(1, 128, 128, gain)],
            mean,
            variance,
            theorem_1(),
        )
    };
    let he = of(2.0_f64.sqrt()).expect("a network");
    assert!(
        he.layers[0]
            .mistake
            .as_deref()
            .expect("tau = 2")
            .contains("He")
    );
    let default = of((1.0_f64 / 3.0).sqrt()).expect("a network");
    assert!(
        default.layers[0]
            .mistake
            .as_deref()
            .expect("tau = 1/3")
            .contains("nn.Linear")
    );
}

#[test]
fn wide_input_intervals_shrink_towards_the_fixed_point() {
    let map = IntervalMap::selu_01();
    let layers = vec![balanced(4, 64, 1.0); 30];
    let (mu, nu) = (Interval::new(-0.1, 0.1), Interval::new(0.9, 1.1));
    let report = through_layers(&map, &layers, mu, nu, theorem_1()).expect("a network");
    let width = |layer: usize| report.layers[layer].variance.expect("bounded").width();
    assert!(width(29) < 1e-2 * width(0), "{} to {}", width(0), width(29));
    assert!(report.moments_stay && report.every_unit_inside);
}

#[test]
fn a_bias_moves_the_mean_and_is_reported() {
    let map = IntervalMap::selu_01();
    let mut units = balanced(4, 64, 1.0);
    units[2].bias = 0.5;
    let (mean, variance) = standard();
    let report = through_layers(&map, &[units], mean, variance, theorem_1()).expect("a network");
    let layer = &report.layers[0];
    assert_eq!(layer.outside.len(), 1);
    assert_eq!((layer.outside[0].unit, layer.outside[0].bias), (2, 0.5));
    assert!(layer.mean.expect("bounded").lo() > 0.0);
    assert!(!report.every_unit_inside);
}

#[test]
fn networks_without_a_map_are_refused() {
    let map = IntervalMap::selu_01();
    let (mean, variance) = standard();
    let dead = vec![Unit::from_weights(&[0.0, 0.0], 0.0)];
    let infinite = vec![Unit::from_weights(&[f64::INFINITY], 0.0)];
    let good = balanced(2, 4, 1.0);
    for (layers, message) in [
        (vec![good.clone(), vec![]], "layer 2 has no units"),
        (
            vec![dead],
            "unit 1 of layer 1 has only zero weights, so its net input does not vary",
        ),
        (
            vec![infinite],
            "unit 1 of layer 1 has weights or a bias that are not finite",
        ),
    ] {
        let error = through_layers(&map, &layers, mean, variance, theorem_1()).expect_err(message);
        assert_eq!(error.to_string(), message);
    }
    assert!(through_layers(&map, &[good], mean, Interval::new(0.0, 1.0), theorem_1()).is_err());
}

#[test]
fn sets_of_moments_enclose_their_points_where_means_are_far_from_0() {
    let map = IntervalMap::selu_01();
    // A bias of 2 moves the mean to about 2, so that its slope counts in that of the variance.
    let layer = vec![Unit::from_weights(&[0.8, 0.6, -0.5], 2.0); 3];
    let (mu, nu) = (Interval::new(-0.01, 0.01), Interval::new(0.99, 1.01));
    let after = |mu: Interval, nu: Interval| {
        let layers = [layer.clone()];
        let report = through_layers(&map, &layers, mu, nu, theorem_1()).expect("a network");
        let layer = &report.layers[0];
        (
            layer.mean.expect("bounded"),
            layer.variance.expect("bounded"),
        )
    };
    let (mean, variance) = after(mu, nu);
    let mut points: Option<(Interval, Interval)> = None;
    for mu in [mu.lo(), 0.0, mu.hi()] {
        for nu in [nu.lo(), 1.0, nu.hi()] {
            let point = after(Interval::point(mu), Interval::point(nu));
            assert!(
                mean.encloses(point.0) && variance.encloses(point.1),
                "{mu} {nu}"
            );
            points = Some(points.map_or(point, |(m, v)| (m.hull(point.0), v.hull(point.1))));
        }
    }
    // Only so much wider as the square of the set's width makes it: a wrong slope would miss the points or be far wider.
    let (_, seen) = points.expect("points");
    assert!(variance.width() < 1.5 * seen.width(), "{variance} {seen}");
}

#[test]
fn what_leaves_the_rectangle_or_has_no_bound_is_not_inside() {
    let map = IntervalMap::selu_01();
    let (mean, variance) = standard();
    // A bias of 0.5 moves the mean out of [-0.1, 0.1] while the variance stays in [0.8, 1.5].
    let moved = vec![Unit::from_weights(&[0.7, -0.7], 0.5); 2];
    let report = through_layers(&map, &[moved], mean, variance, theorem_1()).expect("a network");
    let layer = &report.layers[0];
    assert!(
        theorem_1().nu.encloses(layer.variance.expect("bounded")),
        "{layer:?}"
    );
    assert!(!layer.inside && !report.moments_stay);
    // Units that satisfy the theorem say nothing about an input outside of its rectangle.
    let layers = [balanced(8, 64, 1.0)];
    let far = Interval::point(2.0);
    let report = through_layers(&map, &layers, mean, far, theorem_1()).expect("a network");
    assert!(!report.every_unit_inside && report.layers[0].outside.is_empty());
    // Over so wide a set of inputs the enclosure of the variance reaches below 0.
    let wide = vec![Unit::from_weights(&[3.0, 3.0], 0.0); 2];
    let (mu, nu) = (Interval::new(-3.0, 3.0), Interval::new(0.01, 9.0));
    let report = through_layers(&map, &[wide], mu, nu, theorem_1()).expect("a network");
    assert_eq!(
        (report.layers[0].variance, report.layers[0].inside),
        (None, false)
    );
}
