//! Intervals on the command line and in messages.

use banach_theory::interval::Interval;

/// Reads `A,B`, or one number for both ends.
pub(crate) fn parse(text: &str) -> Result<[f64; 2], String> {
    let number = |part: &str| {
        let value: f64 = part
            .trim()
            .parse()
            .map_err(|_| format!("{part:?} is not a number; allowed are A,B or one number"))?;
        if value.is_finite() {
            Ok(value)
        } else {
            Err(format!("{part:?} is not finite"))
        }
    };
    let (lo, hi) = match text.split_once(',') {
        Some((lo, hi)) => (number(lo)?, number(hi)?),
        None => (number(text)?, number(text)?),
    };
    if lo <= hi {
        Ok([lo, hi])
    } else {
        Err(format!(
            "the first end must not be above the second, got {lo} and {hi}"
        ))
    }
}

/// An interval with six decimals (six digits below 0.001), rounded outwards, so that what is printed is true as well.
pub(crate) fn outward(x: Interval) -> String {
    format!("[{}, {}]", end(x.lo(), f64::floor), end(x.hi(), f64::ceil))
}

/// The same rounded inwards, for the extent of something proved.
pub(crate) fn inward(x: Interval) -> String {
    format!("[{}, {}]", end(x.lo(), f64::ceil), end(x.hi(), f64::floor))
}

fn end(x: f64, round: fn(f64) -> f64) -> String {
    const STEPS: f64 = 1e6;
    if x == 0.0 || x.abs() >= 1e9 || !x.is_finite() {
        return x.to_string();
    }
    if x.abs() < 1e-3 {
        // The digits that are cut off must not move the end inwards.
        let step = 10_f64.powf(x.abs().log10().floor() - 5.0);
        return format!("{:.5e}", round(x / step) * step);
    }
    format!("{:.6}", round(x * STEPS) / STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs_and_single_numbers() {
        assert_eq!(parse("-0.1,0.1"), Ok([-0.1, 0.1]));
        assert_eq!(parse("0.95, 1.5"), Ok([0.95, 1.5]));
        assert_eq!(parse("1"), Ok([1.0, 1.0]));
        for text in ["", "a", "1,0", "1,2,3", "0,inf", "nan"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn printed_ends_lie_outside_or_inside() {
        assert_eq!(
            outward(Interval::new(0.123_456_78, 0.897_708_93)),
            "[0.123456, 0.897709]"
        );
        assert_eq!(outward(Interval::new(-0.031_072_06, 0.0)), "[-0.031073, 0]");
        assert_eq!(
            outward(Interval::new(1.234_567_89e-7, 2.0)),
            "[1.23456e-7, 2.000000]"
        );
    }
}
