use serde::Deserialize;

use super::{IntervalMap, Jet};
use crate::interval::Interval;

const GOLDENS: &str = include_str!("../../../../goldens/data/intervals.json");

/// Boxes about each of the 2,000 points: 10,000 in all.
const BOXES_PER_POINT: usize = 5;

/// At one point near the theorems' domains the bounds carry rounding errors and the 2 digits that erfcx loses.
const POINT_WIDTH: f64 = 1e-12;

#[derive(Deserialize)]
struct Goldens {
    map: Vec<[f64; 9]>,
}

fn values(jet: &Jet) -> [Interval; 7] {
    [
        jet.moments.mean,
        jet.moments.second,
        jet.moments.variance,
        jet.slopes.mean_m,
        jet.slopes.mean_v,
        jet.slopes.variance_m,
        jet.slopes.variance_v,
    ]
}

const NAMES: [&str; 7] = [
    "mean",
    "second",
    "variance",
    "mean_m",
    "mean_v",
    "variance_m",
    "variance_v",
];

/// Uniform numbers in [0, 1): PCG's multiplier over a 64-bit counter is enough to scatter boxes.
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
fn encloses_60_digit_values_on_ten_thousand_random_boxes() {
    let goldens: Goldens = serde_json::from_str(GOLDENS).expect("goldens/data/intervals.json");
    let map = IntervalMap::selu_01();
    let mut uniform = Uniform(7);
    let mut boxes = 0;
    for row in &goldens.map {
        let (m, v) = (row[0], row[1]);
        for index in 0..BOXES_PER_POINT {
            // The first box is the point itself; the others reach up to a quarter of v and of 1 around it.
            let size = if index == 0 {
                0.0
            } else {
                0.5_f64.powf(2.0 + 30.0 * uniform.next())
            };
            let around = |x: f64, width: f64, left: f64| {
                Interval::new(x - width * left, x + width * (1.0 - left))
            };
            let jet = map.enclose(
                around(m, size, uniform.next()),
                around(v, size * v, uniform.next()),
            );
            boxes += 1;
            for ((name, got), &below) in NAMES.iter().zip(values(&jet)).zip(&row[2..]) {
                assert!(
                    got.lo() <= below && got.hi() >= below.next_up(),
                    "{name} at m = {m}, v = {v}, box {size}: {below:e}.. is outside {got}"
                );
                if index == 0 && (0.7..1.7).contains(&v) && m.abs() < 0.1 {
                    assert!(
                        got.width() < POINT_WIDTH,
                        "{name} at m = {m}, v = {v}: width {}",
                        got.width()
                    );
                }
            }
        }
    }
    assert!(boxes >= 10_000, "{boxes} boxes");
}

#[test]
fn second_derivatives_enclose_differences_of_the_first() {
    let map = IntervalMap::exactly(1.4, 1.1);
    let at = Interval::point;
    let h = 1e-4;
    // The mean of a second derivative over [x, x + h] is the difference of the first, by the mean value theorem.
    for (m, v) in [
        (0.0, 1.0),
        (0.3, 0.2),
        (-2.0, 4.0),
        (1.5, 9.0),
        (-0.5, 0.05),
    ] {
        let jet = map.natural(at(m), at(v)).slopes;
        let by_m = map.natural(at(m + h), at(v)).slopes;
        let by_v = map.natural(at(m), at(v + h)).slopes;
        let over_m = map.natural(Interval::new(m, m + h), at(v)).curvatures;
        let over_v = map.natural(at(m), Interval::new(v, v + h)).curvatures;
        let step = at(h);
        for (name, difference, bound) in [
            ("mean_mm", by_m.mean_m - jet.mean_m, over_m.mean_mm),
            ("mean_mv", by_m.mean_v - jet.mean_v, over_m.mean_mv),
            ("mean_vm", by_v.mean_m - jet.mean_m, over_v.mean_mv),
            ("mean_vv", by_v.mean_v - jet.mean_v, over_v.mean_vv),
            (
                "variance_mm",
                by_m.variance_m - jet.variance_m,
                over_m.variance_mm,
            ),
            (
                "variance_mv",
                by_m.variance_v - jet.variance_v,
                over_m.variance_mv,
            ),
            (
                "variance_vm",
                by_v.variance_m - jet.variance_m,
                over_v.variance_mv,
            ),
            (
                "variance_vv",
                by_v.variance_v - jet.variance_v,
                over_v.variance_vv,
            ),
        ] {
            let quotient = difference / step;
            assert!(
                bound.widened().intersection(quotient).is_some(),
                "{name} at ({m}, {v}): {quotient} misses {bound}"
            );
            assert!(
                (bound.mid() - quotient.mid()).abs() < 2e-2 * (1.0 + quotient.magnitude()),
                "{name} at ({m}, {v}): {quotient} is far from {bound}"
            );
        }
    }
}

#[test]
fn constants_enclose_the_papers_digits() {
    let map = IntervalMap::selu_01();
    // moments.json: 30 digits of alpha_01 and lambda_01; both lie between these neighbouring floats.
    for (got, below) in [
        (map.alpha, 1.673_263_242_354_377_2_f64),
        (map.lambda, 1.050_700_987_355_480_5_f64),
    ] {
        assert!(got.lo() <= below && got.hi() >= below.next_up(), "{got}");
        assert!(got.width() < 1e-13, "{got}");
    }
    assert!(map.alpha.contains(crate::ALPHA_01) && map.lambda.contains(crate::LAMBDA_01));
    assert_eq!(IntervalMap::of(crate::Selu::default()), map);
    let fixed = map.enclose(Interval::point(0.0), Interval::point(1.0));
    assert!(fixed.moments.mean.contains(0.0) && fixed.moments.variance.contains(1.0));
}
