//! Cuts a domain into boxes until each one is decided.

use banach_kernels::parallel_map_chunked;

use super::tree::{Node, encode};
use super::{
    Budget, Certificate, CertificateError, Claim, Domain, FixedPointBox, Goal, Part, Progress,
    ProvedClaim, Statement, Witness,
};
use crate::CELLS_AT_A_TIME;
use crate::interval::Interval;
use crate::interval_map::IntervalMap;

/// The answer to a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It holds; here is the proof.
    Proved(Box<Certificate>),
    /// It fails at a point.
    Refuted(Refutation),
    /// The budget was spent before every box was decided.
    Undecided(Undecided),
}

/// A claim with a point of the domain at which interval arithmetic shows that it fails.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refutation {
    /// Index of the part of the statement, from 0.
    pub part: usize,
    /// The part's domain.
    pub domain: Domain,
    /// What fails.
    pub claim: Claim,
    /// Where it fails.
    pub witness: Witness,
}

/// A claim that the budget did not decide, and a box on which it is open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Undecided {
    /// Index of the part of the statement, from 0.
    pub part: usize,
    /// What is open.
    pub claim: Claim,
    /// The first open box.
    pub cell: Domain,
    /// The quantity on that box.
    pub enclosure: Interval,
    /// Boxes examined.
    pub n_boxes: usize,
    /// Boxes left open.
    pub n_open: usize,
    /// Cuts on the way to the open box.
    pub depth: u32,
}

/// Examines a statement. The answer does not depend on the number of threads.
///
/// # Errors
/// [`CertificateError`] when the statement is not [well formed](Statement::check).
pub fn prove(
    statement: &Statement,
    budget: &Budget,
    progress: &mut dyn FnMut(&Progress),
) -> Result<Outcome, CertificateError> {
    statement.check()?;
    let mut parts = Vec::new();
    for (index, &(domain, goal)) in statement.parts.iter().enumerate() {
        let mut claims = Vec::new();
        for claim in goal.claims(&domain) {
            let mut report = |depth, n_boxes, n_open| {
                progress(&Progress {
                    part: index,
                    claim: claim.to_string(),
                    depth,
                    n_boxes,
                    n_open,
                });
            };
            match decide(&claim, &statement.map, &domain, budget, &mut report) {
                Decision::Proved(proved) => claims.push(proved),
                Decision::Refuted(witness) => {
                    return Ok(Outcome::Refuted(Refutation {
                        part: index,
                        domain,
                        claim,
                        witness,
                    }));
                }
                Decision::Open(mut open) => {
                    open.part = index;
                    return Ok(Outcome::Undecided(open));
                }
            }
        }
        let fixed_points = (goal == Goal::FixedPoint)
            .then(|| FixedPointBox::compute(&statement.map, &domain, budget.threads));
        parts.push(Part {
            domain,
            goal,
            claims,
            fixed_points,
        });
    }
    Ok(Outcome::Proved(Box::new(Certificate::new(
        statement, parts,
    ))))
}

pub(crate) enum Decision {
    Proved(ProvedClaim),
    Refuted(Witness),
    Open(Undecided),
}

/// Points per axis at which the quantity is looked at before the search.
const SAMPLES: i32 = 5;

/// A bound found by proof may miss the best one by this share of the room that is left to the claim's limit.
const ROOM_SHARE: f64 = 0.001;

struct Search<'a> {
    claim: &'a Claim,
    map: &'a IntervalMap,
    /// Witnesses must lie in here.
    inside: Domain,
    /// The claim again with limits close to what the samples reach, so that the proof also yields a sharp bound.
    sharp: Claim,
}

enum Judgement {
    Holds(Interval),
    Fails(Witness),
    Cut(Interval, [f64; 4]),
}

/// Decides one claim on one domain.
pub(crate) fn decide(
    claim: &Claim,
    map: &IntervalMap,
    domain: &Domain,
    budget: &Budget,
    report: &mut dyn FnMut(u32, usize, usize),
) -> Decision {
    let mut search = Search {
        claim,
        map,
        inside: domain.narrowed(),
        sharp: *claim,
    };
    if let Some(witness) = search.sample() {
        return Decision::Refuted(witness);
    }
    let mut nodes = vec![Node::Leaf];
    let mut open = vec![(0, domain.widened())];
    let mut bound: Option<Interval> = None;
    let (mut depth, mut n_boxes, mut n_leaves) = (0, 0, 0);
    loop {
        let judgements =
            parallel_map_chunked(&open, CELLS_AT_A_TIME, budget.threads.get(), |(_, cell)| {
                search.judge(cell)
            });
        n_boxes += open.len();
        let mut next = Vec::new();
        let mut stuck = None;
        let mut n_open = 0;
        for (&(node, cell), judgement) in open.iter().zip(judgements) {
            match judgement {
                Judgement::Holds(range) => {
                    n_leaves += 1;
                    bound = Some(bound.map_or(range, |b| b.hull(range)));
                }
                Judgement::Fails(witness) => return Decision::Refuted(witness),
                Judgement::Cut(range, excess) => {
                    n_open += 1;
                    let Some((axis, halves)) = cut(&cell, domain, excess) else {
                        stuck = stuck.or(Some((cell, range)));
                        continue;
                    };
                    let children = nodes.len();
                    nodes[node] = Node::Cut { axis, children };
                    for (offset, half) in halves.into_iter().enumerate() {
                        nodes.push(Node::Leaf);
                        next.push((children + offset, half));
                    }
                    if depth == budget.max_depth || n_boxes + next.len() > budget.max_boxes {
                        stuck = stuck.or(Some((cell, range)));
                    }
                }
            }
        }
        report(depth, n_boxes, n_open);
        if let Some((cell, enclosure)) = stuck {
            return Decision::Open(Undecided {
                part: 0,
                claim: *claim,
                cell,
                enclosure,
                n_boxes,
                n_open,
                depth,
            });
        }
        if next.is_empty() {
            return Decision::Proved(ProvedClaim {
                claim: *claim,
                // At least one box was judged, so there is a bound.
                bound: bound.unwrap_or(Interval::ENTIRE),
                n_boxes: n_leaves,
                depth,
                tree: encode(&nodes),
            });
        }
        open = next;
        depth += 1;
    }
}

