use super::Interval;
use serde::Deserialize;

const GOLDENS: &str = include_str!("../../../../goldens/data/intervals.json");

/// Widths of the enclosures at one point, relative to the value. erfcx loses two digits near x = 2, and exp(-x^2) turns a step of
/// x^2 = 700 into a relative 1e-13.
const EXP_WIDTH: f64 = 2e-14;
const ERFC_WIDTH: f64 = 5e-12;

#[derive(Deserialize)]
struct Goldens {
    exp: Vec<[f64; 2]>,
    erfc: Vec<[f64; 2]>,
    erfcx: Vec<[f64; 2]>,
}

/// The file holds the float below the true value: an interval with float ends encloses the value when it encloses the gap.
fn encloses_value(interval: Interval, below: f64) -> bool {
    interval.lo() <= below && interval.hi() >= below.next_up()
}

fn check(name: &str, table: &[[f64; 2]], f: fn(Interval) -> Interval, relative_width: f64) {
    assert!(table.len() >= 1000, "{name}: {} rows", table.len());
    let mut widest: f64 = 0.0;
    for &[x, below] in table {
        let got = f(Interval::point(x));
        assert!(
            encloses_value(got, below),
            "{name}({x:e}) = {below:e}.. is outside {got}"
        );
        if below > 1e-290 {
            widest = widest.max(got.width() / below);
        }
        // A random box around x: its ends are the functions' ends, so it must hold the value as well.
        for step in [1e-12, 1e-3, 0.5] {
            let wide = f(Interval::new(x - step * 0.7, x + step * 0.3));
            assert!(
                encloses_value(wide, below),
                "{name} over a box of {step} at {x:e}"
            );
        }
    }
    assert!(widest < relative_width, "{name}: relative width {widest:e}");
}

#[test]
fn functions_enclose_values_of_60_digit_arithmetic() {
    let goldens: Goldens = serde_json::from_str(GOLDENS).expect("goldens/data/intervals.json");
    check("exp", &goldens.exp, Interval::exp, EXP_WIDTH);
    check("erfc", &goldens.erfc, Interval::erfc, ERFC_WIDTH);
    check("erfcx", &goldens.erfcx, Interval::erfcx, ERFC_WIDTH);
}

#[test]
fn extreme_arguments_give_ends_by_range() {
    let at = Interval::point;
    assert_eq!(at(0.0).exp().mid(), 1.0);
    assert!(at(0.0).erfc().contains(1.0) && at(0.0).erfcx().contains(1.0));
    for x in [710.0, 1e300, f64::INFINITY] {
        assert_eq!(at(x).exp().hi(), f64::INFINITY);
        // exp(710) is a real number above all floats, not infinity.
        assert!(at(x).exp().lo().is_finite());
        assert_eq!(at(-x).exp().lo(), 0.0);
        assert!(at(-x).exp().hi() < 1e-307);
        assert!(at(x).erfc().hi() < 1e-299 && at(-x).erfc().contains(2.0));
    }
    // 1/(x sqrt pi) bounds erfcx from above.
    assert!(at(1e300).erfcx().hi() <= 0.564_189_583_547_757e-300);
    assert!(
        Interval::ENTIRE
            .exp()
            .encloses(Interval::new(0.0, f64::MAX))
    );
}

#[test]
fn operations_enclose_exact_results() {
    // Integers below 2^26 have exact sums and products, quotients are checked by multiplying back.
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 38) as f64) - f64::from(1 << 25)
    };
    for _ in 0..10_000 {
        let (a, b, c, d) = (next(), next(), next(), next());
        let (x, y) = (Interval::new(a, b), Interval::new(c, d));
        for p in [a, b, 0.5 * (a + b)] {
            for q in [c, d, 0.5 * (c + d)] {
                assert!((x + y).contains(p + q), "{x} + {y}");
                assert!((x - y).contains(p - q), "{x} - {y}");
                assert!((x * y).contains(p * q), "{x} * {y}");
                if !y.contains(0.0) {
                    assert!((x / y).contains(p / q), "{x} / {y}");
                }
            }
            assert!(x.square().contains(p * p) && x.square().lo() >= 0.0);
            assert!(x.square().sqrt().contains(p.abs()));
        }
    }
}

