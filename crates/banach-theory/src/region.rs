//! How far a layer's weights may drift before the guarantee of a fixed point ends: a map over (omega, tau).
//!
//! Each cell of a grid over (omega, tau) is examined as a whole. It is certified in the common domain when g maps one given
//! rectangle of (mu, nu) into itself and contracts there (Theorem 1 with this cell). Layers may then change their (omega, tau)
//! from one to the next within all such cells: the rectangle holds the moments through any depth. A cell that fails this
//! may still have a rectangle of its own; its guarantee is for layers that all stay in that cell.
//!
//! Klambauer et al. 2017, arXiv:1706.02515, Theorem 1, whose (omega, tau) are [-0.1, 0.1] x [0.95, 1.1].

use std::num::NonZeroUsize;

use banach_kernels::{Selu, parallel_map_chunked};
use serde::{Deserialize, Serialize};

use crate::certificate::{
    CertificateError, Domain, Enclosure, Goal, Quantity, Trial, holds_on, scaled_norm,
};
use crate::fixed_point::follow;
use crate::interval::Interval;
use crate::interval_map::IntervalMap;
use crate::{CELLS_AT_A_TIME, MomentMap, Moments};

/// What to examine.
#[derive(Clone, Debug, PartialEq)]
pub struct RegionOptions {
    /// SELU's constants.
    pub map: IntervalMap,
    /// Range of omega.
    pub omega: Interval,
    /// Range of tau, above 0.
    pub tau: Interval,
    /// Cells along omega.
    pub n_omega: usize,
    /// Cells along tau.
    pub n_tau: usize,
    /// Means of the common rectangle.
    pub mu: Interval,
    /// Variances of the common rectangle, above 0.
    pub nu: Interval,
    /// Boxes that one claim on one cell may take.
    pub max_boxes: usize,
    /// Threads that examine cells.
    pub threads: NonZeroUsize,
}

impl Default for RegionOptions {
    /// 72 x 84 cells over omega in [-0.9, 0.9] and tau in [0.5, 2.6]; the paper's rectangle.
    fn default() -> Self {
        RegionOptions {
            map: IntervalMap::selu_01(),
            omega: Interval::new(-0.9, 0.9),
            tau: Interval::new(0.5, 2.6),
            n_omega: 72,
            n_tau: 84,
            mu: Interval::new(-0.1, 0.1),
            nu: Interval::new(0.8, 1.5),
            max_boxes: 2000,
            threads: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }
}

/// What is proved on one cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "proved", rename_all = "snake_case")]
pub enum CellProof {
    /// Nothing, within the budget.
    Nothing,
    /// g maps this rectangle into itself and contracts there, in the norm sqrt(d mu^2 + (scale d nu)^2).
    OwnDomain {
        /// Means of the rectangle.
        mu: Interval,
        /// Variances of the rectangle.
        nu: Interval,
        /// Weight of the variance in the norm.
        scale: f64,
    },
    /// The same for the common rectangle, in the Euclidean norm.
    CommonDomain,
}

/// Certified cells connected with the one at (omega, tau) = (0, 1) over their edges.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extent {
    /// Cells in it.
    pub n_cells: usize,
    /// Their area in (omega, tau).
    pub area: f64,
    /// Range of omega within them at tau = 1.
    pub omega_at_tau_1: Interval,
    /// Range of tau within them at omega = 0.
    pub tau_at_omega_0: Interval,
}

/// The map over (omega, tau).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RegionReport {
    /// Range of omega.
    pub omega: Interval,
    /// Range of tau.
    pub tau: Interval,
    /// Cells along omega.
    pub n_omega: usize,
    /// Cells along tau.
    pub n_tau: usize,
    /// Means of the common rectangle.
    pub mu: Interval,
    /// Variances of the common rectangle.
    pub nu: Interval,
    /// Proofs, one row of `n_omega` cells after the other from the smallest tau up.
    pub cells: Vec<CellProof>,
    /// Cells certified in the common rectangle, around (0, 1).
    pub common: Option<Extent>,
    /// Cells certified in any rectangle, around (0, 1).
    pub any: Option<Extent>,
}

