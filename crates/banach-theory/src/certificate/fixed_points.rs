//! A box that holds all fixed points of g for all (omega, tau) of a domain.

use std::num::NonZeroUsize;

use banach_kernels::parallel_map_chunked;
use serde::{Deserialize, Serialize};

use super::{Domain, Quantity};
use crate::CELLS_AT_A_TIME;
use crate::interval::Interval;
use crate::interval_map::IntervalMap;

/// Cells per axis of (omega, tau). Within a cell the images of all its (omega, tau) are joined in each step.
const CELLS: usize = 16;

/// Contraction near a spectral norm of 0.95 leaves 1e-9 after this many steps.
const MAX_STEPS: usize = 400;

/// Steps end when a rectangle shrinks by less than this share of its width.
const SHRINKS_BY: f64 = 1e-3;

/// Every fixed point (mu, nu) of g in the domain's rectangle lies in this box, for every (omega, tau) of the domain.
///
/// A fixed point in X is in g(X) as well, so replacing X by its intersection with g(X) loses none. This is repeated for each
/// cell of a grid over (omega, tau), from the whole rectangle; the box is the hull of what is left.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FixedPointBox {
    /// Means of the fixed points.
    pub mu: Interval,
    /// Variances of the fixed points.
    pub nu: Interval,
}

impl FixedPointBox {
    /// Computes the box. Without any fixed point in the domain it is the domain's rectangle.
    pub fn compute(map: &IntervalMap, domain: &Domain, threads: NonZeroUsize) -> Self {
        let whole = domain.widened();
        let cells: Vec<Domain> = pieces(domain.omega)
            .into_iter()
            .flat_map(|omega| {
                pieces(domain.tau).into_iter().map(move |tau| Domain {
                    omega,
                    tau,
                    ..whole
                })
            })
            .collect();
        parallel_map_chunked(&cells, CELLS_AT_A_TIME, threads.get(), |cell| {
            iterate(map, cell)
        })
        .into_iter()
        .flatten()
        .map(|(mu, nu)| FixedPointBox { mu, nu })
        .reduce(|a, b| FixedPointBox {
            mu: a.mu.hull(b.mu),
            nu: a.nu.hull(b.nu),
        })
        .unwrap_or(FixedPointBox {
            mu: whole.mu,
            nu: whole.nu,
        })
    }
}

/// Shrinks the rectangle of (mu, nu) around all fixed points it holds; `None` when it holds none.
pub(crate) fn iterate(map: &IntervalMap, domain: &Domain) -> Option<(Interval, Interval)> {
    let mut cell = *domain;
    for _ in 0..MAX_STEPS {
        let mu = cell.mu.intersection(Quantity::Mean.over(map, &cell))?;
        let nu = cell.nu.intersection(Quantity::Variance.over(map, &cell))?;
        let still = |new: Interval, old: Interval| new.width() >= (1.0 - SHRINKS_BY) * old.width();
        let done = still(mu, cell.mu) && still(nu, cell.nu);
        (cell.mu, cell.nu) = (mu, nu);
        if done {
            break;
        }
    }
    Some((cell.mu, cell.nu))
}

/// Equal pieces of a widened interval that share their ends; one piece when the interval is a point.
fn pieces(interval: Interval) -> Vec<Interval> {
    let x = interval.widened();
    let n = if interval.lo() < interval.hi() {
        CELLS
    } else {
        1
    };
    let cut = |k: usize| {
        if k == n {
            x.hi()
        } else {
            let share = k as f64 / n as f64;
            (x.lo() * (1.0 - share) + x.hi() * share).clamp(x.lo(), x.hi())
        }
    };
    (0..n).map(|k| Interval::new(cut(k), cut(k + 1))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_next_float_at_both_ends_and_share_their_cuts() {
        let whole = Interval::new(0.95, 1.1);
        let pieces_of = pieces(whole);
        assert_eq!(pieces_of.len(), CELLS);
        assert_eq!(pieces_of[0].lo(), 0.95_f64.next_down());
        assert_eq!(pieces_of[CELLS - 1].hi(), 1.1_f64.next_up());
        for pair in pieces_of.windows(2) {
            assert_eq!(pair[0].hi(), pair[1].lo());
            assert!(pair[0].lo() < pair[0].hi());
        }
        let around = Interval::new(1.0_f64.next_down(), 1.0_f64.next_up());
        assert_eq!(pieces(Interval::point(1.0)), [around]);
    }

    #[test]
    fn a_rectangle_without_a_fixed_point_is_kept_to_the_next_float() {
        // The fixed point is (0, 1): what starts at variances from 3 on leaves.
        let domain = Domain::new([-0.1, 0.1], [0.0, 0.0], [3.0, 4.0], [1.0, 1.0]);
        let found = FixedPointBox::compute(&IntervalMap::selu_01(), &domain, NonZeroUsize::MIN);
        assert_eq!(
            (found.mu, found.nu),
            (domain.widened().mu, domain.widened().nu)
        );
        // At omega = 0 and tau = 1 it is that point alone.
        let around = Domain {
            nu: Interval::new(0.8, 1.5),
            ..domain
        };
        let found = FixedPointBox::compute(&IntervalMap::selu_01(), &around, NonZeroUsize::MIN);
        assert!(found.mu.contains(0.0) && found.nu.contains(1.0));
        assert!(
            found.mu.width() < 1e-5 && found.nu.width() < 1e-5,
            "{found:?}"
        );
    }
}
