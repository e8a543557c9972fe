//! A bound on one quantity, and a point that breaks it.

use serde::{Deserialize, Serialize};

use super::Quantity;
use crate::interval::Interval;

/// The claim that a quantity stays strictly between two numbers on a domain. Without a number that side is free.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// What is bounded.
    pub quantity: Quantity,
    /// It stays above this number.
    pub above: Option<f64>,
    /// It stays below this number.
    pub below: Option<f64>,
}

impl Claim {
    /// True when every number of the enclosure satisfies the claim, for the decimal numbers that the bounds denote.
    pub fn holds(&self, enclosure: Interval) -> bool {
        self.above.is_none_or(|a| enclosure.lo() > a.next_up())
            && self.below.is_none_or(|b| enclosure.hi() < b.next_down())
    }

    /// True when no number of the enclosure satisfies the claim.
    pub fn fails(&self, enclosure: Interval) -> bool {
        self.above.is_some_and(|a| enclosure.hi() < a.next_down())
            || self.below.is_some_and(|b| enclosure.lo() > b.next_up())
    }
}

impl std::fmt::Display for Claim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.quantity.name();
        match (self.above, self.below) {
            (Some(a), Some(b)) => write!(f, "{a} < {name} < {b}"),
            (Some(a), None) => write!(f, "{name} > {a}"),
            (None, Some(b)) => write!(f, "{name} < {b}"),
            (None, None) => write!(f, "{name}"),
        }
    }
}

/// A point of the domain and the enclosure of the quantity there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Witness {
    /// Mean of the layer's inputs.
    pub mu: f64,
    /// Sum of a unit's weights.
    pub omega: f64,
    /// Variance of the layer's inputs.
    pub nu: f64,
    /// Sum of a unit's squared weights.
    pub tau: f64,
    /// What the quantity is at this point.
    pub value: Interval,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(above: f64, below: f64) -> Claim {
        Claim {
            quantity: Quantity::Mean,
            above: Some(above),
            below: Some(below),
        }
    }

    #[test]
    fn bounds_are_reached_a_float_early_whatever_decimal_they_denote() {
        // The float of 0.1 is above one tenth: what is just above the float need not be above one tenth's neighbour.
        let claim = between(-0.1, 0.1);
        let (low, high) = (-0.1_f64, 0.1_f64);
        let holds = |lo: f64, hi: f64| claim.holds(Interval::new(lo, hi));
        assert!(holds(low.next_up().next_up(), high.next_down().next_down()));
        assert!(!holds(low.next_up(), 0.0) && !holds(low, 0.0));
        assert!(!holds(0.0, high.next_down()) && !holds(0.0, high));
        let fails = |lo: f64, hi: f64| claim.fails(Interval::new(lo, hi));
        assert!(fails(-1.0, low.next_down().next_down()) && fails(high.next_up().next_up(), 1.0));
        assert!(!fails(-1.0, low.next_down()) && !fails(high.next_up(), 1.0));
        // Part in, part out: neither.
        assert!(!holds(0.0, 1.0) && !fails(0.0, 1.0));
    }

    #[test]
    fn a_side_without_a_number_is_free() {
        let above = Claim {
            below: None,
            ..between(1.0, 2.0)
        };
        assert!(above.holds(Interval::new(1.5, f64::INFINITY)));
        assert!(above.fails(Interval::new(f64::NEG_INFINITY, 0.5)));
        assert!(!above.holds(Interval::ENTIRE) && !above.fails(Interval::ENTIRE));
        assert_eq!(above.to_string(), "mean > 1");
    }
}