/// Examines every cell; `progress` hears of cells done and cells in all. The answer does not depend on the number of threads.
///
/// # Errors
/// [`CertificateError`] when a range is infinite or touches tau = 0 or nu = 0.
pub fn region(
    options: &RegionOptions,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<RegionReport, CertificateError> {
    Domain {
        mu: options.mu,
        omega: options.omega,
        nu: options.nu,
        tau: options.tau,
    }
    .check()?;
    let (n_omega, n_tau) = (options.n_omega.max(1), options.n_tau.max(1));
    let omegas = grid(options.omega, n_omega);
    let taus = grid(options.tau, n_tau);
    let mut cells = Vec::with_capacity(n_omega * n_tau);
    for ends in taus.windows(2) {
        let tau = Interval::new(ends[0], ends[1]);
        let row: Vec<Interval> = omegas
            .windows(2)
            .map(|ends| Interval::new(ends[0], ends[1]))
            .collect();
        let threads = options.threads.get();
        cells.extend(parallel_map_chunked(
            &row,
            CELLS_AT_A_TIME,
            threads,
            |&omega| examine(options, omega, tau),
        ));
        progress(cells.len(), n_omega * n_tau);
    }
    let around = |certified: &dyn Fn(&CellProof) -> bool| {
        let flags: Vec<bool> = cells.iter().map(certified).collect();
        extent(&flags, &omegas, &taus)
    };
    Ok(RegionReport {
        omega: options.omega,
        tau: options.tau,
        n_omega,
        n_tau,
        mu: options.mu,
        nu: options.nu,
        common: around(&|cell| *cell == CellProof::CommonDomain),
        any: around(&|cell| *cell != CellProof::Nothing),
        cells,
    })
}

/// The ends of n equal pieces.
fn grid(x: Interval, n: usize) -> Vec<f64> {
    (0..=n)
        .map(|k| {
            let share = k as f64 / n as f64;
            (x.lo() * (1.0 - share) + x.hi() * share).clamp(x.lo(), x.hi())
        })
        .collect()
}

fn examine(options: &RegionOptions, omega: Interval, tau: Interval) -> CellProof {
    let common = Domain {
        mu: options.mu,
        omega,
        nu: options.nu,
        tau,
    };
    let map = &options.map;
    // The norm last: most cells without a common rectangle leave it, which a few boxes show.
    let everywhere = Goal::FixedPoint.claims(&common).iter().rev().all(|claim| {
        holds_on(&common.widened(), options.max_boxes, |cell| {
            let enclosure = claim.quantity.enclose(map, cell);
            let fails_at = |point| claim.fails(claim.quantity.at(map, point));
            if claim.holds(enclosure.range) {
                Trial::Holds
            } else if fails_at(enclosure.low_at) || fails_at(enclosure.high_at) {
                Trial::Fails
            } else {
                Trial::Open(enclosure.excess)
            }
        })
    });
    if everywhere {
        return CellProof::CommonDomain;
    }
    own_domain(options, omega, tau).unwrap_or(CellProof::Nothing)
}

/// Images of a rectangle are joined with it this many times before the search for one that holds its image is given up.
const MAX_GROWTH: usize = 300;

/// Each image is widened by this share of its width before it is joined, so that images of near-fixed ends are overtaken.
const INFLATION: f64 = 0.02;

/// Rectangles beyond these are not pursued.
const LARGEST_MU: f64 = 100.0;
const LARGEST_NU: f64 = 1e4;

/// Weights of the variance in the norm are kept in this range.
const SCALES: (f64, f64) = (1e-3, 1e3);

/// A rectangle around the fixed point at the cell's middle that holds its own image and on which g contracts.
fn own_domain(options: &RegionOptions, omega: Interval, tau: Interval) -> Option<CellProof> {
    let map = &options.map;
    let selu = Selu {
        alpha: map.alpha.mid(),
        lambda: map.lambda.mid(),
    };
    let at_middle = MomentMap::new(selu, omega.mid(), tau.mid()).ok()?;
    let start = Moments {
        mean: 0.0,
        variance: 1.0,
    };
    let fixed = follow(|moments| at_middle.evaluate(moments), start)
        .ok()?
        .fixed_point?;
    let jacobian = fixed.jacobian.0;
    let mut cell = Domain {
        mu: Interval::point(fixed.moments.mean),
        omega,
        nu: Interval::point(fixed.moments.variance),
        tau,
    };
    for _ in 0..MAX_GROWTH {
        let mu = Quantity::Mean.over(map, &cell);
        let nu = Quantity::Variance.over(map, &cell);
        if cell.mu.encloses(mu) && cell.nu.encloses(nu) {
            // [[a, b / s], [c s, d]] has the smallest norm near |b| / s = |c| s.
            let [[_, b], [c, _]] = jacobian;
            let scale = (b / c).abs().sqrt().clamp(SCALES.0, SCALES.1);
            return holds_on(&cell, options.max_boxes, |part| {
                contracts(&scaled_norm(map, part, scale))
            })
            .then_some(CellProof::OwnDomain {
                mu: cell.mu,
                nu: cell.nu,
                scale,
            });
        }
        let grown = |old: Interval, image: Interval| {
            let more = INFLATION * image.width();
            old.hull(Interval::new(image.lo() - more, image.hi() + more))
        };
        (cell.mu, cell.nu) = (grown(cell.mu, mu), grown(cell.nu, nu));
        if cell.nu.lo() <= 0.0 || cell.nu.hi() > LARGEST_NU || cell.mu.magnitude() > LARGEST_MU {
            return None;
        }
    }
    None
}

/// Whether a map with this norm of its Jacobian contracts: the norm must be below 1 everywhere.
fn contracts(norm: &Enclosure) -> Trial {
    if norm.range.hi() < 1.0 {
        Trial::Holds
    } else if norm.range.lo() >= 1.0 {
        Trial::Fails
    } else {
        Trial::Open(norm.excess)
    }
}

/// Floods from the cell that holds (0, 1) over certified neighbours.
fn extent(certified: &[bool], omegas: &[f64], taus: &[f64]) -> Option<Extent> {
    let (n_omega, n_tau) = (omegas.len() - 1, taus.len() - 1);
    let column = omegas.windows(2).position(|w| w[0] <= 0.0 && 0.0 <= w[1])?;
    let row = taus.windows(2).position(|w| w[0] <= 1.0 && 1.0 <= w[1])?;
    if !certified[row * n_omega + column] {
        return None;
    }
    let mut reached = vec![false; certified.len()];
    let mut open = vec![(row, column)];
    let (mut n_cells, mut area) = (0, 0.0);
    while let Some((i, j)) = open.pop() {
        let index = i * n_omega + j;
        if !certified[index] || reached[index] {
            continue;
        }
        reached[index] = true;
        n_cells += 1;
        area += (omegas[j + 1] - omegas[j]) * (taus[i + 1] - taus[i]);
        open.extend((i > 0).then(|| (i - 1, j)));
        open.extend((i + 1 < n_tau).then_some((i + 1, j)));
        open.extend((j > 0).then(|| (i, j - 1)));
        open.extend((j + 1 < n_omega).then_some((i, j + 1)));
    }
    // Without a gap from the cell at (0, 1), along its row and its column.
    let run = |from: usize, n: usize, cell: &dyn Fn(usize) -> usize, ends: &[f64]| {
        let reached = |k: &usize| reached[cell(*k)];
        let first = (0..from).rev().take_while(reached).last().unwrap_or(from);
        let last = (from + 1..n).take_while(reached).last().unwrap_or(from);
        Interval::new(ends[first], ends[last + 1])
    };
    Some(Extent {
        n_cells,
        area,
        omega_at_tau_1: run(column, n_omega, &|j| row * n_omega + j, omegas),
        tau_at_omega_0: run(row, n_tau, &|i| i * n_omega + column, taus),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> RegionOptions {
        RegionOptions {
            omega: Interval::new(-0.3, 0.3),
            tau: Interval::new(0.8, 1.2),
            n_omega: 6,
            n_tau: 8,
            ..RegionOptions::default()
        }
    }

    #[test]
    fn holds_theorem_1_and_ends_somewhere() {
        let report = region(&small(), &mut |_, _| {}).expect("options");
        // Up to rounding of the grid, [-0.1, 0.1] x [0.95, 1.1] is made of the cells 2 and 3 along omega, 3 to 5 along tau.
        for i in 3..6 {
            for j in 2..4 {
                assert_eq!(report.cells[i * 6 + j], CellProof::CommonDomain, "{i} {j}");
            }
        }
        // tau = 0.8 pulls the variance below 0.8: no common rectangle, but one of its own.
        assert!(matches!(report.cells[2], CellProof::OwnDomain { .. }));
        let common = report.common.expect("around (0, 1)");
        assert!(common.tau_at_omega_0.encloses(Interval::new(0.951, 1.099)));
        assert!(common.tau_at_omega_0.lo() > 0.8 && common.tau_at_omega_0.hi() < 1.2);
        assert!(report.any.expect("around (0, 1)").area > common.area);
    }

    #[test]
    fn own_domains_hold_their_image_at_sampled_points() {
        let options = small();
        let report = region(&options, &mut |_, _| {}).expect("options");
        let omegas = grid(options.omega, 6);
        let taus = grid(options.tau, 8);
        let mut n = 0;
        for (index, cell) in report.cells.iter().enumerate() {
            let CellProof::OwnDomain { mu, nu, .. } = cell else {
                continue;
            };
            n += 1;
            let (i, j) = (index / 6, index % 6);
            for &omega in &omegas[j..=j + 1] {
                for &tau in &taus[i..=i + 1] {
                    for start_mu in [mu.lo(), mu.hi()] {
                        for start_nu in [nu.lo(), nu.hi()] {
                            let point = [start_mu, omega, start_nu, tau];
                            let mean = Quantity::Mean.at(&options.map, point);
                            let variance = Quantity::Variance.at(&options.map, point);
                            assert!(mu.encloses(mean) && nu.encloses(variance), "{point:?}");
                        }
                    }
                }
            }
        }
        assert!(n > 0);
    }

    #[test]
    fn a_norm_of_1_is_no_contraction() {
        let trial = |lo: f64, hi: f64| {
            contracts(&Enclosure {
                range: Interval::new(lo, hi),
                low_at: [0.0; 4],
                high_at: [0.0; 4],
                excess: [0.1; 4],
            })
        };
        let below = 1.0_f64.next_down();
        assert!(matches!(trial(0.2, below), Trial::Holds));
        for (lo, hi) in [(0.2, 1.0), (below, 1.0), (0.2, 1.4), (0.0, f64::INFINITY)] {
            assert!(matches!(trial(lo, hi), Trial::Open(_)), "{lo} {hi}");
        }
        for (lo, hi) in [(1.0, 1.0), (1.0, 1.4), (1.2, f64::INFINITY)] {
            assert!(matches!(trial(lo, hi), Trial::Fails), "{lo} {hi}");
        }
    }

    #[test]
    fn own_domains_contract_at_sampled_points() {
        // To the edge of where cells have a rectangle of their own: there the norm comes close to 1.
        let options = RegionOptions {
            omega: Interval::new(0.0, 0.9),
            tau: Interval::new(0.5, 2.6),
            n_omega: 9,
            n_tau: 21,
            max_boxes: 200,
            ..RegionOptions::default()
        };
        let report = region(&options, &mut |_, _| {}).expect("options");
        let (omegas, taus) = (grid(options.omega, 9), grid(options.tau, 21));
        let (mut n, mut largest) = (0, 0.0_f64);
        for (index, cell) in report.cells.iter().enumerate() {
            let CellProof::OwnDomain { mu, nu, scale } = *cell else {
                continue;
            };
            n += 1;
            let (i, j) = (index / 9, index % 9);
            for sample in 0..81_usize {
                let at = |x: Interval, digit: u32| {
                    let share = (sample / 3_usize.pow(digit) % 3) as f64 / 2.0;
                    Interval::point(x.lo() + share * (x.hi() - x.lo()))
                };
                let omega = Interval::new(omegas[j], omegas[j + 1]);
                let tau = Interval::new(taus[i], taus[i + 1]);
                let point = Domain {
                    mu: at(mu, 0),
                    omega: at(omega, 1),
                    nu: at(nu, 2),
                    tau: at(tau, 3),
                };
                let norm = scaled_norm(&options.map, &point, scale).range.hi();
                assert!(norm < 1.0, "cell {i}, {j}: {norm} at {point}");
                largest = largest.max(norm);
            }
        }
        assert!(n > 20 && largest > 0.9, "{n} cells, norm up to {largest}");
    }

    #[test]
    fn extents_follow_certified_neighbours_without_a_gap() {
        let omegas = [-1.0, 0.0, 1.0, 2.0, 3.0];
        let taus = [0.5, 1.0, 1.5];
        // The row of tau in [0.5, 1]: certified, certified, gap, certified (reached over the row above).
        let certified = [true, true, false, true, false, true, true, true];
        let found = extent(&certified, &omegas, &taus).expect("around (0, 1)");
        assert_eq!(found.n_cells, 6);
        assert_eq!(found.omega_at_tau_1, Interval::new(-1.0, 1.0));
        assert_eq!(found.tau_at_omega_0, Interval::new(0.5, 1.0));
        assert_eq!(extent(&[false; 8], &omegas, &taus), None);
    }

    #[test]
    fn a_range_that_touches_zero_is_refused() {
        let options = RegionOptions {
            tau: Interval::new(0.0, 1.0),
            ..small()
        };
        let error = region(&options, &mut |_, _| {}).expect_err("tau from 0");
        assert_eq!(
            error.to_string(),
            "tau must be positive, got a domain from 0"
        );
    }
}