#[test]
fn rounding_goes_outwards() {
    // 0.1 + 0.2 and 1/3 are no floats: both neighbours must be enclosed.
    let third = Interval::point(1.0) / Interval::point(3.0);
    assert!(third.lo() < 1.0 / 3.0 && third.hi() > 1.0 / 3.0);
    let sum = Interval::point(0.1) + Interval::point(0.2);
    assert!(sum.lo() < 0.1 + 0.2 && sum.hi() > 0.1 + 0.2);
    let tiny = Interval::point(1e-200);
    assert!((tiny * tiny).hi() > 0.0 && (tiny * tiny).lo() == 0.0);
    assert!(tiny.square().hi() > 0.0);
    let (x, y) = (0.1, 0.3);
    let product = Interval::point(x) * Interval::point(y);
    assert_eq!(
        product,
        Interval::new((x * y).next_down(), (x * y).next_up())
    );
}

#[test]
fn undefined_results_enclose_everything() {
    let zero = Interval::new(-1.0, 1.0);
    assert_eq!(Interval::point(1.0) / zero, Interval::ENTIRE);
    for touching in [
        Interval::new(0.0, 1.0),
        Interval::new(-1.0, 0.0),
        Interval::point(0.0),
    ] {
        assert_eq!(Interval::point(1.0) / touching, Interval::ENTIRE);
    }
    let endless = Interval::new(1.0, f64::INFINITY);
    assert_eq!(endless / Interval::point(f64::INFINITY), Interval::ENTIRE);
    assert_eq!(Interval::new(f64::NAN, 1.0), Interval::ENTIRE);
    assert_eq!(Interval::ENTIRE - Interval::ENTIRE, Interval::ENTIRE);
    assert_eq!(zero * Interval::ENTIRE, Interval::ENTIRE);
}

#[test]
fn the_middle_lies_inside() {
    let tiny = f64::from_bits(1);
    for (a, b) in [
        (tiny, tiny),
        (-tiny, tiny),
        (0.1, 0.1),
        (-f64::MAX, f64::MAX),
        (1.0, 1.0_f64.next_up()),
    ] {
        let x = Interval::new(a, b);
        assert!(x.contains(x.mid()), "{x}");
    }
}

#[test]
fn narrowed_lies_inside_and_widened_outside() {
    let x = Interval::new(0.8, 1.5);
    assert!(x.encloses(x.narrowed()) && x.narrowed() != x);
    assert!(x.widened().encloses(x) && x.widened() != x);
    assert_eq!(Interval::point(0.3).narrowed(), Interval::point(0.3));
}

/// The fraction m with m 2^-k = x, for a float in [1, 64).
fn fraction(x: f64) -> (u128, u32) {
    let exponent = (x.to_bits() >> 52) as i32 - 1023;
    let fraction = (x.to_bits() & ((1 << 52) - 1)) | (1 << 52);
    (u128::from(fraction), (52 - exponent) as u32)
}

#[test]
fn square_roots_lie_strictly_between_the_ends() {
    for number in 2..1000_u32 {
        let root = Interval::point(f64::from(number)).sqrt();
        let exact = f64::from(number).sqrt().round();
        if exact * exact == f64::from(number) {
            assert!(root.lo() < exact && exact < root.hi(), "{number}");
            continue;
        }
        // Irrational, so no float: in whole numbers, without any rounding, lo^2 < number < hi^2.
        let squared = |end: f64| {
            let (m, k) = fraction(end);
            (m * m).cmp(&(u128::from(number) << (2 * k)))
        };
        assert!(
            squared(root.lo()).is_lt() && squared(root.hi()).is_gt(),
            "{number}: {root}"
        );
        assert_eq!(root.hi(), root.lo().next_up().next_up(), "{number}: {root}");
    }
    // Over a wide interval each end has its own root.
    let wide = Interval::new(2.0, 3.0).sqrt();
    assert!(wide.encloses(Interval::new(2.0_f64.sqrt(), 3.0_f64.sqrt())));
    assert_eq!(Interval::new(-4.0, 0.0).sqrt().lo(), 0.0);
}
