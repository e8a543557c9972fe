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