/// Cuts where most of the excess width comes from; where none is known, the axis that is widest relative to the domain.
fn cut(cell: &Domain, domain: &Domain, excess: [f64; 4]) -> Option<(usize, [Domain; 2])> {
    let widths = cell.axes().map(Interval::width);
    let whole = domain.axes().map(Interval::width);
    let share = |i: usize| widths[i] / whole[i].max(f64::MIN_POSITIVE);
    let mut order = [0, 1, 2, 3];
    order.sort_by(|&i, &j| {
        excess[j]
            .total_cmp(&excess[i])
            .then(share(j).total_cmp(&share(i)))
    });
    order
        .into_iter()
        .find_map(|axis| cell.halves(axis).map(|halves| (axis, halves)))
}

/// What one box says to [`holds_on`].
pub(crate) enum Trial {
    Holds,
    /// Not on this box, and cutting it will not help.
    Fails,
    /// Perhaps on smaller boxes; the excess width that each axis causes.
    Open([f64; 4]),
}

/// A quick yes or no without a witness, a sharp bound or a record: tries at most `max_boxes` boxes, deepest first.
pub(crate) fn holds_on(
    domain: &Domain,
    max_boxes: usize,
    mut trial: impl FnMut(&Domain) -> Trial,
) -> bool {
    let mut open = vec![*domain];
    for _ in 0..max_boxes {
        let Some(cell) = open.pop() else { return true };
        match trial(&cell) {
            Trial::Holds => {}
            Trial::Fails => return false,
            Trial::Open(excess) => match cut(&cell, domain, excess) {
                Some((_, halves)) => open.extend(halves),
                None => return false,
            },
        }
    }
    open.is_empty()
}

impl Search<'_> {
    /// Looks at a grid of points: finds most false statements at once, and how near the quantity comes to its limits.
    fn sample(&mut self) -> Option<Witness> {
        let grid = self.inside.axes().map(|x| {
            (0..SAMPLES)
                .map(|k| {
                    let weight = f64::from(k) / f64::from(SAMPLES - 1);
                    let point = x.lo() * (1.0 - weight) + x.hi() * weight;
                    point.clamp(x.lo(), x.hi())
                })
                .take(if x.lo() < x.hi() { SAMPLES as usize } else { 1 })
                .collect::<Vec<_>>()
        });
        let mut reached: Option<Interval> = None;
        for &mu in &grid[0] {
            for &omega in &grid[1] {
                for &nu in &grid[2] {
                    for &tau in &grid[3] {
                        let point = [mu, omega, nu, tau];
                        let value = self.claim.quantity.at(self.map, point);
                        if self.claim.fails(value) {
                            return Some(witness(point, value));
                        }
                        reached = Some(reached.map_or(value, |r| r.hull(value)));
                    }
                }
            }
        }
        let reached = reached?;
        let sharpen = |limit: f64, reached: f64| reached + ROOM_SHARE * (limit - reached);
        self.sharp.above = self.claim.above.map(|a| sharpen(a, reached.lo()).max(a));
        self.sharp.below = self.claim.below.map(|b| sharpen(b, reached.hi()).min(b));
        None
    }

    fn judge(&self, cell: &Domain) -> Judgement {
        let enclosure = self.claim.quantity.enclose(self.map, cell);
        let range = enclosure.range;
        if self.claim.holds(range) {
            let excess: f64 = enclosure.excess.iter().sum();
            let room = self.claim.below.map_or(f64::INFINITY, |b| b - range.hi());
            let room = room.min(self.claim.above.map_or(f64::INFINITY, |a| range.lo() - a));
            if self.sharp.holds(range) || excess <= ROOM_SHARE * room {
                return Judgement::Holds(range);
            }
        } else {
            for point in [enclosure.low_at, enclosure.high_at] {
                let point = self.nearest_inside(point);
                let value = self.claim.quantity.at(self.map, point);
                if self.claim.fails(value) {
                    return Judgement::Fails(witness(point, value));
                }
            }
        }
        Judgement::Cut(range, enclosure.excess)
    }

    /// The search covers one float more than the domain on each side; a witness must not lie there.
    fn nearest_inside(&self, point: [f64; 4]) -> [f64; 4] {
        let axes = self.inside.axes();
        std::array::from_fn(|i| point[i].clamp(axes[i].lo(), axes[i].hi()))
    }
}

fn witness([mu, omega, nu, tau]: [f64; 4], value: Interval) -> Witness {
    Witness {
        mu,
        omega,
        nu,
        tau,
        value,
    }
}
